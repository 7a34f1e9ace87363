"""Ids outside, integer codes inside."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.ids import encode, ids_in, lookup, take


@given(st.lists(st.integers(-(2**62), 2**62)))
def test_codes_of_integers_give_back_the_ids(values: list[int]) -> None:
    codes, ids = encode(pa.array(values, pa.int64()))
    assert ids.take(pa.array(codes)).to_pylist() == values


@given(st.lists(st.text(max_size=3)))
def test_codes_of_text_give_back_the_ids(values: list[str]) -> None:
    codes, ids = encode(pa.array(values, pa.large_string()))
    assert ids.take(pa.array(codes)).to_pylist() == values


@given(st.lists(st.integers(0, 50)))
def test_ids_are_sorted_and_distinct(values: list[int]) -> None:
    _, ids = encode(pa.array(values, pa.int64()))
    assert ids.to_pylist() == sorted(set(values))


def test_nulls_have_no_code() -> None:
    codes, ids = encode(pa.array(["b", None, "a"]))
    assert codes.tolist() == [1, -1, 0]
    assert ids.to_pylist() == ["a", "b"]


def test_ids_that_are_not_among_the_given_have_no_code() -> None:
    codes, _ = encode(pa.array([3, 9]), among=pa.array([1, 3]))
    assert codes.tolist() == [1, -1]


def test_look_up_among_no_ids_finds_nothing() -> None:
    assert lookup(pa.array(["a"]), pa.array([], pa.int64())).tolist() == [-1]


def test_ids_of_several_columns_are_joined() -> None:
    assert ids_in(pa.array(["b"]), pa.array([None, "a"])).to_pylist() == ["a", "b"]


def test_taking_code_minus_one_gives_null() -> None:
    assert take(pa.array([5, 6]), np.array([1, -1])).to_pylist() == [6, None]


@given(st.lists(st.integers(-50, 50), unique=True), st.lists(st.integers(-60, 60)))
def test_ids_are_looked_up_in_any_order(among: list[int], values: list[int]) -> None:
    at = lookup(pa.array(values, pa.int64()), pa.array(among, pa.int64()))
    assert at.tolist() == [among.index(v) if v in among else -1 for v in values]
