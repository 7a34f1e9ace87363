"""The summary of purchase histories."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, DataError, ParameterError, SchemaError, SiyuWarning
from siyu.datasets.frames import from_arrow
from siyu.segmentation.value.btyd_frame import btyd_summary
from siyu.segmentation.value.pareto_nbd import ParetoNBD
from strategies import (
    AS_OF,
    TZ,
    order_frames,
    shuffled,
    small_community,
    with_edited_future,
    with_later_rows,
)

NUMBERS = ["x", "t_x", "T", "mean_amount"]
seeds = st.integers(0, 200)


def _orders(*lines: tuple[object, str, float], tz: str = TZ) -> pd.DataFrame:
    who, when, amount = zip(*lines, strict=True)
    times = pd.to_datetime(list(when), format="ISO8601").tz_localize(tz)
    return pd.DataFrame({"member_id": who, "order_time": times, "amount": amount})


def _row(orders: pd.DataFrame, as_of: Any = "2026-01-20", **options: Any) -> list[float]:
    table = btyd_summary(orders, as_of=as_of, **options)
    assert len(table) == 1
    row: list[float] = table[NUMBERS].iloc[0].tolist()
    return row


def test_worked_by_hand() -> None:
    orders = _orders(
        (1, "2026-01-01 09:00", 10.0),
        (1, "2026-01-03 09:00", 30.0),
        (1, "2026-01-15 23:00", 50.0),
        (2, "2026-01-12 09:00", 7.0),
    )
    expected = pd.DataFrame(
        {
            "member_id": [1, 2],
            "x": [2, 0],
            "t_x": [14.0, 0.0],  # 01-01 -> 01-15
            "T": [18.0, 7.0],  # 01-01 and 01-12 -> 01-19, the last full day
            "mean_amount": [40.0, np.nan],  # (30 + 50) / 2
        }
    )
    pd.testing.assert_frame_equal(btyd_summary(orders, as_of="2026-01-20"), expected)


def test_time_is_counted_in_units() -> None:
    orders = _orders((1, "2026-01-01", 10.0), (1, "2026-01-08", 30.0))
    assert _row(orders, unit="7D") == [1, 1.0, 18 / 7, 30.0]
    assert _row(orders, unit="12h") == [1, 14.0, 36.0, 30.0]
    assert _row(orders, unit=pd.Timedelta(days=7)) == [1, 1.0, 18 / 7, 30.0]


def test_orders_of_one_local_day_are_one_purchase() -> None:
    orders = _orders(
        (1, "2026-01-01 00:10", 1.0), (1, "2026-01-05 00:10", 10.0), (1, "2026-01-05 23:50", 20.0)
    )
    assert _row(orders) == [1, 4.0, 18.0, 30.0]


def test_the_zone_decides_where_a_day_ends() -> None:
    # 23:30 and 00:30 in Shanghai are 15:30 and 16:30 of one day in UTC.
    orders = _orders((1, "2026-01-01 23:30", 10.0), (1, "2026-01-02 00:30", 20.0))
    assert _row(orders)[:2] == [1, 1.0]
    assert _row(orders, tz="UTC")[:2] == [0, 0.0]


def test_a_day_that_had_not_ended_is_left_out() -> None:
    orders = _orders((1, "2026-01-01", 10.0), (1, "2026-01-20 08:00", 20.0), (2, "2026-01-20", 1.0))
    table = btyd_summary(orders, as_of="2026-01-20 15:00")
    assert table.member_id.tolist() == [1]
    assert table[NUMBERS[:3]].iloc[0].tolist() == [0, 0.0, 18.0]


def test_one_who_bought_on_the_last_full_day_has_an_age_of_zero() -> None:
    assert _row(_orders((1, "2026-01-19 23:59", 10.0)))[:3] == [0, 0.0, 0.0]


def test_refunds_and_lines_of_no_quantity_are_no_purchases() -> None:
    orders = _orders(
        (1, "2026-01-01", 50.0),
        (1, "2026-01-03", -50.0),
        (1, "2026-01-05", 9.0),
        (2, "2026-01-01", -1),
    )
    orders["quantity"] = [1.0, 1.0, 0.0, 1.0]
    assert _row(orders)[:3] == [0, 0.0, 18.0]


def test_a_refund_of_a_repeat_day_lowers_the_mean_and_others_do_not() -> None:
    orders = _orders(
        (1, "2026-01-01 09:00", 5.0),
        (1, "2026-01-01 10:00", -1.0),
        (1, "2026-01-03 09:00", 50.0),
        (1, "2026-01-03 10:00", -20.0),
        (1, "2026-01-04 10:00", -7.0),
        (1, "2026-01-09 10:00", 10.0),
    )
    assert _row(orders)[3] == 20.0  # (50 - 20 + 10) / 2


def test_gifts_are_purchases() -> None:
    orders = _orders((1, "2026-01-01", 5.0), (1, "2026-01-03", 0.0))
    assert _row(orders) == [1, 2.0, 18.0, 0.0]


def test_a_change_of_the_clock_makes_no_fraction_of_a_day() -> None:
    orders = _orders((1, "2026-03-01", 1.0), (1, "2026-03-20", 2.0), tz="America/New_York")
    assert _row(orders, as_of="2026-04-01")[:3] == [1, 19.0, 30.0]


def test_a_frame_gives_its_buyers_and_a_community_everybody() -> None:
    orders = _orders((1, "2026-01-01", 50.0), (2, "2026-01-08", -20.0))
    members = pd.DataFrame({"member_id": [1, 2, 3, 4], "kind": ["customer"] * 3 + ["staff"]})
    assert btyd_summary(orders, as_of="2026-01-20").member_id.tolist() == [1]
    table = btyd_summary(Community(orders=orders, members=members, tz=TZ), as_of="2026-01-20")
    assert table.member_id.tolist() == [1, 2, 3]
    assert table.x.tolist() == [0, pd.NA, pd.NA]
    assert table[["t_x", "T"]].isna().all(axis=1).tolist() == [False, True, True]


def test_a_community_s_summary_can_be_fitted() -> None:
    table = btyd_summary(small_community(3, 60), as_of=AS_OF, unit="7D")
    assert table.x.isna().any()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        model = ParetoNBD().fit(table)
    assert model.n_members_ == table.x.notna().sum()
    assert np.isnan(model.expected_purchases(table, 4)).tolist() == table.x.isna().tolist()


def test_buyers_older_than_the_record_are_told() -> None:
    joined = pd.to_datetime(["2024-01-01", "2026-01-01"]).tz_localize(TZ)
    members = pd.DataFrame({"member_id": [1, 2], "joined_at": joined})
    orders = _orders((1, "2026-01-02", 50.0), (2, "2026-01-02", 50.0))
    span = {"orders": ("2025-01-01", "2026-02-01")}
    c = Community(orders=orders, members=members, tz=TZ, observed=span)
    with pytest.warns(SiyuWarning, match="1 buyers joined before orders were recorded"):
        btyd_summary(c, as_of="2026-01-20")


def test_a_record_that_ended_early_is_told() -> None:
    orders = _orders((1, "2026-01-02", 50.0))
    c = Community(orders=orders, tz=TZ, observed={"orders": ("2025-01-01", "2026-01-05")})
    with pytest.warns(SiyuWarning, match="the record ended before as_of"):
        btyd_summary(c, as_of="2026-01-20")


def test_no_rows_give_no_rows_rightly_typed() -> None:
    orders = pa.table(_orders((1, "2026-01-01", 1.0)).iloc[:0])
    table = btyd_summary(orders, as_of="2026-01-20")
    assert table.num_rows == 0
    assert table.schema.names == ["member_id", *NUMBERS]
    assert [str(table.schema.field(name).type) for name in NUMBERS] == ["int64"] + ["double"] * 3


def test_nobody_before_as_of_gives_no_rows() -> None:
    assert len(btyd_summary(_orders((1, "2026-01-01", 1.0)), as_of="2025-01-01")) == 0


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_the_kind_of_frame_comes_back(kind: Any) -> None:
    orders = pa.Table.from_pandas(_orders((1, "2026-01-01", 1.0)), preserve_index=False)
    expected = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}[kind]
    assert isinstance(btyd_summary(from_arrow(orders, kind), as_of="2026-01-20"), expected)
    assert isinstance(btyd_summary(orders, as_of="2026-01-20", output=kind), expected)


def test_text_ids_sort_as_text() -> None:
    orders = _orders(*((who, "2026-01-01", 1.0) for who in ("b", "a10", "a9")))
    assert btyd_summary(orders, as_of="2026-01-20").member_id.tolist() == ["a10", "a9", "b"]


def test_a_community_without_orders_cannot_answer() -> None:
    c = Community(members=pd.DataFrame({"member_id": [1]}), tz=TZ)
    with pytest.raises(DataError, match=r"btyd_summary\(\) needs the table orders"):
        btyd_summary(c, as_of="2026-01-20")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SchemaError, match="amount: required, but missing"):
        btyd_summary(pd.DataFrame({"member_id": [1], "order_time": [AS_OF]}), as_of=AS_OF)


@pytest.mark.parametrize("unit", ["0D", "-7D", "a week", None, "NaT", 7, "7"])
def test_an_odd_unit_is_refused(unit: Any) -> None:
    with pytest.raises(ParameterError, match="unit must be a second or more"):
        btyd_summary(_orders((1, "2026-01-01", 1.0)), as_of="2026-01-20", unit=unit)


@given(order_frames(max_rows=80))
def test_it_is_what_pandas_counts(orders: pd.DataFrame) -> None:
    table = btyd_summary(orders, as_of=AS_OF, tz=TZ)
    last_day = AS_OF.tz_convert(TZ).tz_localize(None).floor("D") - pd.Timedelta(days=1)
    day = orders.order_time.dt.tz_convert(TZ).dt.tz_localize(None).dt.floor("D")
    known = orders.assign(day=day)[day <= last_day]
    bought = known[(known.amount >= 0) & (known.quantity > 0)]
    days = bought.groupby("member_id").day
    assert table.member_id.tolist() == sorted(days.groups)
    assert table.x.tolist() == (days.nunique() - 1).tolist()
    assert table.t_x.tolist() == (days.max() - days.min()).dt.days.tolist()
    assert table["T"].tolist() == (last_day - days.min()).dt.days.tolist()
    for who, mean in zip(table.member_id, table.mean_amount, strict=True):
        own = bought[bought.member_id == who]
        again = own.day[own.day > own.day.min()].unique()
        lines = known[(known.member_id == who) & known.day.isin(again)]
        expected = lines.amount.sum() / len(again) if len(again) else np.nan
        assert mean == pytest.approx(expected, nan_ok=True)


@given(order_frames(), st.integers(1, 6))
def test_a_chunk_of_members_gives_the_rows_of_the_whole(orders: pd.DataFrame, upto: int) -> None:
    whole = btyd_summary(orders, as_of=AS_OF)
    chunk = btyd_summary(orders[orders.member_id <= upto], as_of=AS_OF)
    pd.testing.assert_frame_equal(chunk, whole[whole.member_id <= upto].reset_index(drop=True))


@settings(max_examples=12)
@given(seeds)
def test_row_order_changes_no_byte(seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(
        btyd_summary(shuffled(c, seed), as_of=AS_OF), btyd_summary(c, as_of=AS_OF), check_exact=True
    )


@settings(max_examples=12)
@given(seeds)
def test_the_future_changes_nothing(seed: int) -> None:
    c = small_community(seed)
    now = btyd_summary(c, as_of=AS_OF)
    later = with_later_rows(c, small_community(seed + 1_000))
    pd.testing.assert_frame_equal(btyd_summary(later, as_of=AS_OF), now)
    pd.testing.assert_frame_equal(btyd_summary(with_edited_future(c, seed), as_of=AS_OF), now)


@settings(max_examples=12)
@given(seeds)
def test_the_names_of_members_change_nothing(seed: int) -> None:
    numbered = btyd_summary(small_community(seed), as_of=AS_OF)
    named = btyd_summary(small_community(seed, text_ids=True), as_of=AS_OF)
    assert named.member_id.tolist() == [f"m{who:05d}" for who in numbered.member_id]
    pd.testing.assert_frame_equal(named[NUMBERS], numbered[NUMBERS])


def test_the_frame_stays_as_it_was() -> None:
    orders = _orders((1, "2026-01-01", 1.0), (1, "2026-01-05", 1.0))
    copy = orders.copy(deep=True)
    btyd_summary(orders, as_of="2026-01-20")
    pd.testing.assert_frame_equal(orders, copy)
