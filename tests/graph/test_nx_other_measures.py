"""Triangles, paths and Leiden by networkx' backend, beside networkx itself."""

from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nx_graphs import KINDS, SIMPLE, quiet_conversions, random_graph
from siyu.graph import nx_backend

BY_MATRIX = hasattr(nx.community, "leiden_communities")  # since 3.5 networkx, without `nodes`


@pytest.fixture(autouse=True)
def _reuse_conversions_quietly() -> Iterator[None]:
    with quiet_conversions():
        yield


@pytest.mark.parametrize("kind", SIMPLE)
@pytest.mark.parametrize("weight", [None, "w"])
@given(seed=st.integers(0, 999))
@settings(max_examples=15)
def test_clustering_equals_networkx(kind: Any, weight: str | None, seed: int) -> None:
    G = random_graph(kind, seed, loops=True, n=10)
    ours = nx.clustering(G, weight=weight, backend="siyu")
    assert ours == pytest.approx(nx.clustering(G, weight=weight), abs=1e-12)
    assert list(ours) == list(G)
    for zeros in (True, False):
        average = nx.average_clustering(G, weight=weight, count_zeros=zeros, backend="siyu")
        expected = nx.average_clustering(G, weight=weight, count_zeros=zeros)
        assert average == pytest.approx(expected, abs=1e-12)


@given(seed=st.integers(0, 999))
@settings(max_examples=15)
def test_triangles_and_transitivity_equal_networkx(seed: int) -> None:
    G = random_graph(nx.Graph, seed, loops=True, n=10)
    ours = nx.triangles(G, backend="siyu")
    assert ours == nx.triangles(G)
    assert all(type(count) is int for count in ours.values())
    assert nx.transitivity(G, backend="siyu") == nx.transitivity(G)


def test_edges_of_weight_0_are_neighbours_in_clustering() -> None:
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, 8), (0, 2, 8), (1, 2, 1), (0, 3, 0)])
    ours = nx.clustering(G, weight="weight", backend="siyu")
    # Node 0: one triangle of (1 * 1 * 1/8)^(1/3) = 1/2, of three pairs of neighbours.
    assert ours[0] == pytest.approx(1 / 6)
    assert ours == pytest.approx(nx.clustering(G, weight="weight"))


@pytest.mark.parametrize("kind", SIMPLE)
def test_clustering_takes_negative_weights(kind: Any) -> None:
    G = random_graph(kind, 4, n=9)
    for k, (_, _, data) in enumerate(G.edges(data=True)):
        data["w"] *= 1 if k % 3 else -1
    assert nx.clustering(G, weight="w", backend="siyu") == pytest.approx(
        nx.clustering(G, weight="w"), abs=1e-12
    )


def test_a_heavy_loop_is_the_heaviest_edge() -> None:
    G = nx.complete_graph(3)
    nx.set_edge_attributes(G, 1, "w")
    G.add_edge(0, 0, w=2)
    assert nx.clustering(G, weight="w", backend="siyu")[1] == pytest.approx(0.5)
    assert nx.clustering(G, weight="w")[1] == pytest.approx(0.5)


def test_one_node_gives_one_value() -> None:
    G = nx.karate_club_graph()
    assert nx.triangles(G, 0, backend="siyu") == nx.triangles(G, 0) == 18
    assert nx.clustering(G, 0, backend="siyu") == nx.clustering(G, 0)
    assert nx.clustering(G, [0, 99], backend="siyu") == nx.clustering(G, [0, 99])


def test_average_clustering_of_chosen_nodes() -> None:
    G = nx.karate_club_graph()
    ours = nx.average_clustering(G, [0, 5, 5, 9], backend="siyu")
    assert ours == pytest.approx(nx.average_clustering(G, [0, 5, 5, 9]))


def test_clustering_by_weights_that_are_all_0_is_left_to_networkx() -> None:
    G = nx.Graph([(0, 1, {"w": 0})])
    graph = nx_backend.convert_from_nx(G, edge_attrs={"w": 1})
    with pytest.raises(NotImplementedError, match="weights that are all 0"):
        nx_backend.clustering(graph, weight="w")


@pytest.mark.parametrize("G", [nx.Graph(), nx.empty_graph(1), nx.path_graph(2)])
def test_small_graphs_have_what_networkx_says(G: Any) -> None:
    names = ("clustering", "triangles", "transitivity")
    for function in (getattr(nx, name) for name in names):
        assert function(G, backend="siyu") == function(G)


@pytest.mark.parametrize("function", [nx.constraint, nx.effective_size])
def test_small_graphs_have_holes(function: Any) -> None:
    assert function(nx.Graph(), backend="siyu") == {}
    assert np.isnan(function(nx.empty_graph(1), backend="siyu")[0])
    assert function(nx.path_graph(2), backend="siyu") == {0: 1, 1: 1}


