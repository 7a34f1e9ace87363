"""What members did, day by day, seen from one moment: the raw material of every forecast.

Days are counted back from `as_of` on the shop's clock: day -1 is the last day before it, day -28
the first of the last four weeks. With an `as_of` at midnight these are local calendar days; at
another time of day every day begins then. So no day is ever cut in two: what lies before a cut
is a feature, what lies from it on is a label, and nothing is both.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, local_clock
from siyu.datasets.community import Community
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.ordering import opens_run
from siyu.datasets.purchases import is_purchase
from siyu.segmentation.records import ended_early, table_of
from siyu.segmentation.visits import days_in_order

from .settings import Activity

__all__ = ["History", "history_before", "instant_text"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_TIMES = {"orders": "order_time", "events": "event_time"}


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The active days of members before a moment, in order of member and day.

    Attributes
    ----------
    members : pyarrow.Array, n_members sorted ids
    starts : int64 array, n_members + 1
        Days of member ``i`` are ``starts[i]:starts[i + 1]``.
    day : int64 array, n_days
        Below 0, counted back from the moment; ascending and distinct within a member.
    is_visit : bool array, n_days
        Whether the member bought (or, by events, did anything). Other days hold refunds alone.
    money : float64 array, n_days
        Net amount of the day; 0 for events.
    lines : int64 array, n_days
        Order lines that are purchases, or events.
    weekday : int
        Weekday of day 0, Monday = 0.
    """

    members: pa.Array
    starts: Ints
    day: Ints
    is_visit: Bools
    money: Floats
    lines: Ints
    weekday: int

    @classmethod
    def of(cls, c: Community, end: int, activity: Activity, members: pa.Array) -> "History":
        """Read the history of members from a community.

        Parameters
        ----------
        c : Community
        end : int
            The moment (us), itself excluded: later rows are not looked at.
        activity : {"orders", "events"}
        members : sorted pyarrow.Array

        Raises
        ------
        DataError
            If the table `activity` is missing.
        """
        table, time = table_of(c, activity, "a forecast of visits"), _TIMES[activity]
        wanted = ["member_id", time, "amount", "quantity"]
        table = table.select([name for name in wanted if name in table.column_names])
        rows = MemberRows.of(table, time=time, members=members)
        rows = rows.where(rows.times < end)
        moment = int(local_clock(np.array([end]), c.tz)[0])
        # Below 0 even in the hour that a change of the clock repeats.
        day = np.minimum((local_clock(rows.times, c.tz) - moment) // DAY_US, -1)
        day = days_in_order(day, rows.codes)
        buys = activity == "orders"
        bought = is_purchase(rows.table) if buys else np.ones(len(day), np.bool_)
        opens = opens_run(day, rows.codes)
        at = np.cumsum(opens) - 1
        n_days = int(opens.sum())
        lines = np.bincount(at, bought, n_days).astype(np.int64)
        return cls(
            members=members,
            starts=np.concatenate(([0], np.cumsum(opens, dtype=np.int64)))[rows.starts],
            day=day[opens],
            is_visit=lines > 0,
            money=_sum_by_day(at, rows, n_days) if buys else np.zeros(n_days),
            lines=lines,
            weekday=int((moment // DAY_US + 3) % 7),
        )

    @property
    def first_day(self) -> int:
        """The earliest day on which anybody visited; 0 without visits."""
        return int(self.day[self.is_visit].min(initial=0))

    def codes(self) -> Ints:
        """Give the member of each day."""
        return np.repeat(np.arange(len(self.members)), np.diff(self.starts))

    def visits(self, until: int = 0) -> "History":
        """Keep the visits before a day; all members stay."""
        return self._where(self.is_visit & (self.day < until))

    def of_visitors(self) -> "tuple[History, Ints]":
        """Keep the members with rows; also give their positions."""
        there = np.flatnonzero(np.diff(self.starts) > 0)
        starts = np.append(self.starts[there], self.starts[-1])
        return replace(self, members=self.members.take(pa.array(there)), starts=starts), there

    def between(self, begin: int, end: int) -> "tuple[Ints, Floats]":
        """Count each member's visits, and sum the net money, from day `begin` to before `end`."""
        inside = (self.day >= begin) & (self.day < end)
        codes, n = self.codes()[inside], len(self.members)
        visits = np.bincount(codes, self.is_visit[inside], n).astype(np.int64)
        return visits, np.bincount(codes, self.money[inside], n).astype(np.float64)

    def _where(self, mask: Bools) -> "History":
        kept = np.flatnonzero(mask)
        return replace(
            self,
            starts=np.concatenate(([0], np.cumsum(mask, dtype=np.int64)))[self.starts],
            day=self.day[kept],
            is_visit=self.is_visit[kept],
            money=self.money[kept],
            lines=self.lines[kept],
        )


def history_before(c: Community, as_of: Any, activity: Activity) -> tuple[History, int, str]:
    """Read the history of every customer known before a moment.

    Returns
    -------
    (History, moment in us, warning)
        The warning says that the record ended early; empty if it did not.
    """
    known, end = c.before(as_of), c.moment(as_of)
    history = History.of(known, end, activity, known.customers())
    return history, end, ended_early(known, end, activity)


def instant_text(us: int) -> str:
    """Write an instant in ISO form.

    Examples
    --------
    >>> instant_text(0)
    '1970-01-01T00:00:00.000000Z'
    """
    return str(np.datetime64(us, "us")) + "Z"


def _sum_by_day(at: Ints, rows: MemberRows, n_days: int) -> Floats:
    """Sum the amounts of each day exactly, whatever the order of its lines."""
    return exact_sum(at, np.nan_to_num(rows.numbers("amount")), n_days)
