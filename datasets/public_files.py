"""Where the public data sets lie on this machine."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .errors import DataError

__all__ = ["folder_of", "read_part"]


def folder_of(name: str, path: str | Path | None) -> Path | None:
    """Find the folder of one public set: `path`, or else ``$SIYU_DATA/<name>``.

    Parameters
    ----------
    name : str
        Name of the set's folder.
    path : str or Path, optional

    Returns
    -------
    Path or None
        None where `path` is not given and ``SIYU_DATA`` has no such folder.

    Raises
    ------
    DataError
        If `path` is no folder.

    Examples
    --------
    >>> folder_of("cdnow", "nowhere")
    Traceback (most recent call last):
    ...
    siyu.datasets.errors.DataError: there is no folder nowhere for the data set 'cdnow' [E301]
    """
    if path is None:
        root = os.environ.get("SIYU_DATA")
        folder = Path(root or ".") / name
        return folder if root and folder.is_dir() else None
    if not Path(path).is_dir():
        raise DataError(f"there is no folder {path} for the data set '{name}'")
    return Path(path)


def read_part(folder: Path | None, name: str, part: str) -> pa.Table:
    """Read ``<part>.parquet`` of a set.

    Raises
    ------
    DataError
        If no folder is known, or the file is not in it.
    """
    if folder is None:
        raise DataError(
            f"where is '{name}'? Give its path, or set SIYU_DATA to the folder that holds it"
        )
    file = folder / f"{part}.parquet"
    if not file.is_file():
        raise DataError(f"the data set '{name}' needs {file}, which is not there")
    return pq.read_table(file)
