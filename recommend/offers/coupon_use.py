"""Which coupons were used, by whom and when, and what each use cost: the one place that reads it.

A community may record uses in three tables. The first one that tells of any use (of an offer that
is listed, where offers are) is believed: tables that tell of the same use must not count it twice.

==========================  ==================================================================
``events``                  rows with ``event`` "coupon_redeem" or "redeem" and an ``offer_id``
``orders.coupon_id``        order lines that name the coupon, without those that came back
``sends.redeemed_at``       sends that name the offer and when it was redeemed
==========================  ==================================================================

Orders and sends with these columns also tell that nothing was used; events that speak of other
things do not.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siyu.datasets.clock import instants
from siyu.datasets.column_checks import checked_column
from siyu.datasets.community import Community
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import opens_run
from siyu.recommend.sorted_keys import Bools, Ints

__all__ = ["CouponUses", "came_back", "extra_ids"]

Numbers = NDArray[np.float64]

_EVENTS = ("coupon_redeem", "redeem")
_TABLES = (
    ("events", "event_time", "offer_id"),
    ("orders", "order_time", "coupon_id"),
    ("sends", "redeemed_at", "offer_id"),
)


@dataclass(frozen=True, slots=True, eq=False)
class CouponUses:
    """One row a use of a coupon, in order of member, time and offer.

    Attributes
    ----------
    table : {"events", "orders", "sends", "none"}
        Where they were read; "none" if the tables tell that nothing was used.
    member, offer : pa.Array, n_uses ids
    time : int64 array, n_uses, microseconds
    money : float64 array, n_uses
        What was given away: the coupon's face value, or without one what the order lines say was
        taken off; NaN where neither is known.
    """

    table: str
    member: pa.Array
    offer: pa.Array
    time: Ints
    money: Numbers

    @classmethod
    def of(cls, c: Community) -> "CouponUses | None":
        """Read the uses.

        Parameters
        ----------
        c : Community
            Cut at the moment to look from.

        Returns
        -------
        CouponUses, or None if no table can tell

        Examples
        --------
        >>> import pandas as pd
        >>> lines = pd.DataFrame({"member_id": 1, "amount": [5.0, 6.0], "coupon_id": "x"})
        >>> lines["order_time"] = pd.Timestamp("2026-01-01", tz="UTC")
        >>> uses = CouponUses.of(Community(orders=lines.assign(discount=1.5)))
        >>> uses.offer.to_pylist(), uses.money.tolist()  # two lines, one order
        (['x'], [3.0])
        """
        told = None
        for table, time, offer in _TABLES:
            rows = _rows(c, table, time, offer)
            if rows is not None and rows.num_rows:
                return cls._grouped(c, table, rows)
            told = rows if table != "events" and rows is not None else told
        return None if told is None else cls._grouped(c, "none", told)

    @classmethod
    def _grouped(cls, c: Community, table: str, rows: pa.Table) -> "CouponUses":
        """Put the lines of one order together."""
        member, members = encode(rows["member_id"])
        used, offers = encode(rows["offer"])
        when = instants(rows["time"])
        order = encode(rows["order_id"])[0] if "order_id" in rows.column_names else member * 0
        place = np.lexsort((order, used, when, member))
        opens = opens_run(member[place], when[place], used[place], order[place])
        run, n = np.cumsum(opens) - 1, int(opens.sum())
        off = np.full(n, np.nan)
        if "discount" in rows.column_names:
            told = rows["discount"].to_numpy()[place]
            n_told = np.bincount(run[~np.isnan(told)], minlength=n)
            off = exact_sum(run, np.nan_to_num(told), n)
            off = np.where(n_told > 0, off, np.nan)
        first = place[opens]
        face = _face_value(c, offers)[used[first]] if len(first) else np.zeros(0)
        return cls(
            table,
            members.take(pa.array(member[first])),
            offers.take(pa.array(used[first])),
            when[first],
            np.where(np.isnan(face), off, face),
        )

    def by_offer(self, offers: pa.Array) -> tuple[Ints, Numbers]:
        """Count the uses of each offer, and sum what they cost; NaN where a cost is unknown."""
        at = lookup(self.offer, offers)
        met = at >= 0
        n = np.bincount(at[met], minlength=len(offers))
        unknown = np.bincount(at[met & np.isnan(self.money)], minlength=len(offers)) > 0
        money = exact_sum(at[met], np.nan_to_num(self.money[met]), len(offers))
        return n, np.where(unknown, np.nan, money)


def came_back(orders: pa.Table) -> Bools:
    """Tell which order lines are refunds: they name the coupon of the sale once more.

    Examples
    --------
    >>> came_back(pa.table({"amount": [5.0, -5.0], "quantity": [1.0, -1.0]})).tolist()
    [False, True]
    """
    back: Bools = orders["amount"].to_numpy() < 0
    if "quantity" in orders.column_names:
        back |= orders["quantity"].to_numpy() < 0
    return back


def extra_ids(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Read an extra column, which nobody checked, as the ids of the schemas are read.

    Examples
    --------
    >>> extra_ids(pa.chunked_array([[1.0, None]])).to_pylist()
    [1, None]
    """
    return checked_column(values, "id", "id", None)[0]


def _rows(c: Community, table: str, time: str, offer: str) -> pa.Table | None:
    """Select the rows of one table that tell of a use; None if it cannot tell."""
    rows, listed = c.arrow(table), c.arrow("offers")
    if rows is None or not {"member_id", time, offer} <= set(rows.column_names):
        return None
    named = extra_ids(rows[offer]) if table == "events" else rows[offer]
    if listed is not None and named.type != listed["offer_id"].type:
        named = pa.chunked_array([pa.nulls(rows.num_rows, listed["offer_id"].type)])
    told = named.is_valid().to_numpy() & rows[time].is_valid().to_numpy()
    told &= rows["member_id"].is_valid().to_numpy()
    if table == "events":
        told &= pc.is_in(rows["event"], pa.array(_EVENTS, rows["event"].type)).to_numpy()
    if table == "orders":
        told &= ~came_back(rows)
    if listed is not None:
        is_listed = lookup(named, listed["offer_id"].combine_chunks()) >= 0
        told &= is_listed[told].any()
    columns = {"member_id": rows["member_id"], "time": rows[time], "offer": named}
    for name in ("order_id", "discount") if table == "orders" else ():
        if name in rows.column_names:
            columns[name] = rows[name]
    return pa.table(columns).take(pa.array(np.flatnonzero(told)))


def _face_value(c: Community, offers: pa.Array) -> Numbers:
    """Read what each coupon takes off; NaN where unknown."""
    listed = c.arrow("offers")
    if listed is None or "discount" not in listed.column_names:
        return np.full(len(offers), np.nan)
    at = lookup(offers, listed["offer_id"].combine_chunks())
    return np.where(at >= 0, np.append(listed["discount"].to_numpy(), np.nan)[at], np.nan)
