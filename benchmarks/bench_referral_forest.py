"""Time the whole referral forest against plain pandas, and against networkx tree by tree.

Ours starts from three arrays of referrals (inviter, invitee, time; rows in any order, three in a
hundred claimed twice) and one of what each member paid, and gives for every member: root, depth,
members below, generations below, the widest of them, structural virality, what all below paid,
and decayed credit. pandas gives the same but for the subtrees' width and virality (those of whole
trees only), level by level, which ends where trees are deep. networkx gets the trees of at most
TREE members as graphs built already, and finds depth, size, width and mean distance of each.
Every measurement runs in a process of its own, the engines take turns, each figure is the median
of the repeats: wall time, in brackets the processor's, and extra memory. `max diff` compares all
that both give.

    python benchmarks/bench_referral_forest.py               # all shapes, 1e5, 1e6 and 5e6 members
    python benchmarks/bench_referral_forest.py forest:2000 chain:500 star:500 --repeats 1
"""

import argparse
import datetime as dt
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

__all__ = ["ENGINES", "compare", "main", "measure", "referrals_of"]

Ints = npt.NDArray[np.int64]
Table = dict[str, npt.NDArray[Any]]
Call = Callable[[], Table]

TREE = 200
DEEPEST = 500  # levels that the plain way is asked to walk
SHAPES = ("forest", "tree", "chain", "star")
HEADER = (
    "| shape | members | trees | deepest | siyu, everything | pandas | networkx, small trees "
    "| pandas / siyu | max diff |\n|---|---|---|---|---|---|---|---|---|"
)


def referrals_of(case: str) -> Table:
    """Make referrals: ``forest:N`` (half are brought, by anybody before), tree, chain or star."""
    shape, _, size = case.partition(":")
    n = int(size)
    rng = np.random.default_rng(0)
    at = np.arange(n)
    if shape not in SHAPES:
        raise SystemExit(f"a shape is one of {', '.join(SHAPES)}, got {shape!r}")
    inviter = {
        "forest": (rng.random(n) * at).astype(np.int64),
        "tree": (rng.random(n) * at).astype(np.int64),
        "chain": at - 1,
        "star": np.zeros(n, dtype=np.int64),
    }[shape]
    brought = at[1:] if shape != "forest" else at[1:][rng.random(n - 1) < 0.5]
    again = brought[rng.random(len(brought)) < 0.03]
    name = rng.permutation(n)  # ids say nothing of who came first
    given = {
        "inviter": name[np.concatenate([inviter[brought], (again * 7 + 1) % again.clip(1)])],
        "invitee": name[np.concatenate([brought, again])],
        "time": np.concatenate([brought, again + n]) * 1_000_000,
    }
    order = rng.permutation(len(given["time"]))
    paid = np.round(rng.gamma(1, 50, n) * (rng.random(n) < 0.3), 2)
    return {key: values[order] for key, values in given.items()} | {"paid": paid}


def prepare_siyu(given: Table) -> Call:
    from siyu.graph.fission.referral_forest import ReferralForest
    from siyu.graph.fission.upstream_gmv import decayed_credit

    everybody = np.arange(len(given["paid"]))

    def call() -> Table:
        forest = ReferralForest.from_arrays(
            given["inviter"], given["invitee"], given["time"], ids=everybody
        )
        return {
            "root": forest.root,
            "depth": forest.depth,
            "below": forest.n_below,
            "height": forest.height,
            "breadth": forest.breadth,
            "virality": forest.structural_virality,
            "gmv": forest.shape.below_exactly(given["paid"]),
            "credit": decayed_credit(forest, given["paid"]),
        }

    return call


def prepare_pandas(given: Table) -> Call:
    import pandas as pd

    def call() -> Table:
        claims = pd.DataFrame({k: given[k] for k in ("inviter", "invitee", "time")})
        first = claims.sort_values(["time", "inviter"]).drop_duplicates("invitee")
        first = first[["inviter", "invitee"]]
        members = pd.DataFrame({"paid": given["paid"]})
        members["inviter"] = first.set_index("invitee")["inviter"]
        level = pd.DataFrame({"invitee": members.index[members["inviter"].isna()]})
        level["root"] = level["invitee"]
        levels = [level]
        while len(level):
            above = level[["invitee", "root"]].rename(columns={"invitee": "inviter"})
            level = first.merge(above, on="inviter")
            levels.append(level)
        members["below"], members["height"], members["gmv"] = 0, 0, 0.0
        for level in reversed(levels[1:-1]):  # the last found nobody
            of = members.loc[level["invitee"]].assign(height=lambda t: t["height"] + 1)
            of["below"], of["gmv"] = of["below"] + 1, of["gmv"] + of["paid"]
            sums = of.groupby("inviter")[["below", "gmv"]].sum()
            members.loc[sums.index, ["below", "gmv"]] = sums
            members.loc[sums.index, "height"] = of.groupby("inviter")["height"].max()
        every = pd.concat([part.assign(depth=d) for d, part in enumerate(levels)])
        members[["root", "depth"]] = every.set_index("invitee")[["root", "depth"]]
        return _of_trees(members) | {"credit": _credit(members)}

    return call


def _of_trees(members: Any) -> Table:
    """Add the width and the virality of whole trees, for their roots."""
    size = members["below"] + 1
    whole = size.loc[members["root"]].to_numpy()
    brought = members[members["depth"] > 0]
    between = (size * (whole - size))[brought.index].groupby(brought["root"]).sum()
    pairs = size[between.index] * (size[between.index] - 1.0) / 2
    members["virality"] = between / pairs
    width = brought.groupby(["root", "depth"]).size().groupby("root").max()
    members["breadth"] = width
    names = ("root", "depth", "below", "height", "gmv", "virality", "breadth")
    return {name: members[name].to_numpy() for name in names}


