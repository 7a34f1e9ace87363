"""Whole worlds of the linear threshold model: whom every member listens to in each."""

import numpy as np
import numpy.typing as npt

from .live_arcs import PickedArcs
from .spread_model import SpreadModel

__all__ = ["ThresholdWorlds"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_CELLS = 1 << 20  # members of all worlds in one go, so that they stay in the cache


class ThresholdWorlds:
    """Worlds in which every member listens to one neighbour at most.

    A member is reached when the chain of whom one listens to leads to a seed. Chains are
    followed by doubling, so that long ones take few sweeps.

    Parameters
    ----------
    model : SpreadModel of kind "lt"
    """

    def __init__(self, model: SpreadModel) -> None:
        self._n = len(model)
        self._picks = PickedArcs.of(model.into)

    def at_once(self) -> int:
        """Say how many worlds to draw in one go."""
        return max(1, _CELLS // max(self._n, 1))

    def draw(self, n_worlds: int, rng: np.random.Generator) -> Ints:
        """Give whom each member listens to: n_worlds x n; oneself stands for nobody."""
        nodes = np.tile(np.arange(self._n), n_worlds)
        heard = nodes.copy()
        at, ends = self._picks.step(nodes, rng)
        heard[at] = ends
        return heard.reshape(n_worlds, self._n)

    def sizes(self, seed_sets: list[Ints], n_worlds: int, rng: np.random.Generator) -> list[Floats]:
        """Count whom each set of seeds reaches, all of them in the same worlds."""
        sizes: list[list[Ints]] = [[np.zeros(0, dtype=np.int64)] for _ in seed_sets]
        for begin in range(0, n_worlds, self.at_once()):
            heard = self.draw(min(self.at_once(), n_worlds - begin), rng)
            for seeds, found in zip(seed_sets, sizes, strict=True):
                found.append(self.reached(heard, seeds).sum(axis=1))
        return [np.concatenate(found).astype(np.float64) for found in sizes]

    def reached(self, heard: Ints, seeds: Ints) -> Flags:
        """Tell who is reached in each world: n_worlds x n."""
        n_worlds = len(heard)
        base = np.arange(n_worlds)[:, None] * self._n
        ahead = heard + base
        ahead[:, seeds] = base + seeds
        ahead = ahead.ravel()
        reached = np.zeros(ahead.shape, dtype=bool)
        reached.reshape(n_worlds, self._n)[:, seeds] = True
        n_before = -1
        # After r sweeps: whoever is within 2**r - 1 steps. If a sweep adds nobody, nobody is left.
        while (n_now := int(np.count_nonzero(reached))) != n_before:
            n_before = n_now
            reached |= reached[ahead]
            ahead = ahead[ahead]
        return reached.reshape(n_worlds, self._n)

    def traced(self, heard: Ints, seeds: Ints) -> tuple[Ints, Ints]:
        """Find the seed that each member is reached from, and in how many steps.

        Returns
        -------
        (seed, hop) : int64 arrays, n_worlds x n
            For a seed hop is 0, for who is not reached -1.
        """
        n_worlds = len(heard)
        reached = self.reached(heard, seeds)
        base = np.arange(n_worlds)[:, None] * self._n
        ahead = heard + base
        ahead[:, seeds] = base + seeds
        ahead = ahead.ravel()
        hop = (ahead != np.arange(len(ahead))).astype(np.int64)
        # Only the reached are followed: their chains end, those of others may run in circles.
        rows = np.flatnonzero(reached.ravel())
        while len(rows):
            hop[rows] += hop[ahead[rows]]
            ahead[rows] = ahead[ahead[rows]]
            rows = rows[hop[ahead[rows]] > 0]
        seed = np.where(reached, (ahead % max(self._n, 1)).reshape(reached.shape), -1)
        return seed, np.where(reached, hop.reshape(reached.shape), -1)
