"""Between networkx graphs and member graphs."""

from collections.abc import Iterable, Mapping
from itertools import chain, compress
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.ids import encode

from .member_graph import MemberGraph
from .tie_arrays import Codes, Weights

__all__ = [
    "GraphLike",
    "as_member_graph",
    "as_numbers",
    "read_edges",
    "read_networkx",
    "write_networkx",
]

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
    source, target, data = read_edges(G, code_of)
    if weight is None:
        return source, target, None, ids
    return source, target, _strength([edge.get(weight, 1.0) for edge in data], weight), ids


def read_edges(
    G: Any, code_of: Mapping[Any, int]
) -> tuple[Codes, Codes, Iterable[Mapping[Any, Any]]]:
    """Read every edge of a networkx graph once, several times faster than ``list(G.edges)``.

    Parameters
    ----------
    G : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
    code_of : mapping of node to code

    Returns
    -------
    source, target : int32 arrays, m
        In an undirected graph the code of the source is not above that of the target.
    data : iterable of mappings, m, to go through once
        The attributes of each edge.

    Examples
    --------
    >>> import networkx as nx
    >>> source, target, data = read_edges(nx.path_graph(3), {0: 0, 1: 1, 2: 2})
    >>> source, target, list(data)
    (array([0, 1], dtype=int32), array([1, 2], dtype=int32), [{}, {}])
    """
    # Maps and chains walk the dicts of the graph without a step of Python an edge.
    rows = [row for _, row in G.adjacency()]
    near = np.fromiter(map(code_of.__getitem__, G.adj), np.int32, len(rows))
    source = np.repeat(near, np.fromiter(map(len, rows), np.int64, len(rows)))
    target = np.fromiter(map(code_of.__getitem__, chain.from_iterable(rows)), np.int32, len(source))
    data: Iterable[Any] = chain.from_iterable(row.values() for row in rows)
    if not G.is_directed():  # where every edge but a loop stands in two rows
        once = source <= target
        source, target, data = source[once], target[once], compress(data, once)
    if G.is_multigraph():
        parallel = list(data)
        times: npt.NDArray[np.int64] = np.fromiter(map(len, parallel), np.int64, len(parallel))
        source, target = np.repeat(source, times), np.repeat(target, times)
        data = chain.from_iterable(edges.values() for edges in parallel)
    return source, target, data


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
        try:
            return pa.array(nodes, pa.int64())
        except OverflowError as error:
            raise DataError("nodes that are integers must fit into 64 bits") from error
    kinds = sorted({type(node).__name__ for node in nodes})
    raise DataError(f"nodes must be all integers or all text, got {', '.join(kinds)}")


def _strength(values: list[Any], name: str) -> Weights:
    try:
        return as_numbers(values)
    except (TypeError, ValueError) as error:
        raise DataError(f"edge attribute '{name}' must be a number on every edge") from error


def as_numbers(values: list[Any]) -> Weights:
    """Take numbers of any kind as floats; text is none, whatever it spells.

    Raises
    ------
    TypeError, ValueError
        If a value is no number.

    Examples
    --------
    >>> as_numbers([1, 2.5])
    array([1. , 2.5])
    """
    if any(issubclass(kind, str | bytes) for kind in set(map(type, values))):
        raise TypeError("text is no number")
    return np.array(values, dtype=np.float64)
