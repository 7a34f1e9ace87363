"""Candidates: the products worth scoring for each member, each source with its own quota.

``own``        bought before, newer and more frequent first
``neighbours`` bought by members like this one
``taste``      near the member in the matrix factorisation
``together``   bought by the same members as what this one bought
``nearby``     bought most, lately, in the member's store
``popular``    bought most, lately, everywhere

All but the first give products that the member never bought. Members are worked on in blocks with
fixed borders, so that a member's candidates and scores are the same, bit for bit, whoever else is
asked for.
"""

from dataclasses import dataclass

import numpy as np

from siyu.recommend.blas import one_blas_thread
from siyu.recommend.market.snapshot import SnapshotReader
from siyu.recommend.sorted_keys import Bools, Floats, Ints, ranges, run_starts, within_run
from siyu.recommend.top_entries import top_entries

__all__ = ["SOURCES", "Candidates", "Quotas", "find_candidates"]

SOURCES = ("own", "neighbours", "taste", "together", "nearby", "popular")
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


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Pairs of member and product, with the scores of the collaborative sources.

    Attributes
    ----------
    member, product : int64 arrays, codes, ascending by member, then product
    neighbours, taste, together : float32 arrays
        0 for products outside the snapshot's head.
    """

    member: Ints
    product: Ints
    neighbours: Floats
    taste: Floats
    together: Floats

    def __len__(self) -> int:
        return len(self.member)

    def take(self, rows: Bools | Ints | slice) -> "Candidates":
        """Keep some of the pairs: a mask, positions, or a slice."""
        return Candidates(*(getattr(self, name)[rows] for name in Candidates.__slots__))


def find_candidates(
    reader: SnapshotReader,
    members: Ints,
    quotas: Quotas,
    offered: Bools | None = None,
    further: Ints | None = None,
) -> Candidates:
    """Find the candidates of some members.

    Parameters
    ----------
    reader : SnapshotReader
    members : int64 array, ascending codes
    quotas : Quotas
    offered : bool array, n_products, optional
        Only these products.
    further : int64 array, optional
        Pairs ``member x n_products + product`` to be scored as well, whatever their source.

    Returns
    -------
    Candidates
        Memory: some 16 MB beside the result.
    """
    if offered is None:
        offered = np.ones(reader.snapshot.histories.n_products, np.bool_)
    if further is None:
        further = np.zeros(0, np.int64)
    borders = run_starts(members // _BLOCK)[1:]
    with one_blas_thread():
        found = [
            _of_block(_Block.of(reader, block, offered), quotas, further)
            for block in np.split(members, borders)
        ]
    columns = [[getattr(one, name) for one in found] for name in Candidates.__slots__]
    return Candidates(*(np.concatenate(parts) for parts in columns))


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Some members between two borders, and what each has bought."""

    reader: SnapshotReader
    members: Ints
    offered: Bools
    own_pairs: Ints
    own_row: Ints
    own_product: Ints

    @classmethod
    def of(cls, reader: SnapshotReader, members: Ints, offered: Bools) -> "_Block":
        starts, stops = reader.own_starts[members], reader.own_starts[members + 1]
        pairs = ranges(starts, stops)
        row = np.repeat(np.arange(len(members)), stops - starts)
        histories = reader.snapshot.histories
        product = histories.pairs.keys[pairs] % histories.n_products
        return cls(reader, members, offered, pairs, row, product)

    def key(self, row: Ints, product: Ints) -> Ints:
        """Give pairs of row and product one number each."""
        return row * self.reader.snapshot.histories.n_products + product

    def scores(self) -> dict[str, Floats]:
        """Score the whole head for every member."""
        reader, snapshot = self.reader, self.reader.snapshot
        factors = snapshot.factors
        first = int(self.members[0]) // _BLOCK * _BLOCK if len(self.members) else 0
        whole = factors.members[first : first + _BLOCK] @ factors.products.T
        together = (reader.counts[self.members] @ snapshot.alike).toarray()
        return {
            "neighbours": reader.alike_members.mean_of_nearest(self.members),
            "taste": whole[self.members - first],
            "together": np.asarray(together, np.float32),
        }

    def own(self, n: int) -> Ints:
        """Choose the products bought before, by decayed number of purchases."""
        kept = self.offered[self.own_product]
        row, product = self.own_row[kept], self.own_product[kept]
        decayed = self.reader.snapshot.histories.pairs.columns["decayed_90"]
        order = np.lexsort((product, -decayed[self.own_pairs[kept]], row))
        place = within_run(run_starts(row), len(row))
        best = order[place < n]
        return self.key(row[best], product[best])

    def best_new(self, scores: Floats, n: int) -> Ints:
        """Choose the head's products with the best scores that were never bought."""
        snapshot = self.reader.snapshot
        left = np.where(self.offered[snapshot.head], scores, np.float32(0))
        at = self.reader.position[self.own_product]
        left[self.own_row[at >= 0], at[at >= 0]] = 0
        row, column = top_entries(left, n)
        return self.key(row, snapshot.head[column])

    def first_new(self, products: Ints, starts: Ints, stops: Ints, n: int) -> Ints:
        """Choose the first products of each row's list that were never bought."""
        if not n:
            return np.zeros(0, np.int64)
        stops = np.minimum(stops, starts + n * _LIST_FACTOR)
        row = np.repeat(np.arange(len(self.members)), stops - starts)
        product = products[ranges(starts, stops)]
        bought = np.isin(self.key(row, product), self.key(self.own_row, self.own_product))
        kept = self.offered[product] & ~bought
        row, product = row[kept], product[kept]
        first = within_run(run_starts(row), len(row)) < n
        return self.key(row[first], product[first])


def _of_block(block: _Block, quotas: Quotas, further: Ints) -> Candidates:
    """Join the sources of one block, and read the scores of every pair."""
    reader, members = block.reader, block.members
    n_products = reader.snapshot.histories.n_products
    scores = block.scores()
    found = [block.own(quotas.own)]
    found += [block.best_new(score, getattr(quotas, name)) for name, score in scores.items()]
    place = reader.snapshot.histories.place.of_member[members]
    begin, end = reader.place_starts[place], reader.place_starts[place + 1]
    end = np.where(place < 0, begin, end)
    found.append(block.first_new(reader.place_products, begin, end, quotas.nearby))
    begin, end = np.zeros_like(place), np.full_like(place, len(reader.popular))
    found.append(block.first_new(reader.popular, begin, end, quotas.popular))
    asked = np.isin(further // n_products, members)
    found.append(
        block.key(
            np.searchsorted(members, further[asked] // n_products), further[asked] % n_products
        )
    )
    row, product = np.divmod(np.unique(np.concatenate(found)), n_products)
    at = reader.position[product]
    known = at >= 0
    columns = {name: np.zeros(len(row), np.float32) for name in scores}
    for name, score in scores.items():
        columns[name][known] = score[row[known], at[known]]
    return Candidates(members[row], product, **columns)
