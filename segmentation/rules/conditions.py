"""Conditions out of plain data: all, any, not, and comparisons of measures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .operands import OPERATORS, TESTS, filter_of, operands_of, window_of
from .problems import Problems, near
from .tree import All, AnyOf, Compare, Condition, Measure, Not
from .vocabulary import Term, term_of, vocabulary

__all__ = ["Scope", "condition_of"]

_MOST_DEEP = 16
_JOINED = ("all", "any", "not")
_WINDOWS = ("past", "ago")


@dataclass(frozen=True, slots=True)
class Scope:
    """The rule tags that a condition may ask for: those above, with their codes; none below."""

    above: Mapping[str, tuple[str, ...]]
    own: str
    below: tuple[str, ...]


def condition_of(
    data: Any, path: str, problems: Problems, scope: Scope, depth: int = 0
) -> Condition | None:
    """Read one condition; None, with the problems noted, if it cannot be read.

    Parameters
    ----------
    data : plain data
    path : str
        Where it stands.
    problems : Problems
        Everything that is wrong is added.
    scope : Scope
        The rule tags that it may ask for.
    depth : int
        How deep it stands in other conditions.

    Returns
    -------
    Condition or None
    """
    if not isinstance(data, dict) or not data:
        problems.add(path, "a condition is a mapping with measure, all, any or not", data)
        return None
    if depth >= _MOST_DEEP:
        problems.add(path, f"conditions are nested deeper than {_MOST_DEEP}")
        return None
    joined = [key for key in data if key in _JOINED]
    if joined and len(data) > 1:
        others = ", ".join(key for key in data if key != joined[0])
        problems.add(path, f"'{joined[0]}' must stand alone, but beside it stand: {others}")
        return None
    if not joined:
        return _comparisons(data, path, problems, scope)
    key, here = joined[0], f"{path}.{joined[0]}"
    if key == "not":
        part = condition_of(data[key], here, problems, scope, depth + 1)
        return None if part is None else Not(part)
    return _several(key, data[key], here, problems, (scope, depth + 1))


def _several(
    key: str, data: Any, path: str, problems: Problems, inside: tuple[Scope, int]
) -> Condition | None:
    if not isinstance(data, list) or not data:
        problems.add(path, f"'{key}' takes a list of conditions", data)
        return None
    scope, depth = inside
    read = [
        condition_of(part, f"{path}[{i}]", problems, scope, depth) for i, part in enumerate(data)
    ]
    parts = tuple(part for part in read if part is not None)
    if len(parts) < len(data):
        return None
    return All(parts) if key == "all" else AnyOf(parts)


def _comparisons(
    data: dict[str, Any], path: str, problems: Problems, scope: Scope
) -> Condition | None:
    """Read a measure and its comparisons; several of them must all be true."""
    before = len(problems.found)
    term = _term(data, path, problems, scope)
    if term is None:
        return None
    known = ("measure", *_WINDOWS, *term.filters, *TESTS)
    for key in data:
        if key not in known:
            problems.add(f"{path}.{key}", _unknown_key(key, term))
    measure = _measure(data, term, path, problems)
    tests = [key for key in data if key in TESTS]
    if not tests and len(problems.found) == before:
        problems.add(path, f"{term.name} is compared with nothing; write {_example(term)}")
    leaves = [_compare(data, term, measure, key, (path, problems)) for key in tests]
    found = tuple(leaf for leaf in leaves if leaf is not None)
    if len(problems.found) > before:
        return None
    return found[0] if len(found) == 1 else All(found)


def _compare(
    data: dict[str, Any], term: Term, measure: Measure, operator: str, at: tuple[str, Problems]
) -> Compare | None:
    path, problems = at
    here = f"{path}.{operator}"
    if operator not in OPERATORS[term.kind]:
        takes = ", ".join(OPERATORS[term.kind])
        problems.add(here, f"{term.name} ({term.kind}) takes {takes}, not {operator}")
        return None
    operands = operands_of(term, operator, data[operator], here, problems)
    return None if operands is None else Compare(measure, operator, operands)


def _term(data: dict[str, Any], path: str, problems: Problems, scope: Scope) -> Term | None:
    name = data.get("measure")
    if "measure" not in data:
        first = next(iter(data))
        rule = f"a condition has measure, all, any or not{near(first, ('measure', *_JOINED))}"
        problems.add(f"{path}.{first}", rule, first)
        return None
    term = term_of(name, scope.above) if type(name) is str else None
    if term is None:
        problems.add(f"{path}.measure", _unknown_measure(name, scope), name)
    return term


def _unknown_measure(name: Any, scope: Scope) -> str:
    if name == scope.own:
        return "a tag cannot ask for itself"
    if name in scope.below:
        return (
            "a tag can ask for tags above it only, so that there are no circles; move that one up"
        )
    close = near(name, [*scope.above, *vocabulary()]) if type(name) is str else ""
    hint = close if close.startswith("; did") else "; rule_measures() lists them all"
    return f"unknown measure{hint}"


def _measure(data: dict[str, Any], term: Term, path: str, problems: Problems) -> Measure:
    window = None
    if any(key in data for key in _WINDOWS):
        if term.windowed:
            window = window_of(data, path, problems)
        else:
            key = next(key for key in _WINDOWS if key in data)
            problems.add(f"{path}.{key}", f"{term.name} takes no window")
    filters = [
        filter_of(key, data[key], f"{path}.{key}", problems)
        for key in sorted(term.filters)
        if key in data
    ]
    return Measure(term.name, window, tuple(f for f in filters if f is not None))


def _unknown_key(key: str, term: Term) -> str:
    takes = [*OPERATORS[term.kind], *(_WINDOWS if term.windowed else ()), *term.filters]
    return f"{term.name} takes no '{key}'{near(key, takes)}"


def _example(term: Term) -> str:
    if term.codes:
        return f"in: [{term.codes[0]}]"
    examples = {"word": "in: [a, b]", "flag": '"==": true', "time": '"<": +7D'}
    return examples.get(term.kind, '">=": 1')
