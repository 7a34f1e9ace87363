"""Sums of floats that do not depend on the order of the rows.

A float is split into two whole numbers, one in units of 2**-20 and the rest in units of
2**-56; whole numbers add up exactly in any order, so that a table, its shuffle and its
chunks give the same bytes. The validation door keeps numbers below 2**42.
"""

import numpy as np
import numpy.typing as npt

from .errors import ParameterError

__all__ = ["exact_sum", "exact_total"]

_COARSE = 2.0**20
_FINE = 2.0**56
_LARGEST_SUM = 2.0**42
_BLOCK = 1 << 16  # rows whose temporary arrays stay in the cache


def exact_sum(
    codes: npt.NDArray[np.int64], values: npt.NDArray[np.float64], n: int
) -> npt.NDArray[np.float64]:
    """Sum the values of each code, the same in any order of the rows.

    Parameters
    ----------
    codes : int64 array, n_rows
        0 <= code < n.
    values : float64 array, n_rows
        Finite; parts finer than 2**-56 are rounded away.
    n : int
        Number of codes.

    Returns
    -------
    float64 array, n
        0 for a code without rows.

    Raises
    ------
    ParameterError
        If the absolute values add up to 2**42 (4.4e12) or more for one code, or are not finite.

    Examples
    --------
    >>> exact_sum(np.array([0, 1, 0]), np.array([0.1, 5.0, 0.2]), 3)
    array([0.3, 5. , 0. ])
    """
    values = np.asarray(values, dtype=np.float64)
    bound = np.bincount(codes, np.abs(values), n)
    if not np.all(bound < _LARGEST_SUM):
        raise ParameterError(
            "values", f"a sum must stay below {_LARGEST_SUM:.1e}, got {float(bound.max()):.3e}"
        )
    coarse = np.zeros(n, dtype=np.int64)
    fine = np.zeros(n, dtype=np.int64)
    for start in range(0, len(values), _BLOCK):  # whole numbers add up alike in any blocks
        rows = slice(start, start + _BLOCK)
        units = np.rint(values[rows] * _COARSE)
        np.add.at(coarse, codes[rows], units.astype(np.int64))
        rest = values[rows] - units / _COARSE
        if rest.any():
            np.add.at(fine, codes[rows], np.rint(rest * _FINE).astype(np.int64))
    result: npt.NDArray[np.float64] = coarse / _COARSE + fine / _FINE
    return result


def exact_total(values: npt.NDArray[np.float64]) -> float:
    """Sum all values, the same in any order.

    Examples
    --------
    >>> exact_total(np.array([0.1, 0.2, 0.3]))
    0.6
    """
    return float(exact_sum(np.zeros(len(values), dtype=np.int64), values, 1)[0])
