"""What the members of each store, or each region, have bought lately."""

from dataclasses import dataclass

import numpy as np

from siyu.datasets.affinity import decay
from siyu.recommend.sorted_keys import Floats, Ints, Keyed, run_starts, run_sum
from siyu.recommend.tables.purchases import Purchases

from .pair_rows import MAIN_HALF_LIFE, narrow

__all__ = ["Segment", "home_places"]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """The stores, or the regions, of a market.

    Attributes
    ----------
    n_members : float32 array, n_codes
        Members of each, active or not.
    buyers : Keyed by ``code x n_products + product``
        Column ``buyers``: distinct members who bought it there within the window.
    share : float32 array, n_codes + 1
        Share of all these buyers that each has; the last entry stands for an unknown one.
    """

    n_members: Floats
    buyers: Keyed
    share: Floats

    @classmethod
    def of(cls, bought: Purchases, since: int, of_line: Ints, of_member: Ints, n: int) -> "Segment":
        """Count the late buyers of every product in every store or region.

        Parameters
        ----------
        bought : Purchases
        since : int, microseconds
            Baskets from here on are late.
        of_line : int64 array, n_lines
            Code of the line's store, or of its member's region; -1 unknown.
        of_member : int64 array, n_members
            Code of each member's store or region.
        n : int
            Number of codes.
        """
        n_products = max(len(bought.products), 1)
        kept = np.flatnonzero((bought.basket_time[bought.line_basket] >= since) & (of_line >= 0))
        pair = bought.line_member()[kept] * n_products + bought.line_product[kept]
        code = of_line[kept]
        order = np.lexsort((pair, code))
        once = order[run_starts(code[order], pair[order])]
        key = np.sort(code[once] * n_products + pair[once] % n_products)
        starts = run_starts(key)
        counts = np.diff(np.append(starts, len(key)))
        total = np.bincount(key[starts] // n_products, counts, minlength=n + 1)
        n_members = np.bincount(of_member[of_member >= 0], minlength=n)
        return cls(
            n_members.astype(np.float32),
            Keyed(key[starts], narrow({"buyers": counts})),
            (total / max(total.sum(), 1)).astype(np.float32),
        )


def home_places(bought: Purchases, moment: int, registered: Ints) -> Ints:
    """Find where each member buys most, newer baskets counting more; else the registered place.

    Parameters
    ----------
    bought : Purchases
    moment : int, microseconds since 1970 UTC
    registered : int64 array, n_members
        Place codes; -1 unknown.

    Returns
    -------
    int64 array, n_members
    """
    n_places = max(len(bought.places), 1)
    home = registered.copy()
    known = bought.basket_place >= 0
    key = bought.basket_member[known] * n_places + bought.basket_place[known]
    weight = decay(bought.basket_time[known], moment, MAIN_HALF_LIFE)
    order = np.argsort(key, kind="stable")
    starts = run_starts(key[order])
    total, met = run_sum(weight[order], starts), key[order][starts]
    member, place = met // n_places, met % n_places
    best = np.lexsort((place, -total, member))
    firsts = run_starts(member[best])
    home[member[best][firsts]] = place[best][firsts]
    return home
