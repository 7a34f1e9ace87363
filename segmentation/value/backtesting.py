"""Which forecast to trust: every method, tried on a past window, by every measure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.clock import DAY_US
from siyu.datasets.community import Community, as_community, kind_of
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.segmentation.whole_numbers import require_whole

from .btyd_forecasts import BTYD_NAMES
from .forecast_scores import ForecastScores, forecast_scores
from .forecast_trials import Trial, blends_of, run_trials
from .settings import Activity, horizon_days, require_activity, require_level
from .value_models import ValueModel
from .visit_forecasts import PLAIN, TREES
from .visit_history import history_before, instant_text

__all__ = ["Backtest", "backtest"]

METHODS = (*BTYD_NAMES, *TREES)
_COMPARED = {"log_likelihood": "log_likelihood", "absolute_error": "mae", "squared_error": "mse"}


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """What `backtest` found.

    Attributes
    ----------
    scores : frame, a row a method
        ``model``; then ``mae``, ``rmse`` (visits), ``log_likelihood`` (Poisson, a member,
        forecasts raised to 0.001), ``decile_error`` (visits), ``bias`` (share of the total) and
        ``auc`` (of coming at all), each with ``..._low`` and ``..._high``.
    differences : frame, a row a method
        The method less `best` on the same members: ``log_likelihood`` (below 0: worse),
        ``absolute_error`` and ``squared_error`` (above 0: worse), each with its paired
        bootstrap interval ``..._low``, ``..._high``.
    best : str
        The method chosen.
    horizon, window : int, days
        What was asked for, and the length of the past windows tried: less than the horizon
        where two windows do not fit into the record.
    cuts : list of str
        The moments at which the trials stood, ISO instants.
    n_members : int
        Members behind the scores, once for each window.
    """

    scores: Frame
    differences: Frame
    best: str
    horizon: int
    window: int
    cuts: list[str]
    n_members: int
    _refit: Any = field(repr=False)

    def pick(self) -> ValueModel:
        """Fit the chosen method to everything known at ``as_of``.

        Returns
        -------
        ValueModel
            Fitted: ``.predict()`` forecasts the horizon from ``as_of`` on.
        """
        data, as_of, settings = self._refit
        return ValueModel(method=self.best, **settings).fit(data, as_of=as_of)


def backtest(
    data: Community | Frame,
    *,
    as_of: Any,
    horizon: Any = "91D",
    models: Sequence[str] | None = None,
    options: "BacktestOptions | None" = None,
    output: FrameKind | None = None,
) -> Backtest:
    """Try every forecast of visits on past windows, by every measure, and choose one.

    Stands at an earlier moment, fits each method to what was known then, and compares with
    what came until `as_of`. Nothing at or after `as_of` is looked at. Always against three
    plain rules: nobody comes (``zero``), the own rate goes on (``x/T``), and what members as
    long silent did in the window before (``recency``).

    Parameters
    ----------
    data : Community, or frame of schema ``orders`` (or ``events``)
    as_of : Timestamp, datetime or str
        Itself excluded.
    horizon : str or Timedelta
        Whole days.
    models : sequence of str, optional
        Methods that may be chosen: of ``BGNBD``, ``MBGNBD``, ``ParetoNBD``, ``LightGBM``,
        ``LightGBM x BTYD``, ``LightGBM x BTYD (BTYD total)``, or blends such as
        ``"BGNBD + LightGBM"``. Default: all of them, and the blends of all three BTYD models
        and of each with each kind of trees. All are scored, whichever may be chosen.
    options : BacktestOptions, optional
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of the frames; default the kind of `data`, pandas for a Community.

    Returns
    -------
    Backtest
        ``best`` has the lowest mean rank over all six measures among the methods whose Poisson
        log-likelihood is not worse than the highest by the paired 95 % interval.

    Raises
    ------
    DataError
        If the record is too short for a trial (under four weeks), or nobody visited before it.
    ParameterError
        If `models` names an unknown method, or none that the record allows.

    Warns
    -----
    SiyuWarning
        If the record ended before `as_of`.

    Notes
    -----
    Absolute error alone must not choose: most members come rarely, and on CDNOW "nobody comes"
    (0.799) nearly beats BG/NBD (0.786) by it. See `siyu.segmentation.value.visit_forecasts`
    for the methods.

    References
    ----------
    Wuebben & von Wangenheim (2008), "Instant customer base analysis: managerial heuristics
    often get it right", J. Marketing 72(3), 82-93.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(300, random_state=2)
    >>> found = backtest(c, as_of="2026-06-01", horizon="56D")
    >>> found.scores.model.tolist()[:6]
    ['zero', 'x/T', 'recency', 'BGNBD', 'MBGNBD', 'ParetoNBD']
    >>> found.best in set(found.scores.model) - {"zero", "x/T", "recency"}
    True
    """
    how, days = options or BacktestOptions(), horizon_days(horizon)
    wanted = _known_methods(models)
    c = as_community(data, how.activity)
    history, end, ended = history_before(c, as_of, how.activity)
    if ended:
        warn(f"backtest(): {ended}")
    bags = {"n_bags": how.n_bags, "random_state": how.random_state}
    trial = run_trials(history, days, n_windows=how.n_windows, **bags)
    if trial is None:
        raise DataError(
            f"backtest() needs members who visited over four weeks or more before as_of; the "
            f"record has {len(history.members)} members and {-history.first_day} days"
        )
    trial = trial.with_blends(wanted)
    best = trial.best(_allowed(wanted, trial))
    kind = output or kind_of(data)
    return Backtest(
        scores=from_arrow(_scores(trial, how), kind),
        differences=from_arrow(_differences(trial, best, how), kind),
        best=best,
        horizon=days,
        window=trial.window,
        cuts=[instant_text(end + cut * DAY_US) for cut in trial.cuts.tolist()],
        n_members=len(trial.visits),
        _refit=(data, as_of, {"horizon": f"{days}D", "activity": how.activity, **bags}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions:
    """How `backtest` tries.

    Parameters
    ----------
    activity : {"orders", "events"}
        What is a visit: a day with a purchase, or with any event.
    n_windows : int >= 1
        At most so many windows, one after the other, the last of which ends at ``as_of``.
    level : float in (0, 1)
        Of the intervals.
    n_resamples : int >= 1
        Bootstrap draws behind each interval of a score.
    n_bags, random_state : int
        As in `ValueModel`.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    activity: Activity = "orders"
    n_windows: int = 1
    level: float = 0.95
    n_resamples: int = 200
    n_bags: int = 3
    random_state: int = 0

    def __post_init__(self) -> None:
        require_activity(self.activity)
        require_level(self.level)
        for name in ("n_windows", "n_resamples", "n_bags"):
            require_whole(name, getattr(self, name), 1)
        require_whole("random_state", self.random_state, 0)


