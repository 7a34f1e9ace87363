"""Reading tables from files of any origin: kept as meant, mended with a report, or refused."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from export_files import GOOD, HEADER, export, first_of, mended_orders, orders_of
from siyu.datasets import ParameterError, SchemaError, SiyuWarning
from siyu.datasets.reading.readers import (
    read_members,
    read_orders,
    read_products,
    read_referrals,
    read_table,
)

ORDERS_IN_CHINESE = {
    "订单号": "order_id",
    "会员": "member_id",
    "下单时间": "order_time",
    "实付": "amount",
}


def test_short_rows_may_be_left_out_on_demand(tmp_path: Path) -> None:
    orders, problems = mended_orders(tmp_path, GOOD, "A2,M2", bad_rows="drop")
    assert len(orders) == 1
    assert first_of(problems)[2:] == (1, 3)


def test_a_product_called_total_stays(tmp_path: Path) -> None:
    orders = orders_of(tmp_path, "A1,M1,2026-01-02,10,Total")
    assert orders["nickname"].tolist() == ["Total"]


def test_the_header_again_among_the_rows_is_left_out(tmp_path: Path) -> None:
    orders, problems = mended_orders(tmp_path, GOOD, HEADER)
    assert len(orders) == 1
    assert first_of(problems)[2:] == (1, 3)


def test_rows_without_values_are_left_out(tmp_path: Path) -> None:
    orders, problems = mended_orders(tmp_path, GOOD, ",,,,", GOOD.replace("A1", "A2").strip())
    assert len(orders) == 2
    assert first_of(problems) == ("(row)", "rows without any value were left out", 1, 3)


def test_equal_lines_without_order_id_are_kept_and_named(tmp_path: Path) -> None:
    file = export(tmp_path, "member_id,order_time,amount\n" + "M1,2026-01-02,5\n" * 2)
    with pytest.warns(SiyuWarning, match="were kept; drop them with duplicates='drop'"):
        assert len(read_orders(file, tz="UTC")) == 2


def test_equal_lines_may_be_kept_on_demand(tmp_path: Path) -> None:
    orders, _ = mended_orders(tmp_path, GOOD, GOOD, duplicates="keep")
    assert len(orders) == 2


def test_equal_lines_may_be_refused_on_demand(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="rows equal an earlier row in every column"):
        orders_of(tmp_path, GOOD, GOOD, duplicates="refuse")


def test_lines_that_differ_anywhere_are_two(tmp_path: Path) -> None:
    orders = orders_of(tmp_path, GOOD, GOOD.replace("Wang", "Li"))
    assert len(orders) == 2


def test_one_member_with_two_descriptions_is_refused(tmp_path: Path) -> None:
    file = export(tmp_path, "member_id,level\nM1,gold\nM2,gold\nM1,silver\n")
    with pytest.raises(SchemaError, match="same key and other values; 1 rows, first in row 4"):
        read_members(file)


def test_one_member_described_twice_alike_is_one(tmp_path: Path) -> None:
    file = export(tmp_path, "member_id,level\nM1,gold\nM1,gold\n")
    with pytest.warns(SiyuWarning, match="were left out"):
        assert len(read_members(file)) == 1


def test_self_invitations_may_be_kept_on_demand(tmp_path: Path) -> None:
    file = export(tmp_path, "inviter_id,invitee_id\nM3,M3\n")
    with pytest.warns(SiyuWarning, match="invite themselves were kept"):
        assert len(read_referrals(file, self_referrals="keep")) == 1


# Columns


def test_columns_are_renamed_once(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes("订单号,会员,下单时间,实付\n0042,007,2026/1/2 9:30,1999\n".encode("gb18030"))
    orders = read_orders(
        file, columns=ORDERS_IN_CHINESE, tz="Asia/Shanghai", amount_unit="fen"
    ).to_dict("records")
    assert orders == [
        {
            "member_id": "007",
            "order_time": pd.Timestamp("2026-01-02 01:30", tz="UTC"),
            "amount": 19.99,
            "order_id": "0042",
        }
    ]


def test_missing_columns_come_with_a_suggestion(tmp_path: Path) -> None:
    file = export(tmp_path, "会员,下单时间,实付\n1,2026-01-02,3\n")
    with pytest.raises(SchemaError, match=r"perhaps columns={'会员': 'member_id'"):
        read_orders(file, tz="UTC")


def test_a_renaming_of_no_column_is_a_wrong_argument(tmp_path: Path) -> None:
    file = export(tmp_path, "订单编号,会员\n1,2\n")
    with pytest.raises(ParameterError, match=r"no column '订单号'.*did you mean '订单编号'"):
        read_orders(file, columns={"订单号": "order_id"})


def test_two_columns_cannot_become_one(tmp_path: Path) -> None:
    file = export(tmp_path, "a,b\n1,2\n")
    with pytest.raises(ParameterError, match="names two columns 'member_id'"):
        read_orders(file, columns={"a": "member_id", "b": "member_id"})


def test_a_name_that_is_taken_cannot_be_given_again(tmp_path: Path) -> None:
    file = export(tmp_path, "uid,member_id\n1,2\n")
    with pytest.raises(ParameterError, match="has a column 'member_id' already"):
        read_orders(file, columns={"uid": "member_id"})


def test_a_repeated_column_with_equal_values_is_one(tmp_path: Path) -> None:
    file = export(tmp_path, "product_id,price,price\nP1,5,5\n")
    with pytest.warns(SiyuWarning, match="stands twice with equal values"):
        assert list(read_products(file).columns) == ["product_id", "price"]


def test_a_repeated_column_nobody_needs_gets_another_name(tmp_path: Path) -> None:
    file = export(tmp_path, "product_id,note,note\nP1,5,6\n")
    with pytest.warns(SiyuWarning, match="column 3 was named note_3"):
        assert list(read_products(file).columns) == ["product_id", "note", "note_3"]


def test_a_column_without_name_gets_one(tmp_path: Path) -> None:
    file = export(tmp_path, ",product_id\n0,P1\n")
    with pytest.warns(SiyuWarning, match="it was named column_1"):
        assert read_products(file)["column_1"].tolist() == ["0"]


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(SchemaError) as caught:
        orders_of(tmp_path, "A1,,2026-01-40,x,Wang", "A2,M2")
    assert [problem.column for problem in caught.value.problems] == [
        "(row)",
        "member_id",
        "order_time",
        "amount",
    ]


def test_an_empty_required_cell_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(
        SchemaError, match="order_time: required, but empty; 1 rows, first in row 3"
    ):
        orders_of(tmp_path, GOOD, "A2,M2,,5,Li")


def test_the_line_counts_line_ends_inside_cells(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="amount: is no number; 1 rows, first in row 5"):
        orders_of(tmp_path, 'A1,M1,2026-01-02,10,"a\nb\nc"', "A2,M2,2026-01-02,x,d")


def test_rows_of_sends_need_a_member_or_a_group(tmp_path: Path) -> None:
    file = export(tmp_path, "send_time,member_id,group_id\n2026-01-02,M1,\n2026-01-02,,\n")
    with pytest.raises(
        SchemaError, match="member_id or group_id is required; 1 rows, first in row 3"
    ):
        read_table("sends", file, tz="UTC")


def test_naive_times_need_a_zone(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="has no zone; say which with tz="):
        orders_of(tmp_path, GOOD, tz=None)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"tz": "Mars/Olympus"}, "tz must be the name of a time zone"),
        ({"amount_unit": "penny"}, "amount_unit must be one of"),
        ({"hash_key": "short"}, "hash_key must have 8 bytes or more"),
        ({"bad_rows": "guess"}, "expected 'refuse' or 'drop'"),
        ({"duplicates": "guess"}, "expected 'auto', 'drop', 'keep' or 'refuse'"),
        ({"output": "excel"}, "expected 'pandas', 'polars' or 'pyarrow'"),
    ],
)
def test_wrong_arguments_are_named(tmp_path: Path, options: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        orders_of(tmp_path, GOOD, **options)


def test_a_wrong_choice_for_self_referrals_is_named(tmp_path: Path) -> None:
    file = export(tmp_path, "inviter_id,invitee_id\nM1,M2\n")
    with pytest.raises(ParameterError, match="expected 'drop' or 'keep'"):
        read_referrals(file, self_referrals="guess")  # type: ignore[arg-type]


def test_an_unknown_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no table 'order'"):
        read_table("order", tmp_path)
