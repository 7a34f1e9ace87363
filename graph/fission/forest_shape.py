"""The shape of a forest: roots, depths, subtrees, in steps that double.

Nothing here walks level by level, because a chain of a million members has a million levels.
A member looks at the parent, then at the parent's parent, then four up, eight up: after some
twenty steps everybody has met the root. Written down in preorder (every member before those
below, subtree after subtree) a subtree is a span of neighbours, and any sum over it the
difference of two running sums.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from siyu.datasets.exact_sums import exact_total
from siyu.datasets.ordering import opens_run, stable_order

__all__ = ["ForestShape", "climb"]

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)

_COARSE = 2.0**20
_FINE = 2.0**56


@dataclass(frozen=True, slots=True, eq=False)
class ForestShape:
    """Where every member of a forest stands; int32 arrays over the members.

    Attributes
    ----------
    parent : position of the parent, -1 for a root
    root : position of the root of the tree
    depth : steps up to the root
    size : members of the subtree, the member included
    height : steps down to the deepest member below
    place : position in preorder; of siblings the one with the highest subtree comes first
    order : the members in preorder
    """

    parent: Codes
    root: Codes
    depth: Codes
    size: Codes
    height: Codes
    place: Codes
    order: Codes

    @classmethod
    def of(cls, parent: Codes, root: Codes, depth: Codes) -> "ForestShape":
        """Measure a forest that has no circles (see `climb`).

        Examples
        --------
        >>> parent = np.array([-1, 0, 0, 2], dtype=np.int32)
        >>> shape = ForestShape.of(parent, *climb(parent)[:2])
        >>> shape.size, shape.height, shape.order  # doctest: +NORMALIZE_WHITESPACE
        (array([4, 1, 2, 1], dtype=int32), array([2, 0, 1, 0], dtype=int32),
         array([0, 2, 3, 1], dtype=int32))
        """
        by_level = stable_order(depth.astype(np.int64))
        rank = np.empty_like(parent)
        rank[by_level] = np.arange(len(parent), dtype=parent.dtype)
        # Level by level, who lies above is near in memory, and who is deep enough is a tail.
        above, level = parent[by_level], depth[by_level]
        above = np.where(above >= 0, rank[above], above)
        sizes, heights = _subtrees(above, level)
        places = _preorder(above, level, sizes, heights)
        size, height, place, order = (np.empty_like(parent) for _ in range(4))
        size[by_level], height[by_level], place[by_level] = sizes, heights, places
        order[places] = by_level
        return cls(parent, root, depth, size, height, place, order)

    def below(self, counts: Ints) -> Ints:
        """Sum whole numbers of everybody below each member, the member excluded."""
        return self.of_members(self.below_places(counts[self.order]))

    def below_places(self, counts: Ints) -> Ints:
        """Do as `below` does, where both the numbers and the sums stand in preorder."""
        running = np.zeros(len(counts) + 1, dtype=np.int64)
        np.cumsum(counts, out=running[1:])
        end = np.arange(len(counts))
        end += self.size[self.order]
        # Differences stay right where the running sum itself goes round.
        return np.asarray(running[end] - running[1:])

    def structural_virality(self) -> Floats:
        """Average the distance of all pairs in each subtree; NaN where there is no pair.

        The edge above a subtree of s members lies between s and n - s of n: of all pairs,
        s (n - s) pass it. The squares of s are summed in two parts, because those of a long
        chain pass 2**63.
        """
        s = self.size[self.order].astype(np.int64)
        n, square = s.astype(np.float64), s * s
        high, low = self.below_places(square >> 32), self.below_places(square & 0xFFFFFFFF)
        between = n * self.below_places(s) - (high * 2.0**32 + low)
        pairs = n * (n - 1)
        mean = np.divide(2 * between, pairs, out=np.full(len(s), np.nan), where=pairs > 0)
        return self.of_members(mean)

    def of_members(self, of_places: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Put values that stand in preorder back to their members."""
        values = np.empty_like(of_places)
        values[self.order] = of_places
        return values

    def below_exactly(self, values: Floats) -> Floats:
        """Sum amounts of everybody below each member: the same whoever else is in the forest.

        As `siyu.datasets.exact_sums.exact_sum` does, in whole units of 2**-20 and of 2**-56.

        Raises
        ------
        ParameterError
            If the amounts are not finite, or add up to 2**42 (4.4e12) or more.
        """
        exact_total(np.abs(values))  # refuses what would not add up
        values = values[self.order]
        units = np.rint(values * _COARSE)
        rest = np.rint((values - units / _COARSE) * _FINE)
        coarse, fine = (self.below_places(part.astype(np.int64)) for part in (units, rest))
        return self.of_members(np.asarray(coarse / _COARSE + fine / _FINE))


