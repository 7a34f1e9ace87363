"""Quotas such as "bring 3": who reaches them, who stops one short, and what another would do."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.estimates import known as known_numbers
from siyu.datasets.estimates import named_columns, shares
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import encode
from siyu.datasets.spans import span_us
from siyu.graph.undated import UNDATED

from .fraud_signs import fraud_suspects
from .rate_facts import RateFacts
from .rate_invitations import referrals_of

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["quota_completion"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_MOST = 50
_ENOUGH = 5  # completed runs from which on a ratio to rewards is shown


def quota_completion(
    c: "Community",
    *,
    as_of: Any,
    quota: int = 3,
    window: Any = "7D",
    output: FrameKind = "pandas",
) -> Frame:
    """Tell how many inviters reach a quota such as "bring 3", and how many stop one short.

    A **run** is what one inviter does in one campaign within `window` of the first new member
    brought in it (for referrals without a campaign: of the inviter's first one). Runs whose
    window is not over are counted apart (``n_open``): some of them will still complete, and
    those that have would be the fast ones.

    Parameters
    ----------
    c : Community
        With dated referrals; ``campaign_id`` if there are campaigns; orders for buyers.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    quota : int, 1 to 50
        New members that an inviter was asked to bring.
    window : Timedelta, timedelta or str, a day or more
        Time to bring them in; also the time in which a first purchase of theirs counts.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame.

    Returns
    -------
    frame, one row for each quota from 1 to twice `quota`, at least 5
        ``quota``; ``is_asked`` : whether it is the one that was asked for; ``n_runs``,
        ``n_open`` : runs whose window is over, and the others; ``n_suspects`` : runs of members
        suspected by `referral_fraud`, who are left out; the same in all rows;
        ``n_brought_exactly`` : runs that brought exactly so many; ``n_completed`` : so many or
        more; ``completion``, ``low``, ``high`` : share of the runs, with Wilson's 95 % interval;
        ``n_near_miss`` : runs that stopped one short; ``next_share`` : share of those with so many
        that brought one more; ``members_least``, ``members_most``, ``buyers_least``,
        ``buyers_most``, ``rewards_least``, ``rewards_most`` : new members, buyers and completed
        quotas per 100 runs, had this quota been asked for (see Notes); ``buyers_per_reward`` :
        the least buyers over the most rewards. Null where nothing tells: buyers without
        orders, the most beyond a quota of 1, the ratio of a quota that fewer than five runs met.

    Raises
    ------
    DataError
        If referrals are missing.
    ParameterError
        If `quota` or `window` is out of range.

    Warns
    -----
    SiyuWarning
        If referrals are undated: they belong to no run.

    Notes
    -----
    A run begins with the first success: who tried and brought nobody is not seen.

    What another quota would do is bounded, not known. Asked for less, inviters may stop there
    (the least: everybody stops at it) or go on as they did (the most). Asked for more, those who
    stopped exactly at the quota may not care (the least), or go on with the chance of one more
    that was seen at the step just below the quota (the most). Both take it that as many begin: a
    larger quota deters some, a smaller one draws some, and nothing here tells how many. So test
    a quota with a good ``buyers_per_reward`` on a part of the members before choosing it.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(1000, random_state=0)
    >>> found = quota_completion(c, as_of="2026-07-01")
    >>> found.loc[found["is_asked"], ["n_runs", "n_completed", "n_near_miss"]].iloc[0].tolist()
    [255, 2, 6]
    """
    if isinstance(quota, bool) or not isinstance(quota, int | np.integer):
        raise ParameterError("quota", f"quota must be a whole number, got {quota!r}")
    if not 1 <= quota <= _MOST:
        raise ParameterError("quota", f"quota must be 1 to {_MOST}, got {quota}")
    length = span_us("window", window)
    c.require("referrals", call="quota_completion()")
    facts = RateFacts.of(c.before(as_of), c.moment(as_of))
    return from_arrow(_table(_Runs.of(facts, length), int(quota)), output)


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """What each closed run brought, and how many runs are open.

    `buys` is the share of buyers among the new members who were watched for a whole window.
    """

    brought: Ints
    n_open: int
    n_suspects: int
    buys: float

    @classmethod
    def of(cls, facts: RateFacts, length: int) -> "_Runs":
        """Sort the new members into runs of one inviter and campaign."""
        campaign = _campaigns(facts)
        found, begin, stop = facts.found, *facts.record
        dated = facts.is_new & (found.time != UNDATED)
        n_undated = int((facts.is_new & (found.time == UNDATED)).sum())
        if n_undated:
            warn(f"{n_undated} undated referrals belong to no run")
        who, when = found.inviter[dated], found.time[dated]
        suspected = fraud_suspects(facts.known, facts.end, facts.members)
        pairs = np.column_stack([who, campaign[dated]])
        _, run = np.unique(pairs, axis=0, return_inverse=True)
        run = run.ravel()
        n_runs = int(run.max(initial=-1)) + 1
        first = np.full(n_runs, np.iinfo(np.int64).max)
        np.minimum.at(first, run, when)
        trusted = np.ones(n_runs, dtype=np.bool_)
        trusted[run[suspected[who]]] = False
        inside = when < first[run] + length
        closed = (first + length <= stop) & (first >= begin)
        n_open = int((trusted & ~closed).sum())
        brought = np.bincount(run[inside], minlength=n_runs)
        since, until = facts.orders_record()
        watched = (when >= since) & (when + length <= min(stop, until)) & trusted[run]
        bought = facts.bought[found.invitee[dated]] < when + length
        n_watched = int(watched.sum())
        buys = float((bought & watched).sum() / n_watched) if n_watched else np.nan
        return cls(brought[closed & trusted], n_open, int((~trusted).sum()), buys)


def _campaigns(facts: RateFacts) -> Ints:
    """Give the campaign of each first referral, -1 for none."""
    rows = referrals_of(facts.known)
    if "campaign_id" not in rows.column_names:
        return np.full(len(facts.found.row), -1)
    return encode(rows["campaign_id"])[0][facts.found.row]


def _table(runs: _Runs, quota: int) -> pa.Table:
    quotas = np.arange(1, max(2 * quota, 5) + 1)
    n_runs = len(runs.brought)
    counts = (n_runs, runs.n_open, runs.n_suspects)
    completed = n_runs - np.searchsorted(np.sort(runs.brought), quotas, side="left")
    exactly = completed - np.append(completed[1:], np.sum(runs.brought > quotas[-1]))
    with np.errstate(invalid="ignore", divide="ignore"):
        next_share = np.where(completed > 0, 1 - exactly / completed, np.nan)
    rates = shares(completed, np.full(len(quotas), n_runs))
    return pa.table(
        {
            "quota": pa.array(quotas),
            "is_asked": pa.array(quotas == quota),
            **{
                name: pa.array(np.full(len(quotas), count))
                for name, count in zip(("n_runs", "n_open", "n_suspects"), counts, strict=True)
            },
            "n_brought_exactly": pa.array(exactly),
            "n_completed": pa.array(completed),
            **named_columns(rates, ("completion", "low", "high")),
            "n_near_miss": pa.array(np.append(0, exactly[:-1])),
            "next_share": known_numbers(next_share),
            **_as_if(runs, quota, quotas),
        }
    )


def _as_if(runs: _Runs, quota: int, quotas: Ints) -> dict[str, pa.Array]:
    """Bound new members, buyers and rewards per 100 runs, had each quota been asked for."""
    brought = runs.brought
    per_100 = 100 / len(brought) if len(brought) else np.nan
    below, at, beyond = (int(np.sum(brought >= k)) for k in (quota - 1, quota, quota + 1))
    onwards = at / below if quota > 1 and below else np.nan
    steps = np.maximum(quotas - quota, 0)
    # Of those who stopped at the quota so many would get to each step, one new member at each.
    pushed = np.where(steps > 0, (at - beyond) * onwards**steps, 0.0)
    least = np.where(steps > 0, brought.sum(), np.minimum(brought[:, None], quotas).sum(axis=0))
    rewards = np.sum(brought[:, None] >= quotas, axis=0)
    most_rewards = (rewards + pushed) * per_100
    paid = np.where(rewards >= _ENOUGH, most_rewards, np.nan)  # no ratio to next to nothing
    most = brought.sum() + np.cumsum(pushed)
    columns = {
        "members_least": least * per_100,
        "members_most": most * per_100,
        "buyers_least": least * per_100 * runs.buys,
        "buyers_most": most * per_100 * runs.buys,
        "rewards_least": rewards * per_100,
        "rewards_most": most_rewards,
        "buyers_per_reward": least * per_100 * runs.buys / paid,
    }
    return {name: known_numbers(values) for name, values in columns.items()}
