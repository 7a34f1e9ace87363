import copy
import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from planted_shop import (
    AS_OF,
    N_MEMBERS,
    make_shop,
    planted_members,
    planted_orders,
    planted_products,
    taste_of,
)
from siyu.datasets import Community, SiyuWarning
from siyu.recommend import OfferRecommender, list_quality, next_purchases

COLUMNS = [
    "member_id",
    "rank",
    "product_id",
    "offer_id",
    "score",
    "probability",
    "source",
    "reason",
]
NOBODY = N_MEMBERS + 4  # staff
OPTED_OUT = [7, N_MEMBERS + 3]
NEWCOMERS = [N_MEMBERS, N_MEMBERS + 1, N_MEMBERS + 2]


def fitted(c: Community, **parameters: Any) -> OfferRecommender:
    return OfferRecommender(**{"ranker": "never", "random_state": 0, **parameters}).fit(
        c, as_of=AS_OF
    )


def source_of(rows: pd.DataFrame) -> dict[int, str]:
    pairs = rows[["member_id", "source"]].drop_duplicates()
    assert not pairs.duplicated("member_id").any()
    return dict(zip(pairs["member_id"], pairs["source"], strict=True))


def test_every_customer_gets_a_sorted_list(trained: OfferRecommender) -> None:
    rows = trained.recommend(k=5)
    assert list(rows.columns) == COLUMNS
    assert rows["member_id"].tolist() == np.repeat(np.arange(N_MEMBERS + 4), 5).tolist()
    assert rows["rank"].tolist() == np.tile(np.arange(1, 6), N_MEMBERS + 4).tolist()


def test_scores_fall_with_the_rank(trained: OfferRecommender) -> None:
    steps = trained.recommend().groupby("member_id")["score"].diff().dropna()
    assert (steps <= 0).all()


def test_no_product_stands_twice_in_a_list(trained: OfferRecommender) -> None:
    assert not trained.recommend().duplicated(["member_id", "product_id"]).any()


def test_planted_tastes_are_recovered(trained: OfferRecommender) -> None:
    rows = trained.recommend(k=5)
    rows = rows[rows["source"] == "model"]
    planted = rows["member_id"].map(taste_of)
    assert (rows["product_id"].str.split("-").str[0] == planted).mean() > 0.98


def test_the_trees_beat_the_plain_model_and_popularity(
    shop: Community, trained: OfferRecommender, plain: OfferRecommender
) -> None:
    truth = next_purchases(shop, as_of=AS_OF)
    ours = list_quality(trained.recommend(), truth)["ndcg"].mean()
    assert ours > list_quality(plain.recommend(), truth)["ndcg"].mean() + 0.01
    assert ours > 0.88


def test_only_new_gives_products_never_bought(trained: OfferRecommender) -> None:
    rows = trained.recommend(only_new=True)
    bought = planted_orders()
    bought = bought[bought["order_time"] < AS_OF][["member_id", "product_id"]].drop_duplicates()
    both = rows[rows["source"] == "model"].merge(bought, on=["member_id", "product_id"])
    assert len(rows) > 0
    assert len(both) == 0


def test_new_products_are_of_the_planted_taste(plain: OfferRecommender) -> None:
    rows = plain.recommend(only_new=True, k=1)
    rows = rows[rows["source"] == "fallback"]
    planted = rows["member_id"].map(taste_of)
    bought = planted_orders()
    bought = bought[bought["order_time"] < AS_OF]
    mine = bought["product_id"].str.split("-").str[0] == bought["member_id"].map(taste_of)
    n_known = bought[mine].groupby("member_id")["product_id"].nunique()
    left = rows["member_id"].map(n_known) < 10
    assert (rows["product_id"].str.split("-").str[0] == planted)[left].mean() > 0.9


