"""A caller's wishes, bound to one shop and to the members asked for: ids have become codes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siyu.datasets.errors import DataError, ParameterError, SiyuError
from siyu.datasets.frames import to_arrow
from siyu.datasets.ids import encode, lookup
from siyu.recommend.candidates.finding import Candidates
from siyu.recommend.market.market import Market
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.sorted_keys import Bools, Ints, ranges

from .choosing import Wishes
from .list_rules import ListRules
from .model import ids_like
from .terms import Terms

__all__ = ["Banned", "Limits"]

Numbers = NDArray[np.float64]

_LAUNCHES = 50  # that every member is scored for
_MOST_SPARE = 200  # candidates
_NAMES = ("product_id", "offer_id", "category")


@dataclass(frozen=True, slots=True, eq=False)
class Banned:
    """What may not be shown to some rows of members.

    Attributes
    ----------
    keys : int64 array, ascending
        ``row x n_codes + code``.
    code : int64 array, n_products
        Of each product; -1 cannot be banned.
    n_codes : int >= 1
    """

    keys: Ints
    code: Ints
    n_codes: int

    def of_rows(self, rows: Ints) -> "Banned":
        """Take some rows: their positions become their numbers."""
        begin = np.searchsorted(self.keys, rows * self.n_codes)
        end = np.searchsorted(self.keys, (rows + 1) * self.n_codes)
        place = np.repeat(np.arange(len(rows)), end - begin)
        keys = place * self.n_codes + self.keys[ranges(begin, end)] % self.n_codes
        return replace(self, keys=keys)

    def covers(self, row: Ints, product: Ints) -> Bools:
        """Tell which pairs are banned."""
        code = self.code[product]
        return np.isin(row * self.n_codes + code, self.keys) & (code >= 0)


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """What lists must keep to.

    Attributes
    ----------
    rules : ListRules
    terms : Terms
    member : int64 array, n_rows
        Code of each row's member among the purchases' members; -1 has none, or opted out.
    allowed : bool array, n_products
        Products that may be shown to anybody.
    banned : tuple of Banned
    caps : mapping of attribute to (int64 array, n_products, most)
        Group of every product, and how many rows of one group there may be.
    kinds : int64 array, n_attributes x n_products
        Groups by which products are alike, for diversity.
    spare : int
        How many more candidates are looked for, because some may be banned: the same for all.
    is_launch : bool array, n_products
    launch_bonus : mapping of kind of list to float
        Added to the score of launches before they are put in order.
    """

    rules: ListRules
    terms: Terms
    member: Ints
    allowed: Bools
    banned: tuple[Banned, ...]
    caps: Mapping[str, tuple[Ints, int]]
    kinds: Ints
    spare: int
    is_launch: Bools
    launch_bonus: Mapping[str, float]

    @classmethod
    def of(
        cls, rules: ListRules, terms: Terms, market: Market, members: pa.Array, asked: pa.Array
    ) -> "Limits":
        """Bind the rules.

        Parameters
        ----------
        rules : ListRules
        terms : Terms
            Of the market's moment.
        market : Market
        members : pa.Array
            Ids of the purchases' members.
        asked : pa.Array, n_rows member ids
            Who the rows are.

        Raises
        ------
        DataError
            If a rule needs a column of ``products`` that is not there, or `exclude` names
            nothing that can be excluded, or no member in a row.
        ParameterError
            If ids are of another type than the community's.
        """
        since = market.moment - rules.launch_age_us()
        allowed, banned = _exclusions(rules, terms, market, asked)
        return cls(
            rules=rules,
            terms=terms,
            member=lookup(asked, members),
            allowed=allowed,
            banned=banned,
            caps={
                name: (_padded(_group(market, name), market), most)
                for name, most in rules.max_per.items()
            },
            kinds=_kinds(rules, market),
            spare=_spare(rules),
            is_launch=terms.launched >= since,
            launch_bonus={},
        )

    def of_rows(self, rows: Ints) -> "Limits":
        """Take some rows: their positions become their numbers."""
        banned = tuple(one.of_rows(rows) for one in self.banned)
        return replace(self, member=self.member[rows], banned=banned)

    def keep(self, pairs: Candidates) -> Candidates:
        """Leave out the pairs that may not be shown."""
        return pairs.take(self.may_show(pairs.row, pairs.product))

    def may_show(self, row: Ints, product: Ints) -> Bools:
        """Tell which pairs may be shown.

        Parameters
        ----------
        row, product : int64 arrays, n_pairs
        """
        member = self.member[row]
        shown = self.terms.suits(member, product) & self.allowed[product]
        for one in self.banned:
            shown &= ~one.covers(row, product)
        if self.rules.only_offered:
            shown &= self.terms.pick(member, product) >= 0
        return shown

    def launches_for(self, market: Market, histories: MemberHistories, offered: Bools) -> Ints:
        """Give pairs of every row and the launches bought most lately: they must be scored."""
        if not self.rules.launch_share:
            return np.zeros(0, np.int64)
        shown = np.flatnonzero(self.is_launch & self.allowed & offered)
        best = shown[np.argsort(-market.numbers["recent"][shown], kind="stable")[:_LAUNCHES]]
        rows = np.arange(len(histories))
        return np.asarray((rows[:, None] * market.n_products + np.sort(best)).ravel(), np.int64)

    def wishes(
        self, pairs: tuple[Ints, Ints], order: Numbers, discover: Numbers, min_new_share: float
    ) -> Wishes:
        """Put together what rows are chosen by; pairs are rows and products."""
        row, product = pairs
        caps = [(group[product], most) for group, most in self.caps.values()]
        kinds, diversity = self.kinds[:, product], self.rules.diversity
        return Wishes(row, product, order, discover, min_new_share, caps, kinds, diversity)

    def is_likely(self, probability: Numbers) -> Bools:
        """Tell which probabilities are high enough; an unknown one never is."""
        least = self.rules.min_probability
        return np.asarray(probability >= least) if least > 0 else np.ones(len(probability), bool)

    def bonus(self, which: str, product: Ints) -> Numbers:
        """Give what launches are favoured with in one kind of list."""
        return np.where(self.is_launch[product], self.launch_bonus.get(which, 0.0), 0.0)


def _allowed(rules: ListRules, market: Market) -> Bools:
    """Read the products that the caller allows."""
    if rules.products is None:
        return np.ones(market.n_products, np.bool_)
    found = np.zeros(market.n_products, np.bool_)
    wanted = ids_like(rules.products, "products", market.products.type)
    code = lookup(wanted, market.products)
    found[code[code >= 0]] = True
    return found


def _group(market: Market, name: str) -> Ints:
    """Give the groups of one attribute."""
    if name not in market.groups:
        listed = ", ".join(market.groups) or "none"
        raise DataError(
            f"max_per names {name!r}, which does not group the products of this model; "
            f"there are: {listed}"
        )
    return market.groups[name].codes


def _kinds(rules: ListRules, market: Market) -> Ints:
    """Give all groups, for diversity."""
    if not rules.diversity:
        return np.zeros((0, market.n_products), np.int64)
    known = [group.codes for group in market.groups.values() if (group.codes >= 0).any()]
    if not known:
        raise DataError(
            "diversity needs text columns of the table products, such as category and brand"
        )
    return np.stack([_padded(codes, market) for codes in known])


def _exclusions(
    rules: ListRules, terms: Terms, market: Market, asked: pa.Array
) -> tuple[Bools, tuple[Banned, ...]]:
    """Read what may be shown to anybody, and what is excluded for one member or the other."""
    allowed = _allowed(rules, market)
    if rules.exclude is None:
        return allowed, ()
    table = _excluded_rows(rules)
    names = [name for name in _NAMES if name in table.column_names]
    if not names:
        listed = ", ".join(table.column_names) or "none"
        raise DataError(
            f"exclude needs a column product_id, offer_id or category; there are: {listed}"
        )
    if "member_id" not in table.column_names:
        nobody = np.zeros(table.num_rows, np.int64)
        for name in names:
            found = _of_column(name, table[name], nobody, (terms, market))
            allowed &= ~found.covers(np.zeros(market.n_products, np.int64), _every(market))
        return allowed, ()
    if table["member_id"].null_count:
        raise DataError(
            f"exclude: {table['member_id'].null_count} of {table.num_rows} rows name no member; "
            "leave out the column member_id of what nobody is to be shown"
        )
    ids_like(table["member_id"].combine_chunks(), "exclude", asked.type)
    row = lookup(table["member_id"], asked)
    table, row = table.filter(pa.array(row >= 0)), row[row >= 0]
    return allowed, tuple(_of_column(name, table[name], row, (terms, market)) for name in names)


def _spare(rules: ListRules) -> int:
    """Count the most rows that are excluded for one member, whoever is asked for."""
    table = None if rules.exclude is None else _excluded_rows(rules)
    if table is None or "member_id" not in table.column_names or not table.num_rows:
        return 0
    counts = pc.value_counts(table["member_id"].combine_chunks()).field("counts")
    return min(int(pc.max(counts).as_py()), _MOST_SPARE)


def _excluded_rows(rules: ListRules) -> pa.Table:
    """Take the caller's frame."""
    try:
        return to_arrow(rules.exclude)[0]
    except (TypeError, SiyuError) as error:
        raise ParameterError("exclude", f"exclude must be a frame: {error}") from error


