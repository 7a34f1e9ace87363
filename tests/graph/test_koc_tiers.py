"""Tiers at their edges."""

import numpy as np
import pytest

from siyu.graph.ranking.koc_tiers import TIERS, tiers


@pytest.mark.parametrize(
    ("score", "confidence", "n_reasons", "held_back", "tier"),
    [
        (0.50, 0.60, 2, False, "core"),
        (0.49, 0.99, 7, False, "watch"),
        (0.99, 0.59, 7, False, "rising"),
        (0.99, 0.99, 1, False, "rising"),
        (0.99, 0.99, 7, True, "watch"),
        (0.50, 0.30, 0, False, "rising"),
        (0.35, 0.30, 0, False, "watch"),
        (0.34, 0.99, 7, False, "none"),
        (0.99, 0.29, 7, False, "none"),
    ],
)
def test_a_tier_needs_score_confidence_and_reasons(
    score: float, confidence: float, n_reasons: int, held_back: bool, tier: str
) -> None:
    found = tiers(
        np.array([score]), np.array([confidence]), np.array([n_reasons]), np.array([held_back])
    )
    assert found.to_pylist() == [tier]


def test_a_better_score_is_never_a_worse_tier() -> None:
    score = np.linspace(0, 1, 201)
    same = np.ones(201)
    found = tiers(score, same * 0.7, same.astype(np.int64) * 3, same > 2)
    place = [TIERS.index(code) for code in found.to_pylist()]
    assert place == sorted(place, reverse=True)


def test_nobody_is_in_the_core_by_being_the_best_of_a_poor_lot() -> None:
    score = np.linspace(0, 0.3, 50)
    found = tiers(score, np.ones(50), np.full(50, 5), np.zeros(50, dtype=np.bool_))
    assert set(found.to_pylist()) == {"none"}
