"""Files are whole or absent, and the same content gives the same bytes."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siyu.datasets.errors import FileError, ParameterError
from siyu.datasets.files import (
    describe_files,
    inside,
    write_bytes,
    write_csv,
    write_json,
    write_parquet,
    write_text,
)

TABLE = pa.table({"member_id": [3, 1, 2], "name": ["a", None, "会员"]})

WRITER = """
import sys
from siyu.datasets.files import write_bytes
old, new = b"a" * 3_000_000, b"b" * 5_000_000
write_bytes(sys.argv[1], old)
print("ready", flush=True)
while True:
    write_bytes(sys.argv[1], new)
    write_bytes(sys.argv[1], old)
"""


def kill_after(script: str, path: Path, seconds: float) -> None:
    """Let a child write again and again, and kill it at some moment."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path: Path, seed: int) -> None:
    kill_after(WRITER, tmp_path / "out.bin", random.Random(seed).uniform(0.005, 0.08))
    data = (tmp_path / "out.bin").read_bytes()
    assert (len(data), set(data)) in [(3_000_000, {ord("a")}), (5_000_000, {ord("b")})]


def test_bytes_are_replaced(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    write_bytes(str(tmp_path / "a"), b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_no_temporary_file_is_left(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "x")
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bytes(tmp_path / "a", b"old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match=r"No space left on device.*\[E501\]"):
        write_bytes(tmp_path / "a", b"new")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a": b"old"}


def test_an_interrupt_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bytes(tmp_path / "a", b"old")

    def interrupt(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "a", b"new")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a": b"old"}


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nowhere.* cannot be written: No such file"):
        write_text(tmp_path / "nowhere" / "a", "x")


def test_a_folder_of_that_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is no regular file"):
        write_text(tmp_path, "x")


def test_a_link_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileError, match="is no regular file"):
        write_text(tmp_path / "link", "x")


def test_a_device_is_refused() -> None:
    with pytest.raises(FileError, match="is no regular file"):
        write_text("/dev/null", "x")


def test_a_name_with_nul_is_refused() -> None:
    with pytest.raises(FileError, match="null"):
        write_text("a\0b", "x")


def test_json_has_sorted_keys_and_readable_chinese(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": [1, None], "a": "群"})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert text == '{\n  "a": "群",\n  "b": [\n    1,\n    null\n  ]\n}\n'


@pytest.mark.parametrize("wrong", [float("nan"), {1, 2}, {"a": object()}])
def test_what_json_cannot_say_is_refused(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(ParameterError, match="cannot be written as JSON"):
        write_json(tmp_path / "a.json", wrong)
    assert not list(tmp_path.iterdir())


def test_a_parquet_file_reads_back_equal(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", TABLE)
    assert pq.read_table(tmp_path / "a.parquet").equals(TABLE)


def test_chunks_leave_no_trace_in_parquet(tmp_path: Path) -> None:
    pieces = pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)])
    for name, table in (("a", TABLE), ("b", pieces)):
        write_parquet(tmp_path / name, table)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_table_without_rows_is_written(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a", TABLE.slice(0, 0))
    assert pq.read_table(tmp_path / "a").schema == TABLE.schema


def csv_text(tmp_path: Path, table: pa.Table) -> str:
    write_csv(tmp_path / "a.csv", table)
    return (tmp_path / "a.csv").read_text(encoding="utf-8-sig")


def test_csv_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", TABLE)
    assert (tmp_path / "a.csv").read_bytes()[:3] == b"\xef\xbb\xbf"


def test_csv_disarms_cells_and_column_names_but_no_number(tmp_path: Path) -> None:
    table = pa.table({"=evil": ["@x", "ok"], "n": [-1, 2]})
    assert csv_text(tmp_path, table) == '"\'=evil","n"\n"\'@x",-1\n"ok",2\n'


def test_csv_disarms_categories(tmp_path: Path) -> None:
    table = pa.table({"c": pa.array(["-x"]).dictionary_encode()})
    assert csv_text(tmp_path, table) == '"c"\n"\'-x"\n'


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.large_list(pa.large_string())])
def test_csv_joins_lists_of_text(tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"reasons": pa.array([["=a", "b"], [], None], kind)})
    assert csv_text(tmp_path, table) == '"reasons"\n"\'=a; b"\n""\n\n'


def test_csv_joins_lists_of_numbers(tmp_path: Path) -> None:
    assert csv_text(tmp_path, pa.table({"n": [[1, 2]]})) == '"n"\n"1; 2"\n'


def test_structures_do_not_fit_into_csv(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="does not fit into CSV"):
        write_csv(tmp_path / "a.csv", pa.table({"s": [{"x": 1}]}))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["tags.parquet", "part-00017.parquet", "a", "model_2"])
def test_plain_names_are_joined(name: str) -> None:
    assert inside("out", name) == Path("out") / name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        "/a",
        "a\\b",
        "a\0",
        "a\n",
        ".hidden",
        "a.",
        "-a",
        "C:a",
        "con",
        "NUL.txt",
        "com1",
        "lpt9.csv",
        "a" * 101,
        "会员",
        "~a",
        "a b",
        "%2e%2e",
    ],
)
def test_names_that_could_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="is not a plain file name"):
        inside("out", name)


def test_files_are_described_with_size_and_checksum(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    write_text(tmp_path / "model" / "manifest.json", "abc")
    write_text(tmp_path / "manifest.json", "{}")
    # SHA-256 of "abc": FIPS 180-2, appendix B.1.
    assert describe_files(tmp_path) == {
        "model/manifest.json": {
            "bytes": 3,
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        }
    }
