"""Model bundles: folders that are read only if every byte is what was written.

LightGBM crashes the whole process on some damaged model texts, and silently predicts something
else on others; pickles run what is in them. So a bundle holds only text and Parquet, its
``manifest.json`` holds the SHA-256 of every file and of itself, and all are verified before
anything is parsed. Checksums find damage, not forgery: load bundles from sources you trust.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from .errors import ModelFileError, ParameterError
from .files import describe_files, inside, write_bytes, write_parquet, write_text
from .staging import staged_folder

__all__ = ["Bundle", "bundle_kind", "read_bundle", "write_bundle"]

_FORMAT = "siyu-bundle"
_VERSION = 1
_MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 16 * 2**20
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.(txt|parquet)")
_PARTS = {"kind": str, "meta": dict, "versions": dict, "files": dict}
_LIBRARIES = ("siyu", "numpy", "pyarrow", "lightgbm")


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A bundle whose every byte was verified.

    Attributes
    ----------
    folder : str, where it was read
    kind : str, what it holds
    meta : dict, as it was given to `write_bundle` (tuples have become lists, keys text)
    versions : dict of library to the version that wrote the bundle
    """

    folder: str
    kind: str
    meta: dict[str, Any]
    versions: dict[str, str]
    _contents: dict[str, bytes]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files, sorted."""
        return tuple(sorted(self._contents))

    def text(self, name: str) -> str:
        """Give the text of a ``.txt`` file.

        Raises
        ------
        ModelFileError
            If the bundle has no such file.
        """
        return self._content(name, ".txt").decode()

    def table(self, name: str) -> pa.Table:
        """Read the table of a ``.parquet`` file.

        Raises
        ------
        ModelFileError
            If the bundle has no such file.
        """
        import pyarrow.parquet as pq

        return pq.read_table(pa.BufferReader(self._content(name, ".parquet")))

    def _content(self, name: str, ending: str) -> bytes:
        """Find a verified file."""
        if name not in self._contents or not name.endswith(ending):
            kinds = {".txt": "text", ".parquet": "table"}
            raise ModelFileError(
                self.folder,
                f"the bundle holds no {kinds[ending]} {name!r}, only {list(self.names)}",
            )
        return self._contents[name]


def write_bundle(
    folder: str | Path, kind: str, files: Mapping[str, "str | pa.Table"], meta: Mapping[str, Any]
) -> None:
    """Write a bundle, whole or not at all; the same content gives the same bytes.

    Parameters
    ----------
    folder : str or Path
        Made, or replaced if it is a bundle; a folder with files of others is refused.
    kind : str
        What the bundle holds, such as ``"offer-recommender"``; asked for again on reading.
    files : mapping of name to text or pa.Table
        Names end in ``.txt`` for text (LightGBM models) and ``.parquet`` for tables, in lower
        case letters, digits, ``_`` and ``-``. Schema metadata is not kept.
    meta : mapping
        What else must be known, such as the feature columns, ``as_of`` and parameters: anything
        that JSON can say. Put in no clock, or bytes will differ.

    Raises
    ------
    ParameterError
        If a name or the meta is not as above.
    FileError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "model"
    >>> write_bundle(folder, "demo", {"trees.txt": "tree"}, {"columns": ["price"]})
    >>> bundle = read_bundle(folder, "demo")
    >>> bundle.text("trees.txt"), bundle.meta
    ('tree', {'columns': ['price']})
    """
    for name, content in files.items():
        _check_file(name, content)
    head = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "kind": kind,
        "meta": _plain(meta),
        "versions": _versions(),
    }
    with staged_folder(folder) as staging:
        for name, content in files.items():
            if isinstance(content, str):
                write_text(inside(staging, name), content)
            else:
                write_parquet(inside(staging, name), content.replace_schema_metadata(None))
        manifest = {**head, "files": describe_files(staging)}
        write_bytes(staging / _MANIFEST, _sealed(manifest))


def read_bundle(folder: str | Path, kind: str) -> Bundle:
    """Read a bundle, and refuse it unless every byte is as it was written.

    Parameters
    ----------
    folder : str or Path
    kind : str
        As it was given to `write_bundle`.

    Returns
    -------
    Bundle
        Its files are held in memory, as they were verified.

    Raises
    ------
    ModelFileError
        If a file is missing, added, damaged, cut, or a link; if the bundle is of another kind,
        or was written by a newer siyu. The message names the file and says what to do.

    Examples
    --------
    >>> read_bundle("nowhere", "demo")
    Traceback (most recent call last):
    siyu.datasets.errors.ModelFileError: nowhere: there is no such folder [E401]
    """
    top = Path(folder)
    found = _names(top)
    manifest = _manifest(top)
    if manifest["kind"] != kind:
        raise ModelFileError(
            str(folder), f"is a bundle of kind {manifest['kind']!r}, expected {kind!r}"
        )
    listed = manifest["files"]
    if added := sorted(found - {_MANIFEST, *listed}):
        raise ModelFileError(
            str(top / added[0]), "is no part of the bundle; remove it, or fetch the bundle again"
        )
    contents = {name: _verified(top, name, listed[name]) for name in sorted(listed)}
    return Bundle(str(folder), kind, manifest["meta"], manifest["versions"], contents)


def bundle_kind(folder: str | Path) -> str:
    """Tell what a bundle says it holds; nothing else of it is looked at.

    Raises
    ------
    ModelFileError
        If there is no bundle.
    """
    top = Path(folder)
    _names(top)
    return str(_manifest(top)["kind"])


def _check_file(name: str, content: "str | pa.Table") -> None:
    """Refuse a name that is not plain, or does not say what the file is."""
    ending = ".txt" if isinstance(content, str) else ".parquet"
    if not _FILE_NAME.fullmatch(name) or not name.endswith(ending):
        raise ParameterError(
            "files", f"{name!r} must be a plain lower-case name that ends in {ending}"
        )


def _plain(meta: Mapping[str, Any]) -> Any:
    """Take meta as JSON will give it back; refuse what JSON cannot say."""
    try:
        return json.loads(_canonical(meta))
    except (TypeError, ValueError) as error:
        raise ParameterError("meta", f"meta cannot be written as JSON: {error}") from error


def _versions() -> dict[str, str]:
    """Name the versions of what writes the bundle."""
    found = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), **found}


def _canonical(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest in its one form."""
    text = json.dumps(dict(manifest), ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    return (text + "\n").encode()


def _sealed(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest together with its own checksum."""
    seal = hashlib.sha256(_canonical(manifest)).hexdigest()
    return _canonical({**manifest, "sha256": seal})


def _names(top: Path) -> set[str]:
    """Name everything in the folder."""
    if not top.is_dir():
        raise ModelFileError(str(top), "there is no such folder")
    try:
        return {path.name for path in top.iterdir()}
    except OSError as error:
        raise ModelFileError(str(top), f"cannot be read: {error.strerror}") from error


def _manifest(top: Path) -> dict[str, Any]:
    """Read the manifest and verify every byte of it."""
    path = top / _MANIFEST
    data = _read(path, _LARGEST_MANIFEST)
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise ModelFileError(str(path), "is not the manifest of a siyu bundle")
    version = manifest.get("format_version")
    if isinstance(version, int) and version > _VERSION:
        raise ModelFileError(
            str(path), f"was written by a newer siyu (format {version}); upgrade siyu to read it"
        )
    rest = {name: value for name, value in manifest.items() if name != "sha256"}
    try:
        is_whole = _sealed(rest) == data
    except (ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if not is_whole or any(not isinstance(manifest.get(key), kind) for key, kind in _PARTS.items()):
        raise _damaged(path)
    return manifest


def _verified(top: Path, name: str, expected: Mapping[str, Any]) -> bytes:
    """Read one listed file and compare size and checksum."""
    if not _FILE_NAME.fullmatch(name):
        raise ModelFileError(str(top / _MANIFEST), f"lists {name!r}, which is no name for a file")
    path = top / name
    data = _read(path, expected["bytes"])
    if len(data) != expected["bytes"]:
        raise ModelFileError(
            str(path),
            f"has {len(data)} bytes, expected {expected['bytes']}; fetch or train the model again",
        )
    if hashlib.sha256(data).hexdigest() != expected["sha256"]:
        raise _damaged(path)
    return data


def _read(path: Path, largest: int) -> bytes:
    """Read a regular file, no link, of at most so many bytes."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ModelFileError(str(path), "is no regular file; fetch or train the model again")
        with os.fdopen(os.open(path, flags), "rb") as file:
            data = file.read(largest + 1)
    except FileNotFoundError as error:
        raise ModelFileError(
            str(path), "is missing; fetch the whole bundle or train the model again"
        ) from error
    except OSError as error:
        raise ModelFileError(str(path), f"cannot be read: {error.strerror}") from error
    if len(data) > largest:
        raise ModelFileError(
            str(path), f"has more than {largest} bytes; fetch or train the model again"
        )
    return data


def _damaged(path: Path) -> ModelFileError:
    """Say that a file is not what was written."""
    return ModelFileError(
        str(path), "is damaged (its checksum differs); fetch or train the model again"
    )
