"""Lines in order of member, product and time, and what they say of every pair.

Ages are days before the moment; ``decayed_h`` counts baskets, each weighing half as much every
``h`` days. A pair's numbers follow from the lines of its member alone, so that they are the same,
bit for bit, whoever else is measured with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.affinity import decay
from siyu.datasets.clock import DAY_US
from siyu.recommend.sorted_keys import Floats, Ints, Keyed, run_starts, run_sum
from siyu.recommend.tables.purchases import Purchases

__all__ = ["HALF_LIVES", "MAIN_HALF_LIFE", "PairRows", "Wide", "measure_pairs", "narrow", "ratio"]

HALF_LIVES = (14, 45, 90, 180)
MAIN_HALF_LIFE = 90

Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PairRows:
    """The lines of some members, with what the sums need.

    Attributes
    ----------
    n_members, n_products : int
    member, product, place : int64 arrays, n_lines
    nth_basket : int64 array
        Number of the line's basket within its member, from 0.
    age : float64 array, days
    weights : mapping of half-life to float64 array
    quantity, amount, discount : float64 arrays
    starts : int64 array
        Where each pair begins.
    """

    n_members: int
    n_products: int
    member: Ints
    product: Ints
    place: Ints
    nth_basket: Ints
    age: Wide
    weights: dict[int, Wide]
    quantity: Wide
    amount: Wide
    discount: Wide
    starts: Ints

    @classmethod
    def of(cls, bought: Purchases, moment: int) -> "PairRows":
        """Sort the lines of purchases before a moment."""
        n_products = max(len(bought.products), 1)
        member = bought.line_member()
        # Lines are in order of member and time already: a stable sort by pair keeps the time.
        order = np.argsort(member * n_products + bought.line_product, kind="stable")
        basket = bought.line_basket[order]
        n_baskets = np.bincount(bought.basket_member, minlength=len(bought.members))
        first = np.cumsum(n_baskets) - n_baskets
        member, product = member[order], bought.line_product[order]
        time = bought.basket_time[basket]
        return cls(
            n_members=len(bought.members),
            n_products=n_products,
            member=member,
            product=product,
            place=bought.basket_place[basket],
            nth_basket=basket - first[member],
            age=(moment - time) / DAY_US,
            weights={half: decay(time, moment, half) for half in HALF_LIVES},
            quantity=bought.quantity[order],
            amount=bought.amount[order],
            discount=bought.discount[order],
            starts=run_starts(member, product),
        )

    def last(self) -> Ints:
        """Give the last line of every pair."""
        return np.append(self.starts[1:], len(self.member))[: len(self.starts)] - 1


def measure_pairs(rows: PairRows, bought: Purchases, moment: int) -> Keyed:
    """Measure every product that a member has bought.

    Parameters
    ----------
    rows : PairRows
        Of `bought`.
    bought : Purchases
        All before `moment`.
    moment : int, microseconds since 1970 UTC

    Returns
    -------
    Keyed by ``member x n_products + product``
    """
    starts, last = rows.starts, rows.last()
    member = rows.member[starts]
    n = (last - starts + 1).astype(np.float64)
    n_baskets = np.bincount(bought.basket_member, minlength=rows.n_members)
    since_first = n_baskets[member] - rows.nth_basket[starts]
    gap = (rows.age[starts] - rows.age[last]) / np.maximum(n - 1, 1)
    quantity, amount = run_sum(rows.quantity, starts), run_sum(rows.amount, starts)
    discount = run_sum(rows.discount, starts)
    weight = decay(bought.basket_time, moment, MAIN_HALF_LIFE)
    baskets = np.bincount(bought.basket_member, weight, minlength=rows.n_members)
    decayed = {half: run_sum(rows.weights[half], starts) for half in HALF_LIVES}
    columns = {
        "n": n,
        "n_84": run_sum((rows.age <= 84).astype(np.float64), starts),
        "last": rows.age[last],
        "first": rows.age[starts],
        "gap": np.where(n > 1, gap, np.nan),
        **{f"decayed_{half}": values for half, values in decayed.items()},
        # A member's weight may fall below what a float can hold: then the share is 0.
        "share": decayed[MAIN_HALF_LIFE] / np.maximum(baskets[member], 1e-300),
        "rate": n / np.maximum(since_first, 1),
        "baskets_since": n_baskets[member] - 1 - rows.nth_basket[last],
        "price": ratio(amount, quantity),
        "discount": ratio(discount, amount + discount),
    }
    keys = member * rows.n_products + rows.product[starts]
    return Keyed(keys, narrow(columns))


def ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Wide:
    """Divide where the whole is above 0; NaN elsewhere."""
    below = np.asarray(whole, np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(below > 0, np.asarray(part) / np.where(below > 0, below, 1.0), np.nan)


def narrow(columns: Mapping[str, NDArray[np.generic]]) -> dict[str, Floats]:
    """Store numbers in four bytes."""
    return {name: np.asarray(values, np.float32) for name, values in columns.items()}
