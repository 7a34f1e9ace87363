"""Member days: how much more is bought on them, and who skips them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.community import Community, kind_of
from siyu.datasets.estimates import known, means, named_columns, shares
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.segmentation.tagging.calendars import on_days
from siyu.segmentation.whole_numbers import require_whole

from .audience import Audience, audience_of
from .buying_days import BuyingDays
from .periods import day_names, first_whole

__all__ = ["day_uplift"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def day_uplift(
    data: Community | Frame,
    *,
    as_of: Any,
    days: int | Iterable[Any] = 13,
    weeks: int = 4,
    output: FrameKind | None = None,
) -> Frame:
    """Compare how many buy on member days with the same weekday in the weeks around them.

    Parameters
    ----------
    data : Community, or frame of schema `orders`
        With orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    days : int or iterable
        The member day of each month, such as the 13th; or several days of the month and local
        dates, such as ``[8, "2026-06-18"]``, as in `siyu.segmentation.Calendar`.
    weeks : int >= 1
        Compared with are the days 1 to so many weeks before and after, other member days and
        days outside of the record left out.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a
        Community.

    Returns
    -------
    frame, one row a member day that has passed, by date; then the row ``all``
        ``day`` : local date; ``n_members`` : members who were there all through the weeks
        around it; ``n_bought`` : of them, who bought on it; ``share``, ``low``, ``high``;
        ``n_matched`` : days compared with; ``usual_share`` : mean share on those;
        ``difference``, ``difference_low``, ``difference_high`` : share - usual_share, each member
        compared with himself; ``ratio`` : share / usual_share, null without usual buyers;
        ``n_regulars`` : members who bought on any other day in the weeks around;
        ``n_skipped`` : of those, who did not buy on the member day; ``skipped_share``,
        ``skipped_low``, ``skipped_high``.
        In the row ``all`` counts are sums (member-days), shares and ``difference`` are
        means over the days, and their intervals show how they differ from day to day (Student,
        null for one day). Else shares carry Wilson's intervals; all are 95 %.

    Raises
    ------
    DataError
        If orders are missing.
    ParameterError
        If `days` or `weeks` is out of range.

    Warns
    -----
    SiyuWarning
        If the record of orders ended before `as_of`.

    Notes
    -----
    Who shifts a purchase from the day before to the member day makes the difference larger than
    what the day adds: look at the weeks around, too. Time O(rows + n_members * member days).

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=500, random_state=0)
    >>> found = day_uplift(c, as_of="2026-07-01").set_index("day")
    >>> bool(found.loc["all", "difference_low"] > 0)
    True
    """
    require_whole("weeks", weeks, 1)
    a = audience_of(data, as_of, ("orders",), (), "day_uplift()")
    bought = BuyingDays.of_audience(a)
    begin = first_whole(a.begin, a.c.tz)
    first = max(begin, int(bought.day.min(initial=a.last_day)))
    every = np.arange(first, max(a.last_day, first))
    special = every[on_days("days", [days] if isinstance(days, int | np.integer) else days, every)]
    found = [_one_day(a, bought, int(day), special, (first, weeks)) for day in special]
    return from_arrow(_table(special, found), output or kind_of(data))


@dataclass(frozen=True, slots=True)
class _Day:
    n_members: int
    n_bought: int
    n_matched: int
    total: float
    squares: float
    n_regulars: int
    n_skipped: int


def _one_day(
    a: Audience, bought: BuyingDays, day: int, special: Ints, around: tuple[int, int]
) -> _Day:
    """Compare one member day with the same weekday before and after."""
    first, weeks = around
    steps = np.arange(-weeks, weeks + 1)
    matched = np.setdiff1d(day + 7 * steps, special)
    matched = matched[(matched >= first) & (matched < a.last_day)]
    there = a.there_by(max(day - 7 * weeks, first))
    mine = there[bought.of]
    n = len(a.members)
    on_day = np.bincount(bought.of[mine & (bought.day == day)], minlength=n)
    usual = np.bincount(bought.of[mine & np.isin(bought.day, matched)], minlength=n)
    near = mine & (np.abs(bought.day - day) <= 7 * weeks) & ~np.isin(bought.day, special)
    regular = np.bincount(bought.of[near], minlength=n) > 0
    own = on_day[there] - usual[there] / max(len(matched), 1)
    total = float(on_day.sum() - usual.sum() / max(len(matched), 1))
    return _Day(
        n_members=int(there.sum()),
        n_bought=int(on_day.sum()),
        n_matched=len(matched),
        total=total if len(matched) else np.nan,
        squares=float(np.sort(own**2).sum()),
        n_regulars=int(regular.sum()),
        n_skipped=int((regular & (on_day == 0)).sum()),
    )


def _table(special: Ints, found: list[_Day]) -> pa.Table:
    whole = [[getattr(day, name) for day in found] for name in _Day.__slots__]
    n, n_bought, n_matched = (np.array(part, np.int64) for part in whole[:3])
    total, squares = (np.array(part, np.float64) for part in whole[3:5])
    n_regulars, n_skipped = (np.array(part, np.int64) for part in whole[5:])
    share = shares(n_bought, n)
    difference = means(total, squares, n)
    usual = share[0] - difference[0]
    mean_share, mean_usual, mean_gap = (_over_days(p) for p in (share[0], usual, difference[0]))
    ends = [np.append(p, [o]) for p, o in zip(share, mean_share, strict=True)]
    gaps = [np.append(p, [o]) for p, o in zip(difference, mean_gap, strict=True)]
    usual = np.append(usual, mean_usual[0])
    skips = shares(n_skipped, n_regulars)
    skipped = [np.append(p, [o]) for p, o in zip(skips, _over_days(skips[0]), strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(usual > 0, ends[0] / usual, np.nan)
    skipped_names = ("skipped_share", "skipped_low", "skipped_high")
    return pa.table(
        {
            "day": pa.array([*day_names(special).to_pylist(), "all"], pa.string()),
            "n_members": pa.array(_with_sum(n)),
            "n_bought": pa.array(_with_sum(n_bought)),
            **named_columns((ends[0], ends[1], ends[2])),
            "n_matched": pa.array(_with_sum(n_matched)),
            "usual_share": known(usual),
            **named_columns(
                (gaps[0], gaps[1], gaps[2]), ("difference", "difference_low", "difference_high")
            ),
            "ratio": known(ratio),
            "n_regulars": pa.array(_with_sum(n_regulars)),
            "n_skipped": pa.array(_with_sum(n_skipped)),
            **named_columns((skipped[0], skipped[1], skipped[2]), skipped_names),
        }
    )


def _over_days(values: Floats) -> tuple[float, float, float]:
    """Give the mean over days and how far it can be trusted, from day to day."""
    there = values[~np.isnan(values)]
    sums = np.array([there.sum()]), np.array([(there**2).sum()]), np.array([len(there)])
    mean, low, high = means(*sums)
    return float(mean[0]), float(low[0]), float(high[0])


def _with_sum(counts: Ints) -> Ints:
    return np.append(counts, counts.sum())
