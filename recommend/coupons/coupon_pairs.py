"""Pairs of member and coupon: rows to learn from at a launch, rows to rank at a moment."""

from dataclasses import dataclass

import numpy as np

from siyu.recommend.market.neighbours import sample_rows
from siyu.recommend.sorted_keys import Bools, Ints, run_starts

from .coupon_pool import CouponPool

__all__ = ["CouponPairs", "pairs_at_launch", "pairs_running"]


@dataclass(frozen=True, slots=True, eq=False)
class CouponPairs:
    """Members and coupons that they may have, ascending by member, launch, offer.

    Attributes
    ----------
    member, launch, offer : int64 arrays, n_pairs
    ends : int64 array, n_pairs, microseconds
        Until when the member can redeem the coupon, or could while it was watched.
    """

    member: Ints
    launch: Ints
    offer: Ints
    ends: Ints

    @classmethod
    def of(cls, pool: CouponPool, member: Ints, offer: Ints, ends: Ints) -> "CouponPairs":
        """Put pairs in order."""
        launch = pool.launch[offer]
        order = np.lexsort((offer, launch, member))
        return cls(member[order], launch[order], offer[order], ends[order])

    def __len__(self) -> int:
        return len(self.member)

    def take(self, rows: Ints | Bools) -> "CouponPairs":
        """Take some rows, in their order."""
        return CouponPairs(self.member[rows], self.launch[rows], self.offer[rows], self.ends[rows])

    def list_starts(self) -> Ints:
        """Give the first row of every list: a member and a launch."""
        return run_starts(self.member, self.launch)

    def list_of(self) -> Ints:
        """Give every row the number of its list."""
        opens = np.zeros(len(self), np.int64)
        opens[self.list_starts()] = 1
        return np.cumsum(opens) - 1


def pairs_at_launch(
    pool: CouponPool, launch: int, until: int, members: Ints, most: int, random_state: int
) -> CouponPairs:
    """List who had which coupon of a launch from its beginning.

    Parameters
    ----------
    pool : CouponPool
    launch : int
    until : int, microseconds
        The end of what is known, and so of coupons that still run.
    members : int64 array, ascending codes
        Everybody: coupons open to all are paired with each of them.
    most : int
        Pairs at most; if there are more, members are drawn at random.
    random_state : int
    """
    offers = np.flatnonzero(pool.launch == launch)
    member, offer, ends = _held(pool, offers, pool.was_prompt())
    everyone = np.flatnonzero(~pool.is_personal[offers])
    if len(everyone):
        limit = max(most // len(offers), 1)
        some = sample_rows(members, limit, random_state)
        member = np.concatenate([member, np.tile(some, len(everyone))])
        offer = np.concatenate([offer, np.repeat(offers[everyone], len(some))])
        ends = np.concatenate([ends, pool.ends[np.repeat(offers[everyone], len(some))]])
    if len(member) > most:
        met = np.unique(member)
        kept = np.isin(
            member, sample_rows(met, max(len(met) * most // len(member), 1), random_state)
        )
        member, offer, ends = member[kept], offer[kept], ends[kept]
    return CouponPairs.of(pool, member, offer, np.minimum(ends, until))


def pairs_running(
    pool: CouponPool, moment: int, members: Ints, offers: Ints, *, to_all: bool = True
) -> CouponPairs:
    """List the coupons that some members may have at a moment.

    Parameters
    ----------
    pool : CouponPool
    moment : int, microseconds
    members : int64 array, ascending codes
    offers : int64 array, ascending
        The coupons to look at; those that have ended are left out.
    to_all : bool
        Whether coupons open to everyone count as well as personal ones.
    """
    member, offer, ends = _held(pool, offers, np.isin(pool.holders.member, members))
    if to_all:
        everyone = offers[~pool.is_personal[offers]]
        member = np.concatenate([member, np.tile(members, len(everyone))])
        offer = np.concatenate([offer, np.repeat(everyone, len(members))])
        ends = np.concatenate([ends, pool.ends[np.repeat(everyone, len(members))]])
    runs = (ends > moment) & (pool.starts[offer] <= moment)
    return CouponPairs.of(pool, member[runs], offer[runs], ends[runs])


def _held(pool: CouponPool, offers: Ints, among: Bools) -> tuple[Ints, Ints, Ints]:
    """Give the holders of some personal coupons, of some rows: member, offer, end."""
    held = pool.holders
    wanted = np.zeros(len(pool.offers), np.bool_)
    wanted[offers] = True
    rows = np.flatnonzero(wanted[held.offer] & among)
    return held.member[rows], held.offer[rows], held.expires[rows]
