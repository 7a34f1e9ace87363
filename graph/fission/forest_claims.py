"""Who brought whom first: claims on invitees, and which of them counts.

A referral is a claim that one member brought another. Several may claim the same invitee; the
earliest claim counts, undated ones come last, and at one instant the inviter with the smaller
id is taken. Claims that run in a circle cannot all be true: the latest of the circle is not.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import opens_run
from siyu.graph.undated import UNDATED, times_of

__all__ = ["Claims", "closing_claims", "first_touch"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """Referral rows as codes.

    Attributes
    ----------
    inviter, invitee : int64 arrays, n_rows
        Positions among the members, -1 for anybody else, such as staff.
    time : int64 array, n_rows
        Microseconds, or `UNDATED`.
    rows : pyarrow.Table, n_rows
        The referrals themselves.
    """

    inviter: Ints
    invitee: Ints
    time: Ints
    rows: pa.Table

    @classmethod
    def of(cls, referrals: pa.Table, members: pa.Array) -> "Claims":
        """Read a checked table ``referrals``."""
        inviter = lookup(referrals["inviter_id"], members)
        invitee = lookup(referrals["invitee_id"], members)
        return cls(inviter, invitee, times_of(referrals, "referral_time"), referrals)

    def can_count(self) -> Bools:
        """Tell which rows are between two different members."""
        return np.asarray(
            (self.inviter >= 0) & (self.invitee >= 0) & (self.inviter != self.invitee)
        )

    def first(self, n: int) -> Ints:
        """Give the row of the first claim on each of n members; -1 where nobody claims them."""
        kept = np.flatnonzero(self.can_count())
        found = kept[first_touch(self.inviter, self.invitee, self.time, kept, self._details(kept))]
        row = np.full(n, -1, dtype=np.int64)
        row[self.invitee[found]] = found
        return row

    def _details(self, kept: Ints) -> list[npt.NDArray[np.generic]]:
        """Give what tells apart rows of one inviter at one instant."""
        rows, made = self.rows, []
        for name in ("campaign_id", "reward"):
            if name in rows.column_names:
                values = rows[name].take(pa.array(kept))
                made.append(encode(values)[0] if name != "reward" else values.to_numpy())
        return made


def first_touch(
    inviter: Ints,
    invitee: Ints,
    time: Ints,
    kept: Ints,
    details: list[npt.NDArray[np.generic]] | None = None,
) -> Ints:
    """Find the first claim on each invitee.

    Parameters
    ----------
    inviter, invitee : int64 arrays of positions, a row each
    time : int64 array
        Microseconds, or `UNDATED`: such rows come last.
    kept : int64 array
        The rows to look at.
    details : list of arrays, one value a kept row, optional
        Decide between rows of one inviter, invitee and instant, so that their order does not.

    Returns
    -------
    int64 array
        Places in `kept`, one an invitee.

    Examples
    --------
    The invitee 2 was claimed by 0 without a date, and by 1 with one:

    >>> first_touch(np.array([0, 1]), np.array([2, 2]), np.array([UNDATED, 9]), np.arange(2))
    array([1])
    """
    who = invitee[kept]
    claims = np.bincount(who) if len(who) else np.empty(0, dtype=np.int64)
    shared = claims[who] > 1
    alone, several = np.flatnonzero(~shared), np.flatnonzero(shared)
    rows, when = kept[several], time[kept[several]]
    keys = [values[several] for values in reversed(details or [])]
    order = several[np.lexsort((*keys, inviter[rows], when, when == UNDATED, invitee[rows]))]
    return np.concatenate([alone, order[opens_run(who[order])]])


def closing_claims(parent: Ints, time: Ints, on_cycle: Ints) -> Ints:
    """Choose in each circle of claims the member whose claim is the latest.

    Whoever had brought others by then was there already, so that the latest claim is the wrong
    one. Undated claims are the latest; at one instant that of the inviter with the larger id.

    Parameters
    ----------
    parent : int64 array, n members
    time : int64 array, n members
        When the member was claimed.
    on_cycle : int64 array
        Members who stand on circles.

    Returns
    -------
    int64 array, one member a circle

    Examples
    --------
    >>> closing_claims(np.array([1, 0, 1]), np.array([5, 7, 9]), np.array([0, 1]))
    array([1])
    """
    place = np.full(len(parent), -1, dtype=np.int64)
    place[on_cycle] = np.arange(len(on_cycle))
    onward = place[parent[on_cycle]]
    circle = np.arange(len(on_cycle))
    for _ in range(len(on_cycle).bit_length()):  # each round looks twice as far
        circle = np.minimum(circle, circle[onward])
        onward = onward[onward]
    when = time[on_cycle]
    order = np.lexsort((parent[on_cycle], when, when == UNDATED, circle))[::-1]
    return on_cycle[np.sort(order[opens_run(circle[order])])]
