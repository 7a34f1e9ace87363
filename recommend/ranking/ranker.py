"""The ranker: boosted trees if they beat a plain model on the caller's own past, else that model.

The plain model needs no training. It is hard to beat where people buy the same things again, and
it is what the trained trees must beat, by a paired interval, in a window that they have not seen.
Lists of all products and lists of new ones have trees of their own, each judged by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from siyu.datasets.boosting import BoostedTrees

from .blend import TreeBlend
from .calibration import Calibration
from .discover import DiscoverOptions, grow_discovery
from .growing import GrowingOptions, grow
from .judging import Comparison, compare, listed_pairs, plain_calibration
from .plain_scores import log_odds, plain_parts, sum_parts, top_rows
from .training import Window

__all__ = [
    "LISTS",
    "Comparison",
    "Ranker",
    "RankerOptions",
    "fit_ranker",
    "log_odds",
    "plain_parts",
    "sum_parts",
    "top_rows",
]

LISTS = ("all", "new")
_NO_LINE = Calibration(np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerOptions:
    """When trees are used, and how they are grown.

    Parameters
    ----------
    use : {"auto", "always", "never"}
        Whether the trees rank: if they win, whenever they could be trained, or not at all.
    n_windows : int >= 1
        Windows that the trees learn from.
    goal : one of `siyu.recommend.ranking.goals.GOALS`
    growing : GrowingOptions
        Of the trees for lists of all products.
    share_of_misses : float in (0, 1]
        That the trees for lists of new products see.
    """

    use: str = "auto"
    n_windows: int = 2
    goal: str = "repurchase"
    growing: GrowingOptions = field(default_factory=GrowingOptions)
    share_of_misses: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Ranker:
    """What turns features into scores and probabilities.

    Attributes
    ----------
    trees : mapping of list to TreeBlend
        Without the lists that the plain model ranks.
    calibration : mapping of list to Calibration of the trees' scores
    plain_calibration : mapping of list to Calibration of the plain model's scores
    comparisons : tuple of Comparison
    n_jobs : int
        Threads of the trees, and of finding candidates for lists.
    """

    trees: Mapping[str, TreeBlend]
    calibration: Mapping[str, Calibration]
    plain_calibration: Mapping[str, Calibration]
    comparisons: tuple[Comparison, ...]
    n_jobs: int = 1

    def ranks(self, which: str) -> TreeBlend | None:
        """Give the trees if they rank this kind of list."""
        return self.trees.get(which)

    def importance(self) -> dict[str, float]:
        """Tell each feature's share of the gain, of lists of all products; else of new ones."""
        for which in LISTS:
            if which in self.trees:
                return self.trees[which].importance()
        return {}


def fit_ranker(
    windows: Sequence[Window], options: RankerOptions, categorical: tuple[str, ...]
) -> Ranker:
    """Train the trees, compare them with the plain model, and choose, for each kind of list.

    Parameters
    ----------
    windows : ascending by moment
        The newest `n_windows` train the final trees. The newest of all judges: for that, trees
        are trained on those before it.
    options : RankerOptions
    categorical : names of the features that hold categories

    Returns
    -------
    Ranker
    """
    newest = windows[-1] if windows else None
    plain = {which: plain_calibration(newest, which) for which in LISTS}
    tried = windows if options.use != "never" else ()
    learned = {which: _learn(tried, which, options, categorical) for which in LISTS}
    trees = {which: one.trees for which, one in learned.items() if one.trees is not None}
    return Ranker(
        trees,
        {which: learned[which].calibration for which in trees},
        plain,
        tuple(one.comparison for one in learned.values() if one.comparison is not None),
        options.growing.n_jobs,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Learned:
    """What came out for one kind of list."""

    trees: TreeBlend | None = None
    calibration: Calibration = _NO_LINE
    comparison: Comparison | None = None


def _learn(
    windows: Sequence[Window], which: str, options: RankerOptions, categorical: tuple[str, ...]
) -> _Learned:
    """Train trees for one kind of list, if they win or are wanted anyway."""
    if not windows:
        return _Learned()
    newest, earlier = windows[-1], windows[-1 - options.n_windows : -1]
    kept = np.flatnonzero(listed_pairs(newest, which))
    matrix, bought = newest.matrix.take(kept), newest.bought[kept]
    judged = _grow(earlier, which, options, categorical)
    comparison, blend = None, None
    if judged:
        blend = TreeBlend.of(judged, earlier[-1].matrix, earlier[-1].pairs.row)
        blend = blend.as_log_odds(blend.score(matrix), bought)
        comparison = compare(blend, newest, which, options.goal)
    if options.use != "always" and not (comparison is not None and comparison.model_wins):
        return _Learned(comparison=comparison)
    trees = _grow(windows[-options.n_windows :], which, options, categorical)
    if not trees:
        return _Learned(comparison=comparison)
    # Trees that have seen a window think too well of it: the judged ones have not.
    if blend is None:
        blend = TreeBlend.of(trees, newest.matrix, newest.pairs.row)
        blend = blend.as_log_odds(blend.score(matrix), bought)
    calibration = Calibration.of(blend.score(matrix), bought)
    return _Learned(replace(blend, trees=trees), calibration, comparison)


def _grow(
    windows: Sequence[Window], which: str, options: RankerOptions, categorical: tuple[str, ...]
) -> tuple[BoostedTrees, ...]:
    """Train trees for one kind of list; none if there is nothing to learn from."""
    if which == "all":
        return grow(windows, options.growing, categorical)
    discover = DiscoverOptions(
        share_of_misses=options.share_of_misses,
        n_jobs=options.growing.n_jobs,
        random_state=options.growing.random_state,
    )
    return grow_discovery(windows, discover, categorical)
