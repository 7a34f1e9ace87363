"""Groups as overlapping communities: who belongs where, which groups share members."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import encode, lookup, take
from siyu.datasets.ordering import opens_run
from siyu.graph.undated import UNDATED, times_of

from .division import read_division, same_type

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["communities_in_groups", "group_overlaps", "overlapping_communities"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def overlapping_communities(c: "Community", *, as_of: Any, output: FrameKind = "pandas") -> Frame:
    """List the groups that every customer is in, and how much of the member each one has.

    `communities` puts everybody in one place, found from all ties; groups are the communities
    that people joined, several at a time. This is their own view, and no part of the former.

    Parameters
    ----------
    c : Community
        With memberships; messages (with ``group_id``) tell where a member speaks.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded. Who has left by then is out.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a customer and group, sorted by ``member_id``, then ``group_id``
        ``n_messages`` : messages of the member in the group, null without a table of them;
        ``share`` : above 0, at most 1, of one member 1 in sum: a membership counts one, and each
        message in the group one more;
        ``is_main`` : the group of the largest share; of equals the one joined first, where that
        is known, then the one with the smallest id.
        Staff, and customers in no group, have no rows.

    Raises
    ------
    DataError
        If there is no table of memberships.

    See Also
    --------
    group_overlaps, communities_in_groups

    Examples
    --------
    >>> from siyu.datasets import Community
    >>> joined = pa.array(["2025-01-01", "2025-01-02", "2025-01-01"]).cast(pa.timestamp("us"))
    >>> rows = {"group_id": [7, 8, 8], "member_id": ["ann", "ann", "bob"], "joined_at": joined}
    >>> c = Community(memberships=pa.table(rows), tz="UTC")
    >>> overlapping_communities(c, as_of="2026-01-01")
      member_id  group_id  n_messages  share  is_main
    0       ann         7        <NA>    0.5     True
    1       ann         8        <NA>    0.5    False
    2       bob         8        <NA>    1.0     True
    """
    known = c.before(as_of)
    known.require("memberships", call="overlapping_communities")
    members = known.customers()
    seats = _seats(known, members)
    spoken = _spoken(known, members, seats)
    worth = 1 + (0 if spoken is None else spoken)
    share = (
        worth / np.bincount(seats.member, np.broadcast_to(worth, len(seats.member)))[seats.member]
    )
    best = np.lexsort((seats.group, seats.joined, -share, seats.member))
    is_main = np.zeros(len(share), dtype=bool)
    is_main[best[opens_run(seats.member[best])]] = True
    none = pa.nulls(len(share), pa.int64())
    table = {
        "member_id": take(members, seats.member),
        "group_id": take(seats.groups, seats.group),
        "n_messages": none if spoken is None else pa.array(spoken),
        "share": share,
        "is_main": is_main,
    }
    return from_arrow(pa.table(table), output)


def group_overlaps(c: "Community", *, as_of: Any, output: FrameKind = "pandas") -> Frame:
    """List the pairs of groups that share customers, and how many.

    Parameters
    ----------
    c : Community
        With memberships.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a pair of groups, sorted by ``group_id``, then ``other_group_id``
        ``group_id`` < ``other_group_id``; ``n_members``, ``n_other`` : customers in each;
        ``n_shared`` : in both, >= 1; ``jaccard`` : shared by those in either;
        ``share_of_smaller`` : shared by those in the smaller group, 1 where it lies within.
        Grows with the sum over members of the square of their groups.

    Raises
    ------
    DataError
        If there is no table of memberships.

    Examples
    --------
    >>> from siyu.datasets import Community
    >>> joined = pa.array(["2025-01-01", "2025-01-01", "2025-01-02"]).cast(pa.timestamp("us"))
    >>> rows = {"group_id": [7, 7, 8], "member_id": ["ann", "bob", "bob"], "joined_at": joined}
    >>> c = Community(memberships=pa.table(rows), tz="UTC")
    >>> group_overlaps(c, as_of="2026-01-01").iloc[0].tolist()
    [7.0, 8.0, 2.0, 1.0, 1.0, 0.5, 1.0]
    """
    known = c.before(as_of)
    known.require("memberships", call="group_overlaps")
    members = known.customers()
    seats = _seats(known, members)
    shape = (len(seats.groups), len(members))
    sits = np.ones(len(seats.group), dtype=np.int64)
    matrix = sparse.csr_array((sits, (seats.group, seats.member)), shape=shape)
    both = sparse.triu(matrix @ matrix.T, k=1).tocoo()
    order = np.lexsort((both.col, both.row))
    one, other = both.row[order].astype(np.int64), both.col[order].astype(np.int64)
    shared = both.data[order]
    size = np.bincount(seats.group, minlength=len(seats.groups))
    table = {
        "group_id": take(seats.groups, one),
        "other_group_id": take(seats.groups, other),
        "n_members": size[one],
        "n_other": size[other],
        "n_shared": shared,
        "jaccard": shared / (size[one] + size[other] - shared),
        "share_of_smaller": shared / np.minimum(size[one], size[other]),
    }
    return from_arrow(pa.table(table), output)


def communities_in_groups(
    found: Frame, c: "Community", *, as_of: Any, output: FrameKind = "pandas"
) -> Frame:
    """Lay detected communities over the groups that members sit in.

    A community that fills one group is that group; one that spreads over many is bound by
    something else; a group over several communities holds circles that do not mix.

    Parameters
    ----------
    found : frame with ``member_id`` and ``community``
        As `communities` gives it.
    c : Community
        With memberships.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a community and group that share members, sorted by both
        ``n_shared`` : customers of the community in the group, >= 1;
        ``share_of_community``, ``share_of_group`` : shared by the members of the community, and
        by the customers in the group. Those of one community may add up to more than 1, because
        groups overlap.

    Raises
    ------
    DataError
        If there is no table of memberships, or a member has two communities in `found`.

    See Also
    --------
    community_agreement : one number for all, against the main group of each member.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> joined = pa.array(["2025-01-01", "2025-01-01", "2025-01-02"]).cast(pa.timestamp("us"))
    >>> rows = {"group_id": [7, 7, 8], "member_id": ["ann", "bob", "bob"], "joined_at": joined}
    >>> c = Community(memberships=pa.table(rows), tz="UTC")
    >>> found = pd.DataFrame({"member_id": ["ann", "bob"], "community": [0, 0]})
    >>> communities_in_groups(found, c, as_of="2026-01-01")
       community  group_id  n_shared  share_of_community  share_of_group
    0          0         7         2                 1.0             1.0
    1          0         8         1                 0.5             1.0
    """
    known = c.before(as_of)
    known.require("memberships", call="communities_in_groups")
    members = known.customers()
    seats = _seats(known, members)
    division = read_division(found, "found")
    names, code, size = np.unique(division.labels, return_inverse=True, return_counts=True)
    place = lookup(members, same_type(division.members, members, "found"))[seats.member]
    both = np.flatnonzero(place >= 0)
    n_groups = max(len(seats.groups), 1)
    key, shared = np.unique(code[place[both]] * n_groups + seats.group[both], return_counts=True)
    community, group = np.divmod(key, n_groups)
    table = {
        "community": pa.array(names[community], pa.int64()),
        "group_id": take(seats.groups, group),
        "n_shared": shared,
        "share_of_community": shared / size[community],
        "share_of_group": shared / np.bincount(seats.group, minlength=n_groups)[group],
    }
    return from_arrow(pa.table(table), output)


@dataclass(frozen=True, slots=True, eq=False)
class _Seats:
    """Who sits in which group now, each once: codes sorted by member, then group."""

    groups: pa.Array
    member: Ints
    group: Ints
    joined: Ints  # microseconds; the largest number where unknown


def _seats(known: "Community", members: pa.Array) -> _Seats:
    """Take the memberships of customers that have not ended."""
    rows = known.arrow("memberships")
    assert rows is not None  # noqa: S101  required by the caller
    if "left_at" in rows.column_names:
        rows = rows.filter(rows["left_at"].is_null())
    member = lookup(rows["member_id"], members)
    rows, member = rows.filter(pa.array(member >= 0)), member[member >= 0]
    group, groups = encode(rows["group_id"])
    joined = times_of(rows, "joined_at")
    joined = np.where(joined == UNDATED, np.iinfo(np.int64).max, joined)
    order = np.lexsort((joined, group, member))
    order = order[opens_run(member[order], group[order])]
    return _Seats(groups, member[order], group[order], joined[order])


def _spoken(known: "Community", members: pa.Array, seats: _Seats) -> Ints | None:
    """Count what each member said in each group; None where that is not recorded."""
    rows = known.arrow("messages")
    if rows is None or "group_id" not in rows.column_names:
        return None
    rows = rows.filter(rows["group_id"].is_valid())
    member = lookup(rows["member_id"], members)
    group = lookup(rows["group_id"], same_type(seats.groups, rows["group_id"], "memberships"))
    met = (member >= 0) & (group >= 0)
    n_groups = max(len(seats.groups), 1)
    seat = seats.member * n_groups + seats.group
    key, said = np.unique(member[met] * n_groups + group[met], return_counts=True)
    place = lookup(pa.array(seat), pa.array(key, pa.int64()))
    counts = np.zeros(len(seat), dtype=np.int64)
    counts[place >= 0] = said[place[place >= 0]]
    return counts
