"""Candidates: the products worth scoring for each member, each source with its own quota.

``own``        bought before, newer and more frequent first
``neighbours`` bought by members like this one
``taste``      near the member in the matrix factorisation
``together``   bought by the same members as what this one bought
``nearby``     bought most, lately, in the member's store
``popular``    bought most, lately, everywhere
``circle``     bought by friends, inviters and invited, and group mates

All but the first give products that the member never bought. Members are worked on in blocks; a
member's candidates and scores are the same, bit for bit, whoever else is in the block.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from siyu.recommend.market.market import Market
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.sorted_keys import Bools, Floats, Ints, Keyed, ranges, run_starts, within_run
from siyu.recommend.top_entries import top_entries

from .circle import best_of_circle

__all__ = ["SOURCES", "Candidates", "Quotas", "find_candidates"]

SOURCES = ("own", "neighbours", "taste", "together", "nearby", "popular", "circle")
_BLOCK = 128
_LIST_FACTOR = 3  # how much deeper than its quota a list is read, past what was bought


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """How many candidates each source may give a member, 0 or more."""

    own: int = 120
    neighbours: int = 25
    taste: int = 25
    together: int = 25
    nearby: int = 20
    popular: int = 20
    circle: int = 25


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Pairs of member and product, with the scores of the collaborative sources.

    Attributes
    ----------
    row : int64 array, n_pairs
        Row of the member in the histories; ascending by row, then product.
    product : int64 array, n_pairs, codes
    scores : mapping of source name to float32 array, n_pairs
        0 for products outside the market's head, and for those that nobody near bought.
    """

    row: Ints
    product: Ints
    scores: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: Bools | Ints | slice) -> "Candidates":
        """Keep some of the pairs: a mask, positions, or a slice."""
        scores = {name: values[rows] for name, values in self.scores.items()}
        return Candidates(self.row[rows], self.product[rows], scores)

    @classmethod
    def joined(cls, parts: Sequence["Candidates"]) -> "Candidates":
        """Put parts one after the other."""
        scores = {
            name: np.concatenate([part.scores[name] for part in parts]) for name in parts[0].scores
        }
        return cls(
            np.concatenate([part.row for part in parts]),
            np.concatenate([part.product for part in parts]),
            scores,
        )


