"""Members who buy alike (TIFU-kNN, and a plain mix of it), and products bought by the same members.

Everyone is compared with at most `N_REFERENCES` members, drawn once, so that the cost grows with
the members and not with their square.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.sparse import csr_array

from siyu.datasets.errors import ParameterError
from siyu.datasets.randomness import generator
from siyu.recommend.sorted_keys import Ints, run_starts, within_run

from .baselines import Baseline
from .shelf import BlockScorer, Scores, Shelf, best_columns, with_length_one

__all__ = ["N_REFERENCES", "TifuOptions", "item_item", "nearest_mix", "tifu_knn", "tifu_weights"]

N_REFERENCES = 10_000
_CELLS = 2**22


@dataclass(frozen=True, slots=True, kw_only=True)
class TifuOptions:
    """Settings of TIFU-kNN; the defaults are the authors' for Ta-Feng, another grocer.

    Parameters
    ----------
    n_groups : int >= 1
        Parts that a member's baskets are cut into, in order of time.
    basket_decay, group_decay : float in (0, 1]
        What a basket weighs less than the next of its group; a group less than the next.
    own_share : float in [0, 1]
        Weight of the member's own vector; the nearest members have the rest.
    n_nearest : int >= 1
    """

    n_groups: int = 7
    basket_decay: float = 0.9
    group_decay: float = 0.7
    own_share: float = 0.7
    n_nearest: int = 300

    def __post_init__(self) -> None:
        for name in ("n_groups", "n_nearest"):
            _require(name, getattr(self, name) >= 1, f"1 or more, got {getattr(self, name)}")
        for name in ("basket_decay", "group_decay"):
            value = getattr(self, name)
            _require(name, 0 < value <= 1, f"above 0 and at most 1, got {value}")
        _require("own_share", 0 <= self.own_share <= 1, f"in [0, 1], got {self.own_share}")


def tifu_knn(options: TifuOptions | None = None, *, activity: str = "orders") -> Baseline:
    """List by TIFU-kNN: frequencies that fade basket by basket, mixed with those of members alike.

    A member's baskets are cut into groups of nearly equal size, the later ones the longer. A
    group's vector is the mean of its baskets, each weighing ``basket_decay`` of the next; the
    member's vector is the mean of the group vectors, faded by ``group_decay`` alike. To it is
    added the mean vector of the nearest members by Euclidean distance.

    Parameters
    ----------
    options : TifuOptions, optional
    activity : {"orders", "events"}

    Returns
    -------
    Baseline

    References
    ----------
    Hu, He, Gao & Zhang (2020), "Modeling personalized item frequency information for
    next-basket recommendation", SIGIR.
    """
    how = TifuOptions() if options is None else options

    def prepare(shelf: Shelf) -> BlockScorer:
        vectors = shelf.counts(tifu_weights(shelf.bought.basket_member, how))
        nearest = _Nearest.of(shelf, vectors, vectors, how.n_nearest, is_cosine=False)
        return partial(_mix, vectors, nearest, how.own_share)

    return Baseline("TIFU-kNN", prepare, activity)


def nearest_mix(
    half_life: float = 90,
    own_share: float = 0.7,
    n_nearest: int = 300,
    *,
    activity: str = "orders",
) -> Baseline:
    """List by own decayed purchases, mixed with those of the members most alike.

    A plainer kin of TIFU-kNN: baskets fade with their age in days, a member's sums are divided
    by the sum of their baskets' weights, and likeness is the cosine.

    Parameters
    ----------
    half_life : float > 0, days
    own_share : float in [0, 1]
    n_nearest : int >= 1
    activity : {"orders", "events"}

    Returns
    -------
    Baseline
    """
    _require("half_life", half_life > 0, f"above 0, got {half_life}")
    _require("own_share", 0 <= own_share <= 1, f"in [0, 1], got {own_share}")
    _require("n_nearest", n_nearest >= 1, f"1 or more, got {n_nearest}")

    def prepare(shelf: Shelf) -> BlockScorer:
        counts = shelf.decayed(half_life)
        owner = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        n_baskets = np.maximum(shelf.basket_weights(half_life), 1e-300)
        shares = csr_array(
            (counts.data / n_baskets[owner], counts.indices, counts.indptr), shape=counts.shape
        )
        vectors = with_length_one(counts)
        nearest = _Nearest.of(shelf, vectors, shares, n_nearest, is_cosine=True)
        return partial(_mix, shares, nearest, own_share)

    return Baseline("own decayed + members alike", prepare, activity)


def item_item(
    weighting: str = "cosine",
    n_alike: int = 400,
    half_life: float = 90,
    *,
    min_buyers: int = 5,
    self_weight: bool = False,
    activity: str = "orders",
) -> Baseline:
    """List products bought by the same members as the member's own products.

    Parameters
    ----------
    weighting : {"cosine", "bm25"}
        Of members: the cosine over who bought the product at all; or products of baskets' counts
        in BM25's weights, by which frequent buyers and best sellers say less.
    n_alike : int >= 1
        Products kept as alike, of each.
    half_life : float > 0, days
        The member's own products count the less the older they are.
    min_buyers : int >= 1
        Products with fewer buyers take no part.
    self_weight : bool
        Whether a product is alike itself, and what a member buys again and again listed for its
        own sake; else only if the member's other products speak for it.
    activity : {"orders", "events"}

    Returns
    -------
    Baseline
        Cost: the squared number of products with enough buyers, in time; memory n_alike each.

    References
    ----------
    Sarwar, Karypis, Konstan & Riedl (2001), "Item-based collaborative filtering recommendation
    algorithms", WWW. Robertson & Zaragoza (2009), "The probabilistic relevance framework: BM25
    and beyond", Foundations and Trends in Information Retrieval 3(4), formula 3.15.
    """
    known = weighting in ("cosine", "bm25")
    _require("weighting", known, f"'cosine' or 'bm25', got {weighting!r}")
    for name, value in (("n_alike", n_alike), ("min_buyers", min_buyers)):
        _require(name, value >= 1, f"1 or more, got {value}")
    _require("half_life", half_life > 0, f"above 0, got {half_life}")

    def prepare(shelf: Shelf) -> BlockScorer:
        columns = np.flatnonzero(shelf.buyers(None) >= min_buyers)
        counts = shelf.counts()[:, columns]
        weighted = _bm25(counts) if weighting == "bm25" else _cosine(counts)
        alike = _alike(weighted, n_alike)
        if self_weight:
            squares = np.bincount(weighted.indices, weighted.data**2, minlength=len(columns))
            place = np.arange(len(columns) + 1)
            itself = csr_array((squares.astype(float), place[:-1], place), shape=alike.shape)
            alike = csr_array(alike + itself)
        query = shelf.decayed(half_life)[:, columns]

        def score(members: Ints) -> Scores:
            block = np.zeros((len(members), shelf.shape[1]))
            block[:, columns] = (query[members] @ alike).toarray()
            return block

        return score

    return Baseline(f"item-item, {weighting}{' with self-weight' * self_weight}", prepare, activity)


def tifu_weights(basket_member: Ints, how: TifuOptions) -> Scores:
    """Weigh every basket by its place among the member's baskets.

    Parameters
    ----------
    basket_member : int64 array, n_baskets, ascending; a member's baskets in order of time
    how : TifuOptions

    Returns
    -------
    float64 array, n_baskets values in (0, 1]

    Examples
    --------
    >>> how = TifuOptions(n_groups=2, basket_decay=0.5, group_decay=0.1)
    >>> tifu_weights(np.zeros(3, np.int64), how).tolist()  # groups of one and of two baskets
    [0.05, 0.125, 0.25]
    """
    starts = run_starts(basket_member)
    nth = within_run(starts, len(basket_member))
    sizes = np.diff(np.append(starts, len(basket_member)))
    n = np.repeat(sizes, sizes)
    n_groups = np.minimum(n, how.n_groups)
    short = n // np.maximum(n_groups, 1)
    n_in_short = (n_groups - n % n_groups) * short
    is_long = nth >= n_in_short
    size = short + is_long
    beyond = np.where(is_long, nth - n_in_short, nth)
    group = np.where(is_long, n_groups - n % n_groups, 0) + beyond // size
    within = how.basket_decay ** (size - 1 - beyond % size) / size
    found: Scores = within * how.group_decay ** (n_groups - 1 - group) / n_groups
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Nearest:
    """Everyone's vector, and the reference members they are compared with."""

    vectors: csr_array
    squares: Scores
    references: Ints
    by_column: csr_array
    bought: csr_array
    n_nearest: int
    is_cosine: bool

    @classmethod
    def of(
        cls, shelf: Shelf, vectors: csr_array, bought: csr_array, n_nearest: int, *, is_cosine: bool
    ) -> "_Nearest":
        references = np.unique(shelf.bought.basket_member)
        if len(references) > N_REFERENCES:
            chosen = generator(0).choice(references, N_REFERENCES, replace=False)
            references = np.sort(chosen)
        owner = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
        squares: Scores = np.bincount(owner, vectors.data**2, minlength=vectors.shape[0]).astype(
            np.float64
        )
        by_column = vectors[references].T.tocsr()
        return cls(
            vectors, squares, references, by_column, bought[references], n_nearest, is_cosine
        )

    def mean(self, members: Ints) -> Scores:
        """Average what the nearest of every member buy; fewer than wanted are averaged alone."""
        nearness = (self.vectors[members] @ self.by_column).toarray()
        if self.is_cosine:
            nearness[nearness <= 0] = -np.inf
        else:
            nearness = 2 * nearness - self.squares[self.references]
        at = np.searchsorted(self.references, members)
        at = np.minimum(at, max(len(self.references) - 1, 0))
        own = np.flatnonzero(self.references[at] == members)
        nearness[own, at[own]] = -np.inf
        rows, columns = best_columns(nearness, self.n_nearest)
        n_found = np.bincount(rows, minlength=len(members))
        starts = np.concatenate([[0], np.cumsum(n_found)])
        shape = (len(members), len(self.references))
        weights = 1 / np.maximum(n_found, 1)[rows]
        chosen = csr_array((weights, columns, starts), shape=shape)
        return np.asarray((chosen @ self.bought).toarray(), np.float64)


