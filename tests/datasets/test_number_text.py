"""Numbers and amounts written as text."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets import ParameterError
from siyu.datasets.reading.number_text import parse_numbers, units_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12.0),
        (" -3.50 ", -3.5),
        ("+.5", 0.5),
        ("5.", 5.0),
        ("1e-05", 1e-05),
        ("¥1,299.00", 1299.0),
        ("￥1，299．00", 1299.0),
        ("１２９９", 1299.0),
        ("-¥3", -3.0),
        ("¥-3", -3.0),
        ("RMB 7", 7.0),
        ("9.9元", 9.9),
        ("HK$3", 3.0),
        ("(12.00)", -12.0),
        ("（¥12）", -12.0),
        ("\u22127", -7.0),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, number: float) -> None:
    numbers, faults = parse_numbers(pa.array([text]))
    assert numbers.to_pylist() == [number]
    assert not any(fault.refused for fault in faults)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("12,50", "a comma that separates no thousands"),
        ("1.299,00", "a comma that separates no thousands"),
        ("12,34,567", "a comma that separates no thousands"),
        ("1.2E+05", "lost digits"),
        ("1e5", "lost digits"),
        ("inf", "infinite"),
        ("-Infinity", "infinite"),
        ("∞", "infinite"),
        ("abc", "is no number"),
        ("12%", "is no number"),
        ("3万", "is no number"),
        ("¥", "is no number"),
    ],
)
def test_amounts_that_may_mean_two_things_are_refused(text: str, rule: str) -> None:
    _, faults = parse_numbers(pa.array(["1", text]))
    assert [(rule in fault.rule, fault.rows.tolist()) for fault in faults if fault.refused] == [
        (True, [False, True])
    ]


@pytest.mark.parametrize("word", ["", "  ", "NULL", "None", "nan", "N/A", "-", "\\N", "无"])
def test_words_for_no_value_are_missing(word: str) -> None:
    numbers, faults = parse_numbers(pa.array([word, "1"]))
    assert numbers.to_pylist() == [None, 1.0]
    assert not any(fault.refused for fault in faults)


def test_a_word_for_no_value_is_reported() -> None:
    _, faults = parse_numbers(pa.array(["1", "NULL", ""]))
    assert [(f.rule, f.rows.tolist()) for f in faults] == [
        ("words for no value were read as missing", [False, True, False])
    ]


def test_what_was_read_away_is_reported() -> None:
    _, faults = parse_numbers(pa.array(["1", "¥2", "３", "(4)"]))
    assert [(f.rule.split()[0], f.rows.sum()) for f in faults] == [("signs", 2), ("brackets", 1)]


def test_amounts_in_two_currencies_are_refused() -> None:
    _, faults = parse_numbers(pa.array(["¥1", "2元", "$3"]))
    assert [f.rows.tolist() for f in faults if f.refused] == [[False, False, True]]


def test_fen_become_yuan_exactly() -> None:
    numbers, _ = parse_numbers(pa.array(["1999", "¥1,299", "-5"]), units_of("fen"))
    assert numbers.to_pylist() == [19.99, 12.99, -0.05]


def test_broken_fen_are_refused() -> None:
    _, faults = parse_numbers(pa.array(["1999", "19.5"]), units_of("fen"))
    assert [f.rule for f in faults] == ["not whole, so it is not in the given amount_unit"]


def test_an_unknown_unit_is_a_wrong_argument() -> None:
    with pytest.raises(ParameterError, match="must be one of main, yuan"):
        units_of("penny")


def test_an_example_never_shows_a_phone() -> None:
    _, faults = parse_numbers(pa.array(["138 0013 8000x", "13800138000,"]))
    assert [f.example for f in faults] == ["", ""]


@given(st.lists(st.floats(-1e12, 1e12), min_size=1))
def test_plain_numbers_keep_every_bit(values: list[float]) -> None:
    texts = [format(value, ".17f").rstrip("0") for value in values]
    numbers, faults = parse_numbers(pa.array(texts))
    assert np.asarray(numbers).tolist() == [float(text) for text in texts]
    assert faults == []
