"""How far given seeds spread: forward cascades, many at once."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.ids import lookup
from siyu.datasets.intervals import Interval, bootstrap_mean
from siyu.datasets.randomness import generator
from siyu.graph.graph_convert import GraphLike
from siyu.graph.member_choice import chosen_members

from .live_arcs import LiveArcs
from .reach_pool import ReachPool
from .spread_model import Probability, SpreadKind, SpreadModel, spread_model
from .threshold_worlds import ThresholdWorlds

__all__ = ["SpreadSimulator", "expected_spread", "seed_codes"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
RandomState = int | np.random.Generator | None

_AT_ONCE = 1 << 20  # members reached in one go, by and large


def expected_spread(
    graph: GraphLike,
    seeds: Any,
    *,
    model: SpreadKind = "ic",
    probability: Probability = "weighted",
    n_simulations: int = 1000,
    random_state: RandomState = None,
) -> Interval:
    """Estimate how many members a set of seeds reaches, the seeds themselves included.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        A tie goes from who influences to who is influenced; see `influence_graph`. An undirected
        tie carries both ways.
    seeds : frame with ``member_id``, or ids in any array, list or set
    model : {"ic", "lt"}
        Independent cascade or linear threshold.
    probability
        Of each tie: "weighted", "given", a number, an array or a frame; see `choose_seeds`.
    n_simulations : int >= 2
        Independent cascades.
    random_state : int, Generator or None

    Returns
    -------
    Interval
        Mean number of members reached, with its 95 % bootstrap interval over the cascades. Time
        grows with the members reached in all of them; memory is bounded.

    Raises
    ------
    ParameterError
        If `seeds`, `model`, `probability` or `n_simulations` is out of range.
    DataError
        If a seed is not in the graph, or a probability is none.

    References
    ----------
    Kempe, Kleinberg & Tardos (2003), "Maximizing the spread of influence through a social
    network", KDD, 137-146.

    Examples
    --------
    >>> import networkx as nx
    >>> path = nx.DiGraph([(1, 2), (2, 3)])  # 1 + 1/2 + 1/4
    >>> found = expected_spread(path, [1], probability=0.5, random_state=0)
    >>> found.low < 1.75 < found.high, found.n
    (True, 1000)
    """
    if n_simulations < 2:
        raise ParameterError("n_simulations", f"n_simulations must be 2 or more: {n_simulations}")
    known = spread_model(graph, model, probability)
    rng = generator(random_state)
    reached = SpreadSimulator(known).sizes([seed_codes(seeds, known.ids)], n_simulations, rng)[0]
    return bootstrap_mean(reached, random_state=rng)


def seed_codes(seeds: Any, ids: pa.Array) -> Ints:
    """Find seeds among the members, ascending, each once."""
    chosen = chosen_members(seeds, ids, "seeds")
    codes = lookup(chosen, ids)
    if (codes < 0).any():
        raise DataError(
            f"{int((codes < 0).sum())} of {len(codes)} seeds are not members of the graph"
        )
    return codes


class SpreadSimulator:
    """Forward cascades of one model.

    Parameters
    ----------
    model : SpreadModel
    """

    def __init__(self, model: SpreadModel) -> None:
        self._of_model: _Cascades | ThresholdWorlds = (
            ThresholdWorlds(model) if model.kind == "lt" else _Cascades(model)
        )

    def sizes(
        self, seed_sets: list[Ints], n_simulations: int, rng: np.random.Generator
    ) -> list[Floats]:
        """Count the members that each set of seeds reaches in each simulation."""
        return self._of_model.sizes(seed_sets, n_simulations, rng)


class _Cascades:
    """Independent cascades: each only looks at the ties of whom it reaches."""

    def __init__(self, model: SpreadModel) -> None:
        self._pool = ReachPool(LiveArcs.of(model.out), len(model))

    def sizes(
        self, seed_sets: list[Ints], n_simulations: int, rng: np.random.Generator
    ) -> list[Floats]:
        """Count the members reached."""
        return [self._sizes(seeds, n_simulations, rng) for seeds in seed_sets]

    def _sizes(self, seeds: Ints, n_simulations: int, rng: np.random.Generator) -> Floats:
        """Simulate a few first, to see how many fit into memory at once."""
        sizes: list[Ints] = [np.zeros(0, dtype=np.int64)]
        done, count = 0, min(16, n_simulations)
        while done < n_simulations:
            starts = np.broadcast_to(seeds, (count, len(seeds)))
            sets, _ = self._pool.reach(starts, rng)
            sizes.append(np.bincount(sets, minlength=count))
            done += count
            each = max(1, len(sets) // count)
            count = min(n_simulations - done, max(1, _AT_ONCE // each))
        return np.concatenate(sizes).astype(np.float64)
