"""Where the shop's clock cuts time."""

import numpy as np
import pandas as pd
import pytest

from siyu.datasets.clock import (
    HOUR_US,
    days_between,
    local_day,
    local_hour,
    local_weekday,
    moment,
    zone_of,
)
from siyu.datasets.errors import ParameterError


def us(text: str) -> np.ndarray:
    return np.array([pd.Timestamp(text).value // 1_000])


def test_a_naive_moment_is_the_shops_clock() -> None:
    assert moment("2026-01-01", "Asia/Shanghai") == us("2025-12-31T16:00Z")[0]


def test_a_zoned_moment_is_its_instant() -> None:
    assert moment("2026-01-01T00:00Z", "Asia/Shanghai") == us("2026-01-01T00:00Z")[0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_unit_of_a_timestamp_does_not_matter(unit: str) -> None:
    stamp = pd.Timestamp("2026-01-01T00:00:01Z").as_unit(unit)  # type: ignore[arg-type]
    assert moment(stamp, "UTC") == us("2026-01-01T00:00:01Z")[0]


@pytest.mark.parametrize("time", ["2026-03-08 02:30", "2025-11-02 01:30"])
def test_a_time_that_clocks_skip_or_show_twice_needs_a_zone(time: str) -> None:
    with pytest.raises(ParameterError, match="clocks of America/New_York skip"):
        moment(time, "America/New_York")


def test_nonsense_is_no_moment() -> None:
    with pytest.raises(ParameterError, match="as_of must be a point in time such as"):
        moment("next week", "UTC")


def test_a_missing_moment_is_refused() -> None:
    with pytest.raises(ParameterError, match="got a missing value"):
        moment(pd.NaT, "UTC")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ParameterError, match="name of a time zone"):
        zone_of(zone)


def test_the_local_day_begins_at_local_midnight() -> None:
    before, after = us("2026-01-01T15:59:59Z"), us("2026-01-01T16:00Z")
    assert local_day(after, "Asia/Shanghai") - local_day(before, "Asia/Shanghai") == 1


def test_summer_time_shifts_the_hour() -> None:
    # New York is 5 hours behind UTC in January and 4 in July.
    winter = local_hour(us("2026-01-01T12:00Z"), "America/New_York")
    summer = local_hour(us("2026-07-01T12:00Z"), "America/New_York")
    assert (winter[0], summer[0]) == (7, 8)


def test_the_day_of_the_change_has_23_hours() -> None:
    # In New York the clock jumped from 2:00 to 3:00 on 2026-03-08.
    start = us("2026-03-08T05:00Z") + np.arange(24) * HOUR_US
    days = local_day(start, "America/New_York")
    assert (days == days[0]).sum() == 23


def test_instants_before_1970_have_the_right_day() -> None:
    assert local_day(us("1969-12-31T23:00Z"), "UTC")[0] == -1


def test_weekdays_begin_on_monday() -> None:
    assert local_weekday(us("2026-01-05T00:00Z"), "UTC")[0] == 0


def test_days_between_counts_fractions() -> None:
    assert days_between(us("2026-01-01"), int(us("2026-01-02T12:00")[0]))[0] == 1.5
