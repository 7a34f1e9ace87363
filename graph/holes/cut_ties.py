"""Whom and what a graph cannot lose: members and ties without which it falls apart."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.graph.graph_convert import GraphLike, as_member_graph

from .spanning_tree import SpanningTree, span

__all__ = ["articulation_points", "bridge_ties"]

Ints = npt.NDArray[np.int64]


def articulation_points(graph: GraphLike, *, output: FrameKind = "pandas") -> Frame:
    """Find the members without whom others would lose all contact.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        Neither direction nor weight of ties matters.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row an articulation point, sorted by ``member_id``
        ``n_pieces`` : int >= 2, into which all that are tied together here would fall without
        the member;
        ``n_cut_off`` : int >= 1, members in all of these but the largest.

    Raises
    ------
    ParameterError
        If `graph` is no graph, or `output` no kind of frame.

    See Also
    --------
    bridge_ties : the same of ties.

    Notes
    -----
    Time is O(m + n log n) of m ties, without a loop over members: the search tree of the graph
    is numbered so that what lies below a member is one stretch (Tarjan & Vishkin), and members
    are joined with whom they share a ring.

    References
    ----------
    Tarjan & Vishkin (1985), "An efficient parallel biconnectivity algorithm", SIAM J. Computing
    14(4), 862-874.

    Examples
    --------
    Two triads that share member 3, to whom member 9 is tied as well:

    >>> import networkx as nx
    >>> ties = [(1, 2), (2, 3), (1, 3), (3, 4), (4, 5), (3, 5), (3, 9)]
    >>> articulation_points(nx.Graph(ties))
       member_id  n_pieces  n_cut_off
    0          3         3          3
    """
    members = as_member_graph(graph)
    tree = span(members.mutual(), len(members))
    fall = _falling(tree)
    at = np.flatnonzero(fall.n_pieces >= 2)
    at = at[np.argsort(tree.node[at])]
    table = {
        "member_id": members.ids.take(pa.array(tree.node[at])),
        "n_pieces": fall.n_pieces[at],
        "n_cut_off": fall.n_cut_off[at],
    }
    return from_arrow(pa.table(table), output)


def bridge_ties(graph: GraphLike, *, output: FrameKind = "pandas") -> Frame:
    """Find the ties without which others would lose all contact.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        Neither direction nor weight of ties matters: ties in both directions are one.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a bridge, sorted by ``source``, then ``target``
        ``source``, ``target`` : both ends, the lower ``member_id`` first;
        ``n_source_side``, ``n_target_side`` : int >= 1, members on either side, were it cut.

    Raises
    ------
    ParameterError
        If `graph` is no graph, or `output` no kind of frame.

    See Also
    --------
    articulation_points : the same of members, and how it is found.

    Examples
    --------
    >>> import networkx as nx
    >>> bridge_ties(nx.Graph([(1, 2), (2, 3), (1, 3), (3, 4)]))
       source  target  n_source_side  n_target_side
    0       3       4              3              1
    """
    members = as_member_graph(graph)
    tree = span(members.mutual(), len(members))
    below, above = _bridges(tree)
    ends = tree.node[above], tree.node[below]
    sides = tree.size[tree.root[below]] - tree.size[below], tree.size[below]
    turned = ends[0] > ends[1]
    source, target = np.minimum(*ends), np.maximum(*ends)
    row = np.lexsort((target, source))
    table = {
        "source": members.ids.take(pa.array(source[row])),
        "target": members.ids.take(pa.array(target[row])),
        "n_source_side": np.where(turned, sides[1], sides[0])[row],
        "n_target_side": np.where(turned, sides[0], sides[1])[row],
    }
    return from_arrow(pa.table(table), output)


def _bridges(tree: SpanningTree) -> tuple[Ints, Ints]:
    """Give the ends of each tie of the tree that no other tie leads round, lower end first."""
    place = np.arange(len(tree.node))
    closed = (tree.low >= place) & (tree.high < place + tree.size) & (tree.parent != place)
    below = np.flatnonzero(closed)
    return below, tree.parent[below]


@dataclass(frozen=True, slots=True, eq=False)
class _Fall:
    """What would be left of the piece of each node without it."""

    n_pieces: Ints
    n_cut_off: Ints


def _falling(tree: SpanningTree) -> _Fall:
    """Count what falls off with each node: all below it that is in no ring with what is above."""
    n = len(tree.node)
    block, is_root = _blocks(tree), tree.parent == np.arange(n)
    stays = (block == block[tree.parent]) & ~is_root[tree.parent]
    off = np.flatnonzero(~stays & ~is_root)
    # What hangs on a node by one block is one part, and a block hangs on one node.
    part, first, of = np.unique(block[off], return_index=True, return_inverse=True)
    size = np.bincount(of, tree.size[off], len(part)).astype(np.int64)
    holder = tree.parent[off[first]]
    n_parts = np.bincount(holder, minlength=n)
    fallen = np.bincount(holder, size, n).astype(np.int64)
    rest = tree.size[tree.root] - 1 - fallen
    largest = rest.copy()
    np.maximum.at(largest, holder, size)
    return _Fall(n_parts + (rest > 0), rest + fallen - largest)


def _blocks(tree: SpanningTree) -> Ints:
    """Give the number of the block in which the tie above each node lies.

    Two ties lie in one block if a ring runs through both. A tie outside the tree between two
    branches joins the ties above its ends; a tie joins the one above it if another leads round.
    """
    n = len(tree.node)
    across = tree.other >= tree.one + tree.size[tree.one]
    above = tree.parent
    is_round = (tree.low < above) | (tree.high >= above + tree.size[above])
    joined = np.flatnonzero(is_round & (above[above] != above))
    start = np.concatenate([tree.one[across], joined])
    stop = np.concatenate([tree.other[across], above[joined]])
    same = sparse.csr_array((np.ones(len(start)), (start, stop)), shape=(n, n))
    block: Ints = sparse.csgraph.connected_components(same, directed=False)[1].astype(np.int64)
    return block
