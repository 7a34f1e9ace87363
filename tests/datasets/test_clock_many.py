"""Local time of many instants at once, which goes through a table of quarter hours."""

import numpy as np
import pytest

from siyu.datasets.clock import local_clock, local_day

YEAR_US = 366 * 86_400_000_000


def _instants(start: str, n: int = 20_000) -> np.ndarray:
    first = np.datetime64(start, "us").astype(np.int64)
    return first + np.random.default_rng(0).integers(0, YEAR_US, n)


@pytest.mark.parametrize(
    ("tz", "start"),
    [
        ("Asia/Shanghai", "2025-01-01"),
        ("America/New_York", "2025-01-01"),
        ("Australia/Lord_Howe", "2025-01-01"),  # half an hour of summer time
        ("Pacific/Apia", "2011-06-01"),  # leaves out a whole day
        ("Africa/Monrovia", "1971-06-01"),  # shifts by 44 minutes and 30 seconds
    ],
)
def test_many_instants_read_as_they_do_in_small_lots(tz: str, start: str) -> None:
    us = _instants(start)
    lots = [local_clock(us[i : i + 5_000], tz) for i in range(0, len(us), 5_000)]
    assert np.array_equal(local_clock(us, tz), np.concatenate(lots))


def test_instants_spread_over_centuries_need_no_huge_table() -> None:
    us = np.linspace(-(2**55), 2**55, 10_001).astype(np.int64)
    assert np.array_equal(local_day(us, "Asia/Shanghai")[:9], local_day(us[:9], "Asia/Shanghai"))
