"""What `check` finds without data is what trying every combination of values finds."""

import itertools
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rule_oracle import holds
from rule_strategies import STAGES, nested
from siyu.datasets import ParameterError
from siyu.segmentation.rules.rule_set import TagRules
from strategies import AS_OF, small_community

_POINTS = (-1, 0, 1, 2)
_PARTS = ("tea", "green", "milk", "en")
_JOINED = [
    "|".join(some)
    for n in range(1, 5)
    for some in itertools.combinations([*_PARTS, "green tea"], n)
]
GRID: dict[str, tuple[Any, ...]] = {
    "orders": (0, 1, 2, 3, None),
    "spend": (*(x / 2 for x in range(-3, 6)), None),
    "stage": (*STAGES, None),
    "region": (*_JOINED, "x", None),
    "night_owl": (True, False, None),
}
_ORDERED = ("==", "!=", "<", "<=", ">", ">=")


def _leaves() -> st.SearchStrategy[dict[str, Any]]:
    point = st.sampled_from(_POINTS)
    number = st.one_of(
        st.builds(lambda key, x: {key: x}, st.sampled_from(_ORDERED), point),
        st.builds(lambda x, y: {"between": sorted([x, y])}, point, point),
        st.builds(lambda xs: {"in": xs}, st.lists(point, min_size=1, max_size=3)),
        st.builds(lambda xs: {"not_in": xs}, st.lists(point, min_size=1, max_size=3)),
    )
    words = {
        "stage": st.sampled_from(STAGES),
        "region": st.sampled_from(["tea", "green tea", "milk"]),
    }
    found = [st.builds(lambda d: {"measure": "orders"} | d, number)]
    found.append(st.builds(lambda d: {"measure": "spend"} | d, number))
    for name, word in words.items():
        several = st.lists(word, min_size=1, max_size=6, unique=True)
        found.append(st.builds(_leaf, st.just(name), st.sampled_from(["==", "!="]), word))
        found.append(st.builds(_leaf, st.just(name), st.sampled_from(["in", "not_in"]), several))
    parts = st.sampled_from(_PARTS)
    found.append(st.builds(_leaf, st.just("region"), st.just("contains"), parts))
    found.append(st.builds(_leaf, st.just("night_owl"), st.just("=="), st.booleans()))
    found.append(st.builds(_leaf, st.sampled_from(list(GRID)), st.just("is_null"), st.booleans()))
    return st.one_of(found)


def _leaf(name: str, key: str, value: Any) -> dict[str, Any]:
    return {"measure": name, key: value}


def _measures(condition: dict[str, Any]) -> set[str]:
    if "measure" in condition:
        return {condition["measure"]}
    if "not" in condition:
        return _measures(condition["not"])
    parts = condition.get("all") or condition["any"]
    return {name for part in parts for name in _measures(part)}


def tried(whens: list[dict[str, Any]]) -> list[list[bool | None]]:
    """Judge the conditions at every combination of values of the measures they name."""
    names = sorted({name for when in whens for name in _measures(when)})
    found = []
    for values in itertools.product(*(GRID[name] for name in names)):
        held = dict(zip(names, values, strict=True))
        found.append([holds(when, lambda leaf: held[leaf["measure"]]) for when in whens])  # noqa: B023
    return found


def found_in(whens: list[dict[str, Any]], **rest: Any) -> pd.DataFrame:
    """Check a tag with these conditions as its values."""
    values = [{"value": f"v{i}", "when": when} for i, when in enumerate(whens)]
    rules = TagRules.from_dict({"version": 1, "tags": {"t": {"values": values, **rest}}})
    findings: pd.DataFrame = rules.check()
    return findings[findings.finding != "no_label"]


_conditions = st.recursive(_leaves(), nested, max_leaves=4)
_whens = st.lists(_conditions, min_size=1, max_size=3)


@settings(max_examples=60)
@given(whens=_whens)
def test_values_are_called_dead_when_no_combination_of_measures_reaches_them(
    whens: list[dict[str, Any]],
) -> None:
    found, grid = found_in(whens), tried(whens)
    assert "not_decided" not in set(found.finding)
    for i in range(len(whens)):
        reached = any(row[i] is True and True not in row[:i] for row in grid)
        of_value = set(found[found.value == f"v{i}"].finding) - {"overlap", "share_above_one"}
        possible = any(row[i] is True for row in grid)
        expected = set() if reached else {"dead" if possible else "contradiction"}
        assert of_value == expected


