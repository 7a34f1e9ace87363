"""The table of lists: who gets a personal list, who a popular one, put together in order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.errors import warn
from siyu.datasets.ids import lookup, take
from siyu.recommend.sorted_keys import Bools, Ints
from siyu.recommend.tables.purchases import Purchases

from .batches import Batch, Wanted, rank_members
from .cold_lists import Cold, from_interests, popular_lists
from .model import Model
from .reasons import REASONS, Coded

__all__ = ["COLUMNS", "SOURCES", "ListRows", "find_rows", "make_lists"]

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
SOURCES = ("fallback", "model", "cold_start", "non_personal")


@dataclass(frozen=True, slots=True, eq=False)
class ListRows:
    """Rows of lists; `row` is the position among the members asked for.

    `source` and `reason` are positions in `SOURCES` and `REASONS`: a million members have ten
    million of them.
    """

    row: Ints
    rank: Ints
    product: Ints
    score: NDArray[np.float64]
    probability: NDArray[np.float64]
    source: Coded
    reason: Coded


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
        Its limits' rows are the members asked for.
    progress : callable (members done, members in all), optional

    Returns
    -------
    pa.Table with `COLUMNS`, sorted by member_id and rank

    Warns
    -----
    SiyuWarning
        If lists have fewer new products than the caller asks for.
    """
    shop = model.shop
    code = lookup(asked, shop.bought.members)
    opted_out = lookup(asked, shop.opted_out) >= 0
    return _table(find_rows(model, code, opted_out, wanted, progress), model, asked, code)


def find_rows(
    model: Model,
    code: Ints,
    opted_out: Bools,
    wanted: Wanted,
    progress: Callable[[int, int], None] | None = None,
) -> list[ListRows]:
    """Find the rows of the lists of some members, each kind of list by itself.

    Parameters
    ----------
    model : Model
    code : int64 array, n_asked
        Among the members of the shop's purchases, ascending; -1 unknown.
    opted_out : bool array, n_asked
    wanted : Wanted
    progress : callable, optional

    Returns
    -------
    list of ListRows
        Those of one kind are ascending by row, then rank.
    """
    has_bought = np.isin(code, model.shop.bought.basket_member) & ~opted_out
    interests = _usable_interests(model, wanted)
    is_seen = np.zeros(len(code), np.bool_)
    parts = []
    if has_bought.any():
        personal = np.flatnonzero(has_bought)
        batch = rank_members(model, code[personal], wanted.of_rows(personal), progress)
        _tell_of_short_lists(batch, wanted)
        parts.append(_personal(model, batch, personal))
    if interests is not None:
        is_seen = ~has_bought & np.isin(code, interests.basket_member)
    if interests is not None and is_seen.any():
        seen = np.flatnonzero(is_seen)
        found = from_interests(model, interests, code[seen], wanted.of_rows(seen))
        parts.append(_cold(found, seen, "cold_start"))
    for kept, source in ((~has_bought & ~is_seen & ~opted_out, "cold_start"), (opted_out, "")):
        rows = np.flatnonzero(kept)
        if len(rows) or not len(code):
            found = popular_lists(model, code[rows], wanted.of_rows(rows), personal=bool(source))
            parts.append(_cold(found, rows, source or "non_personal"))
    return parts


def _usable_interests(model: Model, wanted: Wanted) -> Purchases | None:
    """Give what newcomers looked at; how likely that makes a purchase, nobody knows."""
    needs_likely = wanted.limits is not None and wanted.limits.rules.min_probability > 0
    return None if needs_likely else model.terms.interests


def _personal(model: Model, batch: Batch, rows: Ints) -> ListRows:
    """Take over personal lists; rows of the order of new products say who made that one."""
    by_new = model.ranker.ranks("new") is not None
    source = np.where(batch.discovered, by_new, batch.by_trees)
    said = (source.astype(np.int8), batch.reason)
    numbers = (batch.score, batch.probability)
    return ListRows(rows[batch.row], batch.rank, batch.product, *numbers, *said)


def _cold(found: Cold, rows: Ints, source: str) -> ListRows:
    """Take over a list for members of whom no purchase is known, or may be used."""
    numbers = (found.score, found.probability)
    said = (np.full(len(found.row), SOURCES.index(source), np.int8), found.reason)
    return ListRows(rows[found.row], found.rank, found.product, *numbers, *said)


def _tell_of_short_lists(batch: Batch, wanted: Wanted) -> None:
    """Warn of lists with fewer new products than the caller asks for."""
    share = 0.0 if wanted.limits is None else wanted.limits.rules.min_new_share
    if not share or not len(batch.row):
        return
    length = np.bincount(batch.row)
    n_short = int((np.bincount(batch.row, batch.is_new) < np.ceil(share * length - 1e-9)).sum())
    if n_short:
        warn(
            f"{n_short} lists have fewer new products than min_new_share={share:g} asks for: "
            "there were no more candidates, and products bought before fill the rows"
        )


def _table(parts: list[ListRows], model: Model, asked: pa.Array, code: Ints) -> pa.Table:
    """Put the parts together, in order of member and rank."""

    def joined(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(part, name) for part in parts])

    row, rank = joined("row"), joined("rank")
    order = np.lexsort((rank, row))
    row, product = np.asarray(row[order], np.int64), np.asarray(joined("product")[order], np.int64)
    probability = np.asarray(joined("probability")[order], np.float64)
    terms = model.terms
    offer = terms.pick(code[row], product)
    columns = (
        asked.take(pa.array(row)),
        pa.array(rank[order], pa.int64()),
        model.shop.market.products.take(pa.array(product)),
        take(terms.offered.ids, offer),
        pa.array(joined("score")[order], pa.float64()),
        pa.array(probability, pa.float64(), mask=np.isnan(probability)),
        _spelt(SOURCES, joined("source")[order]),
        _spelt(REASONS, joined("reason")[order]),
    )
    return pa.Table.from_arrays(list(columns), names=list(COLUMNS))


def _spelt(words: tuple[str, ...], codes: NDArray[Any]) -> pa.Array:
    """Write out words by their positions."""
    return pa.array(words, pa.large_string()).take(pa.array(codes))
