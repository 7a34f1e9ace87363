"""Worlds with planted lifecycle stages that differ in rhythm, regularity, seasons and churn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from siyu.datasets import Community, make_community
from siyu.datasets.synthetic.lifecycle import Lives, stage_intervals
from siyu.datasets.synthetic.options import CommunityOptions
from siyu.datasets.synthetic.seasons import DAY, TZ, BusinessClock, Span

__all__ = ["WORLDS", "Shop", "brand", "renewal"]

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Gap: TypeAlias = Callable[[np.random.Generator, Floats, int], Floats]
"""Draws gaps (days of business time) from own mean gaps, and the place of the visit in its life."""
World: TypeAlias = Callable[[int, int], tuple[Community, pd.DataFrame]]

_DAYS = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A world of the simplest kind: members join, buy at some rhythm, fall silent, come back.

    `lifetime` is the mean of the exponential time until a member falls silent (days), `once`
    the share who buy once, `comeback` the share of silent members who start another life, two
    to eight own gaps later. `festive` crowds nearly all buying around four festivals a year.
    """

    gap: Gap
    lifetime: float = 450.0
    once: float = 0.1
    comeback: float = 0.33
    festive: bool = False


def brand(n_members: int, random_state: int, **options: Any) -> tuple[Community, pd.DataFrame]:
    """Take the simulated brand of the library, and its planted intervals of stages."""
    c = make_community(n_members, random_state, options=CommunityOptions(**options))
    return c, c.truth["lifecycle"]


def renewal(n_members: int, random_state: int, shop: Shop) -> tuple[Community, pd.DataFrame]:
    """Draw a world of one kind of shop; own gaps are lognormal around 30 days."""
    rng, span = np.random.default_rng(random_state), Span(_DAYS)
    own = np.clip(30 * np.exp(0.6 * rng.standard_normal(n_members)), 2, 240)
    joined = rng.integers(0, _DAYS - 30, n_members)
    lives = _lives(rng, shop, own, joined)
    member, day = _visit_days(rng, shop, own, lives)
    moment = day * DAY + rng.integers(8 * 3600, 22 * 3600, len(day))
    ids = pa.array(np.arange(n_members))
    told = stage_intervals(span, ids, joined * DAY, lives, (member, moment, own))
    orders = pa.table(
        {
            "member_id": ids.take(pa.array(member)),
            "order_time": span.instants(moment),
            "amount": pa.array(np.full(len(member), 10.0)),
        }
    )
    members = pa.table({"member_id": ids, "joined_at": span.instants(joined * DAY)})
    return Community(orders=orders, members=members, tz=TZ), told.to_pandas()


def _lives(rng: np.random.Generator, shop: Shop, own: Floats, joined: Ints) -> Lives:
    """Draw first lives, and up to two comebacks."""
    member = np.arange(len(own))
    start = joined + np.exp(np.log(10) + rng.standard_normal(len(own))).astype(np.int64)
    found = Lives(*(np.zeros(0, np.int64),) * 3)
    for life in range(3):
        seen = start < _DAYS
        member, start = member[seen], start[seen]
        lasts = shop.lifetime * rng.standard_exponential(len(member))
        if life == 0:
            lasts[rng.random(len(member)) < shop.once] = 0.0
        end = start + 1 + np.minimum(lasts, 1e6).astype(np.int64)
        found = found.and_more(member, start, end)
        back = rng.random(len(member)) < shop.comeback
        member, end = member[back], end[back]
        pause = np.clip(own[member] * rng.uniform(2, 8, len(member)), 75, 400)
        start = end + pause.astype(np.int64)
    return found


def _visit_days(
    rng: np.random.Generator, shop: Shop, own: Floats, lives: Lives
) -> tuple[Ints, Ints]:
    """Draw all visits, sorted by member and day: one on the first day of a life, then gaps."""
    pace = _festive_pace() if shop.festive else np.ones(_DAYS)
    clock = BusinessClock(pace, np.append(0.0, np.cumsum(pace)))
    life, place = np.arange(len(lives.member)), 1
    now = clock.elapsed[lives.start] + 0.5 * pace[lives.start]
    end = clock.elapsed[np.minimum(lives.end, _DAYS)]
    who, days = [lives.member], [lives.start]
    while len(life):
        now = now + shop.gap(rng, own[lives.member[life]], place)
        goes_on = now < end
        life, now, end, place = life[goes_on], now[goes_on], end[goes_on], place + 1
        who.append(lives.member[life])
        days.append(clock.day_at(now))
    key = np.unique(np.concatenate(who) * _DAYS + np.concatenate(days))
    return key // _DAYS, key % _DAYS


def _festive_pace() -> Floats:
    span = Span(_DAYS)
    pace = np.full(_DAYS, 0.15)
    for month, day in ((3, 8), (6, 18), (9, 9), (11, 11)):
        for number in span.day_numbers(month, day):
            pace[max(0, number - 8) : number + 3] = 6.0
    return np.asarray(pace / pace.mean())


def _steady(rng: np.random.Generator, own: Floats, place: int) -> Floats:  # noqa: ARG001
    return rng.gamma(2.0, own / 2)


def _in_bursts(rng: np.random.Generator, own: Floats, place: int) -> Floats:  # noqa: ARG001
    """Draw one gap in four long (3.4 own gaps), the others short (a fifth)."""
    pauses = rng.random(len(own)) < 0.25
    return rng.exponential(np.where(pauses, 3.4, 0.2) * own)


def _erratic(rng: np.random.Generator, own: Floats, place: int) -> Floats:  # noqa: ARG001
    """Draw gaps with a heavy tail that have nothing to do with the member's earlier ones."""
    return 22 * np.exp(1.2 * rng.standard_normal(len(own)))


def _slowing(rng: np.random.Generator, own: Floats, place: int) -> Floats:
    """Draw gaps that grow by a quarter each time, so that the own mean lags behind."""
    return rng.gamma(2.0, own * 0.25 * 1.25 ** (place - 1))


def _of(**knobs: Any) -> World:
    shop = Shop(**knobs)
    return lambda n, seed: renewal(n, seed, shop)


WORLDS: dict[str, World] = {
    "brand": brand,
    "fast": lambda n, seed: brand(n, seed, gap_median=12.0),
    "slow": lambda n, seed: brand(n, seed, gap_median=60.0),
    "random": lambda n, seed: brand(n, seed, gap_shape=(1.0, 1.0)),
    "regular": lambda n, seed: brand(n, seed, gap_shape=(4.0, 8.0)),
    "wide": lambda n, seed: brand(n, seed, gap_spread=1.0),
    "one rhythm": lambda n, seed: brand(n, seed, gap_spread=0.0, gap_median=36.0),
    "no seasons": lambda n, seed: brand(n, seed, season_strength=0.0),
    "festivals": _of(gap=_steady, festive=True),
    "heavy churn": _of(gap=_steady, lifetime=90.0),
    "no churn": _of(gap=_steady, lifetime=np.inf, once=0.0),
    "bursty": _of(gap=_in_bursts, lifetime=400.0, once=0.0, comeback=0.0),
    "erratic": _of(gap=_erratic),
    "slowing": _of(gap=_slowing),
}
"""In festivals, bursty, erratic and slowing the own rhythm says little, and should lose."""