def climb(parent: Codes) -> tuple[Codes, Codes, Codes]:
    """Climb from every member to the root, and count the steps.

    Parameters
    ----------
    parent : int32 array, n
        -1 for a root.

    Returns
    -------
    root : int32 array
    depth : int32 array
    on_cycle : int32 array
        Members on circles, ascending. For them, and for all who hang below them, `root` and
        `depth` mean nothing.

    Examples
    --------
    >>> climb(np.array([-1, 0, 1, 4, 3], dtype=np.int32))[2]
    array([3, 4], dtype=int32)
    """
    n = len(parent)
    is_root = parent < 0
    above = np.where(is_root, np.arange(n, dtype=parent.dtype), parent)
    depth = (~is_root).astype(parent.dtype)
    moving = np.flatnonzero(~is_root[above])
    for _ in range(n.bit_length()):
        if not len(moving):
            break
        via = above[moving]
        reached = above[via]
        depth[moving] += depth[via]
        above[moving] = reached
        moving = moving[~is_root[reached]]
    # After more steps than there are members, who still moves has been round a circle; the
    # places where they stand now are all of its members.
    return above, depth, np.unique(above[moving])


def _subtrees(parent: Codes, depth: Codes) -> tuple[Codes, Codes]:
    """Count each subtree and measure its height: first 1 step down, then 2, 4, 8.

    Members stand by level, here and below.
    """
    n = len(parent)
    size, height = np.ones(n, dtype=np.int32), np.zeros(n, dtype=np.int32)
    for reach, deep, above in _doubling(parent, depth):
        more = np.bincount(above, size[deep:], n)
        np.maximum.at(height, above, height[deep:] + np.int32(reach))
        size += more.astype(np.int32)
    return size, height


def _doubling(parent: Codes, depth: Codes) -> Iterator[tuple[int, int, Codes]]:
    """Give the ancestors 1, 2, 4, ... steps up, and from which member on there are any."""
    above, reach = parent.copy(), 1
    while (deep := int(np.searchsorted(depth, reach))) < len(parent):
        yield reach, deep, above[deep:]
        reach *= 2
        deeper = int(np.searchsorted(depth, reach))
        above[deeper:] = above[above[deeper:]]


def _preorder(parent: Codes, depth: Codes, size: Codes, height: Codes) -> Codes:
    """Lay the members out so that each subtree is a span, its highest branch first."""
    n = len(parent)
    if not n:
        return np.empty(0, dtype=np.int32)
    tallest = int(height.max())
    siblings = stable_order((parent.astype(np.int64) + 1) * (tallest + 1) + (tallest - height))
    family = parent[siblings]
    before = np.cumsum(size[siblings], dtype=np.int64) - size[siblings]
    opens = opens_run(family)
    start = before[np.maximum.accumulate(np.where(opens, np.arange(n), 0))]
    place = np.empty(n, dtype=np.int32)
    place[siblings] = before - start + (family >= 0)  # behind the parent, or all trees before
    for _, deep, above in _doubling(parent, depth):
        place[deep:] += place[above]
    return place
