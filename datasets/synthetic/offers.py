"""What the brand sends out and when: product offers, pairs of coupons, and their occasions."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrays import Ints
from .campaigns import Campaigns
from .catalogue import CATEGORIES, Catalogue
from .columns import ids, money, words
from .members import CHANNELS
from .seasons import DAY, Span

__all__ = ["SLOTS", "VALID_DAYS", "Occasion", "Offers", "plan_offers"]

SLOTS = (0.4, 0.3, 0.2, 0.1)
"""Chances of the four product offers of a month to be the one a content message shows."""
VALID_DAYS = 7
"""Days from issue to expiry of a coupon."""
_SMALL, _LARGE = (800, 7_900), (3_000, 12_900)  # coupons: money off, from a spend of; cents


@dataclass(frozen=True, slots=True)
class Occasion:
    """One push: a weekly content message, or a wave of coupons with an experiment."""

    moment: int
    is_coupon: bool
    campaign: int
    first_offer: int
    """Content: the first of four product offers. Coupons: the small one, then the large one."""
    number: int
    """Weeks since the start for content, waves since the start for coupons."""


@dataclass(frozen=True, slots=True)
class Offers:
    """All offers; product offers first, then small and large coupons by turns."""

    product: Ints
    category: Ints
    price_cents: Ints
    public_cents: Ints
    discount_cents: Ints
    threshold_cents: Ints
    cost_cents: Ints
    channel: Ints
    stock: Ints
    starts: Ints
    ends: Ints

    @property
    def is_coupon(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell coupons from product offers."""
        return self.product < 0

    def ids(self, codes: Ints) -> pa.Array:
        """Write offer ids, null for -1."""
        return ids("off", codes, 4)

    def table(self, span: Span) -> pa.Table:
        """Build the table ``offers``; money in the currency of the shop."""
        codes, coupon = np.arange(len(self.product)), self.is_coupon
        return pa.table(
            {
                "offer_id": self.ids(codes),
                "kind": words(("product", "coupon"), coupon.astype(np.int64)),
                "product_id": ids("p", self.product, 4),
                "category": words(CATEGORIES, self.category),
                "price": money(self.price_cents, ~coupon),
                "public_price": money(self.public_cents, ~coupon),
                "discount": money(self.discount_cents, coupon),
                "threshold": money(self.threshold_cents, coupon),
                "cost": money(self.cost_cents),
                "channel": words(CHANNELS, self.channel),
                "stock": pa.array(self.stock.astype(np.float64)),
                "budget": money(self.stock * self.discount_cents, coupon),
                "starts_at": span.instants(self.starts),
                "ends_at": span.instants(self.ends),
            }
        )

    def products_table(self, catalogue: Catalogue) -> pa.Table:
        """Build ``offer_products``: the goods on which each coupon is valid."""
        coupon = np.flatnonzero(self.is_coupon)
        goods = np.arange(catalogue.n_goods)
        valid = (self.category[coupon][:, None] < 0) | (
            self.category[coupon][:, None] == catalogue.category[goods][None, :]
        )
        row, product = np.nonzero(valid)
        return pa.table(
            {"offer_id": self.ids(coupon[row]), "product_id": catalogue.ids(goods[product])}
        )


