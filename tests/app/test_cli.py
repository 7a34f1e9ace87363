"""The command line: what it writes, says and exits with."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from siyu.datasets import Community, make_community

OUTPUTS = ("tags.parquet", "koc.parquet", "recommendations.parquet", "manifest.json", "report.html")


def siyu(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "siyu", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("cli") / "siyu-demo"
    done = siyu("demo", "--out", out, "--members", 300, "--lang", "en")
    assert done.returncode == 0, done.stderr
    return out, done.stdout


@pytest.mark.slow
def test_the_demo_writes_every_output(demo: tuple[Path, str]) -> None:
    out, _ = demo
    assert [name for name in OUTPUTS if not (out / name).is_file()] == []
    assert (out / "model" / "manifest.json").is_file()


@pytest.mark.slow
def test_the_demo_writes_its_tables_as_a_template(demo: tuple[Path, str]) -> None:
    c = Community.from_folder(demo[0] / "data")
    assert len(c.tables()) == 18


@pytest.mark.slow
def test_the_demo_prints_about_a_dozen_lines(demo: tuple[Path, str]) -> None:
    assert 8 <= len(demo[1].splitlines()) <= 20


@pytest.mark.slow
def test_the_summary_shows_no_member(demo: tuple[Path, str]) -> None:
    out, said = demo
    members = pd.read_parquet(out / "tags.parquet")["member_id"]
    assert not any(member in said for member in members)


@pytest.mark.slow
def test_the_manifest_names_what_was_written(demo: tuple[Path, str]) -> None:
    manifest = json.loads((demo[0] / "manifest.json").read_text("utf-8"))
    assert manifest["skipped"] == {}
    assert {"tags.parquet", "koc.parquet", "recommendations.parquet"} <= set(manifest["outputs"])


@pytest.mark.slow
def test_a_run_over_orders_alone_names_what_it_skips(tmp_path: Path) -> None:
    whole = make_community(200, random_state=0)
    Community(orders=whole.orders, tz=whole.tz).to_folder(tmp_path / "data")
    done = siyu("run", tmp_path / "data", "--as-of", "2026-06-03", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert list(json.loads((tmp_path / "out/manifest.json").read_text())["skipped"]) == ["koc"]


@pytest.mark.slow
def test_a_required_step_that_is_skipped_is_an_error(tmp_path: Path) -> None:
    whole = make_community(50, random_state=0)
    Community(orders=whole.orders, tz=whole.tz).to_folder(tmp_path / "data")
    words = ("run", tmp_path / "data", "--as-of", "2026-06-03", "--out", tmp_path / "out")
    done = siyu(*words, "--require", "tags,koc")
    assert done.returncode == 3
    assert "required steps were skipped: koc" in done.stderr


def test_an_unknown_option_is_wrong_usage() -> None:
    assert siyu("run", "--speed", "fast").returncode == 2


def test_a_step_nobody_knows_is_wrong_usage(tmp_path: Path) -> None:
    done = siyu("run", tmp_path, "--as-of", "2026", "--out", tmp_path / "o", "--require", "cake")
    assert done.returncode == 2
    assert "require takes tags, koc, recommendations, report; got cake" in done.stderr


def test_a_folder_without_tables_is_bad_data(tmp_path: Path) -> None:
    done = siyu("run", tmp_path, "--as-of", "2026-06-03", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert "holds none of the tables" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_suggests_how_to_read_a_file(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("订单号,会员ID,下单时间,实付金额\n1,a,2026-01-02,9.9\n", "utf-8")
    done = siyu("check", file, "--tz", "Asia/Shanghai")
    assert done.returncode == 0
    assert "订单号 -> order_id" in done.stdout


def test_check_names_what_is_wrong_with_a_table(tmp_path: Path) -> None:
    frame = pd.DataFrame({"member_id": [1], "amount": [float("inf")]})
    frame.to_parquet(tmp_path / "orders.parquet")
    done = siyu("check", tmp_path)
    assert done.returncode == 3
    assert "order_time: required, but missing" in done.stdout
    assert "amount: infinite or beyond 4e12; 1 rows, first in row 0" in done.stdout


def test_the_version_is_shown() -> None:
    assert siyu("--version").stdout.startswith("siyu 0.1.0")
