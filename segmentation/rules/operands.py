"""What a measure is compared with: numbers, words, flags, moments; windows and filters."""

import math
import re
from typing import Any

import pandas as pd

from siyu.datasets.clock import DAY_US, HOUR_US

from .problems import Problems, near
from .tree import Filter, Moment, Operand, Window
from .vocabulary import Kind, Term

__all__ = ["OPERATORS", "TESTS", "filter_of", "operands_of", "window_of"]

_ORDERED = ("==", "!=", "<", "<=", ">", ">=", "between", "in", "not_in", "is_null")
_WORDY = ("==", "!=", "in", "not_in", "contains", "is_null")

OPERATORS: dict[Kind, tuple[str, ...]] = {
    "number": _ORDERED,
    "count": _ORDERED,
    "share": _ORDERED,
    "word": _WORDY,
    "flag": ("==", "!=", "is_null"),
    "time": ("<", "<=", ">", ">=", "between", "is_null"),
    "free": tuple(dict.fromkeys(_ORDERED + _WORDY)),
}
"""Which comparisons each kind of measure takes."""

TESTS = tuple(dict.fromkeys(_ORDERED + _WORDY))
"""Every comparison there is."""

_SIZES = {"H": HOUR_US, "D": DAY_US, "W": 7 * DAY_US}
_AGE = re.compile(r"([0-9]{1,5}) ?([HhDdWw])")
_OFFSET = re.compile(r"([-+]?)([0-9]{1,5}) ?([HhDdWw])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")
_MOST_VALUES = 1_000
_LONGEST_WORD = 200
_LARGEST = 2.0**42


def operands_of(
    term: Term, operator: str, data: Any, path: str, problems: Problems
) -> tuple[Operand, ...] | None:
    """Read what stands behind an operator; None, with the problems noted, if it does not fit."""
    if operator == "is_null":
        if type(data) is bool:
            return (data,)
        problems.add(path, "is_null is true or false", data)
        return None
    many = operator in ("in", "not_in", "between")
    given = data if many and isinstance(data, list) else [data]
    if problem := _count_problem(operator, data, given):
        problems.add(path, problem, data)
        return None
    read = [
        _operand(term, operator, part, f"{path}[{i}]" if many else path, problems)
        for i, part in enumerate(given)
    ]
    operands = tuple(part for part in read if part is not None)
    if len(operands) < len(given) or _mixed(operands, path, problems):
        return None
    if operator == "between" and _falls(operands):
        problems.add(path, "between takes the lower end first", data)
        return None
    return operands


def window_of(data: dict[str, Any], path: str, problems: Problems) -> Window | None:
    """Read ``past: 30D`` or ``ago: [60D, 30D]``; None without either."""
    if "past" in data and "ago" in data:
        problems.add(f"{path}.ago", "write past or ago, not both")
        return None
    if "ago" in data:
        return _from_to(data["ago"], f"{path}.ago", problems)
    older = _age(data["past"], f"{path}.past", problems) if "past" in data else None
    return None if older is None else Window(older)


def filter_of(column: str, data: Any, path: str, problems: Problems) -> Filter | None:
    """Read the values of a filter: one or a list of words or whole numbers; a flag for coupon."""
    if column == "coupon":
        if type(data) is bool:
            return Filter(column, (str(data).lower(),))
        problems.add(path, "coupon is true (with a coupon) or false (without)", data)
        return None
    given = data if isinstance(data, list) else [data]
    if not 0 < len(given) <= _MOST_VALUES:
        problems.add(path, f"a filter takes 1 to {_MOST_VALUES} values, got {len(given)}")
        return None
    for value in given:
        if type(value) not in (str, int) or (isinstance(value, str) and not _is_word(value)):
            problems.add(path, "a filter takes words or whole numbers", value)
            return None
    return Filter(column, tuple(sorted({str(value) for value in given})))


def _from_to(ages: Any, path: str, problems: Problems) -> Window | None:
    if not isinstance(ages, list) or len(ages) != 2:
        problems.add(path, "ago takes two ages, the older first: [60D, 30D]", ages)
        return None
    older = _age(ages[0], f"{path}[0]", problems)
    newer = _age(ages[1], f"{path}[1]", problems, zero=True)
    if older is None or newer is None:
        return None
    if older <= newer:
        problems.add(path, "ago takes the older age first: [60D, 30D]", ages)
        return None
    return Window(older, newer)


