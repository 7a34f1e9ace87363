"""Offers as rows of offer x product, with what is known of both at one moment.

A product offer is one row. A coupon has a row for every product it is valid on: those listed in
``offer_products``, or all of its category; a coupon valid on everything is one row without a
product. Prices, stock and ratings have no date: they are as known now.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siyu.datasets.clock import INSTANT, instants
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.ids import Codes, encode, ids_in, lookup, take
from siyu.recommend.sorted_keys import Bools, Ints

from .coupon_use import CouponUses
from .worth import product_column

__all__ = ["OfferRows", "may_have"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class OfferRows:
    """What is known of every offer on every product it is valid on, by offer and product.

    Attributes
    ----------
    moment : int, microseconds
    offers, products : pa.Array, sorted ids
    offer, product : int64 arrays, n_rows
        Codes; product -1 for a coupon valid on everything.
    is_coupon : bool array, n_rows
        It takes money off, from a spend of `threshold`.
    price : float64 array, n_rows
        What one piece costs the member; NaN where unknown.
    public : float64 array, n_rows
        What it costs everybody: ``public_price``; for a coupon the list price.
    benefit, benefit_share : float64 arrays, n_rows
        What the member saves, and its share of the public price (for a coupon of what must be
        spent); NaN where unknown.
    threshold : float64 array, n_rows, 0 where there is none
    cost : float64 array, n_rows
        Of one piece; NaN where unknown.
    starts, ends : float64 arrays, n_rows, microseconds, NaN where unknown
    stock, budget_left, n_used : float64 arrays, n_rows, NaN where unknown
        As given; what of the budget is left; how often the offer was used.
    is_personal : bool array, n_rows
        Only listed members may have it.
    """

    moment: int
    offers: pa.Array
    products: pa.Array
    offer: Ints
    product: Ints
    is_coupon: Bools
    price: Numbers
    public: Numbers
    benefit: Numbers
    benefit_share: Numbers
    threshold: Numbers
    cost: Numbers
    starts: Numbers
    ends: Numbers
    stock: Numbers
    budget_left: Numbers
    n_used: Numbers
    is_personal: Bools

    @classmethod
    def of(cls, c: Community, moment: int) -> "OfferRows":
        """Read the offers.

        Parameters
        ----------
        c : Community
            Cut at `moment`, with offers.
        moment : int, microseconds

        Raises
        ------
        DataError
            If there are no offers, or one is listed twice.
        """
        rows = c.arrow("offers")
        if rows is None:
            raise DataError("there is no table offers")
        at, offers = encode(rows["offer_id"])
        if len(offers) < len(at):
            raise DataError(
                f"offers must list each offer once, {len(at) - len(offers)} rows are too many"
            )
        rows = rows.take(pa.array(np.argsort(at, kind="stable")))
        offer, product, products = _valid_on(c, rows, offers)
        every = {name: _numbers(rows, name) for name in ("price", "public_price", "discount")}
        listed, cost = (product_column(c, products, name) for name in ("price", "cost"))
        coupon = _is_coupon(rows)[offer]
        threshold = np.nan_to_num(_numbers(rows, "threshold"))[offer]
        money = _Money.of(
            {name: values[offer] for name, values in every.items()},
            np.append(listed, np.nan)[product],
            coupon,
            threshold,
        )
        uses = CouponUses.of(c)
        n_used, spent = _nothing_known(len(offers)) if uses is None else uses.by_offer(offers)
        budget = _numbers(rows, "budget")
        budget = np.where(budget > 0, budget - spent, budget)  # none is none, whatever was used
        personal = np.zeros(len(offers), np.bool_)
        holders = c.arrow("offer_members")
        if holders is not None:
            personal = lookup(offers, pc.unique(holders["offer_id"])) >= 0
        return cls(
            moment=moment,
            offers=offers,
            products=products,
            offer=offer,
            product=product,
            is_coupon=coupon,
            price=money.price,
            public=money.public,
            benefit=money.benefit,
            benefit_share=money.share,
            threshold=threshold,
            cost=np.append(cost, np.nan)[product],
            starts=_times(rows, "starts_at")[offer],
            ends=_times(rows, "ends_at")[offer],
            stock=_numbers(rows, "stock")[offer],
            budget_left=budget[offer],
            n_used=n_used.astype(np.float64)[offer],
            is_personal=personal[offer],
        )

    def ids(self) -> tuple[pa.Array, pa.Array]:
        """Give offer and product ids of the rows, null for no product."""
        return take(self.offers, self.offer), take(self.products, self.product)

    def reaches(self) -> Bools:
        """Tell where one piece alone costs enough for the coupon to count; unknown does."""
        return ~(self.is_coupon & (self.public < self.threshold))


def may_have(c: Community, rows: OfferRows, members: pa.Array) -> Ints:
    """Give the pairs of personal offer and member that hold at the moment.

    A member may have it from the issue until it expires, once for every time it was issued.

    Parameters
    ----------
    c : Community
        Cut at the moment of `rows`.
    rows : OfferRows
    members : pa.Array, sorted ids
        Who is asked about.

    Returns
    -------
    int64 array
        Sorted distinct ``offer x n_members + member``, in the codes of `rows` and `members`.
    """
    issued, n = c.arrow("offer_members"), max(len(members), 1)
    if issued is None:
        return np.zeros(0, np.int64)
    offer, member = lookup(issued["offer_id"], rows.offers), lookup(issued["member_id"], members)
    met = (offer >= 0) & (member >= 0)
    key, expires = (offer * n + member)[met], _times(issued, "expires_at")[met]
    gone = expires <= rows.moment
    held, n_held = np.unique(key[~gone], return_counts=True)
    left = n_held > _used_up(c, rows, members, held, (key, expires, gone))
    return np.asarray(held[left], np.int64)


def _used_up(
    c: Community,
    rows: OfferRows,
    members: pa.Array,
    held: Ints,
    issues: tuple[Ints, Numbers, Bools],
) -> Ints:
    """Count the uses of each pair that the issues which have expired do not account for.

    A use takes the issue that expires first. So uses since the last expiry are of those that still
    hold, and of the earlier ones those beyond the number of issues that have expired.
    """
    uses, (key, expires, gone) = CouponUses.of(c), issues
    if uses is None or not len(held):
        return np.zeros(len(held), np.int64)
    offer, member = lookup(uses.offer, rows.offers), lookup(uses.member, members)
    used = np.where((offer >= 0) & (member >= 0), offer * max(len(members), 1) + member, -1)
    at = _place(held, key)
    expired = gone & (at >= 0)
    n_gone = np.bincount(at[expired], minlength=len(held))
    last = np.full(len(held), -np.inf)
    np.maximum.at(last, at[expired], expires[expired])
    at = _place(held, used)
    time, at = uses.time[at >= 0], at[at >= 0]
    n_used = np.bincount(at, minlength=len(held))
    since = np.bincount(at[time >= last[at]], minlength=len(held))
    return np.asarray(np.maximum(n_used - n_gone, since), np.int64)


def _place(keys: Ints, wanted: Ints) -> Ints:
    """Find keys among ascending ones, at least one; -1 where they are not there."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, -1)


