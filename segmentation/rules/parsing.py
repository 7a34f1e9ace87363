"""A rule set out of plain data: tags, values, labels."""

import re
from typing import Any

from .conditions import Scope, condition_of
from .problems import Problems, near
from .tree import Outcome, RuleTag, RuleValue, compares
from .vocabulary import vocabulary

__all__ = ["VERSION", "tags_of"]

VERSION = 1
"""The version of the format."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_CODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,62}")
_MOST_TAGS, _MOST_VALUES, _MOST_COMPARISONS = 100, 50, 500
_LONGEST_LABEL = 100
_TAG_KEYS = ("label", "values", "otherwise", "unknown")
_LANGUAGES = ("zh", "en")


def tags_of(data: Any, problems: Problems) -> tuple[RuleTag, ...]:
    """Read the tags of a rule set; everything that is wrong is added to `problems`."""
    if not isinstance(data, dict):
        problems.add("", "a rule set is a mapping with version and tags", data)
        return ()
    _only(data, ("version", "tags"), "", problems)
    if type(data.get("version")) is not int or data["version"] != VERSION:
        problems.add("version", f"write version: {VERSION}", data.get("version"))
    tags = data.get("tags")
    if not isinstance(tags, dict) or not 0 < len(tags) <= _MOST_TAGS:
        problems.add("tags", f"tags is a mapping of 1 to {_MOST_TAGS} tags by name")
        return ()
    above: dict[str, tuple[str, ...]] = {}
    read: list[RuleTag] = []
    for name, body in tags.items():
        below = tuple(other for other in tags if other not in above and other != name)
        tag = _tag(body, f"tags.{name}", problems, Scope(dict(above), name, below))
        above[name] = _codes_in(body)
        read += [] if tag is None else [tag]
    return tuple(read)


def _tag(data: Any, path: str, problems: Problems, scope: Scope) -> RuleTag | None:
    name, before = scope.own, len(problems.found)
    if not _NAME.fullmatch(name):
        problems.add(path, "the name of a tag is letters, digits and _, a letter first", name)
    if name in vocabulary() or name == "member_id":
        problems.add(path, "this name is taken by a built-in measure; choose another")
    if not isinstance(data, dict):
        problems.add(path, "a tag is a mapping with label, values, otherwise, unknown", data)
        return None
    _only(data, _TAG_KEYS, path, problems)
    values = _values(data.get("values"), f"{path}.values", problems, scope)
    zh, en = _label(data.get("label"), f"{path}.label", problems, name)
    rest = [
        _outcome(data[key], f"{path}.{key}", problems) if key in data else None
        for key in ("otherwise", "unknown")
    ]
    otherwise, unknown, *outcomes = _labelled(
        [*rest, *(value.outcome for value in values)], path, problems
    )
    if len(problems.found) > before:
        return None
    values = tuple(
        RuleValue(outcome, value.when)
        for outcome, value in zip(outcomes, values, strict=True)
        if outcome is not None
    )
    return RuleTag(name, zh, en, values, otherwise, unknown)


def _values(data: Any, path: str, problems: Problems, scope: Scope) -> tuple[RuleValue, ...]:
    if not isinstance(data, list) or not 0 < len(data) <= _MOST_VALUES:
        problems.add(path, f"values is a list of 1 to {_MOST_VALUES} values, first match wins")
        return ()
    values: list[RuleValue] = []
    for i, body in enumerate(data):
        here = f"{path}[{i}]"
        if not isinstance(body, dict):
            problems.add(here, "a value is a mapping with value, label, when", body)
            continue
        _only(body, ("value", "label", "when"), here, problems)
        outcome = _outcome({k: body[k] for k in ("value", "label") if k in body}, here, problems)
        when = condition_of(body.get("when"), f"{here}.when", problems, scope)
        if outcome is not None and any(v.outcome.code == outcome.code for v in values):
            problems.add(f"{here}.value", "this value stands twice; join both with any")
        elif outcome is not None and when is not None:
            values.append(RuleValue(outcome, when))
    if sum(len(compares(value.when)) for value in values) > _MOST_COMPARISONS:
        problems.add(path, f"a tag takes at most {_MOST_COMPARISONS} comparisons")
    return tuple(values)


def _outcome(data: Any, path: str, problems: Problems) -> Outcome | None:
    """Read a code, alone or with its label."""
    if not isinstance(data, dict):
        return Outcome(data, data, data) if _is_code(data, path, problems) else None
    _only(data, ("value", "label"), path, problems)
    if not _is_code(data.get("value"), f"{path}.value", problems):
        return None
    code = data["value"]
    return Outcome(code, *_label(data.get("label"), f"{path}.label", problems, code))


def _is_code(data: Any, path: str, problems: Problems) -> bool:
    if type(data) is str and _CODE.fullmatch(data):
        return True
    quoted = type(data) in (int, float, bool)
    hint = "; put it in quotes" if quoted else "; words for people go into label"
    problems.add(path, f"a value is a code of letters, digits, _ . -{hint}", data)
    return False


def _label(data: Any, path: str, problems: Problems, code: str) -> tuple[str, str]:
    """Read the words in both languages; a language that is left out shows the code."""
    if data is None:
        return code, code
    if not isinstance(data, dict):
        problems.add(path, "a label is a mapping: {zh: 优先, en: first}", data)
        return code, code
    _only(data, _LANGUAGES, path, problems)
    for language in _LANGUAGES:
        if language in data and not _is_label(data[language]):
            rule = f"a label is plain text of 1 to {_LONGEST_LABEL} characters, without braces"
            problems.add(f"{path}.{language}", rule, data[language])
    zh, en = (data.get(language, code) for language in _LANGUAGES)
    return zh, en


def _is_label(text: Any) -> bool:
    if type(text) is not str or not 0 < len(text.strip()) <= len(text) <= _LONGEST_LABEL:
        return False
    return text.isprintable() and not set(text) & set("{}")


def _only(data: dict[str, Any], keys: tuple[str, ...], path: str, problems: Problems) -> None:
    """Refuse keys that nobody reads."""
    for key in data:
        if key not in keys:
            problems.add(f"{path}.{key}".lstrip("."), f"unknown key{near(key, keys)}")


def _labelled(
    outcomes: list[Outcome | None], path: str, problems: Problems
) -> list[Outcome | None]:
    """Give a code that stands in several places the one label it has."""
    named: dict[str, Outcome] = {}
    for outcome in filter(None, outcomes):
        has_label = (outcome.zh, outcome.en) != (outcome.code, outcome.code)
        if has_label and named.setdefault(outcome.code, outcome) != outcome:
            problems.add(path, f"the value '{outcome.code}' has two labels")
    return [outcome and named.get(outcome.code, outcome) for outcome in outcomes]


def _codes_in(data: Any) -> tuple[str, ...]:
    """Give the codes of a tag that cannot be read, so that tags below it are not blamed."""
    values = data.get("values") if isinstance(data, dict) else None
    found = (
        [v.get("value") for v in values if isinstance(v, dict)] if isinstance(values, list) else []
    )
    rest = [data.get(key) for key in ("otherwise", "unknown")] if isinstance(data, dict) else []
    named = [part.get("value") if isinstance(part, dict) else part for part in rest]
    return tuple(code for code in (*found, *named) if isinstance(code, str))
