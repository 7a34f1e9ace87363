"""What `ValueModel` learns: visits by a chosen method, money by the better of two."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.errors import ParameterError

from .btyd_forecasts import history_summary
from .forecast_trials import Trial, blend
from .labelled_visits import past_cuts
from .money_forecasts import MoneyPerVisit, ValueBands, WorthTrees
from .visit_features import visit_features
from .visit_forecasts import VisitForecasts, window_days
from .visit_history import History

__all__ = ["ValueLearners"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_WORTH_CUTS = 3
_LEAST = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ValueLearners:
    """Everything a forecast of visits and value needs, fitted at one moment.

    Attributes
    ----------
    method : str
        Of the visits, as `backtest` names it.
    forecasts : VisitForecasts
    money : MoneyPerVisit
    worth : WorthTrees or None
        Taken for the value where it did better on the trial.
    bands : ValueBands or None
    mean_value : float
        Mean forecast of value at the fit: what `bands` takes as the middle of the population.
    """

    method: str
    forecasts: VisitForecasts
    money: MoneyPerVisit
    worth: WorthTrees | None
    bands: ValueBands | None
    mean_value: float

    @classmethod
    def fit(
        cls,
        history: History,
        horizon: int,
        method: str,
        trial: Trial | None,
        how: tuple[float, int, int],
    ) -> "ValueLearners":
        """Fit to all of a history; `how` is the interval's level, n_bags and random_state."""
        level, n_bags, random_state = how
        bags = {"n_bags": n_bags, "random_state": random_state}
        forecasts = VisitForecasts.fit(history, horizon, **bags)
        _require_method(method, forecasts)
        worth, bands = None, None
        trial = trial and trial.with_blends([method])
        if trial is not None and method in trial.forecasts:
            plain, by_trees, money = _on_trial(history, method, trial, (n_bags, random_state))
            better = by_trees is not None and _fit_of(money, by_trees) > _fit_of(money, plain)
            bands = ValueBands.fit(
                by_trees if better and by_trees is not None else plain, money, level
            )
            if better:
                worth = _worth_at(history, horizon, 0, (n_bags, random_state))
        parts = cls(method, forecasts, MoneyPerVisit.fit(history), worth, bands, 0.0)
        mean = float(parts.forecast(history)[1][1].mean())
        return cls(method, forecasts, parts.money, worth, bands, mean)

    @property
    def value_source(self) -> str:
        """``"LightGBM"`` if trees correct the money, else ``"GammaGamma"``."""
        return "GammaGamma" if self.worth is None else "LightGBM"

    def forecast(self, history: History) -> tuple[Ints, Floats]:
        """Forecast everybody who visited: positions, and rows visits, value, low, high."""
        who, found = self.forecasts.predict(history)
        visits = blend(self.method, found)
        each = self.money.expected(history)
        value = visits * each
        if self.worth is not None:
            value = _by_worth(self.worth, self.forecasts, history, 0, each)
        low = high = np.full(len(who), np.nan)
        if self.bands is not None:
            low, high = self.bands.bounds(value, self.mean_value)
        return who, np.stack([visits, value, low, high])


def _require_method(method: str, forecasts: VisitForecasts) -> None:
    unknown = [part for part in method.split(" + ") if part not in forecasts.names]
    if unknown:
        raise ParameterError(
            "method", f"{unknown} is none of the methods at hand: {list(forecasts.names)}"
        )


def _on_trial(
    history: History, method: str, trial: Trial, how: tuple[int, int]
) -> tuple[Floats, Floats | None, Floats]:
    """Forecast the money of the trial's last window in both ways; also give what came."""
    cut = int(trial.cuts[-1])
    rows = trial.cut == cut
    each = MoneyPerVisit.fit(history, cut).expected(history, cut)
    plain = trial.forecasts[method][rows] * each
    worth = _worth_at(history, trial.window, cut, how)
    if worth is None:
        return plain, None, trial.money[rows]
    forecasts = VisitForecasts.btyd_only(history, trial.window, cut)
    return plain, _by_worth(worth, forecasts, history, cut, each), trial.money[rows]


def _worth_at(history: History, horizon: int, cut: int, how: tuple[int, int]) -> WorthTrees | None:
    """Grow the trees of value on windows before a cut; None where there is too little."""
    window = window_days(history, horizon, cut)
    if not window:
        return None
    cuts = past_cuts(history, window, until=cut, n_cuts=_WORTH_CUTS)
    brought = sum(history.between(one, one + window)[1].clip(min=0).sum() for one in cuts.tolist())
    n_rows = sum(np.count_nonzero(np.diff(history.visits(one).starts)) for one in cuts.tolist())
    if n_rows < 200 or not brought > 0:
        return None
    return WorthTrees.fit(history, cuts, window, how)


def _by_worth(
    worth: WorthTrees, forecasts: VisitForecasts, history: History, cut: int, each: Floats
) -> Floats:
    """Correct "BTYD visits times money a visit" by the trees."""
    _, columns = visit_features(history, forecasts.norm, cut)
    _, summary = history_summary(history, cut)
    each = np.maximum(each, _LEAST)
    window = forecasts.window or forecasts.horizon
    long = forecasts.btyd_mean(summary, forecasts.horizon) * each
    return long * worth.factor(columns, forecasts.btyd_mean(summary, window) * each)


def _fit_of(money: Floats, value: Floats) -> float:
    """Give the quasi-Poisson likelihood, which is highest at the true mean."""
    unit = max(float(np.abs(money).mean()), _LEAST)
    mean = np.maximum(value / unit, 1e-3)
    return float((np.maximum(money, 0) / unit * np.log(mean) - mean).mean())
