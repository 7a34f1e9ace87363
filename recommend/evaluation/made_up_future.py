"""Another future for the same past, to see whether anything before it changes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from siyu.datasets.clock import DAY_US, INSTANT, instants
from siyu.datasets.community import Community

__all__ = ["with_a_made_up_future"]

_DATED = {"orders": "order_time", "events": "event_time"}
_SHIFT = 90 * DAY_US


def with_a_made_up_future(c: Community, as_of: Any) -> Community:
    """Append orders and events at and after a moment, made from earlier ones.

    The rows of the 90 days before are repeated 90 days later, every member with the products of
    another.

    Parameters
    ----------
    c : Community
    as_of : Timestamp, datetime or str

    Returns
    -------
    Community
        What lay before `as_of` is unchanged.

    Examples
    --------
    >>> orders = pd.DataFrame({"member_id": [1, 2], "amount": 5.0, "product_id": [7, 8]})
    >>> orders["order_time"] = pd.to_datetime("2026-01-01", utc=True)
    >>> with_a_made_up_future(Community(orders=orders), "2026-02-01").orders["product_id"].tolist()
    [7, 8, 8, 7]
    """
    moment = c.moment(as_of)
    tables: dict[str, Any] = {}
    for name in c.tables():
        rows = c.arrow(name)
        if rows is None or name not in _DATED:
            tables[name] = rows
            continue
        times = instants(rows[_DATED[name]])
        late = np.flatnonzero((times >= moment - _SHIFT) & (times < moment))
        more = rows.take(pa.array(late))
        if "product_id" in more.column_names:
            turned = more["product_id"].take(pa.array(np.roll(np.arange(len(late)), 1)))
            more = more.set_column(more.column_names.index("product_id"), "product_id", turned)
        moved = pa.array(times[late] + _SHIFT).cast(INSTANT)
        place = more.column_names.index(_DATED[name])
        more = more.set_column(place, _DATED[name], moved.cast(rows[_DATED[name]].type))
        tables[name] = pa.concat_tables([rows, more])
    return Community(tz=c.tz, observed=dict(_spans(c)), **tables)


def _spans(c: Community) -> Iterator[tuple[str, tuple[pd.Timestamp, pd.Timestamp]]]:
    """Give the observed spans, those of the tables that grew a little longer."""
    for name, (start, end) in c.observed.items():
        until = end + (_SHIFT if name in _DATED else 0)
        yield (
            name,
            (
                pd.Timestamp(start, unit="us", tz="UTC"),
                pd.Timestamp(until, unit="us", tz="UTC"),
            ),
        )
