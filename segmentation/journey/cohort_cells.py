"""The triangle of cohorts and ages, laid out flat."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .periods import period_of

__all__ = ["NO_DAY", "Cells"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NO_DAY = int(np.iinfo(np.int64).min)
"""The birth day of members of no cohort."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """One cell for each cohort and age up to now, cohort by cohort.

    Parameters
    ----------
    period : str
    birth_day : int64 array, n_all_members
        Local day from which on a member counts, `NO_DAY` for members of no cohort.
    of : int64 array, n_all_members
        Cohort of each member, -1 for none.
    starts : int64 array, n_cohorts
        First cell of each cohort.
    group, number, age, n_members : int64 arrays, n_cells
        The cell's group, the number of its cohort's first period, its age in periods, and the
        size of its cohort.
    """

    period: str
    birth_day: Ints
    of: Ints
    starts: Ints
    group: Ints
    number: Ints
    age: Ints
    n_members: Ints

    @classmethod
    def lay(cls, birth_day: Ints, group: Ints, today: int, period: str) -> "Cells":
        """Lay out the cells of all members that have a birth day."""
        there = birth_day != NO_DAY
        born = period_of(birth_day[there], period)
        now = int(period_of(np.array([today]), period)[0])
        pairs = np.column_stack([group[there], born])
        met, cohort, size = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
        of = np.full(len(birth_day), -1)
        of[there] = cohort.reshape(-1)
        n_ages = now - met[:, 1] + 1
        starts = np.cumsum(n_ages) - n_ages
        age = np.arange(n_ages.sum()) - np.repeat(starts, n_ages)
        spread = [np.repeat(part, n_ages) for part in (met[:, 0], met[:, 1], size)]
        return cls(period, birth_day, of, starts, spread[0], spread[1], age, spread[2])

    def counts(self, of: Ints, day: Ints) -> Bools:
        """Tell which acts were done by members of a cohort on or after their birth day."""
        return np.asarray((self.of[of] >= 0) & (day >= self.birth_day[of]))

    def at(self, of: Ints, day: Ints) -> Ints:
        """Give the cell of each act that `counts`."""
        first = self.starts[self.of[of]]
        return np.asarray(first + period_of(day, self.period) - self.number[first])

    def running(self, values: Floats) -> Floats:
        """Add up the cells of each cohort with rising age, by itself: no rounding of others."""
        cohort = np.repeat(np.arange(len(self.starts)), np.diff(self.starts, append=len(values)))
        table = np.zeros((len(self.starts), int(self.age.max(initial=0)) + 1))
        table[cohort, self.age] = values
        return np.asarray(table.cumsum(axis=1)[cohort, self.age])
