"""All groups known at a moment, and what is known of them: the one reader under every call."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import instants
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.ids import encode, ids_in, lookup
from siyu.datasets.ordering import opens_run
from siyu.datasets.purchases import is_purchase
from siyu.graph.tie_sources import staff_met
from siyu.graph.undated import UNDATED, times_of

from .stays import Stays, stays_of
from .talk import Talk, talk_of

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["GroupFacts", "Purchases", "group_facts", "warn_unrecorded"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Purchases:
    """Purchase lines of customers: who, when, how much, and of which product."""

    member: Ints
    time: Ints
    amount: Floats
    product: Ints | None


@dataclass(frozen=True, slots=True, eq=False)
class GroupFacts:
    """The groups of a community at one moment.

    Attributes
    ----------
    known : Community
        Cut at `end`.
    end : int
        Microseconds, itself excluded.
    groups, members, staff : sorted pyarrow.Array
        All groups, customers and staff met; every code is a position in one of them.
    created : int64 array, n_groups
        Microseconds, `UNDATED` where unknown.
    stays : Stays or None
    talk : Talk or None
        None where the table of the activity is absent or names no groups.
    activity : {"messages", "events"}
    """

    known: "Community"
    end: int
    groups: pa.Array
    members: pa.Array
    staff: pa.Array
    created: Ints
    stays: Stays | None
    talk: Talk | None
    activity: str

    def column(self, name: str) -> pa.Array:
        """Give a column of the table ``groups`` for every group; null where it is not known."""
        rows = self.known.arrow("groups")
        if rows is None or name not in rows.column_names:
            return pa.nulls(len(self.groups), pa.string())
        at = lookup(self.groups, ids_in(rows["group_id"]))
        first = np.unique(encode(rows["group_id"])[0], return_index=True)[1]
        at = np.where(at >= 0, np.append(first, -1)[at], -1)
        return rows[name].combine_chunks().take(pa.array(at, mask=at < 0))

    def recorded(self, table: str, since: int) -> bool:
        """Tell whether a table is there and, as far as is known, was recorded all the time."""
        if not self.known.has(table):
            return False
        start, stop = self.known.observed.get(table, (since, self.end))
        return start <= since and stop >= self.end

    def purchases(self) -> Purchases | None:
        """Read the purchases of customers, in any order; None without orders."""
        lines = self.known.arrow("orders")
        if lines is None:
            return None
        member = lookup(lines["member_id"], self.members)
        kept = np.flatnonzero(is_purchase(lines) & (member >= 0))
        time = instants(lines["order_time"])[kept]
        amount = lines["amount"].to_numpy()[kept]
        has_product = "product_id" in lines.column_names
        product = encode(lines["product_id"])[0][kept] if has_product else None
        return Purchases(member[kept], time, amount, product)

    def group_sends(self) -> tuple[Ints, Ints] | None:
        """Give group and time of each send to a group; None where none is on record.

        Rows of one group and instant, such as one for each member, are one send.
        """
        rows = self.known.arrow("sends")
        if rows is None or "group_id" not in rows.column_names:
            return None
        group, time = lookup(rows["group_id"], self.groups), instants(rows["send_time"])
        kept = np.flatnonzero(group >= 0)
        kept = kept[np.lexsort((time[kept], group[kept]))]
        kept = kept[opens_run(group[kept], time[kept])]
        return group[kept], time[kept]


def group_facts(
    c: "Community",
    as_of: Any,
    call: str,
    activity: str = "messages",
    *,
    needs_groups: bool = True,
) -> GroupFacts:
    """Read what is known of every group before a moment.

    Parameters
    ----------
    c : Community
    as_of : Timestamp, datetime or str
        Itself excluded.
    call : str
        Who asks, for messages.
    activity : {"messages", "events"}
        What tells that a group lives; see `talk_of`.
    needs_groups : bool
        Whether to refuse a community of which no table could name a group.

    Returns
    -------
    GroupFacts
        Groups are those of the table ``groups`` (unless they were created later), and all that
        memberships, messages, events or sends name.

    Raises
    ------
    DataError
        If no table names any group, be it without rows.
    ParameterError
        If `activity` is unknown.
    """
    if activity not in ("messages", "events"):
        told = f"activity must be 'messages' or 'events', got {activity!r}"
        raise ParameterError("activity", told)
    known, end = c.before(as_of), c.moment(as_of)
    listed, created = _listed(known, end)
    named = {name: known.arrow(name) for name in ("memberships", "messages", "events", "sends")}
    columns = [
        rows["group_id"]
        for rows in named.values()
        if rows is not None and "group_id" in rows.column_names
    ]
    if needs_groups and listed is None and not columns:
        there = ", ".join(known.tables()) or "none"
        raise DataError(
            f"{call} needs a table that names groups: groups, memberships, messages, events or "
            f"sends with group_id; this community has: {there}"
        )
    groups = ids_in(*([] if listed is None else [listed]), *columns)
    members, staff = known.customers(), staff_met(known)
    if len(members) and len(staff) == 0:
        staff = pa.array([], members.type)
    since = np.full(len(groups), UNDATED)
    if listed is not None:
        since[lookup(listed, groups)] = created
    return GroupFacts(
        known,
        end,
        groups,
        members,
        staff,
        since,
        stays_of(known, groups, members),
        talk_of(known, activity, groups, members, staff),
        activity,
    )


def warn_unrecorded(call: str, tables: list[str]) -> None:
    """Say which tables were not recorded all the time; what they would tell is null."""
    if tables:
        names = ", ".join(tables)
        warn(f"{call}: {names} not recorded through the whole window; their columns are null")


def _listed(known: "Community", end: int) -> tuple[pa.Array | None, Ints]:
    """Give the groups of the table ``groups`` and their beginnings, without those to come."""
    rows = known.arrow("groups")
    if rows is None:
        return None, np.empty(0, np.int64)
    created = times_of(rows, "created_at")
    kept = np.flatnonzero(created < end)
    order = np.lexsort((-created[kept], encode(rows["group_id"])[0][kept]))
    kept = kept[order]
    return rows["group_id"].combine_chunks().take(pa.array(kept)), created[kept]
