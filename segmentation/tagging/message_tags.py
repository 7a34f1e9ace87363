"""Tags of talk in groups: who speaks, who answers and is answered, who posts nothing but links."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, INSTANT
from siyu.datasets.ids import encode, ids_in, lookup
from siyu.datasets.replies import speaker_statistics
from siyu.datasets.shrinkage import BetaPrior, GammaPrior
from siyu.segmentation.records import is_recorded, table_of

from .evidence import Found
from .facts import Facts, grouped_once
from .found_values import (
    count_tag,
    distinct_pairs,
    flag_tag,
    known_periods,
    pace_tag,
    rate_tag,
    recorded_for,
    usual_rate,
)

__all__ = ["SPEAKING", "MessageNorms", "Talk", "message_norms", "message_tags", "talk_of"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SPEAKING = ("core_speaker", "speaker", "lurker", "outside")
"""The codes of `speaking`."""

_DAYS = 90
_CORE_DAYS = 12
_ANSWERER = 3
_FEWEST_POSTS = 5
_LINK_SHARE = 0.8
_TO = "reply_to_member_id"


@dataclass(frozen=True, slots=True, eq=False)
class Talk:
    """What each member said and was answered in 90 days, an array each over the members."""

    messages: Ints
    days: Ints
    answered: Ints
    repliers: Ints
    turns: Ints
    turns_answered: Ints
    links: Ints
    links_known: Ints


@dataclass(frozen=True, slots=True, eq=False)
class MessageNorms:
    """What messages tell (`replies`, `links`), and how much members speak and are answered."""

    replies: bool
    links: bool
    pace: GammaPrior
    answered: BetaPrior


def message_norms(facts: Facts) -> MessageNorms:
    """Learn how often members speak, and how often they are answered."""
    talk, periods = grouped_once(facts, talk_of), known_periods(facts, _DAYS)
    return MessageNorms(
        _replies_are_told(facts),
        bool(talk.links_known.any()),
        GammaPrior.of(np.where(periods > 0, talk.days, 0), periods),
        usual_rate(talk.turns_answered, talk.turns),
    )


def message_tags(facts: Facts, norms: MessageNorms) -> dict[str, Found]:
    """Tag talk of the last 90 days, and groups; tags of what was not recorded are left out.

    Returns
    -------
    dict of tag to `Found`
    """
    tags: dict[str, Found] = {}
    groups = grouped_once(facts, _groups_of)
    if is_recorded(facts.c, "memberships", facts.end):
        tags["n_groups"] = count_tag(groups)
    if not recorded_for(facts, "messages", _DAYS):
        return tags
    talk = grouped_once(facts, talk_of)
    if "n_groups" in tags:
        states = [talk.days >= _CORE_DAYS, talk.days > 0, groups > 0]
        voice = pa.array(SPEAKING).take(pa.array(np.select(states, [0, 1, 2], 3)))
        tags["speaking"] = Found(voice, talk.messages)
    tags["speaking_pace"] = pace_tag(talk.days, known_periods(facts, _DAYS), norms.pace)
    if norms.replies:
        tags["n_answered"] = count_tag(talk.answered)
        tags["answerer"] = flag_tag(talk.answered >= _ANSWERER, talk.messages)
        tags["reply_rate"] = rate_tag(talk.turns_answered, talk.turns, norms.answered)
    if norms.links:
        tags |= _link_tags(talk)
    return tags


def talk_of(facts: Facts) -> Talk:
    """Count what the members of `facts` said in 90 days, and what customers answered them."""
    n = len(facts.members)
    if not is_recorded(facts.c, "messages", facts.end):
        return Talk(*(np.zeros(n, dtype=np.int64) for _ in Talk.__slots__))
    messages = _messages_about(facts)
    to = messages[_TO] if _TO in messages.column_names else None
    met = ids_in(messages["member_id"], to)
    staff = facts.c.staff()
    met = met.filter(pc.invert(pc.is_in(met, staff))) if len(staff) and len(met) else met
    said = speaker_statistics(messages, tz=facts.c.tz, members=met)
    at = lookup(facts.members, said.members)
    linked, known = _links(messages, facts.members)
    return Talk(
        messages=_at(said.n_messages, at),
        days=_at(said.n_speaking_days, at),
        answered=_at(said.n_answered_members, at),
        repliers=_at(said.n_repliers, at),
        turns=_at(said.n_turns, at),
        turns_answered=_at(said.n_answered_turns, at),
        links=linked,
        links_known=known,
    )


def _replies_are_told(facts: Facts) -> bool:
    """Tell whether any message is marked as a reply."""
    messages = facts.c.arrow("messages")
    if messages is None or _TO not in messages.column_names:
        return False
    return bool(messages[_TO].null_count < messages.num_rows)


def _messages_about(facts: Facts) -> pa.Table:
    """Give the messages of 90 days by one of the members, or in reply to one."""
    messages = table_of(facts.c, "messages", "tag()")
    start = pa.scalar(facts.end - _DAYS * DAY_US, INSTANT)
    wanted = ("member_id", "message_time", "group_id", _TO, "has_link")
    messages = messages.select([name for name in wanted if name in messages.column_names])
    messages = messages.filter(pc.greater_equal(messages["message_time"], start))
    about = lookup(messages["member_id"], facts.members) >= 0
    if _TO in messages.column_names:
        about |= lookup(messages[_TO], facts.members) >= 0
    return messages if about.all() else messages.filter(pa.array(about))


def _at(counts: Ints, at: Ints) -> Ints:
    """Give counts by place, 0 where there is none."""
    return np.append(counts, 0)[at]


def _links(messages: pa.Table, members: pa.Array) -> tuple[Ints, Ints]:
    """Count each member's messages with a link, and those of which it is known."""
    if "has_link" not in messages.column_names:
        return np.zeros(len(members), dtype=np.int64), np.zeros(len(members), dtype=np.int64)
    of = lookup(messages["member_id"], members)
    known = (of >= 0) & messages["has_link"].is_valid().to_numpy()
    linked = known & messages["has_link"].fill_null(False).to_numpy()
    counts = [np.bincount(of[rows], minlength=len(members)) for rows in (linked, known)]
    return counts[0], counts[1]


def _link_tags(talk: Talk) -> dict[str, Found]:
    """Tell whose messages are nearly all links: to be looked at by a person, never acted on."""
    n, known = talk.links, talk.links_known
    share = n / np.maximum(known, 1)
    few = known < _FEWEST_POSTS
    return {
        "link_share": Found(
            pa.array(share, mask=known == 0), known, trials=known.astype(np.float64)
        ),
        "spam_poster": flag_tag(~few & (share >= _LINK_SHARE), known, known == 0),
    }


def _groups_of(facts: Facts) -> Ints:
    """Count the groups that each member is in and has not left."""
    memberships, n = facts.c.arrow("memberships"), len(facts.members)
    if memberships is None:
        return np.zeros(n, dtype=np.int64)
    if "left_at" in memberships.column_names:
        memberships = memberships.filter(memberships["left_at"].is_null())
    of = lookup(memberships["member_id"], facts.members)
    groups = encode(memberships["group_id"])[0]
    return distinct_pairs(of[of >= 0], groups[of >= 0], n)
