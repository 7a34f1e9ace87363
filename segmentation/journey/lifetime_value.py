"""LTV:CAC: what a new member brings in, against what it cost to win one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, local_day
from siyu.datasets.community import Community
from siyu.datasets.errors import Problem, SchemaError, warn
from siyu.datasets.estimates import known, named_columns
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.ids import ids_in, lookup
from siyu.datasets.intervals import Interval, bootstrap_mean

from .audience import Audience, audience_of, groups_of
from .costs import campaign_costs, costs_given
from .periods import days_us

__all__ = ["ltv_cac"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_STEP_DAYS = 30.0


def ltv_cac(
    data: Community,
    *,
    as_of: Any,
    costs: Frame | None = None,
    age_days: float = 180.0,
    random_state: int | np.random.Generator | None = 0,
    output: FrameKind | None = None,
) -> Frame:
    """Set what members bring in up to an age against what it cost to win them.

    The lifetime value is the mean net revenue (refunds taken off) of a member from the day of
    entry to `age_days`. Members who are not that old yet count as far as they are: revenue is
    averaged in steps of 30 days, each over those watched for the whole of it, and the steps
    are added up. So neither the young (who would pull it down) nor only the old are counted.

    Parameters
    ----------
    data : Community
        With orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    costs : frame, optional
        ``cost``, and one column to group by: ``source``, another column of members, or
        ``campaign_id`` (of the first invitation). It is the cost of winning all members of the
        group. Default: ``campaigns.cost``.
    age_days : float > 0
        Up to which age a member's revenue counts.
    random_state : int, Generator or None
        Of the bootstrap.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default pandas.

    Returns
    -------
    frame, one row for each group that costs are told of, sorted
        ``group``; ``n_members`` : members won; ``n_observed`` : of those, watched up to
        `age_days`; ``cost``; ``cac`` : cost / n_members, null without members; ``ltv``,
        ``ltv_low``, ``ltv_high`` : in the currency of orders, 95 % by bootstrap over members;
        null where nobody was watched so long; ``ratio``, ``ratio_low``, ``ratio_high`` :
        ltv / cac, the cost taken as known; ``payback_days`` : after how many days (in steps of
        30) the mean revenue has reached the cac; null if it has not by `age_days`.

    Raises
    ------
    DataError
        If orders are missing, the grouping column, or any cost.
    SchemaError
        If `costs` lack a column.
    ParameterError
        If `age_days` is out of range.

    Warns
    -----
    SiyuWarning
        If members are left out, because they came before orders were recorded or nobody knows
        when; they count neither in revenue nor in n_members.

    Notes
    -----
    Revenue, not margin: multiply by the margin before calling a ratio good. That a source brings
    better members is no proof that more money would bring more such members. The bootstrap
    draws members by their influence on the estimate, which for members watched all the way is
    their own revenue. Cost O(rows + n_members * 1000).

    References
    ----------
    Lin, Feuer, Etzioni & Wax (1997), "Estimating medical costs from incomplete follow-up data",
    Biometrics 53, 419-434 (the sum of interval means, nobody dying).

    Examples
    --------
    >>> import pandas as pd
    >>> members = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 2],
    ...         "joined_at": pd.to_datetime(["2026-01-01", "2026-01-01"]).tz_localize("UTC"),
    ...         "source": ["advert", "advert"],
    ...     }
    ... )
    >>> orders = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 2],
    ...         "order_time": pd.to_datetime(["2026-01-02", "2026-02-15"]).tz_localize("UTC"),
    ...         "amount": [50.0, 10.0],
    ...     }
    ... )
    >>> c = Community(members=members, orders=orders)
    >>> costs = pd.DataFrame({"source": ["advert"], "cost": [40.0]})
    >>> found = ltv_cac(c, as_of="2026-07-01", costs=costs, age_days=90)
    >>> found[["group", "cac", "ltv", "ratio", "payback_days"]]
        group   cac   ltv  ratio  payback_days
    0  advert  20.0  30.0    1.5          30.0
    """
    days_us("age_days", age_days)
    a = audience_of(data, as_of, ("orders",), ("referrals",), "ltv_cac()")
    if costs is None:
        spent, groups = campaign_costs(a, None), groups_of(a, "campaign_id")
    else:
        by = _key_of(costs)
        groups = groups_of(a, by)
        spent = costs_given(costs, by, None, groups.names.type)
    if n := int(np.count_nonzero(~a.known)):
        warn(f"ltv_cac(): {n} members are left out: they came before the record, or unknown when")
    told = ids_in(spent.group)
    cost = exact_sum(lookup(spent.group, told), spent.cost, len(told))
    ledger = _Ledger.of(a, age_days)
    column = np.append(lookup(groups.names, told), -1)[groups.codes]
    rows = []
    for code in range(len(told)):
        mine = (column == code) & a.known
        rows.append(_row(ledger, mine, cost[code], random_state))
    return from_arrow(_table(told, cost, rows), output or "pandas")


@dataclass(frozen=True, slots=True, eq=False)
class _Ledger:
    """Each member's revenue in each step of age, and whether the member was watched through it."""

    ends: Floats
    revenue: Floats
    watched: Bools

    @classmethod
    def of(cls, a: Audience, age_days: float) -> "_Ledger":
        ends = np.append(np.arange(_STEP_DAYS, age_days, _STEP_DAYS), age_days)
        limits = np.rint(ends * DAY_US).astype(np.int64)
        n = len(a.members)
        entered = np.where(a.known, a.entered, a.end)
        rows, of, at = a.rows("orders", "order_time", columns=("amount",))
        since = local_day(at, a.c.tz) >= local_day(entered, a.c.tz)[of]
        age = np.maximum(at - entered[of], 0)
        step = np.searchsorted(limits, age, side="right")
        counted = since & (step < len(ends)) & a.known[of]
        cell = (of * len(ends) + step)[counted]
        amount = rows["amount"].to_numpy()[counted] if len(of) else np.empty(0)
        revenue = exact_sum(cell, amount, n * len(ends)).reshape(n, len(ends))
        return cls(ends, revenue, (a.end - entered)[:, None] >= limits)


