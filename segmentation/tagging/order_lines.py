"""Purchase lines as plain arrays, put in order of member and time once for every tag."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import instants, local_day
from siyu.datasets.community import Community
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import encode, lookup
from siyu.datasets.member_rows import group_order
from siyu.datasets.purchases import is_purchase
from siyu.segmentation.visits import days_in_order

from .blocks import side_by_side

__all__ = ["Keys", "OrderLines", "order_lines"]

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """A column of ids: row ``i`` holds ``ids[codes[i]]``, or nothing where the code is -1."""

    codes: Codes
    ids: pa.Array

    def among(self, ids: pa.Array) -> Codes:
        """Give the place of each row's id among other sorted ids, -1 where it is not there."""
        place = np.append(lookup(self.ids, ids), -1).astype(np.int32)
        return np.asarray(place[self.codes])


@dataclass(frozen=True, slots=True, eq=False)
class OrderLines:
    """The purchase lines of some members, by member, then by time.

    Parameters
    ----------
    codes, starts : int64 arrays
        The position of each line's member; lines of member ``i`` are
        ``starts[i]:starts[i + 1]``.
    times : int64 array, one a line
        Microseconds, UTC.
    day : int64 array, one a line
        The local day, counted from 1970-01-01; ascending within a member.
    amount : float64 array
    quantity, discount : float64 arrays or None
        NaN where unknown; None where the column is absent.
    coupon : bool array or None
        Whether the line was bought with a coupon.
    order, product, store, channel : Keys or None
    money, refund : float64 arrays, one a member
        Net money of all lines, and money given back.
    n_refunds : int64 array, one a member
        Lines with money given back.
    """

    codes: Ints
    starts: Ints
    times: Ints
    day: Ints
    amount: Floats
    quantity: Floats | None
    discount: Floats | None
    coupon: Bools | None
    order: Keys | None
    product: Keys | None
    store: Keys | None
    channel: Keys | None
    money: Floats
    refund: Floats
    n_refunds: Ints

    def count(self, mask: Bools | None = None) -> Ints:
        """Count the lines of each member, or those in a mask."""
        return np.diff(self.starts) if mask is None else self.total(mask).astype(np.int64)

    def total(self, values: npt.NDArray[np.generic]) -> Floats:
        """Add up whole numbers (or multiples of 2**-24), a line each: exact in any order."""
        there = self.starts[:-1] < self.starts[1:]
        sums = np.zeros(len(there))
        if len(values):
            begin = self.starts[:-1][there]
            sums[there] = np.add.reduceat(values, begin, dtype=np.float64)
        return sums

    def paid(self, values: Floats, where: Bools | None = None) -> Floats:
        """Add up money, a line each, of each member."""
        return exact_sum(self.codes, values, len(self.starts) - 1, where)


def order_lines(c: Community, orders: pa.Table, members: pa.Array) -> OrderLines:
    """Put the purchase lines of some members in order.

    Parameters
    ----------
    c : Community
    orders : pyarrow.Table
        Already cut.
    members : sorted pyarrow.Array

    Returns
    -------
    OrderLines
        Each column is read and put in order once: about 60 bytes a line.
    """
    n = len(members)
    codes, amount = lookup(orders["member_id"], members), orders["amount"].to_numpy()
    mine, bought = codes >= 0, is_purchase(orders)
    back = np.flatnonzero(mine & (amount < 0))
    rows = np.flatnonzero(mine & bought)
    whose, times = codes[rows], instants(orders["order_time"])[rows]
    starts = np.concatenate(([0], np.cumsum(np.bincount(whose, minlength=n))))
    order = group_order(whose, n, times)
    if order is not None:
        rows, times = rows[order], times[order]
        whose = np.repeat(np.arange(n), np.diff(starts))
    return OrderLines(
        codes=whose,
        starts=starts,
        times=times,
        day=days_in_order(local_day(times, c.tz), whose),
        amount=amount[rows],
        money=exact_sum(codes, amount, n, mine),
        refund=exact_sum(codes[back], -amount[back], n),
        n_refunds=np.bincount(codes[back], minlength=n),
        **_columns(orders, rows),
    )


def _columns(orders: pa.Table, rows: Ints) -> dict[str, Any]:
    """Read the columns that may be absent, and put them in order."""
    readers: dict[str, tuple[Callable[[pa.Table, str, Ints], Any], str]] = {
        "quantity": (_numbers, "quantity"),
        "discount": (_numbers, "discount"),
        "coupon": (_held, "coupon_id"),
        "order": (_same_order, "order_id"),
        "product": (_keys, "product_id"),
        "store": (_keys, "store_id"),
        "channel": (_keys, "channel"),
    }

    def read(name: str) -> Any:
        reader, column = readers[name]
        return reader(orders, column, rows) if column in orders.column_names else None

    return dict(zip(readers, side_by_side(len(rows), read, list(readers)), strict=True))


def _numbers(table: pa.Table, column: str, rows: Ints) -> Floats:
    return np.asarray(table[column].cast(pa.float64()).to_numpy()[rows], dtype=np.float64)


def _held(table: pa.Table, column: str, rows: Ints) -> Bools:
    return np.asarray(table[column].is_valid().to_numpy()[rows], dtype=np.bool_)


def _keys(table: pa.Table, column: str, rows: Ints) -> Keys:
    codes, ids = encode(table[column])
    return Keys(codes.astype(np.int32)[rows], ids)


def _same_order(table: pa.Table, column: str, rows: Ints) -> Keys:
    """Code orders; nobody asks in which order their ids stand, so that text is not sorted."""
    if pa.types.is_integer(table[column].type):
        return _keys(table, column, rows)
    coded = table[column].combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Keys(codes.astype(np.int32)[rows], coded.dictionary)
