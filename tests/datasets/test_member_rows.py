"""Rows by member, then by time."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.clock import DAY_US
from siyu.datasets.member_rows import MemberRows, group_order
from siyu.datasets.schema import SCHEMAS
from strategies import TZ, order_frames


def rows_of(frame: pd.DataFrame, members: pa.Array | None = None) -> MemberRows:
    return MemberRows.of(SCHEMAS["orders"].check(frame), "order_time", members)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-9, 9))))
def test_the_counting_sort_is_a_stable_sort(pairs: list[tuple[int, int]]) -> None:
    codes = np.array([c for c, _ in pairs], dtype=np.int64)
    times = np.array([t for _, t in pairs], dtype=np.int64)
    order = group_order(codes, 6, times)
    expected = np.lexsort((times, codes))
    assert (np.arange(len(codes)) if order is None else order).tolist() == expected.tolist()


@given(order_frames())
def test_counts_sums_and_last_times_are_pandas(frame: pd.DataFrame) -> None:
    rows = rows_of(frame)
    grouped = frame.groupby("member_id")
    assert rows.count().tolist() == grouped.size().tolist()
    assert rows.sum("amount") == pytest.approx(grouped["amount"].sum().to_numpy(), abs=1e-9)
    last = grouped["order_time"].max().astype("datetime64[us, UTC]").astype("int64")
    assert rows.last_time().tolist() == last.tolist()


@given(order_frames())
def test_distinct_local_days_are_pandas(frame: pd.DataFrame) -> None:
    local = frame["order_time"].dt.tz_convert(TZ).dt.floor("D")
    expected = local.groupby(frame["member_id"]).nunique().tolist()
    assert rows_of(frame).distinct_days(TZ).count().tolist() == expected


@given(order_frames())
def test_one_member_alone_has_the_numbers_of_the_whole(frame: pd.DataFrame) -> None:
    whole = rows_of(frame)
    for i, member in enumerate(whole.members.to_pylist()):
        alone = rows_of(frame, pa.array([member]))
        assert alone.sum("amount")[0] == whole.sum("amount")[i]
        assert alone.gaps(TZ).mean()[0] == pytest.approx(whole.gaps(TZ).mean()[i], nan_ok=True)


@given(order_frames(), st.integers(0, 99))
def test_row_order_changes_nothing(frame: pd.DataFrame, seed: int) -> None:
    one, other = rows_of(frame), rows_of(frame.sample(frac=1, random_state=seed))
    assert one.sum("amount").tolist() == other.sum("amount").tolist()
    assert one.last("product_id").to_pylist() == other.last("product_id").to_pylist()
    assert one.top("product_id")[0].to_pylist() == other.top("product_id")[0].to_pylist()


def test_members_without_rows_are_kept() -> None:
    table = pa.table({"member_id": [2], "amount": [5.0]})
    rows = MemberRows.of(table, members=pa.array([1, 2]))
    assert rows.count().tolist() == [0, 1]
    assert rows.sum("amount").tolist() == [0.0, 5.0]


def test_members_without_rows_have_no_first_or_last_instant() -> None:
    when = pd.to_datetime(["1970-01-01"], utc=True)
    frame = pd.DataFrame({"member_id": [2], "order_time": when, "amount": 1.0})
    rows = rows_of(frame, pa.array([1, 2, 3]))
    assert rows.first_time() == pytest.approx([np.nan, 0.0, np.nan], nan_ok=True)
    assert rows.last_time() == pytest.approx([np.nan, 0.0, np.nan], nan_ok=True)


def test_gaps_are_days_between_distinct_days() -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-04", "2026-01-14"], utc=True)
    frame = pd.DataFrame({"member_id": 1, "order_time": days, "amount": 1.0})
    assert np.array_equal(rows_of(frame).gaps("UTC").values, [3.0, 10.0])


def test_gaps_do_not_cross_members() -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-03", "2026-02-01"], utc=True)
    frame = pd.DataFrame({"member_id": [1, 1, 2], "order_time": days, "amount": 1.0})
    assert rows_of(frame).gaps("UTC").mean() == pytest.approx([2.0, np.nan], nan_ok=True)


def test_the_top_value_carries_its_share() -> None:
    table = pa.table({"member_id": [1, 1, 1, 2], "category": ["tea", "nuts", "tea", None]})
    values, share = MemberRows.of(table).top("category")
    assert values.to_pylist() == ["tea", None]
    assert share == pytest.approx([2 / 3, np.nan], nan_ok=True)


def test_weights_decide_the_top_value() -> None:
    table = pa.table({"member_id": [1, 1], "category": ["tea", "nuts"]})
    values, share = MemberRows.of(table).top("category", np.array([1.0, 3.0]))
    assert (values.to_pylist(), share.tolist()) == (["nuts"], [0.75])


def test_a_mask_keeps_all_members() -> None:
    table = pa.table({"member_id": [1, 1, 2], "amount": [1.0, -2.0, -3.0]})
    rows = MemberRows.of(table)
    paid = rows.where(rows.numbers("amount") > 0)
    assert paid.sum("amount").tolist() == [1.0, 0.0]


def test_missing_numbers_do_not_count_in_the_mean() -> None:
    table = pa.table({"member_id": [1, 1, 2], "amount": [1.0, None, None]})
    rows = MemberRows.of(table)
    assert rows.mean("amount") == pytest.approx([1.0, np.nan], nan_ok=True)


def test_no_rows_give_no_members() -> None:
    rows = MemberRows.of(SCHEMAS["orders"].empty(), "order_time")
    assert (len(rows.members), rows.sum("amount").tolist()) == (0, [])


def test_the_last_value_at_a_drawn_instant_is_the_largest() -> None:
    when = pd.to_datetime(["2026-01-01"] * 2, utc=True)
    frame = pd.DataFrame({"member_id": 1, "order_time": when, "amount": 1.0, "store_id": [9, 3]})
    assert rows_of(frame).last("store_id").to_pylist() == [9]


def test_times_are_in_microseconds() -> None:
    frame = pd.DataFrame(
        {"member_id": [1], "order_time": pd.to_datetime(["1970-01-02"], utc=True), "amount": 1.0}
    )
    assert rows_of(frame).last_time().tolist() == [float(DAY_US)]
