"""Order lines on which a coupon was used: who uses coupons at all, and on what.

A line counts if it names a coupon (``orders.coupon_id``) or if a coupon took something off it: an
extra column ``coupon_disc`` above 0, as The Complete Journey has it. Refunds do not count. These
are far more than the redemptions of the brand's own campaigns, since they tell of coupons from
anywhere.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import instants
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.ids import lookup
from siyu.recommend.offers.coupon_use import came_back
from siyu.recommend.sorted_keys import Ints

__all__ = ["CouponLines"]


@dataclass(frozen=True, slots=True, eq=False)
class CouponLines:
    """Order lines with a coupon, in order of member, time and product.

    Attributes
    ----------
    is_known : bool
        Whether the orders can tell at all.
    member, product : int64 arrays, n_lines
        Product -1 is none of the products asked about.
    time : int64 array, n_lines, microseconds
    """

    is_known: bool
    member: Ints
    product: Ints
    time: Ints

    @classmethod
    def of(cls, c: Community, members: pa.Array, products: pa.Array) -> "CouponLines":
        """Read the lines of some members.

        Parameters
        ----------
        c : Community
            Cut at the moment to look from.
        members, products : pa.Array, sorted ids

        Examples
        --------
        >>> import pandas as pd
        >>> days = pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True)
        >>> lines = pd.DataFrame({"member_id": 1, "amount": 5.0, "coupon_id": ["x", None]})
        >>> c = Community(orders=lines.assign(order_time=days, product_id=7))
        >>> CouponLines.of(c, pa.array([1]), pa.array([7])).product.tolist()
        [0]
        """
        rows, nothing = c.arrow("orders"), np.zeros(0, np.int64)
        names = set() if rows is None else {"coupon_id", "coupon_disc"} & set(rows.column_names)
        if rows is None or not names:
            return cls(False, nothing, nothing, nothing)
        used = np.zeros(rows.num_rows, np.bool_)
        if "coupon_id" in names:
            used |= rows["coupon_id"].is_valid().to_numpy()
        if "coupon_disc" in names:
            used |= pc.greater(_number(rows["coupon_disc"]), 0).fill_null(False).to_numpy()
        used &= ~came_back(rows)
        kept = rows.take(pa.array(np.flatnonzero(used)))
        member, time = lookup(kept["member_id"], members), instants(kept["order_time"])
        product = np.full(kept.num_rows, -1, np.int64)
        if "product_id" in kept.column_names:
            product = lookup(kept["product_id"], products)
        order = np.lexsort((product, time, member))
        order = order[member[order] >= 0]
        return cls(True, member[order], product[order], time[order])

    def before(self, moment: int) -> "CouponLines":
        """Keep the lines before a moment (microseconds, itself excluded)."""
        kept = self.time < moment
        return CouponLines(self.is_known, self.member[kept], self.product[kept], self.time[kept])


def _number(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Read an extra column, which nobody checked, as numbers."""
    try:
        return values.cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"orders.coupon_disc must hold numbers, what coupons took off; got {values.type}"
        ) from error