def test_probabilities_are_the_shares_bought(shop: Community, trained: OfferRecommender) -> None:
    rows = trained.recommend()
    rows = rows[rows["source"] == "model"]
    truth = next_purchases(shop, as_of=AS_OF).assign(bought=1)
    bought = rows.merge(truth, how="left", on=["member_id", "product_id"])["bought"].fillna(0)
    assert rows["probability"].between(0, 1).all()
    assert rows["probability"].mean() == pytest.approx(bought.mean(), abs=0.04)


def test_each_member_has_the_source_that_fits(trained: OfferRecommender) -> None:
    found = source_of(trained.recommend(k=1))
    assert {member for member, source in found.items() if source == "non_personal"} == set(
        OPTED_OUT
    )
    assert {member for member, source in found.items() if source == "cold_start"} == set(NEWCOMERS)
    assert found[0] == "model"


def test_staff_get_no_list(trained: OfferRecommender) -> None:
    assert NOBODY not in set(trained.recommend(k=1)["member_id"])


def test_opted_out_members_get_one_and_the_same_list(trained: OfferRecommender) -> None:
    rows = trained.recommend(members=OPTED_OUT)
    first, second = (rows[rows["member_id"] == member] for member in OPTED_OUT)
    assert first["product_id"].tolist() == second["product_id"].tolist()
    assert set(rows["reason"]) == {"popular"}


def test_what_an_opted_out_member_bought_changes_nothing(plain: OfferRecommender) -> None:
    orders = planted_orders()
    theirs = orders["member_id"] == 7
    orders.loc[theirs, "product_id"] = np.where(np.arange(theirs.sum()) % 2, "wine-1", "soap-2")
    changed = fitted(make_shop(orders=orders)).recommend()
    pd.testing.assert_frame_equal(changed, plain.recommend(), check_exact=True)


def test_newcomers_get_what_sells_in_their_store() -> None:
    orders = planted_orders()
    late = (orders["order_time"] >= AS_OF - pd.Timedelta("28D")) & (orders["store_id"] == 1)
    orders.loc[late & (orders["member_id"] < 60), "product_id"] = "tea-9"
    moved = planted_members()
    moved.loc[moved["member_id"] == N_MEMBERS, "store_id"] = 1
    rec = fitted(make_shop(orders=orders, members=moved))
    rows = rec.recommend(members=[N_MEMBERS], k=1)
    assert rows[["product_id", "reason"]].to_numpy().tolist() == [["tea-9", "popular_nearby"]]


def test_newcomers_without_a_store_get_what_sells_in_their_region() -> None:
    people = planted_members().drop(columns="store_id")
    people["region"] = np.where(people["member_id"] % 4 == 2, "north", "south")
    people.loc[people["member_id"] == N_MEMBERS, "region"] = "north"
    orders = planted_orders().drop(columns="store_id")
    rows = fitted(make_shop(orders=orders, members=people)).recommend(members=[N_MEMBERS], k=3)
    assert rows["product_id"].str.startswith("soap").all()
    assert set(rows["reason"]) == {"popular_nearby"}


def test_members_not_known_get_a_newcomers_list_with_a_warning(plain: OfferRecommender) -> None:
    with pytest.warns(SiyuWarning, match="1 of the members asked for are not known"):
        rows = plain.recommend(members=[0, 999], k=1)
    assert source_of(rows) == {0: "fallback", 999: "cold_start"}


def test_staff_asked_for_are_left_out_with_a_warning(plain: OfferRecommender) -> None:
    with pytest.warns(SiyuWarning, match="1 of the members asked for are staff"):
        rows = plain.recommend(members=[0, NOBODY], k=1)
    assert rows["member_id"].tolist() == [0]


def test_some_members_get_the_same_as_among_all(trained: OfferRecommender) -> None:
    everyone = trained.recommend()
    some = trained.recommend(members=[119, 3, 3, 64])
    expected = everyone[everyone["member_id"].isin([3, 64, 119])].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, expected, check_exact=True)


