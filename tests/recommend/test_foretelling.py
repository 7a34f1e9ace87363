"""The linear model of products: what one purchase tells beyond the others."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from siyu.recommend.market.foretelling import LinearOptions, foretelling, linear_weights
from siyu.recommend.market.pair_matrices import dense_product


def counts_of(rows: np.ndarray) -> csr_array:
    return csr_array(rows.astype(np.float32))


def random_counts(n_members: int = 70, n_products: int = 90) -> csr_array:
    rng = np.random.default_rng(0)
    drawn = rng.random((n_members, n_products))
    return counts_of(np.where(rng.random(drawn.shape) < 0.2, drawn, 0))


def test_weights_are_the_least_squares_answer_without_a_product_itself() -> None:
    counts = random_counts(40, 6).astype(np.float64)
    weights, dense = linear_weights(counts, 2.0), counts.toarray()
    others = np.arange(6) != 3
    gram = dense[:, others].T @ dense[:, others] + 2.0 * np.eye(5)
    expected = np.linalg.solve(gram, dense[:, others].T @ dense[:, 3])
    assert weights[others, 3] == pytest.approx(expected)
    assert np.diagonal(weights).tolist() == [0.0] * 6


def test_a_product_that_everybody_buys_tells_less_than_one_of_the_same_taste() -> None:
    # Two tastes with three products each; the last product is everybody's.
    rng = np.random.default_rng(0)
    likes = np.column_stack([np.kron(np.eye(2), np.ones((100, 3))), np.ones(200)])
    counts = counts_of(likes * (rng.random(likes.shape) < 0.7))
    found = foretelling(counts, LinearOptions(regularisation=1.0)).toarray()
    assert found[0, 1] > found[6, 1] > found[3, 1]


def test_each_product_keeps_its_largest_weights_of_either_sign() -> None:
    counts = random_counts()
    every = foretelling(counts, LinearOptions(regularisation=1.0, n_kept=90)).toarray()
    found = foretelling(counts, LinearOptions(regularisation=1.0, n_kept=4))
    assert np.diff(found.indptr).tolist() == [4] * 90
    assert (found.data < 0).any()
    for row, kept in zip(every, found.toarray(), strict=True):
        assert kept[kept != 0].tolist() == row[kept != 0].tolist()
        assert np.abs(row[kept == 0]).max() <= np.abs(row[kept != 0]).min()


def test_only_products_with_the_most_buyers_take_part() -> None:
    rows = np.zeros((6, 4))
    rows[:, 0] = rows[:4, 1] = rows[:, 3] = 1
    rows[:2, 2] = 1
    found = foretelling(counts_of(rows), LinearOptions(n_products=2, regularisation=1.0))
    row, column = found.nonzero()
    assert sorted(zip(row.tolist(), column.tolist(), strict=True)) == [(0, 3), (3, 0)]


def test_a_member_alone_is_foretold_the_same_as_among_others() -> None:
    counts = random_counts()
    weights = foretelling(counts, LinearOptions(regularisation=1.0, n_kept=10))
    together = dense_product(counts, weights)
    alone = np.concatenate([dense_product(counts[[row]], weights) for row in range(70)])
    assert together.tobytes() == alone.tobytes()


def test_nothing_is_foretold_without_purchases() -> None:
    assert foretelling(csr_array((3, 2), dtype=np.float32), LinearOptions()).nnz == 0
    assert foretelling(csr_array((0, 0), dtype=np.float32), LinearOptions()).shape == (0, 0)
