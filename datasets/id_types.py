"""One key has one type across all tables of a community."""

from collections.abc import Mapping

import pyarrow as pa

from .errors import DataError
from .schema import SCHEMAS

__all__ = ["one_type_per_key"]


def one_type_per_key(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Check that every family of ids (members, products, ...) has one type in all tables.

    Parameters
    ----------
    tables : mapping of table name to checked rows

    Returns
    -------
    dict of table name to rows
        Columns without a single value take the type of their family.

    Raises
    ------
    DataError
        If ids of one family are text here and whole numbers there.

    Examples
    --------
    >>> orders = pa.table({"member_id": [1]})
    >>> members = pa.table({"member_id": ["1"]})
    >>> one_type_per_key({"orders": orders, "members": members})
    Traceback (most recent call last):
    ...
    siyu.datasets.errors.DataError: member ids are whole numbers in orders.member_id but text \
in members.member_id; give them one type [E301]
    """
    types: dict[str, tuple[pa.DataType, str]] = {}
    for table, rows in tables.items():
        for column, family in _keys(table, rows):
            values = rows[column]
            if values.null_count == len(values):
                continue
            known, where = types.setdefault(family, (values.type, f"{table}.{column}"))
            if known != values.type:
                raise DataError(
                    f"{family} ids are {_word(known)} in {where} but {_word(values.type)} in "
                    f"{table}.{column}; give them one type"
                )
    return {
        table: _retyped(table, rows, {family: kind for family, (kind, _) in types.items()})
        for table, rows in tables.items()
    }


def _retyped(table: str, rows: pa.Table, types: Mapping[str, pa.DataType]) -> pa.Table:
    for column, family in _keys(table, rows):
        wanted = types.get(family)
        if wanted is not None and rows[column].type != wanted:
            at = rows.column_names.index(column)
            rows = rows.set_column(at, column, pa.chunked_array([pa.nulls(len(rows), wanted)]))
    return rows


def _keys(table: str, rows: pa.Table) -> list[tuple[str, str]]:
    families = SCHEMAS[table].keys()
    return [(column, families[column]) for column in rows.column_names if column in families]


def _word(kind: pa.DataType) -> str:
    return "whole numbers" if pa.types.is_integer(kind) else "text"
