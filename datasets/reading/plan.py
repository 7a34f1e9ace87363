"""From files of any origin to a checked table: every step reports what it changed."""

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import zone_of
from siyu.datasets.errors import ParameterError, Problem, SchemaError, SiyuWarning
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.schema import SCHEMAS, Column, Schema

from .column_names import suggest_columns
from .column_synonyms import plain_name
from .contacts import contact_kind, hash_contacts, key_bytes, phone_like_ids, without_contacts
from .file_rows import Fault, FileRows, Findings, mask_of
from .id_text import parse_flags, parse_ids, parse_words
from .number_text import parse_numbers, units_of
from .row_faults import without_repeats, without_self_referrals, without_totals
from .sources import Source, open_files
from .time_text import parse_times

__all__ = ["FileOptions", "ReadOptions", "ReadPlan", "problems_frame", "read", "read_rows"]

_MONEY = frozenset(
    {"amount", "discount", "price", "public_price", "threshold", "cost", "budget", "reward"}
)
_MESSAGE_TEXT = frozenset(
    ("content", "text", "body", "message", "msg", "内容", "消息", "消息内容", "正文")
)
_MOST_SHOWN = 8

Parsed = tuple[pa.Array, list[Fault]]


class FileOptions(TypedDict, total=False):
    """The rarer options of every reader; see `read_table`."""

    hash_key: str | bytes | None
    encoding: str | None
    separator: str | None
    skip_lines: int
    day_first: bool | None
    bad_rows: Literal["refuse", "drop"]
    duplicates: Literal["auto", "drop", "keep", "refuse"]
    self_referrals: Literal["drop", "keep"]
    output: FrameKind


