"""From member ids to codes: the position of each id among all members in ascending order."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.ids import encode, ids_in, lookup

from .tie_arrays import Codes

__all__ = ["codes_of", "whole_numbers"]

Integers = npt.NDArray[np.int64]


def codes_of(source: pa.Array, target: pa.Array, ids: Any) -> tuple[Codes, Codes, pa.Array]:
    """Replace both ends by their position among all members, in ascending order of the id."""
    if ids is None and pa.types.is_integer(source.type) and len(source):
        numbers = source.to_numpy(), target.to_numpy()
        lowest, span = _range(*numbers)
        if span <= 8 * len(source) + 1_000:
            return _by_table(*numbers, lowest, span)
    if ids is None:
        ends = pa.chunked_array([*_chunks(source), *_chunks(target)], type=source.type)
        codes, members = encode(ends)
        return codes[: len(source)].astype(np.int32), codes[len(source) :].astype(np.int32), members
    members = _members(ids)
    if len(source) and members.type != source.type:
        raise ParameterError(
            "ids", f"ids must be of the same type as source ({source.type}), got {members.type}"
        )
    first, second = _find(source, members), _find(target, members)
    unknown = (first < 0) | (second < 0)
    if unknown.any():
        raise DataError(
            f"{int(unknown.sum())} of {len(first)} ties name a member that is not in ids, "
            f"first in row {int(np.argmax(unknown))}; add the members to ids, or leave ids out"
        )
    return first, second, members


def _range(source: Integers, target: Integers) -> tuple[int, int]:
    """Give the lowest id, and how many integers there are from it to the highest."""
    lowest = min(int(source.min()), int(target.min()))
    return lowest, max(int(source.max()), int(target.max())) - lowest + 1


def _by_table(
    source: Integers, target: Integers, lowest: int, span: int
) -> tuple[Codes, Codes, pa.Array]:
    """Code ids that lie close together by one look-up table, without a sort."""
    first, second = (source - lowest, target - lowest) if lowest else (source, target)
    met = np.zeros(span, dtype=bool)
    met[first] = True
    met[second] = True
    code = np.cumsum(met, dtype=np.int32)
    code -= 1
    return code.take(first), code.take(second), pa.array(np.flatnonzero(met) + lowest)


def whole_numbers(values: npt.ArrayLike, name: str) -> npt.NDArray[np.int64]:
    """Take an array of integers, or say why it is none."""
    array = np.asarray(values)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise ParameterError(
            name,
            f"{name} must be a one-dimensional array of integers, got {array.ndim} dimensions of "
            f"{array.dtype}; text ids go through from_ties",
        )
    if array.dtype.kind == "u" and len(array) and array.max() > np.iinfo(np.int64).max:
        raise ParameterError(name, f"{name} must fit into 64 bits with a sign, got {array.max()}")
    return array.astype(np.int64, copy=False)


def _members(ids: Any) -> pa.Array:
    """Take member ids of any order as sorted int64 or large_string, each once."""
    given = ids if isinstance(ids, pa.Array | pa.ChunkedArray) else pa.array(ids)
    kind = given.type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if given.null_count or not (is_text or pa.types.is_integer(kind) or len(given) == 0):
        raise ParameterError(
            "ids",
            f"ids must be integers or text without missing values, got {kind} "
            f"with {given.null_count} missing",
        )
    return ids_in(given.cast(pa.large_string() if is_text else pa.int64()))


def _find(values: pa.Array, members: pa.Array) -> Codes:
    """Find each id among sorted ids, -1 for none; a run of integers needs no look-up."""
    n = len(members)
    if n and pa.types.is_integer(members.type):
        lowest = members[0].as_py()
        if members[-1].as_py() - lowest == n - 1:
            given = values.to_numpy()
            known = (given >= lowest) & (given < lowest + n)
            return np.where(known, given - lowest, -1).astype(np.int32)
    return lookup(values, members).astype(np.int32)


def _chunks(values: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return values.chunks if isinstance(values, pa.ChunkedArray) else [values]