@dataclass(frozen=True, slots=True)
class _Row:
    n_members: int
    n_observed: int
    ltv: Interval
    payback: float


def _row(ledger: _Ledger, mine: Bools, cost: float, random_state: Any) -> _Row:
    """Estimate the value of one group's members, and when it has paid their cost back."""
    revenue, watched = ledger.revenue[mine], ledger.watched[mine]
    n, n_watched = len(revenue), watched.sum(axis=0)
    if not n or not n_watched[-1]:
        nothing = Interval(np.nan, np.nan, np.nan, 0.95, n)
        return _Row(n, 0, nothing, np.nan)
    held = np.where(watched, revenue, 0.0)
    flat = np.tile(np.arange(len(ledger.ends)), n)
    mean = exact_sum(flat, held.reshape(-1), len(ledger.ends)) / n_watched
    influence = (np.where(watched, revenue - mean, 0.0) * (n / n_watched)).sum(axis=1)
    ltv = bootstrap_mean(mean.sum() + influence, n_resamples=1000, random_state=random_state)
    paid = np.flatnonzero(np.cumsum(mean) >= cost / n)
    payback = float(ledger.ends[paid[0]]) if len(paid) else np.nan
    return _Row(n, int(n_watched[-1]), ltv, payback)


def _key_of(costs: Frame) -> str:
    """Find by which column costs are grouped."""
    names = to_arrow(costs)[0].column_names
    keys = [name for name in names if name != "cost"]
    if len(keys) != 1:
        rule = f"one column to group by beside cost, got: {', '.join(keys) or 'none'}"
        raise SchemaError("costs", (Problem("cost", rule, 1),))
    return str(keys[0])


def _table(told: pa.Array, cost: Floats, rows: list[_Row]) -> pa.Table:
    n = np.array([row.n_members for row in rows], np.int64)
    parts = [(row.ltv.estimate, row.ltv.low, row.ltv.high) for row in rows]
    ltv, low, high = np.array(parts, np.float64).reshape(-1, 3).T
    with np.errstate(divide="ignore", invalid="ignore"):
        cac = np.where(n > 0, cost / n, np.nan)
        ratio = [np.where(cac > 0, part / cac, np.nan) for part in (ltv, low, high)]
    return pa.table(
        {
            "group": told,
            "n_members": pa.array(n),
            "n_observed": pa.array([row.n_observed for row in rows], pa.int64()),
            "cost": pa.array(cost),
            "cac": known(cac),
            **named_columns((ltv, low, high), ("ltv", "ltv_low", "ltv_high")),
            **named_columns((ratio[0], ratio[1], ratio[2]), ("ratio", "ratio_low", "ratio_high")),
            "payback_days": known(np.array([row.payback for row in rows], np.float64)),
        }
    )
