"""Lifecycle stages, judged by each member's own rhythm."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, INSTANT
from siyu.datasets.community import Community, as_community, kind_of
from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.purchases import is_purchase

from .records import ended_early, joined_at, maybe_missed, table_of
from .rhythm import Pace, Rhythm, pace_of
from .silence import rhythm_for
from .stage_rules import Limits, Method, StageRules
from .visits import Visits, visits_of

__all__ = [
    "STAGES",
    "TIMES",
    "StageRules",
    "activity_rows",
    "chosen_rules",
    "known_stages",
    "lifecycle",
    "stage_at_visits",
    "stage_table",
    "stages_at",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

STAGES = ("prospect", "new", "growing", "loyal", "dormant", "churned", "won_back")
"""The stage codes; words for them come from `siyu.datasets.label`."""

_PROSPECT, _NEW, _GROWING, _LOYAL, _DORMANT, _CHURNED, _WON_BACK = range(7)
TIMES = {"orders": "order_time", "events": "event_time"}
"""What counts as activity, and the column that dates it."""


def lifecycle(
    data: Community | Frame,
    *,
    as_of: Any,
    activity: Literal["orders", "events"] = "orders",
    method: Method = "own_gap",
    rules: StageRules | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Tell every member's lifecycle stage, since when, and when the next visit is due.

    A visit is a local day with a purchase (or an event). Silence is measured against the
    member's own expected gap between visits, which is drawn towards that of all members
    while the member has few gaps. Refunds are no visits.

    ============  ====  ==================================================================
    stage         zh    when
    ============  ====  ==================================================================
    ``prospect``  潜客  never visited
    ``new``       新客  first visit
    ``growing``   成长  second to fourth visit of a run
    ``loyal``     成熟  from the fifth visit of a run
    ``dormant``   沉睡  silent for more than 2.5 expected gaps
    ``churned``   流失  silent for more than 5 expected gaps; ends the run
    ``won_back``  回流  first and second visit after having been churned
    ============  ====  ==================================================================

    Parameters
    ----------
    data : Community, or frame of schema `activity`
        A Community gives every customer, a frame the members met in it.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    activity : {"orders", "events"}
        What counts as a visit: purchases, or events of any kind.
    method : {"own_gap", "fixed", "model"}
        ``"fixed"`` takes 90 and 180 days instead of own gaps; ``"model"`` the silences beyond
        which fewer than 60 %, 35 % of members come back (see Notes).
    rules : StageRules, optional
        Other limits; `method` is then theirs.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a Community.

    Returns
    -------
    frame, sorted by ``member_id``
        ``stage`` : code, see above; null where unknown (see Warns);
        ``since`` : instant at which the stage began, by what was known then; for prospects
        when they joined, null if nobody wrote it down;
        ``next_due`` : last visit plus the expected gap; null without visits;
        ``overdue_ratio`` : days since the last visit over the expected gap, > 0; above 1
        the visit is late; null without visits.

    Raises
    ------
    DataError
        If the table `activity` is missing.
    ParameterError
        If `activity`, `method` or `rules` is out of range.

    Warns
    -----
    SiyuWarning
        If no member visited twice (then 30 days are taken as everybody's gap); or if members
        joined before the record of `activity` began (``Community(observed=...)``) and have
        not visited since: whether they are prospects is unknown; or if the record ended
        before `as_of`.

    Notes
    -----
    The rhythm's prior and formula: `siyu.segmentation.rhythm`. ``"model"`` measures silence in
    own expected gaps too, but learns from the silences of all members how many of them mean
    that a member is gone: the chance to come back is ``1 - K(25) / K(u)`` after ``u`` gaps, with
    ``K`` the share of silences that last longer (`siyu.segmentation.return_curves`). Whatever
    the method, the stage at earlier visits (`since`) uses no later visit of the member.

    Time O(n log n). Measured on planted truth (``benchmarks/bench_stages.py``): the own rhythm
    tells lapsed members better than fixed days where members differ in rhythm, as well where
    they do not, and worse where visits come in clumps with long pauses between them, or around
    festivals only; ``"model"`` keeps nearly all of the first and loses little of the second.
    ``"own_gap"`` is the default, being the rule that can be told in one sentence: take
    ``"model"`` where members come often with long pauses, as in a supermarket.

    Examples
    --------
    >>> import pandas as pd
    >>> days = ["2026-01-01", "2026-01-11", "2026-01-21", "2026-02-20", "2025-12-25"]
    >>> orders = pd.DataFrame(
    ...     {
    ...         "member_id": ["ann", "ann", "ann", "bo", "cy"],
    ...         "order_time": pd.to_datetime(days).tz_localize("Asia/Shanghai"),
    ...         "amount": [9.0, 9.0, 9.0, 9.0, 9.0],
    ...     }
    ... )
    >>> lifecycle(orders, as_of="2026-02-21")[["member_id", "stage", "overdue_ratio"]].round(1)
      member_id    stage  overdue_ratio
    0       ann  dormant            3.1
    1        bo      new            0.1
    2        cy  churned            5.8
    """
    rules = chosen_rules(activity, method, rules)
    c = as_community(data, activity)
    known, end = c.before(as_of), c.moment(as_of)
    rows = activity_rows(known, activity, known.customers())
    table, doubts = stages_at(rows, known, activity, rules, end)
    for doubt in doubts.values():
        warn(f"lifecycle(): {doubt}")
    return from_arrow(table.drop_columns(["expected_gap"]), output or kind_of(data))


