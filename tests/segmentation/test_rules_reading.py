"""Rules are read as data: what is wrong is told with its place, and nothing is ever run."""

import datetime as dt
import json
import pickle
from collections import OrderedDict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from rule_strategies import rule_sets
from siyu.datasets import ParameterError, SchemaError
from siyu.segmentation.rules.problems import RuleError
from siyu.segmentation.rules.rule_set import TagRules, as_rules
from siyu.segmentation.rules.tree import compares

WHEN = {"measure": "orders", ">=": 1}
TEXT = """
version: 1
tags:
  win_back:
    label: {zh: 召回优先级, en: win-back priority}
    values:
      - value: first
        when:
          all:
            - {measure: stage, in: [dormant, churned]}
            - {measure: monetary, past: 365D, ">=": 1000}
      - value: later
        when: {measure: stage, in: [dormant, churned]}
    otherwise: none
"""


def one(when: Any = WHEN, **more: Any) -> dict[str, Any]:
    """Make a rule set of one tag with one value."""
    tag = {"values": [{"value": "a", "when": when}], **more}
    return {"version": 1, "tags": {"t": tag}}


def refused(rules: dict[str, Any]) -> str:
    """Give what is said when a dict is refused."""
    with pytest.raises(RuleError, match="cannot be read") as caught:
        TagRules.from_dict(rules)
    return str(caught.value)


def refused_yaml(text: str) -> str:
    """Give what is said when YAML text is refused."""
    with pytest.raises(RuleError, match="cannot be read") as caught:
        TagRules.from_yaml(text + "\n")
    return str(caught.value)


@settings(max_examples=80)
@given(rules=rule_sets())
def test_rules_read_back_what_they_write(rules: dict[str, Any]) -> None:
    made = TagRules.from_dict(rules)
    assert TagRules.from_dict(made.to_dict()) == made
    assert TagRules.from_json(json.dumps(made.to_dict())) == made
    assert TagRules.from_yaml(yaml.safe_dump(made.to_dict(), allow_unicode=True)) == made
    assert TagRules.from_dict(made.to_dict()).to_dict() == made.to_dict()


def test_text_a_file_and_a_dict_say_the_same(tmp_path: Path) -> None:
    from_text = TagRules.from_yaml(TEXT)
    for name, text in (("r.yaml", TEXT), ("r.json", json.dumps(from_text.to_dict()))):
        (tmp_path / name).write_text(text, "utf-8")
        assert as_rules(tmp_path / name) == as_rules(str(tmp_path / name)) == from_text
    assert as_rules(from_text.to_dict()) == as_rules(TEXT) == as_rules(from_text) == from_text
    assert as_rules(json.dumps(from_text.to_dict())) == from_text


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ParameterError, match=r"cannot read the rules of nowhere\.yaml"):
        as_rules("nowhere.yaml")


def test_rules_of_another_type_are_refused() -> None:
    with pytest.raises(ParameterError, match="rules must be TagRules, a dict, text or a path"):
        as_rules(7)


def test_every_problem_is_told_at_once_with_its_line_and_what_may_be_meant() -> None:
    bad = TEXT.replace("churned]}", "churnd]}").replace("monetary", "monetray")
    with pytest.raises(SchemaError, match="E102") as caught:
        TagRules.from_yaml(bad)
    places = [(p.column, p.first_row) for p in caught.value.problems]
    assert places == [
        ("tags.win_back.values[0].when.all[0].in[1]", 10),
        ("tags.win_back.values[0].when.all[1].measure", 11),
        ("tags.win_back.values[1].when.in[1]", 13),
    ]
    said = str(caught.value)
    assert "line 10" in said
    assert "did you mean 'churned'?, got 'churnd'" in said
    assert "did you mean 'monetary'?, got 'monetray'" in said


