"""All tags of all members in one table: one row a member, one column a tag."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.community import Community, as_community, kind_of
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.segmentation.recency import Buying, buying_of, rfm_rows
from siyu.segmentation.records import ended_early, is_recorded, maybe_missed
from siyu.segmentation.rfm_classes import RfmEdges, class_codes, edges_of, scores_of
from siyu.segmentation.rhythm import Rhythm, rhythm_of
from siyu.segmentation.stages import StageRules, known_stages, stage_table

from .catalogue import CATALOGUE, Tag
from .clock_tags import clock_tags, keeps_time, member_day_tags
from .evidence import Found
from .facts import Facts, acts_of, facts_of, is_there
from .purchase_norms import PurchaseNorms, purchase_norms
from .purchase_tags import favourite_tags, purchase_tags
from .social_tags import CommunityNorms, community_norms, community_tags

__all__ = ["VALUE_BANDS", "TagNorms", "tag", "tag_norms", "tag_table"]

VALUE_BANDS = ("low", "middle", "high")
"""The codes of `value_band`."""

_ACT_TABLES = ("orders", "events", "messages")


@dataclass(frozen=True, slots=True, eq=False)
class TagNorms:
    """What tags compare a member with: the population step of `tag`.

    `timed` and `dated` are the tables of acts whose hours, and whose days, can be believed.
    """

    rhythm: Rhythm
    classes: RfmEdges
    thirds: RfmEdges
    purchases: PurchaseNorms
    dated: tuple[str, ...]
    timed: tuple[str, ...]
    community: CommunityNorms


def tag(
    data: Community | Frame,
    *,
    as_of: Any,
    rules: None = None,
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
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a Community.

    Returns
    -------
    frame, n_members rows sorted by ``member_id``
        One column for each tag of `tag_catalog`, always all of them: codes, flags, shares
        (0 to 1), numbers. Null means unknown or not applicable (a basket without purchases),
        never zero. Words for codes: `siyu.datasets.label`.

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
        (``problems`` is a frame of tag and reason), or if a record ended before `as_of`.

    Notes
    -----
    Time O(n log n) in the rows; about 1 KB a member beside the tables.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> tags = tag(make_community(60, random_state=0), as_of="2026-06-03")
    >>> tags.columns[:5].tolist()
    ['member_id', 'stage', 'purchase_rhythm_days', 'next_due', 'rfm_class']
    """
    if rules is not None:
        raise ParameterError("rules", f"own rules are not taken, leave rules=None; got {rules!r}")
    c = as_community(data, "orders")
    known, end = c.before(as_of), c.moment(as_of)
    if not any(is_recorded(known, table, end) for table in ("orders", "events")):
        there = ", ".join(known.tables()) or "none"
        raise DataError(f"tag() needs the table orders or events; this community has: {there}")
    facts = facts_of(known, end, known.customers())
    table = tag_table(facts, tag_norms(facts))
    _warn_of_weakness(table, facts)
    return from_arrow(table, output or kind_of(data))


def tag_norms(facts: Facts) -> TagNorms:
    """Learn from all members what each is compared with."""
    visits, bought = facts.visits, _rfm(facts)
    tables = [table for table in _ACT_TABLES if is_recorded(facts.c, table, facts.end)]
    dated = tuple(table for table in tables if len(acts_of(facts, (table,)).times))
    timed = tuple(t for t in dated if keeps_time(acts_of(facts, (t,)).times, facts.c.tz))
    return TagNorms(
        Rhythm(30.0, 1.0, 0) if visits is None else rhythm_of(visits, StageRules().churned_us),
        edges_of(bought, "median"),
        edges_of(bought, 3),
        purchase_norms(facts),
        dated,
        timed,
        community_norms(facts),
    )


def tag_table(facts: Facts, norms: TagNorms) -> pa.Table:
    """Tag the members of `facts`: the kernel of `tag`, for any chunk of members."""
    tags = (
        _stage_tags(facts, norms)
        | _value_tags(facts, norms)
        | purchase_tags(facts, norms.purchases)
        | favourite_tags(facts, norms.purchases)
        | clock_tags(facts, norms.dated, norms.timed)
        | {name: _values(found) for name, found in community_tags(facts, norms.community).items()}
    )
    if facts.visits is not None and facts.activity == "orders":
        tags |= member_day_tags(facts.visits)
    n = len(facts.members)
    columns = {t.tag: tags[t.tag] if t.tag in tags else pa.nulls(n, t.type()) for t in CATALOGUE}
    return pa.table({"member_id": facts.members, **columns})


def _values(found: pa.Array | Found) -> pa.Array:
    return found.values if isinstance(found, Found) else found


def _stage_tags(facts: Facts, norms: TagNorms) -> dict[str, pa.Array]:
    if facts.visits is None:
        return {}
    staged = stage_table(facts.visits, facts.members, norms.rhythm, StageRules(), facts.end)
    staged = known_stages(staged, facts.c, facts.activity, facts.end)
    return {
        "stage": staged["stage"],
        "purchase_rhythm_days": staged["expected_gap"],
        "next_due": staged["next_due"],
    }


def _value_tags(facts: Facts, norms: TagNorms) -> dict[str, pa.Array]:
    if facts.lines is None:
        return {}
    rows = _rfm(facts)
    band = scores_of(rows, norms.thirds)[2] - 1
    never = rows["monetary"].is_null().to_numpy()
    return {
        "rfm_class": class_codes(rows, norms.classes),
        "purchase_value": rows["monetary"],
        "value_band": pa.array(VALUE_BANDS).take(pa.array(band, mask=never)),
    }


def _rfm(facts: Facts) -> pa.Table:
    """Measure recency, frequency and money of the members of `facts`."""
    lines, n = facts.lines, len(facts.members)
    missed = maybe_missed(facts.c, "orders", facts.members, facts.end)
    if lines is None:
        nobody = Buying(np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n))
        return rfm_rows(facts.members, nobody, facts.end, missed)
    buying = buying_of(lines.table, lines.codes, n, facts.end, facts.c.tz)
    return rfm_rows(facts.members, buying, facts.end, missed)


def _warn_of_weakness(table: pa.Table, facts: Facts) -> None:
    """Warn once of tags that are null because something is absent, and of records that ended."""
    unknown = {}
    for entry in CATALOGUE if table.num_rows else ():
        reason = _reason(entry, facts) if table[entry.tag].null_count == table.num_rows else ""
        if reason:
            unknown[entry.tag] = reason
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
