import numpy as np
import pytest

from siyu.recommend.ranking.calibration import Calibration, calibration_error


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


def test_the_calibration_error_of_a_true_line_is_small() -> None:
    rng = np.random.default_rng(2)
    scores, member = rng.normal(size=20_000), np.arange(20_000)
    bought = rng.random(20_000) < 1 / (1 + np.exp(-scores))
    assert calibration_error(scores, bought, member) < 0.03


def test_members_unlike_those_learned_from_are_found_out() -> None:
    scores, member = np.tile(np.arange(100.0), 100), np.repeat(np.arange(100), 100)
    bought = member % 2 == 1
    assert calibration_error(scores, bought, member) == pytest.approx(1.0, abs=0.02)


def test_one_member_cannot_be_judged_by_another() -> None:
    assert np.isnan(calibration_error(np.ones(3), np.ones(3, np.bool_), np.zeros(3, np.int64)))
