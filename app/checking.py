"""``siyu check``: what is wrong with a file or a folder of tables, and how to read it."""

from pathlib import Path

from siyu.datasets import SCHEMAS, Community, DataError, ParameterError, SchemaError
from siyu.datasets.errors import Problem
from siyu.datasets.reading.file_check import FileCheck, check_file

__all__ = ["check_path"]


def check_path(
    path: str | Path, *, table: str | None = None, tz: str | None = None
) -> tuple[list[str], bool]:
    """Look a file or folder over.

    Parameters
    ----------
    path : str or Path
        A CSV or Parquet file, or a folder of ``<table>.parquet`` files.
    table : str, optional
        Which table a file is; default the one that its columns fit best.
    tz : str, optional
        Zone of naive times.

    Returns
    -------
    (lines, fine)
        Lines to read, and whether everything can be used.

    Raises
    ------
    ParameterError
        If there is no such file or folder, or `table` is unknown.
    """
    place = Path(path)
    if table is not None and table not in SCHEMAS:
        raise ParameterError("table", f"'{table}' is no table; tables are {', '.join(SCHEMAS)}")
    if place.is_dir():
        return _check_folder(place, tz)
    if not place.exists():
        raise ParameterError("path", f"there is no file or folder {place}")
    return _check_file(place, table, tz)


def _check_folder(folder: Path, tz: str | None) -> tuple[list[str], bool]:
    c = Community.from_folder(folder, tz=tz)
    lines, fine = [f"{folder}: {len(c.tables())} tables, days are cut in {c.tz}"], True
    for name in c.tables():
        try:
            rows = c.arrow(name)
            lines.append(f"  ok   {name}: {0 if rows is None else rows.num_rows:,} rows")
        except SchemaError as error:
            fine = False
            lines.append(f"  bad  {name}:")
            lines += [f"       - {problem}" for problem in error.problems]
        except (DataError, OSError, ValueError) as error:
            fine = False
            lines.append(f"  bad  {name}: {error}")
    return lines, fine


def _check_file(path: Path, table: str | None, tz: str | None) -> tuple[list[str], bool]:
    options = {} if tz is None else {"tz": tz}
    found = check_file(path, table=table, **options)  # type: ignore[arg-type]
    guess = found.guess
    lines = [f"{path}: looks like '{guess.table}' (confidence {guess.confidence:.0%})"]
    lines += [
        f"  {column.column} -> {column.suggestion or '(not in the table)'}: {column.reason}"
        for column in guess.columns
    ]
    lines += _told("refused", found.refused)
    lines += _told("mended", found.mended)
    return lines + _advice(found), found.is_readable


def _told(level: str, problems: tuple[Problem, ...]) -> list[str]:
    return [f"  {level}: {problem}" for problem in problems]


def _advice(found: FileCheck) -> list[str]:
    if found.is_readable:
        return [f"  {found.n_rows:,} rows can be read with", f"    {found.guess.code}"]
    return ["  mend the file, or say more to the reader; a start:", f"    {found.guess.code}"]
