import numpy as np
import pyarrow as pa
import pytest
from scipy.sparse import csr_array

from siyu.recommend.market.neighbours import (
    References,
    alike_products,
    sample_rows,
    unit_rows,
)
from siyu.recommend.top_entries import top_entries


def rows(*values: list[float]) -> csr_array:
    return csr_array(np.array(values, np.float32))


def mean_of_nearest(counts: csr_array, references: list[int], n_nearest: int) -> np.ndarray:
    """Compare all members with some of them."""
    chosen = counts[references]
    bought = {"share": chosen, "lately": chosen}
    found = References.of(pa.array(references), chosen, bought, n_nearest)
    own = np.full(counts.shape[0], -1)
    own[references] = np.arange(len(references))
    return found.of_nearest(counts, own)[0]


def test_the_nearest_members_are_averaged() -> None:
    counts = rows([1, 1, 0], [1, 1, 1], [0, 0, 1])
    # The first is nearest to the second, and the other way round; the third to the second.
    found = mean_of_nearest(counts, [0, 1, 2], 1)
    assert found.tolist() == [[1, 1, 1], [1, 1, 0], [1, 1, 1]]


def test_nobody_is_their_own_neighbour() -> None:
    assert not mean_of_nearest(rows([1, 0], [0, 1]), [0, 1], 2).any()


def test_likeness_is_the_cosine() -> None:
    found = unit_rows(rows([3, 4], [4, 3], [1, 0])).toarray()
    assert (found @ found.T)[0, 1] == pytest.approx(24 / 25)


def test_only_references_are_neighbours() -> None:
    found = mean_of_nearest(rows([1, 1, 0], [1, 1, 1], [1, 0, 0]), [2], 1)
    assert found[[0, 2]].tolist() == [[1, 0, 0], [0, 0, 0]]


def test_members_asked_for_together_or_alone_get_the_same() -> None:
    rng = np.random.default_rng(0)
    counts = csr_array((rng.random((60, 20)) * (rng.random((60, 20)) < 0.3)).astype(np.float32))
    found = References.of(pa.array(range(60)), counts, {"share": counts, "lately": counts}, 5)
    together = found.of_nearest(counts, np.arange(60))
    alone = [found.of_nearest(counts[[one]], np.array([one])) for one in range(60)]
    for at in (0, 1):
        assert together[at].tobytes() == np.concatenate([one[at] for one in alone]).tobytes()


def test_products_alike_agree_with_dense_cosines() -> None:
    rng = np.random.default_rng(0)
    dense = (rng.random((30, 300)) * (rng.random((30, 300)) < 0.2)).astype(np.float32)
    found = alike_products(csr_array(dense), 7).toarray()
    unit = dense / np.maximum(np.linalg.norm(dense, axis=0), 1e-30)
    exact = unit.T @ unit
    np.fill_diagonal(exact, 0)
    seventh = np.sort(exact, axis=1)[:, -7]
    kept = found > 0
    assert found[kept] == pytest.approx(exact[kept], abs=1e-6)
    assert (kept.sum(axis=1) <= 7).all()
    assert not (exact * ~kept > seventh[:, None] + 1e-6).any()


def test_a_product_is_not_alike_itself() -> None:
    assert not alike_products(rows([1, 1], [1, 0]), 2).toarray().diagonal().any()


def test_products_of_nobody_are_alike_nothing() -> None:
    assert alike_products(csr_array((3, 0), dtype=np.float32), 5).shape == (0, 0)


def test_a_sample_is_drawn_once_for_a_random_state() -> None:
    drawn = sample_rows(np.arange(100), 10, 3)
    assert len(set(drawn.tolist())) == 10
    assert drawn.tolist() == sorted(drawn.tolist())
    assert drawn.tolist() == sample_rows(np.arange(100), 10, 3).tolist()


def test_fewer_entries_than_asked_for_are_all_given() -> None:
    found = top_entries(np.array([[0, 2, 1]], np.float32), 5)
    assert [part.tolist() for part in found] == [[0, 0], [1, 2]]


def test_no_entries_are_asked_for() -> None:
    assert [len(part) for part in top_entries(np.ones((2, 2), np.float32), 0)] == [0, 0]


@pytest.mark.parametrize("n", [1, 3, 7, 20])
def test_a_row_alone_has_the_entries_that_it_has_among_others(n: int) -> None:
    rng = np.random.default_rng(n)
    block = rng.integers(0, 5, (40, 20)).astype(np.float32)  # draws and zeros in every row
    rows, columns = top_entries(block, n)
    for row in range(len(block)):
        alone = top_entries(block[row : row + 1], n)
        assert alone[0].tolist() == [0] * len(alone[0])
        assert alone[1].tolist() == columns[rows == row].tolist()
