"""How each member shops: visits, spend, variety, and how often with coupons."""

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.clock import DAY_US
from siyu.recommend.sorted_keys import Ints, run_starts

from .coupon_scene import CouponScene

__all__ = ["member_habits"]

Numbers = NDArray[np.float64]

_COUPON_DAYS = 90


def member_habits(scene: CouponScene) -> dict[str, Numbers]:
    """Measure every member of a scene.

    Returns
    -------
    mapping of feature name to float64 array, n_members
        Counts are 0 for members without purchases; times and shares are then NaN. What coupons
        were used on is NaN where the orders do not tell.
    """
    bought, n = scene.bought, len(scene.bought.members)
    member = bought.line_member()
    line_age = (scene.moment - bought.basket_time[bought.line_basket]) / DAY_US
    age = (scene.moment - bought.basket_time) / DAY_US
    found: dict[str, Numbers] = {}
    for name, days in (("_28", 28.0), ("_84", 84.0), ("", np.inf)):
        lately = age <= days
        found[f"visits{name}"] = _count(bought.basket_member[lately], n)
        lately = line_age <= days
        found[f"spend{name}"] = _total(member[lately], bought.amount[lately], n)
    last, first = np.full(n, np.nan), np.full(n, np.nan)
    np.fmin.at(last, bought.basket_member, age)
    np.fmax.at(first, bought.basket_member, age)
    lines, off = _count(member, n), _total(member, bought.discount, n)
    pairs = np.sort(member * max(len(bought.products), 1) + bought.line_product)
    distinct = pairs[run_starts(pairs)] // max(len(bought.products), 1)
    found |= {
        "visit_last": last,
        "tenure": first,
        "discount_share": _ratio(off, found["spend"] + off),
        "basket_lines": _ratio(lines, found["visits"]),
        "n_lines": lines,
        "n_distinct": _count(distinct, n),
        "distinct_share": _ratio(_count(distinct, n), lines),
    }
    return found | _coupon_use(scene, lines, n)


def _coupon_use(scene: CouponScene, lines: Numbers, n: int) -> dict[str, Numbers]:
    """Count the order lines with a coupon."""
    used = scene.used
    if not used.is_known:
        unknown = np.full(n, np.nan)
        names = ("coupon_lines", "coupon_lines_90", "coupon_share", "coupon_last")
        return dict.fromkeys(names, unknown)
    age = (scene.moment - used.time) / DAY_US
    last = np.full(n, np.nan)
    np.fmin.at(last, used.member, age)
    n_used = _count(used.member, n)
    return {
        "coupon_lines": n_used,
        "coupon_lines_90": _count(used.member[age <= _COUPON_DAYS], n),
        "coupon_share": n_used / np.maximum(lines, 1.0),
        "coupon_last": last,
    }


def _count(codes: Ints, n: int) -> Numbers:
    """Count the rows of every code."""
    return np.bincount(codes, minlength=n).astype(np.float64)


def _total(codes: Ints, values: Numbers, n: int) -> Numbers:
    """Sum the values of every code, in the order of the rows."""
    return np.bincount(codes, values, n).astype(np.float64)


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    """Divide; NaN where the whole is not above 0."""
    above = whole > 0
    return np.where(above, part / np.where(above, whole, 1.0), np.nan)
