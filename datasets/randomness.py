"""Random generators, and the stable hash that puts an id in a bucket or an arm.

The hash is called `HASH_NAME`. For whole numbers it is SplitMix64's finalizer (Steele, Lea &
Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA), applied twice with a key
from the salt; for text the same finalizer is chained over the UTF-8 bytes, eight at a time, and
over their number. The key is the 16-byte BLAKE2b digest of the salt. The hash of an id depends on
the id and the salt alone: not on the batch, the process, ``PYTHONHASHSEED``, the byte order of
the machine, or the version of any library. It spreads well, but it is no secret.
"""

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .errors import ParameterError

__all__ = ["HASH_NAME", "generator", "stable_bucket", "stable_hash", "stable_uniform"]

HASH_NAME = "siyu-splitmix64-1"

_Words = NDArray[np.uint64]


def generator(random_state: int | np.random.Generator | None = None) -> np.random.Generator:
    """Make the random generator that `random_state` stands for.

    Parameters
    ----------
    random_state : int >= 0, Generator or None
        A number gives the same stream every time; a `numpy.random.Generator` is handed back as
        it is, and moves on as it is used; None draws a fresh stream from the operating system.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    ParameterError
        If `random_state` is none of these.

    Examples
    --------
    >>> int(generator(0).integers(100)) == int(generator(0).integers(100))
    True
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    if random_state is None:
        return np.random.default_rng()
    whole = isinstance(random_state, int | np.integer) and not isinstance(random_state, bool)
    if not whole or random_state < 0:
        raise ParameterError(
            "random_state",
            "random_state must be a whole number of 0 or more, a numpy Generator or None, "
            f"got {random_state!r}",
        )
    return np.random.default_rng(int(random_state))


def stable_hash(ids: pa.Array, salt: str) -> _Words:
    """Hash every id with a salt to 64 bits that never change.

    An id of 7 has the same hash in any width of integer, and an id of "7" in any kind of Arrow
    text; the two hashes differ.

    Parameters
    ----------
    ids : pa.Array or pa.ChunkedArray of integers or text, n ids, no nulls
    salt : str
        Names the purpose, such as the experiment: other salts give unrelated hashes.

    Returns
    -------
    uint64 array, n values

    Raises
    ------
    ParameterError
        If an id is null, or the ids are neither integers nor text.

    Examples
    --------
    >>> import pyarrow as pa
    >>> stable_hash(pa.array([1, 2]), "demo").tolist()
    [860585414542492784, 15447158060699276982]
    """
    if ids.null_count:
        raise ParameterError("ids", f"every id must be known, {ids.null_count} are null")
    first, second = np.frombuffer(hashlib.blake2b(salt.encode(), digest_size=16).digest(), "<u8")
    flat = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    if pa.types.is_dictionary(flat.type):
        flat = flat.cast(flat.type.value_type)
    if pa.types.is_null(flat.type) or pa.types.is_integer(flat.type):
        words = flat.cast(pa.int64()).to_numpy(zero_copy_only=False).view(np.uint64)
        return _mix(_mix(words ^ first) ^ second)
    return _mix(_chain(*_utf8(flat), first) ^ second)


def stable_uniform(ids: pa.Array, salt: str) -> NDArray[np.float64]:
    """Give every id its own fixed number in [0, 1), spread evenly over the ids.

    Parameters
    ----------
    ids, salt
        As in `stable_hash`.

    Returns
    -------
    float64 array, n values in [0, 1)
        The upper 53 bits of the hash, over 2 to the 53rd.

    Examples
    --------
    >>> import pyarrow as pa
    >>> is_treated = stable_uniform(pa.array(["m1", "m2", "m3"]), "autumn") < 0.5
    >>> is_treated.tolist()
    [False, False, True]
    """
    return (stable_hash(ids, salt) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def stable_bucket(ids: pa.Array, n_buckets: int, salt: str = "bucket") -> NDArray[np.int64]:
    """Give every id its own fixed bucket among `n_buckets`.

    Parameters
    ----------
    ids, salt
        As in `stable_hash`.
    n_buckets : int >= 1

    Returns
    -------
    int64 array, n values in 0 .. n_buckets - 1

    Raises
    ------
    ParameterError
        If `n_buckets` is below 1.

    Examples
    --------
    >>> import pyarrow as pa
    >>> stable_bucket(pa.array([1, 2, 3]), 4).tolist()
    [0, 1, 2]
    """
    if n_buckets < 1:
        raise ParameterError("n_buckets", f"n_buckets must be 1 or more, got {n_buckets}")
    return (stable_hash(ids, salt) % np.uint64(n_buckets)).astype(np.int64)


def _mix(words: _Words) -> _Words:
    """Scatter 64-bit words: SplitMix64's step and finalizer, a bijection."""
    mixed = words + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _utf8(text: Any) -> tuple[bytes, NDArray[np.int64]]:
    """Take text apart: its UTF-8 bytes one after the other, and where each begins and ends."""
    known = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    if not any(is_kind(text.type) for is_kind in known):
        raise ParameterError("ids", f"ids must be integers or text, got {text.type}")
    large = text.cast(pa.large_string())
    lengths = pc.binary_length(large).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    if len(large) == 0:
        return b"", ends
    begin = np.frombuffer(large.buffers()[1], np.int64, len(large) + 1 + large.offset)[large.offset]
    data = large.buffers()[2]
    return b"" if data is None else data[int(begin) : int(begin + ends[-1])].to_pybytes(), ends


def _chain(data: bytes, ends: NDArray[np.int64], key: np.uint64) -> _Words:
    """Mix each text's bytes into one word, eight bytes a step, all texts side by side."""
    lengths = np.diff(ends)
    padded = data + b"\0" * 8
    # An unaligned view: the eight bytes that begin at every byte.
    eights = np.ndarray((len(padded) - 7,), "<u8", padded, strides=(1,))
    state = _mix(lengths.astype(np.uint64) ^ key)
    longer = np.flatnonzero(lengths > 0)
    done = 0
    while longer.size:
        left = np.minimum(lengths[longer] - done, 8).astype(np.uint64)
        keep = np.uint64(0xFFFFFFFFFFFFFFFF) >> (np.uint64(64) - np.uint64(8) * left)
        state[longer] = _mix(state[longer] ^ (eights[ends[longer] + done] & keep))
        done += 8
        longer = longer[lengths[longer] > done]
    return state
