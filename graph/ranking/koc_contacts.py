"""Whom members are tied to, who gives them attention, and whom they answer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.ids import lookup
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.ordering import distinct
from siyu.datasets.replies import SpeakerStatistics, speaker_statistics
from siyu.graph.holes.bridging import community_bridging
from siyu.graph.member_graph import MemberGraph
from siyu.graph.tie_arrays import sums_at
from siyu.graph.tie_rules import ATTENTION_KINDS

from .koc_facts import KocFacts

__all__ = [
    "Attention",
    "Bridges",
    "attention_of",
    "bridges_of",
    "has_replies",
    "people_helped",
    "speakers_of",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_TO = "reply_to_member_id"


@dataclass(frozen=True, slots=True, eq=False)
class Bridges:
    """The ties of each member, an array each over the members.

    Attributes
    ----------
    n_ties : int64 array
        Other members tied to, in either direction.
    n_communities : int64 array
        Communities these belong to, the own one too.
    evidence : float64 array
        How many times likelier a bridging member is than an ordinary one, in powers of ten; see
        `siyu.graph.community_bridging`.
    """

    n_ties: Ints
    n_communities: Ints
    evidence: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Attention:
    """Who gives attention to whom: replies, mentions, trust, nominations.

    Attributes
    ----------
    graph : MemberGraph
        Directed: the source gives attention to the target; kinds are added up.
    received : float64 array
        Weight of all attention received, faded by age.
    n_listeners, n_heeded, n_mutual : int64 arrays
        Members who give attention to this one, members who get it from this one, and both.
    """

    graph: MemberGraph
    received: Floats
    n_listeners: Ints
    n_heeded: Ints
    n_mutual: Ints


def bridges_of(facts: KocFacts) -> Bridges | None:
    """Measure the ties of each member; None if no table holds ties."""
    return facts.once("bridges", _bridges)


def attention_of(facts: KocFacts) -> Attention | None:
    """Measure who gives attention to whom; None if no table could tell."""
    return facts.once("attention", _attention)


def speakers_of(facts: KocFacts) -> SpeakerStatistics | None:
    """Count what members said and were answered; None without messages that tell of replies."""
    return facts.once("speakers", _speakers)


def people_helped(facts: KocFacts) -> Ints | None:
    """Count the others whom each member answered unasked; None if replies are unknown.

    Answering somebody who had answered oneself before is courtesy, and does not count.
    """
    return facts.once("helped", _helped)


def has_replies(facts: KocFacts) -> bool:
    """Tell whether messages say whom they answer."""
    rows = facts.known.arrow("messages")
    return rows is not None and _TO in rows.column_names


def _bridges(facts: KocFacts) -> Bridges | None:
    if facts.ties is None:
        return None
    ends = [name for name in ("source", "target", "weight") if name in facts.ties.column_names]
    graph = MemberGraph.from_ties(facts.ties.select(ends), ids=facts.members, directed=False)
    found = community_bridging(graph, output="pyarrow")
    n_ties, n_communities, evidence = (
        np.asarray(found[name].to_numpy()) for name in ("degree", "n_communities", "bridging")
    )
    return Bridges(n_ties, n_communities, evidence)


def _attention(facts: KocFacts) -> Attention | None:
    if facts.ties is None or "kind" not in facts.ties.column_names:
        return None
    rows = facts.ties.filter(
        pc.is_in(facts.ties["kind"], pa.array(ATTENTION_KINDS, pa.large_string()))
    )
    # The graph of all ties reports those of members with themselves, and those of weight 0.
    rows = rows.filter(pc.not_equal(rows["source"], rows["target"]))
    if "weight" in rows.column_names:
        rows = rows.filter(pc.not_equal(rows["weight"], 0))
    if not rows.num_rows and not has_replies(facts):
        return None
    ends = [name for name in ("source", "target", "weight") if name in rows.column_names]
    graph = MemberGraph.from_ties(rows.select(ends), ids=facts.members)
    source, target = (end.astype(np.int64) for end in (graph.ties.source, graph.ties.target))
    n = len(facts.members)
    back = np.isin(target * n + source, source * n + target)
    return Attention(
        graph=graph,
        received=sums_at(target, graph.ties.weight, n),
        n_listeners=np.bincount(target, minlength=n),
        n_heeded=np.bincount(source, minlength=n),
        n_mutual=np.bincount(target[back], minlength=n),
    )


def _speakers(facts: KocFacts) -> SpeakerStatistics | None:
    said = _messages(facts)
    if said is None:
        return None
    return speaker_statistics(said, tz=facts.known.tz, members=facts.members)


def _messages(facts: KocFacts) -> pa.Table | None:
    """Give the messages with what is read of them; None unless they tell of replies."""
    rows = facts.known.arrow("messages")
    if rows is None or _TO not in rows.column_names:
        return None
    read = ("member_id", "message_time", "group_id", _TO)
    return rows.select([name for name in read if name in rows.column_names])


def _helped(facts: KocFacts) -> Ints | None:
    said = _messages(facts)
    if said is None:
        return None
    sent = MemberRows.of(said, time="message_time", members=facts.members)
    to = lookup(sent.table[_TO], sent.members)
    rows = np.flatnonzero((to >= 0) & (to != sent.codes))
    n = max(len(facts.members), 1)
    pair = sent.codes[rows] * n + to[rows]
    pairs = distinct(pair)
    first = np.full(len(pairs), np.iinfo(np.int64).max)
    np.minimum.at(first, np.searchsorted(pairs, pair), sent.times[rows])
    back = pairs % n * n + pairs // n
    at = np.minimum(np.searchsorted(pairs, back), max(len(pairs) - 1, 0))
    answered_before = (pairs[at] == back) & (first[at] < first)
    return np.bincount(pairs[~answered_before] // n, minlength=len(facts.members))
