"""Communities: planted ones are found, the same ones every time."""

import subprocess
import sys
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets.errors import ParameterError
from siyu.graph import MemberGraph, communities, modularity

METHODS: list[Any] = ["leiden", "louvain"]


def planted(seed: int = 0) -> Any:
    """Make four groups of 30, 25, 20 and 15, dense inside."""
    inside = 0.4
    chance = [[inside if i == j else 0.01 for i in range(4)] for j in range(4)]
    return nx.stochastic_block_model([30, 25, 20, 15], chance, seed=seed)


def labels_of(graph: Any, **keywords: Any) -> list[int]:
    return [int(label) for label in communities(graph, **keywords)["community"]]


@pytest.mark.parametrize("method", METHODS)
def test_planted_communities_are_found_and_numbered_by_size(method: Any) -> None:
    expected = [0] * 30 + [1] * 25 + [2] * 20 + [3] * 15
    assert labels_of(planted(), method=method) == expected


@pytest.mark.parametrize("method", METHODS)
def test_communities_of_one_size_are_numbered_by_their_smallest_member(method: Any) -> None:
    G = nx.Graph([("c", "x"), ("a", "y"), ("b", "z")])
    found = communities(G, method=method).set_index("member_id")["community"]
    assert found[["a", "b", "c"]].tolist() == [0, 1, 2]


@pytest.mark.parametrize("method", METHODS)
def test_members_without_ties_are_communities_of_one(method: Any) -> None:
    g = MemberGraph.from_arrays(np.array([7]), np.array([8]), ids=np.arange(5, 10))
    assert labels_of(g, method=method) == [1, 2, 0, 0, 3]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_graphs_without_ties_have_a_community_a_member(method: Any, n: int) -> None:
    assert labels_of(nx.empty_graph(n), method=method) == list(range(n))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_state_gives_the_same_communities_again_and_again(method: Any) -> None:
    G = nx.gnp_random_graph(300, 0.02, seed=0)  # no communities to find: any chance would show
    first = labels_of(G, method=method, random_state=5)
    assert all(labels_of(G, method=method, random_state=5) == first for _ in range(5))


