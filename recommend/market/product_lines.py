"""Product lines: what a maker offers in a category, and how its products share the sales.

People try new products mostly of lines that they buy: another flavour, another size. A line is a
brand within a category; where only one of the two is known, that one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from siyu.recommend.sorted_keys import Floats, Ints, Keyed

from .pair_matrices import dense_product

__all__ = ["LINE", "LineShares", "line_codes"]

LINE = "product_line"
_PARTS = ("category", "brand")
_USUAL = 4.0  # weight of the average member's purchases beside the member's own


@dataclass(frozen=True, slots=True, eq=False)
class LineShares:
    """How the head's products share what is sold of each line.

    Attributes
    ----------
    shares : csr_array, n_lines x n_head, float32
        Of the line's late sales; a row adds up to 1 over all products, or is empty.
    usual : float32 array, n_head
        Score of each product for a member of whom no line is known: late sales a buyer, several
        times over, for most of what people try is what many buy.
    """

    shares: csr_array
    usual: Floats

    @classmethod
    def of(
        cls, codes: Ints, n_lines: int, recent: Floats, head: Ints, n_buyers: int
    ) -> "LineShares":
        """Share out the sales.

        Parameters
        ----------
        codes : int64 array, n_products
            Line of every product, -1 unknown.
        n_lines : int
        recent : float32 array, n_products
            Late sales.
        head : int64 array of products
        n_buyers : int
            Members behind those sales.
        """
        known = codes >= 0
        sold = recent[: len(codes)].astype(np.float64)
        total = np.bincount(codes[known], sold[known], minlength=max(n_lines, 1))
        line = codes[head]
        column = np.flatnonzero(line >= 0)
        share = sold[head[column]] / np.maximum(total[line[column]], 1e-300)
        shape = (max(n_lines, 1), len(head))
        found = csr_array((share.astype(np.float32), (line[column], column)), shape=shape)
        usual = _USUAL * sold[head] / max(n_buyers, 1)
        return cls(found, usual.astype(np.float32))

    def scores(self, history: Keyed, first: int, n_rows: int) -> Floats:
        """Score the head for some members: how much they buy of a line, times the share in it.

        Parameters
        ----------
        history : Keyed by ``row x n_lines + line``
            What members bought of each line; column ``decayed_120`` says how much.
        first, n_rows : int
            The members' rows.

        Returns
        -------
        float32 array, n_rows x n_head
            The square root of the amount counts, so that one line does not take the whole list.
        """
        n_lines = self.shares.shape[0]
        begin, end = np.searchsorted(history.keys, [first * n_lines, (first + n_rows) * n_lines])
        part = slice(int(begin), int(end))
        row, line = np.divmod(history.keys[part] - first * n_lines, n_lines)
        starts = np.searchsorted(row, np.arange(n_rows + 1))
        amount = np.sqrt(history.columns["decayed_120"][part])
        bought = csr_array((amount, line, starts), shape=(n_rows, n_lines))
        # A product has one line: every entry is one product of two numbers, in any block.
        return np.asarray(dense_product(bought, self.shares) + self.usual, np.float32)


def line_codes(groups: Mapping[str, Ints], n_products: int) -> Ints:
    """Give every product the number of its line.

    Parameters
    ----------
    groups : mapping of attribute to int64 array, n_products
        Codes, -1 unknown.
    n_products : int

    Returns
    -------
    int64 array, n_products
        -1 for a product of unknown brand or category, and for all if neither is an attribute.

    Examples
    --------
    >>> line_codes({"category": np.array([0, 0, 1]), "brand": np.array([5, 5, -1])}, 3).tolist()
    [0, 0, -1]
    """
    parts = [groups[name] for name in _PARTS if name in groups]
    if not parts:
        return np.full(n_products, -1, np.int64)
    known = np.logical_and.reduce([part >= 0 for part in parts])
    whole = np.zeros(len(known), np.int64)
    for part in parts:
        whole = whole * (int(part.max(initial=0)) + 1) + part
    codes = np.full(len(known), -1, np.int64)
    codes[known] = np.unique(whole[known], return_inverse=True)[1]
    return codes
