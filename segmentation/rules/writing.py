"""A rule set as plain data again: what `TagRules.from_dict` reads."""

from typing import Any

from siyu.datasets.clock import DAY_US, HOUR_US

from .parsing import VERSION
from .tree import All, AnyOf, Compare, Condition, Measure, Moment, Not, Operand, Outcome, RuleTag

__all__ = ["age_text", "data_of"]


def data_of(tags: tuple[RuleTag, ...]) -> dict[str, Any]:
    """Give the rule set as nested dict and list, ready for YAML or JSON."""
    return {"version": VERSION, "tags": {tag.name: _tag(tag) for tag in tags}}


def age_text(us: int) -> str:
    """Write an age as rules do.

    Examples
    --------
    >>> age_text(30 * DAY_US), age_text(36 * HOUR_US)
    ('30D', '36h')
    """
    return f"{us // HOUR_US}h" if us % DAY_US else f"{us // DAY_US}D"


def _tag(tag: RuleTag) -> dict[str, Any]:
    body: dict[str, Any] = {
        "label": {"zh": tag.zh, "en": tag.en},
        "values": [_outcome(v.outcome) | {"when": _condition(v.when)} for v in tag.values],
    }
    for key, outcome in (("otherwise", tag.otherwise), ("unknown", tag.unknown)):
        if outcome is not None:
            body[key] = _outcome(outcome)
    return body


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {"value": outcome.code, "label": {"zh": outcome.zh, "en": outcome.en}}


def _condition(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, Compare):
        return _compare(condition)
    if isinstance(condition, Not):
        return {"not": _condition(condition.part)}
    parts = [_condition(part) for part in condition.parts]
    key = {All: "all", AnyOf: "any"}[type(condition)]
    return {key: parts}


def _compare(leaf: Compare) -> dict[str, Any]:
    many = leaf.operator in ("in", "not_in", "between")
    operands = [_operand(operand) for operand in leaf.operands]
    return _measure(leaf.measure) | {leaf.operator: operands if many else operands[0]}


def _measure(measure: Measure) -> dict[str, Any]:
    written: dict[str, Any] = {"measure": measure.name}
    window = measure.window
    if window is not None and window.newer:
        written["ago"] = [age_text(window.older), age_text(window.newer)]
    elif window is not None:
        written["past"] = age_text(window.older)
    for held in measure.filters:
        values: Any = list(held.values)
        written[held.column] = values == ["true"] if held.column == "coupon" else values
    return written


def _operand(operand: Operand) -> Any:
    if isinstance(operand, Moment):
        return operand.text
    whole = isinstance(operand, float) and operand.is_integer()
    return int(operand) if whole else operand
