"""Bridging at equal degree: whose ties lead to other communities, beyond stray ones."""

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.graph.graph_convert import GraphLike, as_member_graph
from siyu.graph.tie_arrays import sums_at

from .community_reach import Reach, homes_of, reach_of

__all__ = ["community_bridging"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_N_BRIDGED = 3


def community_bridging(
    graph: GraphLike, communities: Frame | None = None, *, output: FrameKind = "pandas"
) -> Frame:
    r"""Measure how far each member's ties bridge communities, at equal degree.

    Everybody has a few stray ties to other communities, the more ties the more of them. A
    bridging member has ties beside them that go to the *same* few other communities. So
    `bridging` weighs two readings of a member's ties, and says how many times likelier the
    second is, in powers of ten:

    - an ordinary member: a share :math:`1 - \varepsilon` of ties at home, the rest strays,
      :math:`p_c = \varepsilon v_c`, with :math:`v_c` the share of community c in all ties;
    - a bridging member: half of that share at home, the rest evenly over 3 other communities,
      each of which may be any.

    .. math:: B = k_h \log_{10} \tfrac{1}{2}
              + \sum_{c \ne h} \log_{10} (1 - \pi + \pi (1 + q / p_c)^{k_c})

    with :math:`k_c` ties to community c, home h, :math:`q` the share of each bridged community
    and :math:`\pi` the chance that a community is one of the 3. :math:`\varepsilon` is the
    share of ties between communities in the whole graph. A tie of weight w counts as
    :math:`2 w / (w + r)` ties, with r the weight of the typical tie (half of all strength
    lies in weaker ones): a strong tie is no two proofs, a faint one is hardly any.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        Direction does not matter here.
    communities : frame with ``member_id`` and ``community``, optional
        Default `siyu.graph.communities` at resolution 2, which keeps small communities of
        large graphs apart. Every member of the graph needs one.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a member, sorted by ``member_id``
        ``community`` : home; ``degree`` : other members tied to;
        ``n_communities`` : communities tied to, home too if there is a tie;
        ``outside_share`` : share of strength that goes out of home;
        ``participation`` : :math:`1 - \sum_c (s_c / s)^2`, 0 (one community) to 1;
        ``second_tie``, ``third_tie`` : strength towards the second and third strongest
        community; shares and participation are NaN for members without ties;
        ``bridging`` : B, in powers of ten; 0 without ties, or where nobody has ties out of
        home. Above 0 speaks for a bridge.
        Linear in ties, beside the communities.

    Raises
    ------
    DataError
        If a member has no community, or two.

    See Also
    --------
    structural_holes : Burt's measures, which look at a member's own contacts only.

    References
    ----------
    Guimera & Amaral (2005), "Functional cartography of complex metabolic networks", Nature 433,
    for the participation coefficient. Neyman & Pearson (1933) for the ratio of likelihoods.

    Examples
    --------
    >>> import networkx as nx
    >>> friends = nx.ring_of_cliques(4, 6)
    >>> friends.add_edges_from([(24, clique * 6 + i) for clique in range(3) for i in (2, 3)])
    >>> found = community_bridging(friends)
    >>> found.loc[found["bridging"].idxmax(), ["member_id", "degree", "n_communities"]].tolist()
    [24, 6, 3]
    """
    members = as_member_graph(graph)
    home = homes_of(members, communities)
    reach, at, weight = reach_of(members, home)
    second, third = _next_ties(reach)
    table = {
        "member_id": members.ids,
        "community": home.named(home.of_member),
        "degree": reach.degree,
        "n_communities": np.bincount(reach.member, minlength=len(members)),
        "outside_share": _known(reach.over_members(reach.share * ~reach.at_home)),
        "participation": _known(1 - reach.over_members(reach.share**2)),
        "second_tie": second,
        "third_tie": third,
        "bridging": _evidence(reach, _worth(reach, at, weight)),
    }
    return from_arrow(pa.table(table), output)


def _known(values: Floats) -> pa.Array:
    """Give values with NaN as null."""
    return pa.array(values, from_pandas=True)


def _worth(reach: Reach, at: Ints, weight: Floats) -> Floats:
    """Count the ties of each row of the reach, a strong one for up to two, a faint one for less."""
    worth = 2 * weight / (weight + _typical(weight[: len(weight) // 2]))
    return sums_at(at, worth, len(reach.member))


def _next_ties(reach: Reach) -> tuple[Floats, Floats]:
    """Give each member's strength towards the second and third strongest community."""
    order = np.lexsort((-reach.strength, reach.member))
    per_member = np.bincount(reach.member, minlength=len(reach.degree))
    place = np.arange(len(order)) - np.repeat(np.cumsum(per_member) - per_member, per_member)
    second, third = np.zeros(len(reach.degree)), np.zeros(len(reach.degree))
    for found, at in ((second, place == 1), (third, place == 2)):
        found[reach.member[order[at]]] = reach.strength[order[at]]
    return second, third


def _evidence(reach: Reach, ties: Floats) -> Floats:
    """Weigh the bridging reading of each member's ties against the ordinary one, in log10."""
    n = len(reach.degree)
    by_community = np.bincount(reach.community, ties)
    stray = ties[~reach.at_home].sum() / max(ties.sum(), 1)
    n_others = int((by_community > 0).sum()) - 1
    if not 0 < stray < 1:
        return np.zeros(n)
    expected = stray * by_community[reach.community] / ties.sum()
    each = (1 + stray) / 2 / _N_BRIDGED
    chance = min(_N_BRIDGED / n_others, 0.5)
    beside = np.logaddexp(np.log1p(-chance), np.log(chance) + ties * np.log1p(each / expected))
    # A community without ties says no as well, but to everybody alike: it is left out.
    evidence = np.where(reach.at_home, -ties * np.log(2), beside)
    return sums_at(reach.member, evidence, n) / math.log(10)


def _typical(weight: Floats) -> float:
    """Give the weight up to which ties hold half of all strength."""
    if not len(weight):
        return 1.0
    ordered = np.sort(weight)
    held = np.cumsum(ordered)
    return float(ordered[np.searchsorted(held, held[-1] / 2)])
