"""Measure our offers on The Complete Journey beside every peer: products, categories, new ones.

Lists of 10 are made as of each of ``--cuts`` and measured against the following 28 days: NDCG,
recall, MAP and hit at 10 with 95 % intervals over members, and the paired difference of ours to
each. Where the scorer ``score_recs.py`` is found (``--bench``, ``$SIYU_BENCH``, or ``bench/``
beside the data) it must find the same truth and the same figures; without it, scikit-learn must
find the same NDCG.

    python benchmarks/bench_recommend.py --cuts 2017-10-09 2017-11-06 2017-12-04 \
        --rectools rectools/bin/python --out /tmp/lists      # needs $SIYU_DATA
    python benchmarks/bench_recommend.py --small             # a made community, for CI

Lists are written under ``--out`` as ``member,item,rank``; with ``--reuse`` those that are there
are measured again and not made again. RecTools: see `rectools_two_stage.py`.
"""

import argparse
import importlib.util
import os
import platform
import time
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from bench_recommend_peers import (
    PEERS,
    Setting,
    add_arguments,
    is_wanted,
    kept,
    peer_lists,
    settings_of,
)

from siyu.datasets import SiyuWarning
from siyu.datasets.intervals import bootstrap_mean, paired_difference
from siyu.recommend import OfferRecommender, list_quality, next_purchases

__all__ = ["main", "measured", "ours", "require_agreement"]

MEASURES = ("ndcg", "recall", "average_precision", "hit")
OURS = "ours"
PLAIN = "ours, plain model"
HEADER = (
    f"| list | NDCG@10 | Recall@10 | MAP@10 | Hit@10 | {OURS} less it, NDCG | seconds |\n"
    "|---|---|---|---|---|---|---|"
)


def main(arguments: list[str] | None = None) -> None:
    how = _arguments(arguments)
    scorer = None if how.small else _scorer(how)
    for group in settings_of(how):
        made: dict[str, dict[str, pd.DataFrame | None]] = {one.variant: {} for one in group}
        for name in (one for one in (OURS, PLAIN, *PEERS) if is_wanted(one, how)):
            learned: dict[str, Any] = {}
            for setting in group:
                make = ours if name in (OURS, PLAIN) else peer_lists
                made[setting.variant][name] = make(setting, name, learned)
        for setting in group:
            _print_table(setting, made[setting.variant], scorer)
    versions = f"lightgbm {lightgbm.__version__}, numpy {np.__version__}, pandas {pd.__version__}"
    print(f"\npython {platform.python_version()}, {versions}, {os.cpu_count()} cores")


def ours(setting: Setting, name: str, learned: dict[str, Any]) -> pd.DataFrame | None:
    """Make, or read, the lists of our recommender: fitted once for all and new products."""

    def make(how: Setting) -> pd.DataFrame:
        if name not in learned:
            ranker = "auto" if name == OURS else "never"
            rec = OfferRecommender(level=how.level, ranker=ranker, random_state=0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SiyuWarning)
                began = time.perf_counter()
                learned[name] = rec.fit(how.whole, as_of=how.as_of)
            taken = time.perf_counter() - began
            print(f"fit of {name}, {how.level}, {how.cut}: {taken:.0f} s, ranks: {rec.source_}")
        rows: pd.DataFrame = learned[name].recommend(k=how.k, only_new=how.only_new)
        return rows

    return kept(setting, name, make)


