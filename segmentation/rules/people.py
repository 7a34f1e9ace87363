"""Whom rules are decided for: the customers known at a moment, with the tags that rules ask for."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.community import Community, as_community
from siyu.datasets.errors import DataError
from siyu.datasets.frames import Frame, to_arrow
from siyu.datasets.ids import lookup
from siyu.segmentation.tagging.facts import facts_of
from siyu.segmentation.tagging.tags import tag_norms, tag_table

from .measuring import Population
from .tree import Measure
from .vocabulary import term_of

__all__ = ["alone", "people_of"]

_IDS = np.iinfo(np.int64)


def people_of(
    data: Community | Frame, as_of: Any, tags: Frame | None, asked: list[Measure]
) -> Population:
    """Cut the community at a moment; take the tags given, or tag its members if rules ask so."""
    c = as_community(data, "orders")
    known, end = c.before(as_of), c.moment(as_of)
    members = known.customers()
    if tags is not None:
        return Population(known, end, members, _aligned(tags, members))
    if any(_is_built_in(measure.name) for measure in asked):
        facts = facts_of(known, end, members)
        return Population(known, end, members, tag_table(facts, tag_norms(facts)))
    return Population(known, end, members, pa.table({"member_id": members}))


def alone(people: Population, member_id: Any) -> Population:
    """Take one member out of the others, or raise `DataError` if nobody has this id."""
    at = _place_of(member_id, people.members)
    return Population(people.c, people.end, people.members[at : at + 1], people.tags[at : at + 1])


def _is_built_in(name: str) -> bool:
    term = term_of(name, {})
    return term is not None and term.source == "tag"


def _aligned(tags: Frame, members: pa.Array) -> pa.Table:
    """Put given tags in the order of the members; null for members without tags."""
    table, _ = to_arrow(tags)
    if "member_id" not in table.column_names:
        raise DataError(f"tags need member_id; there are: {', '.join(table.column_names)}")
    ids = table["member_id"].combine_chunks()
    whole = pa.types.is_integer(ids.type)
    if len(ids) and len(members) and whole != pa.types.is_integer(members.type):
        raise DataError(f"member ids are {ids.type} in tags and {members.type} in the community")
    if pc.count_distinct(ids, mode="only_valid").as_py() < len(ids):
        raise DataError("member_id of the tags is null or repeated; give each member one row")
    at = lookup(members, ids) if len(ids) else np.full(len(members), -1)
    rows = table.drop_columns(["member_id"]).take(pa.array(at, mask=at < 0))
    return pa.table(
        {"member_id": members, **dict(zip(rows.column_names, rows.columns, strict=True))}
    )


def _place_of(member_id: Any, members: pa.Array) -> int:
    """Find a member by id: text among text, a whole number among whole numbers."""
    if pa.types.is_integer(members.type):
        whole = isinstance(member_id, int | np.integer) and not isinstance(member_id, bool)
        fits = whole and _IDS.min <= member_id <= _IDS.max
    else:
        fits = isinstance(member_id, str)
    at = lookup(pa.array([member_id]), members)[0] if fits else -1
    if at < 0:
        raise DataError("no customer of this member_id is known before as_of")
    return int(at)
