"""Who sits in the same group, with a bound on what a big group may cost."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import INSTANT
from siyu.datasets.ids import encode, lookup
from siyu.datasets.randomness import stable_hash
from siyu.recommend.sorted_keys import Ints, run_starts, within_run

from .contacts import Contacts

__all__ = ["GroupRings"]


@dataclass(frozen=True, slots=True, eq=False)
class GroupRings:
    """The members of every group, group by group, each once, in the order of a stable hash.

    Attributes
    ----------
    member : int64 array, n_rows member codes
    start, size : int64 arrays, n_rows
        First row and number of rows of the row's group.
    """

    member: Ints
    start: Ints
    size: Ints

    @classmethod
    def of(cls, memberships: pa.Table, members: pa.Array, moment: int) -> "GroupRings":
        """Read the memberships that had not ended at a moment.

        Parameters
        ----------
        memberships : pa.Table of schema ``memberships``
            Joined before `moment`, or at an unknown time.
        members : pa.Array, sorted ids
            Who counts; others, such as staff, make no group bigger.
        moment : int, microseconds since 1970 UTC
        """
        rows = memberships
        if "left_at" in rows.column_names:
            ended = pc.less(rows["left_at"], pa.scalar(moment, INSTANT)).fill_null(False)
            rows = rows.take(pa.array(np.flatnonzero(~ended.to_numpy())))
        member, (group, _) = lookup(rows["member_id"], members), encode(rows["group_id"])
        kept = (member >= 0) & (group >= 0)
        n = max(len(members), 1)
        group, member = np.divmod(np.unique(group[kept] * n + member[kept]), n)
        order = np.lexsort((member, stable_hash(members, "mates")[member], group))
        group, member = group[order], member[order]
        starts = run_starts(group)
        sizes = np.diff(np.append(starts, len(group)))
        return cls(member, np.repeat(starts, sizes), np.repeat(sizes, sizes))

    def mates(self, low: int, high: int, most: int) -> Contacts:
        """Give the mates of the members from `low` to below `high`, whose codes then begin at 0.

        In a group of s members the others weigh 1/s each, so that it counts for nearly as much
        whatever its size. Of more than `most` others, those next to the member on both sides of
        the ring stand for all, and weigh as much together.

        Examples
        --------
        >>> rows = pa.table({"group_id": [1, 1, 1, 2], "member_id": [10, 20, 30, 10]})
        >>> rings = GroupRings.of(rows, pa.array([10, 20, 30]), moment=0)
        >>> mates = rings.mates(0, 1, most=20)
        >>> sorted(mates.near.tolist()), mates.weight.round(2)
        ([1, 2], array([0.33, 0.33]))
        """
        at = np.flatnonzero((self.member >= low) & (self.member < high) & (self.size > 1))
        start, size = self.start[at], self.size[at]
        reach = np.minimum(size - 1, most)
        row = np.repeat(np.arange(len(at)), reach)
        step = within_run(np.cumsum(reach) - reach, len(row)) - (reach // 2)[row]
        step += step >= 0  # nobody is their own mate
        near = self.member[start[row] + ((at - start)[row] + step) % size[row]]
        weight = (size - 1) / size / reach
        return Contacts(self.member[at][row] - low, near, weight[row])
