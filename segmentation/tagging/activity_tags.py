"""Tags of doing nothing at all, and of trust that has been earned."""

import numpy as np
import pyarrow as pa

from siyu.datasets.clock import DAY_US, days_between, instants
from siyu.datasets.ids import lookup

from .evidence import Found
from .facts import Acts, Facts, acts_of, grouped_once
from .found_values import joined_when, recorded_for
from .message_tags import MessageNorms, talk_of

__all__ = ["activity_tags", "trust_tags"]

_QUIET_DAYS = 180
_TALK_DAYS = 90
_HALF_REPLIERS = 3.0
_HALF_TENURE_DAYS = 180.0
_FEWEST_PARTS = 2
_NEVER = np.iinfo(np.int64).min
_UNKNOWN = 2**62  # microseconds, after any moment


def activity_tags(facts: Facts, tables: tuple[str, ...]) -> dict[str, Found]:
    """Tag since when members are known, and how long they have done nothing at all.

    Parameters
    ----------
    facts : Facts
    tables : tuple of table names
        What there is of orders, events and messages.

    Returns
    -------
    dict of tag to `Found`
        ``days_inactive`` is null for those who never did anything; ``tenure_days`` where
        nothing tells since when the member is known; ``zombie`` is null where
        nothing tells since when the member is known, and for all if a table was not recorded
        during the whole 180 days.
    """
    if not tables:
        return {}
    n = len(facts.members)
    first, last = np.full(n, np.iinfo(np.int64).max), np.full(n, _NEVER)
    support = np.zeros(n, dtype=np.int64)
    for acts in (*(acts_of(facts, (table,)) for table in tables), _invitations(facts)):
        np.maximum.at(last, acts.codes, acts.times)
        np.minimum.at(first, acts.codes, acts.times)
        support += np.bincount(acts.codes, minlength=n)
    never = last == _NEVER
    idle = days_between(np.where(never, 0, last), facts.end)
    joined = joined_when(facts)
    since = np.minimum(instants(joined.fill_null(pa.scalar(_UNKNOWN).cast(joined.type))), first)
    unknown = never & joined.is_null().to_numpy(zero_copy_only=False)
    tenure = days_between(np.where(unknown, 0, since), facts.end)
    tags = {
        "days_inactive": Found(pa.array(idle, mask=never), support),
        "tenure_days": Found(pa.array(tenure, mask=unknown), support),
    }
    quiet_from = facts.end - _QUIET_DAYS * DAY_US
    if all(recorded_for(facts, table, _QUIET_DAYS) for table in tables):
        zombie = (since <= quiet_from) & (last < quiet_from)
        tags["zombie"] = Found(pa.array(zombie, mask=unknown), support)
    return tags


def trust_tags(facts: Facts, norms: MessageNorms) -> dict[str, Found]:
    """Tag a proxy of trust: the mean of what is known of replies, tenure and refunds.

    Each part lies between 0 and 1: ``r / (r + 3)`` of `r` different members who replied in 90
    days, ``d / (d + 180)`` of the days since joining, and one less the money refunded over the
    money paid. Null below two known parts. It measures traces of trust, not trust.
    """
    parts = []
    if norms.replies and recorded_for(facts, "messages", _TALK_DAYS):
        repliers = grouped_once(facts, talk_of).repliers
        parts.append(repliers / (repliers + _HALF_REPLIERS))
    joined = joined_when(facts)
    known = joined.is_valid().to_numpy(zero_copy_only=False)
    days = days_between(
        instants(joined.fill_null(pa.scalar(facts.end).cast(joined.type))), facts.end
    )
    parts.append(np.where(known, days / (days + _HALF_TENURE_DAYS), np.nan))
    if facts.purchases is not None:
        paid, back = facts.purchases.paid(facts.purchases.amount), facts.purchases.refund
        kept = 1 - np.minimum(back / np.where(paid > 0, paid, 1.0), 1.0)
        parts.append(np.where(paid > 0, kept, np.nan))
    told = np.array(parts)
    n_parts = (~np.isnan(told)).sum(axis=0)
    if not (n_parts >= _FEWEST_PARTS).any():
        return {}
    mean = np.nansum(told, axis=0) / np.maximum(n_parts, 1)
    return {"trust_proxy": Found(pa.array(mean, mask=n_parts < _FEWEST_PARTS), n_parts)}


def _invitations(facts: Facts) -> Acts:
    """Give who invited somebody, and when."""
    referrals = facts.c.arrow("referrals")
    if referrals is None or "referral_time" not in referrals.column_names:
        return Acts(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    dated = referrals.filter(referrals["referral_time"].is_valid())
    of = lookup(dated["inviter_id"], facts.members)
    return Acts(of[of >= 0], instants(dated["referral_time"])[of >= 0])