def _credit(members: Any) -> npt.NDArray[Any]:
    step, total = members[["inviter", "paid"]].dropna(), members["paid"] * 0.0
    for weight in (0.5, 0.25):
        total = total.add(weight * step.groupby("inviter")["paid"].sum(), fill_value=0.0)
        step = step.assign(inviter=members["inviter"].reindex(step["inviter"]).to_numpy()).dropna()
    return np.asarray(total)


def prepare_networkx(given: Table) -> Call:
    import networkx as nx

    ours = prepare_siyu(given)()
    n = len(given["paid"])
    order = np.lexsort((given["inviter"], given["time"], given["invitee"]))
    invitee, first = np.unique(given["invitee"][order], return_index=True)
    inviter = given["inviter"][order][first]
    small = (ours["below"] + 1 <= TREE) & (ours["below"] > 0) & (ours["depth"] == 0)
    kept = small[ours["root"][invitee]]
    graph = nx.Graph(list(zip(inviter[kept].tolist(), invitee[kept].tolist(), strict=True)))
    trees = [
        (min(part, key=lambda member: ours["depth"][member]), graph.subgraph(part).copy())
        for part in nx.connected_components(graph)
    ]

    def call() -> Table:
        found = {name: np.full(n, np.nan) for name in ("below", "height", "breadth", "virality")}
        for root, tree in trees:
            steps = nx.single_source_shortest_path_length(tree, root)
            found["below"][root] = len(tree) - 1
            found["height"][root] = max(steps.values())
            found["breadth"][root] = np.bincount(list(steps.values()))[1:].max()
            found["virality"][root] = nx.average_shortest_path_length(tree)
        return found

    return call


ENGINES: dict[str, Callable[[Table], Call]] = {
    "siyu": prepare_siyu,
    "pandas": prepare_pandas,
    "networkx": prepare_networkx,
}


def measure(engine: str, given: Table) -> tuple[dict[str, float], Table]:
    """Give seconds on the wall and of the processor, extra MB, and what was found."""
    ENGINES[engine](referrals_of("forest:50"))()  # imports and first use
    call = ENGINES[engine](given)
    before = forget_peak()
    start, worked = time.perf_counter(), time.process_time()
    found = call()
    wall, cpu = time.perf_counter() - start, time.process_time() - worked
    return {"wall": wall, "cpu": cpu, "mb": peak_mb() - before}, found


def difference(ours: Table, theirs: Table) -> float:
    """Give the largest relative difference where the other engine has a value."""
    gaps = [0.0]
    for name, values in theirs.items():
        told = ~np.isnan(values.astype(np.float64))
        one, other = ours[name][told].astype(np.float64), values[told].astype(np.float64)
        gaps.append(float(np.max(np.abs(one - other) / np.maximum(np.abs(other), 1), initial=0)))
    return float(np.max(gaps))  # NaN where only the other has a value


def compare(case: str, repeats: int) -> str:
    """Let the engines take turns, and give the row of the table."""
    given = referrals_of(case)
    ours = prepare_siyu(given)()
    deepest = int(ours["depth"].max())
    trees = int(np.count_nonzero((ours["depth"] == 0) & (ours["below"] > 0)))
    peers = ["pandas"] if deepest <= DEEPEST else []
    peers += ["networkx"] if case.startswith("forest") else []
    runs: dict[str, list[dict[str, float]]] = {engine: [] for engine in ("siyu", *peers)}
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "given.npz", **given)  # type: ignore[arg-type]
        for _ in range(repeats):
            for engine, of in runs.items():
                of.append(in_process(engine, folder))
        results = {e: dict(np.load(Path(folder) / f"{e}.npz")) for e in runs}
    off = 0.0
    for peer in peers:
        gap = difference(results["siyu"], results[peer])
        require_agreement(f"{case}, {peer}", gap)
        off = max(off, gap)
    middle = {
        engine: {key: float(np.median([run[key] for run in of])) for key in of[0]}
        for engine, of in runs.items()
    }
    cells = [
        "{wall:.3f} s ({cpu:.3f}), {mb:,.0f} MB".format(**middle[e]) if e in middle else "-"
        for e in ENGINES
    ]
    if "networkx" in results:
        n_small = int(np.count_nonzero(~np.isnan(results["networkx"]["below"])))
        cells[-1] += f" for {n_small:,} trees"
    ratio = (
        f"{middle['pandas']['wall'] / middle['siyu']['wall']:.0f}x" if "pandas" in peers else "-"
    )
    shape = [case.partition(":")[0], f"{len(given['paid']):,}", f"{trees:,}", f"{deepest:,}"]
    return "| " + " | ".join([*shape, *cells, ratio, f"{off:.0e}" if peers else "-"]) + " |"


def in_process(engine: str, folder: str) -> dict[str, float]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--engine", engine, "--folder", folder]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usual = [f"{shape}:{n}" for n in (100_000, 1_000_000, 5_000_000) for shape in SHAPES]
    parser.add_argument("cases", nargs="*", default=usual)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.engine:
        taken, found = measure(given.engine, dict(np.load(given.folder / "given.npz")))
        np.savez(given.folder / f"{given.engine}.npz", **found)  # type: ignore[arg-type]
        print(json.dumps(taken))
        return
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "networkx"))
    today = dt.datetime.now(dt.UTC).date()
    print(f"{today}, Python {platform.python_version()}, {packages}, {os.cpu_count()} cores\n")
    print(HEADER)
    for case in given.cases:
        print(compare(case, given.repeats), flush=True)


if __name__ == "__main__":
    main()
