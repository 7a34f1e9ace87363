"""Lists for many members: candidates, features, scores and the best of them, chunk by chunk."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siyu.recommend.candidates.finding import Candidates, Quotas, find_candidates
from siyu.recommend.market.snapshot import SnapshotReader
from siyu.recommend.ranking.ranker import Ranker, plain_parts, sum_parts, top_rows
from siyu.recommend.ranking.training import Recipe
from siyu.recommend.sorted_keys import Bools, Ints

from .reasons import reasons_of_rows

__all__ = [
    "Batch",
    "Scored",
    "Wanted",
    "plain_parts_of",
    "quotas_for",
    "rank_members",
    "score_pairs",
]

_CHUNK = 2_048  # members whose candidates are held at once: some 300,000 pairs


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Candidates with what the ranker says of them.

    Attributes
    ----------
    pairs : Candidates, n_pairs
    score : float64 array, n_pairs
    probability : float64 array, n_pairs in [0, 1]; NaN where nothing is known
    by_trees : bool
    """

    pairs: Candidates
    score: NDArray[np.float64]
    probability: NDArray[np.float64]
    by_trees: bool


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What lists are asked for.

    Attributes
    ----------
    k : int >= 1
    only_new : bool
    offered : bool array, n_products
    """

    k: int
    only_new: bool
    offered: Bools

    @property
    def which(self) -> str:
        """Name the kind of list."""
        return "new" if self.only_new else "all"


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows of lists, ascending by member, then rank.

    Attributes
    ----------
    member, product, rank : int64 arrays
    score, probability : float64 arrays
    reason : text array
    by_trees : bool
    """

    member: Ints
    product: Ints
    rank: Ints
    score: NDArray[np.float64]
    probability: NDArray[np.float64]
    reason: NDArray[np.str_]
    by_trees: bool


def quotas_for(quotas: Quotas, wanted: Wanted) -> Quotas:
    """Make room for long lists; lists of new products need no old ones."""
    own = 0 if wanted.only_new else max(quotas.own, wanted.k)
    return replace(quotas, own=own, popular=max(quotas.popular, 2 * wanted.k))


def score_pairs(
    reader: SnapshotReader, recipe: Recipe, ranker: Ranker, pairs: Candidates, which: str
) -> Scored:
    """Score candidates with the trees, or with the plain model where those lost.

    Parameters
    ----------
    reader : SnapshotReader
    recipe : Recipe
    ranker : Ranker
    pairs : Candidates
    which : {"all", "new"}
        The kind of list.
    """
    trees = ranker.ranks(which)
    if trees is not None:
        matrix = recipe.matrix(reader.snapshot, pairs)
        score = trees.predict(matrix, num_threads=ranker.n_jobs, raw=True)
        return Scored(pairs, score, ranker.calibration.apply(score), by_trees=True)
    score = sum_parts(plain_parts_of(reader, pairs, which))
    return Scored(pairs, score, ranker.plain_calibration[which].apply(score), by_trees=False)


def plain_parts_of(
    reader: SnapshotReader, pairs: Candidates, which: str
) -> dict[str, NDArray[np.float64]]:
    """Score pairs of a snapshot without training, part by part."""
    histories = reader.snapshot.histories
    found = histories.pairs.find(pairs.member * histories.n_products + pairs.product)
    share = histories.pairs.read("share", *found, 0)
    buyers = histories.products["buyers_lately"]
    most = float(buyers.max(initial=0.0))
    return plain_parts(which, share, pairs, buyers[pairs.product], most)


def rank_members(
    reader: SnapshotReader,
    recipe: Recipe,
    ranker: Ranker,
    members: Ints,
    wanted: Wanted,
    progress: Callable[[int, int], None] | None = None,
) -> Batch:
    """Make the lists of some members.

    Parameters
    ----------
    reader, recipe, ranker
    members : int64 array, ascending codes
    wanted : Wanted
    progress : callable (members done, members in all), optional

    Returns
    -------
    Batch
        The same for a member whoever else is asked for. Memory: some 300 MB at most beside it.
    """
    which = wanted.which
    quotas = quotas_for(recipe.quotas, wanted)
    parts = []
    # Chunks begin where blocks of candidates begin.
    for chunk in np.split(members, np.flatnonzero(np.diff(members // _CHUNK)) + 1):
        pairs = find_candidates(reader, chunk, quotas, wanted.offered)
        scored = score_pairs(reader, recipe, ranker, pairs, which)
        rows, ranks = top_rows(pairs, scored.score, wanted.k)
        reasons = reasons_of_rows(reader.snapshot, pairs, rows)
        best = pairs.take(rows)
        columns = (scored.score[rows], scored.probability[rows], reasons)
        parts.append((best.member, best.product, ranks, *columns))
        if progress is not None:
            progress(sum(len(np.unique(part[0])) for part in parts), len(members))
    member, product, rank, score, probability, reason = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    by_trees = ranker.ranks(which) is not None
    return Batch(member, product, rank, score, probability, reason, by_trees)
