"""README, guides and examples run as they are written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
GUIDES = {
    name: (ROOT / "docs" / f"{name}.md").read_text("utf-8")
    for name in ("segmentation", "graph", "recommend")
}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ORDERS = """会员ID,下单时间,实付金额
m01,2026-05-01 10:00,¥19.90
m01,2026-05-20 21:30,"¥1,020.00"
m02,2026-06-11 09:15,¥5.00
"""
Done = subprocess.CompletedProcess[str]


def run(code: str, folder: Path) -> Done:
    return subprocess.run(
        [sys.executable, "-W", "ignore::UserWarning", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def heading_links(page: str) -> set[str]:
    """Give the addresses that headings of a page have on GitHub."""
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"```.*?```", "", page, flags=re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(link: str, page: Path) -> bool:
    """Tell whether the file, and the heading if one is named, is there."""
    name, _, heading = link.partition("#")
    target = page.parent / name if name else page
    if not heading:
        return target.exists()
    return target.exists() and heading in heading_links(target.read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_code_of_readme_runs(number: int, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS, "utf-8")
    done = run(BLOCKS[number], tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=sorted(GUIDES))
def guided(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Done]:
    """Run all blocks of a guide one after the other; give its name and what came of it."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDES[request.param], flags=re.DOTALL)
    return request.param, run("\n".join(blocks), tmp_path_factory.mktemp("guide"))


@pytest.mark.slow
def test_a_guide_runs_from_top_to_bottom(guided: tuple[str, Done]) -> None:
    assert guided[1].returncode == 0, guided[1].stderr


@pytest.mark.slow
def test_a_guide_shows_what_its_code_prints(guided: tuple[str, Done]) -> None:
    """Except for trained models, whose last digits may differ by machine: those lack `text`."""
    name, done = guided
    shown = "".join(re.findall(r"```text\n(.*?)```", GUIDES[name], flags=re.DOTALL))
    printed = {line.rstrip() for line in done.stdout.splitlines()}
    assert [line for line in shown.splitlines() if line not in printed] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_links_to_headings_and_files_that_are_there(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("http")]
    assert [link for link in links if not leads_somewhere(link, page)] == []


@pytest.mark.slow
@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.stem)
def test_an_example_ends_with_a_table(example: Path, tmp_path: Path) -> None:
    done = run(example.read_text("utf-8"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 3


def test_readme_has_its_two_commands() -> None:
    assert 'pip install ".[report]" && siyu demo' in README
    assert 'pip install -e ".[test]" && pytest' in README
