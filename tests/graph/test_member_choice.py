"""Members chosen by a caller: any kind of list, one type of ids."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from siyu.datasets.errors import ParameterError
from siyu.graph.member_choice import chosen_members

NUMBERS = pa.array([1, 2, 3])
WORDS = pa.array(["a", "b"], pa.large_string())


@pytest.mark.parametrize(
    "chosen",
    [
        [3, 1, 1],
        (3, 1),
        {1, 3},
        np.array([1, 3], dtype=np.int32),
        pa.array([1, 3], pa.int32()),
        pa.chunked_array([[3], [1]]),
        pd.Series([3, 1]),
        pd.Series([3, 1, None], dtype="Int64"),
        pl.Series([3, 1]),
        pd.DataFrame({"member_id": [1, 3]}),
        pl.DataFrame({"member_id": [1, 3], "why": ["x", "y"]}),
        pa.table({"member_id": [1, 3]}),
    ],
)
def test_any_kind_of_list_is_read(chosen: Any) -> None:
    assert chosen_members(chosen, NUMBERS).to_pylist() == [1, 3]


@pytest.mark.parametrize("chosen", [["b"], pl.Series(["b"]), pd.Series(["b"], dtype="category")])
def test_text_ids_are_read(chosen: Any) -> None:
    assert chosen_members(chosen, WORDS).to_pylist() == ["b"]


@pytest.mark.parametrize(
    "chosen", [None, [], pd.DataFrame({"member_id": []}), pa.array([], pa.null())]
)
def test_nobody_is_chosen_by_nothing(chosen: Any) -> None:
    assert len(chosen_members(chosen, WORDS)) == 0


def test_ids_of_nobody_here_do_no_harm() -> None:
    assert chosen_members([9], NUMBERS).to_pylist() == [9]


def test_without_members_any_type_will_do() -> None:
    assert chosen_members(["x"], pa.array([], pa.int64())).to_pylist() == ["x"]


@pytest.mark.parametrize(
    ("chosen", "members", "message"),
    [
        ("a", WORDS, "must be several ids"),
        (7, NUMBERS, "must be several ids"),
        (["1"], NUMBERS, "member_id are integers here, exclude holds text"),
        ([1], WORDS, "member_id are text here, exclude holds integers"),
        ([1.5], NUMBERS, "integers or text"),
        ([1, "a"], NUMBERS, "mixes types"),
        (pd.DataFrame({"id": [1]}), NUMBERS, "needs the column member_id"),
    ],
)
def test_what_is_no_list_of_ids_is_refused(chosen: Any, members: pa.Array, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        chosen_members(chosen, members)
