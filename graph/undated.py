"""Times of rows that may have none."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import INSTANT, instants

__all__ = ["UNDATED", "times_of"]

UNDATED = np.iinfo(np.int64).min
"""The instant that stands for an unknown one."""


def times_of(rows: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """Read a time column as microseconds, `UNDATED` where a time, or the column, is missing.

    Examples
    --------
    >>> times_of(pa.table({"joined_at": pa.array([5, None], INSTANT)}), "joined_at")
    array([                   5, -9223372036854775808])
    """
    if column not in rows.column_names:
        return np.full(rows.num_rows, UNDATED)
    times = rows[column]
    known = np.asarray(times.is_valid().to_numpy())
    return np.where(known, instants(times.fill_null(pa.scalar(0, INSTANT))), UNDATED)
