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

__all__ = ["OWN", "REASONS", "reasons_of_rows", "reasons_of_segments"]

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
)
OWN = REASONS[:3]
"""Reasons that rest on the member's own purchases of the product."""

_OFTEN = 3
_ABOUT_DUE = (0.75, 2.0)  # times the member's own mean gap


def reasons_of_rows(
    market: Market, histories: MemberHistories, pairs: Candidates, rows: Ints
) -> NDArray[np.str_]:
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
    text array, n_rows codes of `REASONS`
    """
    chosen = pairs.take(rows)
    at, known = histories.pairs.find(chosen.row * market.n_products + chosen.product)
    n = histories.pairs.read("n", at, known, 0)
    gap = histories.pairs.read("gap", at, known, np.nan)
    last = histories.pairs.read("last", at, known, np.nan)
    low, high = _ABOUT_DUE
    is_due = (n >= _OFTEN) & (last >= low * gap) & (last <= high * gap)
    return np.select(
        [is_due, n >= _OFTEN, n > 0],
        OWN,
        default=_of_new(market, histories, pairs, rows),
    )


def reasons_of_segments(segment: NDArray[np.str_]) -> NDArray[np.str_]:
    """Give the reason for rows of popularity lists."""
    return np.where(segment == "everyone", "popular", "popular_nearby")


def _of_new(
    market: Market, histories: MemberHistories, pairs: Candidates, rows: Ints
) -> NDArray[np.str_]:
    """Find the source that speaks loudest for products never bought."""
    sources = ("neighbours", "taste", "together", "circle")
    starts = run_starts(pairs.row) if len(pairs) else pairs.row
    owner = np.searchsorted(starts, rows, side="right") - 1
    relative = np.stack([_over_best(pairs.scores[name], starts, (rows, owner)) for name in sources])
    loudest = relative.argmax(axis=0)
    named = np.asarray(REASONS[3:7])[loudest] if len(rows) else np.zeros(0, "<U1")
    home = histories.place[pairs.row[rows]]
    keys = home * market.n_products + pairs.product[rows]
    is_nearby = market.place.buyers.find(keys)[1] & (home >= 0)
    popular = np.where(is_nearby, "popular_nearby", "popular")
    return np.where(relative.max(axis=0, initial=0) > 0, named, popular)


def _over_best(scores: Floats, starts: Ints, chosen: tuple[Ints, Ints]) -> Floats:
    """Divide chosen scores by the largest of their member; 0 where that is not above 0."""
    rows, owner = chosen
    if not len(rows):
        return scores[:0]
    best = np.maximum.reduceat(scores, starts)[owner]
    above = best > 0
    return np.where(above, scores[rows] / np.where(above, best, np.float32(1)), np.float32(0))
