"""What was known of some members at one moment, beside the market: the kernel of a member.

One member, a chunk of a million and a training window go through the same arrays; a member's
numbers follow from the member's own lines and the market, and from nobody else's in the chunk.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from siyu.datasets.clock import DAY_US
from siyu.recommend.sorted_keys import Bools, Floats, Ints, Keyed, run_starts, run_sum
from siyu.recommend.tables.held_coupons import HeldCoupons
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import MemberFacts

from .circle_goods import circle_goods, circle_sizes
from .market import Market
from .pair_matrices import decayed_counts, head_counts, head_totals, recent_marks
from .pair_rows import PairRows, Wide, measure_pairs, narrow, ratio
from .segments import home_places

__all__ = ["MemberHistories"]


@dataclass(frozen=True, slots=True, eq=False)
class MemberHistories:
    """The statistics of some members; a row is a member, in ascending order of ids.

    Attributes
    ----------
    members : pa.Array, n_rows sorted ids
    n_products : int
    pairs : Keyed by ``row x n_products + product``
        One row a product that a member has bought.
    starts : int64 array, n_rows + 1
        Where each member's pairs begin.
    numbers : mapping of name to float32 array, n_rows
    groups : mapping of attribute to Keyed by ``row x n_groups + group``
        Columns ``n`` (lines), ``decayed_45``, ``decayed_120``, ``last`` (age in days).
    place, region : int64 arrays, n_rows
        Code of the store where the member buys most, or is registered; -1 unknown.
    reference : int64 array, n_rows
        Place among the market's reference members, -1 if none.
    counts : csr_array, n_rows x n_products
        Purchases, half as much every 90 days.
    head_counts : csr_array, n_rows x n_head
        Logarithm of 1 + these, of the products in the market's head.
    head_totals : csr_array, n_rows x n_head, or None
        Logarithm of 1 + all purchases, however long ago, of the same products; None where the
        market has no linear model to read it.
    head_marks : csr_array, n_rows x n_head
        How lately each was bought: 1 just now, half as much every 28 days.
    extra : mapping of name to float32 array, n_rows
    circle_size : float32 array, n_rows
        How many members are near; NaN where nothing could tell.
    circle_goods : Keyed by ``row x n_products + product``
        What they bought: see `circle_goods`.
    coupons : HeldCoupons, n_rows members, or None
    """

    members: pa.Array
    n_products: int
    pairs: Keyed
    starts: Ints
    numbers: Mapping[str, Floats]
    groups: Mapping[str, Keyed]
    place: Ints
    region: Ints
    reference: Ints
    counts: csr_array
    head_counts: csr_array
    head_totals: csr_array | None
    head_marks: csr_array
    extra: Mapping[str, Floats]
    circle_size: Floats
    circle_goods: Keyed
    coupons: HeldCoupons | None

    @classmethod
    def of(
        cls, market: Market, bought: Purchases, moment: int, facts: MemberFacts
    ) -> "MemberHistories":
        """Measure some members.

        Parameters
        ----------
        market : Market
            With the same product and place codes.
        bought : Purchases
            Of these members, all before `moment`.
        moment : int, microseconds since 1970 UTC
            Of the market, or later.
        facts : MemberFacts, n_rows

        Raises
        ------
        DataError
            If a basket lies at or after `moment`.
        """
        rows = PairRows.of(bought, moment)
        pairs = measure_pairs(rows, bought, moment)
        starts = np.searchsorted(pairs.keys, np.arange(rows.n_members + 1) * rows.n_products)
        counts = decayed_counts(pairs, starts, rows.n_products)
        return cls(
            members=bought.members,
            n_products=rows.n_products,
            pairs=pairs,
            starts=starts,
            numbers=_numbers(rows, pairs, bought, moment),
            groups=_groups(rows, market),
            place=home_places(bought, moment, facts.registered),
            region=facts.region,
            reference=market.references.places_of(bought.members),
            counts=counts,
            head_counts=head_counts(counts, market.position, len(market.head)),
            head_totals=_totals(market, pairs, starts),
            head_marks=recent_marks(pairs, starts, market.position, len(market.head)),
            extra=facts.extra,
            circle_size=circle_sizes(facts.circle, rows.n_members),
            circle_goods=circle_goods(facts.circle, rows.n_products, moment),
            coupons=facts.coupons,
        )

    def __len__(self) -> int:
        return len(self.members)

    @property
    def is_buyer(self) -> Bools:
        """Tell who has bought anything."""
        found: Bools = self.numbers["n_baskets"] > 0
        return found


def _totals(market: Market, pairs: Keyed, starts: Ints) -> csr_array | None:
    """Count all purchases, where there is a linear model of products."""
    if not market.foretells.nnz:
        return None
    return head_totals(pairs, starts, market.position, len(market.head))


def _numbers(rows: PairRows, pairs: Keyed, bought: Purchases, moment: int) -> Mapping[str, Floats]:
    """Measure every member."""
    n = rows.n_members
    age = (moment - bought.basket_time) / DAY_US
    n_baskets = np.bincount(bought.basket_member, minlength=n)
    n_lines = np.bincount(rows.member, minlength=n)
    amount = np.bincount(rows.member, rows.amount, minlength=n)
    discount = np.bincount(rows.member, rows.discount, minlength=n)
    owner = pairs.keys // rows.n_products
    n_pairs = np.bincount(owner, minlength=n)
    once = np.bincount(owner, pairs.columns["n"] == 1, minlength=n)
    last = np.full(n, np.inf)
    np.minimum.at(last, bought.basket_member, age)
    columns = {
        "n_baskets": n_baskets,
        "n_baskets_28": np.bincount(bought.basket_member, age <= 28, minlength=n),
        "n_baskets_84": np.bincount(bought.basket_member, age <= 84, minlength=n),
        "last": np.where(n_baskets > 0, last, np.nan),
        "n_products": n_pairs,
        "n_tried_28": np.bincount(owner, pairs.columns["first"] <= 28, minlength=n),
        "unit_price": ratio(amount, np.bincount(rows.member, rows.quantity, minlength=n)),
        "basket_size": ratio(n_lines, n_baskets),
        "basket_amount": ratio(amount, n_baskets),
        "discount": ratio(discount, amount + discount),
        "once_share": ratio(once, n_pairs),
    }
    return narrow(columns)


def _groups(rows: PairRows, market: Market) -> dict[str, Keyed]:
    """Measure every member's history in the groups of every attribute."""
    slowly = np.exp2(-rows.age / 120)
    found = market.groups.items()
    return {name: _group(rows, slowly, group.codes, group.n_groups) for name, group in found}


def _group(rows: PairRows, slowly: Wide, codes: Ints, n_groups: int) -> Keyed:
    """Measure every member's history in the groups of one attribute."""
    group = codes[rows.product] if len(rows.product) else rows.product
    known = group >= 0
    key = rows.member[known] * n_groups + group[known]
    order = np.argsort(key, kind="stable")
    at = np.flatnonzero(known)[order]
    key, age = key[order], rows.age[at]
    starts = run_starts(key)
    columns = {
        "n": np.diff(np.append(starts, len(key))),
        "decayed_45": run_sum(rows.weights[45][at], starts),
        "decayed_120": run_sum(slowly[at], starts),
        "last": np.minimum.reduceat(age, starts) if len(age) else age,
    }
    return Keyed(key[starts], narrow(columns))
