"""Buying days: all that a member bought on one local day."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import local_day
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import encode
from siyu.datasets.ordering import opens_run
from siyu.datasets.purchases import is_purchase

from .audience import Audience

__all__ = ["BuyingDays", "order_codes"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class BuyingDays:
    """Local days with a purchase, in order of member and day.

    Parameters
    ----------
    of, day : int64 arrays
        Position of the member, and the day counted from 1970-01-01.
    amount : float64 array
        What was paid on it, refunds aside.
    is_first : bool array
        Whether it is the member's first one on record.
    """

    of: Ints
    day: Ints
    amount: Floats
    is_first: Bools

    @classmethod
    def of_audience(cls, a: Audience) -> "BuyingDays":
        """Put the purchases of each member on each local day together."""
        rows, of, at = a.rows("orders", "order_time", columns=("amount", "quantity"))
        bought = is_purchase(rows)
        of, day = of[bought], local_day(at[bought], a.c.tz)
        low = int(day.min(initial=0))
        width = int(day.max(initial=0)) - low + 1
        keys, place = np.unique(of * width + (day - low), return_inverse=True)
        amount = exact_sum(place, rows["amount"].to_numpy()[bought], len(keys))
        member, days = np.divmod(keys, width)
        return cls(member, days + low, amount, opens_run(member))

    def next_gap(self) -> Floats:
        """Give the days until the same member's next buying day; infinite after the last."""
        gap = np.full(len(self.day), np.inf)
        gap[:-1] = np.where(self.is_first[1:], np.inf, self.day[1:] - self.day[:-1])
        return gap


def order_codes(a: Audience, rows: pa.Table, of: Ints, at: Ints) -> Ints:
    """Give each line the code of its order: by ``order_id``, without it by member and day."""
    day = local_day(at, a.c.tz)
    day = day - int(day.min(initial=0))
    order = of * (int(day.max(initial=0)) + 1) + day
    if "order_id" in rows.column_names:
        by_id = encode(rows["order_id"])[0]
        order = np.where(by_id < 0, order, -1 - by_id)
    return np.asarray(np.unique(order, return_inverse=True)[1])
