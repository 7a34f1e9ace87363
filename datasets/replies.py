"""Who speaks and who answers: reply and speaker statistics from messages, without their text."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .clock import INSTANT
from .ids import encode, ids_in, lookup
from .member_rows import MemberRows
from .ordering import opens_run

__all__ = ["SpeakerStatistics", "reply_pairs", "speaker_statistics"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_TO = "reply_to_member_id"


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerStatistics:
    """What each member said, answered and was answered, an array each over `members`.

    A **turn** is all that a member says in one group on one local day. It counts as
    **answered** when another member replies to it: a reply belongs to the latest turn that
    its addressee began in that group before it. So the reply rate lies between 0 and 1,
    whoever writes in many short messages gains nothing by it, and a turn answered ten times
    is one answered turn.

    Attributes
    ----------
    members : pyarrow.Array, n
        Sorted ids.
    n_messages, n_speaking_days, n_groups : int64 arrays
        Messages sent, local days with one, and groups spoken in (direct messages, those
        without a group, count as one group).
    n_replies_given, n_answered_members : int64 arrays
        Replies to others, and how many different members got one.
    n_replies_received, n_repliers : int64 arrays
        Replies from others, and from how many different members.
    n_turns, n_answered_turns : int64 arrays
        The support of the reply rate.
    reply_rate : float64 array, 0..1
        Answered turns over turns; NaN without turns.
    """

    members: pa.Array
    n_messages: Ints
    n_speaking_days: Ints
    n_groups: Ints
    n_replies_given: Ints
    n_answered_members: Ints
    n_replies_received: Ints
    n_repliers: Ints
    n_turns: Ints
    n_answered_turns: Ints

    @property
    def reply_rate(self) -> Floats:
        """Answered turns over turns; NaN without turns."""
        share = self.n_answered_turns / np.maximum(self.n_turns, 1)
        return np.where(self.n_turns > 0, share, np.nan)


def speaker_statistics(
    messages: pa.Table, *, tz: str, members: pa.Array | None = None
) -> SpeakerStatistics:
    """Count for each member what they said, whom they answered and who answered them.

    Parameters
    ----------
    messages : pyarrow.Table of schema ``messages``, checked and cut, in any row order
        Without a column ``reply_to_member_id`` nobody answers anybody.
    tz : str
        The shop's zone, in which days are cut.
    members : sorted pyarrow.Array, optional
        Whom to return, also those who never spoke. Messages and replies of others, such as
        staff, are left out, and so are replies to them. Default: everyone who sent a
        message or was replied to.

    Returns
    -------
    SpeakerStatistics
        Replies to oneself do not count. Needs all messages of the members and all replies
        to them; given those, it does not matter which other members are in the call.

    Examples
    --------
    >>> day = 86_400_000_000
    >>> messages = pa.table(
    ...     {
    ...         "member_id": ["ann", "bob", "ann"],
    ...         "message_time": pa.array([0, 60, day], INSTANT),
    ...         "group_id": [1, 1, 1],
    ...         "reply_to_member_id": [None, "ann", None],
    ...     }
    ... )
    >>> said = speaker_statistics(messages, tz="UTC")
    >>> said.members.to_pylist(), said.n_repliers, said.reply_rate
    (['ann', 'bob'], array([1, 0]), array([0.5, 0. ]))
    """
    to = messages[_TO] if _TO in messages.column_names else None
    if members is None:
        members = ids_in(messages["member_id"], to)
    sent = MemberRows.of(messages, time="message_time", members=members)
    groups = _group_codes(sent.table)
    source, target, rows = _replies(sent)
    turn_member, turn_group, turn_start = _turns(sent, groups, tz)
    answered = _answered_turns(
        (turn_member, turn_group, turn_start), (target, groups[rows], sent.times[rows])
    )
    n = len(members)
    return SpeakerStatistics(
        members=members,
        n_messages=sent.count(),
        n_speaking_days=sent.distinct_days(tz).count(),
        n_groups=sent.distinct(groups),
        n_replies_given=np.bincount(source, minlength=n),
        n_answered_members=_distinct_others(source, target, n),
        n_replies_received=np.bincount(target, minlength=n),
        n_repliers=_distinct_others(target, source, n),
        n_turns=np.bincount(turn_member, minlength=n),
        n_answered_turns=np.bincount(turn_member[answered], minlength=n),
    )


def reply_pairs(messages: pa.Table, members: pa.Array | None = None) -> pa.Table:
    """Count who replied to whom.

    Parameters
    ----------
    messages : pyarrow.Table of schema ``messages``, checked and cut, in any row order
    members : sorted pyarrow.Array, optional
        Leave out replies from or to anybody else, such as staff.

    Returns
    -------
    pyarrow.Table, one row a pair, sorted by ``source``, then ``target``
        ``source`` replied to ``target`` ``n`` times, the last time at ``last_time``.
        Replies to oneself are left out.

    Examples
    --------
    >>> messages = pa.table(
    ...     {
    ...         "member_id": [1, 1, 2],
    ...         "message_time": pa.array([0, 60, 90], INSTANT),
    ...         "reply_to_member_id": [2, 2, None],
    ...     }
    ... )
    >>> reply_pairs(messages).select(["source", "target", "n"]).to_pylist()
    [{'source': 1, 'target': 2, 'n': 2}]
    """
    to = messages[_TO] if _TO in messages.column_names else None
    if members is None:
        members = ids_in(messages["member_id"], to)
    sent = MemberRows.of(messages, time="message_time", members=members)
    source, target, rows = _replies(sent)
    n = max(len(members), 1)
    pairs, at, count = np.unique(source * n + target, return_inverse=True, return_counts=True)
    last = np.full(len(pairs), np.iinfo(np.int64).min)
    np.maximum.at(last, at, sent.times[rows])
    return pa.table(
        {
            "source": members.take(pa.array(pairs // n)),
            "target": members.take(pa.array(pairs % n)),
            "n": count,
            "last_time": pa.array(last, INSTANT),
        }
    )


def _replies(sent: MemberRows) -> tuple[Ints, Ints, Ints]:
    """Give who replied, to whom, and in which row; replies to oneself or to nobody known aside."""
    if not sent.has(_TO):
        none = np.empty(0, dtype=np.int64)
        return none, none, none
    to = lookup(sent.table[_TO], sent.members)
    rows = np.flatnonzero((to >= 0) & (to != sent.codes))
    return sent.codes[rows], to[rows], rows


def _group_codes(messages: pa.Table) -> Ints:
    """Give each message's group as a code from 1; 0 is a message outside any group."""
    if "group_id" not in messages.column_names:
        return np.zeros(messages.num_rows, dtype=np.int64)
    return encode(messages["group_id"])[0] + 1


