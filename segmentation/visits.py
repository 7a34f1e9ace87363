"""Visit days: what a member did on one local day is one visit."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.clock import local_day
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.ordering import opens_run

__all__ = ["Visits", "days_in_order", "visits_of"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """The visits of all members, in order of member and time.

    Visits of member ``i`` are ``starts[i]:starts[i + 1]``. `day` is the local calendar day,
    counted from 1970-01-01; `first` and `last` are the instants (us) of the first and the
    last thing done on it; `member` is the position of the member.
    """

    member: Ints
    day: Ints
    first: Ints
    last: Ints
    starts: Ints

    def count(self) -> Ints:
        """Count the visits of each member."""
        return np.diff(self.starts)

    def is_first(self) -> npt.NDArray[np.bool_]:
        """Tell which visits are the first of their member."""
        first = np.zeros(len(self.member), dtype=np.bool_)
        first[self.starts[:-1][self.count() > 0]] = True
        return first


def visits_of(rows: MemberRows, tz: str) -> Visits:
    """Put the rows of one member on one local day into one visit.

    Parameters
    ----------
    rows : MemberRows
        With times.
    tz : str
        Zone in which days are cut.

    Returns
    -------
    Visits

    Examples
    --------
    >>> import pyarrow as pa
    >>> from siyu.datasets.clock import HOUR_US, INSTANT
    >>> at = pa.array([0, 5 * HOUR_US, 25 * HOUR_US], INSTANT)
    >>> rows = MemberRows.of(pa.table({"member_id": [7, 7, 7], "at": at}), time="at")
    >>> visits_of(rows, "UTC").day, visits_of(rows, "UTC").count()
    (array([0, 1]), array([2]))
    """
    day = days_in_order(local_day(rows.times, tz), rows.codes)
    begin = np.flatnonzero(opens_run(day, rows.codes))
    end = np.append(begin[1:], len(day))[: len(begin)] - 1
    member = rows.codes[begin]
    starts = np.zeros(len(rows.members) + 1, dtype=np.int64)
    np.cumsum(np.bincount(member, minlength=len(rows.members)), out=starts[1:])
    return Visits(member, day[begin], rows.times[begin], rows.times[end], starts)


def days_in_order(day: Ints, codes: Ints) -> Ints:
    """Keep days ascending within a member, even where clocks go back past midnight.

    Parameters
    ----------
    day : int64 array
        Local days of rows in order of member and time.
    codes : int64 array, ascending
        The member of each row.

    Returns
    -------
    int64 array
        A day that comes again, as clocks in St John's had it until 2011, is the later one still.

    Examples
    --------
    >>> days_in_order(np.array([6, 7, 6, 12, 3]), np.array([0, 0, 0, 0, 1])).tolist()
    [6, 7, 7, 12, 3]
    """
    if not np.any((np.diff(day) < 0) & (np.diff(codes) == 0)):
        return day
    low = int(day.min())
    base = codes * (int(day.max()) - low + 1) - low
    return np.asarray(np.maximum.accumulate(base + day) - base)
