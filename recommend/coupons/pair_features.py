"""The feature matrix of members and coupons: the one kernel of training, lists and scores.

`CouponNumbers` holds what is measured once at a moment, over everybody; given it, the features of
a member's pairs depend on that member's rows alone, whoever else is asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.boosting import FeatureMatrix
from siyu.datasets.clock import DAY_US
from siyu.recommend.sorted_keys import Ints, ranges, run_starts

from .coupon_features import RANKED, CouponFeature
from .coupon_pairs import CouponPairs
from .coupon_scene import CouponScene
from .member_habits import member_habits
from .offer_numbers import OfferNumbers
from .own_numbers import own_numbers, taste_numbers
from .redeem_record import RedeemRecord

__all__ = ["CouponNumbers", "pair_columns", "pair_matrix", "plain_score", "rank_in_list"]

Numbers = NDArray[np.float64]

_FAINT, _REACH = 1e-4, 1e-2  # stand in for affinity where nothing was bought
_LEAST = 1e-3  # below this a share would be noise over noise
_ACTIVE_DAYS = 84


@dataclass(frozen=True, slots=True, eq=False)
class CouponNumbers:
    """What is measured once at a moment.

    Attributes
    ----------
    scene : CouponScene
    offers : OfferNumbers
        Of the coupons that are to be scored.
    habits : mapping of name to float64 array, n_members
    record : RedeemRecord
    """

    scene: CouponScene
    offers: OfferNumbers
    habits: dict[str, Numbers]
    record: RedeemRecord

    @classmethod
    def of(cls, scene: CouponScene, offers: Ints) -> "CouponNumbers":
        """Measure some coupons (ascending codes) and all members."""
        numbers = OfferNumbers.of(scene, offers)
        return cls(scene, numbers, member_habits(scene), RedeemRecord.of(scene))


def pair_columns(numbers: CouponNumbers, pairs: CouponPairs) -> dict[str, Numbers]:
    """Measure everything about pairs.

    Parameters
    ----------
    numbers : CouponNumbers
    pairs : CouponPairs
        Whole lists: ranks are within them. Offers among those of `numbers`.

    Returns
    -------
    mapping of feature name to float64 array, n_pairs
    """
    scene, offers = numbers.scene, numbers.offers
    place = np.searchsorted(offers.offers, pairs.offer)
    found = {name: values[place] for name, values in offers.columns.items()}
    found |= {name: values[pairs.member] for name, values in numbers.habits.items()}
    found |= {name: values[pairs.member] for name, values in numbers.record.columns.items()}
    found |= numbers.record.of_kind(pairs.member, scene.pool.kind[pairs.offer])
    found |= own_numbers(scene, pairs, offers.offers) | taste_numbers(scene, pairs, offers)
    found["days"] = (pairs.ends - scene.moment) / DAY_US
    found["own_coupon_lines"] = _own_coupon_lines(numbers, pairs)
    found |= _ratios(found, tuple(offers.profiles))
    found |= _of_list(found, pairs)
    found["recent"] = -np.nan_to_num(found["last"], nan=1e4)
    for name in (*RANKED, *(f"taste:{one}" for one in offers.profiles)):
        found[f"rank:{name}"] = rank_in_list(pairs.list_of(), np.nan_to_num(found[name]))
    extra = {f"extra:{n}": v[pairs.member].astype(np.float64) for n, v in scene.extra.items()}
    return found | extra


def plain_score(columns: dict[str, Numbers]) -> Numbers:
    """Score without training: decayed own purchases of the products x the member's past rate.

    Where nothing was bought, the coupon's reach stands in, faintly. Above 0.
    """
    affinity = columns["decayed_90"] + _FAINT + _REACH * columns["buyers_84"]
    return affinity * columns["coupon_redeem_rate"]


def pair_matrix(columns: dict[str, Numbers], features: Sequence[CouponFeature]) -> FeatureMatrix:
    """Put the columns of the features side by side."""
    n = len(columns["trips"])
    values = np.empty((n, len(features)), np.float32)
    for at, feature in enumerate(features):
        values[:, at] = columns[feature.name]
    return FeatureMatrix(values, tuple(feature.name for feature in features))


def rank_in_list(list_of: Ints, values: Numbers) -> Numbers:
    """Rank each row within its list: 0 is the largest; equal values share their mean rank.

    Parameters
    ----------
    list_of : int64 array, n_rows, ascending
    values : float64 array, n_rows, no NaN

    Examples
    --------
    >>> rank_in_list(np.array([0, 0, 0, 1]), np.array([5.0, 9.0, 5.0, 1.0])).tolist()
    [1.5, 0.0, 1.5, 0.0]
    """
    order = np.lexsort((-values, list_of))
    ordered, value = list_of[order], values[order]
    starts = run_starts(ordered)
    sizes = np.diff(np.append(starts, len(order)))
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    ties = run_starts(ordered, np.unique(value, return_inverse=True)[1])
    alike = np.diff(np.append(ties, len(order)))
    found = np.empty(len(order))
    found[order] = np.repeat(place[ties] + (alike - 1) / 2, alike)
    return found


def _own_coupon_lines(numbers: CouponNumbers, pairs: CouponPairs) -> Numbers:
    """Count the member's lines with a coupon on the coupon's products; NaN where none can tell."""
    scene = numbers.scene
    pool, used, offers = scene.pool, scene.used, numbers.offers.offers
    if not used.is_known:
        return np.full(len(pairs), np.nan)
    chosen = np.isin(pool.rows_offer, offers)
    product, at = pool.rows_product[chosen], np.searchsorted(offers, pool.rows_offer[chosen])
    first = np.searchsorted(product, used.product)
    last = np.where(used.product >= 0, np.searchsorted(product, used.product, side="right"), first)
    rows = np.repeat(np.arange(len(used.product)), last - first)
    n = max(len(offers), 1)
    keys, count = np.unique(used.member[rows] * n + at[ranges(first, last)], return_counts=True)
    wanted = pairs.member * n + np.searchsorted(offers, pairs.offer)
    where = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    known = keys[where] == wanted if len(keys) else np.zeros(len(wanted), np.bool_)
    return np.where(known, np.append(count, 0)[where], 0).astype(np.float64)


def _ratios(found: dict[str, Numbers], attributes: tuple[str, ...]) -> dict[str, Numbers]:
    """Set the member's purchases against the coupon's reach, and against all of the member's."""
    decayed = found["decayed_90"]
    usual = np.maximum(found["lines_84"] * _ACTIVE_DAYS, _LEAST)
    ratios = {
        "covered": found["n_bought"] / np.maximum(found["n_products"], 1),
        "per_visit": decayed / np.maximum(found["visits_84"], 1),
        "share_of_lines": found["lines"] / np.maximum(found["n_lines"], 1),
        "lift": decayed / usual,
        "expected_trips": found["trips_a_day"] * found["days"],
        "affinity_x_rate": decayed * found["coupon_redeem_rate"],
    }
    for one in attributes:
        any_of = np.maximum(found[f"taste_any:{one}"], _LEAST)
        ratios[f"share_in:{one}"] = np.minimum(decayed / any_of, 10.0)
    return ratios


def _of_list(found: dict[str, Numbers], pairs: CouponPairs) -> dict[str, Numbers]:
    """Measure the list that a coupon stands in."""
    of, starts = pairs.list_of(), pairs.list_starts()
    decayed = found["decayed_90"]
    total = np.add.reduceat(decayed, starts) if len(starts) else np.zeros(0)
    met = np.add.reduceat((decayed > 0).astype(np.float64), starts) if len(starts) else total
    size = np.diff(np.append(starts, len(pairs))).astype(np.float64)
    return {
        "n_coupons": size[of],
        "pool_total": total[of],
        "pool_bought": met[of],
        "share_of_pool": decayed / np.maximum(total[of], 1e-6),
    }
