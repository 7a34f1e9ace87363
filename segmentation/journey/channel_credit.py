"""Attribution: which channel gets the credit for a purchase, by four rules side by side."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import instants
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.estimates import known
from siyu.datasets.exact_sums import exact_sum, exact_total
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import ids_in, lookup
from siyu.datasets.ordering import distinct
from siyu.datasets.purchases import is_purchase
from siyu.segmentation.records import has_column

from .audience import Audience, audience_of, groups_of
from .buying_days import order_codes
from .paths import earliest
from .periods import days_us

__all__ = ["CREDITS", "attribution"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CREDITS = ("first", "last", "linear", "referral")
"""The codes of the rules; words for them come from `siyu.datasets.label`."""

_TOUCHES = ("events", "sends")


def attribution(
    data: Community,
    *,
    as_of: Any,
    since: Any = None,
    window_days: float = 30.0,
    touches: Sequence[str] = _TOUCHES,
    output: FrameKind | None = None,
) -> Frame:
    """Credit purchases to channels by four rules, each of which hands out the whole revenue.

    ============  ====  ======================================================================
    credit        zh    goes to
    ============  ====  ======================================================================
    ``first``     首触  the source by which the member came (``members.source``)
    ``last``      末触  the channel of the last touch before the order, within the window
    ``linear``    均分  the channels of all touches in the window, in equal parts a touch
    ``referral``  裂变  ``referral`` if a member had invited the buyer before, else ``direct``
    ============  ====  ======================================================================

    A touch is an event with a channel, or a message sent that was opened or clicked. Orders
    without a touch in the window are credited to ``none``.

    Parameters
    ----------
    data : Community
        With orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    since : Timestamp, datetime or str, optional
        Count orders from this moment on. Default: all. Touches before it count.
    window_days : float > 0
        How long before the order a touch may lie.
    touches : sequence of "events", "sends"
        Tables whose rows are touches.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default pandas.

    Returns
    -------
    frame, by rule (in the order above) and channel
        ``credit``; ``channel`` : null where the source is unknown; ``n_members`` : buyers with
        any credit for it; ``n_orders`` : orders credited (by ``order_id``, without it purchase
        days), in parts for ``linear``; ``amount`` : what was paid for them, refunds aside;
        ``share`` : of the amount of all orders, which the amounts of each rule add up to; null
        if that is 0. A rule whose tables are missing is not there.

    Raises
    ------
    DataError
        If orders are missing, or all that any rule needs.
    ParameterError
        If `window_days` or `touches` is out of range.

    Warns
    -----
    SiyuWarning
        If rules are left out for want of a table.

    Notes
    -----
    Rules, not causes: what a channel really adds shows in an experiment alone. All orders are
    counted, none are sampled: there are no intervals.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=500, random_state=0)
    >>> found = attribution(c, as_of="2026-07-01", touches=["sends"])
    >>> found.groupby("credit", sort=False)["share"].sum().round(6).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    window = days_us("window_days", window_days)
    if not touches or not set(touches) <= set(_TOUCHES):
        raise ParameterError("touches", f"touches must be of {_TOUCHES}, got {tuple(touches)}")
    a = audience_of(data, as_of, ("orders",), tuple(touches), "attribution()")
    start = int(np.iinfo(np.int64).min) if since is None else a.c.moment(since)
    orders = _Orders.of_audience(a, start)
    given = _credits(a, orders, _touches(a, touches), window)
    missing = [rule for rule in CREDITS if rule not in given]
    if not given:
        raise DataError(
            "attribution() needs members.source, referrals, or a channel in events or sends"
        )
    if missing:
        warn(f"attribution(): no table tells of {', '.join(missing)}; left out")
    parts = [orders.table(rule, *given[rule]) for rule in CREDITS if rule in given]
    return from_arrow(pa.concat_tables(parts), output or "pandas")


@dataclass(frozen=True, slots=True, eq=False)
class _Orders:
    """Purchases: whose, when, and what was paid."""

    of: Ints
    at: Ints
    amount: Floats

    @classmethod
    def of_audience(cls, a: Audience, since: int) -> "_Orders":
        rows, of, at = a.rows("orders", "order_time", columns=("amount", "quantity", "order_id"))
        bought = is_purchase(rows)
        code = order_codes(a, rows, of, at)
        met, place = np.unique(code[bought], return_inverse=True)
        first = earliest(place, at[bought], len(met))
        whose = earliest(place, of[bought], len(met))
        amount = exact_sum(place, rows["amount"].to_numpy()[bought], len(met))
        order = np.lexsort((amount, first, whose))
        kept = order[first[order] >= since]
        return cls(whose[kept], first[kept], amount[kept])

    def table(self, rule: str, channels: pa.Array, credit: Iterable[Floats]) -> pa.Table:
        """Hand out the orders by `credit`: for each channel its part of each order, 1 in all."""
        total = exact_total(self.amount)
        found = [
            (exact_total(part), exact_total(part * self.amount), len(distinct(self.of[part > 0])))
            for part in credit
        ]
        n_orders, amount, n_members = np.array(found, np.float64).reshape(-1, 3).T
        there = np.flatnonzero(n_orders > 0)
        share = amount[there] / total if total else np.full(len(there), np.nan)
        columns = {
            "credit": pa.array([rule] * len(there), pa.string()),
            "channel": channels.take(pa.array(there)).cast(pa.string()),
            "n_members": pa.array(n_members[there].astype(np.int64)),
            "n_orders": pa.array(n_orders[there]),
            "amount": pa.array(amount[there]),
            "share": known(share),
        }
        return pa.table(columns)