@dataclass(frozen=True, slots=True, eq=False)
class _Money:
    """Prices and savings of the rows."""

    price: Numbers
    public: Numbers
    benefit: Numbers
    share: Numbers

    @classmethod
    def of(
        cls, given: dict[str, Numbers], listed: Numbers, coupon: Bools, threshold: Numbers
    ) -> "_Money":
        """Work them out: a coupon counts once its threshold is reached, by whatever is bought."""
        off, fixed = given["discount"], given["price"]
        reached = np.where(listed >= threshold, listed - off, listed)
        after_coupon = np.where(coupon, np.maximum(reached, 0.0), listed - off)
        price = np.where(coupon | np.isnan(fixed), after_coupon, fixed)
        public = np.where(coupon, listed, given["public_price"])
        benefit = np.where(coupon, off, public - price)
        spend = np.where(coupon, np.fmax(threshold, listed), public)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(spend > 0, benefit / spend, np.nan)
        return cls(price, public, benefit, share)


def _valid_on(c: Community, rows: pa.Table, offers: pa.Array) -> tuple[Ints, Ints, pa.Array]:
    """Pair offers with the products they are valid on."""
    named, listed = c.arrow("offer_products"), c.arrow("products")
    own = rows["product_id"] if "product_id" in rows.column_names else None
    pairs = None if named is None else named["product_id"]
    ids = ids_in(own, pairs, None if listed is None else listed["product_id"])
    n, m = len(offers), max(len(ids), 1)
    keys = [np.zeros(0, np.int64)]
    if own is not None:
        product = lookup(own, ids)
        keys.append((np.arange(n) * m + product)[product >= 0])
    if named is not None:
        offer, product = lookup(named["offer_id"], offers), lookup(pairs, ids)
        keys.append((offer * m + product)[(offer >= 0) & (product >= 0)])
    without = np.setdiff1d(np.arange(n), np.concatenate(keys) // m)
    of_category = _of_category(rows, listed, ids, without)
    keys.append(of_category)
    everywhere = np.setdiff1d(without, of_category // m)
    met = np.unique(np.concatenate(keys))
    offer = np.concatenate([met // m, everywhere])
    product = np.concatenate([met % m, np.full(len(everywhere), -1)])
    order = np.lexsort((product, offer))
    return offer[order], product[order], ids


def _of_category(rows: pa.Table, listed: pa.Table | None, ids: pa.Array, without: Ints) -> Ints:
    """Pair offers that name only a category with its products."""
    there = listed is not None and "category" in listed.column_names
    if listed is None or not there or "category" not in rows.column_names:
        return np.zeros(0, np.int64)
    category, names = encode(listed["category"])
    product = lookup(listed["product_id"], ids)
    wanted = lookup(rows["category"], names)[without]
    row, column = np.nonzero((wanted[:, None] == category[None, :]) & (wanted >= 0)[:, None])
    return np.sort(without[row] * max(len(ids), 1) + product[column])


def _is_coupon(rows: pa.Table) -> Bools:
    """Tell coupons from product offers: by kind, else by whether there is a product's price."""
    if "kind" in rows.column_names:
        return np.asarray(pc.equal(rows["kind"], "coupon").fill_null(False).to_numpy(), np.bool_)
    return np.isnan(_numbers(rows, "price"))


def _numbers(rows: pa.Table, name: str) -> Numbers:
    """Read an optional number column; NaN where absent or null."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    return np.asarray(rows[name].cast(pa.float64()).to_numpy(), np.float64)


def _times(rows: pa.Table, name: str) -> Numbers:
    """Read an optional time column in microseconds; NaN where absent or null."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    values = rows[name]
    known = values.is_valid().to_numpy()
    us = instants(values.fill_null(pa.scalar(0, INSTANT))).astype(np.float64)
    return np.where(known, us, np.nan)


def _nothing_known(n: int) -> tuple[Codes, Numbers]:
    """Give uses of offers where no table tells of them: none counted, and spent unknown."""
    return np.zeros(n, np.int64), np.full(n, np.nan)
