"""The five things a KOC is made of, each between 0 and 1 for every member."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US
from siyu.datasets.ids import lookup
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.replies import speaker_statistics
from siyu.datasets.shrinkage import shrink_rate
from siyu.graph.fission.referral_outcome import is_purchase, referral_outcome
from siyu.graph.holes.bridging import community_bridging
from siyu.graph.member_graph import MemberGraph
from siyu.graph.tie_rules import ATTENTION_KINDS

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["COMPONENTS", "NEEDS", "KocFacts", "components", "share_below"]

Floats = npt.NDArray[np.float64]

COMPONENTS = ("bridging", "trust", "referral", "purchases", "activity")
"""The components in the order of the columns."""

NEEDS = {
    "bridging": "ties, referrals, memberships or messages with replies",
    "trust": "messages with reply_to_member_id, or ties that are attention",
    "referral": "referrals and orders",
    "purchases": "orders",
    "activity": "events or messages",
}
"""The tables from which each component is measured."""

_ACTIVE_DAYS = 90
_BUYING_DAYS = 365


@dataclass(frozen=True, slots=True, eq=False)
class KocFacts:
    """What is known before one moment.

    Attributes
    ----------
    known : Community
        Cut already.
    end : int
        The moment, in microseconds.
    members : sorted pyarrow.Array
        Everybody who is measured: all but staff.
    ties : pyarrow.Table or None
        ``source``, ``target``, ``weight`` and perhaps ``kind``; None if no table holds ties.
    """

    known: "Community"
    end: int
    members: pa.Array
    ties: pa.Table | None


def components(facts: KocFacts) -> dict[str, Floats]:
    """Measure every component for which the tables are there.

    Parameters
    ----------
    facts : KocFacts

    Returns
    -------
    dict of component to float64 array over the members, in the order of `COMPONENTS`
        Each is scaled by `share_below`: 0 for nothing of it, 1 for the most of all.
    """
    measured = (_bridging, _trust, _referral, _purchases, _activity)
    found = {name: one(facts) for name, one in zip(COMPONENTS, measured, strict=True)}
    return {name: values for name, values in found.items() if values is not None}


def share_below(values: Floats) -> Floats:
    """Scale to 0..1 by rank: the share of members with any that one reaches or passes.

    Parameters
    ----------
    values : float64 array
        What is not above 0 counts as nothing, and gets 0.

    Returns
    -------
    float64 array
        The largest value gets 1; equal values share the mean of their ranks.

    Examples
    --------
    >>> share_below(np.array([0.0, 5.0, 5.0, 9.0, 100.0]))
    array([0.   , 0.375, 0.375, 0.75 , 1.   ])
    """
    above = values > 0
    _, at, count = np.unique(values[above], return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2
    scaled = np.zeros(len(values))
    scaled[above] = rank[at] / max(int(above.sum()), 1)
    return scaled


def _bridging(facts: KocFacts) -> Floats | None:
    """Evidence of ties that bridge communities, at equal degree."""
    if facts.ties is None:
        return None
    ends = [name for name in ("source", "target", "weight") if name in facts.ties.column_names]
    graph = MemberGraph.from_ties(facts.ties.select(ends), ids=facts.members, directed=False)
    found = community_bridging(graph, output="pyarrow")
    return share_below(np.asarray(found["bridging"].to_numpy()))


def _trust(facts: KocFacts) -> Floats | None:
    """Attention that others give, and how many of the member's turns they answer."""
    parts = [part for part in (_attention(facts), _answers(facts)) if part is not None]
    return np.mean(parts, axis=0) if parts else None


def _attention(facts: KocFacts) -> Floats | None:
    if facts.ties is None or "kind" not in facts.ties.column_names:
        return None
    paid = facts.ties.filter(
        pc.is_in(facts.ties["kind"], pa.array(ATTENTION_KINDS, pa.large_string()))
    )
    if not paid.num_rows and not _has_replies(facts):
        return None
    target = lookup(paid["target"], facts.members)
    weight = np.ones(len(target))
    if "weight" in paid.column_names:
        weight = np.asarray(paid["weight"].to_numpy(), dtype=np.float64)
    # Rows stand in the order of build_ties, so that the sums do not depend on the tables.
    received = np.bincount(target, weight, len(facts.members))
    return share_below(np.asarray(received, dtype=np.float64))


def _answers(facts: KocFacts) -> Floats | None:
    if not _has_replies(facts):
        return None
    said = speaker_statistics(
        facts.known.arrow("messages"), tz=facts.known.tz, members=facts.members
    )
    rate = np.zeros(len(facts.members))
    heard = said.n_answered_turns > 0
    spoke = said.n_turns > 0
    rate[spoke] = shrink_rate(said.n_answered_turns[spoke], said.n_turns[spoke])
    return share_below(np.where(heard, rate, 0))


def _has_replies(facts: KocFacts) -> bool:
    rows = facts.known.arrow("messages")
    return rows is not None and "reply_to_member_id" in rows.column_names


def _referral(facts: KocFacts) -> Floats | None:
    """Buyers and money that referrals are expected to bring: shrunk rates times volume."""
    if not (facts.known.has("referrals") and facts.known.has("orders")):
        return None
    brought = referral_outcome(facts.known, facts.members)
    return (share_below(brought.expected_buyers) + share_below(brought.expected_gmv)) / 2


def _purchases(facts: KocFacts) -> Floats | None:
    """Purchase days and net spending of the last year."""
    rows = facts.known.arrow("orders")
    if rows is None:
        return None
    orders = _lately(
        MemberRows.of(rows, time="order_time", members=facts.members), facts, _BUYING_DAYS
    )
    days = orders.where(is_purchase(orders.table)).distinct_days(facts.known.tz).count()
    return (share_below(days.astype(np.float64)) + share_below(orders.sum("amount"))) / 2


def _activity(facts: KocFacts) -> Floats | None:
    """Days of the last 90 with an event or a message."""
    parts = []
    for table, time in (("events", "event_time"), ("messages", "message_time")):
        rows = facts.known.arrow(table)
        if rows is not None:
            parts.append(pa.table({"member_id": rows["member_id"], "time": rows[time]}))
    if not parts:
        return None
    done = MemberRows.of(pa.concat_tables(parts), time="time", members=facts.members)
    days = _lately(done, facts, _ACTIVE_DAYS).distinct_days(facts.known.tz).count()
    return share_below(days.astype(np.float64))


def _lately(rows: MemberRows, facts: KocFacts, days: int) -> MemberRows:
    return rows.where(rows.times >= facts.end - days * DAY_US)
