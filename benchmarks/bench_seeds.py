"""Choose seeds by reverse samples beside CELF and simple scores: spread, certificate, time.

Every method chooses `k` seeds on the same weighted-cascade graph; all are judged by the same
fresh simulations (mean and 95 % interval). `certified` is what `choose_seeds` proves: its spread
is at least this share of the best possible one; in brackets what OPIM-C's own bound proves on the
same samples. CELF is lazy greedy (Leskovec et al. 2007) on worlds drawn once, so that no noise
misleads it (Cheng et al. 2013, "StaticGreedy"); bounds on the reach of every single member are
given to it; where it is not done after `--celf-seconds` its row says how far it came. Times are
seconds of the processor, one thread.

    SIYU_DATA=... python benchmarks/bench_seeds.py                     # wiki-Vote, pages, Epinions
    SIYU_DATA=... python benchmarks/bench_seeds.py wiki_vote --k 10
    python benchmarks/bench_seeds.py stars --k 5 --simulations 200     # a second, for tests

The run ends with an error if a simulated spread lies outside its certificate, if CELF finds more
than the certificate allows, or if the planted stars are not found.
"""

import argparse
import datetime as dt
import heapq
import math
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from peak_memory import forget_peak, peak_mb

from siyu.datasets.intervals import Interval, bootstrap_mean
from siyu.graph import MemberGraph
from siyu.graph.seeding.live_arcs import LiveArcs, PickedArcs
from siyu.graph.seeding.max_cover import best_cover
from siyu.graph.seeding.reach_pool import ReachPool
from siyu.graph.seeding.reverse_sets import ReverseSampler, ReverseSets
from siyu.graph.seeding.seed_baselines import baseline_seeds
from siyu.graph.seeding.seed_choice import choose_seeds
from siyu.graph.seeding.seed_limits import SeedLimits
from siyu.graph.seeding.seed_rules import SeedRules
from siyu.graph.seeding.single_reach import member_reach
from siyu.graph.seeding.spread_bounds import CertifiedSeeds, certified_seeds, most_spread
from siyu.graph.seeding.spread_model import ArcRows, SpreadKind, SpreadModel, spread_model
from siyu.graph.seeding.spread_simulation import SpreadSimulator

__all__ = ["celf", "compare", "degree_discount", "fixed_worlds", "graph_of", "main", "opim_bound"]

_MOST_NODES = 5_000_000  # of all worlds of CELF
_MARGIN = 1.1  # on the reach of single members, so that chance hides none from CELF

HEADER = (
    "| graph, model | method | processor seconds | spread (95 % interval) | certified "
    "| samples | MB |\n"
    "|---|---|---|---|---|---|---|"
)


def graph_of(name: str, folder: Path | None) -> MemberGraph:
    """Read a graph of the data folder, or plant stars: the best seeds are 0, 1, 2, ..."""
    if name == "stars":
        size = np.arange(30, 5, -1)
        centre = np.repeat(np.arange(25), size)
        leaves = np.arange(25, 25 + size.sum())
        return MemberGraph.from_arrays(centre, leaves, directed=True)
    if folder is None:
        raise SystemExit(f"where is {name}? set SIYU_DATA")
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "graphs" / f"{name}_edges.parquet")
    source, target = table["src"].to_numpy(), table["dst"].to_numpy()
    if name == "wiki_vote":  # who votes for somebody takes influence from that member
        return MemberGraph.from_arrays(target, source, directed=True)
    return MemberGraph.from_arrays(source, target)


