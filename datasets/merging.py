"""Join the tables of several communities into one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .errors import DataError, ParameterError
from .frames import Frame
from .ids import encode, lookup
from .schema import SCHEMAS

if TYPE_CHECKING:
    from .community import Community

__all__ = ["merged_tables"]


def merged_tables(
    parts: Sequence["Community"], identities: Frame | None, on_conflict: str
) -> dict[str, pa.Table]:
    """Put the rows of each table of all parts together; see `Community.merge`."""
    if on_conflict not in ("error", "first", "last"):
        raise ParameterError(
            "on_conflict", f"on_conflict must be 'error', 'first' or 'last', got {on_conflict!r}"
        )
    known = None if identities is None else SCHEMAS["identities"].check(identities)
    tables: dict[str, pa.Table] = {}
    for name, schema in SCHEMAS.items():
        rows = [part.arrow(name) for part in parts]
        there = [_renamed(name, r, known) for r in rows if r is not None]
        if not there:
            continue
        whole = pa.concat_tables(there, promote_options="permissive")
        tables[name] = _once(name, whole, schema.unique, on_conflict) if schema.unique else whole
    return tables


def _renamed(name: str, rows: pa.Table, identities: pa.Table | None) -> pa.Table:
    """Replace every other id of a member by the member's own."""
    if identities is None or name == "identities":
        return rows
    others = identities["id"].combine_chunks()
    for column, family in SCHEMAS[name].keys().items():
        if family != "member" or column not in rows.column_names:
            continue
        values = rows[column]
        at = lookup(values.cast(others.type), others)
        own = identities["member_id"].combine_chunks().take(pa.array(at, mask=at < 0))
        kept = pc.coalesce(own, values.combine_chunks().cast(own.type))
        rows = rows.set_column(rows.column_names.index(column), column, pa.chunked_array([kept]))
    return rows


def _once(name: str, rows: pa.Table, key: tuple[str, ...], on_conflict: str) -> pa.Table:
    """Keep one row a key; rows that disagree are refused unless the caller says which wins."""
    codes, ids = encode(rows[key[0]])
    row = np.arange(len(codes))
    first = np.full(len(ids), len(codes))
    np.minimum.at(first, codes, row)
    last = np.full(len(ids), -1)
    np.maximum.at(last, codes, row)
    if on_conflict == "error":
        _refuse_conflicts(name, rows, key[0], first[codes])
    return rows.take(pa.array(np.sort(last if on_conflict == "last" else first)))


def _refuse_conflicts(
    name: str, rows: pa.Table, key: str, first: "np.ndarray[tuple[int], np.dtype[np.int64]]"
) -> None:
    again = np.flatnonzero(first != np.arange(len(first)))
    one, other = rows.take(pa.array(first[again])), rows.take(pa.array(again))
    for column in rows.column_names:
        same = pc.or_kleene(
            pc.equal(one[column], other[column]).fill_null(False),
            pc.and_(one[column].is_null(), other[column].is_null()),
        )
        differ = np.flatnonzero(~np.asarray(same.to_numpy(zero_copy_only=False), dtype=bool))
        if len(differ):
            raise DataError(
                f"{len(differ)} rows of '{name}' with the same {key} differ in '{column}'; "
                "say on_conflict='first' or 'last'"
            )
