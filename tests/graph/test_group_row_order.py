"""Rows in order by several columns at once."""

import numpy as np
import pytest

from siyu.graph.groups.row_order import order_by

ENDS = np.iinfo(np.int64)


@pytest.mark.parametrize("seed", range(40))
def test_the_order_is_that_of_lexsort_whatever_the_columns_hold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 60))
    kinds = [
        rng.integers(0, 3, n),
        rng.random(n) < 0.5,
        rng.choice([ENDS.min, ENDS.max, 0, -7], n),
        rng.integers(0, 10**16, n),
    ]
    columns = [kinds[k] for k in rng.integers(0, 4, 5)]
    expected = np.lexsort([column.astype(np.int64) for column in columns[::-1]])
    assert order_by(*columns).tolist() == expected.tolist()
