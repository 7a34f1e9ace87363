"""The benchmark of the networkx backend, at a small size, for its agreement alone."""

import importlib.util
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_networkx_backend.py"


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_networkx_backend", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    before = set(nx.config.warnings_to_ignore)
    nx.config.warnings_to_ignore.add("cache")
    yield module
    nx.config.warnings_to_ignore = before


CALLS = [
    *("constraint", "effective_size", "clustering", "triangles", "transitivity"),
    *("bridges", "betweenness_centrality"),
]


@pytest.mark.parametrize("call", CALLS)
def test_both_agree_and_a_row_names_graph_and_call(bench: Any, call: str) -> None:
    graph = nx.karate_club_graph()
    cells = [cell.strip() for cell in bench.compare("karate", graph, call, 2, 100).split("|")][1:-1]
    assert cells[:3] == ["karate", "78", call]
    assert cells[6].endswith("x)")
    assert float(cells[8]) < 1e-9


def test_what_is_too_large_for_networkx_is_checked_on_some_nodes(bench: Any) -> None:
    row = bench.compare("karate", nx.karate_club_graph(), "effective_size", 1, 10)
    cells = [cell.strip() for cell in row.split("|")][1:-1]
    assert (cells[3], cells[6], cells[7]) == ("-", "-", "-")


def test_values_that_differ_end_the_benchmark(bench: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(bench, "difference", lambda *_: 0.5)
    with pytest.raises(SystemExit, match="results differ"):
        bench.compare("karate", nx.karate_club_graph(), "triangles", 1, 10)


def test_the_graph_has_every_member(bench: Any) -> None:
    graph = bench.graph_of(np.array([[0, 3], [1, 3]]))
    assert sorted(graph) == [0, 1, 2, 3]
