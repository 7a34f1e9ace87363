"""Burt's measures: worked by hand, against networkx and igraph, and as properties."""

import tracemalloc
from typing import Any

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets.errors import ParameterError, SiyuWarning
from siyu.graph import (
    MemberGraph,
    constraint,
    effective_size,
    local_constraint,
    structural_holes,
)

MEASURES = ["degree", "constraint", "effective_size", "efficiency", "hierarchy"]


def of(frame: pd.DataFrame, measure: str, member: int | str) -> float:
    """Read one number of one member."""
    return float(frame.loc[frame["member_id"] == member, measure].item())


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


KINDS = [(kind, weighted) for kind in ("undirected", "directed") for weighted in (False, True)]


# Worked by hand


def test_every_member_of_a_closed_triad_has_constraint_1_125() -> None:
    # p = 1/2 to each: c_ij = (1/2 + 1/2 * 1/2)**2 = 9/16, twice. Above 1, and right.
    assert constraint(nx.complete_graph(3))["constraint"].tolist() == [1.125] * 3


def test_the_hub_of_a_star_has_no_redundant_contact() -> None:
    star = structural_holes(nx.star_graph(10))
    assert of(star, "effective_size", 0) == 10
    assert of(star, "efficiency", 0) == 1
    assert of(star, "constraint", 0) == pytest.approx(10 * 0.1**2)


def test_contacts_that_constrain_alike_are_no_hierarchy() -> None:
    assert of(structural_holes(nx.star_graph(10)), "hierarchy", 0) == pytest.approx(0, abs=1e-12)


def test_a_single_contact_is_all_of_the_hierarchy() -> None:
    leaf = structural_holes(nx.star_graph(10)).iloc[1]
    assert leaf[MEASURES].tolist() == [1, 1, 1, 1, 1]


def test_hierarchy_is_the_disorder_of_local_constraints() -> None:
    # Triad 0 1 2 and the tie 2-3. Of member 0: c_01 = (1/2 + 1/2 * 1/3)**2 = 4/9,
    # c_02 = (1/2 + 1/2 * 1/2)**2 = 9/16; C = 145/144, x = 2c/C = 128/145 and 162/145.
    x = np.array([128 / 145, 162 / 145])
    found = structural_holes(nx.Graph([(0, 1), (0, 2), (1, 2), (2, 3)]))
    assert of(found, "hierarchy", 0) == pytest.approx((x * np.log(x)).sum() / (2 * np.log(2)))


def test_effective_size_with_weights_is_right_where_networkx_is_wrong_by_default() -> None:
    # Of member 0: p_01 = 1/3, p_02 = 2/3; strongest tie of 1 is 5, of 2 is 7.
    # Contact 1 is redundant by p_02 * 5/5, contact 2 by p_01 * 5/7: 2 - 2/3 - 5/21 = 23/21.
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, 1), (1, 2, 5), (0, 2, 2), (2, 3, 7)])
    assert of(effective_size(G), "effective_size", 0) == pytest.approx(23 / 21, abs=1e-12)
    assert nx.effective_size(G, nodes=[0], weight="weight")[0] == pytest.approx(23 / 21)


def test_a_member_who_only_receives_ties_has_contacts_and_so_a_number() -> None:
    # 0->1, 2->1, 0->2. Mutual weights are all 1: the closed triad, 1.125.
    # networkx says 1.125 without `nodes` and NaN with them.
    D = nx.DiGraph([(0, 1), (2, 1), (0, 2)])
    assert of(constraint(D), "constraint", 1) == pytest.approx(1.125)


def test_a_member_with_a_loop_and_a_tie_is_no_isolate() -> None:
    # networkx gives NaN: it takes the loop for all there is. Without the loop: (1/1)**2.
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 0, 0.25), (0, 1, 0.25)])
    with pytest.warns(SiyuWarning, match="1 of 2 ties are dropped"):
        found = constraint(G)
    assert of(found, "constraint", 0) == 1


def test_a_member_with_nothing_but_a_loop_is_an_isolate() -> None:
    # networkx gives 4.0 with `nodes`.
    G = nx.Graph()
    G.add_edge(0, 0, weight=3)
    with pytest.warns(SiyuWarning, match="with itself"):
        found = structural_holes(G)
    assert found["degree"].tolist() == [0]
    assert found[MEASURES[1:]].isna().all(axis=None)


