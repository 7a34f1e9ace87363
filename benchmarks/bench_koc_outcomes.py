"""Judge KOC scores by what members brought about later: the learned score beside plain ones.

Ciao: 7,375 raters, who trust each other. Outcome of a member: pairs of a truster and a product
that the truster first rates within the year after T, after the member rated it. Trust has no
dates in this set: ties made after T are known too early, to every score alike. Years before 2009
served for tuning; the table is one look at the years from January 2009 and 2010.

Simulated brands: outcome is the number of invitees who first buy within the horizon. Other seeds
served for tuning. BeiBei: groups without dates, by initiators of whom each has at most one
successful group in this set, so that a success in one half of her groups excludes one in the
other. So those are judged who had none in the first half, drawn by a hash: what is left to see is
little, and the table says how little.

Scores against later adoption on surveyed networks: `bench_opinion_leaders.py`.

    python benchmarks/bench_koc_outcomes.py                      # needs SIYU_DATA
    python benchmarks/bench_koc_outcomes.py brands --members 1500 --seeds 20
"""

import argparse
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy import stats
from sklearn.metrics import average_precision_score

from siyu.datasets import make_community
from siyu.datasets.boosting import BoostingOptions, TrainingRows, train
from siyu.datasets.errors import SiyuWarning
from siyu.datasets.public import load_ciao
from siyu.datasets.randomness import stable_uniform
from siyu.datasets.shrinkage import shrink_rate
from siyu.graph.centrality import pagerank
from siyu.graph.holes.burt import structural_holes
from siyu.graph.member_graph import MemberGraph
from siyu.graph.ranking.learned_backtest import koc_backtest
from siyu.graph.ranking.learned_comparison import Trial, compare, draw
from siyu.graph.ranking.learned_koc import KocModel, checked_task, windows_before
from siyu.graph.ranking.learned_trials import LEARNED, grow_trees, try_out

