"""Ripening: how long members take from joining to their first purchase."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, local_day
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.estimates import known, named_columns
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.survival import Waiting

from .aarrr import acts_of
from .audience import audience_of, groups_of
from .paths import NEVER, earliest

__all__ = ["ripening", "ripening_curve"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_RIPE_SHARE = 0.8
_LEAST_MEMBERS = 20
_LEAST_AT_RISK = 20
_DAYS = (0, 7, 14, 30, 60, 90, 120, 150, 180, 270, 365)


def ripening(
    data: Community,
    *,
    as_of: Any,
    by: str | None = "cohort",
    output: FrameKind | None = None,
) -> Frame:
    """Tell how far each cohort has ripened into buyers, and whether it is too early to judge it.

    The time from joining to the first purchase is counted for everybody as long as they were
    watched (Kaplan and Meier), so that those who joined last week do not pass for non-buyers.

    All members together say how long ripening takes: ``ripe_days`` is the time by which the
    curve of everybody has reached 80 % of where it ends, its end being the longest time for
    which 20 members were watched. A group is **too early to judge** while half of its members
    have been there for less than that, or while it has fewer than 20 members.

    Parameters
    ----------
    data : Community
        With orders, and with members who have ``joined_at``.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    by : str or None
        ``"cohort"`` (month of joining), ``"source"`` or another column of members; None for
        everybody in one group, ``all``.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default pandas.

    Returns
    -------
    frame, one row a group
        ``group``; ``n_members``; ``n_bought`` : of those, how many have bought;
        ``days_observed`` : days since half of them had joined (median);
        ``share``, ``low``, ``high`` : share that buys within days_observed, Kaplan-Meier with
        its 95 % interval; ``reference_share`` : the same of all members, at the same age: a
        group below it lags, however young;
        ``median_days``, ``median_low``, ``median_high`` : days until half of the members have
        bought, null while that is not reached (an open upper end, too);
        ``ripe_days`` : see above, the same in all rows; null while fewer than 20 members were
        watched at all, or nobody bought;
        ``too_early`` : the flag; true where ripe_days is null.

    Raises
    ------
    DataError
        If orders or ``members.joined_at`` are missing, or the column `by`.

    Warns
    -----
    SiyuWarning
        If members are left out: who bought on a day before they joined (they came as buyers),
        joined before orders were recorded, or at an unknown moment; if the record is so short
        that ripe_days is a lower bound: more than half of it; or if it ended before `as_of`.

    References
    ----------
    Kaplan & Meier (1958), J. American Statistical Association 53, 457-481; Brookmeyer & Crowley
    (1982), Biometrics 38, 29-41.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=500, random_state=0)
    >>> found = ripening(c, as_of="2026-07-01", by=None)
    >>> found[["group", "n_members", "too_early"]]
      group  n_members  too_early
    0   all        500      False
    """
    waits = _waits(data, as_of, by)
    everybody = Waiting.of(waits.watched, waits.bought)
    ripe = _ripe_time(everybody)
    rows = []
    for code in range(len(waits.names)):
        mine = waits.group == code
        curve = Waiting.of(waits.watched[mine], waits.bought[mine])
        if not mine.any():  # nobody at all
            rows.append([np.nan] * 8)
            continue
        seen = np.array([np.median(waits.follow_up[mine])]).astype(np.int64)
        share, low, high = curve.happened_by(seen)
        reference = everybody.happened_by(seen)[0]
        rows.append([seen[0], share[0], low[0], high[0], reference[0], *curve.quantile(0.5)])
    table = np.array(rows, np.float64).reshape(-1, 8)
    n = np.bincount(waits.group, minlength=len(waits.names))
    early = np.isnan(ripe) | (n < _LEAST_MEMBERS) | ~(table[:, 0] >= ripe)
    columns = {
        "group": waits.names,
        "n_members": pa.array(n),
        "n_bought": pa.array(np.bincount(waits.group[waits.bought], minlength=len(n))),
        "days_observed": known(table[:, 0] / DAY_US),
        **named_columns((table[:, 1], table[:, 2], table[:, 3])),
        "reference_share": known(table[:, 4]),
        "median_days": known(table[:, 5] / DAY_US),
        "median_low": known(table[:, 6] / DAY_US),
        "median_high": known(table[:, 7] / DAY_US),
        "ripe_days": known(np.full(len(n), ripe / DAY_US)),
        "too_early": pa.array(early),
    }
    return from_arrow(pa.table(columns), output or "pandas")


def ripening_curve(
    data: Community,
    *,
    as_of: Any,
    by: str | None = None,
    days: Sequence[float] = _DAYS,
    output: FrameKind | None = None,
) -> Frame:
    """Give the share of members who have bought so many days after joining.

    Parameters
    ----------
    data, as_of, by, output
        As in `ripening`; here the default is one curve, of everybody.
    days : numbers of 0 or more
        Ages at which to read the curves.

    Returns
    -------
    frame, one row a group and age
        ``group``; ``day`` : age in days; ``n_at_risk`` : members watched for so long who had
        not bought before; ``n_bought`` : members seen to have bought by then;
        ``share``, ``low``, ``high`` : share that buys within so many days, Kaplan-Meier with
        Greenwood's variance on the log(-log) scale, 95 %; null beyond the age of the group's
        oldest member.

    Raises
    ------
    DataError, ParameterError
        As in `ripening`; also if `days` are none, or negative.

    Warns
    -----
    SiyuWarning
        As in `ripening`.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=500, random_state=0)
    >>> found = ripening_curve(c, as_of="2026-07-01", days=[0, 30, 150])
    >>> found["day"].tolist(), bool(found["share"].is_monotonic_increasing)
    ([0.0, 30.0, 150.0], True)
    """
    told = f"days must be numbers of 0 or more, got {days!r}"
    try:
        ages = np.unique(np.asarray(list(days), np.float64))
    except (ValueError, TypeError) as error:
        raise ParameterError("days", told) from error
    if not len(ages) or not np.isfinite(ages).all() or ages[0] < 0:
        raise ParameterError("days", told)
    waits = _waits(data, as_of, by)
    at = np.rint(ages * DAY_US).astype(np.int64)
    curves = []
    for code in range(len(waits.names)):
        mine = waits.group == code
        watched, bought = waits.watched[mine], waits.bought[mine]
        curve = Waiting.of(watched, bought)
        n_bought = np.searchsorted(np.sort(watched[bought]), at, side="right")
        curves.append(np.column_stack([curve.at_risk(at), n_bought, *curve.happened_by(at)]))
    table = np.concatenate(curves) if curves else np.empty((0, 5))
    columns = {
        "group": waits.names.take(pa.array(np.repeat(np.arange(len(waits.names)), len(at)))),
        "day": pa.array(np.tile(ages, len(waits.names))),
        "n_at_risk": pa.array(table[:, 0].astype(np.int64)),
        "n_bought": pa.array(table[:, 1].astype(np.int64)),
        **named_columns((table[:, 2], table[:, 3], table[:, 4])),
    }
    return from_arrow(pa.table(columns), output or "pandas")


@dataclass(frozen=True, slots=True, eq=False)
class _Waits:
    """For how long each member waited (us), whether a purchase ended it, and the groups."""

    watched: Ints
    bought: Bools
    follow_up: Ints
    group: Ints
    names: pa.Array


def _waits(data: Community, as_of: Any, by: str | None) -> _Waits:
    a = audience_of(data, as_of, ("orders", "members"), (), "ripening()")
    if not a.joined.any() and len(a.members):
        raise DataError("ripening() needs to know when members joined: members.joined_at")
    acts = acts_of(a, ("purchase",))
    first = earliest(acts.of, acts.at, len(a.members))
    bought = first != NEVER
    came_buying = bought & (local_day(np.where(bought, first, 0), a.c.tz) < a.entry_day)
    kept = a.joined & a.known & ~came_buying
    if n := int(np.count_nonzero(~kept)):
        warn(
            f"ripening(): {n} members are left out, {int(came_buying.sum())} of them because "
            "they bought before they joined, others because nobody knows when they joined or "
            "because orders were not yet recorded then"
        )
    groups = groups_of(a, by)
    code, there = groups.codes[kept], np.arange(len(groups.names))
    if by is not None:
        there, code = np.unique(code, return_inverse=True)
    names = groups.names.take(pa.array(there))
    follow_up = a.end - a.entered[kept]
    watched = np.where(bought, first - a.entered, a.end - a.entered)[kept]
    return _Waits(np.maximum(watched, 0), bought[kept], follow_up, code, names)


def _ripe_time(everybody: Waiting) -> float:
    """Give the time (us) by which 80 % of those who will have bought have; NaN if unknown."""
    if len(everybody.watched) < _LEAST_AT_RISK:
        return float("nan")
    at = everybody.at[everybody.n_at_risk >= _LEAST_AT_RISK]
    share = everybody.happened_by(at)[0]
    if not len(at):
        return float("nan")
    ripe = float(at[np.argmax(share >= _RIPE_SHARE * share[-1])])
    longest = float(everybody.watched[-_LEAST_AT_RISK])
    if ripe > longest / 2:
        warn(
            f"ripening(): the curve still rises at the end of the record ({longest / DAY_US:.0f} "
            "days): ripe_days is a lower bound"
        )
    return ripe
