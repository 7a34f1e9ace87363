"""The market at one moment: what is known of products and of everybody, but of nobody's own.

It is built from the purchases before its moment and nothing else. The same market serves every
member: one alone, a chunk of a million, a training window, a service that read it from disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from siyu.datasets.clock import DAY_US
from siyu.recommend.sorted_keys import Floats, Ints, run_starts
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import Setting

from .basket_mates import basket_mates
from .charts import Chart, make_charts
from .factorisation import FactorOptions, Factors, factorise
from .foretelling import LinearOptions, foretelling
from .neighbours import References, alike_products, sample_rows
from .pair_matrices import (
    columns_at,
    decayed_counts,
    head_counts,
    head_totals,
    pair_matrix,
    recent_marks,
)
from .pair_rows import PairRows, measure_pairs
from .product_lines import LINE, LineShares, line_codes
from .product_numbers import product_numbers
from .segments import Segment, home_places

__all__ = ["Market", "MarketOptions", "ProductGroups"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOptions:
    """Sizes of the collaborative models.

    Parameters
    ----------
    n_head : int
        Products, the most bought lately, that are scored for members who never bought them.
    n_nearest : int
        Members like oneself whose purchases are averaged.
    n_references : int
        Members that everyone is compared with, and that the models of products learn from.
    n_alike : int
        Products kept as alike to each product.
    factors : FactorOptions
    linear : LinearOptions, or None
        None for shops of more products than it takes: there it told nothing that the others did
        not tell.
    """

    n_head: int = 8192
    n_nearest: int = 300
    n_references: int = 5000
    n_alike: int = 50
    factors: FactorOptions = field(default_factory=FactorOptions)
    linear: LinearOptions | None = None

    @classmethod
    def of(cls, n_products: int, random_state: int = 0) -> "MarketOptions":
        """Give the options for a shop of so many products."""
        linear = LinearOptions()
        return cls(
            factors=FactorOptions(random_state=random_state),
            linear=linear if n_products <= linear.n_products else None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class ProductGroups:
    """The groups of one product attribute, such as categories.

    Attributes
    ----------
    codes : int64 array, n_products
        Group of every product, -1 unknown.
    n_groups : int
    recent : float32 array, n_groups
        Lines of all members, half as much every 45 days.
    """

    codes: Ints
    n_groups: int
    recent: Floats

    @classmethod
    def of(cls, codes: Ints, recent: Floats) -> "ProductGroups":
        """Add up what is sold of each group."""
        n_groups = max(int(codes.max(initial=-1)) + 1, 1)
        known = codes >= 0
        sold = recent[: len(codes)][known].astype(np.float64)
        total = np.bincount(codes[known], sold, minlength=n_groups)
        return cls(codes, n_groups, total.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """The state of the shop at one moment.

    Attributes
    ----------
    moment : int, microseconds since 1970 UTC
    horizon_days : float
        How far the recommendations look ahead, and "lately" back.
    n_members : int
        Customers who have not opted out, whether they bought or not.
    products : pa.Array, sorted ids
        Product codes in all arrays are positions in it.
    numbers : mapping of name to float32 array, n_products
        See `product_numbers`.
    groups : mapping of attribute to ProductGroups
        And product lines, under the name `LINE`.
    place, region : Segment
    head : int64 array, ascending product codes
        The products that the collaborative models score.
    position : int64 array, n_products
        Place of each product in the head, -1 outside.
    factors : Factors
        Rows stand for the head.
    alike : csr_array, n_head x n_head
        Products bought by the same members.
    foretells : csr_array, n_head x n_head
        What each product tells of others, beyond the rest: see `foretelling`. Empty without it.
    references : References
    basket_mates : csr_array, n_head x n_head
        Products bought in the same baskets.
    charts : mapping of the names in `CHARTS` to Chart
    lines : LineShares
        Of the groups named `LINE`.
    """

    moment: int
    horizon_days: float
    n_members: int
    products: pa.Array
    numbers: Mapping[str, Floats]
    groups: Mapping[str, ProductGroups]
    place: Segment
    region: Segment
    head: Ints
    position: Ints
    factors: Factors
    alike: csr_array
    foretells: csr_array
    references: References
    basket_mates: csr_array
    charts: Mapping[str, Chart]
    lines: LineShares

    @classmethod
    def of(
        cls, bought: Purchases, moment: int, setting: Setting, options: MarketOptions
    ) -> "Market":
        """Build the state from everybody's purchases before `moment`."""
        numbers = product_numbers(bought, moment, setting.window / DAY_US)
        head = _head(numbers["recent"], options.n_head)
        position = np.full(len(numbers["recent"]), -1, np.int64)
        position[head] = np.arange(len(head))
        references, counts, foretells, mates = _references(
            bought, moment, position, len(head), options
        )
        place, region = _segments(bought, moment, setting)
        groups = _groups(setting.attributes, numbers["recent"])
        return cls(
            moment=moment,
            horizon_days=setting.window / DAY_US,
            n_members=len(bought.members),
            products=bought.products,
            numbers=numbers,
            groups=groups,
            place=place,
            region=region,
            head=head,
            position=position,
            factors=factorise(counts, options.factors),
            alike=alike_products(counts, options.n_alike),
            foretells=foretells,
            references=references,
            basket_mates=mates,
            charts=make_charts(numbers, place, region),
            lines=_lines(groups[LINE], numbers["recent"], head, bought),
        )

    @property
    def n_products(self) -> int:
        """Give the number of products, at least 1."""
        return len(self.position)


