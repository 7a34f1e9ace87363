"""Lives: when members buy at all, when they fall silent, come back, and the stages of it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrays import Bools, Floats, Ints, running_place
from .columns import taken, words
from .members import Traits
from .seasons import DAY, NEVER, Span

__all__ = ["STAGES", "Lives", "draw_lives", "silence_days", "stage_intervals"]

STAGES = ("prospect", "new", "growing", "loyal", "dormant", "churned", "won_back")
_PROSPECT, _NEW, _GROWING, _LOYAL, _DORMANT, _CHURNED, _WON_BACK = range(7)
_COMES_BACK = 0.33
_SILENT_GAPS = 2.5


@dataclass(frozen=True, slots=True)
class Lives:
    """Intervals in which members buy at their rhythm, sorted by member and start.

    A life begins with an order on its first day and ends by falling silent for good, or until
    the next life. Days count from the start of the span; `end` is the first silent day and may
    lie beyond the span (then the member is still buying).
    """

    member: Ints
    start: Ints
    end: Ints

    def status(self, member: Ints, day: Ints) -> tuple[Bools, Bools]:
        """Tell who is in a life on a day, and who has a life still to begin."""
        at = self.at(member, day)
        alive = (at >= 0) & (day < self.end[np.maximum(at, 0)]) if len(self.member) else at >= 0
        following = np.searchsorted(self._keys(), member * _DAYS + day, side="right")
        padded = np.r_[self.member, -1]
        return alive, padded[following] == member

    def at(self, member: Ints, day: Ints) -> Ints:
        """Give the latest life of each member that began by the day; -1 for none."""
        found = np.searchsorted(self._keys(), member * _DAYS + day, side="right") - 1
        owner = np.r_[self.member, -1][found]
        return np.where(owner == member, found, -1)

    def cut_at(self, left_day: Ints) -> "Lives":
        """End the lives of members who leave the brand for good (`NEVER`: they stay)."""
        limit = left_day[self.member]
        kept = self.start < limit
        return Lives(self.member[kept], self.start[kept], np.minimum(self.end, limit)[kept])

    def and_more(self, member: Ints, start: Ints, end: Ints) -> "Lives":
        """Add lives that do not overlap these."""
        members, starts = np.r_[self.member, member], np.r_[self.start, start]
        order = np.lexsort((starts, members))
        return Lives(members[order], starts[order], np.r_[self.end, end][order])

    def _keys(self) -> Ints:
        return self.member * _DAYS + self.start


_DAYS = 1 << 20


def draw_lives(rng: np.random.Generator, joined: Ints, traits: Traits, days: int) -> Lives:
    """Draw first lives, and up to two comebacks.

    The first order follows joining after a lognormal wait (median 10 days; within the day for
    a quarter). A life lasts an exponential time of the member's own mean, one day for the
    one-shot. After it a third comes back, two to eight own gaps later but at least 75 days.
    """
    member = np.flatnonzero(traits.is_buyer)
    wait = np.exp(np.log(10.0) + 1.2 * rng.standard_normal(len(member)))
    at_once = rng.random(len(member)) < 0.25
    start = joined[member] // DAY + np.where(at_once, 0, np.minimum(wait, 4_000)).astype(np.int64)
    lives: list[tuple[Ints, Ints, Ints]] = []
    for _ in range(3):
        seen = start < days
        member, start = member[seen], start[seen]
        lasts = rng.exponential(traits.lifetime_days[member])
        once = traits.is_one_shot[member] if not lives else np.zeros(len(member), np.bool_)
        end = start + 1 + np.where(once, 0, lasts).astype(np.int64)
        lives.append((member, start, end))
        back = rng.random(len(member)) < _COMES_BACK
        member, start = member[back], end[back]
        pause = traits.gap_days[member] * rng.uniform(2, 8, len(member))
        start = start + np.clip(pause, 75, 400).astype(np.int64)
    members, starts, ends = (np.concatenate(part) for part in zip(*lives, strict=True))
    none = np.zeros(0, np.int64)
    return Lives(none, none, none).and_more(members, starts, ends)


def silence_days(gap_days: Floats) -> Floats:
    """Days of silence after which a dormant member counts as churned: 2.5 gaps, 30 to 180."""
    return np.clip(_SILENT_GAPS * gap_days, 30.0, 180.0)


def stage_intervals(
    span: Span,
    member_ids: pa.Array,
    joined: Ints,
    lives: Lives,
    orders: tuple[Ints, Ints, Floats],
) -> pa.Table:
    """Build ``truth["lifecycle"]`` from lives and the moments of orders.

    `orders` holds members, moments (sorted by member, then moment) and the members' own gaps.
    A prospect has joined and not bought; new lasts from the first order to the second, growing
    to the fifth, loyal to the end of the life; then dormant for 2.5 own gaps (30 to 180 days)
    and churned. In a later life the first two orders are won_back, then growing and loyal.
    """
    member, moment, gap_days = orders
    bought = _bought(lives, member, moment)
    ended = lives.end < span.days
    silent, quiet_from = lives.member[ended], lives.end[ended]
    churned_day = quiet_from + silence_days(gap_days[silent]).astype(np.int64)
    next_start = np.r_[lives.start[1:], 0]
    has_next = np.r_[lives.member[1:], -1] == lives.member
    limit = np.where(has_next, next_start, span.days)[ended]
    gone = churned_day < limit
    who = np.r_[np.arange(len(joined)), bought[0], silent, silent[gone]]
    since = np.r_[joined, bought[1], quiet_from * DAY, churned_day[gone] * DAY]
    stage = np.r_[
        np.full(len(joined), _PROSPECT),
        bought[2],
        np.full(len(silent), _DORMANT),
        np.full(int(gone.sum()), _CHURNED),
    ]
    order = np.lexsort((since, who))
    who, since, stage = who[order], since[order], stage[order]
    is_last = np.r_[who[1:] != who[:-1], np.ones(min(len(who), 1), np.bool_)]
    until = np.where(is_last, NEVER, np.r_[since[1:], [NEVER] * min(len(who), 1)])
    return pa.table(
        {
            "member_id": taken(member_ids, who),
            "stage": words(STAGES, stage),
            "since": span.instants(since),
            "until": span.instants(until),
        }
    )


def _bought(lives: Lives, member: Ints, moment: Ints) -> tuple[Ints, Ints, Ints]:
    """Find the orders with which a stage begins: members, moments, stages."""
    life = lives.at(member, moment // DAY)
    place = running_place(life) + 1
    is_first_life = running_place(lives.member)[life] == 0 if len(life) else life == 0
    ripe = np.where(place >= 5, _LOYAL, _GROWING)
    first = np.where(place == 1, _NEW, ripe)
    later = np.where(place <= 2, _WON_BACK, ripe)
    stage = np.where(is_first_life, first, later)
    begins = (place == 1) | (stage != np.r_[-1, stage[:-1]])
    return member[begins], moment[begins], stage[begins]
