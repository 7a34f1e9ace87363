"""The largest entries of every row of a block of scores."""

import numpy as np

from .sorted_keys import Floats, Ints

__all__ = ["top_entries"]


def top_entries(block: Floats, n: int) -> tuple[Ints, Ints]:
    """Find the `n` largest entries above 0 of every row.

    A row's answer depends on that row alone. Of equal entries at the border some are taken, the
    same ones every time.

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
    n_rows, width = block.shape
    if n <= 0 or not block.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if n < width:
        columns = np.sort(np.argpartition(block, width - n, axis=1)[:, width - n :], axis=1)
    else:
        columns = np.tile(np.arange(width), (n_rows, 1))
    rows = np.repeat(np.arange(n_rows), columns.shape[1])
    flat = columns.ravel()
    kept = block[rows, flat] > 0
    return rows[kept], flat[kept]
