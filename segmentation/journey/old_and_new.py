"""New and old buyers, period by period, and who of them buys again."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.community import Community, kind_of
from siyu.datasets.estimates import named_columns, shares
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ordering import opens_run
from siyu.segmentation.whole_numbers import require_whole

from .audience import Audience, audience_of
from .buying_days import BuyingDays
from .periods import check_period, first_day, first_whole, named, period_of

__all__ = ["new_and_old"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_BUYERS = pa.array(["new", "old", None])
_NEW, _OLD, _UNKNOWN = range(3)


def new_and_old(
    data: Community | Frame,
    *,
    as_of: Any,
    period: Literal["month", "week"] = "month",
    repeat_days: int = 90,
    output: FrameKind | None = None,
) -> Frame:
    """Split the buyers of each month (or week) into new and old, and see who buys again.

    Parameters
    ----------
    data : Community, or frame of schema `orders`
        With orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    period : {"month", "week"}
    repeat_days : int >= 1
        Who buys on another local day within so many days after the first purchase day of the
        period has bought again.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a
        Community.

    Returns
    -------
    frame, one row for each period and kind of buyer met in it
        ``period``; ``buyer`` : ``new`` (first purchase ever in this period) or ``old``; null
        where nobody knows: the member joined before orders were recorded, or, without
        ``joined_at``, is first seen within 90 days of the record's begin;
        ``n_members``; ``share``, ``low``, ``high`` : of all buyers of the period (Wilson, 95 %);
        ``n_orders`` : their purchase days; ``amount`` : what they paid, refunds aside;
        ``n_judged`` : of them, those whose `repeat_days` have passed; ``n_repeated``;
        ``repeat_share``, ``repeat_low``, ``repeat_high`` : n_repeated / n_judged, null if
        nobody can be judged yet; ``complete`` : whether the period has ended and was recorded.

    Raises
    ------
    DataError
        If orders are missing.
    ParameterError
        If `period` or `repeat_days` is out of range.

    Warns
    -----
    SiyuWarning
        If the record of orders ended before `as_of`.

    Examples
    --------
    >>> import pandas as pd
    >>> days = ["2026-01-05", "2026-01-20", "2026-02-03"]
    >>> orders = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 2, 1],
    ...         "order_time": pd.to_datetime(days).tz_localize("Asia/Shanghai"),
    ...         "amount": [10.0, 20.0, 30.0],
    ...     }
    ... )
    >>> found = new_and_old(Community(orders=orders), as_of="2026-06-01", repeat_days=60)
    >>> found[["period", "buyer", "n_members", "amount", "repeat_share"]]
        period buyer  n_members  amount  repeat_share
    0  2026-01   new          2    30.0           0.5
    1  2026-02   old          1    30.0           0.0
    """
    check_period(period)
    require_whole("repeat_days", repeat_days, 1)
    a = audience_of(data, as_of, ("orders",), (), "new_and_old()")
    buyers = _Buyers.of(a, BuyingDays.of_audience(a), period, repeat_days)
    cell, at = np.unique(buyers.period * len(_BUYERS) + buyers.kind, return_inverse=True)
    number, kind = np.divmod(cell, len(_BUYERS))

    def count(mask: Bools) -> Ints:
        return np.bincount(at[mask], minlength=len(cell))

    n, n_judged = count(np.ones(len(at), np.bool_)), count(buyers.judged)
    n_repeated = count(buyers.judged & buyers.again)
    met, of_period = np.unique(number, return_inverse=True)
    n_all = np.rint(exact_sum(of_period, n.astype(np.float64), len(met))).astype(np.int64)
    repeat_names = ("repeat_share", "repeat_low", "repeat_high")
    ended = first_day(number + 1, period) <= a.last_day
    columns = {
        "period": named(number, period),
        "buyer": _BUYERS.take(pa.array(kind)),
        "n_members": pa.array(n),
        **named_columns(shares(n, n_all[of_period])),
        "n_orders": pa.array(exact_sum(at, buyers.n_days, len(cell)).astype(np.int64)),
        "amount": pa.array(exact_sum(at, buyers.amount, len(cell))),
        "n_judged": pa.array(n_judged),
        "n_repeated": pa.array(n_repeated),
        **named_columns(shares(n_repeated, n_judged), repeat_names),
        "complete": pa.array(ended & (first_day(number, period) >= first_whole(a.begin, a.c.tz))),
    }
    return from_arrow(pa.table(columns), output or kind_of(data))


@dataclass(frozen=True, slots=True, eq=False)
class _Buyers:
    """Each member's buying in each period: its kind, whether it was repeated, how much it was."""

    period: Ints
    kind: Ints
    judged: Bools
    again: Bools
    n_days: Floats
    amount: Floats

    @classmethod
    def of(cls, a: Audience, days: BuyingDays, period: str, repeat_days: int) -> "_Buyers":
        number = period_of(days.day, period)
        opens = opens_run(days.of, number)
        first, place = np.flatnonzero(opens), np.cumsum(opens) - 1
        kind = np.where(days.is_first[first], _NEW, _OLD)
        kind[days.is_first[first] & ~a.known[days.of[first]]] = _UNKNOWN
        return cls(
            period=number[first],
            kind=kind,
            judged=days.day[first] + repeat_days < a.last_day,
            again=days.next_gap()[first] <= repeat_days,
            n_days=exact_sum(place, np.ones(len(place)), len(first)),
            amount=exact_sum(place, days.amount, len(first)),
        )
