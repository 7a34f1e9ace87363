"""Ties: dense communities with a few strangers, and brokers who spread theirs at equal degree."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrays import Floats, Ints, pick_from
from .columns import taken, words
from .contacts import Contacts
from .roster import Roster
from .seasons import DAY, NEVER, Span

__all__ = ["TIE_KINDS", "Neighbours", "draw_pairs", "ties_table"]

TIE_KINDS = ("friend", "mention", "trust", "nominate")
_ATTENTION = (0.18, 0.10, 0.02)  # chance that a friendship carries each attention kind


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Every member's friends, as a ragged list."""

    starts: Ints
    friends: Ints

    @classmethod
    def of(cls, pairs: Ints, n: int) -> "Neighbours":
        """List both ends of all pairs, (n_pairs, 2)."""
        source = np.r_[pairs[:, 0], pairs[:, 1]]
        target = np.r_[pairs[:, 1], pairs[:, 0]]
        order = np.lexsort((target, source))
        starts = np.searchsorted(source[order], np.arange(n + 1))
        return cls(starts.astype(np.int64), target[order])

    def draw(self, rng: np.random.Generator, member: Ints) -> Ints:
        """Draw a friend of each member, -1 for those without."""
        at = pick_from(self.starts, member, rng.random(len(member)))
        return np.where(at >= 0, np.r_[self.friends, -1][at], -1)


def draw_pairs(rng: np.random.Generator, roster: Roster, noise: float) -> Ints:
    """Draw who knows whom, (n_pairs, 2) with the lower code first.

    Each member sends half of the planned degree out: ordinary members into their community,
    a share `noise` of it to anybody; brokers evenly over their own and the two to four
    communities they bridge. Then ordinary members close triangles inside their community,
    a third of their degree. Popularity does not give brokers away: their planned degree is
    drawn like everybody's of degree 6 or more.
    """
    n = len(roster)
    honest = np.flatnonzero(~roster.is_fraud)
    if len(honest) < 2:
        return np.zeros((0, 2), np.int64)
    half = roster.degree // 2 + (roster.degree % 2) * (rng.random(n) < 0.5)
    source = np.repeat(np.arange(n), half)
    community = _aimed_at(roster, source)
    by_community = honest[np.argsort(roster.community[honest], kind="stable")]
    sizes = np.bincount(roster.community[honest])
    starts = np.r_[0, np.cumsum(sizes)].astype(np.int64)
    target = by_community[pick_from(starts, community, rng.random(len(source)))]
    strays = (rng.random(len(source)) < noise) & ~roster.is_broker[source]
    anybody = honest[rng.integers(0, len(honest), len(source))]
    pairs = np.stack([source, np.where(strays, anybody, target)], axis=1)
    closed = _closed(rng, roster, Neighbours.of(pairs, n))
    return _unique(np.concatenate([pairs, closed]), n)


def _aimed_at(roster: Roster, source: Ints) -> Ints:
    """Choose the community of each sent tie: the own one, or a broker's by turns."""
    own = roster.community[source]
    place = np.arange(len(source)) - np.searchsorted(source, source)
    n_bridged = (roster.bridged[source] >= 0).sum(axis=1)
    turn = place % (1 + n_bridged)
    bridged = roster.bridged[source, np.maximum(turn - 1, 0)]
    return np.where(roster.is_broker[source] & (turn > 0), bridged, own)


def _closed(rng: np.random.Generator, roster: Roster, near: Neighbours) -> Ints:
    """Let ordinary members tie a friend's friend, all within one community."""
    times = np.where(roster.is_broker | roster.is_fraud, 0, np.maximum(1, roster.degree // 3))
    member = np.repeat(np.arange(len(roster)), times)
    friend = near.draw(rng, member)
    member, friend = member[friend >= 0], friend[friend >= 0]
    third = near.draw(rng, friend)
    home = roster.community
    inside = (home[friend] == home[member]) & (home[third] == home[member])
    closed: Ints = np.stack([member, third], axis=1)[inside & (third != member)]
    return closed


def _unique(pairs: Ints, n: int) -> Ints:
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    key = np.unique(pairs[:, 0] * n + pairs[:, 1])
    return np.stack([key // n, key % n], axis=1)


def ties_table(
    rng: np.random.Generator,
    span: Span,
    roster: Roster,
    pairs: Ints,
    contacts: Contacts,
    member_ids: pa.Array,
) -> pa.Table:
    """Build ``ties``: a friendship a pair, attention on some, and some contacts of staff.

    `source` of a friendship is who added the other, mostly the one who joined later; its
    `weight` counts their meetings. Attention (mention, trust, nominate) runs along
    friendships towards the more influential of the two. Friendships begin after both have
    joined; staff add a fifth of the customers they are linked to.
    """
    later_adds = rng.random(len(pairs)) < 0.65
    source = np.where(later_adds, pairs[:, 1], pairs[:, 0])
    target = np.where(later_adds, pairs[:, 0], pairs[:, 1])
    both = roster.joined[pairs].max(axis=1, initial=0)
    wait = (rng.beta(1.0, 4.0, len(pairs)) * (span.seconds - both)).astype(np.int64)
    friends = _Rows(
        source,
        target,
        rng.geometric(0.3, len(pairs)).astype(np.float64),
        both + 60 + wait,
        pairs[:, 0] * 0,
    )
    staff = _staff_rows(rng, len(roster), contacts)
    rows = _Rows.joined([friends, *_attention(rng, span, roster, friends), staff])
    order = np.lexsort((rows.kind, rows.target, rows.source, rows.when))
    order = order[rows.when[order] < span.seconds]
    return pa.table(
        {
            "source": taken(member_ids, rows.source[order]),
            "target": taken(member_ids, rows.target[order]),
            "weight": pa.array(rows.weight[order]),
            "tie_time": span.instants(rows.when[order]),
            "kind": words(TIE_KINDS, rows.kind[order]),
        }
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    source: Ints
    target: Ints
    weight: Floats
    when: Ints
    kind: Ints

    @classmethod
    def joined(cls, parts: "list[_Rows]") -> "_Rows":
        return cls(*(np.concatenate([getattr(p, n) for p in parts]) for n in cls.__slots__))


def _attention(rng: np.random.Generator, span: Span, roster: Roster, friends: _Rows) -> list[_Rows]:
    """Draw attention along friendships, towards the more influential end 85 % of the time."""
    rows = []
    for kind, share in enumerate(_ATTENTION, start=1):
        at = np.flatnonzero(rng.random(len(friends.source)) < share)
        one, other = friends.source[at], friends.target[at]
        heard = np.log(roster.influence[other] / roster.influence[one])
        up = rng.random(len(at)) < 1 / (1 + np.exp(-3 * heard))
        wait = (rng.random(len(at)) * (span.seconds - friends.when[at])).astype(np.int64)
        rows.append(
            _Rows(
                np.where(up, one, other),
                np.where(up, other, one),
                rng.geometric(0.5, len(at)).astype(np.float64),
                friends.when[at] + wait,
                np.full(len(at), kind),
            )
        )
    return rows


def _staff_rows(rng: np.random.Generator, n: int, contacts: Contacts) -> _Rows:
    added = np.flatnonzero((contacts.added != NEVER) & (rng.random(n) < 0.2))
    when = contacts.added[added] + rng.integers(60, DAY // 2, len(added))
    same = np.ones(len(added), np.int64)
    return _Rows(contacts.staff[added] + n, added, same.astype(np.float64), when, same * 0)
