"""Pushing messages, one occasion after the other: who gets what, opens, buys, has enough."""

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from siyu.datasets.randomness import stable_uniform

from .arrays import Floats, Ints
from .contacts import Contacts
from .members import Traits
from .offers import SLOTS, Occasion
from .redemption import Market, Wave, redeem, uplift
from .seasons import DAY, NEVER, Span

__all__ = ["ARMS", "Assigned", "Pushed", "Reach", "SendRows", "push_all"]

ARMS = (
    "control", "coupon_small", "coupon_large", "low", "mid", "high", "red", "yellow",
    "slot_1", "slot_2", "slot_3", "slot_4",
)  # fmt: skip
"""Names of all arms, in `assignments` and `sends`."""
_SLOT_1 = ARMS.index("slot_1")
_PLAIN_ARMS = (0.2, 0.4, 0.4)
_ACTIVE_ARMS, _QUIET_ARMS = (0.3, 0.45, 0.25), (0.15, 0.25, 0.6)
_QUIET_DAYS = 60
_LINKED_CHANNELS, _OTHER_CHANNELS = (0.6, 0.4), (0.5, 0.3, 0.2)
_LEAVES = 0.35


@dataclass(frozen=True, slots=True)
class SendRows:
    """Personal sends; one value a send, times in seconds, codes -1 for none."""

    member: Ints
    moment: Ints
    channel: Ints
    campaign: Ints
    offer: Ints
    wave: Ints
    arm: Ints
    propensity: Floats
    opened: Ints
    clicked: Ints
    redeemed: Ints
    quit: Ints
    caused: Ints
    """1 where the send caused an order that would not have been made."""

    @classmethod
    def begun(cls, occasion: Occasion, member: Ints, channel: Ints, offer: Ints) -> "SendRows":
        """Begin the rows of an occasion, with nothing come of them yet."""
        same = np.ones(len(member), np.int64)
        never = same * 0 + NEVER
        return cls(
            member=member,
            moment=same * occasion.moment,
            channel=channel,
            campaign=same * occasion.campaign,
            offer=offer,
            wave=same * (occasion.number if occasion.is_coupon else -1),
            arm=-same,
            propensity=np.full(len(member), np.nan),
            opened=never,
            clicked=never,
            redeemed=never,
            quit=never,
            caused=same * 0,
        )

    @classmethod
    def joined(cls, parts: "list[SendRows]") -> "SendRows":
        """Put the rows of all occasions together."""
        return cls(*(np.concatenate([getattr(p, n) for p in parts]) for n in cls.__slots__))


@dataclass(frozen=True, slots=True)
class Assigned:
    """Members put into the arms of coupon waves, with what each coupon would do to them."""

    wave: Ints
    member: Ints
    arm: Ints
    propensity: Floats
    assigned: Ints
    uplift_small: Floats
    uplift_large: Floats

    @classmethod
    def joined(cls, parts: "list[Assigned]") -> "Assigned":
        """Put the rows of all waves together."""
        return cls(*(np.concatenate([getattr(p, n) for p in parts]) for n in cls.__slots__))


@dataclass(frozen=True, slots=True)
class Reach:
    """What decides who can be sent a message, and what comes of it."""

    span: Span
    joined: Ints
    member_ids: pa.Array
    traits: Traits
    contacts: Contacts
    market: Market


@dataclass(slots=True)
class Pushed:
    """What has happened so far; every array has one value a customer."""

    load: Floats
    """Messages of the last 28 days, fading."""
    quit_at: Ints
    left_day: Ints
    """First day on which a member is gone for good; `NEVER` for those who stay."""
    now: int = 0
    sends: list[SendRows] = field(default_factory=list)
    assigned: list[Assigned] = field(default_factory=list)

    def move_to(self, moment: int) -> None:
        """Let the memory of messages fade until a moment."""
        self.load *= np.exp(-(moment - self.now) / (28 * DAY))
        self.now = moment


