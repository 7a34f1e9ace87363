"""All tags of all members in one table: one row a member, one column a tag."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from siyu.segmentation.rules.rule_set import TagRules

__all__ = ["TagNorms", "known_facts", "tag", "tag_evidence", "tag_norms", "tag_table"]

_OF_OTHER_KINDS = "needs kinds of events that nobody has"
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
    rules: "TagRules | Mapping[str, Any] | str | Path | None" = None,
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
    rules : TagRules, dict, YAML or JSON text, or path of such a file, optional
        Own tags, decided from the built-in ones and from windows of the tables.
    calendar : Calendar, optional
        The shop's member days and festivals. Default ``Calendar()``: the 13th of each month,
        Spring Festival, 618, double 11 and double 12.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a Community.

    Returns
    -------
    frame, n_members rows sorted by ``member_id``
        One column for each tag of `tag_catalog`, always all of them: codes, flags, shares
        (0 to 1; of money also beyond), numbers. Null means unknown or not applicable (a basket
        without purchases), never zero. Words for codes: `siyu.datasets.label`. What stands
        behind each value: `tag_support`. The tags of `rules` stand last; their words:
        `TagRules.label`.

    Raises
    ------
    DataError
        If there are neither orders nor events.
    RuleError
        If `rules` cannot be read; all that is wrong with them is named at once.
    ParameterError
        If `rules` or `calendar` are of another kind.

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
    from siyu.segmentation.rules.rule_set import as_rules

    own = None if rules is None else as_rules(rules)
    facts = known_facts(data, as_of, calendar, "tag()")
    table = tag_table(facts, tag_norms(facts))
    _warn_of_weakness(table, facts)
    if own is not None:
        table = _with_rules(table, own, facts)
    return from_arrow(table, output or kind_of(data))


def _with_rules(table: pa.Table, own: "TagRules", facts: Facts) -> pa.Table:
    """Put the tags of rules after the built-in ones; warn of measures unknown of everybody."""
    from siyu.segmentation.rules.rule_set import rule_columns, unknown_measures

    unknown = unknown_measures(own, facts.c, table, facts.end)
    if unknown.num_rows:
        told = "; ".join(f"{row['measure']} ({row['reason']})" for row in unknown.to_pylist())
        warn(
            f"tag(): rules ask what is unknown of everybody: {told}", from_arrow(unknown, "pandas")
        )
    decided = rule_columns(own, facts.c, table, facts.end).drop_columns(["member_id"])
    for name, column in zip(decided.column_names, decided.columns, strict=True):
        table = table.append_column(name, column)
    return table


def known_facts(data: Community | Frame, as_of: Any, calendar: Calendar | None, call: str) -> Facts:
    """Group what was known of every customer; refuse to without orders and events."""
    if calendar is not None and not isinstance(calendar, Calendar):
        raise ParameterError("calendar", f"calendar must be a Calendar, got {calendar!r}")
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
    causes = Counter(_OF_OTHER_KINDS if "=" in why else why for why in unknown.values())
    told = "; ".join(f"{reason} ({n})" for reason, n in causes.most_common())
    ended = ended_early(facts.c, facts.end)
    said = [told and f"{len(unknown)} tags are unknown, hence null: {told}", ended]
    if any(said):
        problems = pa.table({"tag": list(unknown), "reason": list(unknown.values())})
        warn(f"tag(): {'; '.join(filter(None, said))}", from_arrow(problems, "pandas"))


def _reason(tag: Tag, facts: Facts) -> str:
    """Say what a tag lacks, the whole table if it is absent; empty if nothing is."""
    for need in tag.needs:
        either = need.split("|")
        if not any(is_there(facts, *column.split(".")) for column in either):
            tables = dict.fromkeys(column.split(".")[0] for column in either)
            if not any(facts.c.has(table) for table in tables):
                either = list(tables)
            return f"needs {' or '.join(either)}"
    return ""
