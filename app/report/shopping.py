"""What the orders before one moment say, on the shop's clock."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import local_day, local_hour, local_weekday
from siyu.datasets.community import Community, as_community
from siyu.datasets.errors import DataError
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame
from siyu.datasets.member_rows import MemberRows

__all__ = ["Orders", "Shopping", "Weeks"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Weeks:
    """Seven-day spans that end at `as_of`: what was sold and to how many members."""

    first_day: npt.NDArray[np.datetime64]
    sales: Floats
    orders: Ints
    buyers: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Shopping:
    """The order lines of customers before `as_of`.

    Parameters
    ----------
    lines : MemberRows
        All lines, refunds too.
    bought : MemberRows
        Lines that are purchases: quantity above 0 (or unknown) and amount not negative.
    tz : str
    end : int
        `as_of` in microseconds since 1970-01-01 UTC.
    """

    lines: MemberRows
    bought: MemberRows
    tz: str
    end: int

    @classmethod
    def of(cls, orders: "Orders", as_of: Any, tz: str | None = None) -> "Shopping":
        """Read the orders of a Community, or a frame of schema ``orders``, unless read before.

        Raises
        ------
        DataError
            If the Community has no orders.
        """
        if isinstance(orders, Shopping):
            return orders
        c = as_community(orders, "orders", tz)
        known = c.before(as_of)
        rows = known.arrow("orders")
        if rows is None:
            raise DataError("this figure needs the table orders, which this community has not")
        customers = known.customers()
        if not len(customers):
            customers = pa.array([], rows["member_id"].type)
        lines = MemberRows.of(rows, time="order_time", members=customers)
        bought = lines.numbers("amount") >= 0
        if lines.has("quantity"):
            bought &= ~(lines.numbers("quantity") <= 0)
        return cls(lines, lines.where(bought), c.tz, c.moment(as_of))

    def sales(self) -> float:
        """Add up all amounts, refunds too."""
        return float(self.lines.sum("amount").sum())

    def days(self) -> Ints:
        """Count each customer's distinct local days with a purchase."""
        return self.bought.distinct_days(self.tz).count()

    def gaps(self) -> Floats:
        """Give the days between consecutive purchase days, of all customers."""
        return self.bought.gaps(self.tz).values

    def visits(self) -> tuple[Ints, Ints]:
        """Give weekday (Monday = 0) and hour of every order; lines at one instant are one."""
        member, time = self.bought.codes, self.bought.times
        new = np.ones(len(time), dtype=bool)
        new[1:] = (np.diff(member) != 0) | (np.diff(time) != 0)
        return local_weekday(time[new], self.tz), local_hour(time[new], self.tz)

    def weeks(self, most: int = 105) -> Weeks:
        """Cut time into weeks backwards from `as_of`, whole ones only, the latest `most`."""
        last = int(local_day(np.array([self.end - 1]), self.tz)[0])
        day, bought_day = self.lines.days(self.tz), self.bought.days(self.tz)
        span = int(last - day.min() + 1) // 7 if len(day) else 0
        n = min(span, most)
        ago = (last - day) // 7
        near = ago < n
        sales = exact_sum(ago[near], self.lines.numbers("amount")[near], n)
        bought_ago = (last - bought_day) // 7
        size = max(len(self.lines.members), 1)
        near = bought_ago < n
        pairs = np.unique(bought_ago[near] * size + self.bought.codes[near]) // size
        visits = np.unique(np.stack((bought_day[near], self.bought.codes[near])), axis=1)[0]
        starts = last + 1 - 7 * np.arange(n, 0, -1)
        return Weeks(
            starts.astype("datetime64[D]"),
            sales[::-1],
            np.bincount((last - visits) // 7, minlength=n)[::-1],
            np.bincount(pairs, minlength=n)[::-1],
        )

    def span(self) -> tuple[str, str]:
        """Give the local dates of the first and last order line; dashes without any."""
        if not len(self.lines.times):
            return "–", "–"
        ends = np.array([self.lines.times.min(), self.lines.times.max()])
        first, last = (local_day(ends, self.tz)).astype("datetime64[D]")
        return str(first), str(last)


Orders = Community | Frame | Shopping
"""Where orders can be read from."""
