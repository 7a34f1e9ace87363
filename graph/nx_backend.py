r"""The siyu backend of networkx: ``nx.constraint(G, backend="siyu")`` and others, on arrays.

networkx finds this module by entry point, converts a graph with `convert_from_nx`, and calls the
function of the same name here. ``nx.config.backend_priority = ["siyu"]`` sends every call that
pays (`should_run`) this way. Each conversion is kept with the graph as long as networkx keeps it
(``G.__networkx_cache__``): change edges by the methods of `G`, not by ``G[u][v]["weight"] = 3``,
which networkx does not notice. What was computed on a conversion is kept with it, so that
effective size after constraint is for free.

Results are those of networkx (3.4 to 3.6). Where its own code paths contradict each other,
or its documentation, the backend has one answer:

====================  ===========================  =======================  =====================
what                  networkx                     this backend             `siyu.graph` itself
====================  ===========================  =======================  =====================
effective size with   wrong without ``nodes``: a   as with ``nodes``        the same
weights, directions   row's maximum is spread
                      over columns (3.5, 3.6)
who only receives     a number without ``nodes``,  a number, always: such   the same
ties (directed)       NaN with                     nodes have contacts
self-loop             the node is a contact of     as networkx, always by   loops are dropped
                      its own, with twice its      its general formula
                      weight if directed; but not
                      in Borgatti's short cut
                      (unweighted, ``nodes``)
nothing but a loop    NaN; constraint 4 with       the same                 NaN
                      ``nodes``
loop as heavy as all  NaN (false isolate)          a number                 loops are dropped
ties together
edge of weight 0      no edge; with ``nodes`` a    no edge                  no tie
                      contact of share 0
parallel edges        summed; with ``nodes`` one   summed                   summed
                      edge of weight 1
pair of a node that   0                            KeyError                 -
is not in the graph
communities, loops    Leiden is not implemented    loops are left out       loops are dropped
====================  ===========================  =======================  =====================

Left to networkx: structural holes with negative weights, triangles and bridges of multigraphs,
bridges of one root, betweenness by weights, endpoints or drawn sources.
"""

import inspect
import random
from collections import deque
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sized
from itertools import islice
from typing import Any

import numpy as np

from siyu.graph.community.leiden import partitions

from .nx_graph import BackendGraph
from .nx_measures import between, bridged, closure, holes, local_constraint_of
from .tie_arrays import Codes

__all__ = [
    "average_clustering",
    "betweenness_centrality",
    "bridges",
    "can_run",
    "clustering",
    "constraint",
    "convert_from_nx",
    "convert_to_nx",
    "effective_size",
    "leiden_communities",
    "leiden_partitions",
    "local_constraint",
    "should_run",
    "transitivity",
    "triangles",
]

Node = Hashable
Values = dict[Node, float]

# Measured against networkx 3.6 on random graphs, conversion included:
_FEWEST_EDGES = 200  # below, networkx is done about as soon
_NODES_A_NODE = 25  # networkx counts the triangles of one node while 25 are converted
_EDGES_A_STEP = 25  # and takes one of the degree**2 steps of a pair while 25 edges are
_EDGES_A_LOOK = (
    15  # and one of the degree**3 looks that the constraint of a node needs while 15 are
)

_OF_TRIANGLES = ("average_clustering", "clustering", "transitivity", "triangles")


def convert_from_nx(
    graph: Any,
    *,
    edge_attrs: Mapping[str, Any] | None = None,
    preserve_edge_attrs: bool = False,
    **_others: Any,
) -> BackendGraph:
    """Convert a networkx graph of any kind; attributes of nodes and of the graph are not read."""
    return BackendGraph.of(graph, edge_attrs=edge_attrs, all_attrs=preserve_edge_attrs is True)


def convert_to_nx(result: Any, **_others: Any) -> Any:
    """Give a graph back as one of networkx; every other result is what it is."""
    return result.to_networkx() if isinstance(result, BackendGraph) else result


