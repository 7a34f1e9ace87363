import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from siyu.recommend.lists.exposure import favour_for


def shown(
    row: np.ndarray, score: np.ndarray, is_launch: np.ndarray, k: int, bonus: float
) -> tuple[int, int]:
    """Count launches and rows of the lists that a bonus gives, one list at a time."""
    launches = rows = 0
    for member in np.unique(row):
        at = np.flatnonzero(row == member)
        best = sorted(at, key=lambda one: (-(score[one] + bonus * is_launch[one]), one))[:k]
        launches += int(is_launch[best].sum())
        rows += len(best)
    return launches, rows


def test_without_a_share_there_is_no_bonus() -> None:
    found = favour_for(np.zeros(2, int), np.array([2.0, 1.0]), np.array([False, True]), 1, 0.0)
    assert found.bonus == 0.0


def test_launches_that_come_by_themselves_need_no_bonus() -> None:
    found = favour_for(np.zeros(2, int), np.array([1.0, 2.0]), np.array([False, True]), 1, 1.0)
    assert found == (0.0, 1.0)


def test_no_pairs_need_no_bonus() -> None:
    nothing = np.zeros(0, int)
    assert favour_for(nothing, np.zeros(0), np.zeros(0, bool), 3, 0.5) == (0.0, 0.0)


def test_too_few_launches_all_come_in() -> None:
    # Two lists, one launch among both: half of the rows is all there is.
    row, score = np.array([0, 0, 1]), np.array([5.0, 1.0, 4.0])
    found = favour_for(row, score, np.array([False, True, False]), 1, 1.0)
    assert found.share == 0.5
    assert found.bonus > 4.0


@given(seed=st.integers(0, 10_000), k=st.integers(1, 5), share=st.floats(0, 1))
def test_the_bonus_reaches_the_share_and_is_the_smallest(seed: int, k: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    row = np.sort(rng.integers(0, 5, n))
    score, is_launch = rng.normal(size=n), rng.random(n) < 0.4
    found = favour_for(row, score, is_launch, k, share)
    launches, rows = shown(row, score, is_launch, k, found.bonus)
    assert found.share == launches / rows
    most, _ = shown(row, score, is_launch, k, 1e9)
    assert launches >= min(np.ceil(share * rows - 1e-6), most)
    if found.bonus > 0:
        fewer, _ = shown(row, score, is_launch, k, found.bonus * (1 - 1e-6) - 1e-6)
        assert fewer < min(np.ceil(share * rows - 1e-6), most)
