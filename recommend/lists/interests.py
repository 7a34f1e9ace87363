"""What members looked at who never bought: events that name products stand in for purchases."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from siyu.datasets.community import Community
from siyu.datasets.ids import lookup
from siyu.recommend.tables.purchases import Purchases

__all__ = ["interests_of"]


def interests_of(c: Community, bought: Purchases) -> Purchases | None:
    """Read the events of members of whom no purchase is known.

    Parameters
    ----------
    c : Community
        Cut at the moment to look from.
    bought : Purchases
        Of `c`: gives the codes, and says who has bought.

    Returns
    -------
    Purchases, or None if there is nothing of the kind
        Views, favourites, carts: every event that names a product which has been sold.
    """
    rows = c.arrow("events")
    if rows is None or "product_id" not in rows.column_names or not len(bought.products):
        return None
    has_bought = np.zeros(len(bought.members) + 1, np.bool_)
    has_bought[bought.basket_member] = True
    has_bought[-1] = True
    member = lookup(rows["member_id"], bought.members)
    kept = ~has_bought[member] & (lookup(rows["product_id"], bought.products) >= 0)
    if not kept.any():
        return None
    some = Community(events=rows.filter(pa.array(kept)), tz=c.tz)
    return _in_codes_of(bought, Purchases.of(some, activity="events"))


def _in_codes_of(bought: Purchases, seen: Purchases) -> Purchases:
    """Write events in the codes of the purchases; ids ascend in both, so the order stays."""
    return replace(
        seen,
        members=bought.members,
        products=bought.products,
        places=bought.places,
        basket_member=lookup(seen.members, bought.members)[seen.basket_member],
        line_product=lookup(seen.products, bought.products)[seen.line_product],
    )
