"""Measures of a ranking by hand and against scikit-learn, and PageRank against networkx."""

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from siyu.graph.centrality import pagerank
from siyu.graph.member_graph import MemberGraph
from siyu.graph.ranking.learned_comparison import MEASURES, Trial, compare, draw
from siyu.graph.ranking.learned_ranking import Scale
from siyu.graph.ranking.learned_trials import LEARNED, judge


def trial(outcome: list[float], **scores: list[float]) -> Trial:
    members = pa.array(np.arange(len(outcome)))
    return Trial(members, np.array(outcome), {n: np.array(s) for n, s in scores.items()})


def measured(one: Trial, k: int) -> dict[str, float]:
    found = draw([one], k=k, n_resamples=2)["s"][0]
    return dict(zip(MEASURES, found.tolist(), strict=True))


def drawn_trial(seed: int, n: int = 150) -> Trial:
    rng = np.random.default_rng(seed)
    outcome = rng.poisson(0.3, n).astype(float)
    good, bad = outcome + rng.normal(0, 1, n), rng.normal(0, 1, n)
    return trial(outcome.tolist(), **{LEARNED: good.tolist(), "degree": bad.tolist()})


def test_measures_by_hand() -> None:
    found = measured(trial([3, 0, 1, 0], s=[4, 3, 2, 1]), 2)
    # the first two brought 3 of 4, one of them anything; hits stand at ranks 1 and 3
    assert found["precision"] == pytest.approx(1 / 2)
    assert found["lift"] == pytest.approx((3 / 4) / (2 / 4))
    assert found["average_precision"] == pytest.approx((1 / 1 + 2 / 3) / 2)
    # gains log2(1 + y): 2 and 1, at 1/log2(2), 1/log2(4); at best 1/log2(2), 1/log2(3)
    assert found["ndcg"] == pytest.approx((2 + 1 / 2) / (2 + 1 / np.log2(3)))


@pytest.mark.parametrize("seed", range(3))
def test_average_precision_and_ndcg_are_those_of_scikit_learn(seed: int) -> None:
    one = drawn_trial(seed)
    score = one.scores[LEARNED]
    found = draw([one], k=10, n_resamples=2)[LEARNED][0]
    assert found[2] == pytest.approx(average_precision_score(one.outcome > 0, score))
    assert found[3] == pytest.approx(ndcg_score([np.log2(1 + one.outcome)], [score]))


def test_a_perfect_ranking_has_ndcg_and_precision_of_one() -> None:
    found = measured(trial([5, 4, 0, 0, 0], s=[5, 4, 3, 2, 1]), 2)
    assert (found["precision"], found["average_precision"], found["ndcg"]) == (1, 1, 1)


