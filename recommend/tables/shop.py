"""The shop at one moment: its market and members, whom to address, and what may be offered."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import INSTANT, instants
from siyu.datasets.community import Community
from siyu.datasets.ids import encode, lookup
from siyu.recommend.market.market import Market
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.sorted_keys import Bools, Ints

from .purchases import Purchases
from .setting import MemberFacts, in_stock

__all__ = ["Shop"]


@dataclass(frozen=True, slots=True, eq=False)
class Shop:
    """What a recommendation is made from.

    Attributes
    ----------
    market : Market
    bought : Purchases
        Everybody's, before the market's moment.
    facts : MemberFacts
        Of the members of `bought`.
    opted_out, staff : pa.Array, sorted member ids
        As known now. The first get lists that are the same for all, the second none.
    addressed : pa.Array, sorted member ids
        All customers known at the moment, opted out or not.
    offered : bool array, n_products (at least 1)
        Products in stock.
    offers : pa.Array, n_products
        The offer under which each product is sold; null without one.
    moment : int or None, microseconds since 1970 UTC
        When members are looked at, if that is later than the market's moment.
    """

    market: Market
    bought: Purchases
    facts: MemberFacts
    opted_out: pa.Array
    staff: pa.Array
    addressed: pa.Array
    offered: Bools
    offers: pa.Array
    moment: int | None = None

    @classmethod
    def of(cls, c: Community, market: Market, bought: Purchases, facts: MemberFacts) -> "Shop":
        """Read it from a community that is cut at the market's moment."""
        offered = np.zeros(market.n_products, np.bool_)
        offered[: len(market.products)] = in_stock(c, market.products)
        offers = _running_offers(c, market.products, market.moment)
        return cls(market, bought, facts, c.opted_out(), c.staff(), c.customers(), offered, offers)

    def histories(self, codes: Ints) -> MemberHistories:
        """Measure some members: ascending codes of `bought`."""
        some, facts = self.bought.of_members(codes), self.facts.of_members(codes)
        moment = self.market.moment if self.moment is None else self.moment
        return MemberHistories.of(self.market, some, moment, facts)


def _running_offers(c: Community, products: pa.Array, moment: int) -> pa.Array:
    """Find for every product the cheapest product offer that runs and is open to everyone."""
    rows = c.arrow("offers")
    if rows is None or "product_id" not in rows.column_names:
        return pa.nulls(len(products), pa.large_string())
    product = lookup(rows["product_id"], products)
    runs = (product >= 0) & ~_is_personal(c, rows)
    if "kind" in rows.column_names:
        runs &= _flags(pc.equal(rows["kind"], "product"))
    if "ends_at" in rows.column_names:
        now = pa.scalar(moment, INSTANT)
        runs &= _flags(pc.greater(rows["ends_at"], now))
    if "starts_at" in rows.column_names:
        runs &= instants(rows["starts_at"].fill_null(pa.scalar(moment, INSTANT))) <= moment
    if "stock" in rows.column_names:
        runs &= _flags(pc.greater(rows["stock"], 0))
    code, ids = encode(rows["offer_id"])
    price = np.full(rows.num_rows, np.inf)
    if "price" in rows.column_names:
        price = rows["price"].fill_null(np.inf).to_numpy()
    order = np.lexsort((code, price, product))
    order = order[runs[order]]
    met, first = np.unique(product[order], return_index=True)
    best = np.full(len(products), -1, np.int64)
    best[met] = code[order[first]]
    return ids.take(pa.array(best, mask=best < 0))


def _is_personal(c: Community, offers: pa.Table) -> Bools:
    """Tell which offers only some members may have."""
    listed = c.arrow("offer_members")
    if listed is None:
        return np.zeros(offers.num_rows, np.bool_)
    return lookup(offers["offer_id"], pc.unique(listed["offer_id"])) >= 0


def _flags(values: pa.ChunkedArray) -> Bools:
    """Read flags; unknown counts as true."""
    return np.asarray(values.fill_null(True).to_numpy(), np.bool_)
