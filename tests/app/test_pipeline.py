"""One run in process: what it writes, skips, and repeats byte for byte."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError, make_community
from siyu.pipeline import RunOptions, run_pipeline
from strategies import shuffled

AS_OF = "2026-06-03"


def hashes(c: Community, out: Path, random_state: int = 0) -> dict[str, str]:
    return run_pipeline(
        c, as_of=AS_OF, out=out, options=RunOptions(random_state=random_state)
    ).written


@pytest.mark.slow
def test_row_order_changes_no_byte_of_any_output(tmp_path: Path) -> None:
    c = make_community(250, random_state=3)
    assert hashes(c, tmp_path / "one") == hashes(shuffled(c, 1), tmp_path / "two")
    one, two = (tmp_path / n / "manifest.json" for n in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.slow
def test_later_rows_change_no_answer(tmp_path: Path) -> None:
    c = make_community(250, random_state=3)
    known = hashes(c.before(AS_OF), tmp_path / "one")
    whole = hashes(c, tmp_path / "two")
    for name in ("tags.parquet", "koc.parquet", "recommendations.parquet", "model/manifest.json"):
        assert known[name] == whole[name], name


@pytest.mark.slow
def test_events_alone_give_tags_and_offers(tmp_path: Path) -> None:
    whole = make_community(250, random_state=3)
    result = run_pipeline(
        Community(events=whole.events, tz=whole.tz), as_of=AS_OF, out=tmp_path / "out"
    )
    assert result.tags is not None
    assert set(result.tags["stage"]) > {"churned", "loyal"}
    assert (result.offers is None) == ("recommendations" in result.skipped)
    assert "koc" in result.skipped


@pytest.mark.slow
def test_without_plotly_the_report_is_skipped_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n.startswith("plotly")] + ["plotly"]:
        monkeypatch.setitem(sys.modules, name, None)
    c = make_community(60, random_state=3)
    result = run_pipeline(c, as_of=AS_OF, out=tmp_path / "out")
    assert "the report needs plotly" in result.skipped["report"]
    assert not (tmp_path / "out" / "report.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("n_members", [1, 2])
def test_a_handful_of_members_runs(n_members: int, tmp_path: Path) -> None:
    when = pd.to_datetime(["2026-01-01", "2026-02-01"], utc=True)[:n_members]
    orders = pd.DataFrame(
        {"member_id": [f"m{i}" for i in range(n_members)], "order_time": when, "amount": 9.0}
    )
    result = run_pipeline(Community(orders=orders), as_of=AS_OF, out=tmp_path / "out")
    assert result.tags is not None
    assert len(result.tags) == n_members
    assert {"koc", "recommendations"} <= set(result.skipped)


def test_neither_orders_nor_events_is_nothing_to_run_on(tmp_path: Path) -> None:
    members = Community(members=pd.DataFrame({"member_id": ["a"]}))
    with pytest.raises(DataError, match="nothing to run on: needs the table orders or events"):
        run_pipeline(members, as_of=AS_OF, out=tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"k": 0}, "k must be 1 or more, got 0"), ({"lang": "fr"}, "lang must be")],
)
def test_options_are_checked(options: dict[str, object], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        RunOptions(**options)  # type: ignore[arg-type]
