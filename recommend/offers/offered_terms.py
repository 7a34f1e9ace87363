"""At which price, or with which coupon, members were offered the same thing."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, to_arrow
from siyu.datasets.ids import encode, lookup, take
from siyu.datasets.ordering import opens_run
from siyu.recommend.sorted_keys import Bools, Ints

from .offer_rows import OfferRows
from .past_sends import Reached

__all__ = ["Terms"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Distinct terms a member was offered a thing on, by thing and member.

    A thing is a product, offered at a price, or the coupons of a campaign, which take money off.

    Attributes
    ----------
    members : pa.Array, sorted ids of all customers
    thing, member : int64 arrays, n_rows
    better : float64 array, n_rows
        What is better for the member is larger: minus the price, or the money taken off.
    in_experiment : bool array, n_rows
        The offer was made in an experiment.
    products, campaigns : pa.Array, n_things
        What each thing is; null in one of both.
    """

    members: pa.Array
    thing: Ints
    member: Ints
    better: Numbers
    in_experiment: Bools
    products: pa.Array
    campaigns: pa.Array

    @classmethod
    def of_lists(cls, c: Community, lists: Frame) -> "Terms":
        """Read lists with member_id, product_id and offer_price, as `choose_offers` gives them.

        Raises
        ------
        DataError
            If a column is missing.
        """
        table, _ = to_arrow(lists)
        missing = {"member_id", "product_id", "offer_price"} - set(table.column_names)
        if missing:
            raise DataError(f"lists lack the column {' and '.join(sorted(missing))}")
        members = c.customers()
        product, products = encode(table["product_id"])
        member = lookup(table["member_id"], members)
        better = -table["offer_price"].cast(pa.float64()).to_numpy()
        kept = (member >= 0) & (product >= 0) & ~np.isnan(better)
        tried = np.zeros(len(better), np.bool_)
        if "experiment_id" in table.column_names:
            tried = table["experiment_id"].is_valid().to_numpy()
        nothing = pa.nulls(len(products), pa.int64())
        return cls._sorted(
            members, (product[kept], member[kept], better[kept], tried[kept]), products, nothing
        )

    @classmethod
    def of_sends(cls, c: Community, call: str, since: int, moment: int) -> "Terms":
        """Read the sends since a moment: product offers have a price, coupons take money off.

        Raises
        ------
        DataError
            If sends or offers are missing.
        """
        c.require("sends", "offers", call=call)
        reached = Reached.of(c, call, since)
        rows, sends = OfferRows.of(c, moment), reached.sends
        offer = np.full(sends.num_rows, -1)
        if "offer_id" in sends.column_names:
            offer = lookup(sends["offer_id"], rows.offers)
        offer, member = offer[reached.send], reached.member
        tried = np.zeros(len(offer), np.bool_)
        if "experiment_id" in sends.column_names:
            tried = sends["experiment_id"].is_valid().to_numpy()[reached.send]
        campaign, campaigns = np.full(len(offer), -1), pa.array([], pa.int64())
        if "campaign_id" in sends.column_names:
            codes, campaigns = encode(sends["campaign_id"])
            campaign = codes[reached.send]
        # The first row of an offer speaks for it: a product offer has no other.
        first = np.searchsorted(rows.offer, np.arange(len(rows.offers)))
        row = np.append(first, -1)[offer]
        known = offer >= 0
        is_coupon = known & rows.is_coupon[row] if len(rows.offer) else known
        product = np.where(known, np.append(rows.product, -1)[row], -1)
        off = np.append(rows.benefit, np.nan)[row]
        better = np.where(is_coupon, off, -np.append(rows.price, np.nan)[row])
        n_products = len(rows.products)
        thing = np.where(is_coupon, np.where(campaign < 0, -1, n_products + campaign), product)
        kept = known & (thing >= 0) & ~np.isnan(better)
        products = pa.concat_arrays([rows.products, pa.nulls(len(campaigns), rows.products.type)])
        named = pa.concat_arrays([pa.nulls(n_products, campaigns.type), campaigns])
        return cls._sorted(
            reached.members,
            (thing[kept], member[kept], better[kept], tried[kept]),
            products,
            named,
        )

    @classmethod
    def _sorted(
        cls,
        members: pa.Array,
        columns: tuple[Ints, Ints, Numbers, Bools],
        products: pa.Array,
        campaigns: pa.Array,
    ) -> "Terms":
        """Keep the distinct rows, in order; of equal terms one that was no experiment."""
        thing, member, better, tried = columns
        order = np.lexsort((tried, better, member, thing))
        kept = order[opens_run(thing[order], member[order], better[order])]
        return cls(
            members, thing[kept], member[kept], better[kept], tried[kept], products, campaigns
        )

    def advantage(self) -> tuple[Ints, Numbers]:
        """Give how much better than usual each member was treated.

        Returns
        -------
        (member, advantage)
            Members who were offered something whose terms differ; mean over these things of
            (own terms - mean terms) / size of the mean terms. Above 0 is better than usual.
        """
        n = len(self.products)
        low, high = np.full(n, np.inf), np.full(n, -np.inf)
        np.minimum.at(low, self.thing, self.better)
        np.maximum.at(high, self.thing, self.better)
        rows = np.flatnonzero((high > low)[self.thing])
        thing, member, better = self.thing[rows], self.member[rows], self.better[rows]
        count = np.bincount(thing, minlength=n)
        mean = exact_sum(thing, better, n) / np.maximum(count, 1)
        gap = (better - mean[thing]) / np.abs(mean[thing])
        met, at = np.unique(member, return_inverse=True)
        total = exact_sum(at.astype(np.int64), gap, len(met))
        return met, total / np.maximum(np.bincount(at, minlength=len(met)), 1)

    def names(self, thing: Ints) -> tuple[pa.Array, pa.Array]:
        """Give product and campaign of some things."""
        return take(self.products, thing), take(self.campaigns, thing)
