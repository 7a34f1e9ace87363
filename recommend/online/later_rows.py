"""What a member did since a snapshot: rows of a request, sorted out and put into codes.

Rows count from the snapshot's moment on and before the moment of the request: what came before is
in the snapshot already, what comes later is not known yet. The rest is counted, never silently
used: products that the snapshot does not know, rows that are no purchases, events that are no
activity of the model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from siyu.datasets.clock import moment
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, to_arrow
from siyu.recommend.tables.purchases import Purchases, gather_baskets

from .id_search import SortedIds

__all__ = ["NOTES", "Clock", "Later", "LaterRows", "read_later"]

LaterRows: TypeAlias = Frame | Sequence[Mapping[str, Any]]

NOTES = ("before_snapshot", "not_before_now", "unknown_products", "no_purchases", "not_used")
"""What is counted of rows that do not count."""

_TIME = {"orders": "order_time", "events": "event_time"}


@dataclass(frozen=True, slots=True)
class Clock:
    """The time that rows may lie in: from `since` on, before `now`, microseconds; and the zone."""

    since: int
    now: int
    tz: str


@dataclass(frozen=True, slots=True, eq=False)
class Later:
    """Rows that count, as one column each.

    Attributes
    ----------
    time, product, place : list of int
        Microseconds; codes of the snapshot, place -1 unknown.
    order : list of order ids, None where unknown
    quantity, amount, discount : list of float
    """

    time: list[int] = field(default_factory=list)
    product: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    order: list[Any] = field(default_factory=list)
    quantity: list[float] = field(default_factory=list)
    amount: list[float] = field(default_factory=list)
    discount: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.time)

    def after(self, earlier: Purchases) -> Purchases:
        """Put the rows behind the purchases of the same one member; all are later than those."""
        if not self.time:
            return earlier
        try:
            named = sorted({one for one in self.order if one is not None})
        except TypeError as error:
            raise DataError("orders: order_id must be of one type in all rows") from error
        code = {one: nth for nth, one in enumerate(named)}
        order = np.array([code.get(one, -1) for one in self.order], np.int64)
        new = gather_baskets(
            member=np.zeros(len(self), np.int64),
            time=np.array(self.time, np.int64),
            order=order,
            product=np.array(self.product, np.int64),
            place=np.array(self.place, np.int64),
            numbers=(np.array(self.quantity), np.array(self.amount), np.array(self.discount)),
        )
        new["line_basket"] = new["line_basket"] + len(earlier.basket_time)
        joined = {
            name: np.concatenate([getattr(earlier, name), column]) for name, column in new.items()
        }
        return Purchases(earlier.members, earlier.products, earlier.places, **joined)


def read_later(
    table: str,
    rows: LaterRows | None,
    member_id: Any,
    clock: Clock,
    catalogue: tuple[SortedIds, SortedIds],
    notes: dict[str, int],
) -> Later:
    """Read the rows of one table.

    Parameters
    ----------
    table : {"orders", "events"}
        Rows of orders need ``order_time``, ``product_id`` and ``amount``, and may have
        ``quantity``, ``discount``, ``order_id`` and ``store_id``; rows of events need
        ``event_time`` and ``product_id``.
    rows : frame or sequence of mappings, or None
    member_id : int or str
        Whose rows they must be, where they say it.
    clock : Clock
    catalogue : (products, places)
    notes : dict of `NOTES` to int
        Counted up here.

    Raises
    ------
    DataError
        If a row lacks a column, cannot be read, or is another member's.
    """
    found = Later()
    for nth, row in enumerate(_as_mappings(table, rows)):
        given = _known(row, "member_id")
        if given is not None and given != member_id:
            raise DataError(f"{table}: row {nth} is of another member than the one asked for")
        if table == "orders" and "amount" not in row:
            raise DataError(f"orders: row {nth} lacks amount")
        why_not = _add(found, _time(table, nth, row, clock.tz), row, clock, catalogue)
        if why_not:
            notes[why_not] += 1
    return found


def _add(
    found: Later,
    time: int,
    row: Mapping[str, Any],
    clock: Clock,
    catalogue: tuple[SortedIds, SortedIds],
) -> str:
    """Add one row if it counts; else say which of `NOTES` it belongs to."""
    if time < clock.since or time >= clock.now:
        return "before_snapshot" if time < clock.since else "not_before_now"
    amount = _number(row, "amount", -1.0) if "amount" in row else 0.0
    quantity = _number(row, "quantity", 1.0)
    named, store = _known(row, "product_id"), _known(row, "store_id")
    if named is None or amount < 0 or quantity <= 0:
        return "no_purchases"
    products, places = catalogue
    product = products.find(named, "product_id")
    if product < 0:
        return "unknown_products"
    found.time.append(time)
    found.product.append(product)
    found.place.append(-1 if store is None else places.find(store, "store_id"))
    found.order.append(_known(row, "order_id"))
    found.quantity.append(quantity)
    found.amount.append(amount)
    found.discount.append(_number(row, "discount", 0.0))
    return ""


def _as_mappings(table: str, rows: LaterRows | None) -> Sequence[Mapping[str, Any]]:
    """Take rows as mappings, frames too."""
    if rows is None:
        return ()
    if isinstance(rows, list | tuple):
        if not all(isinstance(row, Mapping) for row in rows):
            raise ParameterError(table, f"{table} must be a frame, or a list of mappings")
        return rows
    listed: list[dict[str, Any]] = to_arrow(rows)[0].to_pylist()
    return listed


def _time(table: str, nth: int, row: Mapping[str, Any], tz: str) -> int:
    """Read when a row happened; without a zone it is the shop's clock."""
    name = _TIME[table]
    if _known(row, name) is None:
        raise DataError(f"{table}: row {nth} lacks {name}")
    try:
        return moment(row[name], tz)
    except ParameterError as error:
        raise DataError(f"{table}: row {nth}: {name} is no time: {row[name]!r}") from error


def _number(row: Mapping[str, Any], name: str, missing: float) -> float:
    """Read a number; `missing` where it is null."""
    value = _known(row, name)
    return missing if value is None else float(value)


def _known(row: Mapping[str, Any], name: str) -> Any:
    """Read a value; None where it is missing, in any of the ways that frames say so."""
    value = row.get(name)
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124
        return None
    return value
