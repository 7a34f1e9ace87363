"""The shelf: products of twelve categories, their promotions, and what a basket line picks."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from siyu.datasets.clock import INSTANT

from .arrays import Bools, Floats, Ints, pick_from
from .columns import ids, money, taken, words
from .seasons import DAY, Span

__all__ = ["CATEGORIES", "Catalogue", "Promotions", "draw_catalogue", "draw_promotions"]

CATEGORIES = (
    "tea", "coffee", "snacks", "dairy", "fruit", "grain_oil",
    "skincare", "haircare", "cleaning", "baby", "pet", "health",
)  # fmt: skip
"""The categories; `Catalogue` adds two service lines (shipping, gift wrap) beside them."""
_PRICE = (68, 49, 19, 26, 32, 58, 129, 59, 24, 98, 45, 88)  # median price of each category
_PER_CATEGORY = 20
_SERVICES = (800, 1_500)  # shipping fee and gift wrap, cents
_ZIPF = 0.9


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Products, category by category, cheap to dear within each; services come last."""

    category: Ints
    price_cents: Ints
    cost_cents: Ints
    brand: Ints
    launched: Ints
    """Day of launch since the start; many lie before it and are negative."""
    in_stock: Bools
    rating: Floats
    popularity: Floats
    """Share of each product in the demand of its category."""
    cumulative: Floats
    """Category number plus the cumulative popularity: one rising line for `pick`."""
    flagship: Ints
    """The product of each category that fills in for what is not launched yet."""

    @property
    def n_goods(self) -> int:
        """Number of products that are no service."""
        return len(CATEGORIES) * _PER_CATEGORY

    def pick(self, category: Ints, u: Floats, tilt: Floats, day: Ints) -> Ints:
        """Draw a product of each category by popularity, tilted to cheap ones by `tilt` > 1."""
        at = np.searchsorted(self.cumulative, category + u**tilt, side="right")
        found = np.clip(at, category * _PER_CATEGORY, (category + 1) * _PER_CATEGORY - 1)
        return np.where(self.launched[found] <= day, found, self.flagship[category])

    def ids(self, codes: Ints) -> pa.Array:
        """Write product ids, null for -1."""
        return ids("p", codes, 4)

    def table(self, span: Span) -> pa.Table:
        """Build the table ``products``."""
        codes = np.arange(len(self.category))
        launched = np.maximum(self.launched, -3_650) * DAY + 10 * 3600
        return pa.table(
            {
                "product_id": self.ids(codes),
                "category": words([*CATEGORIES, "service"], self.category),
                "brand": ids("b", self.brand, 2),
                "price": money(self.price_cents),
                "cost": money(self.cost_cents),
                "launched_at": span.instants(launched),
                "in_stock": pa.array(self.in_stock),
                "rating": pa.array(self.rating, mask=np.isnan(self.rating)),
                "recommendable": pa.array(codes < self.n_goods),
            }
        )


def draw_catalogue(rng: np.random.Generator, span: Span) -> Catalogue:
    """Draw 12 x 20 products with lognormal prices ending in .9, and two service lines."""
    shape = (len(CATEGORIES), _PER_CATEGORY)
    drawn = np.array(_PRICE)[:, None] * np.exp(0.45 * rng.standard_normal(shape))
    price = np.sort(np.maximum(np.floor(drawn), 2).astype(np.int64) * 100 + 90, axis=1)
    weight = rng.permuted(1 / np.arange(1, _PER_CATEGORY + 1) ** _ZIPF * np.ones(shape), axis=1)
    popularity = weight / weight.sum(axis=1, keepdims=True)
    flagship = popularity.argmax(axis=1) + np.arange(shape[0]) * _PER_CATEGORY
    launched = np.where(rng.random(shape) < 0.75, -rng.integers(30, 900, shape), 0).ravel()
    late = launched == 0
    launched[late] = rng.integers(0, max(1, int(span.days * 0.95)), late.sum())
    launched[flagship] = -900
    cumulative: Floats = np.cumsum(popularity, axis=1) + np.arange(shape[0])[:, None]
    goods = np.repeat(np.arange(shape[0]), _PER_CATEGORY)
    margin = rng.uniform(0.35, 0.65, price.size)
    services = np.array(_SERVICES)
    return Catalogue(
        category=np.r_[goods, [len(CATEGORIES)] * len(services)],
        price_cents=np.r_[price.ravel(), services],
        cost_cents=np.r_[(price.ravel() * margin).astype(np.int64), services],
        brand=np.r_[goods * 3 + rng.integers(0, 3, price.size), [-1] * len(services)],
        launched=np.r_[launched, [-900] * len(services)],
        in_stock=np.r_[rng.random(price.size) < 0.95, [True] * len(services)],
        rating=np.r_[np.round(5 - rng.gamma(2.0, 0.2, price.size), 1), [np.nan] * len(services)],
        popularity=np.r_[popularity.ravel(), [0.0] * len(services)],
        cumulative=cumulative.ravel(),
        flagship=flagship,
    )


