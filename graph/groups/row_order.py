"""The order of rows by several columns of whole numbers."""

import numpy as np
import numpy.typing as npt

from siyu.datasets.ordering import stable_order

__all__ = ["order_by"]

Ints = npt.NDArray[np.int64]


def order_by(*columns: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Ints:
    """Find the order by the first column, within it by the second, and so on.

    Equal to ``np.lexsort(columns[::-1])``, and some times faster for codes and instants: columns
    are put in order from the last one to the first, as many at once as fit into one number.

    Parameters
    ----------
    columns : arrays of whole numbers, or flags, n_rows each
        At least one.

    Returns
    -------
    int64 array, n_rows

    Examples
    --------
    >>> order_by(np.array([1, 0, 1]), np.array([5, 9, 3]))
    array([1, 2, 0])
    """
    n = len(columns[0])
    order = np.arange(n)
    if not n:
        return order
    room = 63 - (n - 1).bit_length()  # `stable_order` packs the position, too
    key, held = np.zeros(n, np.int64), 0
    for column in columns[::-1]:
        whole = column.astype(np.int64, copy=False)
        low = int(whole.min())
        bits = (int(whole.max()) - low).bit_length()
        if held + bits <= room:
            key, held = key + ((whole - low) << held), held + bits
        else:
            order = order[stable_order(key[order])]
            key, held = (whole - low, bits) if bits <= room else (whole, room)
    return order[stable_order(key[order])]
