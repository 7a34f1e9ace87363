"""Matrix factorisation for counts: taste as a few numbers a member and a product.

Alternating least squares for implicit feedback. Every least-squares problem is solved by three
steps of conjugate gradients for all members (or products) at once, on sparse rows: no Python loop
over members, no compiled extension.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siyu.datasets.randomness import generator
from siyu.recommend.blas import one_blas_thread
from siyu.recommend.sorted_keys import Floats, Ints

__all__ = ["FactorOptions", "Factors", "factorise"]

_GRADIENT_STEPS = 3
_BLOCK = 200_000  # entries whose factor rows are multiplied at once: bounds the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorOptions:
    """Size and strength of the factorisation.

    Parameters
    ----------
    n_factors : int >= 1
    regularisation : float > 0
        With 1 in place of 10 lists of groceries lose a tenth of their NDCG; with 20, those of
        shops whose members have bought little lose a tenth to a half.
    n_rounds : int >= 1
    random_state : int >= 0
    """

    n_factors: int = 32
    regularisation: float = 10.0
    n_rounds: int = 8
    random_state: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """One vector a product; a member's vector follows from what the member bought.

    A member's vector is ``sum over products bought of (1 + r) * fold[product]``, where ``fold`` is
    the products' vectors times the inverse of their regularised gram matrix: the least-squares
    answer if every pair were held with confidence 1. It is as good in lists as solving for every
    member anew, and costs one sparse row.

    Both vectors are rounded to whole numbers so small that a product of two is exact in four
    bytes, whatever order it is added up in: a member's taste is the same, bit for bit, in a block
    of thousands and alone.

    Attributes
    ----------
    products : float32 array, n_products x n_factors, whole numbers
    scale : float32 array, n_products
        What one step of each product's numbers stands for.
    fold : float32 array, n_products x n_factors
    """

    products: Floats
    scale: Floats
    fold: Floats

    @classmethod
    def of(cls, vectors: Floats, regularisation: float) -> "Factors":
        """Round the products' vectors, and prepare the folding in of members."""
        whole, scale = _rounded(vectors)
        gram = vectors.T.astype(np.float64) @ vectors
        gram += regularisation * np.eye(vectors.shape[1])
        fold = np.linalg.solve(gram, vectors.T.astype(np.float64)).T
        return cls(whole, scale, np.asarray(fold, np.float32))

    def members(self, counts: csr_array) -> tuple[Floats, Floats]:
        """Fold members in.

        Parameters
        ----------
        counts : csr_array, n_members x n_products, float32

        Returns
        -------
        (whole, scale)
            float32 arrays, n_members x n_factors of whole numbers, and n_members.
        """
        weights = csr_array((1 + counts.data, counts.indices, counts.indptr), shape=counts.shape)
        return _rounded(np.asarray(weights @ self.fold, np.float32))

    def taste(self, members: tuple[Floats, Floats]) -> Floats:
        """Give every member's taste for every product: n_members x n_products, float32."""
        whole, scale = members
        found = whole @ self.products.T  # exact: any number of threads gives the same
        return np.asarray(found * scale[:, None] * self.scale, np.float32)


def _rounded(vectors: Floats) -> tuple[Floats, Floats]:
    """Write each row as whole numbers times a step; a product of two such rows is exact."""
    # Sums of n_factors products must stay below 2^24, where float32 skips whole numbers.
    largest = np.floor(np.sqrt(2**24 / max(vectors.shape[1], 1)))
    scale = (np.abs(vectors).max(axis=1, initial=0.0) / largest).astype(np.float32)
    steps = np.where(scale > 0, scale, np.float32(1))
    return np.rint(vectors / steps[:, None]).astype(np.float32), scale


def factorise(counts: csr_array, options: FactorOptions) -> Factors:
    """Factorise members' counts of products.

    An entry ``r`` is a preference of 1 held with confidence ``1 + r``; a pair without an entry
    a preference of 0 held with confidence 1.

    Parameters
    ----------
    counts : csr_array, n_members x n_products, float32
        Of the members that the products' vectors are learned from. Above 0; columns ascending
        within a row.
    options : FactorOptions

    Returns
    -------
    Factors
        The same bytes whatever the number of threads. Cost: rounds x entries x factors.

    References
    ----------
    Hu, Koren & Volinsky (2008), "Collaborative filtering for implicit feedback datasets", ICDM.
    Takács, Pilászy & Tikk (2011), "Applications of the conjugate gradient method for implicit
    feedback collaborative filtering", RecSys.

    Examples
    --------
    >>> counts = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32))
    >>> found = factorise(counts, FactorOptions(n_factors=2, regularisation=0.1))
    >>> taste = found.taste(found.members(counts))
    >>> bool(taste[0, 1] > 0.5 > taste[0, 2])
    True
    """
    shape = (counts.shape[1], options.n_factors)
    start = generator(options.random_state).standard_normal(shape) * 0.01
    products = start.astype(np.float32)
    by_product = counts.T.tocsr()
    members = np.zeros((counts.shape[0], options.n_factors), np.float32)
    with one_blas_thread():
        for _ in range(options.n_rounds):
            members = _solve(counts, members, products, options.regularisation)
            products = _solve(by_product, products, members, options.regularisation)
        return Factors.of(products, options.regularisation)


def _solve(counts: csr_array, rows: Floats, others: Floats, regularisation: float) -> Floats:
    """Improve the vectors of all rows, the others held fixed, by conjugate gradients."""
    n_factors = others.shape[1]
    gram = others.T @ others + np.float32(regularisation) * np.eye(n_factors, dtype=np.float32)
    owner = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))

    def weighted(vectors: Floats) -> NDArray[np.float32]:
        fitted = counts.data * _row_products(vectors, others, owner, counts.indices)
        entries = csr_array((fitted, counts.indices, counts.indptr), shape=counts.shape)
        return np.asarray(vectors @ gram + entries @ others, np.float32)

    wanted = csr_array((1 + counts.data, counts.indices, counts.indptr), shape=counts.shape)
    residual = wanted @ others - weighted(rows)
    direction = residual.copy()
    size = _squares(residual)
    for _ in range(_GRADIENT_STEPS):
        applied = weighted(direction)
        step = size / np.maximum(np.einsum("ij,ij->i", direction, applied), 1e-20)
        rows = rows + step[:, None] * direction
        residual = residual - step[:, None] * applied
        smaller = _squares(residual)
        direction = residual + (smaller / np.maximum(size, 1e-20))[:, None] * direction
        size = smaller
    return rows


def _row_products(left: Floats, right: Floats, i: Ints, j: Ints) -> Floats:
    """Multiply chosen rows of two matrices, pair by pair."""
    found = np.empty(len(i), np.float32)
    for start in range(0, len(i), _BLOCK):
        part = slice(start, start + _BLOCK)
        found[part] = np.einsum("ij,ij->i", left[i[part]], right[j[part]])
    return found


def _squares(rows: Floats) -> Floats:
    """Add up the squares of every row."""
    return np.asarray(np.einsum("ij,ij->i", rows, rows), np.float32)
