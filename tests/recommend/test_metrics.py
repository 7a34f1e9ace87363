import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planted_shop import AS_OF
from siyu.datasets import Community, DataError, ParameterError, load_complete_journey
from siyu.recommend import list_quality, next_purchases
from siyu.recommend.evaluation.own_baselines import popularity


def lists(rows: list[tuple[int, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["member_id", "product_id", "rank"])


def truth(rows: list[tuple[int, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["member_id", "product_id"])


def test_a_list_worked_by_hand() -> None:
    # Hits at ranks 1 and 3 of 3; three relevant products.
    found = list_quality(lists([(1, 7, 1), (1, 8, 2), (1, 9, 3)]), truth([(1, 7), (1, 9), (1, 5)]))
    dcg = 1 + 1 / 2  # 1 / log2(2) + 1 / log2(4)
    best = 1 + 1 / math.log2(3) + 1 / 2
    assert found["ndcg"].tolist() == pytest.approx([dcg / best])
    assert found["recall"].tolist() == pytest.approx([2 / 3])
    assert found["precision"].tolist() == pytest.approx([2 / 10])
    assert found["reciprocal_rank"].tolist() == [1.0]
    assert found["average_precision"].tolist() == pytest.approx([(1 / 1 + 2 / 3) / 3])
    assert found["hit"].tolist() == [1.0]


def test_the_best_list_measures_one() -> None:
    found = list_quality(lists([(1, 7, 1), (1, 8, 2)]), truth([(1, 7), (1, 8)]), k=2)
    assert found.drop(columns="member_id").to_numpy().tolist() == [[1.0] * 6]


def test_ranks_beyond_k_do_not_count() -> None:
    found = list_quality(lists([(1, 7, 1), (1, 8, 2)]), truth([(1, 8)]), k=1)
    assert found["hit"].tolist() == [0.0]


def test_a_member_without_a_list_measures_zero() -> None:
    found = list_quality(lists([(1, 7, 1)]), truth([(1, 7), (2, 7)]))
    assert found["ndcg"].tolist() == [1.0, 0.0]


def test_lists_of_others_are_left_out() -> None:
    found = list_quality(lists([(1, 7, 1), (2, 7, 1)]), truth([(2, 7)]))
    assert found["member_id"].tolist() == [2]


def test_a_product_twice_is_refused() -> None:
    with pytest.raises(DataError, match="product_id twice"):
        list_quality(lists([(1, 7, 1), (1, 7, 2)]), truth([(1, 7)]))


def test_a_rank_below_one_is_refused() -> None:
    with pytest.raises(DataError, match="ranks begin at 1"):
        list_quality(lists([(1, 7, 0)]), truth([(1, 7)]))


def test_k_of_zero_is_refused() -> None:
    with pytest.raises(ParameterError, match="k must be 1 or more"):
        list_quality(lists([(1, 7, 1)]), truth([(1, 7)]), k=0)


def test_the_first_hit_gives_the_reciprocal_rank() -> None:
    found = list_quality(lists([(1, 7, 1), (1, 8, 3), (1, 9, 4)]), truth([(1, 8), (1, 9)]))
    assert found["reciprocal_rank"].tolist() == pytest.approx([1 / 3])


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="rank are missing; there are: member_id, product_id"):
        list_quality(truth([(1, 7)]), truth([(1, 7)]))


def test_an_unknown_member_in_a_list_is_refused() -> None:
    shown = lists([(1, 7, 1), (1, 8, 2)]).astype({"member_id": "Int64"})
    shown.loc[1, "member_id"] = pd.NA
    with pytest.raises(DataError, match="every value must be known"):
        list_quality(shown, truth([(1, 7)]))


def test_no_relevant_products_give_no_rows() -> None:
    assert len(list_quality(lists([(1, 7, 1)]), truth([]))) == 0


def scorer(siyu_data: Path) -> Any:
    path = siyu_data.parent / "bench" / "score_recs.py"
    if not path.is_file():
        pytest.skip("score_recs.py is not beside the data")
    spec = importlib.util.spec_from_file_location("score_recs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_stand_alone_scorer_agrees(siyu_data: Path) -> None:
    rng = np.random.default_rng(0)
    shown = pd.DataFrame(
        {"member_id": np.repeat(np.arange(50), 12), "rank": np.tile(range(1, 13), 50)}
    )
    shown["product_id"] = np.concatenate([rng.permutation(30)[:12] for _ in range(50)])
    taken = pd.DataFrame(
        {"member_id": rng.integers(0, 60, 400), "product_id": rng.integers(0, 30, 400)}
    ).drop_duplicates()
    ours = list_quality(shown, taken)[["ndcg", "recall", "average_precision", "hit"]]
    names = {"member_id": "member", "product_id": "item"}
    theirs = scorer(siyu_data).per_member(shown.rename(columns=names), taken.rename(columns=names))
    assert ours.to_numpy() == pytest.approx(theirs.to_numpy(), abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("only_new", [False, True])
def test_the_stand_alone_scorer_gives_the_same_means(siyu_data: Path, *, only_new: bool) -> None:
    cut = "2017-11-06"
    c = load_complete_journey(siyu_data / "complete_journey")
    made = popularity()(c, as_of=f"{cut}T00:00Z", only_new=only_new)
    ours = list_quality(made, next_purchases(c, as_of=f"{cut}T00:00Z", only_new=only_new))
    module = scorer(siyu_data)
    right, _ = module.truth(module.load_rows(), "product", cut, 28, only_new)
    names = {"member_id": "member", "product_id": "item"}
    theirs = module.per_member(made.rename(columns=names), right)
    assert ours["member_id"].tolist() == theirs.index.tolist()
    four = ours[["ndcg", "recall", "average_precision", "hit"]].to_numpy()
    assert np.abs(four - theirs.to_numpy()).max() < 1e-15
    assert four.mean(axis=0).round(5).tolist() == theirs.mean().round(5).tolist()


def orders(rows: list[tuple[int, int, int]]) -> Community:
    frame = pd.DataFrame(rows, columns=["member_id", "product_id", "day"])
    frame["order_time"] = AS_OF + pd.to_timedelta(frame.pop("day"), unit="D")
    return Community(orders=frame.assign(amount=1.0), tz="UTC")


def test_next_purchases_lie_within_the_horizon() -> None:
    c = orders([(1, 7, -5), (1, 8, -5), (1, 7, 0), (1, 8, 28)])
    assert next_purchases(c, as_of=AS_OF).to_numpy().tolist() == [[1, 7]]


def test_members_and_products_unknown_before_are_left_out() -> None:
    c = orders([(1, 7, -5), (2, 7, 3), (1, 9, 3)])
    assert len(next_purchases(c, as_of=AS_OF)) == 0


def test_only_new_leaves_out_what_was_bought_before() -> None:
    c = orders([(1, 7, -5), (2, 8, -5), (1, 7, 3), (1, 8, 3)])
    assert next_purchases(c, as_of=AS_OF, only_new=True).to_numpy().tolist() == [[1, 8]]
