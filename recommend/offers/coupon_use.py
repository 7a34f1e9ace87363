"""Which coupons were used, when, and what each use cost the brand."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.clock import instants
from siyu.datasets.community import Community
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import opens_run
from siyu.recommend.sorted_keys import Ints

__all__ = ["CouponUses"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CouponUses:
    """One row a use of a coupon, in order of member, time and offer.

    Attributes
    ----------
    member, offer : pa.Array, n_uses ids
    time : int64 array, n_uses, microseconds
    money : float64 array, n_uses
        What was given away: the coupon's face value, or without one what the order lines say was
        taken off; NaN where neither is known.
    """

    member: pa.Array
    offer: pa.Array
    time: Ints
    money: Numbers

    @classmethod
    def of(cls, c: Community) -> "CouponUses | None":
        """Read the uses from order lines that name a coupon, else from sends that were redeemed.

        Parameters
        ----------
        c : Community
            Cut at the moment to look from.

        Returns
        -------
        CouponUses, or None if neither table can tell

        Examples
        --------
        >>> import pandas as pd
        >>> lines = pd.DataFrame({"member_id": 1, "amount": [5.0, 6.0], "coupon_id": "x"})
        >>> lines["order_time"] = pd.Timestamp("2026-01-01", tz="UTC")
        >>> uses = CouponUses.of(Community(orders=lines.assign(discount=1.5)))
        >>> uses.offer.to_pylist(), uses.money.tolist()  # two lines, one order
        (['x'], [3.0])
        """
        orders, sends = c.arrow("orders"), c.arrow("sends")
        if orders is not None and "coupon_id" in orders.column_names:
            rows, time, offer = orders, "order_time", "coupon_id"
        elif sends is not None and {"redeemed_at", "offer_id", "member_id"} <= set(
            sends.column_names
        ):
            rows, time, offer = sends, "redeemed_at", "offer_id"
        else:
            return None
        known = rows[offer].is_valid().to_numpy() & rows[time].is_valid().to_numpy()
        known &= rows["member_id"].is_valid().to_numpy()
        return cls._grouped(c, rows.take(pa.array(np.flatnonzero(known))), time, offer)

    @classmethod
    def _grouped(cls, c: Community, rows: pa.Table, time: str, offer: str) -> "CouponUses":
        """Put the lines of one order together."""
        member, members = encode(rows["member_id"])
        used, offers = encode(rows[offer])
        when = instants(rows[time])
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


def _face_value(c: Community, offers: pa.Array) -> Numbers:
    """Read what each coupon takes off; NaN where unknown."""
    listed = c.arrow("offers")
    if listed is None or "discount" not in listed.column_names:
        return np.full(len(offers), np.nan)
    at = lookup(offers, listed["offer_id"].combine_chunks())
    return np.where(at >= 0, np.append(listed["discount"].to_numpy(), np.nan)[at], np.nan)
