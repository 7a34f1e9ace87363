"""Why a product stands in a list: one code a row, read off facts that can be checked.

=====================  ==========================================================
``due_again``          bought three times or more, and about due by the own rhythm
``bought_often``       bought three times or more
``bought_before``      bought once or twice
``members_like_you``   new; bought by members who buy alike
``your_taste``         new; near the member's taste
``goes_with_yours``    new; bought by those who buy what the member buys
``friends_bought``     new; bought by friends, or by members of the same groups
``popular_nearby``     most bought lately in the member's store or region
``popular``            most bought lately
``looked_at``          never bought anything; looked at by the member
=====================  ==========================================================
"""

import numpy as np
from numpy.typing import NDArray

from siyu.recommend.candidates.finding import Candidates
from siyu.recommend.market.market import Market
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.sorted_keys import Floats, Ints, run_starts

__all__ = ["LOOKED_AT", "N_OWN", "REASONS", "Coded", "reasons_of_rows", "reasons_of_segments"]

Coded = NDArray[np.int8]
"""Positions in a list of words: a tenth of the memory of the words."""

REASONS = (
    "due_again",
    "bought_often",
    "bought_before",
    "members_like_you",
    "your_taste",
    "goes_with_yours",
    "friends_bought",
    "popular_nearby",
    "popular",
    "looked_at",
)
N_OWN = 3
"""The first so many rest on the member's own purchases of the product."""
LOOKED_AT = REASONS.index("looked_at")
_NEARBY, _POPULAR = REASONS.index("popular_nearby"), REASONS.index("popular")

_OFTEN = 3
_ABOUT_DUE = (0.75, 2.0)  # times the member's own mean gap


def reasons_of_rows(
    market: Market, histories: MemberHistories, pairs: Candidates, rows: Ints
) -> Coded:
    """Give the reason for chosen rows of the candidates.

    Parameters
    ----------
    market : Market
    histories : MemberHistories
    pairs : Candidates
        All candidates of the members: a source's score is set against the member's best.
    rows : int64 array, n_rows

    Returns
    -------
    int8 array, n_rows
        Positions in `REASONS`.
    """
    chosen = pairs.take(rows)
    at, known = histories.pairs.find(chosen.row * market.n_products + chosen.product)
    n = histories.pairs.read("n", at, known, 0)
    gap = histories.pairs.read("gap", at, known, np.nan)
    last = histories.pairs.read("last", at, known, np.nan)
    low, high = _ABOUT_DUE
    is_due = (n >= _OFTEN) & (last >= low * gap) & (last <= high * gap)
    of_new = _of_new(market, histories, pairs, rows)
    return np.select([is_due, n >= _OFTEN, n > 0], range(N_OWN), default=of_new).astype(np.int8)


def reasons_of_segments(segment: NDArray[np.str_]) -> Coded:
    """Give the reason for rows of popularity lists."""
    return np.where(segment == "everyone", _POPULAR, _NEARBY).astype(np.int8)


def _of_new(market: Market, histories: MemberHistories, pairs: Candidates, rows: Ints) -> Ints:
    """Find the source that speaks loudest for products never bought."""
    sources = ("neighbours", "taste", "together", "circle")
    starts = run_starts(pairs.row) if len(pairs) else pairs.row
    owner = np.searchsorted(starts, rows, side="right") - 1
    relative = np.stack([_over_best(pairs.scores[name], starts, (rows, owner)) for name in sources])
    loudest = N_OWN + relative.argmax(axis=0)
    home = histories.place[pairs.row[rows]]
    keys = home * market.n_products + pairs.product[rows]
    is_nearby = market.place.buyers.find(keys)[1] & (home >= 0)
    popular = np.where(is_nearby, _NEARBY, _POPULAR)
    return np.where(relative.max(axis=0, initial=0) > 0, loudest, popular)


def _over_best(scores: Floats, starts: Ints, chosen: tuple[Ints, Ints]) -> Floats:
    """Divide chosen scores by the largest of their member; 0 where that is not above 0."""
    rows, owner = chosen
    if not len(rows):
        return scores[:0]
    best = np.maximum.reduceat(scores, starts)[owner]
    above = best > 0
    return np.where(above, scores[rows] / np.where(above, best, np.float32(1)), np.float32(0))
