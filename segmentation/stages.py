"""Lifecycle stages, judged by each member's own rhythm."""

from dataclasses import dataclass
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

from .recency import is_purchase
from .records import ended_early, joined_at, maybe_missed, table_of
from .rhythm import Pace, Rhythm, pace_of, rhythm_of
from .visits import Visits, visits_of

__all__ = ["STAGES", "StageRules", "activity_rows", "known_stages", "lifecycle", "stage_table"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

STAGES = ("prospect", "new", "growing", "loyal", "dormant", "churned", "won_back")
"""The stage codes; words for them come from `siyu.datasets.label`."""

_PROSPECT, _NEW, _GROWING, _LOYAL, _DORMANT, _CHURNED, _WON_BACK = range(7)
_TIMES = {"orders": "order_time", "events": "event_time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRules:
    """When a member passes from one stage to the next.

    Parameters
    ----------
    method : {"own_gap", "fixed"}
        Whether silence is measured in the member's own expected gaps or in days.
    dormant_after, churned_after : float, 1 or more
        For ``"own_gap"``: silence in expected gaps beyond which a member is dormant, churned.
    dormant_days, churned_days : float, 1 or more
        The same for ``"fixed"``, in days.
    loyal_from : int, 2 or more
        From which visit day of a run on a member is loyal.
    won_back_visits : int, 1 or more
        For how many visit days after a return a member is won back.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    method: Literal["own_gap", "fixed"] = "own_gap"
    dormant_after: float = 2.5
    churned_after: float = 5.0
    dormant_days: float = 90.0
    churned_days: float = 180.0
    loyal_from: int = 5
    won_back_visits: int = 2

    def __post_init__(self) -> None:
        if self.method not in ("own_gap", "fixed"):
            raise ParameterError(
                "method", f"method must be 'own_gap' or 'fixed', got {self.method!r}"
            )
        for name, low in _LEAST.items():
            value = getattr(self, name)
            if not low <= value < np.inf:
                raise ParameterError(name, f"{name} must be {low} or more, got {value}")
        if self.dormant_after > self.churned_after or self.dormant_days > self.churned_days:
            raise ParameterError("churned_after", "a member is dormant before being churned")

    def dormant_us(self, expected: Floats) -> Ints:
        """Give the longest silence (us) that is not yet dormant, for expected gaps in days."""
        return self._us(expected, self.dormant_after, self.dormant_days)

    def churned_us(self, expected: Floats) -> Ints:
        """Give the longest silence (us) that is not yet churned, for expected gaps in days."""
        return self._us(expected, self.churned_after, self.churned_days)

    def _us(self, expected: Floats, times: float, days: float) -> Ints:
        limit = times * expected if self.method == "own_gap" else np.full(len(expected), days)
        return np.asarray(np.rint(limit * DAY_US), dtype=np.int64)


_LEAST = {
    "dormant_after": 1,
    "churned_after": 1,
    "dormant_days": 1,
    "churned_days": 1,
    "loyal_from": 2,
    "won_back_visits": 1,
}


def lifecycle(
    data: Community | Frame,
    *,
    as_of: Any,
    activity: Literal["orders", "events"] = "orders",
    method: Literal["own_gap", "fixed"] = "own_gap",
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
    method : {"own_gap", "fixed"}
        ``"fixed"`` takes 90 and 180 days instead of own gaps.
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
    The rhythm's prior and formula: `siyu.segmentation.rhythm`. Time O(n log n). Measured on
    planted truth (``benchmarks/bench_stages.py``) the own rhythm tells lapsed members better
    than fixed days where members differ in rhythm, as well where they do not, and worse where
    visits come in clumps with long pauses between them: take ``"fixed"`` there.

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
    if rules is None:
        rules = StageRules(method=method)
    elif method not in ("own_gap", rules.method):
        raise ParameterError("method", f"method is {method!r}, but rules say {rules.method!r}")
    if activity not in _TIMES:
        raise ParameterError("activity", f"activity must be 'orders' or 'events', got {activity!r}")
    c = as_community(data, activity)
    known = c.before(as_of)
    if ended := ended_early(known, c.moment(as_of), activity):
        warn(f"lifecycle(): {ended}")
    rows = activity_rows(known, activity, known.customers())
    visits = visits_of(rows, c.tz)
    rhythm = rhythm_of(visits, rules.churned_us)
    if rhythm.n_gaps == 0 and len(visits.member):
        warn("lifecycle(): no member visited on two days; a gap of 30 days is assumed for all")
    end = c.moment(as_of)
    table = stage_table(visits, rows.members, rhythm, rules, end)
    table = known_stages(table, known, activity, end)
    if n := table["stage"].null_count:
        warn(
            f"lifecycle(): {n} members joined before the record of {activity} began and have "
            "none; whether they are prospects is unknown, so their stage is null"
        )
    return from_arrow(table.drop_columns(["expected_gap"]), output or kind_of(data))


def activity_rows(c: Community, activity: str, members: pa.Array) -> MemberRows:
    """Group the rows that count as activity: purchases, or events of any kind."""
    table = table_of(c, activity, "lifecycle()")
    if activity == "orders" and not (bought := is_purchase(table)).all():
        table = table.select(["member_id", "order_time"]).take(pa.array(np.flatnonzero(bought)))
    table = table.select(["member_id", _TIMES[activity]])
    return MemberRows.of(table, time=_TIMES[activity], members=members)


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
        Of the whole population.
    rules : StageRules
    end : int
        The moment to look from (us), itself excluded.

    Returns
    -------
    pyarrow.Table
        ``member_id, stage, since, next_due, overdue_ratio, expected_gap``; members without
        visits are prospects since an unknown moment.
    """
    pace = pace_of(visits, rhythm, rules.churned_us)
    stage_then, since_then = _stage_at_visits(visits, pace, rules)
    there = visits.count() > 0
    at = visits.starts[1:][there] - 1
    expected, last = pace.expected[at], visits.last[at]
    dormant_from = last + rules.dormant_us(expected)
    churned_from = last + rules.churned_us(expected)
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


def _stage_at_visits(visits: Visits, pace: Pace, rules: StageRules) -> tuple[Ints, Ints]:
    """Give the stage in which each visit leaves its member, and the instant it began."""
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
    awake = visits.first[1:] - visits.last[:-1] <= rules.dormant_us(pace.expected[:-1])
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
