"""The benchmark of referrals, at its smallest size, for its agreement alone."""

import importlib.util
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_fission.py"


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_fission", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_k_is_that_of_a_plain_loop_over_the_planted_truth(bench: Any) -> None:
    found = bench.k_estimates(600, 7)
    assert found["per active inviter"] > found["truth"]


def test_a_wrong_count_stops_the_benchmark(bench: Any) -> None:
    ours = pd.DataFrame({"n_members": [3], "n_joined": [1]})
    times = pd.to_datetime(["2025-01-01", "2025-01-02"], utc=True)
    recent = pd.DataFrame({"member_id": ["a", "b"], "joined_at": times})
    mine = pd.DataFrame({"inviter_id": ["a"]})
    with pytest.raises(SystemExit, match="a plain loop"):
        bench._agree(ours, recent, mine, pd.Timestamp("2026-01-01", tz="UTC"))


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("honest bursts", "referrals"),
        ("slow", "referrals"),
        ("half act", "events"),
        ("few buy", "orders"),
    ],
)
def test_each_world_is_changed(bench: Any, name: str, table: str) -> None:
    plain = bench.world("no ids", 600, 7)
    other = bench.world(name, 600, 7)
    changed = [t for t in plain.tables() if not plain.arrow(t).equals(other.arrow(t))]
    assert changed == [table]


def test_the_planted_rings_are_found(bench: Any) -> None:
    scores = bench.fraud_scores(bench.world("as planted", 600, 7))
    assert (scores["precision"], scores["recall"]) == (1.0, 1.0)


def test_the_tables_are_printed(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["--members", "300", "--seeds", "2"])
    printed = capsys.readouterr().out
    assert printed.count("\n| ") == 1 + len(bench.WORLDS) + 1 + 4
