"""CSV files as text: encodings, separators, quotes and line numbers."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.datasets import ParameterError, SchemaError
from siyu.datasets.reading.csv_text import CsvText, read_csv_text

TEXT = "订单号,昵称,金额\n007,联通的王小姐,5\n"


def _read(folder: Path, data: bytes, encoding: str | None = None) -> CsvText:
    file = folder / "export.csv"
    file.write_bytes(data)
    return read_csv_text(file, encoding=encoding)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str) -> None:
    text = _read(tmp_path, TEXT.encode(encoding))
    assert text.header == ("订单号", "昵称", "金额")
    assert text.table["f1"].to_pylist() == ["联通的王小姐"]
    assert text.encoding == encoding


def test_a_named_encoding_is_used(tmp_path: Path) -> None:
    text = _read(tmp_path, "a,b\n1,Müller\n".encode("cp1252"), "cp1252")
    assert text.table["f1"].to_pylist() == ["Müller"]


def test_western_text_is_not_taken_for_chinese(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="name the file's encoding"):
        _read(tmp_path, "a,b\n1,Müllerä\n2,Göthe\n".encode("cp1252"))


def test_damaged_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    good = "订单号,昵称\n1,欢迎光临小店\n".encode()
    with pytest.raises(SchemaError, match=r"is no utf-8 text.* first in row 3"):
        _read(tmp_path, good + b"2,\xff\xfe\n")


def test_an_unknown_encoding_is_a_wrong_argument(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="unknown encoding 'utf-9'"):
        _read(tmp_path, b"a\n1\n", "utf-9")


def test_nul_characters_are_refused_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"NUL characters.* first in row 3"):
        _read(tmp_path, b"a,b\n1,2\n3,\x00\n")


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_the_separator_is_found_out(tmp_path: Path, separator: str) -> None:
    rows = [["id", "note", "amount"], ["1", "a b", "5"], ["2", "c", "6"]]
    text = _read(tmp_path, "\n".join(separator.join(row) for row in rows).encode())
    assert text.separator == separator
    assert text.table["f2"].to_pylist() == ["5", "6"]


def test_commas_inside_cells_do_not_hide_the_tabs_between(tmp_path: Path) -> None:
    text = _read(tmp_path, b"id\tnote\n1\ta,b,c\n2\td,e,f\n")
    assert text.separator == "\t"


def test_a_separator_of_two_characters_is_a_wrong_argument(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a||b\n")
    with pytest.raises(ParameterError, match="separator must be one character"):
        read_csv_text(tmp_path / "a.csv", separator="||")


def test_lines_above_the_header_can_be_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("微信支付账单\n起始 2026\na,b\n1,2\n")
    text = read_csv_text(tmp_path / "a.csv", skip_lines=2)
    assert (text.header, text.lines.tolist()) == (("a", "b"), [4])


def test_rows_after_a_cell_with_line_ends_keep_their_line(tmp_path: Path) -> None:
    text = _read(tmp_path, b'a,b\n1,"x\ny\nz"\n2,w\n')
    assert text.table["f1"].to_pylist() == ["x\ny\nz", "w"]
    assert text.lines.tolist() == [2, 5]


def test_a_header_with_line_ends_moves_the_rows_down(tmp_path: Path) -> None:
    text = _read(tmp_path, b'a,"b\n(yuan)"\n1,2\n')
    assert text.lines.tolist() == [3]


def test_rows_of_the_wrong_length_are_set_aside_with_their_line(tmp_path: Path) -> None:
    text = _read(tmp_path, b'a,b\n1,"x\ny"\n2\n3,4,5\n6,7\n')
    assert [(row.line, row.n_cells) for row in text.bad] == [(4, 1), (5, 3)]
    assert text.lines.tolist() == [2, 6]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_known(tmp_path: Path, end: str) -> None:
    text = _read(tmp_path, end.join(["a,b", "1,2", "3,4", ""]).encode())
    assert text.table["f1"].to_pylist() == ["2", "4"]


@pytest.mark.parametrize("rest", [b"", b'6,7,"Jerry"\n'])
def test_a_quote_that_swallows_rows_is_refused(tmp_path: Path, rest: bytes) -> None:
    with pytest.raises(SchemaError, match=r"never closed.* first in row 3"):
        _read(tmp_path, b'a,b,c\n0,0,0\n1,2,"Tom\n3,4,5\n4,5,6\n' + rest)


@pytest.mark.parametrize("data", [b"", b"\n\n", b",,\n"])
def test_a_file_without_header_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SchemaError, match="is empty"):
        _read(tmp_path, data)


def test_a_header_alone_gives_no_rows(tmp_path: Path) -> None:
    assert _read(tmp_path, b"a,b\n").table.num_rows == 0


CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=8
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    separator=st.sampled_from([",", "\t", ";"]),
)
def test_every_quoted_cell_comes_back(
    tmp_path: Path, rows: list[tuple[str, str]], encoding: str, separator: str
) -> None:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
    lines = ["id" + separator + "note", *(separator.join(row) for row in quoted)]
    file = tmp_path / "cells.csv"
    file.write_bytes("\n".join(lines).encode(encoding))
    text = read_csv_text(file, encoding=encoding, separator=separator)
    assert list(zip(*(text.table[n].to_pylist() for n in ("f0", "f1")), strict=True)) == rows


def test_a_quote_that_never_ends_in_a_large_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siyu.datasets.reading.csv_text._BLOCK", 64)
    with pytest.raises(SchemaError, match="is a quote never closed"):
        _read(tmp_path, b'a,b\n1,"' + b"x" * 200)