def test_products_out_of_stock_or_barred_are_never_offered() -> None:
    listed = planted_products()
    listed["in_stock"] = listed["product_id"] != "tea-1"
    listed["recommendable"] = listed["product_id"] != "nuts-1"
    rec = fitted(make_shop(products=listed))
    for only_new in (False, True):
        offered = set(rec.recommend(k=40, only_new=only_new)["product_id"])
        assert not offered & {"tea-1", "nuts-1"}


def test_stock_does_not_change_what_is_learned(trained: OfferRecommender) -> None:
    listed = planted_products().assign(in_stock=lambda t: t["product_id"] != "tea-1")
    other = fitted(make_shop(products=listed), ranker="always")
    again, first = other.model_.ranker.trees, trained.model_.ranker.trees
    assert set(again) == set(first) == {"all", "new"}
    assert all(again[which].to_text() == first[which].to_text() for which in first)


def test_the_cheapest_offer_that_runs_and_is_open_to_the_member_is_named() -> None:
    day = pd.Timedelta("1D")
    offers = pd.DataFrame(
        {
            "offer_id": ["dear", "cheap", "gone", "sold", "mine", "coupon"],
            "kind": ["product"] * 5 + ["coupon"],
            "product_id": "tea-0",
            "price": [5.0, 4.0, 1.0, 1.0, 1.0, 1.0],
            "stock": [None, 3.0, 3.0, 0.0, 3.0, 3.0],
            "starts_at": AS_OF - 9 * day,
            "ends_at": [None, AS_OF + day, AS_OF - day, None, None, None],
        }
    )
    mine = pd.DataFrame({"offer_id": ["mine"], "member_id": [0]})
    rows = fitted(make_shop(offers=offers, offer_members=mine)).recommend(k=40)
    of_tea = rows[rows["product_id"] == "tea-0"].set_index("member_id")["offer_id"]
    assert of_tea.drop(0).unique().tolist() == ["cheap"]
    assert of_tea.loc[0] == "mine"
    assert rows[rows["product_id"] != "tea-0"]["offer_id"].isna().all()


def test_events_can_stand_for_orders() -> None:
    events = planted_orders().rename(columns={"order_time": "event_time"})
    c = Community(
        events=events[["member_id", "event_time", "product_id"]].assign(event="play"), tz="UTC"
    )
    rows = fitted(c, activity="events").recommend(k=3)
    planted = rows["member_id"].map(taste_of)
    assert (rows["product_id"].str.split("-").str[0] == planted).mean() > 0.98


def test_the_reasons_are_facts(plain: OfferRecommender) -> None:
    orders = planted_orders()
    orders = orders[orders["order_time"] < AS_OF]
    n = orders.groupby(["member_id", "product_id"]).size().rename("n").reset_index()
    rows = plain.recommend(k=40)
    rows = rows[rows["source"] == "fallback"]
    rows = rows.merge(n, how="left", on=["member_id", "product_id"]).fillna({"n": 0})
    assert (rows[rows["reason"] == "bought_before"]["n"].between(1, 2)).all()
    assert (rows[rows["reason"].isin(["bought_often", "due_again"])]["n"] >= 3).all()
    assert set(rows[rows["n"] == 0]["reason"]) <= {
        "members_like_you",
        "your_taste",
        "goes_with_yours",
        "popular_nearby",
        "popular",
    }


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_handful_of_members_is_no_trouble(n: int) -> None:
    orders = planted_orders()
    c = make_shop(orders=orders[orders["member_id"] < n], members=planted_members().head(n))
    with pytest.warns(SiyuWarning, match="the plain model ranks"):
        rec = OfferRecommender(random_state=0).fit(c, as_of=AS_OF)
    assert set(rec.recommend(k=2)["member_id"]) == set(range(n))
    rec.recommend(k=2, only_new=True)


def test_members_without_any_purchases_give_no_rows() -> None:
    with pytest.warns(SiyuWarning, match="history is shorter"):
        rec = OfferRecommender().fit(make_shop(orders=planted_orders().head(0)), as_of=AS_OF)
    assert len(rec.recommend()) == 0
    assert list(rec.recommend().columns) == COLUMNS


