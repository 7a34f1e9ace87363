"""The population's rhythm and the members' own."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.clock import DAY_US, INSTANT
from siyu.datasets.member_rows import MemberRows
from siyu.segmentation.rhythm import Rhythm, pace_of, rhythm_of
from siyu.segmentation.stages import StageRules
from siyu.segmentation.visits import Visits, visits_of

LIMIT = StageRules().churned_us


def _never(expected: np.ndarray, n_gaps: np.ndarray) -> np.ndarray:  # noqa: ARG001
    return np.full(len(expected), 2**60)


def _visits(member: list[int], day: list[int]) -> Visits:
    at = pa.array(np.array(day, dtype=np.int64) * DAY_US, INSTANT)
    table = pa.table({"member_id": pa.array(member, pa.int64()), "at": at})
    return visits_of(MemberRows.of(table, time="at"), "UTC")


def _planted(seed: int, a: float, b: float, c: float, n: int = 3_000) -> Visits:
    """Draw members whose own rates are gamma (a, b) and whose gaps are gamma of shape c."""
    rng = np.random.default_rng(seed)
    mean = b / rng.gamma(a, 1, n)
    gaps = np.maximum(np.rint(rng.gamma(c, mean[:, None] / c, (n, 6))), 1).astype(np.int64)
    keep = np.arange(6) < rng.integers(1, 7, n)[:, None]
    days = np.cumsum(np.c_[np.zeros(n, np.int64), np.where(keep, gaps, 0)], axis=1)
    there = np.c_[np.ones(n, np.bool_), keep]
    member = np.repeat(np.arange(n), there.sum(axis=1))
    return _visits(member.tolist(), days[there].tolist())


@pytest.mark.parametrize(("a", "b", "c"), [(4.0, 90.0, 1.0), (3.0, 60.0, 3.0), (8.0, 400.0, 2.0)])
def test_the_planted_rhythm_is_found(a: float, b: float, c: float) -> None:
    rhythm = rhythm_of(_planted(0, a, b, c), _never)
    assert rhythm.gap_days == pytest.approx(b / (a - 1 / 3), rel=0.06)
    assert rhythm.strength == pytest.approx((a - 1 / 3) / c, rel=0.2)


def test_the_own_gap_beats_the_raw_mean_and_the_populations() -> None:
    rng = np.random.default_rng(1)
    mean = 90.0 / rng.gamma(4.0, 1, 3_000)
    n_gaps = rng.integers(1, 4, 3_000)
    total = rng.gamma(n_gaps * 1.0, mean)
    shrunk = (3.7 * 24.5 + total) / (3.7 + n_gaps)
    errors = {
        "shrunk": np.abs(np.log(shrunk / mean)).mean(),
        "raw": np.abs(np.log(np.maximum(total / n_gaps, 0.5) / mean)).mean(),
        "population": np.abs(np.log(24.5 / mean)).mean(),
    }
    assert errors["shrunk"] < 0.95 * min(errors["raw"], errors["population"])


def test_members_of_one_rhythm_share_it() -> None:
    rhythm = rhythm_of(_visits([1, 1, 1, 2, 2, 3], [0, 7, 14, 3, 10, 5]), LIMIT)
    assert rhythm.gap_days == pytest.approx(7.0, rel=0.02)
    assert rhythm.strength > 3


def test_without_gaps_thirty_days_are_taken() -> None:
    assert rhythm_of(_visits([1, 2], [0, 5]), LIMIT) == Rhythm(30.0, 1.0, 0)
    assert rhythm_of(_visits([], []), LIMIT) == Rhythm(30.0, 1.0, 0)


def test_long_pauses_are_left_out() -> None:
    member = np.repeat(np.arange(40), 9).tolist()
    days = [day for _ in range(40) for day in (0, 10, 20, 30, 40, 400, 410, 420, 430)]
    assert rhythm_of(_visits(member, days), LIMIT).gap_days == pytest.approx(10.0, rel=0.02)
    assert rhythm_of(_visits(member, days), _never).gap_days > 40


def test_what_is_expected_at_a_visit_uses_no_later_one() -> None:
    short, long = _visits([1, 1, 1], [0, 9, 20]), _visits([1, 1, 1, 1, 1], [0, 9, 20, 21, 90])
    rhythm = Rhythm(10.0, 2.0, 1)
    first, whole = pace_of(short, rhythm, LIMIT), pace_of(long, rhythm, LIMIT)
    assert whole.expected[:3].tolist() == first.expected.tolist()


def test_expected_gaps_worked_by_hand() -> None:
    pace = pace_of(_visits([1, 1, 1, 2], [0, 9, 20, 3]), Rhythm(10.0, 2.0, 1), LIMIT)
    assert pace.expected.tolist() == [10.0, 29 / 3, 10.0, 10.0]  # (20 + 9) / 3, (20 + 20) / 4


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 300)), max_size=60), st.randoms())
def test_the_order_of_rows_changes_nothing(
    rows: list[tuple[int, int]], random: "np.random.RandomState"
) -> None:
    there = sorted(set(rows))
    mixed = list(there)
    random.shuffle(mixed)
    sorted_visits = _visits([r[0] for r in there], [r[1] for r in there])
    mixed_visits = _visits([r[0] for r in mixed], [r[1] for r in mixed])
    assert rhythm_of(sorted_visits, LIMIT) == rhythm_of(mixed_visits, LIMIT)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 300)), max_size=60))
def test_expected_gaps_lie_between_the_own_mean_and_the_populations(
    rows: list[tuple[int, int]],
) -> None:
    there = sorted(set(rows))
    visits = _visits([r[0] for r in there], [r[1] for r in there])
    rhythm = rhythm_of(visits, LIMIT)
    pace = pace_of(visits, rhythm, LIMIT)
    own = pace.days / np.maximum(pace.n_gaps, 1)
    last = pace.expected[visits.starts[1:] - 1] if there else np.empty(0)
    some = pace.n_gaps > 0
    low = np.minimum(own, rhythm.gap_days)
    high = np.maximum(own, rhythm.gap_days)
    assert (last[some] >= low[some] - 1e-9).all()
    assert (last[some] <= high[some] + 1e-9).all()
