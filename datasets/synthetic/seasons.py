"""The simulator's calendar: a fixed span, its seasons, and time that runs faster on busy days."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from siyu.datasets.clock import INSTANT

from .arrays import Bools, Floats, Ints

__all__ = ["DAY", "NEVER", "TZ", "BusinessClock", "Span", "seconds_of_day"]

DAY = 86_400
"""Seconds of a day."""
NEVER = int(np.iinfo(np.int64).max)
"""Stands for a moment that does not come, or comes after the end; null in the tables."""
TZ = "Asia/Shanghai"
_END = np.datetime64("2026-07-01", "D")
_OFFSET = 8 * 3600  # China has one zone without summer time, UTC+8 all year
_NEW_YEARS = np.array(
    [
        *("2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12"),
        *("2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17"),
    ],
    dtype="datetime64[D]",
)


@dataclass(frozen=True, slots=True)
class Span:
    """The simulated days. Inside, time is whole seconds since the first local midnight."""

    days: int

    @property
    def seconds(self) -> int:
        """Length of the span in seconds: the first moment that is no longer simulated."""
        return self.days * DAY

    @property
    def first_day(self) -> np.datetime64:
        """The first local day."""
        return np.datetime64(_END - np.timedelta64(self.days, "D"))

    @property
    def dates(self) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
        """All local days."""
        return self.first_day + np.arange(self.days).astype("timedelta64[D]")

    @property
    def months(self) -> Ints:
        """The day (since the start, from 0) on which each whole or partial month begins."""
        firsts = np.flatnonzero(self.day_of_month == 1)
        return np.unique(np.r_[0, firsts]).astype(np.int64)

    @property
    def day_of_month(self) -> Ints:
        """Day of the month of every simulated day, 1 to 31."""
        months = self.dates.astype("datetime64[M]")
        day: Ints = (self.dates - months.astype("datetime64[D]")).astype(np.int64)
        return day + 1

    def day_numbers(self, month: int, day: int) -> Ints:
        """Find the simulated days that fall on one day of the year, as day numbers."""
        months = self.dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
        return np.flatnonzero((months == month) & (self.day_of_month == day)).astype(np.int64)

    def seen(self, seconds: Ints) -> Ints:
        """Put `NEVER` for what happens after the end."""
        return np.where(seconds < self.seconds, seconds, NEVER)

    def instants(self, seconds: Ints) -> pa.Array:
        """Give moments as UTC instants; `NEVER` becomes null."""
        start = int(self.first_day.astype("datetime64[s]").astype(np.int64)) - _OFFSET
        unknown = seconds == NEVER
        micros = (np.where(unknown, 0, seconds) + start) * 1_000_000
        return pa.array(micros, pa.int64(), mask=unknown).cast(INSTANT)


@dataclass(frozen=True, slots=True)
class BusinessClock:
    """Time that runs as fast as the shop is busy: its mean pace over the span is 1.

    Members' own gaps are drawn on this clock and read off on the calendar, so that seasons
    crowd purchases without changing anybody's long-run rhythm.
    """

    pace: Floats
    """Business time that passes on each calendar day, n_days values around 1."""
    elapsed: Floats
    """Business time at the beginning of each day, n_days + 1 values."""

    @classmethod
    def of(cls, span: Span, strength: float) -> "BusinessClock":
        """Build the clock of a span; `strength` 0 makes every day alike."""
        pace = 1.0 + strength * (_season(span) - 1.0)
        pace = pace / pace.mean()
        return cls(pace, np.r_[0.0, np.cumsum(pace)])

    def day_at(self, business_time: Floats) -> Ints:
        """Give the calendar day that is running at a business time."""
        found: Ints = np.searchsorted(self.elapsed, business_time, side="right") - 1
        return np.clip(found, 0, len(self.pace) - 1)


def seconds_of_day(rng: np.random.Generator, hour: Floats, spread: Floats) -> Ints:
    """Draw times of day around each member's own hour, wrapped at midnight, in seconds."""
    drawn = (hour + spread * rng.standard_normal(len(hour))) % 24.0
    return np.minimum((drawn * 3600).astype(np.int64), DAY - 1)


def _season(span: Span) -> Floats:
    """How busy each day is: weekends, member days on the 13th, 618, double 11, New Year."""
    busy = np.ones(span.days)
    weekday = (span.dates.astype(np.int64) + 3) % 7
    busy[weekday >= 5] += 0.15
    busy[span.day_of_month == 13] += 0.6
    day_of_year = _month_and_day(span)
    busy[_between(day_of_year, 601, 620)] += 0.5
    busy[_between(day_of_year, 616, 618)] += 1.0
    busy[_between(day_of_year, 1101, 1111)] += 0.6
    busy[_between(day_of_year, 1109, 1111)] += 1.2
    for new_year in _NEW_YEARS:
        since = (span.dates - new_year).astype(np.int64)
        busy[(since >= -14) & (since <= -4)] += 0.5
        busy[(since >= -1) & (since <= 6)] *= 0.4
    return busy


def _month_and_day(span: Span) -> Ints:
    month: Ints = span.dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return month * 100 + span.day_of_month


def _between(values: Ints, low: int, high: int) -> Bools:
    return (values >= low) & (values <= high)
