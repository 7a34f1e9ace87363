"""Columns of answers: numbers where they are known, nulls where they are not."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Columns", "blank", "counts", "measures", "ratio"]

Floats = npt.NDArray[np.float64]

Columns = dict[str, pa.Array]


def counts(values: npt.NDArray[np.integer]) -> pa.Array:
    """Make a column of whole numbers, all known."""
    return pa.array(values.astype(np.int64))


def measures(values: Floats) -> pa.Array:
    """Make a column of numbers; NaN becomes null."""
    return pa.array(values.astype(np.float64), mask=np.isnan(values))


def ratio(part: npt.NDArray[np.number], whole: npt.NDArray[np.number]) -> Floats:
    """Divide, NaN where there is nothing to divide by.

    Examples
    --------
    >>> ratio(np.array([1, 0]), np.array([2, 0]))
    array([0.5, nan])
    """
    some = np.asarray(whole, np.float64)
    return np.where(some > 0, part / np.where(some > 0, some, 1.0), np.nan)


def blank(n: int, **types: pa.DataType) -> Columns:
    """Make columns of nulls of these types."""
    return {name: pa.nulls(n, kind) for name, kind in types.items()}
