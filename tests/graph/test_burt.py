"""Burt's measures worked by hand: each trap that others fall into has its number here."""

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets.errors import ParameterError, SiyuWarning
from siyu.graph import constraint, effective_size, local_constraint, structural_holes

MEASURES = ["degree", "constraint", "effective_size", "efficiency", "hierarchy"]


def of(frame: pd.DataFrame, measure: str, member: int | str) -> float:
    """Read one number of one member."""
    return float(frame.loc[frame["member_id"] == member, measure].item())


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


def test_constraint_with_weights_by_hand() -> None:
    # Of member 0: p_01 = 1/3, p_02 = 2/3; p_12 = 5/6, p_21 = 5/14.
    # c_01 = (1/3 + 2/3 * 5/14)**2 = 16/49, c_02 = (2/3 + 1/3 * 5/6)**2 = (17/18)**2.
    G = nx.Graph()
    G.add_weighted_edges_from([(0, 1, 1), (1, 2, 5), (0, 2, 2), (2, 3, 7)])
    assert of(constraint(G), "constraint", 0) == pytest.approx(16 / 49 + (17 / 18) ** 2, abs=1e-15)


def test_every_number_stands_beside_its_member_whatever_the_order_of_nodes() -> None:
    found = effective_size(nx.Graph([("m", "z"), ("m", "a"), ("m", "q")]))
    assert found.to_numpy().tolist() == [["a", 1], ["m", 3], ["q", 1], ["z", 1]]


def test_ties_in_both_directions_do_not_lower_efficiency() -> None:
    both = nx.DiGraph([(0, 1), (1, 0), (0, 2)])
    assert of(structural_holes(both), "efficiency", 0) == 1


def test_a_member_without_ties_spoils_no_other_number() -> None:
    # In a triad each contact is redundant by half: size 2 - 2 * 1/2 = 1, of two contacts.
    G = nx.complete_graph(3)
    G.add_node(3)
    assert structural_holes(G)["efficiency"][:3].tolist() == [0.5] * 3


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


def test_frames_come_out_in_the_kind_asked_for() -> None:
    table = structural_holes(nx.path_graph(3), output="pyarrow")
    assert isinstance(table, pa.Table)
    assert table.column_names == ["member_id", *MEASURES]


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(ParameterError, match="expected a MemberGraph or a networkx graph, got int"):
        structural_holes(3)
