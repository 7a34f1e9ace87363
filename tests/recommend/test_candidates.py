from dataclasses import replace

import numpy as np
import pytest

from siyu.recommend import OfferRecommender
from siyu.recommend.candidates.finding import Candidates, Quotas, find_candidates
from siyu.recommend.candidates.sources import SOURCES
from siyu.recommend.features.declared import FEATURES, feature_list, feature_matrix
from siyu.recommend.market.market import Market
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.tables.shop import Shop

NONE = Quotas(**{source.name: 0 for source in SOURCES})


@pytest.fixture(scope="module")
def scene(plain: OfferRecommender) -> Shop:
    found: Shop = plain.model_.shop
    return found


@pytest.fixture(scope="module")
def market(scene: Shop) -> Market:
    return scene.market


@pytest.fixture(scope="module")
def histories(scene: Shop) -> MemberHistories:
    """Give all members who have bought."""
    return scene.histories(np.unique(scene.bought.basket_member))


def is_own(histories: MemberHistories, pairs: Candidates) -> np.ndarray:
    return histories.pairs.find(pairs.row * histories.n_products + pairs.product)[1]


def test_pairs_are_sorted_and_distinct(market: Market, histories: MemberHistories) -> None:
    pairs = find_candidates(market, histories, Quotas())
    assert (np.diff(pairs.row * 1_000 + pairs.product) > 0).all()


@pytest.mark.parametrize("source", ["neighbours", "taste", "together", "nearby", "popular"])
def test_a_source_gives_at_most_its_quota_of_new_products(
    source: str, market: Market, histories: MemberHistories
) -> None:
    pairs = find_candidates(market, histories, replace(NONE, **{source: 2}))
    assert len(pairs) > 0
    assert np.bincount(pairs.row).max() <= 2
    assert not is_own(histories, pairs).any()


def test_own_products_come_by_decayed_purchases(scene: Shop) -> None:
    market, histories = scene.market, scene.histories(np.array([0]))
    pairs = find_candidates(market, scene.histories(np.array([0])), replace(NONE, own=3))
    mine = histories.pairs.keys // histories.n_products == 0
    best = np.argsort(-histories.pairs.columns["decayed_90"][mine], kind="stable")[:3]
    expected = np.sort(histories.pairs.keys[mine][best] % histories.n_products)
    assert pairs.product.tolist() == expected.tolist()


def test_new_products_are_of_the_members_taste(market: Market, histories: MemberHistories) -> None:
    pairs = find_candidates(market, histories, replace(NONE, taste=1))
    members = np.array(histories.members.to_pylist())[pairs.row]
    products = np.array(market.products.to_pylist())[pairs.product]
    planted = np.array(["tea", "nuts", "soap", "wine"])[members % 4]
    fits = np.array([p.startswith(t) for p, t in zip(products, planted, strict=True)])
    # Members who know all ten products of their taste have only others left.
    n_known = np.bincount(is_own_taste(market, histories), minlength=len(histories.members))
    assert fits[n_known[pairs.row] < 10].mean() > 0.9


def is_own_taste(market: Market, histories: MemberHistories) -> np.ndarray:
    """List the member of every pair whose product is of the member's taste."""
    member, product = np.divmod(histories.pairs.keys, market.n_products)
    ids = np.array(histories.members.to_pylist())[member]
    names = np.array(market.products.to_pylist())[product]
    planted = np.array(["tea", "nuts", "soap", "wine"])[ids % 4]
    mine = np.array([p.startswith(t) for p, t in zip(names, planted, strict=True)])
    return np.asarray(member[mine])


def test_what_is_not_offered_is_no_candidate(market: Market, histories: MemberHistories) -> None:
    offered = np.zeros(market.n_products, np.bool_)
    offered[[1, 4]] = True
    pairs = find_candidates(market, histories, Quotas(), offered)
    assert set(pairs.product.tolist()) == {1, 4}


def test_further_pairs_are_scored_too(scene: Shop) -> None:
    histories = scene.histories(np.array([3, 5]))
    pairs = find_candidates(scene.market, histories, NONE, further=np.array([1 * 40 + 39]))
    assert (pairs.row.tolist(), pairs.product.tolist()) == ([1], [39])


def test_one_member_gets_the_same_as_among_all(
    scene: Shop, market: Market, histories: MemberHistories
) -> None:
    everyone = find_candidates(market, histories, Quotas())
    features = feature_list(["category"], [])
    values = feature_matrix(market, histories, everyone, features).values
    for row in (0, 61, 118):
        code = int(np.unique(scene.bought.basket_member)[row])
        one = scene.histories(np.array([code]))
        alone = find_candidates(market, one, Quotas())
        mine = everyone.row == row
        assert alone.product.tolist() == everyone.product[mine].tolist()
        for name, scores in alone.scores.items():
            assert scores.tobytes() == everyone.scores[name][mine].tobytes()
        found = feature_matrix(market, one, alone, features).values
        assert found.tobytes() == values[mine].tobytes()


def test_threads_change_no_candidate(
    market: Market, histories: MemberHistories, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = find_candidates(market, histories, Quotas())
    monkeypatch.setattr("siyu.recommend.candidates.finding.BLOCK", 16)
    monkeypatch.setattr("siyu.recommend.candidates.blocks.BLOCK", 16)
    found = find_candidates(market, histories, Quotas(), n_jobs=3)
    assert found.row.tobytes() == expected.row.tobytes()
    assert found.product.tobytes() == expected.product.tobytes()
    for name, scores in expected.scores.items():
        assert found.scores[name].tobytes() == scores.tobytes()


def test_nobody_has_no_candidates(scene: Shop) -> None:
    nobody = scene.histories(np.zeros(0, np.int64))
    assert len(find_candidates(scene.market, nobody, Quotas())) == 0


def test_features_of_a_pair_do_not_depend_on_the_other_pairs(
    market: Market, histories: MemberHistories
) -> None:
    pairs = find_candidates(market, histories, Quotas())
    features = feature_list(["category"], [])
    together = feature_matrix(market, histories, pairs, features).values
    some = np.arange(0, len(pairs), 37)
    alone = feature_matrix(market, histories, pairs.take(some), features).values
    assert together[some].tobytes() == alone.tobytes()


def test_no_feature_is_infinite(market: Market, histories: MemberHistories) -> None:
    pairs = find_candidates(market, histories, Quotas())
    assert not np.isinf(feature_matrix(market, histories, pairs, FEATURES).values).any()


def test_features_of_a_pair_worked_by_hand(scene: Shop) -> None:
    market, histories = scene.market, scene.histories(np.array([0]))
    pairs = find_candidates(market, scene.histories(np.array([0])), replace(NONE, own=1))
    row = dict(
        zip(
            (feature.name for feature in FEATURES),
            feature_matrix(market, histories, pairs, FEATURES).values[0].tolist(),
            strict=True,
        )
    )
    at = int(histories.pairs.find(pairs.product)[0][0])  # of member 0
    columns = histories.pairs.columns
    assert row["n"] == columns["n"][at]
    assert row["due"] == pytest.approx(columns["last"][at] / columns["gap"][at])
    assert row["buyers_28"] == market.numbers["buyers_28"][pairs.product[0]]
    assert row["visits_84"] == histories.numbers["n_baskets_84"][0]


def test_features_have_distinct_names() -> None:
    names = [feature.name for feature in feature_list(["category", "brand"], ["tag"])]
    assert len(set(names)) == len(names)
