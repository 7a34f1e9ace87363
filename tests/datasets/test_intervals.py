"""Intervals hold the truth as often as they say, and say nothing where nothing is known."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets import intervals as module
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.intervals import (
    Interval,
    bootstrap_mean,
    bootstrap_ratio,
    paired_difference,
    shrink_mean,
    shrink_rate,
    wilson_bounds,
    wilson_interval,
)

# Of two units this state draws the first twice.
STATE_OF_NOTHING = next(
    state
    for state in range(50)
    if not np.random.default_rng(state).integers(0, 2, 2, np.int32).any()
)
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20)


def covers(interval: Interval, truth: float) -> bool:
    return interval.low <= truth <= interval.high


def test_a_mean_interval_has_the_width_that_theory_gives() -> None:
    values = np.random.default_rng(0).normal(size=400)
    found = bootstrap_mean(values, random_state=0, n_resamples=4_000)
    # Normal theory: 1.96 standard errors to both sides.
    half = 1.96 * values.std() / 20
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(0)
    held = sum(
        covers(
            bootstrap_mean(rng.normal(size=60), level=0.9, n_resamples=300, random_state=rng), 0.0
        )
        for _ in range(300)
    )
    # 270 expected with a standard deviation of 5.2; the percentile interval is a little narrow.
    assert 245 <= held <= 290


def test_few_distinct_values_give_the_same_distribution() -> None:
    # 0 and 1 take the multinomial way; the same values told apart take the other.
    values = np.repeat([0.0, 1.0], 150)
    few = bootstrap_mean(values, random_state=0, n_resamples=5_000)
    many = bootstrap_mean(values + np.arange(300) * 1e-9, random_state=0, n_resamples=5_000)
    assert few.low == pytest.approx(many.low, abs=0.01)
    assert few.high == pytest.approx(many.high, abs=0.01)


@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_of_units_changes_nothing(values: list[float], random: object) -> None:
    shuffled = values.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (
        bootstrap_mean(np.array(v), n_resamples=20, random_state=3) for v in (values, shuffled)
    )
    assert one == other


@given(VALUES)
def test_the_interval_lies_within_the_values(values: list[float]) -> None:
    found = bootstrap_mean(np.array(values), n_resamples=20, random_state=3)
    slack = 1e-9 * max(1.0, *(abs(value) for value in values))
    assert min(values) - slack <= found.low <= found.high <= max(values) + slack


def test_pieces_of_memory_change_only_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=100)
    whole = bootstrap_mean(values, random_state=0)
    monkeypatch.setattr(module, "_CELLS", 150)
    pieces = bootstrap_mean(values, random_state=0)
    assert pieces.low == pytest.approx(whole.low, abs=1e-12)


def test_the_same_random_state_gives_the_same_interval() -> None:
    values = np.random.default_rng(0).normal(size=50)
    assert bootstrap_mean(values, random_state=1) == bootstrap_mean(values, random_state=1)
    assert bootstrap_mean(values, random_state=1) != bootstrap_mean(values, random_state=2)


@pytest.mark.parametrize("values", [[], [3.0]])
def test_fewer_than_two_units_have_no_interval(values: list[float]) -> None:
    found = bootstrap_mean(np.array(values), random_state=0)
    assert found.n == len(values)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert math.isnan(found.estimate) == (not values)


def test_a_ratio_is_of_sums_not_a_mean_of_ratios() -> None:
    # 1/1 and 0/9: the sums give 1/10, the mean of ratios would be 1/2.
    found = bootstrap_ratio(np.array([1.0, 0.0]), np.array([1.0, 9.0]), random_state=0)
    assert found.estimate == 0.1


def test_a_ratio_is_wider_than_its_rows_would_say() -> None:
    # Ten members with ten sends each, who always or never click: 10 units, not 100.
    clicks = np.array([10.0] * 5 + [0.0] * 5)
    found = bootstrap_ratio(clicks, np.full(10, 10.0), random_state=0)
    assert found.high - found.low > 2 * (wilson_interval(50, 100).high - 0.5)


def test_a_ratio_over_nothing_is_unknown() -> None:
    found = bootstrap_ratio(np.zeros(3), np.zeros(3), random_state=0)
    assert math.isnan(found.estimate)
    assert math.isnan(found.low)


def test_resamples_over_nothing_do_not_count() -> None:
    found = bootstrap_ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0]), random_state=0)
    assert (found.low, found.high) == (0.5, 0.5)


def test_a_resample_that_says_nothing_leaves_the_interval_unknown() -> None:
    # Sorted by value, the unit of nothing is the first.
    found = bootstrap_ratio(
        np.array([1.0, 0.0]), np.array([2.0, 0.0]), n_resamples=1, random_state=STATE_OF_NOTHING
    )
    assert math.isnan(found.low)


def test_pairing_removes_what_units_share() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(scale=100, size=200)
    found = paired_difference(base + 1 + rng.normal(scale=0.1, size=200), base, random_state=0)
    assert 0.9 < found.low < 1.0 < found.high < 1.1


def test_a_pair_of_unequal_length_is_refused() -> None:
    with pytest.raises(ParameterError, match="theirs must hold one value a unit"):
        paired_difference(np.zeros(2), np.zeros(3))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(
    successes: int, trials: int, low: float, high: float
) -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
    # Medicine 17 of 1998, table I, method 3.
    found = wilson_interval(successes, trials)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.01, 0.999))
def test_wilson_stays_within_zero_and_one(one: int, other: int, level: float) -> None:
    found = wilson_interval(min(one, other), max(one, other), level=level)
    assert 0 <= found.low < found.high <= 1
    assert math.isnan(found.estimate) or found.low <= found.estimate <= found.high


def test_without_trials_every_share_is_believable() -> None:
    found = wilson_interval(0, 0)
    assert (found.low, found.high, found.n) == (0.0, 1.0, 0)


@pytest.mark.parametrize(("successes", "trials"), [(2, 1), (-1, 1), (0, -1)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ParameterError, match="expected 0 <= successes <= trials"):
        wilson_interval(successes, trials)


CALLS: list[Callable[..., Any]] = [
    lambda **how: bootstrap_mean(np.zeros(3), **how),
    lambda **how: bootstrap_ratio(np.zeros(3), np.ones(3), **how),
    lambda **how: paired_difference(np.zeros(3), np.ones(3), **how),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_level_that_is_no_share_is_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(ParameterError, match="level must lie between 0 and 1, got 95"):
        call(level=95)


@pytest.mark.parametrize("call", CALLS)
def test_no_resamples_are_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(ParameterError, match="n_resamples must be 1 or more"):
        call(n_resamples=0)


def test_unknown_values_are_refused() -> None:
    with pytest.raises(DataError, match="values must be known and finite, 1 of 2 are not"):
        bootstrap_mean(np.array([1.0, math.nan]))


def test_negative_denominators_are_refused() -> None:
    with pytest.raises(DataError, match="denominators must be 0 or more"):
        bootstrap_ratio(np.zeros(2), np.array([1.0, -1.0]))


def test_shrinkage_is_found_here_too() -> None:
    assert shrink_rate([1], [2]).shape == shrink_mean([1], [2]).shape == (1,)


def test_many_shares_have_the_intervals_that_each_has_alone() -> None:
    won, tried = np.array([0, 3, 9, 0]), np.array([5, 10, 9, 0])
    low, high = wilson_bounds(won / np.maximum(tried, 1), tried, 0.9)
    alone = [wilson_interval(int(w), int(t), level=0.9) for w, t in zip(won, tried, strict=True)]
    assert low.tolist() == [one.low for one in alone]
    assert high.tolist() == [one.high for one in alone]
