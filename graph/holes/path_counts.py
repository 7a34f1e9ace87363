"""Shortest paths from many sources side by side, and how much each source depends on each node."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from siyu.datasets.errors import DataError
from siyu.graph.tie_arrays import Rows

__all__ = ["dependencies"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_STEPS = 1 << 20  # steps of all copies of the graph that are searched together


def dependencies(rows: Rows, sources: Ints) -> Iterator[tuple[Floats, slice]]:
    r"""Give the dependency of some sources at a time on every node (Brandes 2001).

    :math:`\delta_s(v) = \sum_t \sigma_{st}(v) / \sigma_{st}`, the shortest paths from s to any
    other t that run through v, each t counting as 1; 0 for v = s.

    Parameters
    ----------
    rows : Rows
        Whom each of n nodes leads to in one step.
    sources : int64 array
        Nodes to start from.

    Raises
    ------
    DataError
        If two nodes have more than 1e308 shortest paths between them.

    Yields
    ------
    float64 array, k x n
        One row a source; k is chosen so that memory stays O(n + m).
    slice
        Which of `sources` these are.

    Examples
    --------
    >>> path = Rows(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1], np.int32), np.ones(4))
    >>> [(found, which) for found, which in dependencies(path, np.array([0]))]
    [(array([[0., 1., 0.]]), slice(0, 1, None))]
    """
    n = len(rows.indptr) - 1
    at_once = max(_STEPS // (len(rows.indices) + n + 1), 1)
    for start in range(0, len(sources), at_once):
        some = sources[start : start + at_once]
        # Copy i of the graph, with nodes i * n to (i + 1) * n, is searched from source i.
        first = np.arange(len(some)) * n + some
        n_paths, levels = _search(rows, first, len(some) * n)
        found = np.zeros(len(some) * n)
        for tail, head in reversed(levels):
            passed = (1 + found.take(head)) / n_paths.take(head)
            np.add.at(found, tail, n_paths.take(tail) * passed)
        found[first] = 0
        yield found.reshape(len(some), n), slice(start, start + len(some))


def _search(rows: Rows, first: Ints, size: int) -> tuple[Floats, list[tuple[Ints, Ints]]]:
    """Go out from the sources level by level; give each node's path count and each level's steps.

    Only steps on shortest paths are kept: those to nodes that no level before has met.
    """
    n = len(rows.indptr) - 1
    degree = np.diff(rows.indptr)
    n_paths = np.zeros(size)
    n_paths[first] = 1
    reached_by = np.empty(size, dtype=np.int64)
    levels = []
    level = first
    while len(level):
        node = level % n
        count = degree.take(node)
        tail = np.repeat(np.arange(len(level)), count)
        step = (rows.indptr.take(node) + count - np.cumsum(count)).take(tail)
        step += np.arange(len(tail))
        head = rows.indices.take(step) + (level - node).take(tail)
        new = np.flatnonzero(n_paths.take(head) == 0)
        head, tail = head.take(new), level.take(tail.take(new))
        with np.errstate(over="ignore"):
            np.add.at(n_paths, head, n_paths.take(tail))
        levels.append((tail, head))
        number = np.arange(len(head))
        reached_by[head] = number
        level = head.compress(reached_by.take(head) == number)
    if not np.isfinite(n_paths).all():
        raise DataError("two members have more shortest paths between them than floats can count")
    return n_paths, levels
