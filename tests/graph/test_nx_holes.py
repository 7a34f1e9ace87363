"""Structural holes by networkx' backend: equal where networkx agrees with itself, else right."""

from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nx_graphs import KINDS, SIMPLE, quiet_conversions, random_graph
from siyu.graph import structural_holes

BY_MATRIX = hasattr(nx.community, "leiden_communities")  # since 3.5 networkx, without `nodes`


@pytest.fixture(autouse=True)
def _reuse_conversions_quietly() -> Iterator[None]:
    with quiet_conversions():
        yield


def iterative(function: Any, G: Any, weight: str | None) -> dict[Any, float]:
    """Let networkx measure node by node, undirected: its path that is right."""
    U = nx.Graph()
    U.add_nodes_from(G)
    for u, v, value in (
        G.edges(data=weight, default=1) if weight else [(*e[:2], 1) for e in G.edges]
    ):
        more = 2 * value if u == v and G.is_directed() else value
        U.add_edge(u, v, m=U.get_edge_data(u, v, {"m": 0})["m"] + more)
    result: dict[Any, float] = function(U, nodes=list(U), weight="m")
    return result


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weight", [None, "w"])
@given(seed=st.integers(0, 999))
@settings(max_examples=10)
def test_structural_holes_equal_networkx(kind: Any, weight: str | None, seed: int) -> None:
    G = random_graph(kind, seed)
    for function in (nx.constraint, nx.effective_size):
        ours = function(G, weight=weight, backend="siyu")
        assert ours == pytest.approx(iterative(function, G, weight), abs=1e-9, nan_ok=True)
        assert list(ours) == list(G)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weight", [None, "w"])
@given(seed=st.integers(0, 999))
@settings(max_examples=10)
def test_structural_holes_with_loops_equal_networkx(kind: Any, weight: Any, seed: int) -> None:
    G = random_graph(kind, seed, loops=True)
    for function in (nx.constraint, nx.effective_size):
        nodes = [v for v in G if any(u != v for u in nx.all_neighbors(G, v))]
        ours = function(G, nodes=nodes, weight=weight, backend="siyu")
        theirs = iterative(function, G, weight)
        assert ours == pytest.approx({v: theirs[v] for v in nodes}, abs=1e-9)


@pytest.mark.parametrize("kind", SIMPLE)
@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("loops", [False, True])
@given(seed=st.integers(0, 999))
@settings(max_examples=8)
def test_local_constraint_equals_networkx(kind: Any, weight: Any, loops: bool, seed: int) -> None:
    G = random_graph(kind, seed, loops=loops)
    for u in list(G)[:5]:
        for v in G:
            ours = nx.local_constraint(G, u, v, weight=weight, backend="siyu")
            assert ours == pytest.approx(nx.local_constraint(G, u, v, weight=weight), abs=1e-12)


def test_local_constraints_of_a_multigraph_add_up_to_its_constraint() -> None:
    G = random_graph(nx.MultiDiGraph, 3, loops=True)
    total = nx.constraint(G, weight="w", backend="siyu")
    for u in G:
        if not np.isnan(total[u]):
            near = set(nx.all_neighbors(G, u))
            parts = [nx.local_constraint(G, u, v, weight="w", backend="siyu") for v in near]
            assert sum(parts) == pytest.approx(total[u], abs=1e-12)


def test_edges_without_the_weight_weigh_1() -> None:
    G = nx.Graph([(0, 1, {"w": 2}), (0, 2), (1, 2)])
    filled = nx.Graph([(0, 1, {"w": 2}), (0, 2, {"w": 1}), (1, 2, {"w": 1})])
    for function in (nx.constraint, nx.effective_size):
        ours = function(G, weight="w", backend="siyu")
        assert ours == function(filled, weight="w", backend="siyu")
        assert ours == pytest.approx(function(filled, nodes=[0, 1, 2], weight="w"))


def test_chosen_nodes_are_given_in_their_order() -> None:
    G = nx.karate_club_graph()
    assert list(nx.constraint(G, nodes=[5, 2], backend="siyu")) == [5, 2]
    assert list(nx.effective_size(G, nodes=iter([5, 2]), backend="siyu")) == [5, 2]


def test_a_chosen_node_that_is_not_in_the_graph_is_an_error() -> None:
    with pytest.raises(KeyError, match="99"):
        nx.constraint(nx.path_graph(3), nodes=[99], backend="siyu")


def test_a_pair_with_a_node_that_is_not_in_the_graph_is_an_error() -> None:
    with pytest.raises(KeyError, match="99"):
        nx.local_constraint(nx.path_graph(3), 0, 99, backend="siyu")


def test_effective_size_by_weights_is_right_without_nodes() -> None:
    # p_01 = 1/3, p_02 = 2/3; node 1's strongest tie is 5, node 2's is 7:
    # 2 - p_02 * 5/5 - p_01 * 5/7 = 23/21. networkx gives 1.1905 without nodes.
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, 1), (1, 2, 5), (0, 2, 2), (2, 3, 7)])
    size = nx.effective_size(G, weight="weight", backend="siyu")
    assert size[0] == pytest.approx(23 / 21)
    assert structural_holes(G)["effective_size"][0] == pytest.approx(23 / 21)


