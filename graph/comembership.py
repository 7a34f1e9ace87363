"""Pairs of members who sit in the same group, with a bound on what a big group may cost."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import opens_run
from siyu.datasets.randomness import stable_hash

from .undated import UNDATED, times_of

__all__ = ["GroupPairs", "group_pairs"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GroupPairs:
    """Two members of one group, once a group: codes, weight, and when the later one joined."""

    first: Ints
    second: Ints
    weight: Floats
    time: Ints


def group_pairs(memberships: pa.Table, members: pa.Array, max_ties: int) -> GroupPairs:
    """Pair the members that are in one group at the moment.

    In a group of s members each pair weighs 1/s, so that everybody's ties within the group
    add up to (s - 1) / s, whatever its size. Where a member would have more than `max_ties`
    ties, the members are put on a ring in the order of a stable hash and each is tied to the
    nearest ones on both sides; the weights grow so that the sum stays. A group of s members
    thus costs at most s x `max_ties` / 2 pairs, and still hangs together.

    Parameters
    ----------
    memberships : pyarrow.Table of schema ``memberships``, checked and cut
        Rows with a ``left_at`` are former memberships and do not count.
    members : sorted pyarrow.Array
        Who counts; others, such as staff, neither get ties nor make the group bigger.
    max_ties : int >= 2
        Ties of one member within one group; an odd number is taken for the even one below.

    Returns
    -------
    GroupPairs

    Examples
    --------
    >>> rows = pa.table({"group_id": [1, 1, 1], "member_id": [10, 30, 20]})
    >>> pairs = group_pairs(rows, pa.array([10, 20, 30]), max_ties=20)
    >>> sorted(zip(pairs.first.tolist(), pairs.second.tolist())), pairs.weight.round(2)
    ([(0, 1), (0, 2), (1, 2)], array([0.33, 0.33, 0.33]))
    """
    ring = _rings(memberships, members)
    size: Ints = np.bincount(ring.group)
    start: Ints = np.cumsum(size) - size
    complete = size - 1 <= max_ties
    reach = np.where(complete, size // 2, max_ties // 2)
    weight = np.where(complete, 1, (size - 1) / (2 * (max_ties // 2))) / np.maximum(size, 1)
    place: Ints = np.arange(len(ring.group)) - start[ring.group]
    here: list[Ints] = [np.empty(0, dtype=np.int64)]
    there: list[Ints] = [np.empty(0, dtype=np.int64)]
    for step in range(1, int(reach.max(initial=0)) + 1):
        # Half way round an even ring each pair would be met from both sides.
        halfway = np.equal(2 * step, size)
        takes = (reach >= step)[ring.group] & ~(halfway[ring.group] & (place >= step))
        at = np.flatnonzero(takes)
        group = ring.group[at]
        here.append(at)
        there.append(start[group] + (place[at] + step) % size[group])
    a, b = np.concatenate(here), np.concatenate(there)
    later_joined = np.where(
        (ring.joined[a] == UNDATED) | (ring.joined[b] == UNDATED),
        UNDATED,
        np.maximum(ring.joined[a], ring.joined[b]),
    )
    low, high = (
        np.minimum(ring.member[a], ring.member[b]),
        np.maximum(ring.member[a], ring.member[b]),
    )
    return GroupPairs(low, high, weight[ring.group[a]], later_joined)


@dataclass(frozen=True, slots=True, eq=False)
class _Rings:
    """Current memberships, group by group, in the order of the hash; each member once a group."""

    group: Ints
    member: Ints
    joined: Ints


def _rings(memberships: pa.Table, members: pa.Array) -> _Rings:
    rows = memberships
    if "left_at" in rows.column_names:
        rows = rows.filter(rows["left_at"].is_null())
    member = lookup(rows["member_id"], members)
    kept = np.flatnonzero(member >= 0)
    rows, member = rows.take(pa.array(kept)), member[kept]
    if not len(kept):
        none = np.empty(0, dtype=np.int64)
        return _Rings(none, none, none)
    group, names = encode(rows["group_id"])
    joined = times_of(rows, "joined_at")
    # Of several rows for one member in one group the latest counts.
    order = np.lexsort((joined, member, group))
    order = order[np.append(opens_run(group[order], member[order])[1:], True)]
    group, member, joined = group[order], member[order], joined[order]
    both = stable_hash(names, "group")[group] ^ stable_hash(members, "member")[member]
    place = stable_hash(pa.array(both.view(np.int64)), "comember")
    order = np.lexsort((member, place, group))
    return _Rings(group[order], member[order], joined[order])
