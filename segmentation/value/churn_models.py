"""Who will stay away: a calibrated churn forecast, learned from earlier windows alone."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from siyu.datasets.clock import DAY_US
from siyu.datasets.community import Community, as_community, kind_of
from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.segmentation.whole_numbers import require_whole

from .btyd_forecasts import BtydForecast, history_summary
from .churn_learners import Calibration, ChurnLearners
from .labelled_visits import LabelledVisits, labelled_visits, past_cuts
from .settings import Activity, horizon_days, require_activity
from .visit_features import GapNorm, gap_norm, visit_features
from .visit_history import History, history_before, instant_text

__all__ = ["ChurnModel"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LEAST_ROWS = 200  # of which so many on either side:
_LEAST_EACH = 20


class ChurnModel(BaseEstimator):  # type: ignore[misc]
    """Forecast who will not come within a horizon, and how often the others will.

    Learns from the past as it was: at each of several earlier cuts the features lie before the
    cut and the label, "no visit within the horizon", after it; the last window of labels ends
    at `as_of`. Boosted trees and a logistic line share the log-odds; their calibration is
    learned on the last window, by learners that have not seen it, and they are then refitted
    with it.

    **P(alive) of a buy-till-you-die model is offered elsewhere and never the default here.**
    BG/NBD's is 1 for everybody without a repeat purchase: on CDNOW it ranks "buys again within
    39 weeks" with an AUC of 0.316, below chance, where plain recency has 0.771, and the
    expected number of purchases 0.773. On The Complete Journey, 28 days ahead: P(alive) of
    BG/NBD 0.678, of Pareto/NBD 0.778, recency 0.807, expected purchases 0.861, and learning
    from earlier windows, even untuned, 0.875.

    Parameters
    ----------
    horizon : str or Timedelta, default "28D"
        Whole days.
    activity : {"orders", "events"}
        What is a visit: a day with a purchase, or with any event.
    n_cuts : int >= 1
        At most so many cuts, 14 days apart (or a horizon, if that is less), are learned from.
    n_bags : int >= 1
        Models that are averaged; more are steadier and take longer.
    random_state : int >= 0

    Attributes
    ----------
    source_ : str
        ``"LightGBM"``, or ``"MBGNBD"`` where the history does not allow it.
    cuts_ : list of str
        The cuts that were learned from, as ISO instants; empty for ``"MBGNBD"``.
    as_of_ : str
        The moment of the fit, as an ISO instant.

    Notes
    -----
    Time O(visits x cuts) for features, and a minute or so for a million rows to learn from (at
    most 400,000 are used). Members without any visit are prospects: there is nothing they could
    leave, so their forecast is null. Opting out of messages changes no forecast.

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines", Advances in Large Margin
    Classifiers, 61-74. Wuebben & von Wangenheim (2008), "Instant customer base analysis",
    J. Marketing 72(3), 82-93.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(400, random_state=1)
    >>> model = ChurnModel("28D", n_bags=1, n_cuts=6).fit(c, as_of="2026-06-01")
    >>> model.source_
    'LightGBM'
    >>> forecast = model.predict()
    >>> list(forecast.columns)
    ['member_id', 'churn', 'expected_visits', 'median_visits']
    >>> bool(forecast.churn.dropna().between(0, 1).all())
    True
    """

    source_: str
    cuts_: list[str]
    as_of_: str
    horizon_: int
    norm_: GapNorm
    learners_: ChurnLearners | None
    calibration_: Calibration | None
    btyd_: BtydForecast | None
    snapshot_: pa.Table
    kind_: FrameKind

    def __init__(
        self,
        horizon: Any = "28D",
        *,
        activity: Activity = "orders",
        n_cuts: int = 12,
        n_bags: int = 4,
        random_state: int = 0,
    ) -> None:
        self.horizon = horizon
        self.activity = activity
        self.n_cuts = n_cuts
        self.n_bags = n_bags
        self.random_state = random_state

    def fit(self, data: Community | Frame, *, as_of: Any) -> "ChurnModel":
        """Learn from the windows before a moment.

        Parameters
        ----------
        data : Community, or frame of schema `activity`
        as_of : Timestamp, datetime or str
            Itself excluded: no row at or after it is looked at.

        Returns
        -------
        ChurnModel
            Itself.

        Raises
        ------
        DataError
            If the table `activity` is missing.
        ParameterError
            If a parameter is out of range.

        Warns
        -----
        SiyuWarning
            If the history does not hold two windows after each other, or too few members or
            churners to learn from: the forecast is then that of MBG/NBD (`source_`), calibrated
            on the one window if there is one; or if the record ended before `as_of`.
        """
        self._check()
        c = as_community(data, self.activity)
        history, end, ended = history_before(c, as_of, self.activity)
        if ended:
            warn(f"ChurnModel.fit(): {ended}")
        self.horizon_, self.norm_ = horizon_days(self.horizon), gap_norm(history)
        self.kind_, self.as_of_ = kind_of(data), instant_text(end)
        self.learners_, self.calibration_, self.btyd_, self.cuts_ = None, None, None, []
        if reason := self._learn(history, end):
            self.source_ = "MBGNBD"
            warn(f"ChurnModel.fit(): {reason}; the forecast is that of MBG/NBD")
            self._fall_back(history)
        self.snapshot_ = self._forecast(history)
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
            ``churn`` : probability of no visit within the horizon, 0 to 1;
            ``expected_visits`` : mean number of visit days within it, >= 0, for totals;
            ``median_visits`` : the number that as many members exceed as fall short of, whole,
            the best single guess by absolute error. All null for members without any visit.

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
            warn(f"ChurnModel.predict(): {ended}")
        return from_arrow(self._forecast(history), output or kind_of(data))

    def save(self, folder: str | Path) -> None:
        """Write the model as a verified bundle; the forecast of the fit, personal data, is in it.

        Raises
        ------
        FileError
            If the folder cannot be written.
        """
        from .churn_storage import write_churn_model

        check_is_fitted(self)
        write_churn_model(folder, self)

    @classmethod
    def load(cls, folder: str | Path) -> "ChurnModel":
        """Read a model that `save` wrote.

        Raises
        ------
        ModelFileError
            If a byte differs from what was written.
        """
        from .churn_storage import read_churn_model

        return read_churn_model(folder, cls)

    def _check(self) -> None:
        require_activity(self.activity)
        require_whole("n_cuts", self.n_cuts, 1)
        require_whole("n_bags", self.n_bags, 1)
        require_whole("random_state", self.random_state, 0)

    def _learn(self, history: History, end: int) -> str:
        """Learn from earlier windows; or say why that cannot be."""
        days = self.horizon_
        earlier = past_cuts(history, days, until=-days, n_cuts=self.n_cuts)
        if not len(earlier):
            return f"the history before as_of does not hold two windows of {days} days"
        trial = labelled_visits(history, earlier, days)
        last = labelled_visits(history, np.array([-days]), days)
        if reason := _too_few(trial) or _too_few(last):
            return reason
        first = ChurnLearners.fit(trial, self.n_bags, self.random_state)
        found = Calibration.fit(first.log_odds(last.columns), last.visits == 0)
        # The learners that are kept know the last window: about half of what it taught the
        # calibration is in them already (measured on earlier windows of The Complete Journey).
        shift = found.intercept / 2 if found.slope > 0 else found.intercept
        self.calibration_ = Calibration(found.slope, shift)
        cuts = past_cuts(history, days, n_cuts=self.n_cuts)
        rows = labelled_visits(history, cuts, days)
        self.learners_ = ChurnLearners.fit(rows, self.n_bags, self.random_state)
        self.source_ = "LightGBM"
        self.cuts_ = [instant_text(end + int(cut) * DAY_US) for cut in cuts]
        return ""

    def _fall_back(self, history: History) -> None:
        """Take MBG/NBD, calibrated on the last window if there is one."""
        if not history.is_visit.any():
            return
        self.btyd_ = BtydForecast.fit("MBGNBD", history)
        who, summary = history_summary(history, -self.horizon_)
        visits = history.between(-self.horizon_, 0)[0][who]
        n_gone = np.count_nonzero(visits == 0)
        if min(n_gone, len(visits) - n_gone) >= _LEAST_EACH:
            then = BtydForecast.fit("MBGNBD", history, -self.horizon_)
            odds = _log_odds(then.none_expected(summary, self.horizon_))
            self.calibration_ = Calibration.fit(odds, visits == 0)

    def _forecast(self, history: History) -> pa.Table:
        """Forecast every member of a history at its end."""
        who, columns = visit_features(history, self.norm_)
        if self.learners_ is not None and len(who):
            churn = _calibrated(self.calibration_, self.learners_.log_odds(columns))
            expected = self.learners_.expected(columns, churn)
            median = self.learners_.middle(columns)
        elif self.btyd_ is not None and len(who):
            _, summary = history_summary(history)
            expected = self.btyd_.expected(summary, self.horizon_)
            churn = _calibrated(
                self.calibration_, _log_odds(self.btyd_.none_expected(summary, self.horizon_))
            )
            # The median of a Poisson number lies about a third below its mean plus one.
            median = np.where(churn >= 0.5, 0, np.floor(expected + 1 / 3))
        else:
            churn = expected = median = np.full(len(who), np.nan)
        return _table(history.members, who, (churn, expected, median))


def _too_few(rows: LabelledVisits) -> str:
    """Say what is missing to learn from; empty if nothing is."""
    n, gone = len(rows.visits), int(np.count_nonzero(rows.visits == 0))
    if n < _LEAST_ROWS or min(gone, n - gone) < _LEAST_EACH:
        return (
            f"an earlier window has {n} members of whom {gone} stayed away, fewer than "
            f"{_LEAST_ROWS} with {_LEAST_EACH} on either side"
        )
    return ""


def _log_odds(p: Floats) -> Floats:
    safe = np.clip(p, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(safe / (1 - safe)))


def _calibrated(calibration: Calibration | None, log_odds: Floats) -> Floats:
    return (calibration or Calibration(1.0, 0.0)).probability(log_odds)


def _table(members: pa.Array, who: Ints, values: tuple[Floats, Floats, Floats]) -> pa.Table:
    """Put the values of those who visited in place, and null elsewhere."""
    full = np.full((3, len(members)), np.nan)
    full[:, who] = values
    unknown = np.isnan(full[0])
    return pa.table(
        {
            "member_id": members,
            "churn": pa.array(full[0], mask=unknown),
            "expected_visits": pa.array(full[1], mask=unknown),
            "median_visits": pa.array(np.nan_to_num(full[2]).astype(np.int64), mask=unknown),
        }
    )
