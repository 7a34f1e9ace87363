"""How members answered the coupons they had before: launches received, launches redeemed from.

A launch that still runs counts as received by the share of its time that has passed. Rates of
members are drawn towards that of everybody, by so many launches (or coupons) as written below.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.clock import DAY_US
from siyu.recommend.sorted_keys import Ints

from .coupon_scene import CouponScene

__all__ = ["RedeemRecord"]

Numbers = NDArray[np.float64]

_PRIOR_LAUNCHES = 2.0
_PRIOR_COUPONS = 16.0
_MOST_COUPONS = 16.0  # of one launch that count as received: nobody looks at hundreds
_USUAL_RATE = 0.02
_LATELY_DAYS = 90
_REDEEMED = ("redeemed_launches", "redeem_rate", "redeemed", "redeemed_90", "redeemed_last")


@dataclass(frozen=True, slots=True, eq=False)
class RedeemRecord:
    """Received and redeemed by every member before a moment.

    Attributes
    ----------
    columns : mapping of feature name to float64 array, n_members
        What was redeemed is NaN where no table tells; the rate is then the usual one.
    received_kind, redeemed_kind : float64 arrays, n_members x n_kinds
        Launches by the kind of their campaign.
    rate_kind : float64 array, n_kinds, NaN for a kind never received
    """

    columns: dict[str, Numbers]
    received_kind: NDArray[np.float64]
    redeemed_kind: NDArray[np.float64]
    rate_kind: Numbers

    @classmethod
    def of(cls, scene: CouponScene) -> "RedeemRecord":
        """Count them before the scene's moment."""
        n, size, got = len(scene.bought.members), _sizes(scene), _Received.of(scene)
        # What everybody may have, everybody has received.
        launches = _total(got.member, got.weight, n) + got.passed[got.open_to_all].sum()
        coupons = _total(got.member, got.weight * size[got.launch], n)
        coupons += (got.passed * size)[got.open_to_all].sum()
        columns = {"received": launches, **_redeemed(scene, launches, coupons)}
        return cls(columns, *_by_kind(scene, got))

    def of_kind(self, member: Ints, kind: Ints) -> dict[str, Numbers]:
        """Give what pairs of member and kind had, NaN for -1; rates are drawn to the kind's."""
        known = kind >= 0
        received = np.where(known, self.received_kind[member, kind], np.nan)
        redeemed = np.where(known, self.redeemed_kind[member, kind], np.nan)
        usual = np.where(known, self.rate_kind[kind], np.nan)
        rate = (redeemed + usual * _PRIOR_LAUNCHES) / (received + _PRIOR_LAUNCHES)
        return {
            "received_kind": received,
            "redeemed_kind": redeemed,
            "redeem_rate_kind": rate,
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Received:
    """Distinct members and launches that have begun for them.

    Attributes
    ----------
    member, launch : int64 arrays, n_rows
        Of launches that are not open to everyone.
    weight : float64 array, n_rows
        Share of the launch's time that has passed.
    passed : float64 array, n_launches
    open_to_all : bool array, n_launches
        Launches that have begun and have a coupon for everyone.
    """

    member: Ints
    launch: Ints
    weight: Numbers
    passed: Numbers
    open_to_all: NDArray[np.bool_]

    @classmethod
    def of(cls, scene: CouponScene) -> "_Received":
        """Read them as of the scene's moment; what is issued later is not known yet."""
        pool, held, passed = scene.pool, scene.pool.holders, _passed(scene)
        is_open, n = _open_launches(scene), max(pool.n_launches, 1)
        launch = pool.launch[held.offer]
        begun = (passed[launch] > 0) & ~is_open[launch] & (held.issued < scene.moment)
        met = np.unique(held.member[begun] * n + launch[begun])
        return cls(met // n, met % n, passed[met % n], passed, is_open & (passed > 0))


def _redeemed(scene: CouponScene, launches: Numbers, coupons: Numbers) -> dict[str, Numbers]:
    """Set what every member redeemed against the launches and coupons received."""
    redeemed, n = scene.redeemed, len(launches)
    if not redeemed.is_known:
        unknown = dict.fromkeys(_REDEEMED, np.full(n, np.nan))
        return {**unknown, "coupon_redeem_rate": np.full(n, _USUAL_RATE)}
    member, _ = _launches_used(scene)
    n_launches = _count(member, n)
    total = float(launches.sum())
    prior = n_launches.sum() / total if total else 0.0
    n_coupons = _count(redeemed.member, n)
    age = (scene.moment - redeemed.time) / DAY_US
    last = np.full(n, np.nan)
    np.fmin.at(last, redeemed.member, age)
    rate = (n_coupons + _USUAL_RATE * _PRIOR_COUPONS) / (coupons + _PRIOR_COUPONS)
    return {
        "redeemed_launches": n_launches,
        "redeem_rate": (n_launches + prior * _PRIOR_LAUNCHES) / (launches + _PRIOR_LAUNCHES),
        "redeemed": n_coupons,
        "redeemed_90": _count(redeemed.member[age <= _LATELY_DAYS], n),
        "redeemed_last": last,
        "coupon_redeem_rate": rate,
    }


def _by_kind(scene: CouponScene, got: _Received) -> tuple[Numbers, Numbers, Numbers]:
    """Count launches received and redeemed by the kind of their campaign, and the kinds' rates."""
    kind = _kind_of_launch(scene)
    shape = (len(scene.bought.members), max(int(kind.max(initial=-1)) + 1, 1))
    received, redeemed = np.zeros(shape), np.full(shape, np.nan)
    known = kind[got.launch] >= 0
    np.add.at(received, (got.member[known], kind[got.launch][known]), got.weight[known])
    for launch in np.flatnonzero(got.open_to_all & (kind >= 0)):
        received[:, kind[launch]] += got.passed[launch]
    if scene.redeemed.is_known:
        redeemed[:] = 0.0
        member, used = _launches_used(scene)
        met = kind[used] >= 0
        np.add.at(redeemed, (member[met], kind[used][met]), 1.0)
    of_kind = received.sum(axis=0)
    above = of_kind > 0
    rate = np.where(above, redeemed.sum(axis=0) / np.where(above, of_kind, 1.0), np.nan)
    return received, redeemed, rate


def _launches_used(scene: CouponScene) -> tuple[Ints, Ints]:
    """List distinct members and launches of which they redeemed something."""
    redeemed, n = scene.redeemed, max(scene.pool.n_launches, 1)
    used = np.unique(redeemed.member * n + scene.pool.launch[redeemed.offer])
    return used // n, used % n


def _count(codes: Ints, n: int) -> Numbers:
    """Count the rows of every code."""
    return np.bincount(codes, minlength=n).astype(np.float64)


def _total(codes: Ints, values: Numbers, n: int) -> Numbers:
    """Sum the values of every code, in the order of the rows."""
    return np.bincount(codes, values, n).astype(np.float64)


def _passed(scene: CouponScene) -> Numbers:
    """Give the share of each launch's time that has passed, 0 for those to come."""
    pool = scene.pool
    begin, end = pool.launch_starts(), np.zeros(pool.n_launches, np.int64)
    np.maximum.at(end, pool.launch, pool.ends)
    passed = (scene.moment - begin) / np.maximum(end - begin, 1)
    return np.asarray(np.clip(passed, 0.0, 1.0), np.float64)


def _kind_of_launch(scene: CouponScene) -> Ints:
    """Give the kind of each launch's campaign."""
    found = np.full(scene.pool.n_launches, -1, np.int64)
    found[scene.pool.launch] = scene.pool.kind
    return found


def _sizes(scene: CouponScene) -> Numbers:
    """Count each launch's coupons, up to what a member looks at."""
    n = np.bincount(scene.pool.launch, minlength=scene.pool.n_launches)
    return np.minimum(n, _MOST_COUPONS)


def _open_launches(scene: CouponScene) -> NDArray[np.bool_]:
    """Tell which launches have a coupon open to everyone."""
    found = np.zeros(scene.pool.n_launches, np.bool_)
    found[scene.pool.launch[~scene.pool.is_personal]] = True
    return found
