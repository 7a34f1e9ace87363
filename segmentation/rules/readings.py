"""What is known of one measure of every member: a value each, or unknown."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import INSTANT

__all__ = ["Reading", "reading_of", "unknown"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The values of one measure, a member each.

    `values` are floats (number), flags, microseconds (time), or positions in `words` (word);
    where `known` is False they mean nothing.
    """

    kind: Literal["number", "word", "flag", "time", "none"]
    values: npt.NDArray[np.generic]
    known: Bools
    words: tuple[str, ...] = ()

    def value(self, member: int) -> float | str | bool | None:
        """Give one member's value; a time is in microseconds, None is unknown."""
        if not self.known[member]:
            return None
        value: float | bool = self.values[member].item()
        return self.words[int(value)] if self.kind == "word" else value


def unknown(n: int) -> Reading:
    """Give a measure that is unknown of all `n` members."""
    return Reading("none", np.zeros(n), np.zeros(n, dtype=np.bool_))


def reading_of(values: pa.Array | pa.ChunkedArray, *, as_words: bool = False) -> Reading:
    """Read an Arrow column; `as_words` reads whole numbers (ids) as words."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.dictionary_decode()
        kind = values.type
    known = np.asarray(values.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
    if pa.types.is_null(kind):
        return Reading("none", np.zeros(len(values)), known)
    if pa.types.is_boolean(kind):
        flags = values.fill_null(False).to_numpy(zero_copy_only=False)
        return Reading("flag", flags, known)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        us = values.cast(INSTANT, safe=False).cast(pa.int64()).fill_null(0)
        return Reading("time", us.to_numpy(), known)
    if not as_words and not _is_text(kind):
        numbers = values.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy()
        return Reading("number", numbers, known & ~np.isnan(numbers))
    coded = pc.dictionary_encode(values.cast(pa.large_string()))
    places = coded.indices.fill_null(0).to_numpy()
    return Reading("word", places, known, tuple(coded.dictionary.to_pylist()))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
