"""Groups day by day, by hand and against the benchmark's own arithmetic in DuckDB."""

import datetime as dt
import importlib
from typing import Any

import pandas as pd
import pytest

from group_worlds import chat
from siyu.datasets import Community, make_community
from siyu.graph.groups.day_table import group_days
from siyu.graph.groups.health import group_health

AS_OF = "2026-03-01"
bench_groups: Any = importlib.import_module("bench_groups")


def days(c: Community, **how: Any) -> pd.DataFrame:
    found = group_days(c, as_of=AS_OF, window="4D", **how)
    assert isinstance(found, pd.DataFrame)
    return found


def test_every_day_of_the_window_has_a_row() -> None:
    found = days(chat([], [(1, 1, "2026-01-01", None)]))
    assert found["day"].tolist() == [dt.date(2026, 2, day) for day in (25, 26, 27, 28)]


def test_days_before_a_group_began_are_left_out() -> None:
    found = days(chat([], [(1, 1, "2026-02-27", None)]))
    assert found["day"].tolist() == [dt.date(2026, 2, 27), dt.date(2026, 2, 28)]


def test_members_are_those_at_the_end_of_the_day() -> None:
    rows = [
        (1, 1, "2026-01-01", None),
        (1, 2, "2026-02-26T12:00", None),
        (1, 3, "2026-01-01", "2026-02-27T12:00"),
        (1, 4, "2026-02-27T01:00", "2026-02-27T02:00"),
    ]
    found = days(chat([], rows))
    assert found["n_members"].tolist() == [2, 3, 2, 2]
    assert found["n_joined"].tolist() == [0, 1, 1, 0]
    assert found["n_left"].tolist() == [0, 0, 2, 0]


def test_turns_that_may_still_be_answered_are_not_counted_yet() -> None:
    said: list[Any] = [(1, f"2026-02-{day}T10:00", 1, None) for day in (26, 27, 28)]
    said += [(2, "2026-02-26T11:00", 1, 1)]
    found = days(chat(said, [(1, 1, "2026-01-01", None)]))
    assert found["n_turns"].tolist() == [0, 2, 1, pd.NA]
    assert found["n_answered"].tolist() == [0, 1, 0, pd.NA]


def test_days_are_cut_on_the_clock_of_the_shop() -> None:
    said = chat([(1, "2026-02-26T20:00", 1, None)]).messages
    c = Community(tz="Asia/Shanghai", messages=said)
    found = group_days(c, as_of=AS_OF, window="4D").set_index("day")
    assert found.loc[dt.date(2026, 2, 27), "n_messages"] == 1


def test_the_day_of_as_of_is_the_last_as_far_as_it_has_passed() -> None:
    said = [(1, f"2026-02-28T{hour}:00", 1, None) for hour in ("08", "12", "13")]
    c = chat(said, [(1, 1, "2026-01-01", None)])
    found = group_days(c, as_of="2026-02-28 12:30", window="1D")
    assert found["n_messages"].tolist() == [2]


def test_a_day_on_which_the_clocks_change_is_one_day() -> None:
    said = chat([(1, f"2026-03-{day}T12:00", 1, None) for day in range(6, 12)]).messages
    c = Community(tz="America/New_York", messages=said)  # clocks go forward on 8 March
    found = group_days(c, as_of="2026-03-11", window="5D")
    assert found["n_messages"].tolist() == [1, 1, 1, 1, 1]


def test_sends_and_leaves_after_them_stand_on_their_days() -> None:
    sends = pd.DataFrame(
        {"send_time": [pd.Timestamp("2026-02-26T20:00", tz="UTC")], "group_id": [1]}
    )
    rows: list[Any] = [(1, 1, "2026-01-01", None), (1, 2, "2026-01-01", "2026-02-27T10:00")]
    rows += [(1, 3, "2026-01-01", "2026-02-27T21:00")]
    found = days(chat([], rows, sends=sends))
    assert found["n_sends"].tolist() == [0, 1, 0, 0]
    assert found["n_left_after_send"].tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("seed", [1, 2])
def test_days_add_up_to_the_health_of_the_group(seed: int) -> None:
    c = make_community(400, random_state=seed)
    health = group_health(c, as_of="2026-06-01").set_index("group_id")
    found = group_days(c, as_of="2026-06-01").groupby("group_id")
    for name in ("n_joined", "n_left", "n_messages", "n_replies", "n_sends", "n_left_after_send"):
        assert found[name].sum().tolist() == health[name].tolist()
    assert found["n_members"].last().tolist() == health["n_members"].tolist()
    assert found["gmv"].sum().tolist() == pytest.approx(health["gmv"].tolist())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_duckdb_counts_the_same_days(seed: int) -> None:
    c = bench_groups.draw_chat(4_000, 60, seed)
    ours = group_days(c, as_of=bench_groups.AS_OF)
    assert bench_groups.difference(ours, bench_groups.peer_days(c), bench_groups.DAYS) < 1e-9


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_duckdb_finds_the_same_health(seed: int) -> None:
    c = bench_groups.draw_chat(4_000, 60, seed)
    ours = group_health(c, as_of=bench_groups.AS_OF)
    assert bench_groups.difference(ours, bench_groups.peer_health(c), bench_groups.HEALTH) < 1e-9


def test_the_benchmark_prints_a_row_a_call(capsys: pytest.CaptureFixture[str]) -> None:
    bench_groups.main(["2000", "40", "--repeats", "1"])
    told = capsys.readouterr().out
    assert "| 2,000 | 40 | group_health |" in told
    assert "| 2,000 | 40 | group_days |" in told


def test_the_benchmark_sees_a_number_that_differs() -> None:
    c = bench_groups.draw_chat(2_000, 40)
    ours, theirs = group_days(c, as_of=bench_groups.AS_OF), bench_groups.peer_days(c)
    ours.loc[5, "n_messages"] += 1
    assert bench_groups.difference(ours, theirs, bench_groups.DAYS) > 1e-3
