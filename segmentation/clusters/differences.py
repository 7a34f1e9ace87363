"""How groups of members differ from all others, column by column: shares, means, effects."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.intervals import wilson_interval

from .columns import Column

__all__ = ["LEAST_EFFECT", "LEAST_MEMBERS", "MOST_LEVELS", "differences"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEAST_EFFECT = 0.2
"""Effects below are small (Cohen 1988), and told nobody."""
LEAST_MEMBERS = 5
"""Members known of a group, below which nothing is told of it."""
MOST_LEVELS = 30
"""Levels of a code that are compared, those most members hold."""

_LEVEL = 0.95
_FALSE_DISCOVERIES = 0.05

_TYPES = {
    "group": pa.int64(),
    "feature": pa.string(),
    "value": pa.string(),
    "statistic": pa.string(),
    **dict.fromkeys(("inside", "low", "high", "median", "outside"), pa.float64()),
    **dict.fromkeys(("difference", "difference_low", "difference_high"), pa.float64()),
    **dict.fromkeys(("lift", "effect", "p_value", "q_value"), pa.float64()),
    "is_telling": pa.bool_(),
    "n_known": pa.int64(),
    "n_unknown": pa.int64(),
    "rank": pa.int64(),
}


def differences(columns: Sequence[Column], groups: Ints, n_groups: int) -> pa.Table:
    """Compare each group with all other members that are in a group.

    Parameters
    ----------
    columns : sequence of Column, n_members values each
        The members' order changes the last digits of sums: sort them first.
    groups : int64 array, n_members
        0 .. n_groups - 1, or -1 for members in no group, who are left out.
    n_groups : int

    Returns
    -------
    pa.Table, one row for each group and number, flag, or level of a code
        Sorted by group and rank; see `segment_profile` for the columns.

    References
    ----------
    Wilson (1927) for shares, Newcombe (1998), Statistics in Medicine 17, 873-890, method 10, for
    their differences; Welch (1947), Biometrika 34, 28-35, for means; Cohen (1988), "Statistical
    Power Analysis", for h and d; van der Waerden (1952) for normal scores; Benjamini & Hochberg
    (1995), J. Royal Statistical Society B 57, 289-300.
    """
    within = groups >= 0
    at = groups[within]
    parts = []
    for column in columns:
        values = column.values[within]
        compare = _number_rows if column.kind == "number" else _share_rows
        parts.extend(compare(column, values, at, n_groups))
    rows = {name: [part[name] for part in parts] for name in _TYPES if name not in _JUDGED}
    return _judged(rows)


_JUDGED = ("q_value", "is_telling", "rank")


def _judged(rows: dict[str, list[object]]) -> pa.Table:
    """Tell chance from difference over all rows at once, and rank the rows of each group."""
    p = np.array(rows["p_value"], dtype=np.float64)
    effect = np.nan_to_num(np.array(rows["effect"], dtype=np.float64))
    q = _false_discovery_rates(p)
    enough = np.array(rows["n_known"], dtype=np.int64) >= LEAST_MEMBERS
    telling = (q <= _FALSE_DISCOVERIES) & (np.abs(effect) >= LEAST_EFFECT) & enough
    group = np.array(rows["group"], dtype=np.int64)
    order = np.lexsort((np.arange(len(group)), -np.abs(effect), ~telling, group))
    first = np.searchsorted(group[order], group[order])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - first + 1
    judged = {"q_value": q, "is_telling": telling, "rank": rank}
    columns = {
        name: pa.array(judged.get(name, rows.get(name)), kind, from_pandas=True)
        for name, kind in _TYPES.items()
    }
    return pa.table(columns).take(pa.array(order))


def _false_discovery_rates(p: Floats) -> Floats:
    """Give Benjamini and Hochberg's adjusted p-values; NaN where there was no test."""
    out = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    m = len(order)
    raised = p[order] * m / np.arange(1, m + 1)
    out[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return out


def _share_rows(column: Column, values: Floats, at: Ints, n_groups: int) -> list[dict[str, object]]:
    """Compare the share of a flag, or of each level of a code."""
    known = ~np.isnan(values)
    n_levels = max(len(column.levels), 2)
    cells = at[known] * n_levels + values[known].astype(np.int64)
    counts = np.bincount(cells, minlength=n_groups * n_levels).reshape(n_groups, n_levels)
    n_known = counts.sum(axis=1)
    n_unknown = np.bincount(at[~known], minlength=n_groups)
    named = [(1, "true")] if column.kind == "flag" else _most_held(column, counts)
    return [
        {
            "group": group,
            "feature": column.name,
            "value": name,
            "statistic": "share",
            **_share_difference(
                int(counts[group, level]),
                int(n_known[group]),
                int(counts[:, level].sum() - counts[group, level]),
                int(n_known.sum() - n_known[group]),
            ),
            "median": None,
            "n_known": int(n_known[group]),
            "n_unknown": int(n_unknown[group]),
        }
        for group in range(n_groups)
        for level, name in named
    ]


def _most_held(column: Column, counts: Ints) -> list[tuple[int, str]]:
    held = counts.sum(axis=0)
    top = np.sort(np.argsort(-held, kind="stable")[:MOST_LEVELS])
    return [(int(i), column.levels[i]) for i in top if i < len(column.levels) and held[i]]


def _share_difference(held: int, n: int, held_outside: int, n_outside: int) -> dict[str, float]:
    """Compare two shares: Wilson's and Newcombe's intervals, Cohen's h, a corrected z."""
    from scipy.special import ndtr

    one = wilson_interval(held, n, level=_LEVEL)
    other = wilson_interval(held_outside, n_outside, level=_LEVEL)
    apart = one.estimate - other.estimate
    down = np.hypot(one.estimate - one.low, other.high - other.estimate)
    up = np.hypot(one.high - one.estimate, other.estimate - other.low)
    effect = 2 * (np.arcsin(np.sqrt(one.estimate)) - np.arcsin(np.sqrt(other.estimate)))
    p = float("nan")
    if n and n_outside:
        both = (held + held_outside) / (n + n_outside)
        error = np.sqrt(both * (1 - both) * (1 / n + 1 / n_outside))
        away = max(abs(apart) - (1 / n + 1 / n_outside) / 2, 0.0)  # Yates
        p = float(2 * ndtr(-away / error)) if error > 0 else 1.0
    return {
        "inside": one.estimate,
        "low": one.low,
        "high": one.high,
        "outside": other.estimate,
        "difference": apart,
        "difference_low": apart - down,
        "difference_high": apart + up,
        "lift": one.estimate / other.estimate if other.estimate > 0 else float("nan"),
        "effect": effect,
        "p_value": p,
    }


def _number_rows(
    column: Column, values: Floats, at: Ints, n_groups: int
) -> list[dict[str, object]]:
    """Compare the mean of a number; its effect by normal scores, whom no huge value rules."""
    known = ~np.isnan(values)
    plain, where = values[known], at[known]
    n_unknown = np.bincount(at[~known], minlength=n_groups)
    raw, scores = (_Moments(v, where, n_groups) for v in (plain, _normal_scores(plain)))
    medians = _medians(plain, where, n_groups)
    may_lift = bool(len(plain)) and plain.min() >= 0
    rows = []
    for group in range(n_groups):
        inside, outside = raw.of(group), raw.but(group)
        apart = _mean_difference(inside, outside)
        by_rank = _mean_difference(scores.of(group), scores.but(group))
        lift = inside[1] / outside[1] if may_lift and outside[1] > 0 else float("nan")
        rows.append(
            {
                "group": group,
                "feature": column.name,
                "value": None,
                "statistic": "mean",
                **apart,
                "median": medians[group],
                "lift": lift,
                "effect": by_rank["effect"],
                "p_value": by_rank["p_value"],
                "n_known": int(inside[0]),
                "n_unknown": int(n_unknown[group]),
            }
        )
    return rows


class _Moments:
    """Number, mean and variance of the members of a group, and of all others."""

    def __init__(self, values: Floats, at: Ints, n_groups: int) -> None:
        number, power = np.frexp(values.mean() if len(values) else 0.0)
        # keeps squares small; of few bits, so that a group of zeros has a mean of exactly 0
        self.middle = float(np.ldexp(np.rint(number * 1024), power - 10))
        away = values - self.middle
        self.sums = np.stack(
            [np.bincount(at, w, minlength=n_groups) for w in (None, away, away * away)]
        ).astype(np.float64)

    def of(self, group: int) -> tuple[float, float, float]:
        return self._moments(self.sums[:, group])

    def but(self, group: int) -> tuple[float, float, float]:
        return self._moments(np.delete(self.sums, group, axis=1).sum(axis=1))

    def _moments(self, sums: Floats) -> tuple[float, float, float]:
        n, total, squares = (float(s) for s in sums)
        if not n:
            return 0.0, float("nan"), float("nan")
        mean = total / n
        variance = max(squares / n - mean * mean, 0.0) * n / (n - 1) if n > 1 else float("nan")
        return n, mean + self.middle, variance


def _mean_difference(
    inside: tuple[float, float, float], outside: tuple[float, float, float]
) -> dict[str, float]:
    """Compare two means: Student's interval of one, Welch's of both, Cohen's d."""
    from scipy.special import stdtr, stdtrit

    (n, mean, variance), (m, other, spread) = inside, outside
    tail = (1 + _LEVEL) / 2
    nan = float("nan")
    half = float(stdtrit(n - 1, tail) * np.sqrt(variance / n)) if n > 1 else nan
    apart, wide, p, effect = mean - other, nan, nan, nan
    if n > 1 and m > 1:
        parts = variance / n, spread / m
        error = np.sqrt(sum(parts))
        pooled = np.sqrt(((n - 1) * variance + (m - 1) * spread) / (n + m - 2))
        effect = apart / pooled if pooled > 0 else 0.0 if apart == 0 else np.copysign(9.9, apart)
        if error > 0:
            freedom = sum(parts) ** 2 / (parts[0] ** 2 / (n - 1) + parts[1] ** 2 / (m - 1))
            wide = float(stdtrit(freedom, tail) * error)
            p = float(2 * stdtr(freedom, -abs(apart) / error))
        else:
            wide, p = 0.0, float(apart == 0)
    return {
        "inside": mean,
        "low": mean - half,
        "high": mean + half,
        "outside": other,
        "difference": apart,
        "difference_low": apart - wide,
        "difference_high": apart + wide,
        "effect": float(effect),
        "p_value": p,
    }


def _normal_scores(values: Floats) -> Floats:
    """Put values on the normal scale by their ranks, ties at their middle."""
    from scipy.special import ndtri

    met, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    if not len(met):
        return values
    middle = np.cumsum(counts) - counts / 2
    return np.asarray(ndtri(middle / len(values))[places])


def _medians(values: Floats, at: Ints, n_groups: int) -> Floats:
    out = np.full(n_groups, np.nan)
    order = np.lexsort((values, at))
    ends = np.searchsorted(at[order], np.arange(n_groups + 1))
    for group in range(n_groups):
        mine = values[order[ends[group] : ends[group + 1]]]
        if len(mine):
            out[group] = (mine[(len(mine) - 1) // 2] + mine[len(mine) // 2]) / 2
    return out
