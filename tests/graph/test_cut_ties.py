"""Articulation points and bridges: by hand, against networkx, and by taking them away."""

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.graph import MemberGraph
from siyu.graph.holes.cut_ties import articulation_points, bridge_ties
from siyu.graph.holes.spanning_tree import span


@st.composite
def graphs(draw: st.DrawFn) -> Any:
    """Draw graphs from scattered to dense, with trees, rings and members without ties."""
    n, seed = draw(st.integers(1, 30)), draw(st.integers(0, 10_000))
    return nx.gnp_random_graph(n, draw(st.floats(0, 4)) / n, seed=seed)


def sizes_without(G: Any, member: int) -> list[int]:
    """Give the sizes of the pieces that a member's piece falls into, the largest last."""
    rest = G.subgraph(nx.node_connected_component(G, member) - {member})
    return sorted(len(piece) for piece in nx.connected_components(rest))


# Worked by hand


def test_the_middle_of_two_triads_holds_them_together() -> None:
    two = nx.Graph([(1, 2), (2, 3), (1, 3), (3, 4), (4, 5), (3, 5)])
    assert articulation_points(two).to_numpy().tolist() == [[3, 2, 2]]


def test_two_triads_that_share_a_member_have_no_bridge() -> None:
    two = nx.Graph([(1, 2), (2, 3), (1, 3), (3, 4), (4, 5), (3, 5)])
    assert bridge_ties(two).empty


def test_the_hub_of_a_star_leaves_single_members_behind() -> None:
    assert articulation_points(nx.star_graph(5)).to_numpy().tolist() == [[0, 5, 4]]


def test_every_tie_of_a_path_is_a_bridge() -> None:
    expected = [[0, 1, 1, 3], [1, 2, 2, 2], [2, 3, 3, 1]]
    assert bridge_ties(nx.path_graph(4)).to_numpy().tolist() == expected


def test_a_ring_holds_whoever_leaves_it() -> None:
    ring = nx.cycle_graph(6)
    assert articulation_points(ring).empty
    assert bridge_ties(ring).empty


def test_the_sides_of_a_bridge_belong_to_its_ends() -> None:
    # A ring of 10, 11, 12, 13 and a tie from 12 to 5: the lower id is the single member.
    G = nx.Graph([(10, 11), (11, 12), (12, 13), (13, 10), (12, 5)])
    assert bridge_ties(G).to_numpy().tolist() == [[5, 12, 1, 4]]


def test_ties_in_both_directions_are_no_way_round() -> None:
    both = nx.DiGraph([(0, 1), (1, 0), (1, 2)])
    assert bridge_ties(both)[["source", "target"]].to_numpy().tolist() == [[0, 1], [1, 2]]


def test_only_the_members_own_piece_counts() -> None:
    apart = nx.disjoint_union(nx.path_graph(3), nx.complete_graph(20))
    assert articulation_points(apart).to_numpy().tolist() == [[1, 2, 1]]


# networkx, and taking away


@given(graphs())
def test_articulation_points_equal_networkx(G: Any) -> None:
    assert articulation_points(G)["member_id"].tolist() == sorted(nx.articulation_points(G))


@given(graphs())
def test_bridges_equal_networkx(G: Any) -> None:
    found = bridge_ties(G)
    expected = sorted(tuple(sorted(tie)) for tie in nx.bridges(G))
    assert list(zip(found["source"], found["target"], strict=True)) == expected


@given(graphs())
def test_pieces_are_those_left_without_the_member(G: Any) -> None:
    for row in articulation_points(G).itertuples():
        pieces = sizes_without(G, int(row.member_id))
        assert [row.n_pieces, row.n_cut_off] == [len(pieces), sum(pieces[:-1])]


