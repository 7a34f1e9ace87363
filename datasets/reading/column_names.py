"""Which table a file looks like, and what its columns are: suggestions, never silent choices."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siyu.datasets.errors import ParameterError, Problem
from siyu.datasets.schema import SCHEMAS, Column, Schema

from .column_synonyms import plain_name, synonyms
from .contacts import contact_kind
from .csv_text import read_csv_text

__all__ = ["ColumnGuess", "Suggestion", "suggest_columns"]

_SAMPLE = 1_000
_LEAST = 0.5
_LOOKS = {
    "time": re.compile(
        r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}.*|\d{1,2}/\d{1,2}/\d{4}.*|\d{8}|\d{10}|\d{13}|\d{14}"
    ),
    "number": re.compile(r"[-+(]?\s*[¥￥$€]?\s*[-+]?[\d０-９][\d０-９,.．]*\s*元?\)?"),
    "flag": re.compile(r"0|1|是|否|true|false|yes|no|y|n", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What one column of a file seems to be: a column of the table, a contact, or neither."""

    column: str
    suggestion: str | None
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a file looks like.

    Attributes
    ----------
    table : str
        The most likely table.
    confidence : float
        0 to 1: how well the required columns are covered.
    columns : tuple of Suggestion
        One a column of the file, in its order.
    missing : tuple of str
        Required columns that nothing seems to fill.
    path : str or None
        The file, where one was looked at.
    """

    table: str
    confidence: float
    columns: tuple[Suggestion, ...]
    missing: tuple[str, ...]
    path: str | None = None

    @property
    def mapping(self) -> dict[str, str]:
        """What to hand to a reader as `columns`; names that are right already are left out."""
        return {
            s.column: s.suggestion
            for s in self.columns
            if s.suggestion is not None and s.suggestion != s.column
        }

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Required columns that nothing seems to fill, and contacts that need a key."""
        listed = ", ".join(s.column for s in self.columns)
        missing = [
            Problem(name, f"required, but no column looks like it; there are: {listed}", 1)
            for name in self.missing
        ]
        contacts = [
            Problem(s.column, s.reason, 1)
            for s in self.columns
            if s.suggestion is None and s.confidence > 0
        ]
        return (*missing, *contacts)

    @property
    def code(self) -> str:
        """A line of Python that reads the file, ready to paste."""
        names = f", columns={self.mapping!r}" if self.mapping else ""
        kinds = {c.name: c.kind for c in SCHEMAS[self.table].columns}
        timed = any(kinds.get(s.suggestion or "") == "time" for s in self.columns)
        zone = ', tz="Asia/Shanghai"' if timed else ""
        return f"{self.table} = read_table({self.table!r}, {self.path or 'FILE'!r}{names}{zone})"


def suggest_columns(source: str | Path | Sequence[str], table: str | None = None) -> ColumnGuess:
    """Suggest which table a file is and what its columns mean.

    Names are compared with the Chinese and English words that exports use, and values
    with what the column should hold. Nothing is read under a suggested name unless the
    caller passes the mapping on.

    Parameters
    ----------
    source : path of a CSV or Parquet file, or a sequence of column names
        Of a file the first 1,000 rows are looked at.
    table : str, optional
        The table, if it is known; default: the one whose columns fit best.

    Returns
    -------
    ColumnGuess

    Raises
    ------
    ParameterError
        If `table` is no table.
    SchemaError
        If the file cannot be read as text.

    Examples
    --------
    >>> guess = suggest_columns(["订单号", "会员ID", "下单时间", "实付金额(元)", "手机号"])
    >>> guess.table, guess.mapping["实付金额(元)"], guess.missing
    ('orders', 'amount', ())
    >>> guess.columns[-1].reason
    'personal data (phone): hashed with hash_key, or left out'
    """
    if table is not None and table not in SCHEMAS:
        raise ParameterError("table", f"no table '{table}'; there are: {', '.join(SCHEMAS)}")
    path = str(source) if isinstance(source, str | Path) else None
    names, sample = _sample(Path(source)) if isinstance(source, str | Path) else (source, None)
    schemas = [SCHEMAS[table]] if table else list(SCHEMAS.values())
    guesses = [_fit(schema, list(names), sample, path) for schema in schemas]
    return max(guesses, key=_fitness)


