"""Members who buy alike, and products that are bought by the same members.

Likeness is the cosine of two sparse vectors. Beyond a few thousand members everyone is compared
with a fixed random sample of reference members, so that the cost grows with the members and not
with their square.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from siyu.datasets.ids import lookup
from siyu.datasets.randomness import generator
from siyu.recommend.sorted_keys import Floats, Ints, Keyed
from siyu.recommend.top_entries import top_entries

from .pair_matrices import dense_product

__all__ = ["References", "alike_products", "nearest_columns", "sample_rows", "unit_rows"]

_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """Members that everyone is compared with, and what those buy.

    Attributes
    ----------
    ids : pa.Array, sorted member ids
    by_product : csr_array, n_products x n_references, float32
        The references' vectors, each of length 1 (or 0), turned.
    bought : mapping of name to csr_array, n_references x n_head, float32
        ``share`` of baskets with the product, and how ``lately`` it was bought.
    n_nearest : int
    """

    ids: pa.Array
    by_product: csr_array
    bought: Mapping[str, csr_array]
    n_nearest: int

    @classmethod
    def of(
        cls, ids: pa.Array, counts: csr_array, bought: Mapping[str, csr_array], n_nearest: int
    ) -> "References":
        """Prepare the comparison.

        Parameters
        ----------
        ids : pa.Array, n_references sorted member ids
        counts : csr_array, n_references x n_products, float32
            By which likeness is measured.
        bought : mapping of name to csr_array, n_references x n_head, float32
            What is averaged over the nearest.
        n_nearest : int >= 1
        """
        return cls(ids, unit_rows(counts).T.tocsr(), bought, n_nearest)

    def places_of(self, members: pa.Array) -> Ints:
        """Give the place of some members among the references, -1 if they are none."""
        if not pa.types.is_integer(members.type) or not len(self.ids):
            return lookup(members, self.ids)
        places, ids = Keyed(self.ids.to_numpy(), {}), members.to_numpy()
        at, known = places.find(ids)
        return np.where(known, at, -1)

    def of_nearest(self, counts: csr_array, own: Ints) -> tuple[Floats, Floats]:
        """Average what each member's nearest references buy.

        Parameters
        ----------
        counts : csr_array, n_block x n_products, float32
            Of a block of members.
        own : int64 array, n_block
            Place of each member among the references, -1 if none: nobody is their own neighbour.

        Returns
        -------
        (mean share, likeness-weighted lately)
            float32 arrays, n_block x n_head; 0 for a member who is like nobody. The first tells
            best what members will buy again, the second what they will try.
        """
        likeness = dense_product(unit_rows(counts), self.by_product)
        is_one = np.flatnonzero(own >= 0)
        likeness[is_one, own[is_one]] = 0
        rows, columns = top_entries(likeness, self.n_nearest)
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(own)))])
        even = np.full(len(rows), 1 / max(self.n_nearest, 1), np.float32)
        found = []
        for name, weights in (("share", even), ("lately", likeness[rows, columns])):
            nearest = csr_array((weights, columns, starts), shape=likeness.shape)
            found.append(dense_product(nearest, self.bought[name]))
        return found[0], found[1]


def unit_rows(counts: csr_array) -> csr_array:
    """Bring every row to length 1; a row without entries stays empty."""
    owner = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    squares = np.bincount(owner, np.square(counts.data), minlength=counts.shape[0])
    length = np.sqrt(squares).astype(np.float32)
    unit = (counts.data / np.maximum(length[owner], 1e-30)).astype(np.float32)
    return csr_array((unit, counts.indices, counts.indptr), shape=counts.shape)


def alike_products(counts: csr_array, n_alike: int) -> csr_array:
    """Find for every product those most often bought by the same members.

    Parameters
    ----------
    counts : csr_array, n_members x n_products, float32
    n_alike : int >= 1

    Returns
    -------
    csr_array, n_products x n_products, float32
        Cosine of the two products' columns, for the `n_alike` largest of every row; a product
        is not alike itself. Cost: the sum over members of their entries squared.

    Examples
    --------
    >>> counts = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]], np.float32))
    >>> (alike_products(counts, 1).toarray() > 0).astype(int).tolist()
    [[0, 1, 0], [1, 0, 0], [0, 1, 0]]
    """
    length = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=0))).ravel()
    unit = (counts.data / np.maximum(length[counts.indices], 1e-30)).astype(np.float32)
    return nearest_columns(
        csr_array((unit, counts.indices, counts.indptr), shape=counts.shape), n_alike
    )


def nearest_columns(columns: csr_array, n: int) -> csr_array:
    """Multiply every column with every other, and keep the `n` largest products of each.

    Parameters
    ----------
    columns : csr_array, n_rows x n_columns, float32
    n : int >= 1

    Returns
    -------
    csr_array, n_columns x n_columns, float32
        Nothing on the diagonal. Memory: 256 dense rows beside the result.
    """
    n_columns = columns.shape[1]
    turned = columns.T.tocsr()
    found_rows, found_columns, found = [], [], []
    for start in range(0, n_columns, _BLOCK):
        block = (turned[start : start + _BLOCK] @ columns).toarray()
        diagonal = np.arange(len(block))
        block[diagonal, start + diagonal] = 0
        rows, others = top_entries(block, n)
        found_rows.append(rows + start)
        found_columns.append(others)
        found.append(block[rows, others])
    rows = np.concatenate(found_rows) if found_rows else np.zeros(0, np.int64)
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n_columns))])
    data = np.concatenate(found) if found else np.zeros(0, np.float32)
    others = np.concatenate(found_columns) if found_columns else np.zeros(0, np.int64)
    return csr_array((data, others, starts), shape=(n_columns, n_columns))


def sample_rows(rows: Ints, limit: int, random_state: int) -> Ints:
    """Draw at most `limit` of the rows, ascending; all of them if they are few.

    Examples
    --------
    >>> sample_rows(np.array([2, 5, 9]), 10, 0).tolist()
    [2, 5, 9]
    """
    if len(rows) <= limit:
        return rows
    return np.sort(generator(random_state).choice(rows, limit, replace=False))
