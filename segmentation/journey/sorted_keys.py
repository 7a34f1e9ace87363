"""Whole numbers in order: distinct ones, and who is among them.

Sorting int64 values is many times faster than the hash table that numpy may use instead.
"""

import numpy as np
import numpy.typing as npt

__all__ = ["distinct", "is_among"]

Ints = npt.NDArray[np.int64]


def distinct(keys: Ints) -> Ints:
    """Give the distinct values in ascending order.

    Examples
    --------
    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered = np.sort(keys)
    is_new = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return ordered[is_new]


def is_among(keys: Ints, ordered: Ints) -> npt.NDArray[np.bool_]:
    """Tell which keys are among ascending values.

    Examples
    --------
    >>> is_among(np.array([5, 2]), np.array([1, 2, 3])).tolist()
    [False, True]
    """
    if not len(ordered):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return np.asarray(ordered[at] == keys)
