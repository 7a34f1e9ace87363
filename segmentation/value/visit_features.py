"""What a member's history says of the future: one row a member at one moment, in numbers.

A cut stands for "now": only days before it are looked at. All columns are counts, days, ratios
or money of the member alone, but for the shrunk gap, which needs the population's typical gap
(`GapNorm`): given that, a member alone, a chunk and everybody give the same numbers.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .visit_history import History

__all__ = ["WINDOWS", "GapNorm", "gap_norm", "visit_features"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Columns = dict[str, Floats]

WINDOWS = (7, 14, 28, 56, 91, 182, 364)
"""Days back from the cut in which visits are counted."""

_HALF_LIVES = (14, 42, 126)
_QUANTILES = (0.5, 0.75, 0.9)
_LATEST = 5  # gaps that make up the member's pace of late
_STRENGTH = 2.0  # own gaps that the population's gap weighs as much as
_UNKNOWN_GAP = 30.0


@dataclass(frozen=True, slots=True)
class GapNorm:
    """The population step: the typical gap between visits, in days."""

    gap_days: float


def gap_norm(history: History, cut: int = 0) -> GapNorm:
    """Learn how long gaps between visits typically are: the median of the members' mean gaps.

    Without any gap, 30 days are taken.
    """
    visits, _ = history.visits(cut).of_visitors()
    n = np.diff(visits.starts)
    span = (visits.day[visits.starts[1:] - 1] - visits.day[visits.starts[:-1]])[n > 1]
    if not len(span):
        return GapNorm(_UNKNOWN_GAP)
    return GapNorm(float(np.median(span / (n[n > 1] - 1))))


def visit_features(history: History, norm: GapNorm, cut: int = 0) -> tuple[Ints, Columns]:
    """Measure the history of every member who visited before a cut.

    Parameters
    ----------
    history : History
    norm : GapNorm
        Of the whole population at the same cut.
    cut : int, 0 or less
        Day that stands for now, itself excluded.

    Returns
    -------
    (positions, columns)
        Positions in ``history.members`` of those with a visit before the cut, and float64
        columns with one value each; NaN where a member has too few visits for the measure.
        Time O(visits log visits), about 30 columns.
    """
    visits, who = history.visits(cut).of_visitors()
    if not len(who):
        return who, {name: np.zeros(0) for name in _names()}
    columns = _spans(visits, cut)
    columns |= _counts(visits, cut)
    columns |= _gaps(visits, columns["recency"], norm)
    columns |= _habits(visits, cut)
    columns |= _money(history, visits, cut, who)
    return who, columns


def _spans(visits: History, cut: int) -> Columns:
    """Say since when the member visits, how often, and how long ago last."""
    first, last = visits.day[visits.starts[:-1]], visits.day[visits.starts[1:] - 1]
    n = np.diff(visits.starts)
    return {
        "tenure": (cut - first).astype(float),
        "recency": (cut - last).astype(float),
        "visits": n.astype(float),
        "rate": n / (cut - first),
        "active_share": (last - first + 1) / (cut - first),
    }


def _counts(visits: History, cut: int) -> Columns:
    """Count visits in windows, against the window before, and with weights that fade."""
    found: Columns = {}
    since = {w: _sum(visits, visits.day >= cut - w) for w in (*WINDOWS, *(2 * w for w in WINDOWS))}
    tenure = cut - visits.day[visits.starts[:-1]]
    for w in WINDOWS:
        found[f"visits_{w}d"] = since[w]
        if w in (14, 28, 56, 91):
            before = since[2 * w] - since[w]
            found[f"trend_{w}d"] = np.where(tenure > w, (since[w] + 1) / (before + 1), np.nan)
    ago = (cut - visits.day).astype(float)
    for half in _HALF_LIVES:
        fading = _sum(visits, 0.5 ** (ago / half))
        known = (1 - 0.5 ** (tenure / half)) / (1 - 0.5 ** (1 / half))
        found[f"fading_{half}d"] = fading
        found[f"fading_rate_{half}d"] = fading / known
    return found


def _gaps(visits: History, recency: Floats, norm: GapNorm) -> Columns:
    """Measure the rhythm: the member's own gaps, and how the present silence compares."""
    n = np.diff(visits.starts) - 1
    inside = np.ones(len(visits.day), np.bool_)
    inside[visits.starts[:-1]] = False
    gap = np.diff(visits.day, prepend=0)[inside]
    codes = visits.codes()[inside]
    total = np.bincount(codes, gap, len(n))
    squares = np.bincount(codes, gap.astype(float) ** 2, len(n))
    mean = _over(total, n)
    variance = np.maximum(_over(squares, n) - mean**2, 0) * _over(n, n - 1)
    shrunk = (_STRENGTH * norm.gap_days + total) / (_STRENGTH + n)
    last = visits.starts[1:] - 1
    back = np.minimum(n, _LATEST)
    lately = (_STRENGTH * shrunk + visits.day[last] - visits.day[last - back]) / (_STRENGTH + back)
    found = {
        "gap_mean": mean,
        "gap_shrunk": shrunk,
        "gap_lately": lately,
        "gap_last": np.where(n > 0, visits.day[last] - visits.day[last - np.minimum(n, 1)], np.nan),
        "gap_cv": _over(np.sqrt(variance), mean),
        "overdue": recency / shrunk,
        "overdue_lately": recency / lately,
    }
    return found | _gap_ranks(codes, gap, n, recency)


