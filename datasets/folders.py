"""A community as a folder: one Parquet file a table, and its settings."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from .errors import DataError, warn
from .schema import SCHEMAS

__all__ = ["open_folder", "write_folder"]

_SETTINGS = "community.json"


def open_folder(path: str | Path) -> tuple[dict[str, pa.Table | Path], dict[str, Any]]:
    """Find the tables of a folder, without reading them, and its settings.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    (sources, settings)
        The file of each table, and what ``community.json`` says (nothing if it is absent).

    Raises
    ------
    DataError
        If there is no such folder, or it holds no table.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; expected one with <table>.parquet files")
    found = {file.stem: file for file in sorted(folder.glob("*.parquet"))}
    sources: dict[str, pa.Table | Path] = {n: p for n, p in found.items() if n in SCHEMAS}
    if not sources:
        raise DataError(
            f"{folder} holds none of the tables {', '.join(SCHEMAS)} as .parquet; "
            "CSV files are read by siyu.datasets.read_table"
        )
    unknown = [name for name in found if name not in SCHEMAS]
    if unknown:
        warn(f"{folder}: left out files that are no table: {', '.join(unknown)}")
    settings = folder / _SETTINGS
    return sources, json.loads(settings.read_text("utf-8")) if settings.is_file() else {}


def write_folder(
    path: str | Path, tables: Mapping[str, pa.Table], settings: Mapping[str, Any]
) -> None:
    """Write every table as ``<table>.parquet``, and the settings last.

    Parameters
    ----------
    path : str or Path
        Made if absent; files of the same names are replaced whole, never in part.
    tables : mapping of table name to rows
    settings : mapping
        Goes to ``community.json``.
    """
    from .files import write_json, write_parquet

    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        write_parquet(folder / f"{name}.parquet", rows)
    write_json(folder / _SETTINGS, dict(settings))
