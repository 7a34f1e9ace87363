"""One column through the validation door: its type normalised, its broken rules named."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .clock import INSTANT
from .errors import Problem

__all__ = ["TEXT", "checked_column"]

TEXT = pa.large_string()
"""The type of every text column after the validation door."""

_EXACT_FLOAT = 2.0**53
_LARGEST_NUMBER = 2.0**42  # sums of up to 2**20 such numbers stay exact in 64-bit integers

Checked = tuple[pa.ChunkedArray, list[Problem]]


def checked_column(values: pa.ChunkedArray, name: str, kind: str, tz: str | None) -> Checked:
    """Normalise one column to its kind.

    Parameters
    ----------
    values : pyarrow.ChunkedArray
    name : str
        For the report.
    kind : {"id", "time", "number", "flag", "text"}
    tz : str or None
        Zone of times that carry none.

    Returns
    -------
    (column, problems)
        A problem whose rule starts with ``(warning)`` was mended, not refused.

    Examples
    --------
    >>> column, problems = checked_column(pa.chunked_array([[1.0, 2.0]]), "member_id", "id", None)
    >>> column.type, problems[0].rule
    (DataType(int64), '(warning) whole numbers kept as floats were read as integers')
    """
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if values.null_count == len(values):
        # Nothing is known of it: frames without rows come with whatever type they had.
        keeps = kind == "id" and pa.types.is_integer(values.type)
        return pa.chunked_array([pa.nulls(len(values), pa.int64() if keeps else _TYPES[kind])]), []
    if kind == "time":
        return _time(values, name, tz)
    return _CHECKS[kind](values, name)


_TYPES = {
    "id": TEXT,
    "time": INSTANT,
    "number": pa.float64(),
    "flag": pa.bool_(),
    "text": TEXT,
}


def _id(values: pa.ChunkedArray, name: str) -> Checked:
    if _is_text(values.type):
        text = values.cast(TEXT)
        return text, _some(pc.equal(text, ""), name, "empty text is no id")
    if pa.types.is_integer(values.type):
        if values.type == pa.uint64() and len(values):
            over = pc.greater(values, pa.scalar(2**63 - 1, pa.uint64()))
            found = _some(over, name, "whole number beyond 64 bits; keep such ids as text")
            return (values, found) if found else (values.cast(pa.int64()), [])
        return values.cast(pa.int64()), []
    if pa.types.is_floating(values.type):
        return _float_id(values.cast(pa.float64()), name)
    rule = f"an id must be text or a whole number, not {values.type}"
    return values, [_all(values, name, rule)]


def _float_id(values: pa.ChunkedArray, name: str) -> Checked:
    values = pc.if_else(pc.is_nan(values), None, values)
    bad = pc.or_(
        pc.not_equal(values, pc.floor(values)), pc.greater_equal(pc.abs(values), _EXACT_FLOAT)
    )
    rule = "a float is no id: digits may be lost; read ids as text (siyu.datasets.read_table)"
    found = _some(bad, name, rule, values)
    if found:
        return values, found
    rule = "(warning) whole numbers kept as floats were read as integers"
    return values.cast(pa.int64()), [_all(values, name, rule)] if len(values) else []


def _time(values: pa.ChunkedArray, name: str, tz: str | None) -> Checked:
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("us"))
    if not pa.types.is_timestamp(values.type):
        rule = (
            f"a time must be a timestamp, not {values.type}; siyu.datasets.read_table parses text"
        )
        return values, [_all(values, name, rule)]
    zone = values.type.tz
    values = values.cast(pa.timestamp("us", tz=zone), safe=False)
    if zone is None:
        if tz is None and len(values):
            rule = "times carry no zone; say which with tz='Asia/Shanghai' or the like"
            return values, [_all(values, name, rule)]
        values = pc.assume_timezone(
            values, tz or "UTC", ambiguous="earliest", nonexistent="earliest"
        )
    return values.cast(INSTANT), []


def _number(values: pa.ChunkedArray, name: str) -> Checked:
    numeric = (
        pa.types.is_integer(values.type)
        or pa.types.is_floating(values.type)
        or pa.types.is_decimal(values.type)
    )
    if not numeric:
        rule = f"must be a number, not {values.type}; siyu.datasets.read_table parses text"
        return values, [_all(values, name, rule)]
    numbers = values.cast(pa.float64(), safe=False)
    if len(numbers) == 0:
        return numbers, []
    extremes = pc.min_max(numbers)  # NaN is skipped: a missing number
    low, high = extremes["min"].as_py(), extremes["max"].as_py()
    if low is not None and max(abs(low), abs(high)) >= _LARGEST_NUMBER:
        rule = "infinite or beyond 4e12"
        return numbers, _some(
            pc.greater_equal(pc.abs(numbers), _LARGEST_NUMBER), name, rule, numbers
        )
    if low is None or np.isnan(low) or _has_nan(numbers):
        numbers = pc.if_else(pc.is_nan(numbers), None, numbers)
    return numbers, []


def _has_nan(numbers: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.is_nan(numbers)).as_py())


def _flag(values: pa.ChunkedArray, name: str) -> Checked:
    if pa.types.is_boolean(values.type):
        return values, []
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        numbers = values.cast(pa.float64())
        other = pc.invert(pc.is_in(numbers, pa.array([0.0, 1.0])))
        found = _some(pc.and_(other, numbers.is_valid()), name, "a flag is true/false or 1/0")
        return (values, found) if found else (pc.equal(numbers, 1.0), [])
    return values, [_all(values, name, f"a flag is true/false or 1/0, not {values.type}")]


def _text(values: pa.ChunkedArray, name: str) -> Checked:
    if _is_text(values.type):
        return values.cast(TEXT), []
    if pa.types.is_integer(values.type) or pa.types.is_boolean(values.type):
        return values.cast(pa.string()).cast(TEXT), []
    return values, [_all(values, name, f"must be text, not {values.type}")]


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _all(values: pa.ChunkedArray, name: str, rule: str) -> Problem:
    return Problem(name, rule, len(values), 0 if len(values) else None)


def _some(
    mask: pa.ChunkedArray, name: str, rule: str, shown: pa.ChunkedArray | None = None
) -> list[Problem]:
    """Report the rows of a mask, or nothing when no row is in it."""
    count = pc.sum(mask).as_py() or 0
    if not count:
        return []
    first = pc.index(mask, pa.scalar(True)).as_py()
    example = "" if shown is None else str(shown[first].as_py())
    return [Problem(name, rule, count, first, example)]


_CHECKS = {"id": _id, "number": _number, "flag": _flag, "text": _text}
