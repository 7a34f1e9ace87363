"""Events by member and time, with their names as codes, and what names mean."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, instants
from siyu.datasets.member_rows import group_order
from siyu.segmentation.records import is_recorded

from .facts import Facts, grouped_once, member_codes

__all__ = [
    "CART",
    "CHECK_IN",
    "GROUP_BUY",
    "MUTE",
    "ONBOARD",
    "POINTS",
    "REDEEM",
    "SHARE",
    "TAKING_PART",
    "TASK",
    "UNMUTE",
    "VIEW",
    "EventRows",
    "event_names",
    "events_named",
    "needs_event",
    "recent_events",
    "whole_events",
]

Ints = npt.NDArray[np.int64]
Names = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

VIEW = ("view", "page_view", "pageview", "product_view")
CART = ("cart", "add_to_cart", "addtocart")
SHARE = ("share",)
CHECK_IN = ("checkin", "check_in")
TASK = (*CHECK_IN, "task", "vote", "game")
GROUP_BUY = ("groupbuy", "group_buy")
TAKING_PART = (*TASK, *GROUP_BUY, "activity", "signup", "bargain", "help", "rsvp")
ONBOARD = ("onboard",)
MUTE = ("mute",)
UNMUTE = ("unmute",)
POINTS = ("points",)
REDEEM = ("coupon_redeem", "redeem")

_RECENT_DAYS = 180


@dataclass(frozen=True, slots=True, eq=False)
class EventRows:
    """Events of the members of `Facts`.

    Parameters
    ----------
    table : pyarrow.Table
        The table of events, as it came.
    names : tuple of str
        What the codes of `name` stand for.
    n_members : int
    at : int64 array, n_rows
        Place of each row in `table`.
    codes, times : int64 arrays, n_rows
        Position of the member, and instant (us).
    name : int32 array, n_rows
        Code of the event's name.
    """

    table: pa.Table
    names: tuple[str, ...]
    n_members: int
    at: Ints
    codes: Ints
    times: Ints
    name: Names

    def where(self, mask: Bools) -> "EventRows":
        """Keep the rows of a mask."""
        if mask.all():
            return self
        kept = np.flatnonzero(mask)
        rows = (self.at[kept], self.codes[kept], self.times[kept])
        return EventRows(self.table, self.names, self.n_members, *rows, self.name[kept])

    def named(self, names: tuple[str, ...]) -> "EventRows":
        """Keep the events of some names."""
        wanted = np.array([name in names for name in self.names], dtype=np.bool_)
        return self.where(wanted[self.name] if len(wanted) else self.name < 0)

    def since(self, start: int) -> "EventRows":
        """Keep the events from an instant on."""
        return self.where(self.times >= start)

    def count(self) -> Ints:
        """Count the events of each member."""
        return np.bincount(self.codes, minlength=self.n_members)

    def column(self, name: str) -> pa.ChunkedArray:
        """Give a column of these rows."""
        values = self.table[name]
        whole = len(self.at) == len(values) and np.array_equal(self.at, np.arange(len(values)))
        return values if whole else values.take(pa.array(self.at))


def event_names(facts: Facts) -> frozenset[str]:
    """Give the names of the events that were recorded, of anybody."""
    return frozenset(grouped_once(facts, whole_events).names)


def events_named(facts: Facts, names: tuple[str, ...]) -> EventRows:
    """Give all events of some names, however old, in the order of the table."""
    rows = grouped_once(facts, whole_events)
    named = rows.named(names)
    return named.where(named.codes >= 0)


def recent_events(facts: Facts, days: int = 180) -> EventRows:
    """Give the events of the last `days` days, at most 180, by member, then by time."""
    return grouped_once(facts, _recent, days)


def needs_event(names: tuple[str, ...]) -> str:
    """Write what a tag needs: an event of any of these names.

    Examples
    --------
    >>> needs_event(("cart", "add_to_cart"))
    'events.event=cart|events.event=add_to_cart'
    """
    return "|".join(f"events.event={name}" for name in names)


def whole_events(facts: Facts) -> EventRows:
    """Code every row of the table of events; rows of others than the members have code -1."""
    events, n = facts.c.arrow("events"), len(facts.members)
    if events is None or not is_recorded(facts.c, "events", facts.end):
        none = np.empty(0, dtype=np.int64)
        return EventRows(pa.table({}), (), n, none, none, none, none.astype(np.int32))
    coded = events["event"].dictionary_encode().combine_chunks()
    coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
    name = coded.indices.to_numpy(zero_copy_only=False)
    codes = grouped_once(facts, member_codes, "events")
    at = np.arange(events.num_rows)
    names = tuple(coded.dictionary.to_pylist())
    return EventRows(events, names, n, at, codes, instants(events["event_time"]), name)


def _recent(facts: Facts, days: int) -> EventRows:
    if days < _RECENT_DAYS:
        return recent_events(facts).since(facts.end - days * DAY_US)
    rows = grouped_once(facts, whole_events)
    at = np.flatnonzero((rows.times >= facts.end - _RECENT_DAYS * DAY_US) & (rows.codes >= 0))
    codes, times = rows.codes[at], rows.times[at]
    order = group_order(codes, rows.n_members, times)
    if order is not None:
        at, codes, times = at[order], codes[order], times[order]
    return EventRows(rows.table, rows.names, rows.n_members, at, codes, times, rows.name[at])
