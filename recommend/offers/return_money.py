"""What members brought in a window of time: money, purchases, and coupons they used."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.ids import lookup
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.purchases import is_purchase
from siyu.datasets.windows import window_count, window_sum
from siyu.recommend.sorted_keys import Ints

from .coupon_use import CouponUses
from .worth import product_column

__all__ = ["Ledger", "Taken"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What each of some members brought within their windows.

    Attributes
    ----------
    net : float64 array, n_members
        Revenue or margin after refunds and discounts.
    discounts : float64 array, n_members
        Of the campaign's own coupons; NaN where a coupon's worth is unknown.
    n_purchases : int64 array, n_members
        Lines bought.
    """

    net: Numbers
    discounts: Numbers
    n_purchases: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Order lines and coupon uses of all customers, by member and time.

    Attributes
    ----------
    lines : MemberRows of orders
    value : float64 array, n_lines
        Revenue or margin.
    bought : MemberRows of the purchases among them
    uses : MemberRows of coupon uses, with ``offer_id`` and ``money``; None if unknown
    measure : {"revenue", "margin"}
    """

    lines: MemberRows
    value: Numbers
    bought: MemberRows
    uses: MemberRows | None
    measure: str

    @classmethod
    def of(cls, c: Community, members: pa.Array, measure: str) -> "Ledger":
        """Read orders.

        Parameters
        ----------
        c : Community
            Cut at the moment to look from.
        members : pa.Array, sorted ids
        measure : {"auto", "revenue", "margin"}
            ``auto`` is margin if the cost of every line is known.

        Raises
        ------
        DataError
            If there are no orders, or costs are missing and margin was asked for.
        """
        orders = c.arrow("orders")
        if orders is None:
            raise DataError("what campaigns brought needs the table orders")
        lines = MemberRows.of(orders, "order_time", members)
        value = lines.numbers("amount")
        if measure != "revenue":
            margin = value - _cost(c, lines)
            n_unknown = int(np.isnan(margin).sum())
            if n_unknown and measure == "margin":
                raise DataError(
                    f"margin needs products.cost of every line, {n_unknown} of {len(margin)} "
                    "lines have none; measure='revenue' needs no cost"
                )
            value = value if n_unknown else margin
            measure = "revenue" if n_unknown else "margin"
        used = CouponUses.of(c)
        uses = None
        if used is not None:
            columns = {"member_id": used.member, "offer_id": used.offer, "money": used.money}
            table = pa.table(columns | {"at": pa.array(used.time, pa.int64())})
            uses = MemberRows.of(table, "at", members)
        return cls(lines, value, lines.where(is_purchase(lines.table)), uses, measure)

    def within(self, member: Ints, since: Ints, length: int, offers: pa.Array) -> Taken:
        """Add up what members brought in their windows.

        Parameters
        ----------
        member : int64 array, distinct codes
        since : int64 array, microseconds
            When each member's window begins.
        length : int, microseconds
        offers : pa.Array
            The campaign's offers: uses of their coupons are its discounts.
        """
        n = len(self.lines.members)
        until = np.zeros(n, np.int64)
        until[member] = since + length
        net = window_sum(self.lines.starts, self.lines.times, self.value, until, length)
        bought = window_count(self.bought.starts, self.bought.times, until, length)
        off = np.zeros(n)
        if self.uses is not None and len(offers):
            money = self.uses.table["money"].to_numpy()
            own = lookup(self.uses.table["offer_id"], offers) >= 0
            known = np.where(own, np.nan_to_num(money), 0.0)
            where = (self.uses.starts, self.uses.times)
            unknown = window_sum(*where, (own & np.isnan(money)).astype(np.int64), until, length)
            off = np.where(unknown > 0, np.nan, window_sum(*where, known, until, length))
        elif len(offers):
            off = np.full(n, np.nan)
        return Taken(np.asarray(net, np.float64)[member], off[member], bought[member])


def _cost(c: Community, lines: MemberRows) -> Numbers:
    """Give what the goods of every line cost; a refund without pieces takes none back."""
    if not lines.has("product_id"):
        return np.full(len(lines.codes), np.nan)
    products = lines.table["product_id"].unique().drop_null()
    at = lookup(lines.table["product_id"], products)
    each = np.append(product_column(c, products, "cost"), np.nan)[at]
    sign = np.where(lines.numbers("amount") < 0, -1.0, 1.0)
    pieces = lines.numbers("quantity") if lines.has("quantity") else sign
    pieces = np.where(np.isnan(pieces), sign, pieces)
    return np.where(pieces == 0, 0.0, pieces * each)
