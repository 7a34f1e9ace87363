from dataclasses import replace

import numpy as np
import pytest

from siyu.recommend import OfferRecommender
from siyu.recommend.candidates.finding import Candidates, Quotas, find_candidates
from siyu.recommend.features.declared import FEATURES, feature_list, feature_matrix
from siyu.recommend.market.snapshot import Snapshot, SnapshotReader

NONE = Quotas(own=0, neighbours=0, taste=0, together=0, nearby=0, popular=0)


@pytest.fixture(scope="module")
def snapshot(plain: OfferRecommender) -> Snapshot:
    found: Snapshot = plain.model_.shop.snapshot
    return found


@pytest.fixture(scope="module")
def reader(snapshot: Snapshot) -> SnapshotReader:
    return snapshot.reader()


def is_own(snapshot: Snapshot, pairs: Candidates) -> np.ndarray:
    histories = snapshot.histories
    return histories.pairs.find(pairs.member * histories.n_products + pairs.product)[1]


def test_pairs_are_sorted_and_distinct(snapshot: Snapshot, reader: SnapshotReader) -> None:
    pairs = find_candidates(reader, snapshot.buyers(), Quotas())
    assert (np.diff(pairs.member * 1_000 + pairs.product) > 0).all()


@pytest.mark.parametrize("source", ["neighbours", "taste", "together", "nearby", "popular"])
def test_a_source_gives_at_most_its_quota_of_new_products(
    source: str, snapshot: Snapshot, reader: SnapshotReader
) -> None:
    pairs = find_candidates(reader, snapshot.buyers(), replace(NONE, **{source: 2}))
    assert len(pairs) > 0
    assert np.bincount(pairs.member).max() <= 2
    assert not is_own(snapshot, pairs).any()


def test_own_products_come_by_decayed_purchases(snapshot: Snapshot, reader: SnapshotReader) -> None:
    pairs = find_candidates(reader, np.array([0]), replace(NONE, own=3))
    histories = snapshot.histories
    mine = histories.pairs.keys // histories.n_products == 0
    best = np.argsort(-histories.pairs.columns["decayed_90"][mine], kind="stable")[:3]
    expected = np.sort(histories.pairs.keys[mine][best] % histories.n_products)
    assert pairs.product.tolist() == expected.tolist()


def test_new_products_are_of_the_members_taste(snapshot: Snapshot, reader: SnapshotReader) -> None:
    pairs = find_candidates(reader, snapshot.buyers(), replace(NONE, taste=1))
    members = np.array(snapshot.members.to_pylist())[pairs.member]
    products = np.array(snapshot.products.to_pylist())[pairs.product]
    planted = np.array(["tea", "nuts", "soap", "wine"])[members % 4]
    fits = np.array([p.startswith(t) for p, t in zip(products, planted, strict=True)])
    # Members who know all ten products of their taste have only others left.
    n_known = np.bincount(is_own_taste(snapshot), minlength=len(snapshot.members))
    assert fits[n_known[pairs.member] < 10].mean() > 0.9


def is_own_taste(snapshot: Snapshot) -> np.ndarray:
    """List the member of every pair whose product is of the member's taste."""
    member, product = np.divmod(snapshot.histories.pairs.keys, snapshot.histories.n_products)
    ids = np.array(snapshot.members.to_pylist())[member]
    names = np.array(snapshot.products.to_pylist())[product]
    planted = np.array(["tea", "nuts", "soap", "wine"])[ids % 4]
    mine = np.array([p.startswith(t) for p, t in zip(names, planted, strict=True)])
    return np.asarray(member[mine])


def test_what_is_not_offered_is_no_candidate(snapshot: Snapshot, reader: SnapshotReader) -> None:
    offered = np.zeros(snapshot.histories.n_products, np.bool_)
    offered[[1, 4]] = True
    pairs = find_candidates(reader, snapshot.buyers(), Quotas(), offered)
    assert set(pairs.product.tolist()) == {1, 4}


def test_further_pairs_are_scored_too(reader: SnapshotReader) -> None:
    pairs = find_candidates(reader, np.array([3, 5]), NONE, further=np.array([5 * 40 + 39]))
    assert (pairs.member.tolist(), pairs.product.tolist()) == ([5], [39])


def test_one_member_gets_the_same_as_among_all(snapshot: Snapshot, reader: SnapshotReader) -> None:
    everyone = find_candidates(reader, snapshot.buyers(), Quotas())
    for member in (0, 61, 118):
        alone = find_candidates(reader, np.array([member]), Quotas())
        mine = everyone.take(everyone.member == member)
        for name in Candidates.__slots__:
            assert getattr(alone, name).tobytes() == getattr(mine, name).tobytes()


def test_nobody_has_no_candidates(reader: SnapshotReader) -> None:
    assert len(find_candidates(reader, np.zeros(0, np.int64), Quotas())) == 0


def test_features_of_a_pair_do_not_depend_on_the_other_pairs(
    snapshot: Snapshot, reader: SnapshotReader
) -> None:
    pairs = find_candidates(reader, snapshot.buyers(), Quotas())
    features = feature_list(["category"], [])
    together = feature_matrix(snapshot, pairs, features).values
    some = np.arange(0, len(pairs), 37)
    alone = feature_matrix(snapshot, pairs.take(some), features).values
    assert together[some].tobytes() == alone.tobytes()


def test_no_feature_is_infinite(snapshot: Snapshot, reader: SnapshotReader) -> None:
    pairs = find_candidates(reader, snapshot.buyers(), Quotas())
    assert not np.isinf(feature_matrix(snapshot, pairs, FEATURES).values).any()


def test_features_of_a_pair_worked_by_hand(snapshot: Snapshot, reader: SnapshotReader) -> None:
    pairs = find_candidates(reader, np.array([0]), replace(NONE, own=1))
    row = dict(
        zip(
            (feature.name for feature in FEATURES),
            feature_matrix(snapshot, pairs, FEATURES).values[0].tolist(),
            strict=True,
        )
    )
    at = int(snapshot.histories.pairs.find(pairs.product)[0][0])  # of member 0
    columns = snapshot.histories.pairs.columns
    assert row["n"] == columns["n"][at]
    assert row["due"] == pytest.approx(columns["last"][at] / columns["gap"][at])
    assert row["buyers_28"] == snapshot.histories.products["buyers_28"][pairs.product[0]]
    assert row["visits_84"] == snapshot.histories.members["n_baskets_84"][0]


def test_features_have_distinct_names() -> None:
    names = [feature.name for feature in feature_list(["category", "brand"], ["tag"])]
    assert len(set(names)) == len(names)
