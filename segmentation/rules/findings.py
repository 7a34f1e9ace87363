"""What is odd about a rule set: dead values, overlaps, defaults that nobody can reach."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .logic import Truth, decided
from .phrases import Wording
from .regions import Box, TooComplex, example_of, meets, region_of, shared, without
from .tree import Outcome, RuleTag, compares
from .vocabulary import Term, term_of

__all__ = ["Finding", "findings_in", "findings_table", "findings_with_members"]

_SEVERITY = {
    "contradiction": "error",
    "dead": "error",
    "unreachable": "warning",
    "share_above_one": "warning",
    "not_decided": "notice",
    "overlap": "notice",
    "no_label": "notice",
    "members": "notice",
    "several": "notice",
    "nobody": "warning",
    "unheard": "warning",
}

Regions = list[list[Box] | None]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about a value of a tag; `other` is the value it has to do with."""

    tag: str
    finding: str
    path: str
    value: str | None = None
    other: str | None = None
    n_members: int | None = None
    zh: str = ""
    en: str = ""


def findings_in(tags: tuple[RuleTag, ...]) -> list[Finding]:
    """Find what is odd in the rules alone, tag by tag."""
    codes: dict[str, tuple[str, ...]] = {}
    found: list[Finding] = []
    for place, tag in enumerate(tags):
        found += _labels(tag)
        found += _shares(tag, codes)
        found += _Reach(tag, codes, tags[:place]).findings()
        codes[tag.name] = tuple(outcome.code for outcome in tag.outcomes())
    return found


def findings_with_members(tag: RuleTag, truths: list[Truth]) -> list[Finding]:
    """Count the members of every outcome, those of several values, and values nobody has."""
    places = decided(tag, truths)
    counts = np.bincount(places, minlength=len(tag.values) + 2)
    head = f"tags.{tag.name}"
    paths = [f"{head}.values[{i}]" for i in range(len(tag.values))]
    paths += [f"{head}.otherwise", f"{head}.unknown"]
    outcomes: list[Outcome | None] = [value.outcome for value in tag.values]
    outcomes += [tag.otherwise, tag.unknown]
    found: list[Finding] = []
    for path, outcome, n in zip(paths, outcomes, counts.tolist(), strict=True):
        if outcome is not None or n:
            code = None if outcome is None else outcome.code
            found.append(Finding(tag.name, "members", path, code, None, n, "会员数", "members"))
        if outcome is not None and not n:
            words = "没有会员符合", "no member has this value"
            found.append(Finding(tag.name, "nobody", path, outcome.code, None, 0, *words))
    return found + _several(tag, truths, places)


def findings_table(found: list[Finding], line_of: Callable[[str], int | None]) -> pa.Table:
    """Put findings into a table, in the order they were found."""
    columns = {
        "tag": ([f.tag for f in found], pa.string()),
        "value": ([f.value for f in found], pa.string()),
        "finding": ([f.finding for f in found], pa.string()),
        "severity": ([_SEVERITY[f.finding] for f in found], pa.string()),
        "other": ([f.other for f in found], pa.string()),
        "n_members": ([f.n_members for f in found], pa.int64()),
        "path": ([f.path for f in found], pa.string()),
        "line": ([line_of(f.path) for f in found], pa.int64()),
        "told_zh": ([f.zh for f in found], pa.string()),
        "told_en": ([f.en for f in found], pa.string()),
    }
    return pa.table({name: pa.array(values, kind) for name, (values, kind) in columns.items()})


