"""The terms of a shop in a bundle: places, offers, launches, and what members looked at."""

from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.bundle import Bundle
from siyu.recommend.lists.terms import Offered, Terms
from siyu.recommend.tables.purchases import Purchases

__all__ = ["purchase_tables", "read_purchases", "read_terms", "term_tables"]

_PLACES = ("store", "region")
_LINES = ("line_product", "quantity", "amount", "discount")


def term_tables(terms: Terms) -> dict[str, pa.Table]:
    """Write the terms as tables, by the name of their file."""
    shelf = terms.offered
    tables = {
        "catalogue.parquet": terms.catalogue.append_column("in_stock", pa.array(terms.in_stock)),
        "product_terms.parquet": pa.table({"launched": terms.launched, **_places(terms.place)}),
        "member_places.parquet": pa.table(_places(terms.belongs)),
        "shelf.parquet": pa.table(
            {"offer": shelf.offer, "personal": shelf.personal, **_places(shelf.place)}
        ),
        "shelf_starts.parquet": pa.table({"start": shelf.starts}),
        "shelf_offers.parquet": pa.table({"offer_id": shelf.ids}),
        "held.parquet": pa.table({"key": shelf.held}),
    }
    if terms.interests is not None:
        tables.update(purchase_tables(terms.interests, "seen_"))
    return tables


def read_terms(bundle: Bundle, bought: Purchases) -> Terms:
    """Read the terms; `bought` gives the codes."""
    product, shelf = bundle.table("product_terms.parquet"), bundle.table("shelf.parquet")
    catalogue = bundle.table("catalogue.parquet")
    offered = Offered(
        ids=bundle.table("shelf_offers.parquet")["offer_id"].combine_chunks(),
        starts=_array(bundle.table("shelf_starts.parquet"), "start"),
        offer=_array(shelf, "offer"),
        personal=_array(shelf, "personal"),
        place=_stacked(shelf),
        held=_array(bundle.table("held.parquet"), "key"),
    )
    seen = "seen_baskets.parquet" in bundle.names
    return Terms(
        catalogue=catalogue.drop_columns(["in_stock"]),
        in_stock=_array(catalogue, "in_stock"),
        launched=_array(product, "launched"),
        place=_stacked(product),
        belongs=_stacked(bundle.table("member_places.parquet")),
        offered=offered,
        interests=read_purchases(bundle, bought, "seen_") if seen else None,
    )


def purchase_tables(bought: Purchases, prefix: str = "") -> dict[str, pa.Table]:
    """Write baskets and lines; the ids they stand for are written elsewhere."""
    return {
        f"{prefix}baskets.parquet": pa.table(
            {
                "member": bought.basket_member,
                "time": bought.basket_time,
                "place": bought.basket_place,
            }
        ),
        f"{prefix}lines.parquet": pa.table(
            {
                "basket": bought.line_basket,
                **{name: getattr(bought, name) for name in _LINES},
            }
        ),
    }


def read_purchases(bundle: Bundle, like: Purchases, prefix: str = "") -> Purchases:
    """Read baskets and lines in the codes of other purchases."""
    baskets = bundle.table(f"{prefix}baskets.parquet")
    lines = bundle.table(f"{prefix}lines.parquet")
    return Purchases(
        members=like.members,
        products=like.products,
        places=like.places,
        basket_member=_array(baskets, "member"),
        basket_time=_array(baskets, "time"),
        basket_place=_array(baskets, "place"),
        line_basket=_array(lines, "basket"),
        **{name: _array(lines, name) for name in _LINES},
    )


def _places(codes: Any) -> dict[str, Any]:
    return dict(zip(_PLACES, codes, strict=True))


def _stacked(table: pa.Table) -> Any:
    return np.stack([_array(table, name) for name in _PLACES])


def _array(table: pa.Table, name: str) -> Any:
    return table[name].to_numpy()
