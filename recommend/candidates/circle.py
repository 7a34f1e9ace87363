"""The products that most of a member's circle bought, as candidates."""

import numpy as np

from siyu.recommend.sorted_keys import Bools, Floats, Ints, Keyed, run_starts, within_run

__all__ = ["best_of_circle"]


def best_of_circle(goods: Keyed, n_products: int, left_out: Bools, n: int) -> Ints:
    """Choose the products with the best scores in every row.

    Parameters
    ----------
    goods : Keyed by ``row x n_products + product``
        Some rows of `siyu.recommend.market.circle_goods`.
    n_products : int >= 1
    left_out : bool array, one entry a key
        Keys not to choose, such as what the member has bought.
    n : int >= 0
        How many a row.

    Returns
    -------
    int64 array, keys, ascending
        Of equal scores the smaller product.

    Examples
    --------
    >>> scores = np.array([0.1, 0.4, 0.4, 0.9], np.float32)
    >>> goods = Keyed(np.array([1, 2, 3, 11]), {"score": scores})
    >>> best_of_circle(goods, 10, np.zeros(4, bool), 1).tolist()
    [2, 11]
    """
    score: Floats = goods.columns["score"]
    kept = np.flatnonzero(~left_out & (score > 0))
    row = goods.keys[kept] // n_products
    order = np.lexsort((kept, -score[kept], row))
    best = kept[order[within_run(run_starts(row), len(row)) < n]]
    return goods.keys[np.sort(best)]
