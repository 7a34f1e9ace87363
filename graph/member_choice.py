"""A choice of members that a caller makes: ids in a frame, an array, a list or a set."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import to_arrow
from siyu.datasets.ids import ids_in

__all__ = ["chosen_members"]


def chosen_members(chosen: Any, members: pa.Array, name: str = "exclude") -> pa.Array:
    """Read the ids that a caller chose; those of nobody here stay among them.

    Parameters
    ----------
    chosen : frame with ``member_id``, ids in any array, series, list or set, or None
    members : pyarrow.Array
        All members, for the type of ids.
    name : str
        The parameter's name, for messages.

    Returns
    -------
    sorted pyarrow.Array of the type of `members`

    Raises
    ------
    ParameterError
        If `chosen` is a single id, a frame without ``member_id``, or holds ids of another type.

    Examples
    --------
    >>> chosen_members({"b", "a"}, pa.array(["a", "c"])).to_pylist()
    ['a', 'b']
    """
    ids = _ids(chosen, name)
    if not len(ids):
        return pa.array([], members.type)
    whole, wanted = pa.types.is_integer(ids.type), pa.types.is_integer(members.type)
    if len(members) and whole != wanted:
        kinds = [("integers" if is_whole else "text") for is_whole in (wanted, whole)]
        raise ParameterError(name, f"member_id are {kinds[0]} here, {name} holds {kinds[1]}")
    return ids_in(ids.cast(members.type if len(members) else ids.type))


def _ids(chosen: Any, name: str) -> pa.Array:
    if chosen is None:
        return pa.array([], pa.int64())
    if isinstance(chosen, pa.Array | pa.ChunkedArray):
        return _checked(chosen, name)
    if hasattr(chosen, "columns") or isinstance(chosen, pa.Table):
        table, _ = to_arrow(chosen)
        if "member_id" not in table.column_names:
            there = ", ".join(table.column_names)
            raise ParameterError(name, f"{name} needs the column member_id; it has: {there}")
        return _checked(table["member_id"], name)
    if isinstance(chosen, str | bytes) or not isinstance(chosen, Iterable):
        raise ParameterError(name, f"{name} must be several ids, such as a list, got {chosen!r}")
    try:
        return _checked(_array(chosen), name)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ParameterError(name, f"{name} mixes types of ids: {error}") from error


def _array(chosen: Any) -> pa.Array:
    if hasattr(chosen, "to_arrow"):  # a polars series
        return chosen.to_arrow()
    if hasattr(chosen, "__array__"):  # a pandas series, which may have gaps, or a numpy array
        return pa.array(chosen, from_pandas=True)
    return pa.array(list(chosen))


def _checked(ids: pa.Array | pa.ChunkedArray, name: str) -> pa.Array:
    kind = ids.type
    if pa.types.is_dictionary(kind):
        ids, kind = ids.cast(kind.value_type), kind.value_type
    if pa.types.is_null(kind) or not len(ids):
        return pa.array([], pa.int64())
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    if not (pa.types.is_integer(kind) or any(is_kind(kind) for is_kind in text)):
        raise ParameterError(name, f"{name} must hold ids (integers or text), got {kind}")
    return ids.cast(pa.int64() if pa.types.is_integer(kind) else pa.large_string())
