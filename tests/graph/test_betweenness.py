"""Betweenness: by hand, against networkx, and whether its bounds hold as often as they say."""

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.errors import DataError, ParameterError
from siyu.graph import MemberGraph
from siyu.graph.holes import path_counts
from siyu.graph.holes.betweenness_paths import betweenness

COLUMNS = ["betweenness", "low", "high"]


def of_networkx(G: Any) -> list[float]:
    found = nx.betweenness_centrality(G)
    return [found[node] for node in sorted(G)]


@st.composite
def graphs(draw: st.DrawFn) -> Any:
    n, seed = draw(st.integers(1, 20)), draw(st.integers(0, 999))
    p, directed = draw(st.floats(0, 0.5)), draw(st.booleans())
    return nx.gnp_random_graph(n, p, seed=seed, directed=directed)


def clubs() -> Any:
    """Make a graph with hubs, leaves, cliques and members without ties."""
    return nx.disjoint_union_all(
        [nx.barabasi_albert_graph(120, 2, seed=1), nx.ring_of_cliques(6, 5), nx.empty_graph(4)]
    )


# Worked by hand


def test_who_stands_between_the_ends_of_a_path_has_all() -> None:
    assert betweenness(nx.path_graph(3))["betweenness"].tolist() == [0, 1, 0]


def test_two_ways_round_share_the_path() -> None:
    # A ring of four: two paths between opposite members, so each lies on half of 1 of 3 pairs.
    assert betweenness(nx.cycle_graph(4))["betweenness"].tolist() == pytest.approx([1 / 6] * 4)


def test_the_hub_of_a_star_lies_on_every_path() -> None:
    assert betweenness(nx.star_graph(9))["betweenness"].tolist() == [1] + [0] * 9


def test_a_path_of_one_way_ties_is_seen_from_one_side() -> None:
    # 0->1->2: of the ordered pairs of others (0, 2) and (2, 0), only the first has a path.
    one_way = nx.DiGraph([(0, 1), (1, 2)])
    assert betweenness(one_way, directed=True)["betweenness"].tolist() == [0, 0.5, 0]


def test_direction_is_not_followed_unless_asked_for() -> None:
    assert betweenness(nx.DiGraph([(0, 1), (2, 1)]))["betweenness"].tolist() == [0, 1, 0]


def test_weights_do_not_lengthen_paths() -> None:
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, 9), (1, 2, 0.1), (2, 3, 5), (3, 0, 1)])
    unweighted = nx.cycle_graph(4)
    pd.testing.assert_frame_equal(betweenness(G), betweenness(unweighted))


# networkx


@given(graphs())
def test_exact_values_equal_networkx(G: Any) -> None:
    found = betweenness(G, directed=True)["betweenness"]
    np.testing.assert_allclose(found, of_networkx(G), rtol=0, atol=1e-12)


@given(graphs())
def test_both_ways_equal_the_undirected_graph_of_networkx(G: Any) -> None:
    found = betweenness(G)["betweenness"]
    np.testing.assert_allclose(found, of_networkx(nx.Graph(G)), rtol=0, atol=1e-12)


def test_exact_values_of_a_larger_graph_equal_networkx() -> None:
    G = nx.barabasi_albert_graph(400, 3, seed=0)
    found = betweenness(G)["betweenness"]
    np.testing.assert_allclose(found, of_networkx(G), rtol=0, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 500, 10_000])
