"""Whom chosen members reach, through whom, and how likely."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.intervals import wilson_bounds
from siyu.datasets.ordering import opens_run
from siyu.datasets.randomness import generator
from siyu.graph.graph_convert import GraphLike

from .live_arcs import LiveArcs
from .spread_model import Probability, SpreadKind, SpreadModel, spread_model
from .spread_simulation import seed_codes
from .threshold_worlds import ThresholdWorlds

__all__ = ["influenced"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CELLS = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class _Traces:
    """Who was reached in some worlds: through whom, from which seed, after how many steps."""

    member: Ints
    via: Ints
    seed: Ints
    hop: Ints


def influenced(  # noqa: PLR0913  (the model is two choices, and so is the simulation)
    graph: GraphLike,
    seeds: Any,
    *,
    model: SpreadKind = "ic",
    probability: Probability = "weighted",
    n_simulations: int = 1000,
    random_state: int | np.random.Generator | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Tell whom chosen members reach, through whom, and with what probability.

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        A tie goes from who influences to who is influenced; see `influence_graph`.
    seeds : frame with ``member_id``, or ids in any array, list or set
        For instance the ``seeds`` of a `SeedSet`.
    model : {"ic", "lt"}
    probability
        Of each tie; see `choose_seeds`.
    n_simulations : int >= 1
        Cascades; a probability p has a standard error of sqrt(p (1 - p) / n_simulations).
    random_state : int, Generator or None
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a member reached in any cascade, seeds left out
        Sorted by ``probability``, the highest first, then ``member_id``.
        ``probability`` : share of the cascades that reach the member, in (0, 1], with
        ``low`` and ``high``, its 95 % Wilson interval;
        ``hop`` : mean number of steps from the seed, >= 1, over the cascades that reach it;
        ``seed`` : the seed it is most often reached from, ``seed_share`` in (0, 1] of the time;
        ``via`` : who most often passes it on to the member, ``via_share`` of the time.
        Where several reach a member in the same step, one of them is drawn for it. The sum of
        ``probability`` and the number of seeds is the expected spread.

    Raises
    ------
    ParameterError
        If `seeds`, `model`, `probability` or `n_simulations` is out of range.
    DataError
        If a seed is not in the graph, or a probability is none.

    Examples
    --------
    >>> import networkx as nx
    >>> path = nx.DiGraph([("ann", "bob"), ("bob", "cat")])
    >>> found = influenced(path, ["ann"], probability=1.0, random_state=0)
    >>> found[["member_id", "probability", "hop", "seed", "via"]]
      member_id  probability  hop seed  via
    0       bob          1.0  1.0  ann  ann
    1       cat          1.0  2.0  ann  bob
    """
    if n_simulations < 1:
        raise ParameterError(
            "n_simulations", f"n_simulations must be 1 or more, got {n_simulations}"
        )
    known = spread_model(graph, model, probability)
    codes = seed_codes(seeds, known.ids)
    rng = generator(random_state)
    of_model = _cascades if model == "ic" else _chains
    tally = _Tally(len(known))
    for traces in of_model(known, codes, n_simulations, rng):
        tally.add(traces)
    return from_arrow(_table(tally, known.ids, n_simulations), output)


class _Tally:
    """Counts over all worlds."""

    def __init__(self, n: int) -> None:
        self.n = max(n, 1)
        self.count = np.zeros(n, dtype=np.int64)
        self.hops = np.zeros(n, dtype=np.int64)
        self.via, self.seed = _KeyCounts(), _KeyCounts()

    def add(self, traces: _Traces) -> None:
        """Count some more worlds."""
        self.count += np.bincount(traces.member, minlength=len(self.count))
        hops = np.bincount(traces.member, traces.hop, len(self.count))
        self.hops += hops.astype(np.int64)
        self.via.add(traces.member * self.n + traces.via)
        self.seed.add(traces.member * self.n + traces.seed)

    def most_often(self, counted: "_KeyCounts") -> tuple[Ints, Ints]:
        """Give for every member reached, ascending, the other named most often, and how often."""
        keys, counts = counted.totals()
        member, other = np.divmod(keys, self.n)
        order = np.lexsort((other, -counts, member))
        first = order[opens_run(member[order])] if len(order) else order
        return other[first], counts[first]


