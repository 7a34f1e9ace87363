"""The benchmarks of value and churn at their smallest size, for their agreement alone."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_churn_is_ranked_above_recency_in_the_small_world(
    capsys: pytest.CaptureFixture[str],
) -> None:
    load("bench_churn").main(["--small"])
    assert "| 28 | ChurnModel | 0.8" in capsys.readouterr().out


@pytest.mark.slow
def test_the_small_world_of_value_scores_the_pick(capsys: pytest.CaptureFixture[str]) -> None:
    load("bench_value").main(["--small", "--bags", "1"])
    told = capsys.readouterr().out
    assert "| the pick |" in told
    assert "| recency |" in told


def test_without_a_scorer_the_benchmark_says_what_it_needs() -> None:
    with pytest.raises(SystemExit, match="where is the scorer"):
        load("bench_churn").main([])


def test_a_peer_that_differs_ends_the_benchmark() -> None:
    bench = load("bench_value")
    bench.require_agreement(np.ones(3), np.full(3, 1.01))
    with pytest.raises(SystemExit, match=r"by up to 50.0% of the mean"):
        bench.require_agreement(np.ones(3), np.array([1.0, 1.0, 1.5]))
