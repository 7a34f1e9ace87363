"""What lists show beside being right: how well known, how new, how varied, and to how many.

A list of ten best sellers can measure well and tell nobody anything. Novelty, new products and
variety are rows a member; coverage and concentration are of all lists together.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.frames import Frame, from_arrow
from siyu.datasets.ids import encode, ids_in, lookup
from siyu.recommend.sorted_keys import Ints
from siyu.recommend.tables.purchases import Purchases

from .listed import Listed

__all__ = ["Catalogue", "list_exposure", "list_variety"]

Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """What was sold before a moment, to whom, and in which categories.

    Attributes
    ----------
    members, products : pa.Array, sorted ids
        Customers who have not opted out; products bought before the moment.
    pairs : int64 array, ascending ``member x n_products + product``
        Who has bought what.
    n_buyers : int64 array, n_products
    category : int64 array, n_products
        Code of the product's category, -1 unknown.
    """

    members: pa.Array
    products: pa.Array
    pairs: Ints
    n_buyers: Ints
    category: Ints

    @classmethod
    def of(cls, c: Community, as_of: Any, activity: str = "orders") -> "Catalogue":
        """Read the purchases before `as_of`.

        Raises
        ------
        DataError
            If the community has no purchases to read.
        """
        known = c.before(as_of)
        bought = Purchases.of(known, activity=activity)
        pairs, n_products = bought.pair_keys(), max(len(bought.products), 1)
        category = np.full(len(bought.products), -1, np.int64)
        listed = known.arrow("products")
        if listed is not None and "category" in listed.column_names:
            codes, _ = encode(listed["category"])
            at = lookup(bought.products, listed["product_id"].combine_chunks())
            category = np.where(at >= 0, np.append(codes, -1)[at], -1)
        n_buyers = np.bincount(pairs % n_products, minlength=len(bought.products))
        return cls(bought.members, bought.products, pairs, n_buyers, category)

    def variety(self, shown: Listed) -> pa.Table:
        """Measure every member's list; see `list_variety`."""
        members = ids_in(shown.rows["member_id"])
        row, product = lookup(shown.rows["member_id"], members), self._product(shown)
        n_shown = np.bincount(row, minlength=len(members))
        buyers = np.append(self.n_buyers, 1)[product]
        n_members = max(len(np.unique(self.pairs // max(len(self.products), 1))), 1)
        bits = np.log2(n_members / np.maximum(buyers, 1))
        member = lookup(members, self.members)[row]
        keys = member * max(len(self.products), 1) + product
        is_new = (member < 0) | (product < 0) | ~np.isin(keys, self.pairs)
        return pa.table(
            {
                "member_id": members,
                "novelty": _rounded_sum(row, bits, len(members)) / n_shown,
                "new_share": np.bincount(row, is_new, minlength=len(members)) / n_shown,
                "diversity": pa.array(
                    self._diversity(row, product, len(members)), from_pandas=True
                ),
            }
        )

    def exposure(self, shown: Listed) -> pa.Table:
        """Measure all lists together; see `list_exposure`."""
        product = self._product(shown)
        times = np.bincount(product[product >= 0], minlength=len(self.products))
        unsold = shown.rows["product_id"].filter(pa.array(product < 0))
        times = np.sort(np.append(times, unsold.value_counts().field(1).to_numpy()))
        n, total = len(times), int(times.sum())
        place = np.arange(1, n + 1)
        gini = (2 * int((place * times).sum()) / (n * total) - (n + 1) / n) if total else None
        return pa.table(
            {
                "n_members": [len(ids_in(shown.rows["member_id"]))],
                "n_listed": [int((times > 0).sum())],
                "n_products": [n],
                "coverage": pa.array([(times > 0).mean() if n else None], pa.float64()),
                "gini": pa.array([gini], pa.float64()),
            }
        )

    def _product(self, shown: Listed) -> Ints:
        listed = shown.rows["product_id"]
        if listed.type != self.products.type:
            raise DataError(
                f"the lists name products by {listed.type}, the community by {self.products.type}"
            )
        return lookup(listed, self.products)

    def _diversity(self, row: Ints, product: Ints, n_members: int) -> Wide:
        """Give the share of pairs of products whose categories differ, of those that are known."""
        category = np.where(product >= 0, np.append(self.category, -1)[product], -1)
        known = category >= 0
        n_categories = int(category.max(initial=0)) + 1
        n = np.bincount(row[known], minlength=n_members)
        cells, times = np.unique(row[known] * n_categories + category[known], return_counts=True)
        same = np.bincount(cells // n_categories, times * (times - 1.0), minlength=n_members)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(n > 1, 1 - same / (n * (n - 1.0)), np.nan)


def list_variety(
    recommended: Frame, c: Community, *, as_of: Any, k: int = 10, activity: str = "orders"
) -> Frame:
    """Measure how unknown, how new and how mixed every member's list is.

    Parameters
    ----------
    recommended : frame with member_id, product_id, rank
        As in `list_quality`.
    c : Community
    as_of : Timestamp, datetime or str
        When the lists were made; itself excluded.
    k : int >= 1
    activity : {"orders", "events"}

    Returns
    -------
    frame like `recommended`, one row a member with a list, sorted by ``member_id``
        ``novelty`` : mean over the list of ``-log2`` of the share of buyers who have bought the
        product, in bits: 0 for what all have, 1 more for half as many (a product that nobody
        has bought counts as bought by one);
        ``new_share`` : share of the list that the member had never bought;
        ``diversity`` : share of the list's pairs of products that differ in category; null
        where fewer than two have a known one.

    Raises
    ------
    DataError
        If the lists are malformed (see `list_quality`), or the community has no purchases.

    References
    ----------
    Zhou, Kuscsik, Liu, Medo, Wakeling & Zhang (2010), "Solving the apparent diversity-accuracy
    dilemma of recommender systems", PNAS 107(10), 4511-4515 (self-information). Smyth & McClave
    (2001), "Similarity vs. diversity", ICCBR.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({"member_id": [1, 2], "product_id": [7, 8], "amount": 5.0})
    >>> orders["order_time"] = pd.to_datetime("2026-01-01", utc=True)
    >>> shown = pd.DataFrame({"member_id": 1, "product_id": [7, 8], "rank": [1, 2]})
    >>> found = list_variety(shown, Community(orders=orders), as_of="2026-02-01")
    >>> found[["novelty", "new_share"]].values.tolist()
    [[1.0, 0.5]]
    """
    shown = Listed.of(recommended, k)
    return from_arrow(Catalogue.of(c, as_of, activity).variety(shown), shown.kind)


def list_exposure(
    recommended: Frame, c: Community, *, as_of: Any, k: int = 10, activity: str = "orders"
) -> Frame:
    """Measure how much of the catalogue all lists together show, and how evenly.

    Parameters
    ----------
    recommended, c, as_of, k, activity
        As in `list_variety`.

    Returns
    -------
    frame like `recommended`, one row
        ``n_members`` : with a list; ``n_listed`` : distinct products shown; ``n_products`` :
        sold before `as_of`, or shown; ``coverage`` : the former over the latter; ``gini`` : of
        how often each of them is shown, 0 all alike, towards 1 a few alone. Null without lists.

    References
    ----------
    Ge, Delgado-Battenfeld & Jannach (2010), "Beyond accuracy: evaluating recommender systems by
    coverage and serendipity", RecSys. Fleder & Hosanagar (2009), "Blockbuster culture's next
    rise or fall", Management Science 55(5), 697-712 (Gini).

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({"member_id": [1, 2], "product_id": [7, 8], "amount": 5.0})
    >>> orders["order_time"] = pd.to_datetime("2026-01-01", utc=True)
    >>> shown = pd.DataFrame({"member_id": [1, 2], "product_id": [7, 7], "rank": 1})
    >>> found = list_exposure(shown, Community(orders=orders), as_of="2026-02-01")
    >>> found[["coverage", "gini"]].values.tolist()
    [[0.5, 0.5]]
    """
    shown = Listed.of(recommended, k)
    return from_arrow(Catalogue.of(c, as_of, activity).exposure(shown), shown.kind)


def _rounded_sum(row: Ints, values: Wide, n: int) -> Wide:
    """Add up by row, the same bits whatever the order: in whole steps of 2 ** -40."""
    steps = np.rint(values * 2.0**40)
    return np.bincount(row, steps, minlength=n) / 2.0**40
