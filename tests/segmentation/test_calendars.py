"""The shop's calendar."""

from typing import Any

import numpy as np
import pytest

from siyu.datasets import ParameterError
from siyu.segmentation.tagging.calendars import FESTIVALS, Calendar, usual_festivals


def _days(*dates: str) -> Any:
    return np.array(dates, dtype="datetime64[D]").astype(np.int64)


def test_the_13th_is_the_usual_member_day() -> None:
    days = _days("2026-02-12", "2026-02-13", "2025-11-13")
    assert Calendar().is_member_day(days).tolist() == [False, True, True]


def test_single_dates_are_member_days_too() -> None:
    days = _days("2026-03-08", "2025-03-08", "2026-03-28")
    assert Calendar((28, "2026-03-08")).is_member_day(days).tolist() == [True, False, True]


def test_days_of_the_month_may_be_numpy_s() -> None:
    assert Calendar((np.int64(13),)).is_member_day(_days("2026-02-13")).tolist() == [True]


@pytest.mark.parametrize(
    ("date", "name"),
    [
        ("2026-02-03", "spring_festival"),  # New Year's day is 2026-02-17
        ("2026-02-23", "spring_festival"),
        ("2025-06-01", "june_618"),
        ("2025-06-20", "june_618"),
        ("2025-11-11", "double_11"),
        ("2025-12-12", "double_12"),
    ],
)
def test_the_usual_festivals_hold_their_first_and_last_day(date: str, name: str) -> None:
    assert Calendar().festival(_days(date)).tolist() == [FESTIVALS.index(name)]


@pytest.mark.parametrize("date", ["2026-02-02", "2026-02-24", "2025-06-21", "2025-11-12"])
def test_the_day_beside_a_festival_is_none_of_it(date: str) -> None:
    assert Calendar().festival(_days(date)).tolist() == [-1]


def test_new_years_follow_each_other_by_twelve_or_thirteen_moons() -> None:
    starts = _days(*(first for first, _ in usual_festivals()["spring_festival"]))
    assert set(np.diff(starts)) <= {353, 354, 355, 383, 384, 385}


def test_of_overlapping_festivals_the_first_counts() -> None:
    ours = Calendar(festivals={"b": [("2026-01-01", "2026-01-05")], "a": [("2026-01-04",) * 2]})
    assert ours.festival(_days("2026-01-04")).tolist() == [0]


def test_no_days_have_no_festival() -> None:
    assert Calendar().festival(_days()).tolist() == []


def test_a_calendar_may_be_empty() -> None:
    empty = Calendar((), {})
    assert empty.is_member_day(_days("2026-02-13")).tolist() == [False]
    assert empty.festival(_days("2026-02-13")).tolist() == [-1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"member_days": (32,)}, "member days are 1 to 31 or dates, got 32"),
        ({"member_days": ("soon",)}, "expected a date, got 'soon'"),
        ({"member_days": (13.0,)}, "expected a date, got 13.0"),
        ({"member_days": 13}, "expected several days of the month or dates, got 13"),
        ({"festivals": [("x", "2026-02-02")]}, "festivals must be a dict"),
        ({"festivals": {"x": None}}, "'x' must be a list of spans"),
        ({"festivals": {"x": [None]}}, "spans of 'x' are .first day, last day."),
        ({"festivals": {"x": [("2026-02-02", "2026-02-01")]}}, "'x' ends before it begins"),
        ({"festivals": {"x": ["2026-02-02"]}}, "spans of 'x' are .first day, last day."),
    ],
)
def test_a_calendar_that_cannot_be_read_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Calendar(**given)