def test_who_only_receives_ties_has_contacts() -> None:
    # Mutual weights of 0->1, 2->1, 0->2 are those of a triad: 1.125 each.
    D = nx.DiGraph([(0, 1), (2, 1), (0, 2)])
    assert nx.constraint(D, backend="siyu")[1] == pytest.approx(1.125)
    assert nx.constraint(D, nodes=[1], backend="siyu")[1] == pytest.approx(1.125)
    assert np.isnan(nx.constraint(D, nodes=[1])[1])
    assert nx.effective_size(D, nodes=[1], backend="siyu")[1] == pytest.approx(1.0)
    assert structural_holes(D)["constraint"][1] == pytest.approx(1.125)


def test_a_loop_makes_a_node_its_own_contact() -> None:
    # p_00 = p_01 = 1/2. Towards 1: 1/2 + p_00 p_01 = 3/4; towards itself:
    # 1/2 + p_00 p_00 + p_01 p_10 = 5/4. Constraint 9/16 + 25/16.
    # Effective size: 1 - p_00 towards 1, and 1 - p_00 - p_01 towards itself.
    G = nx.Graph([(0, 0), (0, 1)])
    assert nx.constraint(G, backend="siyu")[0] == pytest.approx(34 / 16)
    assert nx.constraint(G, nodes=[0])[0] == pytest.approx(34 / 16)
    assert nx.effective_size(G, backend="siyu")[0] == pytest.approx(0.5)
    assert nx.effective_size(G, nodes=[0])[0] == 1  # Borgatti's short cut does without the loop
    with pytest.warns(UserWarning, match="ties are dropped"):
        assert structural_holes(G)["constraint"].tolist() == [1, 1]


def test_a_directed_loop_counts_in_both_directions() -> None:
    # m_00 = 2, m_01 = 1: p_00 = 2/3, p_01 = 1/3. (1/3 + 2/9)^2 + (2/3 + 4/9 + 1/3)^2.
    # Effective size: (1 - p_00) + (1 - p_00 * 2/2 - p_01 * 1/2).
    D = nx.DiGraph([(0, 0), (0, 1)])
    assert nx.constraint(D, backend="siyu")[0] == pytest.approx((25 + 169) / 81)
    assert nx.constraint(D, nodes=[0])[0] == pytest.approx((25 + 169) / 81)
    assert nx.effective_size(D, backend="siyu")[0] == pytest.approx(0.5)


def test_a_node_with_nothing_but_a_loop_has_no_contacts() -> None:
    G = nx.Graph()
    G.add_edge(0, 0, weight=3)
    G.add_edge(1, 2)
    assert np.isnan(nx.constraint(G, weight="weight", backend="siyu")[0])
    assert nx.constraint(G, nodes=[0], weight="weight", backend="siyu") == {0: 4}
    assert np.isnan(nx.effective_size(G, nodes=[0], weight="weight", backend="siyu")[0])


def test_a_loop_as_heavy_as_the_ties_makes_no_isolate() -> None:
    # Shares as of a loop and one tie of equal weight: 34/16, whatever the weight.
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 0, 0.25), (0, 1, 0.25)])
    assert nx.constraint(G, weight="weight", backend="siyu")[0] == pytest.approx(34 / 16)
    assert np.isnan(nx.constraint(G, weight="weight")[0]) == BY_MATRIX


def test_an_edge_of_weight_0_is_none() -> None:
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, 1), (0, 2, 0), (1, 2, 1)])
    ours = nx.constraint(G, nodes=[0], weight="weight", backend="siyu")
    assert ours == {0: 1}
    assert nx.constraint(G, weight="weight")[0] == (1 if BY_MATRIX else 1.25)
    assert nx.constraint(G, nodes=[0], weight="weight")[0] == 1.25  # (0 + 1 * 1/2)^2 more


def test_parallel_edges_are_summed() -> None:
    # p_01 = 2/3, p_02 = 1/3; p_12 = 1/3, p_21 = 1/2: (2/3 + 1/6)^2 + (1/3 + 2/9)^2.
    G = nx.MultiGraph([(0, 1), (0, 1), (0, 2), (1, 2)])
    expected = 25 / 36 + 25 / 81
    assert nx.constraint(G, nodes=[0], backend="siyu")[0] == pytest.approx(expected)
    assert nx.constraint(G)[0] == pytest.approx(expected if BY_MATRIX else 1.125)
    assert nx.constraint(G, nodes=[0])[0] == pytest.approx(1.125)  # as if no edge were doubled


def test_a_brand_account_that_knows_everybody_has_an_answer() -> None:
    # networkx makes a matrix of all pairs of leaves.
    G = nx.star_graph(20_000)
    assert nx.constraint(G, backend="siyu")[0] == pytest.approx(1 / 20_000)
    size = nx.effective_size(G, backend="siyu")
    assert (size[0], size[1]) == (20_000, 1)


def test_negative_weights_are_left_to_networkx() -> None:
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, -1), (1, 2, 3)])
    G.add_weighted_edges_from((k, k + 1, 1) for k in range(3, 300))  # worth converting
    with pytest.raises(NotImplementedError, match="siyu"):
        nx.constraint(G, weight="weight", backend="siyu")
    with nx.config(backend_priority=["siyu"]):
        assert nx.constraint(G, [3], weight="weight") == {3: 1}


def test_a_weight_of_missing_type_is_left_to_networkx() -> None:
    call: Any = nx.constraint
    with pytest.raises(NotImplementedError, match="not implemented"):
        call(nx.path_graph(3), weight=lambda *_: 1, backend="siyu")