def _turns(sent: MemberRows, groups: Ints, tz: str) -> tuple[Ints, Ints, Ints]:
    """Give each turn's member, group and first instant."""
    days = sent.days(tz)
    order = np.lexsort((sent.times, days, groups, sent.codes))
    at = order[opens_run(sent.codes[order], groups[order], days[order])]
    return sent.codes[at], groups[at], sent.times[at]


def _answered_turns(
    turns: tuple[Ints, Ints, Ints], replies: tuple[Ints, Ints, Ints]
) -> npt.NDArray[np.bool_]:
    """Say which turns (member, group, start) got one of the replies (addressee, group, time)."""
    n = len(turns[0])
    member, group, time = (np.concatenate(both) for both in zip(turns, replies, strict=True))
    is_reply = np.arange(len(member)) >= n
    order = np.lexsort((is_reply, time, group, member))
    latest = np.maximum.accumulate(np.where(is_reply[order], -1, np.arange(len(order))))
    found = order[latest[is_reply[order]]]
    asked = order[is_reply[order]]
    own = (latest[is_reply[order]] >= 0) & (member[found] == member[asked])
    answered = np.zeros(n, dtype=bool)
    answered[found[own & (group[found] == group[asked])]] = True
    return answered


def _distinct_others(who: Ints, others: Ints, n: int) -> Ints:
    """Count the different others of each member."""
    pairs = np.unique(who * max(n, 1) + others)
    return np.bincount(pairs // max(n, 1), minlength=n)
