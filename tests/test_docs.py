"""README, guide and examples run as they are written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
GUIDE = (ROOT / "docs" / "segmentation.md").read_text("utf-8")
GUIDE_BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
ORDERS = """会员ID,下单时间,实付金额
m01,2026-05-01 10:00,¥19.90
m01,2026-05-20 21:30,"¥1,020.00"
m02,2026-06-11 09:15,¥5.00
"""


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore::UserWarning", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_code_of_readme_runs(number: int, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS, "utf-8")
    done = run(BLOCKS[number], tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def guided(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    return run("\n".join(GUIDE_BLOCKS), tmp_path_factory.mktemp("guide"))


@pytest.mark.slow
def test_the_guide_to_segmentation_runs_from_top_to_bottom(
    guided: subprocess.CompletedProcess[str],
) -> None:
    assert guided.returncode == 0, guided.stderr


@pytest.mark.slow
def test_the_guide_to_segmentation_shows_what_its_code_prints(
    guided: subprocess.CompletedProcess[str],
) -> None:
    """Except for trained models, whose last digits may differ by machine: those lack `text`."""
    shown = "".join(re.findall(r"```text\n(.*?)```", GUIDE, flags=re.DOTALL))
    printed = {line.rstrip() for line in guided.stdout.splitlines()}
    assert [line for line in shown.splitlines() if line not in printed] == []


@pytest.mark.slow
@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.stem)
def test_an_example_ends_with_a_table(example: Path, tmp_path: Path) -> None:
    done = run(example.read_text("utf-8"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 3


def test_readme_has_its_two_commands() -> None:
    assert 'pip install ".[report]" && siyu demo' in README
    assert 'pip install -e ".[test]" && pytest' in README
