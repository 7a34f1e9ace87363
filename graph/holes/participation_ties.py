"""How a member's ties spread over communities: participation, and the ties to each of them."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.graph.graph_convert import GraphLike, as_member_graph

from .community_reach import Homes, Reach, homes_of, reach_of

__all__ = ["community_ties", "participation"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_ROUNDING = 1e-9  # a deviation below this part of the mean is none


def participation(
    graph: GraphLike, labels: Frame | None = None, *, output: FrameKind = "pandas"
) -> Frame:
    r"""Measure how evenly each member's ties spread over communities, and its standing at home.

    - participation coefficient :math:`P_i = 1 - \sum_c (s_{ic} / s_i)^2`, with :math:`s_{ic}` the
      strength of i's ties to members of community c, and :math:`s_i` of all its ties;
    - within-community score :math:`z_i = (s_{ih} - \bar s_h) / \sigma_h`, with h the home of i,
      and mean and standard deviation of :math:`s_{jh}` over all members j of h.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        Direction does not matter: a pair weighs what both directions weigh together.
    labels : frame with ``member_id`` and ``community``, optional
        Default `siyu.graph.communities` at resolution 2, as for `community_bridging`. Every
        member of the graph needs one.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a member, sorted by ``member_id``
        ``community`` : home; ``strength`` : weight of all ties in sum, float >= 0;
        ``participation`` : 0 (all ties go to one community) to below 1; NaN without ties;
        ``within_z`` : standard deviations above the mean of home; NaN where all members of home
        are tied alike inside it, as the only one.

    Raises
    ------
    DataError
        If a member has no community, or two.

    See Also
    --------
    community_bridging : the same ties weighed at equal degree: participation grows with degree.
    community_ties : what the sums are made of.

    References
    ----------
    Guimera & Amaral (2005), "Functional cartography of complex metabolic networks", Nature 433,
    895-900; of links there, of their weights here.

    Examples
    --------
    >>> import networkx as nx
    >>> import pandas as pd
    >>> rooms = pd.DataFrame({"member_id": [1, 2, 3, 4], "community": [0, 0, 0, 1]})
    >>> participation(nx.Graph([(1, 2), (2, 3), (2, 4)]), rooms).round(3)
       member_id  community  strength  participation  within_z
    0          1          0       1.0          0.000    -0.707
    1          2          0       3.0          0.444     1.414
    2          3          0       1.0          0.000    -0.707
    3          4          1       1.0          0.000       NaN
    """
    members = as_member_graph(graph)
    home = homes_of(members, labels)
    reach = reach_of(members, home)[0]
    table = {
        "member_id": members.ids,
        "community": home.named(home.of_member),
        "strength": reach.total,
        "participation": pa.array(1 - reach.over_members(reach.share**2), from_pandas=True),
        "within_z": pa.array(_within(reach, home), from_pandas=True),
    }
    return from_arrow(pa.table(table), output)


def community_ties(
    graph: GraphLike, labels: Frame | None = None, *, output: FrameKind = "pandas"
) -> Frame:
    """List how many ties, and how strong ones, each member has to each community.

    Parameters
    ----------
    graph, labels, output
        As for `participation`.

    Returns
    -------
    frame, one row a member and community with ties, sorted by both
        ``member_id``, ``community``; ``n_ties`` : members tied to there, int >= 1;
        ``strength`` : weight of these ties in sum, float > 0; ``share`` : of the member's
        strength, in (0, 1]; ``is_home`` : whether it is the member's own community.
        A member without ties has no row.

    Raises
    ------
    DataError
        If a member has no community, or two.

    Examples
    --------
    >>> import networkx as nx
    >>> import pandas as pd
    >>> rooms = pd.DataFrame({"member_id": [1, 2, 3], "community": [0, 0, 1]})
    >>> community_ties(nx.Graph([(1, 2), (1, 3)]), rooms)
       member_id  community  n_ties  strength  share  is_home
    0          1          0       1       1.0    0.5     True
    1          1          1       1       1.0    0.5    False
    2          2          0       1       1.0    1.0     True
    3          3          0       1       1.0    1.0    False
    """
    members = as_member_graph(graph)
    home = homes_of(members, labels)
    reach = reach_of(members, home)[0]
    table = {
        "member_id": members.ids.take(pa.array(reach.member)),
        "community": home.named(reach.community),
        "n_ties": reach.n_ties,
        "strength": reach.strength,
        "share": reach.share,
        "is_home": reach.at_home,
    }
    return from_arrow(pa.table(table), output)


def _within(reach: Reach, home: Homes) -> Floats:
    """Standardise each member's strength inside home over the members of home."""
    inside = np.zeros(len(reach.degree))
    inside[reach.member[reach.at_home]] = reach.strength[reach.at_home]
    of, k = home.of_member, len(home.names)
    size = np.maximum(np.bincount(of, minlength=k), 1)
    mean = np.bincount(of, inside, k) / size
    off = inside - mean[of]
    deviation = np.sqrt(np.bincount(of, off**2, k) / size)
    deviation[deviation <= _ROUNDING * mean] = np.nan
    return np.asarray(off / deviation[of])
