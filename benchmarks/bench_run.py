"""Run ``siyu run`` over The Complete Journey, as a user would, and score its offers.

The public data set is written as a folder of tables; ``siyu run`` makes lists of 10 products
as of ``--as-of``; the scorer ``score_recs.py`` (``--bench``, ``$SIYU_BENCH``, or ``bench/``
beside the data) measures them against the four weeks that follow. Exits with 1 below
``--at-least``.

    python benchmarks/bench_run.py --out lists
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from siyu.datasets import load_complete_journey


def main() -> None:
    how = _arguments()
    scorer = how.bench / "score_recs.py"
    if not scorer.is_file():
        sys.exit(f"there is no {scorer}; name its folder with --bench or SIYU_BENCH")
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch, "data")
        load_complete_journey().to_folder(data)
        start = time.perf_counter()
        command = [sys.executable, "-P", "-m", "siyu", "run", str(data), "--lang", "en"]
        subprocess.run([*command, "--as-of", how.as_of, "--out", str(how.out)], check=True)
        seconds = time.perf_counter() - start
    lists = pd.read_parquet(how.out / "recommendations.parquet")
    names = {"member_id": "member", "product_id": "item"}
    predictions = how.out / "predictions.parquet"
    lists.rename(columns=names)[["member", "item", "rank"]].to_parquet(predictions)
    cut = how.as_of.partition("T")[0]
    done = subprocess.run(
        [sys.executable, str(scorer), str(predictions), "--cut", cut],
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)
    print("| as of | NDCG@10 | Recall@10 | MAP@10 | Hit@10 | siyu run, s |")
    print("|---|---|---|---|---|---|")
    print(f"| {cut} | {_cell(found, 'NDCG@10')} | {_cell(found, 'Recall@10')} |", end="")
    print(f" {_cell(found, 'MAP@10')} | {_cell(found, 'Hit@10')} | {seconds:.0f} |")
    if found["NDCG@10"][0] < how.at_least:
        sys.exit(f"NDCG@10 {found['NDCG@10'][0]:.4f} is below {how.at_least}")


def _cell(found: dict[str, list[float]], name: str) -> str:
    value, (low, high) = found[name]  # type: ignore[misc]
    return f"{value:.4f} [{low:.4f}, {high:.4f}]"


def _arguments() -> argparse.Namespace:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    beside = Path(os.environ.get("SIYU_DATA", "."), "..", "bench")
    words.add_argument("--as-of", default="2017-12-04T00:00Z")
    words.add_argument("--out", type=Path, default=Path("complete-journey"))
    words.add_argument("--bench", type=Path, default=Path(os.environ.get("SIYU_BENCH", beside)))
    words.add_argument("--at-least", type=float, default=0.0)
    return words.parse_args()


if __name__ == "__main__":
    main()
