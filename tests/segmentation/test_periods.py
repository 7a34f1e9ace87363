"""Months, weeks and days of the shop's calendar."""

import numpy as np
import pandas as pd
import pytest

from siyu.segmentation.journey.periods import day_names, first_whole


@pytest.mark.parametrize(
    ("begin", "day"),
    [
        ("2026-03-08 00:00", "2026-03-08"),  # a day of 23 hours, from its first moment on
        ("2026-03-08 00:01", "2026-03-09"),
        ("2026-11-01 00:00", "2026-11-01"),  # a day of 25 hours
        ("2026-11-01 00:01", "2026-11-02"),
        ("2026-06-01 23:59", "2026-06-02"),
    ],
)
def test_the_first_whole_day_is_found_when_clocks_change(begin: str, day: str) -> None:
    us = pd.Timestamp(begin, tz="America/New_York").value // 1000
    found = first_whole(us, "America/New_York")
    assert day_names(np.array([found])).to_pylist() == [day]