def _of_column(name: str, column: pa.ChunkedArray, row: Ints, shop: tuple[Terms, Market]) -> Banned:
    """Ban what one column names."""
    terms, market = shop
    if name == "product_id":
        return _by_product(row, _found(column, market.products), market.n_products)
    if name == "offer_id":
        shelf = terms.offered
        offer = _found(column, shelf.ids)
        row, offer = row[offer >= 0], offer[offer >= 0]
        product = np.repeat(np.arange(len(shelf.starts) - 1), np.diff(shelf.starts))
        order = np.argsort(shelf.offer, kind="stable")
        first = np.searchsorted(shelf.offer[order], np.arange(len(shelf.ids) + 1))
        begin, end = first[offer], first[offer + 1]
        of_offer = product[order][ranges(begin, end)]
        return _by_product(np.repeat(row, end - begin), of_offer, market.n_products)
    category, names = encode(terms.catalogue["category"])
    at = lookup(market.products, terms.catalogue["product_id"].combine_chunks())
    wanted, n = _found(column, names), max(len(names), 1)
    known = wanted >= 0
    return Banned(np.unique(row[known] * n + wanted[known]), _padded(category[at], market), n)


def _by_product(row: Ints, product: Ints, n_products: int) -> Banned:
    """Ban pairs of row and product."""
    known = product >= 0
    keys = np.unique(row[known] * n_products + product[known])
    return Banned(keys, np.arange(n_products), n_products)


def _found(column: pa.ChunkedArray, among: pa.Array) -> Ints:
    """Find the ids of a column; -1 for those that are not there."""
    whole = column.combine_chunks()
    if whole.null_count == len(whole) or not len(among):
        return np.full(len(whole), -1, np.int64)
    ids_like(whole, "exclude", among.type)
    return lookup(whole, among)


def _every(market: Market) -> Ints:
    return np.arange(market.n_products)


def _padded(codes: Ints, market: Market) -> Ints:
    """Fill up to the number of products, which is at least 1."""
    return np.concatenate([codes, np.full(market.n_products - len(codes), -1, np.int64)])
