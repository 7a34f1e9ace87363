"""Coming back after a task, and staying after a welcome: by hand and on planted effects."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError
from siyu.segmentation.journey import onboarding_effect, return_after

TZ = "Asia/Shanghai"
START = pd.Timestamp("2026-01-01", tz=TZ)


def _events(*rows: tuple[int, str, int]) -> pd.DataFrame:
    """Make events of a member on a day, counted from 2026-01-01."""
    who, what, day = zip(*rows, strict=True)
    return pd.DataFrame(
        {"member_id": who, "event": what, "event_time": START + pd.to_timedelta(day, unit="D")}
    )


def test_returns_by_hand() -> None:
    # Member 1: tasks on days 0 and 10, other active days 1, 5 and 6.
    # Day 0 is followed by 1, day 10 by nothing; of 1, 5, 6 only 5 is followed by another day.
    c = Community(
        tz=TZ,
        events=_events((1, "task", 0), (1, "task", 10), (1, "x", 1), (1, "x", 5), (1, "x", 6)),
    )
    found = return_after(c, as_of="2026-03-01", event="task", days=[1]).iloc[0]
    assert found[["n_members", "n_task_days", "n_other_days"]].tolist() == [1, 2, 3]
    assert found[["share_after", "share_usual"]].tolist() == pytest.approx([1 / 2, 1 / 3])
    assert found.difference == pytest.approx(1 / 6)
    assert np.isnan(found.low)


def test_days_too_late_to_be_followed_do_not_count() -> None:
    events = _events((1, "task", 0), (1, "x", 3), (1, "task", 9), (1, "x", 8))
    found = return_after(
        Community(tz=TZ, events=events), as_of="2026-01-10", event="task", days=[1]
    )
    # As of day 9: days 0, 3 and 8 are over, and day 9 itself has not begun.
    assert found[["n_task_days", "n_other_days"]].to_numpy().tolist() == [[1, 1]]


def test_days_far_from_any_task_are_not_compared() -> None:
    events = _events((1, "task", 0), (1, "x", 28), (1, "x", 29))
    found = return_after(
        Community(tz=TZ, events=events), as_of="2026-06-01", event="task", days=[1]
    )
    assert found.n_other_days.tolist() == [1]


def test_a_day_of_another_member_is_no_return() -> None:
    events = _events((1, "task", 5), (1, "x", 0), (2, "x", 6))
    found = return_after(
        Community(tz=TZ, events=events), as_of="2026-06-01", event="task", days=[1]
    )
    assert found.share_after.tolist() == [0]


def test_local_midnight_parts_two_days() -> None:
    times = pd.to_datetime(["2026-01-05 15:59", "2026-01-05 16:01", "2026-01-20 12:00"])
    events = pd.DataFrame({"member_id": 1, "event": ["task", "x", "x"]})
    events["event_time"] = times.tz_localize("UTC")
    found = return_after(
        Community(tz=TZ, events=events), as_of="2026-06-01", event="task", days=[1]
    )
    assert found.share_after.tolist() == [1]


def _tasks(seed: int, effect: float) -> Community:
    """Make members active on a fifth of all days, who come back the more after a task."""
    rng = np.random.default_rng(seed)
    n, days = 150, 120
    own = rng.beta(2, 8, n)
    active = np.zeros((n, days), bool)
    task = np.zeros((n, days), bool)
    for day in range(days):
        lift = effect * task[:, day - 1] if day else 0
        active[:, day] = rng.random(n) < np.clip(own + lift, 0, 1)
        task[:, day] = active[:, day] & (rng.random(n) < 0.4)
    who, when = np.nonzero(active)
    what = np.where(task[who, when], "task", "x")
    return Community(
        tz=TZ, events=_events(*zip(who.tolist(), what.tolist(), when.tolist(), strict=True))
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_planted_return_is_found_the_day_after_and_not_a_week_after(seed: int) -> None:
    found = return_after(_tasks(seed, 0.25), as_of="2026-05-01", event="task").set_index("day")
    assert found.loc[1, "low"] > 0
    assert found.loc[1, "difference"] == pytest.approx(0.25, abs=0.06)
    assert found.loc[7, "low"] - 0.02 < 0 < found.loc[7, "high"] + 0.02


def test_without_an_effect_lively_members_do_not_make_one() -> None:
    # Lively members do more tasks and come back more: between members that looks like an effect.
    held = 0
    for seed in range(12):
        row = return_after(_tasks(seed, 0.0), as_of="2026-05-01", event="task", days=[1]).iloc[0]
        held += row.low <= 0 <= row.high
    assert held >= 10


@pytest.mark.parametrize("setting", [{"days": []}, {"days": [0]}, {"weeks": 0}])
def test_returns_that_make_no_sense_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="must be"):
        return_after(Community(events=_events((1, "x", 1)), tz=TZ), as_of="2026-03-01", **setting)


def _joined(*who: int) -> pd.DataFrame:
    return pd.DataFrame({"member_id": who, "joined_at": START + pd.Timedelta(hours=12)})


WELCOMED = _events(
    (1, "onboard", 0), (1, "view", 7),  # done, and back from day 7 on
    (2, "onboard", 6), (2, "onboard", 20),  # done; doing it again is no sign of staying
    (3, "onboard", 7), (3, "view", 40),  # too late to be done; back by day 60
    (4, "view", 3),  # not done, and not back
)  # fmt: skip


def test_onboarding_by_hand() -> None:
    c = Community(tz=TZ, events=WELCOMED, members=_joined(1, 2, 3, 4, 5))
    found = onboarding_effect(c, as_of="2026-06-01").set_index("until_days")
    assert found.n_done.tolist() == [2, 2, 2]
    assert found.n_done_stayed.tolist() == [1, 1, 1]
    assert found.n_not.tolist() == [3, 3, 3]
    assert found.n_not_stayed.tolist() == [0, 1, 1]
    assert found.loc[60, "difference"] == pytest.approx(1 / 2 - 1 / 3)


def test_members_are_judged_once_their_days_are_over() -> None:
    c = Community(tz=TZ, events=WELCOMED, members=_joined(1, 2, 3, 4, 5))
    # Day 30 after 2026-01-01 is 2026-01-31: over at midnight before 2026-02-01.
    assert onboarding_effect(c, as_of="2026-01-31").n_done.tolist() == [0, 0, 0]
    assert onboarding_effect(c, as_of="2026-02-01").n_done.tolist() == [2, 0, 0]


def test_purchases_and_messages_are_signs_of_staying() -> None:
    orders = pd.DataFrame(
        {"member_id": [4], "order_time": [START + pd.Timedelta(days=9)], "amount": 1.0}
    )
    c = Community(tz=TZ, events=WELCOMED, members=_joined(1, 2, 3, 4, 5), orders=orders)
    assert onboarding_effect(c, as_of="2026-06-01").n_not_stayed.tolist() == [1, 2, 2]


@pytest.mark.parametrize("seed", range(4))
def test_a_planted_difference_lies_in_its_interval(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(1_000):
        done = rng.random() < 0.5
        rows.append((who, "onboard" if done else "view", 1))
        if rng.random() < (0.6 if done else 0.4):
            rows.append((who, "view", int(rng.integers(8, 25))))
    c = Community(tz=TZ, events=_events(*rows), members=_joined(*range(1_000)))
    found = onboarding_effect(c, as_of="2026-06-01").iloc[0]
    assert found.low - 0.03 < 0.2 < found.high + 0.03
    assert found.low > 0.05


def test_events_are_needed() -> None:
    with pytest.raises(DataError, match="needs the table events"):
        onboarding_effect(Community(members=_joined(1)), as_of="2026-06-01")


@pytest.mark.parametrize("days", [0, 30])
def test_a_welcome_of_no_or_too_many_days_is_refused(days: int) -> None:
    c = Community(tz=TZ, events=WELCOMED)
    with pytest.raises(ParameterError, match="within_days must be 1"):
        onboarding_effect(c, as_of="2026-06-01", within_days=days)
