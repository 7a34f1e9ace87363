import pandas as pd
import pytest

from siyu.datasets import Community, ParameterError
from siyu.recommend.evaluation.baselines import bought_most_often, most_popular

AS_OF = pd.Timestamp("2026-03-01", tz="UTC")


def shop(rows: list[tuple[int, int, int]]) -> Community:
    frame = pd.DataFrame(rows, columns=["member_id", "product_id", "day"])
    frame["order_time"] = AS_OF + pd.to_timedelta(frame.pop("day"), unit="D")
    return Community(orders=frame.assign(amount=1.0), tz="UTC")


SHOP = shop([(1, 7, -3), (1, 7, -2), (1, 8, -1), (2, 8, -5), (3, 9, -50), (3, 9, -49), (2, 9, 1)])


def test_popular_counts_members_of_the_last_days() -> None:
    found = most_popular(SHOP, as_of=AS_OF, k=2)
    assert found["product_id"].tolist() == [8, 7, 8, 7, 8, 7]
    assert found["member_id"].tolist() == [1, 1, 2, 2, 3, 3]


def test_popular_and_new_leaves_out_what_was_bought() -> None:
    found = most_popular(SHOP, as_of=AS_OF, k=1, only_new=True)
    assert found.to_numpy().tolist() == [[1, 1, 9], [2, 1, 7], [3, 1, 8]]


def test_own_frequency_counts_orders() -> None:
    found = bought_most_often(SHOP, as_of=AS_OF, k=1)
    assert found.to_numpy().tolist() == [[1, 1, 7], [2, 1, 8], [3, 1, 9]]


def test_days_must_be_above_zero() -> None:
    with pytest.raises(ParameterError, match="days must be above 0"):
        most_popular(SHOP, as_of=AS_OF, days=0)


def test_k_must_be_one_or_more() -> None:
    with pytest.raises(ParameterError, match="k must be 1 or more"):
        bought_most_often(SHOP, as_of=AS_OF, k=0)
