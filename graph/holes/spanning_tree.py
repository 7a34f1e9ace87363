"""A spanning tree of every piece of a graph, and what lies below each node; no loop over nodes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from siyu.datasets.ordering import opens_run
from siyu.graph.tie_arrays import Ties, rows_of

__all__ = ["SpanningTree", "span"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SpanningTree:
    """Trees that hold all nodes, numbered so that what lies below a node follows it.

    Nodes are given by place: a node comes before all that lies below it, and these come
    right after it: those below i are ``i + 1`` to ``i + size[i] - 1``.

    Attributes
    ----------
    node : int64 array, n
        The node at each place.
    parent : int64 array, n
        Place of the node above; a root is its own parent.
    size : int64 array, n
        Nodes from here down, itself too.
    root : int64 array, n
        Place of the topmost node of the same piece.
    low, high : int64 arrays, n
        Lowest and highest place that a tie outside the tree leads to from here or below;
        the places from here down where no tie leads further.
    one, other : int64 arrays
        Places of the ends of the ties outside the trees, the one before the other.
    """

    node: Ints
    parent: Ints
    size: Ints
    root: Ints
    low: Ints
    high: Ints
    one: Ints
    other: Ints


def span(pairs: Ties, n: int) -> SpanningTree:
    """Span every piece of a graph by a tree, in time O(m + n log n).

    Parameters
    ----------
    pairs : Ties, m
        Each pair of tied nodes once.
    n : int
        Number of nodes.

    References
    ----------
    Tarjan & Vishkin (1985), "An efficient parallel biconnectivity algorithm", SIAM J. Computing
    14(4), 862-874, for the numbering and for `low` and `high`.

    Examples
    --------
    >>> triad = Ties(np.array([0, 0, 1], np.int32), np.array([1, 2, 2], np.int32), np.ones(3))
    >>> tree = span(triad, 3)
    >>> tree.node, tree.parent, tree.size
    (array([0, 1, 2]), array([0, 0, 0]), array([3, 1, 1]))
    >>> tree.low, tree.high
    (array([0, 1, 1]), array([2, 2, 2]))
    """
    if n == 0:
        none = np.zeros(0, dtype=np.int64)
        return SpanningTree(*[none] * 8)
    order, above, top = _breadth_first(pairs, n)
    # Of two walks down the tree, eldest first and youngest first, the second read backwards is
    # the order in which nodes are left for good: it counts all but those above.
    before, after = _walk(above, youngest_first=False), n - _walk(above, youngest_first=True)
    size = after - before + _depth(above) + 1
    # All stand below one root that is no node; its place is dropped, and places begin at 0.
    at = np.empty(n + 1, dtype=np.int64)
    at[order] = before - 1
    node, parent, sizes = np.empty((3, n + 1), dtype=np.int64)
    node[before], parent[before], sizes[before] = order, before[above] - 1, size
    node, parent, sizes = node[1:], parent[1:], sizes[1:]
    parent = np.where(parent < 0, np.arange(n), parent)
    ends = at[pairs.source], at[pairs.target]
    one, other = np.minimum(*ends), np.maximum(*ends)
    outside = parent[other] != one
    one, other = one[outside], other[outside]
    low, high = np.arange(n), np.arange(n)
    np.minimum.at(low, other, one)
    np.maximum.at(high, one, other)
    below = _lowest_below(low, sizes), -_lowest_below(-high, sizes)
    return SpanningTree(node, parent, sizes, at[top[node]], *below, one, other)


def _breadth_first(pairs: Ties, n: int) -> tuple[Ints, Ints, Ints]:
    """Give all nodes by distance from the first of their piece, who is above whom, and the firsts.

    A node n stands above the first of every piece; those below one node are next to each other.
    """
    rows = rows_of(pairs, n, directed=False)
    tied = _matrix(rows.indices, rows.indptr)
    _, piece = sparse.csgraph.connected_components(tied, directed=False)
    first = np.unique(piece, return_index=True)[1]
    indptr = np.append(rows.indptr, rows.indptr[-1] + len(first))
    below = _matrix(np.concatenate([rows.indices, first]), indptr)
    order, above = sparse.csgraph.breadth_first_order(below, n)
    position = np.empty(n + 1, dtype=np.int64)
    position[order] = np.arange(n + 1)
    above[n] = n
    return order.astype(np.int64), position[above[order]], first[piece]


def _walk(above: Ints, *, youngest_first: bool) -> Ints:
    """Walk down a tree to one child after the other; give the step at which each node is met.

    A child may have any number of siblings, but only one eldest child and one next sibling: to
    these two a node leads here, so that no node is slow to leave.
    """
    n = len(above)
    siblings = ~opens_run(above)[2:]  # each from the third on with the one before; 0 is the root
    elder, younger = np.flatnonzero(siblings) + 1, np.flatnonzero(siblings) + 2
    if youngest_first:
        child = np.delete(np.arange(1, n), elder - 1)
        beside = younger, elder
    else:
        child = np.delete(np.arange(1, n), younger - 1)
        beside = elder, younger
    # Counted from the end a child has a lower number than a sibling: rows lead to it first.
    start = n - 1 - np.concatenate([above[child], beside[0]])
    stop = n - 1 - np.concatenate([child, beside[1]])
    steps = sparse.csr_array((np.ones(len(start)), (start, stop)), shape=(n, n))
    steps.sort_indices()
    met = sparse.csgraph.depth_first_order(steps, n - 1, return_predecessors=False)
    place = np.empty(n, dtype=np.int64)
    place[n - 1 - met] = np.arange(n)
    return place


def _depth(above: Ints) -> Ints:
    """Count the nodes above each node, by leaps that double."""
    depth = np.ones(len(above), dtype=np.int64)
    depth[0] = 0
    leap = above
    while leap.any():
        depth += depth[leap]
        leap = leap[leap]
    return depth


def _lowest_below(value: Ints, size: Ints) -> Ints:
    """Give the lowest value from each place to the last one below it.

    Any stretch is covered by two, overlapping, that are as long as a power of two.
    """
    lowest = value.copy()
    width = 1
    while True:
        some = np.flatnonzero((size >= width) & (size < 2 * width))
        lowest[some] = np.minimum(value[some], value[some + size[some] - width])
        if not (size >= 2 * width).any():
            return lowest
        value = np.minimum(value, np.append(value[width:], value[-width:]))
        width *= 2


def _matrix(indices: npt.NDArray[np.integer[Any]], indptr: Ints) -> Any:
    n = len(indptr) - 1
    return sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=(n, n))
