"""The member graph: what a tie means, whatever it comes from."""

import pickle
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError, SchemaError, SiyuWarning
from siyu.graph import MemberGraph, as_member_graph

TIES = pd.DataFrame({"source": ["a", "b", "a"], "target": ["b", "a", "c"], "weight": [1, 2, 4]})


def triples(g: MemberGraph) -> list[tuple[Any, Any, float]]:
    """Give the ties by the members' names."""
    names = g.ids.to_pylist()
    ends = zip(g.ties.source, g.ties.target, g.ties.weight, strict=True)
    return [(names[i], names[j], float(weight)) for i, j, weight in ends]


def dense(g: MemberGraph) -> np.ndarray[Any, np.dtype[np.float64]]:
    matrix = np.zeros((len(g), len(g)))
    row = np.repeat(np.arange(len(g)), np.diff(g.indptr))
    matrix[row, g.indices] = g.weights
    return matrix


# From tables


def test_ties_are_directed_by_default() -> None:
    assert triples(MemberGraph.from_ties(TIES)) == [("a", "b", 1), ("a", "c", 4), ("b", "a", 2)]


def test_undirected_ties_and_their_reverse_are_summed() -> None:
    g = MemberGraph.from_ties(TIES, directed=False)
    assert triples(g) == [("a", "b", 3), ("a", "c", 4)]


def test_ties_without_weights_weigh_1() -> None:
    assert triples(MemberGraph.from_ties(TIES[["source", "target"]]))[0] == ("a", "b", 1)


@pytest.mark.parametrize("frame", [TIES, pl.from_pandas(TIES), pa.Table.from_pandas(TIES)])
def test_frames_of_every_kind_give_the_same(frame: Any) -> None:
    assert triples(MemberGraph.from_ties(frame)) == triples(MemberGraph.from_ties(TIES))


def test_columns_that_are_no_part_of_a_tie_are_not_read() -> None:
    undated = TIES.assign(tie_time="no time at all", kind=1)
    assert triples(MemberGraph.from_ties(undated)) == triples(MemberGraph.from_ties(TIES))


def test_ids_come_out_sorted_in_one_of_two_types() -> None:
    assert MemberGraph.from_ties(TIES).ids.type == pa.large_string()
    numbers = pa.table({"source": pa.array([9, 2], pa.int32()), "target": pa.array([4, 9])})
    assert MemberGraph.from_ties(numbers).ids.equals(pa.array([2, 4, 9], pa.int64()))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SchemaError, match="target"):
        MemberGraph.from_ties(TIES[["source"]])


def test_a_missing_end_is_refused() -> None:
    with pytest.raises(SchemaError, match="target"):
        MemberGraph.from_ties(pd.DataFrame({"source": ["a"], "target": [None]}))


def test_no_rows_make_a_graph_of_nobody() -> None:
    assert repr(MemberGraph.from_ties(TIES[:0])) == "MemberGraph(0 members, 0 directed ties)"


# Members without ties, and unknown ones


def test_members_without_ties_stay_when_named() -> None:
    g = MemberGraph.from_ties(TIES, ids=pa.array(["z", "c", "a", "b", "z"]))
    assert g.ids.to_pylist() == ["a", "b", "c", "z"]
    assert np.diff(g.indptr).tolist() == [2, 1, 0, 0]


def test_no_ties_among_named_members_are_a_graph() -> None:
    g = MemberGraph.from_ties(TIES[:0], ids=pa.array(["b", "a"]))
    assert (g.ids.to_pylist(), g.n_ties) == (["a", "b"], 0)


def test_a_tie_with_an_unknown_member_is_refused() -> None:
    with pytest.raises(DataError, match=r"1 of 3 ties name a member that is not in ids.*row 2"):
        MemberGraph.from_ties(TIES, ids=pa.array(["a", "b"]))


