"""Conditions in words, Chinese or English."""

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from siyu.datasets.clock import DAY_US, HOUR_US
from siyu.datasets.labels import WORDS, Lang

from .readings import Reading
from .tree import All, Compare, Condition, Filter, Measure, Moment, Not, Operand, RuleTag, Window
from .vocabulary import FREE

__all__ = ["Wording"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Wording:
    """Puts conditions of one rule set into words of one language.

    Parameters
    ----------
    tags : tuple of RuleTag
        The rule tags whose names and codes may be met.
    lang : {"zh", "en"}
    tz : str
        The clock on which moments are told.
    """

    def __init__(self, tags: tuple[RuleTag, ...], lang: Lang, tz: str = "UTC") -> None:
        self._tags = {tag.name: tag for tag in tags}
        self._place: Literal[0, 1] = 1 if lang == "en" else 0
        self._tz = tz

    def condition(self, condition: Condition) -> str:
        """Say a condition in words."""
        if isinstance(condition, Compare):
            return self._compare(condition)
        if isinstance(condition, Not):
            return self._of("不是：{}", "not: {}").format(self._inner(condition.part))
        both, either = ("；且 ", " and "), ("；或 ", " or ")
        word = (both if isinstance(condition, All) else either)[self._place]
        return word.join(self._inner(part) for part in condition.parts)

    def measure(self, measure: Measure) -> str:
        """Say what is measured, with its window and filters."""
        name = self._name(measure.name)
        if measure.window is not None:
            window = self._window(measure.window)
            name = self._of(f"{window}{name}", f"{name} {window}")
        if measure.filters:
            filters = self._of("，", ", ").join(map(self._filter, measure.filters))
            name += self._of(f"（{filters}）", f" ({filters})")
        return name

    def value(self, measure: Measure, reading: Reading, member: int) -> str:
        """Say the value that a member has."""
        value = reading.value(member)
        if value is None:
            return self._of("未知", "unknown")
        if reading.kind == "time":
            at = _EPOCH + timedelta(microseconds=float(value))
            return at.astimezone(ZoneInfo(self._tz)).strftime("%Y-%m-%d %H:%M")
        return self._operand(measure, value)

    def operands(self, leaf: Compare) -> str:
        """Say what a measure is compared with."""
        if leaf.operator == "is_null":
            return ""
        said = [self._operand(leaf.measure, operand) for operand in leaf.operands]
        if leaf.operator == "between":
            return self._of(" 至 ", " and ").join(said)
        return self._of("、", ", ").join(said)

    def _compare(self, leaf: Compare) -> str:
        if leaf.operands == (False,) and leaf.operator == "is_null":
            said = self._of("已知", "is known")
        else:
            of_times = isinstance(leaf.operands[0], Moment) and leaf.operator != "between"
            words = WORDS["time_operator" if of_times else "operator"]
            said = words[leaf.operator][self._place]
        return " ".join(
            part for part in (self.measure(leaf.measure), said, self.operands(leaf)) if part
        )

    def _inner(self, condition: Condition) -> str:
        said = self.condition(condition)
        return said if isinstance(condition, Compare) else self._of(f"（{said}）", f"({said})")

    def _name(self, name: str) -> str:
        if name in self._tags:
            tag = self._tags[name]
            return self._of(tag.zh, tag.en)
        for prefix in FREE:
            if name.startswith(prefix):
                return name.removeprefix(prefix)
        return (WORDS["measure"].get(name) or WORDS["tag"][name])[self._place]

    def _window(self, window: Window) -> str:
        older, newer = self._age(window.older), self._age(window.newer)
        if window.newer:
            return self._of(f"{older}前至{newer}前", f"from {older} to {newer} ago")
        return self._of(f"近{older}", f"in the past {older}")

    def _age(self, us: int) -> str:
        if us % DAY_US:
            return self._of(f"{us // HOUR_US}小时", f"{us // HOUR_US} hours")
        return self._of(f"{us // DAY_US}天", f"{us // DAY_US} days")

    def _filter(self, held: Filter) -> str:
        name = WORDS["filter"][held.column][self._place]
        if held.column == "coupon":
            yes = held.values == ("true",)
            return self._of(
                "用券" if yes else "未用券", "with a coupon" if yes else "without coupon"
            )
        return f"{name} {self._of('、', ', ').join(held.values)}"

    def _operand(self, measure: Measure, operand: Operand) -> str:
        if isinstance(operand, bool):
            return WORDS["verdict"][str(operand).lower()][self._place]
        if isinstance(operand, Moment):
            if operand.offset is None:
                return operand.text
            later = operand.offset >= 0
            age = self._age(abs(operand.offset))
            zh, en = f"{age}{'后' if later else '前'}", f"{age} {'ahead' if later else 'ago'}"
            return self._of(zh, en)
        if isinstance(operand, str):
            return self._code(measure.name, operand)
        return f"{operand:,.10g}"

    def _code(self, name: str, code: str) -> str:
        if name in self._tags:
            found = [o for o in self._tags[name].outcomes() if o.code == code]
            return self._of(found[0].zh, found[0].en) if found else code
        return WORDS.get(name, {}).get(code, (code, code))[self._place]

    def _of(self, zh: str, en: str) -> str:
        return en if self._place else zh
