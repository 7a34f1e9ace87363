"""When members, or sessions, reached each step of a funnel."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["NEVER", "Paths", "earliest"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NEVER = int(np.iinfo(np.int64).max)
"""The moment at which nothing ever happens."""


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """The steps that each unit (a member or a session) reached.

    Parameters
    ----------
    names : tuple of str
    previous : tuple of int
        From which step each is measured; -1 for the first.
    times : int64 array, (n_steps, n_units)
        When each was reached (us), `NEVER` where it was not.
    recorded : tuple of bool
        Whether the tables that tell of the step are there.
    entered : int64 array, n_units
        When the unit began, `NEVER` where unknown.
    member : int64 array, n_units
        Whose it is.
    """

    names: tuple[str, ...]
    previous: tuple[int, ...]
    times: Ints
    recorded: tuple[bool, ...]
    entered: Ints
    member: Ints

    def of(self, units: Bools, limit: int | None = None) -> "Paths":
        """Keep some units, and of their steps those reached within `limit` us of the begin."""
        times, entered = self.times[:, units], self.entered[units]
        if limit is not None:
            reached = times != NEVER
            times = np.where(reached & (times - entered < limit), times, NEVER)
        member = self.member[units]
        return Paths(self.names, self.previous, times, self.recorded, entered, member)


def earliest(of: Ints, at: Ints, n: int) -> Ints:
    """Give the first moment of each of `n` units, `NEVER` for those without any.

    Examples
    --------
    >>> earliest(np.array([0, 0]), np.array([7, 5]), 1)
    array([5])
    """
    first = np.full(n, NEVER)
    np.minimum.at(first, of, at)
    return first
