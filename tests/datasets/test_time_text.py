"""Points in time written as text."""

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.reading.time_text import parse_times

SHANGHAI = "Asia/Shanghai"
MORNING = datetime(2026, 1, 1, 19, 4, tzinfo=UTC)  # 2 January, 03:04 in Shanghai


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02 03:04",
        "2026/1/2 3:04",
        "2026.01.02 03:04:00",
        "2026-01-02T03:04:00.000",
        "2026年1月2日 3时4分",
        "2026年1月2日 03:04",
        "20260102030400",
        "２０２６-01-02 03:04",
        "2026-01-02 3:04 AM",
        "2026-01-02 上午3:04",
        "2026-01-01T19:04:00Z",
        "2026-01-01 19:04:00 UTC",
        "2026-01-02 03:04+08:00",
        "2026-01-02 03:04:00+0800",
        "2026-01-01T14:04:00-05",
        "1767294240",
        "1767294240000",
        "1767294240000000",
    ],
)
def test_one_moment_is_read_however_it_is_written(text: str) -> None:
    times, faults = parse_times(pa.array([text]), SHANGHAI)
    assert times.to_pylist() == [MORNING]
    assert faults == []


@pytest.mark.parametrize("text", ["2026-01-02", "2026/1/2", "20260102", "2026年1月2日"])
def test_a_day_is_its_local_midnight(text: str) -> None:
    times, _ = parse_times(pa.array([text]), SHANGHAI)
    assert times.to_pylist() == [datetime(2026, 1, 1, 16, tzinfo=UTC)]


def test_afternoon_is_twelve_hours_later() -> None:
    texts = pa.array(["2026-01-02 下午3:04", "2026-01-02 12:30 AM", "2026-01-02 12:30 PM"])
    times, _ = parse_times(texts, "UTC")
    assert [(t.hour, t.minute) for t in times.to_pylist()] == [(15, 4), (0, 30), (12, 30)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2026-02-30", "no such day or hour"),
        ("2025-02-29", "no such day or hour"),
        ("2026-13-01", "no such day or hour"),
        ("2026-01-02 24:00", "no such day or hour"),
        ("2026-01-02 13:00 PM", "no such day or hour"),
        ("45321.5", "Excel's number of days"),
        ("yesterday", "is no point in time"),
        ("12345678901", "is no point in time"),
        ("2150-01-01", "before 1970 or after 2099"),
        ("1899-12-30", "before 1970 or after 2099"),
        ("01/02/2026", "day or month first?"),
    ],
)
def test_what_is_no_clear_moment_is_refused(text: str, rule: str) -> None:
    _, faults = parse_times(pa.array(["2026-01-02", text]), SHANGHAI)
    assert [(rule in f.rule, f.rows.tolist()) for f in faults if f.refused] == [
        (True, [False, True])
    ]


def test_naive_times_need_a_zone() -> None:
    _, faults = parse_times(pa.array(["2026-01-02", "2026-01-02T00:00Z"]))
    assert [("has no zone" in f.rule, f.rows.tolist()) for f in faults] == [(True, [True, False])]


def test_the_caller_says_whether_the_day_comes_first() -> None:
    texts = pa.array(["02/01/2026", "13/1/2026 3:04"])
    times, faults = parse_times(texts, "UTC", day_first=True)
    assert times.to_pylist() == [
        datetime(2026, 1, 2, tzinfo=UTC),
        datetime(2026, 1, 13, 3, 4, tzinfo=UTC),
    ]
    assert faults == []


def test_a_day_that_cannot_be_a_month_is_refused_when_months_come_first() -> None:
    _, faults = parse_times(pa.array(["02/01/2026", "13/1/2026"]), "UTC", day_first=False)
    assert [f.rows.tolist() for f in faults if f.refused] == [[False, True]]


def test_the_refusal_says_which_order_the_rows_allow() -> None:
    _, faults = parse_times(pa.array(["02/01/2026", "13/1/2026"]), "UTC")
    assert "1 rows can only be day first, 0 only month first" in faults[0].rule


def test_seconds_and_milliseconds_are_unified_and_reported() -> None:
    texts = pa.array(["1767294240", "1767294240", "1767294240000"])
    times, faults = parse_times(texts)
    assert times.to_pylist() == [MORNING] * 3
    assert [(f.rule, f.rows.tolist()) for f in faults] == [
        ("seconds and milliseconds were brought to one unit", [False, False, True])
    ]


@pytest.mark.parametrize("zero", ["0", "0000-00-00", "0000-00-00 00:00:00"])
def test_a_zero_date_is_missing_and_reported(zero: str) -> None:
    times, faults = parse_times(pa.array([zero, ""]), SHANGHAI)
    assert times.to_pylist() == [None, None]
    assert [f.rows.tolist() for f in faults] == [[True, False]]


def test_times_with_and_without_zone_are_read_and_reported() -> None:
    times, faults = parse_times(pa.array(["2026-01-02 03:04", "2026-01-01T19:04Z"]), SHANGHAI)
    assert times.to_pylist() == [MORNING, MORNING]
    assert ["with a zone stand beside" in f.rule for f in faults] == [True]


def test_an_hour_that_occurs_twice_is_the_earlier_and_reported() -> None:
    times, faults = parse_times(pa.array(["2017-11-05 01:30"]), "America/New_York")
    assert times.to_pylist() == [datetime(2017, 11, 5, 5, 30, tzinfo=UTC)]
    assert ["occurs twice" in f.rule for f in faults] == [True]


def test_a_skipped_hour_is_the_next_and_reported() -> None:
    times, faults = parse_times(pa.array(["2017-03-12 02:30"]), "America/New_York")
    assert times.to_pylist() == [datetime(2017, 3, 12, 7, tzinfo=UTC)]
    assert ["is skipped" in f.rule for f in faults] == [True]


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 30)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_python_and_we_read_iso_alike(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    times, _ = parse_times(pa.array([moment.isoformat()]))
    assert times.to_pylist() == [moment]