def _known_methods(models: Sequence[str] | None) -> tuple[str, ...]:
    """Check the names of methods, and of the parts of blends."""
    wanted = tuple(models) if models is not None else ()
    unknown = [name for name in wanted if set(name.split(" + ")) - set(METHODS)]
    if unknown or (models is not None and not wanted):
        known = ", ".join((*METHODS, *blends_of(list(METHODS))))
        raise ParameterError("models", f"models must be of {known}; got {unknown or 'none'}")
    return wanted


def _allowed(wanted: tuple[str, ...], trial: Trial) -> tuple[str, ...]:
    """Keep the wanted methods that the record allows."""
    there = tuple(name for name in wanted if name in trial.forecasts)
    if wanted and not there:
        known = [name for name in trial.forecasts if name not in PLAIN]
        raise ParameterError("models", f"the record allows {known}, not {list(wanted)}")
    return there


def _scores(trial: Trial, how: BacktestOptions) -> pa.Table:
    """Put the scores of every method into a table."""
    settings = {"n_resamples": how.n_resamples, "random_state": how.random_state}
    found = {
        name: forecast_scores(trial.visits, forecast, level=how.level, **settings)
        for name, forecast in trial.forecasts.items()
    }
    columns: dict[str, Any] = {"model": list(found)}
    for measure in (one.name for one in fields(ForecastScores)):
        parts = [getattr(scores, measure) for scores in found.values()]
        columns[measure] = _number([part.estimate for part in parts])
        columns[f"{measure}_low"] = _number([part.low for part in parts])
        columns[f"{measure}_high"] = _number([part.high for part in parts])
    return pa.table(columns)


def _differences(trial: Trial, best: str, how: BacktestOptions) -> pa.Table:
    """Compare every method with the chosen one."""
    columns: dict[str, Any] = {"model": list(trial.forecasts)}
    for name, measure in _COMPARED.items():
        parts = [trial.difference(one, best, measure, how.level) for one in trial.forecasts]
        columns[name] = _number([part.estimate for part in parts])
        columns[f"{name}_low"] = _number([part.low for part in parts])
        columns[f"{name}_high"] = _number([part.high for part in parts])
    return pa.table(columns)


def _number(values: list[float]) -> pa.Array:
    """Give a column; what cannot be told is null."""
    numbers = np.asarray(values, float)
    return pa.array(numbers, mask=np.isnan(numbers))
