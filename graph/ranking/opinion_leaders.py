"""Opinion leaders: whom others name, trust, answer to, and whose followers can still follow."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.ids import encode, lookup
from siyu.graph.graph_convert import GraphLike, as_member_graph
from siyu.graph.member_choice import chosen_members
from siyu.graph.member_graph import MemberGraph
from siyu.graph.tie_arrays import sums_at

__all__ = ["opinion_leaders", "opinion_scores"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_ONCE = 1.0  # a namer counts for no more than this
_LEADS = 2.0  # a namer counts so much more where the member did already what is to spread


def opinion_scores(graph: MemberGraph, adopted: Flags | None = None) -> Floats:
    r"""Score how much every member is looked to by others.

    .. math:: L_i = \sum_j \min(w_{ji}, 1)

    over the members j who name i: how many they are. Naming somebody in several ways, or again
    and again, counts once; where weights fade with time, as those of `siyu.graph.build_ties`
    do, a naming of less than one fresh contact counts as that part. Once it is known who
    adopted what is to spread, only namers who did not adopt yet are counted, for the others
    have nothing left to follow in, and the score of an adopter is doubled.

    Parameters
    ----------
    graph : MemberGraph, directed
        A tie says that its source gives attention to its target.
    adopted : bool array, n, optional
        Who adopted before now, in the order of ``graph.ids``.

    Returns
    -------
    float64 array, n, >= 0
        In the order of ``graph.ids``; 0 for whom nobody names. Linear in ties.

    Raises
    ------
    ParameterError
        If `graph` is undirected, or `adopted` not a truth value a member.

    References
    ----------
    Valente & Davis (1999), "Accelerating the diffusion of innovations using opinion leaders",
    Annals of the American Academy of Political and Social Science 566, 55-67, for naming as
    the measure of leaders.

    Examples
    --------
    >>> graph = MemberGraph.from_arrays([1, 2, 2], [3, 3, 1], [0.5, 3.0, 1.0], directed=True)
    >>> opinion_scores(graph)
    array([1. , 0. , 1.5])
    >>> opinion_scores(graph, np.array([True, False, False]))
    array([2., 0., 1.])
    """
    _require_direction(graph)
    if adopted is None:
        return _named_by(graph, None)
    adopted = np.asarray(adopted)
    if adopted.shape != (len(graph),) or adopted.dtype != np.bool_:
        raise ParameterError(
            "adopted",
            f"adopted must be a bool array of {len(graph)} members, "
            f"got {adopted.dtype} of shape {adopted.shape}",
        )
    return _named_by(graph, ~adopted) * np.where(adopted, _LEADS, 1.0)


def opinion_leaders(
    graph: GraphLike,
    *,
    communities: Frame | None = None,
    adopters: Any = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Rank members by how much others look to them: name, trust, mention, or answer them.

    Parameters
    ----------
    graph : MemberGraph or networkx DiGraph
        A tie says that its source gives attention to its target; its weight, how strongly, where
        1 is one fresh contact. From a community:
        ``MemberGraph.from_ties(build_ties(c, as_of=..., kinds=["reply", "trust"]))``.
    communities : frame with ``member_id`` and ``community``, optional
        Within which members are ranked as well: villages, groups, or what
        `siyu.graph.communities` finds. Every member of the graph needs one.
    adopters : frame with ``member_id``, ids in any array, list or set, optional
        Who did already what is to spread, such as bought the product. None: not known, which
        is not the same as nobody.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a member, sorted by ``rank``
        ``score`` : float >= 0, see `opinion_scores`; ``rank`` : 1 is best, of equals the
        smaller id is first; ``n_named_by`` : distinct members who name this one;
        ``strength`` : weight of their naming; ``n_mutual`` : those of them whom this one names
        too; ``n_open`` : those of them who did not adopt yet, null without `adopters`;
        ``has_adopted`` : bool, null without `adopters`; ``community`` and
        ``rank_in_community`` : null without `communities`.

    Raises
    ------
    ParameterError
        If `graph` is undirected, or `adopters` are not ids of the type of the members.
    DataError
        If a member has no community, or two.

    Notes
    -----
    Measured on surveyed nominations against later adoption around each person, within villages
    (``benchmarks/bench_opinion_leaders.py``): without behaviour nothing beats the plain number
    of namers; weights, which promised a little on one half of the villages, did not keep it on
    the other. With behaviour known the score does better, clearly.

    Examples
    --------
    >>> import networkx as nx
    >>> named = nx.DiGraph([("ann", "eve"), ("bob", "eve"), ("eve", "bob"), ("cat", "bob")])
    >>> opinion_leaders(named)[["member_id", "rank", "score", "n_mutual"]].head(2)
      member_id  rank  score  n_mutual
    0       bob     1    2.0         1
    1       eve     2    2.0         1
    >>> opinion_leaders(named, adopters=["bob"])[["member_id", "score", "n_open"]].head(2)
      member_id  score  n_open
    0       bob    4.0       2
    1       eve    1.0       1
    """
    members = as_member_graph(graph)
    _require_direction(members)
    adopted = None if adopters is None else _flags(members, adopters)
    score = opinion_scores(members, adopted)
    order = np.argsort(-score, kind="stable")
    source, target = members.ties.source, members.ties.target
    n = len(members)
    homes, home = _homes(members, communities)
    unknown = pa.nulls(n, pa.int64())
    table = pa.table(
        {
            "member_id": members.ids,
            "score": score,
            "rank": _places(order),
            "n_named_by": np.bincount(target, minlength=n),
            "strength": sums_at(target, members.ties.weight, n),
            "n_mutual": _n_mutual(members),
            "n_open": unknown
            if adopted is None
            else np.bincount(target[~adopted[source]], minlength=n),
            "has_adopted": pa.nulls(n, pa.bool_()) if adopted is None else adopted,
            "community": homes,
            "rank_in_community": unknown if home is None else _places_within(order, home),
        }
    )
    return from_arrow(table.take(pa.array(order)), output)


