"""The errors and the one warning that siyu raises.

::

    SiyuError
      SchemaError      a table breaks its schema            E1xx
      ParameterError   an argument is out of range          E0xx
      DataError        valid tables that cannot answer      E3xx
      ModelFileError   a model bundle is refused            E4xx
      FileError        a file or folder cannot be written   E5xx
    SiyuWarning        the answer is right, but weak        W2xx

Every error keeps all its arguments in ``args``, so that it survives the trip
between processes, and carries a ``code`` that stays the same in every language.
"""

import inspect
import warnings
from dataclasses import dataclass
from typing import Any

__all__ = [
    "DataError",
    "FileError",
    "ModelFileError",
    "ParameterError",
    "Problem",
    "SchemaError",
    "SiyuError",
    "SiyuWarning",
    "warn",
]


class SiyuError(Exception):
    """The root of every error that siyu raises on purpose."""

    code = "E000"


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule of one column: how often, and where first.

    `first_row` counts from 0 in a frame; readers of files count lines from 1, as editors do.
    """

    column: str
    rule: str
    count: int
    first_row: int | None = None
    example: str = ""

    def __str__(self) -> str:
        where = "" if self.first_row is None else f", first in row {self.first_row}"
        shown = f" ({self.example})" if self.example else ""
        return f"{self.column}: {self.rule}; {self.count} rows{where}{shown}"


class SchemaError(SiyuError, ValueError):
    """A table breaks its schema; `problems` lists every broken rule at once."""

    code = "E101"

    def __init__(self, table: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(table, problems)
        self.table = table
        self.problems = problems

    def __str__(self) -> str:
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        return f"table '{self.table}' breaks its schema [{self.code}]:\n{lines}"


class ParameterError(SiyuError, ValueError):
    """An argument is out of range; `name` says which."""

    code = "E001"

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, message)
        self.name = name
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


class DataError(SiyuError, ValueError):
    """The tables are valid, but cannot answer the question."""

    code = "E301"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


class ModelFileError(SiyuError, ValueError):
    """A model bundle is damaged, incomplete or of a version that cannot be read."""

    code = "E401"

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message} [{self.code}]"


class FileError(SiyuError):
    """A file or folder cannot be written; what was there before is still whole."""

    code = "E501"

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message} [{self.code}]"


class SiyuWarning(UserWarning):
    """The answer is right but weak or partial; `problems` holds the rows in question, if any."""

    code = "W201"

    def __init__(self, message: str, problems: Any = None) -> None:
        super().__init__(message, problems)
        self.message = message
        self.problems = problems

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


def warn(message: str, problems: Any = None) -> None:
    """Emit one `SiyuWarning` that points at the first caller outside the library."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and f"{frame.f_globals.get('__name__')}.".startswith("siyu."):
        frame, level = frame.f_back, level + 1
    warnings.warn(SiyuWarning(message, problems), stacklevel=level)