def plan_offers(
    rng: np.random.Generator,
    span: Span,
    catalogue: Catalogue,
    campaigns: Campaigns,
    n_members: int,
) -> tuple[Offers, Campaigns, list[Occasion]]:
    """Plan the brand's pushes.

    Every Tuesday at 20:00 a content message that shows one of the month's four product
    offers; on the 11th of every month, on 16 June and on 9 November at 19:30 a wave of two
    coupons, every third wave for one category alone.
    """
    months = span.months
    content = np.flatnonzero((span.dates.astype(np.int64) + 3) % 7 == 1)
    festivals = np.r_[span.day_numbers(6, 16), span.day_numbers(11, 9)]
    waves = np.unique(np.r_[np.flatnonzero(span.day_of_month == 11), festivals])
    products = _product_offers(rng, span, catalogue, months)
    offers = _joined(products, _coupons(rng, waves, n_members))
    first = len(campaigns.kind)
    kinds = ["festival" if day in festivals else "member_day" for day in waves]
    campaigns = campaigns.and_pushes(
        ["content"] * len(months) + kinds,
        np.r_[months, waves] * DAY,
        np.r_[months[1:], span.days, waves + VALID_DAYS + 1] * DAY,
        np.r_[np.full(len(months), 50_000 + 5 * n_members), np.full(len(waves), 80_000)],
    )
    month_of = np.searchsorted(months, content, side="right") - 1
    occasions = [
        Occasion(
            moment=int(day) * DAY + 72_000,
            is_coupon=False,
            campaign=first + int(m),
            first_offer=4 * int(m),
            number=week,
        )
        for week, (day, m) in enumerate(zip(content, month_of, strict=True))
    ] + [
        Occasion(
            moment=int(day) * DAY + 70_200,
            is_coupon=True,
            campaign=first + len(months) + wave,
            first_offer=4 * len(months) + 2 * wave,
            number=wave,
        )
        for wave, day in enumerate(waves)
    ]
    return offers, campaigns, sorted(occasions, key=lambda o: (o.moment, o.is_coupon))


def _product_offers(
    rng: np.random.Generator, span: Span, catalogue: Catalogue, months: Ints
) -> Offers:
    """Put four goods of four categories on offer every month, a tenth below the list price.

    The public price is the list price; one time in ten it is lower than the member's.
    """
    n = 4 * len(months)
    step = np.argsort(rng.random((len(months), len(CATEGORIES))), axis=1)[:, :4]
    month = np.repeat(months, 4)
    any_price = np.ones(n)
    product = catalogue.pick(step.ravel().astype(np.int64), rng.random(n), any_price, month)
    full = catalogue.price_cents[product]
    public = np.where(rng.random(n) < 0.1, full * 85 // 100, full)
    zero = np.zeros(n, np.int64)
    return Offers(
        product=product,
        category=catalogue.category[product],
        price_cents=full * 9 // 10,
        public_cents=public,
        discount_cents=zero,
        threshold_cents=zero,
        cost_cents=catalogue.cost_cents[product],
        channel=rng.integers(0, 2, n),
        stock=rng.choice(np.array([30, 100, 500, 2000]), n),
        starts=month * DAY,
        ends=np.repeat(np.r_[months[1:], span.days], 4) * DAY,
    )


def _coupons(rng: np.random.Generator, waves: Ints, n_members: int) -> Offers:
    """Make a small and a large coupon for every wave; one large wave in three is scarce."""
    n = 2 * len(waves)
    is_large = np.arange(n) % 2 == 1
    scarce = is_large & (np.repeat(np.arange(len(waves)) % 3, 2) == 2)
    category = np.repeat(
        np.where(np.arange(len(waves)) % 3 == 1, rng.integers(0, len(CATEGORIES), len(waves)), -1),
        2,
    )
    discount = np.where(is_large, _LARGE[0], _SMALL[0])
    return Offers(
        product=np.full(n, -1),
        category=category,
        price_cents=np.zeros(n, np.int64),
        public_cents=np.zeros(n, np.int64),
        discount_cents=discount,
        threshold_cents=np.where(is_large, _LARGE[1], _SMALL[1]),
        cost_cents=discount,
        channel=np.full(n, -1),
        stock=np.where(scarce, max(5, n_members // 100), max(30, n_members // 3)),
        starts=np.repeat(waves, 2) * DAY,
        ends=np.repeat(waves + VALID_DAYS + 1, 2) * DAY,
    )


def _joined(first: Offers, second: Offers) -> Offers:
    names = Offers.__slots__
    return Offers(**{n: np.concatenate([getattr(first, n), getattr(second, n)]) for n in names})
