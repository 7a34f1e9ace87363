"""Files that are written whole or not at all.

A file is written under a temporary name in its own folder, forced to disk, and renamed over the
old one; whoever reads meanwhile, or after a crash, finds the old file or the new one. The same
content gives the same bytes.
"""

import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from .csv_safety import csv_safe
from .errors import FileError, ParameterError

__all__ = [
    "cannot_write",
    "describe_files",
    "inside",
    "sync_folder",
    "write_bytes",
    "write_csv",
    "write_json",
    "write_parquet",
    "write_text",
]

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_ROWS_A_GROUP = 2**17


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write bytes to a file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        In a folder that exists. An existing file is replaced; anything else of that name (a
        folder, a link, a device) is refused.
    data : bytes

    Raises
    ------
    FileError
        If the file cannot be written; the old file is then still whole.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_bytes(folder / "a.bin", b"abc")
    >>> (folder / "a.bin").read_bytes()
    b'abc'
    """
    with _replacing(Path(path)) as file:
        file.write(data)


def write_text(path: str | Path, text: str) -> None:
    r"""Write text as UTF-8, whole or not at all; line ends stay as they are.

    Parameters
    ----------
    path, raises
        As in `write_bytes`.
    text : str

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_text(folder / "a.txt", "会员\n")
    >>> (folder / "a.txt").read_text(encoding="utf-8")
    '会员\n'
    """
    write_bytes(path, text.encode())


def write_json(path: str | Path, content: Any) -> None:
    r"""Write JSON with sorted keys, whole or not at all.

    Parameters
    ----------
    path, raises
        As in `write_bytes`.
    content : dicts, lists, text, numbers, booleans and None
        Finite numbers only: JSON has no other.

    Raises
    ------
    ParameterError
        If the content cannot be said in JSON.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_json(folder / "a.json", {"b": 1, "a": "群"})
    >>> (folder / "a.json").read_text(encoding="utf-8")
    '{\n  "a": "群",\n  "b": 1\n}\n'
    """
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise ParameterError("content", f"content cannot be written as JSON: {error}") from error
    write_text(path, text + "\n")


def write_parquet(path: str | Path, table: pa.Table) -> None:
    """Write a table as Parquet, whole or not at all; chunks of the table leave no trace.

    Parameters
    ----------
    path, raises
        As in `write_bytes`.
    table : pa.Table

    Examples
    --------
    >>> import tempfile, pyarrow.parquet
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_parquet(folder / "a.parquet", pa.table({"member_id": [1, 2]}))
    >>> pyarrow.parquet.read_table(folder / "a.parquet").num_rows
    2
    """
    import pyarrow.parquet as pq

    with _replacing(Path(path)) as file:
        pq.write_table(
            table.combine_chunks(),
            file,
            row_group_size=_ROWS_A_GROUP,
            version="2.6",
            compression="zstd",
            compression_level=3,
        )


def write_csv(path: str | Path, table: pa.Table) -> None:
    r"""Write a table as CSV for people, whole or not at all.

    UTF-8 with a byte order mark, so that spreadsheets show Chinese; text and column names go
    through `csv_safe`, so that no cell runs as a formula; numbers and times are not touched.
    Lists of text become one text joined by ``"; "``.

    Parameters
    ----------
    path, raises
        As in `write_bytes`.
    table : pa.Table

    Raises
    ------
    ParameterError
        If a column holds what CSV cannot, such as structures.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_csv(folder / "a.csv", pa.table({"name": ["=1+1"], "n": [-1]}))
    >>> (folder / "a.csv").read_text(encoding="utf-8-sig")
    '"name","n"\n"\'=1+1",-1\n'
    """
    import pyarrow.csv as pcsv

    names = csv_safe(pa.array(table.column_names, pa.string())).to_pylist()
    shown = [_readable(column) for column in table.columns]
    with _replacing(Path(path)) as file:
        file.write(b"\xef\xbb\xbf")
        try:
            pcsv.write_csv(pa.Table.from_arrays(shown, names), file)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise ParameterError("table", f"the table does not fit into CSV: {error}") from error


def inside(folder: str | Path, name: str) -> Path:
    """Join a folder and a plain file name, and refuse any name that could lead elsewhere.

    Parameters
    ----------
    folder : str or Path
    name : str
        Letters, digits, ``_``, ``-`` and ``.`` (not first or last); at most 100 characters.

    Raises
    ------
    ParameterError
        For any other name: separators, ``..``, NUL, names of devices.

    Examples
    --------
    >>> inside("out", "tags.parquet").name
    'tags.parquet'
    """
    plain = _PLAIN_NAME.fullmatch(name) and not name.endswith(".") and not _DEVICES.fullmatch(name)
    if not plain:
        raise ParameterError("name", f"{name!r} is not a plain file name")
    return Path(folder) / name


def describe_files(folder: str | Path) -> dict[str, dict[str, int | str]]:
    """List the files of a folder with their size and checksum, for a manifest.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    dict of relative name (``/`` between parts, sorted) to ``{"bytes": int, "sha256": str}``
        ``manifest.json`` of the folder itself is left out.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_text(folder / "a.txt", "abc")
    >>> describe_files(folder)["a.txt"]["bytes"]
    3
    """
    top = Path(folder)
    named = {path.relative_to(top).as_posix(): path for path in top.rglob("*") if path.is_file()}
    named.pop("manifest.json", None)
    return {name: _describe(named[name]) for name in sorted(named)}


def cannot_write(path: Path, error: Exception) -> FileError:
    """Say in one sentence why a file or folder cannot be written."""
    reason = getattr(error, "strerror", None) or str(error)
    return FileError(str(path), f"cannot be written: {reason}; choose a place you may write to")


def sync_folder(folder: Path) -> None:
    """Force a folder's list of names to disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside the target; rename it over the target at the end."""
    try:
        _refuse_other_kinds(target)
        temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
        file = temporary.open("xb")
    except (OSError, ValueError) as error:
        raise cannot_write(target, error) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _refuse_other_kinds(target: Path) -> None:
    """Refuse to put a file where there is a folder, a link or a device."""
    try:
        kind = target.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(kind):
        raise FileError(str(target), "is no regular file; choose another name")


def _readable(column: Any) -> Any:
    """Make one column fit for CSV: lists joined, text safe."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if not pa.types.is_string(kind.value_type):
            column = column.cast(pa.list_(pa.string()))
        column = pc.binary_join(column.cast(pa.list_(pa.string())), "; ")
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return csv_safe(column)
    return column


def _describe(path: Path) -> dict[str, int | str]:
    """Measure one file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}