def _named_by(graph: MemberGraph, counted: Flags | None) -> Floats:
    """Count the namers (None: all), each for one at most."""
    target, weight = graph.ties.target, graph.ties.weight
    if counted is not None:
        kept = counted[graph.ties.source]
        target, weight = target[kept], weight[kept]
    # Ties stand in one order, whatever they were read from, and so do their sums.
    return sums_at(target, np.minimum(weight, _ONCE), len(graph))


def _n_mutual(graph: MemberGraph) -> Ints:
    """Count the namers whom each member names too."""
    source, target = (end.astype(np.int64) for end in (graph.ties.source, graph.ties.target))
    n = len(graph)
    both = np.isin(target * n + source, source * n + target)
    return np.bincount(target[both], minlength=n)


def _flags(graph: MemberGraph, adopters: Any) -> Flags:
    at = lookup(chosen_members(adopters, graph.ids, "adopters"), graph.ids)
    flags = np.zeros(len(graph), dtype=np.bool_)
    flags[at[at >= 0]] = True
    return flags


def _homes(graph: MemberGraph, given: Frame | None) -> tuple[pa.Array, Ints | None]:
    """Give the community of every member, and as a code; nulls and None without."""
    if given is None:
        return pa.nulls(len(graph), pa.int64()), None
    table, _ = to_arrow(given)
    if not {"member_id", "community"} <= set(table.column_names):
        there = ", ".join(table.column_names)
        raise DataError(f"communities needs the columns member_id and community; it has: {there}")
    codes, ids = encode(table["member_id"])
    if len(ids) < len(codes):
        raise DataError(f"{len(codes) - len(ids)} members have more than one community")
    rows = lookup(graph.ids, ids)
    home, names = encode(table["community"])
    known = rows >= 0
    of_member = home[np.argsort(codes)[rows[known]]]
    missing = len(graph) - int((of_member >= 0).sum())
    if missing:
        raise DataError(f"{missing} of {len(graph)} members have no community; every one needs one")
    return names.take(pa.array(of_member)), of_member


def _places(order: Ints) -> Ints:
    """Give the place of each member in an order, from 1."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(1, len(order) + 1)
    return place


def _places_within(order: Ints, home: Ints) -> Ints:
    """Give the place of each member among those of its community, from 1."""
    grouped = order[np.argsort(home[order], kind="stable")]
    size = np.bincount(home)
    begin = np.repeat(np.cumsum(size) - size, size)
    place = np.empty(len(order), dtype=np.int64)
    place[grouped] = np.arange(1, len(order) + 1) - begin
    return place


def _require_direction(graph: MemberGraph) -> None:
    if not graph.directed:
        raise ParameterError(
            "graph",
            "graph must be directed: a tie from a to b says that a looks to b; "
            "in an undirected graph that is degree",
        )
