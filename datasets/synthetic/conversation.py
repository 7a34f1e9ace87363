"""Messages in groups: openings, replies of friends and others, words of the staff."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrays import Bools, Ints, pick_from
from .columns import ids, taken
from .groups import Groups
from .lifecycle import Lives
from .members import Traits
from .memberships import Memberships
from .roster import Roster
from .seasons import DAY, Span, seconds_of_day
from .social import Neighbours

__all__ = ["Chatter", "messages_table"]

_SILENT_TALK = 0.35  # of the talk of members who do not buy at present
_ANSWERS_BACK = 0.3
_STAFF_A_DAY = 0.35


@dataclass(frozen=True, slots=True)
class Chatter:
    """Who talks, where, and to whom."""

    span: Span
    roster: Roster
    traits: Traits
    lives: Lives
    groups: Groups
    memberships: Memberships
    neighbours: Neighbours


@dataclass(frozen=True, slots=True)
class _Said:
    group: Ints
    member: Ints
    moment: Ints
    reply_to: Ints

    @classmethod
    def joined(cls, parts: "list[_Said]") -> "_Said":
        return cls(*(np.concatenate([getattr(p, n) for p in parts]) for n in cls.__slots__))

    def only(self, kept: Bools | Ints) -> "_Said":
        return _Said(*(getattr(self, name)[kept] for name in self.__slots__))


def messages_table(rng: np.random.Generator, chatter: Chatter, member_ids: pa.Array) -> pa.Table:
    """Build ``messages``, sorted by time.

    Members open talk at their own rate times the liveliness of the group; those who do not
    buy at present say a third of it. An opening draws a Poisson number of replies, the more
    the more influential its author: half come from friends of the author in the group, the
    others from anybody there. Three replies in ten are answered by the author. The owner
    writes every third day, in dead groups, too.
    """
    openings = _openings(rng, chatter)
    replies = _replies(rng, chatter, openings)
    back = replies.only(rng.random(len(replies.member)) < _ANSWERS_BACK)
    answers = _heard(rng, chatter, _Said(back.group, back.reply_to, back.moment, back.member))
    staff = _staff(rng, chatter)
    said = _Said.joined([openings, replies, answers, staff])
    order = np.lexsort((said.reply_to, said.member, said.group, said.moment))
    said = said.only(order)
    n = len(said.member)
    is_staff = said.member >= len(chatter.roster)
    spams = np.r_[chatter.traits.is_spammer, False][np.where(is_staff, -1, said.member)]
    links = rng.random(n) < np.where(is_staff, 0.45, np.where(spams, 0.9, 0.02))
    length = np.exp(np.where(is_staff, 3.6, 2.3) + 0.8 * rng.standard_normal(n))
    return pa.table(
        {
            "member_id": taken(member_ids, said.member),
            "message_time": chatter.span.instants(said.moment),
            "group_id": chatter.groups.ids(said.group),
            "message_id": ids("x", np.arange(n), 9),
            "reply_to_member_id": taken(member_ids, said.reply_to),
            "n_chars": pa.array(np.floor(1 + np.minimum(length, 1_999))),
            "has_link": pa.array(links),
        }
    )


def _openings(rng: np.random.Generator, chatter: Chatter) -> _Said:
    """Draw the messages that are no reply, by thinning each member's stay in each group."""
    rows, groups, days = chatter.memberships, chatter.groups, chatter.span.days
    width = days + 1
    first = np.minimum(rows.joined // DAY + 1, days)
    last = np.minimum(rows.left // DAY, days)
    begin = groups.activity[rows.group, first]
    talk = np.maximum(groups.activity[rows.group, np.maximum(last, first)] - begin, 0.0)
    loud = chatter.traits.talk[rows.member] * np.where(
        chatter.traits.is_spammer[rows.member], 6.0, 1.0
    )
    row = np.repeat(np.arange(len(talk)), rng.poisson(loud * talk))
    level = begin[row] + rng.random(len(row)) * talk[row]
    step = float(groups.activity[:, -1].max(initial=0.0)) + 1.0
    lines = (groups.activity + np.arange(len(groups))[:, None] * step).ravel()
    day = np.searchsorted(lines, level + rows.group[row] * step, side="right") - 1
    day = np.clip(day - rows.group[row] * width, 0, days - 1)
    member = rows.member[row]
    hour = chatter.traits.hour[member]
    moment = day * DAY + seconds_of_day(rng, hour, chatter.traits.hour_spread[member])
    alive, _ = chatter.lives.status(member, day)
    speaks = alive | (rng.random(len(row)) < _SILENT_TALK)
    said = _Said(rows.group[row], member, moment, np.full(len(row), -1))
    return _present(chatter, said.only(speaks))


def _replies(rng: np.random.Generator, chatter: Chatter, openings: _Said) -> _Said:
    """Answer openings: a friend of the author who is there, else anybody who is."""
    heard = np.minimum(2.5, 0.55 * chatter.roster.influence[openings.member])
    row = np.repeat(np.arange(len(heard)), rng.poisson(heard))
    author, group = openings.member[row], openings.group[row]
    wait = np.exp(np.log(1_500) + 1.3 * rng.standard_normal(len(row)))
    moment = openings.moment[row] + 8 + np.minimum(wait, 2 * DAY).astype(np.int64)
    friend = chatter.neighbours.draw(rng, author)
    friend = np.where(rng.random(len(row)) < 0.5, friend, -1)
    there = chatter.memberships.find(group, friend, moment) >= 0
    starts = np.searchsorted(chatter.memberships.group, np.arange(len(chatter.groups) + 1))
    at = pick_from(starts.astype(np.int64), group, rng.random(len(row)))
    anybody = np.r_[chatter.memberships.member, -1][at]
    replier = np.where(there, friend, anybody)
    said = _Said(group, replier, moment, author)
    return _present(chatter, said.only(replier != author))


def _heard(rng: np.random.Generator, chatter: Chatter, said: _Said) -> _Said:
    """Let authors answer back a few minutes later."""
    wait = 8 + np.minimum(rng.exponential(400, len(said.member)), DAY).astype(np.int64)
    return _present(chatter, _Said(said.group, said.member, said.moment + wait, said.reply_to))


def _present(chatter: Chatter, said: _Said) -> _Said:
    """Keep what is said within the span by members who are in the group then."""
    there = chatter.memberships.find(said.group, said.member, said.moment) >= 0
    return said.only(there & (said.moment < chatter.span.seconds))


def _staff(rng: np.random.Generator, chatter: Chatter) -> _Said:
    """Let the owners write by day, every third day on average."""
    groups = chatter.groups
    first = groups.created // DAY + 1
    last = np.minimum(chatter.span.days, groups.turns[:, 2] + 120)
    stays = np.maximum(last - first, 0)
    group = np.repeat(np.arange(len(groups)), rng.poisson(_STAFF_A_DAY * stays))
    day = first[group] + (rng.random(len(group)) * stays[group]).astype(np.int64)
    moment = day * DAY + rng.integers(9 * 3_600, 21 * 3_600, len(group))
    member = groups.owner[group] + len(chatter.roster)
    return _Said(group, member, moment, np.full(len(group), -1))
