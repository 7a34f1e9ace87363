"""Time the fits of `siyu.segmentation` BGNBD and ParetoNBD beside those of lifetimes.

Members are drawn from the model itself: they begin on a random day of 39 weeks and buy until
they leave; times are whole days, in weeks, as `btyd_summary` gives them. Both libraries fit the
same columns in one process, by turns, with one thread of BLAS; each figure is the median of the
repeats, and in brackets the extra memory, the peak of the first fit above what was held before.
`params` is the largest relative difference of a parameter; `LL` by how much lifetimes' parameters
are likelier than ours, in log-likelihood a member as lifetimes computes it (below 0: ours are
likelier). lifetimes fits Pareto/NBD on `--peer` of the members; the whole is ours alone.

    python benchmarks/bench_btyd.py                        # 1e6 members
    python benchmarks/bench_btyd.py --members 2e3 --peer 500 --repeats 1
"""

import argparse
import datetime as dt
import os
import platform
import time
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from peak_memory import forget_peak, peak_mb
from threadpoolctl import threadpool_limits

__all__ = ["agreement", "bg_members", "main", "pareto_members", "require_close"]

HEADER = (
    "| model | members | siyu | lifetimes | lifetimes / siyu | params | LL |\n"
    "|---|---|---|---|---|---|---|"
)
WEEK = 7.0
Params = dict[str, float]
Fit = Callable[[pd.DataFrame], Params]
CLOSE = {"BG/NBD": 1e-3, "Pareto/NBD": 2e-2}  # of a parameter; the peer stops Pareto/NBD early
LESS_LIKELY = 1e-8  # that ours may be, in log-likelihood a member


def bg_members(n: int, random_state: int = 0) -> pd.DataFrame:
    """Draw members of a BG/NBD world, with the parameters of CDNOW."""
    rng = np.random.default_rng(random_state)
    rate, leave = rng.gamma(0.243, 1 / 4.414, n), rng.beta(0.793, 2.426, n)
    stop = rng.geometric(np.maximum(leave, 1e-12))
    return _bought(rng, rate, np.full(n, np.inf), stop.astype(float))


def pareto_members(n: int, random_state: int = 0) -> pd.DataFrame:
    """Draw members of a Pareto/NBD world, with the parameters of CDNOW."""
    rng = np.random.default_rng(random_state)
    rate = rng.gamma(0.553, 1 / 10.578, n)
    life = rng.exponential(1 / np.maximum(rng.gamma(0.606, 1 / 11.669, n), 1e-12))
    return _bought(rng, rate, life, np.full(n, np.inf))


def _bought(
    rng: np.random.Generator, rate: np.ndarray, life: np.ndarray, stop: np.ndarray
) -> pd.DataFrame:
    """Let members buy on whole days, by age T, until their life or their purchases end."""
    n = len(rate)
    age = rng.integers(1, 39 * 7 + 1, n).astype(float)
    end = np.minimum(age, np.floor(life * WEEK))
    x, last, at = np.zeros(n), np.zeros(n), np.zeros(n)
    who = np.arange(n)
    while len(who):
        gap = rng.exponential(1 / np.maximum(rate[who], 1e-12)) * WEEK
        at[who] = at[who] + gap
        day = np.ceil(at[who])
        there = day <= end[who]
        who, day = who[there], day[there]
        x[who] += day > last[who]  # several purchases on one day are one
        last[who] = day
        who = who[x[who] < stop[who]]
    return pd.DataFrame({"x": x.astype(int), "t_x": last / WEEK, "T": age / WEEK})


def siyu_bg(members: pd.DataFrame) -> Params:
    from siyu.segmentation.value.bg_nbd import BGNBD

    return BGNBD().fit(members).params_


def siyu_pareto(members: pd.DataFrame) -> Params:
    from siyu.segmentation.value.pareto_nbd import ParetoNBD

    return ParetoNBD().fit(members).params_


def lifetimes_bg(members: pd.DataFrame) -> Params:
    from lifetimes import BetaGeoFitter

    return _lifetimes(BetaGeoFitter(), members)


def lifetimes_pareto(members: pd.DataFrame) -> Params:
    from lifetimes import ParetoNBDFitter

    return _lifetimes(ParetoNBDFitter(), members)