def test_one_product_makes_lists_of_one() -> None:
    orders = planted_orders().assign(product_id="tea-0")
    rows = fitted(make_shop(orders=orders)).recommend()
    assert set(rows["rank"]) == {1}


def test_a_short_history_falls_back_and_says_so(shop: Community) -> None:
    early = AS_OF - pd.Timedelta("150D")
    with pytest.warns(SiyuWarning, match="shorter than two horizons"):
        rec = OfferRecommender(random_state=0).fit(shop, as_of=early)
    assert rec.source_ == {"all": "fallback", "new": "fallback"}
    assert rec.recommend(members=[0])["probability"].isna().all()


def test_trees_that_lose_do_not_rank() -> None:
    # Random purchases: nothing can be learned beyond what the plain model knows.
    rng = np.random.default_rng(3)
    orders = planted_orders()
    orders["product_id"] = rng.choice(orders["product_id"].unique(), len(orders))
    with pytest.warns(SiyuWarning, match=r"trees have NDCG@10 0\.\d+, the plain model"):
        rec = OfferRecommender(random_state=0).fit(make_shop(orders=orders), as_of=AS_OF)
    assert rec.source_["all"] == "fallback"
    assert set(source_of(rec.recommend(k=1)).values()) >= {"fallback"}


def test_the_comparison_can_be_read(shop: Community) -> None:
    rec = OfferRecommender(random_state=0).fit(shop, as_of=AS_OF)
    row = rec.validation_.set_index("list").loc["all"]
    assert row["low"] > 0
    assert row["difference"] == pytest.approx(row["model"] - row["fallback"])
    assert rec.source_["all"] == "model"
    assert sum(rec.importance_.values()) == pytest.approx(1)


@pytest.mark.parametrize("objective", ["lambdarank", "rank_xendcg"])
def test_trees_can_be_trained_to_rank(shop: Community, objective: str) -> None:
    rec = fitted(shop, ranker="always", objective=objective)
    found = list_quality(rec.recommend(), next_purchases(shop, as_of=AS_OF))
    assert found["ndcg"].mean() > 0.85
    assert rec.recommend(k=1)["probability"].between(0, 1).all()


def test_n_jobs_changes_no_byte(trained: OfferRecommender) -> None:
    # That threads do not change what is trained is a test of siyu.datasets.boosting.
    two = copy.copy(trained)
    model = trained.model_
    two.model_ = dataclasses.replace(model, ranker=dataclasses.replace(model.ranker, n_jobs=2))
    pd.testing.assert_frame_equal(two.recommend(), trained.recommend(), check_exact=True)


def test_a_fit_changes_no_table(shop: Community) -> None:
    before = {name: shop.arrow(name) for name in shop.tables()}
    fitted(shop)
    assert all(shop.arrow(name) is before[name] for name in before)


def test_frames_come_out_as_asked(plain: OfferRecommender) -> None:
    assert isinstance(plain.recommend(k=1, output="polars"), pl.DataFrame)
    assert isinstance(plain.recommend(k=1, output="pyarrow"), pa.Table)


def test_a_new_moment_uses_the_same_trees(shop: Community, trained: OfferRecommender) -> None:
    later = AS_OF + pd.Timedelta("14D")
    rows = trained.recommend(shop, as_of=later)
    assert source_of(rows)[0] == "model"
    assert not rows.equals(trained.recommend())


def test_the_moment_of_the_fit_gives_the_lists_of_the_fit(
    shop: Community, trained: OfferRecommender
) -> None:
    again = trained.recommend(shop, as_of=AS_OF)
    pd.testing.assert_frame_equal(again, trained.recommend(), check_exact=True)


def test_progress_is_told(shop: Community) -> None:
    told: list[tuple[int, int]] = []
    rec = OfferRecommender(ranker="never", random_state=0)
    rec.fit(shop, as_of=AS_OF, progress=lambda done, total: told.append((done, total)))
    rec.recommend(progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2), (119, 119)]
