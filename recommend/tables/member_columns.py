"""Columns that the caller computes for every member, such as tags: read the same way at each cut.

Numbers and flags stay numbers, instants become days before the cut, text becomes the code of a
category. The categories are those of the training cuts, so that codes mean the same later; a
category not met then is unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.frames import Frame, to_arrow
from siyu.datasets.ids import ids_in, lookup
from siyu.recommend.sorted_keys import Floats

__all__ = ["MemberColumns", "MemberFeatures", "compute_columns"]

MemberFeatures: TypeAlias = Callable[[Community, Any], Frame]


@dataclass(frozen=True, slots=True)
class MemberColumns:
    """The columns and their categories.

    Attributes
    ----------
    categories : mapping of column name to its sorted categories; none for numbers
    """

    categories: Mapping[str, tuple[str, ...]]

    @classmethod
    def learn(cls, tables: Sequence[pa.Table]) -> "MemberColumns":
        """Learn the columns from the tables of all training cuts.

        Raises
        ------
        DataError
            If the cuts differ in their columns.
        """
        names = [name for name in tables[0].column_names if name != "member_id"] if tables else []
        for table in tables:
            if set(table.column_names) - {"member_id"} != set(names):
                raise DataError(
                    f"member_features gave the columns {sorted(names)} at one cut and "
                    f"{sorted(set(table.column_names) - {'member_id'})} at another"
                )
        kept = {name: _categories([table[name] for table in tables]) for name in sorted(names)}
        return cls({name: found for name, found in kept.items() if found is not None})

    @property
    def names(self) -> tuple[str, ...]:
        """Name the columns, sorted."""
        return tuple(sorted(self.categories))

    def categorical(self) -> tuple[str, ...]:
        """Name the columns that hold categories."""
        return tuple(name for name in self.names if self.categories[name])

    def read(self, table: pa.Table | None, members: pa.Array, moment: int) -> dict[str, Floats]:
        """Read the columns for every member; NaN for members the table lacks.

        Raises
        ------
        DataError
            If a column is missing, or is no longer what it was in training.
        """
        if not self.names or table is None:
            return {}
        missing = sorted(set(self.names) - set(table.column_names))
        if missing:
            raise DataError(f"member_features lacks the columns {', '.join(missing)}")
        at = lookup(members, table["member_id"].combine_chunks())
        found = {}
        for name in self.names:
            values = _numbers(name, table[name].combine_chunks(), self.categories[name], moment)
            found[name] = np.where(at >= 0, np.append(values, np.nan)[at], np.nan).astype(
                np.float32
            )
        return found


def compute_columns(features: MemberFeatures, c: Community, moment: int) -> pa.Table:
    """Ask the caller for the columns at one cut.

    Parameters
    ----------
    features : callable (Community, as_of) to a frame keyed by ``member_id``
    c : Community
        Cut at `moment`.
    moment : int, microseconds since 1970 UTC

    Raises
    ------
    ParameterError
        If `features` is no callable.
    DataError
        If the frame has no ``member_id``, or a member twice.
    """
    import pandas as pd

    if not callable(features):
        raise ParameterError(
            "member_features",
            "member_features must be a callable (Community, as_of) that gives a frame, "
            f"got {type(features).__name__}: a frame computed once would tell the past its future",
        )
    table, _ = to_arrow(features(c, pd.Timestamp(moment, unit="us", tz="UTC")))
    if "member_id" not in table.column_names:
        listed = ", ".join(table.column_names) or "none"
        raise DataError(f"member_features needs a column member_id; there are: {listed}")
    n_members = len(ids_in(table["member_id"]))
    if n_members != table.num_rows:
        raise DataError(
            f"member_features must give one row a member, got {table.num_rows} rows of "
            f"{n_members} members"
        )
    return table


def _categories(columns: Sequence[pa.ChunkedArray]) -> tuple[str, ...] | None:
    """List the categories of a text column; none for numbers; None for what cannot be used."""
    found: set[str] = set()
    is_text = False
    for given in columns:
        column = _decoded(given)
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            is_text = True
            found |= set(pc.unique(column.drop_null()).to_pylist())
        elif not _is_number(kind):
            warn(f"member_features: a column of type {kind} cannot be learned from; left out")
            return None
    return tuple(sorted(found)) if is_text and found else ()


def _numbers(
    name: str, column: pa.Array, categories: tuple[str, ...], moment: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Turn one column into numbers."""
    column = _decoded(column)
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        codes = lookup(column, pa.array(categories, kind)).astype(np.float64)
        return np.where(codes < 0, np.nan, codes)
    if not _is_number(kind) or (categories and not pa.types.is_null(kind)):
        raise DataError(f"member_features: the column {name} is now of type {kind}")
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        whole = pc.cast(column, pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
        us = pc.cast(whole, pa.int64())
        return (moment - _plain(us)) / DAY_US
    values = _plain(column)
    return np.where(np.isinf(values), np.nan, values)


def _decoded(column: Any) -> Any:
    """Write out a column that is stored as codes of a dictionary."""
    kind = column.type
    return pc.cast(column, kind.value_type) if pa.types.is_dictionary(kind) else column


def _plain(column: pa.Array) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Read numbers; null is NaN."""
    wide = pc.cast(column, pa.float64(), safe=False)
    return np.asarray(wide.to_numpy(zero_copy_only=False), np.float64)


def _is_number(kind: pa.DataType) -> bool:
    """Tell whether a column can be read as numbers."""
    checks = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_boolean,
        pa.types.is_timestamp,
        pa.types.is_date,
        pa.types.is_decimal,
        pa.types.is_null,
    )
    return any(check(kind) for check in checks)
