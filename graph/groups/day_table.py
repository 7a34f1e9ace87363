"""Chat groups day by day: one row a group and local day."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, local_clock, local_day
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ordering import opens_run
from siyu.datasets.spans import span_us
from siyu.graph.undated import UNDATED

from .answers import turns_of
from .deal_columns import bought_in_groups
from .departures import AFTER_SEND, after_sends
from .group_facts import GroupFacts, group_facts, warn_unrecorded
from .rhythm import began_at
from .row_order import order_by
from .stays import STAYS_ON
from .values import Columns, blank, counts, measures

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["group_days"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_COUNT = pa.int64()


def group_days(
    c: "Community",
    *,
    as_of: Any,
    window: Any = "28D",
    activity: str = "messages",
    output: FrameKind = "pandas",
) -> Frame:
    """Count for each group and local day who was there, who spoke, who was answered, who bought.

    Parameters
    ----------
    c : Community
        With a table that names groups.
    as_of : Timestamp, datetime or str
        Itself excluded; the day that holds it is the last one, as far as it has passed.
    window : Timedelta or str, a day or more
        So many local days, the last one included.
    activity : {"messages", "events"}
        As in `group_health`.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a group and day, sorted by ``group_id``, then ``day``
        Days before a group began (its creation, else its first dated sign) are left out; all
        days are there for a group without any dated sign.
        ``day`` : local date; ``n_members`` : customers in it at the end of the day;
        ``n_joined``, ``n_left``; ``n_messages``, ``n_speakers`` : of customers;
        ``n_replies`` : of customers to customers; ``n_turns``, ``n_answered`` : as in
        `group_health`, for turns that began that day; null for days whose turns may still be
        answered; ``n_sends``, ``n_left_after_send`` : leaves within 24 hours of a send;
        ``n_orders``, ``gmv`` : buyers, and money of members while in the group.
        Null where the table is absent or was not recorded through all these days.

    Raises
    ------
    DataError, ParameterError
        As in `group_health`.

    Warns
    -----
    SiyuWarning
        As in `group_health`.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=300, random_state=0)
    >>> found = group_days(c, as_of="2026-06-01", window="2D")
    >>> found[["group_id", "day", "n_members", "n_messages"]].head(2)
      group_id         day  n_members  n_messages
    0   g00001  2026-05-30         28           0
    1   g00001  2026-05-31         28           0
    """
    n_days = -(-span_us("window", window) // DAY_US)
    facts = group_facts(c, as_of, "group_days()", activity)
    cells = _cells_of(facts, n_days)
    there = [name for name in ("memberships", activity, "orders", "sends") if c.has(name)]
    warn_unrecorded("group_days()", [t for t in there if not facts.recorded(t, cells.start)])
    group, day = np.divmod(cells.kept, n_days)
    columns = {
        "group_id": facts.groups.take(pa.array(group)),
        "day": pa.array((day + cells.first_day).astype(np.int32), pa.int32()).cast(pa.date32()),
        **_roster(facts, cells),
        **_talk(facts, cells),
        **_sends(facts, cells),
        **_orders(facts, cells),
    }
    return from_arrow(pa.table(columns), output)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """The grid of groups and days: cell ``group * n_days + day``, of which `kept` are shown."""

    first_day: int
    n_days: int
    n_groups: int
    start: int
    kept: Ints
    tz: str

    def of(self, group: Ints, time: Ints) -> tuple[Ints, Bools]:
        """Give the cell of each row, and which rows lie in the grid at all."""
        day = local_day(time, self.tz) - self.first_day
        return group * self.n_days + np.clip(day, 0, self.n_days - 1), (day >= 0) & (
            day < self.n_days
        )

    def count(self, group: Ints, time: Ints) -> Ints:
        """Count rows by cell, of the cells shown."""
        cell, inside = self.of(group, time)
        return np.bincount(cell[inside], minlength=self.n_groups * self.n_days)[self.kept]

    def distinct(self, group: Ints, member: Ints, time: Ints) -> Ints:
        """Count distinct members by cell, of the cells shown."""
        cell, inside = self.of(group, time)
        cell, member = cell[inside], member[inside]
        order = order_by(cell, member)
        opens = opens_run(cell[order], member[order])
        return np.bincount(cell[order][opens], minlength=self.n_groups * self.n_days)[self.kept]


def _cells_of(facts: GroupFacts, n_days: int) -> _Cells:
    tz, n = facts.known.tz, len(facts.groups)
    first = int(local_day(np.array([facts.end - 1]), tz)[0]) - n_days + 1
    began = began_at(facts)
    born = np.where(began == UNDATED, first, local_day(np.where(began == UNDATED, 0, began), tz))
    alive = (np.arange(n_days)[None, :] + first) >= born[:, None]
    # The first instant of the first day: the local clock is at most a day ahead or behind.
    near = first * DAY_US + np.arange(-96, 97) * (DAY_US // 96)
    start = int(near[np.argmax(local_clock(near, tz) >= first * DAY_US)])
    return _Cells(first, n_days, n, start, np.flatnonzero(alive.ravel()), tz)


def _roster(facts: GroupFacts, cells: _Cells) -> Columns:
    """Count members at the end of each day, joins and leaves."""
    stays, recorded = facts.stays, facts.recorded("memberships", cells.start)
    columns = blank(len(cells.kept), n_members=_COUNT, n_joined=_COUNT, n_left=_COUNT)
    if stays is None or not recorded:
        return columns
    gone = stays.left != STAYS_ON
    joined = stays.joined != UNDATED
    shape = (cells.n_groups, cells.n_days)
    before = np.where(joined, stays.joined, cells.start - 1) < cells.start
    here = np.bincount(stays.group[before & (stays.left >= cells.start)], minlength=shape[0])
    moves = np.zeros(shape[0] * shape[1], np.int64)
    for part, times, sign in ((joined, stays.joined, 1), (gone, stays.left, -1)):
        cell, inside = cells.of(stays.group[part], times[part])
        np.add.at(moves, cell[inside], sign)
    members = here[:, None] + np.cumsum(moves.reshape(shape), axis=1)
    columns["n_members"] = counts(members.ravel()[cells.kept])
    if stays.joins_dated:
        columns["n_joined"] = counts(cells.count(stays.group[joined], stays.joined[joined]))
    if stays.leaves_known:
        columns["n_left"] = counts(cells.count(stays.group[gone], stays.left[gone]))
    return columns


def _talk(facts: GroupFacts, cells: _Cells) -> Columns:
    """Count messages, speakers, replies, turns and answers."""
    names = ("n_messages", "n_speakers", "n_replies", "n_turns", "n_answered")
    columns = blank(len(cells.kept), **dict.fromkeys(names, _COUNT))
    if facts.talk is None or not facts.recorded(facts.activity, cells.start):
        return columns
    near = facts.talk.since(cells.start - 2 * DAY_US)
    said = near.of_customers()
    columns["n_messages"] = counts(cells.count(said.group, said.time))
    columns["n_speakers"] = counts(cells.distinct(said.group, said.member, said.time))
    if not near.has_replies:
        return columns
    replies = said.only(said.reply_to >= 0)
    columns["n_replies"] = counts(cells.count(replies.group, replies.time))
    turns = turns_of(near, cells.tz)
    in_time = turns.in_time()
    # A day is settled once 24 hours have passed since its end.
    settled = int(local_day(np.array([facts.end]), cells.tz)[0]) - 1 - cells.first_day
    open_ = cells.kept % cells.n_days >= settled
    for name, kept in (("n_turns", slice(None)), ("n_answered", in_time)):
        found = cells.count(turns.group[kept], turns.began[kept])
        columns[name] = pa.array(found, mask=open_)
    return columns


def _sends(facts: GroupFacts, cells: _Cells) -> Columns:
    """Count sends, and leaves within 24 hours of one."""
    columns = blank(len(cells.kept), n_sends=_COUNT, n_left_after_send=_COUNT)
    sends, stays = facts.group_sends(), facts.stays
    if sends is None or not facts.recorded("sends", cells.start):
        return columns
    columns["n_sends"] = counts(cells.count(*sends))
    if stays is None or not stays.leaves_known or not facts.recorded("memberships", cells.start):
        return columns
    if not facts.recorded("sends", cells.start - AFTER_SEND):
        return columns
    gone = stays.left != STAYS_ON
    group, left = stays.group[gone], stays.left[gone]
    window = (cells.start, facts.end)
    after = after_sends(sends, (group, left), window, began_at(facts)).is_after
    columns["n_left_after_send"] = counts(cells.count(group[after], left[after]))
    return columns


def _orders(facts: GroupFacts, cells: _Cells) -> Columns:
    """Count buyers and their money."""
    columns = blank(len(cells.kept), n_orders=_COUNT, gmv=pa.float64())
    bought = facts.purchases()
    if bought is None or facts.stays is None or not facts.recorded("orders", cells.start):
        return columns
    line, group = bought_in_groups(bought, facts.stays, cells.start)
    time = bought.time[line]
    columns["n_orders"] = counts(cells.distinct(group, bought.member[line], time))
    cell, inside = cells.of(group, time)
    total = exact_sum(cell, bought.amount[line], cells.n_groups * cells.n_days, where=inside)
    columns["gmv"] = measures(total[cells.kept])
    return columns
