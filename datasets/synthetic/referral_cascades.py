"""The table ``referrals``: cascades as they grew, later claims, and what fraud rings add."""

import numpy as np
import pyarrow as pa

from .arrays import Ints
from .campaigns import Campaigns, FissionWindows
from .columns import ids, taken, words
from .roster import RING_KINDS, Roster
from .seasons import Span

__all__ = ["referrals_table", "rings_truth"]

_SECOND_CLAIM = 0.03


def referrals_table(
    rng: np.random.Generator,
    span: Span,
    roster: Roster,
    windows: FissionWindows,
    campaigns: Campaigns,
    member_ids: pa.Array,
) -> pa.Table:
    """Build ``referrals``, sorted by time.

    One row for everybody who was brought, at the moment of joining. Three in a hundred are
    claimed by a second inviter, who had joined before them, up to 20 days later. Rings of the kind
    "cycle" close (the last account brings the first), those of the kind "self" hold a row in
    which an account brings itself. The reward is that of the campaign of the time, if any.
    """
    invitee = np.flatnonzero(roster.inviter >= 0)
    parts = [
        (roster.inviter[invitee], invitee, roster.joined[invitee]),
        _second_claims(rng, roster, invitee),
        _ring_rows(roster),
    ]
    inviter, brought, when = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((inviter, brought, when))
    order = order[when[order] < span.seconds]
    inviter, brought, when = inviter[order], brought[order], when[order]
    campaign = windows.running_at(when)
    reward = windows.rewards(campaign)
    return pa.table(
        {
            "inviter_id": taken(member_ids, inviter),
            "invitee_id": taken(member_ids, brought),
            "referral_time": span.instants(when),
            "campaign_id": campaigns.ids(campaign),
            "reward": pa.array(reward, mask=np.isnan(reward)),
        }
    )


def _second_claims(
    rng: np.random.Generator, roster: Roster, invitee: Ints
) -> tuple[Ints, Ints, Ints]:
    """Let others who had joined before claim some invitees later."""
    honest = invitee[~roster.is_fraud[invitee]]
    claimed = honest[rng.random(len(honest)) < _SECOND_CLAIM]
    other = (rng.random(len(claimed)) * claimed).astype(np.int64)
    fits = (other != roster.inviter[claimed]) & ~roster.is_fraud[other]
    claimed, other = claimed[fits], other[fits]
    later = roster.joined[claimed] + rng.integers(60, 20 * 86_400, len(claimed))
    return other, claimed, later


def _ring_rows(roster: Roster) -> tuple[Ints, Ints, Ints]:
    """Close the cycles, and let the centres of "self" rings bring themselves."""
    account = np.flatnonzero(roster.is_fraud)
    account = account[np.lexsort((account, roster.ring[account]))]
    ring = roster.ring[account]
    first = account[np.r_[True, ring[1:] != ring[:-1]][: len(ring)]]
    last = account[np.r_[ring[1:] != ring[:-1], True][-len(ring) :]] if len(ring) else account
    kind = roster.ring_kind[first]
    cycle, own = kind == RING_KINDS.index("cycle"), kind == RING_KINDS.index("self")
    return (
        np.r_[last[cycle], first[own]],
        np.r_[first[cycle], first[own]],
        np.r_[roster.joined[last[cycle]] + 1_800, roster.joined[first[own]] + 600],
    )


def rings_truth(span: Span, roster: Roster, member_ids: pa.Array) -> pa.Table:
    """Build ``truth["rings"]``: one row an account, with its part in the ring."""
    account = np.flatnonzero(roster.is_fraud)
    account = account[np.lexsort((account, roster.ring[account]))]
    leads = roster.generation[account] == 0
    return pa.table(
        {
            "ring_id": ids("ring", roster.ring[account], 4),
            "kind": words(RING_KINDS, roster.ring_kind[account]),
            "member_id": taken(member_ids, account),
            "role": words(("leader", "invitee"), np.where(leads, 0, 1)),
            "since": span.instants(roster.joined[account]),
        }
    )
