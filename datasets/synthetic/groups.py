"""Groups with a life of their own: founded, growing, stable, dying, dead."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrays import Floats, Ints
from .columns import ids, taken, words
from .roster import Founding
from .seasons import DAY, NEVER, Span

__all__ = ["GROUP_KINDS", "GROUP_STATES", "Groups", "draw_groups"]

GROUP_KINDS = ("sharing", "empowerment", "sales", "flash")
"""共享, 赋能, 销售 and 快闪 groups; the first two are homes of communities."""
GROUP_STATES = ("growing", "stable", "dying", "dead")
_CHAT = (1.0, 1.3, 0.12, 0.3)  # how talkative members are in each kind
_FESTIVALS = ((6, 13), (11, 6))


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups: one home for each community, then mixed sales groups, then flash groups."""

    kind: Ints
    created: Ints
    turns: Ints
    """Days on which each becomes stable, dying, dead; (n_groups, 3), beyond the end if never."""
    owner: Ints
    """Staff that owns the group, as a place among the staff."""
    n_homes: int
    activity: Floats
    """Talk so far: what a member of the group would have said by each day had they been there
    from the start, in units of their own daily rate; (n_groups, n_days + 1)."""

    def __len__(self) -> int:
        return len(self.kind)

    def ids(self, codes: Ints) -> pa.Array:
        """Write group ids, null for -1."""
        return ids("g", codes, 5)

    def state_at(self, group: Ints, day: Ints) -> Ints:
        """Give the state of groups on days, as a place in `GROUP_STATES`."""
        state: Ints = (day[:, None] >= self.turns[group]).sum(axis=1)
        return state

    def table(self, span: Span, member_ids: pa.Array, n_customers: int) -> pa.Table:
        """Build the table ``groups``."""
        codes = np.arange(len(self))
        return pa.table(
            {
                "group_id": self.ids(codes),
                "kind": words(GROUP_KINDS, self.kind),
                "owner_id": taken(member_ids, self.owner + n_customers),
                "created_at": span.instants(self.created),
            }
        )

    def truth(self, span: Span) -> pa.Table:
        """Build ``truth["groups"]``: the state of every group over time."""
        codes = np.repeat(np.arange(len(self)), len(GROUP_STATES))
        state = np.tile(np.arange(len(GROUP_STATES)), len(self))
        since = np.concatenate([self.created[:, None], self.turns * DAY], axis=1)
        until = np.concatenate([since[:, 1:], np.full((len(self), 1), NEVER)], axis=1)
        seen = since.ravel() < span.seconds
        return pa.table(
            {
                "group_id": self.ids(codes[seen]),
                "state": words(GROUP_STATES, state[seen]),
                "since": span.instants(since.ravel()[seen]),
                "until": span.instants(span.seen(until.ravel()[seen])),
            }
        )


def draw_groups(
    rng: np.random.Generator, span: Span, founding: Founding, n_members: int, n_staff: int
) -> Groups:
    """Found the groups and draw their lives.

    A home is created when its community is founded; it grows 30 to 120 days, is stable an
    exponential time of mean 600 days (60 at least), dies for 30 to 90 days, and is dead. One
    sales group per 600 members lives longer. Flash groups come with the festivals, one per
    2,000 members: two days growing, ten stable, four dying.
    """
    homes = len(founding.at)
    n_sales = max(1, n_members // 600)
    festivals = np.concatenate([span.day_numbers(*when) for when in _FESTIVALS])
    flash = np.repeat(np.sort(festivals), max(1, n_members // 2_000))
    kind = np.r_[
        (rng.random(homes) < 0.3).astype(np.int64), np.full(n_sales, 2), np.full(len(flash), 3)
    ]
    sales_day = (rng.random(n_sales) ** 2 * span.days * 0.8).astype(np.int64)
    created = np.r_[founding.at, sales_day * DAY, flash * DAY + 9 * 3_600]
    count, is_flash = len(kind), kind == 3
    grows = np.where(is_flash, 2, rng.integers(30, 121, count))
    mean = np.where(kind == 2, 900.0, 600.0)
    holds = np.where(is_flash, 10, 60 + rng.exponential(mean).astype(np.int64))
    dies = np.where(is_flash, 4, rng.integers(30, 91, count))
    turns = created[:, None] // DAY + np.cumsum(np.stack([grows, holds, dies], axis=1), axis=1)
    owner = rng.integers(0, n_staff, count)
    return Groups(kind, created, turns, owner, homes, _activity(span, kind, created, turns))


def _activity(span: Span, kind: Ints, created: Ints, turns: Ints) -> Floats:
    """Add up each group's daily talk: lively, falling to a tenth while dying, then nearly none."""
    day = np.arange(span.days)[None, :]
    dying = (day - turns[:, 1:2]) / np.maximum(turns[:, 2:3] - turns[:, 1:2], 1)
    level = 1.0 + 0.5 * (day < turns[:, :1])
    level = np.where(day >= turns[:, 1:2], 1.0 - 0.9 * np.clip(dying, 0, 1), level)
    level = np.where(day >= turns[:, 2:3], 0.01, level)
    level = np.where(day < created[:, None] // DAY, 0.0, level)
    level = level * np.array(_CHAT)[kind][:, None]
    return np.concatenate([np.zeros((len(kind), 1)), np.cumsum(level, axis=1)], axis=1)
