"""KOC learned from the past: who will bring buyers, money or followers next."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from siyu.datasets.boosting import BoostedTrees
from siyu.datasets.clock import DAY_US
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow

from .learned_baselines import KOC_SCORE
from .learned_comparison import compare, draw
from .learned_ranking import Scale, ranked_list
from .learned_trials import LEARNED, Verdict, grow_trees, judge, try_out
from .learned_windows import KocWindow, Task, label_windows, past_cuts
from .outcome_windows import Outcome, instant_of, require_outcome

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["KocModel", "checked_task", "require_whole", "windows_before"]

Floats = npt.NDArray[np.float64]


class KocModel(BaseEstimator):  # type: ignore[misc]
    """Rank members by what they are expected to bring about within a horizon.

    Boosted trees learn it from earlier windows: each member as known at a cut, and what came of
    her within the horizon after it. On the latest window, which they have not seen, they must
    beat the best plain ranking (degree, being named, PageRank, low constraint, past and recent
    invitees or followers, shares, the transparent `koc` score) by a paired interval; then they
    are trained again with that window. If they do not win, or there is too little to learn
    from, a warning says so and the best plain ranking decides: `source_` names it.

    Parameters
    ----------
    horizon : str or Timedelta, default "30D"
        Whole days.
    outcome : {"buyers", "gmv", "followers"}
        ``buyers``: first purchases, within the window, of those whom the member referred first,
        before or within it, and who had not bought before;
        ``gmv``: what these new buyers pay within the window, less refunds;
        ``followers``: pairs of a follower and a product, where somebody who looks to the member
        (by ties of kind mention, nominate, reply or trust; of any kind if there are none such)
        first buys a product within the window, after the member did. Where orders name no
        products, events that do take their place.
    k : int >= 1
        Length of the list that precision and lift in `validation_` look at.
    n_windows : int >= 2
        Windows to learn from, the deciding one included; fewer if the record is shorter.
    random_state : int >= 0

    Attributes
    ----------
    source_ : str
        ``"learned"``, or the name of the plain ranking that decides.
    verdict_ : Verdict
        ``best`` plain ranking, ``gain`` in NDCG of the trees over it with the 80 % interval
        ``low`` to ``high``, ``trees_win``, ``n_members``, ``n_bringing``.
    validation_ : pandas frame, a row a ranking and metric
        On the deciding window: ``value``, ``low``, ``high``, and the paired ``gain``,
        ``gain_low``, ``gain_high`` of the trees over each; 95 %. Empty with a single window.
    n_windows_ : int
        Windows that were there.
    as_of_ : str
        The moment of the fit, as an ISO instant.

    Notes
    -----
    The outcome is observed, not caused: who is expected to bring buyers need not bring more of
    them because of an invitation to do so. An experiment tells.

    See Also
    --------
    koc_backtest : the same comparison over several windows.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(4000, random_state=2)
    >>> model = KocModel("60D", n_windows=4).fit(c, as_of="2026-06-01")
    >>> model.source_
    'learned'
    >>> listed = model.rank(c, as_of="2026-06-01")
    >>> list(listed.columns)
    ['member_id', 'rank', 'score', 'reasons', 'excluded_because']
    """

    source_: str
    verdict_: Verdict
    validation_: pd.DataFrame
    n_windows_: int
    as_of_: str
    task_: Task
    trees_: BoostedTrees | None
    scale_: Scale | None

    def __init__(
        self,
        horizon: Any = "30D",
        *,
        outcome: Outcome = "buyers",
        k: int = 100,
        n_windows: int = 4,
        random_state: int = 0,
    ) -> None:
        self.horizon = horizon
        self.outcome = outcome
        self.k = k
        self.n_windows = n_windows
        self.random_state = random_state

    def fit(self, c: "Community", *, as_of: Any) -> "KocModel":
        """Learn from the windows that are over at a moment.

        Parameters
        ----------
        c : Community
            With referrals and orders; for ``outcome="followers"`` with ties, and orders or
            events that name products. Whatever other tables there are is learned from, too.
        as_of : Timestamp, datetime or str
            The moment to look from, itself excluded.

        Returns
        -------
        KocModel
            Itself.

        Raises
        ------
        DataError
            If a table is missing, or the record holds no window of this horizon.
        ParameterError
            If a parameter is out of range.

        Warns
        -----
        SiyuWarning
            If the trees do not decide: why, and what does.
        """
        self.task_ = checked_task(self)
        self.as_of_ = instant_of(c.moment(as_of)).isoformat()
        windows = windows_before(c, as_of, self.task_, self.n_windows)
        self.n_windows_ = len(windows)
        self._validate(c.before(as_of), windows)
        if self.source_ == LEARNED:
            self.trees_, self.scale_ = grow_trees(windows, self.task_, self.random_state), None
        return self

    def rank(
        self,
        c: "Community",
        *,
        as_of: Any,
        exclude: Any = None,
        exclude_suspected: bool = True,
        output: FrameKind = "pandas",
    ) -> Frame:
        """Rank the members of a community as known at a moment.

        Parameters
        ----------
        c : Community
            With the tables of the fit.
        as_of : Timestamp, datetime or str
            Itself excluded.
        exclude : frame with ``member_id``, or ids in any array, list or set, optional
            Whom not to rank.
        exclude_suspected : bool
            Whether to leave out members whose referrals look faked.
        output : {"pandas", "polars", "pyarrow"}

        Returns
        -------
        frame, one row a member: the ranked by ``rank``, then the others by ``member_id``
            ``rank`` : 1 is best; null for who is not ranked. ``score`` : the outcome expected
            within the horizon, >= 0: buyers, money, or pairs of follower and product.
            ``reasons`` : list of at most three codes, what adds most first.
            ``excluded_because`` : "staff", "opted_out", "excluded", "suspected_fraud", or null
            for the ranked. `siyu.datasets.label` puts words in the place of codes.

        Raises
        ------
        DataError
            If a table is missing that the ranking needs.
        ParameterError
            If `exclude` holds no ids of the type of ``member_id``.
        """
        check_is_fitted(self)
        who = (exclude, exclude_suspected)
        return from_arrow(ranked_list(self, c, c.moment(as_of), who), output)

    def save(self, folder: str | Path) -> None:
        """Write the model as a verified bundle; there are no members in it.

        Raises
        ------
        FileError
            If the folder cannot be written.
        """
        from .learned_storage import write_koc_model

        check_is_fitted(self)
        write_koc_model(folder, self)

    @classmethod
    def load(cls, folder: str | Path) -> "KocModel":
        """Read a model that `save` wrote.

        Raises
        ------
        ModelFileError
            If a byte differs from what was written.
        """
        from .learned_storage import read_koc_model

        return read_koc_model(folder, cls)

    def _validate(self, known: "Community", windows: list[KocWindow]) -> None:
        """Let the trees and the plain rankings compete on the latest window."""
        latest = windows[-1]
        self.trees_ = grow_trees(windows[:-1], self.task_, self.random_state)
        trial = try_out(known, latest, self.task_, self.trees_)
        drawn = draw([trial], k=self.k, random_state=self.random_state)
        self.validation_ = compare(drawn, LEARNED).to_pandas()
        self.verdict_ = judge(trial, drawn)
        self.source_, self.scale_ = LEARNED, None
        if not self.verdict_.trees_win:
            self.source_ = self.verdict_.best or KOC_SCORE
            self.trees_ = None
            self.scale_ = Scale.of(trial.scores[self.source_], trial.outcome)
            warn(f"KocModel.fit(): {_why(self.verdict_)}; {self.source_!r} ranks instead")


def checked_task(model: KocModel) -> Task:
    """Check the parameters of a model, and give what it is to foretell.

    Raises
    ------
    ParameterError
        If one is out of range.
    """
    require_outcome(model.outcome)
    for name, least in (("k", 1), ("n_windows", 2), ("random_state", 0)):
        require_whole(name, getattr(model, name), least)
    try:
        days = pd.Timedelta(model.horizon) / pd.Timedelta("1D")
    except (ValueError, TypeError):
        days = np.nan
    if not (days >= 1 and days == int(days)):
        raise ParameterError(
            "horizon", f"horizon must be whole days such as '30D', 1 or more; got {model.horizon!r}"
        )
    return Task(model.outcome, int(days) * DAY_US)


def windows_before(c: "Community", as_of: Any, task: Task, n_windows: int) -> list[KocWindow]:
    """Label the latest windows that are over at a moment; at least one, or a DataError."""
    known, end = c.before(as_of), c.moment(as_of)
    cuts = past_cuts(known, end, task, n_windows)
    if not len(cuts):
        days = task.horizon // DAY_US
        raise DataError(
            f"the record before {instant_of(end).isoformat()} is too short to learn from: it "
            f"must be longer than three horizons of {days} days; give a shorter horizon"
        )
    return label_windows(known, cuts, task)


def _why(verdict: Verdict) -> str:
    if not verdict.best:
        return (
            f"only {verdict.n_bringing} of {verdict.n_members} members brought anything in the "
            "deciding window, too few to choose by"
        )
    if np.isnan(verdict.gain):
        return "too few members brought anything in the windows before the deciding one to learn"
    return (
        f"the learned score does not beat {verdict.best!r} beyond noise on the latest window "
        f"(NDCG {verdict.gain:+.3f}, {verdict.low:+.3f} to {verdict.high:+.3f})"
    )


def require_whole(name: str, value: Any, least: int) -> None:
    """Refuse what is no whole number, or too small."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:
        raise ParameterError(name, f"{name} must be a whole number of {least} or more, got {value}")
