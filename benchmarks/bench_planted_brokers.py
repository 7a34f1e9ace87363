"""Find planted brokers: average precision of siyu's bridging score beside what others use.

Brokers spread the same number of ties over three to five communities that others keep at home,
so popularity does not give them away. Every score sees the same graph and communities found in
it, never the planted ones; what others make of communities is shown at two resolutions. Figures
are means over the seeds with 95 % t intervals; the last column is the paired difference to the
bridging score, seed by seed.

    python benchmarks/bench_planted_brokers.py --bench BENCH
    python benchmarks/bench_planted_brokers.py --bench BENCH 2000:.2 --seeds 10 --first-seed 100
    python benchmarks/bench_planted_brokers.py --bench BENCH 600:.2 --seeds 2     # seconds
    python benchmarks/bench_planted_brokers.py community:2000     # siyu's simulated brand

BENCH is the folder of `graphs.py`; default the environment's SIYU_BENCH, then SIYU_DATA/../bench.
"""

import argparse
import importlib.util
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from siyu.datasets import make_community
from siyu.graph import MemberGraph, communities, structural_holes
from siyu.graph.holes.betweenness_paths import betweenness
from siyu.graph.holes.bridging import community_bridging
from siyu.graph.holes.participation_ties import community_ties

__all__ = ["main", "measure", "scores"]

Array = npt.NDArray[Any]
Scores = dict[str, Array]

GRAPHS = ("20000:.1", "2000:.2", "2000:.05")
AS_OF = "2026-06-30"
OURS = "bridging (siyu)"
RESOLUTION = 2.0  # as `community_bridging` divides members by itself
DEGREE_BINS = (0, 4, 6, 8, 11, 16, 24, 40, np.inf)


def scores(graph: MemberGraph) -> Scores:
    """Score every member, higher is more of a broker, in ascending order of the id."""
    labels = communities(graph, resolution=RESOLUTION)
    coarse = communities(graph, resolution=1.0)
    burt = structural_holes(graph).fillna({"constraint": 9.0})
    found = {
        OURS: community_bridging(graph, labels)["bridging"],
        **_community_scores(graph, labels, ""),
        **_community_scores(graph, coarse, ", resolution 1"),
        "constraint within degree bins": _low_at_equal_degree(burt),
        "efficiency": burt["efficiency"].fillna(0),
        "low constraint": -burt["constraint"],
        "effective size": burt["effective_size"].fillna(0),
        "betweenness (256 sources)": betweenness(graph, n_sources=256)["betweenness"],
        "degree": burt["degree"],
        "PageRank": _pagerank(graph),
    }
    return {name: np.asarray(values, dtype=float) for name, values in found.items()}


def _community_scores(graph: MemberGraph, labels: pd.DataFrame, suffix: str) -> dict[str, Any]:
    """Give the scores that others make of the ties to each community."""
    found = community_bridging(graph, labels)
    share = found["participation"].fillna(0)
    next_ties = found["second_tie"] + found["third_tie"]
    made = {
        "participation x log degree": share * np.log1p(found["degree"]),
        "participation": share,
        "2nd + 3rd community tie": next_ties,
        "share of 2nd + 3rd community tie": next_ties / found["degree"].clip(lower=1),
        "communities with 2 ties or more": _met_twice(graph, labels) + share / 10,
    }
    return {name + suffix: values for name, values in made.items()}


def _met_twice(graph: MemberGraph, labels: pd.DataFrame) -> "pd.Series[float]":
    """Count the communities to which each member has two ties at least."""
    ties = community_ties(graph, labels)
    counts = ties[ties["n_ties"] >= 2].groupby("member_id").size()
    return counts.reindex(graph.ids.to_pylist(), fill_value=0)


