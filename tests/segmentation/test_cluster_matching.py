"""Ids of clusters between runs, and the rules and choices behind clusters."""

import numpy as np
import pytest

from siyu.segmentation.clusters.columns import Column
from siyu.segmentation.clusters.matching import first_ids, matched_ids, reach
from siyu.segmentation.clusters.partition import canonical_order, kmeans, nearest, squared_distances
from siyu.segmentation.clusters.scaling import learn_scales
from siyu.segmentation.clusters.selection import Candidate, chosen
from siyu.segmentation.clusters.tree_rules import find_rules

NAN = float("nan")


def test_the_largest_cluster_is_the_first() -> None:
    assert first_ids(np.zeros((3, 2)), np.array([5, 9, 7])).tolist() == [2, 0, 1]


def test_clusters_of_one_size_go_by_their_centres() -> None:
    assert first_ids(np.array([[3.0], [1.0], [2.0]]), np.array([5, 5, 5])).tolist() == [2, 0, 1]


def test_pairs_are_least_apart_in_total() -> None:
    # Alone, both new centres are nearest to the earlier 0; together, 1.4 moves on to 2.
    before = np.array([[1.0], [2.0]])
    earlier = before, np.array([7, 8]), np.array([5.0, 5.0])
    ids = matched_ids(np.array([[1.4], [0.9]]), np.array([10, 10]), earlier, 9)
    assert ids.tolist() == [8, 7]


def test_a_cluster_out_of_reach_is_new() -> None:
    earlier = np.array([[0.0], [4.0]]), np.array([0, 3]), np.array([1.0, 1.0])
    ids = matched_ids(np.array([[9.0], [0.5]]), np.array([10, 10]), earlier, 6)
    assert ids.tolist() == [6, 0]


def test_several_new_clusters_go_by_size() -> None:
    earlier = np.array([[0.0]]), np.array([0]), np.array([1.0])
    ids = matched_ids(np.array([[0.1], [5.0], [9.0]]), np.array([1, 2, 3]), earlier, 4)
    assert ids.tolist() == [0, 5, 4]


def test_a_column_that_is_gone_adds_no_distance() -> None:
    earlier = np.array([[0.0, 7.0], [4.0, 7.0]]), np.array([0, 1]), np.array([2.0, 2.0])
    ids = matched_ids(np.array([[4.1, NAN], [0.1, NAN]]), np.array([1, 1]), earlier, 2)
    assert ids.tolist() == [1, 0]


def test_reach_is_the_members_spread_or_half_way_to_the_next() -> None:
    centers = np.array([[0.0, 0.0], [4.0, 0.0]])
    assert reach(centers, np.array([1.0, 3.0])).tolist() == [2.0, 3.0]
    assert reach(centers[:1], np.array([1.0])).tolist() == [1.0]


def test_distances_leave_out_what_is_unknown() -> None:
    z = np.array([[1.0, NAN], [1.0, 2.0], [NAN, NAN]])
    away = squared_distances(z, np.array([[0.0, 0.0]]))
    assert away[:2, 0].tolist() == [2.0, 5.0]  # 1 of one column counts as 2 of two
    assert np.isnan(away[2, 0])


def test_nearest_tells_the_second_distance() -> None:
    at, first, second = nearest(np.array([[1.0], [NAN]]), np.array([[0.0], [3.0]]))
    assert at.tolist() == [0, -1]
    assert (first[0], second[0]) == (1.0, 4.0)


def test_holes_do_not_move_the_centres() -> None:
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(-5, 1, (300, 3)), rng.normal(5, 1, (300, 3))])
    z[rng.random(z.shape) < 0.4] = NAN
    z = z[~np.isnan(z).all(axis=1)]
    assert np.sort(kmeans(z, 2, 0), axis=0) == pytest.approx(
        np.array([[-5.0] * 3, [5.0] * 3]), abs=0.25
    )


def test_rows_have_one_order_whatever_order_they_come_in() -> None:
    rng = np.random.default_rng(0)
    z = rng.integers(0, 3, (200, 2)).astype(float)
    z[::9, 0] = NAN
    shuffled = z[rng.permutation(200)]
    first, again = (x[canonical_order([x[:, 0], x[:, 1]])] for x in (z, shuffled))
    assert np.array_equal(first, again, equal_nan=True)


def candidate(k: int, stability: float, worst: float = 0.2, silhouette: float = 0.3) -> Candidate:
    return Candidate(k, stability, 0.2, worst, NAN, silhouette, stability >= 0.8)


def test_nothing_sound_is_one_cluster() -> None:
    assert chosen([candidate(2, 0.7), candidate(3, 0.5)]) == 1
    assert chosen([]) == 1


def test_of_equally_stable_ones_the_most_with_gaps_between_win() -> None:
    found = [candidate(2, 1.0), candidate(3, 0.97), candidate(4, 0.96, worst=1.3)]
    assert chosen(found) == 3


def test_the_more_stable_wins_where_stability_differs() -> None:
    assert chosen([candidate(2, 1.0), candidate(5, 0.85)]) == 2


def test_without_gaps_between_all_the_silhouette_decides() -> None:
    found = [candidate(2, 0.9, 1.1, 0.2), candidate(3, 0.9, 1.1, 0.4), candidate(4, 0.9, 1.1, 0.1)]
    assert chosen(found) == 3


def test_a_tree_says_the_planted_rule() -> None:
    rng = np.random.default_rng(0)
    spend, stage = rng.uniform(0, 100, 2_000), rng.integers(0, 2, 2_000).astype(float)
    columns = [
        Column("spend", "number", spend),
        Column("stage", "code", stage, ("loyal", "new")),
        Column("other", "number", rng.normal(size=2_000)),
    ]
    scales, _ = learn_scales(columns, np.arange(2_000), 0.5)
    labels = ((spend >= 40) & (stage == 1)).astype(np.int64)
    rules, fidelity = find_rules(columns, scales, labels, 2)
    conditions = {(name, how): value for name, how, value in rules[1].conditions}
    assert float(conditions["spend", "at_least"]) == pytest.approx(40, abs=0.5)
    assert conditions.keys() - {("spend", "at_least")} <= {("stage", "is"), ("stage", "is_not")}
    assert min(fidelity, rules[1].precision, rules[1].coverage) > 0.98


def test_one_cluster_needs_no_rule() -> None:
    column = Column("x", "number", np.arange(10.0))
    scales, _ = learn_scales([column], np.arange(10), 0.5)
    rules, fidelity = find_rules([column], scales, np.zeros(10, np.int64), 1)
    assert rules[0].conditions == ()
    assert np.isnan(fidelity)
