"""The tables ``sends``, ``assignments`` and ``offer_members``, and the truth behind them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.randomness import stable_uniform

from .arrays import Bools, Ints
from .campaigns import Campaigns
from .columns import ids, taken, words
from .groups import Groups
from .members import CHANNELS
from .messaging import ARMS, Assigned, Pushed, SendRows, dose_arm
from .offers import Offers
from .seasons import DAY, NEVER, Span

__all__ = ["SendTables", "Sender", "send_tables"]

_CHANNELS = (*CHANNELS, "group")
_RED, _YELLOW = ARMS.index("red"), ARMS.index("yellow")


@dataclass(frozen=True, slots=True)
class SendTables:
    """The tables about what was sent to whom, and what it did."""

    sends: pa.Table
    assignments: pa.Table
    offer_members: pa.Table
    truth_sends: pa.Table
    truth_uplift: pa.Table


@dataclass(frozen=True, slots=True)
class Sender:
    """What the tables about sends name."""

    span: Span
    groups: Groups
    offers: Offers
    campaigns: Campaigns
    member_ids: pa.Array
    joined: Ints
    """When each customer joined."""


def send_tables(rng: np.random.Generator, sender: Sender, pushed: Pushed) -> SendTables:
    """Build all tables about sends.

    Personal sends come from `push_all`. Beside them every living group gets one broadcast a
    week with the poster of its arm in the experiment "poster" (red or yellow, by a hash); the
    poster has no effect on anything.
    """
    rows = SendRows.joined(pushed.sends)
    posts = _broadcasts(rng, sender)
    sends, truth_sends = _sends(sender, rows, posts)
    assigned = Assigned.joined(pushed.assigned)
    return SendTables(
        sends=sends,
        assignments=_assignments(sender, assigned),
        offer_members=_offer_members(sender, rows),
        truth_sends=truth_sends,
        truth_uplift=_uplift(sender, assigned),
    )


def _sends(
    sender: Sender, rows: SendRows, posts: tuple[Ints, Ints, Ints]
) -> tuple[pa.Table, pa.Table]:
    """Build ``sends`` by time, and what of it caused an order."""
    group, when, arm = posts
    n, m = len(rows.member), len(group)
    none, never = np.full(m, -1), np.full(m, NEVER)
    moment = np.r_[rows.moment, when]
    member, groups = np.r_[rows.member, none], np.r_[np.full(n, -1), group]
    order = np.lexsort((groups, member, moment))
    place = np.r_[rows.wave, none][order]
    poster = (groups >= 0)[order]
    send_ids = ids("snd", np.arange(n + m), 9)
    span = sender.span
    instants = {
        f"{name}_at": span.instants(np.r_[getattr(rows, name), never][order])
        for name in ("opened", "clicked", "redeemed")
    }
    table = pa.table(
        {
            "send_time": span.instants(moment[order]),
            "member_id": taken(sender.member_ids, member[order]),
            "group_id": sender.groups.ids(groups[order]),
            "channel": words(_CHANNELS, np.r_[rows.channel, none + len(_CHANNELS)][order]),
            "send_id": send_ids,
            "campaign_id": sender.campaigns.ids(np.r_[rows.campaign, none][order]),
            "offer_id": sender.offers.ids(np.r_[rows.offer, none][order]),
            "experiment_id": _experiments(place, poster),
            "arm": words(ARMS, np.r_[rows.arm, arm][order]),
            "propensity": pa.array(np.r_[rows.propensity, np.full(m, 0.5)][order]),
            **instants,
            "quit_at": span.instants(np.r_[rows.quit, never][order]),
        }
    )
    caused = np.r_[rows.caused, none * 0][order] > 0
    return table, pa.table({"send_id": send_ids, "caused_order": pa.array(caused)})


def _experiments(wave: Ints, is_poster: Bools) -> pa.Array:
    """Name the experiment: coupon-01 ... by wave, poster, or none."""
    last = int(wave.max(initial=-1)) + 1
    names = [f"coupon-{number + 1:02d}" for number in range(last)] + ["poster"]
    return words(names, np.where(is_poster, last, wave))


def _broadcasts(rng: np.random.Generator, sender: Sender) -> tuple[Ints, Ints, Ints]:
    """Post to every group once a week, Fridays about 20:00, until it is dead."""
    groups, span = sender.groups, sender.span
    fridays = np.flatnonzero((span.dates.astype(np.int64) + 3) % 7 == 4)
    born = groups.created[:, None] // DAY
    alive = (fridays[None, :] > born) & (fridays[None, :] < groups.turns[:, 2:3])
    group, week = np.nonzero(alive)
    when = fridays[week] * DAY + 72_000 + rng.integers(0, 1_200, len(group))
    return group, when, _poster_arm(groups)[group]


def _poster_arm(groups: Groups) -> Ints:
    u = stable_uniform(groups.ids(np.arange(len(groups))), "poster")
    return np.where(u < 0.5, _RED, _YELLOW)


def _assignments(sender: Sender, assigned: Assigned) -> pa.Table:
    """Build ``assignments``: dose (at joining), poster (at founding), and every coupon wave."""
    members = sender.member_ids.slice(0, len(sender.joined))
    every = np.arange(len(sender.groups))
    sizes = (len(members), len(every), len(assigned.member))
    wave = np.r_[np.full(sizes[0] + sizes[1], -1), assigned.wave]
    is_poster = np.repeat([False, True, False], sizes)
    is_dose = np.repeat([True, False, False], sizes)
    experiment = pc.if_else(
        pa.array(is_dose), pa.scalar("dose", pa.large_string()), _experiments(wave, is_poster)
    )
    unit = pa.concat_arrays(
        [members, sender.groups.ids(every), taken(sender.member_ids, assigned.member)]
    )
    arm = np.r_[dose_arm(members), _poster_arm(sender.groups), assigned.arm]
    chance = np.r_[np.full(sizes[0], 1 / 3), np.full(sizes[1], 0.5), assigned.propensity]
    when = np.r_[sender.joined, sender.groups.created, assigned.assigned]
    table = pa.table(
        {
            "experiment_id": experiment,
            "unit_kind": words(("member", "group"), is_poster.astype(np.int64)),
            "unit_id": unit,
            "arm": words(ARMS, arm),
            "propensity": pa.array(chance),
            "assigned_at": sender.span.instants(when),
        }
    )
    return table.take(pa.array(np.argsort(when, kind="stable")))


def _offer_members(sender: Sender, rows: SendRows) -> pa.Table:
    """Build ``offer_members``: who was issued which coupon; it expires with the offer."""
    coupon = np.flatnonzero(rows.wave >= 0)
    issued, expires = rows.moment[coupon], sender.offers.ends[rows.offer[coupon]]
    return pa.table(
        {
            "offer_id": sender.offers.ids(rows.offer[coupon]),
            "member_id": taken(sender.member_ids, rows.member[coupon]),
            "issued_at": sender.span.instants(issued),
            "expires_at": sender.span.instants(expires),
        }
    )


def _uplift(sender: Sender, assigned: Assigned) -> pa.Table:
    """Build ``truth["uplift"]``: what each coupon of a wave would do to each member assigned."""
    n = len(assigned.member)
    return pa.table(
        {
            "experiment_id": _experiments(assigned.wave, np.zeros(n, np.bool_)),
            "member_id": taken(sender.member_ids, assigned.member),
            "coupon_small": pa.array(assigned.uplift_small),
            "coupon_large": pa.array(assigned.uplift_large),
        }
    )
