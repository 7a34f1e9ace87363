"""What each member has bought of each coupon's products: how often, when, for how much."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siyu.datasets.clock import DAY_US
from siyu.recommend.sorted_keys import Ints, run_starts

from .coupon_pairs import CouponPairs
from .coupon_scene import CouponScene
from .offer_numbers import OfferNumbers, lines_on_offers

__all__ = ["own_numbers", "taste_numbers"]

Numbers = NDArray[np.float64]

_HALF_LIVES = (14, 30, 90, 180)
_TASTE_HALF_LIFE = 90
_YOUNG = 20.0  # days a history is taken for at least when trips are projected


def own_numbers(scene: CouponScene, pairs: CouponPairs, offers: Ints) -> dict[str, Numbers]:
    """Measure the member's own purchases of the coupon's products.

    A trip is one basket with any of them.

    Parameters
    ----------
    scene : CouponScene
    pairs : CouponPairs
    offers : int64 array, ascending codes: all offers of the pairs

    Returns
    -------
    mapping of feature name to float64 array, n_pairs
        Counts are 0 where nothing was bought; times, gaps and prices are then NaN.
    """
    bought, n_offers = scene.bought, max(len(offers), 1)
    row, place = lines_on_offers(scene, offers, pairs.member)
    keys = bought.basket_member[bought.line_basket[row]] * n_offers + place
    order = np.lexsort((row, keys))  # rows are in order of time and product within a member
    keys, row = keys[order], row[order]
    found = _of_lines(scene, keys, row) | _of_trips(scene, keys, row)
    wanted = pairs.member * n_offers + np.searchsorted(offers, pairs.offer)
    met = keys[run_starts(keys)]
    at = np.minimum(np.searchsorted(met, wanted), max(len(met) - 1, 0))
    known = met[at] == wanted if len(met) else np.zeros(len(wanted), np.bool_)
    return {
        name: np.where(known, np.append(values, 0.0)[at], np.nan if name in _UNKNOWN else 0.0)
        for name, values in found.items()
    }


_UNKNOWN = ("last", "first", "gap", "due", "own_price", "own_discount")


def _of_lines(scene: CouponScene, keys: Ints, row: Ints) -> dict[str, Numbers]:
    """Add up the lines of every member and coupon."""
    bought, starts = scene.bought, run_starts(keys)
    paid, off, pieces = (
        _sums(column[row], starts) for column in (bought.amount, bought.discount, bought.quantity)
    )
    shelf = paid + off
    order = np.lexsort((bought.line_product[row], keys))
    distinct = run_starts(keys[order], bought.line_product[row][order])
    return {
        "lines": _sums(np.ones(len(row)), starts),
        "quantity": pieces,
        "amount": paid,
        "own_discount": np.where(shelf > 0, off / np.where(shelf > 0, shelf, 1.0), np.nan),
        "own_price": np.where(pieces > 0, shelf / np.where(pieces > 0, pieces, 1.0), np.nan),
        "n_bought": _sums(np.ones(len(distinct)), run_starts(keys[order][distinct])),
    }


def _of_trips(scene: CouponScene, keys: Ints, row: Ints) -> dict[str, Numbers]:
    """Count and date the trips of every member and coupon."""
    basket = scene.bought.line_basket[row]
    trips = run_starts(keys, basket)
    age = (scene.moment - scene.bought.basket_time[basket[trips]]) / DAY_US
    starts = run_starts(keys[trips])
    n = _sums(np.ones(len(trips)), starts)
    first = np.maximum.reduceat(age, starts) if len(starts) else np.zeros(0)
    last = np.minimum.reduceat(age, starts) if len(starts) else np.zeros(0)
    gap = np.where(n > 1, (first - last) / np.maximum(n - 1, 1), np.nan)
    found = {f"decayed_{h}": _sums(0.5 ** (age / h), starts) for h in _HALF_LIVES}
    found |= {f"trips_{w}": _sums((age <= w).astype(np.float64), starts) for w in (28, 84)}
    due = np.where(gap > 0, last / np.where(gap > 0, gap, 1.0), np.nan)
    daily = n / np.maximum(first, _YOUNG)
    return found | {
        "trips": n,
        "last": last,
        "first": first,
        "gap": gap,
        "due": due,
        "trips_a_day": daily,
    }


def taste_numbers(
    scene: CouponScene, pairs: CouponPairs, numbers: OfferNumbers
) -> dict[str, Numbers]:
    """Measure how much the member buys of the coupon's groups of products, by attribute.

    Returns
    -------
    mapping of feature name to float64 array, n_pairs
        ``taste:x``: decayed lines (half-life 90 days) in the coupon's groups, each by the share
        of the coupon's products in it; ``taste_any:x``: all decayed lines in those groups.
    """
    bought = scene.bought
    member, at = np.unique(pairs.member, return_inverse=True)
    place = np.searchsorted(numbers.offers, pairs.offer)
    code = np.full(len(bought.members), -1, np.int64)
    code[member] = np.arange(len(member))
    lines = scene.lines_of(member)
    row = code[bought.basket_member[bought.line_basket[lines]]]
    age = (scene.moment - bought.basket_time[bought.line_basket[lines]]) / DAY_US
    weight = 0.5 ** (age / _TASTE_HALF_LIFE)
    products = scene.products_of(lines)
    found: dict[str, Numbers] = {}
    for name, profile in numbers.profiles.items():
        group = scene.groups[name][products]
        kept = group >= 0
        shape = (len(member), profile.share.shape[1])
        own = csr_array((weight[kept], (row[kept], group[kept])), shape=shape)
        own.sum_duplicates()
        any_of = profile.share.copy()
        any_of.data = np.ones_like(any_of.data)
        found[f"taste:{name}"] = _cells(own, profile.share, at, place)
        found[f"taste_any:{name}"] = _cells(own, any_of, at, place)
    return found


def _cells(own: csr_array, share: csr_array, row: Ints, column: Ints) -> Numbers:
    """Multiply members x groups by groups x coupons, and read the cells of the pairs."""
    product = (own @ share.T).tocsr()
    product.sort_indices()
    width = max(product.shape[1], 1)
    of_row = np.repeat(np.arange(product.shape[0]), np.diff(product.indptr))
    keys, wanted = of_row * width + product.indices, row * width + column
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    known = keys[at] == wanted if len(keys) else np.zeros(len(wanted), np.bool_)
    return np.where(known, np.append(product.data, 0.0)[at], 0.0)


def _sums(values: Numbers, starts: Ints) -> Numbers:
    """Sum the values of every run; no rows give no sums."""
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0)
