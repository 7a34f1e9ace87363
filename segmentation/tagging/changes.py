"""What changed between two tables of tags: who entered, who left, who moved."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import DataError, Problem, SchemaError
from siyu.datasets.frames import Frame, from_arrow, to_arrow
from siyu.datasets.ids import lookup, union

from .change_reasons import Sides, reasons_of

__all__ = ["tag_changes"]

_EMPTY = pa.table(
    {
        "member_id": pa.array([], pa.int64()),
        "tag": pa.array([], pa.int64()),
        "change": pa.array([], pa.string()),
        "before": pa.array([], pa.string()),
        "after": pa.array([], pa.string()),
        "reason": pa.array([], pa.string()),
    }
)
_SAID = ("before", "after", "reason")


def tag_changes(before: Frame, after: Frame) -> Frame:
    """List the changes of codes and flags between two tables of tags.

    Parameters
    ----------
    before, after : frames of `tag`, or any with ``member_id`` (once each) and tags
        Compared are the text and flag columns that both have; numbers change all the time.

    Returns
    -------
    frame like `after`, sorted by ``member_id``, then in the order of columns
        ``tag`` : the column; ``change`` : ``entered`` (from nothing or false to a value or
        true), ``left`` (the reverse) or ``changed``; ``before``, ``after`` : the values as
        text, null for nothing or false. Members in one table alone have nothing in the other.
        ``reason`` : why, see Notes; null where the two tables do not tell.

    Raises
    ------
    SchemaError
        If ``member_id`` is missing, null or repeated.
    DataError
        If ids are text in one table and whole numbers in the other.

    Notes
    -----
    Reasons are read off the two tables alone. ``joined`` and ``no_longer_listed``: in one of
    them only. Of ``stage``: ``first_visit``, ``visited``, ``woke`` (from dormant), ``returned``
    (from churned), ``fell_silent``, ``still_silent``, or ``rhythm_relearned`` if the member did
    not come in between, which ``next_due`` and ``purchase_rhythm_days`` (or ``since``) tell. Of
    a tag that tells on which side of a limit a number lies (``zombie``: ``days_inactive``), if
    that number is a column of both: ``measure_rose``, ``measure_fell``, ``measured_first``,
    ``measure_lost``, or ``others_moved`` where it is the same and the limit, learned from all
    members, is another. Words: `siyu.datasets.label`.

    Examples
    --------
    >>> import pandas as pd
    >>> may = pd.DataFrame({"member_id": [1, 2], "stage": ["new", "loyal"]})
    >>> june = pd.DataFrame({"member_id": [2, 3], "stage": ["dormant", "new"]})
    >>> tag_changes(may, june)[["member_id", "tag", "change", "reason"]]
       member_id    tag   change            reason
    0          1  stage     left  no_longer_listed
    1          2  stage  changed       fell_silent
    2          3  stage  entered            joined
    """
    old, _ = to_arrow(before)
    new, kind = to_arrow(after)
    old_ids, new_ids = _ids(old, "before"), _ids(new, "after")
    if len(old_ids) and len(new_ids) and old_ids.type != new_ids.type:
        raise DataError(f"member ids are {old_ids.type} before and {new_ids.type} after")
    members = union(old_ids, new_ids)
    shared = [n for n in new.column_names if n in old.column_names and _is_tag(n, old, new)]
    parts = [_EMPTY.set_column(0, "member_id", members[:0])]
    sides = Sides(old, new, lookup(members, old_ids), lookup(members, new_ids))
    for place, name in enumerate(shared):
        then, now = _said(old[name], sides.in_old), _said(new[name], sides.in_new)
        reasons = reasons_of(name, then, now, sides)
        parts.append(_changes(members, pa.table([then, now, reasons], _SAID), place))
    table = pa.concat_tables(parts).sort_by([("member_id", "ascending"), ("tag", "ascending")])
    names = pa.array(shared, pa.string()).take(table["tag"])
    return from_arrow(table.set_column(1, "tag", names), kind)


def _ids(table: pa.Table, name: str) -> pa.Array:
    if "member_id" not in table.column_names:
        there = ", ".join(table.column_names)
        problem = Problem("member_id", f"required, but missing; there are: {there}", table.num_rows)
        raise SchemaError(name, (problem,))
    ids = table["member_id"].combine_chunks()
    ids = ids.cast(pa.large_string() if _is_text(ids.type) else pa.int64())
    twice = len(ids) - pc.count_distinct(ids, mode="only_valid").as_py()
    if twice:
        raise SchemaError(name, (Problem("member_id", "null or repeated", twice),))
    return ids


def _is_tag(name: str, old: pa.Table, new: pa.Table) -> bool:
    """Tell whether a column holds text in both tables, or flags; an empty one fits either."""
    types = [_plain(table.schema.field(name).type) for table in (old, new) if table.num_rows]
    types = [kind for kind in types if not pa.types.is_null(kind)]
    texts, flags = all(map(_is_text, types)), all(map(pa.types.is_boolean, types))
    return name != "member_id" and len(types) > 0 and (texts or flags)


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _said(values: pa.ChunkedArray, at: npt.NDArray[np.int64]) -> pa.Array:
    """Give each member's value as text; a flag that is false says nothing, as null does."""
    if pa.types.is_boolean(values.type):
        values = pc.if_else(values, "true", pa.scalar(None, pa.string()))
    return values.cast(pa.string()).combine_chunks().take(pa.array(at, mask=at < 0))


def _changes(members: pa.Array, said: pa.Table, place: int) -> pa.Table:
    then, now = said["before"].combine_chunks(), said["after"].combine_chunks()
    was, is_now = then.is_valid().to_numpy(False), now.is_valid().to_numpy(False)
    same = pc.equal(then, now).fill_null(False).to_numpy(False)
    rows = np.flatnonzero((was | is_now) & ~same)
    change = np.select([~was[rows], ~is_now[rows]], ["entered", "left"], "changed")
    at = pa.array(rows)
    left = [members.take(at), pa.array(np.full(len(rows), place)), pa.array(change)]
    right = [column.combine_chunks() for column in said.take(at).columns]
    return pa.table(left + right, names=_EMPTY.column_names)
