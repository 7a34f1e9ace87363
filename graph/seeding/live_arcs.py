"""Which arcs carry influence, drawn for many worlds at once without a look at those that do not.

Most chances are small, and most coins would be thrown in vain. An arc of chance p is live if at
least one point of a Poisson process of rate 1 falls on a piece of line of length -ln(1 - p): that
happens with chance p, independently of other arcs. So a row throws as many points as a Poisson
number says, and looks up only where they fall. Chances of a half or more get a coin each.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from siyu.graph.tie_arrays import Codes, Weights, starts_of

from .spread_model import ArcRows

__all__ = ["LiveArcs", "PickedArcs", "Steps", "spans"]

Ints = npt.NDArray[np.int64]

_STRONG = 0.5


class Steps(Protocol):
    """One step from some nodes over the arcs that are live."""

    def step(self, nodes: Ints, rng: np.random.Generator) -> tuple[Ints, Codes]:
        """Give for every live arc the position in `nodes` it leaves from, and where it ends."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveArcs:
    """Independent cascade: every arc is live with its own chance.

    Build it with `of`. The weak arcs lie on a line, row after row; `line` says where each begins.
    """

    weak_start: Ints
    weak_ends: Codes
    line: Weights
    length: Weights
    evenly: bool
    strong: ArcRows

    @classmethod
    def of(cls, rows: ArcRows) -> "LiveArcs":
        """Split the arcs, and lay the weak ones on a line."""
        is_weak = rows.chance < _STRONG
        n = len(rows.indptr) - 1
        row = np.repeat(np.arange(n, dtype=np.int32), rows.degree())
        start = starts_of(row[is_weak], n)
        line = np.zeros(int(is_weak.sum()) + 1)
        np.cumsum(-np.log1p(-rows.chance[is_weak]), out=line[1:])
        strong = ArcRows(starts_of(row[~is_weak], n), rows.ends[~is_weak], rows.chance[~is_weak])
        evenly = _even_rows(rows.chance[is_weak], row[is_weak])
        length = line[start[1:]] - line[start[:-1]]
        return cls(start, rows.ends[is_weak], line, length, evenly, strong)

    def step(self, nodes: Ints, rng: np.random.Generator) -> tuple[Ints, Codes]:
        """Draw the live arcs that leave `nodes`; one that is hit twice is given twice."""
        at = np.repeat(np.arange(len(nodes)), rng.poisson(self.length[nodes]))
        from_node = nodes[at]
        first, stop = self.weak_start[from_node], self.weak_start[from_node + 1]
        where = rng.random(len(at))
        if self.evenly:
            arc = first + (where * (stop - first)).astype(np.int64)
        else:
            where = self.line[first] + where * self.length[from_node]
            arc = np.clip(np.searchsorted(self.line, where, side="right") - 1, first, stop - 1)
        if not len(self.strong.ends):
            return at, self.weak_ends[arc]
        strong_at, strong_ends = self._strong(nodes, rng)
        return np.concatenate([at, strong_at]), np.concatenate([self.weak_ends[arc], strong_ends])

    def _strong(self, nodes: Ints, rng: np.random.Generator) -> tuple[Ints, Codes]:
        """Throw a coin for every strong arc."""
        first = self.strong.indptr[nodes]
        count = self.strong.indptr[nodes + 1] - first
        arc = spans(first, count)
        live = rng.random(len(arc)) < self.strong.chance[arc]
        return np.repeat(np.arange(len(nodes)), count)[live], self.strong.ends[arc[live]]


@dataclass(frozen=True, slots=True, eq=False)
class PickedArcs:
    """Linear threshold: of the arcs of a row at most one is live, each with its own chance.

    Build it with `of`. The arcs lie on a line, row after row; `line` says where each begins.
    """

    start: Ints
    ends: Codes
    line: Weights
    evenly: bool
    each: Weights

    @classmethod
    def of(cls, rows: ArcRows) -> "PickedArcs":
        """Lay the arcs on a line."""
        n = len(rows.indptr) - 1
        line = np.zeros(len(rows.ends) + 1)
        np.cumsum(rows.chance, out=line[1:])
        row = np.repeat(np.arange(n, dtype=np.int32), rows.degree())
        each = np.ones(n)
        each[row] = rows.chance
        return cls(rows.indptr, rows.ends, line, _even_rows(rows.chance, row), each)

    def step(self, nodes: Ints, rng: np.random.Generator) -> tuple[Ints, Codes]:
        """Draw for each of `nodes` the one arc that is live, or none."""
        first, stop = self.start[nodes], self.start[nodes + 1]
        where = rng.random(len(nodes))
        if self.evenly:
            # Beyond the last arc is beyond it, however small the chances.
            arc = first + np.minimum(where / self.each[nodes], stop - first).astype(np.int64)
        else:
            arc = np.searchsorted(self.line, self.line[first] + where, side="right") - 1
        at = np.flatnonzero(arc < stop)
        return at, self.ends[arc[at]]


def spans(first: Ints, count: Ints) -> Ints:
    """Give the whole numbers first, first + 1, ... of many spans, one span after the other.

    Examples
    --------
    >>> spans(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(first - ends + count, count)


def _even_rows(chance: Weights, row: Codes) -> bool:
    """Tell whether all arcs of each row have the same chance."""
    return bool(((chance[1:] == chance[:-1]) | (row[1:] != row[:-1])).all())
