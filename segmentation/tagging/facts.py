"""What is known of some members before one moment, grouped once and read by every tag."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import instants
from siyu.datasets.community import Community
from siyu.datasets.ids import lookup
from siyu.datasets.member_rows import MemberRows
from siyu.segmentation.recency import is_purchase
from siyu.segmentation.records import has_column, is_recorded, table_of
from siyu.segmentation.visits import Visits, visits_of

__all__ = ["Acts", "Facts", "acts_of", "facts_of", "grouped_once", "is_there"]

Ints = npt.NDArray[np.int64]
Grouped = TypeVar("Grouped")

_LINE_COLUMNS = (
    "member_id",
    "order_time",
    "amount",
    "order_id",
    "product_id",
    "quantity",
    "discount",
    "coupon_id",
    "store_id",
    "channel",
)


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """The rows of `members` in a community that was cut at `end` (us).

    `lines` are their order lines and `purchases` those that are purchases, both None without
    orders. `visits` are purchase days, or days with events where there are no orders;
    `activity` says which. `grouped` keeps what the population step has grouped for the kernel
    to use again; see `grouped_once`.
    """

    c: Community
    end: int
    members: pa.Array
    lines: MemberRows | None
    purchases: MemberRows | None
    activity: str
    visits: Visits | None
    grouped: dict[Any, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Acts:
    """Moments (us) at which members did something; `codes` says who."""

    codes: Ints
    times: Ints


def facts_of(c: Community, end: int, members: pa.Array) -> Facts:
    """Group the rows of some members.

    Parameters
    ----------
    c : Community
        Already cut at `end`.
    end : int
        Microseconds.
    members : sorted pyarrow.Array
        Any of the customers.

    Returns
    -------
    Facts
    """
    lines, purchases = _lines(c, end, members)
    activity = "orders" if purchases is not None else "events"
    rows = purchases
    events = c.arrow("events")
    if rows is None and events is not None and is_recorded(c, "events", end):
        columns = events.select(["member_id", "event_time"])
        rows = MemberRows.of(columns, time="event_time", members=members)
    visits = None if rows is None else visits_of(rows, c.tz)
    return Facts(c, end, members, lines, purchases, activity, visits)


def grouped_once(facts: Facts, make: Callable[..., Grouped], *how: Any) -> Grouped:
    """Give ``make(facts, *how)``, worked out when it is first asked for."""
    if (make, how) not in facts.grouped:
        facts.grouped[make, how] = make(facts, *how)
    found: Grouped = facts.grouped[make, how]
    return found


def acts_of(facts: Facts, tables: tuple[str, ...]) -> Acts:
    """Collect the moments of the purchases, events and messages among `tables`."""
    codes, times = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    if "orders" in tables and facts.purchases is not None:
        codes.append(facts.purchases.codes)
        times.append(facts.purchases.times)
    for table, column in (("events", "event_time"), ("messages", "message_time")):
        rows = facts.c.arrow(table)
        if table in tables and rows is not None:
            of = lookup(rows["member_id"], facts.members)
            codes.append(of[of >= 0])
            times.append(instants(rows[column])[of >= 0])
    return Acts(np.concatenate(codes), np.concatenate(times))


def is_there(facts: Facts, table: str, column: str) -> bool:
    """Tell whether a column (``column=value``: with that value anywhere) is there and recorded."""
    name, _, value = column.partition("=")
    if not has_column(facts.c, table, name) or not is_recorded(facts.c, table, facts.end):
        return False
    values = table_of(facts.c, table, "tag()")[name]
    return not value or pc.any(pc.equal(values, value)).as_py() is True


def _lines(
    c: Community, end: int, members: pa.Array
) -> tuple[MemberRows, MemberRows] | tuple[None, None]:
    orders = c.arrow("orders")
    if orders is None or not is_recorded(c, "orders", end):
        return None, None
    columns = [name for name in _LINE_COLUMNS if name in orders.column_names]
    lines = MemberRows.of(orders.select(columns), time="order_time", members=members)
    return lines, lines.where(is_purchase(lines.table))
