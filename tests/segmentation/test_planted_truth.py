"""Stages against planted truth: where the own rhythm wins, and where it should lose."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from siyu.datasets.intervals import paired_difference

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_stages.py"
DRAWS, MEMBERS = 5, 700


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_stages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_stages"] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("world", ["brand", "fast", "regular"])
def test_the_own_rhythm_beats_fixed_days(bench: Any, world: str) -> None:
    scores = bench.compare(world, DRAWS, MEMBERS)
    own, fixed = scores["own_gap"], scores["fixed"]
    assert paired_difference(own.lapsed, fixed.lapsed, random_state=0).low > 0
    assert paired_difference(own.stages, fixed.stages, random_state=0).low > 0


def test_who_lapsed_is_told_nine_times_in_ten(bench: Any) -> None:
    scores = bench.compare("brand", DRAWS, MEMBERS)["own_gap"]
    assert scores.lapsed.mean() > 0.88
    assert scores.stages.mean() > 0.68


def test_with_one_rhythm_for_all_nothing_is_lost(bench: Any) -> None:
    scores = bench.compare("one rhythm", DRAWS, MEMBERS)
    difference = paired_difference(scores["own_gap"].lapsed, scores["fixed"].lapsed, random_state=0)
    assert difference.low > -0.02


def test_clumps_and_long_pauses_mislead_the_own_rhythm(bench: Any) -> None:
    scores = bench.compare("bursty", DRAWS, MEMBERS)
    difference = paired_difference(scores["own_gap"].lapsed, scores["fixed"].lapsed, random_state=0)
    assert difference.high < 0
