"""Personal messages sent to members: whom, when, by which channel, and what came of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, INSTANT, instants
from siyu.datasets.ids import encode, lookup
from siyu.datasets.member_rows import group_order
from siyu.segmentation.records import is_recorded

from .facts import Facts

__all__ = ["NOT_YET", "SEND_DAYS", "SendRows", "sends_of"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SEND_DAYS = 180
"""Sends of so many days count."""

NOT_YET = np.iinfo(np.int64).max
"""The time of what has not happened, or is not recorded."""

_COLUMNS = ("member_id", "send_time", "channel", "opened_at", "quit_at")


@dataclass(frozen=True, slots=True, eq=False)
class SendRows:
    """The sends of 180 days to the members of `Facts`, by member, then by time.

    Parameters
    ----------
    channels : sorted pyarrow.Array
        What the codes of `channel` stand for: the channels met in any send.
    starts : int64 array, n_members + 1
        Rows of member ``i`` are ``starts[i]:starts[i + 1]``.
    codes, times, channel, opened, quit : int64 arrays, n_rows
        Position of the member; instants (us) of sending, opening and quitting, or `NOT_YET`;
        channel -1 for none.
    """

    channels: pa.Array
    starts: Ints
    codes: Ints
    times: Ints
    channel: Ints
    opened: Ints
    quit: Ints

    def count(self, mask: Bools | None = None) -> Ints:
        """Count each member's rows, or those of a mask."""
        codes = self.codes if mask is None else self.codes[mask]
        return np.bincount(codes, minlength=len(self.starts) - 1)

    def names(self) -> list[str | None]:
        """Give the names of the columns of `by_channel`; None is a send that names no channel."""
        return [*self.channels.to_pylist(), None]

    def by_channel(self, mask: Bools | None = None) -> Ints:
        """Count rows by member and channel, a column a channel and the last for none."""
        n, width = len(self.starts) - 1, len(self.channels) + 1
        cells = self.codes * width + self.channel % width
        cells = cells if mask is None else cells[mask]
        return np.bincount(cells, minlength=n * width).reshape(n, width)


def sends_of(facts: Facts) -> SendRows:
    """Collect the personal sends of the last 180 days; messages to groups are left out."""
    sends, n = facts.c.arrow("sends"), len(facts.members)
    no_channels = pa.array([], pa.large_string())
    if sends is None or "member_id" not in sends.column_names:
        none = np.empty(0, dtype=np.int64)
        return SendRows(no_channels, np.zeros(n + 1, dtype=np.int64), *(none,) * 5)
    if not is_recorded(facts.c, "sends", facts.end):
        sends = sends.slice(0, 0)
    sends = sends.select([name for name in _COLUMNS if name in sends.column_names])
    channel, channels = np.full(sends.num_rows, -1), no_channels
    if "channel" in sends.column_names:
        channel, channels = encode(sends["channel"])
    codes = lookup(sends["member_id"], facts.members)
    times = instants(sends["send_time"])
    kept = np.flatnonzero((codes >= 0) & (times >= facts.end - SEND_DAYS * DAY_US))
    later = [_filled(sends, name) for name in ("opened_at", "quit_at")]
    order = group_order(codes[kept], n, times[kept])
    kept = kept if order is None else kept[order]
    starts = np.concatenate(([0], np.cumsum(np.bincount(codes[kept], minlength=n))))
    rows = (codes, times, channel, *later)
    return SendRows(channels, starts, *(values[kept] for values in rows))


def _filled(sends: pa.Table, name: str) -> Ints:
    """Give a column that is filled later."""
    if name not in sends.column_names:
        return np.full(sends.num_rows, NOT_YET)
    values = pc.fill_null(sends[name].cast(INSTANT).cast(pa.int64()), NOT_YET)
    return np.asarray(values.to_numpy())
