"""A networkx graph as arrays: what the networkx backend computes on."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from siyu.datasets.errors import DataError

from .graph_convert import as_numbers, read_edges
from .tie_arrays import Codes, Ties, Weights, check_weights, summed

__all__ = ["BackendGraph", "MutualTies"]

Node = Hashable
Attributes = Mapping[str, list[Any]]

_LIGHTEST = 1e-100  # weights below are no tie, as in MemberGraph


@dataclass(frozen=True, slots=True, eq=False)
class MutualTies:
    """Each tied pair once, weighing both directions together, and the loop of each node.

    A loop weighs what it adds to the sum of its node's mutual weights, in the measure of the
    pairs: as much as its edge in an undirected graph, twice its edge in a directed one.
    """

    pairs: Ties
    loops: Weights


@dataclass(frozen=True, slots=True, eq=False)
class BackendGraph:
    """Nodes of any hashable kind in their order, and edges as codes of both ends.

    It is made from a networkx graph and never changes; what was computed on it is kept.

    Attributes
    ----------
    code_of : dict of node to code, n
        In the order of the nodes.
    source, target : int32 arrays, m
        Both ends of each edge, parallel edges and loops included.
    columns : mapping of edge attribute to list, m
        Values of the attributes that were asked for.
    data : list of mappings, m, or None
        All attributes of each edge, where all were asked for.
    directed, multigraph : bool

    Examples
    --------
    >>> import networkx as nx
    >>> graph = BackendGraph.of(nx.Graph([("b", "a"), ("b", ("c", 1))]))
    >>> list(graph), graph.source, graph.target
    (['b', 'a', ('c', 1)], array([0, 0], dtype=int32), array([1, 2], dtype=int32))
    """

    __networkx_backend__: ClassVar[str] = "siyu"

    code_of: dict[Node, int]
    source: Codes
    target: Codes
    columns: Attributes
    data: list[dict[str, Any]] | None
    directed: bool
    multigraph: bool
    made: dict[tuple[str, str | None], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, G: Any, *, edge_attrs: Mapping[str, Any] | None = None, all_attrs: bool = False
    ) -> "BackendGraph":
        """Read a networkx graph, with the edge attributes named (and their defaults), or all."""
        code_of = {node: code for code, node in enumerate(G)}
        source, target, data = read_edges(G, code_of)
        columns, kept = {}, None
        if all_attrs:
            kept = [dict(edge) for edge in data]
        elif edge_attrs:
            edges = list(data)
            for name, default in edge_attrs.items():
                columns[name] = [edge.get(name, default) for edge in edges]
        return cls(code_of, source, target, columns, kept, G.is_directed(), G.is_multigraph())

    def __len__(self) -> int:
        return len(self.code_of)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.code_of)

    def __contains__(self, node: object) -> bool:
        try:
            return node in self.code_of
        except TypeError:  # what has no hash is no node
            return False

    def is_directed(self) -> bool:
        """Say whether edges have a direction."""
        return self.directed

    def is_multigraph(self) -> bool:
        """Say whether two nodes may have several edges."""
        return self.multigraph

    def number_of_nodes(self) -> int:
        """Count nodes."""
        return len(self)

    def number_of_edges(self) -> int:
        """Count edges, each parallel one."""
        return len(self.source)

    def nbunch_iter(self, nodes: Any = None) -> Iterator[Node]:
        """Go through the nodes named that are in the graph, as ``networkx.Graph`` does."""
        import networkx as nx

        if nodes is None:
            return iter(self)
        if nodes in self:
            return iter([nodes])
        if not isinstance(nodes, Iterable):
            raise nx.NetworkXError(f"Node {nodes} is not in the graph.")
        try:
            return iter([node for node in nodes if node in self.code_of])
        except TypeError as error:
            raise nx.NetworkXError("a node in the sequence of nodes has no hash") from error

    def to_networkx(self) -> Any:
        """Give the networkx graph back, with the edge attributes that were kept."""
        import networkx as nx

        kinds = {
            (False, False): nx.Graph,
            (True, False): nx.DiGraph,
            (False, True): nx.MultiGraph,
            (True, True): nx.MultiDiGraph,
        }
        G = kinds[self.directed, self.multigraph]()
        nodes = list(self)
        G.add_nodes_from(nodes)
        data = self.data or [
            dict(zip(self.columns, row, strict=True))
            for row in zip(*self.columns.values(), strict=True)
        ]
        ends = zip(self.source.tolist(), self.target.tolist(), strict=True)
        edges = [(nodes[i], nodes[j]) for i, j in ends]
        if data:
            G.add_edges_from((*edge, each) for edge, each in zip(edges, data, strict=True))
        else:
            G.add_edges_from(edges)
        return G

    def weights(self, weight: str | None) -> Weights | None:
        """Give the weight of each edge, None where all weigh 1.

        Raises
        ------
        NotImplementedError
            If a weight is missing or no number: networkx then takes over, where it may.
        DataError
            If the attribute was not kept when the graph was made.
        """
        if weight is None:
            return None
        if weight in self.columns:
            values = self.columns[weight]
        elif self.data is not None:
            values = [edge.get(weight, 1) for edge in self.data]
        else:
            raise DataError(
                f"edge attribute '{weight}' was not kept when the graph was converted; "
                f"kept: {sorted(self.columns)}"
            )
        try:
            numbers = as_numbers(values)
        except (TypeError, ValueError) as error:
            raise NotImplementedError(f"edge attribute '{weight}' is no number") from error
        if not np.isfinite(numbers).all():
            raise NotImplementedError(f"edge attribute '{weight}' is not finite on every edge")
        return numbers

    def mutual(self, weight: str | None) -> MutualTies:
        """Give each tied pair once; parallel edges are summed, edges of weight 0 are none.

        Raises
        ------
        NotImplementedError
            If a weight is negative or above 1e100, too.
        """
        if ("mutual", weight) not in self.made:
            weights = self.weights(weight)
            if weights is not None:
                try:
                    check_weights(weights)
                except DataError as error:
                    raise NotImplementedError(f"edge attribute '{weight}': {error}") from error
            self.made["mutual", weight] = self._mutual(weights)
        made: MutualTies = self.made["mutual", weight]
        return made

    def _mutual(self, weights: Weights | None) -> MutualTies:
        n = len(self)
        loop = self.source == self.target
        tie: npt.NDArray[np.bool_] = ~loop
        if weights is not None:
            tie &= weights >= _LIGHTEST
        low, high = np.minimum(self.source, self.target), np.maximum(self.source, self.target)
        pairs = summed(low[tie], high[tie], None if weights is None else weights[tie], n)
        if not loop.any():
            return MutualTies(pairs, np.zeros(n))
        own = None if weights is None else weights[loop]
        loops = np.bincount(self.source[loop], own, n).astype(np.float64)
        return MutualTies(pairs, 2 * loops if self.directed else loops)