@given(graphs())
def test_sides_are_those_left_without_the_tie(G: Any) -> None:
    for row in bridge_ties(G).itertuples():
        ends = int(row.source), int(row.target)
        cut = nx.restricted_view(G, [], [ends])
        sides = [len(nx.node_connected_component(cut, end)) for end in ends]
        assert [row.n_source_side, row.n_target_side] == sides


def test_a_real_graph_equals_networkx(siyu_data: Any) -> None:
    edges = pd.read_parquet(siyu_data / "graphs" / "facebook_pages_edges.parquet").to_numpy()
    edges = edges[edges[:, 0] != edges[:, 1]]
    g = MemberGraph.from_arrays(edges[:, 0], edges[:, 1])
    G = nx.Graph(edges.tolist())
    assert articulation_points(g)["member_id"].tolist() == sorted(nx.articulation_points(G))
    assert len(bridge_ties(g)) == sum(1 for _ in nx.bridges(G))


# The tree


@given(graphs())
def test_what_lies_below_a_node_follows_it(G: Any) -> None:
    g = MemberGraph.from_networkx(G)
    tree = span(g.mutual(), len(g))
    for place in range(len(g)):
        below = {place}
        for later in range(place + 1, len(g)):
            if tree.parent[later] in below:
                below.add(later)
        assert sorted(below) == list(range(place, place + int(tree.size[place])))


@given(graphs())
def test_every_piece_has_a_tree_of_its_ties(G: Any) -> None:
    g = MemberGraph.from_networkx(G)
    tree = span(g.mutual(), len(g))
    inner = np.flatnonzero(tree.parent != np.arange(len(g)))
    assert all(G.has_edge(tree.node[i], tree.node[tree.parent[i]]) for i in inner)
    assert len(inner) == len(g) - nx.number_connected_components(G)
    assert len(tree.one) == G.number_of_edges() - len(inner)


# Size, sameness, edges


def test_a_long_path_needs_no_step_a_member() -> None:
    n = 100_000
    path = MemberGraph.from_arrays(np.arange(n), np.arange(n) + 1)
    found = articulation_points(path)
    assert len(found) == n - 1
    assert found["n_cut_off"].max() == n // 2  # of n + 1 members, without the middle one


def test_a_hub_of_many_is_as_good_as_any() -> None:
    n = 100_000
    star = MemberGraph.from_arrays(np.zeros(n, np.int64), np.arange(n) + 1)
    assert articulation_points(star).to_numpy().tolist() == [[0, n, n - 1]]


def test_the_order_of_ties_changes_no_byte() -> None:
    ends = np.array(list(nx.gnm_random_graph(60, 70, seed=1).edges))
    mixed = np.random.default_rng(0).permutation(ends)[:, ::-1]
    for measure in (articulation_points, bridge_ties):
        one, other = (measure(MemberGraph.from_arrays(e[:, 0], e[:, 1])) for e in (ends, mixed))
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_text_ids_stand_for_the_same_members() -> None:
    named = nx.relabel_nodes(nx.path_graph(3), dict(enumerate("abc")))
    assert articulation_points(named).to_numpy().tolist() == [["b", 2, 1]]
    assert bridge_ties(named).to_numpy().tolist() == [["a", "b", 1, 2], ["b", "c", 2, 1]]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_without_ties_nothing_holds_anything(n: int) -> None:
    G = nx.empty_graph(n)
    assert articulation_points(G).dtypes.astype(str).tolist() == ["int64"] * 3
    assert len(articulation_points(G)) == len(bridge_ties(G)) == 0


def test_two_members_have_a_bridge_and_no_articulation_point() -> None:
    pair = nx.path_graph(2)
    assert bridge_ties(pair).to_numpy().tolist() == [[0, 1, 1, 1]]
    assert articulation_points(pair).empty


def test_frames_come_out_in_the_kind_asked_for() -> None:
    assert isinstance(articulation_points(nx.path_graph(3), output="pyarrow"), pa.Table)
    assert isinstance(bridge_ties(nx.path_graph(3), output="pyarrow"), pa.Table)
