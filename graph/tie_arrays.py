"""Ties as arrays: checked, counted, summed, and put in the order that the kernels need."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from siyu.datasets.errors import DataError, Problem
from siyu.datasets.ordering import opens_run, stable_order

__all__ = [
    "Codes",
    "Rows",
    "Ties",
    "Weights",
    "check_weights",
    "mutual",
    "packed",
    "packed_pairs",
    "rows_of",
    "split_loops",
    "starts_of",
    "summed",
    "summed_pairs",
    "sums_at",
    "unpacked",
]

Codes = npt.NDArray[np.int32]
Integers = npt.NDArray[np.integer[Any]]
Weights = npt.NDArray[np.float64]

# Between these, products and squares of weights stay finite and above 0; below is as good as 0.
_LIGHTEST, _HEAVIEST = 1e-100, 1e100


@dataclass(frozen=True, slots=True, eq=False)
class Ties:
    """Each tie once: codes of both ends and the weight, sorted by source, then target."""

    source: Codes
    target: Codes
    weight: Weights


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Ties in compressed rows: those of node i stand at ``indptr[i]:indptr[i + 1]``, sorted."""

    indptr: npt.NDArray[np.int64]
    indices: Codes
    weights: Weights


def check_weights(weight: Weights) -> None:
    """Refuse weights that are no strength: negative, infinite, missing, or absurdly large."""
    right = (weight >= 0) & (weight <= _HEAVIEST)
    if not right.all():
        first = int(np.argmin(right))
        raise DataError(
            f"weight must be a number from 0 (no tie) to {_HEAVIEST}; "
            f"{int((~right).sum())} of {len(weight)} ties break this, "
            f"first in row {first} ({weight[first]})"
        )


def split_loops(
    source: Codes, target: Codes, weight: Weights | None
) -> tuple[npt.NDArray[np.bool_], list[Problem]]:
    """Say which ties stay, and count those that do not: self-loops and weightless ties."""
    loop = source == target
    zero = np.zeros(len(loop), dtype=bool) if weight is None else (weight < _LIGHTEST) & ~loop
    problems = [
        Problem(column, rule, int(bad.sum()), int(np.argmax(bad)))
        for column, rule, bad in (
            ("target", "a tie of a member with itself is dropped", loop),
            ("weight", "a tie of weight 0 is dropped", zero),
        )
        if bad.any()
    ]
    return ~(loop | zero), problems


def summed(first: Codes, second: Codes, weight: Weights | None, n: int) -> Ties:
    """Sort ties by both ends and sum the parallel ones, in an order free of the input's."""
    return _summed(packed(first, second, n), weight, n)


def summed_pairs(first: Codes, second: Codes, weight: Weights | None, n: int) -> Ties:
    """Do as `summed` with each tie turned so that the lower code comes first."""
    return _summed(packed_pairs(first, second, n), weight, n)


def _summed(key: npt.NDArray[np.int64], weight: Weights | None, n: int) -> Ties:
    if weight is None:
        if (key[1:] < key[:-1]).any():
            key.sort()
    else:
        order = stable_order(key)
        key, weight = key.take(order), weight.take(order)
    new = opens_run(key)
    if new.all():
        total = np.ones(len(key)) if weight is None else weight
    else:
        starts = np.flatnonzero(new)
        if weight is None:
            total = np.diff(starts, append=len(new)).astype(np.float64)
        else:  # equal keys go by weight, so that no sum depends on the order of the input
            total = np.add.reduceat(weight[np.lexsort((weight, key))], starts)
        key = key[starts]
    return Ties(*unpacked(key, n), total)


def packed(first: Integers, second: Integers, n: int) -> npt.NDArray[np.int64]:
    """Make one key of two codes below n: keys sort as pairs do."""
    key = first.astype(np.int64)
    key <<= _bits(n)
    key |= second
    return key


def packed_pairs(first: Integers, second: Integers, n: int) -> npt.NDArray[np.int64]:
    """Make one key of two codes below n, whichever way round they come: the lower one leads."""
    return packed(np.minimum(first, second), np.maximum(first, second), n)


def unpacked(key: npt.NDArray[np.int64], n: int) -> tuple[Codes, Codes]:
    """Take keys apart again."""
    first = np.empty(len(key), dtype=np.int32)
    second = np.empty(len(key), dtype=np.int32)
    np.right_shift(key, _bits(n), out=first, casting="unsafe")
    np.bitwise_and(key, (1 << _bits(n)) - 1, out=second, casting="unsafe")
    return first, second


def mutual(ties: Ties, n: int, *, directed: bool) -> Ties:
    """Give each tied pair once, lower code first, with the weight of both directions together."""
    if not directed:
        return ties
    return summed_pairs(ties.source, ties.target, ties.weight, n)


def sums_at(codes: npt.NDArray[np.integer[Any]], values: Weights, n: int) -> Weights:
    """Sum values by code, in their order."""
    return np.bincount(codes, values, n).astype(np.float64, copy=False)


def starts_of(first: Codes, n: int) -> npt.NDArray[np.int64]:
    """Give where the ties of each node start, for ties sorted by `first`."""
    starts = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(first, minlength=n), out=starts[1:])
    return starts


def rows_of(ties: Ties, n: int, *, directed: bool) -> Rows:
    """Put ties in rows. A directed tie stands in the row of its source, others in both rows."""
    up = starts_of(ties.source, n)
    if directed:
        return Rows(up, ties.target, ties.weight)
    m = len(ties.source)
    by_source = sparse.csr_array((np.arange(m, dtype=np.int32), ties.target, up), shape=(n, n))
    by_target = by_source.tocsc()
    down = by_target.indptr.astype(np.int64)
    indices = np.empty(2 * m, dtype=np.int32)
    weights = np.empty(2 * m)
    # A row holds first its lower ends, then its higher ends, and so stays sorted.
    at = np.arange(m) + np.repeat(up[:-1], np.diff(down))
    indices[at], weights[at] = by_target.indices, ties.weight[by_target.data]
    at = np.arange(m) + np.repeat(down[1:], np.diff(up))
    indices[at], weights[at] = ties.target, ties.weight
    return Rows(up + down, indices, weights)


def _bits(n: int) -> int:
    """Give the bits that hold a code below n."""
    return max(n - 1, 1).bit_length()
