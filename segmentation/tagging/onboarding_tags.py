"""Tags of the first week: which first steps members took after joining."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, instants
from siyu.datasets.ids import lookup
from siyu.segmentation.records import has_column, is_recorded, table_of

from .event_rows import ONBOARD, event_names, whole_events
from .evidence import Found
from .facts import Facts, grouped_once
from .found_values import flag_tag, joined_when

__all__ = ["OnboardingNorms", "onboarding_norms", "onboarding_tags"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_WEEK_US = 7 * DAY_US
_ENOUGH = 2
_LATEST = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class OnboardingNorms:
    """Whether anybody's onboarding was recorded as an event of that name."""

    by_event: bool


def onboarding_norms(facts: Facts) -> OnboardingNorms:
    """Learn whether onboarding has an event of its own."""
    return OnboardingNorms(not event_names(facts).isdisjoint(ONBOARD))


def onboarding_tags(facts: Facts, norms: OnboardingNorms) -> dict[str, Found]:
    """Tag the first seven days after joining.

    Steps are a visit (any event), a message, a group joined, a purchase, each where recorded.
    Onboarded is who has an event named onboard in these days; where nobody has, who took two
    steps.

    Returns
    -------
    dict of tag to `Found`
        Null where nothing tells when a member joined, where the record began later, and while
        the week is not over, or was not when the record ended: for flags only if not yet done.
    """
    joined = joined_when(facts)
    if joined.null_count == len(joined):
        return {}
    known = joined.is_valid().to_numpy(zero_copy_only=False)
    since = instants(joined.fill_null(pa.scalar(_LATEST // 2).cast(joined.type)))
    steps = _steps(facts, since)
    if not steps:
        return {}
    taken = np.sum([done for done, _ in steps], axis=0)
    begin, until = _recorded(facts, [table for _, table in steps])
    missed = ~known | (since < begin)
    running = since + _WEEK_US > until
    done = _onboard_event(facts, since) if norms.by_event else taken >= _ENOUGH
    support = np.full(len(joined), len(steps))
    tags = {"onboarding_steps": Found(pa.array(taken, mask=missed | running), support)}
    if norms.by_event or len(steps) >= _ENOUGH:
        tags["onboarded"] = flag_tag(done, support, missed | (running & ~done))
    return tags


def _steps(facts: Facts, since: Ints) -> list[tuple[Bools, str]]:
    """Tell of each kind of step who took it in the first week, and the table that says so."""
    steps, c = [], facts.c
    if is_recorded(c, "events", facts.end):
        events = grouped_once(facts, whole_events)
        steps.append((_in_first_week(events.codes, events.times, since), "events"))
    if facts.purchases is not None:
        bought = _in_first_week(facts.purchases.codes, facts.purchases.times, since)
        steps.append((bought, "orders"))
    messages = c.arrow("messages")
    if messages is not None and is_recorded(c, "messages", facts.end):
        of, times = lookup(messages["member_id"], facts.members), messages["message_time"]
        steps.append((_in_first_week(of, instants(times), since), "messages"))
    if has_column(c, "memberships", "joined_at") and is_recorded(c, "memberships", facts.end):
        memberships = table_of(c, "memberships", "tag()")
        dated = memberships.filter(memberships["joined_at"].is_valid())
        of = lookup(dated["member_id"], facts.members)
        came = _in_first_week(of, instants(dated["joined_at"]), since)
        steps.append((came, "memberships"))
    return steps


def _onboard_event(facts: Facts, since: Ints) -> Bools:
    rows = grouped_once(facts, whole_events).named(ONBOARD)
    return _in_first_week(rows.codes, rows.times, since)


def _in_first_week(codes: Ints, times: Ints, since: Ints) -> Bools:
    """Tell who acted in the seven days from `since`; rows of code -1 are others'."""
    age = times - np.append(since, _LATEST // 2)[codes]
    within = (age >= 0) & (age < _WEEK_US) & (codes >= 0)
    return np.bincount(codes[within], minlength=len(since)) > 0


def _recorded(facts: Facts, tables: list[str]) -> tuple[int, int]:
    """Give the span (us) in which all of some tables were recorded; it ends with the moment."""
    spans = [facts.c.observed[table] for table in tables if table in facts.c.observed]
    begin = max((begin for begin, _ in spans), default=-_LATEST)
    return begin, min([facts.end, *(end for _, end in spans)])
