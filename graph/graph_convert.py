"""Between networkx graphs and member graphs."""

from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.ids import encode

from .member_graph import MemberGraph
from .tie_arrays import Codes, Weights

__all__ = ["GraphLike", "as_member_graph", "read_networkx", "write_networkx"]

GraphLike = Any
"""A MemberGraph or a networkx graph."""


def as_member_graph(graph: GraphLike) -> MemberGraph:
    """Take a member graph as it is, and read a networkx graph with its ``weight`` attribute.

    Raises
    ------
    ParameterError
        If `graph` is neither.
    DataError
        If a networkx graph breaks the rules of `MemberGraph.from_networkx`.

    Examples
    --------
    >>> import networkx as nx
    >>> as_member_graph(nx.path_graph(3))
    MemberGraph(3 members, 2 undirected ties)
    """
    if isinstance(graph, MemberGraph):
        return graph
    if all(hasattr(graph, name) for name in ("is_directed", "is_multigraph", "edges")):
        return MemberGraph.from_networkx(graph)
    raise ParameterError(
        "graph", f"expected a MemberGraph or a networkx graph, got {type(graph).__name__}"
    )


def read_networkx(G: Any, weight: str | None) -> tuple[Codes, Codes, Weights | None, pa.Array]:
    """Read the edges of a networkx graph: codes of both ends, weights (None: all 1), sorted ids."""
    nodes = list(G)
    codes, ids = encode(_labels(nodes))
    code_of = dict(zip(nodes, codes.tolist(), strict=True))
    if weight is None:
        edges = list(G.edges())
        strength = None
    else:
        edges = list(G.edges(data=weight, default=1.0))
        strength = _strength([edge[2] for edge in edges], weight)
    source = np.fromiter((code_of[edge[0]] for edge in edges), np.int32, len(edges))
    target = np.fromiter((code_of[edge[1]] for edge in edges), np.int32, len(edges))
    return source, target, strength, ids


def write_networkx(graph: MemberGraph) -> Any:
    """Make the networkx graph of a member graph."""
    import networkx as nx

    made = nx.DiGraph() if graph.directed else nx.Graph()
    names = graph.ids.to_pylist()
    made.add_nodes_from(names)
    ties = graph.ties
    made.add_weighted_edges_from(
        (names[i], names[j], weight)
        for i, j, weight in zip(
            ties.source.tolist(), ties.target.tolist(), ties.weight.tolist(), strict=True
        )
    )
    return made


def _labels(nodes: list[Any]) -> pa.Array:
    """Take node labels that are all integers or all text."""
    if all(isinstance(node, str) for node in nodes) and nodes:
        return pa.array(nodes, pa.large_string())
    if all(isinstance(node, int | np.integer) and not isinstance(node, bool) for node in nodes):
        return pa.array(nodes, pa.int64())
    kinds = sorted({type(node).__name__ for node in nodes})
    raise DataError(f"nodes must be all integers or all text, got {', '.join(kinds)}")


def _strength(values: list[Any], name: str) -> Weights:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"edge attribute '{name}' must be a number on every edge") from error
