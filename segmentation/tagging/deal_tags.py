"""Tags of price: discounts, coupons, margins, refunds, price bands, bargain hunting."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.shrinkage import BetaPrior

from .evidence import Found
from .facts import Facts, grouped_once
from .found_values import above_all, flag_tag, rate_tag, share_tag
from .order_lines import OrderLines
from .products import Products
from .purchase_norms import PurchaseNorms, margins_of
from .tallies import Tally, calendar_tallies, deal_tallies, on_discount

__all__ = ["PRICE_BANDS", "deal_tags"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PRICE_BANDS = ("budget", "mid_price", "premium")
"""The codes of `price_band`."""

_MIDDLE, _PRICE_STRENGTH = 0.5, 3.0
_BUDGET, _PREMIUM = 0.4, 0.6
_PRECISE = 2.0**24
_DEPENDENT = 0.5
_FEWEST_DEALS = 3
_THIN_MARGIN = 0.75
_FEWEST_REFUNDS = 2


def deal_tags(facts: Facts, norms: PurchaseNorms) -> dict[str, Found]:
    """Tag how members look at prices; a tag whose columns are absent is left out.

    Parameters
    ----------
    facts : Facts
    norms : PurchaseNorms
        Of the whole population.

    Returns
    -------
    dict of tag to Found
        Null without purchases.
    """
    lines = facts.purchases
    if lines is None:
        return {}
    tallies = grouped_once(facts, deal_tallies, norms.products)
    tags = {"refund_share": _refunded(lines)}
    for name in ("discount", "coupon"):
        if name in tallies:
            tags |= _dependence(name, tallies[name], norms.habits[name])
    if lines.discount is not None:
        tags["discount_depth"] = _depth(lines, lines.discount)
    if "stock_up" in tallies:
        tags["stock_up"] = share_tag(tallies["stock_up"])
        tags["stock_up_buyer"] = above_all(tallies["stock_up"], norms.habits["stock_up"])
    refunds = tallies["refund"]
    tags["refund_rate"] = rate_tag(refunds.hits, refunds.trials, norms.habits["refund"])
    tags["refund_prone"] = above_all(refunds, norms.habits["refund"], _FEWEST_REFUNDS)
    level, n_priced = _price_level(lines, norms.products)
    if norms.products.price_level is not None:
        tags |= _price_tags(level, n_priced)
    if norms.products.cost is not None and lines.quantity is not None:
        tags["margin_share"] = _margin(facts, norms)
    if "deal" in tallies:
        tags["deal_share"] = rate_tag(
            tallies["deal"].hits, tallies["deal"].trials, norms.habits["deal"]
        )
        tags["deal_hunter"] = _deal_hunter(facts, norms, level)
    return tags


def _dependence(name: str, tally: Tally, prior: BetaPrior) -> dict[str, Found]:
    return {
        f"{name}_share": share_tag(tally),
        f"{name}_dependence": rate_tag(tally.hits, tally.trials, prior),
        f"{name}_dependent": above_all(tally, prior, _FEWEST_DEALS, _DEPENDENT),
    }


def _refunded(lines: OrderLines) -> Found:
    """Give the money refunded over the money paid."""
    paid = lines.paid(lines.amount)
    share = pa.array(lines.refund / np.where(paid == 0, 1.0, paid), mask=paid == 0)
    return Found(share, lines.count() + lines.n_refunds)


def _depth(lines: OrderLines, discount: Floats) -> Found:
    """Give the money taken off over the money before it, of lines with a discount."""
    dealt = on_discount(lines)
    off = lines.paid(np.abs(discount), dealt)
    before = lines.paid(lines.amount, dealt) + off
    depth = pa.array(off / np.where(before > 0, before, 1.0), mask=before <= 0)
    return Found(depth, lines.count(dealt))


def _price_level(lines: OrderLines, products: Products) -> tuple[Floats, Ints]:
    """Average the price levels of the lines, drawn towards the middle, and count those known."""
    if products.price_level is None:
        none = np.zeros(len(lines.starts) - 1, dtype=np.int64)
        return np.full(len(none), np.nan), none
    level = products.of_lines(lines, np.rint(products.price_level * _PRECISE) / _PRECISE)
    n = lines.count(~np.isnan(level))
    total = lines.total(np.nan_to_num(level)) + _PRICE_STRENGTH * _MIDDLE
    return np.where(n > 0, total / (n + _PRICE_STRENGTH), np.nan), n


def _price_tags(level: Floats, n: Ints) -> dict[str, Found]:
    band = 1 - (level < _BUDGET).astype(np.int64) + (level >= _PREMIUM)
    bands = pa.array(PRICE_BANDS).take(pa.array(band, mask=n == 0))
    return {
        "price_level": Found(pa.array(level, mask=n == 0), n, _PRICE_STRENGTH),
        "price_band": Found(bands, n, _PRICE_STRENGTH),
    }


def _margin(facts: Facts, norms: PurchaseNorms) -> Found:
    """Give what is left of the money paid after costs."""
    margins = grouped_once(facts, margins_of, norms.products)
    paid = margins.paid
    share = pa.array(margins.left / np.where(paid > 0, paid, 1.0), mask=paid <= 0)
    return Found(share, margins.n_lines)


def _deal_hunter(facts: Facts, norms: PurchaseNorms, level: Floats) -> Found:
    """Flag who depends on offers, and buys cheaply, at thin margins or in festivals only.

    Half or more of the lines (three at least) were on offer, surely more than everybody's, and
    at least one holds: price level below 0.4; margin below three quarters of everybody's; half
    or more of the purchase days in festivals or on member days.
    """
    deal = grouped_once(facts, deal_tallies, norms.products)["deal"]
    prior = norms.habits["deal"]
    mostly = above_all(deal, prior, _FEWEST_DEALS, _DEPENDENT).values.fill_null(False)
    cheap = level < _BUDGET
    margins = grouped_once(facts, margins_of, norms.products)
    thin = (margins.n_lines > 0) & (margins.left < _THIN_MARGIN * norms.margin * margins.paid)
    days = grouped_once(facts, calendar_tallies)
    waits = np.zeros(len(cheap), dtype=np.bool_)
    for tally in days.values():
        waits |= (tally.trials > 0) & (2 * tally.hits >= tally.trials)
    flags = mostly.to_numpy(zero_copy_only=False) & (cheap | thin | waits)
    flag = flag_tag(flags, deal.trials, deal.trials == 0)
    return Found(flag.values, flag.support, prior.strength)
