"""Pairs of members who bought the same products, with a bound on how common a product may be."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import instants
from siyu.datasets.ids import encode, lookup
from siyu.datasets.purchases import is_purchase

__all__ = ["BuyerPairs", "buyer_pairs"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BuyerPairs:
    """Two buyers of one product, once a product: codes, weight, when the later one last bought."""

    first: Ints
    second: Ints
    weight: Floats
    time: Ints


def buyer_pairs(orders: pa.Table, members: pa.Array, max_buyers: int) -> BuyerPairs:
    """Pair the members who bought the same product, as long as few did.

    What everybody buys says nothing of two buyers, and its pairs grow with the square of their
    number: a product with more than `max_buyers` buyers ties nobody. Two of s buyers of a
    product are tied by 1/s, so that everybody's ties by one product add up to (s - 1) / s.
    A product thus costs at most `max_buyers` squared / 2 pairs.

    Parameters
    ----------
    orders : pyarrow.Table of schema ``orders``, checked and cut
        With ``product_id``; refunds and lines without a product do not count.
    members : sorted pyarrow.Array
        Who counts; others, such as staff, neither get ties nor make a product more common.
    max_buyers : int >= 2

    Returns
    -------
    BuyerPairs
        ``first`` < ``second``, sorted by product.

    Examples
    --------
    >>> from siyu.datasets.clock import INSTANT
    >>> days = pa.array([1, 2, 3, 4, 5], INSTANT)
    >>> rows = {"member_id": [7, 8, 7, 8, 9], "product_id": ["rare", "rare", *["milk"] * 3]}
    >>> orders = pa.table({**rows, "order_time": days, "amount": [5.0] * 5})
    >>> pairs = buyer_pairs(orders, pa.array([7, 8, 9]), max_buyers=2)
    >>> pairs.first, pairs.second, pairs.weight, pairs.time
    (array([0]), array([1]), array([0.5]), array([2]))
    """
    product, member, time = _buyers(orders, members)
    starts = np.flatnonzero(np.diff(product, prepend=-1))
    size = np.repeat(np.diff(starts, append=len(product)), np.diff(starts, append=len(product)))
    place = np.arange(len(product)) - np.repeat(starts, size[starts])
    # Each buyer is paired with all who stand before in the list of the product.
    later = np.flatnonzero((place > 0) & (size <= max_buyers))
    second = np.repeat(later, place[later])
    earlier = np.arange(len(second)) - np.repeat(np.cumsum(place[later]), place[later])
    first = second + earlier
    weight = 1 / size[second]
    return BuyerPairs(member[first], member[second], weight, np.maximum(time[first], time[second]))


def _buyers(orders: pa.Table, members: pa.Array) -> tuple[Ints, Ints, Ints]:
    """Give each product's buyers once, in ascending order, and when each bought it last."""
    member, (product, _) = lookup(orders["member_id"], members), encode(orders["product_id"])
    kept = (member >= 0) & (product >= 0) & is_purchase(orders)
    n = max(len(members), 1)
    key, at = np.unique(product[kept] * n + member[kept], return_inverse=True)
    latest = np.full(len(key), np.iinfo(np.int64).min)
    np.maximum.at(latest, at, instants(orders["order_time"])[kept])
    return key // n, key % n, latest
