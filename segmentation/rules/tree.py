"""The parts of a rule set, as plain values: read by everything, changed by nothing."""

from dataclasses import dataclass

__all__ = [
    "All",
    "AnyOf",
    "Compare",
    "Condition",
    "Filter",
    "Measure",
    "Moment",
    "Not",
    "Operand",
    "Outcome",
    "RuleTag",
    "RuleValue",
    "Window",
    "compares",
    "measures_of",
]


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The span from `older` to `newer` microseconds before the moment; its end is left out."""

    older: int
    newer: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Filter:
    """Count only rows whose `column` is one of `values`; ids are kept as text."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured of a member: a name of the vocabulary, its window, its filters."""

    name: str
    window: Window | None = None
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: on the shop's clock, or `offset` microseconds away from ``as_of``."""

    text: str
    offset: int | None = None


Operand = float | str | bool | Moment


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison; `operands` has one value, two for ``between``, any number for ``in``."""

    measure: Measure
    operator: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class All:
    """True if every part is; false if one is false."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True if one part is; false if every part is false."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The other way round; unknown stays unknown."""

    part: "Condition"


Condition = Compare | All | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Outcome:
    """A code with its words in Chinese and English."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class RuleValue:
    """One value of a tag, and when a member has it."""

    outcome: Outcome
    when: Condition


@dataclass(frozen=True, slots=True)
class RuleTag:
    """One tag: its values in order (the first that is true wins), and what else there is.

    `otherwise` is for members of whom every condition is false, `unknown` for those of whom
    none is true and one is unknown; None leaves the tag null.
    """

    name: str
    zh: str
    en: str
    values: tuple[RuleValue, ...]
    otherwise: Outcome | None = None
    unknown: Outcome | None = None

    def outcomes(self) -> tuple[Outcome, ...]:
        """Give every outcome a member can have, each code once."""
        rest = [extra for extra in (self.otherwise, self.unknown) if extra is not None]
        found: dict[str, Outcome] = {}
        for outcome in [*(value.outcome for value in self.values), *rest]:
            found.setdefault(outcome.code, outcome)
        return tuple(found.values())


def compares(condition: Condition) -> list[Compare]:
    """List the comparisons of a condition, in the order they are written."""
    if isinstance(condition, Compare):
        return [condition]
    parts = (condition.part,) if isinstance(condition, Not) else condition.parts
    return [leaf for part in parts for leaf in compares(part)]


def measures_of(tags: tuple[RuleTag, ...]) -> list[Measure]:
    """List what some tags measure, each once, in the order it is first met."""
    leaves = (leaf for tag in tags for value in tag.values for leaf in compares(value.when))
    return list(dict.fromkeys(leaf.measure for leaf in leaves))
