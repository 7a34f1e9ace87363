"""Ids outside, integer codes inside."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Codes", "encode", "ids_in", "lookup", "take", "union"]

Codes = npt.NDArray[np.int64]


def encode(
    values: pa.Array | pa.ChunkedArray, among: pa.Array | None = None
) -> tuple[Codes, pa.Array]:
    """Replace ids by codes ``0..n-1`` in ascending order of the id.

    Parameters
    ----------
    values : array of int64 or text ids
        Nulls get the code -1.
    among : sorted array of distinct ids, optional
        The ids to code by; an id that is not among them gets -1. Default: those met in `values`.

    Returns
    -------
    (codes, ids)
        int64 codes, one a value, and the sorted distinct ids that they stand for.

    Examples
    --------
    >>> codes, ids = encode(pa.array(["b", "a", "b"]))
    >>> codes, ids.to_pylist()
    (array([1, 0, 1]), ['a', 'b'])
    """
    if among is not None:
        return lookup(values, among), among
    flat = _flat(values)
    if pa.types.is_integer(flat.type) and flat.null_count == 0:
        return _encode_integers(flat.to_numpy())
    coded = flat.dictionary_encode()
    met = coded.dictionary
    order = np.asarray(pc.array_sort_indices(met).to_numpy(), dtype=np.int64)
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = -1
    indices = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return rank[indices], met.take(pa.array(order))


def lookup(values: pa.Array | pa.ChunkedArray, among: pa.Array) -> Codes:
    """Give the position of each value in `among`, -1 where it is not there.

    Examples
    --------
    >>> lookup(pa.array([7, 5]), pa.array([3, 5]))
    array([-1,  1])
    """
    flat = _flat(values)
    if len(among) == 0 or len(flat) == 0:
        return np.full(len(flat), -1, dtype=np.int64)
    if flat.type != among.type:
        flat = flat.cast(among.type)
    if _is_dense(among) and flat.null_count == 0:
        return _by_place(flat.to_numpy(), among.to_numpy())
    found = pc.index_in(flat, value_set=among, skip_nulls=True)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def ids_in(*columns: pa.Array | pa.ChunkedArray | None) -> pa.Array:
    """Collect the sorted distinct ids of several columns of one type; None and nulls are left out.

    Examples
    --------
    >>> ids_in(pa.array([2, 1]), None, pa.array([2, 3])).to_pylist()
    [1, 2, 3]
    """
    there = [column for column in columns if column is not None]
    parts = [part for part in (_distinct(c).drop_null() for c in there) if len(part)]
    if not parts:
        return pa.array([], there[0].type if there else pa.int64())
    met = pc.unique(pa.chunked_array(parts))
    return met.take(pc.array_sort_indices(met))


def union(first: pa.Array, second: pa.Array) -> pa.Array:
    """Give the sorted distinct ids of two arrays.

    Examples
    --------
    >>> union(pa.array([1, 3]), pa.array([2, 3])).to_pylist()
    [1, 2, 3]
    """
    return ids_in(first, second)


def take(ids: pa.Array, codes: Codes) -> pa.Array:
    """Turn codes back into ids; code -1 becomes null.

    Examples
    --------
    >>> take(pa.array(["a", "b"]), np.array([1, -1])).to_pylist()
    ['b', None]
    """
    return ids.take(pa.array(codes, mask=np.asarray(codes) < 0))


def _flat(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    return values


def _is_dense(ids: pa.Array) -> bool:
    """Tell whether whole-number ids, in any order, are dense enough for a small table by id."""
    if not pa.types.is_integer(ids.type) or ids.null_count:
        return False
    first, last = (int(end.as_py()) for end in pc.min_max(ids).values())
    return last - first <= 4 * len(ids) + 1_000 and abs(first) < 2**62


def _by_place(values: npt.NDArray[np.int64], among: npt.NDArray[np.int64]) -> Codes:
    """Look up dense ids in one table; it begins and ends with a place for all others."""
    low, high = int(among.min()) - 1, int(among.max()) + 1
    place = np.full(high - low + 1, -1, dtype=np.int64)
    place[among - low] = np.arange(len(among))
    return place[np.clip(values, low, high) - low]


def _distinct(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Give the distinct values, in any order."""
    flat = _flat(values)
    if pa.types.is_integer(flat.type) and flat.null_count == 0 and len(flat):
        return _encode_integers(flat.to_numpy())[1].cast(flat.type)
    return pc.unique(flat)


def _encode_integers(values: npt.NDArray[np.int64]) -> tuple[Codes, pa.Array]:
    if len(values) == 0:
        return np.empty(0, dtype=np.int64), pa.array([], pa.int64())
    low = int(values.min())
    span = int(values.max()) - low + 1
    if span > 4 * len(values) + 1_000:
        met, codes = np.unique(values, return_inverse=True)
        return codes.astype(np.int64, copy=False), pa.array(met)
    # A dense range of ids is coded by one look-up table, without a sort.
    shifted = values - low
    seen = np.zeros(span, dtype=bool)
    seen[shifted] = True
    rank = np.cumsum(seen, dtype=np.int64) - 1
    return rank[shifted], pa.array(np.flatnonzero(seen) + low)
