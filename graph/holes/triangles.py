"""Every triangle of an undirected graph, once, in time far below that of all two-step paths.

Nodes are ranked by degree and every pair points from the lower to the higher rank. No node
then has more than sqrt(2 m) outgoing pairs, so that a hub costs next to nothing, and each
triangle is met exactly once: as two outgoing pairs of its lowest corner that a third closes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from siyu.graph.tie_arrays import Codes, Ties, Weights, packed, starts_of, unpacked

from .pair_lookup import PairLookup

__all__ = ["RankedPairs", "Triangles", "rank_pairs", "triangles"]

_WEDGES = 1 << 17  # pairs of pairs looked at together: arrays that stay in the processor's cache

Keys = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RankedPairs:
    """Tied pairs by the ranks of their ends, ``low < high``, sorted by low, then high.

    Attributes
    ----------
    order : int64 array, n
        The node of each rank; ranks ascend with degree, equal degrees with the node.
    degree : int64 array, n
        Degree of each rank.
    low, high : int32 arrays, m
        Ranks of both ends of each pair.
    weight : float64 array, m, or None
        Weight of each pair; None if all are equal, which saves most of the arithmetic.
    key : int64 array, m
        Both ranks in one number, ascending.
    """

    order: npt.NDArray[np.int64]
    degree: npt.NDArray[np.int64]
    low: Codes
    high: Codes
    weight: Weights | None
    key: Keys


@dataclass(frozen=True, slots=True, eq=False)
class Triangles:
    """Some triangles u < v < w (ranks), each as the numbers of its three pairs."""

    uv: Keys
    uw: Keys
    vw: Keys


def rank_pairs(pairs: Ties, n: int) -> RankedPairs:
    """Rank nodes by degree and turn every pair towards the higher rank.

    Parameters
    ----------
    pairs : Ties, m
        Each pair of tied nodes once.
    n : int
        Number of nodes.

    Examples
    --------
    >>> star = Ties(np.zeros(3, np.int32), np.array([1, 2, 3], np.int32), np.ones(3))
    >>> ranked = rank_pairs(star, 4)
    >>> ranked.order, ranked.low, ranked.high
    (array([1, 2, 3, 0]), array([0, 1, 2], dtype=int32), array([3, 3, 3], dtype=int32))
    """
    degree = np.bincount(pairs.source, minlength=n) + np.bincount(pairs.target, minlength=n)
    order = np.sort((degree << 32) | np.arange(n)) & 0xFFFFFFFF
    rank = np.empty(n, dtype=np.int32)
    rank[order] = np.arange(n, dtype=np.int32)
    first, second = rank.take(pairs.source), rank.take(pairs.target)
    key = packed(np.minimum(first, second), np.maximum(first, second), n)
    if len(key) == 0 or (pairs.weight == pairs.weight[0]).all():
        key.sort()
        weight = None
    else:
        by_key = np.argsort(key)
        key, weight = key.take(by_key), pairs.weight.take(by_key)
    return RankedPairs(order, degree[order], *unpacked(key, n), weight, key)


def triangles(pairs: RankedPairs) -> Iterator[Triangles]:
    """Give every triangle once, some hundred thousand at most at a time.

    Time grows with the number of wedges (two outgoing pairs of one node), at most m sqrt(2 m)
    and on social graphs a few times m. Memory is O(m), whatever the number of wedges and
    triangles. The order is fixed by the pairs alone.

    Examples
    --------
    >>> triad = Ties(np.array([0, 0, 1], np.int32), np.array([1, 2, 2], np.int32), np.ones(3))
    >>> [(t.uv, t.uw, t.vw) for t in triangles(rank_pairs(triad, 3))]
    [(array([0]), array([1]), array([2]))]
    """
    n = len(pairs.order)
    numbers = np.arange(len(pairs.low), dtype=np.int32)
    ends = starts_of(pairs.low, n)[1:].astype(np.int32)
    later = ends.take(pairs.low)  # and now: pairs after each pair in the list of its lower end
    later -= numbers
    later -= 1
    closing = PairLookup.of(pairs.key)
    for start, stop in _cuts(later):
        count = later[start:stop]
        # The wedges of pair i are (i, i + 1), (i, i + 2), ... to the end of its list.
        before = np.cumsum(count, dtype=np.int32) - count
        second = np.arange(count.sum())
        second += np.repeat(numbers[start:stop] + 1 - before, count)
        wanted = packed(np.repeat(pairs.high[start:stop], count), pairs.high.take(second), n)
        wedge, third = closing.find(wanted)
        first = np.repeat(numbers[start:stop], count).take(wedge)
        yield Triangles(first.astype(np.int64), second.take(wedge), third)


def _cuts(later: Codes) -> Iterator[tuple[int, int]]:
    """Cut the pairs so that each piece has about `_WEDGES` wedges, and at least one pair."""
    ends = np.cumsum(later, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    inner = np.searchsorted(ends, np.arange(_WEDGES, total, _WEDGES), side="right")
    cuts = np.unique(np.concatenate([[0], inner, [len(later)]])).tolist()
    return pairwise(cuts)
