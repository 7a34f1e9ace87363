"""Burt's measures against networkx and igraph, on graphs of every kind."""

from typing import Any

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from siyu.datasets.errors import SiyuWarning
from siyu.graph import (
    MemberGraph,
    constraint,
    effective_size,
    local_constraint,
    structural_holes,
)

KINDS = [(kind, weighted) for kind in ("undirected", "directed") for weighted in (False, True)]


def random_graph(kind: str, *, weighted: bool, seed: int, n: int = 60) -> Any:
    """Make a networkx graph with isolates and without loops."""
    r = np.random.default_rng(seed)
    made = nx.DiGraph() if kind == "directed" else nx.Graph()
    made.add_nodes_from(range(n))
    for i, j in r.integers(0, n - 5, (4 * n, 2)).tolist():
        if i != j:
            made.add_edge(i, j, weight=float(r.uniform(0.1, 9)) if weighted else 1.0)
    return made


def undirected(graph: Any) -> Any:
    """Make the undirected graph of mutual weights, for which networkx knows no sinks."""
    made = nx.Graph()
    made.add_nodes_from(graph)
    for i, j, weight in graph.edges(data="weight"):
        before = made[i][j]["weight"] if made.has_edge(i, j) else 0.0
        made.add_edge(i, j, weight=before + weight)
    return made


def in_order(values: dict[int, float]) -> list[float]:
    return [values[node] for node in sorted(values)]


@pytest.mark.parametrize(("kind", "weighted"), KINDS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_constraint_equals_the_per_node_path_of_networkx(
    kind: str, weighted: bool, seed: int
) -> None:
    G = random_graph(kind, weighted=weighted, seed=seed)
    expected = pd.Series(in_order(nx.constraint(G, nodes=list(G), weight="weight")))
    found = structural_holes(G)["constraint"]
    sees = [len(G[node]) > 0 for node in sorted(G)]
    np.testing.assert_allclose(found[sees], expected[sees], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("kind", "weighted"), KINDS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_effective_size_equals_the_per_node_path_of_networkx(
    kind: str, weighted: bool, seed: int
) -> None:
    G = random_graph(kind, weighted=weighted, seed=seed)
    expected = pd.Series(in_order(nx.effective_size(G, nodes=list(G), weight="weight")))
    found = structural_holes(G)["effective_size"]
    sees = [len(G[node]) > 0 for node in sorted(G)]
    np.testing.assert_allclose(found[sees], expected[sees], rtol=0, atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_directed_ties_count_as_their_mutual_weight(weighted: bool) -> None:
    D = random_graph("directed", weighted=weighted, seed=3)
    pd.testing.assert_frame_equal(structural_holes(D), structural_holes(undirected(D)))


def test_local_constraint_equals_networkx() -> None:
    D = random_graph("directed", weighted=True, seed=4, n=30)
    found = local_constraint(D)
    expected = [
        nx.local_constraint(D, i, j, weight="weight")
        for i, j in zip(found["source"], found["target"], strict=True)
    ]
    np.testing.assert_allclose(found["local_constraint"], expected, rtol=0, atol=1e-12)


def test_local_constraint_has_a_row_for_every_contact() -> None:
    D = random_graph("directed", weighted=False, seed=5)
    found = local_constraint(D)
    contacts = {(i, j) for i in D for j in nx.all_neighbors(D, i)}
    assert list(zip(found["source"], found["target"], strict=True)) == sorted(contacts)


@pytest.mark.parametrize(("kind", "weighted"), KINDS)
def test_constraint_equals_igraph(kind: str, weighted: bool) -> None:
    G = random_graph(kind, weighted=weighted, seed=6)
    peer = igraph.Graph(n=len(G), edges=[(i, j) for i, j in G.edges], directed=kind == "directed")
    expected = peer.constraint(weights=[weight for _, _, weight in G.edges(data="weight")])
    np.testing.assert_allclose(constraint(G)["constraint"], expected, rtol=0, atol=1e-12)


def test_constraint_of_a_real_graph_equals_igraph(siyu_data: Any) -> None:
    edges = pd.read_parquet(siyu_data / "graphs" / "facebook_pages_edges.parquet").to_numpy()
    edges = edges[edges[:, 0] != edges[:, 1]]
    g = MemberGraph.from_arrays(edges[:, 0], edges[:, 1], ids=np.arange(edges.max() + 1))
    expected = igraph.Graph(n=len(g), edges=edges).constraint()
    np.testing.assert_allclose(constraint(g)["constraint"], expected, rtol=0, atol=1e-9)


def test_loops_change_nothing() -> None:
    G = random_graph("undirected", weighted=True, seed=1)
    without = structural_holes(G)
    G.add_edges_from([(0, 0), (7, 7)], weight=5)
    with pytest.warns(SiyuWarning, match="2 of"):
        found = structural_holes(G)
    pd.testing.assert_frame_equal(found, without)


def test_constraint_is_a_column_of_structural_holes() -> None:
    G = random_graph("undirected", weighted=True, seed=8)
    whole = structural_holes(G)
    pd.testing.assert_frame_equal(constraint(G), whole[["member_id", "constraint"]])
    pd.testing.assert_frame_equal(effective_size(G), whole[["member_id", "effective_size"]])


def test_the_graph_is_not_modified() -> None:
    G = random_graph("directed", weighted=True, seed=7)
    before = nx.to_pandas_edgelist(G)
    structural_holes(G)
    pd.testing.assert_frame_equal(nx.to_pandas_edgelist(G), before)