def test_loops_change_nothing() -> None:
    G = random_graph("undirected", weighted=True, seed=1)
    without = structural_holes(G)
    G.add_edges_from([(0, 0), (7, 7)], weight=5)
    with pytest.warns(SiyuWarning, match="2 of"):
        found = structural_holes(G)
    pd.testing.assert_frame_equal(found, without)


def test_a_tie_of_weight_0_makes_no_contact() -> None:
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, 1), (1, 2, 1), (0, 2, 0)])
    with pytest.warns(SiyuWarning, match="weight 0"):
        found = structural_holes(G)
    pd.testing.assert_frame_equal(found, structural_holes(nx.path_graph(3)))


def test_parallel_ties_are_summed() -> None:
    parallel = nx.MultiGraph([(0, 1), (0, 1), (0, 2), (1, 2)])
    summed = nx.Graph()
    summed.add_weighted_edges_from([(0, 1, 2), (0, 2, 1), (1, 2, 1)])
    pd.testing.assert_frame_equal(structural_holes(parallel), structural_holes(summed))


def test_ties_in_both_directions_are_one_contact() -> None:
    both = nx.DiGraph([(0, 1), (1, 0), (1, 2)])
    assert structural_holes(both)["degree"].tolist() == [1, 2, 1]


def test_a_member_without_ties_has_degree_0_and_no_measures() -> None:
    G = nx.Graph([(0, 1)])
    G.add_node(2)
    alone = structural_holes(G).iloc[2]
    assert alone["degree"] == 0
    assert alone[MEASURES[1:]].isna().all()


def test_missing_measures_are_nulls_in_arrow() -> None:
    G = nx.empty_graph(1)
    table = structural_holes(G, output="pyarrow")
    assert table.column("constraint").null_count == 1


def test_local_constraint_has_both_directions_of_a_pair() -> None:
    # 0 has p_01 = p_02 = 1/2, the leaves have one contact each.
    found = local_constraint(nx.Graph([(0, 1), (0, 2)]))
    assert found.to_numpy().tolist() == [[0, 1, 0.25], [0, 2, 0.25], [1, 0, 1], [2, 0, 1]]


# Peers


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


# Size


def test_a_star_of_100_000_leaves_needs_little_memory() -> None:
    # All two-step paths would be 1e10; a dense matrix 80 GB.
    leaves = np.arange(1, 100_001)
    tracemalloc.start()
    g = MemberGraph.from_arrays(np.zeros(100_000, np.int64), leaves)
    found = structural_holes(g)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert of(found, "effective_size", 0) == 100_000
    assert peak < 60e6


# Properties


@st.composite
def ties(draw: st.DrawFn) -> pd.DataFrame:
    """Draw ties without loops among up to twelve members."""
    n = draw(st.integers(2, 12))
    member = st.integers(0, n - 1)
    pairs = draw(st.lists(st.tuples(member, member), min_size=1, max_size=40))
    weights = draw(st.lists(st.floats(0.01, 100), min_size=len(pairs), max_size=len(pairs)))
    table = pd.DataFrame(pairs, columns=["source", "target"]).assign(weight=weights)
    return table[table["source"] != table["target"]].reset_index(drop=True)


def graph_of(table: pd.DataFrame) -> MemberGraph:
    return MemberGraph.from_arrays(
        table["source"].to_numpy(), table["target"].to_numpy(), table["weight"].to_numpy()
    )


@given(ties())
def test_bounds_hold(table: pd.DataFrame) -> None:
    found = structural_holes(graph_of(table)).dropna()
    assert (found["constraint"] > 0).all()
    # Contact j is redundant by less than 1 - p_ij, and these add up to degree - 1.
    assert (found["effective_size"] > 1 - 1e-9).all()
    assert (found["effective_size"] <= found["degree"]).all()
    assert found["hierarchy"].between(0, 1).all()


@given(ties(), st.integers(0, 999))
def test_the_order_of_ties_changes_no_bit(table: pd.DataFrame, seed: int) -> None:
    shuffled = table.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(
        structural_holes(graph_of(table)), structural_holes(graph_of(shuffled)), check_exact=True
    )


@given(ties(), st.floats(1e-6, 1e6))
def test_scaling_all_weights_changes_nothing(table: pd.DataFrame, factor: float) -> None:
    scaled = table.assign(weight=table["weight"] * factor)
    pd.testing.assert_frame_equal(
        structural_holes(graph_of(table)), structural_holes(graph_of(scaled)), rtol=0, atol=1e-9
    )


