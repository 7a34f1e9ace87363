"""Candidates: the products worth scoring for each member, each source with its own quota.

The sources are declared in `siyu.recommend.candidates.sources`. Members are worked on in blocks; a
member's candidates and scores are the same, bit for bit, whoever else is in the block.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from siyu.datasets.ordering import distinct
from siyu.recommend.market.market import Market
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.sorted_keys import Bools, Floats, Ints

from .blocks import BLOCK, Block
from .sources import SCORED, SOURCES

__all__ = ["Candidates", "Quotas", "find_candidates", "proposals"]

_QUOTA = {source.name: source.quota for source in SOURCES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """How many candidates each source may give a member, 0 or more."""

    own: int = _QUOTA["own"]
    due: int = _QUOTA["due"]
    neighbours: int = _QUOTA["neighbours"]
    lately: int = _QUOTA["lately"]
    taste: int = _QUOTA["taste"]
    foretold: int = _QUOTA["foretold"]
    together: int = _QUOTA["together"]
    baskets: int = _QUOTA["baskets"]
    lines: int = _QUOTA["lines"]
    launches: int = _QUOTA["launches"]
    nearby: int = _QUOTA["nearby"]
    regional: int = _QUOTA["regional"]
    popular: int = _QUOTA["popular"]
    this_week: int = _QUOTA["this_week"]
    season: int = _QUOTA["season"]
    circle: int = _QUOTA["circle"]
    coupons: int = _QUOTA["coupons"]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Pairs of member and product, with the scores of the sources that score.

    Attributes
    ----------
    row : int64 array, n_pairs
        Row of the member in the histories; ascending by row, then product.
    product : int64 array, n_pairs, codes
    scores : mapping of source name to float32 array, n_pairs
        0 for products outside the market's head, and for those that nobody near bought. Where
        coupons are known, ``coupons`` is 1 for what the member holds one for, else 0.
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
    n_jobs: int = 1,
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
    n_jobs : int >= 1
        Blocks worked on at once; changes the time, never the result.

    Returns
    -------
    Candidates
        The same for a member whoever else is in the histories. Memory: some 32 MB a job beside
        the result, and where coupons are known 128 bytes a product of the shop.
    """
    if offered is None:
        offered = np.ones(market.n_products, np.bool_)
    if further is None:
        further = np.zeros(0, np.int64)

    def found(start: int) -> Candidates:
        return _of_block(Block.of(market, histories, start, offered), quotas, further)

    starts = range(0, max(len(histories), 1), BLOCK)
    if n_jobs == 1 or len(starts) == 1:
        return Candidates.joined([found(start) for start in starts])
    with ThreadPoolExecutor(n_jobs) as pool:  # most of it is products of matrices and sorting
        return Candidates.joined(list(pool.map(found, starts)))


def proposals(block: Block, quotas: Quotas) -> dict[str, Ints]:
    """Ask every source: the keys ``block.key(row, product)`` that each proposes."""
    for source in SOURCES:
        if source.scores is not None:
            block.scores[source.name] = source.scores(block)
    return {source.name: source.propose(block, getattr(quotas, source.name)) for source in SOURCES}


def _of_block(block: Block, quotas: Quotas, further: Ints) -> Candidates:
    """Join the sources of one block, and read the scores of every pair."""
    market, start = block.market, block.rows.start
    n_products = market.n_products
    found = list(proposals(block, quotas).values())
    first, last = np.array([start, block.rows.stop]) * n_products
    found.append(further[(further >= first) & (further < last)] - first)
    keys = distinct(np.concatenate(found))
    row, product = np.divmod(keys, n_products)
    at = market.position[product]
    known = np.flatnonzero(at >= 0)
    places = (row[known], at[known])
    columns = {name: np.zeros(len(row), np.float32) for name in SCORED}
    for name in SCORED:
        columns[name][known] = block.scores[name][places]
    goods = block.goods_of_circle()
    columns["circle"] = goods.read("score", *goods.find(keys), 0)
    if block.couponed is not None:
        columns["coupons"] = block.couponed[row, product].astype(np.float32)
    return Candidates(row + start, product, columns)
