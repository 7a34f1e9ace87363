"""The command ``siyu koc``: one file with the ranking, for programs or for people."""

from pathlib import Path

import pandas as pd
import pytest

from siyu.datasets import Community, ParameterError, make_community
from siyu.datasets.labels import words_of
from siyu.graph import koc
from siyu.koc_file import write_koc

AS_OF = "2026-06-03"


@pytest.fixture(scope="module")
def community() -> Community:
    return make_community(80, random_state=0)


def test_the_file_holds_what_koc_gives(community: Community, tmp_path: Path) -> None:
    n_ranked, n_left_out = write_koc(community, tmp_path / "koc.parquet", as_of=AS_OF)
    listed = koc(community, as_of=AS_OF)
    found = pd.read_parquet(tmp_path / "koc.parquet")
    assert found["member_id"].tolist() == listed["member_id"].tolist()
    assert found["score"].equals(listed["score"])
    assert (n_ranked, n_ranked + n_left_out) == (listed["rank"].notna().sum(), len(listed))


def test_people_read_words_and_lists_in_one_cell(community: Community, tmp_path: Path) -> None:
    write_koc(community, tmp_path / "koc.csv", as_of=AS_OF, words="zh")
    found = pd.read_csv(tmp_path / "koc.csv")
    assert found.columns[:4].tolist() == ["会员", "名次", "得分", "层级"]
    reasons = "; ".join(found["理由"].dropna()).split("; ")
    assert {"连接多个圈子", "说话有人听"} <= set(reasons)
    known = ["员工", "已退出个性化服务", "疑似作弊，待人工核查"]
    assert found["未入选的原因"].dropna().isin(known).all()


def test_every_column_of_the_list_has_a_name_for_people(community: Community) -> None:
    assert set(koc(community, as_of=AS_OF).columns) == set(words_of("koc_column"))


def test_a_file_of_ids_leaves_members_out(community: Community, tmp_path: Path) -> None:
    first = koc(community, as_of=AS_OF)["member_id"].iloc[0]
    (tmp_path / "ids.txt").write_text(f"\n {first}\n", "utf-8")
    out = tmp_path / "koc.parquet"
    write_koc(community, out, as_of=AS_OF, exclude=tmp_path / "ids.txt")
    found = pd.read_parquet(out).set_index("member_id")
    assert found.loc[first, "excluded_because"] == "excluded"


def test_a_file_of_ids_that_is_not_there_is_wrong_usage(
    community: Community, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match="cannot read the ids"):
        write_koc(community, tmp_path / "k.csv", as_of=AS_OF, exclude=tmp_path / "none.txt")


def test_ids_that_are_no_integers_are_refused_where_ids_are(tmp_path: Path) -> None:
    ties = pd.DataFrame({"source": [1], "target": [2]})
    (tmp_path / "ids.txt").write_text("1\nann\n", "utf-8")
    with pytest.raises(ParameterError, match="one member_id a line, an integer"):
        write_koc(
            Community(ties=ties, tz="UTC"),
            tmp_path / "koc.csv",
            as_of=AS_OF,
            exclude=tmp_path / "ids.txt",
        )


def test_another_kind_of_file_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"\.parquet or \.csv"):
        write_koc(Community(tz="UTC"), tmp_path / "koc.xlsx", as_of=AS_OF)
