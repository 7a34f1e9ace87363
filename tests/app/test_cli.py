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


RULES = """
version: 1
tags:
  care:
    label: {zh: 关怀, en: care}
    values:
      - value: call
        label: {zh: 致电, en: call them}
        when: {measure: stage, in: [dormant, churned]}
    otherwise: {value: wait, label: {zh: 等待, en: wait}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    make_community(80, random_state=0).to_folder(folder)
    return folder


@pytest.mark.slow
def test_tags_and_own_rules_are_written_as_one_table(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    out = tmp_path / "tags.parquet"
    done = siyu(
        "tag", shop, "--as-of", "2026-06-03", "--out", out, "--rules", tmp_path / "rules.yaml"
    )
    assert done.returncode == 0, done.stderr
    tags = pd.read_parquet(out)
    assert tags.columns[-1] == "care"
    lapsed = tags["stage"].isin(["dormant", "churned"])
    assert tags["care"].tolist() == ["call" if yes else "wait" for yes in lapsed]


@pytest.mark.slow
def test_tags_are_written_in_words_for_people(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    out, rules = tmp_path / "tags.csv", tmp_path / "rules.yaml"
    words = ("--rules", rules, "--words", "zh", "--out", out)
    done = siyu("tag", shop, "--as-of", "2026-06-03", *words)
    assert done.returncode == 0, done.stderr
    tags = pd.read_csv(out)
    assert set(tags["生命周期阶段"]) <= {"潜客", "新客", "成长", "成熟", "沉睡", "流失", "回流"}
    assert set(tags["关怀"]) <= {"致电", "等待"}
    assert tags["静默天数"].dropna().map(lambda days: round(days, 3) == days).all()
    assert "siyu: tag()" in done.stderr or not done.stderr


def test_a_file_of_tags_ends_with_a_kind_that_can_be_written(shop: Path, tmp_path: Path) -> None:
    done = siyu("tag", shop, "--as-of", "2026-06-03", "--out", tmp_path / "tags.xlsx")
    assert done.returncode == 2
    assert ".parquet or .csv" in done.stderr


def test_rules_that_name_what_nobody_knows_are_bad_data(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES.replace("dormant", "dorment"), "utf-8")
    out, rules = tmp_path / "tags.parquet", tmp_path / "rules.yaml"
    done = siyu("tag", shop, "--as-of", "2026-06-03", "--out", out, "--rules", rules)
    assert done.returncode == 3
    assert "dormant" in done.stderr
    assert not out.exists()


@pytest.mark.slow
def test_koc_are_written_in_words_for_people(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "koc.csv"
    done = siyu("koc", shop, "--as-of", "2026-06-03", "--words", "en", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "members ranked" in done.stdout
    assert pd.read_csv(out)["rank"].dropna().is_monotonic_increasing
