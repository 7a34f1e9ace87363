"""The benchmark of clusters, at a small size, for its agreement alone."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_clusters.py"


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_clusters", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ours_finds_groups_of_money_better_than_k_means(bench: Any) -> None:
    ours, theirs, _ = bench.score_world(bench.money, 1, 500)
    assert ours[0] > theirs[0]


def test_easy_groups_are_found_by_both(bench: Any) -> None:
    assert min(bench.timed(5_000)[1]) > 0.98


@pytest.mark.slow
def test_groups_in_noise_end_the_benchmark(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = bench.plain
    monkeypatch.setattr(bench, "WORLDS", {"money": bench.money})
    monkeypatch.setattr(bench, "noise", lambda rng, n: groups(rng, n)[0])
    with pytest.raises(SystemExit, match="groups were found in noise in 2 of 2 draws"):
        bench.main(["--draws", "1", "--members", "600", "--rows", "2000"])
