"""The benchmark of structural holes, at its smallest size, for its agreement alone."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_structural_holes.py"


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_structural_holes", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def edges(bench: Any, siyu_data: Path) -> Any:
    if not (siyu_data.parent / "bench" / "graphs.py").exists():
        pytest.skip("graphs.py is not beside the data")
    return bench.edges_of("2100", siyu_data.parent / "bench")


@pytest.mark.parametrize("peer", ["networkx", "igraph"])
def test_the_engines_agree(bench: Any, edges: Any, peer: str) -> None:
    _, ours = bench.measure("siyu", edges)
    _, theirs = bench.measure(peer, edges)
    assert len(edges) == 9351
    assert bench.difference(ours, theirs) < 1e-9


def test_a_value_that_only_one_engine_has_is_a_difference(bench: Any) -> None:
    assert np.isnan(bench.difference(np.array([np.nan, 1]), np.array([0.5, 1])))


def test_a_row_names_graph_ties_and_ratios(bench: Any) -> None:
    row = bench.compare("star:50", bench.edges_of("star:50", None), ["igraph"], 1)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:2] == ["star:50", "50"]
    assert cells[3] == cells[5] == "-"
    assert cells[6].endswith("x)")