@pytest.mark.parametrize("ids", [np.arange(3, 8), np.array([3, 100, 5])])
def test_an_unknown_number_is_refused(ids: Any) -> None:
    with pytest.raises(DataError, match="first in row 1"):
        MemberGraph.from_arrays(np.array([3, 2]), np.array([5, 5]), ids=ids)


def test_ids_of_another_type_are_refused() -> None:
    with pytest.raises(ParameterError, match="of the same type as source"):
        MemberGraph.from_ties(TIES, ids=np.arange(3))


def test_missing_ids_are_refused() -> None:
    with pytest.raises(ParameterError, match="1 missing"):
        MemberGraph.from_ties(TIES, ids=pa.array(["a", "b", "c", None]))


# From arrays


def test_arrays_are_undirected_by_default() -> None:
    g = MemberGraph.from_arrays(np.array([5, 3]), np.array([3, 9]))
    assert triples(g) == [(3, 5, 1), (3, 9, 1)]


def test_directed_arrays_keep_their_direction() -> None:
    g = MemberGraph.from_arrays(np.array([5, 3]), np.array([3, 9]), directed=True)
    assert triples(g) == [(3, 9, 1), (5, 3, 1)]


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.uint64])
def test_integers_of_any_width_give_int64_ids(dtype: Any) -> None:
    g = MemberGraph.from_arrays(np.array([1, 2], dtype), np.array([2, 3], dtype))
    assert g.ids.equals(pa.array([1, 2, 3], pa.int64()))


@pytest.mark.parametrize("wrong", [np.array([0.5]), np.array(["a"]), np.array([[1]])])
def test_what_is_no_array_of_integers_is_refused(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="one-dimensional array of integers"):
        MemberGraph.from_arrays(wrong, np.array([1]))


def test_ids_that_do_not_fit_are_refused_rather_than_turned_negative() -> None:
    beyond = np.array([2**63 + 5], dtype=np.uint64)
    with pytest.raises(ParameterError, match="64 bits with a sign, got 9223372036854775813"):
        MemberGraph.from_arrays(beyond, np.array([1]))


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"weight must be as long as source \(2\)"):
        MemberGraph.from_arrays(np.array([1, 2]), np.array([2, 3]), np.array([1.0]))


def test_wide_gaps_between_ids_cost_nothing() -> None:
    g = MemberGraph.from_arrays(np.array([-(2**62), 7]), np.array([7, 2**62]))
    assert triples(g) == [(-(2**62), 7, 1), (7, 2**62, 1)]


# Rules of a tie


def test_dropped_ties_are_counted_in_one_warning() -> None:
    with pytest.warns(SiyuWarning, match="3 of 4 ties are dropped") as caught:
        MemberGraph.from_arrays(np.array([1, 1, 2, 2]), np.array([1, 2, 2, 3]), [1, 0, 5, 1])
    assert [str(w.category.__name__) for w in caught] == ["SiyuWarning"]
    problems = caught[0].message.problems  # type: ignore[union-attr]
    assert problems[["column", "count", "first_row"]].to_numpy().tolist() == [
        ["target", 2, 0],
        ["weight", 1, 1],
    ]


def test_the_warning_points_at_the_caller() -> None:
    with pytest.warns(SiyuWarning) as caught:
        MemberGraph.from_arrays(np.array([1]), np.array([1]))
    assert caught[0].filename == __file__


def test_dropped_rows_of_a_table_are_counted_too() -> None:
    with pytest.warns(SiyuWarning, match="1 of 3 ties are dropped"):
        g = MemberGraph.from_ties(TIES.assign(weight=[1, 2, 0]))
    assert len(g) == 3


def test_members_of_dropped_ties_stay() -> None:
    with pytest.warns(SiyuWarning, match="2 of 2"):
        g = MemberGraph.from_arrays(np.array([1, 2]), np.array([1, 3]), [1, 0])
    assert (g.ids.to_pylist(), g.n_ties) == ([1, 2, 3], 0)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf, 1e200])
