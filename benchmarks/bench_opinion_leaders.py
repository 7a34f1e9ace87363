"""Judge opinion-leader scores by who adopted around each person: siyu's beside what others use.

Two surveys of the diffusion of innovations: 125 doctors of 4 cities who took up tetracycline, and
1,047 women of 25 Korean villages who took up family planning. People named others in several
ways (advice, talk, friend ...), once, at the end; so ties are undated, and a score may know of
nothing else but who adopted before T. Four outcomes, set down before any score was looked at:

- around: how many of those who name a person adopt after T;
- followed: how many of them adopt after T and after the person did (0 if she never does);
- excess: around, less what the same namers would do at the rate of their community (everybody
  else of it who had not adopted by T), so that being named by many is no merit by itself;
- rate: the excess a namer who had not adopted by T, shrunk (excess / (namers + 3)).

Figures are Spearman correlations within communities, averaged over them by their size and over
the cuts T, with 95 % bootstrap intervals (villages are drawn; doctors are drawn within their
cities) and, in the same draws, the difference to the in-degree. `pooled` is the correlation with
`around` over all communities together. Candidates were compared on the odd villages: there
weighing the ways of naming (root of number x strength) promised a little, which it did not keep
on the even ones; so siyu counts namers. How siyu uses behaviour was chosen on the odd villages.

    python benchmarks/bench_opinion_leaders.py                  # needs SIYU_DATA
    python benchmarks/bench_opinion_leaders.py medinnovations --resamples 50
"""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from siyu.graph.holes.burt import structural_holes
from siyu.graph.member_graph import MemberGraph
from siyu.graph.ranking.opinion_leaders import opinion_leaders, opinion_scores

