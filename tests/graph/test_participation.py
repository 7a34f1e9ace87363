"""Participation and community ties: by hand, against loops over the ties, and as properties."""

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets.errors import DataError
from siyu.graph import MemberGraph, community_bridging
from siyu.graph.holes.participation_ties import community_ties, participation

MEASURES = ["community", "strength", "participation", "within_z"]


def rooms(labels: list[Any]) -> pd.DataFrame:
    """Put members 0, 1, 2 ... in communities."""
    return pd.DataFrame({"member_id": range(len(labels)), "community": labels})


def weighted(seed: int) -> tuple[Any, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    G = nx.gnm_random_graph(40, 120, seed=seed)
    for i, j in G.edges:
        G[i][j]["weight"] = float(rng.uniform(0.1, 5))
    return G, rooms(rng.integers(0, 6, 40).tolist())


def strengths(G: Any, labels: pd.DataFrame) -> pd.DataFrame:
    """Add up each member's ties by community in a plain loop."""
    home = dict(zip(labels["member_id"], labels["community"], strict=True))
    rows = [
        (i, home[j], G[i][j].get("weight", 1.0)) for pair in G.edges for i, j in (pair, pair[::-1])
    ]
    table = pd.DataFrame(rows, columns=["member_id", "community", "weight"])
    return table.groupby(["member_id", "community"])["weight"].agg(["size", "sum"]).reset_index()


# Worked by hand


def test_ties_spread_evenly_over_communities_take_part_in_all() -> None:
    # A quarter of the strength in each of four: 1 - 4 / 16.
    found = participation(nx.star_graph(4), rooms([0, 0, 1, 2, 3]))
    assert found["participation"][0] == 0.75


def test_ties_in_one_community_take_part_in_no_other() -> None:
    found = participation(nx.star_graph(3), rooms([0, 1, 1, 1]))
    assert found["participation"].tolist() == [0, 0, 0, 0]


def test_strong_ties_count_for_more() -> None:
    # Shares 3/4 and 1/4: 1 - 9/16 - 1/16.
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, 3), (0, 2, 1)])
    assert participation(G, rooms([0, 0, 1]))["participation"][0] == 0.375


def test_standing_at_home_is_in_standard_deviations() -> None:
    # Inside home the strengths are 2, 1, 1, 0: mean 1, deviation sqrt(1/2). Ties out do not count.
    G = nx.Graph([(0, 1), (0, 2), (3, 4), (0, 4)])
    found = participation(G, rooms([0, 0, 0, 0, 1]))["within_z"]
    assert found[:4].tolist() == pytest.approx([2**0.5, 0, 0, -(2**0.5)])


def test_who_is_alone_at_home_has_no_standing_there() -> None:
    found = participation(nx.Graph([(0, 1), (1, 2)]), rooms([0, 0, 1]))
    assert found["within_z"].isna().tolist() == [True, True, True]


def test_members_tied_alike_have_no_standing_whatever_the_rounding() -> None:
    G = nx.complete_graph(7)
    nx.set_edge_attributes(G, 0.1, "weight")
    assert participation(G, rooms([0] * 7))["within_z"].isna().all()


def test_a_member_without_ties_has_strength_0_and_no_participation() -> None:
    G = nx.Graph([(0, 1)])
    G.add_node(2)
    alone = participation(G, rooms([0, 0, 1])).loc[2]
    assert alone["strength"] == 0
    assert np.isnan(alone["participation"])


def test_community_ties_by_hand() -> None:
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, 2), (0, 2, 1), (0, 3, 1)])
    found = community_ties(G, rooms(["a", "a", "b", "b"]))
    assert found[found["member_id"] == 0].to_numpy().tolist() == [
        [0, "a", 1, 2.0, 0.5, True],
        [0, "b", 2, 2.0, 0.5, False],
    ]


# Against a loop


