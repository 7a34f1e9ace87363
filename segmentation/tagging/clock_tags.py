"""Tags of when members are active: hour, part of the day, weekday, night."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, local_clock

from .evidence import Found
from .facts import Facts, acts_of, hours_of
from .found_values import flag_tag, share_tag
from .tallies import Tally

__all__ = ["DAYPARTS", "WEEKDAYS", "clock_tags", "keeps_time"]

Ints = npt.NDArray[np.int64]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The codes of `active_weekday`."""

DAYPARTS = ("morning", "noon", "afternoon", "evening", "night")
"""The codes of `active_daypart`: from 5, 11, 14, 18 and 22 o'clock."""

_PART_OF_HOUR = np.array([4] * 5 + [0] * 6 + [1] * 3 + [2] * 4 + [3] * 4 + [4] * 2)
_NIGHT = 4
_FEWEST_ACTS = 3
_FEWEST_NIGHT_ACTS = 5
_MANY_ACTS = 30
_WEEK = np.arange(7 * 24)
_BLOCK = 1 << 16


def keeps_time(times: Ints, tz: str) -> bool:
    """Tell whether instants (us) have hours, or are dates stamped with one time of day.

    Dates stand at midnight, here or in UTC, or all at one other time: then `_MANY_ACTS` are
    needed to be sure.
    """
    first = times[:_MANY_ACTS]
    if not len(times) or not (_one_time(first) or _one_time(local_clock(first, tz))):
        return bool(len(times))  # the first few tell, nearly always
    for us in (times, local_clock(times, tz)):
        if _one_time(us) and (us[0] % DAY_US == 0 or len(times) >= _MANY_ACTS):
            return False
    return True


def _one_time(us: Ints) -> bool:
    clock = us % DAY_US
    return bool(np.all(clock == clock[0]))


def clock_tags(facts: Facts, dated: tuple[str, ...], timed: tuple[str, ...]) -> dict[str, Found]:
    """Tag the hours and weekdays of purchases, events and messages.

    Parameters
    ----------
    facts : Facts
    dated, timed : tuple of table names
        The tables whose days, and whose hours, can be believed.

    Returns
    -------
    dict of tag to Found
        Null below three acts.
    """
    tags = {}
    if dated:
        counts = _table(facts, dated, _weekday)
        acts = counts.sum(axis=1)
        best = pa.array(counts.argmax(axis=1), mask=acts < _FEWEST_ACTS)
        tags["active_weekday"] = Found(pa.array(WEEKDAYS).take(best), acts)
        tags["weekend_share"] = share_tag(Tally(counts[:, 5:].sum(axis=1), acts), _FEWEST_ACTS)
    if timed:
        tags |= _hour_tags(_table(facts, timed, _hour))
    return tags


def _hour_tags(counts: Ints) -> dict[str, Found]:
    """Tag from a table of acts, members x 24 hours."""
    acts = counts.sum(axis=1)
    few = acts < _FEWEST_ACTS
    parts = np.stack([counts[:, part == _PART_OF_HOUR].sum(axis=1) for part in range(5)], axis=1)
    night = parts[:, _NIGHT]
    smooth = 2 * counts
    smooth[:, 1:] += counts[:, :-1]
    smooth[:, :-1] += counts[:, 1:]
    smooth[:, 0] += counts[:, -1]
    smooth[:, -1] += counts[:, 0]
    owl = (2 * night >= acts) & (acts >= _FEWEST_NIGHT_ACTS)
    best = pa.array(parts.argmax(axis=1), mask=few)
    return {
        "active_hour": Found(pa.array(smooth.argmax(axis=1), mask=few), acts),
        "active_daypart": Found(pa.array(DAYPARTS).take(best), acts),
        "night_share": share_tag(Tally(night, acts), _FEWEST_ACTS),
        "night_owl": flag_tag(owl, acts, few),
    }


def _table(facts: Facts, tables: tuple[str, ...], part_of: Callable[[Ints], Ints]) -> Ints:
    """Count acts by member and part of the local clock; `part_of` is told hours since 1970."""
    n, width = len(facts.members), int(part_of(_WEEK).max()) + 1
    counts = np.zeros(n * width, dtype=np.int64)
    for table in tables:
        codes, hours = acts_of(facts, (table,)).codes, hours_of(facts, table)
        low = int(hours.min(initial=0))
        parts = part_of(np.arange(low, int(hours.max(initial=0)) + 1))
        for start in range(0, len(hours), _BLOCK):  # so that temporary arrays stay in the cache
            rows = slice(start, start + _BLOCK)
            keys = parts[hours[rows] - low]
            keys += codes[rows] * width
            np.add.at(counts, keys, 1)
    return counts.reshape(n, width)


def _weekday(hours: Ints) -> Ints:
    return (hours // 24 + 3) % 7  # 1970-01-01 was a Thursday


def _hour(hours: Ints) -> Ints:
    return hours % 24
