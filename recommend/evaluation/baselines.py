"""Two lists that need no model, to measure others against."""

from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.clock import DAY_US
from siyu.datasets.community import Community
from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, from_arrow
from siyu.recommend.sorted_keys import Ints, ranges, run_starts, within_run
from siyu.recommend.tables.purchases import Purchases

__all__ = ["bought_most_often", "most_popular"]


def most_popular(
    c: Community, *, as_of: Any, k: int = 10, days: float = 28, only_new: bool = False
) -> Frame:
    """Give every buyer the products that most members bought lately.

    Parameters
    ----------
    c : Community
    as_of : Timestamp, datetime or str
        Itself excluded.
    k : int >= 1
    days : float > 0
        How far back to look.
    only_new : bool
        Leave out what the member has bought before. Needs a list longer than any member's
        purchases: at most 1,000 products beyond `k` are looked at.

    Returns
    -------
    pandas frame with member_id, rank, product_id, sorted
        For members with a purchase before `as_of`.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({"member_id": [1, 2, 2], "product_id": [7, 7, 8], "amount": 5.0})
    >>> orders["order_time"] = pd.to_datetime("2026-01-01", utc=True)
    >>> most_popular(Community(orders=orders), as_of="2026-01-02", k=1).values.tolist()
    [[1, 1, 7], [2, 1, 7]]
    """
    bought, members = _buyers(c, as_of, k)
    if not days > 0:
        raise ParameterError("days", f"days must be above 0, got {days}")
    n_products = max(len(bought.products), 1)
    moment = c.moment(as_of)
    late = bought.between(moment - int(days * DAY_US), moment)
    n_buyers = np.bincount(late.pair_keys() % n_products, minlength=n_products)
    best = np.argsort(-n_buyers, kind="stable")[: k + (1_000 if only_new else 0)]
    member, product = np.repeat(members, len(best)), np.tile(best, len(members))
    if only_new:
        kept = ~np.isin(member * n_products + product, bought.pair_keys())
        member, product = member[kept], product[kept]
    return _first(bought, member, product, k)


def bought_most_often(c: Community, *, as_of: Any, k: int = 10) -> Frame:
    """Give every buyer the products that they bought in most orders, the smaller id in a draw.

    Parameters
    ----------
    c, as_of, k
        As in `most_popular`.

    Returns
    -------
    pandas frame with member_id, rank, product_id, sorted

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({"member_id": 1, "product_id": [7, 8, 8], "amount": 5.0})
    >>> orders["order_time"] = pd.date_range("2026-01-01", periods=3, tz="UTC")
    >>> bought_most_often(Community(orders=orders), as_of="2026-02-01").values.tolist()
    [[1, 1, 8], [1, 2, 7]]
    """
    bought, _ = _buyers(c, as_of, k)
    n_products = max(len(bought.products), 1)
    keys = np.sort(bought.line_member() * n_products + bought.line_product)
    starts = run_starts(keys)
    n = np.diff(np.append(starts, len(keys)))
    member, product = np.divmod(keys[starts], n_products)
    order = np.lexsort((product, -n, member))
    return _first(bought, member[order], product[order], k)


def _buyers(c: Community, as_of: Any, k: int) -> tuple[Purchases, Ints]:
    """Give the purchases before a moment, and who made any."""
    if k < 1:
        raise ParameterError("k", f"k must be 1 or more, got {k}")
    bought = Purchases.of(c.before(as_of))
    return bought, np.unique(bought.basket_member)


def _first(bought: Purchases, member: Ints, product: Ints, k: int) -> Frame:
    """Keep the first `k` rows of every member, in the order they stand in."""
    starts = run_starts(member)
    stops = np.minimum(np.append(starts[1:], len(member))[: len(starts)], starts + k)
    kept = ranges(starts, stops)
    rank = within_run(run_starts(member[kept]), len(kept)) + 1
    table = pa.table(
        {
            "member_id": bought.members.take(pa.array(member[kept])),
            "rank": rank,
            "product_id": bought.products.take(pa.array(product[kept])),
        }
    )
    return from_arrow(table)
