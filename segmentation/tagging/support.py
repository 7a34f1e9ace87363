"""The evidence behind each tag of each member."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import INSTANT
from siyu.datasets.community import Community, kind_of
from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup
from siyu.datasets.intervals import wilson_bounds

from .calendars import Calendar
from .catalogue import CATALOGUE, Tag
from .evidence import Found
from .facts import Facts, facts_of
from .tags import known_facts, tag_evidence, tag_norms

__all__ = ["LEVELS", "tag_support"]

Floats = npt.NDArray[np.float64]

LEVELS = ("weak", "fair", "strong")
"""The codes of ``level``: confidence below 1/2, below 4/5, and above."""

_FAIR, _STRONG = 0.5, 0.8


def tag_support(
    data: Community | Frame,
    *,
    as_of: Any,
    tags: Sequence[str] | None = None,
    members: Sequence[Any] | None = None,
    calendar: Calendar | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Give the evidence behind each tag: how much it was made of, and how far it can be trusted.

    Parameters
    ----------
    data, as_of, calendar, output
        As in `tag`; the values are those of `tag`.
    tags : sequence of str, optional
        Names of `tag_catalog`. Default: all.
    members : sequence of ids, optional
        Only these customers, still compared with everybody. Default: all, which makes a long
        table: n_members * n_tags rows at most.

    Returns
    -------
    frame, sorted by ``member_id``, then in the order of `tag_catalog`
        ``tag``; ``value`` : as text (times as local date and hour); ``support`` : how many
        units of evidence the value was made of, int >= 0; ``support_unit`` : of what (code:
        lines, orders, visits, acts ...); ``low``, ``high`` : 95 % interval of a share that
        counts yes-or-no answers, else null; ``confidence`` : 0 to 1; ``level`` : weak, fair
        (from 1/2) or strong (from 4/5). A tag that is null (unknown, or not applicable) has no
        row. Words for the codes: `siyu.datasets.label`.

    Raises
    ------
    DataError
        If there are neither orders nor events.
    ParameterError
        If a tag or a member is unknown.

    Notes
    -----
    ``confidence = support / (support + strength)``: the weight of the member's own evidence in
    a value drawn towards everybody's, where ``strength`` is what the population's habit weighs
    (Bühlmann's credibility, learned from all members for drawn shares); 5 units for values that
    are not drawn. The interval is Wilson's, of the drawn share with ``support + strength``
    answers, so that it always holds the value. For favourites, where evidence fades with age,
    the faded weight takes the place of the support in both.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(60, random_state=0)
    >>> behind = tag_support(c, as_of="2026-06-03", tags=["coupon_share"])
    >>> behind.columns.tolist()[3:]
    ['support', 'support_unit', 'low', 'high', 'confidence', 'level']
    """
    wanted = _entries(tags)
    everybody = known_facts(data, as_of, calendar, "tag_support()")
    norms = tag_norms(everybody)
    some = everybody if members is None else _only(everybody, members)
    found = tag_evidence(some, norms)
    nothing = _rows(some, 0, CATALOGUE[0], None)
    parts = [_rows(some, place, entry, found.get(entry.tag)) for place, entry in wanted]
    table = pa.concat_tables([nothing, *parts])
    order = np.lexsort((table["place"].to_numpy(), table["member"].to_numpy()))
    table = table.take(pa.array(order))
    ids = some.members.take(table["member"].combine_chunks())
    table = table.set_column(0, "member_id", ids).drop_columns(["place"])
    return from_arrow(table, output or kind_of(data))


def _entries(tags: Sequence[str] | None) -> list[tuple[int, Tag]]:
    """Find the entries of tags, each with its place in the catalogue."""
    names = [entry.tag for entry in CATALOGUE]
    if isinstance(tags, str):
        raise ParameterError("tags", f"tags must be a list of names, got the text {tags!r}")
    unknown = sorted({str(tag) for tag in tags or ()} - set(names))
    if unknown:
        raise ParameterError("tags", f"unknown tags: {', '.join(unknown)}; see tag_catalog()")
    return [(i, e) for i, e in enumerate(CATALOGUE) if tags is None or e.tag in tags]


def _only(facts: Facts, members: Sequence[Any]) -> Facts:
    """Group the rows of some members."""
    try:
        asked = pa.array(list(members), facts.members.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
        raise ParameterError("members", f"ids here are {facts.members.type}: {error}") from error
    at = lookup(asked, facts.members)
    if (at < 0).any():
        n = int((at < 0).sum())
        raise ParameterError("members", f"{n} of {len(at)} are no customers known at as_of")
    chosen = facts.members.take(pa.array(np.unique(at)))
    return facts_of(facts.c, facts.end, chosen, facts.calendar)


def _rows(facts: Facts, place: int, entry: Tag, found: Found | None) -> pa.Table:
    """Give one row for each member of whom the tag is known."""
    if found is None:
        nothing = np.zeros(0, dtype=np.int64)
        found, at = Found(pa.nulls(0, entry.type()), nothing), nothing
    else:
        at = np.flatnonzero(found.values.is_valid().to_numpy(zero_copy_only=False))
    confidence = found.confidence()[at]
    level = (confidence >= _FAIR).astype(np.int64) + (confidence >= _STRONG)
    low, high = _interval(found, at)
    return pa.table(
        {
            "member": pa.array(at, pa.int64()),
            "place": pa.array(np.full(len(at), place), pa.int64()),
            "tag": pa.array([entry.tag], pa.string()).take(pa.array(np.zeros(len(at), np.int64))),
            "value": _said(found.values.take(pa.array(at)), facts.c.tz),
            "support": pa.array(found.support[at], pa.int64()),
            "support_unit": pa.array([entry.support]).take(pa.array(np.zeros(len(at), np.int64))),
            "low": low,
            "high": high,
            "confidence": pa.array(confidence),
            "level": pa.array(LEVELS).take(pa.array(level)),
        }
    )


def _interval(found: Found, at: npt.NDArray[np.int64]) -> tuple[pa.Array, pa.Array]:
    if found.trials is None:
        return pa.nulls(len(at), pa.float64()), pa.nulls(len(at), pa.float64())
    share = found.values.take(pa.array(at)).to_numpy(zero_copy_only=False)
    low, high = wilson_bounds(share, found.trials[at])
    return pa.array(low), pa.array(high)


def _said(values: pa.Array, tz: str) -> pa.Array:
    """Give values as text."""
    if values.type == INSTANT:
        local = pc.local_timestamp(
            values.cast(pa.timestamp("s", tz="UTC"), safe=False).cast(pa.timestamp("s", tz=tz))
        )
        values = pc.strftime(local, "%Y-%m-%d %H:%M")
    return values.cast(pa.string())
