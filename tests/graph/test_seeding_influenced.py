"""Whom a chosen set reaches, through whom, and how far single members reach."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from influence_oracle import Arc, exact_reach, exact_spread
from siyu.datasets.errors import DataError, ParameterError
from siyu.graph import MemberGraph
from siyu.graph.seeding.reached_members import influenced
from siyu.graph.seeding.seed_choice import choose_seeds
from siyu.graph.seeding.single_reach import member_reach
from siyu.graph.seeding.spread_model import SpreadKind
from siyu.graph.seeding.spread_simulation import expected_spread

KINDS: list[SpreadKind] = ["ic", "lt"]
ARCS: list[Arc] = [
    (0, 1, 0.4), (0, 2, 0.6), (1, 3, 0.3), (2, 3, 0.5), (3, 4, 0.7),
    (5, 4, 0.2), (4, 0, 0.5), (5, 6, 0.9), (6, 5, 0.3),
]  # fmt: skip


def graph_of(arcs: list[Arc], n: int = 8) -> MemberGraph:
    ends = np.array([(u, v) for u, v, _ in arcs])
    chance = [p for _, _, p in arcs]
    return MemberGraph.from_arrays(ends[:, 0], ends[:, 1], chance, ids=np.arange(n), directed=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seeds", [[0], [0, 5], [6]])
def test_probabilities_agree_with_all_worlds(kind: SpreadKind, seeds: list[int]) -> None:
    exact = exact_reach(ARCS, seeds, range(8), kind)
    found = influenced(
        graph_of(ARCS), seeds, model=kind, probability="given", n_simulations=20_000,
        random_state=0,
    ).set_index("member_id")  # fmt: skip
    for member, chance in exact.items():
        if member in seeds or chance == 0:
            assert member not in found.index
        else:
            assert found.loc[member, "probability"] == pytest.approx(chance, abs=0.015)


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_and_seeds_add_up_to_the_spread(kind: SpreadKind) -> None:
    karate = nx.karate_club_graph()
    found = influenced(karate, [0, 33], model=kind, n_simulations=5000, random_state=0)
    spread = expected_spread(karate, [0, 33], model=kind, n_simulations=5000, random_state=1)
    assert found["probability"].sum() + 2 == pytest.approx(spread.estimate, rel=0.03)


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_path_everybody_hears_from_the_one_before(kind: SpreadKind) -> None:
    found = influenced(nx.path_graph(5, nx.DiGraph), [0], model=kind, random_state=0)
    assert found["via"].tolist() == [0, 1, 2, 3]
    assert found["hop"].tolist() == [1, 2, 3, 4]
    assert found["seed"].tolist() == [0] * 4
    assert found["via_share"].tolist() == [1] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_is_the_one_that_reaches_most_often(kind: SpreadKind) -> None:
    arcs: list[Arc] = [(0, 2, 0.6), (1, 2, 0.2), (2, 3, 1.0)]
    found = influenced(
        graph_of(arcs, 4), [0, 1], model=kind, probability="given", n_simulations=4000,
        random_state=0,
    )  # fmt: skip
    assert found["seed"].tolist() == [0, 0]
    assert found["via"].tolist() == [0, 2]
    assert found["seed_share"].between(0.7, 0.85).all()


def test_who_reach_in_the_same_step_share_the_credit_evenly() -> None:
    both = nx.DiGraph([(0, 2), (1, 2)])
    found = influenced(both, [0, 1], probability=1.0, n_simulations=4000, random_state=0)
    assert found["via_share"][0] == pytest.approx(0.5, abs=0.03)


def test_the_nearer_way_is_taken_in_a_cascade() -> None:
    graph = nx.DiGraph([(0, 1), (1, 2), (0, 2)])
    found = influenced(graph, [0], probability=1.0, n_simulations=50, random_state=0)
    assert found.set_index("member_id").loc[2, ["hop", "via"]].tolist() == [1, 0]


def test_rows_stand_by_probability_then_id() -> None:
    star = nx.DiGraph([("hub", "c"), ("hub", "b"), ("c", "d")])
    found = influenced(star, ["hub"], probability=1.0, n_simulations=20, random_state=0)
    assert found["member_id"].tolist() == ["b", "c", "d"]
    weak = influenced(star, ["hub"], probability=0.5, n_simulations=900, random_state=0)
    assert weak["probability"].is_monotonic_decreasing


def test_intervals_lie_around_probabilities() -> None:
    found = influenced(nx.karate_club_graph(), [0], random_state=0)
    assert (found["low"] <= found["probability"]).all()
    assert (found["probability"] <= found["high"]).all()
    assert (found["low"] >= 0).all()
    assert (found["high"] <= 1).all()


def test_small_pieces_of_worlds_count_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.graph.seeding.reached_members._CELLS", 34 * 7)
    monkeypatch.setattr("siyu.graph.seeding.threshold_worlds._CELLS", 34 * 7)
    for kind in KINDS:
        path = nx.path_graph(34, nx.DiGraph)
        found = influenced(path, [0], model=kind, n_simulations=50, random_state=0)
        assert found["probability"].tolist() == [1.0] * 33


def test_a_seed_set_says_whom_it_reaches() -> None:
    karate = nx.karate_club_graph()
    seeds = choose_seeds(karate, 2, random_state=0).seeds
    found = influenced(karate, seeds, random_state=0)
    assert set(found["seed"]) <= set(seeds["member_id"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_random_state_gives_the_same_bytes(kind: SpreadKind) -> None:
    ends = np.array(nx.karate_club_graph().edges)
    first, second = (
        influenced(MemberGraph.from_arrays(*some.T), [0, 33], model=kind, random_state=3)
        for some in (ends, ends[::-1])
    )
    pd.testing.assert_frame_equal(first, second, check_exact=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [0, 1, 2])
def test_without_ties_nobody_is_reached(kind: SpreadKind, n: int) -> None:
    graph = MemberGraph.from_arrays(
        np.zeros(0, int), np.zeros(0, int), ids=np.arange(n), directed=True
    )
    found = influenced(graph, np.arange(min(n, 1)), model=kind, random_state=0)
    assert (len(found), list(found.columns)[:2]) == (0, ["member_id", "probability"])


def test_seeds_from_elsewhere_are_refused() -> None:
    with pytest.raises(DataError, match="1 of 1 seeds are not members"):
        influenced(nx.path_graph(3), [9])


def test_a_single_id_is_no_set_of_seeds() -> None:
    with pytest.raises(ParameterError, match="seeds must be several ids"):
        influenced(nx.path_graph(3), "ann")


def test_no_simulation_tells_nothing() -> None:
    with pytest.raises(ParameterError, match="n_simulations must be 1 or more"):
        influenced(nx.path_graph(3), [0], n_simulations=0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_reach_of_every_member_agrees_with_all_worlds(kind: SpreadKind) -> None:
    found = member_reach(
        graph_of(ARCS), model=kind, probability="given", n_sets=60_000, random_state=0
    )
    exact = [exact_spread(ARCS, [member], range(8), kind) for member in range(8)]
    np.testing.assert_allclose(found["reach"], exact, atol=0.05)
    assert found["member_id"].tolist() == list(range(8))


def test_who_reaches_nobody_reaches_itself() -> None:
    found = member_reach(nx.DiGraph([(0, 1)]), n_sets=500, random_state=0)
    assert found["reach"][1] == found["low"][1] == 1


def test_at_equal_degree_reach_differs_by_whom_one_knows() -> None:
    # 40 members know two others each; those of member 0 know four more each.
    ties = [(i, 1000 + 2 * i + j) for i in range(40) for j in (0, 1)]
    ties += [(1000 + j, 2000 + 4 * j + i) for j in (0, 1) for i in range(4)]
    found = member_reach(nx.DiGraph(ties), random_state=0).set_index("member_id")
    assert found.loc[0, "degree"] == found.loc[1, "degree"] == 2
    assert found.loc[0, "reach"] == pytest.approx(11, rel=0.1)
    assert found.loc[0, "relative_reach"] > 3 * found.loc[1, "relative_reach"]


def test_usual_reach_is_the_mean_at_like_degree() -> None:
    found = member_reach(nx.karate_club_graph(), random_state=0)
    means = found.groupby("usual_reach")["reach"].mean()
    np.testing.assert_allclose(means, means.index)


def test_nineteen_intervals_of_twenty_hold_the_exact_reach() -> None:
    exact = [exact_spread(ARCS, [member], range(8)) for member in range(8)]
    held = 0
    for state in range(60):
        found = member_reach(graph_of(ARCS), probability="given", n_sets=2000, random_state=state)
        held += int(((found["low"] - 1e-9 <= exact) & (exact <= found["high"])).sum())
    assert held >= 0.92 * 60 * 8


def test_reach_of_nobody_has_no_rows() -> None:
    empty = MemberGraph.from_arrays(np.zeros(0, int), np.zeros(0, int))
    assert len(member_reach(empty, random_state=0)) == 0


def test_reach_needs_a_sample() -> None:
    with pytest.raises(ParameterError, match="n_sets must be 1 or more"):
        member_reach(nx.path_graph(3), n_sets=0)
