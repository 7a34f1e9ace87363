"""Reverse influence samples: who could have reached a member drawn at random.

Draw a member, and walk back over live arcs: the set of those met. The share of such sets that
hold one of the seeds, times the number of members, is the expected spread of the seeds (Borgs,
Brautbar, Chayes & Lucier 2014, "Maximizing social influence in nearly optimal time", SODA). So
seeds that meet many of the sets spread far, whichever seeds one looks at.
"""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from siyu.graph.tie_arrays import Codes

from .live_arcs import LiveArcs, PickedArcs
from .reach_pool import ReachPool
from .spread_model import SpreadModel

__all__ = ["ReverseSampler", "ReverseSets"]

Ints = npt.NDArray[np.int64]

_ENTRIES_AT_ONCE = 1 << 21


class ReverseSets:
    """Many sets of members, one after the other, and the sets that each member is in.

    Attributes
    ----------
    n : int
        Number of members.
    starts : int64 array, n_sets + 1
    members : int32 array
        Set i holds ``members[starts[i]:starts[i + 1]]``.
    set_starts : int64 array, n + 1
    set_numbers : int32 array
        Member v is in ``set_numbers[set_starts[v]:set_starts[v + 1]]``.
    """

    def __init__(self, n: int, starts: Ints, members: Codes) -> None:
        self.n, self.starts, self.members = n, starts, members
        once = np.ones(len(members), dtype=np.int8)
        by_set = sparse.csr_array((once, members, starts), shape=(len(starts) - 1, n))
        by_member = by_set.tocsc()
        self.set_starts = by_member.indptr.astype(np.int64)
        self.set_numbers = by_member.indices.astype(np.int32, copy=False)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def counts(self) -> Ints:
        """Count the sets that each member is in."""
        counts: Ints = np.diff(self.set_starts)
        return counts

    def sets_of(self, member: int) -> Codes:
        """Give the numbers of the sets that hold a member."""
        numbers: Codes = self.set_numbers[self.set_starts[member] : self.set_starts[member + 1]]
        return numbers

    def covered(self, members: list[int]) -> Ints:
        """Count the sets that hold any of the first 1, 2, ... of some members."""
        met = np.zeros(len(self), dtype=bool)
        count = np.empty(len(members), dtype=np.int64)
        for i, member in enumerate(members):
            met[self.sets_of(member)] = True
            count[i] = np.count_nonzero(met)
        return count


class ReverseSampler:
    """A collection of reverse samples that grows, always by independent draws.

    Parameters
    ----------
    model : SpreadModel
    rng : numpy.random.Generator

    Attributes
    ----------
    n_sets, n_entries : int
        Sets drawn so far, and members in all of them.
    n_roots : int64 array, n
        Sets that began with each member.

    Examples
    --------
    >>> import networkx as nx
    >>> from siyu.graph.seeding.spread_model import spread_model
    >>> path = spread_model(nx.DiGraph([(1, 2), (2, 3)]), "ic", 1.0)
    >>> sets = ReverseSampler(path, np.random.default_rng(0)).grow(2)
    >>> len(sets), sets.members
    (2, array([0, 1, 2, 0, 1], dtype=int32))
    """

    def __init__(self, model: SpreadModel, rng: np.random.Generator) -> None:
        self._n = len(model)
        steps = LiveArcs.of(model.into) if model.kind == "ic" else PickedArcs.of(model.into)
        self._pool = ReachPool(steps, self._n)
        self._rng = rng
        self._sizes: list[Ints] = []
        self._members: list[Codes] = []
        self.n_sets = 0
        self.n_entries = 0
        self.n_roots = np.zeros(self._n, dtype=np.int64)

    def grow(self, n_sets: int) -> ReverseSets:
        """Draw until there are `n_sets` sets, and give all of them."""
        while self.n_sets < n_sets:
            count = min(n_sets - self.n_sets, self._at_once())
            roots = self._rng.integers(self._n, size=(count, 1))
            self.n_roots += np.bincount(roots.ravel(), minlength=self._n)
            sets, members = self._pool.reach(roots, self._rng)
            self._sizes.append(np.bincount(sets, minlength=count))
            self._members.append(members.astype(np.int32))
            self.n_sets += count
            self.n_entries += len(members)
        self._members = [np.concatenate([np.zeros(0, np.int32), *self._members])]
        self._sizes = [np.concatenate([np.zeros(0, np.int64), *self._sizes])]
        starts = np.zeros(self.n_sets + 1, dtype=np.int64)
        np.cumsum(self._sizes[0], out=starts[1:])
        return ReverseSets(self._n, starts, self._members[0])

    def _at_once(self) -> int:
        """Say how many sets to draw in one go: few where sets are large."""
        if not self.n_sets:
            return 256
        return int(np.ceil(_ENTRIES_AT_ONCE * self.n_sets / self.n_entries))
