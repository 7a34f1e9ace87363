"""Score lifecycle stages by planted truth: own rhythm and model against fixed 90 / 180 days.

Fourteen worlds (`stage_worlds.py`), several draws each, members who bought:

- lapsed: balanced accuracy of telling who fell silent for good from who still buys;
- macro-F1 over the stages;
- accuracy: share of members in the planted stage;
- transitions: mean absolute error of the shares of a stage that pass to each stage within 30
  days, planted against told, over six moments; here less is better.

Differences to fixed days come with the paired bootstrap interval over draws. Limits were
chosen on draws 100 to 115, reported are others.

    python benchmarks/bench_stages.py                      # 8 draws of 2,500 members
    python benchmarks/bench_stages.py brand bursty --draws 5 --members 1000
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pandas as pd
from stage_worlds import WORLDS

from siyu.datasets import Community
from siyu.datasets.intervals import Interval, paired_difference
from siyu.segmentation.stage_rules import Method
from siyu.segmentation.stages import STAGES
from siyu.segmentation.stages_over_time import stage_history, transition_matrix

__all__ = ["METHODS", "Scores", "compare", "main", "score"]

TZ = "Asia/Shanghai"
AS_OF = pd.Timestamp("2026-06-01", tz=TZ)
MOMENTS = [AS_OF - pd.Timedelta(days=30 * back) for back in range(5, -1, -1)]
METHODS: tuple[Method, ...] = ("fixed", "own_gap", "model")
NAMES = {
    "lapsed": "lapsed, balanced accuracy",
    "stages": "stages, macro-F1",
    "accuracy": "stages, accuracy",
    "transitions": "transition shares, mean absolute error (less is better)",
}
FEWEST = 10  # planted members in a stage whose passages are compared
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of each draw."""

    lapsed: Array
    stages: Array
    accuracy: Array
    transitions: Array


def score(c: Community, told: pd.DataFrame, method: Method) -> tuple[float, float, float, float]:
    """Give the four scores of one draw."""
    history = stage_history(c, as_of=MOMENTS, method=method)
    true = pd.concat([planted(told, moment) for moment in MOMENTS])
    pairs = history.merge(true, on=["member_id", "as_of"], suffixes=("", "_planted"))
    now = pairs[(pairs.as_of == AS_OF) & (pairs.stage != "prospect")]
    says, is_so = now.stage.to_numpy(str), now.stage_planted.to_numpy(str)
    moved = transition_matrix(pairs[["member_id", "as_of", "stage"]])
    planted_moves = transition_matrix(
        pairs[["member_id", "as_of"]].assign(stage=pairs.stage_planted)
    )
    accuracy = float((says == is_so).mean())
    return lapsed(says, is_so), macro_f1(says, is_so), accuracy, distance(moved, planted_moves)


def planted(told: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """Give the planted stage of each member at a moment."""
    now = told[(told.since < moment) & ((told.until >= moment) | told.until.isna())]
    utc = moment.tz_convert("UTC").as_unit("us")
    return now[["member_id", "stage"]].assign(as_of=utc)


def lapsed(says: npt.NDArray[np.str_], is_so: npt.NDArray[np.str_]) -> float:
    says_gone, is_gone = (np.isin(stages, ["dormant", "churned"]) for stages in (says, is_so))
    shares = [(says_gone == is_gone)[group].mean() for group in (is_gone, ~is_gone) if group.any()]
    return float(np.mean(shares))


def macro_f1(says: npt.NDArray[np.str_], is_so: npt.NDArray[np.str_]) -> float:
    found = []
    for stage in STAGES[1:]:
        n = (says == stage).sum() + (is_so == stage).sum()
        if n:
            found.append(2 * ((says == stage) & (is_so == stage)).sum() / n)
    return float(np.mean(found))


def distance(moved: pd.DataFrame, truly: pd.DataFrame) -> float:
    """Give the mean absolute error of shares, in stages where enough members were planted."""
    n = truly.groupby("stage_before").n_members.transform("sum")
    compared = truly.stage_before.notna() & (n >= FEWEST)
    error = (moved.share.fillna(0.0) - truly.share)[compared].abs()
    return float(error.mean())


def compare(world: str, draws: int, n_members: int) -> dict[str, Scores]:
    """Score all methods on the same draws of one world."""
    made = [WORLDS[world](n_members, seed) for seed in range(draws)]
    return {
        method: Scores(*np.array([score(c, told, method) for c, told in made]).T)
        for method in METHODS
    }


def row(world: str, scores: dict[str, Scores], name: str) -> str:
    values = {method: getattr(scores[method], name) for method in METHODS}
    cells = [world, *(f"{values[method].mean():.3f}" for method in METHODS)]
    cells += [
        interval(paired_difference(values[method], values["fixed"], random_state=0))
        for method in METHODS[1:]
    ]
    return "| " + " | ".join(cells) + " |"


def interval(found: Interval) -> str:
    return f"{found.estimate:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", nargs="*", default=list(WORLDS))
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--members", type=int, default=2_500)
    given = parser.parse_args(arguments)
    scores = {world: compare(world, given.draws, given.members) for world in given.worlds}
    for field in fields(Scores):
        print(
            f"\n| {NAMES[field.name]} | fixed | own rhythm | model | own - fixed | model - fixed |"
        )
        print("|---|---|---|---|---|---|")
        for world, found in scores.items():
            print(row(world, found, field.name))


if __name__ == "__main__":
    main()
