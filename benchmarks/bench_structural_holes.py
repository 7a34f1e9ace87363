"""Time all structural-hole measures against `constraint` alone of networkx and igraph.

Ours starts from two integer arrays and gives all five measures; the peers get a graph that is
built already and compute constraint only. Every measurement runs in a process of its own, the
engines take turns, and each figure is the median of the repeats: wall time, in brackets the
processor's time (all three use one thread; it stays fair on a busy machine, and the ratios are
given for both), and extra memory, the peak of the process above what it held when the call
began. `max diff` compares constraint of all members.

    python benchmarks/bench_structural_holes.py --bench BENCH            # 2,100 21,000 208,000
    python benchmarks/bench_structural_holes.py --bench BENCH 208000 --repeats 5
    python benchmarks/bench_structural_holes.py edges.parquet            # a real graph
    python benchmarks/bench_structural_holes.py star:20000 --peers igraph

BENCH is the folder of `graphs.py`; default the environment's SIYU_BENCH, then SIYU_DATA/../bench.
"""

import argparse
import datetime as dt
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from peak_memory import forget_peak, peak_mb, require_agreement

__all__ = ["ENGINES", "difference", "edges_of", "main", "measure"]

Array = npt.NDArray[Any]
Call = Callable[[], Array]

HEADER = (
    "| graph | ties | siyu, all measures | networkx constraint | igraph constraint "
    "| networkx / siyu | igraph / siyu | max diff |\n|---|---|---|---|---|---|---|---|"
)


def prepare_siyu(edges: Array) -> Call:
    from siyu.graph import MemberGraph, structural_holes

    source, target = np.ascontiguousarray(edges[:, 0]), np.ascontiguousarray(edges[:, 1])
    n = int(edges.max()) + 1

    def call() -> Array:
        holes = structural_holes(MemberGraph.from_arrays(source, target), output="pyarrow")
        values = np.full(n, np.nan)  # a member without ties is not in the arrays
        values[holes["member_id"].to_numpy()] = holes["constraint"].to_numpy()
        return values

    return call


def prepare_networkx(edges: Array) -> Call:
    import networkx as nx

    graph = nx.empty_graph(int(edges.max()) + 1)
    graph.add_edges_from(edges.tolist())
    return lambda: np.array(list(nx.constraint(graph).values()))


def prepare_igraph(edges: Array) -> Call:
    import igraph

    graph = igraph.Graph(n=int(edges.max()) + 1, edges=edges)
    return lambda: np.array(graph.constraint())


ENGINES: dict[str, Callable[[Array], Call]] = {
    "siyu": prepare_siyu,
    "networkx": prepare_networkx,
    "igraph": prepare_igraph,
}


def measure(engine: str, edges: Array) -> tuple[dict[str, float], Array]:
    """Give seconds on the wall and of the processor, extra MB, and every member's constraint."""
    ENGINES[engine](np.array([[0, 1], [1, 2], [0, 2]]))()  # imports and first use
    call = ENGINES[engine](edges)
    before = forget_peak()
    start, worked = time.perf_counter(), time.process_time()
    values = call()
    wall, cpu = time.perf_counter() - start, time.process_time() - worked
    return {"wall": wall, "cpu": cpu, "mb": peak_mb() - before}, values


def edges_of(graph: str, bench: Path | None) -> Array:
    """Make or read a graph: a number of members, ``star:LEAVES``, or a Parquet file of edges."""
    if graph.endswith(".parquet"):
        import pyarrow.parquet as pq

        table = pq.read_table(graph)
        edges: Array = np.stack([table.column(i).to_numpy() for i in (0, 1)], axis=1)
        without_loops: Array = edges[edges[:, 0] != edges[:, 1]]
        return without_loops
    if graph.startswith("star:"):
        leaves = np.arange(1, int(graph[5:]) + 1)
        return np.stack([np.zeros_like(leaves), leaves], axis=1)
    return np.asarray(graphs_module(bench).communities(int(graph))[0])


def graphs_module(bench: Path | None) -> Any:
    """Load `graphs.py` from the folder given, or from where the environment says."""
    folder = bench or (Path(os.environ["SIYU_BENCH"]) if "SIYU_BENCH" in os.environ else None)
    if folder is None and "SIYU_DATA" in os.environ:
        folder = Path(os.environ["SIYU_DATA"]).parent / "bench"
    if folder is None:
        raise SystemExit("where is graphs.py? give --bench, or set SIYU_BENCH or SIYU_DATA")
    spec = importlib.util.spec_from_file_location("graphs", folder / "graphs.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"there is no graphs.py in {folder}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(name: str, edges: Array, peers: Sequence[str], repeats: int) -> str:
    """Let the engines take turns, and give the row of the table."""
    engines = ["siyu", *peers]
    runs: dict[str, list[dict[str, float]]] = {engine: [] for engine in engines}
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "edges.npy", edges)
        for _ in range(repeats):
            for engine in engines:
                runs[engine].append(in_process(engine, folder))
        values = {engine: np.load(Path(folder) / f"{engine}.npy") for engine in engines}
    middle = {
        engine: {key: float(np.median([run[key] for run in of])) for key in of[0]}
        for engine, of in runs.items()
    }
    cells = [
        "{wall:.3f} s ({cpu:.3f}), {mb:,.0f} MB".format(**middle[e]) if e in middle else "-"
        for e in ENGINES
    ]
    times = [
        "{:.1f}x ({:.1f}x)".format(*(middle[e][t] / middle["siyu"][t] for t in ("wall", "cpu")))
        if e in middle
        else "-"
        for e in ("networkx", "igraph")
    ]
    off = [difference(values[peer], values["siyu"]) for peer in peers]
    for peer, gap in zip(peers, off, strict=True):
        require_agreement(f"{name}, {peer}", gap)
    last = f"{max(off):.0e}" if off else "-"
    return "| " + " | ".join([name, f"{len(edges):,}", *cells, *times, last]) + " |"


def difference(one: Array, other: Array) -> float:
    """Give the largest difference; where only one of the two has no value it is NaN."""
    both_missing = np.isnan(one) & np.isnan(other)
    return float(np.max(np.where(both_missing, 0.0, np.abs(one - other))))


def in_process(engine: str, folder: str) -> dict[str, float]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--engine", engine, "--folder", folder]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graphs", nargs="*", default=["2100", "21000", "208000"])
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peers", nargs="*", default=["networkx", "igraph"])
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.engine:
        found, values = measure(given.engine, np.load(given.folder / "edges.npy"))
        np.save(given.folder / f"{given.engine}.npy", values)
        print(json.dumps(found))
        return
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "networkx", "igraph"))
    today = dt.datetime.now(dt.UTC).date()
    print(f"{today}, Python {platform.python_version()}, {packages}, {os.cpu_count()} cores\n")
    print(HEADER)
    for graph in given.graphs:
        name = Path(graph).stem if graph.endswith(".parquet") else graph
        edges = edges_of(graph, given.bench)
        print(compare(name, edges, given.peers, given.repeats), flush=True)


if __name__ == "__main__":
    main()
