"""Ids, words and flags written as text."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.reading.id_text import parse_flags, parse_ids, parse_words


def _rules(texts: list[str], *, private: bool = False) -> list[tuple[str, bool, list[bool]]]:
    _, faults = parse_ids(pa.array(texts), private=private)
    return [(fault.rule, fault.refused, fault.rows.tolist()) for fault in faults]


@given(st.lists(st.from_regex(r"[0-9A-Za-z_-]{2,24}", fullmatch=True)))
def test_ids_stay_as_they_are(texts: list[str]) -> None:
    ids, _ = parse_ids(pa.array(texts, pa.string()), private=True)
    assert ids.to_pylist() == texts


def test_an_empty_cell_is_no_id() -> None:
    assert parse_ids(pa.array(["", "a", "\\N"]), private=True)[0].to_pylist() == [None, "a", None]


def test_spaces_around_ids_are_taken_off_and_reported() -> None:
    assert _rules(["12", " 12 ", "3\t"]) == [
        ("spaces around ids were taken off", False, [False, True, True])
    ]


@pytest.mark.parametrize("shield", ['="007"', "'007"])
def test_excels_shields_are_taken_off(shield: str) -> None:
    ids, faults = parse_ids(pa.array([shield]), private=True)
    assert ids.to_pylist() == ["007"]
    assert ["shields" in fault.rule for fault in faults] == [True]


def test_words_for_no_value_are_kept_and_reported() -> None:
    ids, faults = parse_ids(pa.array(["NA", "7"]), private=True)
    assert ids.to_pylist() == ["NA", "7"]
    assert [fault.rows.tolist() for fault in faults] == [[True, False]]


def test_ids_in_excels_short_form_are_refused() -> None:
    rules = _rules(["4200001018207200001", "4.20001E+18"])
    assert [(refused, rows) for _, refused, rows in rules] == [(True, [False, True])]


def test_a_column_of_rounded_ids_is_refused() -> None:
    rules = _rules([f"42000010182072{n}0000" for n in range(5)])
    assert [("Excel rounded them" in rule, refused) for rule, refused, _ in rules] == [(True, True)]


def test_one_long_id_that_keeps_its_digits_clears_the_column() -> None:
    assert _rules([*(f"42000010182072{n}0000" for n in range(5)), "4200001018207271234"]) == []


def test_point_zero_is_taken_off_if_every_id_has_it() -> None:
    ids, _ = parse_ids(pa.array(["10.0", "", "11.0"]), private=True)
    assert ids.to_pylist() == ["10", None, "11"]


def test_point_zero_stays_where_some_ids_lack_it() -> None:
    ids, _ = parse_ids(pa.array(["10.0", "11.5"]), private=True)
    assert ids.to_pylist() == ["10.0", "11.5"]


def test_a_private_id_is_no_example() -> None:
    _, faults = parse_ids(pa.array(["4.20001E+18"]), private=True)
    assert [fault.example for fault in faults] == [""]


def test_words_stay_as_they_are() -> None:
    words, _ = parse_words(pa.array(["NA", "null", "None", "True", " x ", "", "\\N"]))
    assert words.to_pylist() == ["NA", "null", "None", "True", " x ", None, None]


def test_flags_are_read_in_two_languages() -> None:
    flags, faults = parse_flags(pa.array(["是", "否", "TRUE", "no", "1", "0", "", "null"]))
    assert flags.to_pylist() == [True, False, True, False, True, False, None, None]
    assert faults == []


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    _, faults = parse_flags(pa.array(["yes", "maybe", "2"]))
    assert [(f.refused, f.rows.tolist()) for f in faults] == [(True, [False, True, True])]