def measured(setting: Setting, rows: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Measure lists member by member."""
    named = rows.rename(columns={"member": "member_id", "item": "product_id"})
    found: pd.DataFrame = list_quality(named, truth, k=setting.k)
    return found


def require_agreement(found: pd.DataFrame, told: pd.DataFrame) -> None:
    """End the run where somebody else measures the same lists otherwise."""
    if not found["member_id"].tolist() == told["member_id"].tolist():
        raise SystemExit(f"others measure {len(told)} members, we measure {len(found)}")
    for name in (one for one in MEASURES if one in told.columns):
        apart = float(np.abs(found[name].to_numpy() - told[name].to_numpy()).max(initial=0.0))
        if not apart < 1e-9:
            raise SystemExit(f"{name} differs by up to {apart:.2e} from what others measure")


def _print_table(setting: Setting, made: dict[str, pd.DataFrame | None], scorer: Any) -> None:
    """Measure every list and print a row for it."""
    truth = next_purchases(setting.c, as_of=setting.as_of, only_new=setting.only_new)
    found = {
        name: measured(setting, rows, truth) for name, rows in made.items() if rows is not None
    }
    for name, table in found.items():
        rows = made[name]
        told = _by_sklearn(setting, rows, truth) if scorer is None else scorer(setting, rows)
        require_agreement(table, told)
    n_members = truth["member_id"].nunique()
    print(f"\n{setting.variant}, {setting.cut}: {n_members} members, {len(truth)} pairs\n{HEADER}")
    for name in made:
        if name not in found:
            print(f"| {name} | {'| ' * 5}not run |")
            continue
        means = [bootstrap_mean(found[name][one].to_numpy(), random_state=0) for one in MEASURES]
        cells = [f"{one.estimate:.4f} [{one.low:.4f}, {one.high:.4f}]" for one in means]
        print(f"| {name} | {' | '.join(cells)} | {_gain(found, name)} | ", end="")
        print(f"{setting.seconds[name]:.0f} |", flush=True)


def _gain(found: dict[str, pd.DataFrame], name: str) -> str:
    """Tell how much better our lists are, member by member."""
    if name == OURS or OURS not in found:
        return ""
    pair = (found[one]["ndcg"].to_numpy() for one in (OURS, name))
    gain = paired_difference(*pair, random_state=0)
    return f"{gain.estimate:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"


def _by_sklearn(setting: Setting, rows: pd.DataFrame | None, truth: pd.DataFrame) -> pd.DataFrame:
    """Measure NDCG as scikit-learn does, every product scored by its place in the list."""
    from sklearn.metrics import ndcg_score

    assert rows is not None
    items = pd.Index(sorted({*rows["item"], *truth["product_id"]}))
    members = pd.Index(sorted(truth["member_id"].unique()))
    taken = np.zeros((len(members), len(items)))
    taken[members.get_indexer(truth["member_id"]), items.get_indexer(truth["product_id"])] = 1
    # What is not listed shares no gain: it stands behind what is.
    score = np.zeros(taken.shape)
    shown = rows[rows["member"].isin(members) & (rows["rank"] <= setting.k)]
    at = members.get_indexer(shown["member"]), items.get_indexer(shown["item"])
    score[at] = setting.k + 1 - shown["rank"]
    listed = np.where(score > 0, taken, 0)
    gains = [
        ndcg_score(listed[[i]], score[[i]], k=setting.k)
        * _best(listed[i], setting.k)
        / _best(taken[i], setting.k)
        for i in range(len(members))
    ]
    return pd.DataFrame({"member_id": members, "ndcg": gains})


def _best(taken: np.ndarray[Any, Any], k: int) -> float:
    """Give the gain of the best possible list."""
    return float((1 / np.log2(np.arange(2, 2 + min(k, int(taken.sum()))))).sum())


def _scorer(how: argparse.Namespace) -> Callable[[Setting, pd.DataFrame | None], pd.DataFrame]:
    """Load the stand-alone scorer, and let it measure by its own reading of the data."""
    places = [how.bench, os.environ.get("SIYU_BENCH"), how.data and how.data.parent / "bench"]
    found = [Path(one, "score_recs.py") for one in places if one]
    found = [one for one in found if one.is_file()]
    if not found:
        raise SystemExit("there is no score_recs.py; name its folder with --bench or SIYU_BENCH")
    spec = importlib.util.spec_from_file_location("score_recs", found[0])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    everything = module.load_rows()

    @cache
    def truth(level: str, cut: str, only_new: bool) -> Any:  # noqa: FBT001
        return module.truth(everything, level, cut, 28, only_new)[0]

    def told(setting: Setting, rows: pd.DataFrame | None) -> pd.DataFrame:
        right = truth(setting.level, setting.cut, setting.only_new)
        table = module.per_member(rows, right).reset_index(names="member_id")
        table.columns = ["member_id", *MEASURES]
        return table

    return told


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--bench", type=Path, default=None, help="folder of score_recs.py")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
