"""A block of members: what each has bought, what is offered, and how the best are chosen.

Every source of candidates works on a block. Nothing that it finds for a member may depend on who
else is in the block.
"""

from dataclasses import dataclass, field

import numpy as np

from siyu.recommend.market.charts import Chart
from siyu.recommend.market.market import Market
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.sorted_keys import Bools, Floats, Ints, Keyed, ranges, run_starts, within_run
from siyu.recommend.top_entries import top_entries

__all__ = ["BLOCK", "Block"]

BLOCK = 128  # members
_LIST_FACTOR = 3  # how much deeper than its quota a chart is read, past what was bought


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some members, one row after the other.

    Attributes
    ----------
    market : Market
    histories : MemberHistories
    rows : slice of the histories
    offered : bool array, n_products
    own_pairs : slice of the histories' pairs
    own_row, own_product : int64 arrays
        Row, from 0 within the block, and product of these pairs.
    own_head : tuple of int64 arrays
        Row and place in the head of those pairs that lie in it.
    hidden : int64 array
        Places in the head of products that are not offered.
    couponed : bool array, n_rows x n_products, or None
        What the members hold coupons for.
    scores : mapping of source name to float32 array, n_rows x n_head
        Filled as sources are asked.
    """

    market: Market
    histories: MemberHistories
    rows: slice
    offered: Bools
    own_pairs: slice
    own_row: Ints
    own_product: Ints
    own_head: tuple[Ints, Ints]
    hidden: Ints
    couponed: Bools | None
    scores: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, market: Market, histories: MemberHistories, start: int, offered: Bools) -> "Block":
        """Take the block that begins at row `start`."""
        rows = slice(start, min(start + BLOCK, len(histories)))
        pairs = slice(int(histories.starts[rows.start]), int(histories.starts[rows.stop]))
        row, product = np.divmod(histories.pairs.keys[pairs], market.n_products)
        row -= start
        at = market.position[product]
        own_head = (row[at >= 0], at[at >= 0])
        hidden = np.flatnonzero(~offered[market.head])
        held = None if histories.coupons is None else histories.coupons.marks(rows)
        return cls(market, histories, rows, offered, pairs, row, product, own_head, hidden, held)

    def __len__(self) -> int:
        return int(self.rows.stop - self.rows.start)

    def key(self, row: Ints, product: Ints) -> Ints:
        """Give pairs of row and product one number each."""
        return row * self.market.n_products + product

    def was_bought(self, keys: Ints) -> Bools:
        """Tell which pairs of row and product the members have bought."""
        return self.histories.pairs.find(keys + self.rows.start * self.market.n_products)[1]

    def own(self, name: str) -> Floats:
        """Read a statistic of the pairs that were bought."""
        return self.histories.pairs.columns[name][self.own_pairs]

    def goods_of_circle(self) -> Keyed:
        """Give what the members' circles bought, under keys of this block."""
        goods, n_products = self.histories.circle_goods, self.market.n_products
        first, last = np.array([self.rows.start, self.rows.stop]) * n_products
        part = slice(*np.searchsorted(goods.keys, [first, last]).tolist())
        return Keyed(goods.keys[part] - first, {"score": goods.columns["score"][part]})

    def best_own(self, score: Floats, n: int) -> Ints:
        """Choose the products bought before with the best scores above 0, the smaller in a draw."""
        kept = self.offered[self.own_product] & (score > 0)
        row, product = self.own_row[kept], self.own_product[kept]
        order = np.lexsort((product, -score[kept], row))
        best = order[within_run(run_starts(row), len(row)) < n]
        return self.key(row[best], product[best])

    def best_new(self, scores: Floats, n: int) -> Ints:
        """Choose the head's products with the best scores above 0 that were never bought."""
        left = scores.copy()
        left[:, self.hidden] = 0
        left[self.own_head] = 0
        row, column = top_entries(left, n)
        return self.key(row, self.market.head[column])

    def first_new(self, chart: Chart, codes: Ints, n: int) -> Ints:
        """Choose the first products of each row's chart that were never bought."""
        if not n or not len(chart.products):
            return np.zeros(0, np.int64)
        begin, end = chart.bounds(codes, n * _LIST_FACTOR)
        row = np.repeat(np.arange(len(self)), end - begin)
        product = chart.products[ranges(begin, end)]
        kept = self.offered[product] & ~self.was_bought(self.key(row, product))
        row, product = row[kept], product[kept]
        first = within_run(run_starts(row), len(row)) < n
        return self.key(row[first], product[first])
