"""What a member's circle bought: friends, inviters and invited, group mates.

For every product that someone near the member bought, four figures: ``score``, the sum of the
shares of the near ones who bought it, each fading by half in a year since they last did; ``n``,
how many of the circle bought it; ``last``, the days since the latest of these purchases; ``led``,
how many of those who bought it lead (by the caller's score). How often somebody bought it says
nothing more: friends who shop a lot would drown the others. A member's figures do not depend on
who else is asked for.
"""

import numpy as np
from scipy.sparse import csr_array

from siyu.recommend.sorted_keys import Bools, Floats, Ints, Keyed, ranges, run_starts, within_run

__all__ = ["COLUMNS", "best_of_circle", "bought_by_circle"]

COLUMNS = ("score", "n", "last", "led")
_HALF_LIFE = 365.0  # days


def bought_by_circle(
    near: csr_array, pairs: Keyed, starts: Ints, n_products: int, leads: Bools | None = None
) -> Keyed:
    """Add up what the circles of some members bought.

    Parameters
    ----------
    near : csr_array, n_rows x n_members, float32
        The circles, as rows of `Circle.near`.
    pairs : Keyed by ``member x n_products + product``
        What everybody bought; column ``last``: days since the latest purchase.
    starts : int64 array, n_members + 1
        Where each member's pairs begin.
    n_products : int >= 1
    leads : bool array, n_members, optional
        Who leads.

    Returns
    -------
    Keyed by ``row x n_products + product``
        Columns `COLUMNS`; ``led`` is NaN where nobody knows who leads. Cost and memory: the sum
        over the circles' members of the products that each has bought.

    Examples
    --------
    >>> last = np.array([365, 0], np.float32)
    >>> pairs = Keyed(np.array([15, 25]), {"last": last})  # members 1 and 2: product 5 of 10
    >>> circle = csr_array(np.array([[0, 0.5, 0.5]], np.float32))
    >>> found = bought_by_circle(circle, pairs, np.array([0, 0, 1, 2]), n_products=10)
    >>> found.keys.tolist(), [found.columns[name].tolist() for name in ("score", "n", "last")]
    ([5], [[0.75], [2.0], [0.0]])
    """
    begin, end = starts[near.indices], starts[near.indices.astype(np.int64) + 1]
    at = ranges(begin, end)
    contact = np.repeat(np.arange(near.nnz), end - begin)
    row = np.repeat(np.arange(near.shape[0]), np.diff(near.indptr))
    key = row[contact] * n_products + pairs.keys[at] % n_products
    order = np.argsort(key, kind="stable")
    key, at, contact = key[order], at[order], contact[order]
    first = run_starts(key)
    nth = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(key))))
    last = pairs.columns["last"][at]
    weight = near.data[contact] * np.exp2(last.astype(np.float64) / -_HALF_LIFE)
    led = np.full(len(first), np.nan)
    if leads is not None:
        led = np.bincount(nth, leads[near.indices[contact]], minlength=len(first))
    columns = {
        "score": np.bincount(nth, weight, minlength=len(first)),
        "n": np.bincount(nth, minlength=len(first)),
        "last": np.minimum.reduceat(last, first) if len(first) else last,
        "led": led,
    }
    return Keyed(key[first], {name: values.astype(np.float32) for name, values in columns.items()})


def best_of_circle(found: Keyed, n_products: int, left_out: Bools, n: int) -> Ints:
    """Choose the products with the best scores in every row.

    Parameters
    ----------
    found : Keyed
        As of `bought_by_circle`.
    n_products : int >= 1
    left_out : bool array, one entry a key of `found`
        Keys not to choose, such as what the member has bought.
    n : int >= 0
        How many a row.

    Returns
    -------
    int64 array, keys of `found`, ascending
        Of equal scores the smaller product.

    Examples
    --------
    >>> scores = np.array([0.1, 0.4, 0.4, 0.9], np.float32)
    >>> found = Keyed(np.array([1, 2, 3, 11]), {"score": scores})
    >>> best_of_circle(found, 10, np.zeros(4, bool), 1).tolist()
    [2, 11]
    """
    kept = np.flatnonzero(~left_out & (found.columns["score"] > 0))
    row = found.keys[kept] // n_products
    score: Floats = found.columns["score"][kept]
    order = np.lexsort((kept, -score, row))
    best = kept[order[within_run(run_starts(row), len(row)) < n]]
    return found.keys[np.sort(best)]
