"""The features of a member and a coupon, declared once: name, family, and how a line reads them.

A straight line through counts, prices and days would be bent by the largest of them, so it reads
``log(1 + scale x value)``, and for values that are unknown what is written here. Trees read the
numbers as they are, NaN for unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from siyu.recommend.tables.member_columns import MemberColumns

__all__ = ["COUPON_FAMILIES", "CouponFeature", "coupon_features"]

COUPON_FAMILIES = (
    "own",
    "rhythm",
    "group",
    "popular",
    "price",
    "coupon_use",
    "redeeming",
    "pool",
    "member",
    "extra",
)


@dataclass(frozen=True, slots=True)
class CouponFeature:
    """One feature.

    Attributes
    ----------
    name : str
    family : str, one of `COUPON_FAMILIES`
    scale : float > 0
        What the line multiplies the value by: 100 for shares.
    unknown : float
        What the line takes for NaN.
    """

    name: str
    family: str
    scale: float = 1.0
    unknown: float = 0.0


_OWN = (
    ("lines", 1),
    ("quantity", 1),
    ("amount", 1),
    ("trips", 1),
    ("trips_28", 1),
    ("trips_84", 1),
    ("decayed_14", 1),
    ("decayed_30", 1),
    ("decayed_90", 1),
    ("decayed_180", 1),
    ("n_bought", 1),
    ("covered", 100),
    ("per_visit", 100),
    ("share_of_lines", 100),
    ("lift", 1),
)
_RHYTHM = (("last", 400.0), ("first", 0.0), ("gap", 300.0), ("due", 5.0), ("expected_trips", 0.0))
_POPULAR = (
    ("n_products", 1),
    ("buyers_28", 100),
    ("buyers_84", 100),
    ("buyers", 100),
    ("lines_28", 100),
    ("lines_84", 100),
    ("lines_all", 100),
    ("repeats", 1),
)
_PRICE = (
    ("own_price", 1),
    ("own_discount", 100),
    ("offer_price", 1),
    ("offer_discount", 100),
    ("face_value", 1),
    ("threshold", 1),
)
_COUPON_USE = (
    ("own_coupon_lines", 1, 0.0),
    ("offer_coupon_lines", 1, 0.0),
    ("offer_coupon_share", 100, 0.0),
    ("coupon_lines", 1, 0.0),
    ("coupon_lines_90", 1, 0.0),
    ("coupon_share", 100, 0.0),
    ("coupon_last", 1, 400.0),
)
_REDEEMING = (
    ("received", 1, 0.0),
    ("redeemed_launches", 1, 0.0),
    ("redeem_rate", 100, 0.0),
    ("received_kind", 1, 0.0),
    ("redeemed_kind", 1, 0.0),
    ("redeem_rate_kind", 100, 0.0),
    ("redeemed", 1, 0.0),
    ("redeemed_90", 1, 0.0),
    ("coupon_redeem_rate", 100, 0.0),
    ("redeemed_last", 1, 400.0),
    ("affinity_x_rate", 100, 0.0),
)
_POOL = (
    ("n_coupons", 1),
    ("days", 1),
    ("share_of_pool", 100),
    ("pool_total", 1),
    ("pool_bought", 1),
)
_MEMBER = (
    ("visits_28", 1),
    ("visits_84", 1),
    ("visits", 1),
    ("spend_28", 1),
    ("spend_84", 1),
    ("spend", 1),
    ("visit_last", 1),
    ("tenure", 1),
    ("discount_share", 100),
    ("basket_lines", 1),
    ("n_distinct", 1),
    ("distinct_share", 100),
)
RANKED = (
    "decayed_90",
    "decayed_30",
    "trips",
    "covered",
    "lift",
    "buyers_84",
    "amount",
    "n_bought",
    "per_visit",
    "recent",
    "own_coupon_lines",
)


def coupon_features(attributes: Sequence[str], columns: MemberColumns) -> tuple[CouponFeature, ...]:
    """List the features, in their one order.

    Parameters
    ----------
    attributes : product attributes that group products, such as category and brand
    columns : MemberColumns
        What the caller adds.

    Examples
    --------
    >>> names = [one.name for one in coupon_features(("brand",), MemberColumns({}))]
    >>> names[0], "taste:brand" in names, "rank:trips" in names
    ('lines', True, True)
    """
    found = [CouponFeature(name, "own", scale) for name, scale in _OWN]
    found += [CouponFeature(name, "rhythm", 1.0, unknown) for name, unknown in _RHYTHM]
    for one in attributes:
        found += [
            CouponFeature(f"taste:{one}", "group"),
            CouponFeature(f"taste_any:{one}", "group"),
            CouponFeature(f"share_in:{one}", "group", 100.0),
            CouponFeature(f"rank:taste:{one}", "group"),
            CouponFeature(f"width:{one}", "popular"),
            CouponFeature(f"focus:{one}", "popular", 100.0),
        ]
    found += [CouponFeature(name, "popular", scale) for name, scale in _POPULAR]
    found += [CouponFeature(name, "price", scale) for name, scale in _PRICE]
    found += [CouponFeature(n, "coupon_use", scale, gone) for n, scale, gone in _COUPON_USE]
    found += [CouponFeature(n, "redeeming", scale, gone) for n, scale, gone in _REDEEMING]
    found += [CouponFeature(name, "pool", scale) for name, scale in _POOL]
    found += [CouponFeature(f"rank:{name}", "own") for name in RANKED]
    found += [CouponFeature(name, "member", scale) for name, scale in _MEMBER]
    found += [CouponFeature(f"extra:{name}", "extra") for name in columns.names]
    return tuple(found)
