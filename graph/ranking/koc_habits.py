"""What members do by themselves: buy, come, share, invite, stay; and whether they fell silent."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, INSTANT
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import lookup
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.purchases import is_purchase
from siyu.datasets.shrinkage import GammaPrior
from siyu.graph.undated import UNDATED, times_of

from .koc_facts import KocFacts

__all__ = [
    "SHARES",
    "YEAR",
    "Acts",
    "Buying",
    "Rhythm",
    "active_days",
    "buying_of",
    "days_known",
    "days_recorded",
    "faded",
    "invited_of",
    "no_purchases",
    "orders_of",
    "rhythm_of",
    "shares_of",
    "silent_lately",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SHARES = ("forward", "share")
"""The events by which a member passes something on."""

YEAR = 365
"""Days in which buying, sharing and inviting are counted."""

_HALF_LIFE = 90.0  # days after which a share, or an invitee, says half as much of what comes next

_ACTIVE_DAYS = 90
_ACTS = (("events", "event_time"), ("messages", "message_time"), ("orders", "order_time"))
_INVITATIONS = (
    ("referrals", "invitee_id", "referral_time"),
    ("memberships", "member_id", "joined_at"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Acts:
    """How often members did something in the last year.

    Attributes
    ----------
    count : int64 array
    fresh : float64 array
        The same, each act counting half after 90 days; see `faded`.
    is_late : bool array
        Whether they are known to have done it in the last 90 days.
    """

    count: Ints
    fresh: Floats
    is_late: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Buying:
    """Own purchases of the last year: days with one, and money net of refunds."""

    n_days: Ints
    spent: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Rhythm:
    """On how many days members did anything, and how unusual their silence is.

    Attributes
    ----------
    n_days : int64 array
        Local days with an order, an event or a message.
    n_buying_days : int64 array or None
        Local days with a purchase, ever; None without orders.
    silent_days : float64 array
        Days without an act, as far as acts were recorded; NaN for who never did anything.
    still_there : float64 array, 0..1
        The chance that who keeps coming at the own rhythm stays away so long.
    """

    n_days: Ints
    n_buying_days: Ints | None
    silent_days: Floats
    still_there: Floats

    @property
    def worth(self) -> list[Ints]:
        """Give the counts of days that tell what a member was worth, as far as known."""
        return [self.n_days, *([] if self.n_buying_days is None else [self.n_buying_days])]


def buying_of(facts: KocFacts) -> Buying | None:
    """Measure the own purchases of the last year; None without orders."""
    return facts.once("buying", _buying)


def active_days(facts: KocFacts) -> Ints | None:
    """Count the days of the last 90 with an event or a message; None without both tables."""
    done = _acts(facts, _ACTS[:2], days=_ACTIVE_DAYS)
    return None if done is None else done.distinct_days(facts.known.tz).count()


def faded(facts: KocFacts, times: Ints) -> Floats:
    """Weigh what happened at some times (us) by its age: half after 90 days; undated in full.

    On simulated brands, the half-life chosen on other ones, it doubles how well the score of
    `koc` finds who brings buyers next.
    """
    dated = np.where(times == UNDATED, facts.end, times)
    return np.asarray(np.exp2((dated - facts.end) / (_HALF_LIFE * DAY_US)))


def shares_of(facts: KocFacts) -> Acts | None:
    """Count what each member shared in the last year; None if nobody is known ever to share."""
    return facts.once("shares", _shares)


def _shares(facts: KocFacts) -> Acts | None:
    rows = facts.known.arrow("events")
    if rows is None:
        return None
    named = pc.is_in(rows["event"], pa.array(SHARES, rows["event"].type))
    shared = rows.select(["member_id", "event_time"]).filter(named)
    if not shared.num_rows:
        return None
    done = MemberRows.of(shared, time="event_time", members=facts.members)
    done = _lately(done, facts, YEAR)
    is_late = _lately(done, facts, _ACTIVE_DAYS).count() > 0
    return Acts(done.count(), done.sum(faded(facts, done.times)), is_late)


def invited_of(facts: KocFacts) -> Acts | None:
    """Count the others whom each member invited in the last year; None if no table tells.

    Referrals and invitations into groups; who was invited twice counts once, and then. Undated
    ones count.
    """
    return facts.once("invited", _invited)


def days_known(facts: KocFacts) -> Floats | None:
    """Give the days since each member joined, NaN where unknown; None if all are unknown."""
    rows = facts.known.arrow("members")
    if rows is None or "joined_at" not in rows.column_names:
        return None
    at, joined = lookup(rows["member_id"], facts.members), times_of(rows, "joined_at")
    kept = (at >= 0) & (joined != UNDATED)
    found = np.full(len(facts.members), np.nan)
    found[at[kept]] = (facts.end - joined[kept]) / DAY_US
    return found


def days_recorded(facts: KocFacts) -> float:
    """Give the days of the last year in which shares were recorded, at least 1."""
    begin = facts.known.observed.get("events", (facts.end - YEAR * DAY_US, 0))[0]
    return float(np.clip((facts.end - begin) / DAY_US, 1, YEAR))


def rhythm_of(facts: KocFacts) -> Rhythm | None:
    """Measure how unusual each member's silence is; None without orders, events and messages."""
    return facts.once("rhythm", _rhythm)