# Paths


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("normalized", [True, False])
@given(seed=st.integers(0, 999))
@settings(max_examples=8)
def test_betweenness_equals_networkx(kind: Any, normalized: bool, seed: int) -> None:
    G = random_graph(kind, seed, loops=True)
    ours = nx.betweenness_centrality(G, normalized=normalized, backend="siyu")
    expected = nx.betweenness_centrality(G, normalized=normalized)
    assert ours == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_betweenness_of_few_nodes_equals_networkx(n: int) -> None:
    G = nx.path_graph(n)
    assert nx.betweenness_centrality(G, backend="siyu") == nx.betweenness_centrality(G)


@pytest.mark.parametrize("given_", [{"k": 3}, {"weight": "w"}, {"endpoints": True}])
def test_other_kinds_of_betweenness_are_left_to_networkx(given_: dict[str, Any]) -> None:
    told = nx_backend.can_run("betweenness_centrality", (nx.path_graph(9),), given_)
    assert told == f"betweenness with {next(iter(given_))} is left to networkx"
    graph = nx_backend.convert_from_nx(nx.path_graph(9), edge_attrs={"w": 1})
    with pytest.raises(NotImplementedError, match="betweenness is from all sources"):
        nx_backend.betweenness_centrality(graph, **given_)


def test_bridges_of_one_root_are_left_to_networkx() -> None:
    told = nx_backend.can_run("bridges", (nx.path_graph(9), 1), {})
    assert told == "bridges of multigraphs, or of what hangs on one root, are left to networkx"
    with pytest.raises(NotImplementedError, match="bridges are those of the whole graph"):
        nx_backend.bridges(nx_backend.convert_from_nx(nx.path_graph(9)), 1)


@given(seed=st.integers(0, 999))
@settings(max_examples=30)
def test_bridges_equal_networkx_in_its_order(seed: int) -> None:
    G = nx.gnm_random_graph(20, 22, seed=seed)
    G = nx.relabel_nodes(G, {node: f"n{node}" for node in G})
    assert list(nx.bridges(G, backend="siyu")) == list(nx.bridges(G))


def test_a_loop_is_no_bridge() -> None:
    G = nx.Graph([(0, 0), (0, 1)])
    assert list(nx.bridges(G, backend="siyu")) == [(0, 1)]


@pytest.mark.parametrize("G", [nx.Graph(), nx.empty_graph(2), nx.complete_graph(3)])
def test_what_has_no_bridge_gives_none(G: Any) -> None:
    assert list(nx.bridges(G, backend="siyu")) == []


# Leiden

leiden = pytest.mark.skipif(not BY_MATRIX, reason="networkx has it since 3.5")


def test_a_node_without_a_hash_is_refused_as_networkx_does() -> None:
    with pytest.raises(nx.NetworkXError, match="has no hash"):
        nx.clustering(nx.path_graph(3), [[1]], backend="siyu")


@leiden
def test_leiden_finds_planted_communities() -> None:
    chance = [[0.5, 0.01], [0.01, 0.5]]
    G = nx.stochastic_block_model([20, 20], chance, seed=0)
    found = nx.community.leiden_communities(G, seed=1, backend="siyu")
    assert found == [set(range(20)), set(range(20, 40))]


@leiden
def test_leiden_gives_the_same_for_the_same_seed() -> None:
    G = nx.gnp_random_graph(200, 0.03, seed=0)
    one, other = (nx.community.leiden_communities(G, seed=3, backend="siyu") for _ in range(2))
    assert one == other


@leiden
@pytest.mark.parametrize("draws", [np.random.RandomState, np.random.default_rng])
def test_leiden_takes_the_random_states_that_networkx_takes(draws: Any) -> None:
    G = nx.gnm_random_graph(60, 300, seed=1)
    one, other = (
        nx.community.leiden_communities(G, seed=draws(5), backend="siyu") for _ in range(2)
    )
    assert one == other


@leiden
def test_the_last_partition_is_what_leiden_gives() -> None:
    G = nx.gnp_random_graph(200, 0.03, seed=0)
    steps = list(nx.community.leiden_partitions(G, seed=3, backend="siyu"))
    assert steps[-1] == nx.community.leiden_communities(G, seed=3, backend="siyu")
    first = nx.community.leiden_communities(G, seed=3, max_level=1, backend="siyu")
    assert first == steps[0]
    assert len(steps[0]) > len(steps[-1])


@leiden
def test_leiden_takes_at_least_one_level() -> None:
    with pytest.raises(ValueError, match="max_level argument must be a positive integer"):
        nx.community.leiden_communities(nx.path_graph(3), max_level=0, backend="siyu")
