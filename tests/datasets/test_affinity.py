"""Decayed affinity against the formula written out row by row."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siyu.datasets.affinity import (
    affinity_matrix,
    decay,
    population_shares,
    smoothed_shares,
    top_keys,
)
from siyu.datasets.errors import DataError, ParameterError

DAY = 86_400_000_000
SHAPE = (4, 3)
ROW = st.tuples(st.integers(-1, 3), st.integers(-1, 2), st.floats(0, 1000))
ROWS = st.lists(ROW, max_size=30)


def arrays(
    rows: list[tuple[int, int, float]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    members, keys, weights = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(members, np.int64), np.array(keys, np.int64), np.array(weights, np.float64)


def matrix_of(rows: list[tuple[int, int, float]]) -> csr_array:
    return affinity_matrix(*arrays(rows), shape=SHAPE)


def test_weight_halves_with_every_half_life() -> None:
    times = np.array([0, 10 * DAY, 20 * DAY - 1])
    # Ages 20 days, 10 days and a microsecond: 1/4, 1/2 and almost 1.
    assert decay(times, 20 * DAY, 10).tolist() == pytest.approx([0.25, 0.5, 1.0])


def test_an_infinite_half_life_weighs_all_rows_alike() -> None:
    assert decay(np.array([0, 5 * DAY]), 20 * DAY, math.inf).tolist() == [1.0, 1.0]


def test_very_old_rows_weigh_nothing() -> None:
    assert decay(np.array([0]), 365 * 4000 * DAY, 1).tolist() == [0.0]


def test_no_rows_have_no_weights() -> None:
    assert decay(np.array([], np.int64), 0, 1).shape == (0,)


def test_rows_at_as_of_are_refused() -> None:
    with pytest.raises(DataError, match="1 of 2 rows lie at or after as_of"):
        decay(np.array([0, 5]), 5, 1)


@pytest.mark.parametrize("wrong", [0, -1, math.nan])
def test_a_half_life_must_be_above_zero(wrong: float) -> None:
    with pytest.raises(ParameterError, match="half_life_days must be > 0"):
        decay(np.array([0]), 5, wrong)


@given(ROWS)
def test_sums_are_those_of_the_rows(rows: list[tuple[int, int, float]]) -> None:
    expected = np.zeros(SHAPE)
    for member, key, weight in rows:
        if member >= 0 and key >= 0:
            expected[member, key] += weight
    assert np.allclose(matrix_of(rows).toarray(), expected, rtol=1e-12, atol=1e-15)


@given(ROWS, st.randoms(use_true_random=False))
def test_row_order_changes_no_bit(rows: list[tuple[int, int, float]], random: object) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert matrix_of(rows).toarray().tobytes() == matrix_of(shuffled).toarray().tobytes()


@given(ROWS)
def test_a_member_alone_has_the_same_numbers(rows: list[tuple[int, int, float]]) -> None:
    whole = matrix_of(rows)
    population = population_shares(whole)
    alone = affinity_matrix(*arrays([(0, k, w) for m, k, w in rows if m == 2]), shape=(1, 3))
    one = smoothed_shares(alone, population).toarray()[0]
    assert one.tolist() == smoothed_shares(whole, population).toarray()[2].tolist()
    assert top_keys(alone, population).key[0] == top_keys(whole, population).key[2]


@given(ROWS)
def test_smoothed_shares_of_all_keys_sum_to_one(rows: list[tuple[int, int, float]]) -> None:
    matrix = matrix_of(rows)
    population = population_shares(matrix)
    stored = smoothed_shares(matrix, population, 2.0).toarray()
    absent = 2.0 * population / (matrix.sum(axis=1)[:, None] + 2.0)
    total = np.where(stored > 0, stored, absent).sum(axis=1)
    assert np.allclose(total, 1.0 if matrix.nnz else 0.0)


def test_zero_sums_are_not_stored() -> None:
    assert matrix_of([(0, 0, 0.0), (1, 1, 2.0)]).nnz == 1


def test_without_smoothing_shares_are_plain() -> None:
    shares = smoothed_shares(csr_array([[1.0, 3.0], [0.0, 0.0]]), np.array([0.25, 0.75]), 0)
    assert shares.toarray().tolist() == [[0.25, 0.75], [0.0, 0.0]]


def test_much_smoothing_leads_to_the_population() -> None:
    shares = smoothed_shares(csr_array([[1.0, 3.0]]), np.array([0.6, 0.4]), 1e12)
    assert shares.toarray()[0].tolist() == pytest.approx([0.6, 0.4])


def test_the_top_key_comes_with_share_lift_and_weight() -> None:
    top = top_keys(csr_array([[3.0, 1.0], [0.0, 1.0], [0.0, 0.0]]), np.array([0.6, 0.4]), 1.0)
    # Member 0: (3 + 0.6) / 5 = 0.72, over 0.6 = 1.2. Member 1: (1 + 0.4) / 2 = 0.7, over 0.4.
    assert top.key.tolist() == [0, 1, -1]
    assert top.share[:2].tolist() == pytest.approx([0.72, 0.7])
    assert top.lift[:2].tolist() == pytest.approx([1.2, 1.75])
    assert top.weight.tolist() == [3.0, 1.0, 0.0]
    assert np.isnan([top.share[2], top.lift[2]]).all()


def test_lift_prefers_the_rarer_key() -> None:
    matrix, population = csr_array([[3.0, 2.0]]), np.array([0.9, 0.1])
    assert top_keys(matrix, population, by="share").key.tolist() == [0]
    assert top_keys(matrix, population, by="lift").key.tolist() == [1]


def test_equals_go_to_the_lower_code() -> None:
    assert top_keys(csr_array([[0.0, 2.0, 2.0]]), np.full(3, 1 / 3)).key.tolist() == [1]


def test_no_members_and_no_keys_are_legal() -> None:
    empty = affinity_matrix(*arrays([]), shape=(0, 0))
    assert population_shares(empty).shape == (0,)
    assert top_keys(empty, np.zeros(0)).key.shape == (0,)


def test_members_without_rows_prefer_nothing() -> None:
    assert top_keys(matrix_of([]), np.zeros(3)).key.tolist() == [-1] * 4


def test_a_code_beyond_the_shape_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"a code lies beyond the shape \(4, 3\)"):
        matrix_of([(0, 3, 1.0)])


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_weights_must_be_known_and_not_negative(wrong: float) -> None:
    with pytest.raises(DataError, match="weights must be known and 0 or more, 1 are not"):
        matrix_of([(0, 0, wrong)])


def test_rows_of_unequal_number_are_refused() -> None:
    members, keys, weights = arrays([(0, 0, 1.0)])
    with pytest.raises(ParameterError, match=r"rows differ in number: \[1, 1, 0\]"):
        affinity_matrix(members, keys, weights[:0], SHAPE)


def test_a_negative_strength_is_refused() -> None:
    with pytest.raises(ParameterError, match="strength must be 0 or more"):
        smoothed_shares(matrix_of([]), np.zeros(3), -1.0)


def test_a_population_of_other_keys_is_refused() -> None:
    with pytest.raises(ParameterError, match="expected 3 shares"):
        smoothed_shares(matrix_of([]), np.zeros(2))


def test_an_unknown_way_to_choose_is_refused() -> None:
    with pytest.raises(ParameterError, match="by must be 'share' or 'lift'"):
        top_keys(matrix_of([]), np.zeros(3), by="count")
