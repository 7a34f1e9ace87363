import numpy as np
import pytest

from siyu.datasets.boosting import BoostedTrees, BoostingOptions, FeatureMatrix, TrainingRows, train
from siyu.recommend.ranking.blend import TreeBlend

N = 600


def matrix() -> FeatureMatrix:
    rng = np.random.default_rng(0)
    return FeatureMatrix.of({"a": rng.random(N), "b": rng.random(N)})


def member() -> np.ndarray:
    return np.repeat(np.arange(N // 10), 10)


def labels() -> np.ndarray:
    tell: np.ndarray = (matrix().values.sum(axis=1) + np.random.default_rng(1).random(N)) > 1.8
    return tell


def grown(objective: str) -> BoostedTrees:
    rows = TrainingRows.of(matrix(), labels(), None if objective == "binary" else member())
    return train(rows, BoostingOptions(objective=objective, n_trees=20, n_leaves=4))


@pytest.fixture(scope="module")
def both() -> tuple[BoostedTrees, BoostedTrees]:
    return grown("binary"), grown("rank_xendcg")


def test_one_model_alone_keeps_its_scores(both: tuple[BoostedTrees, BoostedTrees]) -> None:
    blend = TreeBlend.of(both[:1], matrix(), member())
    assert blend.score(matrix()).tolist() == both[0].predict(matrix(), raw=True).tolist()


def test_each_model_has_the_same_say_within_a_member(
    both: tuple[BoostedTrees, BoostedTrees],
) -> None:
    blend = TreeBlend.of(both, matrix(), member())
    for one, scale in zip(blend.trees, blend.scales, strict=True):
        scores = (one.predict(matrix(), raw=True) * scale).reshape(-1, 10)
        spread = np.sqrt(np.mean((scores - scores.mean(axis=1, keepdims=True)) ** 2))
        assert spread == pytest.approx(0.5)


def test_contributions_add_up_to_the_score(both: tuple[BoostedTrees, BoostedTrees]) -> None:
    blend = TreeBlend.of(both, matrix(), member())
    blend = blend.as_log_odds(blend.score(matrix()), labels())
    split = blend.contributions(matrix())
    assert split.sum(axis=1) == pytest.approx(blend.score(matrix()))


def test_as_log_odds_probabilities_are_fitted_to_platts_targets(
    both: tuple[BoostedTrees, BoostedTrees],
) -> None:
    blend = TreeBlend.of(both, matrix(), member())
    straight = blend.as_log_odds(blend.score(matrix()), labels())
    chance = 1 / (1 + np.exp(-straight.score(matrix())))
    n = labels().sum()
    target = np.where(labels(), (n + 1) / (n + 2), 1 / (N - n + 2))
    assert chance.mean() == pytest.approx(target.mean(), abs=1e-6)
    assert chance.mean() == pytest.approx(labels().mean(), abs=1e-4)
    assert np.mean((chance - target) * straight.score(matrix())) == pytest.approx(0, abs=1e-6)


def test_scores_that_part_outcomes_without_a_mistake_have_finite_odds(
    both: tuple[BoostedTrees, BoostedTrees],
) -> None:
    one = TreeBlend.of(both[:1], matrix(), member())
    bought = np.arange(40) < 10
    straight = one.as_log_odds(np.where(bought, 2.0, -2.0), bought)
    odds = straight.shift + straight.scales[0] * np.array([2.0, -2.0])
    assert 1 / (1 + np.exp(-odds)) == pytest.approx([11 / 12, 1 / 32], abs=1e-6)


def test_as_log_odds_the_order_stays(both: tuple[BoostedTrees, BoostedTrees]) -> None:
    blend = TreeBlend.of(both, matrix(), member())
    first = blend.score(matrix())
    again = blend.as_log_odds(first, labels()).score(matrix())
    assert np.corrcoef(first, again)[0, 1] == pytest.approx(1.0)


@pytest.mark.parametrize("answer", [np.zeros(N, np.bool_), np.ones(N, np.bool_)])
def test_outcomes_that_do_not_vary_change_nothing(
    both: tuple[BoostedTrees, BoostedTrees], answer: np.ndarray
) -> None:
    blend = TreeBlend.of(both, matrix(), member())
    assert blend.as_log_odds(blend.score(matrix()), answer) is blend


def test_scores_that_foretell_the_contrary_are_left_alone(
    both: tuple[BoostedTrees, BoostedTrees],
) -> None:
    blend = TreeBlend.of(both, matrix(), member())
    assert blend.as_log_odds(blend.score(matrix()), ~labels()) is blend


def test_the_shares_of_the_gain_sum_to_one(both: tuple[BoostedTrees, BoostedTrees]) -> None:
    found = TreeBlend.of(both, matrix(), member()).importance()
    assert sum(found.values()) == pytest.approx(1.0)
    assert set(found) == {"a", "b"}


def test_a_row_scores_the_same_alone(both: tuple[BoostedTrees, BoostedTrees]) -> None:
    blend = TreeBlend.of(both, matrix(), member())
    one = matrix().take(np.array([7]))
    assert blend.score(one)[0] == blend.score(matrix())[7]
