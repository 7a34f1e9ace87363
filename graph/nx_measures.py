"""Burt's measures and clustering of every node, as networkx defines them, loops included."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from siyu.graph.holes.betweenness_paths import betweenness
from siyu.graph.holes.burt import structural_holes
from siyu.graph.holes.cut_ties import bridge_ties
from siyu.graph.holes.triangles import RankedPairs, rank_pairs, triangles

from .member_graph import MemberGraph
from .nx_graph import BackendGraph, MutualTies
from .tie_arrays import Ties, Weights, packed, summed

__all__ = ["Closure", "Holes", "between", "bridged", "closure", "holes", "local_constraint_of"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Holes:
    """Two of Burt's measures of each node, NaN where a node is tied to nobody else."""

    constraint: Weights
    effective_size: Weights


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """How far the neighbours of each node are tied to each other.

    ``closed`` is the sum over the node's triangles (their number without weights), and
    ``possible`` what it may be at most, for each node; ``closed / possible`` is its clustering.
    """

    closed: Weights
    possible: Ints


def holes(graph: BackendGraph, weight: str | None) -> Holes:
    """Measure all nodes, once for each weight."""
    if ("holes", weight) not in graph.made:
        ties = graph.mutual(weight)
        with_loops = bool(ties.loops.any())
        graph.made["holes", weight] = _with_loops(ties) if with_loops else _without_loops(ties)
    made: Holes = graph.made["holes", weight]
    return made


def _without_loops(ties: MutualTies) -> Holes:
    table = structural_holes(_members(ties.pairs, len(ties.loops)), output="pyarrow")
    return Holes(table["constraint"].to_numpy(), table["effective_size"].to_numpy())


def _members(ties: Ties, n: int, *, directed: bool = False) -> MemberGraph:
    return MemberGraph(pa.array(np.arange(n)), ties, directed=directed)


def _with_loops(ties: MutualTies) -> Holes:
    """Measure a graph in which nodes with a loop are contacts of their own."""
    n = len(ties.loops)
    ranked = rank_pairs(ties.pairs, n)
    loop, low, high = ties.loops[ranked.order], ranked.low, ranked.high
    m = ranked.weight
    if m is None:  # all equal
        m = np.full(len(low), ties.pairs.weight[0] if len(low) else 1.0)
    ends = ((low, high), (high, low))
    strength, strongest = loop.copy(), loop.copy()
    for one, _ in ends:
        np.add.at(strength, one, m)
        np.maximum.at(strongest, one, m)
    with np.errstate(divide="ignore", invalid="ignore"):  # a node without edges gives NaN
        share = loop / strength
        overlap, detour = _over_triangles(ranked, m, strength)
        overlap += m * (loop[low] + loop[high])
        detour += m * (share[low] + share[high])
        # What the loop of a node adds: the node is its own contact.
        is_own = loop > 0
        back, square = loop * share, loop**2
        constraint, redundant = np.zeros(n), np.zeros(n)
        for one, other in ends:
            np.add.at(constraint, one, ((m + detour) / strength[one]) ** 2)
            np.add.at(redundant, one, overlap / strongest[other])
            np.add.at(back, one, m**2 / strength[other])
            np.add.at(square, one, m**2)
        constraint += is_own * ((loop + back) / strength) ** 2
        redundant += is_own * square / strongest
        size = ranked.degree + is_own - redundant / strength
    alone = ranked.degree == 0
    constraint[alone], size[alone] = np.nan, np.nan
    return Holes(_by_node(constraint, ranked), _by_node(size, ranked))


def _over_triangles(ranked: RankedPairs, m: Weights, strength: Weights) -> tuple[Weights, Weights]:
    """Sum m_uq m_qv of each pair u, v over common contacts q; plain, and by strength of q."""
    overlap, detour = np.zeros(len(m)), np.zeros(len(m))
    for some in triangles(ranked):
        sides = some.uv, some.uw, some.vw
        opposite = ranked.high[some.uw], ranked.high[some.uv], ranked.low[some.uv]
        for i in range(3):
            both = m[sides[i - 1]] * m[sides[i - 2]]
            np.add.at(overlap, sides[i], both)
            np.add.at(detour, sides[i], both / strength[opposite[i]])
    return overlap, detour