@pytest.mark.parametrize("seed", range(3))
def test_community_ties_equal_a_loop_over_ties(seed: int) -> None:
    G, labels = weighted(seed)
    found, expected = community_ties(G, labels), strengths(G, labels)
    assert found[["member_id", "community", "n_ties"]].to_numpy().tolist() == (
        expected[["member_id", "community", "size"]].to_numpy().tolist()
    )
    np.testing.assert_allclose(found["strength"], expected["sum"], rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_participation_is_its_formula(seed: int) -> None:
    G, labels = weighted(seed)
    table = strengths(G, labels)
    share = table["sum"] / table.groupby("member_id")["sum"].transform("sum")
    expected = 1 - (share**2).groupby(table["member_id"]).sum()
    found = participation(G, labels).set_index("member_id")["participation"]
    np.testing.assert_allclose(found[expected.index], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_standing_at_home_is_its_formula(seed: int) -> None:
    G, labels = weighted(seed)
    table = strengths(G, labels).merge(labels, on=["member_id", "community"])
    inside = table.set_index("member_id")["sum"].reindex(range(40), fill_value=0.0)
    home = labels.set_index("member_id")["community"]
    groups = inside.groupby(home)
    expected = (inside - groups.transform("mean")) / groups.transform("std", ddof=0)
    np.testing.assert_allclose(participation(G, labels)["within_z"], expected, rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_measures_across_communities_agree_with_each_other(seed: int) -> None:
    G, labels = weighted(seed)
    bridging = community_bridging(G, labels)
    ties = community_ties(G, labels)
    outside = ties.assign(share=ties["share"] * ~ties["is_home"]).groupby("member_id")["share"]
    pd.testing.assert_series_equal(
        participation(G, labels)["participation"], bridging["participation"]
    )
    np.testing.assert_allclose(outside.sum(), bridging["outside_share"], rtol=0, atol=1e-12)


# Sameness and edges


def test_without_labels_the_graph_is_divided_as_for_bridging() -> None:
    G = nx.ring_of_cliques(5, 4)
    found, other = participation(G), community_bridging(G)
    assert found["community"].tolist() == other["community"].tolist()


def test_shares_of_a_member_add_up_to_1() -> None:
    G, labels = weighted(5)
    total = community_ties(G, labels).groupby("member_id")["share"].sum()
    np.testing.assert_allclose(total, 1, rtol=0, atol=1e-12)


@pytest.mark.parametrize("measure", [participation, community_ties])
def test_the_order_of_ties_and_labels_changes_no_byte(measure: Any) -> None:
    G, labels = weighted(6)
    edges = nx.to_pandas_edgelist(G)
    mixed = edges.sample(frac=1, random_state=0)
    one, other = (
        measure(
            MemberGraph.from_arrays(*(e[c].to_numpy() for c in ("source", "target", "weight"))), of
        )
        for e, of in ((edges, labels), (mixed, labels.sample(frac=1, random_state=1)))
    )
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize("measure", [participation, community_ties])
def test_direction_does_not_matter(measure: Any) -> None:
    one_way = nx.DiGraph([(0, 1), (2, 0), (3, 1)])
    labels = rooms([0, 0, 1, 1])
    pd.testing.assert_frame_equal(measure(one_way, labels), measure(nx.Graph(one_way), labels))


def test_text_ids_stand_for_the_same_members() -> None:
    G, labels = weighted(7)
    name = {i: f"m{i:02d}" for i in range(40)}
    named = labels.assign(member_id=labels["member_id"].map(name))
    found = participation(nx.relabel_nodes(G, name), named)
    pd.testing.assert_frame_equal(found[MEASURES], participation(G, labels)[MEASURES])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_graphs_without_ties_have_no_community_ties(n: int) -> None:
    found = community_ties(nx.empty_graph(n))
    assert found.empty
    assert len(participation(nx.empty_graph(n))) == n


def test_labels_are_not_modified() -> None:
    G, labels = weighted(8)
    before = labels.copy()
    participation(G, labels)
    pd.testing.assert_frame_equal(labels, before)


@pytest.mark.parametrize("measure", [participation, community_ties])
def test_a_member_without_community_is_refused(measure: Any) -> None:
    with pytest.raises(DataError, match="1 of 3 members have no community"):
        measure(nx.path_graph(3), rooms([0, 1]))


@pytest.mark.parametrize("measure", [participation, community_ties])
def test_frames_come_out_in_the_kind_asked_for(measure: Any) -> None:
    assert isinstance(measure(nx.path_graph(3), output="pyarrow"), pa.Table)
