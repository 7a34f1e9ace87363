"""Measure the online call: one member's list from a snapshot, in process, one thread.

A recommender is fitted on The Complete Journey as of ``--cut`` (or, without data, on a synthetic
community of ``--members``), saved, and its snapshot opened by `OfferService`. Then members are
asked for one by one, warm: as of the snapshot, and two days later with two new purchases. Beside
it stands the batch call for the same single member. Every list as of the snapshot must be the
batch's, bit for bit.

    python benchmarks/bench_online.py --data $SIYU_DATA
    python benchmarks/bench_online.py --data $SIYU_DATA --candidates 100
    python benchmarks/bench_online.py --members 300 --calls 40      # small, in seconds

Prints markdown rows: milliseconds at the 50th and 99th percentile by the clock on the wall, at
the 50th by the processor's time (which other programs on the machine disturb less), and the
candidates that were scored.
"""

import argparse
import gc
import os
import platform
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd
from scaled_quotas import median_candidates, scale_quotas

from siyu.datasets import Community, SiyuWarning, load_complete_journey, make_community
from siyu.recommend import OfferRecommender
from siyu.recommend.online.offer_service import OfferService

_WARM = 50  # calls before the clock runs


def main() -> None:
    how = _arguments()
    warnings.simplefilter("ignore", SiyuWarning)
    c, cut = _community(how)
    with tempfile.TemporaryDirectory() as top:
        model, night = Path(top) / "model", Path(top) / "snapshot"
        rec = OfferRecommender(ranker="always", n_windows=how.windows, random_state=0)
        rec.fit(c, as_of=cut)
        if how.candidates:
            scale_quotas(rec, _codes(rec, 100), how.candidates)
        rec.save(model)
        rec.snapshot(c, night, as_of=cut)
        start = time.perf_counter()
        service = OfferService.open(model, night)
        opened = time.perf_counter() - start
    members = _some_buyers(rec, how.calls)
    _check(rec, service, members)
    later = service.as_of + pd.Timedelta("2D")
    orders = _new_orders(rec, members, service.as_of)
    now = service.as_of
    rows = {
        "online, as of the snapshot": lambda m: service.recommend(m, now=now),
        "online, two new orders": lambda m: service.recommend(m, now=later, orders=orders[m]),
        "online, nobody knows the member": lambda _: service.recommend(_stranger(rec), now=later),
        "batch call of one member": lambda m: rec.recommend(members=[m]),
    }
    n_candidates = median_candidates(rec, _codes(rec, 100))
    print(f"{len(members)} members, {n_candidates:.0f} candidates a member (median)")
    print(f"snapshot and model opened in {opened:.2f} s\n")
    print("| call | p50 ms | p99 ms | p50 ms of processor |")
    print("|---|---|---|---|")
    for name, call in rows.items():
        some = members if "batch" not in name else members[: max(len(members) // 5, 10)]
        print(f"| {name} | {' | '.join(_timed(call, some))} |")
    versions = f"lightgbm {lightgbm.__version__}, numpy {np.__version__}, pandas {pd.__version__}"
    load = os.getloadavg()[0]
    print(
        f"\npython {platform.python_version()}, {versions}, {os.cpu_count()} cores, load {load:.1f}"
    )


def _timed(call: Callable[[Any], object], members: list[Any]) -> list[str]:
    """Time one call after the other; give p50 and p99 on the wall, p50 of the processor."""
    for member in members[:_WARM]:
        call(member)
    wall, own = [], []
    gc.collect()
    for member in members:
        start, used = time.perf_counter(), time.thread_time()
        call(member)
        wall.append(time.perf_counter() - start)
        own.append(time.thread_time() - used)
    found = [np.median(wall), np.quantile(wall, 0.99), np.median(own)]
    return [f"{1_000 * one:.2f}" for one in found]


def _check(rec: OfferRecommender, service: OfferService, members: list[Any]) -> None:
    """Compare the lists with the batch, and leave with an error if a bit differs."""
    expected = rec.recommend(members=members)
    asked = [service.recommend(m, now=service.as_of).to_frame() for m in sorted(members)]
    found = pd.concat(asked, ignore_index=True)
    if not found.equals(expected):
        n_rows = int((found != expected).any(axis=1).sum()) if found.shape == expected.shape else -1
        raise SystemExit(f"the online lists differ from the batch's in {n_rows} rows")
    print(f"{len(found)} rows of {len(members)} members equal the batch's, bit for bit")


def _new_orders(rec: OfferRecommender, members: list[Any], since: pd.Timestamp) -> Any:
    """Draw two purchases of popular products for every member."""
    market = rec.model_.shop.market
    products = market.products.take(np.argsort(-market.numbers["recent"])[:50]).to_pylist()
    rng = np.random.default_rng(0)
    times = [since + pd.Timedelta(hours=hours) for hours in (5, 30)]
    return {
        member: [
            {"order_time": at, "product_id": products[rng.integers(len(products))], "amount": 2.0}
            for at in times
        ]
        for member in members
    }


def _stranger(rec: OfferRecommender) -> Any:
    """Name a member whom nobody knows."""
    return "nobody" if "string" in str(rec.model_.shop.addressed.type) else 2**60


def _codes(rec: OfferRecommender, n: int) -> npt.NDArray[np.int64]:
    """Draw the codes of members who have bought, ascending."""
    codes = np.unique(rec.model_.shop.bought.basket_member)
    return np.sort(np.random.default_rng(0).permutation(codes)[:n])


def _some_buyers(rec: OfferRecommender, n: int) -> list[Any]:
    """Draw members who have bought, in no order."""
    listed: list[Any] = rec.model_.shop.bought.members.take(_codes(rec, n)).to_pylist()
    return [listed[at] for at in np.random.default_rng(1).permutation(len(listed))]


def _community(how: argparse.Namespace) -> tuple[Community, str]:
    """Load the data, or make some."""
    if how.members:
        return make_community(how.members, random_state=0), "2026-06-01"
    return load_complete_journey(how.data / "complete_journey" if how.data else None), how.cut


def _arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = os.environ.get("SIYU_DATA")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None)
    parser.add_argument("--cut", default="2017-11-06T00:00Z")
    parser.add_argument("--members", type=int, default=0, help="of a synthetic community")
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--candidates", type=int, default=0, help="a member; 0 leaves all")
    parser.add_argument("--windows", type=int, default=1, help="training windows")
    return parser.parse_args()


if __name__ == "__main__":
    main()
