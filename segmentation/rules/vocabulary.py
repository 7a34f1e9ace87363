"""Everything a rule can measure: its kind, what it is made of, which filters it takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pyarrow as pa

from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.labels import WORDS
from siyu.segmentation.tagging.catalogue import CATALOGUE, Tag

__all__ = ["FREE", "Kind", "Term", "rule_measures", "term_of", "vocabulary"]

Kind = Literal["number", "count", "share", "word", "flag", "time", "free"]
Source = Literal["tag", "orders", "events", "messages", "sends", "referrals", "members", "rule"]

FREE = ("members.", "tags.")
"""What a measure starts with that is any column of the members, or of the given tags."""

_KINDS: dict[str, Kind] = {
    "code": "word",
    "name": "word",
    "flag": "flag",
    "share": "share",
    "count": "count",
    "time": "time",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One name of the vocabulary.

    `column` is what is read of the table `source` (a tag, or a column of the members) or, for
    what is counted, the column that must be there; `codes` are all the words it can have,
    None where any word may come.
    """

    name: str
    kind: Kind
    source: Source
    column: str = ""
    unit: str = ""
    windowed: bool = False
    filters: tuple[str, ...] = ()
    codes: tuple[str, ...] | None = None


_ORDER_FILTERS = ("category", "brand", "product", "channel", "store", "coupon")
_EVENT_FILTERS = ("event", "category", "brand", "product", "channel", "group")
_SEND_FILTERS = ("channel", "campaign")


def _windowed(
    source: Source, filters: tuple[str, ...], *names: tuple[str, Kind, str, str]
) -> tuple[Term, ...]:
    return tuple(
        Term(name, kind, source, column, unit, windowed=True, filters=filters)
        for name, kind, column, unit in names
    )


_MEASURED: tuple[Term, ...] = (
    Term("recency", "number", "orders", "order_time", "days", filters=_ORDER_FILTERS),
    *_windowed(
        "orders",
        _ORDER_FILTERS,
        ("frequency", "count", "order_time", "purchase days"),
        ("monetary", "number", "amount", "currency a purchase day"),
        ("purchase_days", "count", "order_time", "purchase days"),
        ("orders", "count", "order_id", "orders"),
        ("purchase_lines", "count", "order_time", "purchase lines"),
        ("units", "number", "quantity", "units"),
        ("spend", "number", "amount", "currency"),
        ("refunds", "number", "amount", "currency"),
        ("refund_lines", "count", "amount", "refund lines"),
        ("products", "count", "product_id", "products"),
        ("categories", "count", "products.category", "categories"),
        ("brands", "count", "products.brand", "brands"),
        ("stores", "count", "store_id", "stores"),
    ),
    *_windowed(
        "events",
        _EVENT_FILTERS,
        ("events", "count", "event_time", "events"),
        ("event_days", "count", "event_time", "local days"),
        ("event_value", "number", "value", "sum of values"),
    ),
    *_windowed("events", _EVENT_FILTERS[1:], ("shares", "count", "event_time", "events")),
    *_windowed(
        "messages",
        ("group",),
        ("messages", "count", "message_time", "messages"),
        ("message_days", "count", "message_time", "local days"),
    ),
    *_windowed(
        "sends",
        _SEND_FILTERS,
        ("sends", "count", "send_time", "sends to the member"),
        ("opens", "count", "opened_at", "sends"),
        ("clicks", "count", "clicked_at", "sends"),
        ("redemptions", "count", "redeemed_at", "sends"),
    ),
    *_windowed("referrals", ("campaign",), ("invitees", "count", "invitee_id", "members")),
    Term("age", "count", "members", "birth_year", "years"),
    Term("region", "word", "members", "region"),
    Term("source", "word", "members", "source"),
    Term("gender", "word", "members", "gender"),
    Term("opt_out", "flag", "members", "opt_out"),
)


@cache
def vocabulary() -> Mapping[str, Term]:
    """Give every name that a rule can measure: the built-in tags, then what is counted."""
    return {term.name: term for term in (*map(_of_tag, CATALOGUE), *_MEASURED)}


def term_of(name: str, tags: Mapping[str, tuple[str, ...]]) -> Term | None:
    """Find a name; `tags` are the rule tags above, with their codes. None if nobody knows it."""
    if name in tags:
        return Term(name, "word", "rule", name, codes=tags[name])
    for prefix in FREE:
        if name.startswith(prefix) and len(name) > len(prefix):
            where: Source = "members" if prefix == FREE[0] else "tag"
            return Term(name, "free", where, name.removeprefix(prefix))
    return vocabulary().get(name)


def rule_measures(output: FrameKind = "pandas") -> Frame:
    """List everything that a rule can measure.

    Parameters
    ----------
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a measure
        ``measure`` : what to write; ``kind`` : number, count, share, word, flag or time;
        ``unit`` : of its values; ``windowed`` : whether it takes ``past`` and ``ago``;
        ``filters`` : what it can be narrowed by; ``codes`` : every word it can have, empty
        where any may come; ``name_zh``, ``name_en`` : words. Any column of the members is
        measured as ``members.<column>``, and any of the tags given to `TagRules.apply` as
        ``tags.<column>``.

    Examples
    --------
    >>> measures = rule_measures()
    >>> measures.loc[measures["measure"] == "spend", ["kind", "windowed"]].to_numpy().tolist()
    [['number', True]]
    """
    terms = tuple(vocabulary().values())
    names = [WORDS["measure"].get(term.name) or WORDS["tag"][term.name] for term in terms]
    table = pa.table(
        {
            "measure": [term.name for term in terms],
            "kind": [term.kind for term in terms],
            "unit": [term.unit for term in terms],
            "windowed": [term.windowed for term in terms],
            "filters": [", ".join(term.filters) for term in terms],
            "codes": [", ".join(term.codes or ()) for term in terms],
            "name_zh": [name[0] for name in names],
            "name_en": [name[1] for name in names],
        }
    )
    return from_arrow(table, output)


def _of_tag(tag: Tag) -> Term:
    codes = tuple(WORDS[tag.tag]) if tag.kind == "code" and tag.tag in WORDS else None
    return Term(tag.tag, _KINDS.get(tag.kind, "number"), "tag", tag.tag, tag.unit, codes=codes)
