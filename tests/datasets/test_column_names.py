"""Which table a file looks like, and what its columns are."""

from pathlib import Path

import pandas as pd
import pytest

from siyu.datasets import SCHEMAS, ParameterError, SchemaError, suggest_columns
from siyu.datasets.reading.column_synonyms import synonyms
from siyu.datasets.reading.file_check import check_file

EXPORTS = {
    "a Chinese shop": (
        "orders",
        {
            "订单号": "order_id",
            "会员ID": "member_id",
            "下单时间": "order_time",
            "实付金额(元)": "amount",
            "商品编码": "product_id",
            "数量": "quantity",
            "优惠金额": "discount",
            "门店": "store_id",
        },
    ),
    "an English shop": (
        "orders",
        {
            "Order ID": "order_id",
            "Customer ID": "member_id",
            "Created at": "order_time",
            "Total": "amount",
            "Lineitem sku": "product_id",
            "Lineitem quantity": "quantity",
            "Discount Amount": "discount",
        },
    ),
    "a grocer": (
        "orders",
        {
            "household_id": "member_id",
            "basket_id": "order_id",
            "transaction_timestamp": "order_time",
            "sales_value": "amount",
        },
    ),
    "visits": (
        "events",
        {"user_id": "member_id", "时间": "event_time", "event_type": "event"},
    ),
    "group members": (
        "memberships",
        {
            "群ID": "group_id",
            "成员": "member_id",
            "入群时间": "joined_at",
            "邀请人": "inviter_id",
        },
    ),
    "customers of staff": (
        "members",
        {"external_userid": "member_id", "createtime": "joined_at", "add_way": "source"},
    ),
    "invitations": (
        "referrals",
        {"邀请人": "inviter_id", "被邀请人": "invitee_id", "邀请时间": "referral_time"},
    ),
    "a catalogue": (
        "products",
        {"商品编码": "product_id", "类目": "category", "品牌": "brand", "售价": "price"},
    ),
}


@pytest.mark.parametrize("export", EXPORTS)
def test_usual_exports_are_understood(export: str) -> None:
    table, mapping = EXPORTS[export]
    guess = suggest_columns(list(mapping))
    assert (guess.table, guess.mapping, guess.missing) == (table, mapping, ())


@pytest.mark.parametrize("table", sorted(SCHEMAS))
def test_the_schemas_own_names_are_understood(table: str) -> None:
    names = [column.name for column in SCHEMAS[table].columns]
    guess = suggest_columns(names)
    assert (guess.table, guess.mapping, guess.confidence) == (table, {}, 1.0)


@pytest.mark.parametrize("table", sorted(SCHEMAS))
def test_no_word_names_two_required_columns(table: str) -> None:
    required = {column.name for column in SCHEMAS[table].columns if column.required}
    words = [word for name, known in synonyms(table).items() if name in required for word in known]
    assert len(words) == len(set(words))


def test_the_earlier_of_two_candidates_wins() -> None:
    guess = suggest_columns(["付款时间", "下单时间", "会员", "金额"], "orders")
    assert guess.mapping["下单时间"] == "order_time"
    assert "付款时间" not in guess.mapping


def test_a_similar_name_is_less_sure() -> None:
    guess = suggest_columns(["会员", "下单时间", "订单实付金额"], "orders")
    amount = guess.columns[2]
    assert amount.suggestion == "amount"
    assert 0.5 <= amount.confidence < 0.95


def test_contacts_are_named_and_not_mapped() -> None:
    guess = suggest_columns(["会员ID", "手机号", "注册时间"])
    assert guess.mapping == {"会员ID": "member_id", "注册时间": "joined_at"}
    assert [(p.column, "phone" in p.rule) for p in guess.problems] == [("手机号", True)]


def test_what_is_missing_is_a_problem() -> None:
    guess = suggest_columns(["订单号", "实付金额"], "orders")
    assert guess.missing == ("member_id", "order_time")
    assert [problem.column for problem in guess.problems] == ["member_id", "order_time"]


def test_values_that_do_not_fit_outvote_the_name(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("会员,日期,金额,付款时间\n1,周一,5,2026-01-02\n2,周二,6,2026-01-03\n")
    assert suggest_columns(file, "orders").mapping["付款时间"] == "order_time"


def test_parquet_files_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "export.parquet"
    frame = {"uid": [1], "created_at": pd.to_datetime(["2026-01-02"]), "total": [5.0]}
    pd.DataFrame(frame).to_parquet(file)
    assert suggest_columns(file).mapping == {
        "uid": "member_id",
        "created_at": "order_time",
        "total": "amount",
    }


def test_the_code_reads_the_file(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("会员ID,下单时间,实付金额\n7,2026-01-02,9.90\n")
    scope: dict[str, object] = {}
    exec("from siyu.datasets import read_table\n" + suggest_columns(file).code, scope)
    orders = scope["orders"]
    assert isinstance(orders, pd.DataFrame)
    assert orders["amount"].tolist() == [9.9]


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(ParameterError, match="no table 'order'"):
        suggest_columns(["a"], "order")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(SchemaError, match="is empty"):
        suggest_columns(tmp_path / "a.csv")


def test_a_check_counts_the_rows_of_a_good_file(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("会员ID,下单时间,实付金额\n7,2026-01-02,9.90\n8,2026-01-02,-1\n")
    found = check_file(file, tz="Asia/Shanghai")
    assert (found.n_rows, found.is_readable) == (2, True)
    assert found.problems["level"].tolist() == ["mended"]


def test_a_check_lists_what_stops_the_reading(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("会员ID,下单时间,实付金额\n7,2026-01-02,x\n8,,1\n")
    found = check_file(file, tz="Asia/Shanghai")
    assert (found.n_rows, found.is_readable) == (None, False)
    rows = found.problems[["level", "column", "first_row"]].to_numpy().tolist()
    assert rows == [["refused", "order_time", 3], ["refused", "amount", 2]]


def test_a_check_of_no_text_says_so(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    assert not check_file(file).is_readable


def test_the_callers_columns_go_before_the_suggestion(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("会员ID,下单时间,付款时间,实付金额\n7,x,2026-01-02,9.90\n")
    names = {"会员ID": "member_id", "付款时间": "order_time", "实付金额": "amount"}
    assert check_file(file, table="orders", tz="UTC", columns=names).n_rows == 1
