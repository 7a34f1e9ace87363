"""The benchmark of betweenness, on small graphs, for its agreement alone."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(FOLDER)
    spec = importlib.util.spec_from_file_location(
        "bench_betweenness", FOLDER / "bench_betweenness.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("bench_structural_holes", None)


def rings() -> Any:
    """Give a ring of a hundred with a few ties across it."""
    around = np.stack([np.arange(100), (np.arange(100) + 1) % 100], axis=1)
    return np.concatenate([around, [[0, 50], [20, 70], [33, 90]]])


def test_the_engines_agree(bench: Any) -> None:
    row, values = bench.exact("rings", rings(), ["networkx", "igraph"])
    assert row.split("|")[2].strip() == "103"
    assert len(values) == 100


def test_values_that_differ_end_the_benchmark(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**bench.ENGINES, "igraph": lambda edges, n: lambda: np.full(n, len(edges))}
    monkeypatch.setattr(bench, "ENGINES", wrong)
    with pytest.raises(SystemExit, match="results differ"):
        bench.exact("rings", rings(), ["igraph"])


def test_bounds_that_do_not_hold_end_the_benchmark(bench: Any) -> None:
    with pytest.raises(SystemExit, match="the bounds of 100 members do not hold"):
        bench.drawn("rings", rings(), np.full(100, 2.0), 20)


def test_estimates_are_held_against_the_truth(bench: Any) -> None:
    _, truth = bench.exact("rings", rings(), [])
    assert bench.drawn("rings", rings(), truth, 30).endswith("| yes |")
