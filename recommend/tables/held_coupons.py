"""The coupons that members hold at a moment, and the products they are good for.

A coupon counts if it runs at the moment; personal ones for the members listed in
``offer_members``, others for everybody. Coupons valid on everything say nothing of a product and
are left out. Stock and budgets have no date and are not looked at: coupons train models.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from siyu.datasets.community import Community
from siyu.datasets.ids import lookup
from siyu.recommend.offers.offer_rows import OfferRows, may_have
from siyu.recommend.sorted_keys import Bools, Ints, ranges

from .purchases import Purchases

__all__ = ["HeldCoupons", "has_coupons", "held_coupons"]


@dataclass(frozen=True, slots=True, eq=False)
class HeldCoupons:
    """Who holds which personal coupon, and what coupons are good for.

    Attributes
    ----------
    held : csr_array, n_members x n_offers, int32 ones
    goods : csr_array, n_offers x n_products, int32 ones
    for_all : int64 array, ascending product codes
        What coupons open to everybody are good for.
    """

    held: csr_array
    goods: csr_array
    for_all: Ints

    def of_members(self, codes: Ints) -> "HeldCoupons":
        """Take some members."""
        return replace(self, held=self.held[codes])

    def of_strangers(self, n: int) -> "HeldCoupons":
        """Stand for members who hold no personal coupon."""
        return replace(self, held=csr_array((n, self.held.shape[1]), dtype=np.int32))

    def marks(self, rows: slice) -> Bools:
        """Mark what some members hold coupons for.

        Parameters
        ----------
        rows : slice of the members
            A byte a member and product: take few members at once.

        Returns
        -------
        bool array, n_rows x n_products
        """
        first, last = self.held.indptr[[rows.start, rows.stop]]
        offer = self.held.indices[first:last]
        row = np.repeat(
            np.arange(rows.stop - rows.start), np.diff(self.held.indptr[rows.start : rows.stop + 1])
        )
        starts, stops = self.goods.indptr[offer], self.goods.indptr[offer + 1]
        found = np.zeros((rows.stop - rows.start, self.goods.shape[1]), np.bool_)
        found[np.repeat(row, stops - starts), self.goods.indices[ranges(starts, stops)]] = True
        found[:, self.for_all] = True
        return found


def has_coupons(c: Community) -> bool:
    """Tell whether there are coupons for products."""
    offers = c.arrow("offers")
    if offers is None or not offers.num_rows:
        return False
    rows = OfferRows.of(c, 0)
    return bool((rows.is_coupon & (rows.product >= 0)).any())


def held_coupons(c: Community, bought: Purchases, moment: int) -> HeldCoupons:
    """Read the coupons that run at a moment.

    Parameters
    ----------
    c : Community
        Cut at the moment or later.
    bought : Purchases
        Gives the codes of members and products.
    moment : int, microseconds since 1970 UTC
    """
    n_members, n_products = len(bought.members), max(len(bought.products), 1)
    if not has_coupons(c):
        return HeldCoupons(
            held=csr_array((n_members, 0), dtype=np.int32),
            goods=csr_array((0, n_products), dtype=np.int32),
            for_all=np.zeros(0, np.int64),
        )
    cut = c.before(pd.Timestamp(moment, unit="us", tz="UTC"))
    rows = OfferRows.of(cut, moment)
    # The last stands for coupons valid on everything, whose product is -1.
    code = np.append(lookup(rows.products, bought.products), -1)[rows.product]
    kept = np.flatnonzero(rows.is_coupon & (code >= 0) & ~(rows.ends <= moment))
    personal = rows.is_personal[kept]
    n_offers = len(rows.offers)
    pairs = may_have(cut, rows, bought.members)
    offer, member = pairs // max(n_members, 1), pairs % max(n_members, 1)
    return HeldCoupons(
        held=_ones(member, offer, (n_members, n_offers)),
        goods=_ones(rows.offer[kept][personal], code[kept][personal], (n_offers, n_products)),
        for_all=np.unique(code[kept][~personal]),
    )


def _ones(row: Ints, column: Ints, shape: tuple[int, int]) -> csr_array:
    """Put a one wherever a row and a column meet."""
    keys = np.unique(row * shape[1] + column)
    starts = np.searchsorted(keys, np.arange(shape[0] + 1) * shape[1])
    return csr_array((np.ones(len(keys), np.int32), keys % max(shape[1], 1), starts), shape)