@given(ties(), st.integers(0, 999))
def test_other_names_change_nothing(table: pd.DataFrame, seed: int) -> None:
    name = np.random.default_rng(seed).permutation(20)
    renamed = table.assign(source=name[table["source"]], target=name[table["target"]])
    before = structural_holes(graph_of(table)).assign(member_id=lambda f: name[f["member_id"]])
    pd.testing.assert_frame_equal(
        before.sort_values("member_id", ignore_index=True),
        structural_holes(graph_of(renamed)),
        rtol=0,
        atol=1e-9,
    )


@given(ties())
def test_text_ids_give_the_same_numbers(table: pd.DataFrame) -> None:
    letters = pd.Series(list("abcdefghijkl"))
    named = pd.DataFrame(
        {
            "source": letters[table["source"]].to_numpy(),
            "target": letters[table["target"]].to_numpy(),
            "weight": table["weight"],
        }
    )
    found = structural_holes(MemberGraph.from_ties(named, directed=False))
    expected = structural_holes(graph_of(table))
    pd.testing.assert_frame_equal(found[MEASURES], expected[MEASURES], check_exact=True)


@given(ties())
def test_what_is_far_away_changes_nothing(table: pd.DataFrame) -> None:
    """The measures of a member need its contacts, and the ties of these, and no more."""
    whole = graph_of(table)
    G = whole.to_networkx()
    for member in list(G)[:2]:
        near = nx.ego_graph(G, member, radius=2)
        found = structural_holes(near).set_index("member_id").loc[member]
        expected = structural_holes(whole).set_index("member_id").loc[member]
        pd.testing.assert_series_equal(found, expected, rtol=0, atol=1e-9)


@given(ties())
@settings(max_examples=30)
def test_two_graphs_side_by_side_keep_their_numbers(table: pd.DataFrame) -> None:
    moved = table.assign(source=table["source"] + 100, target=table["target"] + 100)
    both = structural_holes(graph_of(pd.concat([table, moved], ignore_index=True)))
    one = structural_holes(graph_of(table))
    n = len(one)
    for part in (both[:n], both[n:]):
        np.testing.assert_allclose(part[MEASURES], one[MEASURES], rtol=0, atol=1e-9)


@given(ties())
def test_local_constraints_add_up_to_the_constraint(table: pd.DataFrame) -> None:
    g = graph_of(table)
    total = local_constraint(g).groupby("source")["local_constraint"].sum()
    np.testing.assert_allclose(total, constraint(g)["constraint"], rtol=0, atol=1e-9)


def test_weights_far_from_1_overflow_nowhere() -> None:
    table = pd.DataFrame(
        {"source": [0, 0, 1, 3], "target": [1, 2, 2, 2], "weight": [1e100, 1e-100, 1e100, 1e-100]}
    )
    assert np.isfinite(structural_holes(graph_of(table))[MEASURES]).all(axis=None)


def test_the_graph_is_not_modified() -> None:
    G = random_graph("directed", weighted=True, seed=7)
    before = nx.to_pandas_edgelist(G)
    structural_holes(G)
    pd.testing.assert_frame_equal(nx.to_pandas_edgelist(G), before)


# Edges of the domain


@pytest.mark.parametrize("n", [0, 1, 2])
def test_graphs_without_ties_have_a_row_a_member(n: int) -> None:
    found = structural_holes(nx.empty_graph(n))
    assert found["member_id"].tolist() == list(range(n))
    assert found["degree"].tolist() == [0] * n
    assert found.dtypes.astype(str).tolist() == ["int64", "int64"] + ["float64"] * 4


def test_a_graph_without_ties_has_no_local_constraint() -> None:
    assert local_constraint(nx.empty_graph(2)).empty


def test_two_members_constrain_each_other_fully() -> None:
    found = structural_holes(nx.Graph([("a", "b")]))
    assert found[MEASURES].to_numpy().tolist() == [[1.0] * 5] * 2


def test_constraint_is_a_column_of_structural_holes() -> None:
    G = random_graph("undirected", weighted=True, seed=8)
    whole = structural_holes(G)
    pd.testing.assert_frame_equal(constraint(G), whole[["member_id", "constraint"]])
    pd.testing.assert_frame_equal(effective_size(G), whole[["member_id", "effective_size"]])


def test_frames_come_out_in_the_kind_asked_for() -> None:
    table = structural_holes(nx.path_graph(3), output="pyarrow")
    assert isinstance(table, pa.Table)
    assert table.column_names == ["member_id", *MEASURES]


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(ParameterError, match="expected a MemberGraph or a networkx graph, got int"):
        structural_holes(3)
