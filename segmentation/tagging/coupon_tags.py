"""Tags of coupons in hand: who redeems what was issued, and who never does."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, instants
from siyu.datasets.ids import encode, lookup
from siyu.datasets.purchases import is_purchase
from siyu.datasets.shrinkage import BetaPrior
from siyu.segmentation.records import has_column, is_recorded, table_of

from .event_rows import REDEEM, events_named
from .evidence import Found
from .facts import Facts, grouped_once
from .found_values import flag_tag, rate_tag, recorded_for, usual_rate

__all__ = ["CouponNorms", "coupon_norms", "coupon_tags"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_DAYS = 180
_LASTS_US = 28 * DAY_US
_FEWEST = 5


@dataclass(frozen=True, slots=True, eq=False)
class CouponNorms:
    """Whether any coupon was ever redeemed, and how often members redeem theirs."""

    redeemed: bool
    usual: BetaPrior


def coupon_norms(facts: Facts) -> CouponNorms:
    """Learn how often coupons are redeemed."""
    won, tried = grouped_once(facts, _outcomes)
    return CouponNorms(bool(won.any()), usual_rate(won, tried))


def coupon_tags(facts: Facts, norms: CouponNorms) -> dict[str, Found]:
    """Tag what became of the coupons issued in the last 180 days whose time is over.

    Returns
    -------
    dict of tag to `Found`
        Nothing where no redemption was ever recorded; null for members without such a coupon.
    """
    if not norms.redeemed or not recorded_for(facts, "offer_members", _DAYS):
        return {}
    won, tried = grouped_once(facts, _outcomes)
    never = (won == 0) & (tried >= _FEWEST)
    return {
        "coupon_redeem_share": rate_tag(won, tried, norms.usual),
        "coupon_hoarder": flag_tag(never, tried, tried == 0),
    }


def _outcomes(facts: Facts) -> tuple[Ints, Ints]:
    """Count each member's different coupons that were redeemed, and all whose time is over."""
    n, issued = len(facts.members), facts.c.arrow("offer_members")
    nothing = np.zeros(n, dtype=np.int64)
    if issued is None or "issued_at" not in issued.column_names:
        return nothing, nothing
    issued = issued.filter(_run_out(facts, issued))
    of = lookup(issued["member_id"], facts.members)
    offers, ids = encode(issued["offer_id"].filter(pa.array(of >= 0)))
    pairs = np.unique(of[of >= 0] * max(len(ids), 1) + offers)
    used = [
        who[known] * max(len(ids), 1) + what[known]
        for who, what in ((who, lookup(offer, ids)) for who, offer in _redemptions(facts))
        for known in [(who >= 0) & (what >= 0)]
    ]
    redeemed = np.isin(pairs, np.concatenate(used)) if used else np.zeros(len(pairs), np.bool_)
    member = pairs // max(len(ids), 1)
    return np.bincount(member[redeemed], minlength=n), np.bincount(member, minlength=n)


def _run_out(facts: Facts, issued: pa.Table) -> pa.Array:
    """Tell which coupons were issued in the window and can no longer be used."""
    at = instants(issued["issued_at"].fill_null(pa.scalar(0).cast(issued["issued_at"].type)))
    ends = at + _LASTS_US
    if "expires_at" in issued.column_names:
        told = pc.fill_null(issued["expires_at"].cast(pa.int64()), -1).to_numpy()
        ends = np.where(told >= 0, told, ends)
    mask = (at >= facts.end - _DAYS * DAY_US) & (ends < facts.end)
    if has_column(facts.c, "offers", "kind"):
        offers = table_of(facts.c, "offers", "tag()")
        coupons = offers.filter(pc.not_equal(offers["kind"], "coupon"))["offer_id"]
        mask &= lookup(issued["offer_id"], pc.unique(coupons)) < 0
    return pa.array(mask)


def _redemptions(facts: Facts) -> list[tuple[Ints, pa.ChunkedArray]]:
    """Give who redeemed which offer, as orders, sends and events tell."""
    told, orders = [], facts.c.arrow("orders")
    if facts.purchases is not None and orders is not None and "coupon_id" in orders.column_names:
        used = orders.filter(orders["coupon_id"].is_valid())
        used = used.filter(pa.array(is_purchase(used)))
        told.append((lookup(used["member_id"], facts.members), used["coupon_id"]))
    sends = facts.c.arrow("sends")
    if sends is not None and {"member_id", "redeemed_at", "offer_id"} <= set(sends.column_names):
        rows = sends.select(["member_id", "offer_id"]).filter(sends["redeemed_at"].is_valid())
        told.append((lookup(rows["member_id"], facts.members), rows["offer_id"]))
    events = events_named(facts, REDEEM)
    if is_recorded(facts.c, "events", facts.end) and "offer_id" in events.table.column_names:
        told.append((events.codes, events.column("offer_id")))
    return told
