"""What is known of the products that were bought: the part of the norms about products."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import instants
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import opens_run

from .facts import Facts
from .order_lines import Keys, OrderLines

__all__ = ["Products", "products_of"]

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """Everything the tags ask of a product; one value each, in the order of `ids`.

    Parameters
    ----------
    ids : sorted pyarrow.Array
        Of the products bought by anybody.
    category, brand : Keys or None
        Of each product; -1 where unknown and for pseudo-products (not recommendable).
    launched, cost : float64 arrays or None
        Instant (us) of the launch, and cost a piece; NaN where unknown.
    usual_quantity : float64 array or None
        Median quantity of a purchase line; NaN where unknown.
    price_level : float64 array or None
        Where its price stands among the purchase lines of its category: the share of lines
        at lower prices plus half of those at the same; NaN where unknown.
    """

    ids: pa.Array
    category: Keys | None
    brand: Keys | None
    launched: Floats | None
    cost: Floats | None
    usual_quantity: Floats | None
    price_level: Floats | None

    def of_lines(self, lines: OrderLines, values: Floats) -> Floats:
        """Give a product's number for every line; NaN where the product is unknown."""
        return self._spread(lines, np.append(values, np.nan))

    def keys_of_lines(self, lines: OrderLines, keys: Keys) -> Codes:
        """Give the code of a product's category or brand for every line; -1 where unknown."""
        return self._spread(lines, np.append(keys.codes, np.int32(-1)))

    def _spread(self, lines: OrderLines, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Give each line the value of its product; the last value is for unknown ones."""
        unknown = values[-1:]
        if lines.product is None:
            return np.repeat(unknown, len(lines.codes))
        of_id = np.append(values[lookup(lines.product.ids, self.ids)], unknown)
        return np.asarray(of_id[lines.product.codes])


def products_of(facts: Facts) -> Products:
    """Learn from all members' purchases what is to be known of each product."""
    lines = facts.purchases
    if lines is None or lines.product is None:
        return Products(pa.array([], pa.int64()), None, None, None, None, None, None)
    ids, table = lines.product.ids, facts.c.arrow("products")
    table = pa.table({"product_id": ids.slice(0, 0)}) if table is None else table
    table = table.sort_by("product_id")
    place = lookup(ids, table["product_id"].combine_chunks())
    category = _keys(table, "category", place)
    price = _price(lines, _numbers(table, "price", place))
    return Products(
        ids,
        category,
        _keys(table, "brand", place),
        _launched(table, place),
        _numbers(table, "cost", place),
        None if lines.quantity is None else _usual_quantity(lines.product, lines.quantity),
        None if price is None else _price_level(lines.product, price, category),
    )


def _keys(table: pa.Table, column: str, place: Ints) -> Keys | None:
    """Code a text column of products; pseudo-products such as fuel have nothing."""
    if column not in table.column_names:
        return None
    values = table[column]
    if "recommendable" in table.column_names:
        wanted = table["recommendable"].fill_null(True)
        values = pc.if_else(wanted, values, pa.scalar(None, values.type))
    codes, names = encode(values)
    return Keys(np.append(codes, -1)[place].astype(np.int32), names)


def _numbers(table: pa.Table, column: str, place: Ints) -> Floats | None:
    if column not in table.column_names:
        return None
    numbers = table[column].cast(pa.float64()).to_numpy()
    return np.asarray(np.append(numbers, np.nan)[place])


def _launched(table: pa.Table, place: Ints) -> Floats | None:
    if "launched_at" not in table.column_names:
        return None
    column = table["launched_at"]
    known = column.is_valid().to_numpy()
    us = instants(column.fill_null(pa.scalar(0, column.type))).astype(np.float64)
    return np.asarray(np.append(np.where(known, us, np.nan), np.nan)[place])


def _price(lines: OrderLines, listed: Floats | None) -> Floats | None:
    """Give the listed price of each product, or else the mean price paid a piece."""
    if lines.quantity is None or lines.product is None:
        return listed
    codes, n = lines.product.codes, len(lines.product.ids)
    known = (codes >= 0) & ~np.isnan(lines.quantity)
    at = codes[known].astype(np.int64)
    pieces = exact_sum(at, lines.quantity[known], n)
    paid = exact_sum(at, lines.amount[known], n)
    mean = np.where(pieces > 0, paid / np.where(pieces > 0, pieces, 1.0), np.nan)
    return mean if listed is None else np.where(listed > 0, listed, mean)


def _price_level(bought: Keys, price: Floats, category: Keys | None) -> Floats:
    """Rank prices within categories, a product counting as often as it was bought."""
    codes = bought.codes
    n_lines = np.bincount(codes[codes >= 0], minlength=len(price)).astype(np.float64)
    group = np.zeros(len(price), dtype=np.int64) if category is None else category.codes
    known = np.flatnonzero((group >= 0) & ~np.isnan(price) & (n_lines > 0))
    level = np.full(len(price), np.nan)
    if not len(known):
        return level
    order = known[np.lexsort((price[known], group[known]))]
    group, price = group[order], price[order]
    of_group, of_price = np.cumsum(opens_run(group)) - 1, np.cumsum(opens_run(group, price)) - 1
    weight = n_lines[order]
    ends = np.cumsum(np.bincount(of_price, weight))  # lines at each price and at all before it
    whole = np.bincount(of_group, weight)
    before = np.cumsum(whole) - whole
    same = np.bincount(of_price, weight)[of_price]
    lower = ends[of_price] - same - before[of_group]
    level[order] = (lower + same / 2) / whole[of_group]
    return level


def _usual_quantity(bought: Keys, quantity: Floats) -> Floats:
    """Find the median quantity of each product."""
    known = (bought.codes >= 0) & ~np.isnan(quantity)
    codes = bought.codes[known]
    amounts = np.unique(quantity[known])
    keys = codes.astype(np.int64) * max(len(amounts), 1)
    keys += np.searchsorted(amounts, quantity[known])
    keys.sort()
    n = np.bincount(codes, minlength=len(bought.ids))
    usual = np.full(len(n), np.nan)
    begin = np.cumsum(n) - n
    there = n > 0
    low, high = (begin + (n - 1) // 2)[there], (begin + n // 2)[there]
    usual[there] = (amounts[keys[low] % len(amounts)] + amounts[keys[high] % len(amounts)]) / 2
    return usual
