"""Trials in the past: every method forecasts windows whose outcome is known by now.

A trial stands at an earlier day, fits every method to what was known then, and forecasts the
window that followed. The length of the window is the horizon; where two horizons do not fit into
the record it is a third of it, for a trial takes three stretches: one to look back on, one to
learn from, and one to be judged by.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from siyu.datasets.intervals import Interval, paired_difference

from .btyd_forecasts import BTYD_NAMES
from .forecast_scores import poisson_terms, score_estimates
from .visit_forecasts import PLAIN, TREES, VisitForecasts, window_days
from .visit_history import History

__all__ = ["Trial", "blend", "blends_of", "run_trials"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_AND = " + "


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Forecasts of past windows beside what came, a row a member and window.

    Attributes
    ----------
    cuts : int64 array
        Days at which the trials stood.
    window : int, days
    visits : int64 array, n_rows
    money : float64 array, n_rows
        Net money of the window.
    forecasts : mapping of method to float64 array, n_rows
        Blends among them: ``"a + b"`` is the mean of a and b.
    cut, member : int64 arrays, n_rows
    """

    cuts: Ints
    window: int
    visits: Ints
    money: Floats
    forecasts: dict[str, Floats]
    cut: Ints
    member: Ints

    def with_blends(self, names: Iterable[str]) -> "Trial":
        """Add the blends among some names whose parts are there."""
        more = [n for n in names if _AND in n and set(n.split(_AND)) <= set(self.forecasts)]
        blends = {name: blend(name, self.forecasts) for name in more}
        return replace(self, forecasts=self.forecasts | blends)

    def difference(self, ours: str, theirs: str, measure: str, level: float = 0.95) -> Interval:
        """Compare two methods by the paired interval of a mean over members and windows.

        `measure` is ``"log_likelihood"`` (more is better), ``"mae"`` or ``"mse"`` (less is).
        """
        ours_lost, theirs_lost = (self._losses(name, measure) for name in (ours, theirs))
        return paired_difference(
            ours_lost, theirs_lost, level=level, n_resamples=500, random_state=0
        )

    def best(self, among: tuple[str, ...] = ()) -> str:
        """Choose a method: the best all round among those of the highest likelihood.

        Of highest likelihood are the method with the highest mean Poisson log-likelihood, and
        all that are not worse than it by the paired 95 % interval. Among them the one with the
        lowest mean rank over absolute and squared error, likelihood, calibration of tenths,
        total bias and ranking is taken. Plain rules are chosen only where nothing else is.
        """
        names = [name for name in (among or self.forecasts) if name not in PLAIN]
        likely = {name: self._losses(name, "log_likelihood").mean() for name in names}
        top = max(names, key=lambda name: likely[name])
        level = [n for n in names if not self.difference(n, top, "log_likelihood").high < 0]
        scores = np.array([score_estimates(self.visits, self.forecasts[n]) for n in level])
        worse = np.column_stack([scores[:, :2], -scores[:, 2], scores[:, 3], np.abs(scores[:, 4])])
        worse = np.column_stack([worse, -scores[:, 5]])
        ranks = (worse[:, None, :] > worse[None, :, :]).sum(axis=1).sum(axis=1)
        return level[int(np.argmin(ranks))]

    def _losses(self, name: str, measure: str) -> Floats:
        forecast = self.forecasts[name]
        if measure == "log_likelihood":
            return poisson_terms(self.visits, forecast)
        return np.asarray(np.abs(forecast - self.visits) ** (1 if measure == "mae" else 2))


def run_trials(
    history: History, horizon: int, *, n_windows: int = 1, n_bags: int = 3, random_state: int = 0
) -> Trial | None:
    """Forecast up to `n_windows` past windows, the last of which ends with the history.

    Returns
    -------
    Trial or None
        None where the record is shorter than four weeks.
    """
    window = window_days(history, horizon, 0, parts=3)
    starts = -window * np.arange(n_windows, 0, -1)
    cuts = starts[starts - window // 2 > history.first_day] if window else starts[:0]
    if not len(cuts):
        return None
    parts = []
    for cut in cuts.tolist():
        how = {"n_bags": n_bags, "random_state": random_state}
        who, found = VisitForecasts.fit(history, window, cut=cut, **how).predict(history, cut=cut)
        visits, money = history.between(cut, cut + window)
        parts.append((who, visits[who], money[who], found, np.full(len(who), cut)))
    names = [name for name in parts[0][3] if all(name in part[3] for part in parts)]
    forecasts = {name: np.concatenate([part[3][name] for part in parts]) for name in names}
    forecasts |= {name: blend(name, forecasts) for name in blends_of(names)}
    return Trial(
        cuts=cuts,
        window=window,
        visits=np.concatenate([part[1] for part in parts]),
        money=np.concatenate([part[2] for part in parts]),
        forecasts=forecasts,
        cut=np.concatenate([part[4] for part in parts]),
        member=np.concatenate([part[0] for part in parts]),
    )


def blends_of(names: list[str]) -> tuple[str, ...]:
    """Name the blends that are tried: all BTYD models, and each of them with each kind of trees."""
    trees = [name for name in TREES if name in names]
    pairs = [f"{btyd}{_AND}{tree}" for btyd in BTYD_NAMES for tree in trees]
    return (_AND.join(BTYD_NAMES), *pairs)


def blend(name: str, forecasts: dict[str, Floats]) -> Floats:
    """Give the forecast of a method, or the mean of those that a blend names."""
    return np.asarray(np.mean([forecasts[part] for part in name.split(_AND)], axis=0))
