"""Burt's structural-hole measures of every member, from one pass over the triangles."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.graph.graph_convert import GraphLike, as_member_graph
from siyu.graph.tie_arrays import Weights, sums_at

from .triangles import RankedPairs, rank_pairs, triangles

__all__ = ["constraint", "effective_size", "local_constraint", "structural_holes"]

_BLOCK = 1 << 16  # pairs worked on together once the triangles are through


def structural_holes(graph: GraphLike, *, output: FrameKind = "pandas") -> Frame:
    r"""Measure how far every member bridges structural holes: all of Burt's measures at once.

    With the mutual weight :math:`m_{ij} = a_{ij} + a_{ji}` of a tied pair, its share
    :math:`p_{ij} = m_{ij} / \sum_k m_{ik}` of i's ties, and its strength
    :math:`r_{ij} = m_{ij} / \max_k m_{ik}` beside i's strongest tie, sums over contacts of i
    (whoever acts towards i, or i acts towards):

    - constraint :math:`C_i = \sum_j c_{ij}`, :math:`c_{ij} = (p_{ij} + \sum_q p_{iq} p_{qj})^2`
    - effective size :math:`\sum_j (1 - \sum_q p_{iq} r_{jq})`; without weights this is
      degree - 2 t / degree, t being the ties among the contacts (Borgatti 1997)
    - efficiency: effective size / degree
    - hierarchy :math:`\sum_j x_j \ln x_j / (n \ln n)`, :math:`x_j = n c_{ij} / C_i`, of n contacts

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        Directed or not, weighted or not. Edges of a networkx graph weigh their ``weight``.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a member, sorted by ``member_id``
        ``degree`` : number of contacts, int >= 0;
        ``constraint`` : float > 0, low where contacts do not know each other. It may exceed 1:
        every member of a closed triad has 1.125;
        ``effective_size`` : float from 1 to degree, contacts that are not redundant;
        ``efficiency`` : float above 0, at most 1;
        ``hierarchy`` : float in [0, 1], 0 where all contacts constrain alike, 1 where one does
        it all, so for a single contact.
        A member without ties has degree 0 and NaN elsewhere: there is no network to measure.

    Raises
    ------
    ParameterError
        If `graph` is no graph, or `output` no kind of frame.
    DataError
        If a networkx graph breaks the rules of `MemberGraph.from_networkx`.

    See Also
    --------
    local_constraint : :math:`c_{ij}`, one row a tie.

    Notes
    -----
    Time grows with the wedges of the degree-ordered graph, at most m sqrt(2 m) of m ties, where
    all two-step paths (networkx, igraph) are quadratic in the ties of a hub. Memory is O(m + n).

    Values equal those of ``networkx.constraint(G, nodes=list(G))`` and
    ``networkx.effective_size(G, nodes=list(G))``, but for members who only receive ties: networkx
    gives NaN there and a number without ``nodes``; they have contacts, so here it is the number.
    networkx' effective size without ``nodes`` is wrong (as of 3.6) where ties have weights or
    directions. Self-loops are no ties and count nowhere; networkx lets them count.

    References
    ----------
    Burt (1992), Structural Holes, Harvard University Press, pp. 51-71.
    Borgatti (1997), "Structural holes: unpacking Burt's redundancy measures", Connections 20(1).
    Burt (2004), "Structural holes and good ideas", Am. J. Sociology 110(2), 349-399.

    Examples
    --------
    A triad, and a fourth member whom only member 3 knows:

    >>> import networkx as nx
    >>> structural_holes(nx.Graph([(1, 2), (1, 3), (2, 3), (3, 4)])).round(3)
       member_id  degree  constraint  effective_size  efficiency  hierarchy
    0          1       2       1.007           1.000       0.500      0.010
    1          2       2       1.007           1.000       0.500      0.010
    2          3       3       0.611           2.333       0.778      0.052
    3          4       1       1.000           1.000       1.000      1.000
    """
    members = as_member_graph(graph)
    pairs = rank_pairs(members.mutual(), len(members))
    columns = {"member_id": members.ids}
    for name, of_rank in _measures(pairs).items():
        values = np.empty_like(of_rank)
        values[pairs.order] = of_rank
        columns[name] = pa.array(values, from_pandas=True)  # NaN: missing
    return from_arrow(pa.table(columns), output)


def constraint(graph: GraphLike, *, output: FrameKind = "pandas") -> Frame:
    """Measure how tightly the contacts of every member are tied to each other.

    One column of `structural_holes`, which explains it; the price is the same.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a member, sorted by ``member_id``
        ``constraint`` : float > 0; NaN for a member without ties.

    Examples
    --------
    >>> import networkx as nx
    >>> constraint(nx.complete_graph(3))
       member_id  constraint
    0          0       1.125
    1          1       1.125
    2          2       1.125
    """
    table = structural_holes(graph, output="pyarrow")
    return from_arrow(table.select(["member_id", "constraint"]), output)


def effective_size(graph: GraphLike, *, output: FrameKind = "pandas") -> Frame:
    """Count the contacts of every member that are not redundant.

    One column of `structural_holes`, which explains it; the price is the same.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a member, sorted by ``member_id``
        ``effective_size`` : float from 1 to degree; NaN for a member without ties.

    Examples
    --------
    >>> import networkx as nx
    >>> effective_size(nx.star_graph(3))
       member_id  effective_size
    0          0             3.0
    1          1             1.0
    2          2             1.0
    3          3             1.0
    """
    table = structural_holes(graph, output="pyarrow")
    return from_arrow(table.select(["member_id", "effective_size"]), output)


def local_constraint(graph: GraphLike, *, output: FrameKind = "pandas") -> Frame:
    """Measure how much each contact constrains a member: c_ij of `structural_holes`.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, two rows a tied pair, sorted by ``source``, then ``target``
        ``source`` : the member who is constrained;
        ``target`` : the contact who constrains, whoever of the two acts;
        ``local_constraint`` : float > 0. Its sum over the rows of one source is the constraint.

    References
    ----------
    Burt (1992), Structural Holes, Harvard University Press, eq. 2.4.

    Examples
    --------
    >>> import networkx as nx
    >>> local_constraint(nx.path_graph(3))
       source  target  local_constraint
    0       0       1              1.00
    1       1       0              0.25
    2       1       2              0.25
    3       2       1              1.00
    """
    members = as_member_graph(graph)
    pairs = rank_pairs(members.mutual(), len(members))
    shared = _share(pairs)
    reach = shared.detour + (1 if pairs.weight is None else pairs.weight)
    local = [(reach / shared.strength[end]) ** 2 for end in (pairs.low, pairs.high)]
    low, high = pairs.order[pairs.low], pairs.order[pairs.high]
    source, target = np.concatenate([low, high]), np.concatenate([high, low])
    row = np.lexsort((target, source))
    table = {
        "source": members.ids.take(pa.array(source[row])),
        "target": members.ids.take(pa.array(target[row])),
        "local_constraint": np.concatenate(local)[row],
    }
    return from_arrow(pa.table(table), output)


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """What the contacts that both ends of a pair share add up to, and each rank's weights."""

    strength: Weights  # of each rank: sum of its weights
    detour: Weights  # of each pair u, v: sum over q of m_uq m_qv / strength of q
    overlap: Weights  # of each pair u, v: sum over q of m_uq m_qv


