"""What one would choose without a model."""

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.graph import MemberGraph
from siyu.graph.seeding.seed_baselines import baseline_seeds, influence_rank, seeds_by_score
from siyu.graph.seeding.seed_limits import SeedLimits
from siyu.graph.seeding.seed_rules import SeedRules
from siyu.graph.seeding.spread_model import spread_model


def test_rank_is_the_pagerank_of_the_ties_turned_around() -> None:
    graph = nx.gnp_random_graph(40, 0.08, seed=1, directed=True)
    rng = np.random.default_rng(0)
    for *_, data in graph.edges(data=True):
        data["weight"] = float(rng.uniform(0.1, 1))
    found = influence_rank(spread_model(graph, "ic", "given").into)
    theirs = nx.pagerank(graph.reverse(), alpha=0.85, tol=1e-12, max_iter=500)
    np.testing.assert_allclose(found, [theirs[i] for i in range(40)], atol=1e-9)


def test_ranks_add_up_to_1_with_members_nobody_influences() -> None:
    star = spread_model(nx.DiGraph([(0, 1), (0, 2)]), "ic", "weighted")
    assert influence_rank(star.into).sum() == pytest.approx(1)


def test_nobody_has_no_rank() -> None:
    empty = MemberGraph.from_arrays(np.zeros(0, int), np.zeros(0, int))
    assert len(influence_rank(spread_model(empty, "ic", "weighted").into)) == 0


def test_degree_counts_whom_one_acts_on() -> None:
    graph = MemberGraph.from_networkx(nx.DiGraph([(0, 1), (0, 2), (3, 2), (1, 2)]))
    model = spread_model(graph, "ic", "weighted")
    limits = SeedLimits.of(1, SeedRules(), model.ids)
    assert baseline_seeds(graph, model, limits, np.random.default_rng(0))["degree"] == [0]


def test_members_without_ties_have_no_low_constraint() -> None:
    graph = MemberGraph.from_arrays(np.array([1, 1]), np.array([2, 3]), ids=[0, 1, 2, 3])
    model = spread_model(graph, "ic", "weighted")
    limits = SeedLimits.of(4, SeedRules(), model.ids)
    chosen = baseline_seeds(graph, model, limits, np.random.default_rng(0))["low_constraint"]
    assert (chosen[0], chosen[-1]) == (1, 0)


def test_a_score_obeys_the_quotas() -> None:
    groups = pd.DataFrame({"member_id": [0, 1, 2], "group": ["x", "x", "y"]})
    rules = SeedRules(groups=groups, quotas={"x": (None, 1), "y": (1, None)})
    limits = SeedLimits.of(2, rules, pa.array([0, 1, 2]))
    assert seeds_by_score(np.array([3.0, 2.0, 1.0]), limits) == [0, 2]
