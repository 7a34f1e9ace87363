"""On what terms products may be shown: where, under which offer, to whom; and what is a launch.

Stores and regions of products, offers and members are extra columns ``store_id`` and ``region``:
a product or an offer that names one is for the members of that place alone. A member's store is
the one of ``members``, else the one where they buy most. Undated columns are as known now.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siyu.datasets.community import Community
from siyu.datasets.ids import encode, ids_in, lookup, take
from siyu.recommend.market.segments import home_places
from siyu.recommend.offers.offer_choice import OfferChoice
from siyu.recommend.offers.offer_rules import OfferRules
from siyu.recommend.ranking.training import worth_at
from siyu.recommend.sorted_keys import Bools, Ints, ranges, run_starts
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import in_stock

from .interests import interests_of

__all__ = ["Offered", "Terms", "terms_at"]

_ATTRIBUTES = ("category", "brand")
_ANYWHERE = -1
_STRANGER = -2
_PAIRS = 1 << 20  # whose offers are looked through at once: bounds the memory
_UNKNOWN = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, eq=False)
class Offered:
    """The offers that may be shown, by product, the preferred first.

    Attributes
    ----------
    ids : pa.Array, sorted offer ids
    starts : int64 array, n_products + 1
        Where each product's rows begin.
    offer : int64 array, n_rows
        Positions in `ids`.
    personal : bool array, n_rows
        Only those who hold it may have it.
    place : int64 array, n_places x n_rows
        The store and the region that it is meant for; -1 any.
    held : int64 array, ascending
        ``offer x n_members + member``, of the purchases' members.
    """

    ids: pa.Array
    starts: Ints
    offer: Ints
    personal: Bools
    place: Ints
    held: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What may be shown to whom at one moment.

    Attributes
    ----------
    catalogue : pa.Table
        ``product_id``, ``category``, ``brand`` of all products listed or bought, by id; null
        where unknown.
    in_stock : bool array, one entry a row of the catalogue
        In stock, and not marked as not recommendable.
    launched : int64 array, n_products, microseconds
        When each product was launched, else first sold; far in the past if neither is known.
    place : int64 array, n_places x n_products
        The store and the region that each product is for; -1 any.
    belongs : int64 array, n_places x (n_members + 1)
        The store and the region of each member of the purchases, -2 unknown; the last column is
        for strangers.
    offered : Offered
    worth : float64 array, n_products
        What one purchase brings, for goals that are money; else 1.
    interests : Purchases, or None
        What members looked at, in the codes of the purchases; only of those who never bought.
    """

    catalogue: pa.Table
    in_stock: Bools
    launched: Ints
    place: Ints
    belongs: Ints
    offered: Offered
    worth: NDArray[np.float64]
    interests: Purchases | None

    @property
    def has_places(self) -> bool:
        """Tell whether any product is for one place alone."""
        return int(self.place.max(initial=-1)) >= 0

    def suits(self, member: Ints, product: Ints) -> Bools:
        """Tell which products may be shown to which members, as far as places go."""
        if not self.has_places:
            return np.ones(len(product), np.bool_)
        return _fits(self.place[:, product], self.belongs[:, member])

    def pick(self, member: Ints, product: Ints) -> Ints:
        """Choose each pair's offer: the first of the product that the member may have.

        Parameters
        ----------
        member, product : int64 arrays, n_pairs
            Codes; member -1 is one who may have only what is open to all, everywhere.

        Returns
        -------
        int64 array, n_pairs
            Positions in ``offered.ids``; -1 without an offer.
        """
        found = np.full(len(product), -1, np.int64)
        if len(self.offered.offer):
            for begin in range(0, len(product), _PAIRS):
                part = slice(begin, begin + _PAIRS)
                found[part] = self._pick(member[part], product[part])
        return found

    def _pick(self, member: Ints, product: Ints) -> Ints:
        """Choose for a bounded number of pairs."""
        shelf = self.offered
        begin, end = shelf.starts[product], shelf.starts[product + 1]
        row = ranges(begin, end)
        pair = np.repeat(np.arange(len(product)), end - begin)
        who = member[pair]
        key = shelf.offer[row] * (self.belongs.shape[1] - 1) + who
        at = np.minimum(np.searchsorted(shelf.held, key), max(len(shelf.held) - 1, 0))
        holds = (who >= 0) & (shelf.held[at] == key if len(shelf.held) else False)
        fits = (~shelf.personal[row] | holds) & _fits(shelf.place[:, row], self.belongs[:, who])
        pair, row = pair[fits], row[fits]
        found = np.full(len(product), -1, np.int64)
        first = run_starts(pair)
        found[pair[first]] = shelf.offer[row[first]]
        return found


