"""The health of chat groups: one row a group, at one moment."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.spans import span_us
from siyu.graph.ranking.koc_components import share_below
from siyu.graph.undated import UNDATED

from .answers import Turns, turns_of
from .deal_columns import deal_columns
from .group_facts import GroupFacts, group_facts, warn_unrecorded
from .keepers import keepers_of
from .reply_columns import answer_columns, reply_columns
from .rhythm import began_at, rhythm_of, survival_of
from .roster_columns import growth_of, members_now, roster_columns, send_columns
from .state_rules import state_of, talkativeness
from .talk import Talk
from .talk_columns import substantial, talk_columns
from .values import Columns, blank, counts, measures, ratio

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["group_health"]

Floats = npt.NDArray[np.float64]

_MONTH = 28


def group_health(
    c: "Community",
    *,
    as_of: Any,
    window: Any = "28D",
    activity: str = "messages",
    output: FrameKind = "pandas",
) -> Frame:
    """Describe every group: who is in it, who speaks, who is answered, what is bought, its state.

    Staff are no members and what they say is counted apart. What a table does not tell is null,
    never 0: without orders there is no ``gmv``, without ``left_at`` nobody is known to have
    left. A table that was not recorded all through the window counts as absent.

    Parameters
    ----------
    c : Community
        With a table that names groups: groups, memberships, or messages, events or sends with
        ``group_id``.
    as_of : Timestamp, datetime or str
        Itself excluded; without a zone it is the shop's clock.
    window : Timedelta or str, a day or more
        Counts are of ``[as_of - window, as_of)``; a younger group is counted since it began.
    activity : {"messages", "events"}
        What tells that a group lives. With events the columns on talk count the group's events,
        and those on answers, replies, length and links are null.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a group, sorted by ``group_id``
        ``group_id``, ``kind``, ``age_days`` (since its creation, else its first dated sign);

        ``state``, ``because`` : codes, see `state_of` (new, growing, stable, dying, dead);
        ``survival`` : chance that a customer acts within 28 days from `as_of`, see `survival_of`;

        ``n_members`` : customers in it now; ``n_effective`` : of those, who wrote, did or bought
        anything anywhere in the window; ``n_joined``, ``n_left`` : in the window; ``net_growth`` :
        their difference over the members at its beginning;

        ``n_sends``, ``n_left_after_send`` : sends to the group, and leaves within 24 hours of
        one (rows of one instant are one send); ``extra_left_per_send`` : those beyond what the
        rate of the other hours since the group began would give;

        ``n_messages``, ``n_staff_messages``, ``n_speakers``; ``speaker_share`` : members who
        spoke; ``top_speaker_share``, ``speaker_gini`` : how unevenly speakers share the
        messages, 0 to 1; ``peak_hour`` : local hour (0-23) with most messages; ``active_hours`` :
        the fewest hours that hold half of them;

        ``n_turns`` : a customer's words of one day; only those that began 24 hours or more
        before `as_of`; ``n_answered``, ``answer_rate`` : of those, answered by anybody (staff,
        too) within 24 hours; ``answer_hours`` : median hours from the last word to the answer;

        ``n_replies``, ``n_pairs``, ``reciprocity`` : replies between customers, ordered pairs,
        and the share of pairs that reply both ways;

        ``substance_share`` : messages of 10 characters or more without a link; ``link_share``;
        ``spam_share`` : links by who in this group posts links in four of five messages or more;

        ``n_orders``, ``gmv`` : orders (buyer and day) and money of members while in the group;
        ``gmv_per_member``; ``gmv_after_talk`` : share of the money within 7 days of the buyer's
        own act in the group;

        ``content_score``, ``interaction_score``, ``deal_score`` : 0 to 1, the share of the groups
        with any that this one reaches or passes, in substantial messages a member; in the mean
        of replies a message, pairs a speaker and reciprocity; in money a member;

        ``n_staff``, ``members_per_staff`` : who looks after it (owner, and staff in it).

    Raises
    ------
    DataError
        If no table names groups.
    ParameterError
        If `window` or `activity` makes no sense.

    Warns
    -----
    SiyuWarning
        If memberships are undated, end before they begin, or a table was not recorded through.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=300, random_state=0)
    >>> found = group_health(c, as_of="2026-06-01")
    >>> found[["group_id", "state", "n_members", "n_messages"]].head(2)
      group_id   state  n_members  n_messages
    0   g00001  stable         28          19
    1   g00002  stable         41          37
    """
    length = span_us("window", window)
    facts = group_facts(c, as_of, "group_health()", activity)
    start = facts.end - length
    there = [name for name in ("memberships", activity, "orders", "sends") if c.has(name)]
    warn_unrecorded("group_health()", [t for t in there if not facts.recorded(t, start)])
    recorded = facts.talk is not None and facts.recorded(activity, start)
    talk = facts.talk.since(start) if recorded and facts.talk is not None else None
    columns = {
        "group_id": facts.groups,
        "kind": facts.column("kind"),
        **_life(facts),
        **roster_columns(facts, start),
        **send_columns(facts, start),
        **talk_columns(facts, talk),
        **answer_columns(facts, _turns(facts, start) if recorded else None, start),
        **reply_columns(facts, talk),
        **deal_columns(facts, start),
    }
    return from_arrow(
        pa.table({**columns, **_scores(facts, talk, columns), **_care(facts)}), output
    )


def _life(facts: GroupFacts) -> Columns:
    """Give age, state and survival; the state looks at 28 days, whatever the window."""
    n = len(facts.groups)
    began = began_at(facts)
    age = np.where(began == UNDATED, np.nan, (facts.end - began) / DAY_US)
    columns = {
        "age_days": measures(age),
        **blank(n, state=pa.string(), because=pa.string(), survival=pa.float64()),
    }
    start = facts.end - _MONTH * DAY_US
    rhythm, talk = rhythm_of(facts), talkativeness(facts)
    if rhythm is None or talk is None or not facts.recorded(facts.activity, start):
        return columns
    survival = survival_of(rhythm, _MONTH)
    state, because = state_of(survival, talk, growth_of(facts, start))
    named = {"state": state, "because": because, "survival": measures(survival)}
    return {**columns, **named}


def _turns(facts: GroupFacts, start: int) -> Turns | None:
    """Find turns of the window; what was said two days before it may belong to them."""
    if facts.talk is None or not facts.talk.has_replies:
        return None
    return turns_of(facts.talk.since(start - 2 * DAY_US), facts.known.tz)


def _scores(facts: GroupFacts, talk: Talk | None, columns: Columns) -> Columns:
    """Rank groups by content, interaction and deals."""
    n, members = len(facts.groups), members_now(facts)
    scores = blank(
        n, content_score=pa.float64(), interaction_score=pa.float64(), deal_score=pa.float64()
    )
    says = None if talk is None else substantial(talk.of_customers())
    if talk is not None and says is not None and members is not None:
        content = np.bincount(talk.of_customers().group[says], minlength=n)
        scores["content_score"] = measures(_standing(ratio(content, members)))
    if talk is not None and talk.has_replies:
        spoken, speakers = _numbers(columns, "n_messages"), _numbers(columns, "n_speakers")
        parts = (
            ratio(_numbers(columns, "n_replies"), spoken),
            ratio(_numbers(columns, "n_pairs"), speakers),
            np.where(spoken > 0, np.nan_to_num(_numbers(columns, "reciprocity")), np.nan),
        )
        # Where nobody says anything, nobody interacts: that is known.
        standing = sum(_standing(np.nan_to_num(part)) for part in parts) / len(parts)
        scores["interaction_score"] = measures(np.asarray(standing))
    if columns["gmv_per_member"].null_count < n:
        scores["deal_score"] = measures(_standing(_numbers(columns, "gmv_per_member")))
    return scores


def _care(facts: GroupFacts) -> Columns:
    """Count who looks after each group, and members for each of them."""
    n, keepers, members = len(facts.groups), keepers_of(facts), members_now(facts)
    columns = blank(n, n_staff=pa.int64(), members_per_staff=pa.float64())
    if keepers.known:
        n_staff = np.bincount(keepers.group, minlength=n)
        columns["n_staff"] = counts(n_staff)
        if members is not None:
            columns["members_per_staff"] = measures(ratio(members, n_staff))
    return columns


def _standing(values: Floats) -> Floats:
    """Rank what is known to 0..1; what is not above 0 gets 0."""
    known = ~np.isnan(values)
    standing = np.full(len(values), np.nan)
    standing[known] = share_below(values[known])
    return standing


def _numbers(columns: Columns, name: str) -> Floats:
    values = columns[name].cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(values, np.float64)
