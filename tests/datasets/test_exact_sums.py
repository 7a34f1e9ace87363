"""Sums that do not depend on the order of rows."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.errors import ParameterError
from siyu.datasets.exact_sums import exact_sum, exact_total

amounts = st.lists(st.floats(-1e6, 1e6), max_size=60)


@given(amounts, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_bit(values: list[float], random: object) -> None:
    mixed = list(values)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert exact_total(np.array(values)) == exact_total(np.array(mixed))


@given(amounts)
def test_the_sum_is_the_true_sum(values: list[float]) -> None:
    assert exact_total(np.array(values)) == pytest.approx(math.fsum(values), abs=1e-9, rel=1e-15)


@given(amounts)
def test_chunks_of_members_give_the_same_sums(values: list[float]) -> None:
    codes = np.arange(len(values)) % 5
    whole = exact_sum(codes, np.array(values), 5)
    for code in range(5):
        alone = np.array(values)[codes == code]
        assert exact_total(alone) == whole[code]


def test_a_code_without_rows_sums_to_zero() -> None:
    assert exact_sum(np.array([1]), np.array([2.0]), 3).tolist() == [0.0, 2.0, 0.0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e13])
def test_a_sum_beyond_the_exact_range_is_refused(value: float) -> None:
    with pytest.raises(ParameterError, match="a sum must stay below"):
        exact_total(np.array([value]))