def find_candidates(
    market: Market,
    histories: MemberHistories,
    quotas: Quotas,
    offered: Bools | None = None,
    further: Ints | None = None,
) -> Candidates:
    """Find the candidates of some members.

    Parameters
    ----------
    market : Market
    histories : MemberHistories
    quotas : Quotas
    offered : bool array, n_products, optional
        Only these products.
    further : int64 array, optional
        Pairs ``row x n_products + product`` to be scored as well, whatever their source.

    Returns
    -------
    Candidates
        The same for a member whoever else is in the histories. Memory: some 16 MB beside the
        result.
    """
    if offered is None:
        offered = np.ones(market.n_products, np.bool_)
    if further is None:
        further = np.zeros(0, np.int64)
    return Candidates.joined(
        [
            _of_block(_Block.of(market, histories, start, offered), quotas, further)
            for start in range(0, max(len(histories), 1), _BLOCK)
        ]
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Some members, one row after the other, and what each has bought."""

    market: Market
    histories: MemberHistories
    rows: slice
    offered: Bools
    own_pairs: slice
    own_row: Ints
    own_product: Ints

    @classmethod
    def of(cls, market: Market, histories: MemberHistories, start: int, offered: Bools) -> "_Block":
        rows = slice(start, min(start + _BLOCK, len(histories)))
        pairs = slice(int(histories.starts[rows.start]), int(histories.starts[rows.stop]))
        row, product = np.divmod(histories.pairs.keys[pairs], market.n_products)
        return cls(market, histories, rows, offered, pairs, row - start, product)

    def __len__(self) -> int:
        return int(self.rows.stop - self.rows.start)

    def key(self, row: Ints, product: Ints) -> Ints:
        """Give pairs of row and product one number each."""
        return row * self.market.n_products + product

    def scores(self) -> dict[str, Floats]:
        """Score the whole head for every member."""
        market, histories = self.market, self.histories
        counts = histories.head_counts[self.rows]
        reference = histories.reference[self.rows]
        together = (counts @ market.alike).toarray()
        return {
            "neighbours": market.references.mean_of_nearest(histories.counts[self.rows], reference),
            "taste": market.factors.taste(market.factors.members(counts)),
            "together": np.asarray(together, np.float32),
        }

    def own(self, n: int) -> Ints:
        """Choose the products bought before, by decayed number of purchases."""
        kept = self.offered[self.own_product]
        row, product = self.own_row[kept], self.own_product[kept]
        decayed = self.histories.pairs.columns["decayed_90"][self.own_pairs]
        order = np.lexsort((product, -decayed[kept], row))
        place = within_run(run_starts(row), len(row))
        best = order[place < n]
        return self.key(row[best], product[best])

    def best_new(self, scores: Floats, n: int) -> Ints:
        """Choose the head's products with the best scores that were never bought."""
        head, position = self.market.head, self.market.position
        left = np.where(self.offered[head], scores, np.float32(0))
        at = position[self.own_product]
        left[self.own_row[at >= 0], at[at >= 0]] = 0
        row, column = top_entries(left, n)
        return self.key(row, head[column])

    def circle(self) -> Keyed:
        """Give what the members' circles bought, under keys of this block."""
        goods, n_products = self.histories.circle_goods, self.market.n_products
        first, last = np.array([self.rows.start, self.rows.stop]) * n_products
        part = slice(*np.searchsorted(goods.keys, [first, last]).tolist())
        return Keyed(goods.keys[part] - first, {"score": goods.columns["score"][part]})

    def new_of_circle(self, goods: Keyed, n: int) -> Ints:
        """Choose what most of the circle bought and the member never did."""
        bought = np.isin(goods.keys, self.key(self.own_row, self.own_product))
        left_out = bought | ~self.offered[goods.keys % self.market.n_products]
        return best_of_circle(goods, self.market.n_products, left_out, n)

    def first_new(self, products: Ints, starts: Ints, stops: Ints, n: int) -> Ints:
        """Choose the first products of each row's list that were never bought."""
        if not n:
            return np.zeros(0, np.int64)
        stops = np.minimum(stops, starts + n * _LIST_FACTOR)
        row = np.repeat(np.arange(len(self)), stops - starts)
        product = products[ranges(starts, stops)]
        bought = np.isin(self.key(row, product), self.key(self.own_row, self.own_product))
        kept = self.offered[product] & ~bought
        row, product = row[kept], product[kept]
        first = within_run(run_starts(row), len(row)) < n
        return self.key(row[first], product[first])


def _of_block(block: _Block, quotas: Quotas, further: Ints) -> Candidates:
    """Join the sources of one block, and read the scores of every pair."""
    market, start = block.market, block.rows.start
    n_products = market.n_products
    scores = block.scores()
    found = [block.own(quotas.own)]
    found += [block.best_new(score, getattr(quotas, name)) for name, score in scores.items()]
    place = block.histories.place[block.rows]
    begin, end = market.place_starts[place], market.place_starts[place + 1]
    end = np.where(place < 0, begin, end)
    found.append(block.first_new(market.place_products, begin, end, quotas.nearby))
    begin, end = np.zeros_like(place), np.full_like(place, len(market.popular))
    found.append(block.first_new(market.popular, begin, end, quotas.popular))
    goods = block.circle()
    found.append(block.new_of_circle(goods, quotas.circle))
    first, last = np.array([start, block.rows.stop]) * n_products
    found.append(further[(further >= first) & (further < last)] - first)
    row, product = np.divmod(np.unique(np.concatenate(found)), n_products)
    at = market.position[product]
    known = at >= 0
    columns = {name: np.zeros(len(row), np.float32) for name in scores}
    for name, score in scores.items():
        columns[name][known] = score[row[known], at[known]]
    columns["circle"] = goods.read("score", *goods.find(row * n_products + product), 0)
    return Candidates(row + start, product, columns)