__all__ = ["Survey", "correlations", "main", "outcomes", "read", "scores", "table"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

OURS, OURS_KNOWING, BASE = "siyu", "siyu, behaviour known", "in-degree"
OUTCOMES = ("around", "followed", "excess", "rate")
PARTS = {"kfamily-odd": 1, "kfamily-even": 0, "kfamily": None, "medinnovations": None}
CUTS = {"kfamily": (2, 4, 6), "medinnovations": (3, 5, 7)}
LAST = {"kfamily": 10, "medinnovations": 17}
_SHRINK = 3


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Who named whom (in how many ways), in which community, and who adopted when.

    ``adopted_at`` is above ``last`` for who never did; the cuts are the moments T.
    """

    graph: MemberGraph
    community: Ints
    adopted_at: Ints
    last: int
    cuts: tuple[int, ...]


def read(name: str, folder: Path) -> Survey:
    """Read one survey, or the odd or even villages of it."""
    data = name.partition("-")[0]
    members = pd.read_parquet(folder / f"{data}_members.parquet").sort_values("member_id")
    ties = pd.read_parquet(folder / f"{data}_ties.parquet")
    if PARTS[name] is not None:
        members = members[members["community"] % 2 == PARTS[name]]
        ties = ties[ties["src"].isin(members["member_id"])]
    ends = ties.rename(columns={"src": "source", "dst": "target"})[["source", "target"]]
    return Survey(
        MemberGraph.from_ties(ends, ids=members["member_id"].to_numpy()),
        members["community"].to_numpy(np.int64),
        members["toa"].to_numpy(np.int64),
        LAST[data],
        CUTS[data],
    )


def outcomes(survey: Survey, cut: int) -> dict[str, Floats]:
    """Give what happened around every person after a cut."""
    namer, named = survey.graph.ties.source, survey.graph.ties.target
    when, n = survey.adopted_at, len(survey.graph)
    is_open, later = when > cut, (when > cut) & (when <= survey.last)
    n_open = np.bincount(survey.community, is_open)[survey.community]
    n_later = np.bincount(survey.community, later)[survey.community]
    expected = np.where(is_open, (n_later - later) / np.maximum(n_open - 1, 1), 0.0)
    around = np.bincount(named, later[namer], n)
    did = when[named] <= survey.last
    followed = np.bincount(named, later[namer] & did & (when[namer] > when[named]), n)
    excess = around - np.bincount(named, expected[namer], n)
    rate = excess / (np.bincount(named, is_open[namer], n) + _SHRINK)
    return {"around": around, "followed": followed, "excess": excess, "rate": rate}


def scores(survey: Survey, cut: int) -> dict[str, Floats]:
    """Score everybody by the ties, and in the last rows by who adopted before the cut."""
    graph, n = survey.graph, len(survey.graph)
    namer, named, weight = graph.ties.source, graph.ties.target, graph.ties.weight
    peer = graph.to_networkx()
    n_named_by = np.array([peer.in_degree(i) for i in graph.ids.to_pylist()], float)
    adopted = survey.adopted_at <= cut
    n_open = np.bincount(named[~adopted[namer]], minlength=n)
    mutual = _mutual(namer, named, n)
    holes = structural_holes(graph)
    return {
        OURS: opinion_scores(graph),
        BASE: n_named_by,
        "strength (ways of naming)": np.bincount(named, weight, n),
        "root of number x strength": np.sqrt(n_named_by * np.bincount(named, weight, n)),
        "degree": np.diff(_rows(graph)).astype(float),
        "PageRank": _by_node(nx.pagerank(peer), graph),
        "HITS authority": _authority(survey),
        "low constraint": -holes["constraint"].fillna(9.0).to_numpy(),
        "betweenness": _by_node(nx.betweenness_centrality(peer), graph),
        "in-degree, mutual ties half": n_named_by - 0.5 * np.bincount(named, mutual, n),
        "named by the named": np.bincount(named, n_named_by[namer], n),
        OURS_KNOWING: opinion_scores(graph, adopted),
        "in-degree of open namers": n_open.astype(float),
        "in-degree, adopters double": n_named_by * (1 + adopted),
        "adopted before T": adopted.astype(float),
    }


def correlations(found: Floats, outcome: Floats, community: Ints) -> tuple[Floats, Ints]:
    """Give the rank correlation within each community (0 where one of both is constant)."""
    names = np.unique(community)
    rho = np.zeros(len(names))
    for nth, name in enumerate(names):
        inside = community == name
        rho[nth] = _spearman(found[inside], outcome[inside])
    return rho, np.bincount(np.searchsorted(names, community))


def table(survey: Survey, *, resamples: int, seed: int = 0) -> list[str]:
    """Give one markdown row a score."""
    by_cut = [(scores(survey, cut), outcomes(survey, cut)) for cut in survey.cuts]
    draws = _draws(survey, by_cut, resamples, np.random.default_rng(seed))
    rows = []
    for score in by_cut[0][0]:
        cells = [_cell(draws, score, outcome) for outcome in OUTCOMES]
        pooled = np.mean([_spearman(found[score], after["around"]) for found, after in by_cut])
        rows.append(f"| {score} | {' | '.join(cells)} | {pooled:.3f} |")
    return rows


def _draws(
    survey: Survey, by_cut: list[Any], resamples: int, rng: np.random.Generator
) -> dict[tuple[str, str], Floats]:
    """Give each score's correlation with each outcome: in the data first, then in every draw."""
    n_homes = len(np.unique(survey.community))
    everybody = np.arange(len(survey.graph))
    if n_homes >= 10:  # enough villages to draw among
        picked = rng.multinomial(n_homes, np.full(n_homes, 1 / n_homes), resamples)
        weights = np.vstack([np.ones(n_homes), picked])
        return _over(by_cut, lambda x, y: _drawn_homes(x, y, survey.community, weights))
    people = [everybody, *(_drawn_within(survey.community, rng) for _ in range(resamples))]
    return _over(by_cut, lambda x, y: _drawn_people(x, y, survey.community, people))


def _over(
    by_cut: list[Any], correlate: Callable[[Floats, Floats], Floats]
) -> dict[tuple[str, str], Floats]:
    names, results = by_cut[0][0], by_cut[0][1]
    return {
        (score, outcome): np.mean([correlate(f[score], y[outcome]) for f, y in by_cut], axis=0)
        for score in names
        for outcome in results
    }


def _drawn_homes(x: Floats, y: Floats, community: Ints, weights: Floats) -> Floats:
    rho, size = correlations(x, y, community)
    return np.asarray((weights @ (rho * size)) / (weights @ size))


def _drawn_people(x: Floats, y: Floats, community: Ints, people: list[Ints]) -> Floats:
    found = [correlations(x[who], y[who], community[who]) for who in people]
    return np.array([np.average(rho, weights=size) for rho, size in found])


def _drawn_within(community: Ints, rng: np.random.Generator) -> Ints:
    homes = [np.flatnonzero(community == name) for name in np.unique(community)]
    return np.concatenate([rng.choice(home, len(home)) for home in homes])


def _cell(draws: Mapping[tuple[str, str], Floats], score: str, outcome: str) -> str:
    rho, base = draws[score, outcome], draws[BASE, outcome]
    if score == BASE:
        low, high = np.quantile(rho[1:], [0.025, 0.975])
        return f"{rho[0]:.3f} [{low:.3f}, {high:.3f}]"
    low, high = np.quantile((rho - base)[1:], [0.025, 0.975])
    return f"{rho[0]:.3f} ({rho[0] - base[0]:+.3f} [{low:+.3f}, {high:+.3f}])"


def _spearman(x: Floats, y: Floats) -> float:
    a, b = rankdata(x), rankdata(y)
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _authority(survey: Survey) -> Floats:
    """Give the authority within each community: scores of one cannot flow to another."""
    found = np.zeros(len(survey.graph))
    namer, named = survey.graph.ties.source, survey.graph.ties.target
    for name in np.unique(survey.community):
        inside = np.flatnonzero(survey.community == name)
        place = np.full(len(found), -1)
        place[inside] = np.arange(len(inside))
        kept = place[namer] >= 0
        names = np.zeros((len(inside), len(inside)))
        names[place[namer[kept]], place[named[kept]]] = survey.graph.ties.weight[kept]
        found[inside] = np.abs(np.linalg.svd(names)[2][0])
    return found


def _mutual(namer: Any, named: Any, n: int) -> npt.NDArray[np.bool_]:
    there, back = namer.astype(np.int64) * n + named, named.astype(np.int64) * n + namer
    return np.isin(there, back)


def _rows(graph: MemberGraph) -> Ints:
    ties = graph.mutual()
    ends = np.concatenate([ties.source, ties.target])
    return np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=len(graph)))])


