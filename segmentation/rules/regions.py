"""Regions of measures: where a condition is true, without looking at any data.

A region is a union of boxes. A box allows each measure it mentions some values: intervals of
numbers or a set of words, and perhaps unknown; measures it does not mention may be anything.
Measures are taken as free of each other, so an empty region is truly empty, while one that is
not empty may still hold no member.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import pandas as pd

from .tree import AnyOf, Compare, Condition, Measure, Moment, Not
from .vocabulary import Kind, Term

__all__ = [
    "Allowed",
    "Axis",
    "Box",
    "TooComplex",
    "example_of",
    "meets",
    "region_of",
    "shared",
    "without",
]

_MOST_BOXES = 200
_MOST_PAIRS = 5_000

Cut = tuple[float, int]
"""A place between numbers: just before ``x`` is ``(x, 0)``, just after it ``(x, 1)``."""

_LOWEST, _HIGHEST = (-math.inf, 0), (math.inf, 1)


class TooComplex(Exception):  # noqa: N818  (a verdict, never shown)
    """There are more boxes than are looked at."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One measure, and how its values are compared.

    `aspect` sets apart what cannot be compared with each other: dates and spans from ``as_of``
    of a time, numbers and words of a free column, and each text asked for by ``contains``.
    """

    measure: Measure
    kind: Kind
    aspect: str = ""
    codes: tuple[str, ...] | None = None

    def whole(self) -> "Allowed":
        """Give everything that a value can be, unknown included."""
        if self.codes is not None or self.aspect in ("words", "flags") or self.kind == "word":
            return Allowed(words=frozenset(self.codes or ()), others=self.codes is None)
        low = (0.0, 0) if self.kind in ("count", "share") else _LOWEST
        return Allowed(spans=((low, _HIGHEST),))


@dataclass(frozen=True, slots=True)
class Allowed:
    """The values that a box allows on one axis.

    Numbers in `spans`, words in `words` (or every other word, where `others`), and unknown.
    """

    spans: tuple[tuple[Cut, Cut], ...] = ()
    words: frozenset[str] = frozenset()
    others: bool = False
    null: bool = True

    def meet(self, other: "Allowed") -> "Allowed":
        """Give what both allow."""
        pairs = ((a, b) for a in self.spans for b in other.spans)
        spans = tuple((max(a[0], b[0]), min(a[1], b[1])) for a, b in pairs)
        words, others = _meet_words(self, other)
        kept = tuple(span for span in spans if span[0] < span[1])
        return Allowed(kept, words, others, self.null and other.null)

    def outside(self, axis: Axis) -> "Allowed":
        """Give everything else on the axis."""
        edges = [_LOWEST, *(cut for span in self.spans for cut in span), _HIGHEST]
        gaps = tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b)
        turned = Allowed(gaps, self.words, not self.others, not self.null)
        return axis.whole().meet(turned)

    def is_empty(self, axis: Axis) -> bool:
        """Tell whether nothing is allowed; counts are whole numbers."""
        return not self.null and self.some_value(axis) is None

    def some_value(self, axis: Axis) -> float | str | None:
        """Give one value that is allowed; None if there is none but unknown."""
        for low, high in self.spans:
            value = _between(low, high, whole=axis.kind == "count")
            if value is not None:
                return value
        if self.words and not self.others:
            return min(self.words)
        return "…" if self.others else None


Box = dict[Axis, Allowed]


def region_of(condition: Condition, terms: dict[str, Term], *, false: bool = False) -> list[Box]:
    """Give the boxes in which a condition is true (or false).

    Raises
    ------
    TooComplex
        If there are too many.
    """
    if isinstance(condition, Compare):
        return _leaf_region(condition, terms, false=false)
    if isinstance(condition, Not):
        return region_of(condition.part, terms, false=not false)
    parts = [region_of(part, terms, false=false) for part in condition.parts]
    joined = isinstance(condition, AnyOf) != false
    if joined:
        return _checked([box for part in parts for box in part])
    return reduce(meets, parts)


def meets(first: list[Box], second: list[Box]) -> list[Box]:
    """Give the boxes that two regions share."""
    found: list[Box] = []
    _refuse_many(len(first) * len(second))
    for a in first:
        for b in second:
            box = _meet(a, b)
            if box is not None:
                found.append(box)
        _checked(found)
    return found


def shared(first: list[Box], second: list[Box]) -> Box | None:
    """Give one box that two regions share; None if they share nothing."""
    _refuse_many(len(first) * len(second))
    return next((box for a in first for b in second if (box := _meet(a, b)) is not None), None)


def without(region: list[Box], others: Iterable[Box]) -> list[Box]:
    """Give what is left of a region when others are taken away."""
    left, looked_at = region, 0
    for other in others:
        looked_at += len(left)
        _refuse_many(looked_at)
        left = _checked([piece for box in left for piece in _minus(box, other)])
    return left


def example_of(box: Box) -> dict[Measure, float | str | None]:
    """Give one value for each measure that a box mentions; None is unknown."""
    return {axis.measure: allowed.some_value(axis) for axis, allowed in box.items()}


def _minus(box: Box, other: Box) -> list[Box]:
    """Cut one box out of another, axis by axis."""
    pieces: list[Box] = []
    for axis, allowed in other.items():
        piece = _meet(box, {axis: allowed.outside(axis)})
        if piece is not None:
            pieces.append(piece)
        inside = _meet(box, {axis: allowed})
        if inside is None:
            return pieces
        box = inside
    return pieces


def _meet(a: Box, b: Box) -> Box | None:
    """Give the part of two boxes that is in both; None if there is none."""
    box = dict(a)
    for axis, allowed in b.items():
        box[axis] = (box.get(axis) or axis.whole()).meet(allowed)
        if box[axis].is_empty(axis):
            return None
    return None if any(_impossible(box, axis) for axis in b) else box


def _impossible(box: Box, axis: Axis) -> bool:
    """Tell whether the aspects of one measure leave no value at all."""
    related = {other: box[other] for other in box if other.measure == axis.measure}
    if len(related) < 2 or all(allowed.null for allowed in related.values()):
        return False
    if any(allowed.some_value(other) is None for other, allowed in related.items()):
        return True
    texts = {a.aspect[9:]: s for a, s in related.items() if a.aspect.startswith("contains ")}
    must = [text for text, allowed in texts.items() if "false" not in allowed.words]
    must_not = [text for text, allowed in texts.items() if "true" not in allowed.words]
    if any(bad in text for bad in must_not for text in must):
        return True
    plain = [
        s for a, s in related.items() if a.aspect == "words" or (a.kind, a.aspect) == ("word", "")
    ]
    if not plain or plain[0].others:
        return False
    return not any(
        all(text in word for text in must) and not any(text in word for text in must_not)
        for word in plain[0].words
    )


def _leaf_region(leaf: Compare, terms: dict[str, Term], *, false: bool) -> list[Box]:
    axis = _axis_of(leaf, terms)
    if leaf.operator == "is_null":
        null = (leaf.operands == (True,)) != false
        whole = axis.whole()
        allowed = (
            Allowed(null=True)
            if null
            else Allowed(whole.spans, whole.words, whole.others, null=False)
        )
    else:
        inside = axis.whole().meet(_true_values(leaf, axis))
        outside = inside.outside(axis)
        allowed = (
            Allowed(outside.spans, outside.words, outside.others, null=False) if false else inside
        )
    return [] if allowed.is_empty(axis) else [{axis: allowed}]


def _axis_of(leaf: Compare, terms: dict[str, Term]) -> Axis:
    term = terms[leaf.measure.name]
    flags = ("false", "true")
    if leaf.operator == "contains":
        return Axis(leaf.measure, term.kind, f"contains {leaf.operands[0]}", flags)
    if term.kind == "flag":
        return Axis(leaf.measure, "flag", "", flags)
    first = leaf.operands[0]
    if isinstance(first, Moment):
        return Axis(leaf.measure, "time", "dates" if first.offset is None else "spans")
    if term.kind == "free" and leaf.operator != "is_null":
        aspect = {bool: "flags", str: "words", float: ""}[type(first)]
        return Axis(leaf.measure, "free", aspect, flags if aspect == "flags" else None)
    return Axis(leaf.measure, term.kind, "", term.codes)


def _true_values(leaf: Compare, axis: Axis) -> Allowed:
    """Give the values of which a comparison is true."""
    turned = leaf.operator in ("!=", "not_in")
    if leaf.operator == "contains":
        return Allowed(words=frozenset(["true"]), null=False)
    if isinstance(leaf.operands[0], bool):
        word = str(leaf.operands[0]).lower()
        return Allowed(words=frozenset([word]), others=turned, null=False)
    if isinstance(leaf.operands[0], str):
        return Allowed(words=frozenset(map(str, leaf.operands)), others=turned, null=False)
    points = sorted({_point(operand) for operand in leaf.operands})
    if turned:
        inside = Allowed(tuple(((x, 0), (x, 1)) for x in points))
        return Allowed(inside.outside(axis).spans, null=False)
    return Allowed(_spans(leaf.operator, points), null=False)


def _spans(operator: str, points: list[float]) -> tuple[tuple[Cut, Cut], ...]:
    low, high = points[0], points[-1]
    if operator == "between":
        return (((low, 0), (high, 1)),)
    ends: dict[str, tuple[Cut, Cut]] = {
        "<": (_LOWEST, (low, 0)),
        "<=": (_LOWEST, (low, 1)),
        ">": ((low, 1), _HIGHEST),
        ">=": ((low, 0), _HIGHEST),
    }
    return (ends[operator],) if operator in ends else tuple(((x, 0), (x, 1)) for x in points)


def _point(operand: object) -> float:
    """Place a number or a moment on its axis."""
    if isinstance(operand, Moment):
        if operand.offset is not None:
            return float(operand.offset)
        return float(pd.Timestamp(operand.text).as_unit("us").asm8.astype("int64"))
    return float(operand)  # type: ignore[arg-type]


def _meet_words(a: Allowed, b: Allowed) -> tuple[frozenset[str], bool]:
    if a.others and b.others:
        return a.words | b.words, True
    if a.others:
        return b.words - a.words, False
    return (a.words - b.words, False) if b.others else (a.words & b.words, False)


def _between(low: Cut, high: Cut, *, whole: bool) -> float | None:
    """Give a number between two cuts, a whole one if asked for; None if there is none."""
    if whole and math.isfinite(low[0]):
        first = math.floor(low[0]) + 1 if low[1] or low[0] % 1 else low[0]
        return first if (first, 0) < high else None
    if math.isfinite(low[0]):
        if not low[1]:
            return low[0]
        return low[0] + 1 if math.isinf(high[0]) else (low[0] + high[0]) / 2
    if math.isinf(high[0]):
        return 0.0
    return high[0] if high[1] else high[0] - 1


def _refuse_many(pairs: int) -> None:
    if pairs > _MOST_PAIRS:
        raise TooComplex


def _checked(boxes: list[Box]) -> list[Box]:
    if len(boxes) > _MOST_BOXES:
        raise TooComplex
    return boxes
