"""Why one member has the value of a rule tag: every condition with what was measured."""

from typing import Any

import pyarrow as pa

from .deciding import Decision
from .logic import Known, Truth, decided, truth_of
from .phrases import Wording
from .tree import Compare, Condition, Not, RuleTag

__all__ = ["explanation"]

_COLUMNS = {
    "tag": pa.string(),
    "value": pa.string(),
    "path": pa.string(),
    "verdict": pa.string(),
    "decides": pa.bool_(),
    "measure": pa.string(),
    "operator": pa.string(),
    "actual_zh": pa.string(),
    "actual_en": pa.string(),
    "threshold_zh": pa.string(),
    "threshold_en": pa.string(),
    "condition_zh": pa.string(),
    "condition_en": pa.string(),
}

Row = dict[str, Any]


def explanation(tags: tuple[RuleTag, ...], decision: Decision) -> pa.Table:
    """List every condition of every tag for the one member decided, in order of the rules."""
    known = decision.known
    wording = Wording(tags, "zh", known.tz), Wording(tags, "en", known.tz)
    rows: list[Row] = []
    for tag in tags:
        place = int(decided(tag, decision.truths[tag.name])[0])
        for i, value in enumerate(tag.values):
            path = f"tags.{tag.name}.values[{i}].when"
            told = _nodes(value.when, path, known, wording)
            head = {"tag": tag.name, "value": value.outcome.code}
            rows += [head | {"decides": i == place and not at} | row for at, row in enumerate(told)]
        rows += _rest(tag, place)
    columns = {name: [row.get(name) for row in rows] for name in _COLUMNS}
    return pa.table({name: pa.array(columns[name], kind) for name, kind in _COLUMNS.items()})


def _rest(tag: RuleTag, place: int) -> list[Row]:
    """Tell of the outcomes without a condition; also where the tag stays null."""
    places = {len(tag.values): "otherwise", len(tag.values) + 1: "unknown"}
    words = {
        "otherwise": ("以上条件都不成立", "every condition above is false"),
        "unknown": ("以上条件无一成立，且有未知", "none above is true and one is unknown"),
    }
    rows: list[Row] = []
    for number, key in places.items():
        outcome = tag.otherwise if key == "otherwise" else tag.unknown
        if outcome is None and number != place:
            continue
        row = {
            "tag": tag.name,
            "value": outcome and outcome.code,
            "path": f"tags.{tag.name}.{key}",
            "verdict": "true" if number == place else "false",
            "decides": number == place,
        }
        rows.append(row | dict(zip(("condition_zh", "condition_en"), words[key], strict=True)))
    return rows


def _nodes(
    condition: Condition, path: str, known: Known, wording: tuple[Wording, Wording]
) -> list[Row]:
    """Tell of a condition, then of everything inside it."""
    zh, en = wording
    row: Row = {
        "path": path,
        "verdict": _verdict(truth_of(condition, known)),
        "condition_zh": zh.condition(condition),
        "condition_en": en.condition(condition),
    }
    if isinstance(condition, Compare):
        reading = known.readings[condition.measure]
        row |= {
            "measure": condition.measure.name,
            "operator": condition.operator,
            "actual_zh": zh.value(condition.measure, reading, 0),
            "actual_en": en.value(condition.measure, reading, 0),
            "threshold_zh": zh.operands(condition),
            "threshold_en": en.operands(condition),
        }
        return [row]
    if isinstance(condition, Not):
        return [row, *_nodes(condition.part, f"{path}.not", known, wording)]
    key = type(condition).__name__.lower().removesuffix("of")
    inner = [
        _nodes(part, f"{path}.{key}[{i}]", known, wording) for i, part in enumerate(condition.parts)
    ]
    return [row, *(found for rows in inner for found in rows)]


def _verdict(truth: Truth) -> str:
    if truth.true[0]:
        return "true"
    return "false" if truth.false[0] else "unknown"
