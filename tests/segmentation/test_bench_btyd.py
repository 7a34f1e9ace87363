"""The benchmark of the buy-till-you-die fits, at its smallest size, for its agreement alone."""

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_btyd.py"


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_btyd", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs_and_the_libraries_agree(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifetimes and the pandas of today
        bench.main(["--members", "2000", "--peer", "500", "--repeats", "1"])
    rows = capsys.readouterr().out.splitlines()[-3:]
    assert [row.split("|")[1].strip() for row in rows] == ["BG/NBD", "Pareto/NBD", "Pareto/NBD"]
    assert [row.split("|")[2].strip() for row in rows] == ["2,000", "500", "2,000"]


def test_its_members_have_legal_histories(bench: Any) -> None:
    for members in (bench.bg_members(500), bench.pareto_members(500)):
        assert (members.t_x <= members["T"]).all()
        assert ((members.t_x > 0) == (members.x > 0)).all()
        assert members.x.max() > 5


@pytest.mark.parametrize("off", [{"params": 0.1, "LL": 0.0}, {"params": 0.0, "LL": 1e-3}])
def test_results_that_differ_end_the_benchmark(bench: Any, off: dict[str, float]) -> None:
    with pytest.raises(SystemExit, match="BG/NBD: results differ"):
        bench.require_close("BG/NBD", off, 1e-3)
