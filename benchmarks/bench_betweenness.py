"""Betweenness beside networkx and igraph: exact values, and what drawn sources are worth.

Exact: ours, networkx and igraph on one graph that is built already; time on the wall, in brackets
the processor's time, and the largest difference of values. Drawn: ours from K sources against
the exact values of igraph: how far the estimates are off, how wide the stated bounds are, and
whether they hold for all members at once.

    python benchmarks/bench_betweenness.py --bench BENCH               # 2,100 members
    python benchmarks/bench_betweenness.py --bench BENCH 21000 --peers igraph     # minutes
    python benchmarks/bench_betweenness.py edges.parquet --sources 500 2000

BENCH is the folder of `graphs.py`; default the environment's SIYU_BENCH, then SIYU_DATA/../bench.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from bench_structural_holes import edges_of
from peak_memory import require_agreement

from siyu.graph import MemberGraph
from siyu.graph.holes.betweenness_paths import betweenness

__all__ = ["drawn", "exact", "main"]

Array = npt.NDArray[Any]
Call = Callable[[], Array]

EXACT = "| graph | ties | siyu | networkx | igraph | max diff |\n|---|---|---|---|---|---|"
DRAWN = (
    "| graph | sources | siyu | largest error | median width of bounds | widest "
    "| bounds hold for all |\n|---|---|---|---|---|---|---|"
)


def prepare_siyu(edges: Array, n: int) -> Call:
    graph = MemberGraph.from_arrays(edges[:, 0], edges[:, 1], ids=np.arange(n))

    def call() -> Array:
        values: Array = betweenness(graph, n_sources=n)["betweenness"].to_numpy()
        return values

    return call


def prepare_networkx(edges: Array, n: int) -> Call:
    import networkx as nx

    graph = nx.empty_graph(n)
    graph.add_edges_from(edges.tolist())
    return lambda: np.array(list(nx.betweenness_centrality(graph).values()))


def prepare_igraph(edges: Array, n: int) -> Call:
    import igraph

    graph = igraph.Graph(n=n, edges=edges)
    pairs = max((n - 1) * (n - 2) / 2, 1)
    return lambda: np.array(graph.betweenness()) / pairs


ENGINES = {"siyu": prepare_siyu, "networkx": prepare_networkx, "igraph": prepare_igraph}


def exact(name: str, edges: Array, peers: Sequence[str]) -> tuple[str, Array]:
    """Give the row of the table, and the values that all engines agree on."""
    n = int(edges.max()) + 1
    cells, values = dict.fromkeys(ENGINES, "-"), {}
    for engine in ("siyu", *peers):
        call = ENGINES[engine](edges, n)
        values[engine], wall, cpu = _timed(call)
        cells[engine] = f"{wall:.2f} s ({cpu:.2f})"
    off = [float(np.abs(values[peer] - values["siyu"]).max()) for peer in peers]
    for peer, gap in zip(peers, off, strict=True):
        require_agreement(f"{name}, {peer}", gap)
    last = f"{max(off):.0e}" if off else "-"
    row = " | ".join([name, f"{len(edges):,}", *cells.values(), last])
    return f"| {row} |", values["siyu"]


def drawn(name: str, edges: Array, truth: Array, n_sources: int) -> str:
    """Give the row of the table for estimates from some sources."""
    graph = MemberGraph.from_arrays(edges[:, 0], edges[:, 1], ids=np.arange(len(truth)))
    found, wall, cpu = _timed(lambda: betweenness(graph, n_sources=n_sources, random_state=0))
    slack = 1e-12
    held = (found["low"] <= truth + slack) & (truth <= found["high"] + slack)
    if not held.all():
        raise SystemExit(f"{name}: the bounds of {int((~held).sum())} members do not hold")
    width = found["high"] - found["low"]
    error = (found["betweenness"] - truth).abs().max()
    cells = [f"{n_sources:,}", f"{wall:.2f} s ({cpu:.2f})", f"{error:.1e}"]
    cells += [f"{width.median():.1e}", f"{width.max():.1e}", "yes"]
    return "| " + " | ".join([name, *cells]) + " |"


def _timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    start, worked = time.perf_counter(), time.process_time()
    values = call()
    return values, time.perf_counter() - start, time.process_time() - worked


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("graphs", nargs="*", default=["2100"])
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--peers", nargs="*", default=["networkx", "igraph"])
    parser.add_argument("--sources", nargs="*", type=int, default=[200, 1000])
    given = parser.parse_args(arguments)
    print(EXACT)
    known = {}
    for graph in given.graphs:
        name = Path(graph).stem if graph.endswith(".parquet") else graph
        edges = edges_of(graph, given.bench)
        row, truth = exact(name, edges, given.peers)
        known[name] = edges, truth
        print(row, flush=True)
    print("\n" + DRAWN)
    for name, (edges, truth) in known.items():
        for n_sources in (k for k in given.sources if k < len(truth)):
            print(drawn(name, edges, truth, n_sources), flush=True)


if __name__ == "__main__":
    main()
