"""Seeds chosen on graphs worked by hand, on real ones, and under rules."""

import dataclasses
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from influence_oracle import spreads_of_all
from siyu.datasets import SiyuWarning, label
from siyu.datasets.errors import DataError, ParameterError
from siyu.graph import MemberGraph
from siyu.graph.seeding.seed_choice import choose_seeds
from siyu.graph.seeding.seed_rules import SeedRules
from siyu.graph.seeding.spread_model import SpreadKind
from siyu.graph.seeding.spread_simulation import expected_spread

KINDS: list[SpreadKind] = ["ic", "lt"]
TWO_STARS = nx.DiGraph([(1, leaf) for leaf in (2, 3, 4, 5)] + [(6, leaf) for leaf in (7, 8, 9)])
QUICK = SeedRules(target_ratio=0.6, n_simulations=50)


def chosen(found: Any) -> list[Any]:
    ids: list[Any] = found.seeds["member_id"].tolist()
    return ids


@pytest.mark.parametrize("kind", KINDS)
def test_the_centres_of_stars_are_chosen_the_larger_first(kind: SpreadKind) -> None:
    found = choose_seeds(TWO_STARS, 2, model=kind, random_state=0)
    assert chosen(found) == [1, 6]
    assert found.spread.estimate == 9


def test_the_spread_of_a_star_is_1_and_the_chances_of_its_leaves() -> None:
    found = choose_seeds(TWO_STARS, 1, probability=0.5, random_state=0)
    assert chosen(found) == [1]
    assert found.spread.estimate == pytest.approx(1 + 4 * 0.5, abs=0.2)
    assert found.seeds["gain"][0] == pytest.approx(1 + 4 * 0.5, abs=0.2)


def test_the_beginning_of_a_path_is_chosen() -> None:
    found = choose_seeds(nx.path_graph(6, nx.DiGraph), 1, random_state=0)
    assert chosen(found) == [0]


def test_two_who_reach_the_same_are_not_both_chosen() -> None:
    # 1 and 2 reach the same ten; 3 reaches two others.
    ties = [(s, t) for s in (1, 2) for t in range(10, 20)] + [(3, 20), (3, 21)]
    found = choose_seeds(nx.DiGraph(ties), 2, probability=1.0, random_state=0)
    assert chosen(found) in ([1, 3], [2, 3])


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_tiny_graph_the_certificate_holds_against_all_choices(kind: SpreadKind) -> None:
    arcs = [(0, 1, 0.4), (0, 2, 0.5), (1, 3, 0.5), (2, 3, 0.3), (3, 4, 0.6), (4, 5, 0.5)]
    graph = MemberGraph.from_arrays(*np.array([(u, v) for u, v, _ in arcs]).T, directed=True)
    found = choose_seeds(graph, 2, model=kind, probability=[p for _, _, p in arcs], random_state=1)
    spreads = spreads_of_all(arcs, 2, range(6), kind)
    ours = spreads[tuple(sorted(chosen(found)))]
    assert found.lower <= ours <= max(spreads.values()) <= found.upper
    assert found.reached_target


@pytest.mark.parametrize("kind", KINDS)
def test_spread_and_gains_add_up(kind: SpreadKind) -> None:
    found = choose_seeds(nx.karate_club_graph(), 4, model=kind, random_state=0)
    np.testing.assert_allclose(found.seeds["gain"].cumsum(), found.seeds["spread"])
    assert found.seeds["spread"].iloc[-1] == pytest.approx(found.spread.estimate, rel=0.05)
    assert found.lower <= found.spread.estimate <= found.upper


def test_leverage_counts_members_beyond_the_seeds() -> None:
    assert choose_seeds(TWO_STARS, 2, rules=QUICK, random_state=0).leverage == (9 - 2) / 2


def test_seeds_rank_from_1_and_cost_nothing_known_without_costs() -> None:
    found = choose_seeds(TWO_STARS, 3, rules=QUICK, random_state=0)
    assert found.seeds["rank"].tolist() == [1, 2, 3]
    assert found.seeds["cost"].isna().all()


