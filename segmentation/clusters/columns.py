"""Columns of a member table that can be compared: numbers, flags and codes."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import Problem, SchemaError
from siyu.datasets.ids import encode

__all__ = ["Column", "Kind", "MemberTable", "column_of", "read_members"]

Floats = npt.NDArray[np.float64]
Kind = Literal["number", "flag", "code"]

_FEW_LEVELS = 30
"""Texts up to this many are codes, however few the members."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column as numbers.

    `values` are n floats, NaN where unknown: numbers as they are, flags 0 and 1, codes their
    place in `levels`, which are sorted.
    """

    name: str
    kind: Kind
    values: Floats
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class MemberTable:
    """Members, the columns that can be compared, and why others cannot (name -> reason)."""

    ids: pa.Array
    columns: tuple[Column, ...]
    skipped: dict[str, str]


def read_members(table: pa.Table, member_id: str = "member_id") -> MemberTable:
    """Read the columns of a table with one row a member.

    Parameters
    ----------
    table : pa.Table
    member_id : str
        The column of ids; where there is none, rows count as members 0, 1, 2, ...

    Returns
    -------
    MemberTable
        In the order of the rows. Times, lists and columns without any value are skipped.

    Raises
    ------
    SchemaError
        If an id is null or repeated, a number infinite, or a text column holds free text:
        more than 30 values, and more values than half the members. All at once.
    """
    n = table.num_rows
    has_ids = member_id in table.column_names
    ids = table[member_id].combine_chunks() if has_ids else pa.array(np.arange(n))
    problems = _id_problems(ids, member_id)
    columns, skipped = [], {}
    for name in table.column_names:
        if name == member_id:
            continue
        column = column_of(name, table[name])
        if isinstance(column, str):
            skipped[name] = column
            continue
        problems += _value_problems(column)
        columns.append(column)
    if problems:
        raise SchemaError("members", tuple(problems))
    return MemberTable(ids, tuple(columns), skipped)


def column_of(name: str, values: pa.ChunkedArray) -> Column | str:
    """Read one column; a text, if it cannot be compared, says why."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if len(values) and values.null_count == len(values):
        return "no_values"
    if pa.types.is_boolean(kind):
        return Column(name, "flag", _floats(values.cast(pa.int8())))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Column(name, "number", _floats(values))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        codes, levels = encode(values.cast(pa.large_string()))
        found = np.where(codes < 0, np.nan, codes.astype(np.float64))
        return Column(name, "code", found, tuple(levels.to_pylist()))
    return "time" if pa.types.is_temporal(kind) else "no_tag"


def _floats(values: pa.ChunkedArray) -> Floats:
    """Give numbers as floats of their own, NaN for nulls."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    flat = values.cast(pa.float64()).combine_chunks()
    return np.array(flat.to_numpy(zero_copy_only=False), dtype=np.float64)


def _id_problems(ids: Any, name: str) -> list[Problem]:
    twice = len(ids) - pc.count_distinct(ids, mode="only_valid").as_py()
    return [Problem(name, "null or repeated", twice)] if twice else []


def _value_problems(column: Column) -> list[Problem]:
    values = column.values
    endless = np.flatnonzero(np.isinf(values))
    if len(endless):
        return [Problem(column.name, "must be finite or null", len(endless), int(endless[0]))]
    n_known = int((~np.isnan(values)).sum())
    n_levels = len(column.levels)
    if n_levels > _FEW_LEVELS and n_levels > n_known / 2:
        rule = f"free text, {n_levels} values among {n_known} members; leave the column out"
        return [Problem(column.name, rule, n_known)]
    return []
