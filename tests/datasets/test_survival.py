"""The Kaplan-Meier curve against published figures, hand-worked ones and plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.estimates import differences, means, shares
from siyu.datasets.survival import Waiting

# Freireich et al. (1963), remission in weeks under 6-MP, as in Kalbfleisch & Prentice (1980) and
# Cox & Oakes (1984): a plus marks those still in remission when last seen.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


@pytest.fixture(scope="module")
def remission() -> Waiting:
    return Waiting.of(np.array(WEEKS), np.array(RELAPSED, bool))


def test_the_curve_of_the_6mp_trial(remission: Waiting) -> None:
    assert remission.at.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert remission.n_at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert remission.waiting.round(3).tolist() == published


def test_greenwood_of_the_6mp_trial(remission: Waiting) -> None:
    published = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    errors = remission.waiting * np.sqrt(remission.greenwood)
    assert errors.round(4).tolist() == published


def test_the_median_of_the_6mp_trial(remission: Waiting) -> None:
    median, low, high = remission.quantile(0.5)
    assert median == 23
    assert low == 13
    assert math.isnan(high)


def test_the_log_log_interval_by_hand(remission: Waiting) -> None:
    # At 10 weeks: S = .7529, se(log S) = sqrt(.016358) = .12790, se(log(-log S)) = .12790 / .28380
    # = .45067; z * that = .88329; S^exp(.88329) = .5032, S^exp(-.88329) = .8894.
    share, low, high = remission.happened_by(np.array([10]))
    assert share[0] == pytest.approx(1 - 0.7529, abs=1e-4)
    assert low[0] == pytest.approx(1 - 0.8894, abs=1e-4)
    assert high[0] == pytest.approx(1 - 0.5032, abs=1e-4)


def test_nobody_yet_has_wilsons_interval_of_those_at_risk() -> None:
    curve = Waiting.of(np.array([5, 9, 9, 9]), np.zeros(4, bool))
    share, low, high = curve.happened_by(np.array([6]))
    assert (share[0], low[0]) == (0, 0)
    assert high[0] == shares(np.array([0]), np.array([3]))[2][0]


def test_everybody_has_wilsons_interval_of_all() -> None:
    curve = Waiting.of(np.array([1, 2, 3]), np.ones(3, bool))
    share, low, high = curve.happened_by(np.array([3, 50]))
    assert share.tolist() == [1, 1]
    assert high.tolist() == [1, 1]
    assert low[0] == low[1] == shares(np.array([3]), np.array([3]))[1][0]


def test_beyond_the_last_one_watched_nothing_is_known() -> None:
    curve = Waiting.of(np.array([1, 4]), np.array([True, False]))
    assert np.isnan(curve.happened_by(np.array([5]))[0][0])


def test_nobody_at_all_is_no_error() -> None:
    curve = Waiting.of(np.empty(0, np.int64), np.empty(0, bool))
    assert np.isnan(curve.happened_by(np.array([0]))[0][0])
    assert all(math.isnan(end) for end in curve.quantile(0.5))


@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40),
    st.integers(0, 14),
)
def test_the_curve_is_the_product_written_as_a_loop(
    units: list[tuple[int, bool]], when: int
) -> None:
    waiting = 1.0
    for moment in range(when + 1):
        at_risk = sum(time >= moment for time, _ in units)
        happened = sum(time == moment and event for time, event in units)
        waiting *= 1 - happened / at_risk if at_risk else 1
    times, events = zip(*units, strict=True)
    share = Waiting.of(np.array(times), np.array(events)).happened_by(np.array([when]))[0][0]
    if max(times) >= when:
        assert share == pytest.approx(1 - waiting, abs=1e-12)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.integers(0, 30))
def test_without_censoring_the_curve_is_the_plain_share(times: list[int], when: int) -> None:
    curve = Waiting.of(np.array(times), np.ones(len(times), bool))
    plain = sum(time <= when for time in times) / len(times)
    assert curve.happened_by(np.array([when]))[0][0] == pytest.approx(plain)


def test_the_interval_of_the_curve_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        times, limits = rng.exponential(1.0, 120), rng.uniform(0.2, 3.0, 120)
        watched = (np.minimum(times, limits) * 1e6).astype(np.int64)
        _, low, high = Waiting.of(watched, times <= limits).happened_by(np.array([1_000_000]))
        held += bool(low[0] <= 1 - math.exp(-1) <= high[0])
    assert 0.92 < held / 400 < 0.98


def test_means_have_students_interval() -> None:
    values = np.array([1.0, 4.0, 5.0, 6.0])
    mean, low, high = means(np.array([16.0]), np.array([(values**2).sum()]), np.array([4]))
    half = 3.182446 * values.std(ddof=1) / 2  # t(3) at 97.5 %
    assert mean[0] == 4
    assert high[0] - mean[0] == pytest.approx(half, rel=1e-6)
    assert mean[0] - low[0] == pytest.approx(half, rel=1e-6)


def test_a_mean_of_one_has_no_interval() -> None:
    mean, low, high = means(np.array([3.0]), np.array([9.0]), np.array([1]))
    assert mean[0] == 3
    assert np.isnan([low[0], high[0]]).all()


def test_newcombes_examples() -> None:
    # Newcombe (1998), table II, contrasts a and c, method 10.
    gap, low, high = differences(
        shares(np.array([56, 9]), np.array([70, 10])), shares(np.array([48, 3]), np.array([80, 10]))
    )
    assert gap.round(4).tolist() == [0.2, 0.6]
    assert low.round(4).tolist() == [0.0524, 0.1705]
    assert high.round(4).tolist() == [0.3339, 0.8090]
