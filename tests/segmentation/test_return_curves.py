"""How the chance to come back falls with silence."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.segmentation.return_curves import LONGEST_SILENCE, ReturnCurves, SilenceCounts

Silences = list[tuple[float, int, bool]]


def _counts(silences: Silences) -> SilenceCounts:
    gaps, known, lasts = (np.array([s[i] for s in silences]) for i in range(3))
    return SilenceCounts.of(gaps.astype(float), known.astype(int), lasts.astype(bool))


def _silences() -> st.SearchStrategy[Silences]:
    one = st.tuples(st.floats(0, 60), st.integers(0, 3), st.booleans())
    return st.lists(one, max_size=40)


def _planted(
    draw: "npt.NDArray[np.float64]", gone: float, seed: int
) -> tuple[ReturnCurves, "npt.NDArray[np.float64]"]:
    """Learn from gaps, a share of which never ends, seen for up to 40 gaps."""
    rng = np.random.default_rng(seed)
    never = rng.random(len(draw)) < gone
    seen = rng.uniform(0, 40, len(draw))
    lasts = never | (draw > seen)
    counts = SilenceCounts.of(np.where(lasts, seen, draw), np.ones(len(draw), int), lasts)
    return ReturnCurves.of(counts), draw


def test_half_never_return() -> None:
    # 5,000 silences end after one gap, 5,000 last for 30: K falls from 1 to 0.5 at one gap.
    curves = ReturnCurves.of(_counts([(1.0, 1, False), (30.0, 1, True)] * 5_000))
    chance = curves.chance(np.array([0.5, 2.0]), np.array([1, 1]))
    assert chance == pytest.approx([0.5, 0.0], abs=0.01)


def test_members_without_an_own_gap_have_a_curve_of_their_own() -> None:
    first = [(1.0, 0, False)] * 1_000 + [(30.0, 0, True)] * 3_000
    later = [(1.0, 2, False)] * 3_000 + [(30.0, 2, True)] * 1_000
    chance = ReturnCurves.of(_counts(first + later)).chance(np.zeros(2), np.array([0, 2]))
    assert chance == pytest.approx([0.25, 0.75], abs=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_planted_chances_are_found(seed: int) -> None:
    # Gaps exponential of mean 1, one in five for good: 0.8 exp(-u) / (0.8 exp(-u) + 0.2).
    curves, _ = _planted(np.random.default_rng(seed).exponential(1, 20_000), 0.2, seed)
    silent = np.array([0.0, 0.5, 1.0, 2.0, 3.0])
    planted = 0.8 * np.exp(-silent) / (0.8 * np.exp(-silent) + 0.2)
    assert curves.chance(silent, np.ones(5, int)) == pytest.approx(planted, abs=0.03)


def test_limits_are_wider_where_pauses_end() -> None:
    rng = np.random.default_rng(0)
    pauses = rng.random(20_000) < 0.25
    bursts, _ = _planted(rng.exponential(np.where(pauses, 3.4, 0.2)), 0.05, 1)
    regular, _ = _planted(rng.gamma(6.0, 1 / 6, 20_000), 0.05, 1)
    assert bursts.limits(0.5)[1] > 2.5 * regular.limits(0.5)[1]


def test_a_silence_at_the_longest_is_beyond_all_lengths() -> None:
    counts = _counts([(0.0, 0, False), (LONGEST_SILENCE, 0, False), (24.9, 0, True)])
    assert counts.ended[0, [0, -2, -1]].tolist() == [1, 0, 1]
    assert counts.lasting[0, [0, -2, -1]].tolist() == [0, 1, 0]


def test_nobody_is_late_within_one_expected_gap() -> None:
    curves = ReturnCurves.of(_counts([(0.05, 1, False), (30.0, 1, True)] * 5_000))
    assert curves.chance(np.array([0.5]), np.array([1]))[0] < 0.01
    assert curves.limits(0.6)[1] == 1.0


@given(_silences())
def test_the_chance_falls_with_silence(silences: Silences) -> None:
    curves = ReturnCurves.of(_counts(silences))
    silent = np.linspace(0, LONGEST_SILENCE + 5, 200)
    for n_gaps in (0, 1):
        chance = curves.chance(silent, np.full(200, n_gaps))
        assert (np.diff(chance) <= 1e-12).all()
        assert chance[0] <= 1
        assert chance[-1] == 0


@given(_silences(), st.floats(0.05, 0.9))
def test_limits_are_where_the_chance_has_fallen(silences: Silences, chance: float) -> None:
    curves = ReturnCurves.of(_counts(silences))
    at = np.array(curves.limits(chance))
    known = np.array([0, 1])
    assert (curves.chance(at + 1e-6, known) <= chance + 1e-6).all()
    inside = at > 1
    assert (curves.chance(at - 1e-6, known) >= chance - 1e-6)[inside].all()


@given(_silences(), st.integers(0, 40))
def test_counts_of_parts_add_up(silences: Silences, cut: int) -> None:
    whole, parts = _counts(silences), _counts(silences[:cut]) + _counts(silences[cut:])
    assert (whole.ended == parts.ended).all()
    assert (whole.lasting == parts.lasting).all()


def test_of_nothing_the_usual_curves_are_learned() -> None:
    learned, usual = ReturnCurves.of(_counts([])), ReturnCurves.unlearned()
    np.testing.assert_allclose(learned.lasting, usual.lasting)