def _mix(own: csr_array, nearest: _Nearest, own_share: float, members: Ints) -> Scores:
    """Mix the member's own vector with the mean of the nearest."""
    found: Scores = own_share * own[members].toarray() + (1 - own_share) * nearest.mean(members)
    return found


def _cosine(counts: csr_array) -> csr_array:
    """Scale the columns of who bought what to length 1."""
    n_buyers = np.bincount(counts.indices, minlength=counts.shape[1])
    data = 1 / np.sqrt(n_buyers[counts.indices])
    return csr_array((data, counts.indices, counts.indptr), shape=counts.shape)


def _bm25(counts: csr_array, k1: float = 1.2, b: float = 0.75) -> csr_array:
    """Weigh counts as BM25 does, a product being a text and its buyers the words."""
    n_products = counts.shape[1]
    total = np.bincount(counts.indices, counts.data, minlength=n_products)
    relative = 1 - b + b * total / max(total.mean() if n_products else 0.0, 1e-300)
    n_bought = np.diff(counts.indptr)
    rarity = np.repeat(np.log(max(n_products, 1) / (1 + n_bought)), n_bought)
    data = counts.data * (k1 + 1) / (k1 * relative[counts.indices] + counts.data)
    data = data * np.maximum(rarity, 0)
    return csr_array((data, counts.indices, counts.indptr), shape=counts.shape)


def _alike(weighted: csr_array, n_alike: int) -> csr_array:
    """Keep the `n_alike` products that each one is most alike to, itself left out."""
    n_products = weighted.shape[1]
    by_product = weighted.T.tocsr()
    size = max(1, _CELLS // max(n_products, 1))
    found = []
    for start in range(0, n_products, size):
        block = (by_product[start : start + size] @ weighted).toarray()
        diagonal = np.arange(len(block))
        block[diagonal, start + diagonal] = 0
        block[block <= 0] = -np.inf
        rows, columns = best_columns(block, n_alike)
        found.append((rows + start, columns, block[rows, columns]))
    if not found:
        return csr_array((n_products, n_products))
    rows, columns, values = (np.concatenate([one[i] for one in found]) for i in range(3))
    starts = np.searchsorted(rows, np.arange(n_products + 1))
    kept = csr_array((values, columns, starts), shape=(n_products, n_products))
    kept.sort_indices()
    return kept


def _require(name: str, holds: bool, expected: str) -> None:  # noqa: FBT001
    if not holds:
        raise ParameterError(name, f"{name} must be {expected}")
