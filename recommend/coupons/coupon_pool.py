"""The coupons known at one moment: when they run, what they are good for, who may have them.

A *launch* is a set of coupons of one campaign that begin together: the list from which a member
chooses. A coupon's campaign is what ``offers.campaign_id`` says, else the campaign of the sends
that named it; coupons without either form a launch with those that begin at the same moment.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.clock import DAY_US, instants
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.ids import encode, ids_in, lookup, take
from siyu.recommend.offers.coupon_use import extra_ids
from siyu.recommend.offers.offer_rows import OfferRows
from siyu.recommend.sorted_keys import Bools, Ints, run_starts

__all__ = ["CouponPool", "Holders"]

Numbers = NDArray[np.float64]

_NEVER = 2**62
_PROMPT = DAY_US  # a coupon issued later than this after its launch was not in that list


@dataclass(frozen=True, slots=True, eq=False)
class Holders:
    """Who may have which personal coupon: one row a coupon and member.

    Attributes
    ----------
    offer, member : int64 arrays, n_rows
        Codes of the pool and of the members, ascending by offer and member.
    issued : int64 array, n_rows, microseconds
        When the member was first given it; far back where nobody tells.
    expires : int64 array, n_rows, microseconds
        When the member's coupon ends, at the latest with the offer.
    """

    offer: Ints
    member: Ints
    issued: Ints
    expires: Ints


@dataclass(frozen=True, slots=True, eq=False)
class CouponPool:
    """Coupons in order of their id.

    Attributes
    ----------
    offers : pa.Array, sorted ids of coupons with a known beginning
    campaigns : pa.Array, sorted ids
    campaign : int64 array, n_offers, -1 where unknown
    kind : int64 array, n_offers
        Code of the campaign's kind, -1 where unknown.
    launch : int64 array, n_offers
        Codes in order of beginning, campaign.
    starts, ends : int64 arrays, n_offers, microseconds
    discount, threshold, stock, budget_left : float64 arrays, n_offers, NaN where unknown
    products : pa.Array, sorted ids: those of the purchases and of the coupons
    rows_product, rows_offer : int64 arrays
        What each coupon is good for, ascending by product, then offer.
    is_personal : bool array, n_offers
        Only listed members may have it.
    holders : Holders
    n_undated : int
        Coupons left out because nobody knows when they begin.
    """

    offers: pa.Array
    campaigns: pa.Array
    campaign: Ints
    kind: Ints
    launch: Ints
    starts: Ints
    ends: Ints
    discount: Numbers
    threshold: Numbers
    stock: Numbers
    budget_left: Numbers
    products: pa.Array
    rows_product: Ints
    rows_offer: Ints
    is_personal: Bools
    holders: Holders
    n_undated: int

    @classmethod
    def of(
        cls, c: Community, moment: int, horizon: int, members: pa.Array, products: pa.Array
    ) -> "CouponPool":
        """Read the coupons.

        Parameters
        ----------
        c : Community
            Cut at `moment`.
        moment, horizon : int, microseconds
            A coupon without an end runs for the horizon.
        members, products : pa.Array, sorted ids
            Customers who may be addressed; products bought.

        Raises
        ------
        DataError
            If there are no coupons.
        """
        c.require("offers", call="coupon recommendations")
        rows, listed = OfferRows.of(c, moment), _table(c, "offers")
        first = run_starts(rows.offer)
        is_coupon = rows.is_coupon[first]
        starts = rows.starts[first]
        dated = is_coupon & ~np.isnan(starts)
        kept = np.flatnonzero(dated)
        if not len(kept):
            raise DataError(
                "there are no coupons: expected offers of kind 'coupon' with starts_at before "
                f"as_of, got {int(is_coupon.sum())} coupons, none with starts_at"
            )
        offers = take(rows.offers, kept)
        at = lookup(offers, listed["offer_id"].combine_chunks())
        begin = starts[kept].astype(np.int64)
        end = rows.ends[first][kept]
        ends = np.where(np.isnan(end), begin + horizon, np.nan_to_num(end)).astype(np.int64)
        campaign, campaigns = _campaigns(c, listed.take(pa.array(at)), offers)
        code = np.cumsum(dated) - 1
        goods = _goods(rows, dated, code, products)
        return cls(
            offers=offers,
            campaigns=campaigns,
            campaign=campaign,
            kind=_kinds(c, campaigns)[campaign],
            launch=_launches(begin, campaign),
            starts=begin,
            ends=ends,
            discount=_number(listed, "discount")[at],
            threshold=rows.threshold[first][kept],
            stock=rows.stock[first][kept],
            budget_left=rows.budget_left[first][kept],
            products=goods[0],
            rows_product=goods[1],
            rows_offer=goods[2],
            is_personal=rows.is_personal[first][kept],
            holders=_holders(c, offers, ends, members),
            n_undated=int((is_coupon & np.isnan(starts)).sum()),
        )

    @property
    def n_launches(self) -> int:
        """Launches there are."""
        return int(self.launch.max(initial=-1)) + 1

    def was_prompt(self) -> Bools:
        """Tell which rows of the holders were issued when their coupon began, or a day later.

        Who is given a coupon weeks later may owe it to what they did meanwhile. A list as it
        looked at the launch must not hold it.
        """
        return self.holders.issued <= self.starts[self.holders.offer] + _PROMPT

    def launch_starts(self) -> Ints:
        """Give the moment at which each launch begins, ascending."""
        starts = np.zeros(self.n_launches, np.int64)
        starts[self.launch] = self.starts
        return starts


def _table(c: Community, name: str) -> pa.Table:
    """Give a table that is there."""
    rows = c.arrow(name)
    if rows is None:
        raise DataError(f"there is no table {name}")
    return rows


def _number(rows: pa.Table, name: str) -> Numbers:
    """Read an optional number column; NaN where absent or null."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    return np.asarray(rows[name].cast(pa.float64()).to_numpy(), np.float64)


