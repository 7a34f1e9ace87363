"""What each member of the staff looks after: members, groups, answers; and who has too much."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup
from siyu.datasets.ordering import opens_run
from siyu.datasets.spans import span_us

from .answers import turns_of
from .group_facts import GroupFacts, group_facts, warn_unrecorded
from .keepers import Keepers, keepers_of
from .reply_columns import median_by
from .row_order import order_by
from .values import Columns, blank, counts, measures

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["staff_load"]

Ints = npt.NDArray[np.int64]

_COUNT, _NUMBER = pa.int64(), pa.float64()


def staff_load(
    c: "Community",
    *,
    as_of: Any,
    window: Any = "28D",
    max_members: int | None = None,
    max_groups: int | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Tell for everybody who looks after members or groups how much that is.

    Parameters
    ----------
    c : Community
        With ``staff_links``, ``groups.owner_id``, or staff among the memberships.
    as_of : Timestamp, datetime or str
        Itself excluded.
    window : Timedelta or str, a day or more
        Messages and answers are of ``[as_of - window, as_of)``.
    max_members, max_groups : int >= 1, optional
        What one person can look after, by the caller's experience.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a member of the staff or owner of a group, sorted by ``staff_id``
        ``n_linked`` : customers with a link to them now; ``n_groups`` : groups owned or sat in;
        ``n_group_members`` : different customers in these; ``n_members`` : different customers
        linked or in these groups (null unless both are known); ``n_messages`` : written in groups
        in the window; ``n_answers`` : turns of customers of the window whose first answer within
        24 hours was theirs; ``answer_hours`` : median hours until then; ``over_capacity`` : more
        members than `max_members` or more groups than `max_groups`; null where neither limit is
        given, or what it limits is unknown and the other is kept. A count of members is
        `n_members`, else the one of both that is known.
        An owner who is not marked as staff counts as a customer elsewhere, and what they write
        is not counted here (null).

    Raises
    ------
    DataError
        If no table tells who looks after whom.
    ParameterError
        If `window` or a limit makes no sense.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=300, random_state=0)
    >>> found = staff_load(c, as_of="2026-06-01", max_groups=3)
    >>> found[["staff_id", "n_groups", "over_capacity"]]
       staff_id  n_groups  over_capacity
    0  s0000001         3          False
    1  s0000002         4           True
    """
    for name, limit in (("max_members", max_members), ("max_groups", max_groups)):
        wrong = isinstance(limit, bool) or not isinstance(limit, int | np.integer) or limit < 1
        if limit is not None and wrong:
            raise ParameterError(name, f"{name} must be a whole number of 1 or more, got {limit!r}")
    length = span_us("window", window)
    facts = group_facts(c, as_of, "staff_load()", needs_groups=not c.has("staff_links"))
    keepers = keepers_of(facts)
    if not keepers.known and not c.has("staff_links"):
        there = ", ".join(c.tables()) or "none"
        raise DataError(
            "staff_load() needs staff_links, groups.owner_id or staff among memberships; this "
            f"community has: {there}"
        )
    columns = {
        "staff_id": keepers.ids,
        **_members(facts, keepers),
        **_talk(facts, keepers, facts.end - length),
    }
    columns["over_capacity"] = _over(columns, max_members, max_groups)
    return from_arrow(pa.table(columns), output)


def _members(facts: GroupFacts, keepers: Keepers) -> Columns:
    """Count members by link, by group, and by either."""
    n = len(keepers.ids)
    names = ("n_linked", "n_groups", "n_group_members", "n_members")
    columns = blank(n, **dict.fromkeys(names, _COUNT))
    linked = _linked(facts, keepers)
    grouped = None
    if linked is not None:
        columns["n_linked"] = counts(_distinct(*linked, n))
    if keepers.known:
        columns["n_groups"] = counts(np.bincount(keepers.keeper, minlength=n))
    if keepers.known and facts.stays is not None:
        here = facts.stays.at(facts.end - 1)
        begin, end = (np.searchsorted(here.group, keepers.group, side=s) for s in ("left", "right"))
        size = end - begin
        start = np.repeat(begin - (np.cumsum(size) - size), size)
        grouped = np.repeat(keepers.keeper, size), here.member[start + np.arange(len(start))]
        columns["n_group_members"] = counts(_distinct(*grouped, n))
    if linked is not None and grouped is not None:
        keeper, member = (np.concatenate(both) for both in zip(linked, grouped, strict=True))
        columns["n_members"] = counts(_distinct(keeper, member, n))
    return columns


def _linked(facts: GroupFacts, keepers: Keepers) -> tuple[Ints, Ints] | None:
    """Give keeper and customer of every link that holds now."""
    rows = facts.known.arrow("staff_links")
    if rows is None:
        return None
    if "removed_at" in rows.column_names:
        rows = rows.filter(rows["removed_at"].is_null())
    keeper, member = lookup(rows["staff_id"], keepers.ids), lookup(rows["member_id"], facts.members)
    kept = (keeper >= 0) & (member >= 0)
    return keeper[kept], member[kept]


def _talk(facts: GroupFacts, keepers: Keepers, start: int) -> Columns:
    """Count what staff write in groups, and whom they answer."""
    n = len(keepers.ids)
    columns = blank(n, n_messages=_COUNT, n_answers=_COUNT, answer_hours=_NUMBER)
    if facts.talk is None:
        return columns
    if not facts.recorded("messages", start):
        warn_unrecorded("staff_load()", ["messages"])
        return columns
    of = lookup(facts.staff, keepers.ids)
    is_staff = np.zeros(n, np.bool_)
    is_staff[of] = True
    wrote = facts.talk.since(start)
    n_messages = np.bincount(of[wrote.staff[wrote.staff >= 0]], minlength=n)
    columns["n_messages"] = pa.array(n_messages, mask=~is_staff)
    if not facts.talk.has_replies:
        return columns
    turns = turns_of(facts.talk.since(start - 2 * DAY_US), facts.known.tz)
    kept = turns.in_time() & (turns.replier >= 0) & (turns.began >= start)
    keeper = of[turns.replier[kept]]
    columns["n_answers"] = pa.array(np.bincount(keeper, minlength=n), mask=~is_staff)
    columns["answer_hours"] = measures(median_by(keeper, turns.hours()[kept], n))
    return columns


def _over(columns: Columns, max_members: int | None, max_groups: int | None) -> pa.Array:
    """Say who is beyond a limit; null where that is unknown."""
    held = [_known(columns[name]) for name in ("n_members", "n_linked", "n_group_members")]
    members = np.where(np.isnan(held[0]), np.fmax(held[1], held[2]), held[0])
    parts = [
        np.where(np.isnan(values), np.nan, values > limit)
        for values, limit in ((members, max_members), (_known(columns["n_groups"]), max_groups))
        if limit is not None
    ]
    if not parts:
        return pa.nulls(len(members), pa.bool_())
    both = np.stack(parts)
    over = (both == 1).any(axis=0)
    unknown = ~over & np.isnan(both).any(axis=0)
    return pa.array(over, mask=unknown)


def _known(values: pa.Array) -> npt.NDArray[np.float64]:
    return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _distinct(keeper: Ints, member: Ints, n: int) -> Ints:
    """Count the different members of each keeper."""
    order = order_by(keeper, member)
    opens = opens_run(keeper[order], member[order])
    return np.bincount(keeper[order][opens], minlength=n)