@settings(max_examples=60)
@given(whens=_whens)
def test_values_overlap_when_some_combination_of_measures_makes_both_true(
    whens: list[dict[str, Any]],
) -> None:
    found, grid = found_in(whens), tried(whens)
    dead = set(found[found.finding.isin(["dead", "contradiction"])].value)
    pairs = set(zip(found.value, found.other, strict=True))
    for j, i in itertools.combinations(range(len(whens)), 2):
        told = (f"v{i}", f"v{j}") in pairs
        both = any(row[i] is True and row[j] is True for row in grid)
        if f"v{i}" not in dead:
            assert told == both


@settings(max_examples=60)
@given(whens=_whens)
def test_defaults_are_called_unreachable_when_no_combination_of_measures_reaches_them(
    whens: list[dict[str, Any]],
) -> None:
    found, grid = found_in(whens, otherwise="rest", unknown="open"), tried(whens)
    unreachable = set(found[found.finding == "unreachable"].value)
    all_false = any(all(verdict is False for verdict in row) for row in grid)
    open_ = any(True not in row and None in row for row in grid)
    assert ("rest" in unreachable) != all_false
    assert ("open" in unreachable) != open_


def test_a_wider_value_above_kills_a_narrower_one_below() -> None:
    wide, narrow = {"measure": "spend", ">=": 100}, {"measure": "spend", ">=": 500}
    row = found_in([wide, narrow]).iloc[0]
    assert (row.value, row.finding, row.other, row.severity) == ("v1", "dead", "v0", "error")


def test_two_values_together_can_kill_a_third() -> None:
    low, high = {"measure": "spend", "<": 5}, {"measure": "spend", ">=": 5}
    some = {"measure": "spend", "is_null": False}
    row = found_in([low, high, some]).iloc[0]
    assert (row.value, row.finding) == ("v2", "dead")


def test_the_unknown_keeps_a_value_alive() -> None:
    low, high = {"measure": "spend", "<": 5}, {"measure": "spend", ">=": 5}
    nobody_knows = {"measure": "spend", "is_null": True}
    assert "dead" not in set(found_in([low, high, nobody_knows]).finding)


def test_counts_are_whole_and_not_negative() -> None:
    between = {"all": [{"measure": "orders", ">": 5}, {"measure": "orders", "<": 6}]}
    below = {"measure": "orders", "<": 0}
    assert found_in([between, below]).finding.tolist() == ["contradiction", "contradiction"]


def test_windows_set_measures_apart() -> None:
    lately, ever = {"measure": "orders", "past": "30D", ">": 5}, {"measure": "orders", "<": 3}
    assert found_in([{"all": [lately, ever]}]).empty


def test_dates_and_spans_of_time_are_each_in_order() -> None:
    spans = {"all": [{"measure": "next_due", ">": "+7D"}, {"measure": "next_due", "<": "+1W"}]}
    dates = {
        "all": [
            {"measure": "next_due", ">": "2026-06-02"},
            {"measure": "next_due", "<=": "2026-06-01 23:59"},
        ]
    }
    assert found_in([spans, dates]).finding.tolist() == ["contradiction", "contradiction"]


def test_dates_centuries_ahead_are_in_order_too() -> None:
    never = {"all": [{"measure": "next_due", k: "9999-12-31"} for k in ("<", ">")]}
    sometime = {"measure": "next_due", "<": "9999-12-31"}
    assert found_in([sometime]).empty
    assert found_in([never]).finding.tolist() == ["contradiction"]


def test_free_columns_are_compared_as_what_they_are_compared_with() -> None:
    words = {"measure": "members.x", "in": ["a", "b"]}
    numbers = {"all": [{"measure": "members.x", ">": 3}, {"measure": "members.x", "<=": 3}]}
    flags = {"all": [{"measure": "members.v", "==": x} for x in (True, False)]}
    found = found_in([words, {"measure": "members.x", "==": "b"}, numbers, flags])
    assert found.finding.tolist() == ["dead", "contradiction", "contradiction"]


def test_shares_above_one_are_told() -> None:
    found = found_in([{"measure": "discount_share", ">=": 50}])
    assert found.finding.tolist() == ["share_above_one"]


