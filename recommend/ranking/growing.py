"""How the trees for lists of all products are grown: from which pairs, and how many trees.

The first ten places are decided among some forty products of a member, mostly bought before. So
the trees see all pairs that the plain model places near the top, and a part of the others, which
for ``binary`` count more in return: what is learned is the same, in half the time. Lists are always
judged on all candidates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.boosting import (
    BoostedTrees,
    BoostingOptions,
    FeatureMatrix,
    TrainingRows,
    train,
)
from siyu.datasets.randomness import generator
from siyu.recommend.sorted_keys import Bools

from .plain_scores import plain_of, top_rows
from .training import Window

__all__ = ["BLEND", "OBJECTIVES", "GrowingOptions", "grow"]

BLEND = "blend"
OBJECTIVES = (BLEND, "binary", "lambdarank", "rank_xendcg")
_BLENDED = ("binary", "rank_xendcg")
_FEWEST_BOUGHT = 50  # candidates that were bought, in the windows that train
_RISING = ("n", "n_84", "decayed_90", "decayed_180", "share", "rate", "neighbours", "taste")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingOptions:
    """How the trees are grown.

    Parameters
    ----------
    objective : {"blend", "binary", "lambdarank", "rank_xendcg"}
        ``blend`` trains for ``binary`` and for ``rank_xendcg``.
    n_trees : int >= 1
        Of each objective; the most, with early stopping.
    early_stopping : int >= 0
        Choose the number of trees in the newest window that trains: the number after which so
        many further trees gain nothing there, when the others are learned from. 0 grows
        `n_trees`. Needs two windows.
    n_near : int >= 1
        Pairs of a member, by the plain score, that are always learned from.
    share_of_far : float in (0, 1]
        Share of the others that is learned from; 1 takes all. For ``binary`` all that were
        bought are kept.
    monotone : bool
        Whether the score may only rise with the member's own purchases and with the scores of
        members alike and taste.
    n_jobs : int >= 1
        Threads; changes the time, never the model.
    random_state : int
    """

    objective: str = BLEND
    n_trees: int = 60
    early_stopping: int = 0
    n_near: int = 40
    share_of_far: float = 0.25
    monotone: bool = True
    n_jobs: int = 1
    random_state: int = 0

    @property
    def objectives(self) -> tuple[str, ...]:
        """Name what is trained for, one model each."""
        return _BLENDED if self.objective == BLEND else (self.objective,)

    def boosting(
        self,
        objective: str,
        rows: TrainingRows,
        categorical: tuple[str, ...],
        n_trees: int | None = None,
    ) -> BoostingOptions:
        """Give the trees' options: few trees, strongly held back, coarser for few rows.

        Parameters
        ----------
        objective : str
        rows : TrainingRows
            To be learned from.
        categorical : names of the features that hold categories
        n_trees : int, optional
            The number to grow; without it, early stopping chooses.
        """
        rising = set(_RISING) & set(rows.matrix.columns) if self.monotone else set()
        return BoostingOptions(
            objective=objective,
            n_trees=self.n_trees if n_trees is None else n_trees,
            n_leaves=31,
            learning_rate=0.14,
            min_data_in_leaf=int(np.clip(len(rows.labels) // 700, 20, 500)),
            max_bin=63,
            lambda_l2=20.0,
            feature_fraction=0.4,
            bagging_fraction=0.6,
            monotone=dict.fromkeys(sorted(rising), 1),
            categorical=categorical,
            truncation=20,
            early_stopping=self.early_stopping if n_trees is None else 0,
            num_threads=self.n_jobs,
            random_state=self.random_state,
        )


def grow(
    windows: Sequence[Window], options: GrowingOptions, categorical: tuple[str, ...]
) -> tuple[BoostedTrees, ...]:
    """Train trees on the candidates of some windows, one model for each objective.

    Parameters
    ----------
    windows : sequence of Window, ascending by moment
    options : GrowingOptions
    categorical : names of the features that hold categories

    Returns
    -------
    tuple of BoostedTrees
        Empty where fewer than 50 candidates were bought, or all were.
    """
    n_bought = sum(int(window.bought.sum()) for window in windows)
    if n_bought < _FEWEST_BOUGHT or n_bought == sum(len(window.bought) for window in windows):
        return ()
    grown = []
    for objective in options.objectives:
        rows = _rows(windows, objective, options)
        n_trees = _best_number(windows, objective, options, categorical)
        grown.append(train(rows, options.boosting(objective, rows, categorical, n_trees)))
    return tuple(grown)


def _best_number(
    windows: Sequence[Window],
    objective: str,
    options: GrowingOptions,
    categorical: tuple[str, ...],
) -> int:
    """Give the number of trees that is best in the newest window, after learning from the rest."""
    older = windows[:-1]
    is_enough = sum(int(window.bought.sum()) for window in older) >= _FEWEST_BOUGHT
    if not options.early_stopping or not is_enough or not windows[-1].bought.any():
        return options.n_trees
    rows = _rows(older, objective, options)
    checked = _rows(windows[-1:], objective, options, of_all=True)
    return train(rows, options.boosting(objective, rows, categorical), checked).n_trees


def _rows(
    windows: Sequence[Window], objective: str, options: GrowingOptions, *, of_all: bool = False
) -> TrainingRows:
    """Gather the pairs to learn from, or all pairs, with their labels and weights."""
    draw = generator(options.random_state)
    share = 1.0 if of_all else options.share_of_far
    is_binary = objective == "binary"
    values, labels, queries, weights = [], [], [], []
    for at, window in enumerate(windows):
        # Weights make up for keeping every far hit; where only the order counts there are none,
        # so that far hits are drawn as far misses are, or the far would seem the better.
        near = _near(window, options.n_near) | (window.bought & is_binary)
        kept = near | (draw.random(len(near)) < share)
        if not is_binary:
            kept &= _has_hit(window)
        values.append(window.matrix.values[kept])
        labels.append(window.bought[kept])
        # A member is another query in every window.
        queries.append(window.pairs.row[kept] + at * 2**40)
        weights.append(np.where(near[kept], 1.0, 1.0 / share))
    return TrainingRows.of(
        FeatureMatrix(np.concatenate(values), windows[0].matrix.columns),
        np.concatenate(labels),
        None if is_binary else np.concatenate(queries),
        np.concatenate(weights) if is_binary else None,
    )


def _near(window: Window, n: int) -> Bools:
    """Mark each member's first pairs by the plain score."""
    found = np.zeros(len(window.pairs), np.bool_)
    found[top_rows(window.pairs, plain_of(window, "all"), n)[0]] = True
    return found


def _has_hit(window: Window) -> Bools:
    """Mark the pairs of members who bought any candidate: others teach nothing of order."""
    member = window.pairs.row
    hits: NDArray[np.int64] = np.bincount(member[window.bought], minlength=len(window.n_relevant))
    found: Bools = hits[member] > 0
    return found
