"""Measure what rules ask for: tags, rows in windows, columns of members."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import INSTANT, days_between
from siyu.datasets.community import Community
from siyu.datasets.ids import lookup
from siyu.datasets.purchases import is_purchase
from siyu.segmentation.records import is_recorded, joined_at, maybe_missed, table_of
from siyu.segmentation.tagging.catalogue import CATALOGUE

from .readings import Reading, reading_of, unknown
from .sources import SHARE, SourceRows, absent, counted_rows, needs_of, time_of
from .tree import Measure, Window
from .vocabulary import Term, term_of

__all__ = ["Population", "lacking", "measured"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_DAYS = ("frequency", "purchase_days", "event_days", "message_days")
_DISTINCT = {
    "orders": "order_id",
    "products": "product_id",
    "categories": "products.category",
    "brands": "products.brand",
    "stores": "store_id",
    "invitees": "invitee_id",
}
_OF_PURCHASES = (
    "recency",
    "frequency",
    "purchase_days",
    "orders",
    "purchase_lines",
    "units",
    "products",
    "categories",
    "brands",
    "stores",
)


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """The members to measure: any of a community that was cut at `end` (us), with their tags.

    `tags` has a row for each of `members`, in the same order.
    """

    c: Community
    end: int
    members: pa.Array
    tags: pa.Table


def measured(measures: list[Measure], people: Population) -> dict[Measure, Reading]:
    """Measure every member, each table being read once.

    Parameters
    ----------
    measures : list of Measure
        Rule tags among them are left out.
    people : Population

    Returns
    -------
    dict of measure to `Reading`, a value a member
        Unknown for all where `lacking` says so.
    """
    found: dict[Measure, Reading] = {}
    counted: dict[tuple[str, str], list[tuple[Measure, Term]]] = {}
    absent_ones = lacking(measures, people)
    for measure, term in _terms(measures).items():
        if measure in absent_ones:
            found[measure] = unknown(len(people.members))
        elif term.source == "tag":
            found[measure] = reading_of(people.tags[term.column], as_words=term.kind == "word")
        elif term.source == "members":
            found[measure] = _of_members(term, people)
        else:
            counted.setdefault((term.source, time_of(measure, term)), []).append((measure, term))
    for group in counted.values():
        rows = counted_rows(people.c, group, people.members, people.end)
        for measure, term in group:
            found[measure] = _counted(measure, term, rows, people)
    return found


def lacking(measures: list[Measure], people: Population) -> dict[Measure, str]:
    """Say which measures are unknown of everybody, and what is absent or was not recorded."""
    told = {m: _lacks(m, term, people) for m, term in _terms(measures).items()}
    return {measure: reason for measure, reason in told.items() if reason}


def _terms(measures: list[Measure]) -> dict[Measure, Term]:
    """Find the terms of measures; rule tags have none."""
    return {m: term for m in measures if (term := term_of(m.name, {})) is not None}


def _lacks(measure: Measure, term: Term, people: Population) -> str:
    c, window = people.c, measure.window
    if term.source == "tag":
        return _tag_lacks(term, people)
    needs = [f"members.{term.column}"] if term.source == "members" else needs_of(measure, term)
    if need := absent(c, needs):
        return f"needs {need}"
    if term.source == "members":
        return ""
    if not is_recorded(c, term.source, people.end):
        return f"'{term.source}' was not recorded yet"
    if window is not None and _unseen_in(window, term, people).all() and len(people.members):
        return f"'{term.source}' was not recorded during the whole window"
    return ""


def _tag_lacks(term: Term, people: Population) -> str:
    """Say what a tag lacks that is null for everybody."""
    if term.column not in people.tags.column_names:
        return f"the tags given have no column '{term.column}'"
    if people.tags[term.column].null_count < max(people.tags.num_rows, 1):
        return ""
    needs = next((tag.needs for tag in CATALOGUE if tag.tag == term.name), ())
    missing = [need for need in needs if not _any_there(need, people)]
    return f"needs {missing[0].replace('|', ' or ')}" if missing else ""


def _any_there(need: str, people: Population) -> bool:
    """Tell whether a need of a tag (``a.b|c.d``, ``a.b=value``) is there and recorded."""
    c = people.c
    for either in need.split("|"):
        table, _, column = either.partition(".")
        name, _, value = column.partition("=")
        if absent(c, [f"{table}.{name}"]) or not is_recorded(c, table, people.end):
            continue
        values = table_of(c, table, "a rule")[name]
        if not value or pc.any(pc.equal(values, value)).as_py():
            return True
    return False


def _counted(measure: Measure, term: Term, rows: SourceRows, people: Population) -> Reading:
    """Measure what is counted among the rows of a table."""
    kept = _rows_that_count(measure, rows, people.end)
    values = _values(measure.name, rows, kept, people.end)
    if measure.window is None:
        missed = maybe_missed(people.c, term.source, people.members, people.end)
        unseen = missed & (values == 0)
    else:
        unseen = _unseen_in(measure.window, term, people)
    return Reading("number", np.nan_to_num(values), ~np.isnan(values) & ~unseen)


def _rows_that_count(measure: Measure, rows: SourceRows, end: int) -> Bools:
    kept = rows.passing(measure.filters)
    if measure.window is not None:
        times = rows.rows.times
        kept &= (times >= end - measure.window.older) & (times < end - measure.window.newer)
    if measure.name in _OF_PURCHASES:
        kept &= is_purchase(rows.rows.table)
    elif measure.name == "refund_lines":
        kept &= rows.rows.numbers("amount") < 0
    elif measure.name == "shares":
        kept &= pc.equal(rows.rows.table["event"], SHARE).to_numpy()
    return kept


def _values(name: str, rows: SourceRows, kept: Bools, end: int) -> Floats:
    """Give a number a member; NaN where there is nothing to measure."""
    if name in _DAYS:
        return rows.distinct_days(kept).astype(np.float64)
    if name in _DISTINCT:
        return rows.distinct(kept, _DISTINCT[name]).astype(np.float64)
    of = rows.rows
    if name == "recency":
        return days_between(of.where(kept).last_time(), end)
    if name in ("spend", "refunds", "monetary", "units", "event_value"):
        column = {"units": "quantity", "event_value": "value"}.get(name, "amount")
        amounts = of.numbers(column)
        amounts = np.maximum(-amounts, 0.0) if name == "refunds" else amounts
        total = of.sum(np.where(kept, amounts, 0.0))
        if name != "monetary":
            return total
        days = rows.distinct_days(kept & is_purchase(of.table))
        return np.where(days > 0, total / np.maximum(days, 1), np.nan)
    return np.bincount(of.codes, kept, len(of.members)).astype(np.float64)


def _unseen_in(window: Window, term: Term, people: Population) -> Bools:
    """Tell for whom a part of a window may have gone unrecorded."""
    c, start, stop = people.c, people.end - window.older, people.end - window.newer
    n, (begin, last) = len(people.members), c.observed.get(term.source, (start, stop))
    if last < stop or begin <= start:
        return np.full(n, last < stop)
    joined = pc.greater_equal(joined_at(c, people.members), pa.scalar(begin, INSTANT))
    since_then = joined.fill_null(False).to_numpy(zero_copy_only=False)
    return ~np.asarray(since_then, dtype=np.bool_)


def _of_members(term: Term, people: Population) -> Reading:
    """Read a column of the members."""
    members = table_of(people.c, "members", "a rule")
    at = lookup(people.members, members["member_id"].combine_chunks())
    values = members[term.column].take(pa.array(at, mask=at < 0))
    return (
        _age(values, people)
        if term.name == "age"
        else reading_of(values, as_words=term.kind == "word")
    )


def _age(born: pa.ChunkedArray, people: Population) -> Reading:
    """Give the age reached this year, by the shop's calendar."""
    year = pd.Timestamp(people.end, unit="us", tz="UTC").tz_convert(people.c.tz).year
    born_in = reading_of(born)
    age = year - np.floor(np.asarray(born_in.values, dtype=np.float64))
    return Reading("number", age, born_in.known & (age >= 0))
