"""The recommendable purchases: which rows count, as codes, in one fixed order.

A row counts if its member is a customer who has not opted out, it names a product that may be
recommended, its quantity is above 0 and its amount not below 0. What staff buy says nothing of
customers; what opted-out members bought is not looked at, not even in totals.

A basket is one order of one member at one moment; a line is one product in it. Everything is
sorted by member, time, order and product, so that sums never depend on the input's row order.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siyu.datasets.clock import instants
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.ids import encode, lookup
from siyu.recommend.sorted_keys import Bools, Ints, ranges, run_starts, run_sum

__all__ = ["ACTIVITIES", "Purchases", "gather_baskets"]

ACTIVITIES = ("orders", "events")
_TIME = {"orders": "order_time", "events": "event_time"}
_IDS = ("member_id", "product_id")
_READ = {
    "orders": (*_IDS, "order_time", "order_id", "store_id", "quantity", "amount", "discount"),
    "events": (*_IDS, "event_time"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Purchases:
    """Baskets and their lines.

    Attributes
    ----------
    members : pa.Array, sorted ids of all customers who have not opted out
        Those without a purchase too.
    products, places : pa.Array, sorted ids of the products and stores met in the rows
    basket_member, basket_time, basket_place : int64 arrays, n_baskets
        Codes and microseconds since 1970, UTC; place -1 is unknown. Ascending by member, time.
    line_basket, line_product : int64 arrays, n_lines, ascending by basket, product
    quantity, amount, discount : float64 arrays, n_lines
        Totals of the line; discount is what was taken off its price.
    """

    members: pa.Array
    products: pa.Array
    places: pa.Array
    basket_member: Ints
    basket_time: Ints
    basket_place: Ints
    line_basket: Ints
    line_product: Ints
    quantity: NDArray[np.float64]
    amount: NDArray[np.float64]
    discount: NDArray[np.float64]

    @classmethod
    def of(cls, c: Community, *, activity: str = "orders") -> "Purchases":
        """Read the purchases of a community.

        Parameters
        ----------
        c : Community
            Cut at the moment to look from.
        activity : {"orders", "events"}
            What counts as a purchase: order lines, or events that name a product, whatever
            their kind (ratings, plays, bookings); an event has quantity 1 and no price.

        Returns
        -------
        Purchases

        Raises
        ------
        DataError
            If the table, or its column ``product_id``, is missing.
        ParameterError
            If `activity` is unknown.
        """
        if activity not in ACTIVITIES:
            raise ParameterError(
                "activity", f"activity must be 'orders' or 'events', got {activity!r}"
            )
        rows = _kept_rows(c, activity)
        members = _customers(c)
        member = lookup(rows["member_id"], members)
        known = member >= 0
        if not known.all():
            rows, member = rows.filter(pa.array(known)), member[known]
        return _in_order(rows, members, member, instants(rows[_TIME[activity]]))

    def before(self, moment: int) -> "Purchases":
        """Keep the baskets before a moment (microseconds, itself excluded); codes stay."""
        return self._where(self.basket_time < moment)

    def between(self, start: int, end: int) -> "Purchases":
        """Keep the baskets from `start` on and before `end`; codes stay."""
        return self._where((self.basket_time >= start) & (self.basket_time < end))

    def of_members(self, codes: Ints) -> "Purchases":
        """Take some members: their codes become their places among them.

        Parameters
        ----------
        codes : int64 array, ascending, none twice
        """
        if len(codes) == len(self.members):
            return self
        begin = np.searchsorted(self.basket_member, codes)
        end = np.searchsorted(self.basket_member, codes, side="right")
        baskets = ranges(begin, end)
        first, last = (
            np.searchsorted(self.line_basket, baskets),
            np.searchsorted(self.line_basket, baskets, side="right"),
        )
        lines = ranges(first, last)
        return replace(
            self,
            members=self.members.take(pa.array(codes)),
            basket_member=np.repeat(np.arange(len(codes)), end - begin),
            basket_time=self.basket_time[baskets],
            basket_place=self.basket_place[baskets],
            line_basket=np.repeat(np.arange(len(baskets)), last - first),
            line_product=self.line_product[lines],
            quantity=self.quantity[lines],
            amount=self.amount[lines],
            discount=self.discount[lines],
        )

    def line_member(self) -> Ints:
        """Give the member of every line."""
        return self.basket_member[self.line_basket]

    def pair_keys(self) -> Ints:
        """Give the distinct ``member x n_products + product`` of the lines, ascending."""
        return np.unique(self.line_member() * max(len(self.products), 1) + self.line_product)

    def _where(self, kept: Bools) -> "Purchases":
        if kept.all():
            return self
        position = np.cumsum(kept) - 1
        lines = kept[self.line_basket] if len(kept) else np.zeros(0, np.bool_)
        return replace(
            self,
            basket_member=self.basket_member[kept],
            basket_time=self.basket_time[kept],
            basket_place=self.basket_place[kept],
            line_basket=position[self.line_basket[lines]],
            line_product=self.line_product[lines],
            quantity=self.quantity[lines],
            amount=self.amount[lines],
            discount=self.discount[lines],
        )


def _customers(c: Community) -> pa.Array:
    """Give every customer who has not opted out."""
    members, out = c.customers(), c.opted_out()
    if not len(members) or not len(out):
        return members
    return members.filter(pa.array(lookup(members, out) < 0))


def _kept_rows(c: Community, activity: str) -> pa.Table:
    """Select the rows that are purchases of a product that may be recommended."""
    c.require(activity, call="recommendations")
    rows = c.arrow(activity)
    if rows is None or "product_id" not in rows.column_names:
        raise DataError(
            f"recommendations need the column product_id in the table {activity}; "
            "without it nobody knows what was bought"
        )
    rows = rows.select([name for name in _READ[activity] if name in rows.column_names])
    keep = rows["product_id"].is_valid()
    if activity == "orders":
        keep = pc.and_(keep, pc.greater_equal(rows["amount"], 0))
        if "quantity" in rows.column_names:
            keep = pc.and_(keep, pc.greater(rows["quantity"], 0).fill_null(True))
    kept = rows.take(pa.array(np.flatnonzero(keep.to_numpy())))
    listed = c.arrow("products")
    if listed is not None and "recommendable" in listed.column_names:
        banned = listed["product_id"].filter(pc.equal(listed["recommendable"], False))
        is_banned = lookup(kept["product_id"], pc.unique(banned)) >= 0
        kept = kept.take(pa.array(np.flatnonzero(~is_banned)))
    return kept


def _in_order(rows: pa.Table, members: pa.Array, member: Ints, time: Ints) -> Purchases:
    """Sort the rows and gather them into lines and baskets."""
    product, products = encode(rows["product_id"])
    order, _ = _codes(rows, "order_id")
    place, places = _codes(rows, "store_id")
    quantity, amount = _numbers(rows, "quantity", 1.0), _numbers(rows, "amount", 0.0)
    numbers = (quantity, amount, _numbers(rows, "discount", 0.0))
    columns = gather_baskets(member, time, order, product, place, numbers)
    return Purchases(members=members, products=products, places=places, **columns)


def gather_baskets(
    member: Ints,
    time: Ints,
    order: Ints,
    product: Ints,
    place: Ints,
    numbers: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
) -> dict[str, Any]:
    """Sort rows and gather them into lines and baskets: the columns of `Purchases`.

    Parameters
    ----------
    member, time, order, product, place : int64 arrays, n_rows
        Codes, and microseconds since 1970 UTC; -1 is unknown.
    numbers : (quantity, amount, discount), float64 arrays, n_rows
    """
    quantity, amount, discount = numbers
    sorting = np.lexsort((discount, amount, quantity, place, product, order, time, member))
    member, time, order = member[sorting], time[sorting], order[sorting]
    product, place = product[sorting], place[sorting]
    baskets = run_starts(member, time, order)
    begins = np.zeros(len(member), np.int64)
    begins[baskets] = 1
    basket = np.cumsum(begins) - 1
    lines = run_starts(basket, product)
    # An order with lines of several stores counts for the first of its products' stores.
    return {
        "basket_member": member[baskets],
        "basket_time": time[baskets],
        "basket_place": place[baskets],
        "line_basket": basket[lines],
        "line_product": product[lines],
        "quantity": run_sum(quantity[sorting], lines),
        "amount": run_sum(amount[sorting], lines),
        "discount": run_sum(discount[sorting], lines),
    }


def _codes(rows: pa.Table, column: str) -> tuple[Ints, pa.Array]:
    """Code an optional id column; -1 where it is absent or null."""
    if column not in rows.column_names:
        return np.full(rows.num_rows, -1, np.int64), pa.array([], pa.int64())
    return encode(rows[column])


def _numbers(rows: pa.Table, column: str, missing: float) -> NDArray[np.float64]:
    """Read an optional number column; `missing` where it is absent or null."""
    if column not in rows.column_names:
        return np.full(rows.num_rows, missing)
    values = rows[column].fill_null(missing).to_numpy()
    return np.asarray(np.nan_to_num(values, nan=missing), np.float64)
