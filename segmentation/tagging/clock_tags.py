"""Tags of when members are active: hour, weekday, night, member day."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, HOUR_US, local_clock
from siyu.segmentation.visits import Visits

from .facts import Facts, acts_of

__all__ = ["WEEKDAYS", "clock_tags", "keeps_time", "member_day_tags"]

Ints = npt.NDArray[np.int64]
Columns = dict[str, pa.Array]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The codes of `active_weekday`."""

_FEWEST_ACTS = 3
_FEWEST_NIGHT_ACTS = 5
_MANY_ACTS = 30
_MEMBER_DAY = 13


def keeps_time(times: Ints, tz: str) -> bool:
    """Tell whether instants (us) have hours, or are dates stamped with one time of day.

    Dates stand at midnight, here or in UTC, or all at one other time: then `_MANY_ACTS` are
    needed to be sure.
    """
    if not len(times):
        return False
    for clock in (times % DAY_US, local_clock(times, tz) % DAY_US):
        one_time = bool(np.all(clock == clock[0]))
        if one_time and (clock[0] == 0 or len(times) >= _MANY_ACTS):
            return False
    return True


def clock_tags(facts: Facts, dated: tuple[str, ...], timed: tuple[str, ...]) -> Columns:
    """Tag the hours and weekdays of purchases, events and messages.

    Parameters
    ----------
    facts : Facts
    dated, timed : tuple of table names
        The tables whose days, and whose hours, can be believed.

    Returns
    -------
    dict of tag to array, one value a member; null below three acts
    """
    n = len(facts.members)
    tags = {}
    if dated:
        acts = acts_of(facts, dated)
        weekday = (local_clock(acts.times, facts.c.tz) // DAY_US + 3) % 7
        counts = _table(acts.codes, weekday, n, 7)
        few = counts.sum(axis=1) < _FEWEST_ACTS
        tags["active_weekday"] = pa.array(WEEKDAYS).take(pa.array(counts.argmax(axis=1), mask=few))
    if timed:
        acts = acts_of(facts, timed)
        hour = local_clock(acts.times, facts.c.tz) // HOUR_US % 24
        tags |= _hour_tags(_table(acts.codes, hour, n, 24))
    return tags


def member_day_tags(visits: Visits) -> Columns:
    """Tag the share of visit days on the 13th of a month; null below three visit days."""
    days = visits.day.astype("datetime64[D]")
    of_month = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    count = visits.count()
    kept = np.bincount(visits.member[of_month == _MEMBER_DAY], minlength=len(count))
    share = pa.array(kept / np.maximum(count, 1), mask=count < _FEWEST_ACTS)
    return {"member_day_habit": share}


def _hour_tags(counts: Ints) -> Columns:
    """Tag from a table of acts, members x 24 hours."""
    acts = counts.sum(axis=1)
    few = acts < _FEWEST_ACTS
    night = counts[:, [22, 23, 0, 1, 2, 3, 4]].sum(axis=1)
    share = night / np.maximum(acts, 1)
    smooth = 2 * counts + np.roll(counts, 1, axis=1) + np.roll(counts, -1, axis=1)
    return {
        "active_hour": pa.array(smooth.argmax(axis=1), mask=few),
        "night_share": pa.array(share, mask=few),
        "night_owl": pa.array((share >= 0.5) & (acts >= _FEWEST_NIGHT_ACTS), mask=few),
    }


def _table(codes: Ints, values: Ints, n: int, width: int) -> Ints:
    """Count acts by member and value."""
    return np.bincount(codes * width + values, minlength=n * width).reshape(n, width)
