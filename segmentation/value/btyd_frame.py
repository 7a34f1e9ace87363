"""Repeat purchases, the last of them, and age: what buy-till-you-die models learn from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from siyu.datasets.clock import instants, local_day
from siyu.datasets.community import Community, as_community
from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.ids import encode
from siyu.datasets.ordering import opens_run
from siyu.datasets.purchases import is_purchase
from siyu.segmentation.records import ended_early, maybe_missed, table_of

__all__ = ["btyd_summary"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_BLOCK = 1 << 15
_NEVER = np.iinfo(np.int64).max
_SHORTEST = 1 / 86_400  # of a day


def btyd_summary(
    orders: Frame | Community,
    *,
    as_of: Any,
    unit: str = "1D",
    tz: str | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Sum up every member's purchase history for buy-till-you-die models.

    Several purchases on one local day are one. Time ends with the last full local day before
    `as_of`: what happened on a day that had not ended is left out. Lines with a negative
    amount or a quantity of 0 or less are no purchases, as in `rfm`.

    Parameters
    ----------
    orders : frame of schema `orders` (n_lines rows, in any order) or Community
        A frame gives its buyers; a Community gives every customer, and no staff.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    unit : str or Timedelta
        Unit of time, such as ``"1D"`` or ``"7D"``.
    tz : str, optional
        For a bare frame: the zone in which days are cut. Default: the zone of
        ``order_time``; naive times are the shop's clock.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `orders`, pandas for a Community.

    Returns
    -------
    frame, sorted by ``member_id``
        ``x`` : repeat purchases, that is purchase days after the first, int >= 0;
        ``t_x`` : time from the first to the last purchase day, float, 0 if x is 0;
        ``T`` : time from the first purchase day to the last full day, float >= t_x;
        ``mean_amount`` : mean net money of the repeat purchase days, refunds made on those
        days included; null if x is 0. All are null for a member who never bought.

    Raises
    ------
    SchemaError
        If `orders` breaks its schema.
    DataError
        If the Community has no orders.
    ParameterError
        If `unit` is no length of time of a second or more.

    Warns
    -----
    SiyuWarning
        If buyers joined before the record of orders began (``Community(observed=...)``), so
        that their first purchase may be older; or if that record ended before `as_of`.

    Notes
    -----
    One sort of integers, ``member * days + day``: time O(n log n), about 40 bytes a line.

    References
    ----------
    Fader & Hardie (2001), "Forecasting repeat sales at CDNOW", Interfaces 31(3), S94-S107; its
    calibration is ``as_of="1997-10-01", unit="7D"``.

    Examples
    --------
    >>> lines = pd.DataFrame(
    ...     {
    ...         "member_id": ["ann", "ann", "bo", "ann"],
    ...         "order_time": pd.to_datetime(
    ...             ["2026-01-01 09", "2026-01-05 09", "2026-01-09 00", "2026-01-05 12"]
    ...         ),
    ...         "amount": [30.0, 50.0, 20.0, 10.0],
    ...     }
    ... )
    >>> btyd_summary(lines, as_of="2026-01-11", tz="Asia/Shanghai")
      member_id  x  t_x    T  mean_amount
    0       ann  1  4.0  9.0         60.0
    1        bo  0  0.0  1.0          NaN
    """
    unit_days = _days_of(unit)
    if not isinstance(orders, Community):
        rows, kind = to_arrow(orders)
        c = as_community(rows, "orders", tz)
        lines = table_of(c, "orders", "btyd_summary()")
        codes, members = encode(lines["member_id"])
        day = local_day(instants(lines["order_time"]), c.tz)
        table = _rows(lines, codes, members, day, unit_days, _last_day(c, as_of))
        return from_arrow(table.filter(table["x"].is_valid()), output or kind)
    c = as_community(orders, "orders", tz)
    known, end = c.before(as_of), c.moment(as_of)
    lines, members = table_of(known, "orders", "btyd_summary()"), known.customers()
    codes, _ = encode(lines["member_id"], members)
    day = local_day(instants(lines["order_time"]), c.tz)
    table = _rows(lines, codes, members, day, unit_days, _last_day(c, as_of))
    if ended := ended_early(known, end, "orders"):
        warn(f"btyd_summary(): {ended}")
    early = maybe_missed(known, "orders", members, end) & _is_known(table["x"])
    if early.any():
        warn(
            f"btyd_summary(): {np.count_nonzero(early)} buyers joined before orders were "
            "recorded; their first purchase may be older than T says"
        )
    return from_arrow(table, output or "pandas")


