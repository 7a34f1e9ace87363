"""Popularity, and what members bought themselves."""

import numpy as np
from scipy.sparse import csr_array

from siyu.datasets.affinity import decay
from siyu.datasets.clock import DAY_US
from siyu.datasets.errors import ParameterError
from siyu.recommend.sorted_keys import Ints

from .baselines import Baseline
from .shelf import BlockScorer, Scores, Shelf

__all__ = ["own_decayed", "own_frequency", "popularity"]


def popularity(days: float | None = 28, *, activity: str = "orders") -> Baseline:
    """Give everyone the products that most members bought.

    Parameters
    ----------
    days : float > 0, optional
        How far back to look; None for all time.
    activity : {"orders", "events"}

    Returns
    -------
    Baseline

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> orders = pd.DataFrame({"member_id": [1, 2, 2], "product_id": [7, 7, 8], "amount": 5.0})
    >>> orders["order_time"] = pd.to_datetime("2026-01-01", utc=True)
    >>> popularity()(Community(orders=orders), as_of="2026-01-02", k=1).values.tolist()
    [[1, 1, 7], [2, 1, 7]]
    """
    _check_days("days", days)

    def prepare(shelf: Shelf) -> BlockScorer:
        row = shelf.buyers(days).astype(np.float64)

        def score(members: Ints) -> Scores:
            return np.tile(row, (len(members), 1))

        return score

    span = "all time" if days is None else f"{days:g} days"
    return Baseline(f"popularity, {span}", prepare, activity)


def own_frequency(days: float | None = None, *, activity: str = "orders") -> Baseline:
    """Give every member the products that stood in most of their own baskets.

    Parameters
    ----------
    days : float > 0, optional
        How far back to look; None for all time.
    activity : {"orders", "events"}

    Returns
    -------
    Baseline
        It says nothing of new products: lists of those are the popular ones.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> orders = pd.DataFrame({"member_id": 1, "product_id": [7, 8, 8], "amount": 5.0})
    >>> orders["order_time"] = pd.date_range("2026-01-01", periods=3, tz="UTC")
    >>> own_frequency()(Community(orders=orders), as_of="2026-02-01").values.tolist()
    [[1, 1, 8], [1, 2, 7]]
    """
    _check_days("days", days)

    def prepare(shelf: Shelf) -> BlockScorer:
        oldest = -np.inf if days is None else shelf.moment - int(days * DAY_US)
        return _rows_of(shelf.counts((shelf.bought.basket_time >= oldest).astype(np.float64)))

    span = "" if days is None else f", {days:g} days"
    return Baseline(f"own frequency{span}", prepare, activity)


def own_decayed(half_life: float = 90, *, activity: str = "orders") -> Baseline:
    """Give every member their own products, old baskets counting less.

    Parameters
    ----------
    half_life : float > 0, days
        A basket weighs ``0.5 ** (age / half_life)``.
    activity : {"orders", "events"}

    Returns
    -------
    Baseline
        It says nothing of new products: lists of those are the popular ones.
    """
    _check_days("half_life", half_life)

    def prepare(shelf: Shelf) -> BlockScorer:
        return _rows_of(shelf.counts(decay(shelf.bought.basket_time, shelf.moment, half_life)))

    return Baseline(f"own decayed, {half_life:g} days", prepare, activity)


def _rows_of(counts: csr_array) -> BlockScorer:
    """Score members by their own rows."""

    def score(members: Ints) -> Scores:
        return np.asarray(counts[members].toarray(), np.float64)

    return score


def _check_days(name: str, days: float | None) -> None:
    if days is not None and not days > 0:
        raise ParameterError(name, f"{name} must be above 0, got {days}")
