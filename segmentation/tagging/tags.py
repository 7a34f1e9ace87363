"""All tags of all members in one table: one row a member, one column a tag."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from siyu.datasets.community import Community, as_community, kind_of
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.segmentation.records import ended_early, is_recorded
from siyu.segmentation.rhythm import Rhythm, rhythm_of
from siyu.segmentation.stages import StageRules

from .calendar_tags import calendar_tags
from .calendars import Calendar
from .catalogue import CATALOGUE, Tag
from .clock_tags import clock_tags, keeps_time
from .community_tags import CommunityNorms, community_norms, community_tags
from .deal_tags import deal_tags
from .evidence import Found
from .facts import Facts, acts_of, facts_of, is_there
from .purchase_norms import PurchaseNorms, purchase_norms
from .rhythm_tags import rhythm_tags
from .taste_tags import taste_tags
from .value_tags import ValueNorms, value_norms, value_tags

__all__ = ["TagNorms", "known_facts", "tag", "tag_evidence", "tag_norms", "tag_table"]

_ACT_TABLES = ("orders", "events", "messages")


@dataclass(frozen=True, slots=True, eq=False)
class TagNorms:
    """What tags compare a member with: the population step of `tag`.

    `timed` and `dated` are the tables of acts whose hours, and whose days, can be believed.
    """

    rhythm: Rhythm
    values: ValueNorms
    purchases: PurchaseNorms
    dated: tuple[str, ...]
    timed: tuple[str, ...]
    community: CommunityNorms


def tag(
    data: Community | Frame,
    *,
    as_of: Any,
    rules: None = None,
    calendar: Calendar | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Tag every customer by lifecycle, value and behaviour.

    Parameters
    ----------
    data : Community, or frame of schema `orders`
        A Community gives every customer, a frame the members met in it.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    rules : None
        The built-in tags; own rules are not taken.
    calendar : Calendar, optional
        The shop's member days and festivals. Default ``Calendar()``: the 13th of each month,
        Spring Festival, 618, double 11 and double 12.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a Community.

    Returns
    -------
    frame, n_members rows sorted by ``member_id``
        One column for each tag of `tag_catalog`, always all of them: codes, flags, shares
        (0 to 1), numbers. Null means unknown or not applicable (a basket without purchases),
        never zero. Words for codes: `siyu.datasets.label`. What stands behind each value:
        `tag_support`.

    Raises
    ------
    DataError
        If there are neither orders nor events.
    ParameterError
        If `rules` are given.

    Warns
    -----
    SiyuWarning
        Once, if tags are null because a table or column is absent or was not recorded
        (``problems`` is a frame of tag and reason), or if a record ended before `as_of`. Kinds
        of events that nobody ever did are told too, but are alone no cause to warn.

    Notes
    -----
    Time O(n log n) in the rows; about 100 bytes a purchase line and 1 KB a member beside the
    tables. No tag is meant to set a price: `deal_hunter` and the price bands choose products
    and messages.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> tags = tag(make_community(60, random_state=0), as_of="2026-06-03")
    >>> tags.columns[:5].tolist()
    ['member_id', 'stage', 'purchase_rhythm_days', 'rhythm_regularity', 'next_due']
    """
    if rules is not None:
        raise ParameterError("rules", f"own rules are not taken, leave rules=None; got {rules!r}")
    facts = known_facts(data, as_of, calendar, "tag()")
    table = tag_table(facts, tag_norms(facts))
    _warn_of_weakness(table, facts)
    return from_arrow(table, output or kind_of(data))


def known_facts(data: Community | Frame, as_of: Any, calendar: Calendar | None, call: str) -> Facts:
    """Group what was known of every customer; `DataError` without orders and events."""
    c = as_community(data, "orders")
    known, end = c.before(as_of), c.moment(as_of)
    if not any(is_recorded(known, table, end) for table in ("orders", "events")):
        there = ", ".join(known.tables()) or "none"
        raise DataError(f"{call} needs the table orders or events; this community has: {there}")
    return facts_of(known, end, known.customers(), calendar)


def tag_norms(facts: Facts) -> TagNorms:
    """Learn from all members what each is compared with."""
    visits = facts.visits
    tables = [table for table in _ACT_TABLES if is_recorded(facts.c, table, facts.end)]
    dated = tuple(table for table in tables if len(acts_of(facts, (table,)).times))
    timed = tuple(
        table for table in dated if keeps_time(acts_of(facts, (table,)).times, facts.c.tz)
    )
    return TagNorms(
        Rhythm(30.0, 1.0, 0) if visits is None else rhythm_of(visits, StageRules().churned_us),
        value_norms(facts),
        purchase_norms(facts),
        dated,
        timed,
        community_norms(facts),
    )


def tag_table(facts: Facts, norms: TagNorms) -> pa.Table:
    """Tag the members of `facts`: the kernel of `tag`, for any chunk of members."""
    found, n = tag_evidence(facts, norms), len(facts.members)
    columns = {
        entry.tag: found[entry.tag].values if entry.tag in found else pa.nulls(n, entry.type())
        for entry in CATALOGUE
    }
    return pa.table({"member_id": facts.members, **columns})


def tag_evidence(facts: Facts, norms: TagNorms) -> dict[str, Found]:
    """Tag the members of `facts`, with the evidence; tags that lack their tables are left out."""
    return (
        rhythm_tags(facts, norms.rhythm)
        | value_tags(facts, norms.values)
        | deal_tags(facts, norms.purchases)
        | taste_tags(facts, norms.purchases)
        | calendar_tags(facts)
        | clock_tags(facts, norms.dated, norms.timed)
        | community_tags(facts, norms.community)
    )


def _warn_of_weakness(table: pa.Table, facts: Facts) -> None:
    """Warn once of tags that are null because something is absent, and of records that ended."""
    unknown = {}
    for entry in CATALOGUE if table.num_rows else ():
        reason = _reason(entry, facts) if table[entry.tag].null_count == table.num_rows else ""
        if reason:
            unknown[entry.tag] = reason
    if all("=" in reason for reason in unknown.values()):
        unknown = {}  # only kinds of events that nobody ever did
    told = "; ".join(f"{tag} ({reason})" for tag, reason in unknown.items())
    ended = ended_early(facts.c, facts.end)
    said = [told and f"unknown, hence null: {told}", ended]
    if any(said):
        problems = pa.table({"tag": list(unknown), "reason": list(unknown.values())})
        warn(f"tag(): {'; '.join(filter(None, said))}", from_arrow(problems, "pandas"))


def _reason(tag: Tag, facts: Facts) -> str:
    """Say what a tag lacks; empty if nothing is absent."""
    for need in tag.needs:
        if not any(is_there(facts, *either.split(".")) for either in need.split("|")):
            return f"needs {need.replace('|', ' or ')}"
    return ""
