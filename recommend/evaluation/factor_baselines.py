"""Taste as a few numbers (matrix factorisation), and as a linear model of products (EASE)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from siyu.datasets.errors import DataError, ParameterError
from siyu.recommend.blas import one_blas_thread
from siyu.recommend.market.factorisation import FactorOptions, factorise
from siyu.recommend.market.foretelling import linear_weights
from siyu.recommend.sorted_keys import Ints

from .baselines import Baseline
from .shelf import BlockScorer, Scores, Shelf

__all__ = ["ImplicitOptions", "ease", "matrix_factors"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplicitOptions:
    """Settings of the package ``implicit``, whose factorisation is then used.

    Parameters
    ----------
    n_factors : int >= 1
    regularisation : float > 0
    n_rounds : int >= 1
    random_state : int >= 0
    """

    n_factors: int = 64
    regularisation: float = 10.0
    n_rounds: int = 15
    random_state: int = 0


def matrix_factors(
    options: FactorOptions | ImplicitOptions | None = None,
    half_life: float = 90,
    *,
    activity: str = "orders",
) -> Baseline:
    """List by alternating least squares on members' decayed counts of baskets.

    Parameters
    ----------
    options : FactorOptions or ImplicitOptions, optional
        The second asks for the package ``implicit``, which must be installed.
    half_life : float > 0, days
        Counts enter as ``log(1 + decayed)``.
    activity : {"orders", "events"}

    Returns
    -------
    Baseline

    References
    ----------
    Hu, Koren & Volinsky (2008), "Collaborative filtering for implicit feedback datasets", ICDM.
    """
    if not half_life > 0:
        raise ParameterError("half_life", f"half_life must be above 0, got {half_life}")
    how = FactorOptions(n_factors=64) if options is None else options

    def prepare(shelf: Shelf) -> BlockScorer:
        counts = shelf.decayed(half_life)
        known = np.log1p(counts.data).astype(np.float32)
        tastes = csr_array((known, counts.indices, counts.indptr), shape=counts.shape)
        return _by_implicit(tastes, how) if isinstance(how, ImplicitOptions) else _own(tastes, how)

    name = "ALS, implicit" if isinstance(how, ImplicitOptions) else "ALS"
    return Baseline(name, prepare, activity)


def ease(
    n_products: int = 8_000,
    regularisation: float = 200.0,
    half_life: float = 90,
    *,
    self_weight: bool = False,
    activity: str = "orders",
) -> Baseline:
    """List by a linear model that tells each product from all others a member bought.

    Parameters
    ----------
    n_products : int >= 1
        The most bought ones alone take part: memory and time grow with its square and cube
        (8,000: 1 GB and under a minute).
    regularisation : float > 0
    half_life : float > 0, days
        Counts enter as ``log(1 + decayed)``.
    self_weight : bool
        Whether a product may speak for itself, as suits what is bought again and again: the
        model is then plain ridge regression.
    activity : {"orders", "events"}

    Returns
    -------
    Baseline

    References
    ----------
    Steck (2019), "Embarrassingly shallow autoencoders for sparse data", WWW.
    """
    for name, value in (("regularisation", regularisation), ("half_life", half_life)):
        if not value > 0:
            raise ParameterError(name, f"{name} must be above 0, got {value}")
    if n_products < 1:
        raise ParameterError("n_products", f"n_products must be 1 or more, got {n_products}")

    def prepare(shelf: Shelf) -> BlockScorer:
        columns = np.sort(np.argsort(-shelf.buyers(None), kind="stable")[:n_products])
        counts = shelf.decayed(half_life)[:, columns]
        tastes = csr_array(
            (np.log1p(counts.data), counts.indices, counts.indptr), shape=counts.shape
        )
        weights = linear_weights(tastes, regularisation, self_weight=self_weight)

        def score(members: Ints) -> Scores:
            block = np.zeros((len(members), shelf.shape[1]))
            block[:, columns] = tastes[members] @ weights
            return block

        return score

    return Baseline(f"EASE{' with self-weight' * self_weight}", prepare, activity)


def _own(tastes: csr_array, how: FactorOptions) -> BlockScorer:
    """Score by our own least squares."""
    factors = factorise(tastes, how)

    def score(members: Ints) -> Scores:
        return factors.taste(factors.members(tastes[members])).astype(np.float64)

    return score


def _by_implicit(tastes: csr_array, how: ImplicitOptions) -> BlockScorer:
    """Score by the least squares of the package implicit."""
    model = _implicit_als(how)
    parts = (tastes.data, tastes.indices.astype(np.int32), tastes.indptr.astype(np.int32))
    model.fit(csr_matrix(parts, shape=tastes.shape), show_progress=False)
    rows = np.asarray(model.user_factors, np.float64)
    columns = np.asarray(model.item_factors, np.float64).T

    def score(members: Ints) -> Scores:
        with one_blas_thread():
            block = rows[members] @ columns
        # Last bits may hang on the size of the block: they must not order products.
        found: Scores = block.astype(np.float32).astype(np.float64)
        return found

    return score


def _implicit_als(how: ImplicitOptions) -> Any:
    """Make the model of `implicit`, if that is installed."""
    try:
        from implicit.cpu.als import AlternatingLeastSquares
    except ImportError as error:
        raise DataError(
            "ImplicitOptions need the package implicit (pip install implicit), which is not "
            "installed; FactorOptions use the factorisation of this package"
        ) from error
    return AlternatingLeastSquares(
        factors=how.n_factors,
        regularization=how.regularisation,
        alpha=1.0,
        iterations=how.n_rounds,
        num_threads=1,
        random_state=how.random_state,
    )
