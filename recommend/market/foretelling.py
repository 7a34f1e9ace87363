"""What each product foretells of every other: a linear model of products (EASE).

Products that many members bought are alike all others of the kind; the linear model asks what a
product tells beyond what the rest of the purchases tell already. It is solved in closed form, for
the products with the most buyers, and each product keeps what it tells most of.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, lapack
from scipy.sparse import csr_array

from siyu.recommend.blas import one_blas_thread
from siyu.recommend.top_entries import top_entries

from .pair_matrices import columns_at

__all__ = ["LinearOptions", "foretelling", "linear_weights"]

_ROWS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearOptions:
    """Size and strength of the linear model.

    Parameters
    ----------
    n_products : int >= 1
        Those with the most buyers among the reference members alone take part: memory and time
        grow with its square and cube (3,000: 300 MB for a few seconds).
    regularisation : float > 0
    n_kept : int >= 1
        Products that each one foretells, by the size of the weight. With all, lists of new
        products are no better.
    """

    n_products: int = 3_000
    regularisation: float = 1_000.0
    n_kept: int = 100


def foretelling(counts: csr_array, options: LinearOptions) -> csr_array:
    """Find for every product what its purchase tells of others.

    Parameters
    ----------
    counts : csr_array, n_members x n_products, float32
        Of the members to learn from; columns ascending within a row.
    options : LinearOptions

    Returns
    -------
    csr_array, n_products x n_products, float32
        Row i, column j: by how much a count of 1 of product i raises, or lowers, what is expected
        of product j. At most `n_kept` entries a row, nothing on the diagonal, nothing of products
        that take no part.

    References
    ----------
    Steck (2019), "Embarrassingly shallow autoencoders for sparse data", WWW.

    Examples
    --------
    >>> counts = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32))
    >>> found = foretelling(counts, LinearOptions(regularisation=0.5)).toarray()
    >>> bool(found[0, 1] > 0.5 > found[0, 2])
    True
    """
    n_products = counts.shape[1]
    n_buyers = np.bincount(counts.indices, minlength=n_products)
    chosen = np.sort(np.argsort(-n_buyers, kind="stable")[: options.n_products])
    position = np.full(n_products, -1, np.int64)
    position[chosen] = np.arange(len(chosen))
    some = columns_at(counts, position, len(chosen)).astype(np.float64)
    weights = linear_weights(some, options.regularisation).astype(np.float32)
    rows, columns = top_entries(np.abs(weights), options.n_kept)
    n_of_row = np.zeros(n_products, np.int64)
    n_of_row[chosen] = np.bincount(rows, minlength=len(chosen))
    starts = np.concatenate([[0], np.cumsum(n_of_row)])
    parts = (weights[rows, columns], chosen[columns], starts)
    return csr_array(parts, shape=(n_products, n_products))


def linear_weights(
    counts: csr_array, regularisation: float, *, self_weight: bool = False
) -> NDArray[np.float64]:
    """Solve for how much each product says of every other: the closed form, in one matrix.

    Parameters
    ----------
    counts : csr_array, n_members x n_products, float64
    regularisation : float > 0
    self_weight : bool
        Whether a product may speak for itself: the model is then plain ridge regression.

    Returns
    -------
    float64 array, n_products x n_products
        ``counts @ weights`` is what is expected.
    """
    n = counts.shape[1]
    if not n:
        return np.zeros((0, 0))
    by_product, gram = counts.T.tocsr(), np.empty((n, n))
    for start in range(0, n, _ROWS):
        gram[start : start + _ROWS] = (by_product[start : start + _ROWS] @ counts).toarray()
    gram[np.diag_indices(n)] += regularisation
    with one_blas_thread():
        # The transpose of a symmetric matrix is itself, in the order that LAPACK works in place.
        factor, _ = cho_factor(gram.T, lower=True, overwrite_a=True, check_finite=False)
        inverse: NDArray[np.float64] = lapack.dpotri(factor, lower=True, overwrite_c=True)[0].T
    for start in range(0, n, _ROWS):  # it gave one triangle: fill the other
        part = slice(start, start + _ROWS)
        inverse[part, part] = np.triu(inverse[part, part]) + np.triu(inverse[part, part], 1).T
        inverse[start + _ROWS :, part] = inverse[part, start + _ROWS :].T
    if self_weight:
        inverse *= -regularisation
        inverse[np.diag_indices(n)] += 1
        return inverse
    inverse /= -np.diagonal(inverse).copy()
    inverse[np.diag_indices(n)] = 0
    return inverse