def _share(pairs: RankedPairs) -> _Shared:
    """Go through the triangles once."""
    detour, overlap = np.zeros(len(pairs.low)), np.zeros(len(pairs.low))
    strength = pairs.degree.astype(np.float64)
    if pairs.weight is not None:
        n = len(strength)
        strength = sums_at(pairs.low, pairs.weight, n) + sums_at(pairs.high, pairs.weight, n)
    part = np.divide(1, strength, out=np.zeros_like(strength), where=strength > 0)
    for some in triangles(pairs):
        sides = some.uv, some.uw, some.vw
        opposite = pairs.high.take(some.uw), pairs.high.take(some.uv), pairs.low.take(some.uv)
        for i in range(3):
            by = part.take(opposite[i])
            if pairs.weight is None:
                np.add.at(overlap, sides[i], 1.0)
                np.add.at(detour, sides[i], by)
            else:
                both = pairs.weight.take(sides[i - 1]) * pairs.weight.take(sides[i - 2])
                np.add.at(overlap, sides[i], both)
                np.add.at(detour, sides[i], both * by)
    return _Shared(strength, detour, overlap)


def _measures(pairs: RankedPairs) -> dict[str, npt.NDArray[Any]]:
    """Give all measures of each rank."""
    shared = _share(pairs)
    # With h_j = m_ij + sum over q of m_iq m_qj / s_q, c_ij is (h_j / s_i)^2: sums of h^2 will do.
    squares, mixed, redundant = _sums(pairs, shared)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = pairs.degree - redundant / shared.strength
        # Of shares x of the squares: sum of x ln x = mixed / squares - ln squares.
        disorder = mixed / squares - np.log(squares)
        hierarchy = np.clip(1 + disorder / np.log(pairs.degree), 0, 1)
        hierarchy[pairs.degree == 1] = 1
        return {
            "degree": pairs.degree,
            "constraint": squares / shared.strength**2,
            "effective_size": size,
            "efficiency": size / pairs.degree,
            "hierarchy": hierarchy,
        }


def _sums(pairs: RankedPairs, shared: _Shared) -> tuple[Weights, Weights, Weights]:
    """Add up over the contacts of each rank: h squared, h squared x its log, what is redundant.

    Without weights h is 1 unless a triangle adds to it: then only pairs in triangles are added.
    """
    n = len(pairs.order)
    mixed, redundant = np.zeros(n), np.zeros(n)
    if pairs.weight is None:
        added, direct = np.flatnonzero(shared.overlap > 0), 1.0
    else:
        added, direct = np.arange(len(pairs.low)), 0.0
    squares = np.asarray(pairs.degree * direct, dtype=np.float64)
    strongest = _strongest(pairs)
    for block in (added[i : i + _BLOCK] for i in range(0, len(added), _BLOCK)):
        reach = shared.detour.take(block)
        reach += 1 if pairs.weight is None else pairs.weight.take(block)
        square = reach * reach
        logged = square * np.log(square)
        square -= direct
        overlap = shared.overlap.take(block)
        ends = pairs.low.take(block).astype(np.int64), pairs.high.take(block).astype(np.int64)
        for one, other in (ends, ends[::-1]):
            np.add.at(squares, one, square)
            np.add.at(mixed, one, logged)
            np.add.at(redundant, one, overlap / strongest.take(other))
    return squares, mixed, redundant


def _strongest(pairs: RankedPairs) -> Weights:
    """Give the weight of each rank's strongest tie."""
    strongest = np.ones(len(pairs.order))
    if pairs.weight is not None:
        strongest[:] = 0
        np.maximum.at(strongest, pairs.low, pairs.weight)
        np.maximum.at(strongest, pairs.high, pairs.weight)
    return strongest