def push_all(rng: np.random.Generator, reach: Reach, occasions: list[Occasion]) -> Pushed:
    """Run all pushes in order of time.

    Content reaches every member who has joined, has not opted out and has not quit, weekly,
    every second or every fourth week by the hashed arm of the experiment "dose". Coupon waves
    put everybody of these in an arm by a hash of wave and member; the control arm gets nothing.
    """
    n = len(reach.joined)
    pushed = Pushed(np.zeros(n), np.full(n, NEVER), np.full(n, NEVER))
    dose = dose_arm(reach.member_ids)
    for occasion in occasions:
        pushed.move_to(occasion.moment)
        there = reach.joined < occasion.moment - DAY
        may = np.flatnonzero(there & (pushed.quit_at == NEVER) & ~reach.traits.opt_out)
        if occasion.is_coupon:
            _coupon_wave(rng, reach, pushed, occasion, may)
        else:
            every = np.array([4, 2, 1])[dose[may] - ARMS.index("low")]
            _content(rng, reach, pushed, occasion, may[occasion.number % every == 0])
    return pushed


def dose_arm(member_ids: pa.Array) -> Ints:
    """Put members into the arms low, mid and high of the message-dose experiment, by thirds."""
    return (stable_uniform(member_ids, "dose") * 3).astype(np.int64) + ARMS.index("low")


def _content(
    rng: np.random.Generator, reach: Reach, pushed: Pushed, occasion: Occasion, member: Ints
) -> None:
    """Show each member one of four product offers, drawn with the logged chances `SLOTS`."""
    slot = np.searchsorted(np.cumsum(SLOTS)[:-1], rng.random(len(member)), side="right")
    channel = _channels(rng, reach, occasion, member)
    offer = occasion.first_offer + slot
    opened = _opened(rng, reach, occasion, _open_chance(reach, pushed, member, channel))
    category = reach.market.offers.category[offer]
    likes = np.minimum(1.0, 3 * reach.traits.taste[member, category])
    clicked = _clicked(rng, reach.span, opened, 0.05 + 0.35 * likes)
    rows = replace(
        SendRows.begun(occasion, member, channel, offer),
        arm=_SLOT_1 + slot,
        propensity=np.array(SLOTS)[slot],
        opened=opened,
        clicked=clicked,
    )
    _log(rng, reach, pushed, rows)


