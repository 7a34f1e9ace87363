"""Communities of members: Leiden and Louvain, the same for the same random state."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.randomness import generator
from siyu.graph.graph_convert import GraphLike, as_member_graph
from siyu.graph.tie_arrays import Codes, sums_at

from .division import labels_for, start_from
from .leiden import leiden, louvain
from .matching import match_communities

__all__ = ["communities", "modularity"]


def communities(
    graph: GraphLike,
    *,
    method: Literal["leiden", "louvain"] = "leiden",
    resolution: float = 1.0,
    random_state: int | np.random.Generator | None = 0,
    previous: Frame | Sequence[Frame] | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Divide members into communities that are tied inside more than chance would have it.

    Both methods look for the division of highest modularity, over the undirected graph in which
    a pair weighs what it weighs in both directions together. Leiden refines communities before
    it merges them, starts again from its own result while that helps, and gives communities
    that are connected; Louvain does a single pass, in less than half the time.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
    method : {"leiden", "louvain"}
    resolution : float > 0
        Above 1 favours more and smaller communities, below 1 fewer and larger ones.
    random_state : int, Generator or None
        Order in which members are visited. The same state gives the same communities, whatever
        the order in which ties were given.
    previous : frame, or list of frames, optional
        What this gave the last time (or all times so far, oldest first). The search then starts
        from there, parts first the communities that are better in pieces, and the communities
        found keep their numbers as `match_communities` says. Yesterday's members thus stay
        where they are, unless there is a reason to move.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a member, sorted by ``member_id``
        ``community`` : int, 0 for the largest and so on; of two of one size the one with the
        smallest member comes first. A member without ties is a community of one.
        With `previous`, the number the community had; new ones count on from the highest.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    DataError
        If a networkx graph breaks the rules of `MemberGraph.from_networkx`, or a member has
        two communities in `previous`.

    See Also
    --------
    modularity, community_quality : how good a division is.
    community_changes : what became of the communities of an earlier day.

    Notes
    -----
    The compiled moves are those of scikit-network's Louvain. Its Leiden is not used: it draws
    from the C library's unseeded ``rand()``, so that two calls differ whatever the random state,
    and it may never end (its issue 592). Here refinement moves members to their best
    neighbours within a community, without chance.

    References
    ----------
    Blondel et al. (2008), "Fast unfolding of communities in large networks", J. Stat. Mech.
    Traag, Waltman & van Eck (2019), "From Louvain to Leiden", Scientific Reports 9, 5233.

    Examples
    --------
    >>> import networkx as nx
    >>> communities(nx.Graph([("a", "b"), ("b", "c"), ("a", "c"), ("d", "e")]))
      member_id  community
    0         a          0
    1         b          0
    2         c          0
    3         d          1
    4         e          1
    """
    if method not in ("leiden", "louvain"):
        raise ParameterError("method", f"method must be 'leiden' or 'louvain', got {method!r}")
    if not 0 < resolution < np.inf:
        raise ParameterError("resolution", f"resolution must be above 0, got {resolution}")
    members = as_member_graph(graph)
    divide = leiden if method == "leiden" else louvain
    draw = generator(random_state)
    start = None if previous is None else start_from(previous, members.ids)
    labels = divide(members.mutual(), len(members), resolution, draw, start)
    table = pa.table({"member_id": members.ids, "community": pa.array(_by_size(labels))})
    if previous is not None:
        return match_communities(previous, table, output=output)
    return from_arrow(table, output)


def modularity(
    graph: GraphLike, labels: npt.ArrayLike | Frame, *, resolution: float = 1.0
) -> float:
    r"""Measure a division: the share of ties inside communities, less what chance would give.

    :math:`\sum_c (w_c / w - \gamma (s_c / 2 w)^2)`, where of the total weight w of all ties
    :math:`w_c` lies inside community c, and its members' ties weigh :math:`s_c` in sum.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        Directed ties count as in `communities`: both directions of a pair together.
    labels : frame with ``member_id`` and ``community``, or integer array, n
        What `communities` gives, or the community of each member in ascending order of
        ``member_id``.
    resolution : float > 0
        :math:`\gamma`.

    Returns
    -------
    float
        At most 1; 0 for a single community (at resolution 1); NaN without ties.

    Raises
    ------
    ParameterError
        If there is not one label a member.
    DataError
        If a member has no community in a frame, or two.

    References
    ----------
    Newman & Girvan (2004), Physical Review E 69, 026113; Reichardt & Bornholdt (2006), ibid. 74.

    Examples
    --------
    >>> import networkx as nx
    >>> modularity(nx.Graph([(1, 2), (3, 4)]), [0, 0, 1, 1])
    0.5
    """
    members = as_member_graph(graph)
    _, code = labels_for(members, labels)
    ties = members.mutual()
    total = ties.weight.sum()
    if total == 0:
        return float("nan")
    source, target = code[ties.source], code[ties.target]
    inside = ties.weight[source == target].sum()
    ends = sums_at(source, ties.weight, len(code)) + sums_at(target, ties.weight, len(code))
    return float(inside / total - resolution * ((ends / (2 * total)) ** 2).sum())


def _by_size(labels: Codes) -> npt.NDArray[np.int64]:
    """Renumber communities from the largest to the smallest, then by their first member."""
    _, first, code, size = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    number = np.empty(len(size), dtype=np.int64)
    number[np.lexsort((first, -size))] = np.arange(len(size))
    return number[code]
