"""The table of lists: who gets a personal list, who a popular one, put together in order."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.ids import lookup
from siyu.recommend.market.popular_lists import Listed, list_for_all, lists_by_segment
from siyu.recommend.sorted_keys import Ints
from siyu.recommend.tables.shop import Shop

from .batches import Wanted, rank_members
from .model import Model
from .reasons import reasons_of_segments

__all__ = ["COLUMNS", "make_lists"]

COLUMNS = (
    "member_id",
    "rank",
    "product_id",
    "offer_id",
    "score",
    "probability",
    "source",
    "reason",
)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows of one kind of list; `row` is the position among the members asked for."""

    row: Ints
    rank: Ints
    product: Ints
    score: NDArray[np.float64]
    probability: NDArray[np.float64]
    source: str
    reason: NDArray[np.str_]

    @classmethod
    def listed(cls, found: Listed, rows: Ints, source: str) -> "_Rows":
        """Take over a popularity list."""
        reason = reasons_of_segments(found.segment)
        share = found.share
        return cls(rows[found.row], found.rank, found.product, share, share, source, reason)


def make_lists(
    model: Model,
    asked: pa.Array,
    wanted: Wanted,
    progress: Callable[[int, int], None] | None = None,
) -> pa.Table:
    """Make the lists of the members asked for.

    Parameters
    ----------
    model : Model
    asked : pa.Array, sorted member ids, no staff
        Members the shop does not know get the list of a new member.
    wanted : Wanted
    progress : callable (members done, members in all), optional

    Returns
    -------
    pa.Table with `COLUMNS`, sorted by member_id and rank
    """
    shop = model.shop
    code = lookup(asked, shop.bought.members)
    has_bought = np.isin(code, shop.bought.basket_member)
    opted_out = lookup(asked, shop.opted_out) >= 0
    personal = np.flatnonzero(has_bought & ~opted_out)
    cold = np.flatnonzero(~has_bought & ~opted_out)
    out = np.flatnonzero(opted_out)
    parts = []
    if len(personal):
        batch = rank_members(model, code[personal], wanted, progress)
        source = "model" if batch.by_trees else "fallback"
        numbers = (batch.score, batch.probability)
        row = personal[batch.row]
        parts.append(_Rows(row, batch.rank, batch.product, *numbers, source, batch.reason))
    place = np.append(shop.facts.registered, -1)[code[cold]]
    region = np.append(shop.facts.region, -1)[code[cold]]
    popular = lists_by_segment(shop.market, place, region, wanted.k, wanted.offered)
    parts.append(_Rows.listed(popular, cold, "cold_start"))
    for_all = list_for_all(shop.market, len(out), wanted.k, wanted.offered)
    parts.append(_Rows.listed(for_all, out, "non_personal"))
    return _table(parts, shop, asked)


def _table(parts: list[_Rows], shop: Shop, asked: pa.Array) -> pa.Table:
    """Put the parts together, in order of member and rank."""

    def joined(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(part, name) for part in parts])

    row, rank = joined("row"), joined("rank")
    order = np.lexsort((rank, row))
    product = pa.array(joined("product")[order], pa.int64())
    source = np.concatenate([np.full(len(part.row), part.source, "<U12") for part in parts])
    probability = joined("probability")[order]
    columns = (
        asked.take(pa.array(row[order], pa.int64())),
        pa.array(rank[order], pa.int64()),
        shop.market.products.take(product),
        shop.offers.take(product),
        pa.array(joined("score")[order], pa.float64()),
        pa.array(probability, pa.float64(), mask=np.isnan(probability.astype(np.float64))),
        pa.array(source[order].tolist(), pa.large_string()),
        pa.array(joined("reason")[order].tolist(), pa.large_string()),
    )
    return pa.Table.from_arrays(list(columns), names=list(COLUMNS))