def _coupon_wave(
    rng: np.random.Generator, reach: Reach, pushed: Pushed, occasion: Occasion, member: Ints
) -> None:
    """Assign everybody, send to the treated arms, and let them redeem."""
    arm, propensity = _coupon_arms(reach, occasion, member)
    channel = _channels(rng, reach, occasion, member)
    chance = _open_chance(reach, pushed, member, channel)
    day = np.full(len(member), occasion.moment // DAY + 1)
    effect = [chance * uplift(reach.market, member, day, occasion.first_offer + k) for k in (0, 1)]
    same = np.ones(len(member), np.int64)
    assigned = same * (occasion.moment - 9 * 3_600)
    pushed.assigned.append(
        Assigned(same * occasion.number, member, arm, propensity, assigned, effect[0], effect[1])
    )
    sent = np.flatnonzero(arm > 0)
    member, arm, channel = member[sent], arm[sent], channel[sent]
    offer = occasion.first_offer + arm - 1
    opened = _opened(rng, reach, occasion, chance[sent])
    redeemed, caused = redeem(rng, reach.market, Wave(member, offer, opened))
    interest = 0.15 + 0.5 * reach.traits.price_sensitivity[member]
    clicked = _clicked(rng, reach.span, opened, np.where(redeemed != NEVER, 1.0, interest))
    rows = replace(
        SendRows.begun(occasion, member, channel, offer),
        arm=arm,
        propensity=propensity[sent],
        opened=opened,
        clicked=clicked,
        redeemed=redeemed,
        caused=caused.astype(np.int64),
    )
    _log(rng, reach, pushed, rows)


def _coupon_arms(reach: Reach, occasion: Occasion, member: Ints) -> tuple[Ints, Floats]:
    """Hash members into control, small and large; every other wave by recency, too.

    In those waves members without an order in the last 60 days have other chances than the
    rest, so their logged propensities differ.
    """
    chances = np.tile(np.array(_PLAIN_ARMS), (len(member), 1))
    if occasion.number % 2:
        last = reach.market.last_day(member, occasion.moment)
        quiet = occasion.moment // DAY - last > _QUIET_DAYS
        chances = np.where(quiet[:, None], np.array(_QUIET_ARMS), np.array(_ACTIVE_ARMS))
    ids = reach.member_ids.take(pa.array(member))
    u = stable_uniform(ids, f"coupon-wave-{occasion.number}")
    arm = (u[:, None] >= np.cumsum(chances, axis=1)[:, :2]).sum(axis=1).astype(np.int64)
    return arm, chances[np.arange(len(member)), arm]


def _channels(rng: np.random.Generator, reach: Reach, occasion: Occasion, member: Ints) -> Ints:
    """Linked members are reached by chat or Moments, the others by accounts or SMS."""
    u = rng.random(len(member))
    linked = np.searchsorted(np.cumsum(_LINKED_CHANNELS)[:-1], u, side="right")
    other = 2 + np.searchsorted(np.cumsum(_OTHER_CHANNELS)[:-1], u, side="right")
    return np.where(reach.contacts.linked(occasion.moment)[member], linked, other)


def _open_chance(reach: Reach, pushed: Pushed, member: Ints, channel: Ints) -> Floats:
    """Own openness of the channel, less 4 % for each message of the last weeks (fatigue)."""
    chance: Floats = reach.traits.openness[member, channel] / (1 + 0.04 * pushed.load[member])
    return chance


def _opened(rng: np.random.Generator, reach: Reach, occasion: Occasion, chance: Floats) -> Ints:
    """Open after a lognormal time, median 40 minutes."""
    n = len(chance)
    wait = 5 + np.minimum(np.exp(np.log(2_400) + 1.2 * rng.standard_normal(n)), 3 * DAY)
    when = occasion.moment + wait.astype(np.int64)
    return np.where(rng.random(n) < chance, reach.span.seen(when), NEVER)


def _clicked(rng: np.random.Generator, span: Span, opened: Ints, chance: Floats) -> Ints:
    """Click within minutes of opening."""
    wait = 2 + np.minimum(rng.exponential(60, len(opened)), 500).astype(np.int64)
    clicks = (opened != NEVER) & (rng.random(len(opened)) < chance)
    return np.where(clicks, span.seen(np.where(clicks, opened, 0) + wait), NEVER)


def _log(rng: np.random.Generator, reach: Reach, pushed: Pushed, rows: SendRows) -> None:
    """Count the messages, let some members quit or leave, and write the sends down.

    A member quits with chance 0.015 x (load / tolerance) cubed, at most 0.6; 35 % of them
    leave the brand as well, once what they have ordered is settled.
    """
    member = rows.member
    pushed.load[member] += 1.0
    strain = pushed.load[member] / reach.traits.tolerance[member]
    quits = rng.random(len(member)) < np.minimum(0.6, 0.015 * strain**3)
    seen = np.maximum(_or_zero(rows.opened), _or_zero(rows.clicked))
    wait = 60 + rng.exponential(5_400, len(member)).astype(np.int64)
    quit_at = np.where(quits, reach.span.seen(np.maximum(rows.moment, seen) + wait), NEVER)
    gone = np.flatnonzero(quit_at != NEVER)
    leaves = gone[rng.random(len(gone)) < _LEAVES]
    settled = np.maximum(reach.market.busy_until[member[leaves]], quit_at[leaves] // DAY)
    pushed.quit_at[member[gone]] = quit_at[gone]
    pushed.left_day[member[leaves]] = settled + 1
    pushed.sends.append(replace(rows, quit=quit_at))


def _or_zero(moments: Ints) -> Ints:
    return np.where(moments == NEVER, 0, moments)
