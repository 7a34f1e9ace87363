"""Scores of forecasts: worked by hand, and as scikit-learn and scipy give them."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import poisson
from sklearn.metrics import roc_auc_score

from siyu.datasets.errors import DataError
from siyu.segmentation.value.forecast_scores import FLOOR, forecast_scores, poisson_terms

RNG = np.random.default_rng(0)
VISITS = RNG.poisson(0.8, 400)
FORECAST: npt.NDArray[np.float64] = np.asarray(
    np.round(VISITS * 0.3 + RNG.gamma(2.0, 0.3, 400), 1), np.float64
)


def test_errors_and_bias_by_hand() -> None:
    found = forecast_scores(np.array([0, 2, 4]), np.array([1.0, 2.0, 2.0]))
    assert found.mae.estimate == 1.0  # (1 + 0 + 2) / 3
    assert found.rmse.estimate == pytest.approx(np.sqrt(5 / 3))
    assert found.bias.estimate == pytest.approx(5 / 6 - 1)


def test_the_area_is_that_of_scikit_learn_with_ties() -> None:
    found = forecast_scores(VISITS, FORECAST, n_resamples=20)
    assert found.auc.estimate == pytest.approx(roc_auc_score(VISITS > 0, FORECAST))


def test_the_likelihood_is_that_of_scipy_above_the_floor() -> None:
    floored = np.maximum(FORECAST, FLOOR)
    np.testing.assert_allclose(poisson_terms(VISITS, FORECAST), poisson.logpmf(VISITS, floored))


def test_a_forecast_of_nothing_is_floored() -> None:
    assert poisson_terms(np.array([1]), np.zeros(1))[0] == pytest.approx(np.log(FLOOR) - FLOOR)


def test_tenths_find_what_the_total_hides() -> None:
    visits = np.repeat([0, 2], 50)
    level = forecast_scores(visits, np.linspace(0.99, 1.01, 100), n_resamples=10)
    assert abs(level.bias.estimate) < 0.01
    assert level.decile_error.estimate == pytest.approx(1.0, abs=0.02)


def test_members_of_one_forecast_stand_in_no_order() -> None:
    visits = np.repeat([0, 2], 50)
    assert forecast_scores(visits, np.ones(100), n_resamples=5).decile_error.estimate == 0.0


def test_intervals_hold_their_estimates() -> None:
    found = forecast_scores(VISITS, FORECAST)
    for one in (found.mae, found.rmse, found.log_likelihood, found.bias, found.auc):
        assert one.low < one.estimate < one.high


def test_the_order_of_members_changes_no_byte() -> None:
    order = np.random.default_rng(1).permutation(len(VISITS))
    again = forecast_scores(VISITS[order], FORECAST[order], n_resamples=20)
    assert again == forecast_scores(VISITS, FORECAST, n_resamples=20)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_members_have_no_interval(n: int) -> None:
    found = forecast_scores(np.ones(n, np.int64), np.ones(n))
    assert np.isnan(found.mae.low)
    assert np.isnan(found.auc.estimate)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -0.1])
def test_a_forecast_must_be_a_number_of_visits(wrong: float) -> None:
    with pytest.raises(DataError, match="1 are not"):
        forecast_scores(np.array([1, 2]), np.array([1.0, wrong]))
