"""Clusters of few members, and input that is reported or refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from segmentation.cluster_worlds import groups_of_members, no_groups
from siyu.datasets.errors import DataError, ParameterError, SchemaError, SiyuWarning
from siyu.segmentation.clusters.member_clusters import MemberClusters


@pytest.fixture(scope="module")
def planted() -> tuple[MemberClusters, pd.DataFrame, Any]:
    frame, truth = groups_of_members(0)
    return MemberClusters().fit(frame), frame, truth


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_members_are_one_cluster(n: int) -> None:
    frame = groups_of_members(0)[0].head(n)
    found = MemberClusters().fit(frame)
    assert found.n_clusters_ == 1
    assert found.assign(frame)["cluster"].tolist() == [0] * n
    assert found.describe("zh")["name"].tolist() == ["未发现稳定分群"]


def test_fewer_clusters_than_asked_for_are_said() -> None:
    frame = groups_of_members(0)[0].head(2)
    with pytest.warns(SiyuWarning, match="2 clusters found, 3 asked for"):
        MemberClusters(3).fit(frame)


def test_columns_left_out_are_reported_with_the_reason() -> None:
    frame = groups_of_members(0, n=400)[0].assign(
        same=1.0,
        mostly_unknown=[1.0, 2.0] + [np.nan] * 398,
        unknown=np.nan,
        joined=pd.Timestamp("2026-01-01"),
        store=[f"s{i % 150}" for i in range(400)],
    )
    dropped = MemberClusters(4).fit(frame).dropped_.set_index("column")["dropped_because"]
    assert dropped.to_dict() == {
        "same": "constant",
        "mostly_unknown": "too_many_unknown",
        "unknown": "no_values",
        "joined": "time",
        "store": "too_many_values",
    }


def test_members_without_columns_are_refused() -> None:
    with pytest.raises(DataError, match="no number, flag or code"):
        MemberClusters().fit(pd.DataFrame({"member_id": [1, 2]}))


def test_no_members_are_refused() -> None:
    with pytest.raises(DataError, match="no members to learn"):
        MemberClusters().fit(groups_of_members(0)[0].head(0))


def test_free_text_is_refused() -> None:
    frame = groups_of_members(0, n=100)[0].assign(nickname=[f"n{i}" for i in range(100)])
    with pytest.raises(SchemaError, match="nickname: free text, 100 values"):
        MemberClusters().fit(frame)


def test_a_repeated_id_is_refused() -> None:
    frame = groups_of_members(0, n=100)[0].assign(member_id=1)
    with pytest.raises(SchemaError, match="member_id: null or repeated; 99 rows"):
        MemberClusters().fit(frame)


def test_an_infinite_number_is_refused() -> None:
    frame = groups_of_members(0, n=100)[0]
    frame.loc[7, "amount_2"] = np.inf
    with pytest.raises(SchemaError, match="amount_2: must be finite or null; 1 rows, first in row"):
        MemberClusters().fit(frame)


def test_a_missing_column_is_named(planted: tuple[MemberClusters, pd.DataFrame, Any]) -> None:
    found, frame, _ = planted
    with pytest.raises(SchemaError, match="amount_3: required, but missing"):
        found.assign(frame.drop(columns="amount_3"))


def test_a_text_in_place_of_a_number_is_named(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    found, frame, _ = planted
    with pytest.raises(SchemaError, match="amount_3: must hold numbers or flags"):
        found.predict(frame.assign(amount_3="high"))


def test_assign_needs_ids(planted: tuple[MemberClusters, pd.DataFrame, Any]) -> None:
    found, frame, _ = planted
    with pytest.raises(SchemaError, match="member_id: required"):
        found.assign(frame.drop(columns="member_id"))


def test_clusters_of_other_columns_cannot_lend_their_ids(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    with pytest.raises(DataError, match="made of other columns"):
        MemberClusters(2).fit(no_groups(0), previous=planted[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_clusters", 0),
        ("n_clusters", "many"),
        ("k_range", (1, 4)),
        ("k_range", (5, 4)),
        ("n_resamples", 1),
        ("min_stability", 1.5),
        ("max_unknown", -0.1),
    ],
)
def test_a_parameter_out_of_range_is_named(name: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=name):
        MemberClusters(**{name: value}).fit(np.eye(3))


def test_an_unknown_language_is_refused(
    planted: tuple[MemberClusters, pd.DataFrame, Any],
) -> None:
    with pytest.raises(ParameterError, match="lang must be 'zh' or 'en'"):
        planted[0].describe("fr")  # type: ignore[arg-type]


def test_nothing_is_told_before_the_fit() -> None:
    with pytest.raises(NotFittedError, match="not fitted"):
        MemberClusters().describe()


def test_the_input_is_not_modified() -> None:
    frame, _ = groups_of_members(0, n=200)
    before = frame.copy()
    MemberClusters(4).fit(frame).assign(frame)
    pd.testing.assert_frame_equal(frame, before)
