"""Quality of communities and agreement of divisions: by hand, and equal to peers."""

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import normalized_mutual_info_score

from siyu.datasets.errors import DataError, ParameterError
from siyu.graph import MemberGraph, communities, modularity
from siyu.graph.community.community_measures import community_agreement, community_quality


def row(graph: Any, labels: Any, k: int = 0, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = community_quality(
        graph, labels, output="pyarrow", **options
    ).to_pylist()[k]
    return found


def division(*labels: int) -> pd.DataFrame:
    return pd.DataFrame({"member_id": range(len(labels)), "community": np.array(labels, np.int64)})


def random_case(seed: int) -> tuple[Any, np.ndarray]:
    r = np.random.default_rng(seed)
    G = nx.gnp_random_graph(20, 0.2, seed=seed)
    nx.set_edge_attributes(G, {edge: float(r.random() + 0.1) for edge in G.edges}, "weight")
    return G, r.integers(0, 4, 20)


def test_a_triad_and_one_friend_by_hand() -> None:
    # Ties 1-2 (2), 1-3, 2-3 (1 each) inside, 3-4 (2) out: w = 6, w_c = 4, s_c = 10.
    G = nx.Graph()
    G.add_weighted_edges_from([(1, 2, 2), (1, 3, 1), (2, 3, 1), (3, 4, 2)])
    assert row(G, [7, 7, 7, 9]) == {
        "community": 7,
        "n_members": 3,
        "n_ties": 3,
        "density": 1.0,
        "share_inside": 0.8,
        "conductance": 1.0,  # 2 out, and 2 is all the strength outside
        "modularity": pytest.approx(4 / 6 - (10 / 12) ** 2),
        "is_connected": True,
    }


def test_what_one_member_cannot_have_is_null() -> None:
    G = nx.Graph([(1, 2)])
    G.add_node(3)
    assert row(G, [0, 0, 1], 1) == {
        "community": 1,
        "n_members": 1,
        "n_ties": 0,
        "density": None,
        "share_inside": None,
        "conductance": None,
        "modularity": 0.0,
        "is_connected": True,
    }


def test_with_nothing_outside_there_is_no_conductance() -> None:
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, 0.1), (1, 2, 0.2), (0, 2, 0.7)])
    assert row(G, [0, 0, 0])["conductance"] is None
    assert row(G, [0, 0, 0])["share_inside"] == 1


def test_without_ties_there_is_no_modularity() -> None:
    assert row(nx.empty_graph(2), [0, 0])["modularity"] is None
    assert row(nx.empty_graph(2), [0, 0])["is_connected"] is False


def test_a_community_in_two_pieces_is_not_connected() -> None:
    G = nx.path_graph(3)
    assert community_quality(G, [0, 1, 0])["is_connected"].tolist() == [False, True]


@given(st.integers(0, 9_999), st.floats(0.3, 3))
@settings(max_examples=30)
def test_terms_add_up_to_the_modularity(seed: int, resolution: float) -> None:
    G, labels = random_case(seed)
    found = community_quality(G, labels, resolution=resolution)
    expected = modularity(G, labels, resolution=resolution)
    assert found["modularity"].sum() == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 9_999))
@settings(max_examples=30)
def test_conductance_density_and_pieces_equal_networkx(seed: int) -> None:
    G, labels = random_case(seed)
    found = community_quality(G, labels).set_index("community")
    for k in np.unique(labels):
        inside = np.flatnonzero(labels == k).tolist()
        sub = G.subgraph(inside)
        assert found["is_connected"][k] == nx.is_connected(sub)
        if len(inside) > 1:
            assert found["density"][k] == pytest.approx(nx.density(sub))
        if not np.isnan(found["conductance"][k]):
            expected = nx.conductance(G, inside, weight="weight")
            assert found["conductance"][k] == pytest.approx(expected)


def test_directed_ties_count_in_both_directions_together() -> None:
    D = nx.DiGraph([(1, 2), (2, 1), (2, 3)])
    G = nx.Graph()
    G.add_weighted_edges_from([(1, 2, 2), (2, 3, 1)])
    pd.testing.assert_frame_equal(community_quality(D, [0, 0, 1]), community_quality(G, [0, 0, 1]))


def test_frames_are_taken_in_any_order_of_rows() -> None:
    G = nx.karate_club_graph()
    found = communities(G)
    mixed = found.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(
        community_quality(G, mixed), community_quality(G, found["community"].to_numpy())
    )
    assert modularity(G, mixed) == modularity(G, found["community"].to_list())


