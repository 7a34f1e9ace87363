"""The ranker: boosted trees if they beat a plain model on the caller's own past, else that model.

The plain model needs no training. For all products it mixes the member's decayed purchases with
those of members alike; for new products it takes the matrix factorisation's taste. It is hard to
beat where people buy the same things again, and it is what the trained trees must beat, by a
paired interval, in a window that they have not seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.boosting import (
    BoostedTrees,
    BoostingOptions,
    FeatureMatrix,
    TrainingRows,
    train,
)
from siyu.datasets.intervals import Interval, paired_difference
from siyu.recommend.candidates.finding import Candidates
from siyu.recommend.evaluation.metrics import measure
from siyu.recommend.sorted_keys import Bools, Floats, Ints, run_starts, within_run

from .calibration import Calibration
from .goals import captured_value, goal_of, value_score
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
_OWN_WEIGHT = 0.7
_FEWEST_MEMBERS = 30  # in the window that decides
_FEWEST_BOUGHT = 50  # candidates that were bought, in the windows that train
_JUDGED_AT = 10
_LEVEL = 0.8  # above 0 with this level: nine chances in ten that the trees are better
_NO_LINE = Calibration(np.zeros(0), np.zeros(0))
_BACKFILL = 1e-6  # of the most bought product: orders products that nothing else tells apart


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerOptions:
    """How the trees are grown, and when they are used.

    Parameters
    ----------
    use : {"auto", "always", "never"}
        Whether the trees rank: if they win, whenever they could be trained, or not at all.
    objective : {"binary", "lambdarank", "rank_xendcg"}
    n_windows : int >= 1
        Windows that the trees learn from.
    n_jobs : int >= 1
        Threads; changes the time, never the model.
    random_state : int
    goal : one of `siyu.recommend.ranking.goals.GOALS`
    """

    use: str = "auto"
    objective: str = "binary"
    n_windows: int = 3
    n_jobs: int = 1
    random_state: int = 0
    goal: str = "repurchase"

    def boosting(self, n_rows: int, categorical: tuple[str, ...]) -> BoostingOptions:
        """Give the trees' options: few trees, strongly held back, coarser for few rows."""
        return BoostingOptions(
            objective=self.objective,
            n_trees=200,
            n_leaves=31,
            learning_rate=0.05,
            min_data_in_leaf=int(np.clip(n_rows // 700, 20, 500)),
            max_bin=127,
            lambda_l2=20.0,
            feature_fraction=0.4,
            bagging_fraction=0.8,
            categorical=categorical,
            truncation=20,
            num_threads=self.n_jobs,
            random_state=self.random_state,
        )


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
    """

    list: str
    n_members: int
    model: float
    fallback: float
    difference: Interval

    @property
    def model_wins(self) -> bool:
        """Tell whether the trees are better, with nine chances in ten."""
        return bool(self.difference.low > 0)


@dataclass(frozen=True, slots=True, eq=False)
class Ranker:
    """What turns features into scores and probabilities.

    Attributes
    ----------
    trees : BoostedTrees, or None if there was nothing to learn from
    uses_trees : mapping of list to bool
    calibration : Calibration of the trees' scores
    plain_calibration : mapping of list to Calibration of the plain model's scores
    comparisons : tuple of Comparison
    n_jobs : int
        Threads of the trees.
    """

    trees: BoostedTrees | None
    uses_trees: dict[str, bool]
    calibration: Calibration
    plain_calibration: dict[str, Calibration]
    comparisons: tuple[Comparison, ...]
    n_jobs: int = 1

    def ranks(self, which: str) -> BoostedTrees | None:
        """Give the trees if they rank this kind of list."""
        return self.trees if self.uses_trees[which] else None


def plain_parts(
    which: str, share: Floats, pairs: Candidates, buyers: Floats, most: float
) -> dict[str, NDArray[np.float64]]:
    """Score pairs without training: the score is the sum of the parts.

    Parameters
    ----------
    which : {"all", "new"}
        The kind of list.
    share : float32 array, n_pairs
        Decayed purchases of the product over the member's decayed baskets.
    pairs : Candidates, n_pairs
    buyers : float32 array, n_pairs
        Members who bought the product lately.
    most : float
        That number for the product that most bought.

    Returns
    -------
    mapping of feature family to float64 array, n_pairs
    """
    popular = buyers.astype(np.float64) * (_BACKFILL / max(most, 1.0))
    if which == "new":
        nothing = np.zeros(len(pairs))
        return {
            "own": nothing,
            "alike": pairs.scores["taste"].astype(np.float64),
            "popular": popular,
        }
    alike = pairs.scores["neighbours"].astype(np.float64) * (1 - _OWN_WEIGHT)
    return {"own": share.astype(np.float64) * _OWN_WEIGHT, "alike": alike, "popular": popular}


def sum_parts(parts: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Add the parts of the plain score, always in one order."""
    return parts["own"] + parts["alike"] + parts["popular"]


def top_rows(pairs: Candidates, scores: NDArray[np.float64], k: int) -> tuple[Ints, Ints]:
    """Find each member's `k` best pairs; equal scores go by product.

    Returns
    -------
    (rows, ranks)
        Ascending by member, then rank; ranks begin at 1.
    """
    order = np.lexsort((pairs.product, -scores, pairs.row))
    place = within_run(run_starts(pairs.row), len(order))
    best = place < k
    return order[best], place[best] + 1


def fit_ranker(
    windows: Sequence[Window], options: RankerOptions, categorical: tuple[str, ...]
) -> Ranker:
    """Train the trees, compare them with the plain model, and choose.

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
    plain = {name: _plain_calibration(newest, name) for name in LISTS}
    nothing = Ranker(None, dict.fromkeys(LISTS, False), _NO_LINE, plain, ())
    if options.use == "never" or newest is None:
        return nothing
    judged = _grow(windows[-1 - options.n_windows : -1], options, categorical)
    comparisons = (
        ()
        if judged is None
        else tuple(_compare(judged, newest, name, options.goal) for name in LISTS)
    )
    wins = {one.list: one.model_wins for one in comparisons}
    if options.use == "auto" and not any(wins.values()):
        return replace(nothing, comparisons=comparisons)
    trees = _grow(windows[-options.n_windows :], options, categorical)
    if trees is None:
        return replace(nothing, comparisons=comparisons)
    # Trees that have seen a window think too well of it: the judged ones have not.
    scores = (judged or trees).predict(newest.matrix, num_threads=options.n_jobs, raw=True)
    return Ranker(
        trees,
        {name: options.use == "always" or wins.get(name, False) for name in LISTS},
        Calibration.of(scores, newest.bought),
        plain,
        comparisons,
        options.n_jobs,
    )


def _grow(
    windows: Sequence[Window], options: RankerOptions, categorical: tuple[str, ...]
) -> BoostedTrees | None:
    """Train trees on some windows; None if there is nothing to learn from."""
    parts = [_rows(window, options.objective) for window in windows]
    n_bought = sum(int(labels.sum()) for _, labels, _ in parts)
    n_rows = sum(len(labels) for _, labels, _ in parts)
    if n_bought < _FEWEST_BOUGHT or n_bought == n_rows:
        return None
    # A member is another query in every window.
    queries = [member + at * 2**40 for at, (_, _, member) in enumerate(parts)]
    values = FeatureMatrix(
        np.concatenate([values for values, _, _ in parts]), windows[0].matrix.columns
    )
    rows = TrainingRows.of(
        values,
        np.concatenate([labels for _, labels, _ in parts]),
        None if options.objective == "binary" else np.concatenate(queries),
    )
    return train(rows, options.boosting(n_rows, categorical))


def _rows(window: Window, objective: str) -> tuple[Floats, Bools, Ints]:
    """Give a window's features, labels and members; ranking leaves out members without a hit."""
    values, bought, member = window.matrix.values, window.bought, window.pairs.row
    if objective == "binary":
        return values, bought, member
    has_hit = np.bincount(member[bought], minlength=len(window.n_relevant)) > 0
    kept = has_hit[member]
    return values[kept], bought[kept], member[kept]


def _plain_of(window: Window, which: str) -> NDArray[np.float64]:
    """Score a window's pairs without training."""
    share = window.matrix.values[:, window.matrix.columns.index("share")]
    most = float(window.buyers.max(initial=0.0))
    return sum_parts(plain_parts(which, share, window.pairs, window.buyers, most))


def _plain_calibration(window: Window | None, which: str) -> Calibration:
    """Learn what the plain model's scores meant in a window."""
    if window is None:
        return _NO_LINE
    kept = window.is_new if which == "new" else np.ones(len(window.pairs), np.bool_)
    return Calibration.of(_plain_of(window, which)[kept], window.bought[kept])


def _compare(trees: BoostedTrees, window: Window, which: str, goal: str) -> Comparison:
    """Measure trees and plain model on one kind of list in a window."""
    relevant = window.n_relevant_new if which == "new" else window.n_relevant
    covered = relevant > 0
    n_members = int(covered.sum())
    if n_members < _FEWEST_MEMBERS:
        nothing = Interval(np.nan, np.nan, np.nan, _LEVEL, n_members)
        return Comparison(which, n_members, np.nan, np.nan, nothing)
    plain = _plain_of(window, which)
    scores = (trees.predict(window.matrix, raw=True), plain)
    if goal_of(goal).is_money:
        chance = _plain_calibration(window, which).apply(plain)
        worth = window.worth[window.pairs.product]
        scores = (value_score(scores[0], worth), value_score(log_odds(chance), worth))
    ours, theirs = (_quality(window, which, one, goal)[covered] for one in scores)
    difference = paired_difference(ours, theirs, level=_LEVEL, random_state=0)
    return Comparison(which, n_members, float(ours.mean()), float(theirs.mean()), difference)


def _quality(
    window: Window, which: str, scores: NDArray[np.float64], goal: str
) -> NDArray[np.float64]:
    """Judge lists by the goal's metric, one value a member."""
    kept = window.is_new if which == "new" else np.ones(len(window.pairs), np.bool_)
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


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the logarithm of p / (1 - p), for p kept a little away from 0 and 1.

    Examples
    --------
    >>> log_odds(np.array([0.5, 1.0])).round(2).tolist()
    [0.0, 13.82]
    """
    kept = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(kept) - np.log1p(-kept))