def can_run(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool | str:
    """Say whether a call can run here, or why not."""
    given = _arguments(name, args, kwargs)
    graph = given["G"]
    if name in _OF_TRIANGLES and graph.is_multigraph():
        return "triangles of multigraphs are left to networkx"
    if name in ("transitivity", "triangles") and graph.is_directed():
        return f"{name} counts successors in directed graphs, which is left to networkx"
    if name == "bridges" and (graph.is_multigraph() or given.get("root") is not None):
        return "bridges of multigraphs, or of what hangs on one root, are left to networkx"
    if name == "betweenness_centrality":
        left = [key for key in ("k", "weight") if given.get(key) is not None]
        left += ["endpoints"] * bool(given.get("endpoints"))
        return f"betweenness with {left[0]} is left to networkx" if left else True
    if not isinstance(given.get("weight"), str | None):
        return "weight must be the name of an edge attribute, or None"
    return True


def should_run(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool | str:
    """Say whether a call pays for the conversion of its graph, or why not."""
    given = _arguments(name, args, kwargs)
    graph, nodes = given["G"], given.get("nodes")
    n_edges = graph.number_of_edges()
    if name == "local_constraint":
        degree = len(graph.adj[given["u"]]) if given["u"] in graph else 0
        if _is_converted(graph) or degree**2 * _EDGES_A_STEP > n_edges:
            return True
        return "one pair is soon measured without converting the graph"
    if n_edges < _FEWEST_EDGES:
        return f"a graph of less than {_FEWEST_EDGES} edges is not worth converting"
    if _is_converted(graph) or nodes is None:
        return True
    return _of_many(name, graph, nodes)


def constraint(
    G: BackendGraph, nodes: Iterable[Node] | None = None, weight: str | None = None
) -> Values:
    """Measure Burt's constraint of the nodes, all by default, as ``networkx.constraint``.

    Examples
    --------
    >>> import networkx as nx
    >>> nx.constraint(nx.complete_graph(3), backend="siyu")
    {0: 1.125, 1: 1.125, 2: 1.125}
    """
    measured = holes(G, weight).constraint
    if nodes is None:
        return dict(zip(G, measured.tolist(), strict=True))
    loop = G.mutual(weight).loops > 0
    values = np.where(np.isnan(measured) & loop, 4.0, measured)  # so networkx, of chosen nodes
    return {node: float(values[G.code_of[node]]) for node in nodes}


def effective_size(
    G: BackendGraph, nodes: Iterable[Node] | None = None, weight: str | None = None
) -> Values:
    """Measure Burt's effective size of the nodes, as ``networkx.effective_size``.

    Examples
    --------
    >>> import networkx as nx
    >>> nx.effective_size(nx.star_graph(2), backend="siyu")
    {0: 2.0, 1: 1.0, 2: 1.0}
    """
    values = holes(G, weight).effective_size
    if nodes is None:
        return dict(zip(G, values.tolist(), strict=True))
    return {node: float(values[G.code_of[node]]) for node in nodes}


def local_constraint(G: BackendGraph, u: Node, v: Node, weight: str | None = None) -> float:
    """Measure how much v constrains u, as ``networkx.local_constraint``.

    Examples
    --------
    >>> import networkx as nx
    >>> nx.local_constraint(nx.star_graph(2), 0, 1, backend="siyu")
    0.25
    """
    return local_constraint_of(G, G.code_of[u], G.code_of[v], weight)


def triangles(G: BackendGraph, nodes: Any = None) -> Any:
    """Count the triangles of the nodes, as ``networkx.triangles``.

    Examples
    --------
    >>> import networkx as nx
    >>> nx.triangles(nx.complete_graph(4), 0, backend="siyu")
    3
    """
    counts: list[int] = (closure(G, None).closed / 2).astype(np.int64).tolist()
    return _of_nodes(G, counts, nodes)


def clustering(G: BackendGraph, nodes: Any = None, weight: str | None = None) -> Any:
    """Give the share of possible triangles that exist, as ``networkx.clustering``.

    Examples
    --------
    >>> import networkx as nx
    >>> nx.clustering(nx.Graph([(1, 2), (1, 3), (2, 3), (3, 4)]), [1, 4], backend="siyu")
    {1: 1.0, 4: 0}
    """
    return _of_nodes(G, _clustering(G, weight), nodes)


def average_clustering(
    G: BackendGraph,
    nodes: Iterable[Node] | None = None,
    weight: str | None = None,
    count_zeros: bool = True,  # noqa: FBT001, FBT002  the signature of networkx
) -> float:
    """Average the clustering of the nodes, as ``networkx.average_clustering``.

    Examples
    --------
    >>> import networkx as nx
    >>> nx.average_clustering(nx.complete_graph(3), backend="siyu")
    1.0
    """
    values = _clustering(G, weight)
    chosen = [values[G.code_of[node]] for node in dict.fromkeys(G.nbunch_iter(nodes))]
    if not count_zeros:
        chosen = [value for value in chosen if value != 0]
    return sum(chosen) / len(chosen)


def transitivity(G: BackendGraph) -> float:
    """Give the share of all pairs of neighbours that are tied, as ``networkx.transitivity``.

    Examples
    --------
    >>> import networkx as nx
    >>> nx.transitivity(nx.complete_graph(3), backend="siyu")
    1.0
    """
    both = closure(G, None)
    closed = int(both.closed.sum())
    return closed / int(both.possible.sum()) if closed else 0


def betweenness_centrality(
    G: BackendGraph,
    k: int | None = None,
    normalized: bool = True,  # noqa: FBT001, FBT002  the signature of networkx
    weight: str | None = None,
    endpoints: bool = False,  # noqa: FBT001, FBT002
    seed: Any = None,  # noqa: ARG001  there is nothing to draw
) -> Values:
    """Measure the share of shortest paths through each node, as the function of networkx.

    Only from all sources and without weights or endpoints: `can_run` lets nothing else in.

    Examples
    --------
    >>> import networkx as nx
    >>> nx.betweenness_centrality(nx.path_graph(3), backend="siyu")
    {0: 0.0, 1: 1.0, 2: 0.0}
    """
    if not (k is None and weight is None and not endpoints):
        raise NotImplementedError("betweenness is from all sources, by steps, without endpoints")
    share = between(G)
    n = len(G)
    if not normalized:
        share = share * ((n - 1) * (n - 2) / (1 if G.is_directed() else 2))
    return dict(zip(G, share.tolist(), strict=True))


def bridges(G: BackendGraph, root: Node | None = None) -> Iterator[tuple[Node, Node]]:
    """Give the edges without which others lose all contact, as ``networkx.bridges``.

    Examples
    --------
    >>> import networkx as nx
    >>> list(nx.bridges(nx.Graph([(1, 2), (2, 3), (1, 3), (3, 4)]), backend="siyu"))
    [(3, 4)]
    """
    if root is not None:
        raise NotImplementedError("bridges are those of the whole graph")
    nodes = list(G)
    found = bridged(G)
    ends = zip(G.source[found].tolist(), G.target[found].tolist(), strict=True)
    return ((nodes[i], nodes[j]) for i, j in ends)


def leiden_communities(
    G: BackendGraph,
    weight: str | None = "weight",
    resolution: float = 1,
    max_level: int | None = None,
    seed: Any = None,
) -> list[set[Node]]:
    """Divide nodes into connected communities of high modularity; networkx has only the name.

    The last partition of `leiden_partitions`, or that after `max_level` steps.

    Examples
    --------
    >>> import networkx as nx
    >>> G = nx.Graph([(1, 2), (2, 3), (3, 1), (4, 5)])
    >>> nx.community.leiden_communities(G, backend="siyu", seed=0)
    [{1, 2, 3}, {4, 5}]
    """
    if max_level is not None and max_level <= 0:
        raise ValueError("max_level argument must be a positive integer or None")
    steps = leiden_partitions(G, weight, resolution, seed)
    return deque(islice(steps, max_level), maxlen=1).pop()


def leiden_partitions(
    G: BackendGraph, weight: str | None = "weight", resolution: float = 1, seed: Any = None
) -> Iterator[list[set[Node]]]:
    """Give the partition after each level of the first pass, then after each further pass."""
    draw = np.random.default_rng((seed or random).randint(0, 2**31 - 1))
    pairs = G.mutual(weight).pairs
    return (_sets(G, labels) for labels in partitions(pairs, len(G), resolution, draw))


def _sets(G: BackendGraph, labels: Codes) -> list[set[Node]]:
    """Gather the nodes of each community, in the order in which communities are first met."""
    found: dict[int, set[Node]] = {}
    for node, label in zip(G, labels.tolist(), strict=True):
        found.setdefault(label, set()).add(node)
    return list(found.values())


def _clustering(G: BackendGraph, weight: str | None) -> list[float]:
    """Give the clustering of every node: the integer 0 where there is no triangle."""
    both = closure(G, weight)
    ratio = np.divide(
        both.closed, both.possible, out=np.zeros(len(both.closed)), where=both.closed != 0
    )
    return [value or 0 for value in ratio.tolist()]


def _of_nodes(G: BackendGraph, values: list[Any], nodes: Any) -> Any:
    """Give the value of one node, or those of several by node."""
    if nodes is None:
        return dict(zip(G, values, strict=True))
    if nodes in G:
        return values[G.code_of[nodes]]
    return {node: values[G.code_of[node]] for node in G.nbunch_iter(nodes)}


def _arguments(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name the arguments of a call."""
    bound = inspect.signature(globals()[name]).bind(*args, **kwargs)
    return bound.arguments


def _of_many(name: str, graph: Any, nodes: Any) -> bool | str:
    """Say whether chosen nodes are worth the conversion of their graph, or why not."""
    if name in _OF_TRIANGLES:
        n_asked = len(nodes) if isinstance(nodes, Sized) else len(graph)
        if nodes in graph:
            n_asked = 1
        if n_asked * _NODES_A_NODE < len(graph):
            return "few nodes are soon counted without converting the graph"
    if name == "constraint" and isinstance(nodes, Collection):
        n_looks = sum(len(graph.adj[node]) ** 3 for node in nodes if node in graph)
        if n_looks * _EDGES_A_LOOK < graph.number_of_edges():
            return "few nodes are soon measured without converting the graph"
    return True


def _is_converted(graph: Any) -> bool:
    """Say whether networkx keeps a conversion of the graph."""
    if isinstance(graph, BackendGraph):
        return True
    cache: Mapping[str, Any] = getattr(graph, "__networkx_cache__", None) or {}
    return bool(cache.get("backends", {}).get("siyu"))