def test_weights_that_are_no_strength_are_refused(wrong: float) -> None:
    with pytest.raises(DataError, match=r"weight must be .*1 of 2 ties break this, first in row 1"):
        MemberGraph.from_arrays(np.array([1, 2]), np.array([2, 3]), [1.0, wrong])


def test_a_missing_weight_is_refused() -> None:
    with pytest.raises(DataError, match=r"first in row 2 \(nan\)"):
        MemberGraph.from_ties(TIES.assign(weight=[1.0, 2.0, np.nan]))


def test_a_weight_that_is_as_good_as_0_is_dropped() -> None:
    with pytest.warns(SiyuWarning, match="weight 0 is dropped: 1"):
        g = MemberGraph.from_arrays(np.array([1, 2]), np.array([2, 3]), [1.0, 1e-300])
    assert triples(g) == [(1, 2, 1)]


def test_parallel_ties_are_summed_to_the_last_bit_in_any_order() -> None:
    weight = np.random.default_rng(0).random(1000) * 10.0 ** np.arange(1000)[::-1].clip(0, 12)
    ends = np.ones(1000, np.int64)
    order = np.random.default_rng(1).permutation(1000)
    one = MemberGraph.from_arrays(ends, ends + 1, weight)
    other = MemberGraph.from_arrays(ends, ends + 1, weight[order])
    assert one.ties.weight.tobytes() == other.ties.weight.tobytes()


def test_parallel_ties_without_weights_are_counted() -> None:
    assert triples(MemberGraph.from_arrays(np.array([1, 2, 1]), np.array([2, 1, 3]))) == [
        (1, 2, 2),
        (1, 3, 1),
    ]


# Rows and mutual ties


@given(st.integers(0, 999), st.booleans())
def test_rows_are_sorted_and_hold_the_adjacency(seed: int, directed: bool) -> None:
    r = np.random.default_rng(seed)
    i, j = r.integers(0, 12, (2, 30))
    i, j, weight = i[i != j], j[i != j], r.random(30)[i != j]
    g = MemberGraph.from_arrays(i, j, weight, ids=np.arange(12), directed=directed)
    expected = np.zeros((12, 12))
    np.add.at(expected, (i, j), weight)
    np.testing.assert_allclose(dense(g), expected if directed else expected + expected.T)
    for start, stop in zip(g.indptr[:-1], g.indptr[1:], strict=True):
        assert (np.diff(g.indices[start:stop]) > 0).all()


def test_mutual_ties_of_a_directed_graph_weigh_both_directions() -> None:
    mutual = MemberGraph.from_ties(TIES).mutual()
    assert mutual.source.tolist() == [0, 0]
    assert mutual.target.tolist() == [1, 2]
    assert mutual.weight.tolist() == [3, 4]


def test_rows_are_made_once() -> None:
    g = MemberGraph.from_ties(TIES)
    assert g.indices is g.indices
    assert g.mutual() is g.mutual()


def test_arrays_cannot_be_written_to() -> None:
    g = MemberGraph.from_ties(TIES)
    with pytest.raises(ValueError, match="read-only"):
        g.weights[0] = 7


def test_the_caller_may_still_write_to_his_own_arrays() -> None:
    weight = np.array([2.0, 3.0])
    g = MemberGraph.from_arrays(np.array([1, 2]), np.array([2, 3]), weight, directed=True)
    weight[0] = 99
    assert g.ties.weight.tolist() == [2, 3]


def test_a_graph_survives_the_trip_between_processes() -> None:
    g = MemberGraph.from_ties(TIES)
    assert triples(pickle.loads(pickle.dumps(g))) == triples(g)


