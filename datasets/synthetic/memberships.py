"""Who is in which group, from when to when, brought by whom."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrays import Ints
from .columns import taken, words
from .groups import Groups
from .roster import Roster
from .seasons import DAY, NEVER, Span

__all__ = ["Memberships", "draw_memberships"]

_SCENES = ("direct", "link", "qr")
_IN_HOME = 0.78
_OTHER_GROUPS = 3
_IN_OTHER = 0.35
_BRIDGES = 0.6


@dataclass(frozen=True, slots=True)
class Memberships:
    """Customers in groups, sorted by group and member; once each."""

    group: Ints
    member: Ints
    joined: Ints
    left: Ints

    def find(self, group: Ints, member: Ints, when: Ints) -> Ints:
        """Find the membership that holds at a moment, -1 for none."""
        width = int(max(self.member.max(initial=0), member.max(initial=0))) + 1
        key = group * width + member
        at = np.searchsorted(self.group * width + self.member, key)
        same = np.r_[self.group * width + self.member, -1][at] == key
        at = np.where(same, at, 0)
        if not len(self.group):
            return np.full(len(key), -1)
        holds = same & (member >= 0) & (self.joined[at] <= when) & (when < self.left[at])
        return np.where(holds, at, -1)

    def table(
        self,
        rng: np.random.Generator,
        span: Span,
        groups: Groups,
        inviter: Ints,
        member_ids: pa.Array,
    ) -> pa.Table:
        """Build ``memberships`` with the owner of every group in it from the start.

        Half of those whose inviter was in the group are invited by them, the others by the
        owner (a third) or by link and QR code (no inviter).
        """
        n = len(inviter)
        brought = inviter[self.member]
        present = self.find(self.group, brought, self.joined) >= 0
        by_member = present & (rng.random(len(brought)) < 0.5)
        by_owner = ~by_member & (rng.random(len(brought)) < 1 / 3)
        owner = groups.owner[self.group] + n
        who = np.where(by_member, brought, np.where(by_owner, owner, -1))
        scene = np.where(by_member | by_owner, 0, rng.integers(1, 3, len(brought)))
        every = np.arange(len(groups))
        group = np.r_[self.group, every]
        member = np.r_[self.member, groups.owner + n]
        joined = np.r_[self.joined, groups.created]
        left = np.r_[self.left, np.full(len(groups), NEVER)]
        who, scene = np.r_[who, every * 0 - 1], np.r_[scene, every * 0]
        order = np.lexsort((member, group, joined))
        return pa.table(
            {
                "group_id": groups.ids(group[order]),
                "member_id": taken(member_ids, member[order]),
                "joined_at": span.instants(joined[order]),
                "left_at": span.instants(left[order]),
                "inviter_id": taken(member_ids, who[order]),
                "join_scene": words(_SCENES, scene[order]),
            }
        )


def draw_memberships(
    rng: np.random.Generator, span: Span, groups: Groups, roster: Roster, quit_at: Ints
) -> Memberships:
    """Put members into groups.

    78 % join the home of their community; brokers join 60 % of the homes they bridge, the
    others as many mixed groups on average (three drawn, 35 % joined). Who joins does so a
    lognormal time (median one day) after joining the brand or the founding of the group, and
    never a dead group. They stay an exponential time of mean 700 days; a dying or dead group
    loses a third of those left; half of those who quit after a message leave their groups.
    """
    member, group = _wanted(rng, groups, roster)
    since = np.maximum(roster.joined[member], groups.created[group])
    is_flash = groups.kind[group] == 3
    wait = np.exp(np.log(DAY) + 1.3 * rng.standard_normal(len(member)))
    wait = np.where(is_flash, rng.uniform(0, 3 * DAY, len(member)), np.minimum(wait, 90 * DAY))
    joined = since + 120 + wait.astype(np.int64)
    open_until = np.where(is_flash, groups.turns[group, 0] + 3, groups.turns[group, 2]) * DAY
    fits = (joined < np.minimum(open_until, span.seconds)) & (joined < quit_at[member])
    member, group, joined = member[fits], group[fits], joined[fits]
    left = joined + 3_600 + rng.exponential(700 * DAY, len(member)).astype(np.int64)
    fading = groups.turns[group, 1] * DAY
    fades = np.maximum(joined + 3_600, fading + (rng.random(len(member)) * 150 * DAY).astype(int))
    left = np.where(rng.random(len(member)) < 0.35, np.minimum(left, fades), left)
    quits = rng.random(len(member)) < 0.5
    left = np.where(quits, np.minimum(left, quit_at[member]), left)
    return _once(Memberships(group, member, joined, span.seen(left)))


def _wanted(rng: np.random.Generator, groups: Groups, roster: Roster) -> tuple[Ints, Ints]:
    """Draw pairs of members and groups before looking at the clock."""
    honest = np.flatnonzero(~roster.is_fraud)
    at_home = honest[rng.random(len(honest)) < _IN_HOME]
    ordinary = np.repeat(honest[~roster.is_broker[honest]], _OTHER_GROUPS)
    other = rng.integers(groups.n_homes, len(groups), len(ordinary))
    joins = rng.random(len(ordinary)) < _IN_OTHER
    row, column = np.nonzero(roster.bridged >= 0)
    bridges = rng.random(len(row)) < _BRIDGES
    member = np.r_[at_home, ordinary[joins], row[bridges]]
    home = roster.community[at_home]
    group = np.r_[home, other[joins], roster.bridged[row[bridges], column[bridges]]]
    return member, group


def _once(rows: Memberships) -> Memberships:
    """Sort by group and member, and keep the first membership of each pair."""
    order = np.lexsort((rows.joined, rows.member, rows.group))
    group, member = rows.group[order], rows.member[order]
    first = np.r_[True, (group[1:] != group[:-1]) | (member[1:] != member[:-1])]
    order = order[first[: len(order)]]
    return Memberships(rows.group[order], rows.member[order], rows.joined[order], rows.left[order])
