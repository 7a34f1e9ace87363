"""What moved the revenue: buyers, how often they buy, how much at a time, and refunds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.community import Community, kind_of
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.estimates import known
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ordering import distinct
from siyu.datasets.purchases import is_purchase
from siyu.segmentation.records import has_column

from .audience import Audience, audience_of, grouped, groups_of
from .buying_days import order_codes

__all__ = ["DRIVERS", "revenue_split"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Span = tuple[Any, Any]

DRIVERS = ("buyers", "orders_per_buyer", "basket_value", "refunds")
"""The codes of what revenue is made of; words for them come from `siyu.datasets.label`."""


def revenue_split(
    data: Community | Frame,
    *,
    as_of: Any,
    period: Span,
    baseline: Span,
    by: str | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Split the change of revenue between two periods into what moved it, with nothing left over.

    Of each group, revenue = buyers x orders per buyer x value of a basket + refunds (which are
    negative). Each factor's contribution is its Shapley value: the mean, over all orders in
    which the factors could have changed one after the other, of what its change did. The
    contributions of all drivers and groups add up to the whole change.

    Parameters
    ----------
    data : Community, or frame of schema `orders`
        With orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    period, baseline : (start, end)
        Two spans of time, `end` excluded, neither after `as_of`; of like length, for sums are
        compared.
    by : str, optional
        A column of orders (``"channel"``, ``"store_id"``), else of members (``"source"``,
        ``"region"``), or ``"cohort"``, the month of entry. Default: one group, ``all``.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a
        Community.

    Returns
    -------
    frame, one row for each group met and driver, by group, then in the order of `DRIVERS`
        ``group``; ``driver``; ``before``, ``after`` : its value in the baseline and in the
        period: numbers of buyers, orders (by ``order_id``, without it purchase days) a buyer,
        mean paid for an order, and money paid back (negative); null where nobody bought;
        ``contribution`` : what its change did to revenue, in the currency of orders;
        ``share`` : contribution over the whole change of all groups, any sign; null if that is 0;
        ``amount_before``, ``amount_after`` : the group's net revenue.

    Raises
    ------
    DataError
        If orders are missing or were not recorded all through both spans, or `by` is no column.
    ParameterError
        If a span is empty or ends after `as_of`.

    Warns
    -----
    SiyuWarning
        If one span is more than 5 % longer than the other.

    Notes
    -----
    Accounting, not cause, and without intervals: all orders are counted, none are sampled. A
    buyer of two channels is a buyer of each.

    References
    ----------
    Shapley (1953); Sun (1998), "Accounting for changes in energy consumption: the complete
    decomposition model", Energy Economics 20, 85-100; Ang (2004), Energy Policy 32, 1131-1139.

    Examples
    --------
    >>> import pandas as pd
    >>> days = ["2026-01-05", "2026-01-20", "2026-02-03", "2026-02-04", "2026-02-05"]
    >>> orders = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 2, 1, 2, 3],
    ...         "order_time": pd.to_datetime(days).tz_localize("Asia/Shanghai"),
    ...         "amount": [10.0, 10.0, 20.0, 20.0, 20.0],
    ...     }
    ... )
    >>> split = revenue_split(
    ...     Community(orders=orders),
    ...     as_of="2026-03-01",
    ...     period=("2026-02-01", "2026-02-28"),
    ...     baseline=("2026-01-01", "2026-01-28"),
    ... )
    >>> split[["driver", "before", "after", "contribution"]]
                 driver  before  after  contribution
    0            buyers     2.0    3.0          15.0
    1  orders_per_buyer     1.0    1.0           0.0
    2      basket_value    10.0   20.0          25.0
    3           refunds     0.0    0.0           0.0
    """
    a = audience_of(data, as_of, ("orders",), (), "revenue_split()")
    spans = [_span(a, name, given) for name, given in (("baseline", baseline), ("period", period))]
    lengths = [end - start for start, end in spans]
    if max(lengths) > 1.05 * min(lengths):
        warn("revenue_split(): one span is more than 5 % longer; longer spans earn more")
    lines = _Lines.of_audience(a, by)
    before, after = (lines.within(start, end) for start, end in spans)
    there = np.flatnonzero((before.n_lines + after.n_lines > 0) | (by is None))
    return from_arrow(_table(lines.names, before, after, there), output or kind_of(data))


