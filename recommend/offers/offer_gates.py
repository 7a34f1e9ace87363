"""Which offers may be shown at a moment, and why the others may not."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.estimates import known
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup
from siyu.recommend.sorted_keys import Bools, Ints
from siyu.recommend.tables.setting import in_stock

from .offer_rows import OfferRows, may_have
from .offer_rules import OfferRules
from .refunds import Refunds
from .worth import product_column

__all__ = ["BLOCKS", "Gates", "check_offers"]

Numbers = NDArray[np.float64]

BLOCKS = (
    "not_started",
    "ended",
    "ends_soon",
    "no_stock",
    "out_of_stock",
    "no_budget",
    "not_recommendable",
    "nobody_eligible",
    "public_not_higher",
    "no_public_price",
    "small_benefit",
    "below_threshold",
    "low_rating",
    "no_rating",
    "many_refunds",
)
"""Why an offer may not be shown, in the order in which reasons are listed."""


@dataclass(frozen=True, slots=True, eq=False)
class Gates:
    """The offers of a moment, and which rules each breaks.

    Attributes
    ----------
    rows : OfferRows
    blocked : bool array, n_rows x len(BLOCKS)
    rating, refund_rate : float64 arrays, n_rows, NaN where unknown
    n_eligible : float64 array, n_rows
        Members who may have a personal offer; NaN for offers open to everybody.
    held : int64 array
        Pairs of personal offer and member that hold, see `may_have`.
    members : pa.Array
        Customers who may get personal offers: all who have not opted out.
    """

    rows: OfferRows
    blocked: NDArray[np.bool_]
    rating: Numbers
    refund_rate: Numbers
    n_eligible: Numbers
    held: Ints
    members: pa.Array

    @property
    def allowed(self) -> Bools:
        """Tell which rows may be shown."""
        return np.asarray(~self.blocked.any(axis=1))

    @classmethod
    def of(cls, c: Community, moment: int, rules: OfferRules) -> "Gates":
        """Check all offers.

        Parameters
        ----------
        c : Community
            Cut at `moment`, with offers.
        moment : int, microseconds
        rules : OfferRules
        """
        rows = OfferRows.of(c, moment)
        members, out = c.customers(), c.opted_out()
        if len(out) and len(members):
            members = members.filter(pa.array(lookup(members, out) < 0))
        held = may_have(c, rows, members)
        n_held = np.bincount(held // max(len(members), 1), minlength=len(rows.offers))
        eligible = np.where(rows.is_personal, n_held[rows.offer], np.nan)
        rating = _of_product(product_column(c, rows.products, "rating"), rows.product, np.nan)
        rate, n_sold = _refunds(c, rows, members)
        columns = {
            **_timing(rows, rules),
            **_supply(c, rows, rules),
            "nobody_eligible": eligible == 0,
            **_benefit(rows, rules),
            **_quality(rating, rate, n_sold, rules),
        }
        blocked = np.column_stack([columns[code] for code in BLOCKS])
        return cls(rows, blocked, rating, rate, eligible, held, members)


def check_offers(
    c: Community, *, as_of: Any, rules: OfferRules | None = None, output: FrameKind = "pandas"
) -> Frame:
    """Tell of every offer whether it may be shown at a moment, and if not why.

    Parameters
    ----------
    c : Community
        With offers. ``products`` add stock, rating and list price, ``orders`` refunds and
        coupons used, ``offer_products`` and ``offer_members`` where and for whom offers hold.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    rules : OfferRules, optional
        Default ``OfferRules()``.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row an offer and product it is valid on, sorted by ``offer_id``, ``product_id``
        ``product_id`` : null for a coupon that is valid on everything; ``allowed``;
        ``blocked_because`` : list of codes, see `siyu.datasets.label`, empty if allowed;
        ``price`` : of one piece for the member; ``public_price``; ``benefit`` : what the member
        saves; ``benefit_share`` : of the public price, for a coupon of what must be spent;
        ``time_left`` : until the offer ends; ``refund_rate`` : share of the product's sales
        that came back, drawn towards that of all; ``rating``; ``stock`` : as given;
        ``budget_left``; ``n_eligible`` : members who may have a personal offer now, null for
        offers open to everybody. Null where unknown: what is unknown blocks nothing, but where
        a rule says so.

    Raises
    ------
    DataError
        If there are no offers.

    Notes
    -----
    Only offers known at the moment appear: those begun, and planned ones whose ``known_at`` (an
    extra column) lies before it. A budget is used up by the face values of the coupons used.
    Price, stock and rating have no date: they are as known now.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(300, random_state=0)
    >>> found = check_offers(c, as_of="2026-06-17", rules=OfferRules(min_time_left="1D"))
    >>> sorted(found.loc[found["allowed"], "offer_id"].unique())
    ['off0093', 'off0096', 'off0149', 'off0150', 'off0151', 'off0152']
    """
    c.require("offers", call="check_offers()")
    gates = Gates.of(c.before(as_of), c.moment(as_of), rules or OfferRules())
    rows = gates.rows
    offer, product = rows.ids()
    left = rows.ends - rows.moment
    us = np.nan_to_num(left).astype(np.int64)
    table = pa.table(
        {
            "offer_id": offer,
            "product_id": product,
            "allowed": pa.array(gates.allowed),
            "blocked_because": _codes(gates.blocked),
            "price": known(rows.price),
            "public_price": known(rows.public),
            "benefit": known(rows.benefit),
            "benefit_share": known(rows.benefit_share),
            "time_left": pa.array(us, pa.int64(), mask=np.isnan(left)).cast(pa.duration("us")),
            "refund_rate": known(gates.refund_rate),
            "rating": known(gates.rating),
            "stock": known(rows.stock),
            "budget_left": known(rows.budget_left),
            "n_eligible": _whole(gates.n_eligible),
        }
    )
    return from_arrow(table, output)


def _timing(rows: OfferRows, rules: OfferRules) -> dict[str, Bools]:
    """Check begin and end; a comparison with an unknown time is false."""
    ended = rows.ends <= rows.moment
    soon = rows.ends - rows.moment < rules.time_left_us()
    return {
        "not_started": rows.starts > rows.moment,
        "ended": ended,
        "ends_soon": soon & ~ended,
    }


def _supply(c: Community, rows: OfferRows, rules: OfferRules) -> dict[str, Bools]:
    """Check stock and budget."""
    left = rows.stock - (rows.n_used if rules.stock_is == "total" else 0.0)
    there = np.append(in_stock(c, rows.products), True)[rows.product]
    return {
        "no_stock": left < max(rules.min_stock, 1.0),
        "out_of_stock": ~there,
        "no_budget": rows.budget_left <= 0,
        "not_recommendable": ~np.append(_recommendable(c, rows.products), True)[rows.product],
    }


def _benefit(rows: OfferRows, rules: OfferRules) -> dict[str, Bools]:
    """Check what the member saves."""
    asked = rules.min_benefit > 0 or rules.min_benefit_share > 0
    small = (rows.benefit < rules.min_benefit) | (rows.benefit_share < rules.min_benefit_share)
    loses = ~rows.is_coupon & (rows.public <= rows.price)
    return {
        "public_not_higher": loses & rules.must_beat_public,
        "no_public_price": np.isnan(rows.benefit) & asked,
        "small_benefit": small & asked,
        "below_threshold": ~rows.reaches() & rules.one_item_reaches,
    }


def _quality(
    rating: Numbers, rate: Numbers, n_sold: Numbers, rules: OfferRules
) -> dict[str, Bools]:
    """Check rating and refunds."""
    none = np.zeros(len(rating), np.bool_)
    low = none if rules.min_rating is None else rating < rules.min_rating
    strict = rules.min_rating is not None and not rules.allow_unrated
    many = none
    if rules.max_refund_rate is not None:
        many = (rate > rules.max_refund_rate) & (n_sold >= rules.min_sales)
    return {"low_rating": low, "no_rating": np.isnan(rating) & strict, "many_refunds": many}


def _refunds(c: Community, rows: OfferRows, members: pa.Array) -> tuple[Numbers, Numbers]:
    """Give refund rate and sales of each row's product; NaN and 0 where nothing is known."""
    try:
        found = Refunds.of(c, rows.products, rows.moment, members)
    except DataError:  # no orders, or they name no products: unknown
        return np.full(len(rows.offer), np.nan), np.zeros(len(rows.offer))
    rate = _of_product(np.where(found.n_sold > 0, found.rate, np.nan), rows.product, np.nan)
    return rate, _of_product(found.n_sold.astype(np.float64), rows.product, 0.0)


def _recommendable(c: Community, products: pa.Array) -> Bools:
    """Tell which products may be recommended; unknown counts as yes."""
    listed = c.arrow("products")
    if listed is None or "recommendable" not in listed.column_names or not len(products):
        return np.ones(len(products), np.bool_)
    flags = np.asarray(listed["recommendable"].fill_null(True).to_numpy(), np.bool_)
    at = lookup(products, listed["product_id"].combine_chunks())
    return np.asarray(np.append(flags, True)[at])


def _of_product(values: Numbers, product: Ints, missing: float) -> Numbers:
    """Give each row its product's value; `missing` for no product."""
    return np.asarray(np.append(values, missing)[product], np.float64)


def _codes(blocked: NDArray[np.bool_]) -> pa.Array:
    """Write the codes that hold in each row as a list."""
    _, column = np.nonzero(blocked)
    offsets = np.concatenate([[0], np.cumsum(blocked.sum(axis=1))]).astype(np.int32)
    names = pa.array(BLOCKS, pa.large_string()).take(pa.array(column, pa.int64()))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names)


def _whole(values: Numbers) -> pa.Array:
    """Write whole numbers, null where NaN."""
    return pa.array(np.nan_to_num(values).astype(np.int64), mask=np.isnan(values))
