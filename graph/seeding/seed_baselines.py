"""What one would choose without a model: the best connected, the lowest constraint, chance."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.graph.centrality import pagerank
from siyu.graph.holes.burt import constraint
from siyu.graph.member_graph import MemberGraph
from siyu.graph.tie_arrays import Ties

from .seed_limits import SeedLimits
from .spread_model import ArcRows, SpreadModel

__all__ = ["baseline_seeds", "influence_rank", "seeds_by_score"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


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
    """
    n = len(into.indptr) - 1
    influenced = np.repeat(np.arange(n, dtype=np.int32), into.degree())
    turned = Ties(influenced, into.ends, into.chance)
    return pagerank(MemberGraph(pa.array(np.arange(n)), turned, directed=True))
