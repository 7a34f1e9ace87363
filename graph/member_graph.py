"""Members and the ties between them, as sorted ids and compressed rows."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import ParameterError, Problem, warn
from siyu.datasets.frames import Frame, from_arrow, to_arrow

from .member_codes import codes_of, whole_numbers
from .tie_arrays import (
    Codes,
    Rows,
    Ties,
    Weights,
    check_weights,
    mutual,
    rows_of,
    split_loops,
    summed,
    summed_pairs,
)

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["MemberGraph"]


@dataclass(frozen=True, slots=True, eq=False)
class MemberGraph:
    """A graph of members: who acts towards whom, and how strongly.

    Whatever it is made from, the ties mean the same:

    - a tie of a member with itself is dropped, and so is a tie of weight 0 (or below 1e-100);
      one `SiyuWarning` counts them. The members of a dropped tie stay;
    - parallel ties are summed; in an undirected graph a tie and its reverse are parallel;
    - weights that are negative, missing or above 1e100 are refused; without weights every tie
      weighs 1;
    - members without ties stay, where `ids` (or the nodes of a networkx graph) name them.

    Build it with `from_ties`, `from_arrays`, `from_networkx` or `from_community`.

    Attributes
    ----------
    ids : pyarrow.Array, n members
        int64 or large_string, ascending. Node i of the graph is ``ids[i]``.
    ties : Ties
        Each tie once: arrays ``source``, ``target`` (int32 nodes) and ``weight`` (> 0), sorted
        by source, then target. In an undirected graph the source is the lower node.
    directed : bool
        Whether a tie from i to j says nothing of one from j to i.
    indptr, indices, weights : arrays
        The same ties in compressed rows: those of node i stand at ``indptr[i]:indptr[i + 1]``,
        ascending by the other end. An undirected tie stands in the rows of both ends.

    Examples
    --------
    >>> g = MemberGraph.from_arrays(np.array([7, 7]), np.array([3, 5]))
    >>> g
    MemberGraph(3 members, 2 undirected ties)
    >>> g.ids.to_pylist(), g.indptr, g.indices
    ([3, 5, 7], array([0, 1, 2, 4]), array([2, 2, 0, 1], dtype=int32))
    >>> g.ties.source, g.ties.target
    (array([0, 1], dtype=int32), array([2, 2], dtype=int32))
    """

    ids: pa.Array
    ties: Ties
    directed: bool
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        _freeze(self.ties.source, self.ties.target, self.ties.weight)

    def __repr__(self) -> str:
        kind = "directed" if self.directed else "undirected"
        return f"MemberGraph({self.n_members} members, {self.n_ties} {kind} ties)"

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_members(self) -> int:
        """Number of members, those without ties too."""
        return len(self.ids)

    @property
    def n_ties(self) -> int:
        """Number of ties; an undirected tie counts once."""
        return len(self.ties.source)

    @property
    def indptr(self) -> npt.NDArray[np.int64]:
        """Where the row of each node starts, and the end: int64, n + 1."""
        return self._rows().indptr

    @property
    def indices(self) -> Codes:
        """The other ends, row by row: int32."""
        return self._rows().indices

    @property
    def weights(self) -> Weights:
        """The weights, row by row: float64."""
        return self._rows().weights

    @classmethod
    def from_ties(
        cls, ties: Frame, *, ids: npt.ArrayLike | pa.Array | None = None, directed: bool = True
    ) -> "MemberGraph":
        """Build a graph from a table of ties.

        Parameters
        ----------
        ties : frame of schema `ties`, m rows
            ``source``, ``target`` and perhaps ``weight`` (default 1); other columns are not read.
        ids : array of member ids, optional
            All members, in any order: those without ties then stay in the graph.
            Default: the members met in `ties`.
        directed : bool
            False takes "a acts towards b" and "b acts towards a" for one tie.

        Returns
        -------
        MemberGraph

        Raises
        ------
        SchemaError
            If `ties` breaks its schema.
        ParameterError
            If `ids` are not of the type of the ids in `ties`, or some are missing.
        DataError
            If a weight is negative, missing or above 1e100, or a tie names a member not in `ids`.

        Warns
        -----
        SiyuWarning
            If ties are dropped (self-loops, weight 0).

        Examples
        --------
        >>> import pandas as pd
        >>> ties = pd.DataFrame({"source": ["a", "a"], "target": ["b", "b"], "weight": [1, 2]})
        >>> MemberGraph.from_ties(ties).weights
        array([3.])
        """
        table = _tie_columns(ties)
        weight = None
        if "weight" in table.column_names:
            weight = table["weight"].to_numpy().astype(np.float64, copy=False)
        source, target, members = codes_of(table["source"], table["target"], ids)
        graph, dropped = _build(source, target, weight, members, directed=directed)
        if dropped:
            warn(_said(dropped, table.num_rows), _shown(dropped))
        return graph

    @classmethod
    def from_arrays(
        cls,
        source: npt.ArrayLike,
        target: npt.ArrayLike,
        weight: npt.ArrayLike | None = None,
        *,
        ids: npt.ArrayLike | pa.Array | None = None,
        directed: bool = False,
    ) -> "MemberGraph":
        """Build a graph from arrays of integer ids, the fastest way in.

        Parameters
        ----------
        source, target : integer arrays, m
            Member ids of both ends of each tie. Undirected by default.
        weight : float array, m, optional
            Strength of each tie; default 1.
        ids : array of integer ids, optional
            All members, in any order: those without ties then stay in the graph.
            Default: the members met in `source` and `target`.
        directed : bool

        Returns
        -------
        MemberGraph

        Raises
        ------
        ParameterError
            If arrays are not integers, not one-dimensional or of different length, or ids missing.
        DataError
            If a weight is negative, missing or above 1e100, or a tie names a member not in `ids`.

        Warns
        -----
        SiyuWarning
            If ties are dropped (self-loops, weight 0).

        Examples
        --------
        >>> ends = np.array([[0, 1], [1, 2]])
        >>> MemberGraph.from_arrays(ends[:, 0], ends[:, 1], ids=np.arange(4))
        MemberGraph(4 members, 2 undirected ties)
        """
        source = whole_numbers(source, "source")
        target = whole_numbers(target, "target")
        strength = None if weight is None else np.asarray(weight, dtype=np.float64)
        for name, array in (("target", target), ("weight", strength)):
            if array is not None and array.shape != source.shape:
                raise ParameterError(
                    name, f"{name} must be as long as source ({len(source)}), got {array.shape}"
                )
        first, second, members = codes_of(pa.array(source), pa.array(target), ids)
        graph, dropped = _build(first, second, strength, members, directed=directed)
        if dropped:
            warn(_said(dropped, len(source)), _shown(dropped))
        return graph

    @classmethod
    def from_community(cls, community: "Community", as_of: Any) -> "MemberGraph":
        """Build the directed graph of a community's customers as known at one moment.

        Parameters
        ----------
        community : Community
            With at least one table that ties can be built from; see `siyu.graph.build_ties`.
        as_of : Timestamp, datetime or str
            The moment to look from, itself excluded.

        Returns
        -------
        MemberGraph
            Every customer is a node, those without ties and those only named by others
            (as who is replied to) too; staff are left out.

        Raises
        ------
        DataError
            If no table of `community` holds ties.
        """
        from .ties import build_ties

        members = community.before(as_of).customers()
        return cls.from_ties(build_ties(community, as_of=as_of), ids=members)

    @classmethod
    def from_networkx(cls, G: Any, weight: str | None = "weight") -> "MemberGraph":
        """Build a graph from a networkx graph of any kind.

        Parameters
        ----------
        G : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
            All nodes are integers, or all are text.
        weight : str or None
            Edge attribute with the strength; edges without it weigh 1, and so do all if None.

        Returns
        -------
        MemberGraph
            Directed if `G` is; parallel edges are summed.

        Raises
        ------
        DataError
            If node labels are neither all integers nor all text, or a weight is no strength.

        Warns
        -----
        SiyuWarning
            If edges are dropped (self-loops, weight 0).

        Examples
        --------
        >>> import networkx as nx
        >>> MemberGraph.from_networkx(nx.karate_club_graph())
        MemberGraph(34 members, 78 undirected ties)
        """
        from .graph_convert import read_networkx

        ends = read_networkx(G, weight)
        graph, dropped = _build(*ends, directed=G.is_directed())
        if dropped:
            warn(_said(dropped, len(ends[0])), _shown(dropped))
        return graph

    def to_networkx(self) -> Any:
        """Give the graph as ``networkx.Graph`` or ``DiGraph``, with edge attribute ``weight``.

        Examples
        --------
        >>> g = MemberGraph.from_arrays(np.array([1]), np.array([2]))
        >>> list(g.to_networkx().edges(data="weight"))
        [(1, 2, 1.0)]
        """
        from .graph_convert import write_networkx

        return write_networkx(self)

    def mutual(self) -> Ties:
        """Give each tied pair once, lower node first, weighing both directions together.

        This is the undirected graph that Burt's measures and communities are about.
        """
        if "mutual" not in self._made:
            self._made["mutual"] = mutual(self.ties, len(self), directed=self.directed)
        made: Ties = self._made["mutual"]
        return made

    def _rows(self) -> Rows:
        """Put the ties in rows when they are first asked for."""
        if "rows" not in self._made:
            rows = rows_of(self.ties, len(self), directed=self.directed)
            _freeze(rows.indptr, rows.indices, rows.weights)
            self._made["rows"] = rows
        made: Rows = self._made["rows"]
        return made


def _tie_columns(ties: Frame) -> pa.Table:
    """Check source, target and weight against the schema; nothing else is read."""
    from siyu.datasets.schema import SCHEMAS

    table, _ = to_arrow(ties)
    read = [name for name in ("source", "target", "weight") if name in table.column_names]
    return SCHEMAS["ties"].check(table.select(read))


def _build(
    source: Codes, target: Codes, weight: Weights | None, ids: pa.Array, *, directed: bool
) -> tuple[MemberGraph, list[Problem]]:
    """Make the graph, and say which ties were dropped."""
    if weight is not None:
        check_weights(weight)
    keep, dropped = split_loops(source, target, weight)
    if dropped:
        source, target = source[keep], target[keep]
        weight = None if weight is None else weight[keep]
    put_together = summed if directed else summed_pairs
    return MemberGraph(ids, put_together(source, target, weight, len(ids)), directed), dropped


def _freeze(*arrays: npt.NDArray[Any]) -> None:
    for array in arrays:
        array.setflags(write=False)


def _said(dropped: list[Problem], n_ties: int) -> str:
    parts = "; ".join(f"{problem.rule}: {problem.count}" for problem in dropped)
    return f"{sum(p.count for p in dropped)} of {n_ties} ties are dropped ({parts})"


def _shown(dropped: list[Problem]) -> Frame:
    """Give what was dropped as a frame, one row a rule."""
    return from_arrow(
        pa.table(
            {
                "column": [problem.column for problem in dropped],
                "rule": [problem.rule for problem in dropped],
                "count": [problem.count for problem in dropped],
                "first_row": [problem.first_row for problem in dropped],
            }
        )
    )
