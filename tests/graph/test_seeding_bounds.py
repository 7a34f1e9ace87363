"""The certificate of a choice of seeds: what is certain must be true."""

from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.optimize import linprog

from influence_oracle import Arc, spreads_of_all
from siyu.graph import MemberGraph
from siyu.graph.seeding.cover_bound import most_covered
from siyu.graph.seeding.max_cover import best_cover
from siyu.graph.seeding.reverse_sets import ReverseSampler, ReverseSets
from siyu.graph.seeding.seed_limits import SeedLimits
from siyu.graph.seeding.seed_rules import SeedRules
from siyu.graph.seeding.spread_bounds import certified_seeds, least_spread, most_spread
from siyu.graph.seeding.spread_model import SpreadKind, spread_model


def random_sets(seed: int, n: int = 9, n_sets: int = 30) -> ReverseSets:
    """Draw sets of 1 to 4 of n members."""
    rng = np.random.default_rng(seed)
    drawn = [np.sort(rng.choice(n, rng.integers(1, 5), replace=False)) for _ in range(n_sets)]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in drawn])]).astype(np.int64)
    return ReverseSets(n, starts, np.concatenate(drawn).astype(np.int32))


def limits_of(sets: ReverseSets, k: int | None, **rules: Any) -> SeedLimits:
    return SeedLimits.of(k, SeedRules(**rules), pa.array(np.arange(sets.n)))


def covered(sets: ReverseSets, members: tuple[int, ...]) -> int:
    return int(sets.covered(list(members))[-1]) if members else 0


@pytest.mark.parametrize("seed", range(20))
def test_no_choice_covers_more_than_the_bound(seed: int) -> None:
    sets = random_sets(seed)
    limits = limits_of(sets, 3)
    best = max(covered(sets, some) for some in combinations(range(sets.n), 3))
    greedy = best_cover(sets, limits).n_covered
    assert greedy <= best <= most_covered(sets, limits, greedy) + 1e-9


def test_the_bound_is_that_of_the_linear_program() -> None:
    sets, k = random_sets(3, n=25, n_sets=200), 4
    limits = limits_of(sets, k)
    m = len(sets)
    # Maximise the covered shares y: y_j <= sum of x in set j, sum of x <= k, all in [0, 1].
    rows = np.zeros((m + 1, sets.n + m))
    for j in range(m):
        rows[j, sets.members[sets.starts[j] : sets.starts[j + 1]]] = -1
        rows[j, sets.n + j] = 1
    rows[m, : sets.n] = 1
    found = linprog(
        np.r_[np.zeros(sets.n), -np.ones(m)], rows, np.r_[np.zeros(m), k], bounds=(0, 1)
    )
    bound = most_covered(sets, limits, best_cover(sets, limits).n_covered)
    assert -found.fun - 1e-6 <= bound <= -found.fun * 1.005


@pytest.mark.parametrize("seed", range(20))
def test_within_a_budget_no_choice_covers_more_than_the_bound(seed: int) -> None:
    sets = random_sets(seed)
    cost = np.random.default_rng(seed + 100).integers(1, 6, sets.n)
    costs = {"member_id": np.arange(sets.n), "cost": cost}
    limits = limits_of(sets, None, costs=_frame(costs), budget=7.0)
    best = max(
        covered(sets, some)
        for size in range(8)
        for some in combinations(range(sets.n), size)
        if cost[list(some)].sum() <= 7
    )
    greedy = best_cover(sets, limits)
    assert cost[greedy.chosen].sum() <= 7
    assert greedy.n_covered <= best <= most_covered(sets, limits, greedy.n_covered) + 1e-9
    assert greedy.n_covered >= 0.31 * best


@pytest.mark.parametrize("seed", range(20))
def test_within_quotas_no_choice_covers_more_than_the_bound(seed: int) -> None:
    sets = random_sets(seed)
    group = np.arange(sets.n) % 3
    groups = _frame({"member_id": np.arange(sets.n), "group": group})
    limits = limits_of(sets, 4, groups=groups, quotas={0: (2, None), 1: (None, 1)})
    best = max(
        covered(sets, some)
        for some in combinations(range(sets.n), 4)
        if (group[list(some)] == 0).sum() >= 2 and (group[list(some)] == 1).sum() <= 1
    )
    greedy = best_cover(sets, limits)
    picked = group[greedy.chosen]
    assert ((picked == 0).sum() >= 2, (picked == 1).sum() <= 1, len(picked)) == (True, True, 4)
    assert greedy.n_covered <= best <= most_covered(sets, limits, greedy.n_covered) + 1e-9