def _groups(attributes: Mapping[str, Ints], recent: Floats) -> dict[str, ProductGroups]:
    """Group the products by each attribute, and by product lines."""
    codes = {**attributes}
    codes.setdefault(LINE, line_codes(attributes, len(recent)))
    return {name: ProductGroups.of(found, recent) for name, found in codes.items()}


def _lines(group: ProductGroups, recent: Floats, head: Ints, bought: Purchases) -> LineShares:
    """Share out what is sold of each product line."""
    n_buyers = len(run_starts(bought.basket_member))
    return LineShares.of(group.codes, group.n_groups, recent, head, n_buyers)


def _head(recent: Floats, n: int) -> Ints:
    """Choose the products bought most lately."""
    by_popularity = np.argsort(-recent, kind="stable")[:n]
    return np.sort(by_popularity[recent[by_popularity] > 0]).astype(np.int64)


def _references(
    bought: Purchases, moment: int, position: Ints, n_head: int, options: MarketOptions
) -> tuple[References, csr_array, csr_array, csr_array]:
    """Draw the reference members; give them, and what they tell of the head.

    That is their counts, what products foretell of each other, and basket mates.
    """
    buyers = bought.basket_member[run_starts(bought.basket_member)]
    seed = options.factors.random_state
    some = bought.of_members(sample_rows(buyers, options.n_references, seed))
    rows = PairRows.of(some, moment)
    pairs = measure_pairs(rows, some, moment)
    starts = np.searchsorted(pairs.keys, np.arange(rows.n_members + 1) * rows.n_products)
    counts = decayed_counts(pairs, starts, rows.n_products)
    bought_by = {
        "share": columns_at(pair_matrix(pairs, starts, rows.n_products, "share"), position, n_head),
        "lately": recent_marks(pairs, starts, position, n_head),
    }
    references = References.of(some.members, counts, bought_by, options.n_nearest)
    mates = basket_mates(some, position, n_head, options.n_alike)
    foretells = csr_array((n_head, n_head), dtype=np.float32)
    if options.linear is not None:
        totals = head_totals(pairs, starts, position, n_head)
        foretells = foretelling(totals, options.linear)
    return references, head_counts(counts, position, n_head), foretells, mates


def _segments(bought: Purchases, moment: int, setting: Setting) -> tuple[Segment, Segment]:
    """Count what is bought lately in every store and region."""
    since, facts = moment - setting.window, setting.facts
    home = home_places(bought, moment, facts.registered)
    sold_at = bought.basket_place[bought.line_basket]
    lived_in = facts.region[bought.line_member()]
    return (
        Segment.of(bought, since, sold_at, home, len(bought.places)),
        Segment.of(bought, since, lived_in, facts.region, setting.n_regions),
    )
