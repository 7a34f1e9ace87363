"""What is usual among all purchases: the population step of the tags of buying."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.affinity import decay
from siyu.datasets.exact_sums import exact_total
from siyu.datasets.shrinkage import BetaPrior

from .facts import Facts, grouped_once
from .order_lines import OrderLines
from .products import Products, products_of
from .tallies import calendar_tallies, deal_tallies, repeat_tally

__all__ = [
    "HALF_LIFE_DAYS",
    "KeyShares",
    "Margins",
    "PurchaseNorms",
    "key_codes",
    "line_weights",
    "margins_of",
    "purchase_norms",
]

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HALF_LIFE_DAYS = 180.0
"""After so many days a purchase tells half as much about a favourite."""

_PRECISE = 2.0**24


@dataclass(frozen=True, slots=True, eq=False)
class KeyShares:
    """The share of each key (a category, a channel, a store) in recent purchases."""

    keys: pa.Array
    share: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseNorms:
    """What is known of products, what members in general prefer, and how often they do things.

    `habits` are the priors of the tallies, by name. `margin` is the share of all money paid
    that is left after costs, NaN where unknown.
    """

    products: Products
    favourites: Mapping[str, KeyShares]
    habits: Mapping[str, BetaPrior]
    margin: float


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """Money paid and money left after costs, of lines with known cost; one value a member."""

    paid: Floats
    left: Floats
    n_lines: Ints


def purchase_norms(facts: Facts) -> PurchaseNorms:
    """Measure what is usual among the purchases of all members."""
    products = products_of(facts)
    lines = facts.purchases
    if lines is None:
        return PurchaseNorms(products, {}, {}, np.nan)
    columns = {
        "channel": lines.channel,
        "store_id": lines.store,
        "category": products.category,
        "brand": products.brand,
    }
    weight = line_weights(facts)
    shares = {}
    for name, keys in columns.items():
        if keys is not None:
            codes = key_codes(lines, products, name, keys.ids)
            known = codes >= 0
            totals = np.bincount(codes[known], weight[known], len(keys.ids))
            shares[name] = KeyShares(keys.ids, totals / (totals.sum() or 1.0))
    tallies = {
        **grouped_once(facts, deal_tallies, products),
        **grouped_once(facts, calendar_tallies),
        **grouped_once(facts, repeat_tally),
    }
    habits = {name: BetaPrior.of(tally.hits, tally.trials) for name, tally in tallies.items()}
    margins = grouped_once(facts, margins_of, products)
    paid = exact_total(margins.paid)
    margin = exact_total(margins.left) / paid if paid > 0 else np.nan
    return PurchaseNorms(products, shares, habits, margin)


def margins_of(facts: Facts, products: Products) -> Margins:
    """Add up what members paid for products of known cost, and what is left of it."""
    lines, n = facts.purchases, len(facts.members)
    if lines is None or lines.quantity is None or products.cost is None:
        return Margins(np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64))
    cost = products.of_lines(lines, products.cost) * lines.quantity
    known = ~np.isnan(cost)
    paid = lines.paid(lines.amount, known)
    return Margins(paid, paid - lines.paid(cost, known), lines.count(known))


def key_codes(lines: OrderLines, products: Products, name: str, ids: pa.Array) -> Codes:
    """Give the code among `ids` of each line's category, brand, channel or store."""
    of_product = {"category": products.category, "brand": products.brand}
    if name in of_product:
        keys = of_product[name]
        return products.keys_of_lines(lines, keys) if keys is not None else _unknown(lines)
    own = lines.channel if name == "channel" else lines.store
    return own.among(ids) if own is not None else _unknown(lines)


def line_weights(facts: Facts) -> Floats:
    """Weigh purchase lines by age, in multiples of 2**-24: their sums are exact in any order."""
    return grouped_once(facts, _weights)


def _weights(facts: Facts) -> Floats:
    if facts.purchases is None:
        return np.empty(0)
    weight = decay(facts.purchases.times, facts.end, HALF_LIFE_DAYS)
    weight *= _PRECISE
    np.rint(weight, out=weight)
    np.maximum(weight, 1.0, out=weight)  # the oldest line still tells a little
    weight /= _PRECISE
    return weight


def _unknown(lines: OrderLines) -> Codes:
    return np.full(len(lines.codes), -1, dtype=np.int32)
