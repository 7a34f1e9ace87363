"""Months and weeks of the shop's calendar, counted and named."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, local_day
from siyu.datasets.errors import ParameterError

__all__ = [
    "Period",
    "check_period",
    "day_names",
    "days_us",
    "first_day",
    "first_whole",
    "named",
    "period_of",
]

Ints = npt.NDArray[np.int64]
Period = Literal["month", "week"]

_TO_MONDAY = 3  # 1970-01-01 was a Thursday
_CENTURY = 36_525  # days; more would leave the range of instants


def check_period(period: str) -> None:
    """Refuse a period that is neither month nor week."""
    if period not in ("month", "week"):
        raise ParameterError("period", f"period must be 'month' or 'week', got {period!r}")


def days_us(name: str, days: float) -> int:
    """Read a number of days, above 0 and up to a century, as microseconds.

    Examples
    --------
    >>> days_us("within_days", 0.5)
    43200000000
    """
    if not 0 < days <= _CENTURY:
        raise ParameterError(name, f"{name} must be above 0, up to {_CENTURY:,}, got {days}")
    return round(days * DAY_US)


def period_of(days: Ints, period: str) -> Ints:
    """Give the number of the month (from 1970-01 on) or week of each local day.

    Examples
    --------
    >>> period_of(np.array([0, 31, 4]), "month"), period_of(np.array([0, 31, 4]), "week")
    (array([0, 1, 0]), array([0, 4, 1]))
    """
    if period == "week":
        return (days + _TO_MONDAY) // 7
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    return np.asarray(months.astype(np.int64))


def first_day(numbers: Ints, period: str) -> Ints:
    """Give the first local day of each month or week, as days since 1970-01-01.

    Examples
    --------
    >>> first_day(np.array([1]), "month"), first_day(np.array([1]), "week")
    (array([31]), array([4]))
    """
    if period == "week":
        return numbers * 7 - _TO_MONDAY
    starts = numbers.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray(starts.astype(np.int64))


def named(numbers: Ints, period: str) -> pa.Array:
    """Name months ``2026-03`` and weeks by their Monday ``2026-03-02``.

    Examples
    --------
    >>> named(np.array([0, 14]), "month").to_pylist(), named(np.array([1]), "week").to_pylist()
    (['1970-01', '1971-03'], ['1970-01-05'])
    """
    if period == "week":
        return day_names(first_day(numbers, period))
    return pa.array(np.datetime_as_string(numbers.astype("datetime64[M]")), pa.string())


def day_names(days: Ints) -> pa.Array:
    """Name local days ``2026-03-02``.

    Examples
    --------
    >>> day_names(np.array([0])).to_pylist()
    ['1970-01-01']
    """
    return pa.array(np.datetime_as_string(days.astype("datetime64[D]")), pa.string())


def first_whole(begin: int | None, tz: str) -> int:
    """Give the first local day that lies wholly after an instant (us); None: all days do.

    Examples
    --------
    >>> first_whole(0, "UTC"), first_whole(1, "UTC")
    (0, 1)
    """
    if begin is None:
        return int(np.iinfo(np.int64).min)
    return int(local_day(np.array([begin - 1]), tz)[0]) + 1
