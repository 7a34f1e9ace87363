"""How often what was sold came back, by product.

A refund is an order line with a negative amount, at the time of the refund. It is set against
the lines that the same member bought of the same product in the same order (of any order, where
orders have no number), and never against more lines than were sold. Refunds come days after the
sale: lines sold only just now do not count yet, or every new product would look faultless.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.clock import DAY_US, instants
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import opens_run
from siyu.datasets.purchases import is_purchase
from siyu.datasets.shrinkage import BetaPrior
from siyu.recommend.sorted_keys import Ints

__all__ = ["SETTLED", "Refunds"]

SETTLED = 14 * DAY_US
"""How old a sale must be before its refund counts as known to be missing, in microseconds."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Refunds:
    """Sales and refunds of each product.

    Attributes
    ----------
    n_sold, n_refunded : int64 arrays, n_products
        Lines sold long enough ago, and those of them of which money came back.
    rate : float64 array, n_products values in (0, 1)
        Share of lines refunded, drawn towards that of all products the more, the fewer lines
        there are; NaN if nothing at all was sold.
    overall : float in (0, 1)
        That of all products; NaN likewise.
    depth : float in [0, 1]
        Of a refunded line, the share of its money that came back, over all products; 1 where no
        line was refunded.
    """

    n_sold: Ints
    n_refunded: Ints
    rate: Numbers
    overall: float
    depth: float

    @property
    def kept(self) -> Numbers:
        """Give the share of the money that is expected to be kept, in (0, 1]; 1 where unknown."""
        return 1.0 - np.nan_to_num(self.rate) * self.depth

    @classmethod
    def of(cls, c: Community, products: pa.Array, moment: int, members: pa.Array) -> "Refunds":
        """Count them.

        Parameters
        ----------
        c : Community
            Cut at `moment`, with orders that name products.
        products : pa.Array, sorted ids
        moment : int, microseconds
        members : pa.Array, sorted ids
            Whose orders count.

        Returns
        -------
        Refunds

        Raises
        ------
        DataError
            If there are no orders, or they name no products.

        References
        ----------
        The rate is the posterior mean of a beta-binomial model, see
        `siyu.datasets.shrinkage.BetaPrior`.

        Examples
        --------
        >>> import pandas as pd
        >>> paid = pd.DataFrame({"amount": [9.0, 9.0, -9.0], "order_id": [1, 2, 2]})
        >>> days = pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-05"], utc=True)
        >>> c = Community(orders=paid.assign(member_id="a", product_id=7, order_time=days))
        >>> found = Refunds.of(c, pa.array([7]), c.moment("2026-03-01"), pa.array(["a"]))
        >>> found.n_sold.tolist(), found.n_refunded.tolist(), found.depth
        ([2], [1], 1.0)
        """
        rows = _lines(c)
        product, member = lookup(rows["product_id"], products), lookup(rows["member_id"], members)
        settled = instants(rows["order_time"]) < moment - SETTLED
        amount = rows["amount"].to_numpy()
        sold, back = is_purchase(rows) & settled, amount < 0
        kept = np.flatnonzero((product >= 0) & (member >= 0) & (sold | back))
        key = member[kept] * max(len(products), 1) + product[kept]
        order = encode(rows["order_id"])[0][kept] if "order_id" in rows.column_names else key * 0
        place = np.lexsort((order, key))
        opens = opens_run(key[place], order[place])
        run = np.cumsum(opens) - 1
        kept, n_runs = kept[place], int(opens.sum())
        of_run = product[kept[opens]]
        n_sold = np.bincount(run[sold[kept]], minlength=n_runs)
        n_back = np.minimum(np.bincount(run[back[kept]], minlength=n_runs), n_sold)
        paid = exact_sum(run, amount[kept], n_runs, sold[kept])
        returned = np.minimum(exact_sum(run, -amount[kept], n_runs, back[kept]), paid)
        # A run of n lines of which b came back: b / n of its money could have come back.
        exposed = np.where(n_back > 0, paid * n_back / np.maximum(n_sold, 1), 0.0)
        whole = exact_sum(np.zeros(n_runs, np.int64), exposed, 1)[0]
        share = exact_sum(np.zeros(n_runs, np.int64), np.minimum(returned, exposed), 1)[0]
        sold_by = np.bincount(of_run, n_sold, len(products)).astype(np.int64)
        back_by = np.bincount(of_run, n_back, len(products)).astype(np.int64)
        prior = BetaPrior.of(back_by, sold_by)
        rate = prior.posterior_mean(back_by, sold_by)
        depth = float(share / whole) if whole > 0 else 1.0
        return cls(sold_by, back_by, rate, prior.mean, depth)


def _lines(c: Community) -> pa.Table:
    """Read the order lines that name a product."""
    c.require("orders", call="refund rates")
    rows = c.arrow("orders")
    if rows is None or "product_id" not in rows.column_names:
        raise DataError("refund rates need the column product_id in the table orders")
    wanted = ("member_id", "order_time", "amount", "order_id", "product_id", "quantity")
    rows = rows.select([name for name in wanted if name in rows.column_names])
    return rows.filter(rows["product_id"].is_valid())