def celf(
    graph: MemberGraph, model: SpreadModel, k: int, n_worlds: int, seconds: float
) -> list[int]:
    """Choose by lazy greedy on fixed worlds; fewer than k seeds where time runs out."""
    begin, n = time.process_time(), len(model)
    n_worlds = max(1, min(n_worlds, _MOST_NODES // n))
    pool = fixed_worlds(model, n_worlds, np.random.default_rng(7))
    first_nodes = np.arange(n_worlds)[:, None] * n

    def spread(seeds: list[int]) -> float:
        starts = (first_nodes + np.array(seeds)).reshape(1, -1)
        return len(pool.reach(starts, np.random.default_rng(0))[0]) / n_worlds

    alone = member_reach(graph, model=model.kind, random_state=7, output="pyarrow")["high"]
    queue = [(-_MARGIN * reach, member, -1) for member, reach in enumerate(alone.to_pylist())]
    heapq.heapify(queue)
    chosen: list[int] = []
    reached = 0.0
    while len(chosen) < k and time.process_time() - begin < seconds:
        gain, member, looked_at = heapq.heappop(queue)
        if looked_at == len(chosen):
            chosen.append(member)
            reached -= gain
        else:
            heapq.heappush(queue, (reached - spread([*chosen, member]), member, len(chosen)))
    return chosen


def fixed_worlds(model: SpreadModel, n_worlds: int, rng: np.random.Generator) -> ReachPool:
    """Draw whole worlds beside each other: member v of world i is node i n + v."""
    n = len(model)
    nodes = np.tile(np.arange(n), n_worlds)
    steps = LiveArcs.of(model.out) if model.kind == "ic" else PickedArcs.of(model.into)
    at, ends = steps.step(nodes, rng)
    there = at - at % n + ends
    row, end = (at, there) if model.kind == "ic" else (there, at)
    rows = ArcRows.by(row.astype(np.int32), end.astype(np.int32), np.ones(len(at)), len(nodes))
    return ReachPool(LiveArcs.of(rows), len(nodes))


def degree_discount(model: SpreadModel, k: int) -> list[int]:
    """Choose by degree less the ties to seeds (the single discount of Chen et al. 2009)."""
    left = model.out.degree().astype(np.int64)
    chosen: list[int] = []
    for _ in range(min(k, len(model))):
        member = int(np.argmax(left))
        chosen.append(member)
        start, stop = model.into.indptr[member : member + 2]
        np.subtract.at(left, model.into.ends[start:stop], 1)
        left[member] = np.iinfo(np.int64).min // 2
    return chosen


def opim_bound(sets: ReverseSets, chosen: Sequence[int], k: int) -> float:
    """Bound the best cover as OPIM-C does: the least over all stages of the greedy choice."""
    is_covered = np.zeros(len(sets), dtype=bool)
    of_entry = np.repeat(np.arange(len(sets)), np.diff(sets.starts))
    least = np.inf
    for member in [*chosen, None]:
        gains = np.bincount(sets.members[~is_covered[of_entry]], minlength=sets.n)
        least = min(least, int(is_covered.sum()) + int(np.sort(gains)[-k:].sum()))
        if member is not None:
            is_covered[sets.sets_of(member)] = True
    return float(least)


def compare(
    name: str, graph: MemberGraph, kind: SpreadKind, given: argparse.Namespace
) -> list[str]:
    """Run all methods on one graph, and give the rows of the table."""
    model = spread_model(graph, kind, "weighted")
    rules = SeedRules(target_ratio=given.target, n_simulations=given.simulations)
    limits = SeedLimits.of(given.k, rules, model.ids)
    simulator = SpreadSimulator(model)
    found, cells = certified(graph, model, limits, rules, given.seed)
    ours = judged(simulator, found.chosen, given.simulations)
    require(f"{name}: certificate", holds=found.lower <= ours.high and ours.low <= found.upper)
    if name == "stars":
        require(
            "the largest stars are not found", holds=sorted(found.chosen) == list(range(given.k))
        )
    spent, *others = cells
    rows = [[f"{name}, {kind}", "**siyu**", spent, shown(ours), *others]]
    methods: dict[str, Callable[[], list[int]]] = {
        "CELF": lambda: celf(graph, model, given.k, given.celf_worlds, given.celf_seconds),
        "degree discount": lambda: degree_discount(model, given.k),
    }
    simple = baseline_seeds(graph, model, limits, np.random.default_rng(3))
    for method in [*methods, *simple]:
        begin = time.process_time()
        seeds = simple[method] if method in simple else methods[method]()
        spent = "-" if method in simple else f"{time.process_time() - begin:.2f}"
        spread = judged(simulator, seeds, given.simulations)
        require(f"{name}: {method} beats the certificate", holds=spread.low <= found.upper)
        done = method if len(seeds) == given.k else f"{method}: {len(seeds)} of {given.k} seeds"
        rows.append([f"{name}, {kind}", done, spent, shown(spread), "-", "-", "-"])
    return ["| " + " | ".join(row) + " |" for row in rows]


def certified(
    graph: MemberGraph, model: SpreadModel, limits: SeedLimits, rules: SeedRules, seed: int
) -> tuple[CertifiedSeeds, list[str]]:
    """Time the choice alone and the whole call, and say what is certified."""
    before = forget_peak()
    begin = time.process_time()
    found = certified_seeds(model, limits, rules, np.random.default_rng(seed))
    alone, held = time.process_time() - begin, peak_mb() - before
    begin = time.process_time()
    whole = choose_seeds(graph, limits.k, model=model.kind, rules=rules, random_state=seed)
    spent = time.process_time() - begin
    require("the target is not certified", holds=whole.reached_target)
    sets = ReverseSampler(model, np.random.default_rng(seed)).grow(found.n_sets // 2)
    bound = opim_bound(sets, best_cover(sets, limits).chosen, limits.k)
    doubt = math.log(2 * 12 / (1 - rules.confidence))  # at most 12 rounds, as in siyu
    theirs = found.lower / (most_spread(bound, len(sets), doubt) * len(model))
    return found, [
        f"{alone:.2f} ({spent:.2f} with baselines)",
        f"{found.lower / found.upper:.3f} ({theirs:.3f})",
        f"{found.n_sets:,}",
        f"{held:.0f}",
    ]


def judged(simulator: SpreadSimulator, seeds: list[int], n_simulations: int) -> Interval:
    """Simulate a choice afresh; all choices get the same stream."""
    codes = np.array(sorted(seeds), dtype=np.int64)
    reached = simulator.sizes([codes], n_simulations, np.random.default_rng(11))[0]
    return bootstrap_mean(reached, random_state=0)


def shown(spread: Interval) -> str:
    return f"{spread.estimate:,.1f} ({spread.low:,.1f} to {spread.high:,.1f})"


def require(what: str, *, holds: bool) -> None:
    if not holds:
        raise SystemExit(f"disagreement: {what}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "graphs", nargs="*", default=["wiki_vote", "facebook_pages", "soc_epinions1"]
    )
    parser.add_argument("--models", nargs="*", default=["ic", "lt"])
    parser.add_argument("--k", type=int, default=50)
    parser.add_argument("--target", type=float, default=0.95)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--celf-worlds", type=int, default=200)
    parser.add_argument("--celf-seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    folder = Path(os.environ["SIYU_DATA"]) if "SIYU_DATA" in os.environ else None
    today = dt.datetime.now(dt.UTC).date()
    print(f"{today}, Python {platform.python_version()}, numpy {version('numpy')}, k = {given.k}\n")
    print(HEADER)
    for name in given.graphs:
        graph = graph_of(name, folder)
        for kind in given.models:
            print("\n".join(compare(name, graph, kind, given)), flush=True)


if __name__ == "__main__":
    main()
