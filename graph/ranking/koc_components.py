"""The things a KOC is made of, each between 0 and 1 for every member."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.shrinkage import shrink_rate
from siyu.graph.fission.referral_outcome import ReferralOutcome, referral_outcome

from .koc_contacts import attention_of, bridges_of, speakers_of
from .koc_facts import KocFacts, share_below
from .koc_habits import active_days, buying_of, days_known, faded, invited_of, orders_of, shares_of
from .outcome_windows import Referred

__all__ = [
    "COMPONENTS",
    "NEEDS",
    "Component",
    "KocFacts",
    "answered_rate",
    "components",
    "measured_components",
    "outcome_of",
    "share_below",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

COMPONENTS = ("bridging", "trust", "referral", "sharing", "purchases", "activity", "tenure")
"""The components in the order of the columns."""

NEEDS = {
    "bridging": "ties, referrals, memberships or messages with replies",
    "trust": "messages with reply_to_member_id, or ties that are attention",
    "referral": "referrals and orders",
    "sharing": "events named share or forward, referrals, or memberships with inviter_id",
    "purchases": "orders",
    "activity": "events or messages",
    "tenure": "members with joined_at",
}
"""The tables from which each component is measured."""

_RECIPROCITY = 0.5  # weight beside attention received and the rate of answered turns
_HALF_TENURE = 90.0  # days after which tenure is one half


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One component, an array each over the members.

    Attributes
    ----------
    values : float64 array, 0..1
        NaN for members of whom it is not known.
    n_seen : int64 array
        Observations that it rests on.
    is_proved : bool array, or None for all
        Whether a high value may be given as a reason.
    """

    values: Floats
    n_seen: Ints
    is_proved: Flags | None = None


def components(facts: KocFacts) -> dict[str, Floats]:
    """Measure every component for which the tables are there.

    Parameters
    ----------
    facts : KocFacts

    Returns
    -------
    dict of component to float64 array over the members, in the order of `COMPONENTS`
        Each is scaled by `share_below`: 0 for nothing of it, 1 for the most of all. Tenure
        alone says how long by itself, and is NaN for members whose date of joining is unknown.
    """
    return {name: found.values for name, found in measured_components(facts).items()}


def measured_components(facts: KocFacts) -> dict[str, Component]:
    """Measure every component for which the tables are there, and count what it rests on.

    Parameters
    ----------
    facts : KocFacts

    Returns
    -------
    dict of component to Component, in the order of `COMPONENTS`
    """
    measure = (_bridging, _trust, _referral, _sharing, _purchases, _activity, _tenure)
    found = {name: one(facts) for name, one in zip(COMPONENTS, measure, strict=True)}
    return {name: one for name, one in found.items() if one is not None}


def outcome_of(facts: KocFacts) -> ReferralOutcome | None:
    """Measure what each member's referrals brought; None without referrals or orders."""
    return facts.once("outcome", _outcome)


def answered_rate(facts: KocFacts) -> Floats | None:
    """Give the shrunk rate of answered turns, 0 for who was never answered; None if unknown."""
    said = speakers_of(facts)
    if said is None:
        return None
    heard = said.n_answered_turns > 0
    rate = np.zeros(len(facts.members))
    spoke = said.n_turns > 0
    rate[spoke] = shrink_rate(said.n_answered_turns[spoke], said.n_turns[spoke])
    return np.where(heard, rate, 0.0)


def _bridging(facts: KocFacts) -> Component | None:
    """Evidence of ties that bridge communities, at equal degree."""
    bridges = bridges_of(facts)
    return None if bridges is None else Component(share_below(bridges.evidence), bridges.n_ties)


def _trust(facts: KocFacts) -> Component | None:
    """Attention that others give, how many turns they answer, and who answers back.

    People who answer back are counted, not their share: on Ciao, where trust given is often
    returned, a share puts whoever trusted one member and was trusted back above everybody.
    """
    attention, said, rate = attention_of(facts), speakers_of(facts), answered_rate(facts)
    parts, seen = [], np.zeros(len(facts.members), dtype=np.int64)
    if attention is not None:
        parts.append((1.0, share_below(attention.received)))
        if attention.n_mutual.any():
            parts.append((_RECIPROCITY, share_below(attention.n_mutual.astype(np.float64))))
        seen = seen + attention.n_listeners
    if said is not None and rate is not None:
        parts.append((1.0, share_below(rate)))
        seen = seen + said.n_turns
    if not parts:
        return None
    total = sum(weight for weight, _ in parts)
    return Component(np.sum([weight / total * part for weight, part in parts], axis=0), seen)


def _outcome(facts: KocFacts) -> ReferralOutcome | None:
    if not (facts.known.has("referrals") and facts.known.has("orders")):
        return None
    return referral_outcome(facts.known, facts.members)


def _referral(facts: KocFacts) -> Component | None:
    """Buyers and money that invitees are expected to bring: shrunk rates times their number.

    Invitees count by how lately they came. Those who have not bought yet count, too: they are
    the next to buy; but only a member who brought a buyer is said to bring buyers.
    """
    brought = outcome_of(facts)
    if brought is None:
        return None
    n = len(facts.members)
    referred = Referred(facts.known, facts.members, orders_of(facts))
    fresh = exact_sum(referred.inviter, faded(facts, referred.time) * referred.is_won, n)
    each = (brought.conversion, brought.gmv_each)
    values = np.mean([share_below(np.nan_to_num(one) * fresh) for one in each], axis=0)
    return Component(values, brought.n_invitees, brought.n_buyers > 0)


def _sharing(facts: KocFacts) -> Component | None:
    """How often a member shared, and how many others were invited, of late above all."""
    parts = [part for part in (shares_of(facts), invited_of(facts)) if part is not None]
    if not parts:
        return None
    scaled = [share_below(part.fresh) for part in parts]
    return Component(np.mean(scaled, axis=0), np.sum([part.count for part in parts], axis=0))


def _purchases(facts: KocFacts) -> Component | None:
    """Purchase days and net spending of the last year."""
    bought = buying_of(facts)
    if bought is None:
        return None
    values = (share_below(bought.n_days.astype(np.float64)) + share_below(bought.spent)) / 2
    return Component(values, bought.n_days)


def _activity(facts: KocFacts) -> Component | None:
    """Days of the last 90 with an event or a message."""
    days = active_days(facts)
    return None if days is None else Component(share_below(days.astype(np.float64)), days)


def _tenure(facts: KocFacts) -> Component | None:
    """How long a member has been there: one half after 90 days, and ever slower towards 1."""
    days = days_known(facts)
    if days is None:
        return None
    return Component(days / (days + _HALF_TENURE), (~np.isnan(days)).astype(np.int64))
