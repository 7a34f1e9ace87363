"""Score lifecycle stages by planted truth: own rhythm against fixed 90 and 180 days.

Worlds with known truth, several draws each. `lapsed` is the balanced accuracy of telling
members who fell silent for good (dormant or churned) from those who still buy; `stages` is
macro-F1 over the seven stages, where the world plants them. Differences (own rhythm less fixed
days) come with the paired bootstrap interval over draws; below 0 the own rhythm loses.

    python benchmarks/bench_stages.py                      # 8 draws of 2,500 members
    python benchmarks/bench_stages.py brand bursty --draws 5 --members 1000
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from siyu.datasets import Community, make_community
from siyu.datasets.intervals import Interval, paired_difference
from siyu.datasets.synthetic.options import CommunityOptions
from siyu.segmentation import STAGES, lifecycle

__all__ = ["WORLDS", "Scores", "compare", "main", "score"]

TZ = "Asia/Shanghai"
AS_OF = pd.Timestamp("2026-06-01", tz=TZ)
HEADER = (
    "| world | lapsed: own rhythm | fixed | difference "
    "| stages: own rhythm | fixed | difference |\n"
    "|---|---|---|---|---|---|---|"
)
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of each draw; `stages` is NaN where the world plants no stages."""

    lapsed: Array
    stages: Array


def brand(n_members: int, random_state: int, **options: Any) -> tuple[Community, pd.Series]:
    """Take the simulated brand, and the stage planted for each member at `AS_OF`."""
    c = make_community(n_members, random_state, options=CommunityOptions(**options))
    told = c.truth["lifecycle"]
    now = told[(told.since < AS_OF) & ((told.until >= AS_OF) | told.until.isna())]
    return c, now.set_index("member_id").stage


def clumps(n_members: int, random_state: int) -> tuple[Community, pd.Series]:
    """Draw members who buy several times within days and then pause for months.

    One gap in four is long (mean 3.4 own gaps), the others short (a fifth), so that the mean
    of few gaps says little about the next; members fall silent after 400 days on average.
    """
    rng = np.random.default_rng(random_state)
    gap = 30 * np.exp(0.6 * rng.standard_normal(n_members))
    start = rng.uniform(0, 540, n_members)
    end = start + rng.exponential(400, n_members)
    now, who, days = start.copy(), np.arange(n_members), []
    members = []
    while len(who):
        members.append(who)
        days.append(now[who])
        pauses = rng.random(len(who)) < 0.25
        mean = np.where(pauses, 3.4, 0.2) * gap[who]
        now[who] += rng.exponential(mean)
        who = who[now[who] < np.minimum(end[who], 600)]
    ago = pd.to_timedelta(600 - np.concatenate(days), unit="D")
    orders = pd.DataFrame({"member_id": np.concatenate(members), "order_time": AS_OF - ago})
    truth = pd.Series(np.where(end < 600, "churned", "loyal"), index=np.arange(n_members))
    return Community(orders=orders.assign(amount=10.0), tz=TZ), truth


World = Callable[[int, int], tuple[Community, pd.Series]]
WORLDS: dict[str, World] = {
    "brand": brand,
    "fast": lambda n, seed: brand(n, seed, gap_median=12.0),
    "slow": lambda n, seed: brand(n, seed, gap_median=60.0),
    "random": lambda n, seed: brand(n, seed, gap_shape=(1.0, 1.0)),
    "regular": lambda n, seed: brand(n, seed, gap_shape=(4.0, 8.0)),
    "wide": lambda n, seed: brand(n, seed, gap_spread=1.0),
    "one rhythm": lambda n, seed: brand(n, seed, gap_spread=0.0, gap_median=36.0),
    "bursty": clumps,
}


def score(c: Community, truth: "pd.Series[str]", method: Any) -> tuple[float, float]:
    """Give balanced accuracy of lapsed, and macro-F1 of stages, over members who bought."""
    told = lifecycle(c, as_of=AS_OF, method=method).set_index("member_id").stage
    told = told[told != "prospect"]
    known = truth.reindex(told.index)
    true, told = (stages[known.notna()].to_numpy(str) for stages in (known, told))
    is_lapsed, says_lapsed = (np.isin(s, ["dormant", "churned"]) for s in (true, told))
    lapsed = (says_lapsed[is_lapsed].mean() + (~says_lapsed[~is_lapsed]).mean()) / 2
    if "growing" not in true:
        return float(lapsed), float("nan")
    f1 = [
        2 * ((told == s) & (true == s)).sum() / max(((told == s).sum() + (true == s).sum()), 1)
        for s in STAGES[1:]
    ]
    return float(lapsed), float(np.mean(f1))


def compare(world: str, draws: int, n_members: int) -> dict[str, Scores]:
    """Score both methods on the same draws of one world."""
    made = [WORLDS[world](n_members, seed) for seed in range(draws)]
    scores = {}
    for method in ("own_gap", "fixed"):
        pairs = np.array([score(c, truth, method) for c, truth in made])
        scores[method] = Scores(pairs[:, 0], pairs[:, 1])
    return scores


def row(world: str, scores: dict[str, Scores]) -> str:
    cells = [world]
    for name in ("lapsed", "stages"):
        own, fixed = (getattr(scores[method], name) for method in ("own_gap", "fixed"))
        if np.isnan(own).any():
            cells += ["-"] * 3
            continue
        gain = paired_difference(own, fixed, random_state=0)
        cells += [f"{own.mean():.3f}", f"{fixed.mean():.3f}", interval(gain)]
    return "| " + " | ".join(cells) + " |"


def interval(found: Interval) -> str:
    return f"{found.estimate:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", nargs="*", default=list(WORLDS))
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--members", type=int, default=2_500)
    given = parser.parse_args(arguments)
    print(HEADER)
    for world in given.worlds:
        print(row(world, compare(world, given.draws, given.members)), flush=True)


if __name__ == "__main__":
    main()
