"""Folders that appear whole or not at all.

A job writes into ``OUT.staging-...`` beside its goal; at the end the two change places in one
step. A job that fails, or is killed, leaves the old folder as it was.
"""

import ctypes
import errno
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import FileError
from .files import cannot_write, sync_folder

__all__ = ["staged_folder"]

_MANIFEST = "manifest.json"
_HERE = -100  # AT_FDCWD of Linux
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux


@contextmanager
def staged_folder(path: str | Path) -> Iterator[Path]:
    """Give a folder to write into; it becomes `path` at the end, all at once.

    An old folder is replaced only if siyu wrote all that is in it: every file must stand in the
    ``files`` of its ``manifest.json`` (as `siyu.datasets.files.describe_files` lists them).
    So the last thing to write is ``manifest.json``, or the next run will be refused.

    On Linux old and new change places in one step. Elsewhere the old folder is moved aside
    first, and for that instant there is neither; a crash then leaves both whole, under
    ``OUT.staging-...`` and ``OUT.staging-...-old``.

    Parameters
    ----------
    path : str or Path
        The folder to make or to replace; missing parents are made.

    Yields
    ------
    Path
        An empty folder beside `path`, on the same disk. If the block raises, it is removed.

    Raises
    ------
    FileError
        If the folder cannot be written, or holds files that siyu did not write.

    Examples
    --------
    >>> import tempfile
    >>> from siyu.datasets.files import describe_files, write_json, write_text
    >>> out = Path(tempfile.mkdtemp()) / "out"
    >>> with staged_folder(out) as folder:
    ...     write_text(folder / "tags.txt", "new")
    ...     write_json(folder / "manifest.json", {"files": describe_files(folder)})
    >>> sorted(file.name for file in out.iterdir())
    ['manifest.json', 'tags.txt']
    """
    try:
        target = Path(path).resolve()
        _refuse_foreign(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = target.with_name(f"{target.name}.staging-{secrets.token_hex(6)}")
        staging.mkdir()
    except (OSError, ValueError) as error:
        raise cannot_write(Path(path), error) from error
    try:
        yield staging
        _put_in_place(staging, target)
    finally:
        # By now this is the unfinished folder, or the old one.
        shutil.rmtree(staging, ignore_errors=True)


def _refuse_foreign(target: Path) -> None:
    """Refuse to replace what siyu did not write."""
    if target == Path.cwd() or target in Path.cwd().parents:
        raise FileError(str(target), "is the current folder, or holds it; choose another")
    if not target.exists():
        return
    if not target.is_dir():
        raise FileError(str(target), "is a file; choose a folder")
    foreign = sorted(_files(target) - _own_files(target))
    if foreign:
        raise FileError(
            str(target),
            f"holds {len(foreign)} files that siyu did not write (first: {foreign[0]!r}); "
            "choose another folder, or empty this one",
        )


def _files(folder: Path) -> set[str]:
    """Name everything in a folder but its true sub-folders."""
    found = set()
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        found |= {(Path(place) / name).relative_to(folder).as_posix() for name in files + links}
    return found


def _own_files(folder: Path) -> set[str]:
    """Name the files that the folder's manifest lists, and the manifest."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return set()
    listed = manifest.get("files") if isinstance(manifest, dict) else None
    return {_MANIFEST, *listed} if isinstance(listed, dict) else set()


def _put_in_place(staging: Path, target: Path) -> None:
    """Force the new folder to disk and rename it to its goal."""
    try:
        for place, _, _ in os.walk(staging):
            sync_folder(Path(place))
        if not target.exists():
            staging.rename(target)
        elif not _exchange(staging, target):
            _move_aside(staging, target)
        sync_folder(target.parent)
    except OSError as error:
        raise cannot_write(target, error) from error


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; False where the system cannot."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
        return False
    raise OSError(number, os.strerror(number), str(other))


def _move_aside(staging: Path, target: Path) -> None:
    """Replace a folder in two renames; put the old one back if the second fails."""
    old = staging.with_name(staging.name + "-old")
    target.rename(old)
    try:
        staging.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
