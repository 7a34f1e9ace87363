"""The rows that rules count: of one table, by member and time, with the columns of products."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import INSTANT
from siyu.datasets.community import Community
from siyu.datasets.ids import lookup
from siyu.datasets.member_rows import MemberRows
from siyu.segmentation.records import has_column, table_of

from .tree import Filter, Measure
from .vocabulary import Term

__all__ = ["SHARE", "SourceRows", "absent", "counted_rows", "filter_needs", "needs_of", "time_of"]

Bools = npt.NDArray[np.bool_]

SHARE = "share"
"""The event that counts as a share."""

_LONG_AGO = pa.scalar(-(2**62), INSTANT)

_TIMES = {
    "orders": "order_time",
    "events": "event_time",
    "messages": "message_time",
    "sends": "send_time",
    "referrals": "referral_time",
}
_OWN_TIMES = {"opens": "opened_at", "clicks": "clicked_at", "redemptions": "redeemed_at"}
_KEYS = {"referrals": "inviter_id"}
_FILTERED = {
    "category": "products.category",
    "brand": "products.brand",
    "product": "product_id",
    "channel": "channel",
    "store": "store_id",
    "coupon": "coupon_id",
    "event": "event",
    "group": "group_id",
    "campaign": "campaign_id",
}


def needs_of(measure: Measure, term: Term) -> list[str]:
    """List the ``table.column`` that a counted measure is made of."""
    columns = [term.column, *(_FILTERED[held.column] for held in measure.filters)]
    if any(column.startswith("products.") for column in columns):
        columns.append("product_id")
    if measure.window is not None:
        columns.append(time_of(measure, term))
    return [column if "." in column else f"{term.source}.{column}" for column in columns]


def filter_needs(held: Filter, source: str) -> str:
    """Name the ``table.column`` that a filter on the rows of a table looks at."""
    column = _FILTERED[held.column]
    return column if "." in column else f"{source}.{column}"


def time_of(measure: Measure, term: Term) -> str:
    """Name the time column that places a row of a measure in its window."""
    return _OWN_TIMES.get(measure.name, _TIMES[term.source])


@dataclass(slots=True, eq=False)
class SourceRows:
    """The rows of one table; columns of products are looked up once."""

    c: Community
    rows: MemberRows
    looked_up: dict[str, pa.ChunkedArray] = field(default_factory=dict)

    def column(self, name: str) -> pa.ChunkedArray:
        """Give a column, a value a row; ``products.category`` is that of the row's product."""
        if not name.startswith("products."):
            return self.rows.table[name]
        if name not in self.looked_up:
            products = table_of(self.c, "products", "a rule")
            self.looked_up[name] = _of_product(
                products, name.partition(".")[2], self.rows.table["product_id"]
            )
        return self.looked_up[name]

    def passing(self, filters: tuple[Filter, ...]) -> Bools:
        """Tell which rows pass all filters; a row without the value passes none."""
        passed = np.ones(len(self.rows.codes), dtype=np.bool_)
        for held in filters:
            values = self.column(_FILTERED[held.column])
            if held.column == "coupon":
                found = values.is_valid() if held.values == ("true",) else values.is_null()
            else:
                wanted = pa.array(held.values, pa.large_string())
                found = pc.is_in(values.cast(pa.large_string()), wanted)
            passed &= found.to_numpy()
        return passed

    def distinct(self, kept: Bools, column: str) -> npt.NDArray[np.int64]:
        """Count each member's distinct values of a column among the rows kept."""
        slim = pa.table({"value": self.column(column)})
        return replace(self.rows, table=slim).where(kept).distinct("value")

    def distinct_days(self, kept: Bools) -> npt.NDArray[np.int64]:
        """Count each member's distinct local days among the rows kept."""
        slim = replace(self.rows, table=self.rows.table.select([])).where(kept)
        return slim.distinct(slim.days(self.c.tz))


def _rows_of(c: Community, found: pa.Table, time: str, members: pa.Array, key: str) -> SourceRows:
    """Group rows by member and by a time column; rows without a time come before all others."""
    if time not in found.column_names:
        return SourceRows(c, MemberRows.of(found, None, members, key))
    if found[time].null_count:
        filled = found[time].fill_null(_LONG_AGO)
        found = found.set_column(found.column_names.index(time), time, filled)
    return SourceRows(c, MemberRows.of(found, time, members, key))


def counted_rows(
    c: Community, terms: list[tuple[Measure, Term]], members: pa.Array, end: int
) -> SourceRows:
    """Group the rows that some measures of one table and one time column count.

    Only the columns and the span of time that they need are taken.
    """
    measure, term = terms[0]
    table, time = term.source, time_of(measure, term)
    key = _KEYS.get(table, "member_id")
    found = table_of(c, table, "a rule")
    if table == "referrals":
        found = found.filter(pc.not_equal(found["inviter_id"], found["invitee_id"]))
    needed = {need.partition(".")[2] for m, t in terms for need in needs_of(m, t)}
    needed |= {key, time, "amount", "quantity", "event"}
    found = found.select([name for name in found.column_names if name in needed])
    if time in _OWN_TIMES.values():
        found = found.filter(found[time].is_valid())
    windows = [m.window for m, _ in terms]
    spans = [window.older for window in windows if window is not None]
    if time in found.column_names and len(spans) == len(windows):
        since = pa.scalar(end - max(spans), INSTANT)
        recent = pc.greater_equal(found[time], since).fill_null(False)
        found = found.take(pa.array(np.flatnonzero(recent.to_numpy())))
    return _rows_of(c, found, time, members, key)


def _of_product(products: pa.Table, column: str, ids: pa.ChunkedArray) -> pa.ChunkedArray:
    known = pa.table({"id": products["product_id"], "value": products[column]})
    known = known.sort_by([("id", "ascending"), ("value", "ascending")])
    at = lookup(ids, known["id"].combine_chunks())
    return known["value"].take(pa.array(at, mask=at < 0))


def absent(c: Community, needs: list[str]) -> str:
    """Name the first ``table.column`` that is absent; empty if all are there."""
    return next((need for need in needs if not has_column(c, *need.split(".", 1))), "")
