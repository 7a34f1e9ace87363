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


@dataclass(frozen=True, slots=True, eq=False)
class RedeemRecord:
    """Received and redeemed by every member before a moment.

    Attributes
    ----------
    columns : mapping of feature name to float64 array, n_members
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
        pool, redeemed = scene.pool, scene.redeemed
        n_members, n_launches = len(scene.bought.members), pool.n_launches
        passed, kind = _passed(scene), _kind_of_launch(scene)
        n_kinds = max(int(kind.max(initial=-1)) + 1, 1)
        got_member, got_launch = _received(scene, passed)
        used = np.unique(redeemed.member * max(n_launches, 1) + pool.launch[redeemed.offer])
        used_member, used_launch = used // max(n_launches, 1), used % max(n_launches, 1)
        open_to_all = _open_launches(scene) & (passed > 0)
        weight = passed[got_launch]
        # What everybody may have, everybody has received.
        received = _total(got_member, weight, n_members) + passed[open_to_all].sum()
        redeemed_n = np.bincount(used_member, minlength=n_members).astype(np.float64)
        total = float(received.sum())
        prior = redeemed_n.sum() / total if total else 0.0
        received_kind, redeemed_kind = np.zeros((2, n_members, n_kinds))
        known, met = kind[got_launch] >= 0, kind[used_launch] >= 0
        np.add.at(received_kind, (got_member[known], kind[got_launch][known]), weight[known])
        np.add.at(redeemed_kind, (used_member[met], kind[used_launch][met]), 1.0)
        for launch in np.flatnonzero(open_to_all & (kind >= 0)):
            received_kind[:, kind[launch]] += passed[launch]
        coupons = _total(got_member, weight * _sizes(scene)[got_launch], n_members)
        coupons += (passed * _sizes(scene))[open_to_all].sum()
        n_redeemed = np.bincount(redeemed.member, minlength=n_members).astype(np.float64)
        age = (scene.moment - redeemed.time) / DAY_US
        last = np.full(n_members, np.inf)
        np.minimum.at(last, redeemed.member, age)
        lately = redeemed.member[age <= _LATELY_DAYS]
        of_kind = received_kind.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            rate_kind = np.where(of_kind > 0, redeemed_kind.sum(axis=0) / of_kind, np.nan)
        columns = {
            "received": received,
            "redeemed_launches": redeemed_n,
            "redeem_rate": (redeemed_n + prior * _PRIOR_LAUNCHES) / (received + _PRIOR_LAUNCHES),
            "redeemed": n_redeemed,
            "redeemed_90": np.bincount(lately, minlength=n_members).astype(np.float64),
            "coupon_redeem_rate": (n_redeemed + _USUAL_RATE * _PRIOR_COUPONS)
            / (coupons + _PRIOR_COUPONS),
            "redeemed_last": np.where(np.isinf(last), np.nan, last),
        }
        return cls(columns, received_kind, redeemed_kind, rate_kind)

    def of_kind(self, member: Ints, kind: Ints) -> dict[str, Numbers]:
        """Give what pairs of member and kind (-1: unknown) had; rates are drawn to the kind's."""
        known = kind >= 0
        received = np.where(known, self.received_kind[member, kind], 0.0)
        redeemed = np.where(known, self.redeemed_kind[member, kind], 0.0)
        usual = np.where(known, self.rate_kind[kind], np.nan)
        rate = (redeemed + usual * _PRIOR_LAUNCHES) / (received + _PRIOR_LAUNCHES)
        return {
            "received_kind": received,
            "redeemed_kind": redeemed,
            "redeem_rate_kind": rate,
        }


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


def _received(scene: CouponScene, passed: Numbers) -> tuple[Ints, Ints]:
    """List distinct members and launches that have begun and are not open to everyone."""
    pool, held = scene.pool, scene.pool.holders
    n = max(pool.n_launches, 1)
    launch = pool.launch[held.offer]
    begun = (passed[launch] > 0) & ~_open_launches(scene)[launch]
    keys = np.unique(held.member[begun] * n + launch[begun])
    return keys // n, keys % n
