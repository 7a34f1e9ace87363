"""Lines of one member and one key (a category, a product) together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from siyu.datasets.ordering import opens_run, stable_order

__all__ = ["Cells", "cells_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Every member and key that occur together, by member, then by key.

    `rows` are the places of the lines, those of cell ``i`` being
    ``rows[starts[i]:starts[i + 1]]``, in the order they had: by time.
    """

    member: Ints
    key: Ints
    rows: Ints
    starts: Ints
    shape: tuple[int, int]

    def count(self) -> Ints:
        """Count the lines of each cell."""
        return np.diff(self.starts)

    def total(self, values: npt.NDArray[np.generic]) -> Floats:
        """Add up whole numbers (or multiples of 2**-24), one for each place in `rows`."""
        if not len(self.rows):
            return np.zeros(len(self.key))
        return np.asarray(np.add.reduceat(values, self.starts[:-1], dtype=np.float64))

    def first(self) -> Ints:
        """Give the place of each cell's earliest line."""
        return self.rows[self.starts[:-1]]

    def last(self) -> Ints:
        """Give the place of each cell's latest line."""
        return self.rows[self.starts[1:] - 1]

    def n_days(self, day: Ints) -> Ints:
        """Count the distinct days of each cell, given the day of each line."""
        on = day[self.rows]
        opens = opens_run(on)
        opens[self.starts[:-1]] = True
        return self.total(opens).astype(np.int64)

    def per_member(self, values: npt.NDArray[np.generic] | None = None) -> Floats:
        """Add up whole numbers, one a cell, for each member; without them, count the cells."""
        return np.asarray(np.bincount(self.member, values, self.shape[0]), dtype=np.float64)

    def matrix(self, values: Floats) -> csr_array:
        """Put values, one a cell, into a matrix of members x keys."""
        ends = np.cumsum(np.bincount(self.member, minlength=self.shape[0]))
        return csr_array((values, self.key, np.append(0, ends)), shape=self.shape)


def cells_of(members: Ints, keys: npt.NDArray[np.int32], shape: tuple[int, int]) -> Cells:
    """Bring the lines of one member and one key together, keeping their order.

    Parameters
    ----------
    members : int64 array, a line each, ascending
    keys : int array, a line each
        Lines with the key -1 are left out.
    shape : (n_members, n_keys)

    Returns
    -------
    Cells

    Examples
    --------
    >>> cells = cells_of(np.array([0, 0, 0]), np.array([2, 1, 2]), (1, 3))
    >>> cells.key, cells.count(), cells.rows
    (array([1, 2]), array([1, 2]), array([1, 0, 2]))
    """
    n_keys = max(shape[1], 1)
    rows = np.flatnonzero(keys >= 0)
    cell = members[rows] * n_keys + keys[rows]
    order = stable_order(cell)
    rows, cell = rows[order], cell[order]
    begin = np.flatnonzero(opens_run(cell))
    met = cell[begin]
    return Cells(met // n_keys, met % n_keys, rows, np.append(begin, len(rows)), shape)
