"""PageRank on a member graph, by power iteration: a baseline, and a number to learn from."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from .member_graph import MemberGraph

__all__ = ["pagerank"]

_TOLERANCE = 1e-10
_MOST_STEPS = 200


def pagerank(graph: MemberGraph, damping: float = 0.85) -> npt.NDArray[np.float64]:
    """Give the share of visits of a walker who follows ties, and now and then starts anew.

    Parameters
    ----------
    graph : MemberGraph
        A tie is followed from its source, as often as its weight among those of the source
        says; an undirected tie is followed both ways.
    damping : float in (0, 1)
        Chance to follow a tie rather than to start anew at any member. Who has no tie to
        follow starts anew.

    Returns
    -------
    float64 array, n, adds up to 1
        In the order of ``graph.ids``; changes of a step add up to less than 1e-10 in the end.

    References
    ----------
    Brin & Page (1998), "The anatomy of a large-scale hypertextual web search engine", Computer
    Networks 30, 107-117.

    Examples
    --------
    >>> graph = MemberGraph.from_arrays([1, 2], [3, 3], directed=True)
    >>> pagerank(graph).round(3)
    array([0.213, 0.213, 0.574])
    """
    n = len(graph)
    if not n:
        return np.zeros(0)
    out = np.repeat(np.arange(n), np.diff(graph.indptr))
    strength = np.bincount(out, graph.weights, n)
    share = graph.weights / strength[out]
    steps = sparse.csr_array((share, graph.indices, graph.indptr), shape=(n, n)).T.tocsr()
    stuck = strength == 0
    rank = np.full(n, 1 / n)
    for _ in range(_MOST_STEPS):
        moved = damping * (steps @ rank + rank[stuck].sum() / n) + (1 - damping) / n
        change = np.abs(moved - rank).sum()
        rank = moved
        if change < _TOLERANCE:
            break
    return np.asarray(rank / rank.sum())
