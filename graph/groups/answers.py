"""Who gets an answer in a group, and how soon."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.clock import DAY_US, local_day
from siyu.datasets.ordering import opens_run

from .row_order import order_by
from .talk import Talk

__all__ = ["ANSWER_TIME", "NEVER", "Turns", "turns_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ANSWER_TIME = DAY_US
"""A turn counts as answered if somebody replies within 24 hours after it began."""

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Turns of customers, sorted by group, member and time.

    A **turn** is all that a customer says in one group on one local day. A reply belongs to the
    latest turn that its addressee began in that group before it.

    Attributes
    ----------
    group, member, began : int64 arrays, n_turns
    answered : int64 array
        When the first reply of somebody else came; `NEVER` for none.
    wait : int64 array
        Microseconds from what the addressee had said last until that reply; `NEVER` for none.
    replier : int64 array
        Position of the staff that gave that reply; -1 for a customer, or none.
    """

    group: Ints
    member: Ints
    began: Ints
    answered: Ints
    wait: Ints
    replier: Ints

    def in_time(self) -> Bools:
        """Tell which turns were answered within `ANSWER_TIME`."""
        soon = self.answered < self.began + ANSWER_TIME
        return np.asarray(soon & (self.answered != NEVER))

    def settled(self, start: int, end: int) -> Bools:
        """Tell which turns began in a window, and so early that all their time has passed."""
        return np.asarray((self.began >= start) & (self.began + ANSWER_TIME <= end))

    def hours(self) -> Floats:
        """Give the hours waited; NaN for turns not answered in time."""
        return np.where(self.in_time(), self.wait / 3.6e9, np.nan)


def turns_of(talk: Talk, tz: str) -> Turns:
    """Find the turns of customers and their answers.

    Parameters
    ----------
    talk : Talk
        Staff included: they answer, too. Needs what was said before a window, too.
    tz : str
        Where days are cut.

    Returns
    -------
    Turns
        One sort of the acts: n log n.
    """
    said = np.flatnonzero(talk.member >= 0)
    replies = np.flatnonzero(talk.reply_to >= 0)
    # What is said and what is replied to it in one order: by group, customer and time.
    row = np.concatenate([said, replies])
    is_reply = np.repeat([False, True], [len(said), len(replies)])
    customer = np.where(is_reply, talk.reply_to[row], talk.member[row])
    order = order_by(talk.group[row], customer, talk.time[row], is_reply, talk.staff[row])
    row, is_reply, customer = row[order], is_reply[order], customer[order]
    group, time = talk.group[row], talk.time[row]
    if not len(row):
        none = np.empty(0, np.int64)
        return Turns(none, none, none, none, none, none)
    starts_pair = opens_run(group, customer)
    place = np.arange(len(row))
    latest = np.maximum.accumulate(np.where(is_reply, -1, place))
    heard = is_reply & (latest >= np.maximum.accumulate(np.where(starts_pair, place, 0)))
    own = np.flatnonzero(~is_reply)
    opens = opens_run(group[own], customer[own], local_day(time[own], tz))
    turn = np.cumsum(opens) - 1
    begin = own[opens]
    answered = np.full(len(begin), NEVER)
    wait, replier = answered.copy(), np.full(len(begin), -1)
    at = np.flatnonzero(heard)
    turn_at = np.full(len(row), -1)
    turn_at[own] = turn
    asked, first = np.unique(turn_at[latest[at]], return_index=True)
    first = at[first]
    answered[asked], wait[asked] = time[first], time[first] - time[latest[first]]
    replier[asked] = talk.staff[row[first]]
    return Turns(group[begin], customer[begin], time[begin], answered, wait, replier)