def test_baselines_stand_beside_the_choice_and_obey_the_same_rules() -> None:
    groups = pd.DataFrame({"member_id": range(34), "group": ["x", "y"] * 17})
    rules = dataclasses.replace(QUICK, groups=groups, quotas={"x": (2, 2)}, exclude=[0, 33])
    found = choose_seeds(nx.karate_club_graph(), 5, rules=rules, random_state=0)
    names = ["chosen", "degree", "pagerank", "low_constraint", "random"]
    assert found.baselines["method"].tolist() == names
    assert found.baselines["n_seeds"].tolist() == [5] * 5
    assert (found.baselines["low"] <= found.baselines["spread"]).all()
    assert found.baselines["spread"][0] == found.spread.estimate


def test_words_stand_for_methods() -> None:
    found = choose_seeds(TWO_STARS, 2, rules=QUICK, random_state=0)
    assert label(found.baselines, lang="zh")["method"].tolist()[0] == "本次选择"


def test_quotas_are_kept() -> None:
    groups = pd.DataFrame({"member_id": range(1, 10), "group": ["x"] * 5 + ["y"] * 4})
    rules = dataclasses.replace(QUICK, groups=groups, quotas={"y": (2, None)})
    found = choose_seeds(TWO_STARS, 2, rules=rules, random_state=0)
    assert chosen(found)[0] == 6
    assert all(member >= 6 for member in chosen(found))


def test_the_excluded_are_left_out_but_pass_on_what_they_hear() -> None:
    path = nx.path_graph(4, nx.DiGraph)
    rules = SeedRules(exclude=[0, 1])
    found = choose_seeds(path, 1, rules=rules, random_state=0)
    assert chosen(found) == [2]
    through = choose_seeds(path, 1, rules=SeedRules(exclude=[1]), random_state=0)
    assert (chosen(through), through.spread.estimate) == ([0], 4)


def test_a_budget_is_kept_and_costs_are_shown() -> None:
    costs = pd.DataFrame({"member_id": range(1, 10), "cost": [9.0] + [1.0] * 8})
    rules = dataclasses.replace(QUICK, costs=costs, budget=3.0)
    found = choose_seeds(TWO_STARS, None, rules=rules, random_state=0)
    assert 6 in chosen(found)
    assert 1 not in chosen(found)
    assert found.seeds["cost"].tolist() == [1.0, 1.0, 1.0]


def test_a_certificate_within_a_budget_holds_against_all_choices() -> None:
    costs = pd.DataFrame({"member_id": range(1, 10), "cost": [4.0, 1, 1, 1, 1, 3, 1, 1, 1]})
    rules = SeedRules(costs=costs, budget=4.0, target_ratio=0.9)
    found = choose_seeds(TWO_STARS, None, rules=rules, random_state=0)
    # Either 1 for 4 (reaches 5), or 6 and a leaf for 4 (reaches 5), certainly.
    assert found.lower <= 5 <= found.upper
    assert found.spread.estimate == 5


def test_members_without_ties_fill_up_the_seeds() -> None:
    graph = MemberGraph.from_arrays(np.array([5]), np.array([6]), ids=[5, 6, 7, 8], directed=True)
    found = choose_seeds(graph, 9, random_state=0)
    assert sorted(chosen(found)) == [5, 6, 7, 8]
    assert found.spread.estimate == 4


@pytest.mark.parametrize("n", [1, 2])
def test_a_few_members_are_enough(n: int) -> None:
    graph = MemberGraph.from_arrays(
        np.zeros(0, int), np.zeros(0, int), ids=np.arange(n), directed=True
    )
    found = choose_seeds(graph, 1, random_state=0)
    assert len(chosen(found)) == 1
    assert found.certified_ratio > 0.9


def test_a_graph_without_members_is_refused() -> None:
    empty = MemberGraph.from_arrays(np.zeros(0, int), np.zeros(0, int))
    with pytest.raises(DataError, match="no members to choose from"):
        choose_seeds(empty, 1)


def test_a_target_out_of_reach_is_told_with_the_ratio_reached() -> None:
    rules = SeedRules(target_ratio=0.99, max_sets=512)
    with pytest.warns(SiyuWarning, match=r"1024 samples certify 0\.\d+ of the best"):
        found = choose_seeds(nx.karate_club_graph(), 3, rules=rules, random_state=0)
    assert not found.reached_target
    assert found.n_sets == 1024