@dataclass(frozen=True, slots=True)
class Promotions:
    """Price cuts of products over days, known some weeks before they begin."""

    product: Ints
    first_day: Ints
    last_day: Ints
    """The first day after the promotion."""
    known_day: Ints
    percent: Ints
    """Price cut; 0 for a display without one."""
    kind: Ints
    store: Ints
    """A place among the stores, -1 for everywhere."""
    deals: Ints
    """Products on offer, sorted by category and day."""
    deal_starts: Ints
    """Offsets into `deals`, one for each category x day, and the end."""
    cut: Ints
    """Deepest cut of every product on every day in percent, (n_products, n_days)."""

    KINDS = ("discount", "display", "member_day", "festival")

    def pick(self, category: Ints, day: Ints, u: Floats) -> Ints:
        """Draw a product on offer in the category on the day; -1 where there is none."""
        n_days = self.cut.shape[1]
        at = pick_from(self.deal_starts, category * n_days + day, u)
        if not len(self.deals):
            return np.full(len(category), -1)
        return np.where(at >= 0, self.deals[at], -1)

    def table(self, span: Span, catalogue: Catalogue, stores: pa.Array) -> pa.Table:
        """Build the table ``promotions``, `discount` being the share of the price cut off.

        Promotions already planned for the month after the end stand in it, too.
        """
        known = np.maximum(self.known_day, -60) * DAY + 9 * 3600
        is_known = self.known_day < span.days
        table = pa.table(
            {
                "product_id": catalogue.ids(self.product),
                "starts_at": span.instants(self.first_day * DAY),
                "ends_at": span.instants(self.last_day * DAY),
                "store_id": taken(stores, self.store),
                "kind": words(self.KINDS, self.kind),
                "known_at": span.instants(known).cast(INSTANT),
                "discount": pa.array(self.percent / 100.0),
            }
        ).filter(pa.array(is_known))
        return table.sort_by([("starts_at", "ascending"), ("product_id", "ascending")])


def draw_promotions(
    rng: np.random.Generator, span: Span, catalogue: Catalogue, n_stores: int
) -> Promotions:
    """Plan promotions month by month, one month beyond the end; festivals and member days too."""
    plans = [_monthly(rng, catalogue, int(day)) for day in (*span.months, span.days)]
    member_days = np.flatnonzero(span.day_of_month == 13)
    festivals = np.r_[span.day_numbers(6, 16), span.day_numbers(11, 9)]
    plans += [_one_cut(rng, catalogue, (int(d), 1), (0.10, 2)) for d in member_days]
    plans += [_one_cut(rng, catalogue, (int(d), 3), (0.30, 3)) for d in festivals]
    columns = zip(*plans, strict=True)
    product, first, last, percent, kind = (np.concatenate(part) for part in columns)
    local = np.where(kind == 1, rng.random(len(product)) < 0.5, False)
    store = np.where(local, rng.integers(0, n_stores, len(product)), -1)
    known = first - rng.integers(7, 29, len(product))
    cut = _deepest_cut(span, catalogue, (product, first, last, percent))
    on_offer, day = np.nonzero(cut)
    key: Ints = catalogue.category[on_offer] * span.days + day
    order = np.argsort(key, kind="stable")
    starts = np.searchsorted(key[order], np.arange((len(CATEGORIES) + 1) * span.days + 1))
    return Promotions(
        product, first, last, known, percent, kind, store,
        on_offer[order].astype(np.int64), starts.astype(np.int64), cut,
    )  # fmt: skip


_Plan = tuple[Ints, Ints, Ints, Ints, Ints]


def _monthly(rng: np.random.Generator, catalogue: Catalogue, month: int) -> _Plan:
    """Cut the price of 36 products for one or two weeks, and display 12 others."""
    product = rng.choice(catalogue.n_goods, 48, replace=False)
    first = month + rng.integers(0, 16, 48)
    last = first + rng.integers(7, 15, 48)
    kind = (np.arange(48) >= 36).astype(np.int64)
    return product, first, last, np.where(kind == 0, rng.integers(2, 7, 48) * 5, 0), kind


def _one_cut(
    rng: np.random.Generator,
    catalogue: Catalogue,
    when: tuple[int, int],
    what: tuple[float, int],
) -> _Plan:
    """Cut the price of a share of the shelf for a few days."""
    (day, length), (share, kind) = when, what
    product = np.flatnonzero(rng.random(catalogue.n_goods) < share).astype(np.int64)
    same = np.ones(len(product), np.int64)
    return product, same * day, same * (day + length), same * 20, same * kind


def _deepest_cut(span: Span, catalogue: Catalogue, plan: tuple[Ints, Ints, Ints, Ints]) -> Ints:
    product, first, last, percent = plan
    cut = np.zeros((len(catalogue.category), span.days), np.int64)
    length = np.clip(np.minimum(last, span.days) - first, 0, None)
    row = np.repeat(np.arange(len(product)), length)
    day = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    np.maximum.at(cut, (product[row], day), percent[row])
    late = np.arange(span.days)[None, :] < catalogue.launched[:, None]
    cut[late] = 0
    return cut
