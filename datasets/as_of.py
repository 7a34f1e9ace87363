"""What was known at one moment: the only place where time is cut.

=================================================  ==========================================
what                                               rule
=================================================  ==========================================
orders, events, messages, referrals, sends,        rows at or after `as_of` are cut
assignments, dated ties and memberships,
issued coupons, staff links
columns filled later (``left_at``, ``opened_at``)  values at or after `as_of` become null
members                                            those who joined later are cut; ``opt_out``
                                                   and ``kind`` apply as known now
products, groups                                   snapshots, not cut
promotions, offers, campaigns                      known when ``known_at`` (default
                                                   ``starts_at``) lies before `as_of`
undated rows                                       kept; ties, memberships and referrals
                                                   with one warning
=================================================  ==========================================
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .clock import INSTANT
from .errors import warn

__all__ = ["cut", "some_columns"]

_DATED_BY = {
    "orders": ("order_time",),
    "events": ("event_time",),
    "messages": ("message_time",),
    "referrals": ("referral_time",),
    "sends": ("send_time",),
    "assignments": ("assigned_at",),
    "ties": ("tie_time",),
    "memberships": ("joined_at",),
    "offer_members": ("issued_at",),
    "staff_links": ("added_at",),
    "members": ("joined_at",),
    "promotions": ("known_at", "starts_at"),
    "offers": ("known_at", "starts_at"),
    "campaigns": ("known_at", "starts_at"),
}
_FILLED_LATER = {
    "memberships": ("left_at",),
    "sends": ("opened_at", "clicked_at", "redeemed_at", "quit_at"),
    "staff_links": ("removed_at",),
}
_WARN_UNDATED = ("ties", "memberships", "referrals")


def cut(table: str, rows: pa.Table, as_of: int) -> pa.Table:
    """Keep of a checked table what was known before `as_of`.

    Parameters
    ----------
    table : str
        Name of the table.
    rows : pyarrow.Table
        Checked by its schema.
    as_of : int
        Microseconds since 1970-01-01 UTC, itself excluded.

    Returns
    -------
    pyarrow.Table

    Warns
    -----
    SiyuWarning
        If undated ties, memberships or referrals were kept.

    Examples
    --------
    >>> from siyu.datasets.clock import INSTANT
    >>> rows = pa.table({"member_id": [1, 2], "joined_at": pa.array([0, 10], INSTANT)})
    >>> cut("members", rows, 5)["member_id"].to_pylist()
    [1]
    """
    end = pa.scalar(as_of, INSTANT)
    kept = rows
    dates = [rows[name] for name in _DATED_BY.get(table, ()) if name in rows.column_names]
    if dates:
        known_at = pc.coalesce(*dates) if len(dates) > 1 else dates[0]
        kept = _rows_before(rows, known_at, end)
        if table in _WARN_UNDATED and known_at.null_count:
            warn(f"{known_at.null_count} undated rows of '{table}' count at every as_of")
    elif table in _WARN_UNDATED and rows.num_rows:
        warn(f"the {rows.num_rows} rows of '{table}' are undated and count at every as_of")
    for name in _FILLED_LATER.get(table, ()):
        if name in kept.column_names:
            kept = _without_later_values(kept, name, end)
    return kept


def some_columns(table: str, rows: pa.Table, names: tuple[str, ...], as_of: int | None) -> pa.Table:
    """Cut a few columns, without moving the others; undated rows are kept without a word.

    Examples
    --------
    >>> from siyu.datasets.clock import INSTANT
    >>> rows = pa.table({"member_id": [1, 2], "order_time": pa.array([0, 10], INSTANT)})
    >>> some_columns("orders", rows, ("member_id", "store_id"), 5).to_pydict()
    {'member_id': [1]}
    """
    dates = [rows[name] for name in _DATED_BY.get(table, ()) if name in rows.column_names]
    few = rows.select([name for name in names if name in rows.column_names])
    if as_of is None or not dates:
        return few
    known_at = pc.coalesce(*dates) if len(dates) > 1 else dates[0]
    return _rows_before(few, known_at, pa.scalar(as_of, INSTANT))


def _rows_before(rows: pa.Table, times: pa.ChunkedArray, end: pa.Scalar) -> pa.Table:
    late = pc.greater_equal(times, end)
    if not pc.any(late).as_py():
        return rows
    keep = pc.invert(late.fill_null(False))
    # Selecting by position is many times faster than by mask where a table has text columns.
    return rows.take(pa.array(np.flatnonzero(keep.to_numpy())))


def _without_later_values(rows: pa.Table, name: str, end: pa.Scalar) -> pa.Table:
    values = rows[name]
    known = pc.if_else(pc.greater_equal(values, end), pa.scalar(None, INSTANT), values)
    return rows.set_column(rows.column_names.index(name), name, known)