def test_how_many_sources_go_together_changes_nothing(
    steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = betweenness(clubs())
    monkeypatch.setattr(path_counts, "_STEPS", steps)
    pd.testing.assert_frame_equal(betweenness(clubs()), expected, rtol=0, atol=1e-15)


# Bounds


def test_the_exact_value_is_its_own_bound() -> None:
    found = betweenness(clubs())
    assert (found["low"] == found["betweenness"]).all()
    assert (found["high"] == found["betweenness"]).all()


@pytest.mark.parametrize("directed", [False, True])
def test_bounds_hold_for_all_members_at_once_as_often_as_stated(directed: bool) -> None:
    G = clubs()
    if directed:
        G = nx.gnp_random_graph(150, 0.02, seed=5, directed=True)
    exact = betweenness(G, directed=directed)["betweenness"]
    held = 0
    for seed in range(200):
        found = betweenness(G, n_sources=40, directed=directed, confidence=0.8, random_state=seed)
        slack = 1e-12
        held += bool(((found["low"] <= exact + slack) & (exact <= found["high"] + slack)).all())
    assert held >= 160


def test_bounds_are_not_empty_words() -> None:
    G = nx.barabasi_albert_graph(6000, 2, seed=3)
    found = betweenness(G, n_sources=400)
    hub = found.loc[found["betweenness"].idxmax()]
    assert 0 < hub["low"] < hub["betweenness"] < hub["high"] < 1


def test_more_sources_give_narrower_bounds() -> None:
    few, many = (betweenness(clubs(), n_sources=k) for k in (20, 120))
    between = many["betweenness"] > 0
    assert ((many["high"] - many["low"])[between] <= (few["high"] - few["low"])[between]).all()


def test_higher_confidence_gives_wider_bounds() -> None:
    mild, strict = (betweenness(clubs(), n_sources=60, confidence=p) for p in (0.5, 0.99))
    assert (mild["high"] <= strict["high"]).all()
    assert (mild["low"] >= strict["low"]).all()
    assert (mild["betweenness"] == strict["betweenness"]).all()


def test_who_can_lie_on_no_path_is_known_to_have_none() -> None:
    found = betweenness(nx.star_graph(9), n_sources=3)
    assert found.loc[1:, COLUMNS].to_numpy().max() == 0


def test_estimates_have_no_bias() -> None:
    G = nx.barabasi_albert_graph(60, 2, seed=2)
    runs = [betweenness(G, n_sources=10, random_state=seed)["betweenness"] for seed in range(300)]
    mean, error = np.mean(runs, axis=0), np.std(runs, axis=0) / np.sqrt(300)
    exact = betweenness(G)["betweenness"]
    assert (np.abs(mean - exact) <= 5 * error + 1e-12).all()


def test_as_many_sources_as_members_are_exact() -> None:
    G = clubs()
    pd.testing.assert_frame_equal(betweenness(G, n_sources=len(G)), betweenness(G))


def test_large_graphs_are_sampled_by_default() -> None:
    star = MemberGraph.from_arrays(np.zeros(5100, np.int64), np.arange(1, 5101))
    hub = betweenness(star).loc[0]
    assert hub["low"] < hub["high"]


# Sameness and edges


def test_the_same_state_gives_the_same_bytes_in_any_order_of_ties() -> None:
    G = clubs()
    ends = np.array(list(G.edges))
    mixed = np.random.default_rng(0).permutation(ends)[:, ::-1]
    one, other = (
        betweenness(MemberGraph.from_arrays(e[:, 0], e[:, 1], ids=np.arange(len(G))), n_sources=30)
        for e in (ends, mixed)
    )
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_other_states_draw_other_sources() -> None:
    one, other = (betweenness(clubs(), n_sources=20, random_state=seed) for seed in (0, 1))
    assert not one.equals(other)


def test_text_ids_give_the_same_numbers() -> None:
    G = nx.path_graph(5)
    named = nx.relabel_nodes(G, dict(enumerate("abcde")))
    pd.testing.assert_frame_equal(betweenness(named)[COLUMNS], betweenness(G)[COLUMNS])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_members_lie_between_nobody(n: int) -> None:
    found = betweenness(nx.complete_graph(n))
    assert found["betweenness"].tolist() == [0.0] * n


def test_frames_come_out_in_the_kind_asked_for() -> None:
    table = betweenness(nx.path_graph(3), output="pyarrow")
    assert isinstance(table, pa.Table)
    assert table.column_names == ["member_id", *COLUMNS]


@pytest.mark.parametrize("wrong", [1, 0, -3])
def test_too_few_sources_are_refused(wrong: int) -> None:
    with pytest.raises(ParameterError, match="n_sources must be 2 or more"):
        betweenness(nx.path_graph(3), n_sources=wrong)


@pytest.mark.parametrize("wrong", [0.0, 1.0, 95.0])
def test_a_confidence_that_is_no_chance_is_refused(wrong: float) -> None:
    with pytest.raises(ParameterError, match="confidence must lie in"):
        betweenness(nx.path_graph(3), confidence=wrong)


def test_more_paths_than_floats_can_count_are_refused() -> None:
    # A chain of diamonds doubles the paths at every link: 2**1250 at least to one of the ends.
    link = 3 * np.arange(2500)
    source = np.concatenate([link, link, link + 1, link + 2])
    target = np.concatenate([link + 1, link + 2, link + 3, link + 3])
    chain = MemberGraph.from_arrays(source, target)
    with pytest.raises(DataError, match="more shortest paths"):
        betweenness(chain, n_sources=2)
