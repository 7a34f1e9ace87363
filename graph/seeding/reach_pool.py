"""Whom live arcs reach from given members, for thousands of independent worlds at once."""

import numpy as np
import numpy.typing as npt

from siyu.datasets.ordering import opens_run

from .live_arcs import Steps

__all__ = ["ReachPool"]

Ints = npt.NDArray[np.int64]

_CELLS = 1 << 24  # marks held at once: 64 MB


class ReachPool:
    """Walks from sets of members over live arcs, breadth first, many sets side by side.

    As many sets are under way at a time as marks fit into memory; where one has come to its end
    another begins, so that every step is one sweep over long arrays, however long the tails.

    Parameters
    ----------
    steps : Steps
        How one world's live arcs are drawn.
    n : int >= 0
        Number of members.

    Examples
    --------
    >>> from siyu.graph.seeding.live_arcs import LiveArcs
    >>> from siyu.graph.seeding.spread_model import ArcRows
    >>> certain = ArcRows(np.array([0, 1, 2, 2]), np.array([1, 2], np.int32), np.ones(2))
    >>> pool = ReachPool(LiveArcs.of(certain), 3)
    >>> pool.reach(np.array([[1], [0]]), np.random.default_rng(0))
    (array([0, 0, 1, 1, 1]), array([1, 2, 0, 1, 2]))
    """

    def __init__(self, steps: Steps, n: int) -> None:
        self._steps = steps
        self._n = n
        self._n_slots = max(1, _CELLS // max(n, 1))
        self._mark = np.zeros(0, dtype=np.int32)
        self._stamp = 1

    def reach(self, starts: npt.NDArray[np.integer], rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Walk from each row of starts.

        Parameters
        ----------
        starts : integer array, n_sets x n_starts
            Different members in each row.
        rng : numpy.random.Generator

        Returns
        -------
        (sets, members) : int64 arrays
            Every member reached in each set, its starts too; by set, then member.
        """
        n_sets, n_starts = starts.shape
        stamp = self._ready(n_sets)
        held = np.arange(min(n_sets, self._n_slots)) + stamp  # which set is in each slot
        begun = len(held)
        slot = np.repeat(np.arange(begun), n_starts)
        node = starts[:begun].ravel().astype(np.int64)
        found: list[Ints] = []
        while len(node):
            self._mark[slot * self._n + node] = held[slot]
            found.append((held[slot] - stamp) * self._n + node)
            at, ends = self._steps.step(node, rng)
            slot, node = self._fresh(slot[at], ends, held)
            if begun < n_sets:
                idle = np.bincount(slot, minlength=len(held)) == 0
                free = np.flatnonzero(idle)[: n_sets - begun]
                more = np.arange(begun, begun + len(free))
                held[free] = stamp + more
                begun += len(free)
                slot = np.concatenate([slot, np.repeat(free, n_starts)])
                node = np.concatenate([node, starts[more].ravel()])
        keys = np.concatenate([np.zeros(0, dtype=np.int64), *found])
        keys.sort()
        return np.divmod(keys, self._n)

    def _fresh(self, slot: Ints, ends: npt.NDArray[np.int32], held: Ints) -> tuple[Ints, Ints]:
        """Keep what is reached for the first time in its set, once each."""
        key = slot * self._n + ends
        key = key[self._mark[key] != held[slot]]
        key.sort()
        return np.divmod(key[opens_run(key)], self._n)

    def _ready(self, n_sets: int) -> int:
        """Make room for marks, and give the number that stands for the first of some sets."""
        n_cells = min(n_sets, self._n_slots) * self._n
        if len(self._mark) < n_cells or self._stamp + n_sets > np.iinfo(np.int32).max:
            self._mark = np.zeros(n_cells, dtype=np.int32)
            self._stamp = 1
        stamp = self._stamp
        self._stamp += n_sets
        return stamp
