"""On real baskets the lists are as good as the benchmark says."""

from pathlib import Path

import pandas as pd
import pytest

from siyu.datasets import Community, load_complete_journey
from siyu.recommend import OfferRecommender, list_quality, next_purchases

CUT = "2017-12-04T00:00Z"


@pytest.fixture(scope="module")
def journey(siyu_data: Path) -> Community:
    return load_complete_journey(siyu_data / "complete_journey")


def ndcg(rows: pd.DataFrame, c: Community, *, only_new: bool = False) -> float:
    found = list_quality(rows, next_purchases(c, as_of=CUT, only_new=only_new))
    return float(found["ndcg"].mean())


@pytest.mark.slow
def test_the_plain_model_reaches_041_by_itself(journey: Community) -> None:
    rec = OfferRecommender(ranker="never", random_state=0).fit(journey, as_of=CUT)
    assert ndcg(rec.recommend(), journey) > 0.411


@pytest.mark.slow
def test_the_trees_win_and_reach_0415(journey: Community) -> None:
    rec = OfferRecommender(random_state=0).fit(journey, as_of=CUT)
    assert rec.source_ == {"all": "model", "new": "model"}
    assert ndcg(rec.recommend(), journey) > 0.415
    assert ndcg(rec.recommend(only_new=True), journey, only_new=True) > 0.053


@pytest.mark.slow
def test_the_truth_is_that_of_the_protocol(journey: Community) -> None:
    assert len(next_purchases(journey, as_of=CUT)) == 96_013
    assert len(next_purchases(journey, as_of=CUT, only_new=True)) == 53_946