def _count_problem(operator: str, data: Any, given: list[Any]) -> str:
    if operator == "between" and len(given) != 2:
        return "between takes two values: [low, high]"
    if operator in ("in", "not_in") and (
        not isinstance(data, list) or not 0 < len(given) <= _MOST_VALUES
    ):
        return f"{operator} takes a list of 1 to {_MOST_VALUES} values"
    return ""


def _operand(term: Term, operator: str, data: Any, path: str, problems: Problems) -> Operand | None:
    """Read one value as the measure's kind asks."""
    if term.kind == "time":
        return _moment(data, path, problems)
    if term.kind == "flag":
        return _flag(term.name, data, path, problems)
    if term.kind == "free":
        return _free(operator, data, path, problems)
    if term.kind == "word":
        return _word(term, operator, data, path, problems)
    return _number(term.name, data, path, problems)


def _flag(name: str, data: Any, path: str, problems: Problems) -> bool | None:
    if type(data) is bool:
        return data
    problems.add(path, f"{name} is true or false", data)
    return None


def _number(name: str, data: Any, path: str, problems: Problems) -> float | None:
    if type(data) not in (int, float):
        problems.add(path, f"{name} is a number", data)
        return None
    if not math.isfinite(data) or abs(data) >= _LARGEST:
        problems.add(path, f"{name} is a number below {_LARGEST:.1e}", data)
        return None
    return float(data)


def _word(term: Term, operator: str, data: Any, path: str, problems: Problems) -> str | None:
    if type(data) is not str or not _is_word(data):
        hint = "; put it in quotes" if type(data) in (int, float, bool) else ""
        problems.add(path, f"{term.name} is a word of 1 to {_LONGEST_WORD} characters{hint}", data)
        return None
    if term.codes is not None and operator != "contains" and data not in term.codes:
        problems.add(path, f"no value of {term.name}{near(data, term.codes)}", data)
        return None
    return data


def _free(operator: str, data: Any, path: str, problems: Problems) -> Operand | None:
    """Read a value to compare any column with: the column must then be of its type."""
    if isinstance(data, str) and _is_word(data) and operator in _WORDY:
        return data
    if type(data) is bool and operator in ("==", "!="):
        return data
    if type(data) in (int, float) and operator != "contains":
        return _number("it", data, path, problems)
    problems.add(path, f"{operator} does not take this value here", data)
    return None


def _moment(data: Any, path: str, problems: Problems) -> Moment | None:
    """Read a date on the shop's clock, or a span from ``as_of``: ``+7D``, ``-30D``."""
    text = data.strip() if isinstance(data, str) else ""
    if found := _OFFSET.fullmatch(text):
        sign = -1 if found[1] == "-" else 1
        offset = sign * int(found[2]) * _SIZES[found[3].upper()]
        return Moment(_offset_text(offset), offset)
    if _DATE.fullmatch(text) and _is_date(text):
        return Moment(text.replace("T", " "))
    problems.add(path, "a moment is a date (2026-06-01) or a span from as_of (+7D, -30D)", data)
    return None


def _age(data: Any, path: str, problems: Problems, *, zero: bool = False) -> int | None:
    found = _AGE.fullmatch(data) if isinstance(data, str) else None
    if found is None:
        problems.add(path, "an age is hours, days or weeks: 12h, 30D, 8W (a year is 365D)", data)
        return None
    us = int(found[1]) * _SIZES[found[2].upper()]
    if us == 0 and not zero:
        problems.add(path, "an age must be above 0", data)
        return None
    return us


def _offset_text(offset: int) -> str:
    unit = "D" if offset % DAY_US == 0 else "h"
    return f"{offset // _SIZES[unit.upper()]:+d}{unit}"


def _is_date(text: str) -> bool:
    try:
        pd.Timestamp(text)
    except ValueError:
        return False
    return True


def _is_word(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_WORD and text.isprintable()


def _mixed(operands: tuple[Operand, ...], path: str, problems: Problems) -> bool:
    """Note values of several types in one list."""
    if len({type(operand) for operand in operands}) < 2:
        return False
    problems.add(path, "the values of a list must be of one type")
    return True


def _falls(operands: tuple[Operand, ...]) -> bool:
    """Tell whether two ends stand the wrong way round; unlike moments cannot be compared."""
    low, high = operands
    if isinstance(low, Moment) and isinstance(high, Moment):
        if low.offset is not None and high.offset is not None:
            return low.offset > high.offset
        both_dates = low.offset is None and high.offset is None
        return both_dates and pd.Timestamp(low.text) > pd.Timestamp(high.text)
    return isinstance(low, float) and isinstance(high, float) and low > high
