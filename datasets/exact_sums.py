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
_BLOCK = 1 << 14  # rows whose temporary arrays stay in the cache


def exact_sum(
    codes: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    n: int,
    where: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.float64]:
    """Sum the values of each code, the same in any order of the rows.

    Parameters
    ----------
    codes : int64 array, n_rows
        0 <= code < n in the rows that count.
    values : float64 array, n_rows
        Finite in the rows that count; parts finer than 2**-56 are rounded away.
    n : int
        Number of codes.
    where : bool array, n_rows, optional
        The rows that count. Default: all.

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
    if where is not None and where.all():
        where = None
    _refuse_beyond_exact(codes, values, n, where)
    total = np.zeros(2 * n, dtype=np.int64)  # of each code the coarse units, then the fine ones
    for start in range(0, len(values), _BLOCK):
        rows = slice(start, start + _BLOCK)
        at, part = codes[rows], values[rows]
        if where is not None:
            at, part = at[where[rows]], part[where[rows]]
        _add(total, at * 2, part)
    return np.asarray(total[::2] / _COARSE + total[1::2] / _FINE)


def exact_total(values: npt.NDArray[np.float64]) -> float:
    """Sum all values, the same in any order.

    Examples
    --------
    >>> exact_total(np.array([0.1, 0.2, 0.3]))
    0.6
    """
    return float(exact_sum(np.zeros(len(values), dtype=np.int64), values, 1)[0])


def _refuse_beyond_exact(
    codes: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    n: int,
    where: npt.NDArray[np.bool_] | None,
) -> None:
    if not len(values) or max(values.max(), -values.min()) * len(values) < _LARGEST_SUM:
        return
    if where is not None:
        codes, values = codes[where], values[where]
    bound = np.bincount(codes, np.abs(values), n)
    if not np.all(bound < _LARGEST_SUM):
        raise ParameterError(
            "values", f"a sum must stay below {_LARGEST_SUM:.1e}, got {float(bound.max()):.3e}"
        )


def _add(
    total: npt.NDArray[np.int64], at: npt.NDArray[np.int64], part: npt.NDArray[np.float64]
) -> None:
    """Add a block of values in whole units, in place: its arrays stay in the cache."""
    units = part * _COARSE
    np.rint(units, out=units)
    np.add.at(total, at, units.astype(np.int64))
    units /= _COARSE
    rest = np.subtract(part, units, out=units)
    if rest.any():
        rest *= _FINE
        at += 1
        np.add.at(total, at, np.rint(rest, out=rest).astype(np.int64))
