"""One table in one file, for programs (codes) or for people (words): ``siyu tag``, ``siyu koc``."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets import ParameterError, label
from siyu.datasets.files import write_csv, write_parquet
from siyu.datasets.frames import Frame, to_arrow
from siyu.datasets.labels import Lang

__all__ = ["check_file", "for_people", "language", "write_table"]

_WRITERS = {".parquet": write_parquet, ".csv": write_csv}


def check_file(out: Path) -> None:
    """Refuse a file that is neither Parquet nor CSV, before any work is done."""
    if out.suffix not in _WRITERS:
        raise ParameterError("out", f"out must end with .parquet or .csv, got {out.name!r}")


def language(words: str | None) -> Lang | None:
    """Take the language of the words; None stands for codes."""
    if words not in (None, "zh", "en"):
        raise ParameterError("words", f"words must be zh or en, got {words!r}")
    return None if words is None else "en" if words == "en" else "zh"


def for_people(table: Frame, names: Mapping[str, str], lang: Lang) -> pa.Table:
    """Put words in the place of codes and of columns' names, and round what has decimals."""
    spoken, _ = to_arrow(label(table, lang))
    columns = [
        pc.round(column, 3) if pa.types.is_floating(column.type) else column
        for column in spoken.columns
    ]
    return pa.table(columns, names=[names.get(name, name) for name in spoken.column_names])


def write_table(out: Path, table: pa.Table) -> None:
    """Write the table, whole or not at all; a cell of a CSV file holds a list in one text."""
    if out.suffix == ".csv":
        for position, field in enumerate(table.schema):
            if pa.types.is_list(field.type) or pa.types.is_large_list(field.type):
                joined = pc.binary_join(table[field.name], "; ")
                table = table.set_column(position, field.name, joined)
    _WRITERS[out.suffix](out, table)
