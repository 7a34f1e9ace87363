"""Bridging at equal degree: whose ties lead to other communities, beyond stray ones."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.ids import encode, lookup
from siyu.graph.community.community_detection import communities
from siyu.graph.graph_convert import GraphLike, as_member_graph
from siyu.graph.member_graph import MemberGraph

__all__ = ["community_bridging"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_RESOLUTION = 2.0
_N_BRIDGED = 3
_FIXED = ("member_id", "community")


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
    home = _homes(members, communities)
    reach = _reach(members, home)
    second, third = _next_ties(reach)
    share = reach.strength / _known(reach.total)[reach.member]
    outside = np.bincount(reach.member, share * ~reach.at_home, len(members))
    squares = np.bincount(reach.member, share**2, len(members))
    tied = reach.total > 0
    table = {
        "member_id": members.ids,
        "community": home.names.take(pa.array(home.of_member)),
        "degree": reach.degree,
        "n_communities": np.bincount(reach.member, minlength=len(members)),
        "outside_share": np.where(tied, outside, np.nan),
        "participation": np.where(tied, 1 - squares, np.nan),
        "second_tie": second,
        "third_tie": third,
        "bridging": _evidence(reach),
    }
    return from_arrow(pa.table(table), output)


@dataclass(frozen=True, slots=True, eq=False)
class _Homes:
    """The community of each member, as a code."""

    of_member: Ints
    names: pa.Array


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    """Each member's ties to each community, where there are any: strength, and worth in ties."""

    member: Ints
    community: Ints
    strength: Floats
    ties: Floats
    at_home: npt.NDArray[np.bool_]
    degree: Ints
    total: Floats


def _homes(members: MemberGraph, given: Frame | None) -> _Homes:
    if given is None:
        given = communities(members, resolution=_RESOLUTION, output="pyarrow")
    table, _ = to_arrow(given)
    rows = lookup(members.ids, _unique_ids(table))
    if len(rows) and rows.min() < 0:
        missing = int((rows < 0).sum())
        raise DataError(f"{missing} of {len(rows)} members have no community; every one needs one")
    order = np.argsort(encode(table["member_id"])[0])
    codes, names = encode(table["community"])
    return _Homes(codes[order[rows]], names)


def _unique_ids(table: pa.Table) -> pa.Array:
    absent = [name for name in _FIXED if name not in table.column_names]
    if absent:
        raise DataError(
            f"communities needs the columns member_id and community; it has: "
            f"{', '.join(table.column_names)}"
        )
    codes, ids = encode(table["member_id"])
    if len(ids) < len(codes):
        raise DataError(f"{len(codes) - len(ids)} members have more than one community")
    return ids


def _reach(members: MemberGraph, home: _Homes) -> _Reach:
    """Add up each member's ties by the community of the other end."""
    ties = members.mutual()
    source, target = (end.astype(np.int64) for end in (ties.source, ties.target))
    member, other = np.concatenate([source, target]), np.concatenate([target, source])
    weight = np.concatenate([ties.weight, ties.weight])
    worth = 2 * weight / (weight + _typical(ties.weight))
    n, k = len(members), max(len(home.names), 1)
    met, at = np.unique(member * k + home.of_member[other], return_inverse=True)
    strength = _added(at, weight, len(met))
    return _Reach(
        member=met // k,
        community=met % k,
        strength=strength,
        ties=_added(at, worth, len(met)),
        at_home=home.of_member[met // k] == met % k,
        degree=np.bincount(member, minlength=n),
        total=_added(met // k, strength, n),
    )


def _next_ties(reach: _Reach) -> tuple[Floats, Floats]:
    """Give each member's strength towards the second and third strongest community."""
    order = np.lexsort((-reach.strength, reach.member))
    per_member = np.bincount(reach.member, minlength=len(reach.degree))
    place = np.arange(len(order)) - np.repeat(np.cumsum(per_member) - per_member, per_member)
    second, third = np.zeros(len(reach.degree)), np.zeros(len(reach.degree))
    for found, at in ((second, place == 1), (third, place == 2)):
        found[reach.member[order[at]]] = reach.strength[order[at]]
    return second, third


def _evidence(reach: _Reach) -> Floats:
    """Weigh the bridging reading of each member's ties against the ordinary one, in log10."""
    ties, n = reach.ties, len(reach.degree)
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
    return _added(reach.member, evidence, n) / math.log(10)


def _typical(weight: Floats) -> float:
    """Give the weight up to which ties hold half of all strength."""
    if not len(weight):
        return 1.0
    ordered = np.sort(weight)
    held = np.cumsum(ordered)
    return float(ordered[np.searchsorted(held, held[-1] / 2)])


def _added(codes: Ints, values: Floats, n: int) -> Floats:
    """Sum the values of each code; the order of rows is fixed by the graph."""
    return np.asarray(np.bincount(codes, values, n), dtype=np.float64)


def _known(total: Floats) -> Floats:
    """Put 1 for 0, to divide by."""
    return np.where(total > 0, total, 1.0)
