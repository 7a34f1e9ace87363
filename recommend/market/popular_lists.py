"""Lists for members of whom no purchase is known, or may be used.

A member who has never bought gets what members of the same store (else region) bought lately; a
member who opted out gets what everyone bought lately, the same list for all. The score is the
probability: the share of those members who bought the product within the last horizon, drawn
towards everyone's share.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.recommend.sorted_keys import Bools, Ints

from .market import Market
from .segments import Segment

__all__ = ["Listed", "list_for_all", "lists_by_segment"]

_PRIOR_MEMBERS = 20.0  # members of everyone's kind that each store or region is given


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """Rows of lists, ascending by row, then rank.

    Attributes
    ----------
    row : int64 array
        Position among the members asked for.
    rank : int64 array, from 1
    product : int64 array, codes
    share : float64 array in [0, 1]
    segment : text array of "store", "region" or "everyone"
        Whose purchases the list is made of.
    """

    row: Ints
    rank: Ints
    product: Ints
    share: NDArray[np.float64]
    segment: NDArray[np.str_]


def list_for_all(market: Market, n_rows: int, k: int, offered: Bools) -> Listed:
    """Give every row the same `k` products, most bought lately first.

    Parameters
    ----------
    market : Market
    n_rows : int
    k : int >= 1
    offered : bool array, n_products
        Only these products.
    """
    rows = np.arange(n_rows)
    return _listed(rows, np.where(offered, _share_of_all(market), 0.0), k, "everyone")


def lists_by_segment(market: Market, place: Ints, region: Ints, k: int, offered: Bools) -> Listed:
    """Give every member the products most bought lately in their store, else their region.

    Parameters
    ----------
    market : Market
    place, region : int64 arrays, n_rows
        Codes of each member's store and region; -1 unknown.
    k : int >= 1
    offered : bool array, n_products

    Returns
    -------
    Listed
        Members with neither store nor region get everyone's list. Cost: the number of stores
        and regions of these members x the number of products.
    """
    everyone = _share_of_all(market)
    left, parts = np.arange(len(place)), []
    for name, segment, codes in (
        ("store", market.place, place),
        ("region", market.region, region),
    ):
        code = codes[left]
        for one in np.unique(code[code >= 0]):
            share = np.where(offered, _share_in(segment, int(one), everyone), 0.0)
            parts.append(_listed(left[code == one], share, k, name))
        left = left[code < 0]
    parts.append(_listed(left, np.where(offered, everyone, 0.0), k, "everyone"))
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in Listed.__slots__]
    order = np.lexsort((columns[1], columns[0]))
    return Listed(*(column[order] for column in columns))


def _listed(rows: Ints, share: NDArray[np.float64], k: int, segment: str) -> Listed:
    """Give the same best `k` products to some rows."""
    best = _largest(share, k) if len(rows) else np.zeros(0, np.int64)
    return Listed(
        row=np.repeat(rows, len(best)),
        rank=np.tile(np.arange(1, len(best) + 1), len(rows)),
        product=np.tile(best, len(rows)),
        share=np.tile(share[best], len(rows)),
        segment=np.full(len(rows) * len(best), segment),
    )


def _largest(share: NDArray[np.float64], k: int) -> Ints:
    """Find the `k` largest shares above 0, of equals the first; without sorting all products."""
    among = share > 0
    if k < len(share):
        among &= share >= np.partition(share, len(share) - k)[len(share) - k]
    found = np.flatnonzero(among)
    return found[np.argsort(-share[found], kind="stable")][:k]


def _share_of_all(market: Market) -> NDArray[np.float64]:
    """Give the share of all members who bought each product lately."""
    buyers = market.numbers["buyers_lately"].astype(np.float64)
    return buyers / max(market.n_members, 1)


def _share_in(segment: Segment, code: int, everyone: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the same share among the members of one store or region, drawn towards everyone's."""
    n_products = len(everyone)
    begin, end = np.searchsorted(segment.buyers.keys, [code * n_products, (code + 1) * n_products])
    buyers = np.zeros(n_products)
    here = slice(int(begin), int(end))
    buyers[segment.buyers.keys[here] % n_products] = segment.buyers.columns["buyers"][here]
    # Visitors from elsewhere buy here too: no share is above 1.
    members = np.maximum(float(segment.n_members[code]), buyers.max(initial=0.0))
    share: NDArray[np.float64] = (buyers + _PRIOR_MEMBERS * everyone) / (members + _PRIOR_MEMBERS)
    return share
