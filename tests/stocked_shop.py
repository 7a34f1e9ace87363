"""The planted shop with launches, places, offers, and events of a newcomer."""

import numpy as np
import pandas as pd

from planted_shop import AS_OF, N_MEMBERS, make_shop, planted_members, planted_products
from siyu.datasets import Community

__all__ = ["COLD", "LAUNCHES", "NEWCOMER", "ONLY_IN_STORE_1", "stocked_shop", "stocked_tables"]

LAUNCHES = ("tea-3", "wine-9")
COLD = "tea-new"
"""Listed, and never bought."""
ONLY_IN_STORE_1 = "nuts-2"
NEWCOMER = N_MEMBERS
"""Never bought, and looked at soap."""


def stocked_shop() -> Community:
    """Build the community."""
    return make_shop(**stocked_tables())


def stocked_tables() -> dict[str, pd.DataFrame]:
    """Give the tables that the planted shop lacks, or has otherwise."""
    return {
        "products": _products(),
        "offers": _offers(),
        "members": _members(),
        "events": _events(),
        "offer_members": pd.DataFrame({"offer_id": ["mine"] * 2, "member_id": [0, 7]}),
    }


def _products() -> pd.DataFrame:
    """List a product that nobody bought, one of a single store, and two launches."""
    listed = planted_products()
    nth = listed["product_id"].str.split("-").str[1].astype(int)
    listed["brand"] = np.where(nth < 5, "own", "maker")
    listed["launched_at"] = AS_OF - pd.Timedelta("400D")
    listed.loc[listed["product_id"].isin(LAUNCHES), "launched_at"] = AS_OF - pd.Timedelta("10D")
    cold = {"product_id": COLD, "category": "tea", "brand": "own", "launched_at": AS_OF}
    listed = pd.concat([listed, pd.DataFrame([cold])], ignore_index=True)
    listed["store_id"] = pd.array([None] * len(listed), "Int64")
    listed.loc[listed["product_id"] == ONLY_IN_STORE_1, "store_id"] = 1
    return listed


def _offers() -> pd.DataFrame:
    """List an open offer, a personal one of the same product, and one of a region."""
    return pd.DataFrame(
        {
            "offer_id": ["open", "mine", "north"],
            "kind": "product",
            "product_id": ["tea-0", "tea-0", "nuts-0"],
            "price": [4.0, 1.0, 3.0],
            "public_price": 5.0,
            "starts_at": AS_OF - pd.Timedelta("9D"),
            "region": [None, None, "north"],
        }
    )


def _members() -> pd.DataFrame:
    """Give every member a region, apart from taste and store."""
    people = planted_members()
    people["region"] = np.where(people["member_id"] % 8 < 4, "north", "south")
    return people


def _events() -> pd.DataFrame:
    """Let a newcomer look at soap, and a buyer at wine."""
    return pd.DataFrame(
        {
            "member_id": [NEWCOMER, NEWCOMER, NEWCOMER, 0],
            "event_time": AS_OF - pd.to_timedelta([3, 2, 1, 1], unit="D"),
            "event": ["view", "cart", "view", "view"],
            "product_id": ["soap-1", "soap-1", "soap-2", "wine-1"],
        }
    )
