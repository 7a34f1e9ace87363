"""Trees and plain model side by side, in a window that the trees have not seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.intervals import Interval, paired_difference
from siyu.recommend.evaluation.metrics import measure
from siyu.recommend.sorted_keys import Bools

from .blend import TreeBlend
from .calibration import Calibration, calibration_error
from .goals import captured_value, goal_of, value_score
from .plain_scores import log_odds, plain_of, top_rows
from .training import Window

__all__ = ["Comparison", "compare", "listed_pairs", "plain_calibration"]

_FEWEST_MEMBERS = 30
_JUDGED_AT = 10
_LEVEL = 0.8  # above 0 with this level: nine chances in ten that the trees are better


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Trees and plain model side by side, in a window that the trees have not seen.

    Attributes
    ----------
    list : {"all", "new"}
    n_members : int
    model, fallback : float
        Mean NDCG@10 over members, for gmv and margin the share of the value within reach; NaN
        where it could not be measured.
    difference : Interval, paired over members
    calibration_error : float in [0, 1]
        Mean distance of the trees' probabilities from what happened, for members whose outcomes
        the calibration had not seen; NaN where it could not be measured.
    """

    list: str
    n_members: int
    model: float
    fallback: float
    difference: Interval
    calibration_error: float = float("nan")

    @property
    def model_wins(self) -> bool:
        """Tell whether the trees are better, with nine chances in ten."""
        return bool(self.difference.low > 0)


def compare(trees: TreeBlend, window: Window, which: str, goal: str) -> Comparison:
    """Measure trees and plain model on one kind of list.

    Parameters
    ----------
    trees : TreeBlend
    window : Window
        That the trees have not learned from.
    which : {"all", "new"}
    goal : one of `siyu.recommend.ranking.goals.GOALS`

    Returns
    -------
    Comparison
        Of all members with something to find, candidates or not.
    """
    relevant = window.n_relevant_new if which == "new" else window.n_relevant
    covered = relevant > 0
    n_members = int(covered.sum())
    if n_members < _FEWEST_MEMBERS:
        nothing = Interval(np.nan, np.nan, np.nan, _LEVEL, n_members)
        return Comparison(which, n_members, np.nan, np.nan, nothing)
    learned, plain = trees.score(window.matrix), plain_of(window, which)
    kept = listed_pairs(window, which)
    error = calibration_error(learned[kept], window.bought[kept], window.pairs.row[kept])
    scores = (learned, plain)
    if goal_of(goal).is_money:
        chance = plain_calibration(window, which).apply(plain)
        worth = window.worth[window.pairs.product]
        scores = (value_score(learned, worth), value_score(log_odds(chance), worth))
    ours, theirs = (_quality(window, which, one, goal)[covered] for one in scores)
    difference = paired_difference(ours, theirs, level=_LEVEL, random_state=0)
    means = float(ours.mean()), float(theirs.mean())
    return Comparison(which, n_members, *means, difference, error)


def listed_pairs(window: Window, which: str) -> Bools:
    """Tell which candidates may be on a kind of list."""
    return window.is_new if which == "new" else np.ones(len(window.pairs), np.bool_)


def plain_calibration(window: Window | None, which: str) -> Calibration:
    """Learn what the plain model's scores meant in a window; nothing without one."""
    if window is None:
        return Calibration.of(np.zeros(0), np.zeros(0, np.bool_))
    kept = listed_pairs(window, which)
    return Calibration.of(plain_of(window, which)[kept], window.bought[kept])


def _quality(
    window: Window, which: str, scores: NDArray[np.float64], goal: str
) -> NDArray[np.float64]:
    """Judge lists by the goal's metric, one value a member."""
    kept = listed_pairs(window, which)
    pairs, bought = window.pairs.take(kept), window.bought[kept]
    rows, ranks = top_rows(pairs, scores[kept], _JUDGED_AT)
    member, product = pairs.row[rows], pairs.product[rows]
    relevant = window.n_relevant_new if which == "new" else window.n_relevant
    if goal_of(goal).metric == "ndcg":
        return measure(member, ranks, bought[rows], relevant, _JUDGED_AT).ndcg
    worth = np.maximum(np.nan_to_num(window.worth), 0.0)
    hits = window.hits[window.hit_is_new] if which == "new" else window.hits
    owner, of_hit = np.divmod(hits, len(worth))
    gain = np.where(bought[rows], worth[product], 0.0)
    return captured_value(member, ranks, gain, (owner, worth[of_hit], len(relevant)), _JUDGED_AT)
