"""How long invitees take until they invite somebody themselves."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US
from siyu.datasets.errors import warn
from siyu.datasets.estimates import named_columns
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.survival import Waiting
from siyu.graph.undated import UNDATED

from .forest_claims import Claims
from .rate_facts import NEVER, RateFacts
from .rate_invitations import referrals_of

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["cycle_time"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_DAYS = (7, 30, 90)
_N_FIGURES = 2 + 3 * (len(_DAYS) + 2)  # counts, shares, median and half time


def cycle_time(
    c: "Community",
    *,
    as_of: Any,
    by: str | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Measure how long invitees take from joining to their first own invitation.

    The shorter the cycle, the faster a cascade grows at the same K. Whoever has not invited yet
    is counted for as long as they were watched (Kaplan and Meier): an average over those who
    have invited would look faster the younger the members are.

    Parameters
    ----------
    c : Community
        With dated referrals; members with ``joined_at``, else the first referral of an invitee
        is taken for joining.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    by : str or None
        ``"cohort"`` (local month of joining), a column of members, or None for everybody in one
        group, ``all``.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame.

    Returns
    -------
    frame, one row a group, in ascending order, invitees without a value last
        ``group``; ``n_invitees`` : members who were brought by others and watched;
        ``n_inviting`` : those of them who have invited so far; ``share_7``, ``low_7``,
        ``high_7``, and so for 30 and 90 : share who invite within so many days; null beyond the
        longest time anybody was watched; ``median_days``, ``median_low``, ``median_high`` :
        days until half of all invitees have invited, null while that is not reached, as is
        usual; ``half_days``, ``half_low``, ``half_high`` : days until half of those have
        invited who ever do within the time watched; null if nobody has. Intervals are 95 %; a
        null upper end is open.

    Raises
    ------
    DataError
        If referrals are missing, or the column `by`.

    Warns
    -----
    SiyuWarning
        If invitees invited before they joined: they are taken to invite at once. If invitees
        cannot be placed in time: they are left out.

    Notes
    -----
    ``half_days`` reads the curve where it is half as high as at its end; it grows with the time
    watched, so compare groups watched for alike times only.

    References
    ----------
    See `siyu.datasets.survival.Waiting`.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(1000, random_state=0)
    >>> cycle_time(c, as_of="2026-07-01")[["group", "n_invitees", "n_inviting"]]
      group  n_invitees  n_inviting
    0   all         304          59
    """
    c.require("referrals", call="cycle_time()")
    known, end = c.before(as_of), c.moment(as_of)
    facts = RateFacts.of(known, end)
    group, names = facts.groups(by)
    invitee, watched, happened = _waits(facts)
    found = [_row(watched[at], happened[at]) for at in _by_group(group[invitee], len(names))]
    rows = np.array(found, np.float64).reshape(len(names), _N_FIGURES)
    return from_arrow(_table(names, rows), output)


def _waits(facts: RateFacts) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Give the invitees, for how long each was watched, and whether they invited by then."""
    first = _first_invites(facts)
    begin, stop = facts.record
    invitee = facts.found.invitee
    since = facts.joined[invitee]
    since = np.where(since == UNDATED, facts.found.time, since)
    placed = (since != UNDATED) & (since >= begin) & (since < stop)
    if not placed.all():
        n_out = int((~placed).sum())
        warn(f"{n_out} invitees have no date of joining within the record, and are left out")
    invitee, since = invitee[placed], since[placed]
    own = first[invitee]
    n_early = int((own < since).sum())
    if n_early:
        warn(f"{n_early} invitees invited before they joined; they are taken to invite at once")
    happened = own < stop
    return invitee, np.maximum(np.where(happened, own, stop) - since, 0), happened


def _first_invites(facts: RateFacts) -> Ints:
    """Give when each member first invited anybody else, `NEVER` for who has not."""
    claims = Claims.of(referrals_of(facts.known), facts.members)
    dated = claims.can_count() & (claims.time != UNDATED)
    first = np.full(len(facts.members), NEVER)
    np.minimum.at(first, claims.inviter[dated], claims.time[dated])
    return first


def _by_group(group: Ints, n: int) -> list[Ints]:
    return [np.flatnonzero(group == g) for g in range(n)]


def _row(watched: Ints, happened: npt.NDArray[np.bool_]) -> list[float]:
    """Give the counts, shares, median and half time of one group."""
    curve = Waiting.of(watched, happened)
    shares = np.array(curve.happened_by(np.array(_DAYS) * DAY_US)).T.ravel()
    if not len(watched):
        shares = np.full(len(shares), np.nan)
    reached = 1 - curve.waiting[-1] if len(curve.waiting) else 0.0
    half = curve.quantile(reached / 2) if reached > 0 else (np.nan,) * 3
    times = np.array([*curve.quantile(0.5), *half]) / DAY_US
    return [float(len(watched)), float(happened.sum()), *shares.tolist(), *times.tolist()]


def _table(names: pa.Array, rows: Floats) -> pa.Table:
    columns = {
        "group": names,
        "n_invitees": pa.array(rows[:, 0].astype(np.int64)),
        "n_inviting": pa.array(rows[:, 1].astype(np.int64)),
    }
    at = 2
    triples = [(f"share_{d}", f"low_{d}", f"high_{d}") for d in _DAYS]
    for triple in [*triples, *((f"{m}_days", f"{m}_low", f"{m}_high") for m in ("median", "half"))]:
        columns |= named_columns((rows[:, at], rows[:, at + 1], rows[:, at + 2]), triple)
        at += 3
    return pa.table(columns)
