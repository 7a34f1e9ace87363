"""Whole numbers in order: stable orders, distinct values, and where runs of equal ones begin.

Sorting plain int64 values is many times faster than finding the order of them: numpy does it
with wide instructions and without a detour. So each row is packed into one number, its key above
and its position below; sorted, the lower part is the stable order. Keys that leave no room for
the position take numpy's own stable argsort, with the same result. Distinct values are found by
sorting, too: that is faster than the hash table that numpy may use instead.
"""

import numpy as np
import numpy.typing as npt

__all__ = ["distinct", "opens_run", "stable_order"]

Ints = npt.NDArray[np.int64]

_ROOM = 63  # bits of an int64 that is not negative


def opens_run(*columns: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Tell which rows begin a run of equal rows: those unlike the row before in any column.

    Parameters
    ----------
    columns : arrays, n_rows values each

    Returns
    -------
    bool array, n_rows
        True for the first row.

    Examples
    --------
    >>> opens_run(np.array([1, 1, 2, 2]), np.array([7, 7, 7, 8])).tolist()
    [True, False, True, True]
    """
    opens = np.ones(len(columns[0]), dtype=np.bool_)
    np.not_equal(columns[0][1:], columns[0][:-1], out=opens[1:])
    for column in columns[1:]:
        opens[1:] |= column[1:] != column[:-1]
    return opens


def distinct(keys: Ints) -> Ints:
    """Give the distinct values in ascending order; the keys stay as they are.

    Examples
    --------
    >>> distinct(np.array([3, 1, 3]))
    array([1, 3])
    """
    keys = np.sort(keys)
    return keys[opens_run(keys)]


def stable_order(keys: Ints) -> Ints:
    """Find the permutation that sorts keys and keeps equal ones in their order.

    Parameters
    ----------
    keys : int64 array, n_rows

    Returns
    -------
    int64 array, n_rows
        Equal to ``np.argsort(keys, kind="stable")``.

    Examples
    --------
    >>> stable_order(np.array([5, -2, 5, 0]))
    array([1, 3, 0, 2])
    """
    n = len(keys)
    if n == 0:
        return np.empty(0, dtype=np.int64)
    low, high = int(keys.min()), int(keys.max())
    below = (n - 1).bit_length()
    if (high - low).bit_length() + below > _ROOM:
        return np.asarray(np.argsort(keys, kind="stable"), dtype=np.int64)
    packed = keys - low
    packed <<= below
    packed |= np.arange(n)
    packed.sort()
    packed &= (1 << below) - 1
    return packed
