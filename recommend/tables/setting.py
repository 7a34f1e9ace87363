"""What is known of members and products beside the purchases: groups, stores, regions, stock.

Groups of products (category, brand, further text columns) and the members' store and region are
snapshots: they are taken as known now. Stock is undated too, and never trains a model; it only
decides what may be offered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.ids import encode, lookup
from siyu.recommend.sorted_keys import Bools, Floats, Ints

from .circles import Circle
from .held_coupons import HeldCoupons
from .purchases import Purchases

__all__ = ["MemberFacts", "Setting", "default_attributes", "in_stock"]

_ALWAYS = ("category", "brand")
_MOST_ATTRIBUTES = 6


@dataclass(frozen=True, slots=True, eq=False)
class MemberFacts:
    """What is known of members beside their purchases; -1 and NaN are unknown.

    Attributes
    ----------
    registered : int64 array, n_members
        Code of the store at which the member is registered.
    region : int64 array, n_members
    extra : mapping of name to float32 array, n_members
        Columns that the caller computed, such as tags.
    circle : Circle, n_members rows, or None
        Who is near them.
    coupons : HeldCoupons, n_members rows, or None
    """

    registered: Ints
    region: Ints
    extra: Mapping[str, Floats]
    circle: Circle | None = None
    coupons: HeldCoupons | None = None

    def of_members(self, codes: Ints) -> "MemberFacts":
        """Take some members."""
        if len(codes) == len(self.region):
            return self
        extra = {name: values[codes] for name, values in self.extra.items()}
        circle = None if self.circle is None else self.circle.of_members(codes)
        coupons = None if self.coupons is None else self.coupons.of_members(codes)
        return MemberFacts(self.registered[codes], self.region[codes], extra, circle, coupons)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """Groups of products and members, as codes; -1 is unknown.

    Attributes
    ----------
    window : int, microseconds
        How far back "lately" reaches: the horizon of the recommendations.
    attributes : mapping of name to int64 array, n_products
    facts : MemberFacts
    n_regions : int
    """

    window: int
    attributes: Mapping[str, Ints]
    facts: MemberFacts
    n_regions: int

    @classmethod
    def of(
        cls,
        c: Community,
        bought: Purchases,
        attributes: Sequence[str],
        window: int,
        extra: Mapping[str, Floats] | None = None,
    ) -> "Setting":
        """Read the groups that go with some purchases.

        Parameters
        ----------
        c : Community
        bought : Purchases
            Says which members, products and stores there are.
        attributes : names of text columns of ``products``
        window : int, microseconds
        extra : mapping of name to float32 array, n_members, optional

        Raises
        ------
        DataError
            If ``products`` lacks one of the columns.
        """
        known = c.arrow("members")
        store = _of_member(known, "store_id", bought)
        region, regions = encode(_of_member(known, "region", bought))
        return cls(
            window=window,
            attributes={name: _attribute(c, bought, name) for name in attributes},
            facts=MemberFacts(lookup(store, bought.places), region, dict(extra or {})),
            n_regions=len(regions),
        )


def default_attributes(c: Community, products: pa.Array) -> tuple[str, ...]:
    """Choose the columns of ``products`` that sort products into groups.

    Category and brand, and of the further text columns those with at least two values and at
    most one for every four of the given products; six columns at most.
    """
    listed = c.arrow("products")
    if listed is None:
        return ()
    # Only what was bought counts: products listed later change nothing.
    listed = listed.take(pa.array(np.flatnonzero(lookup(listed["product_id"], products) >= 0)))
    chosen = [name for name in _ALWAYS if name in listed.column_names]
    for name, column in zip(listed.column_names, listed.columns, strict=True):
        if name not in chosen and name != "product_id" and _is_text(column.type):
            n_values = len(pc.unique(column.drop_null()))
            if 2 <= n_values <= len(products) / 4:
                chosen.append(name)
    return tuple(chosen[:_MOST_ATTRIBUTES])


def in_stock(c: Community, products: pa.Array) -> Bools:
    """Tell which products may be offered: all but those marked as out of stock."""
    listed = c.arrow("products")
    if listed is None or "in_stock" not in listed.column_names:
        return np.ones(len(products), np.bool_)
    gone = listed["product_id"].filter(pc.equal(listed["in_stock"], False))
    return lookup(products, pc.unique(gone)) < 0


def _of_member(known: pa.Table | None, column: str, bought: Purchases) -> pa.Array:
    """Give a column of ``members`` for every member of the purchases; null where unknown."""
    if known is None or column not in known.column_names:
        kind = bought.places.type if column == "store_id" else pa.large_string()
        return pa.nulls(len(bought.members), kind)
    at = lookup(bought.members, known["member_id"].combine_chunks())
    return known[column].combine_chunks().take(pa.array(at, mask=at < 0))


def _attribute(c: Community, bought: Purchases, name: str) -> Ints:
    """Code one column of ``products`` for every product bought."""
    listed = c.arrow("products")
    if listed is None or name not in listed.column_names:
        raise DataError(f"the model groups products by '{name}', which the table products lacks")
    at = lookup(bought.products, listed["product_id"].combine_chunks())
    column = listed[name].combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    codes, _ = encode(column.take(pa.array(at, mask=at < 0)))
    return codes


def _is_text(kind: pa.DataType) -> bool:
    """Tell whether a column holds text, coded or not."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
