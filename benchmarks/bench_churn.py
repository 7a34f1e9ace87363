"""Score churn forecasts on The Complete Journey: ours, recency, BTYD and untuned LightGBM.

A visit is a distinct UTC day with a transaction; at the cut, the last day of the data less the
horizon, every household seen so far gets a churn score and a number of trips. The scorer, a
script of its own, holds the truth and prints AUC and the absolute error of trips; ours is
compared with each other row by the paired interval. Nothing here was tuned on these windows,
but on earlier ones alone.

    python benchmarks/bench_churn.py --scorer score_churn.py       # needs $SIYU_DATA
    python benchmarks/bench_churn.py --small                       # simulated brand, for CI
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from siyu.datasets import Community, load_complete_journey, make_community
from siyu.datasets.boosting import BoostingOptions, TrainingRows, train
from siyu.datasets.intervals import paired_difference
from siyu.segmentation.value.btyd_forecasts import BtydForecast, history_summary
from siyu.segmentation.value.churn_models import ChurnModel
from siyu.segmentation.value.labelled_visits import labelled_visits
from siyu.segmentation.value.visit_features import gap_norm, visit_features
from siyu.segmentation.value.visit_history import History

__all__ = ["forecasts", "main", "require_agreement", "scored", "small_world"]

LAST_DAY = pd.Timestamp("2018-01-01", tz="UTC")
HEADER = (
    "| days | forecast | AUC | 95 % | ours less it, 95 % | trips MAE | seconds |\n"
    "|---|---|---|---|---|---|---|"
)
OURS = "ChurnModel"
Forecasts = dict[str, pd.DataFrame]


def forecasts(c: Community, as_of: pd.Timestamp, days: int, **options: Any) -> Forecasts:
    """Forecast churn and trips by every method; members without a visit are left out."""
    known = c.before(as_of)
    history = History.of(known, c.moment(as_of), "orders", known.customers())
    who, columns = visit_features(history, gap_norm(history))
    _, summary = history_summary(history)
    ids = history.members.to_numpy(zero_copy_only=False)[who]

    def frame(churn: Any, trips: Any) -> pd.DataFrame:
        return pd.DataFrame({"member_id": ids, "churn": churn, "trips": trips})

    rate = columns["visits"] / columns["tenure"] * days
    found = {"recency": frame(columns["recency"], rate)}
    for name in ("BGNBD", "MBGNBD", "ParetoNBD"):
        model = BtydForecast.fit(name, history)
        expected = model.expected(summary, days)
        found[f"{name} E[n]"] = frame(-expected, expected)
        if name != "MBGNBD":
            found[f"{name} P(alive)"] = frame(-model.model.probability_alive(summary), expected)
    rows = labelled_visits(history, np.array([-days]), days)
    plain = [
        train(TrainingRows.of(rows.columns, labels), BoostingOptions(objective=objective))
        for labels, objective in ((rows.visits == 0, "binary"), (rows.visits, "poisson"))
    ]
    found["LightGBM untuned"] = frame(*(one.predict(columns) for one in plain))
    began = time.perf_counter()
    told = ChurnModel(f"{days}D", **options).fit(c, as_of=as_of).predict().dropna()
    found[OURS] = told.rename(columns={"median_visits": "trips"}).astype({"trips": float})
    found[OURS].attrs["seconds"] = time.perf_counter() - began
    return found


def scored(found: Forecasts, scorer: Path, days: int) -> list[str]:
    """Have the scorer judge every forecast, and ours against each."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{i}.parquet" for i, name in enumerate(found)}
        for name, frame in found.items():
            frame.to_parquet(paths[name])
        for name, path in paths.items():
            own = _told(scorer, path, days)
            against = _told(scorer, paths[OURS], days, path)
            require_agreement(found[name], own)
            rows.append(
                f"| {days} | {name} | {own['auc']} | {own['interval']} | "
                f"{against.get('difference', '')} | {own['mae']} | {_seconds(found[name])} |"
            )
    return rows


def require_agreement(frame: pd.DataFrame, told: Mapping[str, str]) -> None:
    """End the run where the scorer did not score what was forecast."""
    if not (0 <= float(told["auc"]) <= 1 and float(told["mae"]) >= 0) or frame.isna().any(
        axis=None
    ):
        raise SystemExit(f"the scorer and the forecasts do not fit together: {dict(told)}")


def small_world(n_members: int, days: int, n_bags: int) -> list[str]:
    """Score a simulated brand by the same rules, without the scorer."""
    c = make_community(n_members, random_state=3)
    as_of = pd.Timestamp("2026-05-01", tz=c.tz)
    found = forecasts(c, as_of, days, n_bags=n_bags, n_cuts=6)
    end = c.moment(as_of + pd.Timedelta(days=days))
    later = History.of(c, end, "orders", c.before(as_of).customers())
    ids = pd.Index(later.members.to_numpy(zero_copy_only=False))
    came = pd.Series(later.between(-days, 0)[0], index=ids)
    trips = {n: came.reindex(f.member_id).to_numpy() for n, f in found.items()}
    stands = {n: _placements(trips[n] == 0, f.churn.to_numpy()) for n, f in found.items()}
    if not stands[OURS].mean() > stands["recency"].mean():
        raise SystemExit("ChurnModel ranks no better than plain recency on the simulated brand")
    rows = []
    for name, frame in found.items():
        gain = paired_difference(stands[OURS], stands[name], random_state=0)
        rows.append(
            f"| {days} | {name} | {stands[name].mean():.4f} | | "
            f"{gain.estimate:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}] | "
            f"{np.abs(trips[name] - frame.trips).mean():.3f} | {_seconds(frame)} |"
        )
    return rows


def _placements(gone: npt.NDArray[np.bool_], score: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give, for each churner, the share of the others that it stands above: their mean is AUC."""
    others = np.sort(score[~gone])
    below, until = (np.searchsorted(others, score[gone], side=side) for side in ("left", "right"))
    return (below + until) / 2 / max(len(others), 1)


def _told(scorer: Path, path: Path, days: int, against: Path | None = None) -> dict[str, str]:
    """Run the scorer and read its line."""
    more = ["--against", str(against)] if against is not None and against != path else []
    run = [sys.executable, str(scorer), str(path), "--horizon", str(days), *more]
    line = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    parts = re.search(r"AUC (\S+) (\[.*?\])\s+trips MAE (\S+)", line)
    if parts is None:
        raise SystemExit(f"the scorer said {line!r}")
    told = {"auc": parts[1], "interval": parts[2], "mae": parts[3]}
    gain = re.search(r"difference (.*)", line)
    return told | ({"difference": gain[1].strip()} if gain else {})


def _seconds(frame: pd.DataFrame) -> str:
    return f"{frame.attrs['seconds']:.0f}" if "seconds" in frame.attrs else ""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--days", type=int, nargs="*", default=[28, 56, 91])
    parser.add_argument("--bags", type=int, default=8)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args(arguments)
    print(HEADER)
    if given.small:
        print("\n".join(small_world(800, 28, 1)))
        return
    if given.scorer is None or not given.scorer.is_file():
        raise SystemExit("where is the scorer? Give --scorer, or run --small")
    # A visit is a distinct day of UTC here, not of the shops' clock.
    c = Community(orders=load_complete_journey().arrow("orders"), tz="UTC")
    for days in given.days:
        as_of = LAST_DAY - pd.Timedelta(days=days - 1)
        found = forecasts(c, as_of, days, n_bags=given.bags)
        print("\n".join(scored(found, given.scorer, days)), flush=True)


if __name__ == "__main__":
    main()
