"""The rows of a list, chosen rank by rank: a share of new products, caps, variety.

All members are worked on at once, one rank after the other; a member's rows follow from the
member's own candidates. Without such wishes the best scores make the list: see `top_rows`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.recommend.sorted_keys import Bools, Ints, run_starts, within_run

__all__ = ["Chosen", "Wishes", "choose_rows"]

Numbers = NDArray[np.float64]
_LAST = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Wishes:
    """What to choose by, one entry a pair; pairs ascend by row, then product.

    Attributes
    ----------
    row, product : int64 arrays, n_pairs
    score : float64 array, n_pairs
        The order of all products.
    discover : float64 array, n_pairs
        The order of new products; minus infinity for those bought before.
    min_new_share : float in [0, 1]
    caps : sequence of (int64 array, n_pairs, most)
        Group of every pair, -1 unknown, and how many of one group a list may hold.
    kinds : int64 array, n_attributes x n_pairs
        Groups by which products are alike.
    diversity : float in [0, 1)
    """

    row: Ints
    product: Ints
    score: Numbers
    discover: Numbers
    min_new_share: float
    caps: Sequence[tuple[Ints, int]]
    kinds: Ints
    diversity: float


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Rows of lists, ascending by member, then rank.

    Attributes
    ----------
    pair : int64 array
        Position among the pairs.
    rank : int64 array, from 1
    discovered : bool array
        The row was taken from the order of new products.
    """

    pair: Ints
    rank: Ints
    discovered: Bools


def choose_rows(wishes: Wishes, k: int) -> Chosen:
    """Choose the rows of all lists.

    Parameters
    ----------
    wishes : Wishes
    k : int >= 1

    Returns
    -------
    Chosen
        At rank ``t`` a list holds at least ``floor(min_new_share * t)`` new products, and as many
        as it takes to reach ``ceil(min_new_share * k)`` in the end, as far as there are any:
        where the order of all products alone would leave fewer, the rank goes to the best of the
        order of new ones. Variety: the
        value of a pair is ``(1 - diversity) * relevance - diversity * likeness``, with the score
        brought to 0..1 over the member's candidates, and likeness the largest share of groups
        in common with a product above.

    References
    ----------
    Carbonell & Goldstein (1998), "The use of MMR, diversity-based reranking for reordering
    documents and producing summaries", SIGIR.
    """
    if not len(wishes.row):
        nothing = np.zeros(0, np.int64)
        return Chosen(nothing, nothing, np.zeros(0, np.bool_))
    lists = _Lists(wishes)
    taken, ranks, discovered = [], [], []
    for rank in range(1, k + 1):
        pairs, by_discovery = lists.next_of_each(_due(wishes.min_new_share, rank, k))
        if not len(pairs):
            break
        taken.append(pairs)
        ranks.append(np.full(len(pairs), rank))
        discovered.append(by_discovery)
    pair, rank_of = np.concatenate(taken), np.concatenate(ranks)
    order = np.lexsort((rank_of, wishes.row[pair]))
    return Chosen(pair[order], rank_of[order], np.concatenate(discovered)[order])


def _due(share: float, rank: int, k: int) -> int:
    """Tell how many new products a list holds at least at a rank: its share, rounded up at last."""
    in_all = int(np.ceil(share * k - 1e-9))
    return max(int(np.floor(share * rank + 1e-9)), in_all - (k - rank))


class _Lists:
    """Lists in the making: what is left of the candidates, and what they have come to."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.starts = run_starts(wishes.row)
        lengths = np.diff(np.append(self.starts, len(wishes.row)))
        self.owner = np.repeat(np.arange(len(self.starts)), lengths)
        self.place = _places(wishes, wishes.score)
        self.merit = self._merit(wishes.score)
        self.is_new = wishes.discover > -np.inf
        self.merit_new = np.where(self.is_new, self._merit(wishes.discover), -np.inf)
        self.left = np.ones(len(wishes.row), np.bool_)
        self.n_new = np.zeros(len(self.starts), np.int64)
        self.n_in_group = [np.zeros(len(wishes.row), np.int64) for _ in wishes.caps]
        self.likeness = np.zeros(len(wishes.row))

    def next_of_each(self, due: int) -> tuple[Ints, Bools]:
        """Take the next pair of every list that still has one."""
        discover = (self.n_new < due) & self._any(self.left & self.is_new)
        value = np.where(discover[self.owner], self.merit_new, self.merit)
        diversity = self.wishes.diversity
        if diversity:
            value = (1 - diversity) * value - diversity * self.likeness
        value = np.where(self.left, value, -np.inf)
        is_best = self.left & (value == np.maximum.reduceat(value, self.starts)[self.owner])
        first = np.minimum.reduceat(np.where(is_best, self.place, _LAST), self.starts)
        pairs = np.flatnonzero(is_best & (self.place == first[self.owner]))
        self._take(pairs)
        return pairs, discover[self.owner[pairs]]

    def _take(self, pairs: Ints) -> None:
        """Put pairs on their lists, and note what that means for the others."""
        self.left[pairs] = False
        self.n_new[self.owner[pairs]] += self.is_new[pairs]
        for nth, (group, most) in enumerate(self.wishes.caps):
            self.n_in_group[nth] += self._shares(group, pairs)
            self.left &= self.n_in_group[nth] < most
        if self.wishes.diversity:
            alike = [self._shares(kind, pairs) for kind in self.wishes.kinds]
            np.maximum(self.likeness, np.mean(alike, axis=0), out=self.likeness)

    def _shares(self, group: Ints, pairs: Ints) -> Bools:
        """Tell which pairs are of the group that their list has just been given."""
        given = np.full(len(self.starts), -1, np.int64)
        given[self.owner[pairs]] = group[pairs]
        return np.asarray((group == given[self.owner]) & (group >= 0))

    def _any(self, flags: Bools) -> Bools:
        """Tell which lists have a pair so marked."""
        return np.asarray(np.logical_or.reduceat(flags, self.starts))

    def _merit(self, score: Numbers) -> Numbers:
        """Give what is compared: the place in the order, or for variety the score as 0..1."""
        if not self.wishes.diversity:
            return -_places(self.wishes, score).astype(np.float64)
        known = score > -np.inf
        low = np.minimum.reduceat(np.where(known, score, np.inf), self.starts)[self.owner]
        high = np.maximum.reduceat(score, self.starts)[self.owner]
        spread = np.where(high > low, high - low, 1.0)
        return np.where(known, (np.where(known, score, 0.0) - low) / spread, 0.0)


def _places(wishes: Wishes, score: Numbers) -> Ints:
    """Give the pairs of every list their places, best first; equal scores go by product."""
    order = np.lexsort((wishes.product, -score, wishes.row))
    place = np.empty(len(order), np.int64)
    place[order] = within_run(run_starts(wishes.row), len(order))
    return place
