"""Triangles and the look-up of pairs, against brute force."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.graph import MemberGraph
from siyu.graph.holes import triangles
from siyu.graph.holes.pair_lookup import _SPREAD, PairLookup
from siyu.graph.holes.triangles import RankedPairs, rank_pairs


def ranked(edges: list[tuple[int, int]], n: int) -> RankedPairs:
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    g = MemberGraph.from_arrays(ends[:, 0], ends[:, 1], ids=np.arange(n))
    return rank_pairs(g.mutual(), n)


def corners(pairs: RankedPairs) -> list[tuple[int, ...]]:
    """Give the nodes of every triangle found, and check that its three pairs belong together."""
    found = []
    for some in triangles.triangles(pairs):
        u, v, w = pairs.low[some.uv], pairs.high[some.uv], pairs.high[some.uw]
        assert (pairs.low[some.uw] == u).all()
        assert (pairs.low[some.vw] == v).all()
        assert (pairs.high[some.vw] == w).all()
        nodes = np.sort(np.stack([pairs.order[u], pairs.order[v], pairs.order[w]], axis=1), axis=1)
        found += [tuple(row) for row in nodes.tolist()]
    return sorted(found)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tuple[int, int]], int]:
    n = draw(st.integers(3, 14))
    every = list(combinations(range(n), 2))
    return draw(st.lists(st.sampled_from(every), unique=True)), n


@given(graphs())
def test_every_triangle_is_found_once(graph: tuple[list[tuple[int, int]], int]) -> None:
    edges, n = graph
    tied = set(edges)
    expected = [
        (i, j, k) for i, j, k in combinations(range(n), 3) if {(i, j), (j, k), (i, k)} <= tied
    ]
    assert corners(ranked(edges, n)) == expected


@pytest.mark.parametrize("wedges", [1, 2, 7, 1000])
def test_chunks_of_any_size_find_the_same(wedges: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triangles, "_WEDGES", wedges)
    G = nx.gnp_random_graph(30, 0.4, seed=0)
    expected = sum(nx.triangles(G).values()) // 3
    found = corners(ranked(list(G.edges), 30))
    assert len(found) == len(set(found)) == expected


def test_a_complete_graph_has_all_triples() -> None:
    G = nx.complete_graph(12)
    assert corners(ranked(list(G.edges), 12)) == list(combinations(range(12), 3))


def test_a_star_has_no_wedge_to_look_at() -> None:
    star = ranked([(0, leaf) for leaf in range(1, 1001)], 1001)
    assert np.bincount(star.low).max() == 1


def test_no_node_has_more_outgoing_pairs_than_the_root_of_twice_all() -> None:
    G = nx.barabasi_albert_graph(2000, 8, seed=0)
    pairs = ranked(list(G.edges), 2000)
    assert np.bincount(pairs.low).max() <= np.sqrt(2 * len(pairs.low))


def test_ranks_ascend_with_degree_then_node() -> None:
    pairs = ranked([(0, 1), (0, 2), (0, 3), (1, 2)], 5)
    assert pairs.order.tolist() == [4, 3, 1, 2, 0]
    assert pairs.degree.tolist() == [0, 1, 2, 2, 3]


def test_weights_follow_their_pairs() -> None:
    g = MemberGraph.from_arrays(np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([3.0, 5.0, 7.0]))
    pairs = rank_pairs(g.mutual(), 3)
    assert pairs.weight is not None
    nodes = pairs.order[pairs.low], pairs.order[pairs.high]
    assert dict(zip(zip(*nodes, strict=True), pairs.weight, strict=True)) == {
        (0, 1): 3,
        (0, 2): 5,
        (1, 2): 7,
    }


def test_equal_weights_are_left_out() -> None:
    g = MemberGraph.from_arrays(np.array([0, 1]), np.array([1, 2]), np.array([3.0, 3.0]))
    assert rank_pairs(g.mutual(), 3).weight is None


@pytest.mark.parametrize("n", [0, 1, 5])
def test_no_ties_give_no_triangles(n: int) -> None:
    assert corners(ranked([], n)) == []


@given(
    st.lists(st.integers(0, 2**62), unique=True, max_size=60).map(sorted),
    st.lists(st.integers(0, 2**62), max_size=60),
)
def test_look_up_finds_exactly_the_keys(keys: list[int], others: list[int]) -> None:
    wanted = np.array(others + keys + keys[:3], dtype=np.int64)
    which, position = PairLookup.of(np.array(keys, dtype=np.int64)).find(wanted)
    found = dict(zip(which.tolist(), position.tolist(), strict=True))
    assert found == {i: keys.index(key) for i, key in enumerate(wanted.tolist()) if key in keys}


def test_keys_that_share_buckets_are_still_told_apart() -> None:
    # Next to each other in the upper bits of the spread, a thousand keys fight for few buckets.
    inverse = pow(_SPREAD, -1, 2**64)
    keys = np.sort(np.array([k * inverse % 2**64 for k in range(1000)], np.uint64).view(np.int64))
    table = PairLookup.of(keys)
    assert table.rest is not None
    assert len(table.lost) == 999
    which, position = table.find(np.concatenate([keys + 1, keys]))
    assert dict(zip(which.tolist(), position.tolist(), strict=True)) == {
        1000 + i: i for i in range(1000)
    }


def test_an_absent_key_is_not_taken_for_the_last_one() -> None:
    assert len(PairLookup.of(np.array([3, 8])).find(np.array([5, 9, -1]))[0]) == 0