class _Reach:
    """Which values of one tag can be reached, by the regions of their conditions."""

    def __init__(
        self, tag: RuleTag, codes: Mapping[str, tuple[str, ...]], above: tuple[RuleTag, ...]
    ) -> None:
        names = {leaf.measure.name for value in tag.values for leaf in compares(value.when)}
        found = {name: term_of(name, codes) for name in names}
        self._terms: dict[str, Term] = {n: term for n, term in found.items() if term is not None}
        self._tag = tag
        self._true = [self._region(i, false=False) for i in range(len(tag.values))]
        self._words = Wording(above, "zh"), Wording(above, "en")

    def findings(self) -> list[Finding]:
        """Judge every value against those above it, then the defaults."""
        found: list[Finding] = []
        for i in range(len(self._tag.values)):
            odd = self._unreached(i)
            found += [odd] if odd else self._overlaps(i)
        return found + list(self._defaults())

    def _unreached(self, i: int) -> Finding | None:
        region = self._true[i]
        if region is None:
            return self._undecided(i)
        if not region:
            words = "条件自相矛盾，永远不会成立", "the condition contradicts itself: never true"
            return self._finding("contradiction", i, None, words)
        earlier = [other for other in self._true[:i] if other is not None]
        try:
            left = without(region, (box for other in earlier for box in other))
        except TooComplex:
            return self._undecided(i)
        return None if left else self._dead(i, region)

    def _dead(self, i: int, region: list[Box]) -> Finding:
        for j, other in enumerate(self._true[:i]):
            if other is not None and self._covers(other, region):
                code = self._tag.values[j].outcome.code
                words = f"凡符合者都已归入“{code}”", f"whoever matches is '{code}' already"
                return self._finding("dead", i, j, words)
        words = "凡符合者都已归入前面的取值", "whoever matches has one of the values above already"
        return self._finding("dead", i, None, words)

    @staticmethod
    def _covers(other: list[Box], region: list[Box]) -> bool:
        try:
            return not without(region, other)
        except TooComplex:
            return False

    def _overlaps(self, i: int) -> Iterator[Finding]:
        region = self._true[i]
        for j, other in enumerate(self._true[:i]):
            if other is None or region is None:
                continue
            try:
                box = shared(other, region)
            except TooComplex:
                words = "是否与前面的取值重叠未判定", "whether it overlaps is not decided"
                yield self._finding("not_decided", i, j, words)
                continue
            if box is not None:
                code = self._tag.values[j].outcome.code
                zh, en = (self._example(box, words) for words in self._words)
                words = (
                    f"同时符合“{code}”者归入“{code}”，例如 {zh}",
                    f"who matches '{code}' too is '{code}', for example {en}",
                )
                yield self._finding("overlap", i, j, words)

    def _defaults(self) -> Iterator[Finding]:
        """Find defaults that nobody can reach."""
        tag, path = self._tag, f"tags.{self._tag.name}"
        if tag.otherwise is None and tag.unknown is None:
            return
        try:
            all_false, some_unknown = self._left_over()
        except TooComplex:
            words = "默认值是否可达未判定", "whether the defaults can be reached is not decided"
            yield Finding(tag.name, "not_decided", path, None, None, None, *words)
            return
        words = "以上取值已覆盖所有情形", "the values above leave nobody over"
        if tag.otherwise is not None and not all_false:
            code = tag.otherwise.code
            yield Finding(tag.name, "unreachable", f"{path}.otherwise", code, None, None, *words)
        if tag.unknown is not None and not some_unknown:
            code = tag.unknown.code
            yield Finding(tag.name, "unreachable", f"{path}.unknown", code, None, None, *words)

    def _left_over(self) -> tuple[list[Box], list[Box]]:
        """Give where all conditions are false, and where none is true but not all are false."""
        all_false: list[Box] = [{}]
        for i in range(len(self._tag.values)):
            region = self._region(i, false=True)
            if region is None or self._true[i] is None:
                raise TooComplex
            all_false = meets(all_false, region)
        boxes = [box for region in self._true for box in region or ()]
        return all_false, without(without([{}], boxes), all_false)

    def _region(self, i: int, *, false: bool) -> list[Box] | None:
        try:
            return region_of(self._tag.values[i].when, self._terms, false=false)
        except TooComplex:
            return None

    def _undecided(self, i: int) -> Finding:
        words = "条件过于复杂，未判定是否可达", "too complex to decide whether it can be reached"
        return self._finding("not_decided", i, None, words)

    def _finding(self, kind: str, i: int, j: int | None, words: tuple[str, str]) -> Finding:
        values, tag = self._tag.values, self._tag.name
        other = None if j is None else values[j].outcome.code
        path = f"tags.{tag}.values[{i}]"
        return Finding(tag, kind, path, values[i].outcome.code, other, None, *words)

    def _example(self, box: Box, words: Wording) -> str:
        parts = example_of(box)
        return ", ".join(f"{words.measure(m)} = {_shown(v)}" for m, v in parts.items())


def _shown(value: float | str | None) -> str:
    if value is None:
        return "null"
    return value if isinstance(value, str) else f"{value:.10g}"


def _several(tag: RuleTag, truths: list[Truth], places: Ints) -> list[Finding]:
    """Count the members of whom a later value is true too."""
    found: list[Finding] = []
    for j, loser in enumerate(tag.values):
        true = truths[j].true
        winners = np.bincount(places[true], minlength=len(tag.values))
        for i in np.flatnonzero(winners[:j]):
            code = tag.values[i].outcome.code
            words = f"也符合“{code}”，归入“{code}”", f"match '{code}' too, and are '{code}'"
            path = f"tags.{tag.name}.values[{j}]"
            n = int(winners[i])
            found.append(Finding(tag.name, "several", path, loser.outcome.code, code, n, *words))
    return found


def _labels(tag: RuleTag) -> list[Finding]:
    """Find what shows people its code alone."""
    words, path = ("没有名称，只显示代码", "has no label: people see the code"), f"tags.{tag.name}"
    bare = [o.code for o in tag.outcomes() if o.zh == o.en == o.code]
    unnamed: list[str | None] = [None] if tag.zh == tag.en == tag.name else []
    codes = [*unnamed, *bare]
    return [Finding(tag.name, "no_label", path, code, None, None, *words) for code in codes]


def _shares(tag: RuleTag, codes: Mapping[str, tuple[str, ...]]) -> list[Finding]:
    """Find shares compared with numbers above 1: percent, by mistake."""
    words = "占比取值 0 至 1，此处大于 1", "shares run from 0 to 1, and this is above 1"
    found: list[Finding] = []
    for i, value in enumerate(tag.values):
        for leaf in compares(value.when):
            term = term_of(leaf.measure.name, codes)
            above = any(isinstance(o, float) and o > 1 for o in leaf.operands)
            if term is not None and term.kind == "share" and above:
                path = f"tags.{tag.name}.values[{i}]"
                code = value.outcome.code
                found.append(Finding(tag.name, "share_above_one", path, code, None, None, *words))
    return found