def test_members_that_a_score_does_not_tell_apart_gain_nothing_from_their_id() -> None:
    n = 4000
    outcome = np.zeros(n)
    outcome[: n // 4] = 1  # the smallest ids bring everything
    found = measured(trial(outcome.tolist(), s=[0.0] * n), 1000)
    assert found["lift"] == pytest.approx(1, abs=0.15)


def test_members_without_a_value_stand_last() -> None:
    found = measured(trial([0, 0, 1], s=[-5, -9, np.nan]), 2)
    assert found["precision"] == 0


def test_nobody_brought_anything_is_no_merit() -> None:
    found = measured(trial([0, 0], s=[1, 2]), 1)
    assert set(found.values()) == {0.0}


def test_a_list_longer_than_the_members_is_all_of_them() -> None:
    found = measured(trial([1, 0, 0, 1], s=[1, 2, 3, 4]), 50)
    assert (found["precision"], found["lift"]) == (0.5, 1.0)


def test_a_better_score_gains_beyond_its_interval() -> None:
    found = compare(draw([drawn_trial(0)], k=20), LEARNED).to_pandas()
    gains = found[found["ranking"] == "degree"]
    assert (gains["gain_low"] > 0).all()
    assert found.loc[found["ranking"] == LEARNED, "gain"].isna().all()


def test_values_lie_within_their_intervals() -> None:
    found = compare(draw([drawn_trial(0)], k=20), LEARNED).to_pandas()
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()


def test_a_score_against_itself_gains_nothing_in_any_draw() -> None:
    one = drawn_trial(1)
    again = Trial(one.members, one.outcome, {**one.scores, "degree": one.scores[LEARNED]})
    drawn = draw([again], k=20, n_resamples=50)
    assert (drawn[LEARNED] == drawn["degree"]).all()


def test_blocks_of_draws_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = draw([drawn_trial(2)], k=20, n_resamples=30)
    monkeypatch.setattr("siyu.graph.ranking.learned_comparison._BLOCK", 150 * 7)
    parts = draw([drawn_trial(2)], k=20, n_resamples=30)
    assert (whole[LEARNED] == parts[LEARNED]).all()


def test_measures_of_several_trials_are_means() -> None:
    first, second = drawn_trial(3), drawn_trial(4)
    both = draw([first, second], k=20, n_resamples=2)[LEARNED][0]
    each = [draw([one], k=20, n_resamples=2)[LEARNED][0] for one in (first, second)]
    np.testing.assert_allclose(both, np.mean(each, axis=0))


def test_the_verdict_names_the_best_plain_ranking() -> None:
    one = drawn_trial(5)
    more = Trial(one.members, one.outcome, {**one.scores, "pagerank": one.outcome})
    verdict = judge(more, draw([more], k=20, n_resamples=100))
    assert verdict.best == "pagerank"
    assert not verdict.trees_win
    assert verdict.low <= verdict.gain <= verdict.high < 0


def test_too_few_who_brought_anything_decide_nothing() -> None:
    one = trial([1.0] + [0.0] * 40, learned=[float(i) for i in range(41)], degree=[0.0] * 41)
    verdict = judge(one, draw([one], k=5, n_resamples=5))
    assert (verdict.best, verdict.n_bringing, verdict.trees_win) == ("", 1, False)


def test_the_outcome_expected_of_a_plain_ranking_never_falls() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 9, 300).astype(float)
    scale = Scale.of(values, rng.poisson(values / 4).astype(float))
    expected = scale.expect(np.arange(-2.0, 12.0))
    assert (np.diff(expected) >= 0).all()
    assert expected[-1] > expected[0] >= 0


def test_members_without_a_value_are_expected_to_do_as_such_members_did() -> None:
    scale = Scale.of(np.array([np.nan, np.nan, 1.0, 2.0]), np.array([4.0, 0.0, 0.0, 1.0]))
    assert scale.expect(np.array([np.nan, 9.0])).tolist() == [2.0, 1.0]


def test_a_ranking_without_any_value_still_has_a_scale() -> None:
    scale = Scale.of(np.array([np.nan]), np.array([3.0]))
    assert scale.expect(np.array([np.nan, 1.0])).tolist() == [3.0, 0.0]


@pytest.mark.parametrize("directed", [True, False])
def test_pagerank_is_that_of_networkx(directed: bool) -> None:
    rng = np.random.default_rng(7)
    ends, weight = rng.integers(0, 40, (2, 160)), rng.random(160) + 0.1
    ends = ends[:, ends[0] != ends[1]]
    graph = MemberGraph.from_arrays(
        ends[0], ends[1], weight[: ends.shape[1]], ids=np.arange(45), directed=directed
    )
    peer = nx.pagerank(graph.to_networkx(), tol=1e-13, max_iter=1000)
    np.testing.assert_allclose(pagerank(graph), [peer[i] for i in range(45)], atol=1e-9)


def test_pagerank_of_nobody_is_empty() -> None:
    empty = np.empty(0, dtype=np.int64)
    assert pagerank(MemberGraph.from_arrays(empty, empty)).tolist() == []


def test_where_there_is_nobody_to_rank_every_measure_is_0() -> None:
    nobody = Trial(pa.array([], pa.int64()), np.zeros(0), {"s": np.zeros(0)})
    assert measured(nobody, 5) == dict.fromkeys(MEASURES, 0.0)
