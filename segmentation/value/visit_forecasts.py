"""Forecasts of the number of visits, by every method at once, fitted at one moment.

Besides the buy-till-you-die models and plain rules there are two kinds of boosted trees, trained
on windows that ended before the moment. ``LightGBM`` learns the counts themselves. ``LightGBM x
BTYD`` learns by what factor the mean forecast of the three BTYD models is wrong: with that
forecast e as weight and visits / e as label, a Poisson objective is exactly Poisson regression
with e as exposure. So the factor of a short past window carries over to a longer horizon, and a
cohort that dies away is left to the model that knows of dying; the third kind, ``(BTYD total)``,
takes the total from it too.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.boosting import TrainingRows

from .bagged_trees import Bags, grow, mean_exp
from .btyd_forecasts import BTYD_NAMES, BtydForecast, history_summary
from .labelled_visits import labelled_visits, past_cuts
from .visit_features import Columns, GapNorm, gap_norm, visit_features
from .visit_history import History

__all__ = [
    "OWN_SCALE",
    "PLAIN",
    "TREES",
    "Silence",
    "VisitForecasts",
    "btyd_mean_at",
    "window_days",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PLAIN = ("zero", "x/T", "recency")
"""Rules that every model must beat: nobody comes; the own rate goes on; the equally silent."""

TREES = ("LightGBM", "LightGBM x BTYD", "LightGBM x BTYD (BTYD total)")
"""Boosted trees on earlier windows."""

OWN_SCALE = (
    "recency",
    "rate",
    "active_share",
    "overdue",
    "overdue_lately",
    "trend_28d",
    "trend_56d",
    "fading_rate_14d",
    "fading_rate_42d",
    "fading_rate_126d",
    "gap_mean",
    "gap_shrunk",
    "gap_lately",
    "gap_last",
    "gap_cv",
    "longer_gap_share",
    "overdue_max",
    "active_week_share",
    "visits",
    "visits_28d",
    "visits_56d",
    "spend_mean",
    "spend_last",
    "lines_mean",
    "lines_last",
)
"""Columns of `visit_features` that mean the same whatever the length of the record."""

_LEAST_ROWS = 200
_LEAST_VISITS = 50
_TENTHS = np.arange(1, 10) / 10
_LEAST = 1e-6  # visits; keeps logarithms and ratios finite


@dataclass(frozen=True, slots=True, eq=False)
class Silence:
    """What members equally long silent did in the last past window: a forecast by recency."""

    limits: Floats
    daily: Floats

    @classmethod
    def fit(cls, recency: Floats, visits: Ints, days: int) -> "Silence":
        """Learn the mean visits a day in each tenth of the members by recency."""
        limits = np.unique(np.quantile(recency, _TENTHS)) if len(recency) else np.zeros(0)
        at = np.searchsorted(limits, recency)
        n = np.bincount(at, minlength=len(limits) + 1)
        total = np.bincount(at, visits, len(limits) + 1)
        return cls(limits, total / np.maximum(n, 1) / days)

    def expected(self, recency: Floats, horizon: int) -> Floats:
        """Give the visits expected; among those of one tenth the less silent stand first."""
        found = self.daily[np.searchsorted(self.limits, recency)] * horizon
        return np.asarray(found + _LEAST / (1 + recency))


@dataclass(frozen=True, slots=True, eq=False)
class VisitForecasts:
    """Every method, fitted to what was known before one day of a history.

    Attributes
    ----------
    horizon : int, days
    window : int, days
        Length of the past windows that the trees learned from: the horizon, or less where the
        record is short; 0 without trees.
    norm : GapNorm
    btyd : tuple of BtydForecast
    silence : Silence or None
    direct, factor : tuples of BoostedTrees
    rescale : float
        What brings the total of ``LightGBM x BTYD`` to that of the BTYD models.
    """

    horizon: int
    window: int
    norm: GapNorm
    btyd: tuple[BtydForecast, ...]
    silence: Silence | None
    direct: Bags
    factor: Bags
    rescale: float

    @classmethod
    def fit(
        cls, history: History, horizon: int, *, cut: int = 0, n_bags: int = 3, random_state: int = 0
    ) -> "VisitForecasts":
        """Fit every method that the record before a cut allows; none sees a day from the cut on.

        Raises
        ------
        DataError
            If nobody visited before the cut.
        """
        parts = cls.btyd_only(history, horizon, cut)
        if not (window := parts.window):
            return parts
        cuts = past_cuts(history, window, until=cut, n_cuts=_n_cuts(history, window, cut))
        then = labelled_visits(history, cuts[-1:], window)
        silence = Silence.fit(then.columns["recency"], then.visits, window)
        parts = replace(parts, silence=silence)
        rows = labelled_visits(history, cuts, window)
        if len(rows.visits) < _LEAST_ROWS or rows.visits.sum() < _LEAST_VISITS:
            return parts
        e = np.concatenate([btyd_mean_at(history, int(one), window) for one in cuts])
        e = e[:: rows.step]
        columns = _chosen(rows.columns, e)
        direct = grow(TrainingRows.of(rows.columns, rows.visits), "poisson", n_bags, random_state)
        learn = TrainingRows.of(columns, rows.visits / e, weights=e)
        factor = grow(learn, "poisson", n_bags, random_state)
        parts = replace(parts, direct=direct, factor=factor)
        found = parts.predict(history, cut=cut)[1]
        total = parts.btyd_mean(history_summary(history, cut)[1], horizon).sum()
        return replace(parts, rescale=float(total / max(found[TREES[1]].sum(), _LEAST)))

    @classmethod
    def btyd_only(cls, history: History, horizon: int, cut: int) -> "VisitForecasts":
        """Fit the BTYD models alone, which need no past windows."""
        btyd = tuple(BtydForecast.fit(name, history, cut) for name in BTYD_NAMES)
        window = window_days(history, horizon, cut)
        return cls(horizon, window, gap_norm(history, cut), btyd, None, (), (), 1.0)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the methods at hand, the plain rules first."""
        plain = PLAIN if self.silence is not None else PLAIN[:2]
        return (*plain, *(one.name for one in self.btyd), *(TREES if self.direct else ()))

    def predict(self, history: History, *, cut: int = 0) -> tuple[Ints, dict[str, Floats]]:
        """Forecast every member who visited before a cut, by every method.

        Returns
        -------
        (positions, forecasts)
            Positions in ``history.members``, and visits expected within the horizon by name.
        """
        who, columns = visit_features(history, self.norm, cut)
        _, summary = history_summary(history, cut)
        x, age = summary["x"].to_numpy(), columns["tenure"]
        found = {"zero": np.zeros(len(who)), "x/T": x / age * self.horizon}
        if self.silence is not None:
            found["recency"] = self.silence.expected(columns["recency"], self.horizon)
        for one in self.btyd:
            found[one.name] = one.expected(summary, self.horizon)
        if self.direct:
            found |= self._by_trees(columns, summary)
        return who, found

    def btyd_mean(self, summary: pa.Table, days: int) -> Floats:
        """Give the mean forecast of the BTYD models within so many days, always above 0."""
        parts = [one.expected(summary, days) for one in self.btyd]
        return np.asarray(np.maximum(np.mean(parts, axis=0), _LEAST))

    def _by_trees(self, columns: Columns, summary: pa.Table) -> dict[str, Floats]:
        """Forecast by trees, which know windows, and carry it on to the horizon by BTYD."""
        long, short = (self.btyd_mean(summary, days) for days in (self.horizon, self.window))
        direct = mean_exp(self.direct, columns) * long / short
        factor = long * mean_exp(self.factor, _chosen(columns, short))
        return dict(zip(TREES, (direct, factor, factor * self.rescale), strict=True))


