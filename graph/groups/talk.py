"""What is said in groups: messages, or other acts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import instants
from siyu.datasets.ids import lookup

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["NOBODY", "Talk", "talk_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NOBODY = -1
"""In `Talk.reply_to`: no reply to a customer. In `Talk.member`: a member of the staff."""


@dataclass(frozen=True, slots=True, eq=False)
class Talk:
    """Acts in groups, in any order.

    Attributes
    ----------
    group : int64 array, n_acts
        Position among all groups.
    member : int64 array
        Position among all customers; `NOBODY` for staff.
    time : int64 array
        Microseconds.
    reply_to : int64 array
        Customer who is answered; `NOBODY` for no reply, a reply to oneself or to staff.
    n_chars : float64 array or None
        Length; NaN where unknown, None where no act has one.
    has_link : bool array or None
        None where no act tells; otherwise unknown is no.
    has_replies : bool
        Whether anybody could know about replies: the messages have that column.
    staff : int64 array
        Position among all staff; `NOBODY` for customers.
    """

    group: Ints
    member: Ints
    time: Ints
    reply_to: Ints
    n_chars: Floats | None
    has_link: Bools | None
    has_replies: bool
    staff: Ints

    def __len__(self) -> int:
        return len(self.group)

    def only(self, kept: Bools | Ints) -> "Talk":
        """Keep some of the acts."""
        if kept.dtype == np.bool_:  # taking by position is faster, for so many columns
            kept = np.flatnonzero(kept)
        return Talk(
            self.group[kept],
            self.member[kept],
            self.time[kept],
            self.reply_to[kept],
            None if self.n_chars is None else self.n_chars[kept],
            None if self.has_link is None else self.has_link[kept],
            self.has_replies,
            self.staff[kept],
        )

    def since(self, start: int) -> "Talk":
        """Keep the acts at or after a moment."""
        return self.only(self.time >= start)

    def of_customers(self) -> "Talk":
        """Leave out what staff say."""
        by_customer = self.member >= 0
        return self if by_customer.all() else self.only(by_customer)


def talk_of(
    known: "Community", activity: str, groups: pa.Array, members: pa.Array, staff: pa.Array
) -> Talk | None:
    """Read the messages, or events, that name a group; None where there are none to read.

    Parameters
    ----------
    known : Community
        Cut already.
    activity : {"messages", "events"}
        Which table tells that a group lives. Events are no messages: nobody answers them, and
        they have no length.
    groups, members, staff : sorted pyarrow.Array
        Acts of anybody else are left out; so are acts outside groups.

    Returns
    -------
    Talk or None
    """
    rows = known.arrow(activity)
    if rows is None or "group_id" not in rows.column_names:
        return None
    group = lookup(rows["group_id"], groups)
    member, worker = lookup(rows["member_id"], members), lookup(rows["member_id"], staff)
    kept = np.flatnonzero((group >= 0) & ((member >= 0) | (worker >= 0)))
    time = instants(rows["event_time" if activity == "events" else "message_time"])
    talks = activity == "messages"
    has_replies = talks and "reply_to_member_id" in rows.column_names
    to = lookup(rows["reply_to_member_id"], members) if has_replies else np.full(len(group), NOBODY)
    to = np.where(to == member, NOBODY, to)
    found = Talk(
        group,
        member,
        time,
        to,
        _numbers(rows, "n_chars") if talks else None,
        _flags(rows, "has_link") if talks else None,
        has_replies,
        worker,
    )
    return found if len(kept) == len(group) else found.only(kept)


def _numbers(rows: pa.Table, column: str) -> Floats | None:
    if not _any_known(rows, column):
        return None
    return np.asarray(rows[column].cast(pa.float64()).to_numpy(), np.float64)


def _flags(rows: pa.Table, column: str) -> Bools | None:
    """Read a flag; unknown is no, unless all are unknown."""
    if not _any_known(rows, column):
        return None
    return np.asarray(rows[column].fill_null(False).to_numpy(), np.bool_)


def _any_known(rows: pa.Table, column: str) -> bool:
    """Tell whether a column is there and holds anything; without rows nothing is unknown."""
    if column not in rows.column_names:
        return False
    return rows.num_rows == 0 or bool(rows[column].null_count < rows.num_rows)
