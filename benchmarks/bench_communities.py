"""Find communities: siyu's Leiden beside igraph's Leiden and networkx' Louvain, and how steady.

First table: each library gets its own graph, built already; times are the median of the repeats,
wall and in brackets the processor's. Modularity is measured by siyu on everybody's division and
must equal what igraph and networkx say of theirs. Truth is what members are known to be: the
planted community, the department, the kind of page, the club; `AMI` is mutual information with it
adjusted for chance (1: the same, 0: chance). igraph runs its default two iterations.

Second table: the share of members whose community changes its number after the best matching,
when only the seed changes, and when 2 % of ties are replaced (others are closed from friends of
friends, so that communities last): found afresh and matched, or started from the former division
(``previous=``). Means over `--days` draws with 95 % t intervals of the paired difference.

    python benchmarks/bench_communities.py --bench BENCH          # karate email_eu_core ... 21000
    python benchmarks/bench_communities.py 600 --days 3           # seconds

BENCH is the folder of `graphs.py`; default the environment's SIYU_BENCH, then SIYU_DATA/../bench.
Real graphs are read from SIYU_DATA/graphs.
"""

import argparse
import datetime as dt
import os
import platform
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from bench_structural_holes import graphs_module
from peak_memory import require_agreement
from scipy import stats
from sklearn.metrics import adjusted_mutual_info_score

from siyu.graph import MemberGraph, communities, modularity
from siyu.graph.community.community_measures import community_agreement

__all__ = ["ENGINES", "Sample", "main", "quality_row", "replaced", "sample_of", "steadiness_row"]

Array = npt.NDArray[Any]
Labels = npt.NDArray[np.int64]
Find = Callable[[int], tuple[Labels, float | None]]

GRAPHS = ("karate", "email_eu_core", "facebook_pages", "2100", "21000")
TRUTHS = {"karate": "club", "email_eu_core": "department", "facebook_pages": "page_type"}
REPLACED = 0.02

