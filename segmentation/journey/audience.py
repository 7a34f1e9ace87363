"""Whom a journey is about: since when each member is with the brand, and in which group.

A journey can only be followed while the tables it needs were kept. Its span begins where the
last of them began (``Community(observed=...)``) and ends where the first of them ended, or at
`as_of`. Of members who came before it nobody knows what they had done already: they are left
out, with one warning, and not taken for members who did nothing.

Where nobody wrote down when a member joined, the first time the member is seen has to do. But
when a record begins, old members are seen for the first time, too: whoever is first seen within
the first 90 days of a record with a stated begin may have been there before, and when such a
member entered is unknown.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from siyu.datasets.clock import DAY_US, instants, local_day
from siyu.datasets.community import Community, as_community
from siyu.datasets.errors import DataError, warn
from siyu.datasets.frames import Frame
from siyu.datasets.ids import encode, lookup
from siyu.segmentation.records import ended_early, has_column, is_recorded, joined_at, table_of

from .periods import named, period_of

__all__ = ["Audience", "Groups", "audience_of", "first_seen", "grouped", "groups_of"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_NEVER = np.iinfo(np.int64).max
_SETTLING_US = 90 * DAY_US
_SEEN_IN = (
    ("orders", "member_id", "order_time"),
    ("events", "member_id", "event_time"),
    ("messages", "member_id", "message_time"),
    ("memberships", "member_id", "joined_at"),
    ("referrals", "inviter_id", "referral_time"),
    ("referrals", "invitee_id", "referral_time"),
    ("staff_links", "member_id", "added_at"),
)
_KEPT = {table for table, _, _ in _SEEN_IN}


@dataclass(frozen=True, slots=True, eq=False)
class Audience:
    """The customers of a community that was cut at `end`.

    `entered` is when each joined or, where nobody wrote that down, was first seen (us, the
    largest integer where unknown); `joined` tells whether it was written down; `since` is from
    when on a member was surely there, old or new. The record began
    at `begin`, None where it was always kept; `present` names the tables it holds.
    """

    c: Community
    members: pa.Array
    entered: Ints
    joined: Bools
    since: Ints
    begin: int | None
    end: int
    present: tuple[str, ...]

    @property
    def known(self) -> Bools:
        """Tell who entered at a known moment within the record."""
        began = self.begin if self.begin is not None else np.iinfo(np.int64).min
        return np.asarray((self.entered >= began) & (self.entered < self.end))

    @property
    def entry_day(self) -> Ints:
        """Give the local day on which each entered; means nothing where unknown."""
        return local_day(np.where(self.entered == _NEVER, 0, self.entered), self.c.tz)

    def there_by(self, day: int) -> Bools:
        """Tell who was surely there by a local day, old or new."""
        seen = self.since != _NEVER
        since = local_day(np.where(seen, self.since, 0), self.c.tz)
        return np.asarray(seen & (since <= day))

    @property
    def last_day(self) -> int:
        """Give the local day in which the record ends; all days before it are whole."""
        return int(local_day(np.array([self.end]), self.c.tz)[0])

    @property
    def today(self) -> int:
        """Give the last local day of which anything is recorded."""
        return int(local_day(np.array([self.end - 1]), self.c.tz)[0])

    def rows(
        self, table: str, time: str, key: str = "member_id", columns: tuple[str, ...] = ()
    ) -> tuple[pa.Table, Ints, Ints]:
        """Give the dated rows of the members in a table, whose they are, and when (us).

        Beside `key` and `time` they have those of `columns` that are there.
        """
        rows = self.c.arrow(table)
        if rows is None or time not in rows.column_names:
            return pa.table({}), np.empty(0, np.int64), np.empty(0, np.int64)
        wanted = dict.fromkeys((key, time, *columns))
        rows = rows.select([name for name in wanted if name in rows.column_names])
        of = lookup(rows[key], self.members)
        kept = (of >= 0) & np.asarray(rows[time].is_valid().to_numpy())
        rows = rows.take(pa.array(np.flatnonzero(kept)))
        return rows, of[kept], instants(rows[time])


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """To which group each member belongs; the last name is null where some are in none."""

    codes: Ints
    names: pa.Array


def audience_of(
    data: Community | Frame, as_of: Any, needs: tuple[str, ...], helps: tuple[str, ...], call: str
) -> Audience:
    """Find the customers, since when they are there, and the span in which they can be followed.

    Parameters
    ----------
    data : Community, or frame of the first table that is needed (else of members)
    as_of : Timestamp, datetime or str
    needs : tuple of str
        Tables that `call` cannot do without.
    helps : tuple of str
        Tables it reads where they are there.
    call : str
        For messages.

    Returns
    -------
    Audience

    Raises
    ------
    DataError
        If a table that is needed is missing, or its record had not begun by `as_of`.
    """
    c = as_community(data, (*needs, "members")[0])
    c.require(*needs, call=call)
    known, end = c.before(as_of), c.moment(as_of)
    for table in needs:
        if not is_recorded(known, table, end):
            raise DataError(f"{call}: the record of '{table}' had not begun by as_of")
    present = tuple(t for t in (*needs, *helps) if is_recorded(known, t, end))
    if ended := ended_early(known, end, *present):
        warn(f"{call}: {ended}, so the end of the record is looked from")
        end = min(known.observed[t][1] for t in present if t in known.observed)
        known = c.before(pd.Timestamp(end, unit="us", tz="UTC"))
    starts = [known.observed[t][0] for t in present if t in known.observed]
    members = known.customers()
    joined = joined_at(known, members)
    entered = joined.cast(pa.int64()).fill_null(_NEVER).to_numpy(zero_copy_only=False)
    stated = entered != _NEVER
    since = np.where(stated, entered, first_seen(known, members))
    begun = [known.observed[t][0] for t in _KEPT & set(known.observed) if known.has(t)]
    settled = max(begun) + _SETTLING_US if begun else np.iinfo(np.int64).min
    entered = np.where(stated | (since >= settled), since, _NEVER)
    return Audience(known, members, entered, stated, since, max(starts, default=None), end, present)


def first_seen(c: Community, members: pa.Array) -> Ints:
    """Give when each member first stands in any dated table (us); the largest integer if never."""
    seen = np.full(len(members), _NEVER)
    for table, key, time in _SEEN_IN:
        rows = c.arrow(table)
        if rows is None or time not in rows.column_names or key not in rows.column_names:
            continue
        rows = rows.filter(rows[time].is_valid())
        of = lookup(rows[key], members)
        np.minimum.at(seen, of[of >= 0], instants(rows[time])[of >= 0])
    return seen


def groups_of(a: Audience, by: str | None) -> Groups:
    """Sort the members into groups.

    Parameters
    ----------
    a : Audience
    by : str or None
        ``"cohort"`` (month of entry), ``"campaign_id"`` (of the first invitation), or any column
        of members; None puts all into one group called ``all``.

    Returns
    -------
    Groups
        In ascending order of the name; members without a value come last, under null.

    Raises
    ------
    DataError
        If there is no such column.
    """
    if by is None:
        return Groups(np.zeros(len(a.members), np.int64), pa.array(["all"]))
    if by == "cohort":
        cohort = named(period_of(a.entry_day, "month"), "month")
        return grouped(pa.array(cohort, mask=a.entered == _NEVER, from_pandas=True))
    if by == "campaign_id":
        return grouped(_campaigns(a))
    table = a.c.arrow("members")
    if table is None or by not in table.column_names:
        there = () if table is None else table.column_names
        known = ", ".join(["cohort", "campaign_id", *there])
        raise DataError(f"by='{by}' is no column of members; there are: {known}")
    at = lookup(a.members, table["member_id"].combine_chunks())
    return grouped(table[by].combine_chunks().take(pa.array(at, mask=at < 0)))


def grouped(values: pa.Array) -> Groups:
    """Give each value the code of its group, in ascending order; nulls come last."""
    codes, names = encode(values)
    if len(codes) and codes.min() < 0:
        names = pa.concat_arrays([names, pa.nulls(1, names.type)])
        codes = np.where(codes < 0, len(names) - 1, codes)
    return Groups(codes, names)


def _campaigns(a: Audience) -> pa.Array:
    """Give the campaign of each member's first dated invitation."""
    if not has_column(a.c, "referrals", "campaign_id"):
        raise DataError("by='campaign_id' needs referrals with the column campaign_id")
    rows, of, at = a.rows("referrals", "referral_time", "invitee_id", ("campaign_id",))
    first = np.full(len(a.members), -1)
    if len(of):
        campaign, names = encode(rows["campaign_id"])
        order = np.lexsort((campaign, at, of))
        who, place = np.unique(of[order], return_index=True)
        first[who] = campaign[order][place]
        return names.take(pa.array(first, mask=first < 0))
    referrals = table_of(a.c, "referrals", "by='campaign_id'")
    return pa.nulls(len(a.members), referrals["campaign_id"].type)
