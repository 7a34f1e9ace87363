"""Rows by member, then by time: the kernel under every per-member feature.

One counting sort puts the rows of a table in order of member and time; after that every
feature of a member is one line::

    rows = MemberRows.of(orders, time="order_time", members=c.customers())
    rows.last_time()              # instant of the last order
    rows.sum("amount")            # what the member paid
    rows.distinct(rows.days(tz))  # local days with an order
    rows.gaps(tz).quantile(0.5)   # median days between two of them

A per-member job has two steps. The **population step** reads everything once and gives a
small frozen dataclass (priors, quantile edges, totals of categories); its numbers do not
depend on the order of rows. The **kernel** needs all rows of its members and that
dataclass, nothing else. So one member, a chunk of members and the whole table give the
same numbers.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .clock import instants, local_day
from .exact_sums import exact_sum
from .ids import encode
from .ordering import distinct, stable_order
from .ragged import Ragged

__all__ = ["MemberRows", "group_order"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MemberRows:
    """The rows of one table, in order of member and time.

    Parameters
    ----------
    table : pyarrow.Table
        Rows in order; only rows of `members`.
    members : pyarrow.Array, n_members
        Sorted distinct ids.
    codes : int64 array, n_rows
        Position in `members` of each row's member, ascending.
    starts : int64 array, n_members + 1
        Rows of member ``i`` are ``starts[i]:starts[i + 1]``.
    times : int64 array, n_rows
        Microseconds since 1970-01-01 UTC, ascending within a member; empty without a time.
    """

    table: pa.Table
    members: pa.Array
    codes: Ints
    starts: Ints
    times: Ints

    @classmethod
    def of(
        cls,
        table: pa.Table,
        time: str | None = None,
        members: pa.Array | None = None,
        key: str = "member_id",
    ) -> "MemberRows":
        """Group the rows of a checked table.

        Parameters
        ----------
        table : pyarrow.Table
        time : str, optional
            Time column without nulls to order by; without it the order of rows is kept.
        members : sorted pyarrow.Array, optional
            Whom to return, also those without rows; rows of others are left out.
            Default: the members met.
        key : str
            The column that holds the member.

        Returns
        -------
        MemberRows

        Examples
        --------
        >>> rows = MemberRows.of(pa.table({"member_id": [2, 1, 2], "amount": [1.0, 5.0, 2.5]}))
        >>> rows.members.to_pylist(), rows.sum("amount")
        ([1, 2], array([5. , 3.5]))
        """
        codes, members = encode(table[key], members)
        if len(codes) and codes.min() < 0:
            kept = np.flatnonzero(codes >= 0)
            table, codes = table.take(pa.array(kept)), codes[kept]
        times = np.empty(0, dtype=np.int64) if time is None else instants(table[time])
        order = group_order(codes, len(members), times if time is not None else None)
        if order is not None:
            table, codes = table.take(pa.array(order)), codes[order]
            times = times[order] if time is not None else times
        starts = np.zeros(len(members) + 1, dtype=np.int64)
        np.cumsum(np.bincount(codes, minlength=len(members)), out=starts[1:])
        return cls(table, members, codes, starts, times)

    def where(self, mask: npt.NDArray[np.bool_]) -> "MemberRows":
        """Keep the rows of a mask; all members stay."""
        kept = np.flatnonzero(mask)
        if len(kept) == len(mask):
            return self
        starts = np.concatenate(([0], np.cumsum(mask, dtype=np.int64)))[self.starts]
        times = self.times[kept] if len(self.times) else self.times
        table = self.table.take(pa.array(kept))
        return MemberRows(table, self.members, self.codes[kept], starts, times)

    def has(self, column: str) -> bool:
        """Tell whether the table has this column."""
        return column in self.table.column_names

    def count(self) -> Ints:
        """Count the rows of each member."""
        return np.diff(self.starts)

    def numbers(self, column: str) -> Floats:
        """Give a number column, a row each; missing values are NaN."""
        values = self.table[column].cast(pa.float64())
        return np.asarray(values.to_numpy(), dtype=np.float64)

    def days(self, tz: str) -> Ints:
        """Give the local day of each row, as days since 1970-01-01."""
        return local_day(self.times, tz)

    def first_time(self) -> Floats:
        """Give the first instant of each member, in microseconds; NaN without rows."""
        return self._edge(self.starts[:-1])

    def last_time(self) -> Floats:
        """Give the last instant of each member, in microseconds; NaN without rows."""
        return self._edge(self.starts[1:] - 1)

    def last(self, column: str) -> pa.Array:
        """Give a column's value at the last instant of each member; null without rows.

        Of several rows at that instant the one with the largest value speaks, so that the
        order of rows in the input does not matter.
        """
        codes, values = encode(self.table[column])
        best = np.full(len(self.members), -1, dtype=np.int64)
        newest = self.times == np.repeat(np.nan_to_num(self.last_time()), self.count())
        np.maximum.at(best, self.codes[newest], codes[newest])
        return values.take(pa.array(best, mask=best < 0))

    def sum(self, values: str | Floats) -> Floats:
        """Sum a column (or an array, a row each); missing values count 0."""
        numbers = self.numbers(values) if isinstance(values, str) else values
        return exact_sum(self.codes, np.nan_to_num(numbers), len(self.members))

    def mean(self, values: str | Floats) -> Floats:
        """Average a column over its known values; NaN where a member has none."""
        numbers = self.numbers(values) if isinstance(values, str) else values
        known = np.bincount(self.codes, ~np.isnan(numbers), len(self.members))
        total = self.sum(numbers)
        return np.asarray(np.where(known > 0, total / np.maximum(known, 1), np.nan))

    def share(self, mask: npt.NDArray[np.bool_]) -> Floats:
        """Give the share of each member's rows that are in a mask; NaN without rows."""
        n = self.count()
        held = np.bincount(self.codes, mask, len(self.members))
        return np.asarray(np.where(n > 0, held / np.maximum(n, 1), np.nan))

    def distinct(self, values: str | Ints) -> Ints:
        """Count the distinct values (nulls aside) of a column or an array with a value a row."""
        codes = encode(self.table[values])[0] if isinstance(values, str) else values
        return np.diff(self._distinct(codes)[1])

    def distinct_days(self, tz: str) -> Ragged:
        """Give the distinct local days of each member, ascending, as days since 1970-01-01."""
        days, starts = self._distinct(self.days(tz))
        return Ragged(days.astype(np.float64), starts)

    def gaps(self, tz: str) -> Ragged:
        """Give the days between consecutive distinct local days of each member."""
        days = self.distinct_days(tz)
        inside = np.ones(len(days.values), dtype=bool)
        inside[days.starts[:-1][days.count() > 0]] = False
        gaps = np.diff(days.values, prepend=0.0)[inside]
        starts = np.concatenate(([0], np.cumsum(np.maximum(days.count() - 1, 0))))
        return Ragged(gaps, starts)

    def values(self, column: str | Floats) -> Ragged:
        """Give the known values of a column, by member."""
        numbers = self.numbers(column) if isinstance(column, str) else column
        known = ~np.isnan(numbers)
        starts = np.concatenate(([0], np.cumsum(known, dtype=np.int64)))[self.starts]
        return Ragged(numbers[known], starts)

    def quantile(self, column: str | Floats, q: float) -> Floats:
        """Give a quantile (0..1) of a column for each member; NaN without values."""
        return self.values(column).quantile(q)

    def top(self, column: str, weight: Floats | None = None) -> tuple[pa.Array, Floats]:
        """Give each member's value with the most weight, and its share of all the weight.

        Parameters
        ----------
        column : str
            Text or id column; rows where it is null do not count.
        weight : float array, a row each, optional
            Not negative; default 1 a row.

        Returns
        -------
        (values, share)
            The smallest value wins a draw; null and NaN where a member has none.
        """
        keys, names = encode(self.table[column])
        known = keys >= 0
        weights = np.ones(len(keys)) if weight is None else weight
        pairs = self.codes[known] * max(len(names), 1) + keys[known]
        met, at = np.unique(pairs, return_inverse=True)
        total = exact_sum(at, weights[known], len(met))
        owner, name = met // max(len(names), 1), met % max(len(names), 1)
        best = np.lexsort((name, -total, owner))
        best = best[np.unique(owner[best], return_index=True)[1]]
        everything = exact_sum(owner, total, len(self.members))
        winner = np.full(len(self.members), -1, dtype=np.int64)
        winner[owner[best]] = name[best]
        share = np.full(len(self.members), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            share[owner[best]] = total[best] / everything[owner[best]]
        return names.take(pa.array(winner, mask=winner < 0)), share

    def _edge(self, at: Ints) -> Floats:
        if not len(self.times):
            return np.full(len(self.members), np.nan)
        times = self.times[np.minimum(at, len(self.times) - 1)]  # the last members may have none
        return np.asarray(np.where(self.count() > 0, times, np.nan))

    def _distinct(self, values: Ints) -> tuple[Ints, Ints]:
        """Give each member's distinct values (not negative ones) in order, and their starts."""
        known = values >= 0
        codes, kept = (self.codes, values) if known.all() else (self.codes[known], values[known])
        span = int(kept.max()) + 1 if len(kept) else 1
        keys = distinct(codes * span + kept)
        per_member = np.bincount(keys // span, minlength=len(self.members))
        return keys % span, np.concatenate(([0], np.cumsum(per_member)))


def group_order(codes: Ints, n: int, times: Ints | None = None) -> Ints | None:
    """Find the order of rows by code, then by time; None when they stand in it already.

    Parameters
    ----------
    codes : int64 array, 0 <= code < n
    n : int
    times : int64 array, optional

    Returns
    -------
    int64 array or None
        A stable permutation.

    Examples
    --------
    >>> group_order(np.array([1, 0, 1]), 2, np.array([5, 9, 3]))
    array([1, 2, 0])
    """
    if _in_order(codes, times):
        return None
    order = stable_order(codes)
    if times is None:
        return order
    count = np.bincount(codes, minlength=n)
    begin = np.repeat(np.cumsum(count) - count, count)
    coarse = _coarse_order(codes[order], times[order], begin)
    found = order[coarse]
    if np.any((np.diff(codes[found]) == 0) & (np.diff(times[found]) < 0)):
        # Moments too close for the coarse clock stand in the wrong order.
        by_time = stable_order(times)
        return by_time[stable_order(codes[by_time])]
    return found


def _coarse_order(codes: Ints, times: Ints, begin: Ints) -> Ints:
    """Order grouped rows by time within their group, by as fine a clock as fits one number.

    `begin` is the first row of each row's group. Code, time and place in the group are packed
    into an int64, which is sorted far faster than an order is found.
    """
    place = np.arange(len(codes)) - begin
    low, bits = int(times.min()), 63 - int(place.max()).bit_length()
    of_place = 63 - bits
    of_time = bits - int(codes[-1]).bit_length()
    coarser = max((int(times.max()) - low).bit_length() - of_time, 0)
    packed = codes << of_time
    packed |= (times - low) >> coarser
    packed <<= of_place
    packed |= place
    packed.sort()
    packed &= (1 << of_place) - 1
    return begin + packed


def _in_order(codes: Ints, times: Ints | None) -> bool:
    step = np.diff(codes)
    if np.any(step < 0):
        return False
    return times is None or not np.any((step == 0) & (np.diff(times) < 0))
