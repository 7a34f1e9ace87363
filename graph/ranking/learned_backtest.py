"""Whether a learned KOC score beats plain rankings, over several windows of the past."""

from typing import TYPE_CHECKING, Any

from siyu.datasets.errors import DataError
from siyu.datasets.frames import Frame, FrameKind, from_arrow

from .learned_comparison import compare, draw
from .learned_koc import KocModel, checked_task, require_whole, windows_before
from .learned_trials import LEARNED, grow_trees, try_out

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["koc_backtest"]


def koc_backtest(
    c: "Community",
    *,
    as_of: Any,
    model: KocModel | None = None,
    n_tests: int = 2,
    output: FrameKind = "pandas",
) -> Frame:
    """Try the learned KOC score beside plain rankings, each time on a window it has not seen.

    For each of the latest windows that are over at `as_of`, trees are trained on the windows
    before it alone, and everybody is ranked as known when it began.

    Parameters
    ----------
    c : Community
        As for `KocModel.fit`.
    as_of : Timestamp, datetime or str
        Itself excluded: the last window ends there.
    model : KocModel, optional
        Whose parameters to take (fitted or not, it stays as it is); default ``KocModel()``.
    n_tests : int >= 1
        Windows to try on; the record must hold one more at least.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, a row a ranking and metric, the learned score first
        ``ranking`` : "learned", "degree", "named_by", "pagerank", "low_constraint",
        "koc_score" and so on, as far as the tables allow; ``metric`` : "precision" and "lift"
        of the first k, "average_precision", "ndcg", as means over the windows; ``low``,
        ``high`` : the 95 % bootstrap interval of ``value``, members drawn; ``gain``,
        ``gain_low``, ``gain_high`` : of the learned score over this ranking, paired; null in
        its own rows.

    Raises
    ------
    DataError
        If the record is too short, too few members brought anything to learn from, or a table
        is missing.
    ParameterError
        If a parameter is out of range.

    See Also
    --------
    KocModel : fits the model, with one such trial.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(1500, random_state=2)
    >>> found = koc_backtest(c, as_of="2026-06-01", model=KocModel("60D"), n_tests=1)
    >>> found["ranking"].head(1).tolist(), found["metric"].head(4).tolist()
    (['learned'], ['precision', 'lift', 'average_precision', 'ndcg'])
    """
    model = KocModel() if model is None else model
    task = checked_task(model)
    require_whole("n_tests", n_tests, 1)
    windows = windows_before(c, as_of, task, model.n_windows - 1 + n_tests)
    if len(windows) <= n_tests:
        raise DataError(
            f"the record holds {len(windows)} windows of this horizon; {n_tests} to try on need "
            f"{n_tests + 1} or more"
        )
    trials = []
    for place in range(len(windows) - n_tests, len(windows)):
        earlier = windows[max(0, place - model.n_windows + 1) : place]
        trees = grow_trees(earlier, task, model.random_state)
        if trees is None:
            raise DataError(
                "too few members brought anything in the windows to learn from: give a longer "
                "horizon or more windows"
            )
        trials.append(try_out(c.before(as_of), windows[place], task, trees))
    drawn = draw(trials, k=model.k, random_state=model.random_state)
    return from_arrow(compare(drawn, LEARNED), output)
