"""Lists for members without purchases that may be used: what they looked at, else what sells.

Who looked at products gets the plain model's list with events in the place of purchases; it says
``looked_at`` of what they looked at themselves. Everybody else gets what is popular in the store,
the region or everywhere; who opted out, the same list as all who did.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siyu.recommend.market.popular_lists import Listed, list_for_all, lists_by_segment
from siyu.recommend.ranking.calibration import Calibration
from siyu.recommend.ranking.ranker import LISTS
from siyu.recommend.sorted_keys import Ints, run_starts, within_run
from siyu.recommend.tables.purchases import Purchases

from .batches import Wanted, rank_members
from .choosing import choose_rows
from .limits import Limits
from .model import Model
from .reasons import LOOKED_AT, N_OWN, Coded, reasons_of_segments

__all__ = ["Cold", "from_interests", "popular_lists"]

_ROWS = 4_096  # members whose long lists are held at once
_DEEP, _DEEPER = 400, 20  # products a list is chosen from, and as many times its length


@dataclass(frozen=True, slots=True, eq=False)
class Cold:
    """Rows of lists, ascending by row, then rank; `row` is a position among those asked for."""

    row: Ints
    rank: Ints
    product: Ints
    score: NDArray[np.float64]
    probability: NDArray[np.float64]
    reason: Coded


def from_interests(model: Model, interests: Purchases, codes: Ints, wanted: Wanted) -> Cold:
    """Make lists from what members looked at.

    Parameters
    ----------
    model : Model
    interests : Purchases
        See `interests_of`.
    codes : int64 array, n_rows, ascending codes of members with events
    wanted : Wanted

    Returns
    -------
    Cold
        The score is the plain model's; what it makes of the probability is not known.
    """
    nothing = Calibration(np.zeros(0), np.zeros(0))
    ranker = replace(
        model.ranker,
        trees={},
        plain_calibration=dict.fromkeys(LISTS, nothing),
    )
    seen = replace(model.shop, bought=interests)
    # Nothing was bought: whatever is listed is new to them.
    wanted = replace(wanted, only_new=False, limits=_all_new(wanted.limits))
    batch = rank_members(replace(model, ranker=ranker, shop=seen), codes, wanted)
    reason = np.where(batch.reason < N_OWN, LOOKED_AT, batch.reason).astype(np.int8)
    numbers = (batch.score, batch.probability, reason)
    return Cold(batch.row, batch.rank, batch.product, *numbers)


def popular_lists(model: Model, codes: Ints, wanted: Wanted, *, personal: bool) -> Cold:
    """Make lists of what sells.

    Parameters
    ----------
    model : Model
    codes : int64 array, n_rows
        -1 for members who are not known.
    wanted : Wanted
    personal : bool
        Whether a member's store and region may be used.
    """
    limits = wanted.limits
    if limits is None:
        return _taken(_listed(model, codes, wanted, personal, wanted.k))
    parts = []
    deep = min(max(_DEEP, _DEEPER * wanted.k), model.shop.market.n_products)
    for begin in range(0, len(codes), _ROWS):
        rows = np.arange(begin, min(begin + _ROWS, len(codes)))
        found = _listed(model, codes[rows], wanted, personal, deep)
        parts.append((begin, _kept(found, limits.of_rows(rows), wanted.k)))
    if not parts:
        return _taken(_listed(model, codes, wanted, personal, wanted.k))
    columns = {
        name: np.concatenate([getattr(part, name) for _, part in parts])
        for name in Listed.__slots__
    }
    columns["row"] = np.concatenate([part.row + begin for begin, part in parts])
    return _taken(Listed(**columns))


def _listed(model: Model, codes: Ints, wanted: Wanted, personal: bool, k: int) -> Listed:  # noqa: FBT001
    """Read popularity lists."""
    shop = model.shop
    if not personal:
        return list_for_all(shop.market, len(codes), k, wanted.offered)
    place = np.append(shop.facts.registered, -1)[codes]
    region = np.append(shop.facts.region, -1)[codes]
    return lists_by_segment(shop.market, place, region, k, wanted.offered)


def _kept(found: Listed, limits: Limits, k: int) -> Listed:
    """Choose the first `k` rows that the limits let pass."""
    kept = limits.may_show(found.row, found.product) & limits.is_likely(found.share)
    at = np.flatnonzero(kept)
    if limits.caps or limits.rules.diversity:
        at = at[np.lexsort((found.product[at], found.row[at]))]
        row, product, share = found.row[at], found.product[at], found.share[at]
        discover = np.full(len(at), -np.inf)
        chosen = choose_rows(limits.wishes((row, product), share, discover, 0.0), k)
        at, rank = at[chosen.pair], chosen.rank
    else:
        rank = within_run(run_starts(found.row[at]), len(at)) + 1
        at, rank = at[rank <= k], rank[rank <= k]
    return Listed(found.row[at], rank, found.product[at], found.share[at], found.segment[at])


def _taken(found: Listed) -> Cold:
    """Take over popularity lists; the score is the probability."""
    reason = reasons_of_segments(found.segment)
    return Cold(found.row, found.rank, found.product, found.share, found.share, reason)


def _all_new(limits: Limits | None) -> Limits | None:
    """Wish for no share of new products."""
    if limits is None:
        return None
    return replace(limits, rules=replace(limits.rules, min_new_share=0.0))
