"""What one purchase of a product is worth: the price paid, less its cost, refunds and care.

The price paid and the refunds are dated: they come from orders before the moment. Cost and list
price have no date. They are taken as known now, and value what a model has scored; they are
never a feature or a label.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.estimates import known
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import ids_in, lookup
from siyu.datasets.spans import span_us
from siyu.recommend.ranking.goals import goal_of
from siyu.recommend.sorted_keys import Ints
from siyu.recommend.tables.purchases import Purchases

from .refunds import Refunds

__all__ = ["Worth", "product_column", "product_values"]

Numbers = NDArray[np.float64]

_LOOKBACK = "84D"


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """What a purchase of each product brings, and what it takes.

    Attributes
    ----------
    price : float64 array, n_products
        Mean money paid for a line (several pieces count together); NaN where nobody bought it.
    quantity : float64 array, n_products
        Mean pieces in a line.
    cost : float64 array, n_products
        Of one piece, as known now; NaN where unknown.
    care : float64 array, n_products
        What serving one purchase costs, as known now: 0 where it is not given.
    refunds : Refunds
    """

    price: Numbers
    quantity: Numbers
    cost: Numbers
    care: Numbers
    refunds: Refunds

    @classmethod
    def of(
        cls, c: Community, bought: Purchases, moment: int, lookback: int | None = None
    ) -> "Worth":
        """Measure it from the orders before a moment.

        Parameters
        ----------
        c : Community
            Cut at `moment` or later; later orders do not count.
        bought : Purchases
            Of its orders; gives the codes of the products.
        moment : int, microseconds
        lookback : int, microseconds, optional
            How far back prices are taken from, 84 days unless told; from the whole past for a
            product not bought since.

        Returns
        -------
        Worth

        Examples
        --------
        >>> import pandas as pd
        >>> days = pd.to_datetime(["2026-01-01", "2026-01-09"], utc=True)
        >>> orders = pd.DataFrame({"member_id": "a", "product_id": 7, "amount": [8.0, 10.0]})
        >>> c = Community(orders=orders.assign(order_time=days))
        >>> Worth.of(c, Purchases.of(c), c.moment("2026-03-01")).price.tolist()
        [9.0]
        """
        import pandas as pd

        then = c.before(pd.Timestamp(moment, unit="us", tz="UTC"))
        back = span_us("lookback", _LOOKBACK) if lookback is None else lookback
        price, quantity = _means(bought.between(moment - back, moment))
        ever_price, ever_quantity = _means(bought.before(moment))
        care = product_column(c, bought.products, "care_cost")
        return cls(
            np.where(np.isnan(price), ever_price, price),
            np.where(np.isnan(quantity), ever_quantity, quantity),
            product_column(c, bought.products, "cost"),
            np.nan_to_num(care),
            Refunds.of(then, bought.products, moment, bought.members),
        )

    def to(self, goal: str, care_cost: float = 0.0) -> Numbers:
        """Give the expected worth of one purchase of each product.

        Parameters
        ----------
        goal : one of `siyu.recommend.ranking.goals.GOALS`
        care_cost : float
            What serving any purchase costs, beside ``care``.

        Returns
        -------
        float64 array, n_products
            1 for goals that are not money. Else price (for margin: less quantity x cost), times
            the share kept after refunds, less care; NaN where unknown. What comes back is taken
            to be sold again: a refund undoes price and cost alike, but not care.
        """
        meant = goal_of(goal)
        if not meant.is_money:
            return np.ones(len(self.price))
        earned = self.price - (self.quantity * self.cost if meant.worth == "margin" else 0.0)
        worth: Numbers = earned * self.refunds.kept - self.care - care_cost
        return worth


def product_values(
    c: Community,
    *,
    as_of: Any,
    goal: str = "margin",
    care_cost: float = 0.0,
    lookback: Any = _LOOKBACK,
    output: FrameKind = "pandas",
) -> Frame:
    """Tell what one purchase of every product is expected to bring, after refunds and care.

    Parameters
    ----------
    c : Community
        With orders that name products; ``products`` adds cost, list price and, in an extra
        column ``care_cost``, what serving a purchase of the product costs.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    goal : {"margin", "gmv", "repurchase", "new_category", "visit"}
        As in `OfferRecommender`. The last three value every purchase at 1.
    care_cost : float, 0 or more
        What serving any purchase costs: advice, delivery, the reply in the chat.
    lookback : Timedelta, timedelta or str, a day or more
        From how far back prices are taken; from the whole past for a product not bought since.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a product bought or listed, sorted by ``product_id``
        ``value`` : expected worth of a purchase, null where unknown;
        ``price`` : mean money paid for a line; ``price_from`` : ``paid``, or ``listed`` where
        nobody bought it yet; ``cost`` : of a line, null where unknown; ``n_sold`` : lines sold
        that are old enough for their refunds to be known; ``refund_rate`` : of those, drawn
        towards that of all products; ``kept`` : share of the money kept after refunds.

    Raises
    ------
    DataError
        If there are no orders, they name no products, or `goal` is margin and no product has
        a cost.
    ParameterError
        If an argument is out of range.

    Notes
    -----
    value = (price - cost) * kept - care for margin, price * kept - care for gmv, with
    kept = 1 - refund rate * share of a refunded line's money that comes back. Cost, list price
    and care have no date: they are as known now.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(300, random_state=0)
    >>> found = product_values(c, as_of="2026-07-01")
    >>> bool((found["value"].dropna() < found["price"].dropna().max()).all())
    True
    """
    if not care_cost >= 0:
        raise ParameterError("care_cost", f"care_cost must be 0 or more, got {care_cost}")
    meant = goal_of(goal)
    known_then, moment = c.before(as_of), c.moment(as_of)
    bought = Purchases.of(known_then)
    worth = Worth.of(known_then, bought, moment, span_us("lookback", lookback))
    if meant.worth == "margin" and np.isnan(worth.cost).all() and len(bought.products):
        raise DataError("the goal margin needs products.cost, and no product bought has one")
    listed = known_then.arrow("products")
    products = ids_in(bought.products, None if listed is None else listed["product_id"])
    at = lookup(products, bought.products)
    return from_arrow(_value_table(known_then, products, at, worth, (goal, care_cost)), output)


def product_column(c: Community, products: pa.Array, name: str) -> Numbers:
    """Read a number column of the table products; NaN where it is absent or null.

    Examples
    --------
    >>> product_column(Community(), pa.array([7]), "cost").tolist()
    [nan]
    """
    listed = c.arrow("products")
    if listed is None or name not in listed.column_names or not len(products):
        return np.full(len(products), np.nan)
    at = lookup(products, listed["product_id"].combine_chunks())
    values = listed[name].cast(pa.float64()).to_numpy()
    return np.where(at >= 0, np.append(values, np.nan)[at], np.nan)


def _means(bought: Purchases) -> tuple[Numbers, Numbers]:
    """Give mean amount and quantity of each product's lines; NaN without lines."""
    n = len(bought.products)
    lines = np.bincount(bought.line_product, minlength=n)
    some = np.where(lines > 0, lines, np.nan)
    sums = (exact_sum(bought.line_product, one, n) for one in (bought.amount, bought.quantity))
    price, quantity = (total / some for total in sums)
    return price, quantity


