"""Whole rows that do not belong in a table: totals, blanks, repeats, self-invitations."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import ParameterError
from siyu.datasets.schema import Schema

from .file_rows import Fault, FileRows, Findings, Mask, mask_of

__all__ = ["without_blank_rows", "without_repeats", "without_self_referrals", "without_totals"]

_TOTAL = (
    r"(?i)^\s*(?:合\s*计|总\s*计|小\s*计|汇\s*总|累\s*计|(?:grand |sub)?total|sum)\s*[:：]?\s*$"
)


def without_blank_rows(rows: FileRows, header: tuple[str, ...], findings: Findings) -> FileRows:
    """Leave out rows without any value, and rows that repeat the header.

    Parameters
    ----------
    rows : FileRows of text columns
    header : tuple of str
        The header of the file, as long as there are columns.
    findings : Findings
        The report.

    Returns
    -------
    FileRows
    """
    blank = np.ones(rows.table.num_rows, dtype=bool)
    again = np.ones(rows.table.num_rows, dtype=bool)
    for name, column in zip(header, rows.table.columns, strict=True):
        text = pc.utf8_trim_whitespace(column.fill_null(""))
        blank &= mask_of(pc.equal(text, ""))
        again &= mask_of(pc.equal(text, name))
    faults = [
        Fault("rows without any value were left out", blank, refused=False),
        Fault("the header stands again among the rows and was left out", again, refused=False),
    ]
    return _left_out(rows, "(row)", faults, findings)


def without_totals(rows: FileRows, schema: Schema, findings: Findings) -> FileRows:
    """Leave out rows of totals (``合计``, ``Total``, ...).

    A row is a total where such a word stands as an id, or anywhere in a row that lacks a
    required value. A product called "Total" in an otherwise whole row stays.

    Parameters
    ----------
    rows : FileRows of text columns, named as in the schema
    schema : Schema
    findings : Findings
        The report.

    Returns
    -------
    FileRows
    """
    n = rows.table.num_rows
    as_id, anywhere, lacking = (np.zeros(n, dtype=bool) for _ in range(3))
    kinds = {column.name: column for column in schema.columns}
    for name, column in zip(rows.table.column_names, rows.table.columns, strict=True):
        if not _is_text(column.type):
            continue
        known = kinds.get(name)
        word = mask_of(pc.match_substring_regex(column, _TOTAL))
        anywhere |= word
        if known is not None and known.kind == "id":
            as_id |= word
        if known is not None and known.required:
            lacking |= mask_of(pc.equal(pc.utf8_trim_whitespace(column.fill_null("")), ""))
    total = as_id | (anywhere & lacking)
    fault = Fault("rows of totals were left out", total, refused=False)
    return _left_out(rows, "(row)", [fault], findings)


def without_repeats(
    rows: FileRows, schema: Schema, duplicates: str, findings: Findings
) -> FileRows:
    """Find rows that stand twice, and decide by `duplicates` what becomes of them.

    Where the schema has a key (members, products, ...), equal rows are left out and rows
    with one key that differ are refused. Order lines that equal an earlier line in every
    column are left out if they carry an ``order_id``, which marks overlapping exports;
    without one they may be two purchases and stay. Other tables stay as they are.

    Parameters
    ----------
    rows : FileRows, parsed
    schema : Schema
    duplicates : {"auto", "drop", "keep", "refuse"}
        ``"auto"`` is the rule above; the others apply to rows that are equal in every column.
    findings : Findings
        The report.

    Returns
    -------
    FileRows
    """
    if duplicates not in ("auto", "drop", "keep", "refuse"):
        raise ParameterError(
            "duplicates", f"expected 'auto', 'drop', 'keep' or 'refuse', got {duplicates!r}"
        )
    keyed, orders = bool(schema.unique), schema.table == "orders"
    if not (keyed or orders or duplicates in ("drop", "refuse")):
        return rows
    again = _equal_to_earlier(rows.table)
    if keyed:
        rows_left = rows.keep(~again) if again.any() else rows
        clash = _equal_to_earlier(rows_left.table.select(list(schema.unique)))
        rule = "another row has the same key and other values"
        findings.add(rows_left, "/".join(schema.unique), [Fault(rule, clash, refused=True)])
    drop = duplicates == "drop" or (
        duplicates == "auto" and (keyed or "order_id" in rows.table.column_names)
    )
    what = "equal an earlier row in every column"
    if duplicates == "refuse":
        findings.add(rows, "(row)", [Fault(f"rows {what}", again, refused=True)])
        return rows
    if drop:
        hint = "" if duplicates == "drop" else "; keep them with duplicates='keep'"
        fault = Fault(f"rows {what} and were left out{hint}", again, refused=False)
        return _left_out(rows, "(row)", [fault], findings)
    hint = "" if duplicates == "keep" else "; drop them with duplicates='drop'"
    findings.add(rows, "(row)", [Fault(f"rows {what} and were kept{hint}", again, refused=False)])
    return rows


def without_self_referrals(rows: FileRows, choice: str, findings: Findings) -> FileRows:
    """Leave out members who invite themselves, or keep them if the caller wants.

    Parameters
    ----------
    rows : FileRows of referrals, parsed
    choice : {"drop", "keep"}
    findings : Findings
        The report.

    Returns
    -------
    FileRows
    """
    if choice not in ("drop", "keep"):
        raise ParameterError("self_referrals", f"expected 'drop' or 'keep', got {choice!r}")
    same = mask_of(pc.equal(rows.table["inviter_id"], rows.table["invitee_id"]))
    if choice == "keep":
        fault = Fault("members who invite themselves were kept", same, refused=False)
        findings.add(rows, "invitee_id", [fault])
        return rows
    rule = "members who invite themselves were left out; keep them with self_referrals='keep'"
    return _left_out(rows, "invitee_id", [Fault(rule, same, refused=False)], findings)


def _left_out(rows: FileRows, column: str, faults: list[Fault], findings: Findings) -> FileRows:
    findings.add(rows, column, faults)
    gone = np.logical_or.reduce([fault.rows for fault in faults])
    return rows.keep(~gone) if gone.any() else rows


def _equal_to_earlier(table: pa.Table) -> Mask:
    """Mark rows that equal an earlier row in every column."""
    n = table.num_rows
    codes = np.zeros(n, dtype=np.int64)
    for column in table.columns:
        # Both factors are at most n, so that the product fits 64 bits.
        met, first, codes = np.unique(
            codes * (n + 1) + _codes(column), return_index=True, return_inverse=True
        )
        if len(met) == n:
            return np.zeros(n, dtype=bool)
    return np.asarray(first[codes] != np.arange(n), dtype=bool) if n else np.zeros(0, dtype=bool)


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Replace values by numbers from 1, equal ones by the same; a null is 0."""
    flat = column.combine_chunks()
    coded = flat if pa.types.is_dictionary(flat.type) else flat.dictionary_encode()
    codes = coded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return np.asarray(codes, dtype=np.int64) + 1


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
