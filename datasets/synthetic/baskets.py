"""What is in the baskets: lines by taste, favourites, promotions; coupons spread over lines."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from siyu.datasets.randomness import stable_uniform

from .arrays import Bools, Floats, Ints, inverse_cdf
from .catalogue import CATEGORIES, Catalogue, Promotions
from .members import Traits

__all__ = ["Lines", "Shelf", "fill_baskets", "member_tilt", "spread_coupons"]

_LOYALTY = 0.62  # share of lines that go to one of the member's two favourites of the category
_SHIPPING = 0.05


@dataclass(frozen=True, slots=True)
class Shelf:
    """What lines are picked from."""

    catalogue: Catalogue
    promotions: Promotions
    traits: Traits


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of baskets, sorted by visit and product; money in cents."""

    visit: Ints
    product: Ints
    quantity: Ints
    list_cents: Ints
    """Quantity times list price."""
    off_cents: Ints
    """Taken off by promotions and coupons."""

    @property
    def paid_cents(self) -> Ints:
        """What the member pays for the line."""
        return self.list_cents - self.off_cents

    def spend(self, n_visits: int, catalogue: Catalogue) -> Ints:
        """Sum what is paid by visit and category, (n_visits, n_categories + 1), in cents."""
        width = len(CATEGORIES) + 1
        key = self.visit * width + catalogue.category[self.product]
        total = np.bincount(key, self.paid_cents, minlength=n_visits * width)
        return total.astype(np.int64).reshape(n_visits, width)


def fill_baskets(
    rng: np.random.Generator,
    shelf: Shelf,
    member: Ints,
    day: Ints,
    wanted: tuple[Ints, Ints] | None = None,
) -> Lines:
    """Draw the lines of visits.

    A basket has one line more than a Poisson number of the member's own mean. A line's
    category follows the member's taste; its product is, in this order, a product on offer
    (the more likely, the more price-sensitive the member is), one of two favourites of the
    category, or any by popularity. `wanted`, for visits caused by coupons, names the
    category of the first line (-1 for any) and the least spend of the basket in cents.
    """
    traits, n = shelf.traits, len(member)
    counts = 1 + rng.poisson(traits.basket[member])
    visit = np.repeat(np.arange(n), counts)
    is_first = np.r_[True, visit[1:] != visit[:-1]] if n else np.zeros(0, np.bool_)
    who, when = member[visit], day[visit]
    category = _categories(rng, traits, who)
    if wanted is not None:
        category = np.where(is_first & (wanted[0][visit] >= 0), wanted[0][visit], category)
    product = _products(rng, shelf, who, when, category)
    quantity = _quantities(rng, len(visit))
    percent = shelf.promotions.cut[product, when]
    price = shelf.catalogue.price_cents[product]
    if wanted is not None:
        each = np.maximum(price * (100 - percent) // 100, 1)
        needed = np.where(is_first, -(-wanted[1][visit] // each), 0)
        quantity = np.maximum(quantity, needed)
    full = price * quantity
    lines = Lines(visit, product, quantity, full, full * percent // 100)
    return _tidy(_shipped(rng, shelf, lines, n))


def _categories(rng: np.random.Generator, traits: Traits, member: Ints) -> Ints:
    """Draw categories by taste."""
    return inverse_cdf(np.cumsum(traits.taste, axis=1), member, rng.random(len(member)))


def member_tilt(sensitivity: Floats) -> Floats:
    """Exponent by which price-sensitive members lean to the cheap end of the shelf."""
    tilt: Floats = np.exp(1.5 * (sensitivity - 0.4))
    return tilt


def _products(
    rng: np.random.Generator, shelf: Shelf, member: Ints, day: Ints, category: Ints
) -> Ints:
    """Pick a deal, else a favourite, else anything."""
    n = len(member)
    sensitivity = shelf.traits.price_sensitivity[member]
    is_loyal = rng.random(n) < _LOYALTY
    slot = (rng.random(n) < 0.3).astype(np.int64)
    favourite = _fixed_uniform((member * len(CATEGORIES) + category) * 2 + slot)
    u = np.where(is_loyal, favourite, rng.random(n))
    usual = shelf.catalogue.pick(category, u, member_tilt(sensitivity), day)
    seeks = rng.random(n) < 0.05 + 0.45 * sensitivity
    deal = shelf.promotions.pick(category, day, rng.random(n))
    return np.where(seeks & (deal >= 0), deal, usual)


def _fixed_uniform(keys: Ints) -> Floats:
    """Give every key its own number: a member's favourites never change."""
    return stable_uniform(pa.array(keys), "favourite")


def _quantities(rng: np.random.Generator, n: int) -> Ints:
    """Draw how many of a product: mostly one, sometimes two or three."""
    drawn = 1 + (rng.random(n) < 0.22).astype(np.int64) + (rng.random(n) < 0.06)
    return drawn.astype(np.int64)


def _shipped(rng: np.random.Generator, shelf: Shelf, lines: Lines, n_visits: int) -> Lines:
    """Add a shipping line to one visit in twenty."""
    pays = np.flatnonzero(rng.random(n_visits) < _SHIPPING)
    fee = np.full(len(pays), shelf.catalogue.n_goods)
    one = np.ones(len(pays), np.int64)
    return Lines(
        np.r_[lines.visit, pays],
        np.r_[lines.product, fee],
        np.r_[lines.quantity, one],
        np.r_[lines.list_cents, shelf.catalogue.price_cents[fee]],
        np.r_[lines.off_cents, one * 0],
    )


def _tidy(lines: Lines) -> Lines:
    """Join lines of one product in one visit, and sort."""
    width = int(lines.product.max(initial=0)) + 1
    key, at = np.unique(lines.visit * width + lines.product, return_inverse=True)
    parts = [
        np.bincount(at, part, minlength=len(key)).astype(np.int64)
        for part in (lines.quantity, lines.list_cents, lines.off_cents)
    ]
    return Lines(key // width, key % width, *parts)


def spread_coupons(lines: Lines, eligible: Bools, coupon_cents: Ints) -> Lines:
    """Take each visit's coupon off its eligible lines, in proportion, to the cent.

    `coupon_cents` has one value a visit, 0 for none, at most what the eligible lines cost.
    """
    base = np.where(eligible, lines.paid_cents, 0)
    total = np.bincount(lines.visit, base, minlength=len(coupon_cents)).astype(np.int64)
    before_visit = np.r_[0, np.cumsum(total)][:-1]
    upto = np.cumsum(base) - before_visit[lines.visit]
    cut = np.minimum(coupon_cents, total)[lines.visit]
    share = np.maximum(total[lines.visit], 1)
    off = cut * upto // share - cut * (upto - base) // share
    return Lines(
        lines.visit, lines.product, lines.quantity, lines.list_cents, lines.off_cents + off
    )
