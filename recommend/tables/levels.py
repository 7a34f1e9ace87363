"""The community one level up: categories, or brands, in place of products.

A recommender of categories is a recommender of products in a shop whose products are categories.
So the tables are rewritten at the door, and everything behind it stays as it is.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.community import Community, as_community
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.frames import Frame
from siyu.datasets.ids import encode, lookup
from siyu.recommend.sorted_keys import Bools, Ints

__all__ = ["PRODUCT", "at_level"]

PRODUCT = "product"
_MAY_LACK = ("orders", "events", "offers")  # a row without a product still says something
_MUST_NAME = ("promotions", "offer_products")


def at_level(c: Community | Frame, level: str) -> Community:
    """Put the values of a column of ``products`` in place of the products.

    Parameters
    ----------
    c : Community or frame of orders
        With ``products``; for the level ``"product"`` a frame of orders will do.
    level : str
        ``"product"`` gives `c` itself; else a text column, such as ``"category"``.

    Returns
    -------
    Community
        ``product_id`` holds the column's values in every table; an offer that names a value
        and no product, such as a coupon for a category, is one on the value. Products that may
        not be recommended, and those without a value, are no purchases of anything: orders and
        events keep their row without a product; offers on nothing else are left out, and told
        of. ``products`` has one row a value: text columns where all its products agree (null
        where they differ), ``in_stock`` if any is.

    Raises
    ------
    ParameterError
        If the column is no text.
    DataError
        If ``products`` or the column is missing.

    Warns
    -----
    SiyuWarning
        If products that may be recommended have no value.

    Examples
    --------
    >>> orders = pd.DataFrame({"member_id": [1, 1], "product_id": [7, 8], "amount": 5.0})
    >>> orders["order_time"] = pd.to_datetime("2026-01-01", utc=True)
    >>> products = pd.DataFrame({"product_id": [7, 8], "category": ["tea", "tea"]})
    >>> c = at_level(Community(orders=orders, products=products), "category")
    >>> c.orders["product_id"].tolist()
    ['tea', 'tea']
    """
    c = as_community(c, "orders")
    if level == PRODUCT:
        return c
    listed = _products(c, level)
    ids, values = listed["product_id"].combine_chunks(), _text(listed[level])
    _tell_without(ids, values, listed)
    kept = _may_be_recommended(listed) & values.is_valid().to_numpy(zero_copy_only=False)
    ids, values = ids.filter(pa.array(kept)), values.filter(pa.array(kept))
    tables: dict[str, pa.Table] = {}
    for name in c.tables():
        rows = c.arrow(name)
        if rows is not None:
            tables[name] = rows
    for name in (*_MAY_LACK, *_MUST_NAME):
        if name in tables and "product_id" in tables[name].column_names:
            tables[name] = _renamed(tables[name], ids, values, may_lack=name in _MAY_LACK)
    if "offers" in tables and level in tables["offers"].column_names:
        tables["offers"] = _on_values(tables["offers"], c, level)
    if "offers" in tables:
        tables["offers"] = _still_on_something(tables, c)
    tables["products"] = _one_a_value(listed.filter(pa.array(kept)), level, values)
    spans = {
        name: (pd.Timestamp(start, unit="us", tz="UTC"), pd.Timestamp(end, unit="us", tz="UTC"))
        for name, (start, end) in c.observed.items()
    }
    return Community(tz=c.tz, observed=spans, truth=c.truth, **tables)


def _products(c: Community, level: str) -> pa.Table:
    """Give the table of products, if it has the column."""
    c.require("products", call=f"recommendations at the level {level!r}")
    listed = c.arrow("products")
    if listed is None or level not in listed.column_names:
        names = [] if listed is None else listed.column_names
        raise DataError(f"the table products has no column {level!r}; it has {names}")
    return listed


def _text(column: pa.ChunkedArray) -> pa.Array:
    """Give a text column as one array, decoded."""
    values = column.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        raise ParameterError("level", f"level must name a text column, got {values.type}")
    return values.cast(pa.large_string())


def _may_be_recommended(listed: pa.Table) -> Bools:
    """Tell which products are not marked as not recommendable."""
    if "recommendable" not in listed.column_names:
        return np.ones(listed.num_rows, np.bool_)
    flags = listed["recommendable"].fill_null(True)
    return np.asarray(flags.to_numpy(), np.bool_)


def _tell_without(ids: pa.Array, values: pa.Array, listed: pa.Table) -> None:
    """Say how many products have no value."""
    is_null = values.is_null().to_numpy(zero_copy_only=False)
    lacking = int((is_null & _may_be_recommended(listed)).sum())
    if lacking:
        warn(f"{lacking} of {len(ids)} products have no value at this level: nothing is of them")


def _renamed(rows: pa.Table, ids: pa.Array, values: pa.Array, *, may_lack: bool) -> pa.Table:
    """Put values in place of the product ids of one table."""
    order = pc.array_sort_indices(ids)
    at = lookup(rows["product_id"], ids.take(order))
    named = values.take(order).take(pa.array(at, mask=at < 0))
    column = rows.column_names.index("product_id")
    renamed = rows.set_column(column, "product_id", named)
    return renamed if may_lack else renamed.filter(named.is_valid())


def _on_values(offers: pa.Table, c: Community, level: str) -> pa.Table:
    """Let offers that name no product, only a value such as a category, be offers on the value."""
    values = _text(offers[level])
    named, pairs = c.arrow("offers"), c.arrow("offer_products")
    if named is None or "product_id" not in offers.column_names:
        own = pa.nulls(offers.num_rows, pa.large_string())
        offers, on_value = offers.append_column("product_id", own), values.is_valid()
    else:
        on_value = named["product_id"].combine_chunks().is_null()
    if pairs is not None:
        on_value = pc.and_(on_value, pc.invert(pc.is_in(offers["offer_id"], pairs["offer_id"])))
    column = offers.column_names.index("product_id")
    found = pc.if_else(on_value, values, offers["product_id"])
    return offers.set_column(column, "product_id", found)


def _still_on_something(tables: dict[str, pa.Table], c: Community) -> pa.Table:
    """Leave out offers whose products are all gone: without one they would be on everything."""
    offers, before = tables["offers"], c.arrow("offers")
    had = _names_product(offers if before is None else before, c.arrow("offer_products"))
    lost = had & ~_names_product(offers, tables.get("offer_products"))
    if lost.any():
        warn(f"{int(lost.sum())} offers are on nothing at this level and are left out")
    return offers.filter(pa.array(~lost))


def _names_product(offers: pa.Table, pairs: pa.Table | None) -> Bools:
    """Tell which offers name a product, themselves or in ``offer_products``."""
    named = np.zeros(offers.num_rows, np.bool_)
    if "product_id" in offers.column_names:
        named |= offers["product_id"].is_valid().to_numpy()
    if pairs is not None:
        named |= pc.is_in(offers["offer_id"], pairs["offer_id"]).to_numpy()
    return named


def _one_a_value(listed: pa.Table, level: str, values: pa.Array) -> pa.Table:
    """List the values, with what all their products agree on."""
    code, met = encode(values)
    columns: dict[str, pa.Array] = {"product_id": met}
    for name, column in zip(listed.column_names, listed.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if is_text and name not in ("product_id", level):
            columns[name] = _agreed(_text(column), code, len(met))
    if "in_stock" in listed.column_names:
        stocked = np.asarray(listed["in_stock"].fill_null(True).to_numpy(), np.bool_)
        columns["in_stock"] = pa.array(np.bincount(code[stocked], minlength=len(met)) > 0)
    return pa.table(columns)


def _agreed(values: pa.Array, code: Ints, n: int) -> pa.Array:
    """Give the value that all rows of a code have; null where they differ or one has none."""
    at, names = encode(values)
    low, high = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
    np.minimum.at(low, code, at)
    np.maximum.at(high, code, at)
    return names.take(pa.array(high, mask=(low != high) | (high < 0)))