def _lifetimes(fitter: Any, members: pd.DataFrame) -> Params:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter.fit(members["x"], members["t_x"], members["T"])
    return dict(fitter.params_)


def likelihood(params: Params, members: pd.DataFrame) -> float:
    """Give the mean log-likelihood of a member, as lifetimes computes it."""
    from lifetimes import BetaGeoFitter, ParetoNBDFitter

    columns = [members[name].to_numpy(float) for name in ("x", "t_x", "T")]
    ones = np.ones(len(members))
    if "a" in params:
        logs = np.log([params[name] for name in ("r", "alpha", "a", "b")])
        return float(-BetaGeoFitter._negative_log_likelihood(logs, *columns, ones, 0))  # noqa: SLF001
    values = [params[name] for name in ("r", "alpha", "s", "beta")]
    total = -ParetoNBDFitter._negative_log_likelihood(values, *columns, ones, 0)  # noqa: SLF001
    return float(total) / len(members)


def agreement(ours: Params, theirs: Params, members: pd.DataFrame) -> dict[str, float]:
    """Give the largest relative difference of a parameter, and how much less likely ours are."""
    params = max(abs(ours[name] / theirs[name] - 1) for name in theirs)
    less = likelihood(theirs, members) - likelihood(ours, members)
    return {"params": params, "LL": less}


def require_close(name: str, off: dict[str, float], allowed: float) -> None:
    """End the benchmark where the two libraries found something else."""
    if not (off["params"] <= allowed and off["LL"] <= LESS_LIKELY):
        raise SystemExit(f"{name}: results differ, {off}; allowed is {allowed:.0e}")


def measure(
    fits: dict[str, Fit], members: pd.DataFrame, repeats: int
) -> tuple[dict[str, float], dict[str, float], dict[str, Params]]:
    """Fit by turns; give median seconds, MB of the first fit, and what was found."""
    seconds: dict[str, list[float]] = {name: [] for name in fits}
    memory: dict[str, float] = {}
    found = {}
    for _ in range(repeats):
        for name, fit in fits.items():
            before, start = forget_peak(), time.perf_counter()
            found[name] = fit(members)
            seconds[name].append(time.perf_counter() - start)
            memory.setdefault(name, peak_mb() - before)
    return {name: float(np.median(took)) for name, took in seconds.items()}, memory, found


def compare(model: str, fits: dict[str, Fit], members: pd.DataFrame, repeats: int) -> str:
    """Give a row of the table."""
    for fit in fits.values():
        fit(members.head(200))  # imports and first use
    seconds, memory, found = measure(fits, members, repeats)
    cells = [f"{seconds[name]:.2f} s ({memory[name]:,.0f} MB)" for name in fits]
    if "lifetimes" in fits:
        off = agreement(found["siyu"], found["lifetimes"], members)
        require_close(f"{model}, {len(members)} members", off, CLOSE[model])
        ratio = seconds["lifetimes"] / seconds["siyu"]
        cells += [f"{ratio:.1f}x", f"{off['params']:.0e}", f"{off['LL']:+.0e}"]
    else:
        cells += ["not run", "", "", ""]
    return f"| {model} | {len(members):,} | " + " | ".join(cells) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=float, default=1e6)
    parser.add_argument("--peer", type=float, default=1e5, help="members for lifetimes' Pareto/NBD")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args(arguments)
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "lifetimes"))
    today = dt.datetime.now(dt.UTC).date()
    print(f"{today}, Python {platform.python_version()}, {packages}, {os.cpu_count()} cores\n")
    print(HEADER)
    many, some = int(given.members), int(given.peer)
    with threadpool_limits(limits=1):
        both: dict[str, Fit] = {"siyu": siyu_bg, "lifetimes": lifetimes_bg}
        print(compare("BG/NBD", both, bg_members(many), given.repeats), flush=True)
        both = {"siyu": siyu_pareto, "lifetimes": lifetimes_pareto}
        drawn = pareto_members(many)
        print(compare("Pareto/NBD", both, drawn.head(some), given.repeats), flush=True)
        print(compare("Pareto/NBD", {"siyu": siyu_pareto}, drawn, given.repeats), flush=True)


if __name__ == "__main__":
    main()
