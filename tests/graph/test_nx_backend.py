"""What networkx hands to the backend, what it keeps, and what comes back."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import networkx as nx
import pytest

from nx_graphs import quiet_conversions, random_graph
from siyu.graph import nx_backend
from siyu.graph.nx_info import get_info


@pytest.fixture(autouse=True)
def _reuse_conversions_quietly() -> Iterator[None]:
    with quiet_conversions():
        yield


def test_everything_announced_is_there_and_public() -> None:
    names = set(get_info()["functions"])
    plumbing = {"can_run", "convert_from_nx", "convert_to_nx", "should_run"}
    assert names == set(nx_backend.__all__) - plumbing
    assert all(callable(getattr(nx_backend, name)) for name in names)


def test_importing_networkx_loads_nothing_of_siyu_but_its_info() -> None:
    script = (
        "import sys, networkx; print(*sorted(m for m in sys.modules if m.split('.')[0] in "
        "('siyu', 'numpy', 'pandas', 'pyarrow', 'scipy', 'sklearn', 'lightgbm')))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert loaded == {
        "siyu",
        "siyu.datasets",
        "siyu.datasets.lazy",
        "siyu.graph",
        "siyu.graph.nx_info",
    }


def test_a_small_graph_is_not_worth_converting() -> None:
    can_run = nx_backend.should_run("constraint", (nx.karate_club_graph(),), {})
    assert can_run == "a graph of less than 200 edges is not worth converting"


def test_a_graph_of_some_size_is() -> None:
    G = nx.gnm_random_graph(100, 300, seed=0)
    assert nx_backend.should_run("constraint", (G,), {"weight": "w"}) is True
    assert nx_backend.should_run("clustering", (G,), {}) is True


@pytest.mark.parametrize("nodes", [7, [7, 8], {3}])
def test_triangles_of_few_nodes_are_not_worth_converting(nodes: Any) -> None:
    G = nx.gnm_random_graph(1_000, 3_000, seed=0)
    told = nx_backend.should_run("triangles", (G, nodes), {})
    assert told == "few nodes are soon counted without converting the graph"


def test_constraint_of_a_node_with_few_ties_is_not_worth_converting_a_graph_for() -> None:
    G = nx.compose(nx.star_graph(500), nx.gnm_random_graph(500, 900, seed=0))
    G.add_edge(501, 0)
    told = nx_backend.should_run("constraint", (G, [501]), {})
    assert told == "few nodes are soon measured without converting the graph"
    assert nx_backend.should_run("constraint", (G, [501, 0]), {}) is True


def test_triangles_of_few_nodes_are_on_a_graph_that_is_converted() -> None:
    G = nx.gnm_random_graph(1_000, 3_000, seed=0)
    nx.triangles(G, backend="siyu")
    assert nx_backend.should_run("triangles", (G, 7), {}) is True


def test_a_pair_of_a_hub_is_worth_converting_the_graph_for() -> None:
    G = nx.star_graph(500)
    assert nx_backend.should_run("local_constraint", (G, 0, 1), {}) is True
    told = nx_backend.should_run("local_constraint", (G, 1, 0), {})
    assert told == "one pair is soon measured without converting the graph"


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("clustering", nx.MultiGraph, "triangles of multigraphs"),
        ("average_clustering", nx.MultiDiGraph, "triangles of multigraphs"),
        ("transitivity", nx.DiGraph, "transitivity counts successors"),
        ("bridges", nx.MultiGraph, "bridges of multigraphs"),
    ],
)
def test_what_cannot_run_says_why(name: str, kind: Any, reason: str) -> None:
    told = nx_backend.can_run(name, (kind([(0, 1)]),), {})
    assert isinstance(told, str)
    assert told.startswith(reason)


def test_priority_sends_calls_here_and_falls_back() -> None:
    G = nx.gnm_random_graph(100, 300, seed=0)
    with nx.config(backend_priority=["siyu"]):
        ours = nx.effective_size(G)
        assert nx.transitivity(nx.DiGraph(G)) == nx.transitivity(G)  # left to networkx
    assert "siyu" in G.__networkx_cache__["backends"]
    assert ours == pytest.approx(nx.effective_size(G), abs=1e-9)


def test_a_function_that_is_not_here_is_an_error() -> None:
    with pytest.raises(NotImplementedError, match="pagerank"):
        nx.pagerank(nx.path_graph(3), backend="siyu")


def test_a_conversion_serves_the_next_call_and_an_edit_ends_it() -> None:
    G = nx.gnm_random_graph(50, 100, seed=0)
    before = nx.constraint(G, backend="siyu")
    (kept,) = G.__networkx_cache__["backends"]["siyu"].values()
    nx.effective_size(G, backend="siyu")
    assert ("holes", None) in kept.made
    G.add_edge(0, next(v for v in G if v not in G[0] and v != 0))
    assert nx.constraint(G, backend="siyu") != before
    assert nx.constraint(G, backend="siyu") == pytest.approx(nx.constraint(G), nan_ok=True)


def test_a_converted_graph_may_be_given_itself() -> None:
    G = nx.gnm_random_graph(50, 100, seed=0)
    graph = nx_backend.convert_from_nx(G, edge_attrs={"w": 1})
    assert nx.clustering(graph) == nx.clustering(G)
    assert nx.constraint(graph, weight="w") == pytest.approx(nx.constraint(G), nan_ok=True)
    assert nx.utils.edges_equal(nx_backend.convert_to_nx(graph).edges(), G.edges())


def test_results_other_than_graphs_come_back_as_they_are() -> None:
    assert nx_backend.convert_to_nx({1: 2}) == {1: 2}


def test_the_graph_is_not_touched() -> None:
    G = random_graph(nx.DiGraph, 1, loops=True)
    same = G.copy()
    nx.constraint(G, weight="w", backend="siyu")
    nx.clustering(G, weight="w", backend="siyu")
    assert nx.utils.graphs_equal(G, same)
