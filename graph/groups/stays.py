"""Who is in which group, from when to when: memberships, each stay once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import warn
from siyu.datasets.ids import lookup
from siyu.datasets.ordering import opens_run
from siyu.graph.undated import UNDATED, times_of

from .row_order import order_by

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["STAYS_ON", "Stays", "stays_of"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

STAYS_ON = np.iinfo(np.int64).max
"""The instant of leaving of who has not left."""


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """Stays of members in groups, sorted by group, member and time; no two overlap.

    Attributes
    ----------
    group, member : int64 arrays, n_stays
        Positions among all groups and all customers.
    joined : int64 array
        Microseconds; `UNDATED` where nobody knows.
    left : int64 array
        Microseconds; `STAYS_ON` for who is still there.
    joins_dated, leaves_known : bool
        Whether the table has the columns ``joined_at`` and ``left_at`` at all.
    """

    group: Ints
    member: Ints
    joined: Ints
    left: Ints
    joins_dated: bool
    leaves_known: bool

    def only(self, kept: Bools | Ints) -> "Stays":
        """Keep some of the stays."""
        if kept.dtype == np.bool_:  # taking by position is faster, for so many columns
            kept = np.flatnonzero(kept)
        return Stays(
            self.group[kept],
            self.member[kept],
            self.joined[kept],
            self.left[kept],
            self.joins_dated,
            self.leaves_known,
        )

    def at(self, moment: int) -> "Stays":
        """Keep the stays that hold at a moment."""
        return self.only((self.joined <= moment) & (moment < self.left))

    def holding(self, member: Ints, when: Ints) -> tuple[Ints, Ints]:
        """Give every stay of each member that holds at each moment.

        Returns
        -------
        (row, stay) : int64 arrays
            Positions of the question and of the stay, sorted by both.
        """
        order = order_by(self.member)
        begin, end = (
            np.searchsorted(self.member[order], member, side=s) for s in ("left", "right")
        )
        size = end - begin
        row = np.repeat(np.arange(len(member)), size)
        first = np.repeat(begin - (np.cumsum(size) - size), size)
        stay = order[first + np.arange(len(row))]
        holds = (self.joined[stay] <= when[row]) & (when[row] < self.left[stay])
        return row[holds], stay[holds]

    def find(self, group: Ints, member: Ints, when: Ints) -> Ints:
        """Find the stay of each member in each group that holds at each moment, -1 for none."""
        if not len(self.group):
            return np.full(len(group), -1)
        width = 1 + max(int(self.member.max()), int(member.max(initial=0)))
        keys, asked = self.group * width + self.member, group * width + member
        # Rows and questions are put in one order: the last stay begun before each question.
        is_question = np.repeat([False, True], [len(keys), len(asked)])
        time = np.concatenate([self.joined, when])
        order = order_by(np.concatenate([keys, asked]), time, is_question)
        latest = np.maximum.accumulate(np.where(is_question[order], -1, np.arange(len(order))))
        mine = is_question[order]
        stay = np.where(latest[mine] >= 0, order[latest[mine]], 0)
        question = order[mine] - len(keys)
        holds = (latest[mine] >= 0) & (keys[stay] == asked[question])
        holds &= (when[question] < self.left[stay]) & (member[question] >= 0)
        found = np.full(len(asked), -1)
        found[question[holds]] = stay[holds]
        return found


def stays_of(known: "Community", groups: pa.Array, members: pa.Array) -> Stays | None:
    """Read the memberships of customers; None where the table is absent.

    Rows of one member in one group that overlap or touch make one stay. A row that ends before
    it begins is left out, with a warning.

    Parameters
    ----------
    known : Community
        Cut already.
    groups, members : sorted pyarrow.Array
        Rows that name others, such as staff, are left out.

    Returns
    -------
    Stays or None
    """
    rows = known.arrow("memberships")
    if rows is None:
        return None
    group, member = lookup(rows["group_id"], groups), lookup(rows["member_id"], members)
    joined, left = times_of(rows, "joined_at"), times_of(rows, "left_at")
    left = np.where(left == UNDATED, STAYS_ON, left)
    backward = left < joined
    if n := int(backward.sum()):
        warn(f"{n} rows of 'memberships' end before they begin and are left out")
    kept = np.flatnonzero((group >= 0) & (member >= 0) & ~backward)
    columns = rows.column_names
    return _united(
        Stays(
            group[kept],
            member[kept],
            joined[kept],
            left[kept],
            "joined_at" in columns,
            "left_at" in columns,
        )
    )


def _united(rows: Stays) -> Stays:
    """Sort stays, and make one of those that overlap or touch."""
    rows = rows.only(order_by(rows.group, rows.member, rows.joined, rows.left))
    n = len(rows.group)
    if not n:
        return rows
    opens = opens_run(rows.group, rows.member)
    pair = np.cumsum(opens) - 1
    # Running latest end within a pair: ends are ranked, and pairs kept apart by their number.
    ends, rank = np.unique(rows.left, return_inverse=True)
    reach = np.maximum.accumulate(pair * len(ends) + rank)
    until = ends[reach - pair * len(ends)]
    begins = opens.copy()
    begins[1:] |= rows.joined[1:] > until[:-1]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], n) - 1
    united = rows.only(first)
    return Stays(
        united.group, united.member, united.joined, until[last], rows.joins_dated, rows.leaves_known
    )
