"""Files and folders as rows: found, opened, their columns named, broken rows set aside."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from siyu.datasets.errors import ParameterError, Problem, SchemaError
from siyu.datasets.schema import SCHEMAS

from .csv_text import CsvText, read_csv_text
from .file_rows import FileRows, Findings
from .row_faults import without_blank_rows

if TYPE_CHECKING:
    from .plan import ReadPlan

__all__ = ["Source", "open_files"]

Source = str | Path

_CSV = (".csv", ".tsv", ".txt")


def open_files(path: Source | Iterable[Source], plan: "ReadPlan", findings: Findings) -> FileRows:
    """Open the files of one table and give all their rows under the schema's column names.

    Parameters
    ----------
    path : path of a file or folder, or several paths
        In a folder all Parquet files are read, or else all CSV files, in order of name.
    plan : ReadPlan
    findings : Findings
        The report.

    Returns
    -------
    FileRows
        The cells of CSV files are text.

    Raises
    ------
    ParameterError
        If there is no such file, or ``plan.columns`` does not fit it.
    SchemaError
        If files have different columns.
    """
    parts = [_open(file, plan, findings) for file in _files(path)]
    first = parts[0]
    for part in parts[1:]:
        if set(part.table.column_names) != set(first.table.column_names):
            odd = sorted(set(part.table.column_names) ^ set(first.table.column_names))
            rule = f"the columns of {part.files[0]} and {first.files[0]} differ"
            raise SchemaError(plan.name, (Problem(", ".join(odd), rule, part.table.num_rows),))
    if len(parts) == 1:
        return first
    names = first.table.column_names
    tables = [part.table.select(names) for part in parts]
    return FileRows(
        pa.concat_tables(tables, promote_options="permissive"),
        np.concatenate([part.lines for part in parts]),
        tuple(part.files[0] for part in parts),
        np.repeat(np.arange(len(parts)), [part.table.num_rows for part in parts]),
    )


def _files(path: Source | Iterable[Source]) -> list[Path]:
    given = [Path(path)] if isinstance(path, str | Path) else [Path(part) for part in path]
    files: list[Path] = []
    for one in given:
        if one.is_dir():
            within = sorted(one.rglob("*.parquet"))
            files += within or sorted(p for p in one.iterdir() if p.suffix.lower() in _CSV)
        else:
            files.append(one)
    if not files:
        raise ParameterError("path", f"no Parquet or CSV file in {path}")
    for file in files:
        if not file.is_file():
            raise ParameterError("path", f"there is no file {file}")
        if file.suffix.lower() in (".xls", ".xlsx"):
            raise ParameterError("path", f"{file.name}: save the sheet as CSV (UTF-8) first")
    return files


def _open(file: Path, plan: "ReadPlan", findings: Findings) -> FileRows:
    if file.suffix.lower() in (".parquet", ".pq"):
        rows = _open_parquet(file)
    else:
        rows = _open_csv(file, plan, findings)
    names = _new_names(rows.table.column_names, plan.columns, file.name)
    return rows.renamed(names)


def _open_parquet(file: Path) -> FileRows:
    try:
        table = pq.ParquetFile(file).read()
    except pa.ArrowInvalid as error:
        rule = f"is no whole Parquet file ({error})"
        raise SchemaError(file.name, (Problem("(file)", rule, 1),)) from error
    return FileRows.of(table, np.arange(1, table.num_rows + 1), file.name)


def _open_csv(file: Path, plan: "ReadPlan", findings: Findings) -> FileRows:
    text = read_csv_text(
        file, encoding=plan.encoding, separator=plan.separator, skip_lines=plan.skip_lines
    )
    _set_aside(text, plan, findings)
    rows = FileRows.of(text.table, text.lines, file.name)
    rows = without_blank_rows(rows, text.header, findings)
    wanted = {**dict.fromkeys(c.name for c in SCHEMAS[plan.name].columns), **(plan.columns or {})}
    return _with_unique_names(rows, text.header, set(wanted), findings)


def _set_aside(text: CsvText, plan: "ReadPlan", findings: Findings) -> None:
    """Refuse rows of the wrong length, or leave them out if the caller asked for it."""
    if plan.bad_rows not in ("refuse", "drop"):
        raise ParameterError("bad_rows", f"expected 'refuse' or 'drop', got {plan.bad_rows!r}")
    width = len(text.header)
    for what, some in (
        ("fewer", [row for row in text.bad if row.n_cells < width]),
        ("more", [row for row in text.bad if row.n_cells > width]),
    ):
        if not some:
            continue
        rule = f"{what} cells than the {width} of the header"
        example = f"{some[0].n_cells} cells"
        if plan.bad_rows == "refuse":
            hint = "; mend the file or leave such rows out with bad_rows='drop'"
            findings.refused.append(Problem("(row)", rule + hint, len(some), some[0].line, example))
        else:
            findings.mended.append(
                Problem("(row)", f"{rule}; left out", len(some), some[0].line, example)
            )


def _with_unique_names(
    rows: FileRows, header: tuple[str, ...], wanted: set[str], findings: Findings
) -> FileRows:
    """Name the columns as the header does; settle names that are empty or stand twice."""
    columns: dict[str, pa.ChunkedArray] = {}
    for place, (name, values) in enumerate(zip(header, rows.table.columns, strict=True), 1):
        if not name:
            if values.unique().to_pylist() not in ([], [""]):
                columns[f"column_{place}"] = values
                rule = f"has no name; it was named column_{place}"
                findings.mended.append(Problem(f"(column {place})", rule, rows.table.num_rows))
        elif name not in columns:
            columns[name] = values
        elif values.equals(columns[name]):
            rule = "stands twice with equal values; one was left out"
            findings.mended.append(Problem(name, rule, rows.table.num_rows))
        elif name in wanted:
            rule = "stands twice with different values; name the columns apart"
            findings.refused.append(Problem(name, rule, rows.table.num_rows))
        else:
            columns[f"{name}_{place}"] = values
            rule = f"stands twice; column {place} was named {name}_{place}"
            findings.mended.append(Problem(name, rule, rows.table.num_rows))
    return rows.with_table(pa.table(columns))


def _new_names(there: list[str], columns: Mapping[str, str] | None, file: str) -> dict[str, str]:
    """Check the caller's renaming against the columns of a file."""
    names = {old.strip(): new for old, new in (columns or {}).items()}
    for old, new in names.items():
        if old not in there:
            near = difflib.get_close_matches(old, there, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            listed = ", ".join(there)
            raise ParameterError(
                "columns", f"{file} has no column '{old}'; there are: {listed}{hint}"
            )
        if list(names.values()).count(new) > 1:
            raise ParameterError("columns", f"columns names two columns '{new}'")
        if new in there and new not in names:
            raise ParameterError(
                "columns", f"{file} has a column '{new}' already; give that one another name"
            )
    return names