def _value_table(
    c: Community, products: pa.Array, at: Ints, worth: Worth, how: tuple[str, float]
) -> pa.Table:
    """Write the rows; products that nobody bought take their list price, one piece a line."""

    def spread(values: Numbers, missing: float) -> Numbers:
        return np.where(at >= 0, np.append(values, missing)[at], missing)

    goal, care_cost = how
    paid, listed = spread(worth.price, np.nan), product_column(c, products, "price")
    price = np.where(np.isnan(paid), listed, paid)
    pieces = spread(worth.quantity, 1.0)
    cost = np.where(np.isnan(pieces), 1.0, pieces) * product_column(c, products, "cost")
    usual = 1.0 - np.nan_to_num(worth.refunds.overall) * worth.refunds.depth
    kept = spread(worth.refunds.kept, float(usual))
    care = np.nan_to_num(product_column(c, products, "care_cost")) + care_cost
    meant = goal_of(goal)
    earned = price - (cost if meant.worth == "margin" else 0.0)
    value = earned * kept - care if meant.is_money else np.ones(len(products))
    origin = np.where(np.isnan(paid), "listed", "paid").tolist()
    n_sold = np.where(at >= 0, np.append(worth.refunds.n_sold, 0)[at], 0)
    return pa.table(
        {
            "product_id": products,
            "value": known(value),
            "price": known(price),
            "price_from": pa.array(origin, pa.large_string(), mask=np.isnan(price)),
            "cost": known(cost),
            "n_sold": pa.array(n_sold, pa.int64()),
            "refund_rate": known(spread(worth.refunds.rate, np.nan)),
            "kept": known(kept),
        }
    )
