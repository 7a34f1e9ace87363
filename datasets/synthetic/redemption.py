"""What coupons do: orders they cause, orders they merely make cheaper, and their stock."""

from dataclasses import dataclass, field

import numpy as np

from .arrays import Bools, Floats, Ints, running_place
from .lifecycle import Lives
from .members import Traits
from .offers import VALID_DAYS, Offers
from .purchases import Visits
from .seasons import DAY, NEVER, Span, seconds_of_day

__all__ = ["Caused", "Market", "Wave", "redeem", "uplift"]

_DEPTH = (0.45, 1.0)  # effect of a small and of a large coupon on the same member
_QUIET = 0.35  # effect on members who do not buy at present
_REVIVES = 0.4
_KEY = 1 << 40  # more seconds than any span has


@dataclass(frozen=True, slots=True)
class Caused:
    """Orders that coupons caused: members, moments, offers."""

    member: Ints
    moment: Ints
    offer: Ints


@dataclass(frozen=True, slots=True)
class Wave:
    """Coupons sent on one occasion; `opened` is `NEVER` for those not opened."""

    member: Ints
    offer: Ints
    opened: Ints


@dataclass(slots=True)
class Market:
    """Orders as they stand: those made anyway, and what coupons have added so far."""

    span: Span
    traits: Traits
    lives: Lives
    visits: Visits
    spend: Ints
    """Cents by visit and category, the last column being services."""
    offers: Offers
    visit_offer: Ints
    """The coupon used in each visit, -1 for none."""
    busy_until: Ints
    """Last day on which a member redeems something; -1 for none."""
    extra_until: Ints
    """First day after a life that a coupon has begun; 0 for none."""
    extra_day: Ints
    """Day of the latest order a coupon has caused; -1 for none."""
    caused: list[Caused] = field(default_factory=list)
    new_lives: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)

    @classmethod
    def opened(
        cls,
        span: Span,
        traits: Traits,
        lives: Lives,
        visits: Visits,
        spend: Ints,
        offers: Offers,
    ) -> "Market":
        """Begin with no coupon used."""
        n = len(traits)
        none = np.full(n, -1)
        unused = np.full(len(visits), -1)
        return cls(
            span, traits, lives, visits, spend, offers, unused, none, np.zeros(n, np.int64),
            none.copy(),
        )  # fmt: skip

    def last_day(self, member: Ints, moment: int) -> Ints:
        """Day of each member's latest order before a moment; far back for none."""
        at = np.searchsorted(self._keys(), member * _KEY + moment) - 1
        owner = np.r_[self.visits.member, -1][at]
        day = np.r_[self.visits.day, 0][at]
        return np.maximum(np.where(owner == member, day, -10_000), self.extra_day[member])

    def next_visit(self, member: Ints, moment: Ints) -> Ints:
        """Give each member's first visit from a moment on; -1 for none."""
        at = np.searchsorted(self._keys(), member * _KEY + moment)
        owner = np.r_[self.visits.member, -1][at]
        return np.where(owner == member, at, -1)

    def _keys(self) -> Ints:
        return self.visits.member * _KEY + self.visits.moment


def uplift(market: Market, member: Ints, day: Ints, offer: int | Ints) -> Floats:
    """Chance that an opened coupon causes an order on a day that would not be made.

    The member's own response, times 0.45 for a small coupon, times 0.4 to 1 by taste for the
    coupon's category; 0.35 of that for members who do not buy at present, and 0 for those
    whose next life is still to begin anyway (they wait, a coupon does not hurry them).
    """
    alive, later = market.lives.status(member, day)
    alive |= day < market.extra_until[member]
    state = np.where(alive, 1.0, np.where(later, 0.0, _QUIET))
    depth = np.where(market.offers.discount_cents[offer] >= 2_000, _DEPTH[1], _DEPTH[0])
    category = market.offers.category[offer]
    match = 0.4 + 0.6 * np.minimum(1.0, 4 * market.traits.taste[member, category])
    fits = np.where(category >= 0, match, 1.0)
    chance: Floats = market.traits.coupon_response[member] * depth * state * fits
    return chance


