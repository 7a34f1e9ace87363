"""The text of rules: given as it is, or in a file."""

import re
from pathlib import Path

from siyu.datasets.errors import ParameterError

__all__ = ["is_json", "text_of"]

_MOST_BYTES = 1_000_000
_JSON = re.compile(r'\s*\{\s*"')
_SUFFIXES = (".yaml", ".yml", ".json")


def text_of(source: str | Path) -> str:
    """Give the text itself, or that of the file.

    Raises
    ------
    ParameterError
        If the file cannot be read, or is larger than any rules.
    """
    if not _is_file(source):
        return str(source)
    path = Path(source)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ParameterError("rules", f"{path} is larger than {_MOST_BYTES} bytes")
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError("rules", f"cannot read the rules of {path}: {error}") from error


def is_json(source: str | Path) -> bool:
    """Tell whether a source is JSON, by the ending of the file or the begin of the text."""
    if _is_file(source):
        return Path(source).suffix.lower() == ".json"
    return _JSON.match(str(source)) is not None


def _is_file(source: str | Path) -> bool:
    """Tell a path from text: one line that ends as such files do."""
    if isinstance(source, Path):
        return True
    return "\n" not in source and Path(source).suffix.lower() in _SUFFIXES
