"""Time networkx alone against networkx on the siyu backend, call by call.

The graph is a `networkx.Graph` that is built already. `first call` converts it, `converted`
computes anew on a conversion that networkx has kept. Engines take turns; each figure is the
median of the repeats in one process, wall time and in brackets the processor's. `max diff`
compares the values of all nodes. networkx' effective size needs a matrix of all pairs of nodes,
and is left out ("-") above `--most-pairs` nodes; ours is then checked against its slow path on
some nodes.

    python benchmarks/bench_networkx_backend.py --bench BENCH            # 2,100
    python benchmarks/bench_networkx_backend.py 21000 edges.parquet --calls constraint clustering
    python benchmarks/bench_networkx_backend.py star:3000

BENCH is the folder of `graphs.py`; default the environment's SIYU_BENCH, then SIYU_DATA/../bench.
"""

import argparse
import datetime as dt
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
from bench_structural_holes import difference, edges_of
from peak_memory import require_agreement

__all__ = ["CALLS", "compare", "graph_of", "main"]

CALLS: tuple[str, ...] = (
    *("constraint", "effective_size", "clustering", "triangles", "transitivity"),
    *("bridges", "betweenness_centrality"),
)

HEADER = (
    "| graph | edges | call | networkx | siyu, first call | siyu, converted "
    "| networkx / first | networkx / converted | max diff |\n|---|---|---|---|---|---|---|---|---|"
)

Values = npt.NDArray[np.float64]
Seconds = tuple[float, float]


def graph_of(edges: npt.NDArray[Any]) -> Any:
    """Build the graph that both engines get."""
    graph = nx.empty_graph(int(edges.max()) + 1)
    graph.add_edges_from(edges.tolist())
    return graph


def compare(name: str, graph: Any, call: str, repeats: int, most_pairs: int) -> str:
    """Let the engines take turns on one call, and give the row of the table."""
    function = getattr(nx, call)
    with_peer = call != "effective_size" or len(graph) <= most_pairs
    runs: dict[str, list[Seconds]] = {"networkx": [], "first": [], "converted": []}
    theirs = None
    for _ in range(repeats):
        if with_peer:
            seconds, theirs = timed(lambda: function(graph))
            runs["networkx"].append(seconds)
        graph.__networkx_cache__.clear()
        seconds, ours = timed(lambda: function(graph, backend="siyu"))
        runs["first"].append(seconds)
        forget_results(graph)
        seconds, again = timed(lambda: function(graph, backend="siyu"))
        runs["converted"].append(seconds)
        require_agreement(f"{name}, {call}, converted again", difference(ours, again))
    if theirs is None:
        some = list(range(0, len(graph), max(len(graph) // 50, 1)))
        theirs, ours = values(nx.effective_size(graph, nodes=some)), ours[some]
    gap = difference(theirs, ours)
    require_agreement(f"{name}, {call}", gap)
    middle = {key: np.median(of, axis=0) for key, of in runs.items() if of}
    cells = [
        "{:.4f} s ({:.4f})".format(*middle[key]) if key in middle else "-"
        for key in ("networkx", "first", "converted")
    ]
    ratios = [
        "{:.1f}x ({:.1f}x)".format(*(middle["networkx"] / middle[key])) if with_peer else "-"
        for key in ("first", "converted")
    ]
    edges = f"{graph.number_of_edges():,}"
    return "| " + " | ".join([name, edges, call, *cells, *ratios, f"{gap:.0e}"]) + " |"


def timed(run: Callable[[], Any]) -> tuple[Seconds, Values]:
    """Give seconds on the wall and of the processor, and the values of all nodes."""
    start, worked = time.perf_counter(), time.process_time()
    result = run()
    if isinstance(result, Iterator):
        result = list(result)
    return (time.perf_counter() - start, time.process_time() - worked), values(result)


def values(result: Any) -> Values:
    """Give a result by node, edges after their number, or a single number, as an array."""
    if isinstance(result, dict):
        return np.array(list(result.values()), np.float64)
    if isinstance(result, list):
        return np.array([len(result), *np.ravel(result)], np.float64)
    return np.array([result], np.float64)


def forget_results(graph: Any) -> None:
    """Keep the conversion, but not what was computed on it."""
    for kept in graph.__networkx_cache__["backends"]["siyu"].values():
        kept.made.clear()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graphs", nargs="*", default=["2100"])
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--calls", nargs="*", default=list(CALLS))
    parser.add_argument("--most-pairs", type=int, default=10_000)
    given = parser.parse_args(arguments)
    nx.config.warnings_to_ignore.add("cache")
    today = dt.datetime.now(dt.UTC).date()
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "networkx"))
    print(f"{today}, Python {platform.python_version()}, {packages}, {os.cpu_count()} cores\n")
    print(HEADER)
    for name in given.graphs:
        graph = graph_of(edges_of(name, given.bench))
        shown = Path(name).stem if name.endswith(".parquet") else name
        nx.constraint(nx.path_graph(3), backend="siyu")  # imports and first use
        for call in given.calls:
            print(compare(shown, graph, call, given.repeats, given.most_pairs), flush=True)


if __name__ == "__main__":
    main()
