"""Make lists with RecTools: candidates by ALS, BM25 and popularity, ordered by a LightGBM ranker.

Runs in an environment of its own, since RecTools 0.19 pins numpy below 2 and pandas below 3:

    python3 -m venv rectools
    rectools/bin/pip install "rectools==0.19.*" "lightgbm==4.*" scikit-learn "numpy<2" "pyarrow<21"

`bench_recommend.py --rectools rectools/bin/python` calls it; by hand:

    rectools/bin/python benchmarks/rectools_two_stage.py bought.parquet lists.parquet --only-new

``bought.parquet`` holds one row a member, item and basket: ``member``, ``item``, ``time`` (naive).
A row weighs half as much every ``--half-life`` days: of plain counts, their logarithms, decayed
counts and whether bought at all, this served RecTools best on an earlier window.
``lists.parquet`` gets ``member``, ``item``, ``rank``. The stages are those of the tutorial of
RecTools, at sizes that serve it best here; its re-ranker gives LGBMRanker no groups, so that the
rows are put in order of members and the groups are passed by hand.
"""

import argparse
import os
import warnings
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender
from lightgbm import LGBMRanker
from rectools import Columns
from rectools.dataset import Dataset
from rectools.model_selection import TimeRangeSplitter
from rectools.models import ImplicitALSWrapperModel, ImplicitItemKNNWrapperModel, PopularModel
from rectools.models.ranking import (
    CandidateGenerator,
    CandidateRankingModel,
    PerUserNegativeSampler,
    Reranker,
)

__all__ = ["GroupedReranker", "decayed", "lists_of", "main"]


class GroupedReranker(Reranker):  # type: ignore[misc]
    """A re-ranker that tells LGBMRanker which rows belong to one member."""

    def prepare_fit_kwargs(self, candidates_with_target: pd.DataFrame) -> dict[str, Any]:
        """Order the rows by member and count them."""
        rows = candidates_with_target.sort_values(Columns.User, kind="stable")
        sizes = rows.groupby(Columns.User, sort=True).size().to_numpy()
        ready: dict[str, Any] = super().prepare_fit_kwargs(rows)
        return ready | {"group": sizes}


def decayed(bought: pd.DataFrame, half_life: float) -> pd.DataFrame:
    """Weigh every row by its age before the newest one."""
    age = (bought["time"].max() - bought["time"]) / pd.Timedelta("1D")
    return bought.assign(**{Columns.Weight: 0.5 ** (age / half_life)})


def lists_of(bought: pd.DataFrame, k: int, *, only_new: bool, days: int) -> pd.DataFrame:
    """Fit both stages on what was bought, the last `days` as targets, and list `k` items each."""
    rows = bought.rename(
        columns={"member": Columns.User, "item": Columns.Item, "time": Columns.Datetime}
    )
    dataset = Dataset.construct(rows)
    als = AlternatingLeastSquares(
        factors=64, regularization=10.0, alpha=1.0, iterations=15, random_state=0, num_threads=1
    )
    stages = [
        (ImplicitALSWrapperModel(als), 150),
        (ImplicitItemKNNWrapperModel(BM25Recommender(K=100, num_threads=1)), 150),
        (PopularModel(), 50),
    ]
    model = CandidateRankingModel(
        candidate_generators=[
            CandidateGenerator(one, size, keep_ranks=True, keep_scores=True) for one, size in stages
        ],
        splitter=TimeRangeSplitter(f"{days}D", n_splits=1, filter_already_seen=only_new),
        reranker=GroupedReranker(
            LGBMRanker(n_estimators=200, num_leaves=31, random_state=0, n_jobs=1, verbose=-1)
        ),
        sampler=PerUserNegativeSampler(n_negatives=50, random_state=0),
    )
    model.fit(dataset)
    users = np.sort(rows[Columns.User].unique())
    found = model.recommend(users=users, dataset=dataset, k=k, filter_viewed=only_new)
    named = found.rename(columns={Columns.User: "member", Columns.Item: "item"})
    return named[["member", "item", Columns.Rank]].sort_values(["member", Columns.Rank])


def main() -> None:
    """Read the rows, make the lists, write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bought")
    parser.add_argument("lists")
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--days", type=int, default=28, help="length of the window of targets")
    parser.add_argument("--half-life", type=float, default=90.0)
    parser.add_argument("--only-new", action="store_true")
    how = parser.parse_args()
    warnings.simplefilter("ignore")
    bought = decayed(pd.read_parquet(how.bought), how.half_life)
    found = lists_of(bought, how.k, only_new=how.only_new, days=how.days)
    found.to_parquet(how.lists, index=False)


if __name__ == "__main__":
    main()
