"""The calendar of campaigns: monthly fission campaigns, and the brand's own pushes."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrays import Floats, Ints
from .columns import ids, money, words
from .seasons import DAY, Span

__all__ = ["FISSION_KINDS", "PUSH_KINDS", "Campaigns", "FissionWindows"]

FISSION_KINDS = ("groupbuy", "help", "gift", "coupon", "bargain", "contest", "swap")
"""The seven fission kinds 拼 帮 送 券 砍 比 换, one after the other, one a month."""
PUSH_KINDS = ("content", "member_day", "festival")
_REWARD = (5.0, 3.0, 10.0, 5.0, 8.0, 20.0, 0.0)
_FIRST, _LAST = 4, 22  # days of a month, counted from 0, on which fission campaigns run


@dataclass(frozen=True, slots=True)
class FissionWindows:
    """One fission campaign a month, from its 5th day for 18 days; arrays of seconds."""

    starts: Ints
    ends: Ints

    @classmethod
    def of(cls, span: Span) -> "FissionWindows":
        """Lay the windows of all months that begin within the span."""
        starts = (span.months[span.months + _LAST < span.days - 1] + _FIRST) * DAY
        return cls(starts, starts + (_LAST - _FIRST) * DAY)

    def running_at(self, when: Ints) -> Ints:
        """Give the campaign that runs at each moment, -1 for none."""
        at = np.searchsorted(self.starts, when, side="right") - 1
        return np.where((at >= 0) & (when < self.ends[at]), at, -1)

    def moments(self, rng: np.random.Generator, n: int) -> Ints:
        """Draw midnights within random campaigns."""
        which = rng.integers(0, len(self.starts), n)
        return self.starts[which] + rng.integers(0, _LAST - _FIRST - 1, n) * DAY

    def rewards(self, campaign: Ints) -> Floats:
        """Give the reward of an invitation in each campaign, in the currency of the shop."""
        paid: Floats = np.array(_REWARD)[campaign % len(_REWARD)]
        return np.where(campaign >= 0, paid, np.nan)


@dataclass(frozen=True, slots=True)
class Campaigns:
    """All campaigns: the fission ones first, then the brand's pushes in order of time."""

    kind: list[str]
    starts: Ints
    ends: Ints
    cost_cents: Ints

    @classmethod
    def of(cls, windows: FissionWindows, n_members: int) -> "Campaigns":
        """Begin the list with the fission campaigns; each costs a fee and some work."""
        count = len(windows.starts)
        kinds = [FISSION_KINDS[i % len(FISSION_KINDS)] for i in range(count)]
        cost = np.full(count, 200_000 + 20 * n_members)
        return cls(kinds, windows.starts, windows.ends, cost)

    def and_pushes(self, kind: list[str], starts: Ints, ends: Ints, cents: Ints) -> "Campaigns":
        """Add the brand's pushes."""
        return Campaigns(
            self.kind + kind,
            np.r_[self.starts, starts],
            np.r_[self.ends, ends],
            np.r_[self.cost_cents, cents],
        )

    def ids(self, codes: Ints) -> pa.Array:
        """Write campaign ids, null for -1."""
        return ids("cam", codes, 4)

    def table(self, span: Span) -> pa.Table:
        """Build the table ``campaigns``; `cost` is in the currency of the shop."""
        codes = np.arange(len(self.kind))
        return pa.table(
            {
                "campaign_id": self.ids(codes),
                "kind": words(self.kind, codes),
                "starts_at": span.instants(self.starts),
                "ends_at": span.instants(self.ends),
                "cost": money(self.cost_cents),
            }
        )
