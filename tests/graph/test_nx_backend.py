"""The networkx backend: equal to networkx where it agrees with itself, right where it does not."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.graph import nx_backend, structural_holes
from siyu.graph.nx_info import get_info

KINDS: list[Any] = [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]
SIMPLE: list[Any] = [nx.Graph, nx.DiGraph]
BY_MATRIX = hasattr(nx.community, "leiden_communities")  # since 3.5 networkx, without `nodes`


@pytest.fixture(autouse=True)
def _reuse_conversions_quietly() -> Iterator[None]:
    before = set(nx.config.warnings_to_ignore)
    nx.config.warnings_to_ignore.add("cache")
    yield
    nx.config.backend_priority.algos = []  # networkx 3.4 leaves it as it was set for a moment
    nx.config.warnings_to_ignore.clear()
    nx.config.warnings_to_ignore.update(before)


def random_graph(kind: Any, seed: int, *, loops: bool = False, n: int = 14) -> Any:
    """Make a weighted graph of text nodes, some without ties."""
    r = np.random.default_rng(seed)
    G = kind()
    G.add_nodes_from(f"n{k}" for k in r.permutation(n))
    for u, v in r.integers(0, n - 2, (30, 2)).tolist():
        if loops or u != v:
            G.add_edge(f"n{u}", f"n{v}", w=float(r.integers(1, 9)))
    return G


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


# Structural holes


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


# Triangles


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


# Dispatch


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
