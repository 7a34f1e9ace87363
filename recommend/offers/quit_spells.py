"""The time in which members could quit, parted into what follows a send and the rest.

A spell is one stay of a customer in a group, or one link of a customer to staff. It is at risk
from its begin until it ends, or until nothing is known any more. A send that reaches the member
opens a window on the member's spells; a post to a group only on the stays in that group.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.clock import DAY_US, instants
from siyu.datasets.community import Community
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import ids_in, lookup
from siyu.datasets.ordering import opens_run
from siyu.recommend.sorted_keys import Bools, Ints, ranges

from .past_sends import Reached

__all__ = ["Exposure", "Risk", "Spells"]

Numbers = NDArray[np.float64]

_TABLES = {"group": ("memberships", "joined_at", "left_at"),
           "staff": ("staff_links", "added_at", "removed_at")}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Risk:
    """Quits and time at risk of each unit.

    Attributes
    ----------
    quits : int64 array
    time : float64 array, days
    repeats : float64 array, 1 or more
        Quits that one member made, on average over the quits: some leave several groups at
        once, and such quits are no independent evidence.
    """

    quits: Ints
    time: Numbers
    repeats: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """Spells in order of member.

    Attributes
    ----------
    member : int64 array, n_spells
        Codes among the customers.
    group : pa.Array, n_spells, null for links to staff
    begin, stop : int64 arrays, n_spells, microseconds
    is_quit : bool array, n_spells
        Whether `stop` is a quit.
    """

    member: Ints
    group: pa.Array
    begin: Ints
    stop: Ints
    is_quit: Bools

    @classmethod
    def of(cls, c: Community, record: str, members: pa.Array, end: int) -> "Spells | None":
        """Read the spells of one record.

        Parameters
        ----------
        c : Community
            Cut at `end`.
        record : {"group", "staff"}
        members : pa.Array, sorted ids of customers
        end : int, microseconds

        Returns
        -------
        Spells, or None if the table is absent, or does not tell when spells begin and end
        """
        table, begins, ends = _TABLES[record]
        rows = c.arrow(table)
        if rows is None or not {begins, ends} <= set(rows.column_names):
            return None
        first, last = c.observed.get(table, (-(2**62), end))
        last = min(last, end)
        member = lookup(rows["member_id"], members)
        begin = instants(rows[begins].cast(pa.int64()).fill_null(last))  # undated: never at risk
        stop = instants(rows[ends].cast(pa.int64()).fill_null(2**62))
        is_quit = stop < last
        begin, stop = np.maximum(begin, first), np.minimum(stop, last)
        kept = np.flatnonzero((member >= 0) & (begin < stop))
        group = rows["group_id"] if record == "group" else pa.nulls(rows.num_rows, pa.int64())
        of_group = lookup(group, ids_in(group))[kept]
        order = np.lexsort((of_group, is_quit[kept], stop[kept], begin[kept], member[kept]))
        kept = kept[order]
        flat = group.combine_chunks() if isinstance(group, pa.ChunkedArray) else group
        return cls(member[kept], flat.take(pa.array(kept)), begin[kept], stop[kept], is_quit[kept])

    def meet(self, reached: Reached) -> tuple[Ints, Ints]:
        """Pair every send with the spells on which it opens a window.

        Returns
        -------
        (row, spell)
            Rows of `reached` and spells at risk at the time.
        """
        first = np.searchsorted(self.member, reached.member, side="left")
        last = np.searchsorted(self.member, reached.member, side="right")
        row = np.repeat(np.arange(len(first)), last - first)
        spell = ranges(first, last)
        time = reached.time[row]
        fits = (self.begin[spell] <= time) & (time < self.stop[spell])
        if "group_id" in reached.sends.column_names and self.group.null_count < len(self.group):
            groups = ids_in(self.group)
            posted = lookup(reached.sends["group_id"], groups)[reached.send]
            stay = lookup(self.group, groups)
            fits &= (posted[row] < 0) | (posted[row] == stay[spell])
        return row[fits], spell[fits]


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Sends, the spells they met, and how long a window is.

    Attributes
    ----------
    spells : Spells
    row, spell : int64 arrays, n_pairs
        As `Spells.meet` gives them.
    time : int64 array, n_pairs, when each was sent
    within : int, microseconds
    """

    spells: Spells
    row: Ints
    spell: Ints
    time: Ints
    within: int

    @classmethod
    def of(cls, spells: Spells, reached: Reached, within: int) -> "Exposure":
        """Let sends meet spells."""
        row, spell = spells.meet(reached)
        return cls(spells, row, spell, reached.time[row], within)

    def inside(self, unit: Ints, n: int) -> Risk:
        """Give quits and time at risk within the windows of each unit.

        Parameters
        ----------
        unit : int64 array, n_pairs
            Such as the campaign of each pair, 0 or more; windows of one unit that overlap on a
            spell count once.
        n : int
            Number of units.
        """
        covered, ended, order = self._windows(unit)
        of_unit, spell = unit[order], self.spell[order]
        time = exact_sum(of_unit, covered / DAY_US, n)
        return _risk(of_unit[ended], self.spells.member[spell[ended]], time, n)

    def outside(self) -> tuple[Ints, Numbers]:
        """Give each spell's quits and days at risk outside of all windows."""
        covered, ended, order = self._windows(np.zeros(len(self.row), np.int64))
        spell, n = self.spell[order], len(self.spells.member)
        quits = self.spells.is_quit.astype(np.int64) - np.bincount(spell[ended], minlength=n)
        whole = (self.spells.stop - self.spells.begin) / DAY_US
        return quits, whole - exact_sum(spell, covered / DAY_US, n)

    def others(self, unit: Ints, n: int) -> Risk:
        """Give quits and time at risk outside of all windows, of the members of each unit."""
        quits, time = self.outside()
        pairs = np.unique(unit * max(len(self.spells.member), 1) + self._first_spell())
        of_unit, first = np.divmod(pairs, max(len(self.spells.member), 1))
        last = np.searchsorted(self.spells.member, self.spells.member[first], side="right")
        row = np.repeat(np.arange(len(first)), last - first)
        spell = ranges(first, last)
        gone = quits[spell] > 0
        left = self.spells.member[spell[gone]]
        return _risk(of_unit[row[gone]], left, exact_sum(of_unit[row], time[spell], n), n)

    def _first_spell(self) -> Ints:
        """Give the first spell of the member of every pair: a name for the member."""
        return np.searchsorted(self.spells.member, self.spells.member[self.spell], side="left")

    def _windows(self, unit: Ints) -> tuple[Ints, Bools, Ints]:
        """Part overlapping windows of a unit and spell.

        Returns
        -------
        (covered, ended, order)
            Time that each window adds; whether the spell ended by a quit in it; and the pairs in
            order of unit, spell and time, to which both belong.
        """
        order = np.lexsort((self.time, self.spell, unit))
        spell, time = self.spell[order], self.time[order]
        opens = opens_run(unit[order], spell)
        following = np.full(len(order), 2**62)
        following[:-1] = np.where(opens[1:], 2**62, time[1:])
        stop = self.spells.stop[spell]
        close = np.minimum(np.minimum(time + self.within, following), stop)
        is_last = following == 2**62
        ended = is_last & self.spells.is_quit[spell] & (stop < time + self.within)
        return close - time, ended, order


def _risk(unit: Ints, member: Ints, time: Numbers, n: int) -> Risk:
    """Count the quits of each unit, and how many of them one member made."""
    quits = np.bincount(unit, minlength=n)
    width = int(member.max(initial=0)) + 1
    pairs, each = np.unique(unit * width + member, return_counts=True)
    squares = np.bincount(pairs // width, each.astype(np.float64) ** 2, n)
    repeats = np.where(quits > 0, squares / np.maximum(quits, 1), 1.0)
    return Risk(quits, time, repeats)
