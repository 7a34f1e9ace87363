"""A list of numbers a member."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.ragged import Ragged

lists = st.lists(st.lists(st.floats(-1e3, 1e3), max_size=6), max_size=6)


def ragged(parts: list[list[float]]) -> Ragged:
    starts = np.concatenate(([0], np.cumsum([len(p) for p in parts]))).astype(np.int64)
    return Ragged(np.array([v for p in parts for v in p], dtype=float), starts)


@given(lists, st.floats(0, 1))
def test_quantiles_are_numpys(parts: list[list[float]], q: float) -> None:
    expected = [np.quantile(p, q) if p else np.nan for p in parts]
    assert ragged(parts).quantile(q) == pytest.approx(expected, abs=1e-9, nan_ok=True)


@given(lists)
def test_standard_deviations_are_numpys(parts: list[list[float]]) -> None:
    expected = [np.std(p, ddof=1) if len(p) > 1 else np.nan for p in parts]
    assert ragged(parts).std() == pytest.approx(expected, abs=1e-6, nan_ok=True)


@given(lists)
def test_the_last_value_of_an_empty_list_is_missing(parts: list[list[float]]) -> None:
    expected = [p[-1] if p else np.nan for p in parts]
    assert ragged(parts).last() == pytest.approx(expected, nan_ok=True)


def test_the_mean_of_an_empty_list_is_missing() -> None:
    assert ragged([[1.0, 2.0], []]).mean() == pytest.approx([1.5, np.nan], nan_ok=True)
