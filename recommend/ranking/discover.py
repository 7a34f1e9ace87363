"""The trees for lists of new products: they learn from new products alone.

Among all candidates the pairs bought before take most of the splits, for they decide most. Which
new product a member tries follows from other features, and weakly: of a hundred candidates two
are tried within four weeks. So these trees are small, see only new pairs of members who tried
something, every pair that was tried, and of the others as large a part as is wished.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siyu.datasets.boosting import (
    BoostedTrees,
    BoostingOptions,
    FeatureMatrix,
    TrainingRows,
    train,
)
from siyu.datasets.randomness import generator
from siyu.recommend.sorted_keys import Bools, Floats, Ints

from .training import Window

__all__ = ["DiscoverOptions", "grow_discovery"]

_FEWEST_TRIED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoverOptions:
    """How the trees for new products are grown.

    Parameters
    ----------
    objective : {"binary", "lambdarank", "rank_xendcg"}
        ``lambdarank`` was as good as ``binary`` on products, and better on categories.
    n_sets : int >= 1
        Sets of trees, each of other draws: so little is known of what members try that one draw
        moves NDCG@10 by a hundredth of itself. Their mean moves less, and is a little better.
    share_of_misses : float in (0, 1]
        Share of the pairs that were not tried that the trees see. Less saves time, and costs
        lists of new categories a hundredth of their NDCG.
    n_jobs : int >= 1
        Threads; changes the time, never the model.
    random_state : int
    """

    objective: str = "lambdarank"
    n_sets: int = 3
    share_of_misses: float = 1.0
    n_jobs: int = 1
    random_state: int = 0

    def boosting(
        self, n_rows: int, categorical: tuple[str, ...], random_state: int
    ) -> BoostingOptions:
        """Give the trees' options: shallow trees, strongly held back, coarser for few rows."""
        return BoostingOptions(
            objective=self.objective,
            n_trees=120,
            n_leaves=7,
            learning_rate=0.08,
            min_data_in_leaf=int(np.clip(n_rows // 500, 20, 500)),
            max_bin=127,
            lambda_l2=20.0,
            feature_fraction=0.4,
            bagging_fraction=0.8,
            categorical=categorical,
            truncation=20,
            num_threads=self.n_jobs,
            random_state=random_state,
        )


def grow_discovery(
    windows: Sequence[Window], options: DiscoverOptions, categorical: tuple[str, ...]
) -> tuple[BoostedTrees, ...]:
    """Train sets of trees on the new pairs of some windows.

    Parameters
    ----------
    windows : sequence of Window
    options : DiscoverOptions
    categorical : names of the features that hold categories

    Returns
    -------
    tuple of BoostedTrees
        `n_sets`, or none where fewer than 50 new candidates were tried, or all were. With
        sampled misses the raw score of ``binary`` is too high by one constant, which calibration
        takes out and ranking does not see.
    """
    seeds = generator(options.random_state).integers(2**31, size=options.n_sets).tolist()
    found = []
    for seed in seeds:
        one = _one_set(windows, options, categorical, seed)
        if one is None:
            return ()
        found.append(one)
    return tuple(found)


def _one_set(
    windows: Sequence[Window], options: DiscoverOptions, categorical: tuple[str, ...], seed: int
) -> BoostedTrees | None:
    """Train one set of trees, if there is anything to learn."""
    draw = generator(seed)
    kept = [_learned_from(one, options.share_of_misses, draw) for one in windows]
    labels = [one.bought[rows] for one, rows in zip(windows, kept, strict=True)]
    n_tried, n_rows = (sum(int(f(one)) for one in labels) for f in (np.sum, len))
    if n_tried < _FEWEST_TRIED or n_tried == n_rows:
        return None
    # A member is another query in every window.
    queries: list[Ints] = [
        one.pairs.row[rows] + at * 2**40
        for at, (one, rows) in enumerate(zip(windows, kept, strict=True))
    ]
    values: list[Floats] = [
        one.matrix.values[rows] for one, rows in zip(windows, kept, strict=True)
    ]
    rows = TrainingRows.of(
        FeatureMatrix(np.concatenate(values), windows[0].matrix.columns),
        np.concatenate(labels),
        None if options.objective == "binary" else np.concatenate(queries),
    )
    return train(rows, options.boosting(n_rows, categorical, seed))


def _learned_from(window: Window, share_of_misses: float, draw: np.random.Generator) -> Bools:
    """Choose a window's rows: new, of members who tried something, all hits and some misses."""
    hit = window.bought & window.is_new
    tried = np.bincount(window.pairs.row[hit], minlength=len(window.n_relevant)) > 0
    drawn = draw.random(len(hit)) < share_of_misses
    found: Bools = window.is_new & tried[window.pairs.row] & (hit | drawn)
    return found