# networkx


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph])
def test_networkx_graphs_come_back_as_they_went(kind: Any) -> None:
    G = kind()
    G.add_nodes_from(range(12))
    G.add_weighted_edges_from([(3, 1, 2.0), (1, 2, 0.5), (2, 3, 1.0), (7, 3, 4.0)])
    back = MemberGraph.from_networkx(G).to_networkx()
    assert nx.utils.graphs_equal(back, G)
    assert back.is_directed() == G.is_directed()


def test_text_nodes_come_back_as_text() -> None:
    G = nx.Graph([("甲", "乙")])
    assert sorted(MemberGraph.from_networkx(G).to_networkx()) == ["乙", "甲"]


def test_edges_without_the_attribute_weigh_1() -> None:
    G = nx.Graph([(1, 2)])
    G.add_edge(2, 3, weight=5)
    assert triples(MemberGraph.from_networkx(G)) == [(1, 2, 1), (2, 3, 5)]


def test_weights_can_be_left_unread() -> None:
    G = nx.Graph()
    G.add_edge(1, 2, weight=5)
    assert triples(MemberGraph.from_networkx(G, weight=None)) == [(1, 2, 1)]


def test_parallel_edges_of_a_multigraph_are_summed() -> None:
    G = nx.MultiDiGraph([(1, 2), (1, 2), (2, 1)])
    assert triples(MemberGraph.from_networkx(G)) == [(1, 2, 2), (2, 1, 1)]


@pytest.mark.parametrize("nodes", [[1, "a"], [1.5], [(1, 2)], [True]])
def test_nodes_that_are_no_ids_are_refused(nodes: list[Any]) -> None:
    G = nx.Graph()
    G.add_nodes_from(nodes)
    with pytest.raises(DataError, match="nodes must be all integers or all text"):
        MemberGraph.from_networkx(G)


def test_nodes_beyond_64_bits_are_refused() -> None:
    with pytest.raises(DataError, match="must fit into 64 bits"):
        MemberGraph.from_networkx(nx.Graph([(1, 2**70)]))


def test_a_weight_in_words_is_refused_even_if_it_spells_a_number() -> None:
    with pytest.raises(DataError, match="edge attribute 'weight' must be a number"):
        MemberGraph.from_networkx(nx.Graph([(1, 2, {"weight": "3"})]))


def test_an_attribute_that_is_no_number_is_named() -> None:
    G = nx.Graph()
    G.add_edge(1, 2, weight="strong")
    with pytest.raises(DataError, match="edge attribute 'weight' must be a number"):
        MemberGraph.from_networkx(G)


def test_an_empty_networkx_graph_is_a_graph_of_nobody() -> None:
    assert len(MemberGraph.from_networkx(nx.Graph())) == 0


def test_member_graphs_pass_as_they_are() -> None:
    g = MemberGraph.from_ties(TIES)
    assert as_member_graph(g) is g


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(ParameterError, match="got DataFrame"):
        as_member_graph(TIES)


# From a community


def community(n_referrals: int = 3) -> Community:
    members = pd.DataFrame(
        {"member_id": ["ann", "bob", "cat", "eve"], "kind": ["customer"] * 3 + ["staff"]}
    )
    referrals = pd.DataFrame(
        {
            "inviter_id": ["ann", "eve", "bob"],
            "invitee_id": ["bob", "cat", "cat"],
            "referral_time": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-02-01"]),
        }
    )
    return Community(members=members, referrals=referrals[:n_referrals], tz="UTC")


def test_a_community_becomes_the_directed_graph_of_its_customers() -> None:
    g = MemberGraph.from_community(community(), as_of="2026-01-15")
    assert g.directed
    assert g.ids.to_pylist() == ["ann", "bob", "cat"]
    assert [(i, j) for i, j, _ in triples(g)] == [("ann", "bob")]


def test_ties_made_later_change_nothing() -> None:
    now = pd.Timestamp("2026-01-15")
    late, early = community(3), community(2)
    assert triples(MemberGraph.from_community(late, as_of=now)) == triples(
        MemberGraph.from_community(early, as_of=now)
    )
