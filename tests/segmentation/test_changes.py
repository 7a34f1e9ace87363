"""Changes between two tables of tags."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets import DataError, SchemaError, SiyuWarning
from siyu.segmentation import tag, tag_changes
from strategies import AS_OF, small_community


def _frame(ids: list[Any], **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"member_id": ids, **columns})


def test_codes_enter_leave_and_change() -> None:
    before = _frame([1, 2, 3, 4], stage=["new", "new", None, "loyal"])
    after = _frame([1, 2, 3, 4], stage=["new", None, "new", "dormant"])
    changes = tag_changes(before, after)
    assert changes.member_id.tolist() == [2, 3, 4]
    assert changes.change.tolist() == ["left", "entered", "changed"]
    assert changes.before.fillna("-").tolist() == ["new", "-", "loyal"]
    assert changes.after.fillna("-").tolist() == ["-", "new", "dormant"]


def test_a_false_flag_says_nothing() -> None:
    before = _frame([1, 2, 3, 4], owl=pd.array([True, False, None, False], dtype="boolean"))
    after = _frame([1, 2, 3, 4], owl=pd.array([False, None, False, True], dtype="boolean"))
    changes = tag_changes(before, after)
    assert changes[["member_id", "change"]].to_numpy().tolist() == [[1, "left"], [4, "entered"]]


def test_numbers_are_not_compared() -> None:
    assert len(tag_changes(_frame([1], x=[1.0]), _frame([1], x=[2.0]))) == 0


def test_several_tags_of_a_member_come_in_order_of_columns() -> None:
    before = _frame([2, 1], b=["x", "x"], a=["x", "x"])
    after = _frame([1, 2], b=["y", "y"], a=["y", "y"])
    changes = tag_changes(before, after)
    assert changes[["member_id", "tag"]].to_numpy().tolist() == [
        [1, "b"],
        [1, "a"],
        [2, "b"],
        [2, "a"],
    ]


def test_columns_in_one_table_alone_are_not_compared() -> None:
    assert len(tag_changes(_frame([1], a=["x"]), _frame([1], b=["y"]))) == 0


def test_repeated_members_are_refused() -> None:
    with pytest.raises(SchemaError, match="member_id: null or repeated"):
        tag_changes(_frame([1, 1], a=["x", "y"]), _frame([1], a=["x"]))


def test_ids_of_two_types_are_refused() -> None:
    with pytest.raises(DataError, match="member ids are int64 before and large_string after"):
        tag_changes(_frame([1], a=["x"]), _frame(["1"], a=["x"]))


def test_a_missing_id_column_is_named() -> None:
    with pytest.raises(SchemaError, match="member_id: required, but missing; there are: a"):
        tag_changes(pd.DataFrame({"a": ["x"]}), _frame([1], a=["x"]))


def test_the_kind_of_the_later_frame_comes_back() -> None:
    later = pl.DataFrame({"member_id": [1], "a": ["y"]})
    assert isinstance(tag_changes(_frame([1], a=["x"]), later), pl.DataFrame)


_TABLES = st.dictionaries(st.integers(1, 9), st.sampled_from(["x", "y", None]))


@given(_TABLES, _TABLES)
def test_applying_the_changes_to_before_gives_after(
    before: dict[int, str | None], after: dict[int, str | None]
) -> None:
    old = _frame(list(before), a=list(before.values())).astype({"a": object, "member_id": "int64"})
    new = _frame(list(after), a=list(after.values())).astype({"a": object, "member_id": "int64"})
    state = {who: value for who, value in before.items() if value is not None}
    for row in tag_changes(old, new).itertuples():
        if row.change == "left":
            del state[row.member_id]
        else:
            state[row.member_id] = row.after
    assert state == {who: value for who, value in after.items() if value is not None}


@given(_TABLES, _TABLES)
def test_the_reverse_swaps_entered_and_left(
    before: dict[int, str | None], after: dict[int, str | None]
) -> None:
    old = _frame(list(before), a=list(before.values())).astype({"a": object, "member_id": "int64"})
    new = _frame(list(after), a=list(after.values())).astype({"a": object, "member_id": "int64"})
    there, back = tag_changes(old, new), tag_changes(new, old)
    swapped = back.change.replace({"entered": "left", "left": "entered"})
    assert swapped.tolist() == there.change.tolist()
    assert back.member_id.tolist() == there.member_id.tolist()


def test_tags_of_two_moments_differ_by_their_changes() -> None:
    c = small_community(1)
    with pytest.warns(SiyuWarning):
        may, june = (tag(c, as_of=AS_OF - pd.Timedelta(days=days)) for days in (60, 0))
    changes = tag_changes(may, june)
    moved = changes[changes.tag == "stage"].set_index("member_id")
    then = may.set_index("member_id").stage.reindex(june.member_id)
    differs = june.member_id[(then.to_numpy() != june.stage.to_numpy())]
    assert moved.index.tolist() == differs.tolist()
    assert np.isin(moved.change, ["entered", "changed"]).all()


def test_from_nobody_everybody_entered() -> None:
    changes = tag_changes(_frame([], a=[]), _frame(["m1"], a=["x"]))
    assert changes[["member_id", "change"]].to_numpy().tolist() == [["m1", "entered"]]
