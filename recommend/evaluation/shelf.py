"""The products of a shop at one moment, the best sellers first, and who has bought which.

What the baselines share. Products stand in columns: those that most members bought in the last
28 days first, of equal ones those that more members ever bought, then the smaller id. A baseline
gives scores to columns; equal scores keep this order, so that every list is filled, and filled
the same way by all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siyu.datasets.affinity import decay
from siyu.datasets.clock import DAY_US
from siyu.datasets.community import Community
from siyu.recommend.sorted_keys import Ints, ranges, run_starts, run_sum
from siyu.recommend.tables.purchases import Purchases

__all__ = ["BlockScorer", "Scores", "Shelf", "best_columns", "entries_of", "with_length_one"]

Scores: TypeAlias = NDArray[np.float64]
BlockScorer: TypeAlias = Callable[[Ints], Scores]
"""Gives a block of member codes the scores of all columns, n_block x n_columns."""

_LATELY = 28 * DAY_US


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """Purchases before a moment, by member and column.

    Attributes
    ----------
    bought : Purchases
    moment : int, microseconds since 1970 UTC
    products : pa.Array, n_columns ids, in the order of the columns
    member, column : int64 arrays, n_lines
        Of every line of `bought`.
    """

    bought: Purchases
    moment: int
    products: pa.Array
    member: Ints
    column: Ints

    @classmethod
    def of(cls, c: Community, as_of: Any, activity: str = "orders") -> "Shelf":
        """Read what was bought before `as_of`.

        Raises
        ------
        DataError
            If the community has no purchases to read.
        """
        bought, moment = Purchases.of(c.before(as_of), activity=activity), c.moment(as_of)
        member, n = bought.line_member(), len(bought.products)
        is_late = bought.basket_time[bought.line_basket] >= moment - _LATELY
        pairs = [np.unique(member[kept] * n + bought.line_product[kept]) for kept in (is_late, ...)]
        lately, ever = (np.bincount(one % max(n, 1), minlength=n) for one in pairs)
        order = np.lexsort((np.arange(n), -ever, -lately))
        place = np.empty(n, np.int64)
        place[order] = np.arange(n)
        products = bought.products.take(pa.array(order))
        return cls(bought, moment, products, member, place[bought.line_product])

    @property
    def shape(self) -> tuple[int, int]:
        """Give the number of members and of columns."""
        return len(self.bought.members), len(self.products)

    def counts(self, basket_weight: Scores | None = None) -> csr_array:
        """Add up the weights of every member's baskets that hold a product.

        Parameters
        ----------
        basket_weight : float64 array, n_baskets, optional
            Default 1 each.

        Returns
        -------
        csr_array, n_members x n_columns, float64, columns ascending
            Weights of 0 have no entry. The same bytes whatever the order of the input's rows.
        """
        weight = np.ones(len(self.bought.basket_time)) if basket_weight is None else basket_weight
        n_members, n_columns = self.shape
        keys = self.member * max(n_columns, 1) + self.column
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = run_starts(keys)
        sums = run_sum(weight[self.bought.line_basket[order]], starts)
        kept = sums > 0
        member, column = np.divmod(keys[starts][kept], max(n_columns, 1))
        row_starts = np.searchsorted(member, np.arange(n_members + 1))
        return csr_array((sums[kept], column, row_starts), shape=self.shape)

    def decayed(self, half_life: float) -> csr_array:
        """Count baskets, each weighing half as much every `half_life` days."""
        return self.counts(decay(self.bought.basket_time, self.moment, half_life))

    def basket_weights(self, half_life: float) -> Scores:
        """Give every member's own number of baskets, decayed."""
        weight = decay(self.bought.basket_time, self.moment, half_life)
        found: Scores = np.bincount(self.bought.basket_member, weight, self.shape[0]).astype(float)
        return found

    def buyers(self, days: float | None) -> Ints:
        """Count the members who bought each column's product in the last `days`, or ever."""
        n = max(self.shape[1], 1)
        late = np.ones(len(self.member), np.bool_)
        if days is not None:
            time = self.bought.basket_time[self.bought.line_basket]
            late = time >= self.moment - int(days * DAY_US)
        pairs = np.unique(self.member[late] * n + self.column[late])
        return np.bincount(pairs % n, minlength=self.shape[1])


def best_columns(block: Scores, k: int) -> tuple[Ints, Ints]:
    """Find every row's `k` best columns; of equal ones the first.

    Scores are compared in single precision, so that what differs by rounding counts as equal.

    Parameters
    ----------
    block : float64 array, n_rows x n_columns
        ``-inf`` is never listed.
    k : int >= 1

    Returns
    -------
    (rows, columns)
        int64 arrays, by row, the best first.

    Examples
    --------
    >>> rows, columns = best_columns(np.array([[0.0, 2.0, 0.0, -np.inf]]), 3)
    >>> columns.tolist()
    [1, 0, 2]
    """
    n_rows, width = block.shape
    if not block.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    k = min(k, width)
    # One whole number a cell, larger for a better score and, of equal ones, an earlier column.
    bits = (block.astype(np.float32) + np.float32(0)).view(np.int32)
    keys = np.where(bits < 0, bits ^ np.int32(2**31 - 1), bits).astype(np.int64) << 32
    keys += np.arange(width, 0, -1)
    columns = np.argpartition(keys, width - k, axis=1)[:, width - k :]
    best = np.take_along_axis(keys, columns, axis=1)
    columns = np.take_along_axis(columns, np.argsort(-best, axis=1), axis=1).ravel()
    rows = np.repeat(np.arange(n_rows), k)
    listed = block[rows, columns] > -np.inf
    return rows[listed], columns[listed]


def with_length_one(counts: csr_array) -> csr_array:
    """Scale every row to length 1; rows without entries stay empty."""
    n_entries = np.diff(counts.indptr)
    owner = np.repeat(np.arange(counts.shape[0]), n_entries)
    squares = np.bincount(owner, counts.data**2, minlength=counts.shape[0])
    data = counts.data / np.sqrt(np.maximum(squares, 1e-300))[owner]
    return csr_array((data, counts.indices, counts.indptr), shape=counts.shape)


def entries_of(counts: csr_array, rows: Ints) -> tuple[Ints, Ints]:
    """Give the entries of some rows: the position among `rows`, and the column."""
    starts, stops = counts.indptr[rows], counts.indptr[rows + 1]
    return np.repeat(np.arange(len(rows)), stops - starts), counts.indices[ranges(starts, stops)]
