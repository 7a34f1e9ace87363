"""What members will be worth: visits and money within a horizon, with intervals."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from siyu.datasets.community import Community, as_community, kind_of
from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.segmentation.whole_numbers import require_whole

from .btyd_forecasts import BTYD_NAMES
from .forecast_trials import Trial, run_trials
from .settings import Activity, horizon_days, require_activity, require_level
from .value_learners import ValueLearners
from .visit_history import History, history_before, instant_text

__all__ = ["ValueModel"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class ValueModel(BaseEstimator):  # type: ignore[misc]
    """Forecast how often members will come within a horizon, and what they will spend.

    A trial in the past decides what forecasts: BG/NBD, MBG/NBD, Pareto/NBD, LightGBM on earlier
    windows, LightGBM that corrects the BTYD models, or the mean of two of them; `backtest`
    shows the same trial with all its figures. The money of a visit follows the gamma-gamma
    model, less the usual refunds; where trees that correct "visits times money" did better on
    the trial, they are taken for the value.

    Parameters
    ----------
    horizon : str or Timedelta, default "91D"
        Whole days. It may be as long as the record: the models then learn from windows of half
        its length, are tried on a third, and the BTYD models carry the forecast on.
    activity : {"orders", "events"}
        Events have no money: `value` is then null.
    level : float in (0, 1), default 0.9
        Of the interval ``low`` to ``high``.
    method : str, optional
        A method of `backtest` (such as ``"ParetoNBD"``) to take without a choice by trial.
    n_bags : int >= 1
        Models that are averaged.
    random_state : int >= 0

    Attributes
    ----------
    source_ : str
        The method that forecasts visits, as `backtest` names it.
    value_source_ : str
        ``"GammaGamma"``, ``"LightGBM"`` or ``"none"`` (events).
    trial_window_ : int
        Days of the past window on which methods and intervals were tried; 0 without a trial.
    as_of_ : str
        The moment of the fit, as an ISO instant.

    Notes
    -----
    The interval is that of what a single member brings, not of the mean: the quantiles of the
    money brought on the trial's window by members of a like forecast, over their forecast,
    interpolated between twenty groups of them and widened to hold the forecast itself. Null
    where there was no trial.

    References
    ----------
    Fader, Hardie & Lee (2005), "RFM and CLV", J. Marketing Research 42(4), 415-430; Fader &
    Hardie (2013), "The Gamma-Gamma Model of Monetary Value", brucehardie.com/notes/025.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(400, random_state=1)
    >>> model = ValueModel("56D", method="MBGNBD", n_bags=1).fit(c, as_of="2026-06-01")
    >>> forecast = model.predict()
    >>> list(forecast.columns)
    ['member_id', 'visits', 'value', 'low', 'high']
    >>> bool((forecast.low <= forecast.high).where(forecast.low.notna(), True).all())
    True
    """

    source_: str
    value_source_: str
    trial_window_: int
    as_of_: str
    horizon_: int
    learners_: ValueLearners | None
    snapshot_: pa.Table
    kind_: FrameKind

    def __init__(
        self,
        horizon: Any = "91D",
        *,
        activity: Activity = "orders",
        level: float = 0.9,
        method: str | None = None,
        n_bags: int = 3,
        random_state: int = 0,
    ) -> None:
        self.horizon = horizon
        self.activity = activity
        self.level = level
        self.method = method
        self.n_bags = n_bags
        self.random_state = random_state

    def fit(self, data: Community | Frame, *, as_of: Any) -> "ValueModel":
        """Learn from what was known before a moment.

        Parameters
        ----------
        data : Community, or frame of schema `activity`
        as_of : Timestamp, datetime or str
            Itself excluded: no row at or after it is looked at.

        Returns
        -------
        ValueModel
            Itself.

        Raises
        ------
        DataError
            If the table `activity` is missing.
        ParameterError
            If a parameter is out of range, or `method` is none that the record allows.

        Warns
        -----
        SiyuWarning
            If the record or the members do not suffice for LightGBM, so that the forecast is
            that of BTYD models (`source_`); or if the record ended before `as_of`.
        """
        self._check()
        c = as_community(data, self.activity)
        history, end, ended = history_before(c, as_of, self.activity)
        if ended:
            warn(f"ValueModel.fit(): {ended}")
        self.horizon_, self.kind_ = horizon_days(self.horizon), kind_of(data)
        self.as_of_ = instant_text(end)
        trial = None
        if history.is_visit.any():
            how = {"n_bags": self.n_bags, "random_state": self.random_state}
            trial = run_trials(history, self.horizon_, **how)
        self._learn(history, trial)
        if self.learners_ is None or not self.learners_.forecasts.direct:
            warn(
                "ValueModel.fit(): too short a record or too few members for LightGBM on earlier "
                f"windows; the forecast is that of {self.source_}"
            )
        return self

    def predict(
        self,
        data: Community | Frame | None = None,
        *,
        as_of: Any = None,
        output: FrameKind | None = None,
    ) -> Frame:
        """Forecast every member.

        Parameters
        ----------
        data : Community or frame, optional
            With `as_of`; default both those of the fit.
        as_of : Timestamp, datetime or str, optional
        output : {"pandas", "polars", "pyarrow"}, optional
            Kind of frame; default the kind of the data, pandas for a Community.

        Returns
        -------
        frame, sorted by ``member_id``
            ``visits`` : mean number of visit days within the horizon, >= 0;
            ``value`` : mean net money of them, in the currency of the orders;
            ``low``, ``high`` : between these a member's money lies with probability `level`.
            All null for members without any visit.

        Raises
        ------
        ParameterError
            If only one of `data` and `as_of` is given.

        Warns
        -----
        SiyuWarning
            If the record of `data` ended before `as_of`: then all look silent.
        """
        check_is_fitted(self)
        if (data is None) != (as_of is None):
            raise ParameterError("as_of", "give both data and as_of, or neither (those of the fit)")
        if data is None:
            return from_arrow(self.snapshot_, output or self.kind_)
        c = as_community(data, self.activity)
        history, _, ended = history_before(c, as_of, self.activity)
        if ended:
            warn(f"ValueModel.predict(): {ended}")
        return from_arrow(self._forecast(history), output or kind_of(data))

    def save(self, folder: str | Path) -> None:
        """Write the model as a verified bundle; the forecast of the fit, personal data, is in it.

        Raises
        ------
        FileError
            If the folder cannot be written.
        """
        from .value_storage import write_value_model

        check_is_fitted(self)
        write_value_model(folder, self)

    @classmethod
    def load(cls, folder: str | Path) -> "ValueModel":
        """Read a model that `save` wrote.

        Raises
        ------
        ModelFileError
            If a byte differs from what was written.
        """
        from .value_storage import read_value_model

        return read_value_model(folder, cls)

    def _check(self) -> None:
        require_activity(self.activity)
        require_level(self.level)
        require_whole("n_bags", self.n_bags, 1)
        require_whole("random_state", self.random_state, 0)

    def _learn(self, history: History, trial: Trial | None) -> None:
        """Fit the method of the trial's choice to everything known."""
        self.trial_window_ = trial.window if trial is not None else 0
        self.source_ = _chosen(trial) if self.method is None else self.method
        self.learners_, self.value_source_ = None, "none"
        if history.is_visit.any():
            how = (self.n_bags, self.random_state)
            self.learners_ = ValueLearners.fit(
                history, self.horizon_, self.source_, trial, (self.level, *how)
            )
            paid = self.activity == "orders"
            self.value_source_ = self.learners_.value_source if paid else "none"
        self.snapshot_ = self._forecast(history)

    def _forecast(self, history: History) -> pa.Table:
        """Forecast every member of a history at its end."""
        n = len(history.members)
        full = np.full((4, n), np.nan)
        if self.learners_ is not None and history.is_visit.any():
            who, values = self.learners_.forecast(history)
            full[:, who] = values
        if self.activity == "events":
            full[1:] = np.nan
        columns = {
            name: pa.array(values, mask=np.isnan(values))
            for name, values in zip(("visits", "value", "low", "high"), full, strict=True)
        }
        return pa.table({"member_id": history.members, **columns})


def _chosen(trial: Trial | None) -> str:
    """Name the method that did best; without a trial, the mean of the BTYD models."""
    return " + ".join(BTYD_NAMES) if trial is None else trial.best()
