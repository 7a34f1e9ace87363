"""What clusters are once found: scales, centres and ids, enough to assign any member."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.errors import DataError, Problem, SchemaError

from .columns import Column, MemberTable
from .matching import first_ids, matched_ids, reach
from .partition import canonical_order, kmeans, nearest, squared_distances
from .scaling import Scale, learn_scales, moved, scaled, widths
from .search import Search
from .selection import Candidate, chosen, score_candidates

__all__ = ["ClusterModel", "columns_for", "learn"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MOST_FOR_SCALES = 50_000
_MOST_FOR_STARTS = 20_000
_MOST_FOR_CHOICE = 2_000
_LEAST_MEMBERS_A_CLUSTER = 5


@dataclass(frozen=True, slots=True, eq=False)
class ClusterModel:
    """Clusters in ascending order of their ids.

    `centers` are scaled, k * n_scaled_columns; `spread` is the root mean square distance of
    the members to their centre; `next_id` is larger than any id that was ever given.
    """

    scales: tuple[Scale, ...]
    centers: Floats
    ids: Ints
    sizes: Ints
    spread: Floats
    next_id: int

    def places(self, columns: Sequence[Column], n: int) -> tuple[Ints, Floats, Floats]:
        """Give each of n members' place among the clusters, -1 if nothing is known of the member.

        Also the distances to the centre and to the second nearest, NaN without.
        """
        at, first, second = nearest(scaled(columns, self.scales, n), self.centers)
        return at, np.sqrt(first), np.sqrt(second)

    def distances(self, columns: Sequence[Column], n: int) -> Floats:
        """Measure the distance of each of n members to each centre, NaN if nothing is known."""
        z = scaled(columns, self.scales, n)
        return np.asarray(np.sqrt(squared_distances(z, self.centers)))


def columns_for(scales: Sequence[Scale], members: MemberTable) -> list[Column]:
    """Find the columns that scales need among those of a table.

    Raises
    ------
    SchemaError
        If columns are missing, or hold texts in place of numbers or the reverse.
    """
    there = {column.name: column for column in members.columns}
    problems, found = [], []
    for scale in scales:
        column = there.get(scale.name)
        if column is None and scale.name in members.skipped:
            unknown = np.full(len(members.ids), np.nan)
            column = Column(scale.name, "code" if scale.kind == "code" else "number", unknown)
        if column is None:
            problems.append(Problem(scale.name, "required, but missing", len(members.ids)))
        elif (column.kind == "code") != (scale.kind == "code") and len(column.values):
            rule = "must hold codes" if scale.kind == "code" else "must hold numbers or flags"
            problems.append(Problem(scale.name, rule, len(members.ids)))
        else:
            found.append(column)
    if problems:
        raise SchemaError("members", tuple(problems))
    return found


def learn(
    members: MemberTable, search: Search, rng: np.random.Generator, previous: ClusterModel | None
) -> tuple[ClusterModel, list[Candidate], dict[str, str]]:
    """Find clusters, the scores of each number of them, and the columns left out (with why)."""
    if not members.columns:
        raise DataError("there is no number, flag or code to cluster members by")
    if not len(members.ids):
        raise DataError("there are no members to learn clusters from")
    order = canonical_order([column.values for column in members.columns])
    seed = int(rng.integers(2**31))
    drawn = order[_draw(len(order), _MOST_FOR_SCALES, rng)]
    scales, dropped = learn_scales(members.columns, drawn, search.max_unknown)
    used = [column for column in members.columns if column.name not in dropped]
    z = scaled(used, scales, len(order))[order]
    if scales:
        z = np.asfortranarray(z[~np.isnan(z).all(axis=1)])
    candidates: list[Candidate] = []
    centers = np.zeros((1, z.shape[1]))
    if z.size:
        k, candidates = _number_of_clusters(z, scales, search, (rng, seed))
        start = kmeans(z[_draw(len(z), _MOST_FOR_STARTS, rng)], k, seed)
        centers = kmeans(z, len(start), seed, init=start)
    model = _named(scales, centers, z, previous)
    return model, candidates, members.skipped | dropped


def _draw(n: int, most: int, rng: np.random.Generator) -> Ints:
    """Draw at most so many of n rows, in their order."""
    if n <= most:
        return np.arange(n)
    return np.sort(rng.choice(n, most, replace=False))


def _number_of_clusters(
    z: Floats, scales: Sequence[Scale], search: Search, chance: tuple[np.random.Generator, int]
) -> tuple[int, list[Candidate]]:
    rng, seed = chance
    drawn = z[_draw(len(z), _MOST_FOR_CHOICE, rng)]
    n_distinct = len(np.unique(drawn, axis=0))
    if search.n_clusters is not None:
        few = len(z) <= _MOST_FOR_CHOICE
        return min(search.n_clusters, n_distinct if few else search.n_clusters), []
    low, high = search.k_range
    ks = range(low, min(high, n_distinct // _LEAST_MEMBERS_A_CLUSTER) + 1)
    blocks = np.array([-1 if s.kind == "number" else scales.index(s) for _, s in widths(scales)])
    candidates = score_candidates(
        drawn, blocks, ks, search.min_stability, (search.n_resamples, seed)
    )
    return chosen(candidates), candidates


def _named(
    scales: tuple[Scale, ...], centers: Floats, z: Floats, previous: ClusterModel | None
) -> ClusterModel:
    """Measure the clusters' sizes and spreads, and give them their ids."""
    at, first, _ = nearest(z, centers)
    sizes = np.bincount(at, minlength=len(centers))
    spread = np.sqrt(np.bincount(at, first, minlength=len(centers)) / np.maximum(sizes, 1))
    if previous is None:
        ids, next_id = first_ids(centers, sizes), len(centers)
    else:
        there = moved(centers, scales, previous.scales)
        if np.isnan(there).all():
            raise DataError("the earlier clusters were made of other columns; ids cannot be kept")
        earlier = previous.centers, previous.ids, reach(previous.centers, previous.spread)
        ids = matched_ids(there, sizes, earlier, previous.next_id)
        next_id = max(previous.next_id, int(ids.max()) + 1)
    order = np.argsort(ids)
    return ClusterModel(scales, centers[order], ids[order], sizes[order], spread[order], next_id)
