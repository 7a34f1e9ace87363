"""Lists of a shop where people buy what their friends bought."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planted_shop import AS_OF, N_MEMBERS, make_shop, planted_orders, planted_products
from siyu.datasets import Community, SiyuWarning, label
from siyu.datasets.intervals import paired_difference
from siyu.recommend import OfferRecommender, list_quality, next_purchases
from siyu.recommend.candidates.finding import Quotas, find_candidates

N_FRIENDS = 6
N_FADS = 150
ONLY_CIRCLE = Quotas(**{**dict.fromkeys(Quotas.__slots__, 0), "circle": 25})


def friendships() -> pd.DataFrame:
    """Draw six friends for everybody: who is whose friend says nothing of taste or store."""
    rng = np.random.default_rng(1)
    source = np.repeat(np.arange(N_MEMBERS), N_FRIENDS)
    target = (source + rng.integers(1, N_MEMBERS, len(source))) % N_MEMBERS
    times = AS_OF - pd.Timedelta("300D")
    return pd.DataFrame({"source": source, "target": target, "kind": "friend", "tie_time": times})


def fads() -> pd.DataFrame:
    """Draw orders of fads: somebody buys a new thing, and then their friends do, one by one."""
    rng = np.random.default_rng(2)
    ties = friendships()
    leader, launch = rng.integers(0, N_MEMBERS, N_FADS), rng.uniform(-190, 20, N_FADS)
    first = pd.DataFrame({"member_id": leader, "fad": np.arange(N_FADS), "day": launch})
    then = first.merge(ties, left_on="member_id", right_on="source")
    then["day"] += rng.uniform(1, 60, len(then))
    then["member_id"] = then["target"]
    bought = pd.concat([first, then])[["member_id", "fad", "day"]]
    hours = np.round(bought.pop("day") * 24)
    bought["product_id"] = [f"fad-{fad}" for fad in bought.pop("fad")]
    return bought.assign(
        order_time=AS_OF + pd.to_timedelta(hours, unit="h"),
        order_id=100_000 + np.arange(len(bought)),
        quantity=1.0,
        amount=9.0,
        store_id=bought["member_id"] % 3,
    )


def fad_shop(**tables: Any) -> Community:
    listed = pd.DataFrame(
        {"product_id": [f"fad-{fad}" for fad in range(N_FADS)], "category": "fad"}
    )
    return make_shop(
        orders=pd.concat([planted_orders(), fads()]),
        products=pd.concat([planted_products(), listed]),
        **tables,
    )


@pytest.fixture(scope="module")
def fashion() -> Community:
    return fad_shop(ties=friendships())


@pytest.fixture(scope="module")
def fitted(fashion: Community) -> OfferRecommender:
    return OfferRecommender(ranker="always", random_state=0).fit(fashion, as_of=AS_OF)


def ndcg_of_new(rec: OfferRecommender, c: Community) -> Any:
    truth = next_purchases(c, as_of=AS_OF, only_new=True)
    return list_quality(rec.recommend(only_new=True), truth)["ndcg"].to_numpy()


def test_friends_make_lists_of_new_products_better(
    fashion: Community, fitted: OfferRecommender
) -> None:
    alone = OfferRecommender(ranker="always", random_state=0).fit(fad_shop(), as_of=AS_OF)
    found = paired_difference(
        ndcg_of_new(fitted, fashion), ndcg_of_new(alone, fashion), random_state=0
    )
    assert found.low > 0.05


@pytest.mark.slow
def test_strangers_instead_of_friends_do_not(fashion: Community, fitted: OfferRecommender) -> None:
    ties = friendships()
    ties["source"] = np.random.default_rng(0).permutation(N_MEMBERS)[ties["source"]]
    strangers = OfferRecommender(ranker="always", random_state=0)
    strangers.fit(fad_shop(ties=ties), as_of=AS_OF)
    found = paired_difference(
        ndcg_of_new(fitted, fashion), ndcg_of_new(strangers, fashion), random_state=0
    )
    assert found.low > 0.05


def test_what_friends_bought_is_learned_from(fitted: OfferRecommender) -> None:
    shares = [share for name, share in fitted.importance_.items() if name.startswith("circle")]
    assert len(shares) == 5
    assert sum(shares) > 0.02


def test_candidates_of_the_circle_are_what_friends_bought(
    fashion: Community, fitted: OfferRecommender
) -> None:
    market = fitted.model_.shop.market
    histories = fitted.model_.shop.histories(np.arange(40))
    pairs = find_candidates(market, histories, ONLY_CIRCLE)
    members, products = histories.members.to_pylist(), market.products.to_pylist()
    found = [(members[row], products[p]) for row, p in zip(pairs.row, pairs.product, strict=True)]
    assert len(found) > 500
    assert all(only_friends_bought(fashion, found))


def only_friends_bought(c: Community, pairs: list[tuple[int, str]]) -> list[bool]:
    """Tell of members and products whether a friend has bought them, but not the member."""
    orders, ties = c.before(AS_OF).orders, friendships()
    assert orders is not None
    bought = set(zip(orders["member_id"], orders["product_id"], strict=True))
    back = ties.rename(columns={"source": "target", "target": "source"})
    near = pd.concat([ties, back]).groupby("source")["target"].agg(set)
    return [
        (member, product) not in bought and any((one, product) in bought for one in near[member])
        for member, product in pairs
    ]


def test_what_friends_bought_is_a_reason(fashion: Community, fitted: OfferRecommender) -> None:
    rows = fitted.recommend(only_new=True)
    named = rows[rows["reason"] == "friends_bought"]
    assert len(named) > 100
    pairs = list(zip(named["member_id"], named["product_id"], strict=True))
    assert all(only_friends_bought(fashion, pairs))


def test_the_reason_has_words(fitted: OfferRecommender) -> None:
    assert "好友和群友在买" in set(label(fitted.recommend(only_new=True), lang="zh")["reason"])


def test_explanations_count_friends(fitted: OfferRecommender) -> None:
    row = fitted.recommend(only_new=True, k=1).iloc[0]
    parts = fitted.explain(row["member_id"], row["product_id"], only_new=True)
    near = parts.set_index("family").loc["circle"]
    assert near["en"].startswith("friends and group mates who bought it: ")
    assert parts["contribution"].sum() == pytest.approx(row["score"])


def test_a_member_gets_the_same_alone_as_among_all(fitted: OfferRecommender) -> None:
    everyone = fitted.recommend()
    alone = fitted.recommend(members=[17])
    mine = everyone[everyone["member_id"] == 17].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, mine, check_exact=True)


def test_a_bundle_keeps_the_circles(fitted: OfferRecommender, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    again = OfferRecommender.load(tmp_path / "model")
    pd.testing.assert_frame_equal(again.recommend(), fitted.recommend(), check_exact=True)


def goods_of(ties: pd.DataFrame) -> bytes:
    """Give what everybody's circle bought, byte by byte."""
    rec = OfferRecommender(ranker="never", random_state=0).fit(fad_shop(ties=ties), as_of=AS_OF)
    goods = rec.model_.shop.histories(np.arange(N_MEMBERS)).circle_goods
    return goods.keys.tobytes() + b"".join(values.tobytes() for values in goods.columns.values())