class ReadOptions(FileOptions, total=False):
    """All options of every reader; see `read_table`."""

    columns: Mapping[str, str] | None
    tz: str | None
    amount_unit: str


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How one table is to be read; the fields are the arguments of `read_table`."""

    name: str
    columns: Mapping[str, str] | None = None
    tz: str | None = None
    amount_unit: str = "yuan"
    hash_key: str | bytes | None = None
    encoding: str | None = None
    separator: str | None = None
    skip_lines: int = 0
    day_first: bool | None = None
    bad_rows: Literal["refuse", "drop"] = "refuse"
    duplicates: Literal["auto", "drop", "keep", "refuse"] = "auto"
    self_referrals: Literal["drop", "keep"] = "drop"
    output: FrameKind = "pandas"


def read(path: Source | Iterable[Source], plan: ReadPlan) -> Frame:
    """Read one table as planned, and warn once of everything that was mended.

    Parameters
    ----------
    path : path of a file or folder, or several paths
    plan : ReadPlan

    Returns
    -------
    frame of the kind ``plan.output``
    """
    table, mended = read_rows(path, plan)
    if mended:
        shown = [f"  - {problem}" for problem in mended[:_MOST_SHOWN]]
        if len(mended) > _MOST_SHOWN:
            shown.append(f"  - and {len(mended) - _MOST_SHOWN} more, see .problems")
        text = "\n".join([f"table '{plan.name}' was read with these changes:", *shown])
        warnings.warn(SiyuWarning(text, problems_frame(mended)), stacklevel=3)
    return from_arrow(table, plan.output)


def read_rows(
    path: Source | Iterable[Source], plan: ReadPlan
) -> tuple[pa.Table, tuple[Problem, ...]]:
    """Read one table as planned, and tell what was mended on the way.

    Parameters
    ----------
    path : path of a file or folder, or several paths
    plan : ReadPlan

    Returns
    -------
    (pyarrow.Table, problems)
        The table has passed its schema.

    Raises
    ------
    SchemaError
        If anything cannot be read in one clear way; lists every problem.
    ParameterError
        If an argument is wrong, or there is no such file.
    """
    if plan.name not in SCHEMAS:
        raise ParameterError("name", f"no table '{plan.name}'; there are: {', '.join(SCHEMAS)}")
    units_of(plan.amount_unit)
    if plan.tz is not None:
        zone_of(plan.tz)
    key = key_bytes(plan.hash_key)
    schema, findings = SCHEMAS[plan.name], Findings()
    rows = open_files(path, plan, findings)
    rows = without_totals(rows, schema, findings)
    _find_missing_columns(rows, schema, findings)
    rows = _parsed(rows, schema, plan, findings)
    rows = _private(rows, schema, key, findings)
    _refuse(schema, findings)
    rows = _rows_checked(rows, schema, plan, findings)
    _refuse(schema, findings)
    return _through_the_door(rows, schema, plan), tuple(findings.mended)


def problems_frame(problems: tuple[Problem, ...]) -> Frame:
    """Show problems as a pandas frame: column, rule, count, first_row, example.

    Examples
    --------
    >>> problems_frame((Problem("amount", "is no number", 2, 17),))["first_row"].tolist()
    [17]
    """
    fields = {"column": pa.string(), "rule": pa.string(), "count": pa.int64()}
    fields |= {"first_row": pa.int64(), "example": pa.string()}
    data = {n: pa.array([getattr(p, n) for p in problems], kind) for n, kind in fields.items()}
    return from_arrow(pa.table(data))


def _refuse(schema: Schema, findings: Findings) -> None:
    if findings.refused:
        raise SchemaError(schema.table, tuple(findings.refused))


def _find_missing_columns(rows: FileRows, schema: Schema, findings: Findings) -> None:
    """Name required columns that no column of the file was renamed to, with a suggestion."""
    there = rows.table.column_names
    missing = [c.name for c in schema.columns if c.required and c.name not in there]
    if not missing:
        return
    guess = suggest_columns(there, schema.table)
    found = {file: name for file, name in guess.mapping.items() if name in missing}
    hint = f"; perhaps columns={found!r}" if found else ""
    rule = f"required, but missing; there are: {', '.join(there)}{hint}"
    for name in missing:
        findings.refused.append(Problem(name, rule, rows.table.num_rows))
        rule = "required, but missing"  # say the rest once


def _parsed(rows: FileRows, schema: Schema, plan: ReadPlan, findings: Findings) -> FileRows:
    """Turn the text of every column into what the schema says it is."""
    table, known = rows.table, {column.name: column for column in schema.columns}
    for at, name in enumerate(table.column_names):
        column = known.get(name, Column(name, "text"))
        values, faults = _column(table[name], column, plan)
        findings.add(rows, name, faults)
        if column.required:
            already = [fault.rows for fault in faults if fault.refused]
            empty = mask_of(values.is_null())
            for mask in already:
                empty &= ~mask
            findings.add(rows, name, [Fault("required, but empty", empty, refused=True)])
        table = table.set_column(at, name, values)
    return rows.with_table(table)


def _column(values: pa.ChunkedArray, column: Column, plan: ReadPlan) -> Parsed:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    kind = values.type
    units = units_of(plan.amount_unit) if column.name in _MONEY else 1
    if column.kind == "time" and pa.types.is_integer(kind):
        values = values.cast(pa.large_string())
    elif not _is_text(kind):
        return _typed(values, column, units)
    parse: dict[str, Callable[[pa.Array], Parsed]] = {
        "id": lambda text: parse_ids(text, private=column.key == "member"),
        "number": lambda text: parse_numbers(text, units),
        "time": lambda text: parse_times(text, plan.tz, day_first=plan.day_first),
        "flag": parse_flags,
        "text": parse_words,
    }
    return _by_distinct(values, parse[column.kind])


def _typed(values: pa.ChunkedArray, column: Column, units: int) -> Parsed:
    """Take a column that is no text: money to its main unit, whole floats to ids."""
    kind = values.type
    if column.kind == "number" and units > 1 and not pa.types.is_null(kind):
        return pc.divide(values.cast(pa.float64()), float(units)), []
    if column.kind == "id" and pa.types.is_floating(kind):
        numbers = pc.if_else(pc.is_nan(values), None, values).cast(pa.float64())
        odd = pc.or_(pc.not_equal(numbers, pc.floor(numbers)), pc.greater(pc.abs(numbers), 2**53))
        if not pc.any(odd).as_py():
            rule = "whole numbers kept as floats were read as integers"
            fault = Fault(rule, mask_of(numbers.is_valid()), refused=False)
            return numbers.cast(pa.int64()), [fault]
    return values, []


def _by_distinct(values: pa.ChunkedArray, parse: Callable[[pa.Array], Parsed]) -> Parsed:
    """Parse every distinct text once."""
    flat = values.cast(pa.large_string()).combine_chunks().fill_null("")
    coded = flat.dictionary_encode()
    if 2 * len(coded.dictionary) > len(flat):
        return parse(flat)
    parsed, faults = parse(coded.dictionary)
    at = np.asarray(coded.indices.to_numpy())
    spread = [Fault(f.rule, f.rows[at], f.refused, f.example) for f in faults]
    return parsed.take(coded.indices), spread


def _private(rows: FileRows, schema: Schema, key: bytes | None, findings: Findings) -> FileRows:
    """Hash contacts or leave them out; ids of members stay, with a word of warning."""
    keep = frozenset(column.name for column in schema.columns)
    if schema.table == "identities" and not findings.refused:
        rows = _private_identities(rows, key, findings)
    elif "member_id" in rows.table.column_names:
        findings.add(rows, "member_id", phone_like_ids(rows, "member_id"))
    if schema.table == "messages":
        texts = [name for name in rows.table.column_names if plain_name(name) in _MESSAGE_TEXT]
        for name in texts:
            rule = "the text of messages was left out; it is not needed"
            findings.mended.append(Problem(name, rule, rows.table.num_rows))
        rows = rows.with_table(rows.table.drop_columns(texts))
    return without_contacts(rows, keep, key, findings)


def _private_identities(rows: FileRows, key: bytes | None, findings: Findings) -> FileRows:
    """Hash the ids that are contacts by their kind (phone, openid, ...)."""
    kinds, ids = rows.table["id_kind"], rows.table["id"].combine_chunks()
    for word in pc.unique(kinds).drop_null().to_pylist():
        kind = contact_kind(word)
        if kind is None:
            continue
        these = mask_of(pc.equal(kinds, word))
        if key is None:
            rule = f"ids of kind '{word}' are personal data; give hash_key to hash them"
            findings.add(rows, "id", [Fault(rule, these, refused=True)])
        else:
            hashed = hash_contacts(pc.if_else(pa.array(these), ids, None), kind, key)
            ids = pc.if_else(pa.array(these), hashed, ids)
    at = rows.table.column_names.index("id")
    return rows.with_table(rows.table.set_column(at, "id", ids))


def _rows_checked(rows: FileRows, schema: Schema, plan: ReadPlan, findings: Findings) -> FileRows:
    rows = without_repeats(rows, schema, plan.duplicates, findings)
    if schema.table == "referrals":
        rows = without_self_referrals(rows, plan.self_referrals, findings)
    if schema.table == "orders":
        below = mask_of(pc.less(rows.table["amount"], 0.0))
        rule = "negative amounts were read as refunds"
        findings.add(rows, "amount", [Fault(rule, below, refused=False)])
    return rows


def _through_the_door(rows: FileRows, schema: Schema, plan: ReadPlan) -> pa.Table:
    """Let the schema check the table, and turn its rows into lines of the file."""
    try:
        return schema.check(rows.table, plan.tz)
    except SchemaError as error:
        problems = tuple(
            Problem(p.column, p.rule, p.count, int(rows.lines[p.first_row]), p.example)
            if p.first_row is not None
            else p
            for p in error.problems
        )
        raise SchemaError(schema.table, problems) from error


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
