"""Recency, frequency and monetary value."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets import Community, DataError, ParameterError, SchemaError, SiyuWarning
from siyu.datasets.frames import from_arrow
from siyu.segmentation import rfm
from strategies import AS_OF, TZ, order_frames, small_community


def _orders(*lines: tuple[object, str, float], tz: str = TZ) -> pd.DataFrame:
    who, when, amount = zip(*lines, strict=True)
    times = pd.to_datetime(list(when), format="ISO8601").tz_localize(tz)
    return pd.DataFrame({"member_id": who, "order_time": times, "amount": amount})


def test_worked_by_hand() -> None:
    orders = _orders((1, "2026-01-01", 10.0), (1, "2026-01-05", 30.0), (2, "2026-01-09 12:00", 7.0))
    expected = pd.DataFrame(
        {
            "member_id": [1, 2],
            "recency": [5.0, 0.5],  # 01-05 -> 01-10, and half a day
            "frequency": [2, 1],
            "monetary": [20.0, 7.0],  # (10 + 30) / 2
        }
    )
    pd.testing.assert_frame_equal(rfm(orders, as_of="2026-01-10"), expected)


def test_two_purchases_on_one_local_day_are_one() -> None:
    orders = _orders((1, "2026-01-01 00:30", 10.0), (1, "2026-01-01 23:30", 20.0))
    row = rfm(orders, as_of="2026-01-03").iloc[0]
    assert (row.frequency, row.monetary) == (1, 30.0)


def test_the_zone_decides_where_a_day_ends() -> None:
    # 23:30 and 00:30 in Shanghai are 15:30 and 16:30 of one day in UTC.
    orders = _orders((1, "2026-01-01 23:30", 10.0), (1, "2026-01-02 00:30", 20.0))
    in_shop = rfm(orders, as_of="2026-01-03")
    in_utc = rfm(orders, as_of="2026-01-03", tz="UTC")
    assert (in_shop.frequency[0], in_utc.frequency[0]) == (2, 1)


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_a_day_of_23_or_25_hours_is_one_day(day: str) -> None:
    orders = _orders((1, f"{day} 00:10", 1.0), (1, f"{day} 23:50", 1.0), tz="America/New_York")
    assert rfm(orders, as_of="2026-12-01").frequency[0] == 1


def test_recency_counts_instants_across_a_change_of_the_clock() -> None:
    orders = _orders((1, "2026-03-08 00:00", 1.0), tz="America/New_York")
    as_of = pd.Timestamp("2026-03-09", tz="America/New_York")
    assert rfm(orders, as_of=as_of).recency[0] == pytest.approx(23 / 24)


def test_a_refund_lowers_the_money_alone() -> None:
    orders = _orders((1, "2026-01-01", 50.0), (1, "2026-01-08", -20.0))
    row = rfm(orders, as_of="2026-01-10").iloc[0]
    assert (row.recency, row.frequency, row.monetary) == (9.0, 1, 30.0)


def test_a_line_of_no_quantity_is_no_purchase() -> None:
    orders = _orders((1, "2026-01-01", 50.0), (1, "2026-01-08", 5.0), (2, "2026-01-08", 5.0))
    orders["quantity"] = [1.0, 0.0, -1.0]
    table = rfm(orders, as_of="2026-01-10")
    assert table.member_id.tolist() == [1]
    assert (table.recency[0], table.frequency[0], table.monetary[0]) == (9.0, 1, 55.0)


def test_an_unknown_quantity_is_a_purchase_and_so_is_a_gift() -> None:
    orders = _orders((1, "2026-01-01", 50.0), (1, "2026-01-08", 0.0))
    orders["quantity"] = [np.nan, 1.0]
    assert rfm(orders, as_of="2026-01-10").frequency[0] == 2


def test_a_refund_after_as_of_changes_nothing() -> None:
    before = _orders((1, "2026-01-01", 50.0))
    after = _orders((1, "2026-01-01", 50.0), (1, "2026-01-10", -50.0))
    pd.testing.assert_frame_equal(rfm(before, as_of="2026-01-10"), rfm(after, as_of="2026-01-10"))


def test_as_of_itself_is_excluded() -> None:
    orders = _orders((1, "2026-01-10 00:00", 50.0))
    assert len(rfm(orders, as_of="2026-01-10 00:00")) == 0
    assert len(rfm(orders, as_of="2026-01-10 00:00:00.000001")) == 1


def test_a_naive_as_of_is_the_shops_clock() -> None:
    orders = _orders((1, "2026-01-09 20:00", 50.0))  # noon in UTC
    assert rfm(orders, as_of="2026-01-09 20:01").recency[0] == pytest.approx(1 / 1440)
    in_utc = pd.Timestamp("2026-01-09 12:01", tz="UTC")
    assert rfm(orders, as_of=in_utc).recency[0] == pytest.approx(1 / 1440)


def test_a_frame_gives_its_buyers_and_a_community_everybody() -> None:
    orders = _orders((1, "2026-01-01", 50.0), (2, "2026-01-08", -20.0))
    c = Community(orders=orders, members=pd.DataFrame({"member_id": [1, 2, 3]}), tz=TZ)
    assert rfm(orders, as_of="2026-01-10").member_id.tolist() == [1]
    table = rfm(c, as_of="2026-01-10")
    assert table.member_id.tolist() == [1, 2, 3]
    assert table.frequency.tolist() == [1, 0, 0]
    assert table[["recency", "monetary"]].isna().to_numpy().tolist() == [
        [False, False],
        [True, True],
        [True, True],
    ]


def test_staff_are_no_customers() -> None:
    members = pd.DataFrame({"member_id": [1, 2], "kind": ["customer", "staff"]})
    orders = _orders((1, "2026-01-01", 50.0), (2, "2026-01-02", 50.0))
    c = Community(orders=orders, members=members, tz=TZ)
    assert rfm(c, as_of="2026-01-10").member_id.tolist() == [1]


def test_before_the_record_began_nothing_is_known() -> None:
    members = pd.DataFrame(
        {
            "member_id": [1, 2],
            "joined_at": pd.to_datetime(["2024-01-01", "2026-01-01"]).tz_localize(TZ),
        }
    )
    orders = _orders((3, "2026-01-02", 50.0))
    c = Community(
        orders=orders, members=members, tz=TZ, observed={"orders": ("2025-01-01", "2026-02-01")}
    )
    with pytest.warns(SiyuWarning, match="1 members joined before orders were recorded"):
        table = rfm(c, as_of="2026-01-10")
    assert table.frequency.tolist() == [pd.NA, 0, 1]


def test_no_rows_give_no_rows_rightly_typed() -> None:
    table = rfm(pa.table(_orders((1, "2026-01-01", 1.0)).iloc[:0]), as_of="2026-01-10")
    assert table.num_rows == 0
    assert table.schema.names == ["member_id", "recency", "frequency", "monetary"]
    assert table.schema.field("frequency").type == pa.int64()


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_the_kind_of_frame_comes_back(kind: str) -> None:
    orders = pa.Table.from_pandas(_orders((1, "2026-01-01", 1.0)), preserve_index=False)
    frame = from_arrow(orders, kind)  # type: ignore[arg-type]
    expected = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}
    assert isinstance(rfm(frame, as_of="2026-01-10"), expected[kind])


def test_text_ids_sort_as_text() -> None:
    orders = _orders(
        ("b", "2026-01-01", 1.0), ("a10", "2026-01-01", 1.0), ("a9", "2026-01-01", 1.0)
    )
    assert rfm(orders, as_of="2026-01-10").member_id.tolist() == ["a10", "a9", "b"]


def test_ids_far_apart_cost_no_memory() -> None:
    orders = _orders((-(2**60), "2026-01-01", 1.0), (2**60, "2026-01-01", 2.0))
    assert rfm(orders, as_of="2026-01-10").monetary.tolist() == [1.0, 2.0]


def test_purchases_before_1970_count() -> None:
    orders = _orders((1, "1960-01-01", 1.0), (1, "1960-01-02", 1.0), (2, "2026-01-01", 1.0))
    assert rfm(orders, as_of="2026-01-10").frequency.tolist() == [2, 1]


def test_a_community_without_orders_cannot_answer() -> None:
    c = Community(members=pd.DataFrame({"member_id": [1]}), tz=TZ)
    with pytest.raises(DataError, match=r"rfm\(\) needs the table orders"):
        rfm(c, as_of="2026-01-10")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SchemaError, match="amount: required, but missing"):
        rfm(pd.DataFrame({"member_id": [1], "order_time": [AS_OF]}), as_of=AS_OF)


def test_another_zone_than_the_communitys_is_refused() -> None:
    with pytest.raises(ParameterError, match="cuts days in"):
        rfm(small_community(), as_of=AS_OF, tz="UTC")


@given(order_frames())
def test_frequency_lies_between_one_and_the_number_of_purchases(orders: pd.DataFrame) -> None:
    table = rfm(orders, as_of=AS_OF)
    bought = orders[(orders.order_time < AS_OF) & (orders.amount >= 0) & (orders.quantity > 0)]
    counts = bought.groupby("member_id").size()
    assert table.member_id.tolist() == counts.index.tolist()
    assert (table.frequency >= 1).all()
    assert (table.frequency.to_numpy() <= counts.to_numpy()).all()
    assert (table.recency > 0).all()


@given(order_frames(), st.integers(1, 6))
def test_a_chunk_of_members_gives_the_rows_of_the_whole(orders: pd.DataFrame, upto: int) -> None:
    whole = rfm(orders, as_of=AS_OF)
    chunk = rfm(orders[orders.member_id <= upto], as_of=AS_OF)
    pd.testing.assert_frame_equal(chunk, whole[whole.member_id <= upto].reset_index(drop=True))


@pytest.mark.parametrize("data", [_orders((1, "2026-01-01", 1.0)), small_community()])
def test_another_kind_of_frame_may_be_asked_for(data: object) -> None:
    assert isinstance(rfm(data, as_of="2026-03-01", output="polars"), pl.DataFrame)
