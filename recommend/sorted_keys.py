"""Rows in order of a key: where each key begins, sums over it, and finding keys among others.

Every statistic of the package is a list of sorted whole-number keys (member x product, member x
category, store x product) with one array of numbers a column. Sums run over rows in a fixed
order, so that they do not depend on the order of the input.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.ordering import opens_run

__all__ = ["Bools", "Floats", "Ints", "Keyed", "ranges", "run_starts", "run_sum", "within_run"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Keyed:
    """Columns of numbers under ascending keys, no key twice.

    Attributes
    ----------
    keys : int64 array, n_keys
    columns : mapping of name to float32 array, n_keys values

    Examples
    --------
    >>> table = Keyed(np.array([3, 7]), {"n": np.array([1, 2], np.float32)})
    >>> at, known = table.find(np.array([7, 4]))
    >>> table.read("n", at, known, 0).tolist()
    [2.0, 0.0]
    """

    keys: Ints
    columns: Mapping[str, Floats]

    def find(self, wanted: Ints) -> tuple[Ints, Bools]:
        """Give the position of each wanted key, and whether it is there."""
        if not len(self.keys):
            return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return at, self.keys[at] == wanted

    def read(self, name: str, at: Ints, known: Bools, missing: float) -> Floats:
        """Give one column at found positions, and `missing` where the key was not there."""
        if not len(self.keys):
            return np.full(len(at), missing, np.float32)
        return np.where(known, self.columns[name][at], np.float32(missing))


def run_starts(*keys: Ints) -> Ints:
    """Give the first row of every run of equal keys, for rows sorted by them.

    Examples
    --------
    >>> run_starts(np.array([1, 1, 2]), np.array([5, 6, 6])).tolist()
    [0, 1, 2]
    """
    return np.flatnonzero(opens_run(*keys))


def run_sum(values: NDArray[np.float64], starts: Ints) -> NDArray[np.float64]:
    """Sum the values of every run; no rows give no sums.

    Examples
    --------
    >>> run_sum(np.array([1.0, 2.0, 4.0]), np.array([0, 2])).tolist()
    [3.0, 4.0]
    """
    if not len(values):
        return np.zeros(0)
    return np.asarray(np.add.reduceat(values, starts), np.float64)


def within_run(starts: Ints, n_rows: int) -> Ints:
    """Give every row its number within its run, from 0.

    Examples
    --------
    >>> within_run(np.array([0, 2]), 5).tolist()
    [0, 1, 0, 1, 2]
    """
    lengths = np.diff(np.append(starts, n_rows))
    return np.arange(n_rows) - np.repeat(starts, lengths)


def ranges(starts: Ints, stops: Ints) -> Ints:
    """Put the whole numbers of many half-open ranges one after the other.

    Examples
    --------
    >>> ranges(np.array([4, 0]), np.array([6, 1])).tolist()
    [4, 5, 0]
    """
    lengths = stops - starts
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    within: Ints = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return within