def test_the_same_state_gives_the_same_communities_in_another_process() -> None:
    script = (
        "import networkx as nx; from siyu.graph import communities;"
        "G = nx.gnp_random_graph(300, 0.02, seed=0);"
        "print(communities(G, random_state=5)['community'].tolist())"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    here = labels_of(nx.gnp_random_graph(300, 0.02, seed=0), random_state=5)
    assert run.stdout.strip() == str(here)


def test_another_state_may_give_other_communities() -> None:
    G = nx.gnp_random_graph(300, 0.02, seed=0)
    found = {tuple(labels_of(G, random_state=state)) for state in range(4)}
    assert len(found) > 1


@given(st.integers(0, 999), st.sampled_from(METHODS))
@settings(max_examples=20)
def test_the_order_of_ties_changes_nothing(seed: int, method: Any) -> None:
    r = np.random.default_rng(seed)
    ends = r.integers(0, 40, (120, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    weight = r.random(len(ends)) + 0.1
    order = r.permutation(len(ends))
    one = MemberGraph.from_arrays(ends[:, 0], ends[:, 1], weight)
    other = MemberGraph.from_arrays(ends[order, 1], ends[order, 0], weight[order])
    assert labels_of(one, method=method) == labels_of(other, method=method)


@given(st.integers(0, 999))
@settings(max_examples=30)
def test_leiden_communities_are_connected(seed: int) -> None:
    G = nx.gnp_random_graph(60, 0.05, seed=seed)
    label = np.array(labels_of(G))
    assert all(nx.is_connected(G.subgraph(np.flatnonzero(label == k))) for k in set(label))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_leiden_is_as_good_as_networkx_louvain(seed: int) -> None:
    G = nx.powerlaw_cluster_graph(400, 4, 0.3, seed=seed)
    peer = max(
        nx.community.modularity(G, nx.community.louvain_communities(G, seed=state))
        for state in range(3)
    )
    assert modularity(G, labels_of(G)) > peer - 0.01


def test_a_higher_resolution_gives_more_communities() -> None:
    G = nx.powerlaw_cluster_graph(400, 4, 0.3, seed=0)
    assert max(labels_of(G, resolution=3.0)) > max(labels_of(G, resolution=0.5))


def test_weights_tell_communities_apart() -> None:
    # A ring of six: every second tie is strong, so that three pairs are left.
    G = nx.cycle_graph(6)
    for i, j in G.edges:
        G[i][j]["weight"] = 100.0 if min(i, j) % 2 == 0 and abs(i - j) == 1 else 1.0
    assert labels_of(G) == [0, 0, 1, 1, 2, 2]


def test_directed_ties_count_in_both_directions_together() -> None:
    G = planted()
    D = nx.DiGraph()
    D.add_nodes_from(G)
    D.add_edges_from((max(i, j), min(i, j)) if (i + j) % 2 else (i, j) for i, j in G.edges)
    assert labels_of(D) == labels_of(G)


def test_a_generator_is_taken_and_moves_on() -> None:
    G = nx.gnp_random_graph(300, 0.02, seed=0)
    draw = np.random.default_rng(0)
    assert labels_of(G, random_state=draw) != labels_of(G, random_state=draw)


def test_an_unknown_method_is_refused() -> None:
    wrong: Any = "walktrap"
    with pytest.raises(ParameterError, match="method must be 'leiden' or 'louvain'"):
        communities(nx.path_graph(3), method=wrong)


@pytest.mark.parametrize("wrong", [0, -1, np.nan, np.inf])
def test_a_resolution_that_is_not_above_0_is_refused(wrong: float) -> None:
    with pytest.raises(ParameterError, match="resolution must be above 0"):
        communities(nx.path_graph(3), resolution=wrong)


# Modularity


def test_modularity_of_two_pairs_is_a_half() -> None:
    # All ties inside (1); each pair has half of all ends: 1 - 2 * (1/2)**2.
    assert modularity(nx.Graph([(1, 2), (3, 4)]), [0, 0, 1, 1]) == 0.5


def test_modularity_of_a_single_community_is_0() -> None:
    assert modularity(planted(), np.zeros(90, np.int64)) == pytest.approx(0, abs=1e-12)


@given(st.integers(0, 999), st.floats(0.2, 3))
@settings(max_examples=30)
def test_modularity_equals_networkx(seed: int, resolution: float) -> None:
    r = np.random.default_rng(seed)
    G = nx.gnp_random_graph(20, 0.3, seed=seed)
    nx.set_edge_attributes(G, {edge: float(r.random() + 0.1) for edge in G.edges}, "weight")
    label = r.integers(-2, 3, 20)
    parts = [set(np.flatnonzero(label == k).tolist()) for k in np.unique(label)]
    expected = nx.community.modularity(G, parts, resolution=resolution)
    assert modularity(G, label, resolution=resolution) == pytest.approx(expected, abs=1e-12)


def test_modularity_without_ties_is_not_a_number() -> None:
    assert np.isnan(modularity(nx.empty_graph(2), [0, 1]))


@pytest.mark.parametrize("wrong", [[0, 1], [0.0, 0.0, 1.0]])
def test_labels_must_be_one_integer_a_member(wrong: list[float]) -> None:
    with pytest.raises(ParameterError, match=r"labels must be one integer a member \(3\)"):
        modularity(nx.path_graph(3), wrong)


def test_the_communities_of_the_karate_club_are_known() -> None:
    # The best known division has four communities and modularity 0.4198 without weights
    # (Brandes et al. 2008, IEEE TKDE 20(2), 172-188).
    g = MemberGraph.from_networkx(nx.karate_club_graph(), weight=None)
    best = max(
        (labels_of(g, random_state=state) for state in range(5)), key=lambda x: modularity(g, x)
    )
    assert modularity(g, best) == pytest.approx(0.4198, abs=1e-4)


def test_columns_are_integers() -> None:
    found = communities(nx.path_graph(4))
    assert found.dtypes.astype(str).tolist() == ["int64", "int64"]
    assert isinstance(found.index, pd.RangeIndex)