def _gap_ranks(codes: Ints, gap: Ints, n: Ints, recency: Floats) -> Columns:
    """Place the present silence among the member's own gaps; one sort of integers."""
    width = int(max(gap.max(initial=0), recency.max())) + 2
    keys = np.sort(codes * width + gap)
    ends = np.cumsum(n)
    found: Columns = {}
    for q in _QUANTILES:
        at = ends - n + np.floor(q * np.maximum(n - 1, 0)).astype(np.int64)
        safe = np.minimum(at, max(len(keys) - 1, 0))
        value = keys[safe] % width if len(keys) else np.zeros(len(n))
        found[f"gap_q{100 * q:.0f}"] = np.where(n > 0, value, np.nan)
    longest = keys[np.maximum(ends - 1, 0)] % width if len(keys) else np.zeros(len(n))
    found["gap_max"] = np.where(n > 0, longest, np.nan)
    wanted = np.arange(len(n)) * width + recency.astype(np.int64)
    longer = ends - np.searchsorted(keys, wanted, side="left")
    found["longer_gaps"] = longer.astype(float)
    found["longer_gap_share"] = (longer + 0.5) / (n + 1)
    found["overdue_max"] = _over(recency, found["gap_max"])
    return found


def _habits(visits: History, cut: int) -> Columns:
    """Measure how visits lie in the week and over the weeks."""
    weekday = (visits.day + visits.weekday) % 7
    week = (cut - 1 - visits.day) // 7
    new_week = np.ones(len(week), np.bool_)
    new_week[1:] = week[1:] != week[:-1]
    new_week[visits.starts[:-1]] = True
    n = np.diff(visits.starts)
    weeks = (cut - visits.day[visits.starts[:-1]] + 6) // 7
    by_day = np.bincount(visits.codes() * 7 + weekday, minlength=7 * len(n)).reshape(-1, 7)
    lately = new_week & (week < 13)
    return {
        "weekend_share": by_day[:, 5:].sum(axis=1) / n,
        "top_weekday_share": by_day.max(axis=1) / n,
        "active_week_share": _sum(visits, new_week) / weeks,
        "active_weeks_91d": _sum(visits, lately) / np.minimum(weeks, 13),
    }


def _money(history: History, visits: History, cut: int, who: Ints) -> Columns:
    """Measure spend and basket; all zero where nothing is paid for."""
    n = np.diff(visits.starts)
    spend = _sum(visits, visits.money)
    last = visits.starts[1:] - 1
    quarter = visits.day >= cut - 91
    found = {
        "spend_mean": spend / n,
        "spend_last": visits.money[last],
        "lines_mean": _sum(visits, visits.lines) / n,
        "lines_last": visits.lines[last].astype(float),
        "spend_mean_91d": _over(_sum(visits, visits.money * quarter), _sum(visits, quarter)),
    }
    for w in (28, 91, 182, 364):
        found[f"net_{w}d"] = history.between(cut - w, cut)[1][who]
    return found


def _sum(visits: History, values: npt.NDArray[np.generic]) -> Floats:
    """Sum a value a visit for each member, in order of the days."""
    return np.bincount(visits.codes(), values, len(visits.members)).astype(float)


def _over(above: npt.NDArray[np.generic], below: npt.NDArray[np.generic]) -> Floats:
    """Divide; NaN where the divisor is not above 0."""
    over = np.asarray(below, float)
    return np.where(over > 0, np.asarray(above, float) / np.where(over > 0, over, 1), np.nan)


def _names() -> tuple[str, ...]:
    """Name the columns: those of one member who visited once."""
    import pyarrow as pa

    one = np.ones(1, np.int64)
    single = History(pa.array([0]), np.array([0, 1]), -one, one > 0, np.ones(1), one, 0)
    return tuple(visit_features(single, GapNorm(_UNKNOWN_GAP))[1])
