"""Work on members block by block: small enough for the processor's cache, two at a time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["in_blocks", "side_by_side"]

Ints = npt.NDArray[np.int64]
Given = TypeVar("Given")
Made = TypeVar("Made")

_ROWS = 1 << 18
_THREADS = 2  # numpy leaves the interpreter free while it works on plain numbers
_WORTH_IT = 1 << 16


def in_blocks(starts: Ints, work: Callable[[int, int], Made]) -> list[Made]:
    """Do ``work(first, beyond)`` for blocks of members, and give the results in order.

    Parameters
    ----------
    starts : int64 array, n_members + 1
        Rows of member ``i`` are ``starts[i]:starts[i + 1]``; blocks have some 2**18 rows.
    work : callable
        Must give the same for a member whoever else is in the block.

    Returns
    -------
    list, at least one

    Examples
    --------
    >>> in_blocks(np.array([0, 2, 5]), lambda first, beyond: (first, beyond))
    [(0, 2)]
    """
    n_members, n_rows = len(starts) - 1, int(starts[-1])
    at = np.searchsorted(starts, np.arange(_ROWS, n_rows, _ROWS))
    edges = np.unique(np.concatenate(([0], at, [n_members]))).tolist()
    if len(edges) < 3:
        return [work(0, n_members)]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, edges[:-1], edges[1:]))


def side_by_side(n_rows: int, work: Callable[[Given], Made], given: Sequence[Given]) -> list[Made]:
    """Do ``work`` for each thing given, two at a time if there are rows enough.

    Examples
    --------
    >>> side_by_side(3, abs, [-1, 2])
    [1, 2]
    """
    if n_rows < _WORTH_IT:
        return [work(one) for one in given]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, given))
