"""The benchmark of communities, at a small size, for its agreement and its plumbing alone."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_communities.py"


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_communities", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ring(bench: Any, n: int = 12, size: int = 6) -> Any:
    """Make cliques tied in a ring."""
    within = [(k * size + i, k * size + j) for k in range(n) for i in range(size) for j in range(i)]
    around = [(k * size, (k + 1) % n * size + 1) for k in range(n)]
    edges = bench._simple(np.array(within + around))
    return bench.Sample("ring", n * size, edges, np.repeat(np.arange(n), size))


@pytest.mark.parametrize("engine", ["siyu Leiden", "igraph Leiden", "networkx Louvain"])
def test_every_engine_finds_the_cliques(bench: Any, engine: str) -> None:
    sample = ring(bench)
    labels, _ = bench.ENGINES[engine](sample)(0)
    assert len(labels) == sample.n
    assert all(len(set(labels[sample.truth == k])) == 1 for k in range(12))


def test_modularities_agree_and_every_engine_has_a_row(bench: Any) -> None:
    rows = bench.quality_row(ring(bench), 2)
    assert [row.split("|")[4].strip() for row in rows] == list(bench.ENGINES)
    assert all(
        len(row.split("|")) == len(bench.QUALITY_HEADER.split("\n")[0].split("|")) for row in rows
    )


def test_replaced_ties_are_as_many_and_nearly_the_same(bench: Any) -> None:
    sample = ring(bench, n=40)
    after = bench.replaced(sample.edges, sample.n, np.random.default_rng(0))
    assert len(after) == len(sample.edges)
    same = {*map(tuple, after.tolist())} & {*map(tuple, sample.edges.tolist())}
    assert 0.97 < len(same) / len(after) < 1


def test_steadiness_is_told_for_every_way(bench: Any) -> None:
    cells = [cell.strip() for cell in bench.steadiness_row(ring(bench), 2).strip("|").split("|")]
    assert cells[0] == "ring"
    assert [cell[-1] for cell in cells[1:4]] == ["%"] * 3
    assert cells[4].endswith("points")


@pytest.mark.usefixtures("siyu_data")
def test_real_graphs_have_a_truth_for_every_member(bench: Any) -> None:
    sample = bench.sample_of("karate", None)
    assert (sample.n, len(sample.edges), len(sample.truth)) == (34, 78, 34)
