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

from siyu.datasets.ordering import stable_order
from siyu.graph.tie_arrays import Codes, Ties, Weights, packed, packed_pairs, starts_of, unpacked

from .pair_lookup import PairLookup

__all__ = ["RankedPairs", "Triangles", "rank_pairs", "triangles"]

_WEDGES = 1 << 16  # pairs of pairs looked at together: arrays that stay in the processor's cache

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
    order = stable_order(degree)
    rank = np.empty(n, dtype=np.int32)
    rank[order] = np.arange(n, dtype=np.int32)
    key = packed_pairs(rank.take(pairs.source), rank.take(pairs.target), n)
    if len(key) == 0 or (pairs.weight == pairs.weight[0]).all():
        key.sort()
        weight = None
    else:
        by_key = stable_order(key)
        key, weight = key.take(by_key), pairs.weight.take(by_key)
    return RankedPairs(order, degree[order], *unpacked(key, n), weight, key)


def triangles(pairs: RankedPairs) -> Iterator[Triangles]:
    """Give every triangle once, some ten thousand at a time.

    Time grows with the number of wedges (two outgoing pairs of one node), at most m sqrt(2 m)
    and on social graphs a few times m. Memory is O(m), whatever the number of wedges and
    triangles. The order is fixed by the pairs alone.

    Most wedges stay open, and one look at 64 bits tells nearly all of these: every rank has one
    of 64 bits, and every node the bits of all that it points to. A wedge is looked up only if
    the bit of its one end is among those of the other.

    Examples
    --------
    >>> triad = Ties(np.array([0, 0, 1], np.int32), np.array([1, 2, 2], np.int32), np.ones(3))
    >>> [(t.uv, t.uw, t.vw) for t in triangles(rank_pairs(triad, 3))]
    [(array([0]), array([1]), array([2]))]
    """
    n = len(pairs.order)
    starts = starts_of(pairs.low, n)
    bits = _bits(pairs, starts)
    closing = PairLookup.of(pairs.key)
    for from_node, to_node in _cuts(np.diff(starts)):
        start, stop = int(starts[from_node]), int(starts[to_node])
        high = pairs.high[start:stop].astype(np.int64)
        # The wedges of pair i are (i, i + 1), (i, i + 2), ... to the end of its list.
        number = np.arange(len(high))
        ends = starts[from_node + 1 : to_node + 1] - start
        later = np.repeat(ends, np.diff(ends, prepend=0)) - number - 1
        one = np.repeat(number, later)
        other = (number + 1 + later - np.cumsum(later)).take(one)
        other += np.arange(len(one))
        seen = bits.take(high).take(one)
        seen &= (1 << (high & 63)).take(other)
        likely = np.flatnonzero(seen != 0)
        one, other = one.take(likely), other.take(likely)
        closed, vw = closing.find(packed(high.take(one), high.take(other), n))
        yield Triangles(start + one.take(closed), start + other.take(closed), vw)


def _bits(pairs: RankedPairs, starts: Keys) -> Keys:
    """Give the bits of all that each rank points to; the bit of a rank is one of 64."""
    bits = np.zeros(len(pairs.order), dtype=np.int64)
    some = np.flatnonzero(np.diff(starts) > 0)
    for block in (some[i : i + _WEDGES] for i in range(0, len(some), _WEDGES)):
        start, stop = starts[block[0]], starts[block[-1] + 1]
        bit = np.left_shift(1, pairs.high[start:stop] & 63, dtype=np.int64)
        bits[block] = np.bitwise_or.reduceat(bit, starts[block] - start)
    return bits


def _cuts(n_out: Keys) -> Iterator[tuple[int, int]]:
    """Cut the ranks so that each piece has about `_WEDGES` pairs and wedges, or one rank."""
    ends = np.cumsum(n_out * (n_out + 1) // 2)
    total = int(ends[-1]) if len(ends) else 0
    inner = np.searchsorted(ends, np.arange(_WEDGES, total, _WEDGES), side="right")
    cuts = np.unique(np.concatenate([[0], inner, [len(n_out)]])).tolist()
    return pairwise(cuts)
