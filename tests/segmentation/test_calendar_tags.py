"""Tags of dates, parts of the day and weekends, worked by hand."""

import pandas as pd
import pytest

from siyu.segmentation.tagging.calendars import Calendar
from tag_tables import DAYS, orders_on, tags_of

SALE = Calendar((1,), {"sale": [("2026-02-01", "2026-02-08")], "fair": [("2026-02-14",) * 2]})


def test_the_member_day_is_that_of_the_calendar() -> None:
    assert tags_of(orders=orders_on(DAYS), calendar=SALE).member_day_habit[1] == pytest.approx(
        1 / 3
    )


def test_the_festival_share_counts_purchase_days() -> None:
    orders = orders_on([*DAYS, "2026-02-01 20"])
    assert tags_of(orders=orders, calendar=SALE).festival_share[1] == pytest.approx(2 / 3)


def test_the_usual_festivals_are_the_chinese_ones() -> None:
    orders = orders_on(["2025-11-11", "2025-12-12", "2025-10-01", "2025-06-18"])
    assert tags_of(orders=orders).festival_share[1] == 0.75


def test_who_buys_in_festivals_alone() -> None:
    orders = orders_on([*DAYS[:2], *DAYS, DAYS[0]], member_id=[1, 1, 2, 2, 2, 3])
    tags = tags_of(orders=orders, calendar=SALE)
    assert tags.festival_only.tolist() == [True, False, pd.NA]


def test_the_favourite_festival_has_most_purchase_days() -> None:
    orders = orders_on([*DAYS[:2], "2026-02-14", DAYS[2]], member_id=[1, 1, 1, 2])
    tags = tags_of(orders=orders, calendar=SALE)
    assert tags.favourite_festival[1] == "sale"
    assert pd.isna(tags.favourite_festival[2])


@pytest.mark.parametrize(
    ("day", "part"), [("10", "early_month"), ("11", "mid_month"), ("21", "late_month")]
)
def test_the_month_is_cut_on_the_11th_and_the_21st(day: str, part: str) -> None:
    orders = orders_on([f"2025-{month}-{day}" for month in (10, 11, 12)])
    assert tags_of(orders=orders).month_part[1] == part


def test_the_31st_is_late_in_the_month() -> None:
    orders = orders_on(["2025-10-31", "2025-12-31", "2026-01-31"])
    assert tags_of(orders=orders).month_part[1] == "late_month"


@pytest.mark.parametrize("name", ["member_day_habit", "festival_share", "month_part"])
def test_two_purchase_days_tell_no_habit(name: str) -> None:
    assert pd.isna(tags_of(orders=orders_on(DAYS[:2]))[name][1])


@pytest.mark.parametrize(
    ("hour", "part"),
    [
        ("05:00", "morning"),
        ("10:59", "morning"),
        ("11:00", "noon"),
        ("14:00", "afternoon"),
        ("18:00", "evening"),
        ("22:00", "night"),
        ("04:59", "night"),
    ],
)
def test_parts_of_the_day_begin_at_their_hours(hour: str, part: str) -> None:
    orders = orders_on([f"2026-02-0{day} {hour}" for day in (1, 2, 3)])
    assert tags_of(orders=orders).active_daypart[1] == part


def test_weekends_are_saturdays_and_sundays() -> None:
    orders = orders_on([f"2026-02-0{day} 10" for day in (5, 6, 7, 8)])  # Thursday to Sunday
    assert tags_of(orders=orders).weekend_share[1] == 0.5


def test_lines_of_one_instant_are_one_act() -> None:
    orders = orders_on(["2026-02-01 23:00"] * 5)
    assert pd.isna(tags_of(orders=orders).night_owl[1])
