"""Everything that candidates and features read at one moment.

A snapshot is built from the purchases before its moment and nothing else; the same class serves
every training window, a batch, and a model read from disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from siyu.recommend.sorted_keys import Bools, Floats, Ints
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import Setting

from .factorisation import FactorOptions, Factors, factorise
from .histories import Histories
from .neighbours import AlikeMembers, alike_products, sample_rows

__all__ = ["Snapshot", "SnapshotOptions"]

_POPULAR = 400  # length of the popularity lists that candidates are drawn from


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOptions:
    """Sizes of the collaborative models.

    Parameters
    ----------
    n_head : int
        Products, the most bought lately, that are scored for members who never bought them.
    n_nearest : int
        Members like oneself whose purchases are averaged.
    n_references : int
        Members that everyone is compared with, and that the models of products learn from.
    n_alike : int
        Products kept as alike to each product.
    factors : FactorOptions
    """

    n_head: int = 8192
    n_nearest: int = 300
    n_references: int = 5000
    n_alike: int = 50
    factors: FactorOptions = field(default_factory=FactorOptions)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The state of the shop at one moment.

    Attributes
    ----------
    moment : int, microseconds since 1970 UTC
    members, products : pa.Array, sorted ids
        Codes in all arrays are positions in these.
    histories : Histories
    head : int64 array, ascending product codes
        The products that the collaborative models score.
    factors : Factors
        Rows of products stand for the head.
    alike : csr_array, n_head x n_head
        Products bought by the same members.
    references : int64 array, ascending member codes
    extra : mapping of name to float32 array, n_members
        Columns that the caller computed, such as tags; NaN unknown.
    """

    moment: int
    members: pa.Array
    products: pa.Array
    histories: Histories
    head: Ints
    factors: Factors
    alike: csr_array
    references: Ints
    extra: Mapping[str, Floats]
    options: SnapshotOptions

    @classmethod
    def of(
        cls,
        bought: Purchases,
        moment: int,
        setting: Setting,
        extra: Mapping[str, Floats],
        options: SnapshotOptions,
    ) -> "Snapshot":
        """Build the state from purchases before `moment`."""
        histories = Histories.of(bought, moment, setting)
        recent = histories.products["recent"]
        by_popularity = np.argsort(-recent, kind="stable")[: options.n_head]
        head = np.sort(by_popularity[recent[by_popularity] > 0]).astype(np.int64)
        counts = _head_counts(histories, len(bought.members), head)
        buyers = np.flatnonzero(histories.members["n_baskets"] > 0)
        seed = options.factors.random_state
        references = sample_rows(buyers, options.n_references, seed)
        return cls(
            moment=moment,
            members=bought.members,
            products=bought.products,
            histories=histories,
            head=head,
            factors=factorise(counts, references, options.factors),
            alike=alike_products(counts[references], options.n_alike),
            references=references,
            extra=extra,
            options=options,
        )

    def buyers(self) -> Ints:
        """Give the members who have bought anything, ascending."""
        return np.flatnonzero(self.histories.members["n_baskets"] > 0)

    def reader(self) -> "SnapshotReader":
        """Prepare what is derived from the snapshot, for many reads."""
        return SnapshotReader.of(self)


@dataclass(frozen=True, slots=True, eq=False)
class SnapshotReader:
    """A snapshot with the matrices that follow from it.

    Attributes
    ----------
    snapshot : Snapshot
    own_starts : int64 array, n_members + 1
        Where each member's pairs begin.
    position : int64 array, n_products
        Place of each product in the head, -1 outside.
    counts : csr_array, n_members x n_head
        Logarithm of 1 + decayed purchases.
    alike_members : AlikeMembers
    popular : int64 array
        Products by recent buyers, most first.
    popular_at : tuple of (starts, products)
        The same for every store, one after the other.
    """

    snapshot: Snapshot
    own_starts: Ints
    position: Ints
    counts: csr_array
    alike_members: AlikeMembers
    popular: Ints
    place_starts: Ints
    place_products: Ints

    @classmethod
    def of(cls, snapshot: Snapshot) -> "SnapshotReader":
        """Derive the matrices."""
        histories, head = snapshot.histories, snapshot.head
        n_members, n_products = len(snapshot.members), histories.n_products
        position = np.full(n_products, -1, np.int64)
        position[head] = np.arange(len(head))
        pairs = histories.pairs
        starts = np.searchsorted(pairs.keys, np.arange(n_members + 1) * n_products)
        shape = (n_members, n_products)
        decayed = csr_array((pairs.columns["decayed_90"], pairs.keys % n_products, starts), shape)
        shares = csr_array((pairs.columns["share"], pairs.keys % n_products, starts), shape)
        options = snapshot.options
        alike = AlikeMembers.of(
            decayed, _columns(shares, position, len(head)), snapshot.references, options.n_nearest
        )
        place_starts, place_products = _popular_at(histories)
        return cls(
            snapshot=snapshot,
            own_starts=starts,
            position=position,
            counts=_head_counts(histories, n_members, head),
            alike_members=alike,
            popular=_popular(histories),
            place_starts=place_starts,
            place_products=place_products,
        )


def _head_counts(histories: Histories, n_members: int, head: Ints) -> csr_array:
    """Give the logarithm of 1 + decayed purchases of the head's products."""
    pairs, n_products = histories.pairs, histories.n_products
    starts = np.searchsorted(pairs.keys, np.arange(n_members + 1) * n_products)
    values = np.log1p(pairs.columns["decayed_90"])
    full = csr_array((values, pairs.keys % n_products, starts), (n_members, n_products))
    position = np.full(n_products, -1, np.int64)
    position[head] = np.arange(len(head))
    return _columns(full, position, len(head))


def _columns(matrix: csr_array, position: Ints, n_columns: int) -> csr_array:
    """Keep and renumber the columns that have a position."""
    owner = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    column = position[matrix.indices]
    kept: Bools = column >= 0
    lengths = np.bincount(owner[kept], minlength=matrix.shape[0])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return csr_array((matrix.data[kept], column[kept], starts), (matrix.shape[0], n_columns))


def _popular(histories: Histories) -> Ints:
    """List the products with the most buyers lately, the smaller code first in a draw."""
    buyers = histories.products["buyers_lately"] + histories.products["buyers"] * 1e-6
    best = np.argsort(-buyers, kind="stable")[:_POPULAR]
    return best[buyers[best] > 0]


def _popular_at(histories: Histories) -> tuple[Ints, Ints]:
    """List the same for every store; equal numbers go by the number in all stores."""
    buyers = histories.place.buyers
    place, product = np.divmod(buyers.keys, histories.n_products)
    everywhere = histories.products["buyers_lately"][product]
    order = np.lexsort((product, -everywhere, -buyers.columns["buyers"], place))
    n_places = len(histories.place.n_members)
    starts = np.searchsorted(place, np.arange(n_places + 1))
    return starts, product[order]
