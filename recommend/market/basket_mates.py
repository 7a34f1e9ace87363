"""Products that are bought together in one basket."""

import numpy as np
from scipy.sparse import csr_array

from siyu.recommend.sorted_keys import Bools, Ints
from siyu.recommend.tables.purchases import Purchases

from .neighbours import nearest_columns

__all__ = ["basket_mates"]


def basket_mates(bought: Purchases, position: Ints, n_head: int, n_mates: int) -> csr_array:
    """Find for every product of the head those most often in the same baskets.

    Parameters
    ----------
    bought : Purchases
        Of the reference members.
    position : int64 array, n_products
        Place in the head, -1 outside.
    n_head : int
    n_mates : int >= 1

    Returns
    -------
    csr_array, n_head x n_head, float32
        Baskets with both, over the root of the product of baskets with each (their cosine), for
        the `n_mates` largest of every row; nothing on the diagonal. Cost: the sum over baskets
        of their lines squared.
    """
    column = position[bought.line_product]
    kept: Bools = column >= 0
    basket, column = bought.line_basket[kept], column[kept]
    length = np.sqrt(np.bincount(column, minlength=n_head))
    unit = (1 / np.maximum(length[column], 1)).astype(np.float32)
    shape = (len(bought.basket_member), n_head)
    return nearest_columns(csr_array((unit, (basket, column)), shape=shape), n_mates)
