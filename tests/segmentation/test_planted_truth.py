"""Stages against planted truth: where own rhythm and model win, and where they should lose."""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from siyu.datasets.intervals import Interval, paired_difference

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_stages.py"
DRAWS, MEMBERS = 5, 700
LOSING = ["festivals", "bursty", "erratic", "slowing"]


@cache
def _bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_stages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_stages"] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    return module


@cache
def _scores(world: str) -> Any:
    return _bench().compare(world, DRAWS, MEMBERS)


def _gain(world: str, score: str, method: str, over: str = "fixed") -> Interval:
    ours, theirs = (getattr(_scores(world)[name], score) for name in (method, over))
    return paired_difference(ours, theirs, random_state=0)


def test_the_benchmark_runs_small(capsys: pytest.CaptureFixture[str]) -> None:
    _bench().main(["no churn", "--draws", "2", "--members", "150"])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| no churn")]
    assert len(rows) == 4


@pytest.mark.slow
@pytest.mark.parametrize("score", ["lapsed", "stages", "accuracy"])
@pytest.mark.parametrize("world", ["brand", "fast", "regular", "no seasons"])
def test_the_own_rhythm_beats_fixed_days(world: str, score: str) -> None:
    assert _gain(world, score, "own_gap").low > 0


@pytest.mark.slow
@pytest.mark.parametrize("score", ["lapsed", "stages", "accuracy"])
@pytest.mark.parametrize("world", ["brand", "fast", "regular", "one rhythm"])
def test_the_model_beats_fixed_days(world: str, score: str) -> None:
    assert _gain(world, score, "model").low > 0


@pytest.mark.slow
def test_who_lapsed_is_told_nine_times_in_ten() -> None:
    scores = _scores("brand")
    for method in ("own_gap", "model"):
        assert scores[method].lapsed.mean() > 0.88
        assert scores[method].stages.mean() > 0.66


@pytest.mark.slow
def test_with_one_rhythm_for_all_nothing_is_lost() -> None:
    assert _gain("one rhythm", "lapsed", "own_gap").low > -0.02


@pytest.mark.slow
@pytest.mark.parametrize("world", ["festivals", "bursty"])
def test_clumps_and_long_pauses_mislead_the_own_rhythm(world: str) -> None:
    assert _gain(world, "lapsed", "own_gap").high < -0.1
    assert _gain(world, "transitions", "own_gap").low > 0.03


@pytest.mark.slow
@pytest.mark.parametrize("world", ["festivals", "bursty"])
def test_the_model_is_misled_far_less(world: str) -> None:
    assert _gain(world, "lapsed", "model", over="own_gap").low > 0.07
    assert _gain(world, "lapsed", "model").low > -0.07
    assert _gain(world, "stages", "model", over="own_gap").low > 0.07


@pytest.mark.slow
@pytest.mark.parametrize("world", LOSING)
def test_where_the_own_rhythm_should_lose_it_does_not_win(world: str) -> None:
    assert _gain(world, "lapsed", "own_gap").low < 0


@pytest.mark.slow
def test_nobody_is_called_lost_where_nobody_leaves() -> None:
    scores = _scores("no churn")
    assert scores["model"].lapsed.mean() > 0.98
    assert scores["model"].transitions.mean() < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("world", ["brand", "slow", "regular", "heavy churn"])
@pytest.mark.parametrize("method", ["own_gap", "model"])
def test_passages_between_stages_come_close_to_those_planted(world: str, method: str) -> None:
    assert _scores(world)[method].transitions.mean() < 0.06
