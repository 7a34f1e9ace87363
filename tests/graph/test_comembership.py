"""Pairs from groups: weights by hand, the bound, and what does not matter."""

import numpy as np
import pyarrow as pa
import pytest

from siyu.datasets.clock import INSTANT
from siyu.graph.comembership import GroupPairs, group_pairs
from siyu.graph.undated import UNDATED


def memberships(*rows: tuple[int, int]) -> pa.Table:
    group, member = zip(*rows, strict=True) if rows else ((), ())
    return pa.table(
        {"group_id": pa.array(group, pa.int64()), "member_id": pa.array(member, pa.int64())}
    )


def one_group(size: int) -> pa.Table:
    return memberships(*((1, member) for member in range(size)))


def strength(pairs: GroupPairs, n: int) -> np.ndarray:
    return np.bincount(pairs.first, pairs.weight, n) + np.bincount(pairs.second, pairs.weight, n)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 20, 21])
def test_small_groups_tie_everybody_to_everybody_once(size: int) -> None:
    pairs = group_pairs(one_group(size), pa.array(range(size)), 20)
    assert (
        len({*zip(pairs.first, pairs.second, strict=True)})
        == len(pairs.first)
        == size * (size - 1) // 2
    )


@pytest.mark.parametrize("size", [2, 5, 21, 22, 23, 500])
def test_ties_of_a_member_add_up_to_one_less_the_share_of_the_member(size: int) -> None:
    pairs = group_pairs(one_group(size), pa.array(range(size)), 20)
    np.testing.assert_allclose(strength(pairs, size), (size - 1) / size)


@pytest.mark.parametrize("size", [22, 23, 500])
def test_in_big_groups_everybody_has_as_many_ties_as_allowed(size: int) -> None:
    pairs = group_pairs(one_group(size), pa.array(range(size)), 20)
    ends = np.bincount(np.concatenate([pairs.first, pairs.second]))
    assert ends.tolist() == [20] * size


def test_a_group_of_a_hundred_thousand_stays_bounded() -> None:
    n = 100_000
    assert len(group_pairs(one_group(n), pa.array(range(n)), 10).first) == n * 5


def test_big_groups_hang_together() -> None:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = group_pairs(one_group(300), pa.array(range(300)), 4)
    ties = coo_array((pairs.weight, (pairs.first, pairs.second)), shape=(300, 300))
    assert connected_components(ties, directed=False)[0] == 1


def test_two_big_groups_of_the_same_members_draw_different_ties() -> None:
    rows = memberships(*((g, m) for g in (1, 2) for m in range(200)))
    pairs = group_pairs(rows, pa.array(range(200)), 4)
    assert len({*zip(pairs.first, pairs.second, strict=True)}) > 0.9 * len(pairs.first)


def test_groups_that_two_members_share_are_listed_once_each() -> None:
    pairs = group_pairs(memberships((1, 1), (1, 2), (2, 1), (2, 2)), pa.array([1, 2]), 20)
    assert pairs.weight.tolist() == [0.5, 0.5]


def test_a_member_listed_twice_counts_once() -> None:
    pairs = group_pairs(memberships((1, 1), (1, 1), (1, 2)), pa.array([1, 2]), 20)
    assert pairs.weight.tolist() == [0.5]


def test_others_do_not_make_the_group_bigger() -> None:
    pairs = group_pairs(memberships((1, 1), (1, 2), (1, 99)), pa.array([1, 2]), 20)
    assert pairs.weight.tolist() == [0.5]


def test_who_left_is_tied_to_nobody() -> None:
    left = pa.array([None, None, 5], INSTANT)
    rows = memberships((1, 1), (1, 2), (1, 3)).append_column("left_at", left)
    pairs = group_pairs(rows, pa.array([1, 2, 3]), 20)
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([0], [1])


def test_a_tie_is_as_old_as_the_later_joining() -> None:
    rows = memberships((1, 1), (1, 2)).append_column("joined_at", pa.array([5, 9], INSTANT))
    assert group_pairs(rows, pa.array([1, 2]), 20).time.tolist() == [9]


def test_a_tie_with_an_undated_member_is_undated() -> None:
    rows = memberships((1, 1), (1, 2)).append_column("joined_at", pa.array([5, None], INSTANT))
    assert group_pairs(rows, pa.array([1, 2]), 20).time.tolist() == [UNDATED]


def test_of_two_rows_for_one_member_a_dated_one_counts() -> None:
    joined = pa.array([None, 7, 5], INSTANT)
    rows = memberships((1, 1), (1, 1), (1, 2)).append_column("joined_at", joined)
    assert group_pairs(rows, pa.array([1, 2]), 20).time.tolist() == [7]


def test_groups_of_one_and_no_groups_have_no_pairs() -> None:
    alone = group_pairs(memberships((1, 1)), pa.array([1]), 20)
    nobody = group_pairs(memberships(), pa.array([], pa.int64()), 20)
    assert len(alone.first) == len(nobody.first) == 0


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    rows = memberships(
        *zip(rng.integers(1, 5, 300).tolist(), rng.integers(0, 90, 300).tolist(), strict=True)
    )
    mixed = rows.take(pa.array(rng.permutation(300)))
    one, other = (group_pairs(r, pa.array(range(90)), 6) for r in (rows, mixed))
    assert (one.first.tolist(), one.second.tolist()) == (
        other.first.tolist(),
        other.second.tolist(),
    )
