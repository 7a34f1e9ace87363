"""Time `siyu.segmentation.rfm` against plain pandas on the same frame of order lines.

Both get one pandas frame (member_id, order_time, amount; rows in random order, ten lines a
member, 3 % refunds, 1 % of lines at or after `as_of`) and give recency, frequency in distinct
local days, and mean net money a purchase day. Each engine runs in a process of its own; each
figure is the median of the repeats: wall time, in brackets the processor's time, and extra
memory, the peak of the process in its first call above what it held before. `max diff` is the
largest relative difference of any number.

    python benchmarks/bench_rfm.py                       # 1e5 1e6 1e7 lines
    python benchmarks/bench_rfm.py 1e6 --ids integer
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
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from peak_memory import forget_peak, peak_mb, require_agreement

__all__ = ["ENGINES", "difference", "main", "measure", "orders_of"]

TZ = "Asia/Shanghai"
AS_OF = pd.Timestamp("2024-06-24", tz=TZ)
HEADER = (
    "| lines | ids | siyu rfm | plain pandas | pandas / siyu | max diff |\n"
    "|---|---|---|---|---|---|"
)


def orders_of(n_lines: int, ids: str, random_state: int = 0) -> pd.DataFrame:
    """Make `n_lines` order lines over 730 days; ids are ``integer`` or ``text``."""
    rng = np.random.default_rng(random_state)
    member = rng.integers(0, max(n_lines // 10, 1), n_lines)
    us = rng.integers(0, 730 * 86_400, n_lines) * 1_000_000 + 1_656_604_800_000_000
    amount = np.round(rng.gamma(2.0, 30.0, n_lines), 2)
    amount[rng.random(n_lines) < 0.03] *= -1
    times = pd.Series(us.astype("datetime64[us]")).dt.tz_localize("UTC")
    frame = pd.DataFrame({"member_id": member, "order_time": times, "amount": amount})
    if ids == "text":
        frame["member_id"] = "wx_" + frame["member_id"].astype(str).str.zfill(9)
    return frame


def with_siyu(orders: pd.DataFrame) -> pd.DataFrame:
    from siyu.segmentation import rfm

    table: pd.DataFrame = rfm(orders, as_of=AS_OF, tz=TZ)
    return table


def with_pandas(orders: pd.DataFrame) -> pd.DataFrame:
    known = orders[orders["order_time"] < AS_OF]
    bought = known[known["amount"] >= 0]
    day = bought["order_time"].dt.tz_convert(TZ).dt.floor("D")
    by_member = bought.assign(day=day).groupby("member_id")
    table = by_member.agg(last=("order_time", "max"), frequency=("day", "nunique"))
    money = known.groupby("member_id")["amount"].sum().reindex(table.index)
    recency = (AS_OF - table["last"]).dt.total_seconds() / 86_400
    table = table.assign(recency=recency, monetary=money / table["frequency"])
    return table[["recency", "frequency", "monetary"]].reset_index()


ENGINES = {"siyu": with_siyu, "pandas": with_pandas}


def measure(
    engine: str, orders: pd.DataFrame, repeats: int = 1
) -> tuple[dict[str, float], pd.DataFrame]:
    """Give seconds on the wall and of the processor, extra MB, and the table."""
    ENGINES[engine](orders.head(100))  # imports and first use
    before, wall, cpu, peak = forget_peak(), [], [], []
    for _ in range(repeats):
        start, worked = time.perf_counter(), time.process_time()
        table = ENGINES[engine](orders)
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - worked)
        peak.append(peak_mb())
    middle = {"wall": float(np.median(wall)), "cpu": float(np.median(cpu))}
    return {**middle, "mb": peak[0] - before}, table


def difference(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """Give the largest relative difference; infinite if the members differ."""
    if one["member_id"].tolist() != other["member_id"].tolist():
        return float("inf")
    names = ["recency", "frequency", "monetary"]
    a, b = one[names].to_numpy(float), other[names].to_numpy(float)
    return float((np.abs(a - b) / np.maximum(np.abs(b), 1.0)).max(initial=0.0))


def compare(n_lines: int, ids: str, repeats: int) -> str:
    """Let each engine run in its own process, and give the row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        found = {engine: in_process(engine, n_lines, ids, repeats, folder) for engine in ENGINES}
        tables = [pd.read_parquet(Path(folder) / f"{engine}.parquet") for engine in ENGINES]
    cells = ["{wall:.3f} s ({cpu:.3f}), {mb:,.0f} MB".format(**found[e]) for e in ENGINES]
    ratios = [found["pandas"][key] / found["siyu"][key] for key in ("wall", "cpu")]
    cells.append("{:.1f}x ({:.1f}x)".format(*ratios))
    off = difference(*tables)
    require_agreement(f"{n_lines} lines, {ids} ids", off)
    cells.append(f"{off:.0e}")
    return f"| {n_lines:,} | {ids} | " + " | ".join(cells) + " |"


def in_process(engine: str, n_lines: int, ids: str, repeats: int, folder: str) -> dict[str, float]:
    options = ["--engine", engine, "--folder", folder, "--ids", ids, "--repeats", str(repeats)]
    command = [sys.executable, __file__, str(n_lines), *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(run.stdout)
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lines", nargs="*", type=float, default=[1e5, 1e6, 1e7])
    parser.add_argument("--ids", nargs="*", default=["integer", "text"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given: Any = parser.parse_args(arguments)
    if given.engine:
        orders = orders_of(int(given.lines[0]), given.ids[0])
        found, table = measure(given.engine, orders, given.repeats)
        table.to_parquet(given.folder / f"{given.engine}.parquet")
        print(json.dumps(found))
        return
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "pyarrow"))
    today = dt.datetime.now(dt.UTC).date()
    print(f"{today}, Python {platform.python_version()}, {packages}, {os.cpu_count()} cores\n")
    print(HEADER)
    for n_lines in given.lines:
        for ids in given.ids:
            print(compare(int(n_lines), ids, given.repeats), flush=True)


if __name__ == "__main__":
    main()
