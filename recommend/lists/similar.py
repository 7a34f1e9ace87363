"""Products like other products: bought by the same members, else of the same kind."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.errors import DataError
from siyu.datasets.ids import encode, lookup
from siyu.recommend.sorted_keys import Bools, Ints, within_run

from .model import Model

__all__ = ["find_similar"]

_KINDS = {"category": 2 / 3, "brand": 1 / 3}
"""What products of one kind have in common, and how much it counts."""
_REASONS = pa.array(["same_kind", "same_members"], pa.large_string())
Numbers = NDArray[np.float64]


def find_similar(model: Model, products: pa.Array, k: int) -> pa.Table:
    """List the `k` products most like each of some.

    Parameters
    ----------
    model : Model
    products : pa.Array, n_asked sorted ids
    k : int >= 1

    Returns
    -------
    pa.Table
        ``product_id``, ``rank``, ``similar_id``, ``score``, ``reason``, sorted by the first two.
        Cost: n_asked times the number of products.

    Raises
    ------
    DataError
        If a product is neither listed nor bought.
    """
    shelf = _Catalogue.of(model)
    asked = lookup(products, shelf.ids)
    if (asked < 0).any():
        missing = products.filter(pa.array(asked < 0)).to_pylist()
        raise DataError(
            f"{len(missing)} of the products asked for are neither listed nor bought; "
            f"the first is {missing[0]!r}"
        )
    found = [shelf.like(int(one), k) for one in asked]
    sizes = np.array([len(other) for other, _, _ in found], np.int64)
    nothing = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_))
    other, score, together = (
        np.concatenate(columns) for columns in zip(nothing, *found, strict=True)
    )
    return pa.table(
        {
            "product_id": shelf.ids.take(pa.array(np.repeat(asked, sizes))),
            "rank": pa.array(within_run(np.cumsum(sizes) - sizes, len(other)) + 1, pa.int64()),
            "similar_id": shelf.ids.take(pa.array(other)),
            "score": pa.array(score, pa.float64()),
            "reason": _REASONS.take(pa.array(together.astype(np.int64))),
        }
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Catalogue:
    """All products, bought or not; positions are places in `ids`.

    Attributes
    ----------
    model : Model
    ids : pa.Array, n sorted ids
    code : int64 array, n
        Of each product among those bought, -1 for those never bought.
    place : int64 array, n_products
        The other way round.
    shown : bool array, n
        May be offered, as far as known.
    kinds : int64 array, n_kinds x n
    sold : float64 array, n
        Members who bought it lately.
    """

    model: Model
    ids: pa.Array
    code: Ints
    place: Ints
    shown: Bools
    kinds: Ints
    sold: Numbers

    @classmethod
    def of(cls, model: Model) -> "_Catalogue":
        """Read what is known of all products."""
        shop, catalogue = model.shop, model.terms.catalogue
        ids = catalogue["product_id"].combine_chunks()
        code = lookup(ids, shop.market.products)
        place = np.zeros(shop.market.n_products, np.int64)
        place[code[code >= 0]] = np.flatnonzero(code >= 0)
        sold = np.append(shop.market.numbers["buyers_lately"], 0)[code].astype(np.float64)
        return cls(
            model=model,
            ids=ids,
            code=code,
            place=place,
            shown=model.terms.in_stock,
            kinds=np.stack([encode(catalogue[name])[0] for name in _KINDS]),
            sold=sold,
        )

    def like(self, one: int, k: int) -> tuple[Ints, Numbers, Bools]:
        """Give the places of the products like one, their scores, and who says so."""
        other, cosine = self._bought_together(one)
        share = self._in_common(one)
        share[other] = 0
        kin = np.flatnonzero(share > 0)
        kin = kin[np.lexsort((kin, -self.sold[kin], -share[kin]))]
        both, scores = np.concatenate([other, kin]), np.concatenate([cosine, share[kin]])
        together = np.arange(len(both)) < len(other)
        return both[:k], scores[:k], together[:k]

    def _bought_together(self, one: int) -> tuple[Ints, Numbers]:
        """Give the products bought by the same members, most alike first."""
        market, code = self.model.shop.market, self.code[one]
        row = market.position[code] if code >= 0 else -1
        if row < 0:
            return np.zeros(0, np.int64), np.zeros(0)
        entries = slice(market.alike.indptr[row], market.alike.indptr[row + 1])
        other = self.place[market.head[market.alike.indices[entries]]]
        cosine = market.alike.data[entries].astype(np.float64)
        at = np.flatnonzero(self.shown[other] & (cosine > 0))
        at = at[np.lexsort((other[at], -cosine[at]))]
        return other[at], cosine[at]

    def _in_common(self, one: int) -> Numbers:
        """Give how much every product that is shown has in common with one."""
        mine = self.kinds[:, [one]]
        share = np.array([*_KINDS.values()]) @ ((self.kinds == mine) & (mine >= 0))
        share[one] = 0
        return np.where(self.shown, share, 0.0)
