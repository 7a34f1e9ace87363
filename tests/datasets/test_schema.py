"""The one door that checks a frame against its schema."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets.errors import SchemaError, SiyuWarning
from siyu.datasets.schema import SCHEMAS

ORDERS = SCHEMAS["orders"]
UTC = "datetime64[us, UTC]"


def orders(**columns: object) -> pd.DataFrame:
    base = {"member_id": [1, 2], "order_time": pd.to_datetime(["2026-01-01"] * 2, utc=True)}
    return pd.DataFrame({**base, "amount": [1.0, 2.0], **columns})


def test_types_are_normalised() -> None:
    table = ORDERS.check(orders(channel=["app", None], amount=[1, 2]))
    kinds = [str(table[c].type) for c in ("member_id", "order_time", "amount", "channel")]
    assert kinds == ["int64", "timestamp[us, tz=UTC]", "double", "large_string"]


def test_every_problem_is_reported_at_once() -> None:
    frame = orders(amount=[np.inf, 1.0], coupon_id=[1.5, 2.0]).drop(columns="member_id")
    with pytest.raises(SchemaError, match="breaks its schema") as caught:
        ORDERS.check(frame)
    assert [p.column for p in caught.value.problems] == ["member_id", "amount", "coupon_id"]


def test_a_problem_tells_count_first_row_and_example() -> None:
    with pytest.raises(SchemaError, match="amount") as caught:
        ORDERS.check(orders(amount=[1.0, -np.inf]))
    problem = caught.value.problems[0]
    assert (problem.count, problem.first_row, problem.example) == (1, 1, "-inf")


def test_a_missing_column_names_a_near_match_and_what_is_there() -> None:
    frame = orders().rename(columns={"order_time": "ordertime"})
    with pytest.raises(SchemaError, match="did you mean 'ordertime'"):
        ORDERS.check(frame)


def test_whole_floats_become_integers_with_a_warning() -> None:
    with pytest.warns(SiyuWarning, match="whole numbers kept as floats"):
        table = ORDERS.check(orders(coupon_id=[7.0, np.nan]))
    assert table["coupon_id"].to_pylist() == [7, None]


@pytest.mark.parametrize("value", [1.5, 2.0**53, 4.2000010182072023e18])
def test_floats_that_lost_digits_are_refused(value: float) -> None:
    with pytest.raises(SchemaError, match="a float is no id"):
        ORDERS.check(orders(order_id=[value, 1.0]))


@pytest.mark.parametrize("ids", [[True, False], pd.to_datetime(["2026-01-01"] * 2)])
def test_flags_and_times_are_no_ids(ids: object) -> None:
    with pytest.raises(SchemaError, match="an id must be text or a whole number"):
        ORDERS.check(orders(order_id=ids))


def test_empty_text_is_no_id() -> None:
    with pytest.raises(SchemaError, match="empty text is no id"):
        ORDERS.check(orders(order_id=["", "a"]))


def test_a_required_value_that_is_missing_is_refused() -> None:
    with pytest.raises(SchemaError, match="amount: required, but empty; 1 rows, first in row 1"):
        ORDERS.check(orders(amount=[1.0, None]))


def test_naive_times_need_a_zone() -> None:
    naive = orders(order_time=pd.to_datetime(["2026-01-01"] * 2))
    with pytest.raises(SchemaError, match="times carry no zone"):
        ORDERS.check(naive)


def test_naive_times_are_read_on_the_shops_clock() -> None:
    naive = orders(order_time=pd.to_datetime(["2026-01-01"] * 2))
    first = ORDERS.check(naive, tz="Asia/Shanghai")["order_time"][0].as_py()
    assert first.isoformat() == "2025-12-31T16:00:00+00:00"


def test_text_is_no_time_and_no_number() -> None:
    with pytest.raises(SchemaError, match="a time must be a timestamp") as caught:
        ORDERS.check(orders(order_time=["2026-01-01"] * 2, amount=["1", "2"]))
    assert len(caught.value.problems) == 2


def test_flags_may_be_ones_and_zeros() -> None:
    table = SCHEMAS["members"].check(pd.DataFrame({"member_id": [1, 2], "opt_out": [1, 0]}))
    assert table["opt_out"].to_pylist() == [True, False]


def test_other_numbers_are_no_flags() -> None:
    with pytest.raises(SchemaError, match="a flag is true/false or 1/0"):
        SCHEMAS["members"].check(pd.DataFrame({"member_id": [1, 2], "opt_out": [1, 2]}))


def test_extra_columns_are_kept() -> None:
    assert "income" in ORDERS.check(orders(income=["a", "b"])).column_names


def test_no_rows_are_legal() -> None:
    table = ORDERS.check(pd.DataFrame({"member_id": [], "order_time": [], "amount": []}))
    assert table.num_rows == 0
    assert str(table["order_time"].type) == "timestamp[us, tz=UTC]"


def test_a_send_needs_a_member_or_a_group() -> None:
    sends = pd.DataFrame(
        {
            "send_time": pd.to_datetime(["2026-01-01"] * 2, utc=True),
            "member_id": ["a", None],
            "group_id": pa.array([None, None], pa.string()).to_pandas(),
        }
    )
    with pytest.raises(SchemaError, match="one of member_id or group_id is required; 1 rows"):
        SCHEMAS["sends"].check(sends)


def test_categories_are_read_as_text() -> None:
    table = ORDERS.check(orders(channel=pd.Categorical(["app", "store"])))
    assert table["channel"].to_pylist() == ["app", "store"]


def test_unsigned_integers_beyond_64_bits_are_refused() -> None:
    with pytest.raises(SchemaError, match="beyond 64 bits"):
        ORDERS.check(orders(order_id=np.array([2**63, 1], dtype=np.uint64)))


def test_the_input_is_not_modified() -> None:
    frame = orders(channel=["app", None])
    copy = frame.copy(deep=True)
    ORDERS.check(frame)
    pd.testing.assert_frame_equal(frame, copy)


def test_every_table_of_the_design_has_a_schema() -> None:
    assert len(SCHEMAS) == 18
