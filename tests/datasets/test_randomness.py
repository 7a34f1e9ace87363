"""Random generators and the stable hash."""

import os
import subprocess
import sys
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.errors import ParameterError
from siyu.datasets.randomness import (
    HASH_NAME,
    generator,
    stable_bucket,
    stable_hash,
    stable_uniform,
)

MASK = (1 << 64) - 1
WHOLE = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20)
WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=20)


def splitmix(word: int) -> int:
    """SplitMix64's step and finalizer, word by word, from the paper."""
    word = (word + 0x9E3779B97F4A7C15) & MASK
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
    return word ^ (word >> 31)


def key_words(salt: str) -> tuple[int, int]:
    digest = blake2b(salt.encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def hash_number(number: int, salt: str) -> int:
    first, second = key_words(salt)
    return splitmix(splitmix((number & MASK) ^ first) ^ second)


def hash_text(text: str, salt: str) -> int:
    first, second = key_words(salt)
    data = text.encode()
    state = splitmix(len(data) ^ first)
    for begin in range(0, len(data), 8):
        state = splitmix(state ^ int.from_bytes(data[begin : begin + 8], "little"))
    return splitmix(state ^ second)


def test_the_same_number_gives_the_same_stream() -> None:
    assert generator(7).integers(1 << 40) == generator(7).integers(1 << 40)


def test_a_numpy_integer_is_a_number() -> None:
    number: Any = np.int64(7)
    assert generator(number).integers(1 << 40) == generator(7).integers(1 << 40)


def test_a_generator_is_handed_back() -> None:
    mine = np.random.default_rng(1)
    assert generator(mine) is mine


def test_none_gives_a_fresh_stream() -> None:
    assert generator(None).integers(1 << 62) != generator(None).integers(1 << 62)


@pytest.mark.parametrize("wrong", [-1, 0.5, True, "0", np.random.RandomState(0)])
def test_other_random_states_are_refused(wrong: object) -> None:
    with pytest.raises(ParameterError, match="random_state must be a whole number"):
        generator(wrong)  # type: ignore[arg-type]


def test_the_hash_of_numbers_is_pinned() -> None:
    assert HASH_NAME == "siyu-splitmix64-1"
    assert stable_hash(pa.array([1, 2]), "demo").tolist() == [
        860585414542492784,
        15447158060699276982,
    ]


def test_the_hash_of_text_is_pinned() -> None:
    ids = pa.array(["", "会员-001", "abcdefgh", "abcdefghi"])
    assert stable_hash(ids, "demo").tolist() == [
        7709170940592532980,
        5079625095571776329,
        291539762489751643,
        3890498677871344020,
    ]


@given(WHOLE, st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
def test_numbers_are_hashed_as_documented(numbers: list[int], salt: str) -> None:
    found = stable_hash(pa.array(numbers, pa.int64()), salt).tolist()
    assert found == [hash_number(number, salt) for number in numbers]


@given(WORDS)
def test_text_is_hashed_as_documented(words: list[str]) -> None:
    found = stable_hash(pa.array(words, pa.large_string()), "s").tolist()
    assert found == [hash_text(word, "s") for word in words]


@given(WORDS, st.integers(0, 5), st.integers(0, 5))
def test_a_slice_is_hashed_like_its_whole(words: list[str], begin: int, length: int) -> None:
    whole = pa.array(words, pa.string())
    part = stable_hash(whole.slice(begin, length), "s").tolist()
    assert part == stable_hash(whole, "s").tolist()[begin : begin + length]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_every_kind_of_text_hashes_alike(kind: pa.DataType) -> None:
    words = ["a", "二", "a"]
    found = stable_hash(pa.array(words).cast(kind), "s")
    assert found.tolist() == [hash_text(word, "s") for word in words]


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.uint16()])
def test_every_width_of_number_hashes_alike(kind: pa.DataType) -> None:
    assert stable_hash(pa.array([5], kind), "s").tolist() == [hash_number(5, "s")]


def test_chunks_change_nothing() -> None:
    chunked = pa.chunked_array([["a", "b"], [], ["c"]], pa.string())
    assert stable_hash(chunked, "s").tolist() == [hash_text(word, "s") for word in "abc"]


@pytest.mark.parametrize("kind", [pa.int64(), pa.string(), pa.null()])
def test_no_ids_give_no_hashes(kind: pa.DataType) -> None:
    assert stable_hash(pa.array([], kind), "s").dtype == np.uint64


def test_a_null_id_is_refused() -> None:
    with pytest.raises(ParameterError, match="1 are null"):
        stable_hash(pa.array([1, None]), "s")


def test_a_float_id_is_refused() -> None:
    with pytest.raises(ParameterError, match="integers or text, got double"):
        stable_hash(pa.array([1.0]), "s")


def test_another_process_with_another_hash_seed_agrees() -> None:
    code = (
        "import pyarrow as pa; from siyu.datasets.randomness import stable_hash; "
        "print(stable_hash(pa.array(['a', 'b']), 's').tolist())"
    )
    env = {**os.environ, "PYTHONHASHSEED": "77"}
    out = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == str([hash_text(word, "s") for word in "ab"])


def test_uniform_numbers_fill_the_unit_interval_evenly() -> None:
    share = stable_uniform(pa.array(range(20_000)), "s")
    # A fair tenth of 20,000 has a standard deviation of 42: six of them are 252.
    counts = np.histogram(share, bins=10, range=(0, 1))[0]
    assert np.abs(counts - 2_000).max() < 252


def test_two_salts_are_unrelated() -> None:
    ids = pa.array([f"m{number}" for number in range(20_000)])
    # The correlation of independent draws has a standard deviation of 0.007.
    together = np.corrcoef(stable_uniform(ids, "one"), stable_uniform(ids, "two"))
    assert abs(together[0, 1]) < 0.04


def test_buckets_are_even() -> None:
    counts = np.bincount(stable_bucket(pa.array(range(16_000)), 16), minlength=16)
    # 1,000 each, standard deviation 31.
    assert counts.size == 16
    assert np.abs(counts - 1_000).max() < 186


def test_no_buckets_are_refused() -> None:
    with pytest.raises(ParameterError, match="n_buckets must be 1 or more, got 0"):
        stable_bucket(pa.array([1]), 0)