def redeem(rng: np.random.Generator, market: Market, wave: Wave) -> tuple[Ints, Bools]:
    """Let the opened coupons of one occasion work; change the market accordingly.

    Returns when each coupon was redeemed (`NEVER` if not) and whether it caused the order.
    """
    extra = _caused_orders(rng, market, wave)
    visit = _orders_made_anyway(rng, market, wave, extra)
    own = market.visits.moment[visit] if len(market.visits) else np.full(len(visit), NEVER)
    redeemed = np.where(extra != NEVER, extra, np.where(visit >= 0, own, NEVER))
    redeemed = _while_stock_lasts(market.offers, wave, redeemed)
    caused = (redeemed != NEVER) & (extra != NEVER)
    used = (redeemed != NEVER) & ~caused
    market.visit_offer[visit[used]] = wave.offer[used]
    settled = np.flatnonzero(redeemed != NEVER)
    who = wave.member[settled]
    market.busy_until[who] = np.maximum(market.busy_until[who], redeemed[settled] // DAY)
    _begin_lives(rng, market, wave.member[caused], redeemed[caused] // DAY)
    market.extra_day[wave.member[caused]] = redeemed[caused] // DAY
    market.caused.append(Caused(wave.member[caused], redeemed[caused], wave.offer[caused]))
    return redeemed, caused


def _caused_orders(rng: np.random.Generator, market: Market, wave: Wave) -> Ints:
    """Draw the orders that would not be made otherwise, within the days of validity."""
    opened, n = wave.opened != NEVER, len(wave.member)
    begin = np.where(opened, wave.opened, 0)
    wait = np.minimum(rng.exponential(1.5, n), VALID_DAYS - 1).astype(np.int64)
    hour, spread = market.traits.hour[wave.member], market.traits.hour_spread[wave.member]
    later = (begin // DAY + wait) * DAY + seconds_of_day(rng, hour, spread)
    soon = begin + 700 + (rng.random(n) * 5_400).astype(np.int64)
    moment = np.where(wait > 0, later, soon)
    day = moment // DAY
    chance = uplift(market, wave.member, day, wave.offer)
    following = market.next_visit(wave.member, day * DAY)
    same_day = (following >= 0) & (np.r_[market.visits.day, -1][following] == day)
    limit = np.minimum(market.span.seconds, market.offers.ends[wave.offer])
    fits = (moment < limit) & (day > market.extra_day[wave.member]) & ~same_day
    happens = opened & fits & (rng.random(n) < chance)
    return np.where(happens, moment, NEVER)


def _orders_made_anyway(rng: np.random.Generator, market: Market, wave: Wave, extra: Ints) -> Ints:
    """Find the next own visit in the days of validity that reaches the coupon's threshold."""
    begin = np.where(wave.opened != NEVER, wave.opened, 0)
    visit = market.next_visit(wave.member, begin + 700)
    uses = rng.random(len(visit)) < 0.7 + 0.3 * market.traits.price_sensitivity[wave.member]
    may = np.flatnonzero((wave.opened != NEVER) & (extra == NEVER) & (visit >= 0) & uses)
    own, offer = visit[may], wave.offer[may]
    category, spend = market.offers.category[offer], market.spend[own]
    in_category = spend[np.arange(len(own)), category]
    spent = np.where(category >= 0, in_category, spend[:, :-1].sum(axis=1))
    fits = spent >= market.offers.threshold_cents[offer]
    fits &= market.visits.moment[own] < market.offers.ends[offer]
    fits &= market.visit_offer[own] < 0
    found = np.full(len(visit), -1)
    found[may[fits]] = own[fits]
    return found


def _while_stock_lasts(offers: Offers, wave: Wave, redeemed: Ints) -> Ints:
    """Refuse what comes after the stock of an offer has gone."""
    order = np.lexsort((wave.member, redeemed, wave.offer))
    place = np.empty(len(order), np.int64)
    place[order] = running_place(wave.offer[order])
    return np.where(place < offers.stock[wave.offer], redeemed, NEVER)


def _begin_lives(rng: np.random.Generator, market: Market, member: Ints, day: Ints) -> None:
    """Begin a life for members who did not buy at present: two in five stay, others for a day."""
    alive, _ = market.lives.status(member, day)
    fresh = np.flatnonzero(~alive & (day >= market.extra_until[member]))
    who, start = member[fresh], day[fresh]
    stays = rng.random(len(who)) < _REVIVES
    lasts = np.where(stays, rng.exponential(market.traits.lifetime_days[who]), 0)
    end = start + 1 + lasts.astype(np.int64)
    market.extra_until[who] = end
    market.new_lives.append((who, start, end))
