"""Purchase lines as plain arrays, put in order of member and time once for every tag."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, instants, local_clock
from siyu.datasets.community import Community
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import encode, lookup
from siyu.datasets.member_rows import group_order
from siyu.segmentation.recency import is_purchase

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
    times, clock : int64 arrays, one a line
        Microseconds, UTC and of the shop's clock.
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
    clock: Ints
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

    def day(self) -> Ints:
        """Give the local day of each line, counted from 1970-01-01."""
        return self.clock // DAY_US


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
    times = instants(orders["order_time"])
    order = group_order(codes[rows], n, times[rows])
    rows = rows if order is None else rows[order]
    starts = np.concatenate(([0], np.cumsum(np.bincount(codes[rows], minlength=n))))
    return OrderLines(
        codes[rows],
        starts,
        times[rows],
        local_clock(times[rows], c.tz),
        amount[rows],
        _numbers(orders, "quantity", rows),
        _numbers(orders, "discount", rows),
        _held(orders, "coupon_id", rows),
        _same_order(orders, rows),
        _keys(orders, "product_id", rows),
        _keys(orders, "store_id", rows),
        _keys(orders, "channel", rows),
        exact_sum(codes, amount, n, mine),
        exact_sum(codes[back], -amount[back], n),
        np.bincount(codes[back], minlength=n),
    )


def _numbers(table: pa.Table, column: str, rows: Ints) -> Floats | None:
    if column not in table.column_names:
        return None
    return np.asarray(table[column].cast(pa.float64()).to_numpy()[rows], dtype=np.float64)


def _held(table: pa.Table, column: str, rows: Ints) -> Bools | None:
    if column not in table.column_names:
        return None
    return np.asarray(table[column].is_valid().to_numpy()[rows], dtype=np.bool_)


def _keys(table: pa.Table, column: str, rows: Ints) -> Keys | None:
    if column not in table.column_names:
        return None
    codes, ids = encode(table[column])
    return Keys(codes.astype(np.int32)[rows], ids)


def _same_order(table: pa.Table, rows: Ints) -> Keys | None:
    """Code orders; nobody asks in which order their ids stand, so that text is not sorted."""
    if "order_id" not in table.column_names:
        return None
    if pa.types.is_integer(table["order_id"].type):
        return _keys(table, "order_id", rows)
    coded = table["order_id"].combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Keys(codes.astype(np.int32)[rows], coded.dictionary)
