"""Networkx graphs as arrays, and back: labels, order, attributes, parallel edges."""

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets.errors import DataError
from siyu.graph.graph_convert import read_edges
from siyu.graph.nx_graph import BackendGraph

KINDS: list[Any] = [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]


def edges_of(graph: BackendGraph) -> list[tuple[int, int]]:
    return list(zip(graph.source.tolist(), graph.target.tolist(), strict=True))


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 999))
@settings(max_examples=15)
def test_edges_are_read_as_networkx_lists_them(kind: Any, seed: int) -> None:
    r = np.random.default_rng(seed)
    G = kind()
    G.add_nodes_from(range(12))
    G.add_weighted_edges_from((*r.integers(0, 12, 2).tolist(), k) for k in range(40))
    source, target, data = read_edges(G, {node: node for node in G})
    ends = zip(source.tolist(), target.tolist(), strict=True)
    found = sorted((*pair, edge["weight"]) for pair, edge in zip(ends, data, strict=True))
    listed = [(*edge[:2], edge[-1]) for edge in G.edges(data="weight")]
    if not G.is_directed():
        listed = [(min(u, v), max(u, v), weight) for u, v, weight in listed]
    assert found == sorted(listed)


def test_nodes_may_be_anything_with_a_hash_and_keep_their_order() -> None:
    nodes = ["b", 3, ("a", 1), frozenset({1}), 2.5]
    G = nx.Graph()
    G.add_nodes_from(nodes)
    G.add_edge(2.5, "b")
    graph = BackendGraph.of(G)
    assert list(graph) == nodes
    assert edges_of(graph) == [(0, 4)]


def test_a_view_is_read_as_what_it_shows() -> None:
    G = nx.path_graph(6)
    view = nx.subgraph_view(G, filter_node=lambda node: node != 2)
    graph = BackendGraph.of(view)
    assert list(graph) == [0, 1, 3, 4, 5]
    assert edges_of(graph) == [(0, 1), (2, 3), (3, 4)]


def test_an_attribute_missing_on_an_edge_takes_its_default() -> None:
    G = nx.Graph([(0, 1, {"w": 3}), (1, 2)])
    assert BackendGraph.of(G, edge_attrs={"w": 7}).columns == {"w": [3, 7]}


def test_with_all_attributes_kept_any_may_be_the_weight() -> None:
    G = nx.Graph([(0, 1, {"a": 3}), (1, 2, {"b": 5})])
    weights = BackendGraph.of(G, all_attrs=True).weights("b")
    assert weights is not None
    assert weights.tolist() == [1, 5]


def test_an_attribute_that_was_not_kept_is_no_weight() -> None:
    graph = BackendGraph.of(nx.path_graph(3), edge_attrs={"w": 1})
    with pytest.raises(DataError, match="edge attribute 'v' was not kept"):
        graph.weights("v")


@pytest.mark.parametrize("wrong", ["x", "3", None, float("nan"), float("inf")])
def test_what_is_no_number_is_left_to_networkx(wrong: Any) -> None:
    graph = BackendGraph.of(nx.Graph([(0, 1, {"w": wrong})]), edge_attrs={"w": 1})
    with pytest.raises(NotImplementedError, match="edge attribute 'w' is"):
        graph.weights("w")


@pytest.mark.parametrize("wrong", [-1, 1e101])
def test_what_is_no_strength_makes_no_tie(wrong: float) -> None:
    graph = BackendGraph.of(nx.Graph([(0, 1, {"w": wrong})]), edge_attrs={"w": 1})
    with pytest.raises(NotImplementedError, match=r"'w': weight must be a number from 0"):
        graph.mutual("w")


@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_comes_back_as_it_went(kind: Any) -> None:
    G = kind()
    G.add_nodes_from("cab")
    G.add_weighted_edges_from([("a", "b", 2), ("b", "b", 1), ("a", "c", 5), ("a", "b", 3)])
    back = BackendGraph.of(G, all_attrs=True).to_networkx()
    assert type(back) is kind
    assert nx.utils.graphs_equal(back, G)


def test_only_the_attributes_that_were_asked_for_come_back() -> None:
    G = nx.Graph([(0, 1, {"w": 3, "colour": "red"})])
    back = BackendGraph.of(G, edge_attrs={"w": 1}).to_networkx()
    assert list(back.edges(data=True)) == [(0, 1, {"w": 3})]
    assert list(BackendGraph.of(G).to_networkx().edges(data=True)) == [(0, 1, {})]


def test_parallel_edges_are_summed_and_loops_kept_apart() -> None:
    G = nx.MultiGraph([(0, 1), (1, 0), (1, 2), (2, 2), (2, 2)])
    ties = BackendGraph.of(G).mutual(None)
    assert ties.pairs.weight.tolist() == [2, 1]
    assert ties.loops.tolist() == [0, 0, 2]


def test_a_directed_loop_weighs_twice_as_much() -> None:
    D = nx.DiGraph([(0, 0), (0, 1), (1, 0)])
    ties = BackendGraph.of(D).mutual(None)
    assert (ties.pairs.weight.tolist(), ties.loops.tolist()) == ([2], [2, 0])


def test_a_graph_counts_as_networkx_counts() -> None:
    G = nx.MultiDiGraph([(0, 1), (0, 1), (2, 2)])
    graph = BackendGraph.of(G)
    assert (len(graph), graph.number_of_nodes(), graph.number_of_edges()) == (3, 3, 3)
    assert graph.is_directed()
    assert graph.is_multigraph()


def test_what_has_no_hash_is_no_node() -> None:
    graph = BackendGraph.of(nx.path_graph(2))
    assert 1 in graph
    assert [1] not in graph


def test_nodes_that_are_not_in_the_graph_are_passed_over() -> None:
    graph = BackendGraph.of(nx.path_graph(3))
    assert list(graph.nbunch_iter([2, 9, 0])) == [2, 0]
    assert list(graph.nbunch_iter(1)) == [1]


def test_one_node_that_is_not_in_the_graph_is_an_error() -> None:
    with pytest.raises(nx.NetworkXError, match="Node 9 is not in the graph"):
        BackendGraph.of(nx.path_graph(3)).nbunch_iter(9)


def test_a_graph_without_nodes_or_edges_is_one() -> None:
    assert len(BackendGraph.of(nx.Graph(), edge_attrs={"w": 1})) == 0
    assert BackendGraph.of(nx.empty_graph(2)).number_of_edges() == 0