def test_by_gain_per_cost_many_cheap_members_beat_a_dear_one() -> None:
    # Member 0 covers 5 sets at a cost of 5; members 1 to 5 cover 2 each at a cost of 1.
    drawn = [[0]] * 5 + [[member] for member in range(1, 6) for _ in range(2)]
    starts = np.arange(16, dtype=np.int64)
    sets = ReverseSets(6, starts, np.array(drawn, dtype=np.int32).ravel())
    costs = _frame({"member_id": np.arange(6), "cost": [5.0, 1, 1, 1, 1, 1]})
    limits = limits_of(sets, None, costs=costs, budget=5.0)
    assert best_cover(sets, limits).chosen == [1, 2, 3, 4, 5]


def test_by_gain_alone_a_dear_member_beats_a_cheap_one() -> None:
    # Per cost member 1 is better (2 sets for 1 against 10 for 10), but then 0 cannot be paid.
    sets = ReverseSets(2, np.arange(13, dtype=np.int64), np.array([0] * 10 + [1] * 2, np.int32))
    costs = _frame({"member_id": [0, 1], "cost": [10.0, 1.0]})
    assert best_cover(sets, limits_of(sets, None, costs=costs, budget=10.0)).chosen == [0]


def test_of_equals_the_lowest_id_is_chosen() -> None:
    sets = ReverseSets(3, np.arange(4, dtype=np.int64), np.array([2, 1, 0], np.int32))
    assert best_cover(sets, limits_of(sets, 2)).chosen == [0, 1]


def test_the_share_lies_between_its_bounds() -> None:
    for n_covered in (0, 1, 50, 1000):
        low, high = least_spread(n_covered, 1000, 5.0), most_spread(n_covered, 1000, 5.0)
        assert 0 <= low <= n_covered / 1000 < high


@pytest.mark.parametrize("share", [0.003, 0.2])
def test_bounds_of_a_share_fail_no_more_often_than_said(share: float) -> None:
    doubt = float(np.log(20))  # a bound may fail in one of 20 draws
    drawn = np.random.default_rng(0).binomial(1000, share, 4000)
    low = np.array([least_spread(x, 1000, doubt) for x in drawn])
    high = np.array([most_spread(x, 1000, doubt) for x in drawn])
    assert (low > share).mean() <= 0.05
    assert (high < share).mean() <= 0.05


@pytest.mark.parametrize("kind", ["ic", "lt"])
def test_certificates_hold_as_often_as_said(kind: SpreadKind) -> None:
    """On a graph where all choices can be tried: lower <= spread and best <= upper."""
    arcs = _tiny_arcs()
    ends = np.array([(u, v) for u, v, _ in arcs])
    chance = [p for _, _, p in arcs]
    graph = MemberGraph.from_arrays(ends[:, 0], ends[:, 1], chance, ids=np.arange(8), directed=True)
    model = spread_model(graph, kind, "given")
    rules = SeedRules(target_ratio=0.8, confidence=0.9, max_sets=4096)
    limits = SeedLimits.of(2, rules, model.ids)
    exact = spreads_of_all(arcs, 2, range(8), kind)
    best = max(exact.values())
    failed = 0
    for state in range(60):
        found = certified_seeds(model, limits, rules, np.random.default_rng(state))
        spread = exact[tuple(sorted(found.chosen))]
        failed += not (found.lower <= spread and best <= found.upper)
        assert spread >= found.lower / found.upper * best or found.lower > spread
    assert failed <= 12  # of 60, at most a tenth each: more with chance 0.01


def test_more_samples_are_drawn_for_a_higher_target() -> None:
    model = spread_model(nx.karate_club_graph(), "ic", "weighted")
    n_sets = []
    for target in (0.6, 0.95):
        rules = SeedRules(target_ratio=target)
        limits = SeedLimits.of(3, rules, model.ids)
        n_sets.append(certified_seeds(model, limits, rules, np.random.default_rng(0)).n_sets)
    assert n_sets[0] < n_sets[1]


def test_samples_stop_before_memory_does() -> None:
    model = spread_model(nx.karate_club_graph(), "ic", 0.9)
    rules = SeedRules(target_ratio=0.9999, max_entries=100_000)
    limits = SeedLimits.of(3, rules, model.ids)
    found = certified_seeds(model, limits, rules, np.random.default_rng(0))
    assert len(found.judge.members) <= 100_000


def test_samples_grow_by_draws_that_are_kept() -> None:
    model = spread_model(nx.karate_club_graph(), "ic", "weighted")
    sampler = ReverseSampler(model, np.random.default_rng(0))
    first = sampler.grow(500).members.copy()
    more = sampler.grow(900)
    assert len(more) == 900
    assert more.members[: len(first)].tolist() == first.tolist()


def _tiny_arcs() -> list[Arc]:
    return [
        (0, 1, 0.4), (0, 2, 0.5), (1, 3, 0.5), (2, 3, 0.3), (3, 4, 0.6),
        (5, 6, 0.7), (6, 7, 0.5), (7, 5, 0.2), (4, 0, 0.3), (5, 3, 0.2),
    ]  # fmt: skip


def _frame(columns: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(columns)
