"""Empirical Bayes: planted priors are found, and few units do no harm."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.shrinkage import BetaPrior, GammaPrior, shrink_mean, shrink_rate

COUNTS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: (min(pair), max(pair))),
    max_size=12,
)


@pytest.mark.parametrize(("mean", "strength"), [(0.1, 5.0), (0.5, 2.0), (0.3, 30.0)])
def test_a_planted_beta_prior_is_found(mean: float, strength: float) -> None:
    rng = np.random.default_rng(0)
    trials = rng.integers(1, 40, 5_000)
    rates = rng.beta(mean * strength, (1 - mean) * strength, trials.size)
    prior = BetaPrior.of(rng.binomial(trials, rates), trials)
    assert prior.mean == pytest.approx(mean, rel=0.05)
    assert prior.strength == pytest.approx(strength, rel=0.1)


@pytest.mark.parametrize(("mean", "strength"), [(3.0, 2.0), (0.2, 20.0)])
def test_a_planted_gamma_prior_is_found(mean: float, strength: float) -> None:
    rng = np.random.default_rng(0)
    exposure = rng.integers(1, 60, 20_000)
    rates = rng.gamma(mean * strength, 1 / strength, exposure.size)
    prior = GammaPrior.of(rng.poisson(rates * exposure), exposure)
    assert prior.mean == pytest.approx(mean, rel=0.05)
    assert prior.strength == pytest.approx(strength, rel=0.1)


def money(n_units: int) -> tuple[np.ndarray, np.ndarray]:
    """Give spending of units whose means have variance 400, with variance 8,000 within."""
    rng = np.random.default_rng(0)
    exposure = rng.integers(1, 30, n_units)
    means = rng.normal(500, 20, n_units)
    return means * exposure + rng.normal(0, 1, n_units) * np.sqrt(8_000 * exposure), exposure


def test_money_is_shrunk_by_its_variance_within_units() -> None:
    prior = GammaPrior.of(*money(20_000), variance=8_000)
    assert prior.strength == pytest.approx(8_000 / 400, rel=0.1)


def test_cents_change_nothing_for_money() -> None:
    total, exposure = money(200)
    cents = GammaPrior.of(total * 100, exposure, variance=8_000 * 100**2)
    assert cents.strength == pytest.approx(GammaPrior.of(total, exposure, variance=8_000).strength)


def test_units_that_differ_by_chance_alone_are_pooled() -> None:
    trials = np.full(100, 10)
    successes = np.tile([2, 3], 50)
    assert BetaPrior.of(successes, trials).strength == 1_000
    assert GammaPrior.of(successes, trials).strength == 1_000


def test_shrinking_lowers_the_error() -> None:
    rng = np.random.default_rng(1)
    trials = rng.integers(1, 10, 2_000)
    truth = rng.beta(2, 8, trials.size)
    successes = rng.binomial(trials, truth)
    shrunk = np.mean((shrink_rate(successes, trials) - truth) ** 2)
    plain = np.mean((successes / trials - truth) ** 2)
    assert shrunk < 0.4 * plain


def test_a_posterior_is_that_of_the_beta_distribution() -> None:
    prior = BetaPrior(0.2, 10)
    low, high = prior.interval([3], [5], level=0.9)
    # Beta(2 + 3, 8 + 2).
    assert (low[0], high[0]) == pytest.approx(stats.beta(5, 10).interval(0.9))
    assert prior.posterior_mean([3], [5])[0] == pytest.approx(stats.beta(5, 10).mean())


def test_a_posterior_is_that_of_the_gamma_distribution() -> None:
    prior = GammaPrior(2.0, 3.0)
    low, high = prior.interval([4], [5], level=0.9)
    # Gamma(6 + 4) with rate 3 + 5.
    assert (low[0], high[0]) == pytest.approx(stats.gamma(10, scale=1 / 8).interval(0.9))
    assert prior.posterior_mean([4], [5])[0] == pytest.approx(10 / 8)


def test_dispersion_widens_the_interval() -> None:
    narrow, wide = (GammaPrior(2.0, 3.0, phi).interval([4], [5]) for phi in (1.0, 9.0))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@given(COUNTS)
def test_shrunk_rates_lie_between_their_own_and_the_mean(pairs: list[tuple[int, int]]) -> None:
    won, tried = np.array(pairs, np.int64).reshape(-1, 2).T
    prior = BetaPrior.of(won, tried)
    shrunk = shrink_rate(won, tried)
    if not tried.sum():
        assert np.isnan(shrunk).all()
        return
    own = np.where(tried > 0, won / np.maximum(tried, 1), prior.mean)
    assert (shrunk >= np.minimum(own, prior.mean) - 1e-12).all()
    assert (shrunk <= np.maximum(own, prior.mean) + 1e-12).all()
    low, high = prior.interval(won, tried)
    assert (low < high).all()


@given(COUNTS)
def test_shrunk_means_are_positive_and_in_their_interval(pairs: list[tuple[int, int]]) -> None:
    got, over = np.array(pairs, np.int64).reshape(-1, 2).T
    prior = GammaPrior.of(got, over)
    if not over.sum():
        assert np.isnan(shrink_mean(got, over)).all()
        return
    low, high = prior.interval(got, over)
    assert (shrink_mean(got, over) > 0).all()
    assert (low < high).all()


@given(COUNTS, st.randoms(use_true_random=False))
def test_the_order_of_units_changes_no_bit(pairs: list[tuple[int, int]], random: object) -> None:
    shuffled = pairs.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (np.array(p, np.int64).reshape(-1, 2).T for p in (pairs, shuffled))
    assert repr(BetaPrior.of(*one)) == repr(BetaPrior.of(*other))
    assert repr(GammaPrior.of(*one)) == repr(GammaPrior.of(*other))


def test_one_unit_keeps_its_rate() -> None:
    # Mean (3 + 0.5) / 11, worth 10 trials: (3 + 3.18) / 20.
    assert shrink_rate([3], [10])[0] == pytest.approx((3 + 35 / 11) / 20)


def test_two_opposite_units_keep_apart() -> None:
    low, high = shrink_rate([0, 50], [50, 50])
    assert low < 0.02
    assert high > 0.98


def test_a_unit_without_trials_has_the_mean_of_all() -> None:
    prior = BetaPrior.of([5, 0], [10, 0])
    assert shrink_rate([5, 0], [10, 0])[1] == pytest.approx(prior.mean)


def test_given_the_prior_a_unit_alone_has_the_same_rate() -> None:
    won, tried = [1, 7, 2], [3, 9, 8]
    prior = BetaPrior.of(won, tried)
    alone = [shrink_rate([w], [t], prior)[0] for w, t in zip(won, tried, strict=True)]
    assert alone == shrink_rate(won, tried).tolist()


def test_no_units_give_nothing() -> None:
    assert shrink_rate([], []).shape == (0,)
    assert shrink_mean([], []).shape == (0,)
    assert math.isnan(BetaPrior.of([], []).mean)


def test_totals_of_zero_stay_above_zero() -> None:
    assert (shrink_mean([0, 0], [3, 5]) > 0).all()


@pytest.mark.parametrize(
    ("successes", "trials", "message"),
    [
        ([2], [1], "1 units have more successes than trials"),
        ([-1], [1], "1 units have numbers that are unknown or below 0"),
        ([1], [math.nan], "1 units have numbers that are unknown"),
        ([1, 2], [3], "units differ in number"),
    ],
)
def test_impossible_counts_are_refused(
    successes: list[float], trials: list[float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        shrink_rate(successes, trials)


def test_a_total_without_exposure_is_refused() -> None:
    with pytest.raises(DataError, match="1 units have a total without exposure"):
        shrink_mean([1, 2], [0, 1])


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_level_that_is_no_share_is_refused(level: float) -> None:
    with pytest.raises(ParameterError, match="level must lie between 0 and 1"):
        BetaPrior(0.5, 2).interval([1], [2], level)


@pytest.mark.parametrize("variance", [0.0, -1.0, math.inf])
def test_a_variance_must_be_positive(variance: float) -> None:
    with pytest.raises(ParameterError, match="variance must be above 0"):
        GammaPrior.of([1], [1], variance)
