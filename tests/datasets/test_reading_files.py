"""Reading files and folders: parts, types, personal data, kinds of frames."""

from pathlib import Path

import pandas as pd
import pytest

from export_files import GOOD, HEADER, export, orders_of
from siyu.datasets import SCHEMAS, ParameterError, SchemaError, SiyuWarning
from siyu.datasets.reading import readers
from siyu.datasets.reading.readers import (
    read_identities,
    read_members,
    read_messages,
    read_orders,
    read_table,
)


def test_contacts_are_left_out_without_a_key(tmp_path: Path) -> None:
    file = export(tmp_path, "member_id,手机号,level\nM1,13800138000,gold\n")
    with pytest.warns(SiyuWarning, match=r"手机号: personal data \(phone\) was left out"):
        assert list(read_members(file).columns) == ["member_id", "level"]


def test_contacts_are_hashed_with_the_callers_key(tmp_path: Path) -> None:
    file = export(tmp_path, "member_id,phone\nM1,138 0013 8000\nM2,+8613800138000\nM3,\n")
    phones = read_members(file, hash_key="a long secret")["phone"]
    assert phones[0] == phones[1]
    assert phones.isna().tolist() == [False, False, True]
    assert phones.dropna().str.fullmatch("[0-9a-f]{64}").all()


def test_contacts_under_another_name_are_found_by_their_values(tmp_path: Path) -> None:
    rows = "".join(f"M{n},1380013800{n}\n" for n in range(5))
    file = export(tmp_path, "member_id,remark\n" + rows)
    with pytest.warns(SiyuWarning, match=r"remark: personal data \(phone\)"):
        assert list(read_members(file).columns) == ["member_id"]


def test_a_member_id_that_is_a_phone_is_kept_and_named(tmp_path: Path) -> None:
    file = export(tmp_path, "member_id\n13800138000\n")
    with pytest.warns(SiyuWarning, match="look like personal data") as caught:
        assert read_members(file)["member_id"].tolist() == ["13800138000"]
    assert "13800138000" not in str(caught[0].message)


def test_identities_that_are_contacts_need_a_key(tmp_path: Path) -> None:
    file = export(tmp_path, "member_id,id_kind,id\nM1,web,77\nM1,phone,13800138000\n")
    with pytest.raises(SchemaError, match=r"kind 'phone' are personal data.* first in row 3"):
        read_identities(file)


def test_identities_that_are_contacts_are_hashed(tmp_path: Path) -> None:
    file = export(tmp_path, "member_id,id_kind,id\nM1,web,77\nM1,phone,13800138000\n")
    ids = read_identities(file, hash_key=b"a long secret")["id"].tolist()
    assert (ids[0], len(ids[1])) == ("77", 64)


def test_the_text_of_messages_is_left_out(tmp_path: Path) -> None:
    file = export(tmp_path, "member_id,message_time,内容\nM1,2026-01-02,你好\n")
    with pytest.warns(SiyuWarning, match="the text of messages was left out"):
        assert "内容" not in read_messages(file, tz="UTC").columns


def test_a_folder_of_parquet_parts_is_one_table(tmp_path: Path) -> None:
    for part in (1, 2):
        pd.DataFrame({"member_id": [part], "level": ["gold"]}).to_parquet(
            tmp_path / f"part-{part}.parquet"
        )
    assert read_members(tmp_path)["member_id"].tolist() == [1, 2]


def test_a_problem_in_one_of_several_files_names_the_file(tmp_path: Path) -> None:
    first = export(tmp_path, HEADER + GOOD, "1.csv")
    second = export(tmp_path, HEADER + GOOD.replace("A1", "A2").replace(",10,", ",x,"), "2.csv")
    with pytest.raises(SchemaError, match=r"is no number \(in 2.csv\); 1 rows, first in row 2"):
        read_orders([first, second], tz="UTC")


def test_overlapping_exports_count_once(tmp_path: Path) -> None:
    first = export(tmp_path, HEADER + GOOD, "1.csv")
    second = export(tmp_path, HEADER + GOOD + GOOD.replace("A1", "A2"), "2.csv")
    with pytest.warns(SiyuWarning, match=r"left out.*\(in 2.csv\)"):
        assert read_orders([first, second], tz="UTC")["order_id"].tolist() == ["A1", "A2"]