__all__ = ["beibei", "brands", "ciao", "initiator_trial", "main", "table"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

METRICS = {"precision": ".3f", "lift": ".2f", "average_precision": ".3f", "ndcg": ".3f"}


def ciao(path: Path | None, *, resamples: int) -> list[str]:
    """Judge on the two latest whole years, all earlier ones are there to learn from."""
    c = load_ciao(path)
    model = KocModel("365D", outcome="followers", n_windows=6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)  # trust has no dates, as said above
        windows = windows_before(c, "2011-01-01", checked_task(model), 7)
        trials = []
        for place in (len(windows) - 2, len(windows) - 1):
            trees = grow_trees(windows[max(0, place - 5) : place], checked_task(model), 0)
            trials.append(try_out(c, windows[place], checked_task(model), trees))
    drawn = draw(trials, k=100, n_resamples=resamples)
    active = [window.features["n_adopted_last"] > 0 for window in windows[-2:]]
    rho = _rank_correlations(trials, active, resamples)
    brought = sum(int((trial.outcome > 0).sum()) for trial in trials)
    return [
        f"{len(trials[0].members)} members; followed were, over both years, {brought}\n",
        *table(compare(drawn, LEARNED), {name: _gained(rho, name) for name in rho}),
    ]


def brands(n: int, seeds: Sequence[int], horizon: str) -> list[str]:
    """Judge on simulated brands, each with the last window; intervals are over the brands."""
    found = []
    for seed in seeds:
        c = make_community(n, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SiyuWarning)  # ties of members with themselves
            one = koc_backtest(c, as_of="2026-06-30", model=KocModel(horizon), n_tests=1)
        found.append(one.set_index(["ranking", "metric"])["value"].rename(seed))
    values = pd.concat(found, axis=1)
    rows = ["| ranking | " + " | ".join(METRICS) + " |", "|---" * 5 + "|"]
    for name in values.index.unique("ranking"):
        cells = [_over_brands(values, name, metric, form) for metric, form in METRICS.items()]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def beibei(folder: Path, *, resamples: int) -> list[str]:
    """Judge initiators on one half of their groups by the joins of the other half."""
    groups = pd.read_parquet(folder / "groups.parquet")
    joins = pd.read_parquet(folder / "participants.parquet")
    trial = initiator_trial(groups, joins)
    drawn = draw([trial], k=1000, n_resamples=resamples)
    share = float((trial.outcome > 0).mean())
    head = f"{len(trial.members)} initiators to judge, {share:.1%} of them with joins later\n"
    return [head, *table(compare(drawn, LEARNED), {})]


def initiator_trial(groups: pd.DataFrame, joins: pd.DataFrame) -> Trial:
    """Score initiators on one half of the groups, for those who had no joins there."""
    is_first = stable_uniform(pa.array(groups["group_id"]), "halves") < 0.5
    first, second = groups[is_first], groups[~is_first]
    n_joined = joins.groupby("group_id").size()
    later = n_joined.reindex(second["group_id"], fill_value=0).to_numpy()
    won = first.loc[first["success"], "initiator_id"].unique()
    known = np.setdiff1d(first["initiator_id"].unique(), won)
    brought = pd.Series(later).groupby(second["initiator_id"].to_numpy()).sum()
    outcome = brought.reindex(known, fill_value=0).to_numpy(float)
    scores = _initiator_scores(first, joins, known)
    learns = stable_uniform(pa.array(known), "learn") < 0.5
    rows = TrainingRows.of({n: v[learns] for n, v in scores.items()}, outcome[learns])
    trees = train(rows, BoostingOptions(objective="poisson", n_trees=100, n_leaves=7))
    judged = {name: values[~learns] for name, values in scores.items()}
    learned = {LEARNED: trees.predict(judged)}
    return Trial(pa.array(known[~learns]), outcome[~learns], learned | judged)


def _initiator_scores(first: pd.DataFrame, joins: pd.DataFrame, known: Ints) -> dict[str, Floats]:
    """Count what is known of initiators from the first half: groups, own joins, items, graph."""
    joined = joins.merge(first[["group_id", "initiator_id"]], on="group_id")
    everybody = np.union1d(known, joined[["member_id", "initiator_id"]].to_numpy().ravel())
    graph = MemberGraph.from_arrays(
        joined["member_id"].to_numpy(np.int64),
        joined["initiator_id"].to_numpy(np.int64),
        ids=everybody,
        directed=True,
    )
    at = np.searchsorted(everybody, known)
    of_item = first.groupby("item_id")["success"].agg(["sum", "size"])
    rate = pd.Series(shrink_rate(of_item["sum"], of_item["size"]), of_item.index)
    items = rate.reindex(first["item_id"]).to_numpy()
    mean_rate = pd.Series(items).groupby(first["initiator_id"].to_numpy()).mean()
    ties = graph.mutual()
    degree = np.bincount(np.concatenate([ties.source, ties.target]), minlength=len(graph))
    constraint = structural_holes(graph)["constraint"].fillna(9.0).to_numpy()
    return {
        "groups started": first.groupby("initiator_id").size().reindex(known).to_numpy(float),
        "groups joined": joined.groupby("member_id")
        .size()
        .reindex(known, fill_value=0)
        .to_numpy(float),
        "success rate of the items": mean_rate.reindex(known).to_numpy(),
        "degree": degree[at].astype(float),
        "pagerank": pagerank(graph)[at],
        "low_constraint": -constraint[at],
    }


def table(found: pa.Table, more: Mapping[str, str]) -> list[str]:
    """Give one markdown row a ranking: each metric, and in brackets what the learned gains."""
    frame = found.to_pandas()
    extra = ["Spearman: all; of the active"] if more else []
    rows = ["| ranking | " + " | ".join([*METRICS, *extra]) + " |"]
    rows.append("|---" * (1 + len(METRICS) + len(extra)) + "|")
    for name, own in frame.groupby("ranking", sort=False):
        cells = []
        for metric, form in METRICS.items():
            row = own[own["metric"] == metric].iloc[0]
            if np.isnan(row["gain"]):
                span = f"{row['low']:{form}}, {row['high']:{form}}"
            else:
                span = f"{row['gain_low']:+{form}}, {row['gain_high']:+{form}}"
            cells.append(f"{row['value']:{form}} [{span}]")
        rows.append(f"| {name} | {' | '.join([*cells, *([more[name]] if more else [])])} |")
    return rows


def _rank_correlations(
    trials: Sequence[Trial], active: Sequence[npt.NDArray[np.bool_]], resamples: int
) -> dict[str, Floats]:
    """Give each score's Spearman correlation, over all and over the active, in draws."""
    rng = np.random.default_rng(0)
    total = {name: np.zeros((1 + resamples, 2)) for name in trials[0].scores}
    for trial, is_active in zip(trials, active, strict=True):
        n = len(trial.members)
        for nth in range(1 + resamples):
            who = np.arange(n) if nth == 0 else rng.integers(0, n, n)
            for column, part in enumerate((who, who[is_active[who]])):
                later = stats.rankdata(trial.outcome[part])
                for name, score in trial.scores.items():
                    ranks = stats.rankdata(np.nan_to_num(score[part], nan=-1e300))
                    rho = np.corrcoef(ranks, later)[0, 1]
                    total[name][nth, column] += rho / len(trials)
    return total


def _gained(rho: Mapping[str, Floats], name: str) -> str:
    """Write both correlations, with the interval, or that of what the learned score gains."""
    cells = []
    for column in (0, 1):
        own = rho[name][:, column]
        drawn = own if name == LEARNED else rho[LEARNED][:, column] - own
        low, high = np.quantile(drawn[1:], [0.025, 0.975])
        sign = "" if name == LEARNED else "+"
        cells.append(f"{own[0]:.3f} [{low:{sign}.3f}, {high:{sign}.3f}]")
    return "; ".join(cells)


def _over_brands(values: pd.DataFrame, name: str, metric: str, form: str) -> str:
    own, ours = values.loc[(name, metric)], values.loc[(LEARNED, metric)]
    if name == LEARNED:
        return f"{own.mean():{form}}{_within(own, form)}"
    gain = ours - own
    return f"{own.mean():{form}} ({gain.mean():+{form}}{_within(gain, form)})"


def _within(values: Any, form: str) -> str:
    """Write the half of a 95 % t interval; nothing for one brand."""
    n = len(values)
    if n < 2:
        return ""
    return f" ± {stats.t.ppf(0.975, n - 1) * values.std() / np.sqrt(n):{form}}"


def _check() -> None:
    """Stop unless siyu agrees with networkx on PageRank and scikit-learn on average precision."""
    rng = np.random.default_rng(0)
    graph = MemberGraph.from_arrays(*rng.integers(0, 50, (2, 300)), directed=True)
    peer = nx.pagerank(graph.to_networkx(), tol=1e-12, max_iter=500)
    theirs = np.array([peer[i] for i in graph.ids.to_pylist()])
    if not np.allclose(pagerank(graph), theirs, atol=1e-8):
        raise SystemExit("siyu and networkx disagree on PageRank")
    score, outcome = rng.random(200), rng.random(200) < 0.2
    trial = Trial(pa.array(np.arange(200)), outcome.astype(float), {LEARNED: score})
    ours = draw([trial], k=10, n_resamples=2)[LEARNED][0, 2]
    if not np.isclose(ours, average_precision_score(outcome, score)):
        raise SystemExit("siyu and scikit-learn disagree on average precision")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", default=["ciao", "brands", "beibei"])
    parser.add_argument("--members", type=int, default=5000, help="of each simulated brand")
    parser.add_argument("--seeds", type=int, nargs="*", default=[20, 21, 22, 23, 24])
    parser.add_argument("--horizons", nargs="*", default=["30D", "60D"])
    parser.add_argument("--resamples", type=int, default=400)
    parser.add_argument("--data", type=Path, default=os.environ.get("SIYU_DATA"))
    given = parser.parse_args(arguments)
    warnings.filterwarnings("ignore", category=SiyuWarning, message=".*dropped")
    _check()
    data = None if given.data is None else Path(given.data)
    if data is None and {"ciao", "beibei"} & set(given.parts):
        raise SystemExit("give the folder of the public data sets with --data, or SIYU_DATA")
    for part in given.parts:
        if part == "brands":
            for horizon in given.horizons:
                print(f"\n**brands**, {given.members} members, {horizon}, {given.seeds}\n")
                print("\n".join(brands(given.members, given.seeds, horizon)))
        elif data is not None:
            run, name = (ciao, "ciao") if part == "ciao" else (beibei, "beibei_groupbuy")
            print(f"\n**{part}**: metric [95 %], of others [what learned gains]\n")
            print("\n".join(run(data / name, resamples=given.resamples)))


if __name__ == "__main__":
    main()
