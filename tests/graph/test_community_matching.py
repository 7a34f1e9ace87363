"""Numbers of communities from run to run: pairs by hand, what became of each, what is refused."""

from itertools import permutations
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import label
from siyu.datasets.errors import DataError, ParameterError
from siyu.graph import MemberGraph, communities, modularity
from siyu.graph.community.community_history import community_changes
from siyu.graph.community.division import read_division
from siyu.graph.community.matching import match_communities


def division(*labels: int, start: int = 0, text: bool = False) -> pd.DataFrame:
    members: Any = range(start, start + len(labels))
    if text:
        members = [f"m{member}" for member in members]
    return pd.DataFrame({"member_id": members, "community": np.array(labels, np.int64)})


def matched(previous: Any, current: Any, **options: Any) -> list[int]:
    return [int(k) for k in match_communities(previous, current, **options)["community"]]


# Matching


@pytest.mark.parametrize("text", [False, True])
def test_numbers_swapped_by_the_run_are_swapped_back(text: bool) -> None:
    before = division(0, 0, 0, 1, 1, text=text)
    assert matched(before, division(1, 1, 1, 0, 0, text=text)) == [0, 0, 0, 1, 1]


def test_a_number_below_0_is_kept_like_any_other() -> None:
    assert matched(division(-1, -1, 4), division(0, 0, 1)) == [-1, -1, 4]


def test_numbers_that_no_float_holds_are_told_exactly() -> None:
    far = division(2**53 + 1, 2**53 + 1)
    told = community_changes(far, far)
    assert told[["community_before", "community_after"]].to_numpy().tolist() == [[2**53 + 1] * 2]


def test_the_most_members_keep_their_number() -> None:
    # 0 shares 5 with 0 and 4 with 1; 1 shares 4 with 0 only. Pairing 0-0 keeps 5, 0-1 and 1-0 8.
    before = division(*[0] * 9, *[1] * 4)
    after = division(*[0] * 5, *[1] * 4, *[0] * 4)
    assert matched(before, after) == [1] * 5 + [0] * 4 + [1] * 4


def test_of_equal_numbers_the_larger_overlap_counts() -> None:
    # Both halves keep two members of 0; the second is diluted by members who are new.
    before = division(0, 0, 0, 0)
    after = division(3, 3, 5, 5, 5, 5)
    assert matched(before, after) == [0, 0, 1, 1, 1, 1]


def test_what_hardly_overlaps_is_new() -> None:
    before = division(*[0] * 20)
    after = division(4, *[7] * 9, start=19)  # one of 20 is left, alone
    assert matched(before, after) == [2, *[1] * 9]
    assert matched(before, after, min_jaccard=0.05) == [0, *[1] * 9]


def test_new_communities_count_on_larger_ones_first() -> None:
    after = division(0, 0, 5, 6, 7, 7, 7)
    assert matched(division(9, 9), after) == [9, 9, 11, 12, 10, 10, 10]


def test_numbers_of_the_dead_are_not_given_again() -> None:
    first, second = division(0, 0, 0, 1, 1), division(0, 0, 0)
    third = division(0, 0, 0, 1, 1, 1, start=0).assign(member_id=[0, 1, 2, 7, 8, 9])
    assert matched(second, third) == [0, 0, 0, 1, 1, 1]
    assert matched([first, second], third) == [0, 0, 0, 2, 2, 2]


def test_a_division_matched_to_itself_stays() -> None:
    one = division(3, 3, 8, 1, 1, 8)
    assert matched(one, one) == [3, 3, 8, 1, 1, 8]


@given(st.integers(0, 9_999))
@settings(max_examples=40)
def test_no_other_pairing_keeps_more_members(seed: int) -> None:
    r = np.random.default_rng(seed)
    before, after = division(*r.integers(0, 4, 14)), division(*r.integers(0, 4, 14))
    kept = sum(np.array(matched(before, after, min_jaccard=0)) == before["community"])
    best = max(
        sum(np.array(names)[after["community"]] == before["community"])
        for names in permutations(range(4))
    )
    assert kept == best


@given(st.integers(0, 9_999))
@settings(max_examples=20)
def test_row_order_and_other_columns_change_no_byte(seed: int) -> None:
    r = np.random.default_rng(seed)
    before, after = division(*r.integers(0, 5, 30)), division(*r.integers(0, 5, 30), start=5)
    one = match_communities(before, after)
    mixed = after.sample(frac=1, random_state=seed).assign(more=1)
    other = match_communities(before.sample(frac=1, random_state=seed), mixed)
    pd.testing.assert_frame_equal(one, other)


def test_no_members_are_matched_to_nobody() -> None:
    nobody = division().astype({"member_id": "int64"})
    assert matched(nobody, division(4, 4)) == [0, 0]
    assert matched(division(4, 4), nobody) == []
    assert matched(nobody, nobody) == []


def test_members_who_came_do_not_move_those_who_stayed() -> None:
    assert matched(division(2, 2, start=4), division(0, 0, 0, start=4)) == [2, 2, 2]


