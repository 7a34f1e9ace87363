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


def test_the_taste_for_what_is_missing_is_found() -> None:
    found = factorise(two_tastes(), np.arange(40), OPTIONS)
    taste = found.members @ found.products.T
    missing = np.arange(40) % 6 + 6 * (np.arange(40) >= 20)
    other = (missing + 6) % 12
    assert (taste[np.arange(40), missing] > taste[np.arange(40), other] + 0.2).all()


def test_the_loss_is_near_that_of_exact_least_squares() -> None:
    # One exact solution of the members' problems, given the products.
    counts = two_tastes()
    found = factorise(counts, np.arange(40), OPTIONS)
    q = found.products.astype(np.float64)
    dense = counts.toarray()
    for member in (0, 25):
        confidence = 1 + dense[member]
        left = (q * confidence[:, None]).T @ q + 0.5 * np.eye(4)
        exact = np.linalg.solve(left, q.T @ (confidence * (dense[member] > 0)))
        assert found.members[member] == pytest.approx(exact, abs=2e-3)


def test_members_outside_the_sample_get_a_vector() -> None:
    found = factorise(two_tastes(), np.arange(0, 40, 2), OPTIONS)
    taste = found.members @ found.products.T
    assert taste[1, :6].mean() > taste[1, 6:].mean() + 0.3


def test_a_member_without_purchases_gets_zeros() -> None:
    counts = csr_array(np.array([[1, 1], [0, 0]], np.float32))
    assert factorise(counts, np.array([0]), OPTIONS).members[1].tolist() == [0.0] * 4


def test_nothing_can_be_factorised() -> None:
    found = factorise(csr_array((0, 0), dtype=np.float32), np.zeros(0, np.int64), OPTIONS)
    assert found.members.shape == (0, 4)


def test_the_same_random_state_gives_the_same_bytes() -> None:
    first = factorise(two_tastes(), np.arange(40), OPTIONS)
    second = factorise(two_tastes(), np.arange(40), OPTIONS)
    assert first.members.tobytes() == second.members.tobytes()


def test_taste_is_read_pair_by_pair() -> None:
    factors = Factors(np.array([[1, 2]], np.float32), np.array([[3, 4], [5, 6]], np.float32))
    assert factors.taste(np.array([0, 0]), np.array([0, 1])).tolist() == [11.0, 17.0]


def test_one_thread_is_held_only_for_the_block() -> None:
    from threadpoolctl import threadpool_info

    def threads() -> list[int]:
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    before = threads()
    with one_blas_thread():
        assert set(threads()) == {1}
    assert threads() == before