def _campaigns(c: Community, listed: pa.Table, offers: pa.Array) -> tuple[Ints, pa.Array]:
    """Find the campaign of every offer; -1 where nobody tells."""
    sends = c.arrow("sends")
    if "campaign_id" in listed.column_names:
        return encode(extra_ids(listed["campaign_id"]))
    if sends is None or not {"offer_id", "campaign_id"} <= set(sends.column_names):
        return np.full(len(offers), -1, np.int64), pa.array([], pa.int64())
    offer = lookup(sends["offer_id"], offers)
    campaign, campaigns = encode(sends["campaign_id"])
    told = np.flatnonzero((offer >= 0) & (campaign >= 0))
    order = told[np.lexsort((campaign[told], instants(sends["send_time"])[told], offer[told]))]
    first = order[run_starts(offer[order])]
    found = np.full(len(offers), -1, np.int64)
    found[offer[first]] = campaign[first]
    return found, campaigns


def _kinds(c: Community, campaigns: pa.Array) -> Ints:
    """Give the kind of every campaign as a code, and -1 at the end for offers without one."""
    known = c.arrow("campaigns")
    if known is None or "kind" not in known.column_names:
        return np.full(len(campaigns) + 1, -1, np.int64)
    ids = known["campaign_id"]
    if ids.type != campaigns.type:
        return np.full(len(campaigns) + 1, -1, np.int64)
    at = lookup(campaigns, ids.combine_chunks())
    return np.append(np.append(encode(known["kind"])[0], -1)[at], -1)


def _launches(starts: Ints, campaign: Ints) -> Ints:
    """Give every coupon its launch: codes in order of beginning and campaign."""
    order = np.lexsort((campaign, starts))
    opens = np.zeros(len(order), np.int64)
    opens[run_starts(starts[order], campaign[order])] = 1
    found = np.empty(len(order), np.int64)
    found[order] = np.cumsum(opens) - 1
    return found


def _goods(
    rows: OfferRows, kept: Bools, code: Ints, products: pa.Array
) -> tuple[pa.Array, Ints, Ints]:
    """List what each coupon is good for, in codes of all products; one without products: all."""
    some = kept[rows.offer]
    offer, product = code[rows.offer[some]], rows.product[some]
    ids = ids_in(products, rows.products)
    everywhere = np.unique(offer[product < 0])
    given = product >= 0
    product = lookup(take(rows.products, product[given]), ids)
    product = np.concatenate([product, np.tile(np.arange(len(ids)), len(everywhere))])
    offer = np.concatenate([offer[given], np.repeat(everywhere, len(ids))])
    order = np.lexsort((offer, product))
    return ids, product[order], offer[order]


def _holders(c: Community, offers: pa.Array, ends: Ints, members: pa.Array) -> Holders:
    """Read who may have which coupon; issued twice counts once, until the later end."""
    issued = c.arrow("offer_members")
    if issued is None:
        nothing = np.zeros(0, np.int64)
        return Holders(nothing, nothing, nothing, nothing)
    offer, member = lookup(issued["offer_id"], offers), lookup(issued["member_id"], members)
    met = np.flatnonzero((offer >= 0) & (member >= 0))
    offer, member = offer[met], member[met]
    given = _times(issued, "issued_at", -_NEVER)[met]
    expires = np.minimum(ends[offer], _times(issued, "expires_at", _NEVER)[met])
    order = np.lexsort((given, member, offer))
    starts = run_starts(offer[order], member[order])
    last = np.maximum.reduceat(expires[order], starts) if len(starts) else expires
    kept = order[starts]
    return Holders(offer[kept], member[kept], given[kept], last)


def _times(rows: pa.Table, name: str, missing: int) -> Ints:
    """Read an optional time column in microseconds."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, missing)
    return np.asarray(rows[name].cast(pa.int64()).fill_null(missing).to_numpy(), np.int64)
