"""From arrays of codes to Arrow columns: ids of fixed width, words, money, moments."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from .arrays import Bools, Ints

__all__ = ["ids", "money", "taken", "words"]

_TEXT = pa.large_string()


def ids(prefix: str, codes: Ints, width: int) -> pa.Array:
    """Write codes 0, 1, 2 ... as text ids of one width, counted from 1; -1 becomes null.

    Code 0 with prefix ``m`` and width 7 is ``m0000001``.
    """
    known = codes >= 0
    number = np.where(known, codes + 1, 0)
    letters = np.empty((len(codes), len(prefix) + width), np.uint8)
    letters[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    for place in range(width):
        letters[:, -1 - place] = number % 10 + ord("0")
        number = number // 10
    offsets = np.arange(len(codes) + 1, dtype=np.int64) * letters.shape[1]
    return pa.Array.from_buffers(
        _TEXT,
        len(codes),
        [_bitmap(known), pa.py_buffer(offsets), pa.py_buffer(letters.tobytes())],
    )


def words(vocabulary: Sequence[str | None], codes: Ints) -> pa.Array:
    """Write each code as its word; -1 becomes null."""
    return taken(pa.array(vocabulary, _TEXT), codes)


def taken(values: pa.Array, codes: Ints) -> pa.Array:
    """Take values by their codes; -1 becomes null."""
    return values.take(pa.array(codes, pa.int64(), mask=codes < 0))


def money(cents: Ints, known: Bools | None = None) -> pa.Array:
    """Write whole cents as amounts with two decimals."""
    mask = None if known is None else ~known
    return pa.array(cents / 100.0, pa.float64(), mask=mask)


def _bitmap(known: Bools) -> pa.Buffer | None:
    if known.all():
        return None
    return pa.py_buffer(np.packbits(known, bitorder="little").tobytes())
