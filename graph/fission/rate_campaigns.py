"""K and the cost of a new buyer by kind of fission campaign: 拼 帮 送 券 砍 比 换."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.estimates import known as known_numbers
from siyu.datasets.estimates import named_columns
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.spans import span_us
from siyu.graph.undated import UNDATED

from .forest_claims import Claims
from .rate_facts import RateFacts, group_ratios
from .rate_invitations import referrals_of
from .rate_kinds import Campaigns

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["campaign_k"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def campaign_k(
    c: "Community",
    *,
    as_of: Any,
    window: Any = "30D",
    output: FrameKind = "pandas",
) -> Frame:
    """Measure K, and what a new member and a new buyer cost, by kind of fission campaign.

    A campaign is counted when it ended a whole `window` ago, so that those it brought have had
    time to buy. Below the line of K stands everybody who could have invited: all who had joined
    before the end, once for each campaign.

    Parameters
    ----------
    c : Community
        With referrals that name their ``campaign_id``, and campaigns with their ``kind``;
        ``campaigns.cost`` and ``referrals.reward`` for what it cost, orders for buyers.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    window : Timedelta, timedelta or str, a day or more
        How long after the referral a first purchase counts.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame.

    Returns
    -------
    frame, one row a kind that ever had a referral, in ascending order
        ``campaign_kind`` : the code; kinds that begin with one of the letters 拼帮送券砍比换
        are given their code; null, in the last row, for referrals outside of campaigns;
        ``n_campaigns``, ``n_open`` : counted, and too young or not wholly recorded;
        ``n_members`` : members who were there, summed over campaigns; ``n_invites``,
        ``n_joined``, ``n_bought`` : distinct people invited in the campaigns; of them, brought
        first by it and new; of them, who bought within `window`; ``invites_per_member``;
        ``join_rate``, ``join_low``, ``join_high`` : new members per invitation; ``k``,
        ``k_low``, ``k_high`` : new members per member and campaign; ``cost`` : of the
        campaigns, null if one is unknown; ``rewards`` : paid for all their referrals, repeated
        ones, too; ``cost_per_joined``; ``cost_per_buyer``, ``cost_low``, ``cost_high`` : cost
        and rewards per new buyer; null without buyers, cost or rewards. Buyers are null where
        orders were not recorded all through. Intervals: 95 % percentiles of a bootstrap over
        members.

    Raises
    ------
    DataError
        If referrals or campaigns are missing, or the columns ``campaign_id`` or ``kind``.
    ParameterError
        If `window` is no span of a day or more.

    Notes
    -----
    A campaign without ``ends_at`` ends with its last referral. A referral without a reward paid
    none. Kinds differ in season, offer and audience: the cheapest kind of the past is a good
    guess for a test, not a proof.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(1000, random_state=0)
    >>> found = campaign_k(c, as_of="2026-07-01")
    >>> found["campaign_kind"].tolist()[:3]
    ['bargain', 'contest', 'coupon']
    """
    c.require("referrals", "campaigns", call="campaign_k()")
    length = span_us("window", window)
    known, end = c.before(as_of), c.moment(as_of)
    facts = RateFacts.of(known, end)
    campaigns = Campaigns.of(facts)
    closed = campaigns.closed(facts, length)
    work = _Work.of(facts, campaigns, closed, length)
    return from_arrow(work.table(campaigns, closed), output)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What each member did in the campaigns of each kind: one unit a kind and member.

    The last kind stands for referrals outside of campaigns. `unsold` marks kinds whose buyers
    are not all known.
    """

    n_kinds: int
    there: Ints
    invites: Ints
    joined: Ints
    bought: Ints
    rewards: Floats | None
    unsold: Bools

    @classmethod
    def of(cls, facts: RateFacts, campaigns: Campaigns, closed: Bools, length: int) -> "_Work":
        """Count what happened in campaigns that are closed, and outside of campaigns."""
        n, n_kinds = len(facts.members), len(campaigns.kinds) + 1
        claims = Claims.of(referrals_of(facts.known), facts.members)
        kind = np.append(campaigns.kind, n_kinds - 1)[campaigns.of_referral]
        old = (claims.time != UNDATED) & (claims.time + length <= facts.record[1])
        counted = np.where(
            campaigns.of_referral >= 0, np.append(closed, np.False_)[campaigns.of_referral], old
        )
        unit = kind * n + claims.inviter
        first = facts.found.row
        joined = np.zeros(len(kind), dtype=np.bool_)
        joined[first] = facts.is_new & counted[first]
        bought = joined.copy()
        bought[first] &= facts.bought[facts.found.invitee] < facts.found.time + length
        pair = np.flatnonzero(claims.can_count() & counted)
        _, one = np.unique(
            np.column_stack([campaigns.of_referral, claims.inviter, claims.invitee])[pair],
            axis=0,
            return_index=True,
        )
        size = n * n_kinds
        rewards = None
        if "reward" in claims.rows.column_names:
            paid = counted & (claims.inviter >= 0)
            amount = np.nan_to_num(claims.rows["reward"].to_numpy())
            rewards = exact_sum(unit[paid], amount[paid], size)
        return cls(
            n_kinds,
            _there(facts, campaigns, closed, n_kinds),
            np.bincount(unit[pair[one]], minlength=size),
            np.bincount(unit[joined], minlength=size),
            np.bincount(unit[bought], minlength=size),
            rewards,
            _unsold(facts, claims, kind, counted, length, n_kinds),
        )

    def table(self, campaigns: Campaigns, closed: Bools) -> pa.Table:
        """Write one row a kind, and one for referrals outside of campaigns if there are any."""
        n_kinds = self.n_kinds
        group = np.repeat(np.arange(n_kinds), len(self.there) // n_kinds)
        n_members, n_invites, n_joined, n_bought = (
            np.bincount(group, part, n_kinds).astype(np.int64)
            for part in (self.there, self.invites, self.joined, self.bought)
        )
        cost = np.append(
            _exact_or_unknown(campaigns.kind, campaigns.cost, closed, n_kinds - 1), np.nan
        )
        n_campaigns = np.bincount(campaigns.kind[closed], minlength=n_kinds)
        outside = np.arange(n_kinds) == n_kinds - 1
        columns = {
            "campaign_kind": pa.concat_arrays([campaigns.kinds, pa.nulls(1, campaigns.kinds.type)]),
            "n_campaigns": pa.array(n_campaigns, mask=outside),
            "n_open": pa.array(
                np.bincount(campaigns.kind[~closed], minlength=n_kinds), mask=outside
            ),
            "n_members": pa.array(n_members, mask=outside),
            "n_invites": pa.array(n_invites),
            "n_joined": pa.array(n_joined),
            "n_bought": pa.array(n_bought, mask=self.unsold),
            "invites_per_member": _ratio(n_invites, n_members),
            **self._rates(group),
            "cost": known_numbers(cost),
            **self._costs(group, cost),
        }
        rows = pa.table(columns)
        return rows if n_invites[-1] else rows.slice(0, n_kinds - 1)

    def _rates(self, group: Ints) -> dict[str, pa.Array]:
        """Write the rate of joining and K, with intervals over members."""
        at = (self.there > 0) | (self.invites > 0)
        joined = self.joined[at].astype(np.float64)
        of = self.invites[at].astype(np.float64), self.there[at].astype(np.float64)
        rate, k = (group_ratios(joined, below, group[at], self.n_kinds) for below in of)
        return {
            **named_columns(rate, ("join_rate", "join_low", "join_high")),
            **named_columns(k, ("k", "k_low", "k_high")),
        }

    def _costs(self, group: Ints, cost: Floats) -> dict[str, pa.Array]:
        """Write rewards and costs; the campaign's own cost is spread evenly over its members."""
        names = ("cost_per_buyer", "cost_low", "cost_high")
        if self.rewards is None:
            empty = pa.nulls(self.n_kinds, pa.float64())
            return dict.fromkeys(("rewards", "cost_per_joined", *names), empty)
        rewards = exact_sum(group, self.rewards, self.n_kinds)
        spent = cost + rewards
        at = (self.there > 0) | (self.invites > 0)
        share = spent - rewards
        units = np.bincount(group[at], minlength=self.n_kinds)
        fixed = np.nan_to_num(share / np.maximum(units, 1))[group[at]]
        triple = group_ratios(
            self.rewards[at] + fixed, self.bought[at].astype(np.float64), group[at], self.n_kinds
        )
        return {
            "rewards": pa.array(rewards),
            "cost_per_joined": _ratio(spent, np.bincount(group, self.joined, self.n_kinds)),
            **named_columns(triple, names, self.unsold | np.isnan(spent)),
        }


def _unsold(
    facts: RateFacts, claims: Claims, kind: Ints, counted: Bools, length: int, n_kinds: int
) -> Bools:
    """Tell for which kinds orders were not written down after every referral counted."""
    since, until = facts.orders_record()
    dated = counted & (claims.time != UNDATED)
    time = claims.time[dated]
    lost = (time < since) | (time > until - length)
    unsold = np.bincount(kind[dated][lost], minlength=n_kinds) > 0
    return np.asarray(unsold | (not facts.known.has("orders")))


def _exact_or_unknown(group: Ints, cost: Floats, counted: Bools, n: int) -> Floats:
    """Sum the cost of each group, NaN where one is unknown."""
    total = exact_sum(group[counted], np.nan_to_num(cost[counted]), n)
    unknown = np.bincount(group[counted], np.isnan(cost[counted]), n) > 0
    return np.where(unknown, np.nan, total)


def _there(facts: RateFacts, campaigns: Campaigns, closed: Bools, n_kinds: int) -> Ints:
    """Count for each kind and member the campaigns before whose end the member had joined."""
    n = len(facts.members)
    there = np.zeros((n_kinds, n), dtype=np.int64)
    for kind in range(n_kinds - 1):
        ends = np.sort(campaigns.ends[closed & (campaigns.kind == kind)])
        # Who has no date of joining was there all along.
        there[kind] = len(ends) - np.searchsorted(ends, facts.joined, side="right")
    return there.ravel()


def _ratio(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> pa.Array:
    return known_numbers(np.where(below > 0, above / np.maximum(below, 1), np.nan))
