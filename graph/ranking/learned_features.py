"""What a learned KOC score looks at: numbers of every member, as known at one moment.

Every number is counted from rows before the moment alone. Where a table is absent its columns
are absent too, never 0; where something cannot be known of one member it is NaN.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US
from siyu.datasets.ids import lookup
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.purchases import is_purchase
from siyu.datasets.replies import speaker_statistics
from siyu.datasets.shrinkage import shrink_rate
from siyu.graph.centrality import pagerank
from siyu.graph.holes.bridging import community_bridging
from siyu.graph.holes.burt import structural_holes
from siyu.graph.member_graph import MemberGraph
from siyu.graph.tie_rules import TieRules
from siyu.graph.ties import ties_known
from siyu.graph.undated import UNDATED

from .koc_facts import KocFacts
from .koc_habits import SHARES, YEAR, days_known
from .opinion_leaders import opinion_scores
from .outcome_windows import (
    Adoptions,
    Outcome,
    Referred,
    attention_of,
    brought_between,
    followers_between,
    known_before,
)

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["Features", "KocMoment", "koc_features"]

Floats = npt.NDArray[np.float64]
Features = dict[str, Floats]

_SPANS = (30, 90)


@dataclass(frozen=True, slots=True, eq=False)
class KocMoment:
    """What is known of a community before one moment.

    Attributes
    ----------
    known : Community, cut at the moment
    end : int
        The moment, in microseconds.
    members : sorted pyarrow.Array
        Everybody but staff.
    graph, attention : MemberGraph
        All ties with their weights, and those by which one looks to the other.
    """

    known: "Community"
    end: int
    members: pa.Array
    graph: MemberGraph
    attention: MemberGraph

    @classmethod
    def of(cls, c: "Community", end: int) -> "KocMoment":
        """Cut a community, and build its ties; a DataError if no table holds any."""
        known = known_before(c, end)
        members = known.customers()
        ties = ties_known(known, end, TieRules())
        graphs = (
            MemberGraph.from_ties(some.select(["source", "target", "weight"]), ids=members)
            for some in (ties, attention_of(ties))
        )
        return cls(known, end, members, *graphs)


def koc_features(at: KocMoment, horizon: int, outcome: Outcome) -> Features:
    """Measure every member.

    Parameters
    ----------
    at : KocMoment
    horizon : int
        Length of the window that is to be foretold, in microseconds: the same outcome is
        counted in the window before the moment, and in all time.
    outcome : {"buyers", "gmv", "followers"}

    Returns
    -------
    dict of name to float64 array over ``at.members``
        `siyu.datasets.label` has no words for them: they are meant for models.
    """
    parts = (_ties, _orders, _talk, _events, _groups, _tenure)
    found: Features = {}
    for part in parts:
        found |= part(at)
    if at.known.has("referrals") and at.known.has("orders"):
        found |= _referrals(at)
    return found | _outcome_before(at, horizon, outcome)


def _ties(at: KocMoment) -> Features:
    """Degree, centrality, holes and bridges."""
    graph, n = at.graph, len(at.members)
    source, target, weight = graph.ties.source, graph.ties.target, graph.ties.weight
    holes = structural_holes(graph, output="pyarrow")
    bridges = community_bridging(graph, output="pyarrow")
    own = ("degree", "constraint", "effective_size", "efficiency", "hierarchy")
    across = ("bridging", "participation", "outside_share", "n_communities", "second_tie")
    return {
        **{name: _numbers(holes, name) for name in own},
        **{name: _numbers(bridges, name) for name in across},
        "in_degree": np.bincount(target, minlength=n).astype(np.float64),
        "out_degree": np.bincount(source, minlength=n).astype(np.float64),
        "in_strength": np.bincount(target, weight, n).astype(np.float64),
        "out_strength": np.bincount(source, weight, n).astype(np.float64),
        "pagerank": pagerank(graph) * n,
        "named_by": opinion_scores(at.attention),
    }


def _referrals(at: KocMoment) -> Features:
    """Whom the member brought, lately and ever, and what came of it."""
    referred, n = Referred(at.known, at.members), len(at.members)
    inviter, won = referred.inviter, referred.is_won
    age = np.where(referred.time == UNDATED, np.inf, at.end - referred.time) / DAY_US
    bought = won & ~np.isnan(referred.bought_at)

    def count(rows: npt.NDArray[np.bool_]) -> Floats:
        return np.bincount(inviter[rows], minlength=n).astype(np.float64)

    invitees, buyers = count(won), count(bought)
    rate = np.full(n, np.nan)
    inviting = invitees > 0
    rate[inviting] = shrink_rate(buyers[inviting], invitees[inviting])
    latest = np.full(n, np.inf)
    np.minimum.at(latest, inviter, age)
    is_brought = np.zeros(n)
    is_brought[referred.invitee] = 1
    return {
        "n_invitees": invitees,
        "n_buyers": buyers,
        "conversion": rate,
        "n_pending": count(won & ~bought),
        "n_pending_30": count(won & ~bought & (age <= _SPANS[0])),
        **{f"n_invitees_{days}": count(won & (age <= days)) for days in (*_SPANS, YEAR)},
        "days_since_invitee": np.where(np.isinf(latest), np.nan, latest),
        "invitee_gmv": brought_between(referred, -(2**62), at.end, "gmv", n),
        "is_brought": is_brought,
    }


def _orders(at: KocMoment) -> Features:
    """Own purchases: how lately, how often, how much."""
    rows = at.known.arrow("orders")
    if rows is None:
        return {}
    lines = MemberRows.of(rows, time="order_time", members=at.members)
    bought = lines.where(is_purchase(lines.table))
    found = {
        "recency": _days_since(bought.last_time(), at.end),
        "days_since_first_order": _days_since(bought.first_time(), at.end),
        "spend": lines.sum("amount"),
        "order_days": _active_days(bought, at, None),
    }
    return found | {f"order_days_{days}": _active_days(bought, at, days) for days in (90, YEAR)}


def _talk(at: KocMoment) -> Features:
    """Count what the member said, and, where messages tell, who answered."""
    rows = at.known.arrow("messages")
    if rows is None:
        return {}
    sent = MemberRows.of(rows, time="message_time", members=at.members)
    found = {
        "n_messages": sent.count().astype(np.float64),
        "speaking_days_90": _active_days(sent, at, 90),
    }
    if "reply_to_member_id" not in rows.column_names:
        return found
    said = speaker_statistics(rows, tz=at.known.tz, members=at.members)
    return found | {
        "n_replies_received": said.n_replies_received.astype(np.float64),
        "n_repliers": said.n_repliers.astype(np.float64),
        "n_replies_given": said.n_replies_given.astype(np.float64),
        "reply_rate": said.reply_rate,
    }


def _events(at: KocMoment) -> Features:
    """Days with any event, and how often something was shared or somebody invited."""
    rows = at.known.arrow("events")
    if rows is None:
        return {}
    done = MemberRows.of(rows, time="event_time", members=at.members)
    found = {f"event_days_{days}": _active_days(done, at, days) for days in (*_SPANS, YEAR)}
    kinds = pc.utf8_lower(done.table["event"].cast(pa.large_string()))
    shared = pc.is_in(kinds, pa.array([*SHARES, "invite"], pa.large_string()))
    shares = done.where(np.asarray(shared.to_numpy(zero_copy_only=False), dtype=bool))
    late = shares.where(shares.times >= at.end - 90 * DAY_US)
    return found | {
        "n_events": done.count().astype(np.float64),
        "n_shares": shares.count().astype(np.float64),
        "n_shares_90": late.count().astype(np.float64),
    }


def _groups(at: KocMoment) -> Features:
    """How many groups the member joined, and how many joined by her invitation."""
    rows = at.known.arrow("memberships")
    if rows is None:
        return {}
    joined = np.bincount(_among(rows["member_id"], at), minlength=len(at.members))
    found = {"n_groups": joined.astype(np.float64)}
    if "inviter_id" in rows.column_names:
        brought = np.bincount(_among(rows["inviter_id"], at), minlength=len(at.members))
        found["n_brought_to_groups"] = brought.astype(np.float64)
    return found


def _tenure(at: KocMoment) -> Features:
    """Days since the member joined."""
    days = days_known(KocFacts(at.known, at.end, at.members, ties=None))
    return {} if days is None else {"tenure": days}


def _outcome_before(at: KocMoment, horizon: int, outcome: Outcome) -> Features:
    """Count the outcome itself, in the window before the moment and in all time before it."""
    windows = {"outcome_last": at.end - horizon, "outcome_ever": -(2**62)}
    n = len(at.members)
    if outcome != "followers":
        referred = Referred(at.known, at.members)
        return {
            name: brought_between(referred, start, at.end, outcome, n)
            for name, start in windows.items()
        }
    adoptions = Adoptions(at.known, at.members)
    indptr, looked_to = at.attention.indptr, at.attention.indices
    late = adoptions.time >= at.end - horizon
    return {
        "n_adopted": np.bincount(adoptions.member, minlength=n).astype(np.float64),
        "n_adopted_last": np.bincount(adoptions.member[late], minlength=n).astype(np.float64),
        **{
            name: followers_between(adoptions, indptr, looked_to, start, at.end)
            for name, start in windows.items()
        },
    }


def _active_days(rows: MemberRows, at: KocMoment, days: int | None) -> Floats:
    """Count local days with a row, of the last so many days."""
    lately = rows if days is None else rows.where(rows.times >= at.end - days * DAY_US)
    return lately.distinct_days(at.known.tz).count().astype(np.float64)


def _days_since(time: Floats, end: int) -> Floats:
    return np.asarray((end - time) / DAY_US)


def _among(ids: pa.ChunkedArray, at: KocMoment) -> npt.NDArray[np.int64]:
    found = lookup(ids, at.members)
    return found[found >= 0]


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(), dtype=np.float64)
