"""How many different members overlapping groups reach, and which few groups reach most."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup
from siyu.datasets.ordering import opens_run
from siyu.graph.member_choice import chosen_members

from .group_facts import GroupFacts, group_facts
from .row_order import order_by
from .values import counts, measures, ratio

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["GroupReach", "group_reach"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class GroupReach:
    """Whom some groups reach together.

    Attributes
    ----------
    n_groups : int
    n_memberships : int
        The sizes of the groups added up: members of two groups count twice.
    n_members : int
        Different members. Like `n_memberships` without staff and without who opted out.
    duplication : float >= 1
        Memberships a member; NaN without members.
    n_opted_out : int
        Different members of the groups who want no personal treatment: they see what is written
        into a group, but appear in no count above.
    cover : frame, one row a chosen group, in order of choice
        ``rank`` from 1, ``group_id``, ``n_members`` : its size; ``n_new`` : members that the
        groups before do not hold; ``n_reached`` : different members so far; ``share_reached``.
    """

    n_groups: int
    n_memberships: int
    n_members: int
    duplication: float
    n_opted_out: int
    cover: Frame


def group_reach(
    c: "Community",
    *,
    as_of: Any,
    groups: Any = None,
    k: int | None = None,
    output: FrameKind = "pandas",
) -> GroupReach:
    """Count the different members of groups, and choose the groups that reach most of them.

    The choice is greedy: each time the group with most members not reached yet; of equals the
    one with the smaller id. Its reach is at least 1 - 1/e (63 %) of the best possible choice of
    as many groups, and no method that runs in polynomial time can promise more.

    Parameters
    ----------
    c : Community
        With memberships.
    as_of : Timestamp, datetime or str
        Itself excluded; members are those in the groups then.
    groups : ids in any array, series, list or set, optional
        The groups to look at. Default: all.
    k : int >= 1, optional
        How many groups to choose. Default: until all members are reached.
    output : {"pandas", "polars", "pyarrow"}
        Kind of `GroupReach.cover`.

    Returns
    -------
    GroupReach
        Cost: memberships plus k times groups.

    Raises
    ------
    DataError
        Without memberships, or if a group of `groups` is unknown.
    ParameterError
        If `k` is below 1, or `groups` holds ids of another type.

    References
    ----------
    Nemhauser, Wolsey & Fisher (1978), "An analysis of approximations for maximizing submodular
    set functions", Mathematical Programming 14, 265-294; Feige (1998), "A threshold of ln n for
    approximating set cover", J. ACM 45(4), 634-652.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"group_id": [1, 1, 2, 2, 3], "member_id": [1, 2, 2, 3, 3]})
    >>> rows["joined_at"] = pd.Timestamp("2026-01-01", tz="UTC")
    >>> from siyu.datasets import Community
    >>> found = group_reach(Community(memberships=rows), as_of="2026-02-01")
    >>> found.n_memberships, found.n_members
    (5, 3)
    >>> found.cover[["group_id", "n_new"]]
       group_id  n_new
    0         1      2
    1         2      1
    """
    if k is not None and (isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1):
        raise ParameterError("k", f"k must be a whole number of 1 or more, got {k!r}")
    c.require("memberships", call="group_reach()")
    facts = group_facts(c, as_of, "group_reach()")
    chosen = _chosen(facts, groups)
    group, member, n_opted_out = _pairs(facts, chosen)
    order, gain = _cover(group, member, (len(chosen), len(facts.members)), k)
    size = np.bincount(group, minlength=len(chosen))
    n_members = int(np.count_nonzero(np.bincount(member, minlength=1)))
    reached = np.cumsum(gain)
    cover = pa.table(
        {
            "rank": counts(np.arange(1, len(order) + 1)),
            "group_id": facts.groups.take(pa.array(chosen[order])),
            "n_members": counts(size[order]),
            "n_new": counts(gain),
            "n_reached": counts(reached),
            "share_reached": measures(ratio(reached, np.full(len(order), n_members))),
        }
    )
    return GroupReach(
        n_groups=len(chosen),
        n_memberships=len(group),
        n_members=n_members,
        duplication=len(group) / n_members if n_members else float("nan"),
        n_opted_out=n_opted_out,
        cover=from_arrow(cover, output),
    )


def _chosen(facts: GroupFacts, groups: Any) -> Ints:
    """Give the groups to look at, in ascending order of their ids."""
    if groups is None:
        return np.arange(len(facts.groups))
    ids = chosen_members(groups, facts.groups, "groups")
    found = lookup(ids, facts.groups)
    if n := int((found < 0).sum()):
        raise DataError(f"{n} of {len(ids)} groups asked for are not known at as_of")
    return found


def _pairs(facts: GroupFacts, chosen: Ints) -> tuple[Ints, Ints, int]:
    """Give each current pair of a chosen group and a member once, and how many opted out."""
    if facts.stays is None:
        return np.empty(0, np.int64), np.empty(0, np.int64), 0
    here = facts.stays.at(facts.end - 1)
    place = np.full(len(facts.groups) + 1, -1)
    place[chosen] = np.arange(len(chosen))
    group, member = place[here.group], here.member
    out = np.zeros(len(facts.members), np.bool_)
    gone = lookup(facts.known.opted_out(), facts.members)
    out[gone[gone >= 0]] = True
    asked = group >= 0
    n_opted_out = len(np.unique(member[asked & out[member]]))
    kept = asked & ~out[member]
    group, member = group[kept], member[kept]
    order = order_by(group, member)
    order = order[opens_run(group[order], member[order])]
    return group[order], member[order], n_opted_out


def _cover(group: Ints, member: Ints, shape: tuple[int, int], k: int | None) -> tuple[Ints, Ints]:
    """Choose greedily; give the groups chosen and what each adds.

    What every group would add is kept up to date: each member is reached once, and is then
    taken off all groups that hold it.
    """
    n_groups, n_members = shape
    gain = np.bincount(group, minlength=n_groups)
    begin = np.searchsorted(group, np.arange(n_groups + 1))
    by_member = np.argsort(member, kind="stable")
    first = np.searchsorted(member[by_member], np.arange(n_members + 1))
    reached = np.zeros(n_members, np.bool_)
    order, added = [], []
    for _ in range(n_groups if k is None else min(int(k), n_groups)):
        best = int(gain.argmax())
        if gain[best] == 0:
            break
        inside = member[begin[best] : begin[best + 1]]
        new = inside[~reached[inside]]
        order.append(best)
        added.append(len(new))
        reached[new] = True
        size = first[new + 1] - first[new]
        start = np.repeat(first[new] - (np.cumsum(size) - size), size)
        held = by_member[start + np.arange(len(start))]
        gain -= np.bincount(group[held], minlength=n_groups)
    return np.array(order, np.int64), np.array(added, np.int64)
