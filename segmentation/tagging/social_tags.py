"""Tags of what members do for each other: speaking, sharing, inviting, or nothing at all."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, days_between, instants
from siyu.datasets.ids import lookup
from siyu.datasets.member_rows import MemberRows
from siyu.segmentation.records import is_recorded, joined_at

from .evidence import Found
from .facts import Facts, acts_of, is_there

__all__ = [
    "SHARE",
    "SPEAKING",
    "CommunityNorms",
    "activity_tags",
    "community_norms",
    "community_tags",
    "social_tags",
]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Columns = dict[str, pa.Array]

SPEAKING = ("core_speaker", "speaker", "lurker", "outside")
"""The codes of `speaking`."""

SHARE = "share"
"""The event that counts as a share."""

_SPEAKING_US = 90 * DAY_US
_CORE_DAYS = 12
_QUIET_US = 180 * DAY_US
_NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, eq=False)
class CommunityNorms:
    """What the tags of speaking, sharing and events compare a member with.

    `dated` are the tables with acts; `shares_recorded` tells whether there is any event named
    share.
    """

    dated: tuple[str, ...]
    shares_recorded: bool


def community_norms(facts: Facts) -> CommunityNorms:
    """Learn from all members what each is compared with."""
    tables = [t for t in ("orders", "events", "messages") if is_recorded(facts.c, t, facts.end)]
    dated = tuple(table for table in tables if len(acts_of(facts, (table,)).times))
    return CommunityNorms(dated, is_there(facts, "events", f"event={SHARE}"))


def community_tags(facts: Facts, norms: CommunityNorms) -> dict[str, pa.Array | Found]:
    """Tag what members do besides buying, for any chunk of members.

    A tag is an array, one value a member, or a `Found`, which also says how much evidence
    stands behind each value.
    """
    tags = social_tags(facts, shares_recorded=norms.shares_recorded)
    return {**tags, **activity_tags(facts, norms.dated)}


def social_tags(facts: Facts, *, shares_recorded: bool) -> Columns:
    """Tag speaking, sharing and inviting; a tag whose tables are absent is left out.

    Parameters
    ----------
    facts : Facts
    shares_recorded : bool
        Whether any member's share was ever recorded.

    Returns
    -------
    dict of tag to array, one value a member
    """
    tags = {}
    c, end, members = facts.c, facts.end, facts.members
    events, referrals = c.arrow("events"), c.arrow("referrals")
    if is_recorded(c, "messages", end, end - _SPEAKING_US) and c.has("memberships"):
        tags["speaking"] = _speaking(facts)
    if events is not None and shares_recorded:
        of = lookup(events["member_id"].filter(pc.equal(events["event"], SHARE)), members)
        tags["n_shares"] = pa.array(np.bincount(of[of >= 0], minlength=len(members)))
    if referrals is not None and is_recorded(c, "referrals", end):
        others = referrals.filter(pc.not_equal(referrals["inviter_id"], referrals["invitee_id"]))
        others = others.select(["inviter_id", "invitee_id"])
        made = MemberRows.of(others, members=members, key="inviter_id")
        tags["n_invited"] = pa.array(made.distinct("invitee_id"))
    return tags


def activity_tags(facts: Facts, tables: tuple[str, ...]) -> Columns:
    """Tag how long members have done nothing at all.

    Parameters
    ----------
    facts : Facts
    tables : tuple of table names
        What there is of orders, events and messages.

    Returns
    -------
    dict of tag to array, one value a member
        ``days_inactive`` is null for those who never did anything; ``zombie`` is null where
        nothing tells since when the member is known, and for all if a table was not recorded
        during the whole 180 days.
    """
    if not tables:
        return {}
    acts = acts_of(facts, tables)
    codes, times = _invitations(facts)
    codes, times = np.append(acts.codes, codes), np.append(acts.times, times)
    last = np.full(len(facts.members), _NEVER)
    first = np.full(len(facts.members), np.iinfo(np.int64).max)
    np.maximum.at(last, codes, times)
    np.minimum.at(first, codes, times)
    never = last == _NEVER
    tags = {
        "days_inactive": pa.array(days_between(np.where(never, 0, last), facts.end), mask=never)
    }
    quiet_from = facts.end - _QUIET_US
    if all(is_recorded(facts.c, table, facts.end, quiet_from) for table in tables):
        joined = joined_at(facts.c, facts.members)
        unknown = never & joined.is_null().to_numpy(zero_copy_only=False)
        since = np.minimum(instants(joined.fill_null(pa.scalar(2**62).cast(joined.type))), first)
        zombie = (since <= quiet_from) & (last < quiet_from)
        tags["zombie"] = pa.array(zombie, mask=unknown)
    return tags


def _speaking(facts: Facts) -> pa.Array:
    messages = facts.c.arrow("messages")
    if messages is None:
        return pa.nulls(len(facts.members), pa.string())
    said = messages.select(["member_id", "message_time"])
    rows = MemberRows.of(said, time="message_time", members=facts.members)
    rows = rows.where(rows.times >= facts.end - _SPEAKING_US)
    days = rows.distinct(rows.days(facts.c.tz))
    states = [days >= _CORE_DAYS, days > 0, _in_a_group(facts)]
    return pa.array(SPEAKING).take(pa.array(np.select(states, [0, 1, 2], 3)))


def _in_a_group(facts: Facts) -> Bools:
    """Tell who is in a group and has not left it."""
    memberships = facts.c.arrow("memberships")
    inside = np.zeros(len(facts.members), dtype=np.bool_)
    if memberships is not None:
        if "left_at" in memberships.column_names:
            memberships = memberships.filter(memberships["left_at"].is_null())
        of = lookup(memberships["member_id"], facts.members)
        inside[of[of >= 0]] = True
    return inside


def _invitations(facts: Facts) -> tuple[Ints, Ints]:
    """Give who invited somebody, and when."""
    referrals = facts.c.arrow("referrals")
    if referrals is None or "referral_time" not in referrals.column_names:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    dated = referrals.filter(referrals["referral_time"].is_valid())
    of = lookup(dated["inviter_id"], facts.members)
    return of[of >= 0], instants(dated["referral_time"])[of >= 0]
