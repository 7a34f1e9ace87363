"""Lists for many members: candidates, features, scores and the best of them, chunk by chunk."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from siyu.recommend.candidates.finding import Candidates, Quotas, find_candidates
from siyu.recommend.market.market import Market
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.ranking.goals import goal_of, value_parts
from siyu.recommend.ranking.ranker import log_odds, plain_parts, sum_parts, top_rows
from siyu.recommend.sorted_keys import Bools, Ints

from .choosing import Chosen, choose_rows
from .limits import Limits
from .model import Model
from .reasons import Coded, reasons_of_rows

__all__ = [
    "Batch",
    "Scored",
    "Wanted",
    "given_pairs",
    "pairs_for",
    "plain_parts_of",
    "quotas_for",
    "rank_histories",
    "rank_members",
    "score_pairs",
]

Numbers = NDArray[np.float64]

_NO_QUOTAS = Quotas(**dict.fromkeys((one.name for one in fields(Quotas)), 0))
_CHUNK = 2_048  # members whose histories and candidates are held at once: some 300,000 pairs


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Candidates with what the ranker says of them.

    Attributes
    ----------
    pairs : Candidates, n_pairs
    likely : float64 array, n_pairs
        The score of the ranker; for goals that are money the logarithm of the probability.
    earning : float64 array, n_pairs
        0; for goals that are money the logarithm of what a purchase brings.
    probability : float64 array, n_pairs in [0, 1]; NaN where nothing is known
    by_trees : bool
    """

    pairs: Candidates
    likely: Numbers
    earning: Numbers
    probability: Numbers
    by_trees: bool

    @property
    def score(self) -> Numbers:
        """Give the score by which products are put in order."""
        return self.likely + self.earning


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What lists are asked for.

    Attributes
    ----------
    k : int >= 1
    only_new : bool
    offered : bool array, n_products
    limits : Limits, optional
        What else the lists must keep to; its rows are the members in question.
    """

    k: int
    only_new: bool
    offered: Bools
    limits: Limits | None = None

    @property
    def which(self) -> str:
        """Name the kind of list."""
        return "new" if self.only_new else "all"

    def of_rows(self, rows: Ints) -> "Wanted":
        """Take some of the members: their positions become their numbers."""
        if self.limits is None:
            return self
        return replace(self, limits=self.limits.of_rows(rows))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows of lists, ascending by member, then rank.

    Attributes
    ----------
    row : int64 array
        Place of the member among those asked for.
    product, rank : int64 arrays
    score, probability : float64 arrays
    reason : int8 array
        Positions in `siyu.recommend.lists.reasons.REASONS`.
    discovered : bool array
        The order of new products gave the row its rank, and that of all products its score.
    is_new : bool array
        The member had never bought the product.
    by_trees : bool
    """

    row: Ints
    product: Ints
    rank: Ints
    score: Numbers
    probability: Numbers
    reason: Coded
    discovered: Bools
    is_new: Bools
    by_trees: bool


def quotas_for(quotas: Quotas, wanted: Wanted) -> Quotas:
    """Make room for long lists; lists of new products need no old ones."""
    spare = 0 if wanted.limits is None else wanted.limits.spare
    own = 0 if wanted.only_new else max(quotas.own, wanted.k) + spare
    due = 0 if wanted.only_new else quotas.due
    return replace(quotas, own=own, due=due, popular=max(quotas.popular, 2 * wanted.k) + spare)


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
        raw = trees.score(matrix, num_threads=ranker.n_jobs)
        chance = ranker.calibration[which].apply(raw)
        return Scored(pairs, *_valued(model, pairs, raw, raw), chance, by_trees=True)
    raw = sum_parts(plain_parts_of(market, histories, pairs, which))
    chance = ranker.plain_calibration[which].apply(raw)
    # Without a window to learn from, the plain score stands for the probability.
    odds = log_odds(np.where(np.isnan(chance), raw, chance))
    return Scored(pairs, *_valued(model, pairs, raw, odds), chance, by_trees=False)


