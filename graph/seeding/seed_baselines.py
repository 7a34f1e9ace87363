"""What one would choose without a model: the best connected, the lowest constraint, chance."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from siyu.graph.holes.burt import constraint
from siyu.graph.member_graph import MemberGraph

from .seed_limits import SeedLimits
from .spread_model import ArcRows, SpreadModel

__all__ = ["baseline_seeds", "influence_rank", "seeds_by_score"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_DAMPING = 0.85
_ROUNDS = 200
_SMALL = 1e-10


def baseline_seeds(
    graph: MemberGraph, model: SpreadModel, limits: SeedLimits, rng: np.random.Generator
) -> dict[str, list[int]]:
    """Choose seeds by each simple score, within the same limits.

    Returns
    -------
    dict of method to members in the order of choice
    """
    held_back = constraint(graph, output="pyarrow")["constraint"]
    low = -np.asarray(held_back.fill_null(np.inf).to_numpy())
    scores: dict[str, Floats] = {
        "degree": model.out.degree().astype(np.float64),
        "pagerank": influence_rank(model.into),
        "low_constraint": np.where(np.isnan(low), -np.inf, low),
        "random": rng.random(len(model)),
    }
    return {name: seeds_by_score(score, limits) for name, score in scores.items()}


def seeds_by_score(score: Floats, limits: SeedLimits) -> list[int]:
    """Take the allowed member with the highest score, again and again; of equals the first."""
    order = np.argsort(-score, kind="stable")
    state = limits.start()
    chosen: list[int] = []
    while (allowed := limits.allowed(state)[order]).any():
        member = int(order[np.argmax(allowed)])
        limits.take(state, member)
        chosen.append(member)
    return chosen


def influence_rank(into: ArcRows) -> Floats:
    """Rank members by who is influenced by them: PageRank along the ties turned around.

    Who is influenced passes its rank on to those who influence it, by the chances of the ties.

    Parameters
    ----------
    into : ArcRows
        Row of a member: who may reach it.

    Returns
    -------
    float64 array, n values that add up to 1

    References
    ----------
    Brin & Page (1998), "The anatomy of a large-scale hypertextual web search engine", Computer
    Networks 30, 107-117; damping 0.85.
    """
    n = len(into.indptr) - 1
    if not n:
        return np.zeros(0)
    received = np.add.reduceat(np.append(into.chance, 0.0), into.indptr[:-1])
    received = np.where(into.degree() > 0, received, 0.0)
    passes: Any = sparse.csr_array((into.chance, into.ends, into.indptr), shape=(n, n)).T.tocsr()
    rank = np.full(n, 1 / n)
    idle = received == 0
    for _ in range(_ROUNDS):
        shared = np.divide(rank, received, out=np.zeros(n), where=~idle)
        lost = float(rank[idle].sum())
        new = (1 - _DAMPING + _DAMPING * lost) / n + _DAMPING * (passes @ shared)
        moved = float(np.abs(new - rank).sum())
        rank = new
        if moved < _SMALL:
            break
    return rank
