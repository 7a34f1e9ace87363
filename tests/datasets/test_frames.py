"""Frames come in as they are and go out as they came."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import from_arrow, to_arrow

TABLE = pa.table({"member_id": [1, 2], "amount": [1.5, None], "name": ["a", None]})


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_a_frame_comes_back_as_the_same_kind(kind: str) -> None:
    frame = from_arrow(TABLE, kind)  # type: ignore[arg-type]
    assert to_arrow(frame)[1] == kind


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_values_and_nulls_survive_the_round_trip(kind: str) -> None:
    table, _ = to_arrow(from_arrow(TABLE, kind))  # type: ignore[arg-type]
    assert table.to_pylist() == TABLE.to_pylist()


def test_a_lazy_frame_is_collected_as_arrow() -> None:
    table, kind = to_arrow(pl.LazyFrame({"a": [1]}))
    assert (table.num_rows, kind) == (1, "pyarrow")


def test_a_duckdb_relation_is_collected_as_arrow() -> None:
    relation = duckdb.sql("select 7 as member_id")
    assert to_arrow(relation)[0].to_pydict() == {"member_id": [7]}


def test_the_pandas_index_is_left_out() -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=[10, 20])
    assert to_arrow(frame)[0].column_names == ["a"]


def test_integers_with_nulls_become_nullable_integers() -> None:
    assert str(from_arrow(pa.table({"n": [1, None]}))["n"].dtype) == "Int64"


def test_flags_with_nulls_become_nullable_flags() -> None:
    assert str(from_arrow(pa.table({"b": [True, None]}))["b"].dtype) == "boolean"


def test_no_frame_is_refused() -> None:
    with pytest.raises(ParameterError, match="expected a pandas, polars or pyarrow frame, got int"):
        to_arrow(3)


def test_a_column_of_mixed_types_is_named() -> None:
    with pytest.raises(ParameterError, match="column 'x' mixes types"):
        to_arrow(pd.DataFrame({"x": np.array([1, "a"], dtype=object)}))


def test_a_repeated_column_is_named() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ParameterError, match="a column appears more than once"):
        to_arrow(frame)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ParameterError, match="expected 'pandas', 'polars' or 'pyarrow'"):
        from_arrow(TABLE, "excel")  # type: ignore[arg-type]
