"""Charts: products in order of how many bought them, one list a store, a region, or for all.

``nearby``    by late buyers in each store
``regional``  by late buyers living in each region
``popular``   by late buyers everywhere
``this_week`` by buyers of the last seven days
``season``    by buyers of the same weeks a year ago; empty while the history is shorter
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siyu.recommend.sorted_keys import Floats, Ints

from .segments import Segment

__all__ = ["CHARTS", "Chart", "make_charts"]

CHARTS = ("nearby", "regional", "popular", "this_week", "season")
_LENGTH = 400  # products of a chart for all


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """One list a code, one after the other.

    Attributes
    ----------
    starts : int64 array, n_codes + 1
        Where each code's list begins.
    products : int64 array, best first within a code
    """

    starts: Ints
    products: Ints

    @classmethod
    def for_all(cls, buyers: Floats, everywhere: Floats) -> "Chart":
        """List the products with the most buyers; in a draw by those of all time, then by code."""
        order = np.lexsort((np.arange(len(buyers)), -everywhere, -buyers))[:_LENGTH]
        best = order[buyers[order] > 0]
        return cls(np.array([0, len(best)]), best)

    @classmethod
    def by_code(cls, segment: Segment, everywhere: Floats) -> "Chart":
        """List them for every store or region; equal numbers go by the number in all of them."""
        code, product = np.divmod(segment.buyers.keys, max(len(everywhere), 1))
        order = np.lexsort((product, -everywhere[product], -segment.buyers.columns["buyers"], code))
        starts = np.searchsorted(code, np.arange(len(segment.n_members) + 1))
        return cls(starts, product[order])

    def bounds(self, codes: Ints, longest: int) -> tuple[Ints, Ints]:
        """Give where the lists of some codes begin and end; -1 has none.

        Examples
        --------
        >>> chart = Chart(np.array([0, 2, 5]), np.array([4, 1, 7, 3, 2]))
        >>> begin, end = chart.bounds(np.array([1, -1]), 2)
        >>> (begin.tolist(), (end - begin).tolist())
        ([2, 0], [2, 0])
        """
        known = (codes >= 0) & (codes < len(self.starts) - 1)
        at = np.where(known, codes, 0)
        begin = np.where(known, self.starts[at], 0)
        end = np.where(known, self.starts[np.minimum(at + 1, len(self.starts) - 1)], 0)
        return begin, np.minimum(end, begin + longest)


def make_charts(numbers: Mapping[str, Floats], place: Segment, region: Segment) -> dict[str, Chart]:
    """Make all charts of a market.

    Parameters
    ----------
    numbers : mapping of name to float32 array, n_products
        As of `product_numbers`.
    place, region : Segment

    Returns
    -------
    mapping of the names in `CHARTS` to Chart
    """
    lately, ever = numbers["buyers_lately"], numbers["buyers"]
    return {
        "nearby": Chart.by_code(place, lately),
        "regional": Chart.by_code(region, lately),
        "popular": Chart.for_all(lately, ever),
        "this_week": Chart.for_all(numbers["buyers_7"], lately),
        "season": Chart.for_all(numbers["buyers_season"], ever),
    }
