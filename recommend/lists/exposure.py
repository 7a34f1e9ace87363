"""How much launches must be favoured so that they get their share of all rows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from siyu.recommend.sorted_keys import Bools, Ints, run_starts, within_run

__all__ = ["Favour", "favour_for"]

_SLACK = 1e-9  # of rounding: the last launch needed must come out above what it displaces


class Favour(NamedTuple):
    """The bonus, and the share of rows that it gives to launches."""

    bonus: float
    share: float


def favour_for(
    row: Ints, score: NDArray[np.float64], is_launch: Bools, k: int, share: float
) -> Favour:
    """Find the smallest bonus with which launches get their share of the first `k` rows.

    Parameters
    ----------
    row : int64 array, n_pairs, ascending
        The member of every pair.
    score : float64 array, n_pairs
    is_launch : bool array, n_pairs
    k : int >= 1
        Length of the lists.
    share : float in [0, 1]

    Returns
    -------
    Favour
        A bonus of 0 or more. If there are too few launches, the one that lets all of them in
        that come after a product.

    Notes
    -----
    The j-th best launch of a member enters the list when the bonus makes up for what it
    displaces, the (k - j + 1)-th best other product. The bonus is the smallest number that lets
    in as many as are needed: the price of the constraint, and the most that any row gives up.

    Examples
    --------
    Two lists of one product each; the second member gives up least:

    >>> row, score = np.array([0, 0, 1, 1]), np.array([5.0, 1.0, 4.0, 3.0])
    >>> found = favour_for(row, score, np.array([False, True, False, True]), 1, 0.5)
    >>> round(found.bonus, 6), found.share
    (1.0, 0.5)
    """
    launches, others = _best(row, score, is_launch, k), _best(row, score, ~is_launch, k)
    n = int(row[-1]) + 1 if len(row) else 0
    per_list = np.minimum(np.bincount(row, minlength=n), k)
    n_others = np.bincount(row[others], minlength=n)
    first = np.cumsum(n_others) - n_others
    member = row[launches]
    nth = within_run(run_starts(member), len(member))
    against = k - 1 - nth  # from 0: what the launch must beat
    free = against >= n_others[member]
    at = np.where(free, 0, first[member] + against)
    rival = score[others][at] if len(others) else np.zeros(len(at))
    gap = np.where(free, -np.inf, rival - score[launches])
    gap = np.sort(gap[nth < per_list[member]])
    needed = int(np.ceil(share * per_list.sum() - _SLACK))
    reachable = gap[np.isfinite(gap) | (gap < 0)]
    if not needed or not len(reachable):
        return Favour(0.0, float((gap < 0).sum()) / max(int(per_list.sum()), 1))
    last = float(reachable[min(needed, len(reachable)) - 1])
    bonus = max(last + _SLACK * max(abs(last), 1.0), 0.0) if np.isfinite(last) else 0.0
    return Favour(bonus, float((gap <= bonus).sum()) / int(per_list.sum()))


def _best(row: Ints, score: NDArray[np.float64], kept: Bools, k: int) -> Ints:
    """Give the positions of each row's `k` best among some pairs, best first."""
    at = np.flatnonzero(kept)
    order = at[np.lexsort((-score[at], row[at]))]
    return order[within_run(run_starts(row[order]), len(order)) < k]
