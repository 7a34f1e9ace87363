"""Measure recommendations on The Complete Journey: trees, plain model, popularity, frequency.

Lists of 10 products are made as of ``--cut`` and measured against the following 28 days. The
lists are also written as ``member,item,rank`` and, where the scorer ``score_recs.py`` is found
(``--bench``, ``$SIYU_BENCH``, or ``bench/`` beside the data), measured by it as well.

    python benchmarks/bench_recommend.py --data $SIYU_DATA --out /tmp/lists

Prints markdown rows: NDCG, recall, MAP and hit at 10 with 95 % intervals over members, and the
paired difference from the plain model.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from siyu.datasets import Community, SiyuWarning, load_complete_journey
from siyu.datasets.intervals import bootstrap_mean, paired_difference
from siyu.recommend import OfferRecommender, list_quality, next_purchases
from siyu.recommend.candidates.finding import find_candidates
from siyu.recommend.evaluation.baselines import bought_most_often, most_popular

_MEASURES = ("ndcg", "recall", "average_precision", "hit")
_PLAIN = "plain model"


def main() -> None:
    how = _arguments()
    cut = f"{how.cut}T00:00Z"
    c = load_complete_journey(how.data / "complete_journey" if how.data else None)
    makers, timings = _makers(c, cut, how.jobs)
    for only_new in (False, True):
        truth = next_purchases(c, as_of=cut, only_new=only_new)
        lists = {name: make(only_new) for name, make in makers.items()}
        lists = {name: rows for name, rows in lists.items() if rows is not None}
        _print_measures(lists, truth, only_new)
        for name, rows in lists.items():
            path = _write(rows, how.out, f"{name.replace(' ', '_')}{'_new' * only_new}")
            _score(path, how, only_new, None if name == _PLAIN else _PLAIN)
    print("\nseconds:", json.dumps({name: round(taken, 3) for name, taken in timings.items()}))
    versions = f"lightgbm {lightgbm.__version__}, numpy {np.__version__}, pandas {pd.__version__}"
    print(f"python {platform.python_version()}, {versions}, {os.cpu_count()} cores")


def _makers(
    c: Community, cut: str, n_jobs: int
) -> tuple[dict[str, Callable[[bool], Any]], dict[str, float]]:
    """Fit what is to be fitted; name the ways to make lists."""
    timings: dict[str, float] = {}
    makers: dict[str, Callable[[bool], Any]] = {
        _PLAIN: _fitted(c, cut, "never", n_jobs, timings),
        "trees": _fitted(c, cut, "auto", n_jobs, timings),
        "popular": lambda new: most_popular(c, as_of=cut, only_new=new),
        "own frequency": lambda new: None if new else bought_most_often(c, as_of=cut),
    }
    return makers, timings


def _fitted(
    c: Community, cut: str, ranker: str, n_jobs: int, timings: dict[str, float]
) -> Callable[[bool], Any]:
    """Fit one recommender; time the fit and every call."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        rec = OfferRecommender(ranker=ranker, n_jobs=n_jobs, random_state=0).fit(c, as_of=cut)
    timings[f"fit, ranker={ranker}"] = time.perf_counter() - start
    if ranker == "auto":
        timings |= _speed(rec)
        print("on the window before the cut:")
        print(rec.validation_.round(4).to_string(index=False), rec.source_)

    def make(only_new: bool) -> Any:  # noqa: FBT001
        begin = time.perf_counter()
        rows = rec.recommend(k=10, only_new=only_new)
        timings[f"recommend, ranker={ranker}, only_new={only_new}"] = time.perf_counter() - begin
        return rows

    return make


def _speed(rec: OfferRecommender) -> dict[str, float]:
    """Time candidates with their features for all buyers, and the list of one member."""
    model = rec.model_
    snapshot = model.shop.snapshot
    reader, members = snapshot.reader(), snapshot.buyers()
    start = time.perf_counter()
    pairs = find_candidates(reader, members, model.recipe.quotas)
    model.recipe.matrix(snapshot, pairs)
    taken = time.perf_counter() - start
    calls = []
    for member in snapshot.members[:20].to_pylist():
        begin = time.perf_counter()
        rec.recommend(members=[member])
        calls.append(time.perf_counter() - begin)
    print(f"candidates and features: {len(pairs):,} pairs, {len(pairs) / taken:,.0f} a second")
    return {"one member's list, median": float(np.median(calls))}


def _print_measures(lists: dict[str, Any], truth: Any, only_new: bool) -> None:  # noqa: FBT001
    """Print one markdown row a list."""
    measured = {name: list_quality(rows, truth, k=10) for name, rows in lists.items()}
    n_members = len(next(iter(measured.values())))
    print(f"\n{'new products' if only_new else 'all products'}, {n_members} members")
    print("| list | NDCG@10 | Recall@10 | MAP@10 | Hit@10 | NDCG over plain model |")
    print("|---|---|---|---|---|---|")
    base = measured[_PLAIN]["ndcg"].to_numpy()
    for name, table in measured.items():
        found = [bootstrap_mean(table[one].to_numpy(), random_state=0) for one in _MEASURES]
        over = paired_difference(table["ndcg"].to_numpy(), base, random_state=0)
        cells = [f"{one.estimate:.4f} [{one.low:.4f}, {one.high:.4f}]" for one in (*found, over)]
        print(f"| {name} | {' | '.join(cells)} |")


def _write(rows: Any, out: Path, name: str) -> Path:
    """Write one list in the scorer's form."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.parquet"
    named = rows.rename(columns={"member_id": "member", "product_id": "item"})
    named[["member", "item", "rank"]].to_parquet(path, index=False)
    return path


def _score(path: Path, how: argparse.Namespace, only_new: bool, against: str | None) -> None:  # noqa: FBT001
    """Run the scorer, if there is one."""
    if how.bench is None:
        return
    command = [sys.executable, str(how.bench / "score_recs.py"), str(path), "--cut", how.cut]
    if only_new:
        command.append("--new-only")
    if against is not None:
        other = how.out / f"{against.replace(' ', '_')}{'_new' * only_new}.parquet"
        command += ["--against", str(other)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    print(f"scorer, {path.stem}: {done.stdout.strip()}")


def _arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = os.environ.get("SIYU_DATA")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None)
    parser.add_argument("--cut", default="2017-12-04", help="a day, at midnight UTC")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "siyu-lists")
    parser.add_argument("--bench", type=Path, default=None, help="folder of score_recs.py")
    parser.add_argument("--jobs", type=int, default=2)
    how = parser.parse_args()
    places = [how.bench, os.environ.get("SIYU_BENCH"), how.data and how.data.parent / "bench"]
    found = [Path(place) for place in places if place and (Path(place) / "score_recs.py").is_file()]
    how.bench = found[0] if found else None
    return how


if __name__ == "__main__":
    main()
