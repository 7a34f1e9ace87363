"""Windows in time, against the definition row by row."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from siyu.datasets.errors import ParameterError
from siyu.datasets.windows import (
    trailing_count,
    trailing_sum,
    training_cuts,
    window_count,
    window_sum,
)

MEMBERS = st.lists(
    st.lists(st.tuples(st.integers(0, 20), st.integers(-9, 9)), max_size=6), max_size=5
)
Arrays = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def arrays(members: list[list[tuple[int, int]]]) -> Arrays:
    """Lay members' (time, value) rows out by member, then by time."""
    rows = [row for one in members for row in sorted(one)]
    starts = np.cumsum([0, *(len(one) for one in members)], dtype=np.int64)
    times, values = np.array(rows, np.int64).reshape(-1, 2).T
    return starts, times, values


@given(MEMBERS, st.integers(-2, 25), st.integers(1, 25))
def test_a_window_holds_its_start_but_not_its_end(
    members: list[list[tuple[int, int]]], at: int, length: int
) -> None:
    starts, times, values = arrays(members)
    inside = [[value for time, value in one if at - length <= time < at] for one in members]
    assert window_count(starts, times, at, length).tolist() == [len(one) for one in inside]
    assert window_sum(starts, times, values, at, length).tolist() == [sum(one) for one in inside]


@given(MEMBERS, st.integers(1, 25))
def test_trailing_windows_end_before_their_row(
    members: list[list[tuple[int, int]]], length: int
) -> None:
    starts, times, values = arrays(members)
    seen = [
        [value for other, value in one if time - length <= other < time]
        for one in members
        for time, _ in sorted(one)
    ]
    assert trailing_count(starts, times, length).tolist() == [len(one) for one in seen]
    assert trailing_sum(starts, times, values, length).tolist() == [sum(one) for one in seen]


@given(MEMBERS, st.data())
def test_every_member_may_have_its_own_end(
    members: list[list[tuple[int, int]]], data: st.DataObject
) -> None:
    starts, times, _ = arrays(members)
    ends = data.draw(st.lists(st.integers(0, 25), min_size=len(members), max_size=len(members)))
    found = window_count(starts, times, np.array(ends, np.int64), 7)
    whole = [window_count(starts, times, end, 7)[i] for i, end in enumerate(ends)]
    assert found.tolist() == whole


@given(MEMBERS, st.integers(1, 25))
def test_a_member_alone_has_the_same_windows(
    members: list[list[tuple[int, int]]], length: int
) -> None:
    starts, times, values = arrays(members)
    paid = values / 7
    together = window_sum(starts, times, paid, 15, length)
    for number, one in enumerate(members):
        starts, times, values = arrays([one])
        assert window_sum(starts, times, values / 7, 15, length)[0] == together[number]


def test_the_order_of_rows_of_one_instant_changes_no_bit() -> None:
    paid = np.array([0.1, 1e9, 0.3, 0.7, -1e9])
    starts, times = np.array([0, 5]), np.full(5, 3)
    sums = {float(window_sum(starts, times, np.roll(paid, shift), 4, 2)[0]) for shift in range(5)}
    assert len(sums) == 1
    assert sums.pop() == pytest.approx(1.1)


def test_other_members_money_leaves_no_rounding() -> None:
    starts, times = np.array([0, 1, 2]), np.array([3, 3])
    assert window_sum(starts, times, np.array([1e12, 0.1]), 4, 2).tolist() == [1e12, 0.1]


def test_a_running_total_may_wrap_around() -> None:
    big = 2**62
    values = np.array([big, big, big, 5])
    starts, times = np.array([0, 1, 2, 3, 4]), np.full(4, 3)
    assert window_sum(starts, times, values, 4, 2).tolist() == [big, big, big, 5]


def test_booleans_are_counted() -> None:
    flags: Any = np.array([True, False, True])
    assert window_sum(np.array([0, 3]), np.array([1, 2, 3]), flags, 4, 3).tolist() == [2]


def test_no_members_and_no_rows_are_legal() -> None:
    none: NDArray[np.int64] = np.zeros(0, np.int64)
    assert window_count(np.array([0]), none, 5, 2).shape == (0,)
    assert window_count(np.array([0, 0]), none, 5, 2).tolist() == [0]
    assert trailing_sum(np.array([0]), none, np.zeros(0), 2).dtype == np.float64


def test_a_window_without_length_is_refused() -> None:
    with pytest.raises(ParameterError, match="length must be 1 microsecond or more, got 0"):
        window_count(np.array([0]), np.zeros(0, np.int64), 5, 0)


@pytest.mark.parametrize("starts", [[], [0, 1], [1, 2]])
def test_offsets_of_other_rows_are_refused(starts: list[int]) -> None:
    with pytest.raises(ParameterError, match="starts must run from 0 to the 2 rows"):
        trailing_count(np.array(starts, np.int64), np.array([1, 2]), 5)


def test_values_of_other_rows_are_refused() -> None:
    with pytest.raises(ParameterError, match="expected 2 values"):
        trailing_sum(np.array([0, 2]), np.array([1, 2]), np.zeros(3), 5)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 2.0**42])
def test_values_that_cannot_be_summed_exactly_are_refused(wrong: float) -> None:
    with pytest.raises(ParameterError, match="values must be finite and a sum below"):
        window_sum(np.array([0, 1]), np.array([1]), np.array([wrong]), 2, 5)


def test_the_last_label_window_ends_at_as_of() -> None:
    cuts = training_cuts(first=0, as_of=100, horizon=28, n_cuts=2)
    assert cuts.tolist() == [44, 72]
    assert cuts[-1] + 28 == 100


def test_cuts_lie_after_the_first_row() -> None:
    assert training_cuts(first=44, as_of=100, horizon=28, n_cuts=9).tolist() == [72]


def test_a_step_lets_label_windows_overlap() -> None:
    assert training_cuts(0, 100, horizon=28, n_cuts=3, step=7).tolist() == [58, 65, 72]


def test_a_short_history_has_no_cuts() -> None:
    assert training_cuts(first=80, as_of=100, horizon=28, n_cuts=3).shape == (0,)


@given(st.integers(0, 99), st.integers(1, 50), st.integers(1, 9), st.integers(1, 50))
def test_no_label_looks_beyond_as_of(first: int, horizon: int, n_cuts: int, step: int) -> None:
    cuts = training_cuts(first, 100, horizon, n_cuts, step)
    assert ((cuts > first) & (cuts + horizon <= 100)).all()
    assert (np.diff(cuts) == step).all()


@pytest.mark.parametrize("name", ["horizon", "n_cuts", "step"])
def test_cuts_need_positive_lengths(name: str) -> None:
    how: dict[str, int] = {"horizon": 7, "n_cuts": 2, "step": 7, name: 0}
    with pytest.raises(ParameterError, match=f"{name} must be 1 or more, got 0"):
        training_cuts(0, 100, **how)
