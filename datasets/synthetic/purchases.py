"""When members buy: gamma gaps of their own within each life, on the shop's business clock."""

from dataclasses import dataclass, fields

import numpy as np

from .arrays import Bools, Floats, Ints
from .lifecycle import Lives
from .members import Traits
from .seasons import DAY, BusinessClock, Span, seconds_of_day

__all__ = ["Visits", "after_joining", "draw_visits"]

_BLOCK = 8  # gaps drawn at once for every life that still goes on


@dataclass(frozen=True, slots=True)
class Visits:
    """Purchases, at most one a member and day, sorted by member and moment."""

    member: Ints
    moment: Ints

    def __len__(self) -> int:
        return len(self.member)

    @property
    def day(self) -> Ints:
        """Day of each visit since the start."""
        return self.moment // DAY

    def only(self, kept: Bools | Ints) -> "Visits":
        """Keep some of the visits, or put them in another order."""
        return Visits(*(getattr(self, f.name)[kept] for f in fields(self)))


@dataclass(frozen=True, slots=True)
class _Rhythm:
    shape: Floats
    scale: Floats


def draw_visits(
    rng: np.random.Generator, span: Span, lives: Lives, traits: Traits, clock: BusinessClock
) -> Visits:
    """Draw the visits of all lives: one on the first day, then a renewal process to the end."""
    life, when = _renewals(rng, lives, traits, clock)
    day = clock.day_at(when)
    member = lives.member[life]
    day = _member_days(rng, span, day, lives.end[life], traits.keeps_member_day[member])
    member, day = np.r_[lives.member, member], np.r_[lives.start, day]
    key = np.unique(member * span.days + day)
    member, day = key // span.days, key % span.days
    seconds = seconds_of_day(rng, traits.hour[member], traits.hour_spread[member])
    return Visits(member, day * DAY + seconds)


def after_joining(rng: np.random.Generator, visits: Visits, joined: Ints) -> Visits:
    """Move visits on the day of joining behind the moment of joining."""
    begins = joined[visits.member]
    same_day = visits.day == begins // DAY
    left = (begins // DAY + 1) * DAY - begins
    later = begins + 60 + (rng.random(len(begins)) * (left - 120)).astype(np.int64)
    return Visits(visits.member, np.where(same_day, later, visits.moment))


def _renewals(
    rng: np.random.Generator, lives: Lives, traits: Traits, clock: BusinessClock
) -> tuple[Ints, Floats]:
    """Add gap after gap to every life until its end; some gaps at a time."""
    last_day = len(clock.pace)
    now = clock.elapsed[lives.start] + 0.5 * clock.pace[lives.start]
    end = clock.elapsed[np.minimum(lives.end, last_day)]
    rhythm = _Rhythm(
        traits.gap_shape[lives.member], (traits.gap_days / traits.gap_shape)[lives.member]
    )
    going = np.flatnonzero(now < end)
    found: list[tuple[Ints, Floats]] = []
    while len(going):
        gaps = rng.standard_gamma(rhythm.shape[going][:, None], (len(going), _BLOCK))
        times = now[going][:, None] + np.cumsum(gaps * rhythm.scale[going][:, None], axis=1)
        inside = times < end[going][:, None]
        found.append((np.repeat(going, inside.sum(axis=1)), times[inside]))
        now[going] = times[:, -1]
        going = going[inside[:, -1]]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


def _member_days(
    rng: np.random.Generator, span: Span, day: Ints, life_end: Ints, keeps: Bools
) -> Ints:
    """Let members who keep the member day wait for the 13th from three days before."""
    wait = 13 - span.day_of_month[day]
    waits = keeps & (wait > 0) & (wait <= 3) & (rng.random(len(day)) < 0.75)
    moved = np.where(waits, day + wait, day)
    return np.where(moved < np.minimum(life_end, span.days), moved, day)
