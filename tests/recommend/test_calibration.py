import numpy as np
import pytest

from siyu.recommend.ranking.calibration import Calibration


def test_probabilities_are_the_rates() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=40_000)
    truth = 1 / (1 + np.exp(-scores))
    line = Calibration.of(scores, rng.random(40_000) < truth)
    assert line.apply(scores) == pytest.approx(truth, abs=0.08)
    assert line.apply(scores).mean() == pytest.approx(truth.mean(), abs=0.01)


def test_a_higher_score_is_never_less_likely() -> None:
    rng = np.random.default_rng(1)
    line = Calibration.of(rng.normal(size=500), rng.random(500) < 0.3)
    assert (np.diff(line.apply(np.linspace(-4, 4, 100))) >= 0).all()


def test_no_probability_is_certain() -> None:
    scores = np.arange(1_000.0)
    found = Calibration.of(scores, scores >= 500).apply(scores)
    assert 0 < found.min() < 0.05
    assert 0.95 < found.max() < 1


def test_equal_scores_are_one_point() -> None:
    line = Calibration.of(np.zeros(100), np.arange(100) < 20)
    assert line.apply(np.array([0.0, 5.0])) == pytest.approx([0.2, 0.2])


def test_without_pairs_nothing_is_known() -> None:
    line = Calibration.of(np.zeros(0), np.zeros(0, np.bool_))
    assert np.isnan(line.apply(np.array([1.0]))).all()
