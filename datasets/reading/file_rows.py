"""Rows as they stand in a file, each with the line a person would count, and what was found."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import Problem

__all__ = ["Fault", "FileRows", "Findings", "Mask", "fault_of", "mask_of"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """Rows of one column that break one rule; `refused` faults stop the reading.

    `example` is one value as it stood in the file; leave it empty for personal data.
    """

    rule: str
    rows: Mask
    refused: bool
    example: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FileRows:
    """A table read from one or several files, with the line each row begins in.

    Parameters
    ----------
    table : pyarrow.Table, n rows
    lines : int64 array, n
        1 is the first line of the file. For Parquet, 1 is the first row.
    files : tuple of str
        Names of the files.
    file_codes : int64 array, n
        Which file each row is from.
    """

    table: pa.Table
    lines: npt.NDArray[np.int64]
    files: tuple[str, ...]
    file_codes: npt.NDArray[np.int64]

    @classmethod
    def of(cls, table: pa.Table, lines: npt.NDArray[np.int64], file: str) -> "FileRows":
        """Make the rows of one file.

        Examples
        --------
        >>> FileRows.of(pa.table({"a": [7, 8]}), np.array([2, 3]), "a.csv").files
        ('a.csv',)
        """
        return cls(table, lines, (file,), np.zeros(len(lines), dtype=np.int64))

    def keep(self, mask: Mask) -> "FileRows":
        """Give the rows of a mask."""
        at = np.flatnonzero(mask)
        return FileRows(
            self.table.take(pa.array(at)), self.lines[at], self.files, self.file_codes[at]
        )

    def renamed(self, names: Mapping[str, str]) -> "FileRows":
        """Give the rows with other column names."""
        table = self.table.rename_columns([names.get(n, n) for n in self.table.column_names])
        return FileRows(table, self.lines, self.files, self.file_codes)

    def with_table(self, table: pa.Table) -> "FileRows":
        """Give other columns for the same rows."""
        return FileRows(table, self.lines, self.files, self.file_codes)

    def problem(self, column: str, fault: Fault) -> Problem:
        """Describe a fault by count and by the line of its first row."""
        first = int(np.argmax(fault.rows))
        where = f" (in {self.files[self.file_codes[first]]})" if len(self.files) > 1 else ""
        count = int(np.count_nonzero(fault.rows))
        return Problem(column, fault.rule + where, count, int(self.lines[first]), fault.example)


@dataclass(slots=True)
class Findings:
    """What the reading of a file met: problems that stop it, and those mended on the way."""

    refused: list[Problem] = field(default_factory=list)
    mended: list[Problem] = field(default_factory=list)

    def add(self, rows: FileRows, column: str, faults: list[Fault]) -> None:
        """Note the faults of one column; a fault without rows is none."""
        for fault in faults:
            if fault.rows.any():
                (self.refused if fault.refused else self.mended).append(rows.problem(column, fault))


def fault_of(rule: str, texts: pa.Array | pa.ChunkedArray, rows: Mask) -> Fault:
    """Refuse the rows of a mask and show the first, unless it could name or reach a person.

    Examples
    --------
    >>> fault_of("is no number", pa.array(["1,5"]), np.array([True])).example
    '1,5'
    >>> fault_of("is no number", pa.array(["13800138000"]), np.array([True])).example
    ''
    """
    example = str(texts[int(np.argmax(rows))]) if rows.any() else ""
    shown = _HARMLESS.fullmatch(example) and not _LONG_NUMBER.search(example)
    return Fault(rule, rows, refused=True, example=example if shown else "")


def mask_of(flags: pa.Array | pa.ChunkedArray) -> Mask:
    """Turn Arrow flags into a numpy mask; a null counts as false."""
    return np.asarray(flags.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)


# Digits and signs, the month names and units of dates, and the words for infinity.
_HARMLESS = re.compile(r"(?:[\W\d_]|[eETZinf年月日时分秒元]){1,32}")
_LONG_NUMBER = re.compile(r"(?<!\d)1\d{10}(?!\d)|\d{15,}")
