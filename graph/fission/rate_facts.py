"""What all rates of referral are made of: who was there when, who was new, who bought."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, instants, local_day
from siyu.datasets.errors import DataError
from siyu.datasets.estimates import Triple
from siyu.datasets.ids import encode, lookup
from siyu.datasets.intervals import bootstrap_ratio
from siyu.datasets.purchases import is_purchase
from siyu.graph.undated import UNDATED, times_of

from .rate_invitations import Invitations

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["NEVER", "RateFacts", "first_times", "group_ratios", "joined_times"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NEVER = np.iinfo(np.int64).max
"""The instant of what has not happened."""

_SLACK = DAY_US  # a referral may be written down up to a day after the invitee joined


@dataclass(frozen=True, slots=True, eq=False)
class RateFacts:
    """The customers of a community that was cut at `end`, and whom they brought.

    Attributes
    ----------
    known : Community
    end : int
    members : sorted pyarrow.Array
        All customers.
    joined : int64 array over the members
        Microseconds, `UNDATED` where nobody wrote it down.
    bought : int64 array over the members
        First purchase; `NEVER` for none.
    found : Invitations
        First referrals.
    is_new : bool array over them
        The invitee was not there before: joined no more than a day before the referral, and had
        not bought.
    record : (int, int)
        From when to when referrals were written down; `UNDATED` where they always were.
    """

    known: "Community"
    end: int
    members: pa.Array
    joined: Ints
    bought: Ints
    found: Invitations
    is_new: Bools
    record: tuple[int, int]

    @classmethod
    def of(cls, known: "Community", end: int) -> "RateFacts":
        """Read a community that has referrals."""
        members = known.customers()
        joined, bought = joined_times(known, members), _first_purchases(known, members)
        found = Invitations.of(known, members)
        since = joined[found.invitee]
        late = np.where(found.time == UNDATED, UNDATED, found.time)
        there = (since != UNDATED) & (late != UNDATED) & (since + _SLACK < late)
        is_new = ~there & (bought[found.invitee] >= late)
        begin, stop = known.observed.get("referrals", (UNDATED, end))
        return cls(known, end, members, joined, bought, found, is_new, (begin, min(stop, end)))

    def arrived(self) -> Ints:
        """Give when each first invitee had both been brought and joined."""
        return np.maximum(self.found.time, self.joined[self.found.invitee])

    def per_inviter(self, which: Bools) -> Ints:
        """Count some of the first referrals for each member."""
        return np.bincount(self.found.inviter[which], minlength=len(self.members))

    def orders_kept(self, until: Ints) -> Bools:
        """Tell for which members orders were written down from joining to a moment."""
        begin, stop = self.orders_record()
        return np.asarray((self.joined >= begin) & (until <= stop))

    def orders_record(self) -> tuple[int, int]:
        """Give from when to when orders were written down; nowhere without the table."""
        if not self.known.has("orders"):
            return NEVER, UNDATED
        return self.known.observed.get("orders", (UNDATED, self.end))

    def groups(self, by: str | None) -> tuple[Ints, pa.Array]:
        """Give each member's group, and the groups in ascending order; those without come last.

        ``"cohort"`` is the local month of joining, None one group called ``all``, anything else a
        column of members.
        """
        if by is None:
            return np.zeros(len(self.members), dtype=np.int64), pa.array(["all"])
        if by == "cohort":
            return _with_nulls(_months(self.joined, self.known.tz))
        table = self.known.arrow("members")
        if table is None or by not in table.column_names:
            there = ", ".join(["cohort", *(table.column_names if table is not None else ())])
            raise DataError(f"by='{by}' is no column of members; there are: {there}")
        at = lookup(self.members, table["member_id"].combine_chunks())
        return _with_nulls(table[by].combine_chunks().take(pa.array(at, mask=at < 0)))


def joined_times(known: "Community", members: pa.Array) -> Ints:
    """Give when each member joined, `UNDATED` where it is not written down."""
    joined = np.full(len(members), UNDATED)
    table = known.arrow("members")
    if table is not None:
        at = lookup(table["member_id"], members)
        joined[at[at >= 0]] = times_of(table, "joined_at")[at >= 0]
    return joined


def group_ratios(above: Floats, below: Floats, group: Ints, n_groups: int) -> Triple:
    """Give each group's ratio of sums with its bootstrap interval, 95 %; units are resampled.

    NaN where the sum below is 0. The draws are the same in every call.
    """
    found = np.full((3, n_groups), np.nan)
    for g in np.flatnonzero(np.bincount(group, below, n_groups) > 0):
        at = group == g
        one = bootstrap_ratio(above[at], below[at], n_resamples=1000, random_state=0)
        found[:, g] = one.estimate, one.low, one.high
    return found[0], found[1], found[2]


def first_times(rows: pa.Table, column: str, members: pa.Array, which: Bools | None = None) -> Ints:
    """Give when the first of each member's rows was, or of some rows; `NEVER` for none."""
    first = np.full(len(members), NEVER)
    member, time = lookup(rows["member_id"], members), instants(rows[column])
    kept = np.flatnonzero(member >= 0 if which is None else (member >= 0) & which)
    np.minimum.at(first, member[kept], time[kept])
    return first


def _first_purchases(known: "Community", members: pa.Array) -> Ints:
    """Give each member's first purchase, `NEVER` for none."""
    table = known.arrow("orders")
    if table is None:
        return np.full(len(members), NEVER)
    return first_times(table, "order_time", members, is_purchase(table))


def _months(joined: Ints, tz: str) -> pa.Array:
    """Name the local months ``2026-03``, null where unknown."""
    unknown = joined == UNDATED
    days = local_day(np.where(unknown, 0, joined), tz)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(str)
    return pa.array(months.astype(object), pa.string(), mask=unknown)


def _with_nulls(values: pa.Array) -> tuple[Ints, pa.Array]:
    if pa.types.is_boolean(values.type) or pa.types.is_floating(values.type):
        values = pc.cast(values, pa.string())
    codes, names = encode(values)
    if len(codes) and codes.min() < 0:
        names = pa.concat_arrays([names, pa.nulls(1, names.type)])
        codes = np.where(codes < 0, len(names) - 1, codes)
    return codes, names
