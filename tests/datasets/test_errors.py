"""Errors survive the trip between processes and name their code."""

import pickle

import pytest

from siyu.datasets.errors import (
    DataError,
    ModelFileError,
    ParameterError,
    Problem,
    SchemaError,
    SiyuError,
    SiyuWarning,
    warn,
)

ERRORS = [
    SchemaError("orders", (Problem("amount", "infinite", 2, 5, "inf"),)),
    ParameterError("k", "k must be 1 or more, got 0"),
    DataError("no ties"),
    ModelFileError("model/", "a file is missing"),
    SiyuWarning("3 rows dropped", None),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_an_error_survives_pickling(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_a_message_ends_with_the_code(error: SiyuError) -> None:
    assert f"[{error.code}]" in str(error)


def test_a_schema_error_names_column_rule_count_and_row() -> None:
    assert "amount: infinite; 2 rows, first in row 5 (inf)" in str(ERRORS[0])


def test_every_error_is_a_siyu_error_and_a_value_error() -> None:
    assert all(isinstance(e, SiyuError) and isinstance(e, ValueError) for e in ERRORS[:4])


def test_warn_points_at_the_caller_of_the_public_function() -> None:
    def public() -> None:
        warn("weak")

    with pytest.warns(SiyuWarning, match="weak") as caught:
        public()
    assert caught[0].filename == __file__
