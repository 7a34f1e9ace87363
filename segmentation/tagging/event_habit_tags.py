"""Tags of habits that events tell: sharing, checking in, tasks, team buying, points, muting."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, local_day
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import lookup
from siyu.datasets.ordering import distinct, opens_run
from siyu.datasets.shrinkage import BetaPrior, GammaPrior
from siyu.segmentation.records import has_column, maybe_missed

from .event_rows import (
    CHECK_IN,
    GROUP_BUY,
    MUTE,
    POINTS,
    SHARE,
    TAKING_PART,
    TASK,
    UNMUTE,
    EventRows,
    event_names,
    events_named,
    recent_events,
)
from .evidence import Found
from .facts import Facts, grouped_once
from .found_values import (
    count_tag,
    distinct_pairs,
    flag_tag,
    known_periods,
    pace_tag,
    rate_tag,
    recorded_for,
    usual_rate,
)

__all__ = ["HabitNorms", "habit_norms", "habit_tags"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_LONG_DAYS, _DAYS = 180, 90
_HABIT_WEEKS = 3
_WEEK_US = 7 * DAY_US


@dataclass(frozen=True, slots=True, eq=False)
class HabitNorms:
    """Which events were recorded at all, of anybody, and how often all members do them."""

    names: frozenset[str]
    sharing: GammaPrior
    taking_part: GammaPrior
    next_day: BetaPrior
    next_week: BetaPrior


def habit_norms(facts: Facts) -> HabitNorms:
    """Learn which events there are, and the usual paces and returns."""
    rows = recent_events(facts)
    back_tomorrow, back_in_week, tasks = grouped_once(facts, _returns)
    return HabitNorms(
        event_names(facts),
        _pace_of(rows.named(SHARE).count(), facts, _LONG_DAYS),
        _pace_of(_days_with(facts, TAKING_PART), facts, _DAYS),
        usual_rate(back_tomorrow, tasks),
        usual_rate(back_in_week, tasks),
    )


def habit_tags(facts: Facts, norms: HabitNorms) -> dict[str, Found]:
    """Tag the habits of members; a tag whose events nobody has is left out.

    Returns
    -------
    dict of tag to `Found`
    """
    rows, tags = recent_events(facts), {}
    if recorded_for(facts, "events", _LONG_DAYS):
        if norms.names.intersection(SHARE):
            shares = rows.named(SHARE).count()
            tags["n_shares"] = count_tag(shares)
            tags["share_pace"] = pace_tag(shares, known_periods(facts, _LONG_DAYS), norms.sharing)
        if norms.names.intersection(GROUP_BUY):
            tags["n_group_buys"] = count_tag(rows.named(GROUP_BUY).count())
    if recorded_for(facts, "events", _DAYS):
        if norms.names.intersection(CHECK_IN):
            tags |= _check_in_tags(facts)
        if norms.names.intersection(TAKING_PART):
            days = _days_with(facts, TAKING_PART)
            periods = known_periods(facts, _DAYS)
            tags["taking_part_pace"] = pace_tag(days, periods, norms.taking_part)
        if norms.names.intersection(TASK):
            back_tomorrow, back_in_week, tasks = grouped_once(facts, _returns)
            tags["task_return_d1"] = rate_tag(back_tomorrow, tasks, norms.next_day)
            tags["task_return_d7"] = rate_tag(back_in_week, tasks, norms.next_week)
    return tags | _points(facts, norms) | _muted(facts, norms)


def _pace_of(n: Ints, facts: Facts, days: int) -> GammaPrior:
    periods = known_periods(facts, days)
    return GammaPrior.of(np.where(periods > 0, n, 0), periods)


def _lately(facts: Facts, names: tuple[str, ...] | None = None) -> EventRows:
    rows = recent_events(facts, _DAYS)
    return rows if names is None else rows.named(names)


def _days_with(facts: Facts, names: tuple[str, ...]) -> Ints:
    """Count the local days of the last 90 with an event of these names."""
    rows = _lately(facts, names)
    return distinct_pairs(rows.codes, _from_zero(local_day(rows.times, facts.c.tz)), rows.n_members)


def _from_zero(values: Ints) -> Ints:
    return values - values.min() if len(values) else values


def _check_in_tags(facts: Facts) -> dict[str, Found]:
    """Count days with a check-in, and tell in how many of the last 12 weeks there was one."""
    rows = _lately(facts, CHECK_IN)
    days = _days_with(facts, CHECK_IN)
    weeks = rows.where(rows.times >= facts.end - 12 * _WEEK_US)
    met = distinct_pairs(weeks.codes, (facts.end - 1 - weeks.times) // _WEEK_US, rows.n_members)
    return {
        "check_in_days": count_tag(days),
        "check_in_habit": flag_tag(met >= _HABIT_WEEKS, days),
    }


def _returns(facts: Facts) -> tuple[Ints, Ints, Ints]:
    """Count days with a task that are 8 days old or more; after how many there was any event.

    On the next local day, and on any of the next seven.
    """
    rows, n = _lately(facts), len(facts.members)
    if not len(rows.codes):
        return (np.zeros(n, dtype=np.int64),) * 3
    today = int(local_day(np.array([facts.end]), facts.c.tz)[0])
    days = local_day(rows.times, facts.c.tz)
    span = today + 9
    seen = _distinct(rows.codes * span + days)
    wanted = np.array([name in TASK for name in rows.names], dtype=np.bool_)[rows.name]
    tasks = _distinct((rows.codes * span + days)[wanted])
    tasks = tasks[tasks % span <= today - 8]
    after = np.searchsorted(seen, tasks, side="right")
    following = np.append(seen, np.iinfo(np.int64).max)[after]
    gap = np.where(following // span == tasks // span, following - tasks, span)
    member = tasks // span
    back = [np.bincount(member[gap <= days_on], minlength=n) for days_on in (1, 7)]
    return back[0], back[1], np.bincount(member, minlength=n)


def _distinct(keys: Ints) -> Ints:
    """Give the distinct values of keys that are mostly in order."""
    return keys[opens_run(keys)] if np.all(keys[1:] >= keys[:-1]) else distinct(keys)


def _points(facts: Facts, norms: HabitNorms) -> dict[str, Found]:
    """Sum the values of all events named points, earned and spent."""
    rows = events_named(facts, POINTS)
    if not norms.names.intersection(POINTS) or "value" not in rows.table.column_names:
        return {}
    value = np.nan_to_num(rows.column("value").cast(pa.float64()).to_numpy())
    balance, n = exact_sum(rows.codes, value, rows.n_members), rows.count()
    return {"points_balance": Found(pa.array(balance, mask=(n == 0) & _missed(facts)), n)}


def _missed(facts: Facts) -> Bools:
    """Tell of whom an event may have come before the record began."""
    return maybe_missed(facts.c, "events", facts.members, facts.end)


def _muted(facts: Facts, norms: HabitNorms) -> dict[str, Found]:
    """Tell who has muted the brand: the later of mute and unmute, or a flag of the member."""
    n = len(facts.members)
    rows = events_named(facts, MUTE + UNMUTE)
    if norms.names.intersection(MUTE + UNMUTE):
        is_mute = np.array([name in MUTE for name in rows.names], dtype=np.bool_)[rows.name]
        last = np.full(n, np.iinfo(np.int64).min)
        np.maximum.at(last, rows.codes, rows.times * 2 + is_mute)  # mute counts in a draw
        told_of = rows.count()
        is_muted = (last & 1 == 1) & (told_of > 0)
        return {"muted": flag_tag(is_muted, told_of, (told_of == 0) & _missed(facts))}
    members = facts.c.arrow("members")
    if members is None or not has_column(facts.c, "members", "muted"):
        return {}
    if not pa.types.is_boolean(members["muted"].type):
        return {}
    known = members.filter(members["muted"].is_valid())
    says_so = known["muted"].to_numpy().astype(np.bool_)
    at = lookup(known["member_id"], facts.members)
    muted = np.bincount(at[(at >= 0) & says_so], minlength=n) > 0
    support = np.minimum(np.bincount(at[at >= 0], minlength=n), 1)
    return {"muted": flag_tag(muted, support, support == 0)}
