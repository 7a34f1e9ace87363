"""Numbers of coupons, from everybody's purchases: reach, pace, price, groups of products."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siyu.datasets.clock import DAY_US
from siyu.recommend.sorted_keys import Ints, ranges

from .coupon_scene import CouponScene

__all__ = ["GroupProfile", "OfferNumbers", "lines_on_offers"]

Numbers = NDArray[np.float64]

_WINDOWS = {"28": 28, "84": 84}
_PRICE_DAYS = 84
_PRIOR_LINES = 20.0  # lines without a coupon that every offer is given


@dataclass(frozen=True, slots=True, eq=False)
class GroupProfile:
    """Over which groups of one attribute the products of each coupon are spread.

    Attributes
    ----------
    share : csr_array, n_offers x n_groups
        Share of the coupon's products in the group; a row sums to 1, or 0 where nothing is known.
    """

    share: csr_array


@dataclass(frozen=True, slots=True, eq=False)
class OfferNumbers:
    """Numbers of some coupons at one moment.

    Attributes
    ----------
    offers : int64 array, n_offers ascending codes of the pool
    columns : mapping of feature name to float64 array, n_offers
    profiles : mapping of attribute to GroupProfile
    """

    offers: Ints
    columns: Mapping[str, Numbers]
    profiles: Mapping[str, GroupProfile]

    @classmethod
    def of(cls, scene: CouponScene, offers: Ints) -> "OfferNumbers":
        """Measure coupons from everything before the scene's moment.

        Parameters
        ----------
        scene : CouponScene
        offers : int64 array, ascending codes
        """
        pool = scene.pool
        row, place = lines_on_offers(scene, offers)
        columns = _reach(scene, row, place, len(offers))
        columns |= _prices(scene, row, place, len(offers))
        chosen = np.isin(pool.rows_offer, offers)
        product, at = pool.rows_product[chosen], np.searchsorted(offers, pool.rows_offer[chosen])
        columns["n_products"] = np.bincount(at, minlength=len(offers)).astype(np.float64)
        columns["face_value"] = pool.discount[offers]
        columns["threshold"] = pool.threshold[offers]
        profiles = {}
        for name, group in scene.groups.items():
            share = _profile(group[product], at, len(offers), int(group.max(initial=-1)) + 1)
            profiles[name] = GroupProfile(share)
            columns[f"width:{name}"] = np.diff(share.indptr).astype(np.float64)
            columns[f"focus:{name}"] = _row_max(share)
        uses = np.flatnonzero(scene.used.product >= 0)
        first = np.searchsorted(product, scene.used.product[uses])
        last = np.searchsorted(product, scene.used.product[uses], side="right")
        spread = at[ranges(first, last)]
        n_uses = np.bincount(spread, minlength=len(offers)).astype(np.float64)
        n_uses = n_uses if scene.used.is_known else np.full(len(offers), np.nan)
        n_lines = np.bincount(place, minlength=len(offers))
        columns["offer_coupon_lines"] = n_uses
        columns["offer_coupon_share"] = n_uses / (n_lines + _PRIOR_LINES)
        return cls(offers, columns, profiles)


def lines_on_offers(
    scene: CouponScene, offers: Ints, members: Ints | None = None
) -> tuple[Ints, Ints]:
    """Pair order lines with the coupons that are good for their product.

    Parameters
    ----------
    scene : CouponScene
    offers : int64 array, ascending codes
    members : int64 array, codes, optional
        Whose lines; default everybody's.

    Returns
    -------
    (row, place)
        int64 arrays: a line of the purchases, and a position in `offers`; ascending by line.
    """
    pool = scene.pool
    chosen = np.isin(pool.rows_offer, offers)
    product, at = pool.rows_product[chosen], np.searchsorted(offers, pool.rows_offer[chosen])
    begin = np.searchsorted(product, np.arange(len(pool.products) + 1))
    lines = scene.lines_of(members)
    bought = scene.products_of(lines)
    wanted = begin[bought + 1] > begin[bought]
    lines, bought = lines[wanted], bought[wanted]
    first, last = begin[bought], begin[bought + 1]
    return np.repeat(lines, last - first), at[ranges(first, last)]


def _reach(scene: CouponScene, row: Ints, place: Ints, n: int) -> dict[str, Numbers]:
    """Count buyers and lines of each coupon's products, per active member, by age."""
    bought = scene.bought
    member = bought.line_member()
    age = scene.moment - bought.basket_time[bought.line_basket]
    days = max((scene.moment - int(bought.basket_time.min(initial=scene.moment))) / DAY_US, 1.0)
    found: dict[str, Numbers] = {}
    for name, length in {**_WINDOWS, "all": days}.items():
        lately = age <= length * DAY_US
        n_active = max(len(np.unique(member[lately])), 1)
        kept = lately[row] if name != "all" else np.ones(len(row), np.bool_)
        pairs = np.unique(member[row[kept]] * max(n, 1) + place[kept])
        buyers = np.bincount(pairs % max(n, 1), minlength=n)
        lines = np.bincount(place[kept], minlength=n)
        found["buyers" if name == "all" else f"buyers_{name}"] = buyers / n_active
        found[f"lines_{name}"] = lines / n_active / length
        if name == "all":
            found["repeats"] = lines / np.maximum(buyers, 1)
    return found


def _prices(scene: CouponScene, row: Ints, place: Ints, n: int) -> dict[str, Numbers]:
    """Average what a piece cost lately before discounts, and the share taken off."""
    bought = scene.bought
    age = scene.moment - bought.basket_time[bought.line_basket[row]]
    kept = age <= _PRICE_DAYS * DAY_US
    row, place = row[kept], place[kept]
    paid, off, pieces = (
        np.bincount(place, column[row], minlength=n)
        for column in (bought.amount, bought.discount, bought.quantity)
    )
    shelf = paid + off
    price = np.where(pieces > 0, shelf / np.where(pieces > 0, pieces, 1.0), np.nan)
    share = np.where(shelf > 0, off / np.where(shelf > 0, shelf, 1.0), np.nan)
    return {"offer_price": price, "offer_discount": share}


def _profile(group: Ints, offer: Ints, n_offers: int, n_groups: int) -> csr_array:
    """Spread each coupon over the groups of its products."""
    known = group >= 0
    group, offer = group[known], offer[known]
    total = np.bincount(offer, minlength=n_offers)
    cells, n = np.unique(offer * max(n_groups, 1) + group, return_counts=True)
    row, column = cells // max(n_groups, 1), cells % max(n_groups, 1)
    return csr_array((n / total[row], (row, column)), shape=(n_offers, max(n_groups, 1)))


def _row_max(share: csr_array) -> Numbers:
    """Give the largest share of every row; 0 for none."""
    row = np.repeat(np.arange(share.shape[0]), np.diff(share.indptr))
    found = np.zeros(share.shape[0])
    np.maximum.at(found, row, share.data)
    return found
