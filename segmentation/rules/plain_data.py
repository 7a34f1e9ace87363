"""Text into plain data: YAML and JSON read as nothing but mappings, lists, words and numbers.

YAML is read by its 1.2 core rules, whatever the parser does by default: ``yes``, ``on`` and
``010`` are words, dates are words, and only ``true`` and ``false`` are flags. Aliases, tags
such as ``!!python/object``, repeated keys and anything too deep or too large are refused
before anything is built.
"""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import yaml

from siyu.datasets.errors import Problem

from .problems import Problems, RuleError, shown

__all__ = ["MOST_CHARACTERS", "MOST_DEPTH", "MOST_PARTS", "from_json", "from_python", "from_yaml"]

MOST_CHARACTERS = 200_000
MOST_DEPTH = 40
MOST_PARTS = 20_000

Lines = dict[str, int]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]{0,17})(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?")
_NULL = ("", "~", "null", "Null", "NULL")
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def from_yaml(text: str) -> tuple[Any, Lines]:
    """Read YAML text into plain data, with the line of every part.

    Parameters
    ----------
    text : str

    Returns
    -------
    (data, lines)
        Nested dict, list, str, int, float, bool and None; `lines` maps paths such as
        ``tags.a.values[0]`` to lines counted from 1.

    Raises
    ------
    RuleError
        If the text is no YAML or holds anything but plain data.

    Examples
    --------
    >>> from_yaml("a: [yes, 010, 1.5]")
    ({'a': ['yes', '010', 1.5]}, {'': 1, 'a': 1, 'a[0]': 1, 'a[1]': 1, 'a[2]': 1})
    """
    _refuse_long(text)
    problems, lines = Problems(), dict[str, int]()
    try:
        _scan(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        raise _refused(f"is no YAML: {said}", None if mark is None else mark.line + 1) from error
    data = None if node is None else _built(node, "", problems, lines)
    problems.raise_if_any()
    return data, lines


def from_json(text: str) -> Any:
    """Read JSON text into plain data.

    Raises
    ------
    RuleError
        If the text is no JSON, repeats a key, or is too deep or too large.
    """
    _refuse_long(text)
    problems = Problems()

    def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, times in Counter(key for key, _ in pairs).items():
            if times > 1:
                problems.add("", f"the key {shown(key)} stands twice in one mapping")
        return dict(pairs)

    try:
        data = json.loads(text, object_pairs_hook=without_repeats, parse_constant=_no_constant)
    except RecursionError as error:
        raise _refused(f"is nested deeper than {MOST_DEPTH}") from error
    except json.JSONDecodeError as error:
        raise _refused(f"is no JSON: {error.msg}", error.lineno) from error
    except ValueError as error:
        raise _refused(f"is no JSON: {error}") from error
    problems.raise_if_any()
    return from_python(data)


def from_python(data: Any) -> Any:
    """Copy plain data, and refuse anything else, or too much of it.

    Any mapping becomes a dict, tuples lists, dates their ISO text (as other YAML readers make
    dates of them).

    Raises
    ------
    RuleError
        If there is anything but mappings, list, str, int, float, bool, None and dates.
    """
    problems, left = Problems(), [MOST_PARTS]

    def copied(part: Any, path: str, depth: int) -> Any:
        left[0] -= 1
        if left[0] < 0 or depth > MOST_DEPTH:
            size = f"more than {MOST_PARTS} parts" if left[0] < 0 else f"deeper than {MOST_DEPTH}"
            raise _refused(f"is too large: {size}")
        if isinstance(part, Mapping):
            for key in part:
                if type(key) is not str:
                    problems.add(path, f"keys are words; write {shown(str(key))} in quotes", key)
            return {
                str(k): copied(v, f"{path}.{k}".lstrip("."), depth + 1) for k, v in part.items()
            }
        if type(part) in (list, tuple):
            return [copied(v, f"{path}[{i}]", depth + 1) for i, v in enumerate(part)]
        if type(part) in (dt.date, dt.datetime):
            return part.isoformat()
        if part is not None and type(part) not in (str, int, float, bool):
            problems.add(path, f"is no plain value but {type(part).__name__}")
            return None
        return part

    plain = copied(data, "", 0)
    problems.raise_if_any()
    return plain


def _scan(text: str) -> None:
    """Walk through the parser's events, and refuse what must not even be built."""
    depth = parts = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        documents += isinstance(event, yaml.DocumentStartEvent)
        parts += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refused("holds an anchor or alias (& or *); write the part out", line)
        if getattr(event, "tag", None):
            raise _refused("holds a type (such as !!python/object); only plain values", line)
        if depth > MOST_DEPTH:
            raise _refused(f"is nested deeper than {MOST_DEPTH}", line)
        if parts > MOST_PARTS:
            raise _refused(f"has more than {MOST_PARTS} parts", line)
        if documents > 1:
            raise _refused("holds a second document after ---; write one", line)


def _built(node: yaml.Node, path: str, problems: Problems, lines: Lines) -> Any:
    """Turn a node of the parser into plain data."""
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        parts = enumerate(node.value)
        return [_built(part, f"{path}[{i}]", problems, lines) for i, part in parts]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, problems, lines)
    quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
    return node.value if quoted else _scalar(node.value)


def _mapping(node: yaml.MappingNode, path: str, problems: Problems, lines: Lines) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, part in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            problems.found.append(Problem(path, "keys are words, not lists or mappings", 1, line))
            continue
        here = f"{path}.{key.value}".lstrip(".")
        if key.value in data:
            rule = f"the key stands twice, first in line {lines[here]}"
            problems.found.append(Problem(here, rule, 1, line))
            continue
        data[key.value] = _built(part, here, problems, lines)
        lines[here] = line
    return data


def _scalar(text: str) -> str | int | float | bool | None:
    """Read a plain YAML scalar by the core rules of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _refuse_long(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise _refused(f"has {len(text)} characters, more than {MOST_CHARACTERS}")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _refused(rule: str, line: int | None = None) -> RuleError:
    return RuleError("the rule set", (Problem("", rule, 1, line),))
