"""Weights, scores and confidence, by hand."""

import math

import numpy as np
import pytest

from koc_cases import END, frame, shop
from siyu.datasets import Community
from siyu.datasets.errors import DataError, ParameterError
from siyu.graph.ranking.koc_components import COMPONENTS, Component
from siyu.graph.ranking.koc_ranking import koc
from siyu.graph.ranking.koc_scoring import KocWeights, Scores, scores_of


def only(**weights: float) -> KocWeights:
    return KocWeights(**{**dict.fromkeys(COMPONENTS, 0.0), **weights})


def scored(weights: KocWeights, **components: tuple[list[float], list[int]]) -> Scores:
    measured = {
        name: Component(np.array(values), np.array(n_seen))
        for name, (values, n_seen) in components.items()
    }
    return scores_of(measured, weights)


@pytest.mark.parametrize(
    "weights",
    [
        {"trust": -1.0},
        {"trust": math.nan},
        {"trust": 1.7e308, "bridging": 1.7e308},
        dict.fromkeys(COMPONENTS, 0.0),
    ],
)
def test_weights_out_of_range_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="weights must be 0 or more"):
        KocWeights(**weights)


def test_every_component_has_a_weight_and_they_add_up_to_one() -> None:
    shares = KocWeights().shares(list(COMPONENTS))
    assert list(shares) == list(COMPONENTS)
    assert math.fsum(getattr(KocWeights(), name) for name in COMPONENTS) == pytest.approx(1)


@pytest.mark.filterwarnings("ignore:koc")
def test_the_score_is_a_weighted_mean() -> None:
    found = scored(only(trust=3, activity=1), trust=([0.8], [10]), activity=([0.4], [10]))
    assert found.score[0] == pytest.approx((3 * 0.8 + 0.4) / 4)


@pytest.mark.filterwarnings("ignore:koc")
def test_unknown_is_not_zero() -> None:
    found = scored(
        only(trust=1, tenure=1), trust=([0.8, 0.8], [10, 10]), tenure=([math.nan, 0.0], [0, 1])
    )
    assert found.score.tolist() == pytest.approx([0.8, 0.4])


@pytest.mark.filterwarnings("ignore:koc")
def test_of_whom_nothing_is_known_the_score_is_0() -> None:
    found = scored(only(tenure=1), tenure=([math.nan], [0]))
    assert (found.score.tolist(), found.confidence.tolist()) == ([0.0], [0.0])


@pytest.mark.filterwarnings("ignore:koc")
def test_ten_ties_are_half_a_proof_and_ninety_nine_tenths() -> None:
    found = scored(only(bridging=1), bridging=([1.0, 1.0, 1.0], [0, 10, 90]))
    assert found.confidence.tolist() == pytest.approx([0.0, 0.5, 0.9])


@pytest.mark.filterwarnings("ignore:koc")
def test_what_adds_nothing_to_the_score_does_not_make_it_surer() -> None:
    found = scored(
        only(bridging=1, activity=1), bridging=([1.0], [10]), activity=([0.0], [1_000_000])
    )
    assert found.confidence[0] == pytest.approx(0.5)


@pytest.mark.filterwarnings("ignore:koc")
def test_what_could_not_be_measured_lowers_confidence() -> None:
    both = only(bridging=1, trust=3)
    assert scored(both, bridging=([1.0], [90])).confidence[0] == pytest.approx(0.9 / 4)


@pytest.mark.filterwarnings("ignore:koc", "ignore:ties were dropped")
def test_more_turns_answered_at_the_same_rate_make_surer() -> None:
    days = [f"2026-05-{day:02d} 10:00" for day in range(1, 21)]
    said = frame(
        member_id=[1, 8] + [2] * 10 + [9] * 10,
        message_time=days[:2] + days[:10] + days[1:11],
        reply_to_member_id=[None, 1] + [None] * 10 + [2] * 10,
    ).astype({"reply_to_member_id": "Int64"})
    found = koc(Community(messages=said, tz="UTC"), as_of=END).set_index("member_id")
    assert found["confidence"][2] > found["confidence"][1]


def test_where_nothing_that_has_a_weight_can_be_measured_nobody_is_ranked() -> None:
    orders = frame(member_id=[1], order_time=["2026-06-01"], amount=[1.0])
    with pytest.raises(DataError, match="nothing that has a weight; needed are tenure: members"):
        koc(Community(orders=orders, tz="UTC"), as_of=END, weights=only(tenure=1))


def test_each_row_says_how_sure_it_is() -> None:
    confidence = koc(shop(), as_of=END)["confidence"]
    assert ((confidence > 0) & (confidence < 1)).all()
