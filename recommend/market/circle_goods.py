"""What the circles of members bought: friends, inviters and invited, group mates.

For every product that someone near the member bought, four figures: ``score``, the sum of the
shares of the near ones who bought it, each fading by half in a year since they last did; ``n``,
how many of the circle bought it; ``last``, the days since the latest of these purchases; ``led``,
how many of those who bought it lead (by the caller's score). How often somebody bought it says
nothing more: friends who shop a lot would drown the others.
"""

import numpy as np

from siyu.datasets.clock import DAY_US
from siyu.recommend.sorted_keys import Floats, Ints, Keyed, ranges, run_starts
from siyu.recommend.tables.circles import Circle
from siyu.recommend.tables.purchases import Purchases

from .pair_rows import Wide, narrow

__all__ = ["circle_goods", "circle_sizes"]

_HALF_LIFE = 365.0  # days


def circle_goods(circle: Circle | None, n_products: int, moment: int) -> Keyed:
    """Add up what the circles of some members bought.

    Parameters
    ----------
    circle : Circle, n_rows, or None
    n_products : int >= 1
        Of the circle's purchases.
    moment : int, microseconds since 1970 UTC
        Of the circle's purchases, or later.

    Returns
    -------
    Keyed by ``row x n_products + product``
        Columns ``score``, ``n``, ``last`` and ``led``, which is NaN where nobody knows who
        leads. A row's figures do not depend on the other rows. Cost and memory: the sum over
        the circles' members of the products that each has bought.

    Examples
    --------
    >>> import pandas as pd
    >>> from scipy.sparse import csr_array
    >>> from siyu.datasets import Community
    >>> orders = pd.DataFrame({"member_id": [1, 2], "product_id": 7, "amount": 5.0})
    >>> orders["order_time"] = pd.to_datetime(["2025-01-01", "2026-01-01"], utc=True)
    >>> c = Community(orders=orders)
    >>> near = csr_array(np.array([[0, 1], [1, 0]], np.float32))
    >>> goods = circle_goods(Circle(near, Purchases.of(c)), 1, c.moment("2026-01-01 00:00:01"))
    >>> goods.keys.tolist(), goods.columns["score"].round(2).tolist()
    ([0, 1], [1.0, 0.5])
    """
    columns = ("score", "n", "last", "led")
    if circle is None or not circle.near.nnz:
        return Keyed(np.zeros(0, np.int64), {name: np.zeros(0, np.float32) for name in columns})
    key, contact, age = _adoptions(circle, n_products, moment)
    first = run_starts(key)
    n = len(first)
    nth = np.repeat(np.arange(n), np.diff(np.append(first, len(key))))
    share = circle.near.data[contact].astype(np.float64)
    led = np.full(n, np.nan)
    if circle.leads is not None:
        led = np.bincount(nth, circle.leads[circle.near.indices[contact]], minlength=n)
    figures = {
        "score": np.bincount(nth, share * np.exp2(age / -_HALF_LIFE), minlength=n),
        "n": np.bincount(nth, minlength=n),
        "last": np.minimum.reduceat(age, first) if n else age,
        "led": led,
    }
    return Keyed(key[first], narrow(figures))


def circle_sizes(circle: Circle | None, n_rows: int) -> Floats:
    """Count the members of circles; NaN where nothing could tell who is near."""
    if circle is None:
        return np.full(n_rows, np.nan, np.float32)
    return np.asarray(np.diff(circle.near.indptr), np.float32)


def _adoptions(circle: Circle, n_products: int, moment: int) -> tuple[Ints, Ints, Wide]:
    """List who bought what in every circle: keys, ascending; contacts; days since the latest."""
    near = circle.near
    others, position = np.unique(near.indices.astype(np.int64), return_inverse=True)
    starts, product, age = _latest(circle.bought.of_members(others), n_products, moment)
    begin, end = starts[position], starts[position + 1]
    at = ranges(begin, end)
    contact = np.repeat(np.arange(near.nnz), end - begin)
    row = np.repeat(np.arange(near.shape[0]), np.diff(near.indptr))
    key = row[contact] * n_products + product[at]
    order = np.argsort(key, kind="stable")
    return key[order], contact[order], age[at[order]]


def _latest(bought: Purchases, n_products: int, moment: int) -> tuple[Ints, Ints, Wide]:
    """Give the products that each member bought, and the days since the latest purchase."""
    pair = bought.line_member() * n_products + bought.line_product
    # Lines are in order of time within a member: a stable sort by pair keeps it.
    order = np.argsort(pair, kind="stable")
    pair = pair[order]
    first = run_starts(pair)
    last = order[np.append(first[1:], len(pair))[: len(first)] - 1]
    age = (moment - bought.basket_time[bought.line_basket[last]]) / DAY_US
    starts = np.searchsorted(pair[first], np.arange(len(bought.members) + 1) * n_products)
    return starts, pair[first] % n_products, age