class _KeyCounts:
    """How often each key came; keys wait until there are many, and are then counted together."""

    def __init__(self) -> None:
        self._keys, self._times = np.empty((2, 0), dtype=np.int64)
        self._waiting: list[Ints] = []
        self._n_waiting = 0

    def add(self, keys: Ints) -> None:
        """Count some more keys."""
        self._waiting.append(keys)
        self._n_waiting += len(keys)
        if self._n_waiting > _CELLS:
            self.totals()

    def totals(self) -> tuple[Ints, Ints]:
        """Give the keys met, ascending, and how often each came."""
        if self._waiting:
            more, times = np.unique(np.concatenate(self._waiting), return_counts=True)
            keys, at = np.unique(np.concatenate([self._keys, more]), return_inverse=True)
            both = np.bincount(at, np.concatenate([self._times, times]), len(keys))
            self._keys, self._times = keys, both.astype(np.int64)
            self._waiting, self._n_waiting = [], 0
        return self._keys, self._times


def _cascades(
    model: SpreadModel, seeds: Ints, n_worlds: int, rng: np.random.Generator
) -> Iterator[_Traces]:
    """Trace independent cascades, some worlds at a time."""
    arcs, n = LiveArcs.of(model.out), len(model)
    at_once = max(1, _CELLS // max(n, 1))
    for begin in range(0, n_worlds, at_once):
        count = min(at_once, n_worlds - begin)
        is_reached = np.zeros(count * n, dtype=bool)
        world = np.repeat(np.arange(count), len(seeds))
        node = np.tile(seeds, count)
        via, seed, hop = node, node, 0
        while len(node):
            is_reached[world * n + node] = True
            if hop:
                yield _Traces(node, via, seed, np.full(len(node), hop))
            at, ends = arcs.step(node, rng)
            taken = _first_reached(world[at] * n + ends, node[at], is_reached, rng)
            at = at[taken]
            world, via, seed, node = world[at], node[at], seed[at], ends[taken].astype(np.int64)
            hop += 1


def _first_reached(
    key: Ints, via: Ints, is_reached: npt.NDArray[np.bool_], rng: np.random.Generator
) -> Ints:
    """Pick for everybody newly reached one of those who reach it in this step, by chance."""
    rows = np.flatnonzero(~is_reached[key])
    if not len(rows):
        return rows
    rows = rows[np.lexsort((via[rows], key[rows]))]
    rows = rows[opens_run(key[rows], via[rows])]
    rows = rows[np.lexsort((rng.random(len(rows)), key[rows]))]
    return rows[opens_run(key[rows])]


def _chains(
    model: SpreadModel, seeds: Ints, n_worlds: int, rng: np.random.Generator
) -> Iterator[_Traces]:
    """Trace the worlds of the linear threshold model, some at a time."""
    worlds, n = ThresholdWorlds(model), len(model)
    for begin in range(0, n_worlds, worlds.at_once()):
        heard = worlds.draw(min(worlds.at_once(), n_worlds - begin), rng)
        root, hop = worlds.traced(heard, seeds)
        at = np.flatnonzero(hop.ravel() > 0)
        yield _Traces(at % max(n, 1), heard.ravel()[at], root.ravel()[at], hop.ravel()[at])


def _table(tally: _Tally, ids: pa.Array, n_simulations: int) -> pa.Table:
    reached = np.flatnonzero(tally.count)
    count = tally.count[reached]
    share = count / n_simulations
    low, high = wilson_bounds(share, np.full(len(share), n_simulations))
    seed, from_seed = tally.most_often(tally.seed)
    via, through = tally.most_often(tally.via)
    table = pa.table(
        {
            "member_id": ids.take(pa.array(reached)),
            "probability": share,
            "low": low,
            "high": high,
            "hop": tally.hops[reached] / count,
            "seed": ids.take(pa.array(seed)),
            "seed_share": from_seed / count,
            "via": ids.take(pa.array(via)),
            "via_share": through / count,
        }
    )
    return table.take(pa.array(np.argsort(-share, kind="stable")))
