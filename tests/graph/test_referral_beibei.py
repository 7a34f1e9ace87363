"""Real group buying, end to end: who began a group brought those who joined it.

The file tells no times, so that of several initiators the one with the smallest id counts; and
it holds at most one successful group an initiator, which makes trees narrow. What the forest
measures is checked here, and that the choice by id decides little.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siyu.datasets import Community, SiyuWarning
from siyu.graph.fission.forest_cascades import cascade_stats
from siyu.graph.fission.forest_generations import generations
from siyu.graph.fission.forest_members import referral_stats
from siyu.graph.fission.referral_forest import ReferralForest

END = "2026-01-01"


@pytest.fixture(scope="module")
def beibei(siyu_data: Path) -> Community:
    groups = pq.read_table(siyu_data / "beibei_groupbuy" / "groups.parquet")
    joins = pq.read_table(siyu_data / "beibei_groupbuy" / "participants.parquet")
    begun = joins.join(groups.select(["group_id", "initiator_id"]), "group_id")
    whole = {"inviter_id": begun["initiator_id"], "invitee_id": begun["member_id"]}
    return Community(
        tz="Asia/Shanghai",
        members=pa.table({"member_id": groups["initiator_id"].unique().cast(pa.int64())}),
        referrals=pa.table({name: ids.cast(pa.int64()) for name, ids in whole.items()}),
    )


@pytest.fixture(scope="module")
def forest(beibei: Community) -> ReferralForest:
    return ReferralForest.of(beibei)


@pytest.fixture(autouse=True)
def _weak_answers_are_fine() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        yield


def test_every_join_brings_somebody_or_is_reported(forest: ReferralForest) -> None:
    assert len(forest) == 184_423
    count = forest.findings.count()
    assert count == {"cycle": 632, "second_inviter": 57_053, "undated": 97_975}
    assert sum(count.values()) == len(forest.claims.rows) == 155_660


def test_the_circles_broken_are_those_that_networkx_finds(forest: ReferralForest) -> None:
    first = forest.claims.first(len(forest))
    rows = first[first >= 0]
    graph = nx.DiGraph(
        zip(forest.claims.inviter[rows].tolist(), forest.claims.invitee[rows].tolist(), strict=True)
    )
    circles = [part for part in nx.strongly_connected_components(graph) if len(part) > 1]
    assert len(circles) == forest.findings.count()["cycle"]


def test_cascades_are_as_networkx_measures_them(beibei: Community, forest: ReferralForest) -> None:
    found = cascade_stats(beibei, as_of=END).set_index("root_id")
    brought = np.flatnonzero(forest.parent >= 0)
    graph = nx.Graph(zip(forest.parent[brought].tolist(), brought.tolist(), strict=True))
    ids = forest.ids.to_numpy()
    trees = sorted(nx.connected_components(graph), key=len, reverse=True)
    assert len(trees) == len(found)
    for part in trees[:200]:
        root = next(member for member in part if forest.parent[member] < 0)
        steps = nx.single_source_shortest_path_length(graph, root)
        row = found.loc[ids[root]]
        assert (row["n_members"], row["depth"]) == (len(part), max(steps.values()))
        mean = nx.average_shortest_path_length(graph.subgraph(part))
        assert row["structural_virality"] == pytest.approx(mean, rel=1e-12)


def test_half_of_each_generation_brings_the_next(beibei: Community) -> None:
    found = generations(beibei, as_of=END)
    assert found["n_members"].tolist()[:5] == [52_411, 52_788, 24_110, 11_269, 5_241]
    assert found["branching"][1:8].between(0.44, 0.48).all()
    assert found["n_buyers"].isna().all()  # there are no orders to tell


def test_names_decide_little_where_times_are_missing(forest: ReferralForest) -> None:
    ends = (forest.claims.inviter, forest.claims.invitee)
    depths, virality = [], []
    for seed in range(3):
        name = np.random.default_rng(seed).permutation(len(forest))
        other = ReferralForest.from_arrays(*(name[end] for end in ends), ids=name)
        depths.append(other.depth[other.parent >= 0].mean())
        tops = (other.parent < 0) & (other.n_below > 0)
        virality.append(other.structural_virality[tops].mean())
    assert np.ptp(depths) < 0.02
    assert np.ptp(virality) < 0.005


def test_members_add_up_to_the_cascades(beibei: Community) -> None:
    members, trees = (call(beibei, as_of=END) for call in (referral_stats, cascade_stats))
    assert members["n_direct"].sum() == (trees["n_members"] - 1).sum()
    assert members["max_depth"].max() == trees["depth"].max() == 16