def test_inputs_stay_as_they_are() -> None:
    before, after = division(0, 1, 1), division(1, 0, 0)
    match_communities(before, after)
    pd.testing.assert_frame_equal(after, division(1, 0, 0))
    pd.testing.assert_frame_equal(before, division(0, 1, 1))


def test_other_kinds_of_frames_come_out_as_asked() -> None:
    found = match_communities(pa.table(division(0, 1)), division(1, 0), output="pyarrow")
    assert found.to_pydict() == {"member_id": [0, 1], "community": [0, 1]}


@pytest.mark.parametrize("wrong", [-0.1, 1.1, np.nan])
def test_a_share_of_overlap_is_between_0_and_1(wrong: float) -> None:
    with pytest.raises(ParameterError, match="min_jaccard must be 0 to 1"):
        match_communities(division(0), division(0), min_jaccard=wrong)


def test_at_least_one_run_must_be_given() -> None:
    with pytest.raises(ParameterError, match="previous must be a frame or a list"):
        match_communities([], division(0))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"member_id": [1]}), "previous needs the columns member_id and community"),
        (division(0, 1).assign(member_id=[3, 3]), "previous: 1 rows name a member again"),
        (division(0).assign(community=[0.5]), "previous: community must be an integer"),
        (
            division(0, 0).assign(community=pd.array([0, None], "Int64")),
            "previous: 1 rows lack community",
        ),
        (division(0, text=True), "member ids are integers, but those of previous are text"),
    ],
)
def test_a_frame_that_is_no_division_is_refused(frame: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        match_communities(frame, division(0, 0))


def test_a_division_is_read_in_ascending_order_of_members() -> None:
    read = read_division(division(5, 6, 7).iloc[::-1], "found")
    assert (read.members.to_pylist(), read.labels.tolist()) == ([0, 1, 2], [5, 6, 7])


# What became of each


def told(before: Any, after: Any, **options: Any) -> list[tuple[Any, ...]]:
    frame = community_changes(before, after, output="pyarrow", **options)
    columns = ("community", "community_event", "community_before", "community_after", "n_shared")
    return list(zip(*(frame[name].to_pylist() for name in columns), strict=True))


def test_sizes_within_a_tenth_are_kept() -> None:
    before = division(*[0] * 10, *[1] * 10, *[2] * 10)
    after = division(*[0] * 10, *[1] * 10, *[2] * 8, *[0] * 1, *[1] * 2)
    assert told(before, after.drop(index=[28])) == [
        (0, "kept", 0, 0, 10),
        (1, "grown", 1, 1, 10),
        (2, "shrunk", 2, 2, 8),
    ]


def test_births_and_deaths_have_one_side_only() -> None:
    frame = community_changes(division(0, 0), division(1, 1, 1, start=5), output="pyarrow")
    assert frame.to_pylist() == [
        {
            "community": 0,
            "community_event": "died",
            "community_before": 0,
            "community_after": None,
            "n_before": 2,
            "n_after": None,
            "n_shared": None,
            "jaccard": None,
        },
        {
            "community": 1,
            "community_event": "born",
            "community_before": None,
            "community_after": 1,
            "n_before": None,
            "n_after": 3,
            "n_shared": None,
            "jaccard": None,
        },
    ]


def test_a_community_that_parts_is_told_with_where_it_went() -> None:
    before = division(*[0] * 10)
    after = division(*[0] * 6, *[1] * 4)
    assert told(before, after) == [
        (0, "shrunk", 0, 0, 6),
        (0, "split", 0, 1, 4),
        (1, "born", None, 1, None),
    ]


def test_a_community_that_goes_up_in_another_merges() -> None:
    before = division(*[0] * 10, *[1] * 4)
    after = division(*[0] * 14)
    assert told(before, after) == [
        (0, "grown", 0, 0, 10),
        (1, "died", 1, None, None),
        (1, "merged", 1, 0, 4),
    ]


def test_members_who_go_over_together_are_told() -> None:
    before = division(*[0] * 10, *[1] * 10)
    after = division(*[0] * 8, *[1] * 12)
    assert told(before, after) == [
        (0, "shrunk", 0, 0, 8),
        (0, "moved", 0, 1, 2),
        (1, "grown", 1, 1, 10),
    ]
    assert told(before, after, min_share=0.21)[1] == (1, "grown", 1, 1, 10)


def test_overlap_is_by_the_members_of_either() -> None:
    frame = community_changes(division(0, 0, 0), division(0, 0, 0, start=1))
    assert frame["jaccard"].tolist() == [0.5]
    assert frame["n_shared"].tolist() == [2]


def test_a_number_without_one_member_who_stayed_shares_none() -> None:
    assert told(division(0, 0), division(0, 0, start=5)) == [(0, "kept", 0, 0, 0)]


@given(st.integers(0, 9_999))
@settings(max_examples=20)
def test_every_community_has_one_state(seed: int) -> None:
    r = np.random.default_rng(seed)
    before, after = division(*r.integers(0, 6, 25)), division(*r.integers(3, 9, 25), start=4)
    frame = community_changes(before, after)
    states = frame[frame["community_event"].isin(["kept", "grown", "shrunk", "born", "died"])]
    assert states["community"].tolist() == sorted({*before["community"], *after["community"]})


def test_changes_of_nothing_are_none() -> None:
    nobody = division().astype({"member_id": "int64"})
    frame = community_changes(nobody, nobody)
    assert len(frame) == 0
    assert str(frame["jaccard"].dtype) == "float64"


def test_events_have_words() -> None:
    frame = community_changes(division(0, 0), division(1, 1, 1, start=5))
    assert label(frame, "zh")["community_event"].tolist() == ["消失", "新出现"]


@pytest.mark.parametrize("wrong", [0, 1.5, np.nan])
def test_a_share_that_is_none_is_refused(wrong: float) -> None:
    with pytest.raises(ParameterError, match="min_share must be above 0 and at most 1"):
        community_changes(division(0), division(0), min_share=wrong)


# Communities that start from the last ones


def two_cliques(n_bridges: int) -> Any:
    """Make two cliques of eight, tied by some ties."""
    G = nx.disjoint_union(nx.complete_graph(8), nx.complete_graph(8))
    G.add_edges_from((i, 8 + (i + j) % 8) for j in range(8) for i in range(8))
    G.remove_edges_from(list(nx.edge_boundary(G, range(8)))[n_bridges:])
    return G


@pytest.mark.parametrize("method", ["leiden", "louvain"])
def test_communities_keep_their_numbers(method: Any) -> None:
    G = nx.planted_partition_graph(4, 20, 0.5, 0.01, seed=1)
    before = communities(G, method=method)
    renamed = before.assign(community=before["community"] + 40)
    again = communities(G, method=method, random_state=9, previous=renamed)
    pd.testing.assert_frame_equal(again, renamed)


@pytest.mark.parametrize("method", ["leiden", "louvain"])
def test_a_community_that_has_become_two_is_parted(method: Any) -> None:
    # No single member gains by leaving all others: only parts of the whole do.
    before = division(*[0] * 16)
    found = communities(two_cliques(1), method=method, previous=before)["community"]
    assert found.tolist() == [0] * 8 + [1] * 8


def test_communities_that_have_become_one_are_joined() -> None:
    found = communities(nx.complete_graph(16), previous=division(*[0] * 9, *[1] * 7))
    assert set(found["community"]) == {0}


def test_members_who_are_new_or_gone_are_no_trouble() -> None:
    before = division(*[5] * 8, *[6] * 8, 7, 7, start=-1)
    found = communities(two_cliques(1), previous=before)["community"]
    assert found.tolist() == [5] * 8 + [6] * 8


def test_all_runs_may_be_given() -> None:
    runs = [division(0, 0, 30), division(*[5] * 8)]
    assert set(communities(two_cliques(1), previous=runs)["community"]) == {5, 31}


def test_a_graph_of_nobody_takes_a_previous_run() -> None:
    assert len(communities(nx.Graph(), previous=division(0, 0))) == 0


def test_a_graph_without_ties_takes_a_previous_run() -> None:
    found = communities(nx.empty_graph(3), previous=division(4, 4, 4))["community"]
    assert found.tolist() == [4, 5, 6]


def test_members_move_less_than_from_a_fresh_start_and_the_division_is_as_good() -> None:
    r = np.random.default_rng(0)
    G = nx.planted_partition_graph(8, 40, 0.15, 0.02, seed=2)
    before = communities(G)
    moved: dict[str, list[float]] = {"fresh": [], "kept": []}
    gain = []
    for state in range(6):
        other = G.copy()
        edges = list(other.edges)
        other.remove_edges_from([edges[i] for i in r.choice(len(edges), len(edges) // 50, False)])
        while other.number_of_edges() < len(edges):
            u, v = r.integers(0, 320, 2).tolist()
            if u != v and (u // 40 == v // 40 or r.random() < 0.3):
                other.add_edge(u, v)
        fresh = communities(other, random_state=state + 1)
        kept = communities(other, random_state=state + 1, previous=before)
        named = match_communities(before, fresh)
        moved["fresh"].append((named["community"] != before["community"]).mean())
        moved["kept"].append((kept["community"] != before["community"]).mean())
        gain.append(modularity(other, kept) - modularity(other, fresh))
    assert np.mean(moved["kept"]) < np.mean(moved["fresh"])
    assert min(gain) > -0.005


def test_the_order_of_ties_changes_nothing_from_a_previous_run() -> None:
    r = np.random.default_rng(3)
    ends = r.integers(0, 60, (200, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    weight = r.random(len(ends)) + 0.1
    before = division(*r.integers(0, 5, 60))
    order = r.permutation(len(ends))
    one = MemberGraph.from_arrays(ends[:, 0], ends[:, 1], weight)
    other = MemberGraph.from_arrays(ends[order, 1], ends[order, 0], weight[order])
    pd.testing.assert_frame_equal(
        communities(one, previous=before),
        communities(other, previous=before.sample(frac=1, random_state=1)),
    )
