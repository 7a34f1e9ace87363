"""CSV files as text: encoding, separator and quotes found out, no cell interpreted.

Nothing here turns text into numbers, dates or missing values, so ids keep their zeros
and their digits. Every row keeps the number of the line it begins in.
"""

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from siyu.datasets.errors import ParameterError, Problem, SchemaError

__all__ = ["BadRow", "CsvText", "read_csv_text"]

_SEPARATORS = (",", "\t", ";", "|")
_BLOCK = 16 << 20
_HEAD = 1 << 16


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row with too few or too many cells, and the line it begins in."""

    line: int
    n_cells: int


@dataclass(frozen=True, slots=True, eq=False)
class CsvText:
    """A CSV file as it stands.

    Parameters
    ----------
    header : tuple of str
        Column names, stripped; repeated names are still repeated here.
    table : pyarrow.Table, n_rows
        All text, columns named ``f0, f1, ...``; an empty cell is ``""``.
    lines : int64 array, n_rows
        The line each row begins in; 1 is the first line of the file.
    bad : tuple of BadRow
        Rows whose number of cells differs from the header's; they are not in `table`.
    encoding, separator : str
        As named or as found.
    """

    header: tuple[str, ...]
    table: pa.Table
    lines: npt.NDArray[np.int64]
    bad: tuple[BadRow, ...]
    encoding: str
    separator: str


def read_csv_text(
    path: Path, *, encoding: str | None = None, separator: str | None = None, skip_lines: int = 0
) -> CsvText:
    r"""Read a CSV file without interpreting a single cell.

    Parameters
    ----------
    path : Path
        The file is read whole into memory.
    encoding : str, optional
        Any name that Python knows. Default: found out among utf-8 (with or without mark),
        utf-16 and gb18030.
    separator : str, optional
        One character. Default: found out among comma, tab, semicolon and bar.
    skip_lines : int
        Lines above the header, such as the title of an export.

    Returns
    -------
    CsvText

    Raises
    ------
    SchemaError
        If the bytes are no text in the encoding, if there is no header, if the text holds
        NUL characters, or if a quote is never closed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "orders.csv")
    ...     _ = path.write_bytes("订单号;amount\n007;1,5\n".encode("gb18030"))
    ...     text = read_csv_text(path)
    >>> text.header, text.encoding, text.separator, text.table["f0"].to_pylist()
    (('订单号', 'amount'), 'gb18030', ';', ['007'])
    """
    name = path.name
    data, found = _as_utf8(path.read_bytes(), encoding, name)
    data = _without_lines(data, skip_lines).rstrip(b"\r\n\x1a")
    if b"\x00" in data:
        line = data[: data.index(b"\x00")].count(b"\n") + 1 + skip_lines
        rule = "holds NUL characters: the file is damaged, or name its encoding"
        raise _refusal(name, rule, line, data.count(b"\x00"))
    head = data[:_HEAD].decode("utf-8", errors="ignore")
    sep = _checked_separator(separator) if separator is not None else _find_separator(head)
    header = next(csv.reader(io.StringIO(head, newline=""), delimiter=sep), [])
    if not any(cell.strip() for cell in header):
        raise _refusal(name, "is empty: a header with column names is expected", skip_lines + 1, 1)
    table, bad = _parse(data, sep, len(header), name)
    above = skip_lines + sum(cell.count("\n") for cell in header)
    lines, bad_rows = _lines(table, bad, above, data)
    _refuse_open_quote(table, lines, sep, name)
    names = tuple(cell.strip() for cell in header)
    return CsvText(names, table, lines, bad_rows, found, sep)


def _refusal(name: str, rule: str, line: int | None, count: int) -> SchemaError:
    return SchemaError(name, (Problem("(file)", rule, count, line),))


def _without_lines(data: bytes, n: int) -> bytes:
    for _ in range(n):
        data = data.partition(b"\n")[2]
    return data


def _as_utf8(data: bytes, encoding: str | None, name: str) -> tuple[bytes, str]:
    """Turn the bytes of a file into UTF-8 without a byte-order mark."""
    found = encoding or _find_encoding(data)
    try:
        codec = codecs.lookup(found).name
    except LookupError as error:
        raise ParameterError("encoding", f"unknown encoding {found!r}") from error
    try:
        text = data.decode(found)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        rule = f"is no {codec} text from byte {error.start} on; name the file's encoding"
        raise _refusal(name, rule, line, 1) from error
    if codec == "gb18030" and encoding is None and not _looks_chinese(text):
        rule = "is neither utf-8, utf-16 nor Chinese gb18030 text; name the file's encoding"
        raise _refusal(name, rule, None, 1)
    if codec == "utf-8":
        return data.removeprefix(codecs.BOM_UTF8), codec
    return text.removeprefix("\ufeff").encode("utf-8"), codec


def _find_encoding(data: bytes) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = np.frombuffer(data[: _HEAD - _HEAD % 2], dtype=np.uint8)
    if len(head) and (head == 0).mean() > 0.2:
        return "utf-16-le" if (head[1::2] == 0).sum() > (head[::2] == 0).sum() else "utf-16-be"
    if _decodes(data, "utf-8") or not _decodes(data, "gb18030"):
        return "utf-8"
    broken = data.decode("utf-8", errors="replace").count("\ufffd")
    foreign = int((np.frombuffer(data, dtype=np.uint8) >= 0xC0).sum())
    # Few broken among many good letters: UTF-8 that was damaged, not another encoding.
    return "utf-8" if broken < 0.1 * foreign else "gb18030"


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(text: str) -> bool:
    """Tell Chinese from Western text misread as gb18030, by the share of common characters."""
    foreign = "".join(char for char in text[: _HEAD * 16] if char > "\x7f")
    common = len(foreign.encode("gb2312", errors="ignore")) // 2
    return common >= 0.8 * len(foreign)


def _checked_separator(separator: str) -> str:
    if len(separator) != 1 or ord(separator) > 127:
        raise ParameterError("separator", f"separator must be one character, got {separator!r}")
    return separator


def _find_separator(head: str) -> str:
    """Take the separator that cuts most of the first rows into as many cells as the header."""
    best, best_score = ",", (0.0, 1)
    for separator in _SEPARATORS:
        rows = list(csv.reader(io.StringIO(head, newline=""), delimiter=separator))[:51]
        rows = [row for row in rows if row]
        if not rows or len(rows[0]) < 2:
            continue
        body = rows[1:] or rows
        share = sum(len(row) == len(rows[0]) for row in body) / len(body)
        score = (float(share >= 0.5), len(rows[0]))
        if score > best_score:
            best, best_score = separator, score
    return best


def _parse(
    data: bytes, separator: str, n_cells: int, name: str
) -> tuple[pa.Table, list[tuple[int, int, str]]]:
    """Cut the text into cells; give the rows of the wrong length apart."""
    bad: list[tuple[int, int, str]] = []

    def set_aside(row: pacsv.InvalidRow) -> str:
        bad.append((row.number, row.actual_columns, row.text))
        return "skip"

    text = pa.large_string()
    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(
                use_threads=False,  # rows are numbered only in order
                column_names=[f"f{i}" for i in range(n_cells)],
                block_size=_BLOCK,
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=separator,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=set_aside,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types={f"f{i}": text for i in range(n_cells)},
                strings_can_be_null=False,
                null_values=[],
            ),
        )
    except pa.ArrowInvalid as error:
        rule = f"cannot be cut into cells, is a quote never closed? ({error})"
        raise _refusal(name, rule, None, 1) from error
    return table.slice(1).combine_chunks(), bad


def _lines(
    table: pa.Table, bad: list[tuple[int, int, str]], skipped: int, data: bytes
) -> tuple[npt.NDArray[np.int64], tuple[BadRow, ...]]:
    """Find the line each row begins in, for cells in quotes may hold line ends."""
    n_records = table.num_rows + len(bad)
    places = np.array([number - 2 for number, _, _ in bad], dtype=np.int64)  # 0: below the header
    good = np.ones(n_records, dtype=bool)
    good[places] = False
    extra = np.zeros(n_records, dtype=np.int64)
    if data.count(b"\n") > n_records:
        inside = [pc.count_substring(column, "\n") for column in table.columns]
        extra[good] = np.sum([np.asarray(counts) for counts in inside], axis=0)
        extra[places] = [text.rstrip("\r\n").count("\n") for _, _, text in bad]
    starts = 2 + skipped + np.arange(n_records) + np.cumsum(extra) - extra
    rows = tuple(
        BadRow(int(starts[place]), n_cells)
        for place, (_, n_cells, _) in zip(places, bad, strict=True)
    )
    return starts[good], rows


def _refuse_open_quote(
    table: pa.Table, lines: npt.NDArray[np.int64], separator: str, name: str
) -> None:
    """Refuse a cell that swallowed whole rows, because its quote was never closed."""
    between = table.num_columns - 1
    least = 1 if between > 1 else 3
    cell = f"[^{separator}\n]*"
    row = rf"\n{cell}" + rf"(?:{separator}{cell})".replace("|", r"\|") * between
    pattern = f"(?:{row}){{{least},}}(?:\n|$)"
    for column in table.columns:
        if between == 0 or not pc.any(pc.match_substring(column, "\n")).as_py():
            continue
        found = pc.match_substring_regex(column, pattern)
        if pc.any(found).as_py():
            line = int(lines[pc.index(found, pa.scalar(True)).as_py()])
            rule = "a quote opens here and swallows whole rows: it is never closed"
            raise _refusal(name, rule, line, int(pc.sum(found).as_py()))
