import numpy as np
import pytest

from planted_shop import AS_OF, make_shop
from siyu.datasets.boosting import TrainingRows
from siyu.recommend.candidates.finding import Candidates
from siyu.recommend.ranking.growing import GrowingOptions
from siyu.recommend.ranking.ranker import (
    RankerOptions,
    fit_ranker,
    plain_parts,
    sum_parts,
    top_rows,
)
from siyu.recommend.ranking.training import earlier_moments
from siyu.recommend.tables.purchases import Purchases

NOW = AS_OF.value // 1000
DAY = 86_400_000_000


def pairs(member: list[int], product: list[int], alike: float = 0.5) -> Candidates:
    scores = np.full(len(member), alike, np.float32)
    named = {"neighbours": scores, "taste": scores * 2, "together": scores}
    return Candidates(np.array(member), np.array(product), named)


def test_the_plain_score_mixes_own_and_alike() -> None:
    parts = plain_parts(
        "all", np.array([0.2], np.float32), pairs([0], [3]), np.array([5], np.float32), 10.0
    )
    assert parts["own"].tolist() == pytest.approx([0.7 * 0.2])
    assert parts["alike"].tolist() == pytest.approx([0.3 * 0.5])
    assert sum_parts(parts).tolist() == pytest.approx([0.29 + 0.5e-6], abs=1e-7)


def test_the_plain_score_of_new_products_is_the_taste() -> None:
    parts = plain_parts(
        "new", np.array([0.2], np.float32), pairs([0], [3]), np.array([0], np.float32), 10.0
    )
    assert (parts["own"].tolist(), parts["alike"].tolist()) == ([0.0], [1.0])


def test_the_best_rows_come_in_order_of_score_then_product() -> None:
    rows, ranks = top_rows(pairs([0, 0, 0, 1], [2, 4, 6, 1]), np.array([1.0, 3.0, 1.0, 0.0]), 2)
    assert rows.tolist() == [1, 0, 3]
    assert ranks.tolist() == [1, 2, 1]


def test_without_windows_the_plain_model_ranks() -> None:
    found = fit_ranker([], RankerOptions(use="always"), ())
    assert found.ranks("all") is None
    assert np.isnan(found.plain_calibration["all"].apply(np.array([0.5]))).all()


def test_fewer_rows_make_coarser_trees() -> None:
    def fewest(n_rows: int) -> int:
        rows = TrainingRows.of({"n": np.arange(n_rows)}, np.zeros(n_rows))
        return GrowingOptions().boosting("binary", rows, ()).min_data_in_leaf

    assert [fewest(n_rows) for n_rows in (700, 70_000, 700_000)] == [20, 100, 500]


def test_training_moments_leave_a_horizon_before_and_after() -> None:
    bought = Purchases.of(make_shop().before(AS_OF))
    moments = earlier_moments(bought, NOW, 28 * DAY, 10)
    assert moments.max() == NOW - 28 * DAY
    assert moments.min() >= bought.basket_time.min() + 28 * DAY
    assert len(moments) == 5


def test_without_purchases_there_are_no_moments() -> None:
    bought = Purchases.of(make_shop().before("2020-01-01"))
    assert len(earlier_moments(bought, NOW, DAY, 3)) == 0
