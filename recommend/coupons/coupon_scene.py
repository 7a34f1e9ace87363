"""Everything a coupon ranker looks at, read once; any earlier moment is a cut of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from siyu.datasets.community import Community
from siyu.datasets.ids import encode, lookup
from siyu.recommend.sorted_keys import Floats, Ints
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import default_attributes

from .coupon_lines import CouponLines
from .coupon_pool import CouponPool
from .redemptions import Redemptions

__all__ = ["CouponScene"]


@dataclass(frozen=True, slots=True, eq=False)
class CouponScene:
    """A community's coupons, purchases and redemptions before one moment.

    Attributes
    ----------
    moment : int, microseconds since 1970 UTC
    bought : Purchases
        Its members are all customers who have not opted out: the codes of everything here.
    pool : CouponPool
    used : CouponLines
    redeemed : Redemptions
    groups : mapping of product attribute to int64 array, n_products of the pool
        Codes, -1 where unknown.
    extra : mapping of name to float32 array, n_members
        Columns that the caller computed.
    addressed, opted_out, staff : pa.Array, sorted member ids
    """

    moment: int
    bought: Purchases
    pool: CouponPool
    used: CouponLines
    redeemed: Redemptions
    groups: Mapping[str, Ints]
    extra: Mapping[str, Floats]
    addressed: pa.Array
    opted_out: pa.Array
    staff: pa.Array

    @classmethod
    def of(
        cls, c: Community, moment: int, horizon: int, attributes: tuple[str, ...] | None = None
    ) -> "CouponScene":
        """Read a community that is cut at `moment`.

        Parameters
        ----------
        c : Community
            With orders that name products, and offers.
        moment, horizon : int, microseconds
        attributes : product columns that a trained model knows, optional
            Default: category, brand and further ones.

        Raises
        ------
        DataError
            If there are no orders or no coupons.
        """
        bought = Purchases.of(c)
        pool = CouponPool.of(c, moment, horizon, bought.members, bought.products)
        if attributes is None:
            attributes = default_attributes(c, bought.products)
        return cls(
            moment=moment,
            bought=bought,
            pool=pool,
            used=CouponLines.of(c, bought.members, pool.products),
            redeemed=Redemptions.of(c, bought.members, pool.offers),
            groups={name: _group(c, name, pool.products) for name in attributes},
            extra={},
            addressed=c.customers(),
            opted_out=c.opted_out(),
            staff=c.staff(),
        )

    def before(self, moment: int) -> "CouponScene":
        """Look from an earlier moment (microseconds, itself excluded); codes stay.

        The coupons stay too: who had them is asked for by launch.
        """
        if moment >= self.moment:
            return self
        return replace(
            self,
            moment=moment,
            bought=self.bought.before(moment),
            used=self.used.before(moment),
            redeemed=self.redeemed.before(moment),
        )

    def lines_of(self, members: Ints | None = None) -> Ints:
        """Give the order lines of some members (all by default), ascending."""
        bought = self.bought
        if members is None or not len(members):
            return np.arange(len(bought.line_basket) if members is None else 0)
        low = np.searchsorted(bought.basket_member, members.min())
        high = np.searchsorted(bought.basket_member, members.max(), side="right")
        first, last = np.searchsorted(bought.line_basket, [low, high])
        lines = np.arange(first, last)
        is_asked = np.zeros(len(bought.members), np.bool_)
        is_asked[members] = True
        return lines[is_asked[bought.basket_member[bought.line_basket[lines]]]]

    def products_of(self, lines: Ints) -> Ints:
        """Give the products of order lines in the codes of the pool."""
        return lookup(self.bought.products, self.pool.products)[self.bought.line_product[lines]]

    def redeemed_keys(self) -> Ints:
        """Give ``member x n_offers + offer`` of what was redeemed, ascending."""
        return self.redeemed.member * len(self.pool.offers) + self.redeemed.offer


def _group(c: Community, name: str, products: pa.Array) -> Ints:
    """Code one product column; -1 where unknown."""
    listed = c.arrow("products")
    if listed is None or name not in listed.column_names:
        return np.full(len(products), -1, np.int64)
    at = lookup(products, listed["product_id"].combine_chunks())
    values = listed[name].combine_chunks().take(pa.array(at, mask=at < 0))
    return encode(values.cast(pa.large_string()))[0]