def _valued(
    model: Model, pairs: Candidates, raw: Numbers, odds: Numbers
) -> tuple[Numbers, Numbers]:
    """Part the score: how likely a purchase is, and what it brings."""
    if not goal_of(model.recipe.goal).is_money:
        return raw, np.zeros(len(raw))
    parts = value_parts(odds, model.terms.worth[pairs.product])
    return odds + parts["ceiling"], parts["worth"]


def plain_parts_of(
    market: Market, histories: MemberHistories, pairs: Candidates, which: str
) -> dict[str, Numbers]:
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
        Its limits' rows are these members.
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
        some = wanted.of_rows(np.arange(start, start + len(chunk)))
        parts.append(rank_histories(model, model.shop.market, histories, some))
        if progress is not None:
            progress(start + len(chunk), len(codes))
    rows = [np.asarray(part.row + nth * _CHUNK) for nth, part in enumerate(parts)]
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in Batch.__slots__
        if name not in ("row", "by_trees")
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
    pairs = pairs_for(model, market, histories, wanted)
    scored = score_pairs(market, histories, model, pairs, wanted.which)
    chosen = _choose(model, market, histories, scored, wanted)
    rows = chosen.pair
    row, product = pairs.row[rows], pairs.product[rows]
    return Batch(
        row=row,
        product=product,
        rank=chosen.rank,
        score=scored.score[rows],
        probability=scored.probability[rows],
        reason=reasons_of_rows(market, histories, pairs, rows),
        discovered=chosen.discovered,
        is_new=~histories.pairs.find(row * market.n_products + product)[1],
        by_trees=scored.by_trees,
    )


def pairs_for(
    model: Model, market: Market, histories: MemberHistories, wanted: Wanted
) -> Candidates:
    """Find the candidates that may be shown.

    Parameters
    ----------
    model : Model
    market : Market
    histories : MemberHistories
    wanted : Wanted
    """
    quotas, limits = quotas_for(model.recipe.quotas, wanted), wanted.limits
    launches = None
    if limits is not None:
        launches = limits.launches_for(market, histories, wanted.offered)
    n_jobs = model.ranker.n_jobs
    pairs = find_candidates(market, histories, quotas, wanted.offered, launches, n_jobs)
    pairs = model.recipe.suited(market, histories, pairs)
    if wanted.only_new:
        keys = pairs.row * market.n_products + pairs.product
        pairs = pairs.take(~histories.pairs.find(keys)[1])
    return pairs if limits is None else limits.keep(pairs)


def given_pairs(market: Market, histories: MemberHistories, keys: Ints) -> Candidates:
    """Give pairs named by ``row x n_products + product`` as candidates, whoever would find them."""
    return find_candidates(market, histories, _NO_QUOTAS, None, keys)


def _choose(
    model: Model, market: Market, histories: MemberHistories, scored: Scored, wanted: Wanted
) -> Chosen:
    """Choose the rows of the lists."""
    pairs, limits = scored.pairs, wanted.limits
    if limits is None:
        rows, ranks = top_rows(pairs, scored.score, wanted.k)
        return Chosen(rows, ranks, np.zeros(len(rows), np.bool_))
    order = scored.score + limits.bonus(wanted.which, pairs.product)
    likely = np.flatnonzero(limits.is_likely(scored.probability))
    pairs, order = pairs.take(likely), order[likely]
    if not limits.rules.reorders:
        rows, ranks = top_rows(pairs, order, wanted.k)
        return Chosen(likely[rows], ranks, np.zeros(len(rows), np.bool_))
    discover = np.full(len(pairs), -np.inf)
    share = 0.0 if wanted.only_new else limits.rules.min_new_share
    if share:
        keys = pairs.row * market.n_products + pairs.product
        is_new = np.flatnonzero(~histories.pairs.find(keys)[1])
        new = pairs.take(is_new)
        found = score_pairs(market, histories, model, new, "new").score
        discover[is_new] = found + limits.bonus("new", new.product)
    chosen = choose_rows(
        limits.wishes((pairs.row, pairs.product), order, discover, share), wanted.k
    )
    return Chosen(likely[chosen.pair], chosen.rank, chosen.discovered)
