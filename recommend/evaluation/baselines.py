"""Baselines: lists that learn nothing from outcomes, to measure others against.

All of one form: a `Baseline` is called as ``f(c, as_of=..., k=10, only_new=False)`` and gives
``member_id, rank, product_id``. The ways to score are in `own_baselines`, `neighbour_baselines`
and `factor_baselines`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.community import Community
from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, from_arrow
from siyu.datasets.ids import lookup
from siyu.recommend.sorted_keys import Ints, run_starts, within_run

from .shelf import BlockScorer, Shelf, best_columns, entries_of

__all__ = ["Baseline", "Lister"]

_CELLS = 2**21  # scores held at once: 16 MB
_MOST_MEMBERS = 1_024  # at once: each may be compared with many others


@dataclass(frozen=True, slots=True)
class Baseline:
    """A way to list products for members from what was bought before a moment.

    Made by `popularity`, `own_frequency`, `own_decayed`, `tifu_knn`, `nearest_mix`,
    `item_item`, `matrix_factors` and `ease`.

    Parameters
    ----------
    name : str
    prepare : callable (Shelf) to callable (member codes) to scores
        What is learned from the shop as a whole, then what a block of members is told.
    activity : {"orders", "events"}
        What counts as a purchase, as in `OfferRecommender`.
    """

    name: str
    prepare: Callable[[Shelf], BlockScorer]
    activity: str = "orders"

    def __call__(
        self,
        c: Community,
        *,
        as_of: Any,
        k: int = 10,
        only_new: bool = False,
        members: Sequence[Any] | pa.Array | None = None,
    ) -> Frame:
        """List the `k` best products of every member.

        Equal scores, and places left over, go to the products that most members bought in the
        last 28 days. A member who opted out or never bought gets these alone.

        Parameters
        ----------
        c : Community
        as_of : Timestamp, datetime or str
            Itself excluded.
        k : int >= 1
        only_new : bool
            Leave out what the member has bought before.
        members : sequence of member ids, optional
            Default every member with a purchase before `as_of`. Staff get no list.

        Returns
        -------
        pandas frame with member_id, rank, product_id, sorted
            Products sold before `as_of` that may be recommended. Memory: some 100 MB
            beside what the method itself needs, whatever the number of members.

        Raises
        ------
        DataError
            If the community has no purchases to read.
        ParameterError
            If `k` is below 1.
        """
        return self.at(c, as_of=as_of)(k=k, only_new=only_new, members=members)

    def at(self, c: Community, *, as_of: Any) -> "Lister":
        """Learn what the shop as a whole tells at one moment, for several kinds of lists.

        Parameters
        ----------
        c, as_of
            As in the call.

        Returns
        -------
        Lister
        """
        shelf = Shelf.of(c, as_of, self.activity)
        return Lister(shelf, self.prepare(shelf), c.staff())


@dataclass(frozen=True, slots=True, eq=False)
class Lister:
    """A baseline that has learned; called with ``k``, ``only_new``, ``members``, it lists.

    Attributes
    ----------
    shelf : Shelf
    score : callable (member codes) to scores
    staff : pa.Array
        Who gets no list.
    """

    shelf: Shelf
    score: BlockScorer
    staff: pa.Array

    def __call__(
        self,
        *,
        k: int = 10,
        only_new: bool = False,
        members: Sequence[Any] | pa.Array | None = None,
    ) -> Frame:
        """List products as `Baseline` does."""
        if k < 1:
            raise ParameterError("k", f"k must be 1 or more, got {k}")
        asked, codes = self._asked(members)
        row, column = _lists(self.shelf, self.score, codes, k, only_new=only_new)
        rank = within_run(run_starts(row), len(row)) + 1
        table = pa.table(
            {
                "member_id": asked.take(pa.array(row)),
                "rank": rank,
                "product_id": self.shelf.products.take(pa.array(column)),
            }
        )
        return from_arrow(table)

    def _asked(self, members: Sequence[Any] | pa.Array | None) -> tuple[pa.Array, Ints]:
        """Give the ids and codes of those who get a list; -1 is somebody without history."""
        known = self.shelf.bought.members
        if members is None:
            buyers = np.unique(self.shelf.bought.basket_member)
            return known.take(pa.array(buyers)), buyers
        try:
            ids = pa.array(members, known.type).drop_null().unique().sort()
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ParameterError(
                "members", f"members must be ids of type {known.type}: {error}"
            ) from error
        ids = ids.filter(pa.array(lookup(ids, self.staff) < 0))
        return ids, lookup(ids, known)


def _lists(
    shelf: Shelf, score: BlockScorer, codes: Ints, k: int, *, only_new: bool
) -> tuple[Ints, Ints]:
    """Score block after block of members; give the position of the member, and the column."""
    owned = shelf.counts()
    n_columns = shelf.shape[1]
    size = min(max(1, _CELLS // max(n_columns, 1)), _MOST_MEMBERS)
    found: list[tuple[Ints, Ints]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for start in range(0, len(codes), size):
        part = codes[start : start + size]
        block = np.zeros((len(part), n_columns))
        met = np.flatnonzero(part >= 0)
        block[met] = score(part[met])
        if only_new:
            row, column = entries_of(owned, part[met])
            block[met[row], column] = -np.inf
        rows, columns = best_columns(block, k)
        found.append((rows + start, columns))
    rows, columns = (np.concatenate([one[i] for one in found]) for i in (0, 1))
    return rows, columns
