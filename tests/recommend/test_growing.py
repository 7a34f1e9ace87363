from dataclasses import replace

import numpy as np
import pytest

from siyu.datasets.boosting import FeatureMatrix
from siyu.recommend.candidates.finding import Candidates
from siyu.recommend.ranking.growing import GrowingOptions, grow
from siyu.recommend.ranking.judging import compare, listed_pairs, plain_calibration
from siyu.recommend.ranking.ranker import LISTS, Ranker, RankerOptions, fit_ranker
from siyu.recommend.ranking.training import Window

N_MEMBERS, N_EACH = 80, 30
FEW = GrowingOptions(objective="binary", n_trees=20)


def window(moment: int, *, tells: bool = True) -> Window:
    """Give candidates whose feature ``signal`` tells what is bought, and ``share`` does not."""
    rng = np.random.default_rng(moment)
    n = N_MEMBERS * N_EACH
    row, product = np.repeat(np.arange(N_MEMBERS), N_EACH), np.tile(np.arange(N_EACH), N_MEMBERS)
    signal, share = rng.random(n), rng.random(n)
    bought = (signal if tells else rng.random(n)) > 0.9
    is_new = product >= N_EACH // 2
    nothing = np.zeros(n, np.float32)
    scores = dict.fromkeys(("neighbours", "taste", "together"), nothing)
    keys = row * N_EACH + product
    return Window(
        moment=moment,
        pairs=Candidates(row, product, scores),
        matrix=FeatureMatrix.of({"share": share, "signal": signal}),
        is_new=is_new,
        buyers=nothing,
        bought=bought,
        n_relevant=np.bincount(row[bought], minlength=N_MEMBERS),
        n_relevant_new=np.bincount(row[bought & is_new], minlength=N_MEMBERS),
        hits=keys[bought],
        hit_is_new=is_new[bought],
        worth=np.ones(N_EACH),
    )


def fitted(windows: list[Window], **options: object) -> Ranker:
    return fit_ranker(windows, RankerOptions(growing=FEW, **options), ())  # type: ignore[arg-type]


def test_a_blend_is_of_two_objectives() -> None:
    found = grow([window(0)], GrowingOptions(n_trees=5), ())
    assert len(found) == 2
    assert "objective=binary" in found[0].text
    assert "objective=rank_xendcg" in found[1].text


def test_without_purchases_nothing_is_grown() -> None:
    bare = replace(window(0), bought=np.zeros(N_MEMBERS * N_EACH, np.bool_))
    assert grow([bare], FEW, ()) == ()
    assert grow([], FEW, ()) == ()


def test_sampled_misses_leave_the_probabilities_as_they_are() -> None:
    given = window(0)
    rates = [
        grow([given], replace(FEW, n_near=5, share_of_far=share), ())[0]
        .predict(given.matrix)
        .mean()
        for share in (1.0, 0.2)
    ]
    assert rates[1] == pytest.approx(rates[0], rel=0.15)
    assert rates[0] == pytest.approx(given.bought.mean(), rel=0.15)


def test_early_stopping_keeps_fewer_trees_where_nothing_is_to_be_learned() -> None:
    told = [window(nth) for nth in range(3)]
    blind = [window(nth, tells=False) for nth in range(3)]
    options = replace(FEW, n_trees=60, early_stopping=5)
    kept = [grow(windows, options, ())[0].n_trees for windows in (told, blind)]
    assert kept[1] < kept[0] <= 60


def test_early_stopping_needs_an_older_window() -> None:
    always, stopped = (grow([window(0)], replace(FEW, early_stopping=n), ())[0] for n in (0, 5))
    assert stopped.text == always.text


def test_the_score_only_rises_with_a_monotone_column() -> None:
    given = window(0)
    values = np.column_stack([given.matrix.values[:, 0], 1 - given.matrix.values[:, 1]])
    falls = replace(given, matrix=FeatureMatrix(values, ("share", "n")))
    ladder = FeatureMatrix.of({"share": np.full(50, 0.5), "n": np.linspace(0, 1, 50)})
    free, held = (
        grow([falls], replace(FEW, monotone=monotone), ())[0].predict(ladder, raw=True)
        for monotone in (False, True)
    )
    assert free[-1] < free[0]
    assert (np.diff(held) >= 0).all()


def test_trees_that_know_more_than_the_plain_model_rank() -> None:
    found = fitted([window(nth) for nth in range(3)])
    assert found.ranks("all") is not None
    judged = {one.list: one for one in found.comparisons}
    assert judged["all"].difference.low > 0
    assert judged["all"].model > 0.9 > judged["all"].fallback


def test_trees_that_know_nothing_do_not_rank() -> None:
    found = fitted([window(nth, tells=False) for nth in range(3)])
    assert [found.ranks(which) for which in LISTS] == [None, None]
    assert found.importance() == {}
    assert [one.model_wins for one in found.comparisons] == [False, False]


def test_one_window_cannot_be_judged() -> None:
    assert fitted([window(0)]).comparisons == ()
    assert fitted([window(0)]).ranks("all") is None
    assert fitted([window(0)], use="always").ranks("all") is not None


def test_each_kind_of_list_has_trees_of_its_own() -> None:
    found = fitted([window(nth) for nth in range(3)], use="always")
    texts = {found.trees[which].to_text() for which in LISTS}
    assert len(texts) == 2


def test_scores_are_log_odds() -> None:
    found = fitted([window(nth) for nth in range(3)])
    later = window(9)
    trees = found.ranks("all")
    assert trees is not None
    scores = trees.score(later.matrix)
    assert (1 / (1 + np.exp(-scores))).mean() == pytest.approx(later.bought.mean(), abs=0.02)
    assert found.calibration["all"].apply(scores).mean() == pytest.approx(
        later.bought.mean(), abs=0.02
    )


def test_the_calibration_error_of_members_not_learned_from_is_told() -> None:
    found = fitted([window(nth) for nth in range(3)])
    assert [0 <= one.calibration_error < 0.05 for one in found.comparisons] == [True, True]


def test_too_few_members_leave_the_comparison_open() -> None:
    found = fitted([window(nth) for nth in range(3)])
    trees = found.ranks("all")
    assert trees is not None
    few = replace(window(5), n_relevant=(np.arange(N_MEMBERS) < 10).astype(np.int64))
    judged = compare(trees, few, "all", "repurchase")
    assert (judged.n_members, judged.model_wins) == (10, False)
    assert np.isnan(judged.calibration_error)


def test_only_new_products_are_on_lists_of_new_ones() -> None:
    given = window(0)
    assert listed_pairs(given, "new").tolist() == given.is_new.tolist()
    assert listed_pairs(given, "all").all()


def test_without_a_window_the_plain_score_means_nothing() -> None:
    assert np.isnan(plain_calibration(None, "all").apply(np.array([0.5]))).all()


def test_a_ranking_does_not_take_the_far_for_better_because_its_misses_were_left_out() -> None:
    blind = [window(nth, tells=False) for nth in range(3)]
    options = replace(FEW, objective="rank_xendcg", n_near=10, share_of_far=0.2, monotone=False)
    trees = grow(blind, options, ())[0]
    given = blind[0].matrix
    scores, share = trees.predict(given, raw=True), given.values[:, 0]
    apart = scores[share < 0.4].mean() - scores[share > 0.8].mean()
    assert abs(apart) < 0.05
