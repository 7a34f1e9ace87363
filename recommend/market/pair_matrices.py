"""Pairs as sparse matrices: members by products, and by the products of the head."""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array

from siyu.recommend.sorted_keys import Bools, Floats, Ints, Keyed, ranges

__all__ = [
    "columns_at",
    "decayed_counts",
    "dense_product",
    "head_counts",
    "head_totals",
    "pair_matrix",
    "recent_marks",
    "rows_of",
]

_LATE_DAYS = 28
_FEW = 16_000  # entries


def pair_matrix(pairs: Keyed, starts: Ints, n_products: int, name: str) -> csr_array:
    """Put one column of the pairs into a matrix, n_members x n_products."""
    shape = (len(starts) - 1, n_products)
    return csr_array((pairs.columns[name], pairs.keys % n_products, starts), shape)


def decayed_counts(pairs: Keyed, starts: Ints, n_products: int) -> csr_array:
    """Give purchases, each weighing half as much every 90 days."""
    return pair_matrix(pairs, starts, n_products, "decayed_90")


def head_counts(counts: csr_array, position: Ints, n_head: int) -> csr_array:
    """Give the logarithm of 1 + counts for the products in the head."""
    return columns_at(counts, position, n_head, np.log1p)


def head_totals(pairs: Keyed, starts: Ints, position: Ints, n_head: int) -> csr_array:
    """Give the logarithm of 1 + all purchases, however long ago, for the products in the head."""
    return head_counts(pair_matrix(pairs, starts, len(position), "n"), position, n_head)


def columns_at(
    matrix: csr_array,
    position: Ints,
    n_columns: int,
    of_values: Callable[[Floats], Floats] | None = None,
) -> csr_array:
    """Keep and renumber the columns that have a position; pass their values through a function."""
    column = position[matrix.indices]
    kept: Bools = column >= 0
    starts = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    values = matrix.data[kept]
    values = values if of_values is None else of_values(values)
    return csr_array((values, column[kept], starts), (matrix.shape[0], n_columns))


def dense_product(left: csr_array, right: csr_array) -> Floats:
    """Multiply two sparse matrices into a dense one; a row's sums do not depend on other rows.

    All ways add up each number in the order of the row's entries: one row is done without
    building a sparse result, and one of few entries without a sparse matrix at all.

    Examples
    --------
    >>> left = csr_array(np.array([[2, 0, 1]], np.float32))
    >>> dense_product(left, csr_array(np.eye(3, dtype=np.float32))).tolist()
    [[2.0, 0.0, 1.0]]
    """
    if left.shape[0] != 1:
        return np.asarray((left @ right).toarray(), np.float32)
    starts, stops = right.indptr[left.indices], right.indptr[left.indices + 1]
    n_each = stops - starts
    if n_each.sum() > _FEW:
        return np.asarray(left.data @ right[left.indices], np.float32)[None]
    at = ranges(starts, stops)
    found = np.zeros((1, right.shape[1]), np.float32)
    np.add.at(found[0], right.indices[at], np.repeat(left.data, n_each) * right.data[at])
    return found


def rows_of(matrix: csr_array, rows: slice) -> csr_array:
    """Take some rows in a row; the matrix itself where that is all of them."""
    if rows.start == 0 and rows.stop == matrix.shape[0]:
        return matrix
    return matrix[rows]


def recent_marks(pairs: Keyed, starts: Ints, position: Ints, n_head: int) -> csr_array:
    """Mark the head's products that each member bought: 1 just now, half as much every 28 days."""
    column = position[pairs.keys % len(position)]
    kept: Bools = column >= 0
    marks = np.exp2(-pairs.columns["last"][kept] / np.float32(_LATE_DAYS))
    at = np.concatenate([[0], np.cumsum(kept)])[starts]
    return csr_array((marks, column[kept], at), (len(starts) - 1, n_head))
