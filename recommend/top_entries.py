"""The largest entries of every row of a block of scores."""

import numpy as np

from .sorted_keys import Bools, Floats, Ints, run_starts, within_run

__all__ = ["top_entries"]


def top_entries(block: Floats, n: int) -> tuple[Ints, Ints]:
    """Find the `n` largest entries above 0 of every row.

    A row's answer depends on that row alone. Of equal entries at the border the first columns
    are taken.

    Parameters
    ----------
    block : float32 array, n_rows x n_columns
    n : int >= 0

    Returns
    -------
    (rows, columns)
        int64 arrays, ascending by row, then column; a row has at most `n` entries.

    Examples
    --------
    >>> scores = np.array([[0.2, 0.9, 0.5], [0.0, 0.0, 0.1]], np.float32)
    >>> rows, columns = top_entries(scores, 2)
    >>> rows.tolist(), columns.tolist()
    ([0, 0, 1], [1, 2, 2])
    """
    width = block.shape[1]
    if n <= 0 or not block.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if n >= width:
        rows, columns = np.nonzero(block > 0)
        return rows, columns
    if len(block) == 1:
        columns = np.flatnonzero(block[0] > 0)
        return np.zeros(min(len(columns), n), np.int64), _top_of(block[0, columns], columns, n)
    border = np.partition(block, width - n, axis=1)[:, width - n]
    rows, columns = np.nonzero((block >= border[:, None]) & (block > 0))
    if len(rows) > n and np.bincount(rows).max() > n:
        return _without_draws(block, border, (rows, columns), n)
    return rows, columns


def _top_of(values: Floats, columns: Ints, n: int) -> Ints:
    """Find the columns of one row's `n` largest values, without those that are 0: they are many."""
    if len(values) <= n:
        return columns
    border = np.partition(values, len(values) - n)[len(values) - n]
    kept: Bools = values >= border
    surplus = int(kept.sum()) - n
    if surplus:
        kept[np.flatnonzero(values == border)[-surplus:]] = False
    return columns[kept]


def _without_draws(
    block: Floats, border: Floats, found: tuple[Ints, Ints], n: int
) -> tuple[Ints, Ints]:
    """Keep of the entries at the border as many as there is room for, the first ones."""
    rows, columns = found
    at_border = np.flatnonzero(block[rows, columns] == border[rows])
    room = n - np.bincount(rows, minlength=len(block))
    room += np.bincount(rows[at_border], minlength=len(block))
    draw = rows[at_border]
    kept = np.ones(len(rows), np.bool_)
    kept[at_border] = within_run(run_starts(draw), len(draw)) < room[draw]
    return rows[kept], columns[kept]