def chosen_rules(activity: str, method: str, rules: StageRules | None) -> StageRules:
    """Check what counts as activity, and give the rules that follow from `method` or `rules`."""
    if activity not in TIMES:
        raise ParameterError("activity", f"activity must be 'orders' or 'events', got {activity!r}")
    if rules is None:
        return StageRules(method=method)  # type: ignore[arg-type]  # checked there
    if not isinstance(rules, StageRules):
        raise ParameterError("rules", f"rules must be StageRules, got {type(rules).__name__}")
    if method not in ("own_gap", rules.method):
        raise ParameterError("method", f"method is {method!r}, but rules say {rules.method!r}")
    return rules


def stages_at(
    rows: MemberRows, known: Community, activity: str, rules: StageRules, end: int
) -> tuple[pa.Table, dict[str, str]]:
    """Stage the members of `rows`, the customers of a community as it was known at `end`.

    Returns
    -------
    (pyarrow.Table, dict of kind to message)
        As `stage_table`; and what makes it weak, for warnings.
    """
    visits = visits_of(rows, known.tz)
    rhythm = rhythm_for(visits, rules, end)
    table = stage_table(visits, rows.members, rhythm, rules, end)
    table = known_stages(table, known, activity, end)
    doubts = {}
    if ended := ended_early(known, end, activity):
        doubts["ended"] = ended
    if rhythm.n_gaps == 0 and len(visits.member):
        doubts["no_gap"] = "no member visited on two days; a gap of 30 days is assumed for all"
    if n := table["stage"].null_count:
        doubts["unknown"] = (
            f"{n} members joined before the record of {activity} began and have none; "
            "whether they are prospects is unknown, so their stage is null"
        )
    return table, doubts


def activity_rows(c: Community, activity: str, members: pa.Array) -> MemberRows:
    """Group the rows that count as activity: purchases, or events of any kind."""
    table = table_of(c, activity, "lifecycle()")
    if activity == "orders" and not (bought := is_purchase(table)).all():
        table = table.select(["member_id", "order_time"]).take(pa.array(np.flatnonzero(bought)))
    table = table.select(["member_id", TIMES[activity]])
    return MemberRows.of(table, time=TIMES[activity], members=members)


