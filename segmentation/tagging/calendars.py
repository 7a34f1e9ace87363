"""The shop's own calendar: member days and festivals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from siyu.datasets.errors import ParameterError

__all__ = ["FESTIVALS", "Calendar", "on_days", "usual_festivals"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Spans = tuple[tuple[str, str], ...]

FESTIVALS = ("spring_festival", "june_618", "double_11", "double_12")
"""The names of the festivals of `usual_festivals`."""

_NEW_YEARS = (
    "2010-02-14",
    "2011-02-03",
    "2012-01-23",
    "2013-02-10",
    "2014-01-31",
    "2015-02-19",
    "2016-02-08",
    "2017-01-28",
    "2018-02-16",
    "2019-02-05",
    "2020-01-25",
    "2021-02-12",
    "2022-02-01",
    "2023-01-22",
    "2024-02-10",
    "2025-01-29",
    "2026-02-17",
    "2027-02-06",
    "2028-01-26",
    "2029-02-13",
    "2030-02-03",
    "2031-01-23",
    "2032-02-11",
    "2033-01-31",
    "2034-02-19",
    "2035-02-08",
)
"""New Year's days of the lunar calendar."""

_BEFORE_NEW_YEAR, _AFTER_NEW_YEAR = 14, 6
_FIXED = {
    "june_618": ("06-01", "06-20"),
    "double_11": ("11-01", "11-11"),
    "double_12": ("12-10", "12-12"),
}


def usual_festivals() -> dict[str, Spans]:
    """Give the days of the four big Chinese sales festivals, 2010 to 2035.

    Returns
    -------
    dict of name to spans of days, both ends within
        ``spring_festival`` from 14 days before the lunar New Year's day to 6 after,
        ``june_618`` 1 to 20 June, ``double_11`` 1 to 11 November, ``double_12`` 10 to 12
        December.

    Examples
    --------
    >>> [span for span in usual_festivals()["spring_festival"] if "2026" in span[0]]
    [('2026-02-03', '2026-02-23')]
    """
    new_years = np.array(_NEW_YEARS, dtype="datetime64[D]")
    starts, ends = new_years - _BEFORE_NEW_YEAR, new_years + _AFTER_NEW_YEAR
    found = {"spring_festival": tuple((str(a), str(b)) for a, b in zip(starts, ends, strict=True))}
    years = [day[:4] for day in _NEW_YEARS]
    for name, (first, last) in _FIXED.items():
        found[name] = tuple((f"{year}-{first}", f"{year}-{last}") for year in years)
    return found


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the shop has member days and festivals; tags read habits against it.

    Parameters
    ----------
    member_days : tuple
        Days of the month (1 to 31) or single dates (``"2026-03-08"``). Default: the 13th.
    festivals : mapping of name to spans ``(first day, last day)``
        Both days within; of overlapping festivals the one named first counts. Default:
        `usual_festivals`.

    Raises
    ------
    ParameterError
        If a day or a span cannot be read, or a span ends before it begins.

    Examples
    --------
    >>> ours = Calendar((8,), {"birthday_week": [("2026-03-01", "2026-03-07")]})
    >>> days = np.array(["2026-03-07", "2026-03-08"], dtype="datetime64[D]").astype(np.int64)
    >>> ours.is_member_day(days), ours.festival(days)
    (array([False,  True]), array([ 0, -1]))
    """

    member_days: tuple[Any, ...] = (13,)
    festivals: Mapping[str, Any] = field(default_factory=usual_festivals)

    def __post_init__(self) -> None:
        self.is_member_day(np.empty(0, dtype=np.int64))
        if not isinstance(self.festivals, Mapping):
            raise ParameterError("calendar", f"festivals must be a dict, got {self.festivals!r}")
        for name, spans in self.festivals.items():
            _spans(name, spans)

    def is_member_day(self, days: Ints) -> Bools:
        """Tell which local days (counted from 1970-01-01) are member days."""
        low, every = _range(days)
        return np.asarray(on_days("calendar", self.member_days, every)[days - low])

    def festival(self, days: Ints) -> Ints:
        """Give the place in `festivals` of the one that each local day is in, -1 for none."""
        low, every = _range(days)
        found = np.full(len(every), -1, dtype=np.int64)
        for place, (name, spans) in enumerate(self.festivals.items()):
            for first, last in _spans(name, spans):
                found[(every >= first) & (every <= last) & (found < 0)] = place
        return np.asarray(found[days - low])


def on_days(name: str, wanted: Iterable[Any], days: Ints) -> Bools:
    """Tell which local days (counted from 1970-01-01) are among some days.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    wanted : iterable
        Days of the month (1 to 31) or single dates.
    days : int64 array

    Raises
    ------
    ParameterError
        If a day cannot be read.

    Examples
    --------
    >>> on_days("days", [2, "1970-01-05"], np.arange(6))
    array([False,  True, False, False,  True, False])
    """
    if isinstance(wanted, str) or not isinstance(wanted, Iterable):
        raise ParameterError(name, f"expected several days of the month or dates, got {wanted!r}")
    numbers, single = [], []
    for day in wanted:
        if not isinstance(day, int | np.integer) or isinstance(day, bool):
            single.append(_day(day, name))
        elif 1 <= day <= 31:
            numbers.append(int(day))
        else:
            raise ParameterError(name, f"member days are 1 to 31 or dates, got {day}")
    dates = days.astype("datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    return np.asarray(np.isin(of_month, numbers) | np.isin(days, single))


def _range(days: Ints) -> tuple[int, Ints]:
    """Give the first day and every day up to the last."""
    low, high = (int(days.min()), int(days.max())) if len(days) else (0, -1)
    return low, np.arange(low, high + 1)


def _day(day: Any, name: str = "calendar") -> int:
    """Read a date; a bare number is none, though pandas takes it for nanoseconds."""
    wrong = f"expected a date, got {day!r}"
    if isinstance(day, Real):
        raise ParameterError(name, wrong)
    try:
        return int(np.datetime64(pd.Timestamp(day).date(), "D").astype(np.int64))
    except (ValueError, TypeError) as error:
        raise ParameterError(name, wrong) from error


def _spans(name: str, spans: Any) -> list[tuple[int, int]]:
    """Read the spans of a festival as days counted from 1970-01-01."""
    if isinstance(spans, str) or not isinstance(spans, Iterable):
        raise ParameterError("calendar", f"'{name}' must be a list of spans, got {spans!r}")
    read = []
    for span in spans:
        if not isinstance(span, list | tuple) or len(span) != 2:
            raise ParameterError(
                "calendar", f"spans of '{name}' are (first day, last day), got {span!r}"
            )
        first, last = _day(span[0]), _day(span[1])
        if last < first:
            raise ParameterError("calendar", f"'{name}' ends before it begins: {span!r}")
        read.append((first, last))
    return read
