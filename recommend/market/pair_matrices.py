"""Pairs as sparse matrices: members by products, and by the products of the head."""

import numpy as np
from scipy.sparse import csr_array

from siyu.recommend.sorted_keys import Bools, Ints, Keyed

__all__ = ["columns_at", "decayed_counts", "head_counts", "pair_matrix", "recent_marks"]

_LATE_DAYS = 28


def pair_matrix(pairs: Keyed, starts: Ints, n_products: int, name: str) -> csr_array:
    """Put one column of the pairs into a matrix, n_members x n_products."""
    shape = (len(starts) - 1, n_products)
    return csr_array((pairs.columns[name], pairs.keys % n_products, starts), shape)


def decayed_counts(pairs: Keyed, starts: Ints, n_products: int) -> csr_array:
    """Give purchases, each weighing half as much every 90 days."""
    return pair_matrix(pairs, starts, n_products, "decayed_90")


def head_counts(counts: csr_array, position: Ints, n_head: int) -> csr_array:
    """Give the logarithm of 1 + counts for the products in the head."""
    kept = columns_at(counts, position, n_head)
    return csr_array((np.log1p(kept.data), kept.indices, kept.indptr), shape=kept.shape)


def columns_at(matrix: csr_array, position: Ints, n_columns: int) -> csr_array:
    """Keep and renumber the columns that have a position."""
    owner = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    column = position[matrix.indices]
    kept: Bools = column >= 0
    lengths = np.bincount(owner[kept], minlength=matrix.shape[0])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return csr_array((matrix.data[kept], column[kept], starts), (matrix.shape[0], n_columns))


def recent_marks(pairs: Keyed, starts: Ints, position: Ints, n_head: int) -> csr_array:
    """Mark the head's products that each member bought: 1 just now, half as much every 28 days."""
    n_products = len(position)
    marks = np.exp2(-pairs.columns["last"] / np.float32(_LATE_DAYS))
    shape = (len(starts) - 1, n_products)
    return columns_at(csr_array((marks, pairs.keys % n_products, starts), shape), position, n_head)