def _fitness(guess: ColumnGuess) -> tuple[float, int]:
    """Order guesses by how many columns are explained, less those that are missing."""
    known = sum(s.confidence for s in guess.columns if s.suggestion)
    required = sum(column.required for column in SCHEMAS[guess.table].columns)
    return round(known - 1.5 * len(guess.missing), 2), required


def _sample(path: Path) -> tuple[list[str], pa.Table]:
    if path.suffix.lower() in (".parquet", ".pq"):
        file = pq.ParquetFile(path)
        batches = list(file.iter_batches(_SAMPLE))[:1] if file.metadata.num_rows else []
        rows = pa.Table.from_batches(batches, file.schema_arrow)
        return rows.column_names, rows
    text = read_csv_text(path)
    return list(text.header), text.table.slice(0, _SAMPLE).rename_columns(list(text.header))


def _fit(
    schema: Schema, names: list[str], sample: pa.Table | None, path: str | None
) -> ColumnGuess:
    """Assign file columns to the columns of one schema, the surest pairs first."""
    words = synonyms(schema.table)
    pairs = []
    for place, name in enumerate(names):
        values = sample.column(place) if sample is not None else None
        for rank, column in enumerate(schema.columns):
            score, reason = _match(name, column, words[column.name], values)
            if score >= _LEAST:
                pairs.append((-score, place, rank, column.name, reason))
    taken: dict[int, Suggestion] = {}
    used: set[str] = set()
    for score, place, _, column_name, reason in sorted(pairs):
        if place not in taken and column_name not in used:
            taken[place] = Suggestion(names[place], column_name, round(-score, 2), reason)
            used.add(column_name)
    columns = tuple(
        taken.get(place) or _unplaced(name, sample.column(place) if sample is not None else None)
        for place, name in enumerate(names)
    )
    required = [c.name for c in schema.columns if c.required]
    sure = {s.suggestion: s.confidence for s in columns if s.suggestion}
    confidence = sum(sure.get(name, 0.0) for name in required) / len(required)
    missing = tuple(name for name in required if name not in sure)
    return ColumnGuess(schema.table, round(confidence, 2), columns, missing, path)


def _match(
    name: str, column: Column, words: tuple[str, ...], values: pa.ChunkedArray | None
) -> tuple[float, str]:
    """Score how well a name and its values fit a column."""
    plain = plain_name(name)
    score, reason = 0.0, ""
    if name == column.name:
        score, reason = 1.0, "the schema's own name"
    elif plain in words:
        score, reason = 0.95 - 0.002 * words.index(plain), "a usual name"
    else:
        held = [word for word in words if len(word) >= 2 and word in plain and not word.isascii()]
        near = difflib.get_close_matches(plain, words, n=1, cutoff=0.85)
        if held:
            score, reason = 0.6 + 0.3 * len(max(held, key=len)) / len(plain), "a similar name"
        elif near:
            score, reason = 0.7, "a similar name"
    if score == 0.0 or values is None:
        return score, reason
    fits = _looks_like(values, column.kind)
    return (score, reason) if fits else (score * 0.6, f"{reason}, but its values differ")


def _unplaced(name: str, values: pa.ChunkedArray | None) -> Suggestion:
    kind = contact_kind(name, values)
    if kind is not None:
        reason = f"personal data ({kind}): hashed with hash_key, or left out"
        return Suggestion(name, None, 0.9, reason)
    return Suggestion(name, None, 0.0, "not known; kept under its own name")


def _looks_like(values: pa.ChunkedArray, kind: str) -> bool:
    """Tell whether most values could be of a kind; ids and text may be anything."""
    if kind not in _LOOKS:
        return True
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        typed = pa.types.is_temporal(values.type)
        return typed if kind == "time" else not typed
    texts = [t.strip() for t in pc.drop_null(values).to_pylist()]
    texts = [t for t in texts if t and t.lower() not in ("null", "none", "na", "nan", "-", "\\n")]
    hits = sum(_LOOKS[kind].fullmatch(text) is not None for text in texts)
    return hits >= 0.7 * len(texts)
