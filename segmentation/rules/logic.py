"""Three-valued logic: every condition is true, false or unknown of every member."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import moment
from siyu.datasets.errors import DataError, ParameterError

from .readings import Reading
from .tree import All, Compare, Condition, Measure, Moment, Not, Operand, Outcome, RuleTag

__all__ = ["Known", "Truth", "decided", "outcome_column", "truth_of"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of the members: the reading of each measure, the moment and the clock."""

    readings: Mapping[Measure, Reading]
    end: int
    tz: str


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Of whom a condition is true, and of whom it is false; of the others it is unknown."""

    true: Bools
    false: Bools


def truth_of(condition: Condition, known: Known) -> Truth:
    """Judge one condition of every member (Kleene's logic).

    ``all`` is false as soon as one part is, ``any`` true as soon as one is, whatever is
    unknown beside it; ``not`` of unknown is unknown. A comparison with an unknown value is
    unknown; ``is_null`` asks for that and is always known.
    """
    if isinstance(condition, Compare):
        return _compared(condition, known)
    if isinstance(condition, Not):
        inner = truth_of(condition.part, known)
        return Truth(inner.false, inner.true)
    parts = [truth_of(part, known) for part in condition.parts]
    true, false = [part.true for part in parts], [part.false for part in parts]
    if isinstance(condition, All):
        return Truth(np.logical_and.reduce(true), np.logical_or.reduce(false))
    return Truth(np.logical_or.reduce(true), np.logical_and.reduce(false))


def decided(tag: RuleTag, truths: list[Truth]) -> Ints:
    """Give the place of each member's outcome: of a value, then otherwise, then unknown.

    Parameters
    ----------
    tag : RuleTag
    truths : list of Truth
        Of the condition of each value, in order.

    Returns
    -------
    int64 array, n_members
        ``0 .. n_values - 1``; ``n_values`` where all are false, ``n_values + 1`` where none is
        true and one is unknown.
    """
    n = len(tag.values)
    none_true = ~np.logical_or.reduce([truth.true for truth in truths])
    all_false = np.logical_and.reduce([truth.false for truth in truths])
    first = np.argmax(np.stack([truth.true for truth in truths]), axis=0)
    return np.where(none_true, np.where(all_false, n, n + 1), first).astype(np.int64)


def outcome_column(tag: RuleTag, places: Ints) -> pa.Array:
    """Turn places of outcomes into codes; null where the tag has no such outcome."""
    outcomes: list[Outcome | None] = [value.outcome for value in tag.values]
    codes = [outcome and outcome.code for outcome in (*outcomes, tag.otherwise, tag.unknown)]
    return pa.array(codes, pa.string()).take(pa.array(places))


def _compared(leaf: Compare, known: Known) -> Truth:
    reading = known.readings[leaf.measure]
    if leaf.operator == "is_null":
        asked_null = leaf.operands == (True,)
        return Truth(reading.known != asked_null, reading.known == asked_null)
    if reading.kind == "none":
        nobody = np.zeros(len(reading.known), dtype=np.bool_)
        return Truth(nobody, nobody)
    holds = _holds(leaf, reading, known)
    return Truth(holds & reading.known, ~holds & reading.known)


def _holds(leaf: Compare, reading: Reading, known: Known) -> Bools:
    """Compare, whether the values are known or not."""
    operands = [_operand(operand, reading, leaf, known) for operand in leaf.operands]
    if reading.kind == "word":
        return _words_hold(leaf.operator, operands, reading)
    values: Any = reading.values
    first = operands[0]
    found: Bools
    if leaf.operator == "between":
        found = (values >= first) & (values <= operands[1])
    elif leaf.operator in ("in", "not_in"):
        found = np.isin(values, operands) == (leaf.operator == "in")
    elif leaf.operator in ("==", "!="):
        found = (values == first) == (leaf.operator == "==")
    elif leaf.operator in ("<", "<="):
        found = values < first if leaf.operator == "<" else values <= first
    else:
        found = values > first if leaf.operator == ">" else values >= first
    return np.asarray(found, dtype=np.bool_)


def _words_hold(operator: str, operands: list[Any], reading: Reading) -> Bools:
    """Compare each word once, then look the answer up for every member."""
    if operator == "contains":
        part = str(operands[0])
        answers = [part in word for word in reading.words]
    else:
        wanted, turned = set(operands), operator in ("!=", "not_in")
        answers = [(word in wanted) != turned for word in reading.words]
    return np.array([*answers, False], dtype=np.bool_)[reading.values.astype(np.int64)]


def _operand(operand: Operand, reading: Reading, leaf: Compare, known: Known) -> Any:
    """Turn an operand into what the reading holds, or raise `DataError` if it cannot be."""
    if isinstance(operand, Moment) and reading.kind == "time":
        if operand.offset is not None:
            return known.end + operand.offset
        return _moment(operand.text, leaf, known.tz)
    wanted = {bool: "flag", float: "number", str: "word", Moment: "time"}[type(operand)]
    words_only = leaf.operator == "contains" and reading.kind != "word"
    if wanted != reading.kind or words_only:
        raise DataError(
            f"the measure '{leaf.measure.name}' holds a {reading.kind}, but a rule compares it "
            f"with the {wanted} {operand!r}"
        )
    return operand


def _moment(text: str, leaf: Compare, tz: str) -> int:
    """Read a date on the shop's clock, or raise `DataError` where no clock tells it for sure."""
    try:
        return moment(text, tz)
    except ParameterError as error:
        raise DataError(
            f"the measure '{leaf.measure.name}' is compared with {text}, which the clocks of {tz} "
            "skip or show twice"
        ) from error
