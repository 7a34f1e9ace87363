"""What was recorded: outside of it nothing is known, which is not the same as zero."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, INSTANT, instants
from siyu.datasets.community import Community
from siyu.datasets.ids import lookup

__all__ = ["ended_early", "has_column", "is_recorded", "joined_at", "maybe_missed", "table_of"]

Bools = npt.NDArray[np.bool_]


def table_of(c: Community, table: str, call: str) -> pa.Table:
    """Give a table that a call cannot do without, or raise `DataError` naming it."""
    c.require(table, call=call)
    rows: pa.Table = c.arrow(table)
    return rows


def has_column(c: Community, table: str, column: str) -> bool:
    """Tell whether a table is there and has a column."""
    rows = c.arrow(table)
    return rows is not None and column in rows.column_names


def is_recorded(c: Community, table: str, end: int, start: int | None = None) -> bool:
    """Tell whether a table is there and was recorded in a span of time.

    Parameters
    ----------
    c : Community
    table : str
    end : int
        Microseconds; the end of the span, itself excluded.
    start : int, optional
        The begin of the span; without it, any record before `end` will do.

    Returns
    -------
    bool
        A table whose record has no stated span (``Community(observed=...)``) was always kept.
    """
    if not c.has(table):
        return False
    if table not in c.observed:
        return True
    first, last = c.observed[table]
    if start is None:
        return first < min(end, last)
    return first <= start and last >= end


def joined_at(c: Community, members: pa.Array) -> pa.Array:
    """Give when each member joined, null where nobody wrote it down."""
    table = c.arrow("members")
    joined = np.full(len(members), np.iinfo(np.int64).max)
    if table is not None and "joined_at" in table.column_names:
        rows = table.filter(table["joined_at"].is_valid())
        at = lookup(rows["member_id"], members)
        np.minimum.at(joined, at[at >= 0], instants(rows["joined_at"])[at >= 0])
    return pa.array(joined, mask=joined == np.iinfo(np.int64).max).cast(INSTANT)


def maybe_missed(c: Community, table: str, members: pa.Array, end: int) -> Bools:
    """Tell for which members having no rows in a table does not mean that they did nothing.

    Those who joined before the record of the table began (``Community(observed=...)``), and
    everybody if it had not begun by `end`.
    """
    if not is_recorded(c, table, end):
        return np.ones(len(members), dtype=np.bool_)
    if table not in c.observed:
        return np.zeros(len(members), dtype=np.bool_)
    begin = pa.scalar(c.observed[table][0], INSTANT)
    early = pc.less(joined_at(c, members), begin).fill_null(False)
    return np.asarray(early.to_numpy(zero_copy_only=False), dtype=np.bool_)


def ended_early(c: Community, end: int, *tables: str) -> str:
    """Say which records ended more than a day before `end`; empty if none did."""
    last = {t: c.observed[t][1] for t in (tables or c.observed) if t in c.observed and c.has(t)}
    early = {table: us for table, us in sorted(last.items()) if us < end - DAY_US}
    told = ", ".join(f"'{table}' {(end - us) / DAY_US:.0f} days" for table, us in early.items())
    return told and f"the record ended before as_of ({told}); since then all look silent"
