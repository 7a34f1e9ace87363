"""What each member is like: rhythm, tastes, price sensitivity, openness, tolerance, habits."""

from dataclasses import dataclass

import numpy as np

from .arrays import Bools, Floats, Ints, expit
from .catalogue import CATEGORIES
from .options import CommunityOptions
from .roster import Roster

__all__ = ["CHANNELS", "Traits", "draw_traits"]

CHANNELS = ("wecom", "moments", "service_account", "subscription_account", "sms")
"""Channels of personal sends, and below the share of sends a usual member opens there."""
_OPEN_RATE = (0.45, 0.60, 0.12, 0.03, 0.08)
_N_ARCHETYPES = 6
_BEFORE_NOON = 0.45  # share of members whose hour lies around noon, the rest in the evening


@dataclass(frozen=True, slots=True)
class Traits:
    """One value a customer, in order of joining; all of it is planted truth."""

    is_buyer: Bools
    """Ever buys unasked; the others stay prospects unless a coupon moves them."""
    is_one_shot: Bools
    """Buys once and is gone."""
    gap_days: Floats
    """Own mean gap between purchase days: lognormal."""
    gap_shape: Floats
    """Shape of the own gamma gaps: 1 is random, higher is more regular."""
    lifetime_days: Floats
    """Mean of the exponential time until a member falls silent."""
    price_sensitivity: Floats
    """0 to 1, Beta(2, 3): cheaper products, promotions, coupons."""
    coupon_response: Floats
    """Chance that an opened deep coupon causes an order that would not be; 0 for a quarter."""
    tolerance: Floats
    """Messages in 28 days a member stands: lognormal, median 8."""
    openness: Floats
    """Chance to open a send, (n, 5), one column a channel of `CHANNELS`."""
    taste: Floats
    """Share of each category in a member's baskets, (n, n_categories), rows sum to 1."""
    archetype: Ints
    """Which of six taste archetypes the member leans to; shared within communities."""
    basket: Floats
    """Mean number of further lines in a basket."""
    hour: Floats
    """Centre of the own hours of the day."""
    hour_spread: Floats
    is_night_owl: Bools
    keeps_member_day: Bools
    """Waits for the 13th when a purchase falls due up to three days before."""
    checks_in: Bools
    talk: Floats
    """Messages a day in one stable group: gamma with shape 0.5, mean 0.035."""
    is_spammer: Bools
    opt_out: Bools

    def __len__(self) -> int:
        return len(self.gap_days)


def draw_traits(rng: np.random.Generator, roster: Roster, options: CommunityOptions) -> Traits:
    """Draw the traits of everybody; fraud accounts neither buy nor talk."""
    n, honest = len(roster), ~roster.is_fraud
    sensitivity = rng.beta(2.0, 3.0, n)
    archetype = _archetypes(rng, roster)
    low, high = options.gap_shape
    gap = options.gap_median * np.exp(options.gap_spread * rng.standard_normal(n))
    night = rng.random(n) < 0.12
    noon = rng.random(n) < _BEFORE_NOON
    usual = np.where(noon, 12.5, 20.3) + 1.2 * rng.standard_normal(n)
    return Traits(
        is_buyer=honest & (rng.random(n) < _buying(roster)),
        is_one_shot=rng.random(n) < 0.18,
        gap_days=np.clip(gap, 2.0, 240.0),
        gap_shape=rng.uniform(low, high, n),
        lifetime_days=200.0 + rng.gamma(2.0, 150.0, n),
        price_sensitivity=sensitivity,
        coupon_response=_responses(rng, sensitivity) * honest,
        tolerance=8.0 * np.exp(0.6 * rng.standard_normal(n)),
        openness=_openness(rng, n) * np.where(honest, 1.0, 0.02)[:, None],
        taste=_tastes(rng, archetype),
        archetype=archetype,
        basket=rng.gamma(2.0, 0.35, n),
        hour=np.where(night, 23.8 + 0.6 * rng.standard_normal(n), usual),
        hour_spread=np.where(night, 1.2, 1.8),
        is_night_owl=night,
        keeps_member_day=rng.random(n) < 0.2,
        checks_in=honest & (rng.random(n) < 0.25),
        talk=rng.gamma(0.5, 0.07, n) * honest,
        is_spammer=honest & (rng.random(n) < 0.004),
        opt_out=honest & (rng.random(n) < options.opt_out_share),
    )


def _buying(roster: Roster) -> Floats:
    """Chance to ever buy: higher for the invited, the more so the more their inviter counts."""
    logit = np.full(len(roster), 0.75)
    invited = np.flatnonzero(roster.inviter >= 0)
    heard = roster.influence[roster.inviter[invited]]
    logit[invited] += 0.4 + 0.5 * np.log(np.maximum(heard, 0.05))
    return expit(logit)


def _responses(rng: np.random.Generator, sensitivity: Floats) -> Floats:
    """Higher for the price-sensitive; a quarter is never moved by a coupon."""
    n = len(sensitivity)
    logit = -1.3 + 4.0 * (sensitivity - 0.4) + 0.7 * rng.standard_normal(n)
    return expit(logit) * (rng.random(n) >= 0.25)


def _openness(rng: np.random.Generator, n: int) -> Floats:
    """Logit-normal around each channel's rate; a common part and a part of each channel."""
    base = np.log(np.array(_OPEN_RATE) / (1 - np.array(_OPEN_RATE)))
    common = 0.8 * rng.standard_normal((n, 1))
    return expit(base + common + 0.4 * rng.standard_normal((n, len(CHANNELS))))


def _archetypes(rng: np.random.Generator, roster: Roster) -> Ints:
    """Birds of a feather: three in five follow the archetype of their community."""
    of_community = rng.integers(0, _N_ARCHETYPES, max(1, int(roster.community.max(initial=0)) + 1))
    own = rng.integers(0, _N_ARCHETYPES, len(roster))
    follows = (rng.random(len(roster)) < 0.6) & (roster.community >= 0)
    return np.where(follows, of_community[roster.community], own)


def _tastes(rng: np.random.Generator, archetype: Ints) -> Floats:
    """Dirichlet around the archetype: each archetype loves three of the categories."""
    weight = np.full((_N_ARCHETYPES, len(CATEGORIES)), 0.15)
    for favourite in range(3):
        loved = (np.arange(_N_ARCHETYPES) * 2 + favourite * 5) % len(CATEGORIES)
        weight[np.arange(_N_ARCHETYPES), loved] += 1.6 / (1 + favourite)
    drawn = rng.standard_gamma(weight[archetype]) + 1e-6
    share: Floats = drawn / drawn.sum(axis=1, keepdims=True)
    return share
