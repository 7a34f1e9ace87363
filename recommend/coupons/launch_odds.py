"""The chance that a member redeems anything of a launch: its own line beside the coupons' chances.

One minus the product of the coupons' misses takes them for independent, and knows a member only
through single coupons. A line over member and launch, whose features are the member's habits and
the largest and mean affinity of the list, errs elsewhere; the mean of both log-odds was better
than either on launches that neither had seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.boosting import FeatureMatrix
from siyu.recommend.sorted_keys import Bools, Ints

from .coupon_features import CouponFeature
from .redeem_line import OddsScale, RedeemLine

__all__ = ["LaunchOdds", "any_of", "launch_features", "launch_matrix"]

Numbers = NDArray[np.float64]

_STRENGTH = 50.0
_FEWEST = 25  # lists with a redemption
_OF_LIST = ("coupon_use", "redeeming", "pool", "member")
_OF_PAIR = (
    "own_coupon_lines",
    "offer_coupon_lines",
    "offer_coupon_share",
    "affinity_x_rate",
    "share_of_pool",
)
_SPREAD = (
    "decayed_90",
    "trips",
    "lift",
    "covered",
    "own_coupon_lines",
    "per_visit",
    "amount",
    "affinity_x_rate",
)


@dataclass(frozen=True, slots=True, eq=False)
class LaunchOdds:
    """How the chances of a list's coupons become the chance of any.

    Attributes
    ----------
    line : RedeemLine or None
    scale : OddsScale
        From the mean log-odds.
    """

    line: RedeemLine | None
    scale: OddsScale

    @classmethod
    def fit(
        cls, matrix: FeatureMatrix, features: tuple[CouponFeature, ...], redeemed: Bools
    ) -> "LaunchOdds":
        """Learn the line from lists, as `launch_matrix` gives them; none from too few."""
        as_is = OddsScale(0.0, 1.0)
        if redeemed.sum() < _FEWEST or redeemed.all():
            return cls(None, as_is)
        even = np.ones(len(redeemed))
        return cls(RedeemLine.fit(matrix, features, redeemed, even, _STRENGTH), as_is)

    def odds(self, matrix: FeatureMatrix, any_odds: Numbers) -> Numbers:
        """Give the log-odds that a member redeems anything of a list.

        Parameters
        ----------
        matrix : FeatureMatrix, n_lists
        any_odds : float64 array, n_lists
            From the coupons' chances, see `any_of`.
        """
        return any_odds if self.line is None else (any_odds + self.line.predict(matrix)) / 2


def launch_features(features: tuple[CouponFeature, ...]) -> tuple[CouponFeature, ...]:
    """List the features of a member and a launch."""
    known = {one.name: one for one in features}
    found = [one for one in features if one.family in _OF_LIST and one.name not in _OF_PAIR]
    for name in _SPREAD:
        one = known[name]
        found += [CouponFeature(f"{how}:{name}", one.family, one.scale) for how in ("max", "mean")]
    return tuple(found)


def launch_matrix(
    matrix: FeatureMatrix, starts: Ints, features: tuple[CouponFeature, ...]
) -> FeatureMatrix:
    """Put the rows of every list together.

    Parameters
    ----------
    matrix : FeatureMatrix, n_rows
    starts : int64 array, n_lists
        First row of each.
    features : as `launch_features` lists them
    """
    values = np.empty((len(starts), len(features)), np.float32)
    size = np.diff(np.append(starts, len(matrix.values)))
    for at, feature in enumerate(features):
        how, _, name = feature.name.rpartition(":")
        if how not in ("max", "mean"):
            values[:, at] = matrix.values[starts, matrix.columns.index(feature.name)]
            continue
        column = matrix.values[:, matrix.columns.index(name)].astype(np.float64)
        if not len(starts):
            continue
        if how == "max":
            values[:, at] = np.maximum.reduceat(column, starts)
        else:
            values[:, at] = np.add.reduceat(column, starts) / size
    return FeatureMatrix(values, tuple(feature.name for feature in features))


def any_of(chance: Numbers, starts: Ints) -> Numbers:
    """Give the log-odds that at least one of a list's coupons is redeemed, were they independent.

    Parameters
    ----------
    chance : float64 array, n_rows in [0, 1]
    starts : int64 array, n_lists

    Examples
    --------
    >>> odds = any_of(np.array([0.5, 0.5, 0.1]), np.array([0, 2]))
    >>> (1 / (1 + np.exp(-odds))).round(6).tolist()
    [0.75, 0.1]
    """
    if not len(starts):
        return np.zeros(0)
    missed = np.add.reduceat(np.log1p(-np.clip(chance, 1e-12, 1 - 1e-9)), starts)
    return np.asarray(np.log(-np.expm1(missed)) - missed, np.float64)