@dataclass(frozen=True, slots=True, eq=False)
class _Touches:
    """Touches in order of member, time and channel."""

    of: Ints
    at: Ints
    channel: Ints
    names: pa.Array


def _touches(a: Audience, tables: Sequence[str]) -> _Touches | None:
    """Collect the touches; None if no table tells of any."""
    parts = []
    for table, times in (("events", ("event_time",)), ("sends", ("opened_at", "clicked_at"))):
        if table not in tables or table not in a.present or not has_column(a.c, table, "channel"):
            continue
        for time in times:
            if has_column(a.c, table, time) and has_column(a.c, table, "member_id"):
                rows, of, at = a.rows(table, time, columns=("channel",))
                told = np.flatnonzero(rows["channel"].is_valid().to_numpy())
                parts.append((of[told], at[told], rows["channel"].take(pa.array(told))))
    if not parts:
        return None
    of, at = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    names = ids_in(*(p[2].cast(pa.large_string()) for p in parts))
    channel = np.concatenate([lookup(p[2], names) for p in parts])
    order = np.lexsort((channel, at, of))
    return _Touches(of[order], at[order], channel[order], names)


def _credits(
    a: Audience, orders: _Orders, touches: _Touches | None, window: int
) -> dict[str, tuple[pa.Array, Iterable[Floats]]]:
    """Give for each rule the channels, and the part of each order that each gets."""
    found: dict[str, tuple[pa.Array, Iterable[Floats]]] = {}
    if has_column(a.c, "members", "source"):
        groups = groups_of(a, "source")
        found["first"] = (groups.names, _all_to(groups.codes[orders.of], len(groups.names)))
    if touches is not None:
        names = pa.concat_arrays([touches.names, pa.array(["none"], touches.names.type)])
        low, high = _touched(orders, touches, window)
        last = np.append(touches.channel, 0)[high - 1]
        last = np.where(high > low, last, len(names) - 1)
        found["last"] = (names, _all_to(last, len(names)))
        found["linear"] = (names, _in_parts(touches, low, high))
    referrals = a.c.arrow("referrals")
    if referrals is not None:
        brought = (_invited_at(a, referrals)[orders.of] < orders.at).astype(np.int64)
        found["referral"] = (pa.array(["direct", "referral"]), _all_to(brought, 2))
    return found


def _all_to(channel: Ints, n: int) -> Iterator[Floats]:
    """Give each channel, one after the other, the whole of its orders."""
    return ((channel == code).astype(np.float64) for code in range(n))


def _in_parts(touches: _Touches, low: Ints, high: Ints) -> Iterator[Floats]:
    """Give each channel its part of the touches of each order; the last one is for none."""
    n = high - low
    for code in range(len(touches.names)):
        running = np.concatenate(([0], np.cumsum(touches.channel == code)))
        yield (running[high] - running[low]) / np.maximum(n, 1)
    yield (n == 0).astype(np.float64)


def _touched(orders: _Orders, touches: _Touches, window: int) -> tuple[Ints, Ints]:
    """Find the first touch in the window before each order, and the first after it."""
    moments = distinct(np.concatenate([touches.at, orders.at, orders.at - window]))
    width = len(moments) + 1

    def key(of: Ints, at: Ints) -> Ints:
        return of * width + np.searchsorted(moments, at)

    keys = key(touches.of, touches.at)
    low = np.searchsorted(keys, key(orders.of, orders.at - window))
    return low, np.searchsorted(keys, key(orders.of, orders.at))


def _invited_at(a: Audience, rows: pa.Table) -> Ints:
    """Give when each member was first invited; undated invitations count as the earliest."""
    of = lookup(rows["invitee_id"], a.members)
    at = np.full(len(of), int(np.iinfo(np.int64).min))
    if "referral_time" in rows.column_names:
        times = rows["referral_time"]
        at = np.where(times.is_valid(), instants(pc.fill_null(times, 0)), at)
    return earliest(of[of >= 0], at[of >= 0], len(a.members))
