"""Events in the mini-program: views and carts before orders, idle visits, check-ins, shares."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrays import Bools, Floats, Ints, inverse_cdf
from .baskets import Shelf, member_tilt
from .columns import ids, taken, words
from .lifecycle import Lives
from .orders import Book
from .roster import Roster
from .seasons import DAY, Span, seconds_of_day

__all__ = ["EVENTS", "Browser", "events_table"]

EVENTS = ("view", "cart", "checkin", "share", "onboard")
_VIEW, _CART, _CHECKIN, _SHARE, _ONBOARD = range(5)
_FROM_APP = 0.9
_CARTS = 0.75
_IDLE_PER_GAP = 0.8
_CHECKINS_A_DAY = 0.04


@dataclass(frozen=True, slots=True)
class Browser:
    """What browsing depends on."""

    span: Span
    roster: Roster
    shelf: Shelf
    lives: Lives
    book: Book


@dataclass(frozen=True, slots=True)
class _Seen:
    member: Ints
    moment: Ints
    event: Ints
    product: Ints
    session: Ints

    @classmethod
    def joined(cls, parts: "list[_Seen]") -> "_Seen":
        return cls(*(np.concatenate([getattr(p, n) for p in parts]) for n in cls.__slots__))

    def only(self, kept: Bools | Ints) -> "_Seen":
        return _Seen(*(getattr(self, name)[kept] for name in self.__slots__))


def events_table(rng: np.random.Generator, browser: Browser, member_ids: pa.Array) -> pa.Table:
    """Build ``events``, sorted by time.

    Nine in ten mini-program orders are preceded by a session of the same half hour: views of
    what is bought and of some other products of the member's taste, and carts. Members in
    a life come without buying about 0.8 times a gap, prospects twice in their first month.
    A quarter checks in every 25 days of a life, three in five are onboarded within a day, and
    who invites has shared a little before, half the time into the home group of the community.
    `value` is the time spent on a view in seconds: lognormal, median 20.
    """
    rates = [_before_orders(rng, browser), _idle(rng, browser), _checkins(rng, browser)]
    seen = _Seen.joined([*rates, _shares(rng, browser), _onboarded(rng, browser)])
    joined = browser.roster.joined[seen.member]
    seen = seen.only((seen.moment > joined) & (seen.moment < browser.span.seconds))
    seen = seen.only(np.lexsort((seen.product, seen.event, seen.member, seen.moment)))
    n = len(seen.member)
    home = browser.roster.community[seen.member]
    to_group = (seen.event == _SHARE) & (rng.random(n) < 0.5)
    dwell = 1 + np.minimum(np.exp(np.log(20) + rng.standard_normal(n)), 1_800)
    return pa.table(
        {
            "member_id": taken(member_ids, seen.member),
            "event_time": browser.span.instants(seen.moment),
            "event": words(EVENTS, seen.event),
            "product_id": browser.shelf.catalogue.ids(seen.product),
            "group_id": ids("g", np.where(to_group, home, -1), 5),
            "channel": words(("miniprogram",), np.zeros(n, np.int64)),
            "session_id": ids("s", _renumbered(seen.session), 8),
            "value": pa.array(np.round(dwell), mask=seen.event != _VIEW),
        }
    )


def _renumbered(session: Ints) -> Ints:
    """Count sessions by their first event; -1 stays."""
    within = np.flatnonzero(session >= 0)
    _, first, back = np.unique(session[within], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    numbers = np.full(len(session), -1)
    numbers[within] = rank[back]
    return numbers


def _before_orders(rng: np.random.Generator, browser: Browser) -> _Seen:
    """Look at what is bought, and around, in the half hour before an order."""
    visits, lines = browser.book.visits, browser.book.lines
    looks = (browser.book.channel == 0) & (rng.random(len(visits)) < _FROM_APP)
    goods = lines.product < browser.shelf.catalogue.n_goods
    line = np.flatnonzero(looks[lines.visit] & goods)
    around = np.repeat(np.flatnonzero(looks), rng.poisson(0.8, int(looks.sum())))
    carted = line[rng.random(len(line)) < _CARTS]
    begin = visits.moment - 300 - (rng.random(len(visits)) * 1_500).astype(np.int64)
    visit = np.r_[lines.visit[line], around, lines.visit[carted]]
    late = (np.arange(len(visit)) >= len(line) + len(around)).astype(np.int64)
    moment = begin[visit] + late * 120 + rng.integers(0, 120, len(visit))
    member = visits.member[visit]
    others = _tasted(rng, browser, member[len(line) : len(line) + len(around)], visits.day[around])
    product = np.r_[lines.product[line], others, lines.product[carted]]
    return _Seen(member, moment, late * _CART, product, visit)


def _idle(rng: np.random.Generator, browser: Browser) -> _Seen:
    """Browse without buying."""
    traits, lives, days = browser.shelf.traits, browser.lives, browser.span.days
    length = np.minimum(lives.end, days) - lives.start
    often = _IDLE_PER_GAP * length / traits.gap_days[lives.member]
    life = np.repeat(np.arange(len(often)), rng.poisson(often))
    curious = np.repeat(
        np.flatnonzero(~browser.roster.is_fraud),
        rng.poisson(2.0, int((~browser.roster.is_fraud).sum())),
    )
    day = np.r_[
        lives.start[life] + (rng.random(len(life)) * length[life]).astype(np.int64),
        browser.roster.joined[curious] // DAY + rng.integers(0, 30, len(curious)),
    ]
    member = np.r_[lives.member[life], curious]
    begin = day * DAY + seconds_of_day(rng, traits.hour[member], traits.hour_spread[member])
    views = 1 + rng.poisson(1.5, len(member))
    session = np.repeat(np.arange(len(member)), views)
    product = _tasted(rng, browser, member[session], np.minimum(day, days - 1)[session])
    carts = np.flatnonzero(rng.random(len(session)) < 0.08)
    which = np.r_[session, session[carts]]
    late = (np.arange(len(which)) >= len(session)).astype(np.int64)
    moment = begin[which] + rng.integers(0, 600, len(which)) + late * 600
    return _Seen(
        member[which],
        moment,
        late * _CART,
        np.r_[product, product[carts]],
        which + len(browser.book.visits),
    )


def _tasted(rng: np.random.Generator, browser: Browser, member: Ints, day: Ints) -> Ints:
    """Draw products by taste and popularity."""
    traits = browser.shelf.traits
    cumulative: Floats = np.cumsum(traits.taste, axis=1)
    category = inverse_cdf(cumulative, member, rng.random(len(member)))
    tilt = member_tilt(traits.price_sensitivity[member])
    return browser.shelf.catalogue.pick(category, rng.random(len(member)), tilt, day)


def _checkins(rng: np.random.Generator, browser: Browser) -> _Seen:
    traits, lives = browser.shelf.traits, browser.lives
    length = np.minimum(lives.end, browser.span.days) - lives.start
    often = np.where(traits.checks_in[lives.member], _CHECKINS_A_DAY * length, 0.0)
    life = np.repeat(np.arange(len(often)), rng.poisson(often))
    day = lives.start[life] + (rng.random(len(life)) * length[life]).astype(np.int64)
    member = lives.member[life]
    seconds = seconds_of_day(rng, traits.hour[member], traits.hour_spread[member])
    return _plain(member, day * DAY + seconds, _CHECKIN)


def _shares(rng: np.random.Generator, browser: Browser) -> _Seen:
    """Share before each invitation that worked, and as often in vain."""
    roster = browser.roster
    invited = np.flatnonzero(roster.inviter >= 0)
    worked = roster.joined[invited] - 60 - rng.exponential(DAY, len(invited)).astype(np.int64)
    tries = rng.poisson(0.5 * roster.sharing)
    member = np.repeat(np.arange(len(roster)), tries)
    left = browser.span.seconds - roster.joined[member]
    vain = roster.joined[member] + 60 + (rng.random(len(member)) ** 2 * left).astype(np.int64)
    who = np.r_[roster.inviter[invited], member]
    return _plain(who, np.r_[worked, vain], _SHARE)


def _onboarded(rng: np.random.Generator, browser: Browser) -> _Seen:
    honest = np.flatnonzero(~browser.roster.is_fraud)
    member = honest[rng.random(len(honest)) < 0.6]
    wait = 30 + np.minimum(rng.exponential(2 * 3_600, len(member)), DAY).astype(np.int64)
    return _plain(member, browser.roster.joined[member] + wait, _ONBOARD)


def _plain(member: Ints, moment: Ints, event: int) -> _Seen:
    none = np.full(len(member), -1)
    return _Seen(member, moment, np.full(len(member), event), none, none)