def test_the_error_survives_pickling() -> None:
    with pytest.raises(RuleError) as caught:
        TagRules.from_dict(one({"measure": "x"}))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"measure": "staeg", "==": "new"}, "unknown measure; did you mean 'stage'?"),
        ({"measure": "zzzz", "==": 1}, "unknown measure; rule_measures() lists them all"),
        ({"measure": "stage", "==": "dorment"}, "no value of stage; did you mean 'dormant'?"),
        ({"measure": "stage", "==": "Dormant"}, "did you mean 'dormant'?"),
        ({"measure": "orders", "=>": 1}, "orders takes no '=>'; did you mean '"),
        ({"measure": "orders", "psat": "30D", ">": 1}, "takes no 'psat'; did you mean 'past'?"),
        ({"measure": "orders"}, 'orders is compared with nothing; write ">=": 1'),
        ({"measure": "orders", ">": "many"}, "orders is a number, got 'many'"),
        ({"measure": "orders", ">": True}, "orders is a number, got True"),
        ({"measure": "orders", ">": float("nan")}, "orders is a number below"),
        ({"measure": "orders", ">": float("inf")}, "orders is a number below"),
        ({"measure": "orders", ">": None}, "orders is a number"),
        ({"measure": "orders", "contains": "1"}, "orders (count) takes =="),
        ({"measure": "stage", ">": "new"}, "stage (word) takes =="),
        ({"measure": "stage", "==": 3}, "stage is a word of 1 to 200 characters; put it in quotes"),
        ({"measure": "stage", "in": "new"}, "in takes a list of 1 to 1000 values"),
        ({"measure": "stage", "in": []}, "in takes a list of 1 to 1000 values"),
        ({"measure": "orders", "between": [1]}, "between takes two values: [low, high]"),
        ({"measure": "orders", "between": [5, 1]}, "between takes the lower end first"),
        ({"measure": "next_due", "between": ["+7D", "-7D"]}, "between takes the lower end first"),
        ({"measure": "night_owl", "==": "yes"}, "night_owl is true or false, got 'yes'"),
        ({"measure": "stage", "is_null": "yes"}, "is_null is true or false, got 'yes'"),
        ({"measure": "next_due", "<": "2026-02-30"}, "a moment is a date (2026-06-01) or a span"),
        ({"measure": "next_due", "<": "soon"}, "a moment is a date (2026-06-01) or a span"),
        ({"measure": "orders", "past": "30", ">": 1}, "an age is hours, days or weeks"),
        ({"measure": "orders", "past": 30, ">": 1}, "an age is hours, days or weeks"),
        ({"measure": "orders", "past": "1Y", ">": 1}, "a year is 365D"),
        ({"measure": "orders", "past": "0D", ">": 1}, "an age must be above 0"),
        ({"measure": "orders", "ago": "30D", ">": 1}, "ago takes two ages, the older first"),
        ({"measure": "orders", "ago": ["30D", "60D"], ">": 1}, "ago takes the older age first"),
        ({"measure": "orders", "past": "9D", "ago": ["9D", "1D"], ">": 1}, "past or ago, not both"),
        ({"measure": "stage", "past": "30D", "==": "new"}, "stage takes no window"),
        ({"measure": "orders", "event": "share", ">": 1}, "orders takes no 'event'"),
        ({"measure": "orders", "category": [], ">": 1}, "a filter takes 1 to 1000 values"),
        ({"measure": "orders", "category": 1.5, ">": 1}, "a filter takes words or whole numbers"),
        ({"measure": "orders", "coupon": "yes", ">": 1}, "coupon is true (with a coupon)"),
        ({"measure": "members.x", "in": [1, "a"]}, "the values of a list must be of one type"),
        ({"measure": "members.x", "contains": 1}, "contains does not take this value here"),
        ({"measure": ["stage"], "==": "new"}, "unknown measure"),
        ({"messure": "stage", "==": "new"}, "did you mean 'measure'?"),
        ({"all": [WHEN], "measure": "stage"}, "'all' must stand alone"),
        ({"all": []}, "'all' takes a list of conditions"),
        ({"any": WHEN}, "'any' takes a list of conditions"),
        ({"not": [WHEN]}, "a condition is a mapping with measure, all, any or not"),
        ({}, "a condition is a mapping"),
        ("orders > 3", "a condition is a mapping"),
        (None, "a condition is a mapping"),
        ({"measure": "t", "==": "a"}, "a tag cannot ask for itself"),
    ],
)
def test_a_condition_that_cannot_be_read_says_why(when: Any, said: str) -> None:
    assert said in refused(one(when))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"tags": one()["tags"]}, "version: write version: 1"),
        (one() | {"version": 2}, "version: write version: 1, got 2"),
        (one() | {"version": True}, "version: write version: 1, got True"),
        (one() | {"tag": {}}, "tag: unknown key; did you mean 'tags'?"),
        ({"version": 1, "tags": {}}, "tags is a mapping of 1 to 100 tags"),
        ({"version": 1, "tags": {"a b": one()["tags"]["t"]}}, "the name of a tag is letters"),
        ({"version": 1, "tags": {"stage": one()["tags"]["t"]}}, "taken by a built-in measure"),
        ({"version": 1, "tags": {"member_id": one()["tags"]["t"]}}, "taken by a built-in measure"),
        ({"version": 1, "tags": {"t": [1]}}, "a tag is a mapping"),
        ({"version": 1, "tags": {"t": {"values": []}}}, "values is a list of 1 to 50 values"),
        (one(value=[]), "t.value: unknown key; did you mean 'values'?"),
        (one(otherwise=True), "a value is a code"),
        (one(otherwise=None), "a value is a code"),
        (one(otherwise="two words"), "a value is a code"),
        (one(label="people"), "a label is a mapping"),
        (one(label={"cn": "人"}), "t.label.cn: unknown key; there are: zh, en"),
        (one(label={"zh": " "}), "a label is plain text"),
        (one(label={"zh": "a\x00b"}), "a label is plain text"),
        (one(label={"zh": "x" * 101}), "a label is plain text"),
        (one(otherwise={"value": "b", "name": "x"}), "otherwise.name: unknown key"),
    ],
)
def test_a_rule_set_that_cannot_be_read_says_why(rules: dict[str, Any], said: str) -> None:
    assert said in refused(rules)


