"""From scores to probabilities: how often pairs of such a score were bought.

Scores are put into bins of equal numbers of pairs, the rate of each bin is drawn a little towards
the overall rate, rates are made to rise with the score, and between bins a straight line is drawn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.recommend.sorted_keys import Bools, Ints

__all__ = ["Calibration", "calibration_error"]

_MOST_BINS = 200
_FEWEST_PAIRS = 25  # in a bin
_JUDGED_BINS = 20
_PRIOR_PAIRS = 1.0  # pairs of the overall rate that every bin is given


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A rising line through points of score and probability.

    Attributes
    ----------
    scores : float64 array, n_points, ascending
    probabilities : float64 array, n_points in [0, 1], not falling
    """

    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    @classmethod
    def of(cls, scores: NDArray[np.float64], bought: Bools) -> "Calibration":
        """Learn the line from pairs whose outcome is known.

        Parameters
        ----------
        scores : float64 array, n_pairs
        bought : bool array, n_pairs

        Returns
        -------
        Calibration
            Without pairs it answers NaN.

        References
        ----------
        Zadrozny & Elkan (2002), "Transforming classifier scores into accurate multiclass
        probability estimates", KDD (isotonic regression).

        Examples
        --------
        >>> scores = np.arange(100.0)
        >>> line = Calibration.of(scores, scores >= 50)
        >>> line.apply(np.array([0.0, 99.0])).round(2).tolist()
        [0.02, 0.98]
        """
        from sklearn.isotonic import isotonic_regression

        n = len(scores)
        if not n:
            return cls(np.zeros(0), np.zeros(0))
        order = np.argsort(scores, kind="stable")
        n_bins = int(np.clip(n // _FEWEST_PAIRS, 1, _MOST_BINS))
        borders = np.arange(n_bins + 1) * n // n_bins
        sizes = np.diff(borders).astype(np.float64)
        hits = np.add.reduceat(bought[order].astype(np.float64), borders[:-1])
        centre = np.add.reduceat(scores[order], borders[:-1]) / sizes
        rate = (hits + _PRIOR_PAIRS * hits.sum() / n) / (sizes + _PRIOR_PAIRS)
        rising = np.asarray(isotonic_regression(rate, sample_weight=sizes), np.float64)
        # Bins of one and the same score are one point.
        met, first = np.unique(centre, return_index=True)
        total = np.add.reduceat(sizes, first)
        return cls(met, np.add.reduceat(rising * sizes, first) / total)

    def apply(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the probability of each score; beyond the ends it stays as at the ends."""
        if not len(self.scores):
            return np.full(len(scores), np.nan)
        return np.interp(scores, self.scores, self.probabilities)


def calibration_error(scores: NDArray[np.float64], bought: Bools, member: Ints) -> float:
    """Tell how far probabilities are from what happened, for members not learned from.

    The line is learned from every second member and judged by the others, and the other way
    round. The judged pairs are put into 20 bins of equal numbers by their probability.

    Parameters
    ----------
    scores : float64 array, n_pairs
    bought : bool array, n_pairs
    member : int64 array, n_pairs

    Returns
    -------
    float in [0, 1]
        Mean distance between a bin's mean probability and its rate; NaN for fewer than two
        members.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI (expected calibration error).

    Examples
    --------
    >>> scores, member = np.repeat([0.0, 1.0], 400), np.tile(np.arange(400), 2)
    >>> calibration_error(scores, scores > 0.5, member) < 0.05
    True
    """
    is_odd = member % 2 == 1
    if not 0 < int(is_odd.sum()) < len(member):
        return float("nan")
    chance = np.empty(len(scores))
    for learned in (is_odd, ~is_odd):
        chance[~learned] = Calibration.of(scores[learned], bought[learned]).apply(scores[~learned])
    order = np.argsort(chance, kind="stable")
    borders = np.unique(np.arange(_JUDGED_BINS) * len(order) // _JUDGED_BINS)
    excess = np.add.reduceat(chance[order] - bought[order], borders)
    return float(np.abs(excess).sum() / len(order))