def test_files_with_other_columns_are_refused(tmp_path: Path) -> None:
    first = export(tmp_path, "member_id,level\nM1,gold\n", "1.csv")
    second = export(tmp_path, "member_id,grade\nM2,gold\n", "2.csv")
    with pytest.raises(SchemaError, match=r"the columns of 2.csv and 1.csv differ"):
        read_members([first, second])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"there is no file .*nowhere.csv"):
        read_members(tmp_path / "nowhere.csv")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no Parquet or CSV file in"):
        read_members(tmp_path)


def test_a_workbook_must_be_saved_as_csv(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"save the sheet as CSV \(UTF-8\) first"):
        read_members(export(tmp_path, "", "members.xlsx"))


def test_a_broken_parquet_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="is no whole Parquet file"):
        read_members(export(tmp_path, "PAR1", "members.parquet"))


def test_parquet_types_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "orders.parquet"
    times = pd.to_datetime(["2026-01-02 09:00"]).tz_localize("Asia/Shanghai")
    pd.DataFrame({"member_id": [7], "order_time": times, "amount": [1999]}).to_parquet(file)
    orders = read_orders(file, amount_unit="fen")
    assert orders["member_id"].dtype == "int64"
    assert orders["amount"].tolist() == [19.99]


def test_whole_float_ids_become_integers_and_are_named(tmp_path: Path) -> None:
    file = tmp_path / "products.parquet"
    pd.DataFrame({"product_id": ["P1", "P2"], "price": [1.0, 2.0]}).to_parquet(file)
    events = tmp_path / "events.parquet"
    pd.DataFrame(
        {
            "member_id": [1.0, 2.0],
            "event_time": [1767294240, 1767294241],
            "event": ["view", "view"],
            "product_id": [5.0, None],
        }
    ).to_parquet(events)
    with pytest.warns(SiyuWarning, match="whole numbers kept as floats were read as integers"):
        assert read_table("events", events)["product_id"].dtype == "Int64"


def test_broken_float_ids_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "members.parquet"
    pd.DataFrame({"member_id": [1.0, 2.5]}).to_parquet(file)
    with pytest.raises(SchemaError, match=r"a float is no id.*first in row 2"):
        read_members(file)


def test_unix_times_in_integers_are_read(tmp_path: Path) -> None:
    file = tmp_path / "members.parquet"
    pd.DataFrame({"member_id": [1], "joined_at": [1767294240]}).to_parquet(file)
    assert str(read_members(file)["joined_at"][0]) == "2026-01-01 19:04:00+00:00"


@pytest.mark.parametrize("output", ["pandas", "polars", "pyarrow"])
def test_the_caller_chooses_the_kind_of_frame(tmp_path: Path, output: str) -> None:
    frame = orders_of(tmp_path, GOOD, output=output)
    assert type(frame).__module__.split(".")[0] == output


def test_the_warning_points_at_the_caller(tmp_path: Path) -> None:
    file = export(tmp_path, HEADER + "A1,M1,2026-01-02,-1,Wang")
    with pytest.warns(SiyuWarning, match="refunds") as caught:
        read_orders(file, tz="UTC")
    assert Path(caught[0].filename).name == "test_reading_files.py"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_table_has_a_reader_and_reads_an_empty_file(tmp_path: Path, name: str) -> None:
    header = ",".join(column.name for column in SCHEMAS[name].columns)
    frame = getattr(readers, f"read_{name}")(export(tmp_path, header + "\n"), output="pyarrow")
    assert SCHEMAS[name].check(frame).equals(frame)


def test_categories_of_parquet_are_read_as_text(tmp_path: Path) -> None:
    file = tmp_path / "products.parquet"
    frame = pd.DataFrame({"product_id": ["P1", "P2"], "price": ["¥1", "2"]})
    frame.astype("category").to_parquet(file)
    with pytest.warns(SiyuWarning, match="currency"):
        assert read_table("products", file)["price"].tolist() == [1.0, 2.0]


def test_a_long_report_is_cut_in_the_message_but_whole_in_problems(tmp_path: Path) -> None:
    names = [f"n{i}" for i in range(10)]
    header = ",".join(["member_id", *(name for n in names for name in (n, n))])
    row = ",".join(["M1", *["x"] * 20])
    with pytest.warns(SiyuWarning, match=r"and 2 more, see \.problems") as caught:
        read_members(export(tmp_path, f"{header}\n{row}\n"))
    report = caught[0].message
    assert isinstance(report, SiyuWarning)
    assert len(report.problems) == 10