def test_a_value_stands_once() -> None:
    values = [{"value": "a", "when": WHEN}, {"value": "a", "when": WHEN}]
    said = refused({"version": 1, "tags": {"t": {"values": values}}})
    assert "values[1].value: this value stands twice; join both with any" in said


def test_a_code_has_one_label() -> None:
    rest = {
        "otherwise": {"value": "b", "label": {"zh": "甲"}},
        "unknown": {"value": "b", "label": {"zh": "乙"}},
    }
    assert "the value 'b' has two labels" in refused(one(**rest))


def test_tags_ask_for_tags_above_them_alone() -> None:
    asks = {"values": [{"value": "x", "when": {"measure": "second", "==": "a"}}]}
    plain = one()["tags"]["t"]
    below = {"version": 1, "tags": {"first": asks, "second": plain}}
    assert "a tag can ask for tags above it only" in refused(below)
    above = {"version": 1, "tags": {"second": plain, "first": asks}}
    assert [tag.name for tag in TagRules.from_dict(above).tags] == ["second", "first"]


def test_codes_of_a_tag_above_are_checked() -> None:
    asks = {"values": [{"value": "x", "when": {"measure": "tier", "==": "gold_"}}]}
    tier = {"values": [{"value": "gold", "when": WHEN}], "otherwise": "none"}
    said = refused({"version": 1, "tags": {"tier": tier, "x": asks}})
    assert "no value of tier; did you mean 'gold'?" in said


@pytest.mark.parametrize(
    "payload",
    [
        "__import__('os').system('touch {file}')",
        "{{ 7 * 7 }}",
        "!!python/object/apply:os.system ['touch {file}']",
        "${jndi:ldap://x}",
        "lambda: 1",
    ],
)
@pytest.mark.parametrize("place", ["measure", "value", "key", "label", "tag", "past"])
def test_code_in_a_rule_is_refused_and_never_run(payload: str, place: str, tmp_path: Path) -> None:
    text = payload.replace("{file}", str(tmp_path / "made"))
    when: dict[str, Any] = {"measure": "orders", ">=": 1}
    rules = one(when)
    tag = rules["tags"]["t"]
    if place == "measure":
        when["measure"] = text
    elif place == "value":
        tag["values"][0]["value"] = text
    elif place == "key":
        when[text] = 1
    elif place == "label":
        tag["label"] = {"zh": "{{" + text + "}}"}
    elif place == "tag":
        rules["tags"][text] = rules["tags"].pop("t")
    else:
        when["past"] = text
    assert "cannot be read" in refused(rules)
    assert "cannot be read" in refused_yaml(yaml.safe_dump(rules))
    assert list(tmp_path.iterdir()) == []


def test_yaml_types_are_refused_and_never_built(tmp_path: Path) -> None:
    for name in ("python/object/apply:os.mkdir", "python/name:os.system", "set", "binary", "str"):
        text = TEXT.replace("value: first", f'value: !!{name} ["{tmp_path / "made"}"]')
        assert "holds a type" in refused_yaml(text)
    assert list(tmp_path.iterdir()) == []


def test_aliases_are_refused_before_they_grow() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"
    assert "line 1: the rule set: holds an anchor or alias" in refused_yaml(bomb)
    assert "anchor or alias" in refused_yaml("version: 1\ntags: *t")


