"""KOC: the ordinary members whom a brand should know, ranked, with reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.as_of import cut
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup
from siyu.datasets.schema import SCHEMAS
from siyu.graph.member_choice import chosen_members
from siyu.graph.tie_rules import TieRules
from siyu.graph.tie_sources import holds_ties, staff_met
from siyu.graph.ties import ties_known

from .koc_components import COMPONENTS, NEEDS, KocFacts, components

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["KocWeights", "koc"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROLES = {
    "bridging": "connector",
    "trust": "opinion_leader",
    "referral": "converter",
    "purchases": "loyal_buyer",
    "activity": "active_member",
}
_REASONS = {
    "bridging": "bridges_communities",
    "trust": "listened_to",
    "referral": "brings_buyers",
    "purchases": "buys_often",
    "activity": "active_lately",
}
_ROLE_FROM = 0.5
_REASON_FROM = 0.8
_WHY = (None, "excluded", "opted_out", "staff")


@dataclass(frozen=True, slots=True)
class KocWeights:
    """How much each component counts in the score; only their proportions matter.

    The score of a member is the weighted mean of the components that could be measured.

    Raises
    ------
    ParameterError
        If a weight is negative or missing, or all are 0.

    Examples
    --------
    >>> KocWeights(bridging=1, trust=1, referral=0, purchases=0, activity=0).shares(["trust"])
    {'trust': 1.0}
    """

    bridging: float = 0.30
    trust: float = 0.20
    referral: float = 0.25
    purchases: float = 0.15
    activity: float = 0.10

    def __post_init__(self) -> None:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        wrong = [
            name for name, weight in given.items() if not (np.isfinite(weight) and weight >= 0)
        ]
        if wrong or not any(given.values()):
            raise ParameterError(
                "weights", f"weights must be 0 or more, and one of them above 0; got {given}"
            )

    def shares(self, names: list[str]) -> dict[str, float]:
        """Give the weights of some components, so that they add up to 1."""
        total = sum(getattr(self, name) for name in names)
        return {name: getattr(self, name) / total if total else 0.0 for name in names}


def koc(
    c: "Community",
    *,
    as_of: Any,
    exclude: Any = None,
    weights: KocWeights | None = None,
    ties: Frame | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Rank the members who bridge communities, are listened to, and bring buyers.

    Staff are left out before anything is measured. Members who opted out, and those of
    `exclude`, are measured with the others, so that nobody else's figures change, but they
    are never ranked and their figures are not shown.

    Parameters
    ----------
    c : Community
        With any of ties, referrals, memberships, messages, events and orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    exclude : frame with ``member_id``, or ids in any array, list or set, optional
        Whom not to rank, for instance resellers.
    weights : KocWeights, optional
    ties : frame of schema ``ties``, optional
        Instead of `siyu.graph.build_ties` with its defaults. Those dated at or after `as_of`
        and those of staff are left out here too.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a member: the ranked by ``rank``, then the others by ``member_id``
        ``rank`` : 1 is best; null for who is not ranked. ``score`` : weighted mean of the
        components, 0 to 1. ``role`` : code of the component that adds most to the score, of
        those of 0.5 or more; "ordinary" if there is none. Components lie between 0 and 1 (the
        share of members with any of it that one reaches or passes); null if they could not be
        measured:
        ``bridging`` : evidence for ties to other communities at equal degree, see
        `community_bridging`;
        ``trust`` : attention received (replies, trust, mentions, nominations) and the rate of
        answered turns, shrunk;
        ``referral`` : buyers and money that the invitees of a member are expected to bring,
        rates shrunk, times their number; see `referral_outcome`;
        ``purchases`` : own purchase days and net spending in the last 365 days;
        ``activity`` : days with an event or message in the last 90.
        ``reasons`` : list of the codes of components of 0.8 or more, the weightiest first.
        ``excluded_because`` : "staff", "opted_out", "excluded", or null for the ranked.
        `siyu.datasets.label` puts words in the place of codes.

    Raises
    ------
    DataError
        If no component can be measured from the tables there are.
    ParameterError
        If `exclude` holds no ids of the type of ``member_id``.

    Warns
    -----
    SiyuWarning
        If components could not be measured: which, for want of what, and how the others weigh.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> when = pd.to_datetime(["2026-05-01", "2026-05-02"])
    >>> ids = ["ann", "bob"]
    >>> c = Community(
    ...     orders=pd.DataFrame({"member_id": ids, "order_time": when, "amount": [9, 30]}),
    ...     referrals=pd.DataFrame({"inviter_id": ids[:1], "invitee_id": ids[1:]}).assign(
    ...         referral_time=when[:1]
    ...     ),
    ...     messages=pd.DataFrame({"member_id": ["bob", "cat"], "message_time": when}).assign(
    ...         reply_to_member_id="ann"
    ...     ),
    ...     tz="UTC",
    ... )
    >>> listed = koc(c, as_of="2026-06-01", exclude=["cat"], output="pyarrow")
    >>> [list(row.values()) for row in listed.select(["member_id", "rank", "role"]).to_pylist()]
    [['ann', 1, 'converter'], ['bob', 2, 'loyal_buyer'], ['cat', None, None]]
    """
    known, end = c.before(as_of), c.moment(as_of)
    members = known.customers()
    measured = components(KocFacts(known, end, members, _ties(known, end, members, ties)))
    shares = _shares(measured, KocWeights() if weights is None else weights)
    why = _exclusions(known, members, exclude)
    ranked = _ranked(members, measured, shares, np.flatnonzero(why == 0))
    out = pa.concat_tables([ranked, _unranked(known, members, why, ranked.schema)])
    return from_arrow(out, output)


