"""Tiers at their edges."""

import numpy as np
import pytest

from siyu.graph.ranking.koc_tiers import TIERS, tiers


@pytest.mark.parametrize(
    ("score", "confidence", "n_reasons", "limit", "tier"),
    [
        (0.50, 0.60, 2, None, "core"),
        (0.49, 0.99, 7, None, "watch"),
        (0.99, 0.59, 7, None, "rising"),
        (0.99, 0.99, 1, None, "rising"),
        (0.99, 0.99, 7, "hub", "watch"),
        (0.99, 0.99, 7, "sleeper", "watch"),
        (0.99, 0.99, 7, "silent_lately", "watch"),
        (0.99, 0.59, 7, "silent_lately", "watch"),
        (0.99, 0.99, 7, "no_purchases", "rising"),
        (0.99, 0.59, 7, "no_purchases", "rising"),
        (0.34, 0.99, 7, "no_purchases", "none"),
        (0.50, 0.30, 0, None, "rising"),
        (0.35, 0.30, 0, None, "watch"),
        (0.34, 0.99, 7, None, "none"),
        (0.99, 0.29, 7, None, "none"),
    ],
)
def test_a_tier_needs_score_confidence_and_reasons(
    score: float, confidence: float, n_reasons: int, limit: str | None, tier: str
) -> None:
    limits = {} if limit is None else {limit: np.array([True])}
    found, _ = tiers(np.array([score]), np.array([confidence]), np.array([n_reasons]), limits)
    assert found.to_pylist() == [tier]


def test_a_limit_is_named_only_where_it_decides() -> None:
    score, yes = np.array([0.9, 0.9, 0.4, 0.1]), np.ones(4, dtype=np.bool_)
    both = {"no_purchases": yes, "silent_lately": np.array([True, False, True, True])}
    tier, because = tiers(score, np.ones(4), np.full(4, 3), both)
    assert tier.to_pylist() == ["watch", "rising", "watch", "none"]
    assert because.to_pylist() == ["silent_lately", "no_purchases", None, None]


def test_a_better_score_is_never_a_worse_tier() -> None:
    score = np.linspace(0, 1, 201)
    same = np.ones(201)
    found, _ = tiers(score, same * 0.7, same.astype(np.int64) * 3, {})
    place = [TIERS.index(code) for code in found.to_pylist()]
    assert place == sorted(place, reverse=True)


def test_nobody_is_in_the_core_by_being_the_best_of_a_poor_lot() -> None:
    score = np.linspace(0, 0.3, 50)
    found, _ = tiers(score, np.ones(50), np.full(50, 5), {})
    assert set(found.to_pylist()) == {"none"}
