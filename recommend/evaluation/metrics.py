"""How good a list was for every member: NDCG, recall, precision, average precision, hit, rank.

Binary relevance: a product counts if the member bought it in the window after the list was made.
The mean over members is the figure to report; keep the rows a member for paired intervals.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.community import Community
from siyu.datasets.frames import Frame, from_arrow
from siyu.datasets.ids import ids_in, lookup
from siyu.recommend.sorted_keys import Bools, Ints, run_starts, within_run
from siyu.recommend.tables.purchases import Purchases

from .listed import Listed, as_pairs

__all__ = ["ListQuality", "list_quality", "measure", "next_purchases"]


@dataclass(frozen=True, slots=True, eq=False)
class ListQuality:
    """The measures of one list a member, as arrays over members.

    Attributes
    ----------
    ndcg, recall, precision, average_precision, reciprocal_rank, hit : float64 arrays
        n_members values in [0, 1].
    """

    ndcg: NDArray[np.float64]
    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    average_precision: NDArray[np.float64]
    reciprocal_rank: NDArray[np.float64]
    hit: NDArray[np.float64]


def list_quality(recommended: Frame, relevant: Frame, *, k: int = 10) -> Frame:
    """Measure every member's list against what the member really took.

    Parameters
    ----------
    recommended : frame with member_id, product_id, rank (1 is best)
        No member has a product or a rank twice. Ranks beyond `k` are left out.
    relevant : frame with member_id, product_id
        At least one product of every member to be measured. A member without a list gets 0;
        lists of members without a relevant product are left out.
    k : int >= 1
        Length of the list.

    Returns
    -------
    frame like `recommended`, one row a member of `relevant`, sorted by ``member_id``
        ``ndcg`` : gain 1, discount 1 / log2(rank + 1), over that of the best possible list;
        ``recall`` : share of the relevant products listed;
        ``precision`` : share of the `k` places that hold a relevant product;
        ``average_precision`` : mean precision at the hits, over min(k, relevant products);
        ``reciprocal_rank`` : 1 / rank of the first relevant product, 0 without one;
        ``hit`` : 1 if any listed product was relevant.

    Raises
    ------
    ParameterError
        If `k` is below 1.
    DataError
        If a member has a product or a rank twice in `recommended`, or a rank is below 1.

    References
    ----------
    Järvelin & Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques", ACM
    Transactions on Information Systems 20(4), 422-446.

    Examples
    --------
    >>> import pandas as pd
    >>> shown = pd.DataFrame({"member_id": [1, 1], "product_id": [7, 8], "rank": [1, 2]})
    >>> taken = pd.DataFrame({"member_id": [1], "product_id": [8]})
    >>> list_quality(shown, taken)[["ndcg", "hit"]].round(3).values.tolist()
    [[0.631, 1.0]]
    """
    shown, taken = Listed.of(recommended, k), as_pairs(relevant)
    members = ids_in(taken["member_id"])
    products = ids_in(shown.rows["product_id"], taken["product_id"])
    member = lookup(shown.rows["member_id"], members)
    product = lookup(shown.rows["product_id"], products)
    kept = member >= 0
    keys = member[kept] * len(products) + product[kept]
    truth = np.unique(
        lookup(taken["member_id"], members) * len(products) + lookup(taken["product_id"], products)
    )
    n_relevant = np.bincount(truth // max(len(products), 1), minlength=len(members))
    found = measure(member[kept], shown.rank[kept], np.isin(keys, truth), n_relevant, k)
    columns = {name: getattr(found, name) for name in ListQuality.__slots__}
    return from_arrow(pa.table({"member_id": members, **columns}), shown.kind)


def measure(member: Ints, rank: Ints, is_hit: Bools, n_relevant: Ints, k: int) -> ListQuality:
    """Measure lists given as arrays of member codes, ranks and hits.

    Parameters
    ----------
    member, rank, is_hit : arrays, one entry a listed product, in any order
        Codes below n_members; ranks from 1 to `k`.
    n_relevant : int64 array, n_members
        Relevant products of each member; where it is 0 the member's measures are 0.
    k : int >= 1

    Returns
    -------
    ListQuality

    Examples
    --------
    >>> one = np.zeros(2, np.int64)
    >>> measure(one, np.array([1, 2]), np.array([True, False]), np.array([4]), 2).recall.tolist()
    [0.25]
    """
    n = len(n_relevant)
    discount = 1 / np.log2(np.arange(2, k + 2))
    best = np.concatenate([[1.0], np.cumsum(discount)])[np.minimum(n_relevant, k)]
    hit_member, hit_rank = member[is_hit], rank[is_hit]
    order = np.lexsort((hit_rank, hit_member))
    hit_member, hit_rank = hit_member[order], hit_rank[order]
    hits = np.bincount(hit_member, minlength=n)
    nth = within_run(run_starts(hit_member), len(hit_member)) + 1
    precision_at_hits = np.bincount(hit_member, nth / hit_rank, minlength=n)
    first: NDArray[np.float64] = np.bincount(hit_member, (nth == 1) / hit_rank, minlength=n).astype(
        np.float64
    )
    has = n_relevant > 0
    return ListQuality(
        np.where(has, np.bincount(hit_member, discount[hit_rank - 1], minlength=n) / best, 0.0),
        np.where(has, hits / np.maximum(n_relevant, 1), 0.0),
        hits / k,
        np.where(has, precision_at_hits / np.maximum(np.minimum(n_relevant, k), 1), 0.0),
        first,
        (hits > 0).astype(np.float64),
    )


def next_purchases(
    c: Community,
    *,
    as_of: Any,
    horizon: str = "28D",
    only_new: bool = False,
    activity: str = "orders",
) -> Frame:
    """List what every member bought within the horizon after `as_of`: the truth for lists.

    Parameters
    ----------
    c : Community
    as_of : Timestamp, datetime or str
        When the lists were made.
    horizon : str
        How long to look ahead, as pandas writes durations.
    only_new : bool
        Leave out what the member had bought before.
    activity : {"orders", "events"}
        As in `OfferRecommender`.

    Returns
    -------
    pandas frame with member_id, product_id, sorted
        Only members and products with a purchase before `as_of`: others were unknown then.

    Raises
    ------
    DataError
        If the community has no purchases to read.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({"member_id": [1, 1], "product_id": [7, 7], "amount": [5.0, 5.0]})
    >>> orders["order_time"] = pd.to_datetime(["2026-01-01", "2026-02-03"], utc=True)
    >>> next_purchases(Community(orders=orders), as_of="2026-02-01").values.tolist()
    [[1, 7]]
    """
    import pandas as pd

    start = c.moment(as_of)
    bought = Purchases.of(c, activity=activity)
    earlier = bought.before(start)
    later = bought.between(start, start + pd.Timedelta(horizon) // pd.Timedelta(microseconds=1))
    keys = later.pair_keys()
    n_products = max(len(bought.products), 1)
    was_met = np.isin(keys // n_products, np.unique(earlier.basket_member))
    was_sold = np.isin(keys % n_products, np.unique(earlier.line_product))
    keys = keys[was_met & was_sold]
    if only_new:
        keys = keys[~np.isin(keys, earlier.pair_keys())]
    found = pa.table(
        {
            "member_id": bought.members.take(pa.array(keys // n_products)),
            "product_id": bought.products.take(pa.array(keys % n_products)),
        }
    )
    return from_arrow(found)