def _ties(known: "Community", end: int, members: pa.Array, given: Frame | None) -> pa.Table | None:
    """Give the ties among the members, in an order free of the input's; None if there are none."""
    if given is None:
        return ties_known(known, end, TieRules()) if holds_ties(known) else None
    table = cut("ties", SCHEMAS["ties"].check(given, known.tz), end)
    inside = pc.and_(pc.is_in(table["source"], members), pc.is_in(table["target"], members))
    keys = [name for name in ("source", "target", "kind", "weight") if name in table.column_names]
    return table.filter(inside).select(keys).sort_by([(name, "ascending") for name in keys])


def _shares(measured: Mapping[str, Floats], weights: KocWeights) -> dict[str, float]:
    """Spread the weights over the components that were measured, and say so."""
    if not measured:
        needs = "; ".join(f"{name}: {NEEDS[name]}" for name in COMPONENTS)
        raise DataError(f"koc() finds no table to rank members by; it can use {needs}")
    shares = weights.shares(list(measured))
    missing = [f"{n} (needs {NEEDS[n]})" for n in COMPONENTS if n not in measured]
    if missing:
        said = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
        warn(f"koc(): not measured and null: {'; '.join(missing)}. The score weighs {said}")
    return shares


def _exclusions(known: "Community", members: pa.Array, exclude: Any) -> Ints:
    """Say for each member why it is not ranked: a position in `_WHY`, 0 for who is ranked."""
    why = np.zeros(len(members), dtype=np.int64)
    chosen = chosen_members(exclude, members)
    for reason, ids in (("excluded", chosen), ("opted_out", known.opted_out())):
        at = lookup(ids, members)
        why[at[at >= 0]] = _WHY.index(reason)
    return why


def _ranked(
    members: pa.Array, measured: Mapping[str, Floats], shares: Mapping[str, float], at: Ints
) -> pa.Table:
    """Rank the members at some positions, best first; of equals the smaller id is first."""
    strength = np.column_stack([values[at] for values in measured.values()])
    adds = strength * np.array(list(shares.values()))
    score = adds.sum(axis=1)
    order = np.argsort(-score, kind="stable")
    strength, adds = strength[order], adds[order]
    unknown = pa.nulls(len(at), pa.float64())
    found = dict(zip(measured, strength.T, strict=True))
    return pa.table(
        {
            "member_id": members.take(pa.array(at[order])),
            "rank": pa.array(np.arange(1, len(at) + 1)),
            "score": score[order],
            "role": _roles(strength, adds, list(measured)),
            **{name: found.get(name, unknown) for name in COMPONENTS},
            "reasons": _reasons(strength, adds, list(measured)),
            "excluded_because": pa.nulls(len(at), pa.large_string()),
        }
    )


def _roles(strength: Floats, adds: Floats, names: list[str]) -> pa.Array:
    """Name each member by what adds most to the score, of what is strong enough."""
    roles = pa.array([*(_ROLES[name] for name in names), "ordinary"], pa.large_string())
    strong = strength >= _ROLE_FROM
    best = np.where(strong, adds, -1).argmax(axis=1)
    return roles.take(pa.array(np.where(strong.any(axis=1), best, len(names))))


def _reasons(strength: Floats, adds: Floats, names: list[str]) -> pa.Array:
    """List what each member is strong in, what adds most to the score first."""
    order = np.argsort(-adds, axis=1, kind="stable")
    strong = np.take_along_axis(strength >= _REASON_FROM, order, axis=1)
    codes = pa.array([_REASONS[name] for name in names], pa.large_string())
    ends = np.cumsum(strong.sum(axis=1))
    starts = pa.array(np.concatenate(([0], ends)).astype(np.int32))
    return pa.ListArray.from_arrays(starts, codes.take(pa.array(order[strong])))


def _unranked(known: "Community", members: pa.Array, why: Ints, schema: pa.Schema) -> pa.Table:
    """Name everybody who is not ranked, and why; nothing else about them."""
    out = np.flatnonzero(why)
    staff = staff_met(known)
    ids = pa.chunked_array([members.take(pa.array(out)), staff.cast(members.type)])
    reason = np.concatenate([why[out], np.full(len(staff), _WHY.index("staff"))])
    order = pc.sort_indices(ids)
    unknown = {name: pa.nulls(len(ids), schema.field(name).type) for name in schema.names}
    reasons = pa.array(_WHY, pa.large_string()).take(pa.array(reason)).take(order)
    named = {"member_id": ids.take(order), "excluded_because": reasons}
    return pa.table({**unknown, **named}, schema=schema)
