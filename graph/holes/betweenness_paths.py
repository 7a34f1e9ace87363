"""Betweenness: how many shortest paths run through a member, exact or from sampled sources."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.randomness import generator
from siyu.graph.graph_convert import GraphLike, as_member_graph
from siyu.graph.member_graph import MemberGraph
from siyu.graph.tie_arrays import Rows, rows_of

from .path_counts import dependencies

__all__ = ["betweenness"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_EXACT_UP_TO = 5_000  # members: each is a source then, unless `n_sources` says otherwise
_SOURCES = 1_000  # drawn from larger graphs


def betweenness(
    graph: GraphLike,
    *,
    n_sources: int | None = None,
    directed: bool = False,
    confidence: float = 0.95,
    random_state: int | np.random.Generator | None = 0,
    output: FrameKind = "pandas",
) -> Frame:
    r"""Measure on what share of the shortest paths between others each member lies.

    .. math:: b_v = \frac{1}{(n - 1)(n - 2)} \sum_s \delta_s(v), \qquad
              \delta_s(v) = \sum_{t \ne s, v} \frac{\sigma_{st}(v)}{\sigma_{st}}

    with :math:`\sigma_{st}` shortest paths from s to t, :math:`\sigma_{st}(v)` of them through
    v, which is neither s nor t. A tie is one step, whatever its weight. One search from each
    source s gives its :math:`\delta_s` for all members (Brandes). Large graphs are searched from
    sources drawn evenly with replacement. Then `low` and `high` hold **for all members at
    once** with the chance `confidence` at least: of k sources with mean dependency
    :math:`\bar\delta` and sample variance V, and of c members of v's component, the mean over
    all sources lies within

    .. math:: \sqrt{\frac{2 V \ln(4 m / \alpha)}{k}}
              + \frac{7 (c - 2) \ln(4 m / \alpha)}{3 (k - 1)}, \qquad \alpha = 1 - confidence

    of :math:`\bar\delta` for each of the m members that can lie between others (Maurer & Pontil's
    empirical Bernstein bound from both sides, shared among the m). The second part shrinks with
    k alone: it takes thousands of sources to tell members of low betweenness apart.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
    n_sources : int >= 2, optional
        Sources to search from; n or more makes it exact. Default: all members of a graph of up
        to 5,000, else 1,000.
    directed : bool
        Whether paths follow the direction of ties; by default a tie leads both ways.
    confidence : float in (0, 1)
        Chance that all intervals hold at once, at least.
    random_state : int, Generator or None
        Draws the sources.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a member, sorted by ``member_id``
        ``betweenness`` : share in [0, 1], 0 in graphs of two or less; an estimate without bias
        where sources are drawn;
        ``low``, ``high`` : where the exact value lies, equal to it if all members are sources or
        if the member can lie on no path (fewer than two contacts, or directed ties that only
        come or only go).

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    DataError
        If there are more shortest paths between two members than a float can count (1e308).

    Notes
    -----
    Time is O(m) a source, for m ties; memory O(n + m). Equals
    ``networkx.betweenness_centrality`` of the undirected graph (of the directed one with
    ``directed=True``) where all members are sources.

    References
    ----------
    Freeman (1977), Sociometry 40(1), 35-41. Brandes (2001), "A faster algorithm for betweenness
    centrality", J. Math. Sociology 25(2), 163-177. Brandes & Pich (2007), "Centrality estimation
    in large networks", Int. J. Bifurcation and Chaos 17(7). Maurer & Pontil (2009), "Empirical
    Bernstein bounds and sample variance penalization", COLT, theorem 4.

    Examples
    --------
    >>> import networkx as nx
    >>> betweenness(nx.path_graph(3))
       member_id  betweenness  low  high
    0          0          0.0  0.0   0.0
    1          1          1.0  1.0   1.0
    2          2          0.0  0.0   0.0
    """
    _check(n_sources, confidence)
    members = as_member_graph(graph)
    n = len(members)
    wanted = n_sources or (n if n <= _EXACT_UP_TO else _SOURCES)
    rows = _rows(members, directed=directed)
    if wanted >= n:
        found = _exactly(rows, n)
    else:
        drawn = generator(random_state).integers(0, n, wanted)
        found = _estimated(rows, drawn, _reach(rows, n), 1 - confidence)
    table = {"member_id": members.ids, "betweenness": found.mean, "low": found.low}
    return from_arrow(pa.table({**table, "high": found.high}), output)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The betweenness of each node, and between what bounds it lies."""

    mean: Floats
    low: Floats
    high: Floats


def _check(n_sources: int | None, confidence: float) -> None:
    if n_sources is not None and n_sources < 2:
        raise ParameterError("n_sources", f"n_sources must be 2 or more, got {n_sources}")
    if not 0 < confidence < 1:
        raise ParameterError("confidence", f"confidence must lie in (0, 1), got {confidence}")


def _rows(members: MemberGraph, *, directed: bool) -> Rows:
    """Give whom each node leads to in one step."""
    if directed or not members.directed:
        return Rows(members.indptr, members.indices, members.weights)
    return rows_of(members.mutual(), len(members), directed=False)


def _exactly(rows: Rows, n: int) -> _Found:
    total = np.zeros(n)
    for block, _ in dependencies(rows, np.arange(n)):
        total += block.sum(axis=0)
    share = total / max((n - 1) * (n - 2), 1)
    return _Found(share, share, share)


def _estimated(rows: Rows, drawn: Ints, reach: Ints, alpha: float) -> _Found:
    """Estimate the mean dependency over all sources, with its empirical Bernstein bound."""
    n, k = len(reach), len(drawn)
    sources, times = np.unique(drawn, return_counts=True)
    total, squares = np.zeros(n), np.zeros(n)
    for block, which in dependencies(rows, sources):
        total += times[which] @ block
        squares += times[which] @ block**2
    mean = total / k
    variance = np.maximum(squares - k * mean**2, 0) / (k - 1)
    log = np.log(4 * max(int((reach > 0).sum()), 1) / alpha)
    off = np.sqrt(2 * variance * log / k) + 7 * reach * log / (3 * (k - 1))
    scale = n / max((n - 1) * (n - 2), 1)
    bounds = np.maximum(mean - off, 0), np.minimum(mean + off, reach)
    return _Found(mean * scale, bounds[0] * scale, bounds[1] * scale)


def _reach(rows: Rows, n: int) -> Ints:
    """Give the most others whom a source can reach through each node; 0 if through it none."""
    steps = sparse.csr_array((np.ones(len(rows.indices)), rows.indices, rows.indptr), shape=(n, n))
    _, piece = sparse.csgraph.connected_components(steps, directed=False)
    goes, comes = np.diff(rows.indptr), np.bincount(rows.indices, minlength=n)
    between = (goes > 0) & (comes > 0)
    # With one other alone there is nobody to pass on to.
    single = np.flatnonzero((goes == 1) & (comes == 1))
    origin = np.empty(n, dtype=np.int64)
    origin[rows.indices] = np.repeat(np.arange(n), goes)
    between[single] = origin[single] != rows.indices[rows.indptr[single]]
    return np.where(between, np.bincount(piece)[piece] - 2, 0)
