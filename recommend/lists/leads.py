"""The question turned round: which members are most likely to take one product, or a category."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.recommend.candidates.finding import Candidates, find_candidates
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.sorted_keys import Ints, run_starts

from .batches import Wanted, given_pairs, pairs_for, score_pairs
from .model import Model
from .reasons import REASONS, Coded, reasons_of_rows

__all__ = ["find_leads"]

_CHUNK = 2_048  # members looked at in one go


@dataclass(frozen=True, slots=True, eq=False)
class _Leads:
    """Members, one row each: codes, and what makes them leads."""

    member: Ints
    product: Ints
    score: NDArray[np.float64]
    probability: NDArray[np.float64]

    def best(self, n: int) -> "_Leads":
        """Keep the `n` best; equal scores go by member."""
        at = np.lexsort((self.member, -self.score))[:n]
        return _Leads(self.member[at], self.product[at], self.score[at], self.probability[at])

    @classmethod
    def joined(cls, parts: list["_Leads"]) -> "_Leads":
        """Put parts one after the other."""
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in cls.__slots__))


def find_leads(
    model: Model,
    codes: Ints,
    product: int | None,
    wanted: Wanted,
    n: int,
    progress: Callable[[int, int], None] | None = None,
) -> pa.Table:
    """List the members with the best scores for a product.

    Parameters
    ----------
    model : Model
    codes : int64 array, ascending codes of members who have bought
    product : int, or None
        Code of the product; None for the best of those in ``wanted.offered``.
    wanted : Wanted
        Its limits' rows are `codes`; ``k`` is 1, so that nobody's score depends on `n`.
    n : int >= 1
        Leads to list.
    progress : callable (members done, members in all), optional

    Returns
    -------
    pa.Table
        ``member_id``, ``rank``, ``product_id``, ``score``, ``probability``, ``source``,
        ``reason``; sorted by rank. Memory: a chunk of members, and the leads.
    """
    nothing = np.zeros(0, np.int64)
    best = _Leads(nothing, nothing, np.zeros(0), np.zeros(0))
    for start in range(0, len(codes), _CHUNK):
        chunk = codes[start : start + _CHUNK]
        some = wanted.of_rows(np.arange(start, start + len(chunk)))
        found = _of_chunk(model, chunk, product, some)
        best = _Leads.joined([best, found]).best(n)
        if progress is not None:
            progress(start + len(chunk), len(codes))
    return _table(model, best, wanted)


def _of_chunk(model: Model, codes: Ints, product: int | None, wanted: Wanted) -> _Leads:
    """Score some members, and take each one's best product."""
    market, histories = model.shop.market, model.shop.histories(codes)
    pairs = _pairs(model, histories, product, wanted)
    if wanted.only_new:
        keys = pairs.row * market.n_products + pairs.product
        pairs = pairs.take(~histories.pairs.find(keys)[1])
    scored = score_pairs(market, histories, model, pairs, wanted.which)
    order = np.lexsort((pairs.product, -scored.score, pairs.row))
    at = order[run_starts(pairs.row[order])]
    if wanted.limits is not None:
        at = at[wanted.limits.is_likely(scored.probability[at])]
    found = (pairs.product[at], scored.score[at], scored.probability[at])
    return _Leads(codes[pairs.row[at]], *found)


def _pairs(
    model: Model, histories: MemberHistories, product: int | None, wanted: Wanted
) -> Candidates:
    """Give the pairs to score: of one product with everybody, or the candidates."""
    market = model.shop.market
    if product is None:
        return pairs_for(model, market, histories, wanted)
    asked = np.arange(len(histories)) * market.n_products + product
    pairs = given_pairs(market, histories, asked)
    return pairs if wanted.limits is None else wanted.limits.keep(pairs)


def _table(model: Model, best: _Leads, wanted: Wanted) -> pa.Table:
    """Write the leads, each with its reason."""
    shop = model.shop
    by_trees = model.ranker.ranks(wanted.which) is not None
    source = pa.scalar("model" if by_trees else "fallback", pa.large_string())
    reason = pa.array(REASONS, pa.large_string()).take(pa.array(_reasons(model, best)))
    unknown = np.isnan(best.probability)
    return pa.table(
        {
            "member_id": shop.bought.members.take(pa.array(best.member, pa.int64())),
            "rank": pa.array(np.arange(1, len(unknown) + 1), pa.int64()),
            "product_id": shop.market.products.take(pa.array(best.product, pa.int64())),
            "score": pa.array(best.score, pa.float64()),
            "probability": pa.array(best.probability, pa.float64(), mask=unknown),
            "source": pa.repeat(source, len(unknown)),
            "reason": reason,
        }
    )


def _reasons(model: Model, best: _Leads) -> Coded:
    """Give every lead's reason, a chunk of members at a time."""
    shop, order = model.shop, np.argsort(best.member)
    reason = np.zeros(len(order), np.int8)
    for start in range(0, len(order), _CHUNK):
        at = order[start : start + _CHUNK]
        histories = shop.histories(best.member[at])
        keys = np.arange(len(at)) * shop.market.n_products + best.product[at]
        pairs = find_candidates(shop.market, histories, model.recipe.quotas, None, keys)
        rows = np.searchsorted(pairs.row * shop.market.n_products + pairs.product, keys)
        reason[at] = reasons_of_rows(shop.market, histories, pairs, rows)
    return reason
