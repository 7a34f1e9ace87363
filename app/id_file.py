"""Ids of members in a text file, one a line."""

from pathlib import Path

import pyarrow as pa

from siyu.datasets import ParameterError

__all__ = ["read_ids"]


def read_ids(path: Path, kind: pa.DataType, parameter: str) -> pa.Array:
    """Read one id a line, of the type that the ids of members have: text, or integers.

    Raises
    ------
    ParameterError
        Naming `parameter`, if the file cannot be read or its lines are no such ids.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(parameter, f"cannot read the ids in {path}: {error}") from error
    ids = pa.array([line.strip() for line in lines if line.strip()], pa.large_string())
    try:
        return ids.cast(kind)
    except pa.ArrowInvalid as error:
        raise ParameterError(
            parameter, f"{path} must hold one member_id a line, an integer: {error}"
        ) from error
