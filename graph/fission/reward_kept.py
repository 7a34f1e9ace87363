"""What rewards for referrals cost per buyer who was kept, and how much went to abuse."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError
from siyu.datasets.estimates import known as known_numbers
from siyu.datasets.estimates import named_columns
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.spans import span_us
from siyu.datasets.windows import window_count
from siyu.graph.undated import UNDATED

from .forest_claims import Claims
from .fraud_evidence import quit_at_once
from .fraud_signs import FraudSigns
from .rate_facts import RateFacts, group_ratios
from .rate_invitations import referrals_of
from .rate_kinds import Campaigns

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["reward_cost"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_ABUSES = ("self", "ring", "quit", "suspect")
_WASTES = ("repeated", "present")
_ACTS = (("orders", "order_time"), ("messages", "message_time"), ("events", "event_time"))


def reward_cost(
    c: "Community",
    *,
    as_of: Any,
    window: Any = "30D",
    output: FrameKind = "pandas",
) -> Frame:
    """Tell what rewards cost per buyer kept, and what share of them went to abuse.

    A **kept buyer** is a new member who bought within `window` of the referral and was seen
    again, by an order, a message or an event, in the `window` after that. Referrals younger than
    two windows, or whose windows reach beyond the record of orders, are left out and counted:
    nobody can know yet whom they keep.

    Parameters
    ----------
    c : Community
        With dated referrals that have a ``reward``, and orders; messages, events and memberships
        show who stayed, campaigns the kinds.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    window : Timedelta, timedelta or str, a day or more
        The time from the referral in which a first purchase counts, and as much again in which
        the buyer must be seen.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame.

    Returns
    -------
    frame, one row a kind of campaign in ascending order, then one for ``all``
        ``campaign_kind`` : null for referrals outside of campaigns; ``n_referrals`` : rows of
        customers that are old enough; ``n_open`` : the others, younger, undated or not
        recorded through; ``rewards`` : paid
        for the former; ``n_joined``, ``n_bought``, ``n_kept`` : new members brought first, of
        them buyers, of them kept; ``cost_per_kept``, ``cost_low``, ``cost_high`` : rewards per
        kept buyer, with the 95 % bootstrap interval over referrals; ``abuse_share`` : share of
        the rewards that went to ``self_share`` : referrals of oneself, ``ring_share`` : rings,
        ``quit_share`` : invitees who left their first group within a day, ``suspect_share`` :
        other pairs one of whom `referral_fraud` suspects; ``repeated_share`` : rewards for
        somebody whom another (or the same) had brought before; ``present_share`` : for
        somebody who was a member or customer already. A reward counts for the first that fits,
        in this order. Null where nothing was paid, or nobody kept.

    Raises
    ------
    DataError
        If referrals or orders are missing, or ``referrals.reward``.
    ParameterError
        If `window` is no span of a day or more.

    Notes
    -----
    A missing reward is none. The costs of campaigns themselves stand in `campaign_k`. Suspicion
    is a reason to look, not a verdict (see `referral_fraud`).

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(1000, random_state=0)
    >>> found = reward_cost(c, as_of="2026-07-01").set_index("campaign_kind")
    >>> found.loc["all", ["n_joined", "n_bought", "n_kept"]].tolist()
    [280, 173, 135]
    """
    c.require("referrals", "orders", call="reward_cost()")
    length = span_us("window", window)
    known, end = c.before(as_of), c.moment(as_of)
    rows = referrals_of(known)
    if "reward" not in rows.column_names:
        there = ", ".join(rows.column_names)
        raise DataError(f"reward_cost() needs referrals with the column reward; it has: {there}")
    facts = RateFacts.of(known, end)
    paid = _Paid.of(facts, length)
    return from_arrow(paid.table(*_kinds(facts, rows)), output)


def _kinds(facts: RateFacts, rows: pa.Table) -> tuple[Ints, pa.Array]:
    """Give the kind of every referral, and the kinds with null behind them."""
    table = facts.known.arrow("campaigns")
    has_kinds = table is not None and "kind" in table.column_names
    if not has_kinds or "campaign_id" not in rows.column_names:
        return np.zeros(rows.num_rows, dtype=np.int64), pa.nulls(1, pa.large_string())
    campaigns = Campaigns.of(facts)
    kinds = pa.concat_arrays([campaigns.kinds, pa.nulls(1, campaigns.kinds.type)])
    return np.append(campaigns.kind, len(kinds) - 1)[campaigns.of_referral], kinds


@dataclass(frozen=True, slots=True, eq=False)
class _Paid:
    """What every row of the table referrals paid, and what came of it."""

    is_ours: Bools
    old: Bools
    reward: Floats
    joined: Bools
    bought: Bools
    kept: Bools
    why: Ints
    """Place among `_ABUSES` and `_WASTES`, -1 for a reward well paid."""

    @classmethod
    def of(cls, facts: RateFacts, length: int) -> "_Paid":
        """Follow every referral between customers for two windows."""
        claims = Claims.of(referrals_of(facts.known), facts.members)
        begin, stop = facts.record
        since, until = facts.orders_record()
        begin, stop = max(begin, since), min(stop, until)
        old = (claims.time != UNDATED) & (claims.time >= begin)
        old &= claims.time + np.where(old, 2 * length, 0) <= stop
        joined, first = np.zeros(len(old), dtype=np.bool_), facts.found.row
        joined[first] = facts.is_new
        bought, kept = joined.copy(), joined.copy()
        bought[first] &= facts.bought[facts.found.invitee] < facts.found.time + length
        kept[first] &= bought[first] & _seen(facts, length)
        reward = np.nan_to_num(claims.rows["reward"].to_numpy())
        is_ours = (claims.inviter >= 0) & (claims.invitee >= 0)
        return cls(
            is_ours, old & is_ours, reward, joined, bought, kept, _why(facts, claims, joined)
        )

    def table(self, kind: Ints, kinds: pa.Array) -> pa.Table:
        """Write one row a kind that has referrals, and one for all."""
        n = len(kinds)
        twice = np.concatenate([kind, np.full(len(kind), n)])  # each row, and again for all
        at = np.tile(self.old, 2)
        group = twice[at]
        reward = np.tile(self.reward, 2)[at]
        columns = {
            "campaign_kind": pa.concat_arrays([kinds, pa.array(["all"], kinds.type)]),
            "n_referrals": pa.array(np.bincount(group, minlength=n + 1)),
            "n_open": pa.array(
                np.bincount(twice[np.tile(self.is_ours & ~self.old, 2)], minlength=n + 1)
            ),
            "rewards": pa.array(exact_sum(group, reward, n + 1)),
        }
        for name in ("joined", "bought", "kept"):
            held = np.tile(getattr(self, name), 2)[at]
            columns[f"n_{name}"] = pa.array(np.bincount(group[held], minlength=n + 1))
        kept = np.tile(self.kept, 2)[at].astype(np.float64)
        costs = group_ratios(reward, kept, group, n + 1)
        columns |= named_columns(costs, ("cost_per_kept", "cost_low", "cost_high"))
        columns |= _shares(group, reward, np.tile(self.why, 2)[at], n + 1)
        met = np.bincount(twice[np.tile(self.is_ours, 2)], minlength=n + 1) > 0
        met[n] = True
        return pa.table(columns).filter(pa.array(met))


def _why(facts: RateFacts, claims: Claims, joined: Bools) -> Ints:
    """Tell for each referral why its reward was ill paid, -1 if it was not."""
    n = len(facts.members)
    signs = FraudSigns.of(facts.known, facts.end, facts.members)
    ring, suspected = (
        np.append(held, np.False_) for held in (signs.ring_size > 2, signs.suspected())
    )
    left = quit_at_once(facts.known, facts.end, facts.members)
    gone = np.append(np.zeros(n, np.bool_) if left is None else left[1], np.False_)
    who, whom = claims.inviter, claims.invitee
    is_first = np.zeros(len(who), dtype=np.bool_)
    is_first[facts.found.row] = True
    reasons = (
        who == whom,
        ring[who] & ring[whom],
        gone[whom],
        suspected[who] | suspected[whom],
        ~is_first,
        ~joined,
    )
    return np.select(reasons, np.arange(len(reasons)), -1)


def _seen(facts: RateFacts, length: int) -> Bools:
    """Tell which first invitees acted in the second window after their referral."""
    found = facts.found
    until = np.full(len(facts.members), facts.end)
    until[found.invitee] = np.where(found.time == UNDATED, 0, found.time) + 2 * length
    n_acts = np.zeros(len(facts.members), dtype=np.int64)
    for name, time in _ACTS:
        table = facts.known.arrow(name)
        if table is not None:
            acts = MemberRows.of(table.select(["member_id", time]), time, facts.members)
            n_acts += window_count(acts.starts, acts.times, until, length)
    return np.asarray(n_acts[found.invitee] > 0)


def _shares(group: Ints, reward: Floats, why: Ints, n: int) -> dict[str, pa.Array]:
    """Write the share of the rewards that each reason took."""
    names = (*_ABUSES, *_WASTES)
    paid = exact_sum(group, reward, n)
    some = np.where(paid > 0, paid, np.nan)
    parts = [exact_sum(group[why == place], reward[why == place], n) for place in range(len(names))]
    abuse = np.sum(parts[: len(_ABUSES)], axis=0)
    columns = {"abuse_share": known_numbers(abuse / some)}
    return columns | {
        f"{name}_share": known_numbers(part / some) for name, part in zip(names, parts, strict=True)
    }
