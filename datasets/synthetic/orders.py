"""The book of orders: own visits, those coupons caused, those of revived members; refunds."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrays import Bools, Ints
from .baskets import Lines, Shelf, fill_baskets, spread_coupons
from .columns import ids, money, taken, words
from .contacts import N_STORES, Contacts, store_ids
from .lifecycle import Lives
from .offers import Offers
from .purchases import Visits, draw_visits
from .redemption import Market
from .seasons import DAY, BusinessClock, Span

__all__ = ["Book", "close_book", "orders_table"]

_ORDER_CHANNELS = ("miniprogram", "store", "livestream")
_CHANNEL_SHARES = (0.6, 0.27, 0.13)
_REFUNDED = 0.035
_PARTLY = 0.2


@dataclass(frozen=True, slots=True)
class Book:
    """All orders of customers, sorted by member and moment, with their lines and coupons."""

    visits: Visits
    offer: Ints
    """The coupon used, -1 for none."""
    lines: Lines
    channel: Ints
    lives: Lives


def close_book(
    rng: np.random.Generator,
    market: Market,
    shelf: Shelf,
    lines: Lines,
    clock: BusinessClock,
    left_day: Ints,
) -> Book:
    """Put together all orders, and take off those of members who have left the brand."""
    member, start, end = _new_lives(market)
    begun = Lives(*(np.zeros(0, np.int64),) * 3).and_more(member, start, end).cut_at(left_day)
    lives = market.lives.cut_at(left_day).and_more(begun.member, begun.start, begun.end)
    parts = [
        _own(market, lines, left_day),
        _caused(rng, market, shelf),
        _revived(rng, market, shelf, begun, clock),
    ]
    visits = Visits(
        np.concatenate([p.member for p in parts]), np.concatenate([p.moment for p in parts])
    )
    offer = np.concatenate([p.offer for p in parts])
    order = _first_a_day(visits)
    place = np.full(len(visits), -1)
    place[order] = np.arange(len(order))
    sorted_lines = _gathered([p.lines for p in parts], [len(p.member) for p in parts], place)
    visits, offer = visits.only(order), offer[order]
    lines = _with_coupons(sorted_lines, shelf, market.offers, offer)
    channel = rng.choice(len(_ORDER_CHANNELS), len(visits), p=_CHANNEL_SHARES)
    return Book(visits, offer, lines, channel, lives)


@dataclass(frozen=True, slots=True)
class _Part:
    member: Ints
    moment: Ints
    offer: Ints
    lines: Lines


def _own(market: Market, lines: Lines, left_day: Ints) -> _Part:
    """Own visits up to the day on which their member leaves."""
    visits = market.visits
    kept = visits.day < left_day[visits.member]
    place = np.cumsum(kept) - 1
    on = kept[lines.visit]
    left = Lines(
        place[lines.visit[on]],
        lines.product[on],
        lines.quantity[on],
        lines.list_cents[on],
        lines.off_cents[on],
    )
    stays = visits.only(kept)
    return _Part(stays.member, stays.moment, market.visit_offer[kept], left)


def _caused(rng: np.random.Generator, market: Market, shelf: Shelf) -> _Part:
    """Orders that coupons caused; their baskets reach the coupon's threshold."""
    none = [np.zeros(0, np.int64)]
    member, moment, offer = (
        np.concatenate(none + [getattr(c, name) for c in market.caused])
        for name in ("member", "moment", "offer")
    )
    wanted = market.offers.category[offer], market.offers.threshold_cents[offer]
    lines = fill_baskets(rng, shelf, member, moment // DAY, wanted)
    return _Part(member, moment, offer, lines)


def _revived(
    rng: np.random.Generator, market: Market, shelf: Shelf, lives: Lives, clock: BusinessClock
) -> _Part:
    """Further orders in the lives that coupons have begun."""
    visits = draw_visits(rng, market.span, lives, market.traits, clock)
    life = lives.at(visits.member, visits.day)
    visits = visits.only(visits.day > lives.start[life])
    lines = fill_baskets(rng, shelf, visits.member, visits.day)
    return _Part(visits.member, visits.moment, np.full(len(visits), -1), lines)


def _new_lives(market: Market) -> tuple[Ints, Ints, Ints]:
    none = np.zeros(0, np.int64)
    parts = [(none, none, none), *market.new_lives]
    member, start, end = (np.concatenate(part) for part in zip(*parts, strict=True))
    return member, start, end


def _first_a_day(visits: Visits) -> Ints:
    """Sort visits by member and moment; of two on one day keep the one that came up first."""
    key = visits.member * (1 << 20) + visits.day
    _, kept = np.unique(key, return_index=True)
    kept = kept.astype(np.int64)
    sorted_rows: Ints = kept[np.lexsort((visits.moment[kept], visits.member[kept]))]
    return sorted_rows


def _gathered(parts: list[Lines], sizes: list[int], place: Ints) -> Lines:
    """Renumber the lines of all parts by their sorted visits, and drop those without one."""
    shifts = np.r_[0, np.cumsum(sizes)][:-1]
    visit = place[np.concatenate([p.visit + s for p, s in zip(parts, shifts, strict=True)])]
    product = np.concatenate([p.product for p in parts])
    order = np.lexsort((product, visit))
    order = order[visit[order] >= 0]
    return Lines(
        visit[order],
        product[order],
        np.concatenate([p.quantity for p in parts])[order],
        np.concatenate([p.list_cents for p in parts])[order],
        np.concatenate([p.off_cents for p in parts])[order],
    )


def _with_coupons(lines: Lines, shelf: Shelf, offers: Offers, offer: Ints) -> Lines:
    """Take the coupons off the lines on which they are valid."""
    used = offer[lines.visit]
    limit = offers.category[used]
    goods = lines.product < shelf.catalogue.n_goods
    in_category = (limit < 0) | (shelf.catalogue.category[lines.product] == limit)
    cents = np.where(offer >= 0, offers.discount_cents[offer], 0)
    return spread_coupons(lines, (used >= 0) & goods & in_category, cents)


def orders_table(
    rng: np.random.Generator, book: Book, shelf: Shelf, contacts: Contacts, member_ids: pa.Array
) -> pa.Table:
    """Build the table ``orders``, sorted by time.

    A line's `amount` is what was paid for it, `discount` what promotions and coupons took off
    (so amount + discount is quantity times list price). Of 3.5 % of the lines the money comes
    back within about two weeks: a line of the same order at the time of the refund with
    negative amount and quantity; one refund in five gives a part of the money back and keeps
    the goods (quantity 0).
    """
    span = Span(shelf.promotions.cut.shape[1])
    lines, visits = book.lines, book.visits
    refund, moment, share = _refunds(rng, span, book)
    line = np.r_[np.arange(len(lines.visit)), refund]
    back = np.r_[np.zeros(len(lines.visit), np.bool_), np.ones(len(refund), np.bool_)]
    visit = lines.visit[line]
    when = np.r_[visits.moment[lines.visit], moment]
    paid = lines.paid_cents[line]
    returned = -(paid[back] * share // 100)
    amount = paid.copy()
    amount[back] = returned
    quantity = lines.quantity[line].astype(np.float64)
    quantity[back] = np.where(share < 100, 0, -quantity[back])
    number = np.empty(len(visits), np.int64)
    number[np.lexsort((visits.member, visits.moment))] = np.arange(len(visits))
    order = np.lexsort((lines.product[line], back, number[visit], when))
    visit, line, back = visit[order], line[order], back[order]
    off = np.where(back, 0, lines.off_cents[line])
    store = _stores(rng, book, contacts)
    return pa.table(
        {
            "member_id": taken(member_ids, visits.member[visit]),
            "order_time": span.instants(when[order]),
            "amount": money(amount[order]),
            "order_id": ids("o", number[visit], 8),
            "product_id": shelf.catalogue.ids(lines.product[line]),
            "quantity": pa.array(quantity[order]),
            "discount": money(off),
            "coupon_id": ids("off", np.where(back, -1, book.offer[visit]), 4),
            "store_id": taken(store_ids(), store[visit]),
            "channel": words(_ORDER_CHANNELS, book.channel[visit]),
        }
    )


def _refunds(rng: np.random.Generator, span: Span, book: Book) -> tuple[Ints, Ints, Ints]:
    """Draw the refunded lines, when, and the share of the money that comes back in percent."""
    n = len(book.lines.visit)
    wait = 3_600 + np.minimum(rng.gamma(2.0, 3.5 * DAY, n), 60 * DAY).astype(np.int64)
    moment = book.visits.moment[book.lines.visit] + wait
    share = np.where(rng.random(n) < _PARTLY, rng.integers(20, 81, n), 100)
    is_refunded: Bools = rng.random(n) < _REFUNDED
    is_refunded &= (moment < span.seconds) & (book.lines.paid_cents > 100)
    line = np.flatnonzero(is_refunded)
    return line, moment[line], share[line]


def _stores(rng: np.random.Generator, book: Book, contacts: Contacts) -> Ints:
    """Orders in a store: the home store nine times in ten; no store for the others."""
    n = len(book.visits)
    home = contacts.store[book.visits.member]
    store = np.where(rng.random(n) < 0.9, home, rng.integers(0, N_STORES, n))
    return np.where(book.channel == _ORDER_CHANNELS.index("store"), store, -1)
