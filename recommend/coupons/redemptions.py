"""When each member first redeemed each coupon."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from siyu.datasets.community import Community
from siyu.datasets.ids import lookup
from siyu.recommend.offers.coupon_use import CouponUses
from siyu.recommend.sorted_keys import Ints, run_starts

__all__ = ["Redemptions"]


@dataclass(frozen=True, slots=True, eq=False)
class Redemptions:
    """One row a member and coupon: its first redemption, in order of member and offer.

    Attributes
    ----------
    table : {"events", "orders", "sends", "none"}
        Where they were read, see `siyu.recommend.offers.coupon_use`; "none" if no table holds
        any of these members and offers.
    is_known : bool
        Whether any table can tell; if none can, nobody knows whether anything was redeemed.
    member, offer : int64 arrays, n_redeemed
        Codes among the ids given to `of`.
    time : int64 array, n_redeemed, microseconds since 1970 UTC
    """

    table: str
    is_known: bool
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
        uses = CouponUses.of(c)
        if uses is None or uses.offer.type != offers.type:
            nothing = np.zeros(0, np.int64)
            return cls("none", uses is not None, nothing, nothing, nothing)
        member, offer = lookup(uses.member, members), lookup(uses.offer, offers)
        met = np.flatnonzero((member >= 0) & (offer >= 0))
        order = met[np.lexsort((uses.time[met], offer[met], member[met]))]
        kept = order[run_starts(member[order], offer[order])]
        table = uses.table if len(kept) else "none"
        return cls(table, True, member[kept], offer[kept], uses.time[kept])

    def before(self, moment: int) -> "Redemptions":
        """Keep what was redeemed before a moment (microseconds, itself excluded)."""
        kept = self.time < moment
        return replace(self, member=self.member[kept], offer=self.offer[kept], time=self.time[kept])
