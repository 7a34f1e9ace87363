"""Spread of given seeds: hand-worked, and against every world there is."""

import networkx as nx
import numpy as np
import pytest

from influence_oracle import Arc, exact_spread
from siyu.datasets.errors import DataError, ParameterError
from siyu.graph import MemberGraph
from siyu.graph.seeding.live_arcs import LiveArcs
from siyu.graph.seeding.reach_pool import ReachPool
from siyu.graph.seeding.reverse_sets import ReverseSampler
from siyu.graph.seeding.spread_model import SpreadKind, spread_model
from siyu.graph.seeding.spread_simulation import expected_spread

KINDS: list[SpreadKind] = ["ic", "lt"]


def random_arcs(seed: int, n: int = 6, m: int = 9) -> list[Arc]:
    """Draw arcs whose chances into a node add up to 1 at most."""
    rng = np.random.default_rng(seed)
    picked = rng.choice(n * n, size=3 * m, replace=False)
    ends = [(int(i) // n, int(i) % n) for i in picked]
    kept = [(u, v) for u, v in ends if u != v][:m]
    into = np.bincount([v for _, v in kept], minlength=n)
    return [(u, v, float(np.round(rng.uniform(0.2, 1.0) / into[v], 3))) for u, v in kept]


def graph_of(arcs: list[Arc], n: int = 6) -> MemberGraph:
    ends = np.array([(u, v) for u, v, _ in arcs])
    chance = [p for _, _, p in arcs]
    return MemberGraph.from_arrays(ends[:, 0], ends[:, 1], chance, ids=np.arange(n), directed=True)


def test_a_path_passes_on_less_at_every_step() -> None:
    path = nx.DiGraph([(1, 2), (2, 3), (3, 4)])
    found = expected_spread(path, [1], probability=0.5, n_simulations=20_000, random_state=1)
    assert found.estimate == pytest.approx(1 + 0.5 + 0.25 + 0.125, abs=0.03)


def test_a_star_reaches_each_leaf_with_its_chance() -> None:
    star = nx.DiGraph([(0, leaf) for leaf in range(1, 11)])
    found = expected_spread(star, [0], probability=0.3, n_simulations=20_000, random_state=1)
    assert found.estimate == pytest.approx(1 + 10 * 0.3, abs=0.05)


def test_two_neighbours_of_the_threshold_model_add_their_shares() -> None:
    both = nx.DiGraph([(1, 3), (2, 3)])
    assert expected_spread(both, [1, 2], model="lt", random_state=0).estimate == 3
    one = expected_spread(both, [1], model="lt", n_simulations=20_000, random_state=0)
    assert one.estimate == pytest.approx(1.5, abs=0.02)


def test_two_neighbours_of_a_cascade_try_one_after_the_other() -> None:
    both = nx.DiGraph([(1, 3), (2, 3)])
    found = expected_spread(both, [1, 2], n_simulations=20_000, random_state=0)
    assert found.estimate == pytest.approx(2 + 0.75, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_simulations_agree_with_all_worlds(kind: SpreadKind, seed: int) -> None:
    arcs = random_arcs(seed)
    found = expected_spread(
        graph_of(arcs),
        [0, 1],
        model=kind,
        probability="given",
        n_simulations=20_000,
        random_state=seed,
    )
    assert found.estimate == pytest.approx(exact_spread(arcs, [0, 1], range(6), kind), abs=0.05)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_reverse_samples_agree_with_all_worlds(kind: SpreadKind, seed: int) -> None:
    arcs = random_arcs(seed)
    model = spread_model(graph_of(arcs), kind, "given")
    sets = ReverseSampler(model, np.random.default_rng(seed)).grow(40_000)
    found = sets.covered([3, 0])[-1] / len(sets) * 6
    assert found == pytest.approx(exact_spread(arcs, [0, 3], range(6), kind), abs=0.08)


def test_nine_intervals_of_ten_hold_the_exact_spread() -> None:
    arcs = random_arcs(7)
    graph, exact = graph_of(arcs), exact_spread(arcs, [0, 1], range(6))
    held = 0
    for state in range(100):
        found = expected_spread(
            graph, [0, 1], probability="given", n_simulations=300, random_state=state
        )
        held += found.low <= exact <= found.high
    assert held >= 88  # of 100 at a level of 0.95: fewer with chance 0.001


def test_all_seeds_of_a_set_with_more_slots_than_sets_are_walked() -> None:
    certain = spread_model(nx.DiGraph([(0, 1), (1, 2)]), "ic", 1.0)
    pool = ReachPool(LiveArcs.of(certain.out), 3)
    sets, members = pool.reach(np.array([[0, 2], [1, 2]]), np.random.default_rng(0))
    assert list(zip(sets.tolist(), members.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 1),
        (1, 2),
    ]


def test_sets_that_wait_for_a_slot_are_walked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.graph.seeding.reach_pool._CELLS", 6)  # two sets at a time
    certain = spread_model(nx.DiGraph([(0, 1), (1, 2)]), "ic", 1.0)
    pool = ReachPool(LiveArcs.of(certain.out), 3)
    for _ in range(2):  # marks of the first call must not be taken for those of the second
        sets, members = pool.reach(np.array([[0], [1], [2], [0], [1]]), np.random.default_rng(0))
        assert np.bincount(sets).tolist() == [3, 2, 1, 3, 2]
        assert members.tolist() == [0, 1, 2, 1, 2, 2, 0, 1, 2, 1, 2]


def test_marks_begin_anew_before_their_numbers_run_out() -> None:
    certain = spread_model(nx.DiGraph([(0, 1)]), "ic", 1.0)
    pool = ReachPool(LiveArcs.of(certain.out), 2)
    pool.reach(np.array([[0]]), np.random.default_rng(0))
    pool._stamp = np.iinfo(np.int32).max - 1
    sets, _ = pool.reach(np.array([[0], [1], [0]]), np.random.default_rng(0))
    assert np.bincount(sets).tolist() == [2, 1, 2]


def test_members_in_no_tie_are_reached_as_seeds_only() -> None:
    graph = MemberGraph.from_arrays(np.array([1]), np.array([2]), ids=[1, 2, 3], directed=True)
    found = expected_spread(graph, [3], n_simulations=10, random_state=0)
    assert (found.estimate, found.low, found.high) == (1, 1, 1)


def test_no_seeds_reach_nobody() -> None:
    assert expected_spread(nx.path_graph(3), [], n_simulations=5, random_state=0).estimate == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_without_members_is_reached_by_nobody(kind: SpreadKind) -> None:
    empty = MemberGraph.from_arrays(np.zeros(0, int), np.zeros(0, int))
    assert expected_spread(empty, [], model=kind, n_simulations=5).estimate == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_random_state_gives_the_same_bytes(kind: SpreadKind) -> None:
    karate = nx.karate_club_graph()
    first, second = (
        expected_spread(karate, [0, 33], model=kind, n_simulations=50, random_state=5)
        for _ in range(2)
    )
    assert first == second


def test_the_order_of_ties_changes_nothing() -> None:
    ends = np.array(nx.karate_club_graph().edges)
    spreads = {
        expected_spread(MemberGraph.from_arrays(some[:, 0], some[:, 1]), [0, 33], random_state=5)
        for some in (ends, ends[::-1])
    }
    assert len(spreads) == 1


def test_a_seed_from_elsewhere_is_refused() -> None:
    with pytest.raises(DataError, match="1 of 2 seeds are not members"):
        expected_spread(nx.path_graph(3), [0, 7])


def test_a_single_simulation_is_refused() -> None:
    with pytest.raises(ParameterError, match="n_simulations must be 2 or more"):
        expected_spread(nx.path_graph(3), [0], n_simulations=1)
