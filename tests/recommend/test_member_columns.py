from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning
from siyu.recommend.tables.member_columns import MemberColumns, compute_columns

MEMBERS = pa.array([1, 2, 3])
DAY = 86_400_000_000
COMMUNITY = Community(members=pd.DataFrame({"member_id": [1]}), tz="UTC")


def read(columns: dict[str, Any], moment: int = 0) -> dict[str, list[float]]:
    table = pa.table({"member_id": [2, 1], **columns})
    found = MemberColumns.learn([table]).read(table, MEMBERS, moment)
    return {name: values.tolist() for name, values in found.items()}


def test_numbers_go_to_their_members() -> None:
    assert read({"n": [5, 7]})["n"][:2] == [7.0, 5.0]


def test_members_that_are_not_there_are_unknown() -> None:
    assert np.isnan(read({"n": [5, 7]})["n"][2])


def test_flags_are_numbers() -> None:
    assert read({"is_vip": [True, None]})["is_vip"][1] == 1.0


def test_text_becomes_codes_in_order_of_the_text() -> None:
    assert read({"stage": ["new", "loyal"]})["stage"][:2] == [0.0, 1.0]


def test_coded_text_is_text() -> None:
    coded = pa.array(["b", "a"]).dictionary_encode()
    assert read({"stage": coded})["stage"][:2] == [0.0, 1.0]


def test_instants_become_days_before_the_cut() -> None:
    since = pa.array([0, 2 * DAY], pa.timestamp("us", "UTC"))
    assert read({"since": since}, moment=5 * DAY)["since"][:2] == [3.0, 5.0]


def test_dates_become_days_before_the_cut() -> None:
    born = pa.array([0, 2], pa.date32())
    assert read({"born": born}, moment=5 * DAY)["born"][:2] == [3.0, 5.0]


def test_infinite_numbers_are_unknown() -> None:
    assert np.isnan(read({"n": [np.inf, 1.0]})["n"][1])


def test_a_category_not_met_in_training_is_unknown() -> None:
    columns = MemberColumns.learn([pa.table({"member_id": [1], "stage": ["new"]})])
    now = pa.table({"member_id": [1, 2], "stage": ["new", "lost"]})
    found = columns.read(now, MEMBERS, 0)["stage"]
    assert found[0] == 0.0
    assert np.isnan(found[1])


def test_the_same_category_has_the_same_code_at_every_cut() -> None:
    first = pa.table({"member_id": [1], "stage": ["new"]})
    second = pa.table({"member_id": [1], "stage": ["lost"]})
    columns = MemberColumns.learn([first, second])
    assert columns.read(first, MEMBERS, 0)["stage"][0] == 1.0
    assert columns.categorical() == ("stage",)


def test_lists_cannot_be_learned_from() -> None:
    table = pa.table({"member_id": [1], "reasons": [["a", "b"]], "n": [1]})
    with pytest.warns(SiyuWarning, match="cannot be learned from"):
        columns = MemberColumns.learn([table])
    assert columns.names == ("n",)


def test_cuts_with_other_columns_are_refused() -> None:
    tables = [pa.table({"member_id": [1], "a": [1]}), pa.table({"member_id": [1], "b": [1]})]
    with pytest.raises(DataError, match="at one cut and"):
        MemberColumns.learn(tables)


def test_a_column_that_is_gone_is_named() -> None:
    columns = MemberColumns.learn([pa.table({"member_id": [1], "a": [1]})])
    with pytest.raises(DataError, match="lacks the columns a"):
        columns.read(pa.table({"member_id": [1]}), MEMBERS, 0)


def test_text_that_became_a_number_is_refused() -> None:
    columns = MemberColumns.learn([pa.table({"member_id": [1], "a": ["x"]})])
    with pytest.raises(DataError, match="the column a is now of type int64"):
        columns.read(pa.table({"member_id": [1], "a": [3]}), MEMBERS, 0)


def test_a_frame_in_place_of_a_callable_is_refused() -> None:
    frame: Any = pd.DataFrame({"member_id": [1]})
    with pytest.raises(ParameterError, match="must be a callable"):
        compute_columns(frame, COMMUNITY, 0)


def test_a_frame_without_members_is_refused() -> None:
    with pytest.raises(DataError, match="needs a column member_id"):
        compute_columns(lambda c, as_of: pd.DataFrame({"n": [1]}), COMMUNITY, 0)  # noqa: ARG005


def test_a_member_twice_is_refused() -> None:
    with pytest.raises(DataError, match="one row a member, got 2 rows of 1 members"):
        compute_columns(lambda c, as_of: pd.DataFrame({"member_id": [1, 1]}), COMMUNITY, 0)  # noqa: ARG005
