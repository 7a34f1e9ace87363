"""Who influences whom, and with what chance: the ties of a graph read as a spreading model.

Two models, both of Kempe, Kleinberg & Tardos (2003), "Maximizing the spread of influence through
a social network", KDD, 137-146. Whoever is reached stays reached.

- independent cascade (``ic``): who was just reached tries once to reach each member it acts on,
  and succeeds with the chance of the tie;
- linear threshold (``lt``): a member is reached once the shares of its reached neighbours add up
  to a threshold, uniform on [0, 1] and unknown. That is the same as: each member listens to at
  most one neighbour, drawn with its share, and is reached when that one is.
"""

from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import to_arrow
from siyu.datasets.ids import lookup
from siyu.datasets.ordering import opens_run
from siyu.graph.graph_convert import GraphLike, as_member_graph
from siyu.graph.member_choice import chosen_members
from siyu.graph.member_graph import MemberGraph
from siyu.graph.tie_arrays import Codes, Weights, packed, starts_of, sums_at

__all__ = ["ArcRows", "Probability", "SpreadKind", "SpreadModel", "spread_model"]

SpreadKind = Literal["ic", "lt"]

Probability = Any
"""``"weighted"``, ``"given"``, a number, an array along the ties, or a frame."""

_FRAME_NEEDS = ("source", "target", "probability")


@dataclass(frozen=True, slots=True, eq=False)
class ArcRows:
    """Arcs in compressed rows: those of node i stand at ``indptr[i]:indptr[i + 1]``, sorted.

    Attributes
    ----------
    indptr : int64 array, n + 1
    ends : int32 array, the node at the other end of each arc
    chance : float64 array, in (0, 1]
    """

    indptr: npt.NDArray[np.int64]
    ends: Codes
    chance: Weights

    @classmethod
    def by(cls, row: Codes, end: Codes, chance: Weights, n: int) -> "ArcRows":
        """Put arcs in the rows of one of their ends."""
        order = np.argsort(packed(row, end, n))
        return cls(starts_of(row, n), end[order], chance[order])

    def degree(self) -> npt.NDArray[np.int64]:
        """Count the arcs of each row."""
        return np.diff(self.indptr)


@dataclass(frozen=True, slots=True, eq=False)
class SpreadModel:
    """A spreading model on members 0 .. n-1.

    Attributes
    ----------
    kind : {"ic", "lt"}
    ids : pyarrow.Array, n
    out : ArcRows
        Row of a member: whom it may reach.
    into : ArcRows
        Row of a member: who may reach it. The same arcs; under ``lt`` the chances of a row add
        up to 1 at most.
    """

    kind: SpreadKind
    ids: pa.Array
    out: ArcRows
    into: ArcRows

    def __len__(self) -> int:
        return len(self.ids)


def spread_model(graph: GraphLike, kind: SpreadKind, probability: Probability) -> SpreadModel:
    """Read a graph as a spreading model, with a chance for every tie.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        A tie goes from who influences to who is influenced (see `influence_graph`); an
        undirected tie carries both ways.
    kind : {"ic", "lt"}
    probability : see below
        ``"weighted"`` (weighted cascade): the tie's share of all weight that comes in at its
        target, which is 1 / in-degree without weights; ``"given"``: the weight itself is the
        chance; a number in (0, 1]: the same for every tie; an array of chances along
        ``graph.ties``; a frame with ``source``, ``target`` and ``probability`` for every tie of a
        directed graph, such as `learn_influence` gives. A tie of chance 0 carries nothing. Under
        ``lt`` the chances that come in at a member are divided by their sum where it exceeds 1.

    Returns
    -------
    SpreadModel

    Raises
    ------
    ParameterError
        If `kind` or `probability` is none of these.
    DataError
        If a chance is missing, below 0 or above 1, or a frame names a tie twice.

    Examples
    --------
    >>> import networkx as nx
    >>> spread_model(nx.star_graph(2), "ic", "weighted").into.chance
    array([0.5, 0.5, 1. , 1. ])
    """
    if kind not in ("ic", "lt"):
        raise ParameterError("model", f"model must be 'ic' or 'lt', got {kind!r}")
    members = as_member_graph(graph)
    n = len(members)
    source, target, weight = _arcs(members)
    chance = _chances(members, probability, (target, weight, n))
    there = chance > 0
    source, target, chance = source[there], target[there], chance[there]
    if kind == "lt":
        chance = chance / np.maximum(sums_at(target, chance, n), 1.0)[target]
    out = ArcRows.by(source, target, chance, n)
    return SpreadModel(kind, members.ids, out, ArcRows.by(target, source, chance, n))


