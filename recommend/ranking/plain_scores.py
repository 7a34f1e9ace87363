"""The plain model: scores that need no training, and what is done with scores of any kind.

For all products it mixes the member's decayed purchases with those of members alike; for new
products it takes the matrix factorisation's taste.
"""

import numpy as np
from numpy.typing import NDArray

from siyu.recommend.candidates.finding import Candidates
from siyu.recommend.sorted_keys import Floats, Ints, run_starts, within_run

from .training import Window

__all__ = ["log_odds", "plain_of", "plain_parts", "sum_parts", "top_rows"]

_OWN_WEIGHT = 0.7
_BACKFILL = 1e-6  # of the most bought product: orders products that nothing else tells apart


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


def plain_of(window: Window, which: str) -> NDArray[np.float64]:
    """Score a window's pairs without training.

    Parameters
    ----------
    window : Window, n_pairs
    which : {"all", "new"}
        The kind of list.

    Returns
    -------
    float64 array, n_pairs
    """
    share = window.matrix.values[:, window.matrix.columns.index("share")]
    most = float(window.buyers.max(initial=0.0))
    return sum_parts(plain_parts(which, share, window.pairs, window.buyers, most))


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the logarithm of p / (1 - p), for p kept a little away from 0 and 1.

    Examples
    --------
    >>> log_odds(np.array([0.5, 1.0])).round(2).tolist()
    [0.0, 13.82]
    """
    kept = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(kept) - np.log1p(-kept))