def _low_at_equal_degree(burt: pd.DataFrame) -> "pd.Series[float]":
    """Rank members of about one degree by constraint, the lowest highest."""
    bins = pd.cut(burt["degree"], list(DEGREE_BINS), right=False)
    return burt.groupby(bins, observed=True)["constraint"].rank(pct=True, ascending=False)


def _pagerank(graph: MemberGraph) -> list[float]:
    import networkx as nx

    of = nx.pagerank(graph.to_networkx().to_undirected())
    return [of[member] for member in graph.ids.to_pylist()]


def measure(graph: str, seed: int, bench: Path | None) -> dict[str, float]:
    """Give the average precision of every score on one graph, ``N:NOISE`` or ``community:N``."""
    graphs = _graphs(bench)
    if graph.startswith("community:"):
        return _measure_community(int(graph.removeprefix("community:")), seed, graphs)
    n, noise = graph.split(":")
    edges, _, is_broker = graphs.brokers(int(n), float(noise), seed)
    members = MemberGraph.from_arrays(edges[:, 0], edges[:, 1], ids=np.arange(int(n)))
    return _precisions(scores(members), is_broker, graphs)


def _measure_community(n: int, seed: int, graphs: Any) -> dict[str, float]:
    """Find the planted brokers of the simulated brand from its raw tables."""
    from siyu.graph import koc

    c = make_community(n, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ties of members with themselves
        members = MemberGraph.from_community(c, as_of=pd.Timestamp(AS_OF))
        listed = koc(c, as_of=AS_OF)
    is_broker = c.truth["members"].set_index("member_id")["is_broker"]
    found = _precisions(scores(members), is_broker[members.ids.to_pylist()], graphs)
    ranked = listed[listed["rank"].notna()]
    on_list = is_broker[ranked["member_id"]]
    return {**_precisions({"KOC score as a whole": ranked["score"]}, on_list, graphs), **found}


def _precisions(found: Mapping[str, Any], is_broker: Any, graphs: Any) -> dict[str, float]:
    truth = np.asarray(is_broker, dtype=bool)
    precision = {name: graphs.average_precision(score, truth) for name, score in found.items()}
    return {**precision, "chance": float(truth.mean())}


def table(results: Sequence[dict[str, float]]) -> list[str]:
    """Give one markdown row a score: mean, interval, and the paired difference to ours."""
    frame = pd.DataFrame(results)
    rows = []
    for name in frame:
        value, against = frame[name], frame[name] - frame[OURS]
        other = "" if name in (OURS, "chance") else _shown(against, "+.3f")
        rows.append(f"| {name} | {_shown(value, '.3f')} | {other} |")
    return rows


def _shown(values: "pd.Series[float]", form: str) -> str:
    n = len(values)
    if n < 2:
        return f"{values.mean():{form}}"
    half = stats.t.ppf(0.975, n - 1) * values.std() / np.sqrt(n)
    return f"{values.mean():{form}} ± {half:.3f}"


def _graphs(bench: Path | None) -> Any:
    """Load the generator of graphs that all benchmarks share."""
    data = os.environ.get("SIYU_DATA")
    folder = bench or os.environ.get("SIYU_BENCH") or (Path(data).parent / "bench" if data else "")
    spec = importlib.util.spec_from_file_location("graphs", Path(folder) / "graphs.py")
    if spec is None or spec.loader is None or not (Path(folder) / "graphs.py").is_file():
        raise SystemExit("graphs.py is not found: give its folder with --bench")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("graphs", nargs="*", default=GRAPHS, help="N:NOISE, or community:N")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--bench", type=Path, default=None)
    given = parser.parse_args(arguments)
    for graph in given.graphs:
        seeds = range(given.first_seed, given.first_seed + given.seeds)
        results = [measure(graph, seed, given.bench) for seed in seeds]
        print(f"\n**{graph}**, {given.seeds} seeds\n")
        print(f"| score | average precision | against {OURS} |\n|---|---|---|")
        print("\n".join(table(results)))


if __name__ == "__main__":
    main()