def test_later_friendships_change_nothing() -> None:
    later = friendships().assign(tie_time=AS_OF, target=3)
    assert goods_of(pd.concat([friendships(), later])) == goods_of(friendships())


def test_the_row_order_of_friendships_changes_nothing() -> None:
    ties = friendships().sample(frac=1, random_state=3)
    assert goods_of(ties) == goods_of(friendships())


def test_undated_friendships_count_with_a_warning() -> None:
    c = fad_shop(ties=friendships().drop(columns="tie_time"))
    with pytest.warns(SiyuWarning, match="'ties' are undated"):
        OfferRecommender(ranker="never").fit(c, as_of=AS_OF)


def scores(_c: Community, _as_of: pd.Timestamp) -> pd.DataFrame:
    """Give the KOC score of two members."""
    return pd.DataFrame({"member_id": [1, 2], "koc_score": [1.0, 0.2]})


def test_a_koc_score_says_who_leads(fashion: Community) -> None:
    rec = OfferRecommender(ranker="never").fit(fashion, as_of=AS_OF, member_features=scores)
    circle = rec.model_.shop.facts.circle
    assert circle is not None
    assert np.flatnonzero(np.asarray(circle.leads)).tolist() == [1]
    assert "circle_led" in [feature.name for feature in rec.model_.recipe.features()]


def test_a_bundle_keeps_who_leads(fashion: Community, tmp_path: Path) -> None:
    rec = OfferRecommender(ranker="never").fit(fashion, as_of=AS_OF, member_features=scores)
    rec.save(tmp_path / "model")
    kept = OfferRecommender.load(tmp_path / "model").model_.shop.facts.circle
    assert kept is not None
    assert np.flatnonzero(np.asarray(kept.leads)).tolist() == [1]


def test_a_shop_without_friends_has_no_features_of_them(plain: OfferRecommender) -> None:
    names = [feature.name for feature in plain.model_.recipe.features()]
    assert not [name for name in names if name.startswith("circle")]