def test_a_frame_may_name_more_members_than_the_graph() -> None:
    G = nx.path_graph(2)
    assert community_quality(G, division(0, 0, 1, 1))["n_members"].tolist() == [2]


def test_leiden_communities_are_connected_and_hold_together() -> None:
    found = community_quality(nx.karate_club_graph(), communities(nx.karate_club_graph()))
    assert found["is_connected"].all()
    assert (found["share_inside"] > 0.5).all()


def test_a_graph_of_nobody_has_no_communities() -> None:
    found = community_quality(nx.Graph(), [])
    assert len(found) == 0
    assert str(found.dtypes["conductance"]) == "float64"


def test_text_ids_are_taken() -> None:
    G = nx.Graph([("a", "b")])
    labels = pd.DataFrame({"member_id": ["b", "a"], "community": [3, 3]})
    assert row(G, labels)["community"] == 3


def test_a_member_without_a_community_is_refused() -> None:
    with pytest.raises(DataError, match="1 of 3 members have no community in labels"):
        community_quality(nx.path_graph(3), division(0, 0))


def test_ids_of_another_type_are_refused() -> None:
    with pytest.raises(DataError, match="member ids are text, but those of"):
        community_quality(nx.Graph([("a", "b")]), division(0, 0))


@pytest.mark.parametrize("wrong", [[0, 1], [0.0, 0.0, 1.0]])
def test_labels_must_be_one_integer_a_member(wrong: list[float]) -> None:
    with pytest.raises(ParameterError, match=r"labels must be one integer a member \(3\)"):
        community_quality(nx.path_graph(3), wrong)


def test_a_resolution_of_0_is_refused() -> None:
    with pytest.raises(ParameterError, match="resolution must be above 0"):
        community_quality(nx.path_graph(3), [0, 0, 0], resolution=0)


def test_the_graph_is_not_touched() -> None:
    g = MemberGraph.from_networkx(nx.karate_club_graph())
    before = g.ties.weight.copy()
    community_quality(g, communities(g))
    assert (g.ties.weight == before).all()


# Agreement


def test_agreement_by_hand() -> None:
    # 0: three members, two of them in 5; 1: two members, both in 7.
    found = community_agreement(division(0, 0, 0, 1, 1), division(5, 5, 7, 7, 7))
    assert (found.n_members, found.purity, found.inverse_purity, found.kept) == (5, 0.8, 0.8, 0.8)


def test_names_do_not_matter() -> None:
    found = community_agreement(division(0, 0, 1, 2), division(9, 9, 4, 3))
    assert found.mutual_information == pytest.approx(1)
    assert found.purity == found.kept == 1


def test_communities_may_have_text_for_names() -> None:
    groups = division(0, 0, 1, 1).assign(community=["g2", "g2", "g1", "g1"])
    assert community_agreement(division(0, 0, 1, 2), groups).purity == 1
    assert community_agreement(groups, division(0, 0, 1, 2)).inverse_purity == 1
    assert community_agreement(groups, groups).kept == 1


def test_a_finer_division_is_pure_but_not_the_other_way_round() -> None:
    found = community_agreement(division(0, 0, 1, 1, 2, 2), division(0, 0, 0, 0, 1, 1))
    assert found.purity == 1
    assert found.inverse_purity == pytest.approx(4 / 6)
    assert found.kept == pytest.approx(4 / 6)


@given(st.integers(0, 9_999))
@settings(max_examples=40)
def test_mutual_information_equals_scikit_learn(seed: int) -> None:
    r = np.random.default_rng(seed)
    one, other = r.integers(0, 5, 40), r.integers(0, 4, 40)
    found = community_agreement(division(*one), division(*other)).mutual_information
    assert found == pytest.approx(normalized_mutual_info_score(one, other), abs=1e-12)


def test_everybody_together_twice_is_the_same() -> None:
    assert community_agreement(division(0, 0), division(1, 1)).mutual_information == 1


def test_only_members_of_both_are_compared() -> None:
    other = division(0, 0, 1, 1).assign(member_id=[2, 3, 4, 5])
    assert community_agreement(division(0, 0, 1, 1), other).n_members == 2


def test_nobody_in_both_tells_nothing() -> None:
    other = division(0, 0).assign(member_id=[8, 9])
    found = community_agreement(division(0, 0), other)
    assert found.n_members == 0
    assert np.isnan([found.mutual_information, found.purity, found.kept]).all()
