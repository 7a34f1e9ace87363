"""What holds of Burt's measures on any graph: bounds, sameness, and size."""

import tracemalloc

import networkx as nx
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.graph import MemberGraph, constraint, local_constraint, structural_holes

MEASURES = ["degree", "constraint", "effective_size", "efficiency", "hierarchy"]


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


def test_a_star_of_100_000_leaves_needs_little_memory() -> None:
    # All two-step paths would be 1e10; a dense matrix 80 GB.
    leaves = np.arange(1, 100_001)
    tracemalloc.start()
    g = MemberGraph.from_arrays(np.zeros(100_000, np.int64), leaves)
    found = structural_holes(g)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found["effective_size"][0] == 100_000
    assert peak < 60e6
