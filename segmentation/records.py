"""What was recorded: outside of it nothing is known, which is not the same as zero."""

import pyarrow as pa

from siyu.datasets.community import Community
from siyu.datasets.errors import warn

__all__ = ["is_recorded", "table_of", "warn_unless_recorded"]


def table_of(c: Community, table: str, call: str) -> pa.Table:
    """Give a table that a call cannot do without, or raise `DataError` naming it."""
    c.require(table, call=call)
    rows: pa.Table = c.arrow(table)
    return rows


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
        return first < end
    return first <= start and last >= end


def warn_unless_recorded(c: Community, table: str, end: int, call: str) -> bool:
    """Tell whether a table was recorded at all before `end`, and warn if not."""
    if is_recorded(c, table, end):
        return True
    warn(f"{call}: '{table}' were not recorded before as_of, so the answer is unknown (null)")
    return False