def _days_of(unit: str) -> float:
    """Read a unit of time, in days."""
    wrong = f"unit must be a second or more, such as '7D' or '12h', got {unit!r}"
    try:
        days = pd.Timedelta(unit) / pd.Timedelta(days=1)
    except (ValueError, TypeError) as error:
        raise ParameterError("unit", wrong) from error
    if not days >= _SHORTEST:  # a bare 7 is 7 nanoseconds to pandas
        raise ParameterError("unit", wrong)
    return float(days)


def _last_day(c: Community, as_of: Any) -> int:
    """Give the last local day that had ended by `as_of`, in days since 1970-01-01."""
    return int(local_day(np.array([c.moment(as_of)]), c.tz)[0]) - 1


def _is_known(column: pa.ChunkedArray) -> Bools:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def _rows(
    lines: pa.Table, codes: Ints, members: pa.Array, day: Ints, unit_days: float, last_day: int
) -> pa.Table:
    """Sum up the lines of all members; lines of code -1 are left out."""
    counted = (codes >= 0) & (day <= last_day)
    bought = is_purchase(lines) & counted
    days = _PurchaseDays.of(codes, day, bought, len(members))
    money = exact_sum(
        codes,
        lines["amount"].to_numpy(),
        len(members),
        where=days.again(codes, day, counted, bought),
    )
    never = days.count == 0
    x = days.count - 1
    return pa.table(
        {
            "member_id": members,
            "x": pa.array(x, mask=never),
            "t_x": pa.array((days.last - days.first) / unit_days, mask=never),
            "T": pa.array((last_day - days.first) / unit_days, mask=never),
            "mean_amount": pa.array(money / np.maximum(x, 1), mask=x <= 0),
        }
    )


@dataclass(frozen=True, slots=True, eq=False)
class _PurchaseDays:
    """The first and last purchase day of each member, and how many there were.

    `keys` are the distinct ``member * width + day - origin``, ascending. The days of members who
    never bought lie in a future that does not come.
    """

    first: Ints
    last: Ints
    count: Ints
    keys: Ints
    origin: int
    width: int

    @classmethod
    def of(cls, codes: Ints, day: Ints, bought: Bools, n_members: int) -> "_PurchaseDays":
        """Find them with one sort of integers."""
        origin = int(day.min(initial=0))
        width = int(day.max(initial=0)) - origin + 1
        keys = np.empty(np.count_nonzero(bought), dtype=np.int64)
        filled = 0
        for start in range(0, len(day), _BLOCK):  # so that temporary arrays stay in the cache
            rows = np.flatnonzero(bought[start : start + _BLOCK]) + start
            keys[filled : filled + len(rows)] = codes[rows] * width + (day[rows] - origin)
            filled += len(rows)
        keys.sort()
        keys = keys[opens_run(keys)]
        count = np.bincount(keys // width, minlength=n_members)
        end = np.cumsum(count)
        some = np.flatnonzero(count)
        first, last = np.full(n_members, _NEVER), np.full(n_members, _NEVER)
        first[some] = keys[(end - count)[some]] % width + origin
        last[some] = keys[end[some] - 1] % width + origin
        return cls(first, last, count, keys, origin, width)

    def again(self, codes: Ints, day: Ints, counted: Bools, bought: Bools) -> Bools:
        """Tell which lines belong to a purchase day after the member's first."""
        found = np.zeros(len(day), dtype=np.bool_)
        for start in range(0, len(day), _BLOCK):
            rows = np.flatnonzero(counted[start : start + _BLOCK]) + start
            found[rows] = day[rows] > self.first[codes[rows]]
        others = np.flatnonzero(found & ~bought)
        keys, which = np.unique(
            codes[others] * self.width + (day[others] - self.origin), return_inverse=True
        )
        at = np.searchsorted(self.keys, keys)  # in ascending order, which is far faster
        found[others] = (self.keys[np.minimum(at, len(self.keys) - 1)] == keys)[which]
        return found