def silent_lately(facts: KocFacts) -> Flags | None:
    """Tell who did nothing in the last 90 days: no order, event or message, and invited nobody.

    None without events and messages, for orders alone come too seldom to tell; and where
    everybody would be silent, for then nothing was recorded of late.
    """
    rhythm, invited = rhythm_of(facts), invited_of(facts)
    if rhythm is None or not (facts.known.has("events") or facts.known.has("messages")):
        return None
    there = rhythm.silent_days <= _ACTIVE_DAYS
    if invited is not None:
        there |= invited.is_late
    return ~there if there.any() else None


def no_purchases(facts: KocFacts) -> Flags | None:
    """Tell who bought nothing in the last year; None if nobody is known to have bought in it."""
    bought = buying_of(facts)
    return None if bought is None or not bought.n_days.any() else bought.n_days == 0


def _buying(facts: KocFacts) -> Buying | None:
    orders = orders_of(facts)
    if orders is None:
        return None
    orders = _lately(orders, facts, YEAR)
    return Buying(_buying_days(orders, facts), orders.sum("amount"))


def orders_of(facts: KocFacts) -> MemberRows | None:
    """Group the order lines by member; None without orders."""
    return facts.once("orders", _orders)


def _orders(facts: KocFacts) -> MemberRows | None:
    """Group the order lines by member, with what is read of them."""
    rows = facts.known.arrow("orders")
    if rows is None:
        return None
    read = [n for n in ("member_id", "order_time", "amount", "quantity") if n in rows.column_names]
    return MemberRows.of(rows.select(read), time="order_time", members=facts.members)


def _buying_days(orders: MemberRows, facts: KocFacts) -> Ints:
    return orders.where(is_purchase(orders.table)).distinct_days(facts.known.tz).count()


def _invited(facts: KocFacts) -> Acts | None:
    n = len(facts.members)
    pairs, times = [], []
    for table, invitee, time in _INVITATIONS:
        rows = facts.known.arrow(table)
        if rows is not None and "inviter_id" in rows.column_names:
            one, other = (lookup(rows[name], facts.members) for name in ("inviter_id", invitee))
            when = times_of(rows, time)
            lately = (when == UNDATED) | (when >= facts.end - YEAR * DAY_US)
            kept = (one >= 0) & (other >= 0) & (one != other) & lately
            pairs.append(one[kept] * n + other[kept])
            times.append(when[kept])
    if not pairs:
        return None
    met, place = np.unique(np.concatenate(pairs), return_inverse=True)
    latest = np.full(len(met), UNDATED)
    np.maximum.at(latest, place, np.concatenate(times))
    inviter = met // max(n, 1)
    late = inviter[latest >= facts.end - _ACTIVE_DAYS * DAY_US]
    return Acts(
        np.bincount(inviter, minlength=n),
        exact_sum(inviter, faded(facts, latest), n),
        np.bincount(late, minlength=n) > 0,
    )


def _rhythm(facts: KocFacts) -> Rhythm | None:
    """Let days of acts come at an own rate, gamma-distributed over the members.

    Given the gaps so far, the chance of none for so long is a Lomax tail: Fader, Hardie & Lee
    (2005) use the same mixture for purchases.
    """
    done = _acts(facts, _ACTS)
    if done is None:
        return None
    orders = orders_of(facts)
    bought = None if orders is None else _buying_days(orders, facts)
    days = done.distinct_days(facts.known.tz).count()
    met = days > 0
    silent = np.where(met, np.maximum(_seen_until(facts) - done.last_time(), 0) / DAY_US, np.nan)
    return Rhythm(days, bought, silent, _chance_of_silence(done, days, silent))


def _seen_until(facts: KocFacts) -> int:
    """Give the moment until which acts would have been recorded: silence after it says nothing."""
    observed = facts.known.observed
    return max(
        observed[table][1] if table in observed else facts.end
        for table, _ in _ACTS
        if facts.known.has(table)
    )


def _chance_of_silence(done: MemberRows, days: Ints, silent: Floats) -> Floats:
    """Give the chance to stay away so long; 1 where no rhythm is known."""
    n_gaps = np.maximum(days - 1, 0)
    over = np.where(n_gaps > 0, (done.last_time() - done.first_time()) / DAY_US, 0.0)
    prior = GammaPrior.of(n_gaps, over)
    if not prior.mean > 0:  # nobody came twice
        return np.ones(len(days))
    exposure = over + prior.strength
    chance = (exposure / (exposure + silent)) ** (n_gaps + prior.mean * prior.strength)
    return np.where(days > 0, chance, 1.0)


def _acts(
    facts: KocFacts, sources: tuple[tuple[str, str], ...], *, days: int | None = None
) -> MemberRows | None:
    """Put what members did together, ever or in the last days; None if no table tells."""
    parts = []
    for table, time in sources:
        rows = facts.known.arrow(table)
        if rows is not None:
            done = rows.select(["member_id", time]).rename_columns(["member_id", "time"])
            if days is not None:
                since = pa.scalar(facts.end - days * DAY_US, INSTANT)
                done = done.filter(pc.greater_equal(done["time"], since))
            codes = lookup(done["member_id"], facts.members)  # numbers are moved faster than text
            parts.append(done.set_column(0, "member_id", pa.array(codes)))
    if not parts:
        return None
    everybody = pa.array(np.arange(len(facts.members)))
    return MemberRows.of(pa.concat_tables(parts), time="time", members=everybody)


def _lately(rows: MemberRows, facts: KocFacts, days: int) -> MemberRows:
    return rows.where(rows.times >= facts.end - days * DAY_US)
