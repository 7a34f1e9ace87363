"""What somebody's circle bought."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.sparse import csr_array

from siyu.datasets import Community
from siyu.recommend.candidates.circle import best_of_circle
from siyu.recommend.market.circle_goods import circle_goods, circle_sizes
from siyu.recommend.sorted_keys import Keyed
from siyu.recommend.tables.circles import Circle
from siyu.recommend.tables.purchases import Purchases

NOW = pd.Timestamp("2026-03-01", tz="UTC")
MOMENT = NOW.value // 1000
# Member 1 bought product 0 (twice) and 1, member 2 bought 1 and 2: days ago.
BOUGHT = [(1, 0, 40), (1, 0, 0), (1, 1, 365), (2, 1, 10), (2, 2, 730)]
NEAR = csr_array(np.array([[0, 0.25, 0.75], [0, 0, 1], [0, 0, 0]], np.float32))


def circle() -> Circle:
    orders = pd.DataFrame(BOUGHT, columns=["member_id", "product_id", "ago"])
    orders["order_time"] = NOW - pd.to_timedelta(orders["ago"], unit="D")
    orders["amount"] = 1.0
    c = Community(tz="UTC", orders=orders, members=pd.DataFrame({"member_id": [0, 1, 2]}))
    return Circle(NEAR, Purchases.of(c))


def column(name: str, leads: list[bool] | None = None) -> dict[int, float]:
    """Give one figure: 10 x row + product -> value."""
    led = None if leads is None else np.array(leads)
    goods = circle_goods(replace(circle(), leads=led), 10, MOMENT + 1)
    return dict(zip(goods.keys.tolist(), goods.columns[name].round(4).tolist(), strict=True))


def test_the_score_adds_faded_shares() -> None:
    score = column("score")
    assert list(score) == [0, 1, 2, 11, 12]
    assert score[0] == 0.25
    assert score[1] == pytest.approx(0.25 / 2 + 0.75 * 0.5 ** (10 / 365), abs=1e-4)
    assert score[12] == 0.25


def test_the_number_counts_members_of_the_circle() -> None:
    assert column("n") == {0: 1, 1: 2, 2: 1, 11: 1, 12: 1}


def test_the_last_is_the_latest_of_all() -> None:
    assert column("last") == {0: 0, 1: 10, 2: 730, 11: 10, 12: 730}


def test_leaders_who_bought_it_are_counted() -> None:
    assert column("led", [False, True, False]) == {0: 1, 1: 1, 2: 0, 11: 0, 12: 0}


def test_without_leaders_their_number_is_unknown() -> None:
    assert np.isnan(list(column("led").values())).all()


def test_some_members_get_the_same_as_among_all() -> None:
    everyone = circle_goods(circle(), 10, MOMENT + 1)
    alone = circle_goods(circle().of_members(np.array([1])), 10, MOMENT + 1)
    mine = everyone.keys >= 10
    assert (alone.keys + 10).tolist() == everyone.keys[mine].tolist()
    for name, values in alone.columns.items():
        assert values.tobytes() == everyone.columns[name][mine].tobytes()


def test_nobody_near_bought_nothing() -> None:
    lonely = circle().of_members(np.array([2]))
    assert len(circle_goods(lonely, 10, MOMENT + 1).keys) == 0
    assert circle_sizes(lonely, 1).tolist() == [0]


def test_friends_who_bought_nothing_are_near_all_the_same() -> None:
    near = csr_array(np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0]], np.float32))
    friends = replace(circle(), near=near)
    assert len(circle_goods(friends, 10, MOMENT + 1).keys) == 0
    assert circle_sizes(friends, 3).tolist() == [0, 1, 1]


def test_who_is_near_is_unknown_without_a_circle() -> None:
    assert len(circle_goods(None, 10, MOMENT).keys) == 0
    assert np.isnan(circle_sizes(None, 2)).all()


# Candidates

GOODS = Keyed(
    np.array([3, 5, 6, 15, 16]), {"score": np.array([0.2, 0.9, 0.1, 0.7, 0.7], np.float32)}
)


def chosen(n: int, *left_out: int) -> list[int]:
    best: list[int] = best_of_circle(GOODS, 10, np.isin(GOODS.keys, left_out), n).tolist()
    return best


def test_the_best_are_chosen_row_by_row() -> None:
    assert chosen(2) == [3, 5, 15, 16]


def test_what_is_left_out_makes_room_for_the_next() -> None:
    assert chosen(1, 5) == [3, 15]


def test_equal_scores_go_by_product() -> None:
    assert chosen(1) == [5, 15]


def test_a_quota_of_nothing_gives_nothing() -> None:
    assert chosen(0) == []


def test_empty_ids_are_legal() -> None:
    none = Purchases.of(
        Community(
            tz="UTC",
            orders=pa.table(
                {
                    "member_id": pa.array([], pa.int64()),
                    "order_time": pa.array([], pa.timestamp("us", "UTC")),
                    "amount": pa.array([], pa.float64()),
                    "product_id": pa.array([], pa.int64()),
                }
            ),
        )
    )
    assert len(circle_goods(Circle(csr_array((0, 0)), none), 1, MOMENT).keys) == 0
