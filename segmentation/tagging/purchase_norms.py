"""What is usual among all purchases: the population step of the purchase tags."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.affinity import decay
from siyu.datasets.community import Community
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import encode, lookup
from siyu.datasets.member_rows import MemberRows
from siyu.segmentation.records import has_column

from .facts import Facts

__all__ = ["HALF_LIFE_DAYS", "KeyShares", "PurchaseNorms", "favourite_columns", "purchase_norms"]

Floats = npt.NDArray[np.float64]

HALF_LIFE_DAYS = 180.0
"""After so many days a purchase tells half as much about a favourite."""


@dataclass(frozen=True, slots=True, eq=False)
class KeyShares:
    """The share of each key (a category, a channel, a store) in recent purchases."""

    keys: pa.Array
    share: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseNorms:
    """The median quantity of each product, and what members in general prefer."""

    products: pa.Array
    usual_quantity: Floats
    favourites: Mapping[str, KeyShares]


def purchase_norms(facts: Facts) -> PurchaseNorms:
    """Measure what is usual among the purchases of all members."""
    bought = facts.purchases
    ids, medians = pa.array([], pa.int64()), np.empty(0)
    if bought is None:
        return PurchaseNorms(ids, medians, {})
    if bought.has("product_id") and bought.has("quantity"):
        lines = bought.table.select(["product_id", "quantity"]).drop_null()
        by_product = MemberRows.of(lines, key="product_id")
        ids, medians = by_product.members, by_product.quantile("quantity", 0.5)
    weight = decay(bought.times, facts.end, HALF_LIFE_DAYS)
    columns = favourite_columns(facts.c, bought.table)
    shares = {name: _shares(values, weight) for name, values in columns.items()}
    return PurchaseNorms(ids, medians, shares)


def favourite_columns(c: Community, lines: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Give the columns a member may have favourites in, a value a line, as far as known."""
    columns = {name: lines[name] for name in ("channel", "store_id") if name in lines.column_names}
    if "product_id" in lines.column_names and has_column(c, "products", "category"):
        columns["category"] = _category(c.arrow("products"), lines["product_id"])
    return columns


def _category(products: pa.Table, product_ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Look up categories; pseudo-products such as fuel (not recommendable) have none."""
    category = products["category"]
    if "recommendable" in products.column_names:
        wanted = products["recommendable"].fill_null(True)
        category = pc.if_else(wanted, category, pa.scalar(None, category.type))
    rows = pa.table({"product_id": products["product_id"], "category": category})
    rows = rows.sort_by([("product_id", "ascending"), ("category", "ascending")])
    at = lookup(product_ids, rows["product_id"].combine_chunks())
    return rows["category"].take(pa.array(at, mask=at < 0))


def _shares(values: pa.ChunkedArray, weight: Floats) -> KeyShares:
    codes, keys = encode(values)
    known = codes >= 0
    totals = exact_sum(codes[known], weight[known], len(keys))
    return KeyShares(keys, totals / (totals.sum() or 1.0))