def terms_at(
    c: Community,
    bought: Purchases,
    moment: int,
    goal: str,
    offers: tuple[OfferRules | None, str] = (None, "price"),
) -> Terms:
    """Read the terms from a community.

    Parameters
    ----------
    c : Community
        Cut at `moment`.
    bought : Purchases
        Of `c`: gives the codes.
    moment : int, microseconds
    goal : one of `siyu.recommend.ranking.goals.GOALS`
    offers : (OfferRules or None, {"price", "benefit", "margin"})
        Which offers may be shown, and which of several is preferred.
    """
    rules, prefer = offers
    n_products = max(len(bought.products), 1)
    stores = _Places.of(c, bought, moment, "store_id")
    regions = _Places.of(c, bought, moment, "region")
    both, catalogue = (stores, regions), _catalogue(c, bought.products)
    return Terms(
        catalogue=catalogue,
        in_stock=_may_show(c, catalogue["product_id"].combine_chunks()),
        launched=_launched(c, bought, moment, n_products),
        place=np.stack([one.of_products(c, bought.products, n_products) for one in both]),
        belongs=np.stack([np.append(one.of_member, _STRANGER) for one in both]),
        offered=_offered(c, bought, moment, both, (rules or OfferRules(), prefer)),
        worth=worth_at(c, bought, moment, goal),
        interests=interests_of(c, bought),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Codes of one kind of place."""

    name: str
    ids: pa.Array
    of_member: Ints

    @classmethod
    def of(cls, c: Community, bought: Purchases, moment: int, name: str) -> "_Places":
        """Code the places of members, products and offers alike."""
        tables = [c.arrow(table) for table in ("members", "products", "offers")]
        columns = [
            table[name].cast(pa.large_string())
            for table in tables
            if table is not None and name in table.column_names
        ]
        visited = bought.places.cast(pa.large_string()) if name == "store_id" else None
        ids = ids_in(visited, *columns)
        of_member = np.full(len(bought.members), _STRANGER, np.int64)
        known = tables[0]
        if known is not None and name in known.column_names:
            at = lookup(bought.members, known["member_id"].combine_chunks())
            code = lookup(known[name].cast(pa.large_string()), ids)
            of_member = np.where(at >= 0, np.append(code, -1)[at], -1)
        if visited is not None and len(visited):
            home = home_places(bought, moment, np.full(len(bought.members), -1, np.int64))
            code = np.append(lookup(visited, ids), -1)[home]
            of_member = np.where(of_member >= 0, of_member, code)
        return cls(name, ids, np.where(of_member >= 0, of_member, _STRANGER))

    def of_products(self, c: Community, products: pa.Array, n_products: int) -> Ints:
        """Give the place that each product is for."""
        found = np.full(n_products, _ANYWHERE, np.int64)
        found[: len(products)] = self._named(c, "products", "product_id", products)
        return found

    def of_offers(self, c: Community, offers: pa.Array) -> Ints:
        """Give the place that each offer is for."""
        return self._named(c, "offers", "offer_id", offers)

    def _named(self, c: Community, table: str, key: str, ids: pa.Array) -> Ints:
        rows = c.arrow(table)
        if rows is None or self.name not in rows.column_names or not len(ids):
            return np.full(len(ids), _ANYWHERE, np.int64)
        at = lookup(ids, rows[key].combine_chunks())
        code = lookup(rows[self.name].cast(pa.large_string()), self.ids)
        return np.where(at >= 0, np.append(code, -1)[at], _ANYWHERE)


def _fits(wanted: Ints, home: Ints) -> Bools:
    """Tell where every place asked for is the member's."""
    return np.asarray(((wanted < 0) | (wanted == home)).all(axis=0))


def _catalogue(c: Community, products: pa.Array) -> pa.Table:
    """List all products with their category and brand."""
    listed = c.arrow("products")
    ids = ids_in(products, None if listed is None else listed["product_id"])
    columns = {"product_id": ids}
    for name in _ATTRIBUTES:
        if listed is None or name not in listed.column_names or not len(ids):
            columns[name] = pa.nulls(len(ids), pa.large_string())
            continue
        values = listed[name].combine_chunks()
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        at = lookup(ids, listed["product_id"].combine_chunks())
        columns[name] = take(values.cast(pa.large_string()), at)
    return pa.table(columns)


def _may_show(c: Community, products: pa.Array) -> Bools:
    """Tell which products are in stock and not marked as not recommendable."""
    listed, shown = c.arrow("products"), in_stock(c, products)
    if listed is None or "recommendable" not in listed.column_names:
        return shown
    barred = listed["product_id"].filter(pc.equal(listed["recommendable"], False))
    return shown & (lookup(products, pc.unique(barred)) < 0)


def _launched(c: Community, bought: Purchases, moment: int, n_products: int) -> Ints:
    """Find when every product was launched, or first sold."""
    first = np.full(n_products, np.iinfo(np.int64).max)
    np.minimum.at(first, bought.line_product, bought.basket_time[bought.line_basket])
    listed = c.arrow("products")
    if listed is not None and "launched_at" in listed.column_names and len(bought.products):
        at = lookup(bought.products, listed["product_id"].combine_chunks())
        us = listed["launched_at"].cast(pa.int64()).fill_null(_UNKNOWN).to_numpy()
        told = np.where(at >= 0, np.append(us, _UNKNOWN)[at], _UNKNOWN)
        # A launch that is only planned is not known yet.
        told = np.where(told < moment, told, _UNKNOWN)
        first[: len(told)] = np.where(told != _UNKNOWN, told, first[: len(told)])
    start = int(bought.basket_time.min()) if len(bought.basket_time) else 0
    # What sold on the first day of the record may have sold long before it.
    return np.where((first < moment) & (first > start), first, _UNKNOWN)


def _offered(
    c: Community,
    bought: Purchases,
    moment: int,
    places: tuple[_Places, ...],
    how: tuple[OfferRules, str],
) -> Offered:
    """Put the offers that may be shown in order of the purchases' products."""
    n_products, n_members = max(len(bought.products), 1), len(bought.members)
    empty = np.zeros(0, np.int64)
    if c.arrow("offers") is None:
        starts = np.zeros(n_products + 1, np.int64)
        nowhere = np.zeros((len(places), 0), np.int64)
        ids = pa.array([], pa.large_string())
        return Offered(ids, starts, empty, np.zeros(0, np.bool_), nowhere, empty)
    choice = OfferChoice.of(c, moment, *how)
    gates, rows = choice.gates, choice.gates.rows
    product = lookup(rows.products, bought.products)[rows.product[choice.row]]
    order = np.argsort(product, kind="stable")
    order = order[product[order] >= 0]
    row = choice.row[order]
    met, ids = encode(take(rows.offers, rows.offer[row]))
    starts = np.searchsorted(product[order], np.arange(n_products + 1))
    of_place = np.stack([one.of_offers(c, ids)[met] for one in places])
    offer, member = np.divmod(gates.held, max(len(gates.members), 1))
    member = lookup(gates.members, bought.members)[member]
    offer = lookup(rows.offers, ids)[offer] if len(ids) else np.full(len(offer), -1)
    known = (member >= 0) & (offer >= 0)
    held = np.sort(offer[known] * n_members + member[known])
    return Offered(ids, starts, met, rows.is_personal[row], of_place, held)
