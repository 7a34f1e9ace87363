"""Lists for many members: candidates, features, scores and the best of them, chunk by chunk."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siyu.recommend.candidates.finding import Candidates, Quotas, find_candidates
from siyu.recommend.market.market import Market
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.ranking.ranker import plain_parts, sum_parts, top_rows
from siyu.recommend.sorted_keys import Bools, Ints

from .model import Model
from .reasons import reasons_of_rows

__all__ = [
    "Batch",
    "Scored",
    "Wanted",
    "plain_parts_of",
    "quotas_for",
    "rank_histories",
    "rank_members",
    "score_pairs",
]

_CHUNK = 2_048  # members whose histories and candidates are held at once: some 300,000 pairs


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
    row : int64 array
        Place of the member among those asked for.
    product, rank : int64 arrays
    score, probability : float64 arrays
    reason : text array
    by_trees : bool
    """

    row: Ints
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
    market: Market, histories: MemberHistories, model: Model, pairs: Candidates, which: str
) -> Scored:
    """Score candidates with the trees, or with the plain model where those lost.

    Parameters
    ----------
    market : Market
    histories : MemberHistories
    model : Model
    pairs : Candidates
    which : {"all", "new"}
        The kind of list.
    """
    ranker = model.ranker
    trees = ranker.ranks(which)
    if trees is not None:
        matrix = model.recipe.matrix(market, histories, pairs)
        score = trees.predict(matrix, num_threads=ranker.n_jobs, raw=True)
        return Scored(pairs, score, ranker.calibration.apply(score), by_trees=True)
    score = sum_parts(plain_parts_of(market, histories, pairs, which))
    return Scored(pairs, score, ranker.plain_calibration[which].apply(score), by_trees=False)


def plain_parts_of(
    market: Market, histories: MemberHistories, pairs: Candidates, which: str
) -> dict[str, NDArray[np.float64]]:
    """Score pairs without training, part by part."""
    found = histories.pairs.find(pairs.row * market.n_products + pairs.product)
    share = histories.pairs.read("share", *found, 0)
    buyers = market.numbers["buyers_lately"]
    most = float(buyers.max(initial=0.0))
    return plain_parts(which, share, pairs, buyers[pairs.product], most)


def rank_members(
    model: Model,
    codes: Ints,
    wanted: Wanted,
    progress: Callable[[int, int], None] | None = None,
) -> Batch:
    """Make the lists of some members.

    Parameters
    ----------
    model : Model
    codes : int64 array, ascending codes of the shop's purchases
    wanted : Wanted
    progress : callable (members done, members in all), optional

    Returns
    -------
    Batch
        The same for a member whoever else is asked for. Memory: some 300 MB at most beside it.
    """
    parts = []
    for start in range(0, len(codes), _CHUNK):
        chunk = codes[start : start + _CHUNK]
        histories = model.shop.histories(chunk)
        parts.append(rank_histories(model, model.shop.market, histories, wanted))
        if progress is not None:
            progress(start + len(chunk), len(codes))
    rows = [np.asarray(part.row + nth * _CHUNK) for nth, part in enumerate(parts)]
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("product", "rank", "score", "probability", "reason")
    }
    return Batch(row=np.concatenate(rows), by_trees=parts[0].by_trees, **columns)


def rank_histories(
    model: Model, market: Market, histories: MemberHistories, wanted: Wanted
) -> Batch:
    """Make the lists of members whose histories are at hand.

    Parameters
    ----------
    model : Model
        Its shop is not looked at.
    market : Market
    histories : MemberHistories
    wanted : Wanted
    """
    quotas = quotas_for(model.recipe.quotas, wanted)
    pairs = find_candidates(market, histories, quotas, wanted.offered)
    scored = score_pairs(market, histories, model, pairs, wanted.which)
    rows, ranks = top_rows(pairs, scored.score, wanted.k)
    reasons = reasons_of_rows(market, histories, pairs, rows)
    numbers = (scored.score[rows], scored.probability[rows])
    return Batch(pairs.row[rows], pairs.product[rows], ranks, *numbers, reasons, scored.by_trees)
