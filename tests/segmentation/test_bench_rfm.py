"""The benchmark of RFM, at its smallest size, for its agreement alone."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_rfm.py"


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_rfm", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("ids", ["integer", "text"])
def test_the_engines_agree(bench: Any, ids: str) -> None:
    orders = bench.orders_of(20_000, ids)
    (_, ours), (_, theirs) = (bench.measure(engine, orders) for engine in ("siyu", "pandas"))
    assert len(ours) > 1_900
    assert bench.difference(ours, theirs) < 1e-9


def test_other_members_are_a_difference(bench: Any) -> None:
    table = bench.with_siyu(bench.orders_of(100, "integer"))
    assert bench.difference(table, table.iloc[1:]) == float("inf")


@pytest.mark.parametrize("difference", [1e-6, float("inf"), float("nan")])
def test_results_that_differ_end_the_benchmark(bench: Any, difference: float) -> None:
    with pytest.raises(SystemExit, match="10 lines: results differ by"):
        bench.require_agreement("10 lines", difference)
