"""Decide rule tags for any members: a kernel that needs no other members."""

from dataclasses import dataclass

import pyarrow as pa

from .logic import Known, Truth, decided, outcome_column, truth_of
from .measuring import Population, lacking, measured
from .readings import reading_of
from .tree import Measure, RuleTag, measures_of

__all__ = ["Decision", "decide", "lacking_measures"]


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What was decided: a column of codes for each tag, and what it was decided by.

    `truths` holds, for each tag, the truth of the condition of each of its values.
    """

    columns: dict[str, pa.Array]
    truths: dict[str, list[Truth]]
    known: Known


def decide(tags: tuple[RuleTag, ...], people: Population) -> Decision:
    """Decide the tags in order; each is known to those below it."""
    readings = measured(measures_of(tags), people)
    known = Known(readings, people.end, people.c.tz)
    columns: dict[str, pa.Array] = {}
    truths: dict[str, list[Truth]] = {}
    for tag in tags:
        truths[tag.name] = [truth_of(value.when, known) for value in tag.values]
        columns[tag.name] = outcome_column(tag, decided(tag, truths[tag.name]))
        readings[Measure(tag.name)] = reading_of(columns[tag.name])
    return Decision(columns, truths, known)


def lacking_measures(tags: tuple[RuleTag, ...], people: Population) -> pa.Table:
    """List the measures that are unknown of everybody: ``measure``, ``reason``."""
    reasons: dict[str, str] = {}
    for measure, reason in lacking(measures_of(tags), people).items():
        if len(people.members):
            reasons.setdefault(measure.name, reason)
    return pa.table(
        {
            "measure": pa.array(list(reasons), pa.string()),
            "reason": pa.array(list(reasons.values()), pa.string()),
        }
    )