def test_a_seed_that_no_sample_holds_is_certain_to_reach_itself_alone() -> None:
    graph = nx.empty_graph(20_000)
    rules = SeedRules(exclude=list(range(1, 20_000)), max_sets=256, n_simulations=2)
    with pytest.warns(SiyuWarning, match="raise max_sets"):
        found = choose_seeds(graph, 1, rules=rules, random_state=0)
    assert (found.lower, found.spread.estimate) == (1.0, 1.0)


def test_samples_stop_where_rules_leave_a_gap_that_more_would_not_close() -> None:
    # 6 and a quarter of 1 would reach 5.25 for 4, but nobody is a seed in part.
    costs = pd.DataFrame({"member_id": range(1, 10), "cost": [4.0, 1, 1, 1, 1, 3, 1, 1, 1]})
    rules = SeedRules(costs=costs, budget=4.0, target_ratio=0.97)
    with pytest.warns(SiyuWarning, match="more samples would not help"):
        found = choose_seeds(TWO_STARS, None, rules=rules, random_state=0)
    assert found.n_sets < 2 * rules.max_sets


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_random_state_gives_the_same_bytes(kind: SpreadKind) -> None:
    first, second = (
        choose_seeds(nx.karate_club_graph(), 3, model=kind, random_state=4) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.seeds, second.seeds, check_exact=True)
    pd.testing.assert_frame_equal(first.baselines, second.baselines, check_exact=True)
    assert (first.lower, first.upper, first.spread) == (second.lower, second.upper, second.spread)


def test_the_order_of_ties_changes_no_byte() -> None:
    ends = np.array(nx.karate_club_graph().edges)
    first, second = (
        choose_seeds(MemberGraph.from_arrays(*some.T), 3, random_state=4).seeds
        for some in (ends, ends[::-1])
    )
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_text_ids_give_the_same_seeds() -> None:
    karate = nx.karate_club_graph()
    named = nx.relabel_nodes(karate, {i: f"m{i:02d}" for i in karate})
    numbers, text = (choose_seeds(g, 4, rules=QUICK, random_state=0) for g in (karate, named))
    assert [f"m{i:02d}" for i in chosen(numbers)] == chosen(text)


def test_frames_come_in_the_kind_asked_for() -> None:
    found = choose_seeds(TWO_STARS, 1, rules=QUICK, random_state=0, output="pyarrow")
    assert found.seeds["member_id"].to_pylist() == [1]
    assert found.baselines.num_rows == 5


def test_k_must_be_a_number_of_seeds() -> None:
    with pytest.raises(ParameterError, match="k must be 1 or more, got 0"):
        choose_seeds(TWO_STARS, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_on_wiki_vote_the_choice_spreads_further_than_degree(
    siyu_data: Path, kind: SpreadKind
) -> None:
    votes = pd.read_parquet(siyu_data / "graphs" / "wiki_vote_edges.parquet")
    # Who votes for somebody pays attention: influence goes the other way.
    graph = MemberGraph.from_arrays(votes["dst"], votes["src"], directed=True)
    found = choose_seeds(graph, 50, model=kind, random_state=0)
    spread = found.baselines.set_index("method")["spread"]
    assert found.certified_ratio >= 0.95
    assert found.lower <= found.spread.high
    assert spread["chosen"] > found.baselines.set_index("method")["high"].drop("chosen").max()


def test_greedy_on_simulations_finds_no_better_seeds_on_karate() -> None:
    karate = nx.karate_club_graph()
    by_simulation: list[int] = []
    for _ in range(3):
        spreads = {
            member: expected_spread(
                karate, [*by_simulation, member], n_simulations=1000, random_state=1
            ).estimate
            for member in karate
            if member not in by_simulation
        }
        by_simulation.append(max(spreads, key=lambda member: spreads[member]))
    ours = chosen(choose_seeds(karate, 3, random_state=0))
    greedy, found = (
        expected_spread(karate, seeds, n_simulations=20_000, random_state=2)
        for seeds in (by_simulation, ours)
    )
    assert found.high >= greedy.low