def stage_table(
    visits: Visits, members: pa.Array, rhythm: Rhythm, rules: StageRules, end: int
) -> pa.Table:
    """Stage every member: the kernel of `lifecycle`, for any chunk of members.

    Parameters
    ----------
    visits : Visits
        All visits of these members before `end`.
    members : sorted pyarrow.Array
    rhythm : Rhythm
        Of the whole population (`siyu.segmentation.silence.rhythm_for`).
    rules : StageRules
    end : int
        The moment to look from (us), itself excluded.

    Returns
    -------
    pyarrow.Table
        ``member_id, stage, since, next_due, overdue_ratio, expected_gap``; members without
        visits are prospects since an unknown moment.
    """
    limits = rules.limits(rhythm.returning)
    pace = pace_of(visits, rhythm, limits.churned_us)
    stage_then, since_then = stage_at_visits(visits, pace, rules, limits)
    there = visits.count() > 0
    at = visits.starts[1:][there] - 1
    expected, last = pace.expected[at], visits.last[at]
    dormant_from = last + limits.dormant_us(expected, pace.known[at])
    churned_from = last + limits.churned_us(expected, pace.known[at])
    silent = [churned_from < end, dormant_from < end]
    codes = np.full(len(members), _PROSPECT)
    codes[there] = np.select(silent, [_CHURNED, _DORMANT], stage_then[at])
    since = np.select(silent, [churned_from, dormant_from], since_then[at])
    due = last + np.rint(expected * DAY_US).astype(np.int64)
    return pa.table(
        {
            "member_id": members,
            "stage": pa.array(STAGES).take(pa.array(codes)),
            "since": _spread(since, there).cast(INSTANT),
            "next_due": _spread(due, there).cast(INSTANT),
            "overdue_ratio": _spread((end - last) / DAY_US / expected, there),
            "expected_gap": _spread(expected, there),
        }
    )


def stage_at_visits(
    visits: Visits, pace: Pace, rules: StageRules, limits: Limits
) -> tuple[Ints, Ints]:
    """Give the stage (place in `STAGES`) each visit leaves its member in, and its beginning."""
    first = visits.is_first()
    opens_run = first | pace.returns
    run = np.cumsum(opens_run) - 1
    opening = np.flatnonzero(opens_run)
    number = np.arange(len(run))
    place = number - opening[run] + 1
    settled = np.where(place >= rules.loyal_from, _LOYAL, _GROWING)
    in_first_run = np.where(place == 1, _NEW, settled)
    in_later_run = np.where(place <= rules.won_back_visits, _WON_BACK, settled)
    stage = np.where(first[opening[run]], in_first_run, in_later_run)
    opens_stage = opens_run.copy()
    opens_stage[1:] |= stage[1:] != stage[:-1]
    longest = limits.dormant_us(pace.expected[:-1], pace.known[:-1])
    awake = visits.first[1:] - visits.last[:-1] <= longest
    opens_stage[1:] |= ~awake & ~first[1:]  # woken: it was dormant in between
    begun = np.maximum.accumulate(np.where(opens_stage, number, 0))
    return stage, visits.first[begun]


def known_stages(staged: pa.Table, c: Community, activity: str, end: int) -> pa.Table:
    """Date the prospects, and leave the stage open where no visit may be a gap in the record."""
    members = staged["member_id"].combine_chunks()
    is_prospect = staged["next_due"].is_null().combine_chunks()
    unknown = pc.and_(is_prospect, pa.array(maybe_missed(c, activity, members, end)))
    since = pc.if_else(is_prospect, joined_at(c, members), staged["since"].combine_chunks())
    stage = pc.if_else(unknown, None, staged["stage"].combine_chunks())
    staged = staged.set_column(1, "stage", stage)
    return staged.set_column(2, "since", pc.if_else(unknown, None, since))


def _spread(values: Ints | Floats, there: npt.NDArray[np.bool_]) -> pa.Array:
    """Put the values of the members who visited in place, and null elsewhere."""
    full = np.zeros(len(there), dtype=values.dtype)
    full[there] = values
    return pa.array(full, mask=~there)
