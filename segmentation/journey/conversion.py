"""The funnel: how many reach each step, how fast, and where it leaks."""

from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.community import Community, as_community, kind_of
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow

from .aarrr import aarrr_paths
from .audience import Audience, audience_of, groups_of
from .custom_steps import custom_paths, tables_of
from .funnel_columns import Counts, change_columns, count_columns, time_columns
from .funnel_rules import FunnelRules, Steps
from .paths import Paths
from .periods import days_us

__all__ = ["FunnelRules", "funnel"]

_LONG_AGO = int(np.iinfo(np.int64).min)
_AARRR_TABLES = ("orders", "events", "messages", "referrals", "memberships")
_TOLD = _AARRR_TABLES[:4]


def funnel(
    data: Community | Frame,
    *,
    as_of: Any,
    steps: Steps | None = None,
    by: str | None = None,
    rules: FunnelRules | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Count who reaches each step, how fast, and find the step that leaks.

    Without `steps` it is the funnel of AARRR, by member, from the day of entry on:

    ===============  ====  ==============  ===================================================
    step             zh    measured from   reached when
    ===============  ====  ==============  ===================================================
    ``acquisition``  获客  (begin)         joined; first seen where nobody wrote that down
    ``activation``   激活  acquisition     first act: a purchase, event, message or invitation
    ``retention``    留存  activation      an act 7 or more local days after that
    ``revenue``      变现  activation      first purchase
    ``referral``     推荐  activation      invited somebody, or an event ``share``
    ===============  ====  ==============  ===================================================

    The last three are branches, not a chain: people buy before they come back, and invite
    before they buy, so each is measured from activation and none requires another. What is not
    recorded is not seen: with orders alone, activation is the first purchase.

    Parameters
    ----------
    data : Community, or frame of schema `events`
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    steps : mapping of name to condition, optional
        Own steps, in order. A condition is the name of an event, several names, or a mapping
        such as ``{"table": "orders", "channel": "miniprogram"}`` of a table (default
        ``events``) and the values, one or several, that its columns must have. Of orders,
        purchases count.
    by : str, optional
        ``"source"``, ``"region"``, ``"store_id"`` or any other column of members, or
        ``"cohort"``, the month of entry. Default: one group, ``all``.
    rules : FunnelRules, optional
        Since when, within how long, against which baseline, in which order, by session.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a
        Community.

    Returns
    -------
    frame, one row a group and step, by group, then in the order of the steps
        ``group``; ``step``; ``previous`` : the step it is measured from, null for the first;
        ``n`` : how many reached it; ``n_from`` : how many reached the previous one;
        ``n_moved`` : of those, how many reached this one, too (= n in a closed funnel);
        ``share`` : n_moved / n_from, with ``low``, ``high``; ``total_share``, ``total_low``,
        ``total_high`` : the same against the first step;
        ``days_25``, ``days_50``, ``days_75`` : days from the previous step until a quarter,
        half, three quarters of **all** who reached that had moved on, by Kaplan and Meier, so
        that those who have had little time do not bias it; null while fewer have;
        ``baseline_share`` : share in the baseline period; ``change``, ``change_low``,
        ``change_high`` : share less baseline_share; ``n_lost`` : how many more of n_from would
        have moved on at the baseline's share; ``leak`` : true at the step whose share fell most,
        if its interval lies below 0. All null without a baseline.
        Shares carry 95 % Wilson intervals. Intervals of changes (Newcombe) hold together for
        all steps of a group at 95 %, so that fewer than one quiet funnel in forty shows a leak.
        Null where the table that would tell is missing.

    Raises
    ------
    ParameterError
        If `steps` or `rules` make no sense.
    DataError
        If a table or column is missing: any of those that own steps read; all that tell of acts.

    Warns
    -----
    SiyuWarning
        If a table for a step is missing; if members who entered before the record began, or
        at an unknown moment, were left out (of those without ``joined_at``, whoever is first
        seen in the first 90 days of a record with a stated begin: they may be old); or if the
        record ended before `as_of`.

    Notes
    -----
    With own steps everybody is followed, from the first recorded step on. Staff are left out;
    whoever opted out counts, since nothing is sent. Time O(rows).

    References
    ----------
    McClure (2007), "Startup Metrics for Pirates: AARRR!"; Newcombe (1998), Statistics in
    Medicine 17, 873-890.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 1, 1, 2, 2, 3],
    ...         "event": ["view", "click", "submit", "view", "click", "view"],
    ...         "event_time": pd.date_range("2026-01-01", periods=6, freq="h", tz="UTC"),
    ...     }
    ... )
    >>> steps = {"view": "view", "click": "click", "submit": "submit"}
    >>> found = funnel(Community(events=events), as_of="2026-02-01", steps=steps)
    >>> found[["step", "n", "n_from", "share", "total_share"]].round(2)
         step  n  n_from  share  total_share
    0    view  3    <NA>    NaN         1.00
    1   click  2       3   0.67         0.67
    2  submit  1       2   0.50         0.33
    """
    rules = FunnelRules() if rules is None else rules
    a = _audience(data, as_of, steps, rules)
    if steps is None:
        _warn_of_gaps(a)
    groups = groups_of(a, by)
    start = _LONG_AGO if rules.since is None else a.c.moment(rules.since)
    now = _followed(a, steps, rules, (start, a.end))
    then = None
    if rules.baseline is not None:
        first, last = (a.c.moment(side) for side in rules.baseline)
        if not first < last <= a.end:
            raise ParameterError("baseline", "baseline must be a span of time before as_of")
        then = _followed(a, steps, rules, (first, last))
    counts = Counts.of(now, groups)
    until = np.full(len(now.member), a.end)
    if (limit := _limit(rules)) is not None:
        until = np.minimum(until, now.entered + limit)
    columns = count_columns(now, groups, counts)
    columns |= time_columns(now, groups, until)
    columns |= change_columns(counts, None if then is None else Counts.of(then, groups))
    there = (counts.n.reshape(-1, counts.n_steps) > 0).any(axis=1) | (by is None)
    rows = pa.array(np.flatnonzero(np.repeat(there, counts.n_steps)))
    return from_arrow(pa.table(columns).take(rows), output or kind_of(data))


def _audience(
    data: Community | Frame, as_of: Any, steps: Steps | None, rules: FunnelRules
) -> Audience:
    c = as_community(data, "events")
    if steps is not None:
        return audience_of(c, as_of, tables_of(steps), (), "funnel()")
    if rules.unit == "session" or not rules.ordered:
        raise ParameterError("steps", "sessions and open funnels need steps of one's own")
    if not any(c.has(table) for table in _TOLD):
        raise DataError(f"funnel() needs one of the tables {', '.join(_TOLD)}")
    return audience_of(c, as_of, (), _AARRR_TABLES, "funnel()")


def _limit(rules: FunnelRules) -> int | None:
    return None if rules.within_days is None else days_us("within_days", rules.within_days)


def _followed(a: Audience, steps: Steps | None, rules: FunnelRules, span: tuple[int, int]) -> Paths:
    """Follow those who began in a span and could be watched long enough."""
    limit = _limit(rules)
    if steps is not None:
        paths = custom_paths(a, steps, rules, span)
        kept = np.ones(len(paths.member), np.bool_)
    else:
        paths = aarrr_paths(a)
        kept = a.known & (paths.entered >= span[0]) & (paths.entered < span[1])
    if limit is not None:
        kept &= paths.entered <= a.end - limit
    return paths.of(kept, limit)


def _warn_of_gaps(a: Audience) -> None:
    """Say which steps nothing tells of, and how many members could not be followed."""
    missing = [t for t in _TOLD if t not in a.present]
    if missing:
        warn(f"funnel(): no record of {', '.join(missing)}; what only they tell of is not seen")
    if n := int(np.count_nonzero(~a.known)):
        warn(f"funnel(): {n} members entered before the record began, or nobody knows when")
