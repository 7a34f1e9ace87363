"""From ties as arrays to sorted rows of ties: the ties are checked, summed and counted here."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.errors import DataError, Problem

__all__ = ["Codes", "Rows", "Weights", "check_weights", "rows_of", "split_dropped"]

Codes = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Ties in compressed rows: those of node i stand at ``indptr[i]:indptr[i + 1]``, sorted."""

    indptr: npt.NDArray[np.int64]
    indices: Codes
    weights: Weights


def check_weights(weight: Weights) -> None:
    """Refuse weights that are no strength: negative, infinite or missing."""
    wrong = ~(np.isfinite(weight) & (weight >= 0))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise DataError(
            "weight must be finite and 0 or more (0 is no tie); "
            f"{int(wrong.sum())} of {len(weight)} ties break this, "
            f"first in row {first} ({weight[first]})"
        )


def split_dropped(
    source: Codes, target: Codes, weight: Weights | None
) -> tuple[npt.NDArray[np.bool_], list[Problem]]:
    """Say which ties stay, and count those that do not: self-loops and weightless ties."""
    loop = source == target
    zero = np.zeros(0, dtype=bool) if weight is None else (weight == 0) & ~loop
    problems = [
        Problem(column, rule, int(bad.sum()), int(np.argmax(bad)))
        for column, rule, bad in (
            ("target", "a tie of a member with itself is dropped", loop),
            ("weight", "a tie of weight 0 is dropped", zero),
        )
        if bad.any()
    ]
    return ~loop if weight is None else ~(loop | zero), problems


def rows_of(
    source: Codes, target: Codes, weight: Weights | None, n: int, *, directed: bool
) -> Rows:
    """Sum parallel ties and put them in rows, each row sorted by the other end.

    Undirected ties stand in both rows. Linear in ties, but for one sort of int64 keys.
    """
    if directed:
        first, second, total = _summed(source, target, weight, n)
        return Rows(_starts(first, n), second, total)
    low, high, total = _summed(np.minimum(source, target), np.maximum(source, target), weight, n)
    return _mirrored(low, high, total, n)


def _summed(
    first: Codes, second: Codes, weight: Weights | None, n: int
) -> tuple[Codes, Codes, Weights]:
    """Sort ties by both ends and sum the parallel ones, in an order free of the input's."""
    bits = max(n - 1, 1).bit_length()
    key = (first.astype(np.int64) << bits) | second
    if weight is None:
        key.sort()
        starts = _runs(key)
        total = np.diff(starts, append=len(key)).astype(np.float64)
    else:
        order = np.argsort(key)
        met = key[order]
        starts = _runs(met)
        if len(starts) < len(key):  # equal keys go by weight, so that sums never depend on order
            order = np.lexsort((weight, key))
        total = np.add.reduceat(weight[order], starts) if len(starts) else np.zeros(0)
        key = met
    key = key[starts]
    return (key >> bits).astype(np.int32), (key & ((1 << bits) - 1)).astype(np.int32), total


def _runs(key: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give the position where each run of equal keys starts."""
    new = np.ones(len(key), dtype=bool)
    np.not_equal(key[1:], key[:-1], out=new[1:])
    return np.flatnonzero(new)


def _starts(first: Codes, n: int) -> npt.NDArray[np.int64]:
    starts = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(first, minlength=n), out=starts[1:])
    return starts


def _mirrored(low: Codes, high: Codes, total: Weights, n: int) -> Rows:
    """Put each pair low < high, sorted by (low, high), into both rows, which stay sorted."""
    from scipy import sparse

    up = _starts(low, n)
    order = np.arange(len(low), dtype=np.int32)
    down = sparse.csr_array((order, high, up), shape=(n, n)).tocsc()
    indptr = up + down.indptr
    indices = np.empty(2 * len(low), dtype=np.int32)
    weights = np.empty(2 * len(low))
    # A row holds first its lower ends (a column of the pairs), then its higher ends (a row).
    at = np.arange(len(low)) + np.repeat(up[:-1], np.diff(down.indptr))
    indices[at], weights[at] = down.indices, total[down.data]
    at = np.arange(len(low)) + np.repeat(down.indptr[1:].astype(np.int64), np.diff(up))
    indices[at], weights[at] = high, total
    return Rows(indptr, indices, weights)
