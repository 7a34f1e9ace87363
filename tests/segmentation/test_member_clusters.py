"""Clusters of members: what is found, what is not, and what changes nothing."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from segmentation.cluster_worlds import groups_of_members, no_groups, rand_index
from siyu.segmentation.clusters.member_clusters import MemberClusters


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the checks warn of the checks they leave out
def test_scikit_learn_accepts_it() -> None:
    check_estimator(MemberClusters(n_resamples=2))


@pytest.fixture(scope="module")
def planted() -> tuple[MemberClusters, pd.DataFrame, Any]:
    frame, truth = groups_of_members(0)
    return MemberClusters().fit(frame), frame, truth


@pytest.mark.parametrize(("seed", "k"), [(0, 3), (1, 3), (2, 5), (3, 5), (4, 6)])
def test_planted_groups_of_skewed_numbers_are_found_and_counted(seed: int, k: int) -> None:
    frame, truth = groups_of_members(seed, k)
    found = MemberClusters().fit(frame)
    assert found.n_clusters_ == k
    assert rand_index(found.labels_, truth) > 0.97


@pytest.mark.slow
def test_k_means_with_standard_scaling_does_worse() -> None:
    ours, theirs = [], []
    for seed in range(5):
        frame, truth = groups_of_members(seed, 5)
        z = StandardScaler().fit_transform(frame.drop(columns="member_id"))
        theirs.append(rand_index(KMeans(5, n_init=10, random_state=0).fit_predict(z), truth))
        ours.append(rand_index(MemberClusters(5).fit(frame).labels_, truth))
    assert np.mean(ours) > np.mean(theirs) + 0.2


@pytest.mark.slow
def test_where_there_are_no_groups_none_are_found() -> None:
    found = [MemberClusters().fit(no_groups(seed)).n_clusters_ for seed in range(6)]
    assert found.count(1) >= 5


@pytest.mark.parametrize("cloud", ["round", "long", "square"])
def test_a_single_cloud_of_any_shape_is_one_cluster(cloud: str) -> None:
    rng = np.random.default_rng(3)
    clouds = {
        "round": rng.normal(size=(1_000, 5)),
        "long": rng.normal(size=(1_000, 1)) + 0.4 * rng.normal(size=(1_000, 5)),
        "square": rng.uniform(-1, 1, (1_000, 2)),
    }
    found = MemberClusters().fit(clouds[cloud])
    assert found.n_clusters_ == 1
    assert found.describe("en")["name"].tolist() == ["no clusters found"]


def test_independent_codes_make_no_clusters() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "member_id": np.arange(1_000),
            "channel": rng.choice(["app", "shop", "web"], 1_000, p=[0.5, 0.3, 0.2]),
            "region": rng.choice(["n", "e", "s", "w"], 1_000),
        }
    )
    assert MemberClusters().fit(frame).n_clusters_ == 1


def test_groups_of_flags_alone_are_found() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 1_200)
    often = np.kron(np.eye(3), np.ones(4)) * 0.8 + 0.1  # each group has four flags of its own
    flags = rng.random((1_200, 12)) < often[truth]
    found = MemberClusters().fit(pd.DataFrame(flags, columns=[f"f{i}" for i in range(12)]))
    assert found.n_clusters_ == 3
    assert rand_index(found.labels_, truth) > 0.85


def test_one_number_with_two_values_to_gather_at_is_enough() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 1_000)
    noise = rng.normal(size=(1_000, 4))
    found = MemberClusters().fit(np.column_stack([truth * 6 + rng.normal(size=1_000), noise]))
    assert found.n_clusters_ == 2
    assert rand_index(found.labels_, truth) > 0.95


def test_one_huge_amount_changes_no_other_member(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    first, frame, _ = planted
    richer = frame.copy()
    richer.loc[0, "amount_0"] = 1e12
    again = MemberClusters().fit(richer)
    assert rand_index(again.labels_[1:], first.labels_[1:]) > 0.99


def test_the_unit_of_money_changes_no_cluster(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    first, frame, _ = planted
    in_cents = frame.assign(amount_0=frame["amount_0"] * 100)
    assert rand_index(MemberClusters(4).fit(in_cents).labels_, first.labels_) > 0.98


def test_unknown_values_do_not_pull_members_together() -> None:
    frame, truth = groups_of_members(5)
    rng = np.random.default_rng(0)
    holes = frame.copy()
    holes.iloc[:, 1:] = holes.iloc[:, 1:].mask(rng.random((len(frame), 6)) < 0.25)
    found = MemberClusters().fit(holes)
    assert found.n_clusters_ == 4
    assert rand_index(found.labels_, truth) > 0.7


def test_unknown_is_as_far_as_what_is_known() -> None:
    frame, _ = groups_of_members(0, n=300)
    x = frame.to_numpy()[:, 1:3]
    found = MemberClusters(2).fit(x)
    for place, (own, _) in enumerate(found.cluster_centers_):
        known = found.transform([[own, 2.0]])[0, place]
        unknown = found.transform([[np.nan, 2.0]])[0, place]
        assert unknown == pytest.approx(known * np.sqrt(2))


def test_a_member_of_whom_nothing_is_known_is_in_no_cluster() -> None:
    frame, _ = groups_of_members(0, n=300)
    frame = frame.sort_values("member_id", ignore_index=True)
    frame.iloc[0, 1:] = np.nan
    found = MemberClusters(4).fit(frame)
    assert found.labels_[0] == -1
    row = found.assign(frame).iloc[0]
    assert row[["cluster", "distance", "margin"]].isna().all()


def test_the_order_of_rows_changes_no_byte() -> None:
    frame, _ = groups_of_members(2)
    frame = frame.mask(np.random.default_rng(0).random(frame.shape) < [0, *[0.05] * 6])
    first = MemberClusters(k_range=(2, 5)).fit(frame)
    for seed in range(2):
        shuffled = frame.sample(frac=1, random_state=seed)
        again = MemberClusters(k_range=(2, 5)).fit(shuffled)
        assert again.cluster_centers_.tobytes() == first.cluster_centers_.tobytes()
        pd.testing.assert_frame_equal(again.selection_, first.selection_, check_exact=True)
        pd.testing.assert_frame_equal(again.assign(frame), first.assign(frame), check_exact=True)
        pd.testing.assert_frame_equal(again.describe(), first.describe(), check_exact=True)


def test_the_order_of_rows_of_a_matrix_changes_no_byte() -> None:
    x = groups_of_members(2)[0].to_numpy()[:, 1:]
    order = np.random.default_rng(0).permutation(len(x))
    first, again = MemberClusters(4).fit(x), MemberClusters(4).fit(x[order])
    assert again.cluster_centers_.tobytes() == first.cluster_centers_.tobytes()
    assert np.array_equal(again.labels_, first.labels_[order])


def test_threads_change_no_byte() -> None:
    from threadpoolctl import threadpool_limits

    frame, _ = groups_of_members(3)
    centers = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            centers.append(MemberClusters(4).fit(frame).cluster_centers_.tobytes())
    assert centers[0] == centers[1]


def test_names_of_members_change_no_cluster(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    first, frame, _ = planted
    named = frame.assign(member_id="m" + (10_000 - frame["member_id"]).astype(str))
    assert np.array_equal(MemberClusters().fit(named).labels_, first.labels_)


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_every_kind_of_frame_gives_the_same(
    planted: tuple[MemberClusters, pd.DataFrame, Any], kind: str
) -> None:
    first, frame, _ = planted
    table = pa.Table.from_pandas(frame, preserve_index=False)
    other = pl.from_arrow(table) if kind == "polars" else table
    again = MemberClusters().fit(other)
    assert np.array_equal(again.labels_, first.labels_)
    assert isinstance(again.assign(other), type(other))


def test_a_part_of_the_members_is_assigned_as_all_of_them(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    found, frame, _ = planted
    whole = found.assign(frame)
    parts = [found.assign(frame[frame["member_id"] % 7 == i]) for i in range(7)]
    joined = pd.concat(parts).sort_values("member_id", ignore_index=True)
    pd.testing.assert_frame_equal(joined, whole, check_exact=True)
    one = found.assign(frame.iloc[[5]])
    expected = whole[whole["member_id"] == frame["member_id"].iloc[5]].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, expected, check_exact=True)


def test_no_members_are_assigned_to_no_rows(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    found, frame, _ = planted
    assert list(found.assign(frame.iloc[:0])) == ["member_id", "cluster", "distance", "margin"]
    assert len(found.assign(frame.iloc[:0])) == 0


def test_columns_are_found_by_name_in_any_order(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    found, frame, _ = planted
    turned = frame[frame.columns[::-1]].assign(nickname=[f"n{i}" for i in range(len(frame))])
    assert np.array_equal(found.predict(turned), found.labels_)


def test_predict_and_transform_agree_with_assign(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    found, frame, _ = planted
    assigned = found.assign(frame).set_index("member_id").loc[frame["member_id"]]
    distances = found.transform(frame)
    assert np.array_equal(found.predict(frame), assigned["cluster"])
    assert np.array_equal(distances.min(axis=1), assigned["distance"])
    ordered = np.sort(distances, axis=1)
    assert np.allclose(1 - ordered[:, 0] / ordered[:, 1], assigned["margin"])


def test_centers_are_in_the_units_of_the_columns(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    found, frame, _ = planted
    logs = pd.DataFrame(np.log(frame.drop(columns="member_id").to_numpy()))
    means = logs.groupby(found.labels_).mean()
    assert found.center_names_ == list(frame.columns[1:])
    assert np.allclose(np.log(found.cluster_centers_), means, atol=0.25)


def test_first_ids_go_by_size() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(c, 0.2, (n, 2)) for c, n in ((0, 50), (5, 200), (9, 100))])
    found = MemberClusters(3).fit(x)
    assert np.bincount(found.labels_).tolist() == [200, 100, 50]


@pytest.mark.parametrize("seed", range(4))
def test_ids_stay_when_members_change_and_drift(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame, truth = groups_of_members(seed, 5)
    earlier = MemberClusters(5).fit(frame)
    later, later_truth = groups_of_members(seed + 50, 5, drift=0.3)
    keep = rng.random(len(later)) < np.linspace(0.2, 1, 5)[later_truth]  # sizes change places
    found = MemberClusters(5).fit(later[keep], previous=earlier)
    names = {t: np.bincount(earlier.labels_[truth == t]).argmax() for t in range(5)}
    expected = np.array([names[t] for t in later_truth[keep]])
    assert (found.labels_ == expected).mean() > 0.95


def test_a_new_group_gets_a_new_id_and_a_vanished_id_is_not_given_again() -> None:
    def at(*places: tuple[float, float]) -> Any:
        rng = np.random.default_rng(len(places))
        return np.concatenate([rng.normal(p, 0.3, (100 + 20 * i, 2)) for i, p in enumerate(places)])

    first = MemberClusters(3).fit(at((0, 0), (10, 0), (0, 10)))
    second = MemberClusters(2).fit(at((0, 0), (10, 0)), previous=first)
    third = MemberClusters(3).fit(at((0, 0), (10, 0), (10, 10)), previous=second)
    gone = set(first.cluster_ids_) - set(second.cluster_ids_)
    assert first.cluster_ids_.tolist() == [0, 1, 2]
    assert len(gone) == 1
    assert set(third.cluster_ids_) == set(second.cluster_ids_) | {3}
    assert np.array_equal(first.predict([[0.1, 0]]), third.predict([[0.1, 0]]))
