"""Tags of sharing, checking in, tasks, team buying, points and muting, worked by hand."""

import numpy as np
import pandas as pd
import pytest

from community_life import at, events, found, known, life, orders, support
from siyu.datasets import Community
from siyu.datasets.shrinkage import BetaPrior, GammaPrior
from strategies import TZ

MEMBERS = pd.DataFrame(
    {"member_id": [1, 2], "joined_at": at("2025-01-01", "2026-02-01")}  # 180 and 28 days known
)
LONG_AGO = events((2, "2025-01-01", "share"))


def test_shares_of_180_days_are_counted() -> None:
    frame = events((1, "2026-02-01", "share"), (1, "2026-02-02", "share"), (2, "2026-02-02", "x"))
    tags = life(events=pd.concat([frame, LONG_AGO]))
    assert tags.n_shares.tolist() == [2, 0]


def test_the_pace_of_sharing_is_drawn_by_the_time_a_member_is_known() -> None:
    frame = events(*[(who, "2026-02-10", "share") for who in (1, 1, 1, 2)])
    periods = [180 / 28, 1.0]
    usual = GammaPrior.of([3, 1], periods)
    pace = life(events=frame, members=MEMBERS).share_pace
    assert pace.tolist() == pytest.approx(usual.posterior_mean([3, 1], periods))


def test_the_evidence_of_a_pace_is_weighed_in_acts() -> None:
    frame = events(*[(who, "2026-02-10", "share") for who in (1, 1, 1, 2)])
    pace = found(known(Community(tz=TZ, events=frame, members=MEMBERS)))["share_pace"]
    usual = GammaPrior.of([3, 1], [180 / 28, 1.0])
    assert pace.support.tolist() == [3, 1]
    assert pace.strength == pytest.approx(usual.mean * usual.strength)


def test_team_purchases_are_counted_under_either_name() -> None:
    frame = events(
        (1, "2026-02-01", "groupbuy"), (1, "2026-02-02", "group_buy"), (2, "2026-02-01", "x")
    )
    assert life(events=frame).n_group_buys.tolist() == [2, 0]


def test_check_in_days_are_local_days() -> None:
    frame = events(
        (1, "2026-02-01 00:10", "checkin"),
        (1, "2026-02-01 23:50", "checkin"),
        (1, "2026-02-02 00:10", "check_in"),
    )
    assert life(events=frame).check_in_days[1] == 2


def test_check_ins_in_three_weeks_of_twelve_are_a_habit() -> None:
    # weeks end with as_of: 22 to 28 February is the last one
    steady = [(1, f"2026-02-{day}", "checkin") for day in ("28", "20", "10")]
    burst = [(2, f"2026-02-{day}", "checkin") for day in ("22", "23", "24", "28", "20")]
    assert life(events=events(*steady, *burst)).check_in_habit.tolist() == [True, False]


def test_taking_part_is_counted_in_days_not_in_events() -> None:
    frame = events(
        (1, "2026-02-10 09:00", "vote"),
        (1, "2026-02-10 10:00", "groupbuy"),
        (1, "2026-02-11 10:00", "checkin"),
        (1, "2026-02-12 10:00", "view"),
        (2, "2026-02-10 10:00", "view"),
    )
    periods = [90 / 28, 1.0]
    usual = GammaPrior.of([2, 0], periods)
    tags = life(events=frame, members=MEMBERS)
    assert tags.taking_part_pace.tolist() == pytest.approx(usual.posterior_mean([2, 0], periods))


TASKS = events(
    (1, "2026-02-01 10:00", "checkin"),
    (1, "2026-02-02 23:59", "view"),  # back the day after
    (1, "2026-02-10 10:00", "task"),
    (1, "2026-02-17 10:00", "view"),  # back on the seventh day
    (1, "2026-02-25 10:00", "task"),  # younger than eight days
    (2, "2026-02-01 10:00", "vote"),
    (2, "2026-02-09 10:00", "view"),  # back on the eighth day
)


def test_returns_the_day_after_a_task() -> None:
    usual = BetaPrior.of([1, 0], [2, 1])
    back = life(events=TASKS).task_return_d1
    assert back.tolist() == pytest.approx(usual.posterior_mean([1, 0], [2, 1]))
    assert support(events=TASKS).task_return_d1.tolist() == [2, 1]


def test_returns_in_the_week_after_a_task() -> None:
    usual = BetaPrior.of([2, 0], [2, 1])
    back = life(events=TASKS).task_return_d7
    assert back.tolist() == pytest.approx(usual.posterior_mean([2, 0], [2, 1]))


def test_the_day_of_the_task_itself_is_no_return() -> None:
    frame = events((1, "2026-02-01 10:00", "task"), (1, "2026-02-01 12:00", "view"))
    usual = BetaPrior.of([0], [1])
    assert life(events=frame).task_return_d7[1] == pytest.approx(usual.posterior_mean([0], [1])[0])


def test_points_are_earned_and_spent_at_any_time() -> None:
    frame = events(
        (1, "2024-01-01", "points"), (1, "2026-02-01", "points"), (2, "2026-02-01", "view")
    ).assign(value=[100.0, -30.5, 5.0])
    assert life(events=frame).points_balance.tolist() == [69.5, 0.0]


def test_who_unmutes_is_not_muted() -> None:
    frame = events(
        (1, "2025-01-01", "mute"),
        (2, "2026-01-01", "mute"),
        (2, "2026-02-01", "unmute"),
        (3, "2026-02-01", "view"),
    )
    tags = life(events=frame)
    assert tags.muted.tolist() == [True, False, False]


def test_points_and_muting_before_the_record_began_are_unknown() -> None:
    members = pd.DataFrame(
        {"member_id": [1, 2, 3], "joined_at": at("2025-01-01", "2026-02-01", "2025-01-01")}
    )
    rows = [(3, "2026-02-02", "points"), (3, "2026-02-03", "unmute"), (1, "2026-02-04", "view")]
    frame = events(*rows, value=[5.0, None, None])
    tags = life(events=frame, members=members, observed={"events": ("2025-06-01", "2026-03-01")})
    assert tags.points_balance.tolist() == pytest.approx([np.nan, 0.0, 5.0], nan_ok=True)
    assert tags.muted.tolist() == [pd.NA, False, False]


def test_a_column_of_members_tells_who_muted_where_no_event_does() -> None:
    members = pd.DataFrame(
        {"member_id": [1, 2, 3], "muted": pd.array([True, False, None], "boolean")}
    )
    tags = life(members=members, orders=orders((1, "2026-02-01")))
    assert tags.muted.tolist() == [True, False, pd.NA]


def test_events_of_another_kind_tell_none_of_these_habits() -> None:
    told = set(life(events=events((1, "2026-02-01", "rating"))).columns)
    habits = {"n_shares", "check_in_days", "n_group_buys", "task_return_d1", "points_balance"}
    assert not told & (habits | {"muted", "taking_part_pace"})


def test_sharing_needs_a_record_of_180_days() -> None:
    frame = events((1, "2026-02-01", "share"), (1, "2026-02-01", "checkin"))
    told = life(events=frame, observed={"events": ("2025-11-01", "2026-03-01")}).columns
    assert "n_shares" not in told
    assert "check_in_days" in told
