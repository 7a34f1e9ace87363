"""The facts behind the reasons: how many communities, listeners, buyers, days."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup
from siyu.graph.member_choice import chosen_members

from .koc_components import outcome_of
from .koc_contacts import attention_of, bridges_of, people_helped, speakers_of
from .koc_facts import KocFacts, gather_facts
from .koc_habits import active_days, buying_of, days_known, invited_of, rhythm_of, shares_of

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["koc_evidence"]

Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]

_SOURCES = {
    "n_ties": (bridges_of, "n_ties"),
    "n_communities": (bridges_of, "n_communities"),
    "n_listeners": (attention_of, "n_listeners"),
    "n_mutual": (attention_of, "n_mutual"),
    "n_turns": (speakers_of, "n_turns"),
    "n_answered_turns": (speakers_of, "n_answered_turns"),
    "n_helped": (people_helped, ""),
    "n_invitees": (outcome_of, "n_invitees"),
    "n_buyers": (outcome_of, "n_buyers"),
    "gmv": (outcome_of, "gmv"),
    "n_invited": (invited_of, "count"),
    "n_shares": (shares_of, "count"),
    "n_purchase_days": (buying_of, "n_days"),
    "spent": (buying_of, "spent"),
    "n_active_days": (active_days, ""),
    "days_known": (days_known, ""),
    "silent_days": (rhythm_of, "silent_days"),
}
"""Column -> what measures it, and the part of that; it itself where the part is empty."""


def koc_evidence(
    c: "Community",
    *,
    as_of: Any,
    members: Any = None,
    ties: Frame | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Give the facts that the scores and reasons of members rest on, in counts and money.

    Parameters
    ----------
    c : Community
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    members : frame with ``member_id``, or ids in any array, list or set, optional
        Of whom to tell; default all customers. Members who opted out are left out.
    ties : frame of schema ``ties``, optional
        Instead of `siyu.graph.build_ties` with its defaults.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a member, sorted by ``member_id``
        Null where no table tells of it.
        ``n_ties`` : other members tied to; ``n_communities`` : communities these belong to.
        ``n_listeners`` : members who replied, trusted, mentioned or nominated;
        ``n_mutual`` : those of them who got attention back.
        ``n_turns``, ``n_answered_turns`` : turns of talk, and those that somebody answered;
        ``n_helped`` : different members answered unasked.
        ``n_invitees`` : members first referred by this one who had not bought before;
        ``n_buyers`` : those of them who bought since; ``gmv`` : what they paid, net.
        ``n_invited``, ``n_shares`` : others invited, and shares, in the last 365 days.
        ``n_purchase_days``, ``spent`` : own days with a purchase, and net spending, in the last
        365 days; ``n_active_days`` : days with an event or message in the last 90.
        ``days_known`` : days since joining; ``silent_days`` : days since the last order, event
        or message, as far as these were recorded.

    Warns
    -----
    SiyuWarning
        If some of `members` are not known before `as_of`; they get no row.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> day = pd.to_datetime(["2026-05-01"])
    >>> c = Community(
    ...     orders=pd.DataFrame({"member_id": ["bob"], "order_time": day, "amount": [30.0]}),
    ...     referrals=pd.DataFrame({"inviter_id": ["ann"], "invitee_id": ["bob"]}).assign(
    ...         referral_time=day
    ...     ),
    ...     tz="UTC",
    ... )
    >>> facts = koc_evidence(c, as_of="2026-06-01", members=["ann"])
    >>> facts[["member_id", "n_invitees", "n_buyers", "gmv", "n_purchase_days", "n_listeners"]]
      member_id  n_invitees  n_buyers   gmv  n_purchase_days  n_listeners
    0       ann           1         1  30.0                0         <NA>
    """
    facts = gather_facts(c, as_of, ties)
    at = _asked(facts, members)
    table = pa.table({"member_id": facts.members, **_columns(facts)})
    return from_arrow(table.take(pa.array(at)), output)


def _asked(facts: KocFacts, members: Any) -> npt.NDArray[np.int64]:
    """Give the positions of the members asked for, without those who opted out."""
    kept = np.ones(len(facts.members), dtype=np.bool_)
    if members is not None:
        at = lookup(chosen_members(members, facts.members, "members"), facts.members)
        if (at < 0).any():
            n_unknown = int((at < 0).sum())
            warn(f"koc_evidence(): {n_unknown} of {len(at)} members asked for are not known")
        kept[:] = False
        kept[at[at >= 0]] = True
    out = lookup(facts.known.opted_out(), facts.members)
    kept[out[out >= 0]] = False
    return np.flatnonzero(kept)


def _columns(facts: KocFacts) -> dict[str, pa.Array]:
    return {name: _column(facts, name) for name in _SOURCES}


def _column(facts: KocFacts, name: str) -> pa.Array:
    measure, part = _SOURCES[name]
    found: Any = measure(facts)
    if found is None:
        kind = pa.int64() if name.startswith("n_") else pa.float64()
        return pa.nulls(len(facts.members), kind)
    values: Numbers = getattr(found, part) if part else found
    return pa.array(values, mask=np.isnan(values))
