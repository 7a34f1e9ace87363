"""The benchmark of offers at its smallest size, for its agreement alone."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import make_community
from siyu.recommend import list_quality

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("bench_recommend")


@pytest.mark.slow
def test_the_small_shop_is_measured_as_scikit_learn_does(
    bench: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--small", "--variants", "product_all", "--out", str(tmp_path)]
    bench.main([*asked, "--only", "ours", "own frequency", "RecTools"])
    told = capsys.readouterr().out
    assert "| own frequency | 0." in told
    assert "| RecTools two-stage | | | | | | not run |" in told


def test_another_measure_ends_the_benchmark(bench: Any) -> None:
    table = pd.DataFrame({"member_id": [1, 2], "ndcg": [0.5, 0.25]})
    bench.require_agreement(table, table)
    with pytest.raises(SystemExit, match=r"ndcg differs by up to 1\.00e-01"):
        bench.require_agreement(table, table.assign(ndcg=[0.5, 0.35]))


def test_other_members_end_the_benchmark(bench: Any) -> None:
    table = pd.DataFrame({"member_id": [1, 2], "ndcg": [0.5, 0.25]})
    with pytest.raises(SystemExit, match="others measure 1 members, we measure 2"):
        bench.require_agreement(table, table.iloc[:1])


def test_lists_are_measured_alike_by_scikit_learn(bench: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shown = pd.DataFrame({"member": np.repeat(np.arange(30), 5), "rank": np.tile(range(1, 6), 30)})
    shown["item"] = np.concatenate([rng.permutation(12)[:5] for _ in range(30)])
    truth = pd.DataFrame({"member_id": rng.integers(0, 40, 200)})
    truth = truth.assign(product_id=rng.integers(0, 12, 200)).drop_duplicates()
    c = make_community(30, random_state=0)
    setting = bench.Setting(c, c, "", "", tmp_path, k=5)
    ours = list_quality(
        shown.rename(columns={"member": "member_id", "item": "product_id"}), truth, k=5
    )
    bench.require_agreement(ours, bench._by_sklearn(setting, shown, truth))


def test_lists_that_were_written_are_read_again(bench: Any, tmp_path: Path) -> None:
    made = pd.DataFrame({"member_id": [1], "product_id": [7], "rank": [1]})
    setting = bench.Setting(None, None, "2026-01-01", "product_all", tmp_path, reuse=True)
    first = bench.kept(setting, "one", lambda _: made)
    second = bench.kept(setting, "one", lambda _: made.iloc[:0])
    pd.testing.assert_frame_equal(first, second)
