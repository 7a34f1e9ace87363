"""Time `siyu.segmentation.tag` against DuckDB and polars doing the same tags from Parquet.

A shop of order lines, events and products (`tag_shop.py`) lies in a folder. Each engine gets a
process of its own, reads the folder and gives one row a member: siyu every tag of its catalogue,
the others some sixty of them, written apart (`tags_duckdb.py`, `tags_polars.py`). Of tags that are
drawn towards everybody's share by a fitted prior they give the raw share alone. The tags that all
three give are compared value by value. Each figure is the median of the repeats, engines taking
turns: wall time, in brackets the processor's time of all threads, and the peak of memory.

    python benchmarks/bench_tags.py                 # 1e7 order lines, 1e7 events, 1e6 members
    python benchmarks/bench_tags.py 1e5 --repeats 1
"""

import argparse
import datetime as dt
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from peak_memory import peak_mb
from tag_shop import AS_OF, TZ, write_shop

__all__ = ["ENGINES", "differences", "main", "measure"]

HEADER = (
    "| order lines, events | members | siyu, all tags | DuckDB | polars "
    "| DuckDB / siyu | polars / siyu | tags compared |\n"
    "|---|---|---|---|---|---|---|---|"
)
_CLASSES = ("retain", "keep", "develop", "value")  # by recency, then frequency, against medians
_RENAMED = {
    "rfm_class": {
        **{2 * place: f"common_{name}" for place, name in enumerate(_CLASSES)},
        **{2 * place + 1: f"key_{name}" for place, name in enumerate(_CLASSES)},
        None: "no_purchase",
    },
    "price_band": {"mid": "mid_price"},
    "active_weekday": dict(enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)),
    "active_daypart": dict(enumerate(("morning", "noon", "afternoon", "evening", "night"))),
}
_ROUNDED = 1e-6  # siyu keeps some weights as float32
_TIED = 0.005  # of two categories equally overdue, or two medians, each engine takes its own


def with_siyu(folder: Path) -> pa.Table:
    from siyu.datasets import Community
    from siyu.segmentation import tag

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tags whose tables are absent
        tags: pa.Table = tag(Community.from_folder(folder), as_of=AS_OF, output="pyarrow")
    return tags


def with_duckdb(folder: Path) -> pa.Table:
    from tags_duckdb import tags_by_duckdb

    return tags_by_duckdb(folder, AS_OF, TZ, festive_days())


def with_polars(folder: Path) -> pa.Table:
    from tags_polars import tags_by_polars

    return tags_by_polars(folder, AS_OF, TZ, festive_days())


ENGINES = {"siyu": with_siyu, "duckdb": with_duckdb, "polars": with_polars}


def festive_days() -> pd.DataFrame:
    """List the days of the usual festivals, the calendar that all engines go by."""
    from siyu.segmentation.tagging.calendars import Calendar

    days = np.arange(np.datetime64("2024-01-01"), np.datetime64("2027-01-01"))
    festive = days[Calendar().festival(days.astype(np.int64)) >= 0]
    return pd.DataFrame({"day": [day.item() for day in festive]}).assign(festival=True)


def measure(engine: str, folder: Path) -> tuple[dict[str, float], pa.Table]:
    """Give seconds on the wall and of the processor, the peak in MB, and the tags."""
    start = time.perf_counter()
    tags = ENGINES[engine](folder)
    wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "mb": peak_mb()}, tags


def differences(ours: pa.Table, theirs: pa.Table) -> dict[str, float]:
    """Give, for every tag of both, the largest difference or the share of other values.

    Numbers differ relatively; codes, names and flags count the members with another value.
    """
    if ours["member_id"].to_pylist() != theirs["member_id"].to_pylist():
        return {"member_id": np.inf}
    shared = [n for n in theirs.column_names if n in ours.column_names and n != "member_id"]
    return {name: _difference(name, ours[name], theirs[name]) for name in shared}


def _difference(name: str, ours: pa.ChunkedArray, theirs: pa.ChunkedArray) -> float:
    if pa.types.is_floating(ours.type):
        a, b = (np.asarray(v.cast(pa.float64()).to_pandas(), np.float64) for v in (ours, theirs))
        a, b = np.nan_to_num(a, nan=-1.0), np.nan_to_num(b, nan=-1.0)
        return float((np.abs(a - b) / np.maximum(np.abs(b), 1.0)).max(initial=0.0))
    names = _RENAMED.get(name, {})
    a, b = (values.to_pandas().astype(object) for values in (ours, theirs))
    b = b.map(lambda value: names.get(None if pd.isna(value) else value, value))
    same = (a == b) | (a.isna() & b.isna())
    return float(1 - same.mean())


def compare(n_lines: int, repeats: int) -> str:
    """Let each engine run in processes of its own, in turns, and give the row of the table."""
    n_members = max(n_lines // 10, 10)
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top) / "shop"
        write_shop(folder, n_lines, n_lines, n_members)
        runs: dict[str, list[dict[str, float]]] = {engine: [] for engine in ENGINES}
        for _ in range(repeats):
            for engine in ENGINES:
                runs[engine].append(in_process(engine, folder))
        n_compared = agreed(folder)
    found = {
        engine: {key: float(np.median([run[key] for run in told])) for key in told[0]}
        for engine, told in runs.items()
    }
    cells = ["{wall:.1f} s ({cpu:.1f}), {mb:,.0f} MB".format(**found[e]) for e in ENGINES]
    for peer in ("duckdb", "polars"):
        ratios = [found[peer][key] / found["siyu"][key] for key in ("wall", "cpu")]
        cells.append("{:.1f}x ({:.1f}x)".format(*ratios))
    return f"| {n_lines:,} each | {n_members:,} | {' | '.join(cells)} | {n_compared} |"


def agreed(folder: Path) -> int:
    """Count the tags that all engines give alike; end the benchmark where one differs."""
    tags = {engine: pq.read_table(folder / f"tags_{engine}.parquet") for engine in ENGINES}
    compared: dict[str, float] = {}
    for peer in ("duckdb", "polars"):
        off = differences(tags["siyu"], tags[peer])
        for name, difference in off.items():
            is_number = name in tags["siyu"].column_names and pa.types.is_floating(
                tags["siyu"].schema.field(name).type
            )
            if not difference <= (_ROUNDED if is_number else _TIED):
                raise SystemExit(f"{name}: siyu and {peer} differ by {difference:.1e}")
        compared |= off
    return len(compared)


def in_process(engine: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--engine", engine, "--folder", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(run.stdout)
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lines", nargs="*", type=float, default=[1e7])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given: Any = parser.parse_args(arguments)
    if given.engine:
        found, tags = measure(given.engine, given.folder)
        pq.write_table(tags, given.folder / f"tags_{given.engine}.parquet")
        print(json.dumps(found))
        return
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("numpy", "pyarrow", "duckdb", "polars")
    )
    today = dt.datetime.now(dt.UTC).date()
    print(f"{today}, Python {platform.python_version()}, {packages}, {os.cpu_count()} cores\n")
    print(HEADER)
    for n_lines in given.lines:
        print(compare(int(n_lines), given.repeats), flush=True)


if __name__ == "__main__":
    main()