def _span(a: Audience, name: str, given: Span) -> tuple[int, int]:
    start, end = (a.c.moment(side) for side in given)
    if start >= end:
        raise ParameterError(name, f"{name} must end after it begins")
    if end > a.end:
        raise ParameterError(name, f"{name} must end by as_of, and within the record of orders")
    if a.begin is not None and start < a.begin:
        raise DataError(f"revenue_split(): orders were not yet recorded when {name} began")
    return start, end


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Of each group: buyers, orders, money paid and paid back, and lines of any kind."""

    buyers: Floats
    orders: Floats
    paid: Floats
    refunded: Floats
    n_lines: Ints

    def factors(self) -> Floats:
        """Give buyers, orders a buyer and value of an order, a row each; NaN without buyers."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.stack([self.buyers, self.orders / self.buyers, self.paid / self.orders])


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """All order lines of the members, and the group of each."""

    of: Ints
    at: Ints
    order: Ints
    amount: Floats
    bought: Bools
    group: Ints
    names: pa.Array

    @classmethod
    def of_audience(cls, a: Audience, by: str | None) -> "_Lines":
        """Read the orders of the members, and put each line into a group."""
        needed = ("amount", "quantity", "order_id", by or "amount")
        rows, of, at = a.rows("orders", "order_time", columns=needed)
        if by is not None and has_column(a.c, "orders", by):
            groups = grouped(rows[by].combine_chunks())
            group = groups.codes
        else:
            groups = groups_of(a, by)
            group = groups.codes[of]
        order = order_codes(a, rows, of, at)
        return cls(of, at, order, rows["amount"].to_numpy(), is_purchase(rows), group, groups.names)

    def within(self, start: int, end: int) -> _Sums:
        """Sum up the lines of a span of time."""
        n = len(self.names)
        inside = (self.at >= start) & (self.at < end)
        bought = inside & self.bought
        return _Sums(
            buyers=self._distinct(self.of, bought),
            orders=self._distinct(self.order, bought),
            paid=exact_sum(self.group, self.amount, n, where=bought),
            refunded=exact_sum(self.group, self.amount, n, where=inside & ~self.bought),
            n_lines=np.bincount(self.group[inside], minlength=n),
        )

    def _distinct(self, codes: Ints, mask: Bools) -> Floats:
        """Count the distinct codes in each group."""
        width = max(len(self.names), 1)
        met = distinct(codes[mask] * width + self.group[mask])
        return np.bincount(met % width, minlength=len(self.names)).astype(np.float64)


def _table(names: pa.Array, before: _Sums, after: _Sums, there: Ints) -> pa.Table:
    parts = _contributions(before, after)[:, there].T.reshape(-1)
    change = float(exact_sum(np.zeros(len(parts), np.int64), parts, 1)[0])
    then, now = (
        np.vstack([sums.factors(), sums.refunded])[:, there].T.reshape(-1)
        for sums in (before, after)
    )
    n_drivers = len(DRIVERS)
    share = parts / change if change else np.full(len(parts), np.nan)
    return pa.table(
        {
            "group": names.take(pa.array(np.repeat(there, n_drivers))),
            "driver": pa.array(list(DRIVERS) * len(there), pa.string()),
            "before": known(then),
            "after": known(now),
            "contribution": pa.array(parts),
            "share": known(share),
            "amount_before": pa.array(np.repeat((before.paid + before.refunded)[there], n_drivers)),
            "amount_after": pa.array(np.repeat((after.paid + after.refunded)[there], n_drivers)),
        }
    )


def _contributions(before: _Sums, after: _Sums) -> Floats:
    """Give the Shapley value of each factor, and the change of refunds; a row each."""
    (a0, b0, c0), (a1, b1, c1) = before.factors(), after.factors()
    # Where nobody bought, frequency and basket are taken as unchanged: buyers moved all.
    b0, b1 = np.where(np.isnan(b0), b1, b0), np.where(np.isnan(b1), b0, b1)
    c0, c1 = np.where(np.isnan(c0), c1, c0), np.where(np.isnan(c1), c0, c1)
    factors = [(a0, a1), (b0, b1), (c0, c1)]
    moved = []
    for i in range(3):
        (x0, x1), (y0, y1), (z0, z1) = factors[i], factors[(i + 1) % 3], factors[(i + 2) % 3]
        mean = (y0 * z0 + y1 * z1) / 3 + (y0 * z1 + y1 * z0) / 6
        moved.append(np.nan_to_num((x1 - x0) * mean))
    return np.vstack([*moved, after.refunded - before.refunded])
