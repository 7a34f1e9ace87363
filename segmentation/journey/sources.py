"""Where new members come from, period by period, and what each of them cost."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.community import Community, kind_of
from siyu.datasets.errors import warn
from siyu.datasets.estimates import known, named_columns, shares
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import ids_in, lookup, union
from siyu.segmentation.records import has_column

from .audience import audience_of, groups_of
from .costs import Costs, campaign_costs, costs_given
from .paths import NEVER
from .periods import check_period, first_day, named, period_of

__all__ = ["acquisition"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def acquisition(
    data: Community | Frame,
    *,
    as_of: Any,
    by: str = "source",
    period: Literal["month", "week"] = "month",
    costs: Frame | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Tell where the new members of each month (or week) came from, and what they cost.

    Parameters
    ----------
    data : Community, or frame of schema `members`
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    by : str
        ``"source"`` or another column of members, or ``"campaign_id"``: the campaign of the
        first invitation (``referrals``).
    period : {"month", "week"}
    costs : frame, optional
        Columns `by`, ``period`` (``2026-03``, or the Monday ``2026-03-02``) and ``cost``.
        Default for ``"campaign_id"``: ``campaigns.cost``, spread evenly over the campaign's
        days (from ``starts_at`` to ``ends_at``).
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a
        Community.

    Returns
    -------
    frame, one row for each period and group with new members or cost
        ``period``; ``group`` : value of `by`, null where it is unknown; ``n_new`` : members
        who joined (or were first seen) in the period; ``share`` : their part of all new
        members of the period, with ``low`` and ``high`` (Wilson, 95 %);
        ``n_members`` : members of the group at the end of the period (those who left
        included); ``new_share``, ``new_low``, ``new_high`` : n_new / n_members, the share of
        new fish; ``cost`` : null where nobody told; ``cac`` : cost / n_new, null without new
        members; ``complete`` : false in the period under way, where cost and cac are null.

    Raises
    ------
    DataError
        If the column `by` is missing.
    SchemaError
        If `costs` lack a column.

    Warns
    -----
    SiyuWarning
        If members are left out because nobody knows when they came.

    Examples
    --------
    >>> import pandas as pd
    >>> members = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 2, 3],
    ...         "joined_at": pd.to_datetime(["2026-01-03", "2026-01-09", "2026-02-02"]),
    ...         "source": ["advert", "store_qr", "advert"],
    ...     }
    ... )
    >>> costs = pd.DataFrame({"source": ["advert"], "period": ["2026-01"], "cost": [30.0]})
    >>> c = Community(members=members, tz="Asia/Shanghai")
    >>> found = acquisition(c, as_of="2026-03-01", costs=costs)
    >>> found[["period", "group", "n_new", "share", "new_share", "cac"]]
        period     group  n_new  share  new_share   cac
    0  2026-01    advert      1    0.5        1.0  30.0
    1  2026-01  store_qr      1    0.5        1.0   NaN
    2  2026-02    advert      1    1.0        0.5   NaN
    """
    check_period(period)
    a = audience_of(data, as_of, (), ("members", "referrals"), "acquisition()")
    groups, spent = groups_of(a, by), None
    if costs is not None:
        spent = costs_given(costs, by, period, groups.names.type)
    elif by == "campaign_id" and has_column(a.c, "campaigns", "cost"):
        spent = campaign_costs(a, period)
    unknown = a.entered == NEVER
    if n := int(np.count_nonzero(unknown)):
        warn(f"acquisition(): {n} members are left out: nobody knows when they came")
    born = period_of(a.entry_day, period)[~unknown]
    now = int(period_of(np.array([a.today]), period)[0])
    grid = _Grid.of(born, groups.codes[~unknown], groups.names, spent, now)
    return from_arrow(_table(grid, period, a.last_day), output or kind_of(data))


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """New members and cost of every period (rows) and group (columns)."""

    first: int
    names: pa.Array
    n_new: Ints
    cost: Floats

    @classmethod
    def of(cls, born: Ints, code: Ints, names: pa.Array, spent: Costs | None, now: int) -> "_Grid":
        """Count the new members, and lay the costs of periods up to `now` beside them."""
        first = int(born.min(initial=now))
        met = ids_in(names)
        if spent is not None:
            spent = spent.before(now + 1)
            first = min(first, int(spent.period.min(initial=first)))
            met = union(met, spent.group.cast(met.type))
        # A last column for members whose group is unknown.
        shape = (max(now - first + 1, 0), len(met) + 1)
        place = lookup(names, met)
        column = np.where(place < 0, len(met), place)[code]
        cells = (born - first) * shape[1] + column
        n_new = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
        cost = np.full(shape, np.nan).reshape(-1)
        if spent is not None:
            at = (spent.period - first) * shape[1] + lookup(spent.group, met)
            there, back = np.unique(at, return_inverse=True)
            cost[there] = exact_sum(back, spent.cost, len(there))
        return cls(
            first, pa.concat_arrays([met, pa.nulls(1, met.type)]), n_new, cost.reshape(shape)
        )


def _table(grid: _Grid, period: str, last_day: int) -> pa.Table:
    n_members = np.cumsum(grid.n_new, axis=0)
    row, column = np.nonzero((grid.n_new > 0) | ~np.isnan(grid.cost))
    number = row + grid.first
    n_new, cost = grid.n_new[row, column], grid.cost[row, column]
    under_way = first_day(number + 1, period) > last_day
    with np.errstate(divide="ignore", invalid="ignore"):
        cac = np.where(n_new > 0, cost / n_new, np.nan)
    mix = shares(n_new, grid.n_new.sum(axis=1)[row])
    new = shares(n_new, n_members[row, column])
    return pa.table(
        {
            "period": named(number, period),
            "group": grid.names.take(pa.array(column)),
            "n_new": pa.array(n_new),
            **named_columns(mix),
            "n_members": pa.array(n_members[row, column]),
            **named_columns(new, ("new_share", "new_low", "new_high")),
            "cost": known(cost, under_way),
            "cac": known(cac, under_way),
            "complete": pa.array(~under_way),
        }
    )
