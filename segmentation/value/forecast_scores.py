"""How good a forecast of visits is: six measures, for one alone can be flattered.

Most members of a brand come rarely: "nobody comes" nearly wins by absolute error. So errors
stand beside likelihood, calibration, bias and ranking, always.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.errors import DataError
from siyu.datasets.intervals import Interval
from siyu.datasets.randomness import generator

__all__ = ["FLOOR", "ForecastScores", "forecast_scores", "poisson_terms", "score_estimates"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FLOOR = 1e-3
"""Forecasts are raised to this many visits before their Poisson log-likelihood is taken."""

_GROUPS = 10


@dataclass(frozen=True, slots=True)
class ForecastScores:
    """Scores of one forecast on one window, each with its bootstrap interval over members.

    Attributes
    ----------
    mae, rmse : Interval, visits
    log_likelihood : Interval
        Mean Poisson log-likelihood a member; forecasts below 0.001 are raised to it.
    decile_error : Interval, visits
        Calibration: mean over the tenths of the members by forecast of the absolute difference
        between their mean forecast and their mean number of visits. Members of one forecast
        count as if each of them came as often as they do on average.
    bias : Interval
        Forecast total over actual total, less 1; NaN where nobody came.
    auc : Interval
        Probability that a member who came was ranked above one who did not; ties count half.
        NaN where all or none came.
    """

    mae: Interval
    rmse: Interval
    log_likelihood: Interval
    decile_error: Interval
    bias: Interval
    auc: Interval


def forecast_scores(
    visits: Ints,
    forecast: Floats,
    *,
    level: float = 0.95,
    n_resamples: int = 200,
    random_state: int = 0,
) -> ForecastScores:
    """Score a forecast of visits against what came.

    Parameters
    ----------
    visits : int64 array, one a member, >= 0
    forecast : float64 array, one a member, finite, >= 0
    level : float in (0, 1), of the intervals
    n_resamples : int >= 1
        Draws of members.
    random_state : int >= 0

    Returns
    -------
    ForecastScores
        Time O(members x n_resamples).

    Raises
    ------
    DataError
        If a forecast is unknown, infinite or below 0.

    Examples
    --------
    >>> found = forecast_scores(np.array([0, 1, 2, 0]), np.array([0.1, 1.2, 1.5, 0.3]))
    >>> round(found.mae.estimate, 3), round(found.bias.estimate, 3), found.auc.estimate
    (0.275, 0.033, 1.0)
    """
    wrong = np.count_nonzero(~(np.isfinite(forecast) & (forecast >= 0)))
    if wrong:
        raise DataError(f"forecasts must be known and 0 or more, {wrong} are not")
    ranked, n, rng = _Ranked.of(visits, forecast), len(visits), generator(random_state)
    whole = ranked.measures(np.ones(n))
    drawn = np.array(
        [
            ranked.measures(np.bincount(rng.integers(0, n, n), minlength=n).astype(float))
            for _ in range(n_resamples if n > 1 else 0)
        ]
    ).reshape(-1, len(whole))
    found = [
        Interval(float(estimate), *_percentiles(column, level), level, n)
        for estimate, column in zip(whole, drawn.T, strict=True)
    ]
    return ForecastScores(*found)


def score_estimates(visits: Ints, forecast: Floats) -> Floats:
    """Give the six measures without intervals, in the order of `ForecastScores`."""
    return _Ranked.of(visits, forecast).measures(np.ones(len(visits)))


def poisson_terms(visits: Ints, forecast: Floats) -> Floats:
    """Give each member's Poisson log-likelihood, the forecast raised to `FLOOR`.

    Examples
    --------
    >>> poisson_terms(np.array([0, 2]), np.array([0.5, 2.0])).round(3)
    array([-0.5  , -1.307])
    """
    from scipy.special import gammaln

    mean = np.maximum(forecast, FLOOR)
    return np.asarray(visits * np.log(mean) - mean - gammaln(visits + 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """Members in order of the forecast; `group` numbers its distinct values."""

    came: Floats
    said: Floats
    likely: Floats
    tenth: Ints
    group: Ints

    @classmethod
    def of(cls, visits: Ints, forecast: Floats) -> "_Ranked":
        order, n = np.lexsort((visits, forecast)), len(visits)
        visits, said = visits[order], forecast[order]
        group = np.cumsum(np.diff(said, prepend=said[:1]) != 0)
        tenth = np.arange(n) * _GROUPS // max(n, 1)
        return cls(visits.astype(float), said, poisson_terms(visits, said), tenth, group)

    def measures(self, weight: Floats) -> Floats:
        """Take all measures of one draw, in the order of `ForecastScores`."""
        n, error = max(weight.sum(), 1), self.said - self.came
        off = np.bincount(self.tenth, weight * (self.said - self._came_alike(weight)), _GROUPS)
        total = (weight * self.came).sum()
        return np.array(
            [
                (weight * np.abs(error)).sum() / n,
                np.sqrt((weight * error**2).sum() / n),
                (weight * self.likely).sum() / n,
                np.abs(off).sum() / n,
                (weight * self.said).sum() / total - 1 if total > 0 else np.nan,
                self._auc(weight),
            ]
        )

    def _came_alike(self, weight: Floats) -> Floats:
        """Give the mean visits of all of the same forecast, whom no order sets apart."""
        n = np.bincount(self.group, weight)
        return np.asarray(np.bincount(self.group, weight * self.came) / np.maximum(n, 1))[
            self.group
        ]

    def _auc(self, weight: Floats) -> float:
        """Give the weighted area under the curve of "came at all"."""
        active = self.came > 0
        yes = np.bincount(self.group, weight * active)
        no = np.bincount(self.group, weight * ~active)
        if not yes.sum() or not no.sum():
            return float("nan")
        below = np.cumsum(no) - no
        return float((yes * (below + no / 2)).sum() / (yes.sum() * no.sum()))


def _percentiles(drawn: Floats, level: float) -> tuple[float, float]:
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
