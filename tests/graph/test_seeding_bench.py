"""The benchmark of seeds, at its smallest size, for its agreement alone."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from siyu.datasets.intervals import Interval
from siyu.graph import MemberGraph
from siyu.graph.seeding.reverse_sets import ReverseSets
from siyu.graph.seeding.spread_model import spread_model

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    sys.path.insert(0, str(FOLDER))
    spec = importlib.util.spec_from_file_location("bench_seeds", FOLDER / "bench_seeds.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(FOLDER))


def test_on_planted_stars_every_method_is_judged(
    bench: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--models", "ic", "--k", "3", "--simulations", "20", "--celf-worlds", "2"]
    bench.main(["stars", *small, "--target", "0.8"])
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if "stars" in line]
    methods = [row[2].strip() for row in rows]
    assert methods[:3] == ["**siyu**", "CELF", "degree discount"]
    assert [row[4].strip() for row in rows][:2] == ["90.0 (90.0 to 90.0)"] * 2  # 31 + 30 + 29


def test_a_disagreement_ends_the_run(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    too_far = Interval(1e6, 1e6, 1e6, 0.95, 20)
    monkeypatch.setattr(bench, "judged", lambda *_: too_far)
    with pytest.raises(SystemExit, match="disagreement: stars: certificate"):
        bench.main(["stars", "--models", "ic", "--k", "3", "--target", "0.6"])


def test_celf_stops_when_its_time_is_over(bench: Any) -> None:
    karate = MemberGraph.from_networkx(nx.karate_club_graph())
    assert bench.celf(karate, spread_model(karate, "ic", "weighted"), 3, 5, 0.0) == []


def test_celf_finds_the_largest_stars(bench: Any) -> None:
    stars = bench.graph_of("stars", None)
    assert bench.celf(stars, spread_model(stars, "ic", "weighted"), 3, 2, 60.0) == [0, 1, 2]


def test_degree_discount_leaves_out_ties_to_seeds(bench: Any) -> None:
    # 0 has four ties and 1 three; two of those are with 0 and one more seed counts less.
    graph = nx.Graph([(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (1, 5), (6, 7), (6, 8), (6, 9)])
    model = spread_model(graph, "ic", "weighted")
    assert bench.degree_discount(model, 2) == [0, 6]


def test_the_bound_of_opim_is_the_least_over_all_stages(bench: Any) -> None:
    # Three sets hold 0, one holds 1, one holds 2: all stages bound two members by 4.
    members = np.array([0, 0, 0, 1, 2], dtype=np.int32)
    sets = ReverseSets(3, np.arange(6, dtype=np.int64), members)
    assert bench.opim_bound(sets, [0, 1], 2) == 4