def _by_node(found: Mapping[Any, float], graph: MemberGraph) -> Floats:
    return np.array([found[i] for i in graph.ids.to_pylist()])


def _check(survey: Survey) -> None:
    """Stop unless siyu and networkx agree on who is named by how many."""
    listed = opinion_leaders(survey.graph).set_index("member_id")["n_named_by"]
    if listed.to_dict() != dict(survey.graph.to_networkx().in_degree()):
        raise SystemExit("siyu and networkx disagree on the in-degree")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("surveys", nargs="*", default=list(PARTS), help=f"of {list(PARTS)}")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--data", type=Path, default=os.environ.get("SIYU_DATA"))
    given = parser.parse_args(arguments)
    if given.data is None:
        raise SystemExit("give the folder of the public data sets with --data, or SIYU_DATA")
    for name in given.surveys:
        survey = read(name, Path(given.data) / "adoption_networks")
        _check(survey)
        homes = len(np.unique(survey.community))
        print(f"\n**{name}**: {len(survey.graph)} people, {homes} communities, T {survey.cuts}\n")
        print(f"| score | {' | '.join(OUTCOMES)} | pooled |\n|---|---|---|---|---|---|")
        print("\n".join(table(survey, resamples=given.resamples)))


if __name__ == "__main__":
    main()
