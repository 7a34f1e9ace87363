"""Leiden and Louvain: compiled moves of single nodes, and what happens between them."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from siyu.graph.tie_arrays import Codes, Ties, Weights, rows_of, sums_at

__all__ = ["leiden", "louvain", "partitions"]

_TOLERANCE = 1e-3  # nodes move round by round until a round gains less modularity than this
_WORTHWHILE = 1e-4  # Leiden starts again from its result until that gains less than this
_MOST_STARTS = 10


def leiden(
    ties: Ties,
    n: int,
    resolution: float,
    draw: np.random.Generator,
    start: Codes | None = None,
) -> Codes:
    """Divide nodes by Leiden passes, each from the result of the last, until one gains little.

    Parameters
    ----------
    ties : Ties, m
        Each pair of tied nodes once.
    n : int
        Number of nodes.
    resolution : float > 0
    draw : numpy.random.Generator
        Draws the order in which each pass visits the nodes.
    start : int32 array, n, optional
        A division to start from, such as that of an earlier day; default every node alone.

    Returns
    -------
    int32 array, n
        Community of each node, numbered without gaps in no order that means anything. Every
        community is connected; a node without ties is alone.
    """
    return deque(partitions(ties, n, resolution, draw, start), maxlen=1).pop()


def partitions(
    ties: Ties,
    n: int,
    resolution: float,
    draw: np.random.Generator,
    start: Codes | None = None,
) -> Iterator[Codes]:
    """Give the partition after each level of the first Leiden pass, then after each better pass.

    Parameters as of `leiden`, whose result is the last partition.
    """
    labels = np.arange(n, dtype=np.int32)
    if len(ties.weight) == 0:
        yield labels
        return
    level = _Level.of(ties, n)
    quality = -np.inf
    if start is not None:
        labels = _split(level, _numbered(start), resolution)
        quality = level.quality(labels, resolution)
    for turn in range(_MOST_STARTS):
        better = labels
        for better in _shuffled_pass(level, labels, resolution, draw, refined=True):
            if turn == 0:
                yield better
        found = level.quality(better, resolution)
        gain = found - quality
        if gain > 0:
            labels, quality = better, found
        if gain < _WORTHWHILE:
            break
    pieces: Codes = sparse.csgraph.connected_components(level.inside(labels).matrix)[1]
    yield pieces


def louvain(
    ties: Ties,
    n: int,
    resolution: float,
    draw: np.random.Generator,
    start: Codes | None = None,
) -> Codes:
    """Divide nodes by one Louvain pass; parameters and result as of `leiden`.

    A community need not be connected.
    """
    labels = np.arange(n, dtype=np.int32)
    if len(ties.weight) == 0:
        return labels
    level = _Level.of(ties, n)
    if start is not None:
        labels = _split(level, _numbered(start), resolution)
    passed = _shuffled_pass(level, labels, resolution, draw, refined=False)
    return _numbered(deque(passed, maxlen=1).pop())


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """A symmetric graph of total weight 1, and the mass of each node: its weights in sum."""

    matrix: Any  # scipy.sparse.csr_array
    mass: Weights

    @classmethod
    def of(cls, ties: Ties, n: int) -> "_Level":
        rows = rows_of(ties, n, directed=False)
        total = 2 * ties.weight.sum()
        mass = sums_at(ties.source, ties.weight, n) + sums_at(ties.target, ties.weight, n)
        return cls(_matrix(rows.weights / total, rows.indices, rows.indptr), mass / total)

    def reordered(self, order: npt.NDArray[np.int64]) -> "_Level":
        """Give the same graph with node ``order[i]`` in the place of node i."""
        return _Level(_sorted(self.matrix[order][:, order]), self.mass[order])

    def merged(self, labels: Codes) -> "_Level":
        """Make each community a node; what ties it inside becomes its loop."""
        n = len(labels)
        member = _matrix(np.ones(n), labels, np.arange(n + 1), int(labels.max()) + 1)
        matrix = member.T.tocsr() @ (self.matrix @ member)
        return _Level(_sorted(matrix), sums_at(labels, self.mass, member.shape[1]))

    def inside(self, labels: Codes) -> "_Level":
        """Keep the ties inside communities only; the masses stay what they are."""
        row = self._row()
        keep = labels[row] == labels[self.matrix.indices]
        indptr = np.concatenate([[0], np.cumsum(keep)])[self.matrix.indptr]
        return _Level(_matrix(self.matrix.data[keep], self.matrix.indices[keep], indptr), self.mass)

    def quality(self, labels: Codes, resolution: float) -> float:
        """Give the modularity of a division."""
        return float(self.terms(labels, resolution).sum())

    def terms(self, labels: Codes, resolution: float) -> Weights:
        """Give what each community adds to the modularity."""
        row = self._row()
        within = labels[row] == labels[self.matrix.indices]
        n = int(labels.max()) + 1
        inside = sums_at(labels[row[within]], self.matrix.data[within], n)
        terms: Weights = inside - resolution * sums_at(labels, self.mass, n) ** 2
        return terms

    def moved(self, labels: Codes, resolution: float) -> Codes:
        """Move nodes one by one to the neighbouring community that gains most, round by round."""
        from sknetwork.clustering.louvain_core import optimize_core

        mass = self.mass.astype(np.float32)
        of_community = np.bincount(labels, self.mass, len(labels)).astype(np.float32)
        moved, _ = optimize_core(
            labels.copy(),
            self.matrix.indices,
            self.matrix.indptr,
            self.matrix.data.astype(np.float32),
            mass,
            mass,
            of_community,
            of_community.copy(),
            np.zeros_like(mass),
            self.matrix.diagonal().astype(np.float32),
            resolution,
            _TOLERANCE,
        )
        return _numbered(moved)

    def _row(self) -> Codes:
        """Give the row of each entry."""
        return np.repeat(np.arange(len(self.mass), dtype=np.int32), np.diff(self.matrix.indptr))


def _shuffled_pass(
    level: _Level, labels: Codes, resolution: float, draw: np.random.Generator, *, refined: bool
) -> Iterator[Codes]:
    """Make one pass over the nodes in a drawn order; give the division after each level."""
    order = draw.permutation(len(labels))
    for found in _pass(level.reordered(order), labels[order], resolution, refined=refined):
        result = np.empty_like(labels)
        result[order] = found
        yield result


def _pass(level: _Level, labels: Codes, resolution: float, *, refined: bool) -> Iterator[Codes]:
    """Move nodes, merge what belongs together, and go on with the merged graph to the end.

    Leiden merges not whole communities but the parts that they refine into, found by moving
    nodes within each community from a fresh start; the parts may part company later.
    """
    node: npt.NDArray[np.integer[Any]] = np.arange(len(labels))
    labels = _numbered(labels)
    while True:
        labels = level.moved(labels, resolution)
        yield labels[node]
        parts = labels
        if refined:
            alone = np.arange(len(labels), dtype=np.int32)
            parts = level.inside(labels).moved(alone, resolution)
        n_parts = int(parts.max()) + 1
        if n_parts == len(parts):
            return
        of_part = np.empty(n_parts, dtype=np.int32)
        of_part[parts] = labels
        level, node, labels = level.merged(parts), parts[node], of_part


def _split(level: _Level, labels: Codes, resolution: float) -> Codes:
    """Part the communities that are better in pieces: moves of single nodes never would."""
    alone = np.arange(len(labels), dtype=np.int32)
    found = _pass(level.inside(labels), alone, resolution, refined=True)
    pieces = _numbered(deque(found, maxlen=1).pop())
    whole = np.empty(int(pieces.max()) + 1, dtype=np.int32)  # community of each piece
    whole[pieces] = labels
    before = level.terms(labels, resolution)
    after = sums_at(whole, level.terms(pieces, resolution), len(before))
    pays = after > before
    return _numbered(np.where(pays[labels], len(before) + pieces, labels))


def _numbered(labels: npt.ArrayLike) -> Codes:
    """Renumber communities 0, 1, 2 ... without gaps."""
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


def _matrix(
    data: Weights, indices: npt.ArrayLike, indptr: npt.ArrayLike, n_columns: int | None = None
) -> Any:
    """Make a matrix in rows whose indices are int32, as the compiled moves need them."""
    starts = np.asarray(indptr).astype(np.int32)
    n = len(starts) - 1
    columns = np.asarray(indices).astype(np.int32)
    return sparse.csr_array((data, columns, starts), shape=(n, n_columns or n))


def _sorted(matrix: Any) -> Any:
    """Sort each row, so that sums and moves go in one order."""
    matrix = matrix.tocsr()
    matrix.sort_indices()
    return _matrix(matrix.data, matrix.indices, matrix.indptr)
