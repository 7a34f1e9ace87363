"""Orders of whole numbers equal numpy's stable argsort, whatever room the keys leave."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.member_rows import group_order
from siyu.datasets.ordering import distinct, opens_run, stable_order

NEAR = st.integers(-5, 5)
FAR = st.integers(-(2**62), 2**62)


@given(keys=st.lists(NEAR | FAR, max_size=60))
def test_the_order_is_that_of_a_stable_argsort(keys: list[int]) -> None:
    array = np.array(keys, dtype=np.int64)
    assert stable_order(array).tolist() == np.argsort(array, kind="stable").tolist()


@given(
    rows=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 40) | FAR), max_size=60),
)
def test_groups_are_in_order_of_code_then_time_then_row(rows: list[tuple[int, int]]) -> None:
    codes = np.array([code for code, _ in rows], dtype=np.int64)
    times = np.array([time for _, time in rows], dtype=np.int64)
    found = group_order(codes, 7, times)
    expected = np.lexsort((times, codes))
    if found is None:
        found = np.arange(len(rows))
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("far", [2**40, 2**61])
def test_moments_closer_than_the_coarse_clock_are_told_apart(far: int) -> None:
    codes = np.array([1, 0, 0, 0, 0])
    times = np.array([0, far, far - 1, far - 2, 5])
    found = group_order(codes, 2, times)
    assert found is not None
    assert found.tolist() == [4, 3, 2, 1, 0]


def test_runs_begin_where_any_column_changes() -> None:
    one, other = np.array([1, 1, 1, 2]), np.array([5, 5, 6, 6])
    assert opens_run(one, other).tolist() == [True, False, True, True]


def test_no_rows_have_no_runs() -> None:
    assert opens_run(np.empty(0, np.int64)).tolist() == []


@given(st.lists(st.integers(-3, 3)))
def test_distinct_values_are_those_of_a_set(keys: list[int]) -> None:
    values = np.array(keys, np.int64)
    assert distinct(values).tolist() == sorted(set(keys))
    assert values.tolist() == keys
