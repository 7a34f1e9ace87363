"""The five steps of AARRR: acquisition, activation, retention, revenue, referral."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from siyu.datasets.clock import local_day
from siyu.datasets.purchases import is_purchase
from siyu.segmentation.records import has_column

from .audience import Audience
from .paths import NEVER, Paths, earliest

__all__ = ["AARRR", "ACTS", "OTHER_TABLES", "Acts", "aarrr_paths", "acts_of", "event_days"]

Ints = npt.NDArray[np.int64]

AARRR = ("acquisition", "activation", "retention", "revenue", "referral")
"""The codes of the steps; words for them come from `siyu.datasets.label`."""

ACTS = ("purchase", "event", "message", "invitation", "invited_to_group")
"""What members do by themselves; being invited or sent to is no act."""

OTHER_TABLES = ("orders", "messages", "referrals", "memberships")
"""Tables beside events that tell of acts."""

_LATER_WEEK = 7  # days
_SOURCES = {
    "purchase": ("orders", "member_id", "order_time"),
    "event": ("events", "member_id", "event_time"),
    "share": ("events", "member_id", "event_time"),
    "message": ("messages", "member_id", "message_time"),
    "invitation": ("referrals", "inviter_id", "referral_time"),
    "invited_to_group": ("memberships", "inviter_id", "joined_at"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Acts:
    """What members did: who (`of`), when (`at`, us) and on which local day.

    `recorded` tells whether any of the tables that would tell of it is there.
    """

    of: Ints
    at: Ints
    day: Ints
    recorded: bool


def aarrr_paths(a: Audience) -> Paths:
    """Follow the members through the five steps.

    Retention, revenue and referral are three branches that all begin with activation: people
    buy before they come back, and invite before they buy.
    """
    n = len(a.members)
    acts = _since_entry(a, acts_of(a, ACTS))
    bought = _since_entry(a, acts_of(a, ("purchase",)))
    invited = _since_entry(a, acts_of(a, ("invitation", "invited_to_group", "share")))
    first = earliest(acts.of, acts.at, n)
    first_day = local_day(np.where(first == NEVER, 0, first), a.c.tz)
    later = acts.day >= first_day[acts.of] + _LATER_WEEK
    times = np.stack(
        [
            a.entered,
            first,
            earliest(acts.of[later], acts.at[later], n),
            earliest(bought.of, bought.at, n),
            earliest(invited.of, invited.at, n),
        ]
    )
    times[1:] = np.maximum(times[1:], a.entered)
    recorded = (True, acts.recorded, acts.recorded, bought.recorded, invited.recorded)
    return Paths(AARRR, (-1, 0, 1, 1, 1), times, recorded, a.entered, np.arange(n))


def acts_of(a: Audience, kinds: tuple[str, ...]) -> Acts:
    """Collect what members did, of several kinds.

    Parameters
    ----------
    a : Audience
    kinds : tuple of str
        Of `ACTS`, or ``share``, ``invited_to_group``.

    Returns
    -------
    Acts
        In no particular order.
    """
    whose, when, recorded = [np.empty(0, np.int64)], [np.empty(0, np.int64)], False
    for kind in kinds:
        table, key, time = _SOURCES[kind]
        there = table in a.present
        if not (there and has_column(a.c, table, key) and has_column(a.c, table, time)):
            continue
        recorded = True
        rows, of, at = a.rows(table, time, key, ("amount", "quantity", "event"))
        kept = np.ones(len(of), np.bool_)
        if kind == "purchase":
            kept = is_purchase(rows)
        if kind == "share":
            kept = np.asarray(pc.equal(rows["event"], "share").to_numpy(), np.bool_)
        whose.append(of[kept])
        when.append(at[kept])
    of, at = np.concatenate(whose), np.concatenate(when)
    return Acts(of, at, local_day(at, a.c.tz), recorded)


def event_days(a: Audience, event: str) -> tuple[Ints, Ints]:
    """Give the local days on which members did one kind of event."""
    rows, of, at = a.rows("events", "event_time", columns=("event",))
    is_it = np.asarray(pc.equal(rows["event"], event).to_numpy(), np.bool_)
    return of[is_it], local_day(at[is_it], a.c.tz)


def _since_entry(a: Audience, acts: Acts) -> Acts:
    """Keep acts from the local day of entry on.

    Whoever is written down as a member a second after paying has not paid before.
    """
    kept = (a.entered[acts.of] != NEVER) & (acts.day >= a.entry_day[acts.of])
    return Acts(acts.of[kept], acts.at[kept], acts.day[kept], acts.recorded)
