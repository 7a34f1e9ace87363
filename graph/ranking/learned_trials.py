"""Train on windows that are over, and try the trees on a later one beside plain rankings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from siyu.datasets.boosting import BoostedTrees, BoostingOptions, train

from .learned_baselines import KOC_SCORE, baseline_scores, transparent_score
from .learned_comparison import MEASURES, Trial, interval
from .learned_windows import KocWindow, Task, matrix_of, training_rows

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["LEARNED", "Verdict", "grow_trees", "judge", "try_out"]

Floats = npt.NDArray[np.float64]

LEARNED = "learned"
_FEWEST_LEARNED = 30  # members who brought something, in the windows that train
_FEWEST_JUDGED = 15  # in the window that decides
_LEVEL = 0.8  # above 0 with this level: nine chances in ten that the trees are better
_OBJECTIVES = {"buyers": "poisson", "gmv": "tweedie", "followers": "tweedie"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the window that decides said.

    Attributes
    ----------
    best : str
        The plain ranking of highest NDCG; "" where nothing could be judged.
    gain, low, high : float
        NDCG of the trees less that of `best`, with its 80 % interval; NaN if not judged.
    n_members, n_bringing : int
        Members in that window, and those who brought anything.
    """

    best: str
    gain: float
    low: float
    high: float
    n_members: int
    n_bringing: int

    @property
    def trees_win(self) -> bool:
        """Tell whether the trees are better, with nine chances in ten."""
        return bool(self.low > 0)


def grow_trees(windows: Sequence[KocWindow], task: Task, random_state: int) -> BoostedTrees | None:
    """Learn the expected outcome; None where too few members brought anything.

    Windows stand in order of time, members in order of id: the same rows give the same trees.
    """
    if sum(int((window.outcome > 0).sum()) for window in windows) < _FEWEST_LEARNED:
        return None
    rows = training_rows(windows, tuple(windows[-1].features))
    options = BoostingOptions(
        objective=_OBJECTIVES[task.outcome],
        n_trees=100,
        n_leaves=7,
        min_data_in_leaf=20,
        lambda_l2=1.0,
        max_bin=63,
        feature_fraction=0.5,
        bagging_fraction=0.8,
        num_threads=1,
        random_state=random_state,
    )
    return train(rows, options)


def try_out(c: "Community", window: KocWindow, task: Task, trees: BoostedTrees | None) -> Trial:
    """Score the members of a window by the trees, if there are any, and by every plain ranking."""
    scores = {}
    if trees is not None:
        scores[LEARNED] = trees.predict(matrix_of(window.features, trees.columns))
    scores |= baseline_scores(window.features, task.outcome)
    scores[KOC_SCORE] = transparent_score(c, window.cut, window.members)
    return Trial(window.members, window.outcome, scores)


def judge(trial: Trial, drawn: Mapping[str, Floats]) -> Verdict:
    """Say whether the trees beat the best plain ranking of a trial, by draws of its NDCG."""
    size = (len(trial.members), int((trial.outcome > 0).sum()))
    ndcg = {name: found[:, MEASURES.index("ndcg")] for name, found in drawn.items()}
    plain = [name for name in ndcg if name != LEARNED]
    if size[1] < _FEWEST_JUDGED or not plain:
        return Verdict("", np.nan, np.nan, np.nan, *size)
    best = max(plain, key=lambda name: (ndcg[name][0], name))
    if LEARNED not in ndcg:
        return Verdict(best, np.nan, np.nan, np.nan, *size)
    return Verdict(best, *interval(ndcg[LEARNED] - ndcg[best], _LEVEL), *size)
