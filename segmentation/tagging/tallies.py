"""Counts of yes-or-no answers about purchases: how often, out of how many."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.clock import DAY_US

from .blocks import in_blocks
from .cells import cells_of
from .facts import Facts
from .order_lines import OrderLines
from .products import Products

__all__ = [
    "NEW_DAYS",
    "TRIED_DAYS",
    "Tally",
    "calendar_tallies",
    "deal_tallies",
    "on_discount",
    "repeat_tally",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NEW_DAYS = 60
"""For so many days after its launch a product is new."""

TRIED_DAYS = 30
"""So many days after the first purchase of a product it can be told whether it was repeated."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """How often the answer was yes, and how often it is known; int64 arrays, one a member."""

    hits: Ints
    trials: Ints


def deal_tallies(facts: Facts, products: Products) -> dict[str, Tally]:
    """Count lines with a discount, a coupon or either, refunds, new products, large quantities."""
    lines = facts.purchases
    if lines is None:
        return {}
    n = lines.count()
    found = {"refund": Tally(lines.n_refunds, n + lines.n_refunds)}
    if lines.discount is not None:
        known = ~np.isnan(lines.discount)
        found["discount"] = Tally(lines.count(on_discount(lines)), lines.count(known))
    if lines.coupon is not None:
        found["coupon"] = Tally(lines.count(lines.coupon), n)
    if lines.discount is not None or lines.coupon is not None:
        dealt, full = _deals(lines)
        found["deal"] = Tally(lines.count(dealt), lines.count(dealt | full))
    if products.usual_quantity is not None and lines.quantity is not None:
        usual = products.of_lines(lines, products.usual_quantity)
        found["stock_up"] = _stocked_up(lines, lines.quantity, usual)
    if products.launched is not None:
        since = lines.times - products.of_lines(lines, products.launched)
        found["new_product"] = Tally(
            lines.count(since < NEW_DAYS * DAY_US), lines.count(~np.isnan(since))
        )
    return found


def calendar_tallies(facts: Facts) -> dict[str, Tally]:
    """Count purchase days on member days and in festivals."""
    visits = facts.visits
    if visits is None or facts.activity != "orders":
        return {}
    n, trials = len(facts.members), visits.count()
    special = facts.calendar.is_member_day(visits.day)
    festive = facts.calendar.festival(visits.day) >= 0
    return {
        "member_day": Tally(np.bincount(visits.member[special], minlength=n), trials),
        "festival": Tally(np.bincount(visits.member[festive], minlength=n), trials),
    }


def repeat_tally(facts: Facts) -> dict[str, Tally]:
    """Count the products first bought 30 days ago or more, and those bought on a later day too."""
    lines = facts.purchases
    if lines is None or lines.product is None:
        return {}
    product, day, until = lines.product, lines.day, facts.end - TRIED_DAYS * DAY_US

    def block(first: int, beyond: int) -> tuple[Ints, Ints]:
        rows, n = slice(lines.starts[first], lines.starts[beyond]), beyond - first
        cells = cells_of(lines.codes[rows] - first, product.codes[rows], (n, len(product.ids)))
        begin, end = cells.first(), cells.last()
        tried = lines.times[rows][begin] < until
        again = tried & (day[rows][begin] != day[rows][end])
        whose = cells.member
        return np.bincount(whose[again], minlength=n), np.bincount(whose[tried], minlength=n)

    hits, trials = zip(*in_blocks(lines.starts, block), strict=True)
    return {"repeat": Tally(np.concatenate(hits), np.concatenate(trials))}


def on_discount(lines: OrderLines) -> Bools:
    """Tell which lines are known to have a discount."""
    if lines.discount is None:
        return np.zeros(len(lines.codes), dtype=np.bool_)
    dealt: Bools = (lines.discount != 0) & ~np.isnan(lines.discount)
    return dealt


def _deals(lines: OrderLines) -> tuple[Bools, Bools]:
    """Tell which lines have a discount or a coupon, and which are known to have neither."""
    dealt = on_discount(lines)
    full = np.ones(len(dealt), np.bool_) if lines.discount is None else lines.discount == 0
    if lines.coupon is None:
        return dealt, full
    return dealt | lines.coupon, full & ~lines.coupon


def _stocked_up(lines: OrderLines, quantity: Floats, usual: Floats) -> Tally:
    """Count lines with twice the usual quantity of the product."""
    known = ~np.isnan(usual) & ~np.isnan(quantity)
    return Tally(lines.count(quantity >= 2 * usual), lines.count(known))
