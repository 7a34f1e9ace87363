"""Look a file over before it is used: which table, which columns, what is wrong where."""

from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from siyu.datasets.errors import Problem, SchemaError
from siyu.datasets.frames import Frame

from .column_names import ColumnGuess, suggest_columns
from .plan import ReadOptions, ReadPlan, problems_frame, read_rows

__all__ = ["FileCheck", "check_file"]


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What reading a file would give.

    Attributes
    ----------
    guess : ColumnGuess
        The table, the mapping of its columns, and the line that reads it.
    n_rows : int or None
        Rows that would be read; None where the file would be refused.
    refused : tuple of Problem
        What stops the reading.
    mended : tuple of Problem
        What would be changed on the way.
    """

    guess: ColumnGuess
    n_rows: int | None
    refused: tuple[Problem, ...]
    mended: tuple[Problem, ...]

    @property
    def is_readable(self) -> bool:
        """Whether the suggested line would read the file."""
        return not self.refused

    @property
    def problems(self) -> Frame:
        """All problems as a pandas frame; ``level`` is ``refused`` or ``mended``."""
        frame = problems_frame((*self.refused, *self.mended))
        levels = ["refused"] * len(self.refused) + ["mended"] * len(self.mended)
        frame.insert(0, "level", levels)
        return frame


def check_file(
    path: str | Path, *, table: str | None = None, **options: Unpack[ReadOptions]
) -> FileCheck:
    r"""Read a file as its columns suggest, and tell what was found instead of raising.

    Parameters
    ----------
    path : str or Path
        A CSV or Parquet file.
    table : str, optional
        The table, if it is known.
    **options
        As for `read_table`; ``columns`` goes before the suggestion.

    Returns
    -------
    FileCheck

    Raises
    ------
    ParameterError
        If an argument is wrong or there is no such file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "export.csv")
    ...     _ = file.write_text("会员ID,下单时间,实付金额\n7,2026-01-02,9.90\n8,,1.00\n")
    ...     found = check_file(file, tz="Asia/Shanghai")
    >>> found.guess.table, found.is_readable
    ('orders', False)
    >>> print(found.refused[0])
    order_time: required, but empty; 1 rows, first in row 3
    """
    try:
        guess = suggest_columns(path, table)
    except SchemaError as error:
        guess = ColumnGuess(table or "orders", 0.0, (), (), str(path))
        return FileCheck(guess, None, error.problems, ())
    options["columns"] = options.get("columns") or guess.mapping
    try:
        rows, mended = read_rows(path, ReadPlan(guess.table, **options))
    except SchemaError as error:
        return FileCheck(guess, None, error.problems, ())
    return FileCheck(guess, rows.num_rows, (), mended)
