"""The largest entries of every row of a block of scores."""

import numpy as np

from .sorted_keys import Floats, Ints, run_starts, within_run

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
    border = np.partition(block, width - n, axis=1)[:, width - n]
    rows, columns = np.nonzero((block >= border[:, None]) & (block > 0))
    if len(rows) > n and np.bincount(rows).max() > n:
        return _without_draws(block, border, (rows, columns), n)
    return rows, columns


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
