import numpy as np
import pytest
from scipy.sparse import csr_array

from siyu.recommend.blas import one_blas_thread
from siyu.recommend.market.factorisation import FactorOptions, Factors, factorise


def two_tastes() -> csr_array:
    """Make forty members of two tastes; each lacks one product of their own."""
    full = np.kron(np.eye(2), np.ones((20, 6)))
    full[np.arange(40), np.arange(40) % 6 + 6 * (np.arange(40) >= 20)] = 0
    return csr_array(full.astype(np.float32))


OPTIONS = FactorOptions(n_factors=4, regularisation=0.5, n_rounds=10)


def tastes(found: Factors, counts: csr_array) -> np.ndarray:
    return found.taste(found.members(counts))


def test_the_taste_for_what_is_missing_is_found() -> None:
    taste = tastes(factorise(two_tastes(), OPTIONS), two_tastes())
    missing = np.arange(40) % 6 + 6 * (np.arange(40) >= 20)
    other = (missing + 6) % 12
    assert (taste[np.arange(40), missing] > taste[np.arange(40), other] + 0.2).all()


def test_a_member_is_folded_in_by_least_squares() -> None:
    vectors = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
    counts = csr_array(np.array([[2, 0, 1, 0, 0, 0]], np.float32))
    gram = vectors.T @ vectors + 0.5 * np.eye(3)
    expected = np.linalg.solve(gram, 3 * vectors[0] + 2 * vectors[2]) @ vectors.T
    assert tastes(Factors.of(vectors, 0.5), counts)[0] == pytest.approx(expected, abs=1e-3)


def test_members_outside_the_sample_have_a_taste() -> None:
    found = factorise(two_tastes()[np.arange(0, 40, 2)], OPTIONS)
    taste = tastes(found, two_tastes())
    assert taste[1, :6].mean() > taste[1, 6:].mean() + 0.3


def test_a_member_alone_has_the_same_taste_as_among_others() -> None:
    rng = np.random.default_rng(0)
    found = Factors.of(rng.standard_normal((500, 32)).astype(np.float32), 1.0)
    counts = csr_array((rng.random((70, 500)) * (rng.random((70, 500)) < 0.1)).astype(np.float32))
    together = tastes(found, counts)
    alone = np.concatenate([tastes(found, counts[[one]]) for one in range(70)])
    assert together.tobytes() == alone.tobytes()


def test_a_product_of_two_vectors_is_exact() -> None:
    rng = np.random.default_rng(0)
    found = Factors.of(rng.standard_normal((50, 32)).astype(np.float32), 1.0)
    whole = found.products.astype(np.int64)
    assert (found.products @ found.products.T).astype(np.int64).tolist() == (
        whole @ whole.T
    ).tolist()


def test_a_member_without_purchases_has_no_taste() -> None:
    counts = csr_array(np.array([[1, 1], [0, 0]], np.float32))
    assert tastes(factorise(counts[[0]], OPTIONS), counts)[1].tolist() == [0.0, 0.0]


def test_nothing_can_be_factorised() -> None:
    found = factorise(csr_array((0, 0), dtype=np.float32), OPTIONS)
    assert found.products.shape == (0, 4)


def test_the_same_random_state_gives_the_same_bytes() -> None:
    first, second = factorise(two_tastes(), OPTIONS), factorise(two_tastes(), OPTIONS)
    assert first.products.tobytes() == second.products.tobytes()


def test_one_thread_is_held_only_for_the_block() -> None:
    from threadpoolctl import threadpool_info

    def threads() -> list[int]:
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    before = threads()
    with one_blas_thread():
        assert set(threads()) == {1}
    assert threads() == before
