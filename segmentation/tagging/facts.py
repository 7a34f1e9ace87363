"""What is known of some members before one moment, grouped once and read by every tag."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import HOUR_US, instants, local_clock
from siyu.datasets.community import Community
from siyu.datasets.ids import lookup
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.ordering import opens_run
from siyu.segmentation.records import has_column, is_recorded, table_of
from siyu.segmentation.visits import Visits, visits_of

from .calendars import Calendar
from .order_lines import OrderLines, order_lines

__all__ = [
    "Acts",
    "Facts",
    "acts_of",
    "facts_of",
    "grouped_once",
    "hours_of",
    "is_there",
    "member_codes",
]

Ints = npt.NDArray[np.int64]
Hours = npt.NDArray[np.int32]
Grouped = TypeVar("Grouped")

_TIMES = {"events": "event_time", "messages": "message_time"}


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """The rows of `members` in a community that was cut at `end` (us).

    `purchases` are their purchase lines, None without orders. `visits` are purchase days, or
    days with events where there are no orders; `activity` says which. `grouped` keeps what the
    population step has grouped for the kernel to use again; see `grouped_once`.
    """

    c: Community
    end: int
    members: pa.Array
    purchases: OrderLines | None
    activity: str
    visits: Visits | None
    calendar: Calendar
    grouped: dict[Any, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Acts:
    """Moments (us) at which members did something; `codes` says who."""

    codes: Ints
    times: Ints


def facts_of(c: Community, end: int, members: pa.Array, calendar: Calendar | None = None) -> Facts:
    """Group the rows of some members.

    Parameters
    ----------
    c : Community
        Already cut at `end`.
    end : int
        Microseconds.
    members : sorted pyarrow.Array
        Any of the customers.
    calendar : Calendar, optional
        Default ``Calendar()``.

    Returns
    -------
    Facts
    """
    orders, rows = c.arrow("orders"), None
    purchases = None
    if orders is not None and is_recorded(c, "orders", end):
        purchases = order_lines(c, orders, members)
        nothing = pa.table({})
        rows = MemberRows(nothing, members, purchases.codes, purchases.starts, purchases.times)
    activity = "events" if purchases is None else "orders"
    events = c.arrow("events")
    if rows is None and events is not None and is_recorded(c, "events", end):
        columns = events.select(["member_id", "event_time"])
        rows = MemberRows.of(columns, time="event_time", members=members)
    visits = None if rows is None else visits_of(rows, c.tz)
    return Facts(c, end, members, purchases, activity, visits, calendar or Calendar())


def grouped_once(facts: Facts, make: Callable[..., Grouped], *how: Any) -> Grouped:
    """Give ``make(facts, *how)``, worked out when it is first asked for."""
    if (make, how) not in facts.grouped:
        facts.grouped[make, how] = make(facts, *how)
    found: Grouped = facts.grouped[make, how]
    return found


def member_codes(facts: Facts, table: str) -> Ints:
    """Give the position of each row's member in a table that is there; -1 for others."""
    return lookup(table_of(facts.c, table, "tag()")["member_id"], facts.members)


def acts_of(facts: Facts, tables: tuple[str, ...]) -> Acts:
    """Collect the moments of the purchases, events and messages among `tables`.

    The lines that a member bought at one instant are one act.
    """
    parts = [grouped_once(facts, _acts, table) for table in tables]
    if len(parts) == 1:
        return parts[0]
    none = np.empty(0, dtype=np.int64)
    codes, times = [none, *(p.codes for p in parts)], [none, *(p.times for p in parts)]
    return Acts(np.concatenate(codes), np.concatenate(times))


def hours_of(facts: Facts, table: str) -> Hours:
    """Give the local hour of the acts of one table, counted from 1970-01-01 00:00."""
    return grouped_once(facts, _hours, table)


def is_there(facts: Facts, table: str, column: str) -> bool:
    """Tell whether a column (``column=value``: with that value anywhere) is there and recorded."""
    name, _, value = column.partition("=")
    if not has_column(facts.c, table, name) or not is_recorded(facts.c, table, facts.end):
        return False
    return not value or value in grouped_once(facts, _values_met, table, name)


def _values_met(facts: Facts, table: str, column: str) -> frozenset[Any]:
    return frozenset(pc.unique(table_of(facts.c, table, "tag()")[column]).to_pylist())


def _acts(facts: Facts, table: str) -> Acts:
    none = np.empty(0, dtype=np.int64)
    if table == "orders":
        lines = facts.purchases
        if lines is None:
            return Acts(none, none)
        first = opens_run(lines.times, lines.codes)
        return Acts(lines.codes[first], lines.times[first])
    rows = facts.c.arrow(table)
    if rows is None:
        return Acts(none, none)
    codes, times = grouped_once(facts, member_codes, table), instants(rows[_TIMES[table]])
    mine = codes >= 0
    return Acts(codes, times) if mine.all() else Acts(codes[mine], times[mine])


def _hours(facts: Facts, table: str) -> Hours:
    clock = local_clock(acts_of(facts, (table,)).times, facts.c.tz)
    return (clock // HOUR_US).astype(np.int32)