def test_repeated_keys_are_refused() -> None:
    said = refused_yaml("version: 1\ntags:\n  t: {}\n  t: {}")
    assert "line 4: tags.t: the key stands twice, first in line 3" in said
    with pytest.raises(RuleError, match="the key 'version' stands twice"):
        TagRules.from_json('{"version": 1, "version": 1}')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 50, "is nested deeper than 40"),
        ("a: 1\n---\nb: 2", "holds a second document"),
        ("a: [1", "is no YAML"),
        ("a: \x00", "is no YAML"),
        ("? [a]\n: 1", "keys are words, not lists or mappings"),
        ("#" * 200_001, "has 200002 characters, more than 200000"),
        ("[" + "1," * 20_000 + "]", "has more than 20000 parts"),
        ("just words", "a rule set is a mapping with version and tags"),
        ("", "a rule set is a mapping with version and tags"),
        ("a: @b", "is no YAML"),
    ],
)
def test_text_that_is_no_rule_set_is_refused(text: str, said: str) -> None:
    assert said in refused_yaml(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ('{"version": NaN}', "NaN is no number of JSON"),
        ("[" * 100_000, "is nested deeper than 40"),
        ("[" * 60 + "]" * 60, "is too large: deeper than 40"),
        ("9" * 5_000, "is no JSON"),
    ],
)
def test_json_that_is_no_rule_set_is_refused(text: str, said: str) -> None:
    with pytest.raises(RuleError, match="cannot be read") as caught:
        TagRules.from_json(text)
    assert said in str(caught.value)


def test_a_dict_that_holds_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["not"] = loop
    assert "is too large" in refused(one(loop))


def test_a_dict_that_shares_its_parts_a_thousandfold_is_refused() -> None:
    shared: Any = WHEN
    for _ in range(12):
        shared = {"any": [shared] * 10}
    assert "more than 20000 parts" in refused(one(shared))


def test_any_mapping_will_do() -> None:
    plain = one({"measure": "orders", ">": 1})
    kept = OrderedDict(plain, tags=MappingProxyType(plain["tags"]))
    assert as_rules(kept) == TagRules.from_dict(plain)


def test_objects_in_a_dict_are_refused() -> None:
    class Text(str):
        __slots__ = ()

    assert "is no plain value but Text" in refused(one({"measure": Text("orders"), ">": 1}))
    assert "keys are words" in refused(one({"measure": "orders", 1: 2}))


def test_conditions_nested_too_deep_are_refused() -> None:
    when: dict[str, Any] = WHEN
    for _ in range(17):
        when = {"not": when}
    assert "conditions are nested deeper than 16" in refused(one(when))


def test_a_tag_of_too_many_comparisons_is_refused() -> None:
    when = {"any": [{"measure": "orders", "==": i} for i in range(501)]}
    assert "a tag takes at most 500 comparisons" in refused(one(when))


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "n", "Y", "010", "1_000", "12:30"])
def test_words_that_other_readers_turn_into_something_else_stay_words(word: str) -> None:
    stage = "{measure: stage, in: [dormant, churned]}\n    otherwise"
    assert stage in TEXT
    text = TEXT.replace(stage, f"{{measure: region, ==: {word}}}\n    otherwise")
    rules = TagRules.from_yaml(text)
    assert compares(rules.tags[0].values[1].when)[0].operands == (word,)


def test_dates_are_read_alike_from_yaml_json_and_python() -> None:
    when = {"measure": "next_due", "<": dt.date(2026, 6, 1)}
    from_python = TagRules.from_dict(one(when))
    from_yaml = TagRules.from_yaml(yaml.safe_dump(one(when)))
    assert from_python == from_yaml == TagRules.from_dict(one(when | {"<": "2026-06-01"}))


def test_several_comparisons_of_one_measure_must_all_hold() -> None:
    short = {"measure": "orders", "past": "30D", ">": 1, "<=": 5}
    whole = [{"measure": "orders", "past": "30D", key: short[key]} for key in (">", "<=")]
    assert TagRules.from_dict(one(short)) == TagRules.from_dict(one({"all": whole}))


def test_a_code_shows_its_label_wherever_it_stands() -> None:
    rest = {"otherwise": "b", "unknown": {"value": "b", "label": {"zh": "乙", "en": "bee"}}}
    tag = TagRules.from_dict(one(**rest)).tags[0]
    assert tag.otherwise == tag.unknown


def test_a_file_of_mistakes_is_given_up_after_two_hundred() -> None:
    when = {"any": [{"measure": f"wrong{i}", "==": i} for i in range(3_000)]}
    with pytest.raises(RuleError, match="there may be more; mend these first") as caught:
        TagRules.from_dict(one(when))
    assert len(caught.value.problems) == 201
