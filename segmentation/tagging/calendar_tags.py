"""Tags of dates: member days, festivals, the part of the month."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .evidence import Found
from .facts import Facts, grouped_once
from .found_values import flag_tag, share_tag
from .tallies import calendar_tallies

__all__ = ["MONTH_PARTS", "calendar_tags"]

Ints = npt.NDArray[np.int64]

MONTH_PARTS = ("early_month", "mid_month", "late_month")
"""The codes of `month_part`: to the 10th, to the 20th, and after."""

_FEWEST_DAYS = 3
_FEWEST_FESTIVE = 2


def calendar_tags(facts: Facts) -> dict[str, Found]:
    """Tag on which dates members buy, by the shop's calendar.

    Returns
    -------
    dict of tag to Found
        Nothing without orders; null below three purchase days (two for ``festival_only``).
    """
    visits = facts.visits
    tallies = grouped_once(facts, calendar_tallies)
    if visits is None or not tallies:
        return {}
    n, days = len(facts.members), visits.count()
    festive = tallies["festival"].hits
    names = pa.array(list(facts.calendar.festivals), pa.large_string())
    of_visit = facts.calendar.festival(visits.day)
    held = of_visit >= 0
    width = max(len(names), 1)
    counts = np.bincount(visits.member[held] * width + of_visit[held], minlength=n * width)
    best = counts.reshape(n, width).argmax(axis=1)
    return {
        "member_day_habit": share_tag(tallies["member_day"], _FEWEST_DAYS),
        "festival_share": share_tag(tallies["festival"], _FEWEST_DAYS),
        "festival_only": flag_tag(festive == days, days, days < _FEWEST_FESTIVE),
        "favourite_festival": Found(names.take(pa.array(best, mask=festive == 0)), festive),
        "month_part": _month_part(visits.day, visits.member, n),
    }


def _month_part(day: Ints, member: Ints, n: int) -> Found:
    """Tag the third of the month with most purchase days."""
    low = int(day.min(initial=0))
    dates = np.arange(low, int(day.max(initial=0)) + 1).astype("datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    part = np.minimum(of_month // 10, 2)[day - low]
    counts = np.bincount(member * 3 + part, minlength=n * 3).reshape(n, 3)
    days = counts.sum(axis=1)
    best = pa.array(counts.argmax(axis=1), mask=days < _FEWEST_DAYS)
    return Found(pa.array(MONTH_PARTS).take(best), days)