def test_what_is_too_complex_is_not_decided() -> None:
    names = [f"members.c{i}" for i in range(8)]
    either = [{"any": [{"measure": n, "==": x} for x in range(4)]} for n in names]
    found = found_in([{"all": either}], otherwise="rest")
    assert set(found.finding) == {"not_decided"}
    assert found.severity.unique().tolist() == ["notice"]


def test_many_boxes_against_many_are_not_decided() -> None:
    many = [{"any": [{"measure": f"members.{n}{i}", "==": i} for i in range(100)]} for n in "ab"]
    found = found_in(many)
    assert set(found.finding) == {"not_decided"}
    assert found.value.tolist() == ["v1"]


def test_an_overlap_comes_with_an_example() -> None:
    stage = {"measure": "stage", "in": ["dormant", "churned"]}
    rich = {"all": [stage, {"measure": "spend", "past": "90D", ">=": 1000}]}
    row = found_in([rich, stage]).iloc[0]
    assert row.finding == "overlap"
    assert "net spend in the past 90 days = 1000" in row.told_en
    assert "近90天净消费额 = 1000" in row.told_zh


def test_a_value_of_a_tag_above_is_a_word_among_its_codes() -> None:
    young = {"value": "young", "when": {"measure": "age", "<": 30}}
    tags = {
        "first": {"values": [young], "otherwise": "old"},
        "second": {
            "values": [
                {"value": "a", "when": {"measure": "first", "in": ["young", "old"]}},
                {"value": "b", "when": {"measure": "first", "==": "old"}},
            ]
        },
    }
    found = TagRules.from_dict({"version": 1, "tags": tags}).check()
    assert found[found.finding == "dead"].value.tolist() == ["b"]


def test_findings_name_their_line() -> None:
    text = """
version: 1
tags:
  t:
    values:
      - value: a
        when: {measure: orders, "<": 0}
"""
    found = TagRules.from_yaml(text).check()
    row = found[found.finding == "contradiction"].iloc[0]
    assert (row.line, row.path) == (6, "tags.t.values[0]")


def test_members_are_counted_with_data() -> None:
    c = small_community(1)
    ever, often = {"measure": "orders", ">=": 1}, {"measure": "orders", ">=": 5}
    values = [{"value": "often", "when": often}, {"value": "ever", "when": ever}]
    values.append({"value": "odd", "when": {"measure": "orders", ">": 1e6}})
    tag = {"values": values, "otherwise": "never"}
    rules = TagRules.from_dict({"version": 1, "tags": {"t": tag}})
    found, codes = rules.check(c, as_of=AS_OF), rules.apply(c, as_of=AS_OF)["t"]
    counts = found[found.finding == "members"].set_index("value").n_members.to_dict()
    assert counts == {"often": 0, "ever": 0, "odd": 0, "never": 0} | codes.value_counts().to_dict()
    several = found[found.finding == "several"].iloc[0]
    assert (several.value, several.other) == ("ever", "often")
    assert several.n_members == (codes == "often").sum() > 0
    assert found[found.finding == "nobody"].value.tolist() == ["odd"]


@pytest.mark.parametrize(
    ("when", "word", "meant"),
    [
        ({"measure": "spend", "category": ["tee", "nuts"], ">": 1}, "tee", "tea"),
        ({"measure": "events", "event": "shar", ">": 1}, "shar", "share"),
        ({"measure": "spend", "product": 9999, ">": 1}, "9999", ""),
        ({"measure": "favourite_category", "==": "nut"}, "nut", "nuts"),
    ],
)
def test_words_that_are_nowhere_in_the_data_are_told(
    when: dict[str, Any], word: str, meant: str
) -> None:
    values = [{"value": "a", "when": when}]
    rules = TagRules.from_dict({"version": 1, "tags": {"t": {"values": values}}})
    found = rules.check(small_community(1), as_of=AS_OF)
    told = found[found.finding == "unheard"].told_en.tolist()
    hint = f"; did you mean '{meant}'?" if meant else ""
    assert told == [f"nothing in the data is '{word}'{hint}"]


def test_data_needs_a_moment() -> None:
    rules = TagRules.from_dict(
        {
            "version": 1,
            "tags": {"t": {"values": [{"value": "a", "when": {"measure": "age", "<": 3}}]}},
        }
    )
    with pytest.raises(ParameterError, match="as_of must be given with data"):
        rules.check(small_community(0))
