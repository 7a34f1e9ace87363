"""Opinion leaders: the formula by hand, who is counted, ranks, and surveyed nominations."""

import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.errors import DataError, ParameterError
from siyu.graph.member_graph import MemberGraph
from siyu.graph.ranking.opinion_leaders import opinion_leaders, opinion_scores


def named() -> MemberGraph:
    """Let 1 and 2 name 3 (weights 0.5 and 3), 3 name 1 (weight 2); nobody names 2 or 4."""
    ends = np.array([[1, 3], [2, 3], [3, 1]])
    return MemberGraph.from_arrays(
        ends[:, 0], ends[:, 1], np.array([0.5, 3.0, 2.0]), ids=np.arange(1, 5), directed=True
    )


def drawn(seed: int, n: int = 40, m: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    ties = pd.DataFrame({"source": rng.integers(0, n, m), "target": rng.integers(0, n, m)})
    return ties[ties["source"] != ties["target"]].assign(weight=lambda t: rng.random(len(t)) + 0.1)


def test_score_counts_namers_each_for_one_at_most() -> None:
    # 1: named by 3 (weight 2); 3: by 1 (weight 0.5) and by 2 (weight 3)
    assert opinion_scores(named()).tolist() == [1.0, 0.0, 1.5, 0.0]


def test_with_weights_of_one_or_more_the_score_is_the_number_of_namers() -> None:
    ties = drawn(1)
    graph = MemberGraph.from_ties(ties.assign(weight=ties["weight"] + 1))
    listed = opinion_leaders(graph).sort_values("member_id")
    assert listed["n_named_by"].tolist() == opinion_scores(graph).tolist()
    assert listed["n_named_by"].tolist() == [
        ties.loc[ties["target"] == i, "source"].nunique() for i in graph.ids.to_pylist()
    ]


def test_namers_who_adopted_no_longer_count_and_adopters_count_double() -> None:
    adopted = np.array([True, False, False, False])
    # 1 adopted: its namer 3 did not, 1 x 2; 3: only namer 2 is left, 1
    assert opinion_scores(named(), adopted).tolist() == [2.0, 0.0, 1.0, 0.0]


def test_nobody_adopted_is_the_score_without_behaviour() -> None:
    nobody = np.zeros(4, dtype=bool)
    assert opinion_scores(named(), nobody).tolist() == opinion_scores(named()).tolist()


def test_adopted_must_be_a_truth_value_a_member() -> None:
    with pytest.raises(ParameterError, match=r"bool array of 4 members, got int64 of shape \(2,\)"):
        opinion_scores(named(), np.array([1, 0]))


def test_naming_without_direction_is_refused() -> None:
    with pytest.raises(ParameterError, match="graph must be directed"):
        opinion_leaders(nx.Graph([("a", "b")]))


def test_columns_and_order_by_hand() -> None:
    found = opinion_leaders(named(), adopters=[1])
    assert found["member_id"].tolist() == [1, 3, 2, 4]
    assert found["rank"].tolist() == [1, 2, 3, 4]
    assert found["n_named_by"].tolist() == [1, 2, 0, 0]
    assert found["strength"].tolist() == [2.0, 3.5, 0.0, 0.0]
    assert found["n_mutual"].tolist() == [1, 1, 0, 0]
    assert found["n_open"].tolist() == [1, 1, 0, 0]
    assert found["has_adopted"].tolist() == [True, False, False, False]


def test_what_is_not_known_is_null() -> None:
    found = opinion_leaders(named(), output="pyarrow")
    for name in ("n_open", "has_adopted", "community", "rank_in_community"):
        assert found[name].null_count == 4, name


def test_no_adopters_is_known_where_the_caller_says_nobody() -> None:
    found = opinion_leaders(named(), adopters=[])
    assert found["n_open"].tolist() == found["n_named_by"].tolist()
    assert not found["has_adopted"].any()


def test_members_are_ranked_within_their_community() -> None:
    homes = pd.DataFrame({"member_id": [4, 3, 2, 1], "community": ["y", "x", "y", "x"]})
    found = opinion_leaders(named(), communities=homes)
    assert found["member_id"].tolist() == [3, 1, 2, 4]
    assert found["community"].tolist() == ["x", "x", "y", "y"]
    assert found["rank_in_community"].tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("homes", "message"),
    [
        ({"member_id": [1, 2], "community": [0, 0]}, "2 of 4 members have no community"),
        ({"member_id": [1, 1], "community": [0, 1]}, "1 members have more than one community"),
        ({"member_id": [1], "group": [0]}, "needs the columns member_id and community"),
        (
            {"member_id": [1, 2, 3, 4], "community": pa.array([0, 0, None, 1])},
            "1 of 4 members have no community",
        ),
    ],
)
def test_communities_that_do_not_fit_are_refused(homes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        opinion_leaders(named(), communities=pa.table(homes))


def test_adopters_of_another_type_are_refused() -> None:
    with pytest.raises(ParameterError, match="member_id are integers here, adopters holds text"):
        opinion_leaders(named(), adopters=["a"])


@given(seed=st.integers(0, 50))
def test_the_order_of_ties_changes_no_byte(seed: int) -> None:
    ties = drawn(seed)
    again = ties.sample(frac=1, random_state=seed)
    first, second = (
        opinion_leaders(MemberGraph.from_ties(t), output="pyarrow") for t in (ties, again)
    )
    assert first.equals(second)


def test_text_ids_rank_as_integers_do() -> None:
    ties = drawn(3)
    named_ties = ties.assign(
        source="m" + (ties["source"] + 100).astype(str),
        target="m" + (ties["target"] + 100).astype(str),
    )
    whole = opinion_leaders(MemberGraph.from_ties(ties))
    text = opinion_leaders(MemberGraph.from_ties(named_ties))
    assert ("m" + (whole["member_id"] + 100).astype(str)).tolist() == text["member_id"].tolist()
    assert whole["score"].tolist() == text["score"].tolist()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_members_without_ties(n: int) -> None:
    empty = np.empty(0, dtype=np.int64)
    graph = MemberGraph.from_arrays(empty, empty, ids=np.arange(n), directed=True)
    found = opinion_leaders(graph, adopters=[], output="polars")
    assert isinstance(found, pl.DataFrame)
    assert found["score"].to_list() == [0.0] * n


def test_names_of_a_networkx_graph() -> None:
    found = opinion_leaders(nx.DiGraph([("b", "a"), ("c", "a")]))
    assert found["member_id"].tolist() == ["a", "b", "c"]
