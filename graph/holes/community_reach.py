"""How far each member's ties reach into each community: what all measures across them add up."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError
from siyu.datasets.frames import Frame, to_arrow
from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import distinct
from siyu.graph.community.community_detection import communities
from siyu.graph.community.division import same_type
from siyu.graph.member_graph import MemberGraph
from siyu.graph.tie_arrays import sums_at

__all__ = ["Homes", "Reach", "homes_of", "reach_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_RESOLUTION = 2.0
_FIXED = ("member_id", "community")


@dataclass(frozen=True, slots=True, eq=False)
class Homes:
    """The community of each member, as a code into the sorted `names`."""

    of_member: Ints
    names: pa.Array

    def named(self, codes: Ints) -> pa.Array:
        """Give the names of some codes."""
        return self.names.take(pa.array(codes))


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Each member's ties to each community, one row where there are any, by member.

    Attributes
    ----------
    member, community : int64 arrays
        Codes; ascending by member, then community.
    n_ties : int64 array
        Members tied to there.
    strength : float64 array
        Weight of these ties in sum.
    at_home : bool array
        Whether it is the member's own community.
    degree : int64 array, n
        Members tied to, of each member.
    total : float64 array, n
        Strength of all ties of each member.
    """

    member: Ints
    community: Ints
    n_ties: Ints
    strength: Floats
    at_home: npt.NDArray[np.bool_]
    degree: Ints
    total: Floats

    @property
    def share(self) -> Floats:
        """Share of the member's strength that goes there."""
        return self.strength / self.total[self.member]

    def over_members(self, values: Floats) -> Floats:
        """Add up values of the rows for each member; NaN without ties."""
        return np.where(self.degree > 0, sums_at(self.member, values, len(self.degree)), np.nan)


def homes_of(members: MemberGraph, labels: Frame | None) -> Homes:
    """Find the community of each member in a table, or divide the graph where there is none.

    Raises
    ------
    DataError
        If a member has no community or two, the table lacks a column or a value, or ids are text
        in one and integers in the other.
    """
    if labels is None:
        labels = communities(members, resolution=_RESOLUTION, output="pyarrow")
    table, _ = to_arrow(labels)
    known = same_type(_unique_ids(table), members.ids, "communities")
    rows = lookup(members.ids, known)
    if len(rows) and rows.min() < 0:
        missing = int((rows < 0).sum())
        raise DataError(f"{missing} of {len(rows)} members have no community; every one needs one")
    order = np.argsort(encode(table["member_id"])[0])
    codes, names = encode(table["community"])
    return Homes(codes[order[rows]], names)


def reach_of(members: MemberGraph, home: Homes) -> tuple[Reach, Ints, Floats]:
    """Add up each member's ties by the community of the other end.

    Returns
    -------
    Reach
    int64 array, 2 m
        The row of the reach in which each tie counts, seen from either end.
    float64 array, 2 m
        The weight of that tie.
    """
    ties = members.mutual()
    source, target = (end.astype(np.int64) for end in (ties.source, ties.target))
    member, other = np.concatenate([source, target]), np.concatenate([target, source])
    weight = np.concatenate([ties.weight, ties.weight])
    n, k = len(members), max(len(home.names), 1)
    key = member * k + home.of_member[other]
    met = distinct(key)
    at = np.searchsorted(met, key)
    own = met // k
    strength = sums_at(at, weight, len(met))
    reach = Reach(
        member=own,
        community=met % k,
        n_ties=np.bincount(at, minlength=len(met)),
        strength=strength,
        at_home=home.of_member[own] == met % k,
        degree=np.bincount(member, minlength=n),
        total=sums_at(own, strength, n),
    )
    return reach, at, weight


def _unique_ids(table: pa.Table) -> pa.Array:
    absent = [name for name in _FIXED if name not in table.column_names]
    if absent:
        raise DataError(
            f"communities needs the columns member_id and community; it has: "
            f"{', '.join(table.column_names)}"
        )
    for name in _FIXED:
        if table[name].null_count:
            raise DataError(f"communities: {table[name].null_count} rows lack {name}")
    codes, ids = encode(table["member_id"])
    if len(ids) < len(codes):
        raise DataError(f"{len(codes) - len(ids)} members have more than one community")
    return ids
