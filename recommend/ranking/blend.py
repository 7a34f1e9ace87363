"""Trees of different objectives that score as one.

Every objective has a scale of its own, and what one of them rates too high by chance another does
not. So each score is divided by its spread within members, and the mean is taken; a line fitted
to outcomes turns the mean into log-odds of a purchase.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.boosting import BoostedTrees, FeatureMatrix
from siyu.recommend.sorted_keys import Bools, Ints

__all__ = ["TreeBlend"]

Numbers = NDArray[np.float64]

_ROUNDS = 50
_CLOSE = 1e-9
_LEAST = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class TreeBlend:
    """One or more trained models over the same columns; the score is ``shift + sum(scale x raw)``.

    Attributes
    ----------
    trees : tuple of BoostedTrees
    scales : tuple of float, one for each
    shift : float
    """

    trees: tuple[BoostedTrees, ...]
    scales: tuple[float, ...]
    shift: float = 0.0

    @classmethod
    def of(cls, trees: Sequence[BoostedTrees], matrix: FeatureMatrix, member: Ints) -> "TreeBlend":
        """Blend trees so that each has the same say within a member.

        Parameters
        ----------
        trees : BoostedTrees, one or more
            One alone keeps its scale.
        matrix : FeatureMatrix, n_pairs rows
            To measure their spreads on.
        member : int64 array, n_pairs

        Returns
        -------
        TreeBlend
        """
        if len(trees) == 1:
            return cls(tuple(trees), (1.0,))
        spreads = [_spread_within(one.predict(matrix, raw=True), member) for one in trees]
        scales = [1.0 / (len(trees) * spread) if spread > 0 else 0.0 for spread in spreads]
        return cls(tuple(trees), tuple(scales))

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the features, in the order of `contributions`."""
        return self.trees[0].columns

    @property
    def n_trees(self) -> int:
        """Count the trees of all models."""
        return sum(one.n_trees for one in self.trees)

    def score(self, matrix: FeatureMatrix, *, num_threads: int = 1) -> Numbers:
        """Score every row.

        Parameters
        ----------
        matrix : FeatureMatrix, n_rows rows
        num_threads : int >= 1
            Changes the time, never the result.

        Returns
        -------
        float64 array, n_rows
            A row's score does not depend on the other rows.
        """
        found = np.full(len(matrix.values), self.shift)
        for one, scale in zip(self.trees, self.scales, strict=True):
            found += scale * one.predict(matrix, num_threads=num_threads, raw=True)
        return found

    def contributions(self, matrix: FeatureMatrix, *, num_threads: int = 1) -> Numbers:
        """Split every score over the columns (TreeSHAP is additive over trees).

        Parameters
        ----------
        matrix : FeatureMatrix, n_rows rows
        num_threads : int >= 1

        Returns
        -------
        float64 array, n_rows x (n_columns + 1)
            In the order of `columns`; the last is the expected value. A row sums to its score.
        """
        found = np.zeros((len(matrix.values), len(self.columns) + 1))
        found[:, -1] = self.shift
        for one, scale in zip(self.trees, self.scales, strict=True):
            found += scale * one.contributions(matrix, num_threads=num_threads)
        return found

    def to_text(self) -> str:
        """Give all models as one text, to compare with another blend's."""
        weights = "".join(f"{scale!r} " for scale in (self.shift, *self.scales))
        return weights + "".join(one.to_text() for one in self.trees)

    def importance(self) -> dict[str, float]:
        """Tell each column's share of the gain, mean over the models: sums to 1, or all are 0."""
        shares = [one.importance() for one in self.trees]
        return {name: float(np.mean([one[name] for one in shares])) for name in self.columns}

    def as_log_odds(self, scores: Numbers, bought: Bools) -> "TreeBlend":
        """Stretch and shift the score so that it is the log-odds of a purchase.

        Parameters
        ----------
        scores : float64 array, n_pairs
            This blend's, of pairs that it has not learned from.
        bought : bool array, n_pairs

        Returns
        -------
        TreeBlend
            The order of pairs stays. Itself where outcomes do not rise with the score.

        References
        ----------
        Platt (1999), "Probabilistic outputs for support vector machines", Advances in Large
        Margin Classifiers.
        """
        shift, stretch = _logistic_line(scores, bought)
        if not stretch > 0:
            return self
        scales = tuple(one * stretch for one in self.scales)
        return TreeBlend(self.trees, scales, shift + stretch * self.shift)


def _spread_within(scores: Numbers, member: Ints) -> float:
    """Give the standard deviation of scores around their member's mean."""
    if not len(scores):
        return 0.0
    n = np.maximum(np.bincount(member), 1)
    mean = np.bincount(member, scores) / n
    return float(np.sqrt(np.mean((scores - mean[member]) ** 2)))


def _logistic_line(scores: Numbers, bought: Bools) -> tuple[float, float]:
    """Fit log-odds = shift + stretch x score by Newton's method; stretch 0 if there is no line."""
    n_bought = int(bought.sum())
    spread = float(scores.std()) if len(scores) else 0.0
    if not 0 < n_bought < len(scores) or not spread > 0:
        return 0.0, 0.0
    centre = float(scores.mean())
    x = (scores - centre) / spread
    # Platt's targets keep the line finite where the scores part the outcomes without a mistake.
    y = np.where(bought, (n_bought + 1) / (n_bought + 2), 1 / (len(scores) - n_bought + 2))
    at = np.array([np.log(n_bought / (len(scores) - n_bought)), 0.0])
    for _ in range(_ROUNDS):
        chance = _chance(at, x)
        weight = np.maximum(chance * (1 - chance), _LEAST)
        slope = np.array([np.sum(chance - y), np.sum((chance - y) * x)])
        mixed = np.sum(weight * x)
        bend = np.array([[np.sum(weight), mixed], [mixed, np.sum(weight * x * x)]])
        bend += _LEAST * np.eye(2)
        step = np.linalg.solve(bend, slope)
        while _loss(at - step, x, y) > _loss(at, x, y) and np.abs(step).max() > _CLOSE:
            step = step / 2
        at = at - step
        if np.abs(step).max() < _CLOSE:
            break
    stretch = float(at[1]) / spread
    return float(at[0]) - stretch * centre, stretch


def _chance(at: Numbers, x: Numbers) -> Numbers:
    """Give the chances along a line of log-odds."""
    found: Numbers = 1 / (1 + np.exp(-np.clip(at[0] + at[1] * x, -700, 700)))
    return found


def _loss(at: Numbers, x: Numbers, y: Numbers) -> float:
    """Give the logistic loss of a line."""
    odds = at[0] + at[1] * x
    return float(np.sum(np.logaddexp(0, odds) - y * odds))
