"""Recency, frequency and monetary value of every member at one moment."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import days_between, instants, local_day
from siyu.datasets.community import Community, as_community
from siyu.datasets.errors import warn
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.ids import encode
from siyu.datasets.ordering import opens_run
from siyu.datasets.purchases import is_purchase

from .records import ended_early, maybe_missed, table_of

__all__ = ["Buying", "buying_of", "rfm", "rfm_rows"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_LONG_AGO = np.iinfo(np.int64).min
_BLOCK = 1 << 15


def rfm(
    orders: Frame | Community,
    *,
    as_of: Any,
    tz: str | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Measure recency, frequency and monetary value at one moment.

    Only order lines before `as_of` count. A line with a quantity of 0 or less or a negative
    amount is no purchase: a refund lowers the money, but is never counted as a purchase day
    and never renews the recency. Same-day purchases are one purchase day.

    Parameters
    ----------
    orders : frame of schema `orders` (n_lines rows, in any order) or Community
        A frame gives its buyers; a Community gives every customer, and no staff.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    tz : str, optional
        For a bare frame: the zone in which days are cut. Default: the zone of
        ``order_time``; naive times are the shop's clock.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `orders`, pandas for a Community.

    Returns
    -------
    frame, sorted by ``member_id``
        ``recency`` : days since the last purchase, float > 0; null without purchases;
        ``frequency`` : distinct local purchase days, int; 0 without purchases;
        ``monetary`` : mean net amount a purchase day, in the currency of `orders`, float,
        negative if refunds outweigh purchases; null without purchases.

    Raises
    ------
    SchemaError
        If `orders` breaks its schema.
    DataError
        If the Community has no orders.

    Warns
    -----
    SiyuWarning
        If members without purchases joined before the record of orders began
        (``Community(observed=...)``): their frequency is unknown, hence null, not 0; or if
        that record ended before `as_of`.

    Notes
    -----
    One sort of integers, ``member * days + day``: time O(n log n), about 24 bytes a line.

    References
    ----------
    Fader, Hardie & Lee (2005), "RFM and CLV: Using Iso-Value Curves for Customer Base
    Analysis", J. Marketing Research 42(4), 415-430.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame(
    ...     {
    ...         "member_id": ["ann", "ann", "bo", "ann"],
    ...         "order_time": pd.to_datetime(
    ...             ["2026-01-01 09", "2026-01-05 09", "2026-01-09 00", "2026-01-10 00"]
    ...         ),
    ...         "amount": [30.0, 50.0, 20.0, -10.0],
    ...     }
    ... )
    >>> rfm(lines, as_of="2026-01-11", tz="Asia/Shanghai")
      member_id  recency  frequency  monetary
    0       ann    5.625          2      35.0
    1        bo    2.000          1      20.0
    """
    if not isinstance(orders, Community):
        rows, kind = to_arrow(orders)
        return from_arrow(_of_buyers(rows, as_of, tz), output or kind)
    c = as_community(orders, "orders", tz)
    known, end = c.before(as_of), c.moment(as_of)
    lines, members = table_of(known, "orders", "rfm()"), known.customers()
    buying = buying_of(lines, encode(lines["member_id"], members)[0], len(members), end, c.tz)
    if ended := ended_early(known, end, "orders"):
        warn(f"rfm(): {ended}")
    missed = maybe_missed(known, "orders", members, end)
    if np.any(missed & (buying.days == 0)):
        n = np.count_nonzero(missed & (buying.days == 0))
        warn(f"rfm(): {n} members joined before orders were recorded; their frequency is null")
    return from_arrow(rfm_rows(members, buying, end, missed), output or "pandas")


@dataclass(frozen=True, slots=True, eq=False)
class Buying:
    """What each member bought: number of purchase days, last purchase (us), net money."""

    days: Ints
    last: Ints
    money: Floats


def buying_of(lines: pa.Table, codes: Ints, n_members: int, end: int, tz: str) -> Buying:
    """Sum up the order lines of each member in one pass and one sort of integers.

    Parameters
    ----------
    lines : pyarrow.Table of schema `orders`
    codes : int64 array, a line each
        The member of the line, -1 for lines to leave out.
    n_members : int
    end : int
        Lines at or after this instant (us) are left out.
    tz : str

    Returns
    -------
    Buying
        ``last`` means something only where ``days`` > 0.
    """
    us, amount = instants(lines["order_time"]), lines["amount"].to_numpy()
    # Cut here, not by taking rows: copying the table costs more than all the rest.
    counted = (codes >= 0) & (us < end)
    money = exact_sum(codes, amount, n_members, where=counted)
    bought = is_purchase(lines)
    bought &= counted
    day = local_day(us, tz)
    day -= day.min(initial=0)
    n_days = int(day.max(initial=0)) + 1
    last = np.full(n_members, _LONG_AGO)
    keys = np.empty(np.count_nonzero(bought), dtype=np.int64)
    filled = 0
    for start in range(0, len(us), _BLOCK):  # so that temporary arrays stay in the cache
        rows = np.flatnonzero(bought[start : start + _BLOCK]) + start
        code = codes[rows]
        np.maximum.at(last, code, us[rows])
        keys[filled : filled + len(rows)] = code * n_days + day[rows]
        filled += len(rows)
    return Buying(_distinct(keys, n_days, n_members), last, money)


def rfm_rows(members: pa.Array, buying: Buying, end: int, missed: Bools) -> pa.Table:
    """Put the measures of each member into a table; unknown (null) for `missed` non-buyers."""
    none = buying.days == 0
    per_day = buying.money / np.maximum(buying.days, 1)
    return pa.table(
        {
            "member_id": members,
            "recency": pa.array(days_between(buying.last, end), mask=none),
            "frequency": pa.array(buying.days, mask=none & missed),
            "monetary": pa.array(per_day, mask=none),
        }
    )


def _of_buyers(orders: pa.Table, as_of: Any, tz: str | None) -> pa.Table:
    """Measure those who bought in a bare frame."""
    c = as_community(orders, "orders", tz)
    end, lines = c.moment(as_of), table_of(c, "orders", "rfm()")
    codes, members = encode(lines["member_id"])
    buying = buying_of(lines, codes, len(members), end, c.tz)
    table = rfm_rows(members, buying, end, np.zeros(len(members), dtype=np.bool_))
    return table.filter(pc.greater(table["frequency"], 0))


def _distinct(keys: Ints, n_days: int, n_members: int) -> Ints:
    """Count the distinct keys ``member * n_days + day`` of each member; sorts them in place."""
    keys.sort()
    return np.bincount(keys[opens_run(keys)] // n_days, minlength=n_members)
