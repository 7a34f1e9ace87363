"""Changes between two tables of tags."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import DataError, SchemaError, SiyuWarning, label
from siyu.datasets.lifecycle_words import CHANGE_REASON_WORDS
from siyu.segmentation import tag, tag_catalog, tag_changes
from siyu.segmentation.tagging.change_reasons import MEASURED_BY, REASONS
from strategies import AS_OF, small_community

DAY = pd.Timedelta(days=1)


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


def _stages(stages: list[str | None], last: list[int] | None = None) -> pd.DataFrame:
    """Make a table of tags in which member i visited last so many days ago, with a gap of 10."""
    frame = _frame(list(range(len(stages))), stage=stages)
    if last is not None:
        gap = np.full(len(stages), 10.0)
        due = [AS_OF + (10 - ago) * DAY for ago in last]
        frame = frame.assign(purchase_rhythm_days=gap, next_due=due)
    return frame


@pytest.mark.parametrize(
    ("then", "now", "came", "reason"),
    [
        ("prospect", "new", True, "first_visit"),
        ("new", "growing", True, "visited"),
        ("won_back", "loyal", True, "visited"),
        ("loyal", "dormant", False, "fell_silent"),
        ("loyal", "churned", True, "fell_silent"),
        ("dormant", "churned", False, "still_silent"),
        ("dormant", "churned", True, "fell_silent"),
        ("churned", "dormant", True, "fell_silent"),
        ("dormant", "loyal", True, "woke"),
        ("churned", "won_back", True, "returned"),
        ("churned", "growing", True, "returned"),
        ("loyal", "won_back", True, "returned"),  # churned and back in between
        ("dormant", "loyal", False, "rhythm_relearned"),
        ("churned", "dormant", False, "rhythm_relearned"),
        ("growing", "new", False, "rhythm_relearned"),
    ],
)
def test_reasons_of_stages(then: str, now: str, came: bool, reason: str) -> None:
    changes = tag_changes(_stages([then], [40]), _stages([now], [9 if came else 40]))
    assert changes.loc[changes.tag == "stage", "reason"].tolist() == [reason]


@pytest.mark.parametrize(
    ("then", "now", "reason"),
    [
        ("prospect", "new", "first_visit"),
        ("loyal", "dormant", "fell_silent"),
        ("dormant", "churned", "still_silent"),
        ("churned", "won_back", "returned"),
        ("dormant", "loyal", None),  # woken, or dormant no longer by a rhythm learned anew
        ("churned", "dormant", None),
        (None, "loyal", None),
        ("loyal", None, None),
        ("loyal", "prospect", None),
    ],
)
def test_reasons_from_stages_alone(then: str | None, now: str | None, reason: str | None) -> None:
    told = tag_changes(_stages([then]), _stages([now])).reason
    assert told.fillna("-").tolist() == [reason or "-"]


def test_since_tells_who_woke() -> None:
    before = _stages(["dormant", "dormant"]).assign(since=[AS_OF - 30 * DAY] * 2)
    after = _stages(["loyal", "loyal"]).assign(since=[AS_OF - 5 * DAY, AS_OF - 90 * DAY])
    assert tag_changes(before, after).reason.tolist() == ["woke", "rhythm_relearned"]


def test_who_is_in_one_table_joined_or_is_no_longer_listed() -> None:
    before, after = _frame([1, 2], stage=["new", "new"]), _frame([2, 3], stage=["new", "loyal"])
    assert tag_changes(before, after).reason.tolist() == ["no_longer_listed", "joined"]


def test_the_number_behind_a_flag_tells_why() -> None:
    before = _frame([1, 2, 3, 4, 5], days_inactive=[100.0, 200.0, np.nan, 250.0, 150.0])
    after = _frame([1, 2, 3, 4, 5], days_inactive=[190.0, 3.0, 200.0, np.nan, 150.0])
    flags = [False, True, False, True, False]
    changes = tag_changes(
        before.assign(zombie=flags), after.assign(zombie=[not flag for flag in flags])
    )
    assert changes.reason.tolist() == [
        "measure_rose",
        "measure_fell",
        "measured_first",
        "measure_lost",
        "others_moved",
    ]


def test_without_the_number_nothing_tells_why() -> None:
    before, after = _frame([1], zombie=[False]), _frame([1], zombie=[True], days_inactive=[190.0])
    assert tag_changes(before, after).reason.isna().tolist() == [True]


def test_text_where_a_number_should_be_tells_nothing() -> None:
    before = _frame([1], zombie=[False], days_inactive=["few"])
    after = _frame([1], zombie=[True], days_inactive=["many"])
    assert tag_changes(before, after).reason.isna().all()


def test_measures_are_tags_of_the_catalogue() -> None:
    kinds = tag_catalog().set_index("tag").kind
    assert kinds[list(MEASURED_BY)].isin(["flag", "code"]).all()
    assert kinds[list(MEASURED_BY.values())].isin(["number", "share", "count"]).all()


def test_every_reason_has_words() -> None:
    assert set(REASONS) == set(CHANGE_REASON_WORDS)
    frame = label(pd.DataFrame({"reason": ["fell_silent", "popular"]}), "en")
    assert frame.reason.tolist() == ["silent beyond the own rhythm", "popular lately"]


@pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")
@settings(max_examples=6)
@given(st.integers(0, 20))
def test_every_change_of_stage_between_two_moments_has_a_reason(seed: int) -> None:
    c = small_community(seed)
    may, june = (tag(c, as_of=AS_OF - days * DAY) for days in (60, 0))
    told = tag_changes(may, june)
    assert told.loc[told.tag == "stage", "reason"].notna().all()
