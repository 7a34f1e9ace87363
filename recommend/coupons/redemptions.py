"""Which coupon each member redeemed, and when: the one place that reads it.

A community may record redemptions in three tables. The first one that holds any is believed, and
`Redemptions.table` says which: tables that tell of the same redemption twice must not count it
twice.

==========================  ==================================================================
``events``                  rows with ``event`` "coupon_redeem" or "redeem" and an ``offer_id``
``orders.coupon_id``        order lines that name the coupon
``sends.redeemed_at``       sends that name the offer and when it was redeemed
==========================  ==================================================================
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import instants
from siyu.datasets.community import Community
from siyu.datasets.ids import lookup
from siyu.recommend.sorted_keys import Ints, run_starts

__all__ = ["Redemptions"]

_EVENTS = ("coupon_redeem", "redeem")
_TABLES = (
    ("events", "event_time", "offer_id"),
    ("orders", "order_time", "coupon_id"),
    ("sends", "redeemed_at", "offer_id"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Redemptions:
    """One row a member and coupon: its first redemption, in order of member and offer.

    Attributes
    ----------
    table : {"events", "orders", "sends", "none"}
        Where they were read; "none" if no table holds any.
    member, offer : int64 arrays, n_redeemed
        Codes among the ids given to `of`.
    time : int64 array, n_redeemed, microseconds since 1970 UTC
    """

    table: str
    member: Ints
    offer: Ints
    time: Ints

    @classmethod
    def of(cls, c: Community, members: pa.Array, offers: pa.Array) -> "Redemptions":
        """Read the redemptions of some members and offers.

        Parameters
        ----------
        c : Community
            Cut at the moment to look from.
        members, offers : pa.Array, sorted ids
            Rows of others are not looked at.

        Returns
        -------
        Redemptions

        Examples
        --------
        >>> import pandas as pd
        >>> day = pd.Timestamp("2026-01-01", tz="UTC")
        >>> lines = pd.DataFrame({"member_id": [1], "amount": [5.0], "coupon_id": ["x"]})
        >>> c = Community(orders=lines.assign(order_time=day))
        >>> found = Redemptions.of(c, pa.array([1]), pa.array(["x"], pa.large_string()))
        >>> found.table, found.offer.tolist()
        ('orders', [0])
        """
        for table, time, offer in _TABLES:
            rows = _rows(c, table, time, offer)
            if rows is None:
                continue
            who = lookup(rows["member_id"], members)
            what = _codes(rows[offer], offers)
            known = (who >= 0) & (what >= 0)
            if known.any():
                return _first(table, who[known], what[known], instants(rows[time])[known])
        nothing = np.zeros(0, np.int64)
        return cls("none", nothing, nothing, nothing)

    def before(self, moment: int) -> "Redemptions":
        """Keep what was redeemed before a moment (microseconds, itself excluded)."""
        kept = self.time < moment
        return Redemptions(self.table, self.member[kept], self.offer[kept], self.time[kept])


def _rows(c: Community, table: str, time: str, offer: str) -> pa.Table | None:
    """Select the rows of one table that tell of a redemption; None if it cannot tell."""
    rows = c.arrow(table)
    if rows is None or not {"member_id", time, offer} <= set(rows.column_names):
        return None
    known = rows[offer].is_valid().to_numpy() & rows[time].is_valid().to_numpy()
    known &= rows["member_id"].is_valid().to_numpy()
    if table == "events":
        known &= pc.is_in(rows["event"], pa.array(_EVENTS, rows["event"].type)).to_numpy()
    return rows.select(["member_id", time, offer]).take(pa.array(np.flatnonzero(known)))


def _codes(values: pa.ChunkedArray, offers: pa.Array) -> Ints:
    """Code the offers; an extra column may hold ids of another type, which match none."""
    if values.type != offers.type:
        try:
            values = values.cast(offers.type)
        except pa.ArrowInvalid:
            return np.full(len(values), -1, np.int64)
    return lookup(values, offers)


def _first(table: str, member: Ints, offer: Ints, time: Ints) -> Redemptions:
    """Keep the first redemption of every member and offer."""
    order = np.lexsort((time, offer, member))
    kept = order[run_starts(member[order], offer[order])]
    return Redemptions(table, member[kept], offer[kept], time[kept])
