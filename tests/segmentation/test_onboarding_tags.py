"""Tags of the first week, worked by hand."""

from typing import Any

import pandas as pd
import pytest

from community_life import at, events, life, messages, orders, support

JOINED = ["2026-01-01 12:00", "2026-01-01 12:00", "2026-02-25 12:00", "2026-02-25 12:00"]
MEMBERS = pd.DataFrame({"member_id": [1, 2, 3, 4], "joined_at": at(*JOINED)})
EVENTS = events(
    (1, "2026-01-08 11:59", "onboard"),
    (2, "2026-01-08 12:00", "onboard"),  # seven days are over
    (2, "2026-01-02 12:00", "view"),
    (3, "2026-02-26 12:00", "onboard"),
    (4, "2026-02-26 12:00", "view"),
    (5, "2026-02-26 12:00", "onboard"),  # nobody knows when member 5 joined
)


def test_onboarded_is_who_has_the_event_within_seven_days() -> None:
    tags = life(members=MEMBERS, events=EVENTS)
    assert tags.onboarded.tolist() == [True, False, True, pd.NA, pd.NA]


def test_steps_are_counted_when_the_week_is_over() -> None:
    bought = orders((1, "2026-01-02"), (1, "2026-01-03"), (2, "2026-01-09"))
    said = messages((1, "2026-01-05", None), (2, "2025-12-31", None))
    tables: dict[str, Any] = {"members": MEMBERS, "events": EVENTS, "orders": bought}
    steps = life(**tables, messages=said).onboarding_steps
    assert steps.tolist() == [3, 1, pd.NA, pd.NA, pd.NA]
    assert set(support(**tables, messages=said).onboarding_steps) == {3}


def test_joining_a_group_is_a_step() -> None:
    groups = pd.DataFrame(
        {"group_id": 1, "member_id": [1, 2], "joined_at": at("2026-01-02", "2026-01-09")}
    )
    tags = life(members=MEMBERS, memberships=groups, events=EVENTS)
    assert tags.onboarding_steps.tolist()[:2] == [2, 1]


def test_where_nobody_has_that_event_two_steps_will_do() -> None:
    seen = events((1, "2026-01-02", "view"), (2, "2026-01-02", "view"))
    tags = life(members=MEMBERS, events=seen, orders=orders((1, "2026-01-02")))
    assert tags.onboarded.tolist() == [True, False, pd.NA, pd.NA]


def test_one_kind_of_step_does_not_tell_who_is_onboarded() -> None:
    told = life(members=MEMBERS, orders=orders((1, "2026-01-02"))).columns
    assert "onboarded" not in told
    assert "onboarding_steps" in told


def test_who_joined_before_the_record_began_is_unknown() -> None:
    span = {"events": ("2026-02-01", "2026-03-01")}
    tags = life(members=MEMBERS, events=EVENTS, observed=span)
    assert tags.onboarded.tolist() == [pd.NA, pd.NA, True, pd.NA, pd.NA]


def test_a_week_in_which_the_record_ended_is_not_over() -> None:
    span = {"events": ("2025-01-01", "2026-01-08 11:59:30")}  # the week ends at 12:00
    kept = EVENTS.iloc[[0, 2]]
    tags = life(members=MEMBERS, events=kept, observed=span)
    assert tags.onboarded.tolist() == [True, pd.NA, pd.NA, pd.NA]
    assert tags.onboarding_steps.isna().all()


@pytest.mark.parametrize("members", [None, MEMBERS.drop(columns="joined_at")])
def test_without_a_day_of_joining_nothing_is_told(members: Any) -> None:
    told = life(members=members, events=EVENTS).columns
    assert not {"onboarded", "onboarding_steps"} & set(told)