QUALITY_HEADER = (
    "| graph | members | ties | engine | seconds | x siyu | modularity | communities | AMI |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
STEADINESS_HEADER = (
    "| graph | other seed | 2 % of ties replaced: afresh | from the former division "
    "| difference | modularity, former - afresh |\n|---|---|---|---|---|---|"
)


@dataclass(frozen=True, eq=False)
class Sample:
    """A graph as edges among members 0 to n - 1, and what is known of each member."""

    name: str
    n: int
    edges: Array
    truth: Array


def sample_of(name: str, bench: Path | None) -> Sample:
    """Read a real graph by its name, or make communities of a number of members."""
    if name not in TRUTHS:
        edges, truth = graphs_module(bench).communities(int(name))
        return Sample(name, len(truth), np.asarray(edges), np.asarray(truth))
    folder = Path(os.environ["SIYU_DATA"]) / "graphs"
    ties = pd.read_parquet(folder / f"{name}_edges.parquet")[["src", "dst"]].to_numpy()
    nodes = pd.read_parquet(folder / f"{name}_nodes.parquet")
    place = pd.Series(range(len(nodes)), index=nodes["node"])
    ends = np.stack([place.loc[ties[:, i]].to_numpy() for i in (0, 1)], axis=1)
    return Sample(name, len(nodes), _simple(ends), pd.factorize(nodes[TRUTHS[name]])[0])


def _simple(ends: Array) -> Array:
    """Give each pair once, without loops."""
    ends = np.sort(ends[ends[:, 0] != ends[:, 1]], axis=1)
    found: Array = np.unique(ends, axis=0)
    return found


def graph_of(sample: Sample, edges: Array | None = None) -> MemberGraph:
    ends = sample.edges if edges is None else edges
    return MemberGraph.from_arrays(ends[:, 0], ends[:, 1], ids=np.arange(sample.n))


def prepare_siyu(sample: Sample) -> Find:
    graph = graph_of(sample)

    def find(seed: int) -> tuple[Labels, None]:
        found = communities(graph, random_state=seed, output="pyarrow")
        return found["community"].to_numpy(), None

    return find


def prepare_igraph(sample: Sample) -> Find:
    import igraph

    graph = igraph.Graph(n=sample.n, edges=sample.edges)

    def find(seed: int) -> tuple[Labels, float]:
        random.seed(seed)  # which igraph draws from
        found = graph.community_leiden(objective_function="modularity", n_iterations=2)
        return np.array(found.membership), graph.modularity(found.membership)

    return find


def prepare_networkx(sample: Sample) -> Find:
    import networkx as nx

    graph = nx.empty_graph(sample.n)
    graph.add_edges_from(sample.edges.tolist())

    def find(seed: int) -> tuple[Labels, float]:
        parts = nx.community.louvain_communities(graph, seed=seed, backend="networkx")
        labels = np.empty(sample.n, dtype=np.int64)
        for number, part in enumerate(parts):
            labels[list(part)] = number
        return labels, nx.community.modularity(graph, parts)

    return find


ENGINES: dict[str, Callable[[Sample], Find]] = {
    "siyu Leiden": prepare_siyu,
    "igraph Leiden": prepare_igraph,
    "networkx Louvain": prepare_networkx,
}


def quality_row(sample: Sample, repeats: int) -> list[str]:
    """Let the engines take turns, and give a row for each."""
    finds = {engine: prepare(sample) for engine, prepare in ENGINES.items()}
    graph = graph_of(sample)
    runs: dict[str, list[tuple[float, ...]]] = {engine: [] for engine in ENGINES}
    for seed in range(repeats):
        for engine, find in finds.items():
            start, worked = time.perf_counter(), time.process_time()
            labels, said = find(seed)
            spent = time.perf_counter() - start, time.process_time() - worked
            found = modularity(graph, labels)
            if said is not None:
                require_agreement(f"{sample.name}, modularity of {engine}", abs(said - found))
            truth = adjusted_mutual_info_score(sample.truth, labels)
            runs[engine].append((*spent, found, len(np.unique(labels)), truth))
    ours = np.median(runs["siyu Leiden"], axis=0)
    rows = []
    for engine, of in runs.items():
        wall, cpu, found, count, truth = np.median(of, axis=0)
        cells = [
            *(sample.name, f"{sample.n:,}", f"{len(sample.edges):,}", engine),
            f"{wall:.3f} ({cpu:.3f})",
            f"{wall / ours[0]:.1f} ({cpu / ours[1]:.1f})",
            *(f"{found:.4f}", f"{count:.0f}", f"{truth:.3f}"),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def replaced(edges: Array, n: int, draw: np.random.Generator) -> Array:
    """Replace some ties by as many between friends of friends."""
    count = round(REPLACED * len(edges))
    kept = edges[draw.permutation(len(edges))[count:]]
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    start = np.searchsorted(both[:, 0], np.arange(n + 1))
    ties = kept
    while len(ties) < len(edges):
        first, friend = both[draw.integers(0, len(both), len(edges) - len(ties))].T
        degree = start[friend + 1] - start[friend]
        other = both[start[friend] + (draw.random(len(friend)) * degree).astype(np.int64), 1]
        ties = _simple(np.concatenate([ties, np.stack([first, other], axis=1)]))
    return ties


def steadiness_row(sample: Sample, days: int) -> str:
    """Draw days, find communities afresh and from the former ones, and compare."""
    graph = graph_of(sample)
    before = communities(graph, random_state=0)
    other, afresh, former, gain = [], [], [], []
    for day in range(1, days + 1):
        other.append(_changed(before, communities(graph, random_state=day)))
        after = graph_of(sample, replaced(sample.edges, sample.n, np.random.default_rng(day)))
        fresh = communities(after, random_state=0)
        kept = communities(after, random_state=0, previous=before)
        afresh.append(_changed(before, fresh))
        former.append(float((kept["community"] != before["community"]).mean()))
        gain.append(modularity(after, kept) - modularity(after, fresh))
    cells = [
        sample.name,
        *(f"{100 * np.mean(changed):.1f} %" for changed in (other, afresh, former)),
        f"{_interval(100 * (np.array(former) - afresh), 1)} points",
        _interval(np.array(gain), 4),
    ]
    return "| " + " | ".join(cells) + " |"


def _changed(before: Any, after: Any) -> float:
    """Give the share of members whose number changes, however well numbers are matched."""
    return 1 - community_agreement(before, after).kept


def _interval(values: Array, digits: int) -> str:
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values) if len(values) > 1 else np.nan
    return f"{values.mean():+.{digits}f} ± {half:.{digits}f}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graphs", nargs="*", default=list(GRAPHS))
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--days", type=int, default=10)
    given = parser.parse_args(arguments)
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "networkx", "igraph"))
    today = dt.datetime.now(dt.UTC).date()
    print(f"{today}, Python {platform.python_version()}, {packages}, {os.cpu_count()} cores\n")
    samples = [sample_of(name, given.bench) for name in given.graphs]
    print(QUALITY_HEADER)
    for sample in samples:
        print("\n".join(quality_row(sample, given.repeats)), flush=True)
    print("\n" + STEADINESS_HEADER)
    for sample in samples:
        print(steadiness_row(sample, given.days), flush=True)


if __name__ == "__main__":
    main()