def local_constraint_of(graph: BackendGraph, u: int, v: int, weight: str | None) -> float:
    """Measure one pair of codes: (p_uv + sum over q of p_uq p_qv) squared."""
    if ("rows", weight) not in graph.made:
        matrix = _matrix(graph.mutual(weight))
        graph.made["rows", weight] = matrix, matrix.sum(axis=1)
    matrix, strength = graph.made["rows", weight]
    if strength[u] == 0:
        return 0.0
    (mine, by_mine), (theirs, by_theirs) = (
        (matrix.indices[row], matrix.data[row])
        for row in (slice(*matrix.indptr[code : code + 2].tolist()) for code in (u, v))
    )
    common, first, second = np.intersect1d(mine, theirs, assume_unique=True, return_indices=True)
    detour = float((by_mine[first] * by_theirs[second] / strength[common]).sum())
    direct = float(by_mine[mine == v].sum())
    return float(((direct + detour) / strength[u]) ** 2)


def _matrix(ties: MutualTies) -> "sparse.csr_array":
    """Give mutual weights in rows, loops on the diagonal, each row sorted."""
    own = np.flatnonzero(ties.loops)
    source = np.concatenate([ties.pairs.source, ties.pairs.target, own])
    target = np.concatenate([ties.pairs.target, ties.pairs.source, own])
    values = np.concatenate([ties.pairs.weight, ties.pairs.weight, ties.loops[own]])
    n = len(ties.loops)
    matrix = sparse.coo_array((values, (source, target)), shape=(n, n)).tocsr()
    matrix.sort_indices()
    return matrix


def closure(graph: BackendGraph, weight: str | None) -> Closure:
    """Count or weigh the triangles of every node, once for each weight; loops are no edges.

    Weighted, a triangle counts the geometric mean of its three edges, each by the heaviest edge
    of the graph (negative weights count negative); directed, once for each choice of one edge
    a side.
    """
    if ("closure", weight) not in graph.made:
        graph.made["closure", weight] = _closure(graph, graph.weights(weight))
    made: Closure = graph.made["closure", weight]
    return made


def _closure(graph: BackendGraph, weights: Weights | None) -> Closure:
    n = len(graph)
    is_tie = graph.source != graph.target
    source, target = graph.source[is_tie], graph.target[is_tie]
    low, high = np.minimum(source, target), np.maximum(source, target)
    counted = summed(low, high, None, n)  # an edge or, directed, one or two arcs a pair
    pairs = counted
    if weights is not None and len(low):
        heaviest = weights.max()
        if heaviest == 0:
            raise NotImplementedError("there is no clustering by weights that are all 0")
        pairs = summed(low, high, np.cbrt(weights[is_tie] / heaviest), n)
    ends = np.bincount(source, minlength=n) + np.bincount(target, minlength=n)
    possible = ends * (ends - 1)
    if graph.directed:
        both = counted.weight == 2
        for end in (counted.source[both], counted.target[both]):
            possible -= 2 * np.bincount(end, minlength=n)
    closed = _triangle_sums(pairs, n)
    return Closure(closed if graph.directed else 2 * closed, possible)


def between(graph: BackendGraph) -> Weights:
    """Give the betweenness of every node, as a share of the ordered pairs of the others."""
    if ("between", None) not in graph.made:
        n, is_tie = len(graph), graph.source != graph.target
        ties = summed(graph.source[is_tie], graph.target[is_tie], None, n)
        members = _members(ties, n, directed=graph.directed)
        table = betweenness(members, n_sources=max(n, 2), directed=graph.directed, output="pyarrow")
        graph.made["between", None] = table["betweenness"].to_numpy()
    made: Weights = graph.made["between", None]
    return made


def bridged(graph: BackendGraph) -> npt.NDArray[np.bool_]:
    """Tell which edges of an undirected graph are the only link of what lies on both sides."""
    n = len(graph)
    table = bridge_ties(_members(graph.mutual(None).pairs, n), output="pyarrow")
    source, target = (table[end].to_numpy().astype(np.int32) for end in ("source", "target"))
    found = np.isin(packed(graph.source, graph.target, n), packed(source, target, n))
    return np.asarray(found)


def _triangle_sums(pairs: Ties, n: int) -> Weights:
    """Sum over the triangles of each node the product of the weights of their sides."""
    ranked = rank_pairs(pairs, n)
    sums = np.zeros(n)
    each: Weights | float = 1.0 if len(pairs.weight) == 0 else float(pairs.weight[0]) ** 3
    for some in triangles(ranked):
        if ranked.weight is not None:
            by = ranked.weight
            each = by.take(some.uv) * by.take(some.uw) * by.take(some.vw)
        for corner in (
            ranked.low.take(some.uv),
            ranked.high.take(some.uv),
            ranked.high.take(some.uw),
        ):
            np.add.at(sums, corner, each)
    return _by_node(sums, ranked)


def _by_node(of_rank: Weights, ranked: RankedPairs) -> Weights:
    values = np.empty_like(of_rank)
    values[ranked.order] = of_rank
    return values