def _arcs(graph: MemberGraph) -> tuple[Codes, Codes, Weights]:
    """Give the ties with their direction; an undirected tie is two arcs, the second half back."""
    ties = graph.ties
    if graph.directed:
        return ties.source, ties.target, ties.weight
    return (
        np.concatenate([ties.source, ties.target]),
        np.concatenate([ties.target, ties.source]),
        np.concatenate([ties.weight, ties.weight]),
    )


def _chances(
    graph: MemberGraph, probability: Probability, arcs: tuple[Codes, Weights, int]
) -> Weights:
    target, weight, n = arcs
    if isinstance(probability, str):
        if probability == "weighted":
            return np.minimum(weight / sums_at(target, weight, n)[target], 1.0)
        if probability == "given":
            return _checked(weight)
        raise ParameterError(
            "probability", f"probability must be 'weighted' or 'given', got {probability!r}"
        )
    if isinstance(probability, Real):
        number = float(probability)
        if not 0 < number <= 1:
            raise ParameterError(
                "probability", f"probability must lie above 0, at most 1, got {number}"
            )
        return np.full(len(target), number)
    along = _looked_up(graph, probability) if _is_frame(probability) else probability
    along = np.asarray(along, dtype=np.float64)
    if along.shape != (graph.n_ties,):
        raise ParameterError(
            "probability",
            f"probability must hold one number a tie ({graph.n_ties}), got shape {along.shape}",
        )
    return _checked(along if graph.directed else np.concatenate([along, along]))


def _is_frame(probability: Any) -> bool:
    return isinstance(probability, pa.Table) or hasattr(probability, "columns")


def _looked_up(graph: MemberGraph, frame: Any) -> Weights:
    """Find the probability of every tie in a frame."""
    table, _ = to_arrow(frame)
    missing = [name for name in _FRAME_NEEDS if name not in table.column_names]
    if missing or not graph.directed:
        raise ParameterError(
            "probability",
            f"a frame of probabilities needs {', '.join(_FRAME_NEEDS)} and a directed graph; "
            f"it has {', '.join(table.column_names)}",
        )
    n = len(graph)
    for name in ("source", "target"):
        chosen_members(table[name], graph.ids, "probability")  # refuses ids of another type
    ends = [lookup(table[name], graph.ids) for name in ("source", "target")]
    known = (ends[0] >= 0) & (ends[1] >= 0)
    keys = packed(ends[0][known].astype(np.int32), ends[1][known].astype(np.int32), n)
    order = np.argsort(keys)
    if not opens_run(keys[order]).all():
        n_again = int((~opens_run(keys[order])).sum())
        raise DataError(f"probability names a tie again in {n_again} rows; one row a tie")
    keys, given = keys[order], np.asarray(table["probability"].to_numpy())[known][order]
    wanted = packed(graph.ties.source, graph.ties.target, n)
    at = np.searchsorted(keys, wanted)
    found = np.zeros(len(wanted), dtype=bool)
    inside = at < len(keys)
    found[inside] = keys[at[inside]] == wanted[inside]
    if not found.all():
        raise DataError(
            f"probability names {int(found.sum())} of the {len(found)} ties of the graph; "
            "give one for every tie, 0 where it carries nothing"
        )
    return np.asarray(given[at], dtype=np.float64)


def _checked(chance: Weights) -> Weights:
    right = (chance >= 0) & (chance <= 1)
    if not right.all():
        raise DataError(
            f"a probability must lie between 0 and 1; {int((~right).sum())} of {len(chance)} "
            f"do not, the first is {chance[~right][0]}"
        )
    return chance