def window_days(history: History, horizon: int, cut: int, parts: int = 2) -> int:
    """Give the length of past windows: the horizon if two fit, else one of so many equal parts.

    Parts of the record before the cut are cut to whole weeks; 0 where it is under four weeks.

    Examples
    --------
    >>> one = np.ones(1, np.int64)
    >>> record = History(pa.array([0]), np.array([0, 1]), -273 * one, one > 0, 1.0 * one, one, 0)
    >>> window_days(record, 28, 0), window_days(record, 273, 0), window_days(record, 273, -266)
    (28, 133, 0)
    """
    span = cut - history.first_day
    if len(past_cuts(history, horizon, until=cut - horizon, n_cuts=1)):
        return horizon
    return int(min(span // (7 * parts) * 7, horizon)) if span >= 28 else 0


def _n_cuts(history: History, window: int, cut: int) -> int:
    """Use many cuts where the record is long; else those with two thirds of a window before."""
    span = cut - history.first_day
    room = span - window - window * 2 // 3
    return int(np.clip(room // min(14, window) + 1, 1, 8))


def btyd_mean_at(history: History, cut: int, horizon: int) -> Floats:
    """Give the mean forecast of the BTYD models, fitted at a cut, for everybody then known."""
    _, summary = history_summary(history, cut)
    parts = [BtydForecast.fit(name, history, cut).expected(summary, horizon) for name in BTYD_NAMES]
    return np.asarray(np.maximum(np.mean(parts, axis=0), _LEAST))


def _chosen(columns: Columns, e: Floats) -> Columns:
    return {name: columns[name] for name in OWN_SCALE} | {"log_btyd": np.log(e)}
