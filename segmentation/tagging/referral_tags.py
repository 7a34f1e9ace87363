"""Tags of how members came, and whom they brought."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.ids import encode, ids_in, lookup, take
from siyu.datasets.shrinkage import BetaPrior
from siyu.segmentation.records import has_column, is_recorded, maybe_missed, table_of

from .evidence import Found
from .facts import Facts
from .found_values import count_tag, flag_tag, rate_tag, usual_rate

__all__ = ["ReferralNorms", "referral_norms", "referral_tags", "source_tags"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_LATEST = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class ReferralNorms:
    """The invited members who have bought, and how often the invited buy."""

    buyers: pa.Array
    buying: BetaPrior


def referral_norms(facts: Facts) -> ReferralNorms:
    """Learn from all members who of the invited has bought."""
    nobody = ReferralNorms(facts.members[:0], BetaPrior(np.nan, 1.0))
    if facts.purchases is None or not is_recorded(facts.c, "referrals", facts.end):
        return nobody
    invited = ids_in(_invitations(facts)["invitee_id"])
    bought = facts.members.filter(pa.array(facts.purchases.count() > 0))
    buyers = (
        bought.filter(pc.is_in(bought, invited)) if len(invited) and len(bought) else bought[:0]
    )
    return ReferralNorms(buyers, usual_rate(*_outcomes(facts, buyers)))


def referral_tags(facts: Facts, norms: ReferralNorms) -> dict[str, Found]:
    """Tag inviters and the invited; tags of what was not recorded are left out.

    Returns
    -------
    dict of tag to `Found`
        Inviting oneself does not count.
    """
    if not is_recorded(facts.c, "referrals", facts.end):
        return {}
    bought, invited = _outcomes(facts, norms.buyers)
    tags = {"n_invited": count_tag(invited, (invited == 0) & _missed(facts))}
    if facts.purchases is not None:
        tags["invitee_buy_share"] = rate_tag(bought, invited, norms.buying)
    return tags | _referred(facts)


def source_tags(facts: Facts) -> dict[str, Found]:
    """Tag where members came from, as the table of members says."""
    if not has_column(facts.c, "members", "source"):
        return {}
    members = table_of(facts.c, "members", "tag()")
    codes, names = encode(members["source"])
    at, n = lookup(members["member_id"], facts.members), len(facts.members)
    source = np.full(n, len(names))
    known = (at >= 0) & (codes >= 0)
    np.minimum.at(source, at[known], codes[known])
    told = take(names, np.where(source < len(names), source, -1)).cast(pa.large_string())
    return {"acquisition_source": Found(told, (source < len(names)).astype(np.int64))}


def _missed(facts: Facts) -> Bools:
    """Tell of whom a referral may have come before the record began."""
    return maybe_missed(facts.c, "referrals", facts.members, facts.end)


def _invitations(facts: Facts) -> pa.Table:
    """Give the referrals, without those of oneself."""
    referrals = table_of(facts.c, "referrals", "tag()")
    return referrals.filter(pc.not_equal(referrals["inviter_id"], referrals["invitee_id"]))


def _outcomes(facts: Facts, buyers: pa.Array) -> tuple[Ints, Ints]:
    """Count each member's different invitees who bought, and all of them."""
    rows, n = _invitations(facts), len(facts.members)
    inviter = lookup(rows["inviter_id"], facts.members)
    rows, inviter = rows.filter(pa.array(inviter >= 0)), inviter[inviter >= 0]
    invitee, ids = encode(rows["invitee_id"])
    pairs = np.unique(inviter * max(len(ids), 1) + invitee)
    by, whom = pairs // max(len(ids), 1), pairs % max(len(ids), 1)
    has_bought = lookup(ids, buyers) >= 0
    won = np.bincount(by[has_bought[whom]], minlength=n) if len(ids) else np.zeros(n, np.int64)
    return won, np.bincount(by, minlength=n)


def _referred(facts: Facts) -> dict[str, Found]:
    """Tell who was brought by a member, and in which kind of campaign first."""
    rows, n = _invitations(facts), len(facts.members)
    of = lookup(rows["invitee_id"], facts.members)
    rows, of = rows.filter(pa.array(of >= 0)), of[of >= 0]
    count = np.bincount(of, minlength=n)
    tags = {"referred": flag_tag(count > 0, count, (count == 0) & _missed(facts))}
    if has_column(facts.c, "referrals", "campaign_id") and has_column(facts.c, "campaigns", "kind"):
        tags["referred_by_campaign"] = _campaign_kind(facts, rows, of)
    return tags


def _campaign_kind(facts: Facts, rows: pa.Table, of: Ints) -> Found:
    """Name the kind of campaign of each member's first referral; null where it had none."""
    n = len(facts.members)
    campaigns = table_of(facts.c, "campaigns", "tag()")
    (codes, ids), (told, kinds) = encode(campaigns["campaign_id"]), encode(campaigns["kind"])
    kind_of = np.full(len(ids) + 1, -1)
    np.maximum.at(kind_of, codes, told)
    kind = kind_of[lookup(rows["campaign_id"], ids)]
    when = np.full(len(of), _LATEST)
    if "referral_time" in rows.column_names:
        when = rows["referral_time"].cast(pa.int64()).fill_null(_LATEST).to_numpy()
    order = np.lexsort((kind, when, of))
    begin = np.searchsorted(of[order], np.arange(n))
    has_any = np.bincount(of, minlength=n) > 0
    best = np.full(n, -1, dtype=np.int64)
    best[has_any] = kind[order][begin[has_any]]
    named = take(kinds, best).cast(pa.large_string())
    return Found(named, np.bincount(of, minlength=n))
