"""Shapes of trees: known ones by formula, random ones against networkx."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral_oracle import brought_by, random_claims, tree_below
from siyu.datasets.errors import ParameterError
from siyu.graph.fission.forest_breadth import widest_below
from siyu.graph.fission.forest_shape import ForestShape, climb

Codes = npt.NDArray[np.int32]


def shape_of(parent: npt.ArrayLike) -> ForestShape:
    codes = np.asarray(parent, dtype=np.int32)
    return ForestShape.of(codes, *climb(codes)[:2])


def chain(n: int) -> ForestShape:
    return shape_of(np.arange(n) - 1)


def star(n: int) -> ForestShape:
    return shape_of(np.where(np.arange(n) == 0, -1, 0))


def mixed_up(parent: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    """Give the members other numbers."""
    name = np.random.default_rng(seed).permutation(len(parent))
    found = np.empty_like(parent)
    found[name] = np.where(parent < 0, -1, name[parent])
    return found


@given(seed=st.integers(0, 5_000))
@settings(max_examples=60)
def test_random_forests_are_as_networkx_measures_them(seed: int) -> None:
    parents, _ = brought_by(random_claims(seed))
    n = 41
    shape = shape_of([parents.get(i, -1) for i in range(n)])
    widest, virality = widest_below(shape), shape.structural_virality()
    for member in range(n):
        slow = tree_below(parents, list(range(n)), member)
        assert (shape.root[member], shape.depth[member]) == (slow["root"], slow["depth"])
        assert shape.size[member] == len(slow["below"]) + 1
        assert (shape.height[member], widest[member]) == (slow["height"], slow["breadth"])
        assert virality[member] == pytest.approx(slow["virality"], rel=1e-13, nan_ok=True)


@given(seed=st.integers(0, 5_000))
def test_a_subtree_is_a_span_of_the_preorder(seed: int) -> None:
    parents, _ = brought_by(random_claims(seed))
    shape = shape_of([parents.get(i, -1) for i in range(41)])
    for member in range(41):
        start = shape.place[member]
        span = set(shape.order[start : start + shape.size[member]].tolist())
        assert span == tree_below(parents, list(range(41)), member)["below"] | {member}


def test_a_chain_of_200_000_is_measured() -> None:
    n = 200_000
    shape = shape_of(mixed_up(np.arange(n) - 1, 0))
    top = int(np.flatnonzero(shape.parent < 0)[0])
    assert np.array_equal(np.sort(shape.depth), np.arange(n))
    assert (shape.size[top], shape.height[top], widest_below(shape)[top]) == (n, n - 1, 1)
    # the mean distance within a path of n is (n + 1) / 3
    assert shape.structural_virality()[top] == pytest.approx((n + 1) / 3, rel=1e-12)


def test_a_star_of_200_000_is_measured() -> None:
    n = 200_000
    shape = shape_of(mixed_up(np.where(np.arange(n) == 0, -1, 0), 0))
    top = int(np.flatnonzero(shape.parent < 0)[0])
    assert (shape.size[top], shape.height[top], widest_below(shape)[top]) == (n, 1, n - 1)
    # n - 1 pairs lie one step apart, all others two: 2 (n - 1) / n
    assert shape.structural_virality()[top] == pytest.approx(2 * (n - 1) / n, rel=1e-12)


def test_a_chain_with_a_leaf_at_every_member_is_two_wide_up_to_its_end() -> None:
    n = 50_000
    spine = np.arange(n) - 1
    shape = shape_of(np.concatenate([spine, np.arange(n)]))
    widest = widest_below(shape)
    assert np.array_equal(widest[:n], np.append(np.full(n - 1, 2), 1))
    assert not widest[n:].any()


def test_a_wide_generation_far_below_is_seen_from_above_its_chain() -> None:
    fan = np.full(30, 9)  # ten in a row, and thirty below the last of them
    assert (
        widest_below(shape_of(np.concatenate([np.arange(10) - 1, fan])))[:10].tolist() == [30] * 10
    )


def test_two_branches_add_up_where_they_are_equally_deep() -> None:
    # 0 has the branches 1-3 and 2-(4, 5): the second generation holds 3, 4 and 5
    assert widest_below(shape_of([-1, 0, 0, 1, 2, 2])).tolist() == [3, 1, 2, 0, 0, 0]


def test_a_long_chain_does_not_overflow_its_virality() -> None:
    n = 3_100_000  # the sum of squares of the subtrees is 9.9e18, above 2**63
    shape = chain(n)
    assert shape.structural_virality()[0] == pytest.approx((n + 1) / 3, rel=1e-9)


def test_sums_below_leave_the_member_out() -> None:
    assert star(4).below(np.array([8, 1, 2, 4])).tolist() == [7, 0, 0, 0]


def test_amounts_below_are_the_same_in_a_bigger_forest() -> None:
    rng = np.random.default_rng(0)
    paid = np.round(rng.gamma(1, 50, 400), 2)
    parent = np.maximum((np.arange(200) - 1) // 3, 0)
    parent[0] = -1
    small = shape_of(parent)
    both = shape_of(np.concatenate([parent, np.where(parent < 0, -1, parent + 200)]))
    assert np.array_equal(small.below_exactly(paid[:200]), both.below_exactly(paid)[:200])


def test_amounts_that_do_not_add_up_exactly_are_refused() -> None:
    with pytest.raises(ParameterError, match="must stay below"):
        star(3).below_exactly(np.full(3, 2.0**41))


def test_circles_are_found_and_who_hangs_below_them_is_not_among_them() -> None:
    parent = np.array([1, 2, 0, 0, -1, 6, 5, 6], dtype=np.int32)
    assert climb(parent)[2].tolist() == [0, 1, 2, 5, 6]


def test_a_circle_of_100_000_is_found_whole() -> None:
    n = 100_000
    assert len(climb(((np.arange(n) + 1) % n).astype(np.int32))[2]) == n


def test_no_members_have_no_shape() -> None:
    shape = shape_of([])
    assert len(shape.order) == len(widest_below(shape)) == len(shape.structural_virality()) == 0
