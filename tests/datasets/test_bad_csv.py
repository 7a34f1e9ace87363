"""Twenty files that a plain CSV reader takes without a word, most of them damaged by it."""

import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from export_files import GOOD, export, first_of, mended_orders, orders_of
from siyu.datasets import SCHEMAS, SchemaError, SiyuWarning
from siyu.datasets.reading.readers import read_orders, read_referrals


@pytest.mark.parametrize("member", ["00138", "4200001018207200001", "1e5", "NA", "null", "None"])
def test_ids_are_kept_as_they_stand(tmp_path: Path, member: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)  # NA, null and None are kept and named
        orders = orders_of(tmp_path, f"A1,{member},2026-01-02,10,Wang")
    assert orders["member_id"].tolist() == [member]


@pytest.mark.parametrize("nickname", ["NA", "null", "None", "True"])
def test_nicknames_that_look_like_values_are_kept(tmp_path: Path, nickname: str) -> None:
    orders = orders_of(tmp_path, f"A1,M1,2026-01-02,10,{nickname}")
    assert orders["nickname"].tolist() == [nickname]


def test_spaces_around_ids_are_mended(tmp_path: Path) -> None:
    orders, problems = mended_orders(tmp_path, GOOD, "A2, M1 ,2026-01-02,10,Wang")
    assert orders["member_id"].tolist() == ["M1", "M1"]
    assert first_of(problems) == ("member_id", "spaces around ids were taken off", 1, 3)


def test_a_dressed_amount_is_mended(tmp_path: Path) -> None:
    orders, problems = mended_orders(tmp_path, 'A1,M1,2026-01-02,"¥1,299.00",Wang')
    assert orders["amount"].tolist() == [1299.0]
    assert first_of(problems)[2:] == (1, 2)


def test_a_full_width_amount_is_mended(tmp_path: Path) -> None:
    orders, _ = mended_orders(tmp_path, "A1,M1,2026-01-02,１２．５０,Wang")
    assert orders["amount"].tolist() == [12.5]


def test_a_short_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"fewer cells than the 5 .*first in row 3"):
        orders_of(tmp_path, GOOD, "A2,M2,2026-01-02")


def test_a_repeated_column_is_refused(tmp_path: Path) -> None:
    file = export(tmp_path, "member_id,order_time,amount,amount\nM1,2026-01-02,1,2\n")
    with pytest.raises(SchemaError, match="amount: stands twice with different values"):
        read_orders(file, tz="UTC")


def test_seconds_beside_milliseconds_are_mended(tmp_path: Path) -> None:
    orders, problems = mended_orders(
        tmp_path, "A1,M1,1767294240,1,a", "A2,M1,1767294240000,1,a", "A3,M1,1767294240,1,a"
    )
    assert orders["order_time"].tolist() == [pd.Timestamp("2026-01-01 19:04", tz="UTC")] * 3
    assert first_of(problems)[2:] == (1, 3)


def test_days_that_may_be_months_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"day or month first\?.* first in row 2"):
        orders_of(tmp_path, "A1,M1,02/03/2026,1,a")


@pytest.mark.parametrize(
    "total", ["合计,,,999,", "总计：,,2026-01-31,999,", "Total,,,999,", ",,,999,小计"]
)
def test_a_row_of_totals_is_left_out(tmp_path: Path, total: str) -> None:
    orders, problems = mended_orders(tmp_path, GOOD, total)
    assert orders["amount"].tolist() == [10.0]
    assert first_of(problems) == ("(row)", "rows of totals were left out", 1, 3)


def test_a_negative_payment_is_a_refund(tmp_path: Path) -> None:
    orders, problems = mended_orders(tmp_path, GOOD, "A2,M1,2026-01-03,-10,Wang")
    assert orders["amount"].tolist() == [10.0, -10.0]
    assert first_of(problems) == ("amount", "negative amounts were read as refunds", 1, 3)


def test_a_repeated_order_line_is_left_out(tmp_path: Path) -> None:
    orders, problems = mended_orders(tmp_path, GOOD, GOOD)
    assert len(orders) == 1
    assert first_of(problems)[2:] == (1, 3)


def test_a_member_who_invites_herself_is_left_out(tmp_path: Path) -> None:
    file = export(tmp_path, "inviter_id,invitee_id\nM1,M2\nM3,M3\n")
    with pytest.warns(SiyuWarning, match=r"invite themselves were left out.* first in row 3"):
        referrals = read_referrals(file)
    assert referrals["invitee_id"].tolist() == ["M2"]


@pytest.mark.parametrize("amount", ["inf", "-inf", "Infinity"])
def test_an_infinite_amount_is_refused(tmp_path: Path, amount: str) -> None:
    with pytest.raises(SchemaError, match=r"amount: infinite; 1 rows, first in row 3"):
        orders_of(tmp_path, GOOD, f"A2,M1,2026-01-02,{amount},a")


def test_a_nickname_with_a_line_end_is_kept(tmp_path: Path) -> None:
    orders = orders_of(tmp_path, 'A1,M1,2026-01-02,10,"Wang\nXiaojie"')
    assert orders["nickname"].tolist() == ["Wang\nXiaojie"]


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), max_size=5))
def test_any_cells_give_a_table_or_an_error_of_ours(
    tmp_path: Path, rows: list[tuple[str, str, str, str]]
) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    file = export(tmp_path, "\n".join(["member_id,order_time,amount,note", *quoted]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        try:
            table = read_orders(file, tz="UTC", output="pyarrow")
        except SchemaError:
            return
    assert isinstance(SCHEMAS["orders"].check(table), pa.Table)
