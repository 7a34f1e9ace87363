"""Find planted brokers: average precision of siyu's bridging score beside what others use.

Brokers spread the same number of ties over three to five communities that others keep at home,
so popularity does not give them away. Every score sees the same graph and the same communities
found in it, never the planted ones. Figures are means over the seeds with 95 % t intervals; the
last column is the paired difference to the bridging score over the seeds.

    python benchmarks/bench_planted_brokers.py --bench BENCH
    python benchmarks/bench_planted_brokers.py --bench BENCH 2000:.2 --seeds 10
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
from siyu.graph import MemberGraph, structural_holes
from siyu.graph.holes.bridging import community_bridging
from siyu.graph.ranking.koc_ranking import koc

__all__ = ["main", "measure", "scores"]

Array = npt.NDArray[Any]
Scores = dict[str, Array]

GRAPHS = ("20000:.1", "2000:.2", "2000:.05")
AS_OF = "2026-06-30"
OURS = "bridging (siyu)"


def scores(graph: MemberGraph) -> Scores:
    """Score every member, higher is more of a broker, in ascending order of the id."""
    found = community_bridging(graph)
    constraint = structural_holes(graph)["constraint"].fillna(9.0)
    degree = found["degree"]
    return {
        OURS: found["bridging"].to_numpy(),
        "participation x log degree": (
            found["participation"].fillna(0) * np.log1p(degree)
        ).to_numpy(),
        "2nd + 3rd community tie": (found["second_tie"] + found["third_tie"]).to_numpy(),
        "low constraint": -constraint.to_numpy(),
        "degree": degree.to_numpy(dtype=float),
    }


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
    parser.add_argument("--bench", type=Path, default=None)
    given = parser.parse_args(arguments)
    for graph in given.graphs:
        results = [measure(graph, seed, given.bench) for seed in range(given.seeds)]
        print(f"\n**{graph}**, {given.seeds} seeds\n")
        print(f"| score | average precision | against {OURS} |\n|---|---|---|")
        print("\n".join(table(results)))


if __name__ == "__main__":
    main()
