from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community
from siyu.datasets.clock import DAY_US
from siyu.recommend.market.market import Market, MarketOptions
from siyu.recommend.market.popular_lists import Listed, list_for_all, lists_by_segment
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import Setting

AS_OF = pd.Timestamp("2026-03-01", tz="UTC")
NOW = AS_OF.value // 1000


def market(rows: list[tuple[int, str, int, int]], people: dict[str, Any]) -> Market:
    frame = pd.DataFrame(rows, columns=["member_id", "product_id", "store_id", "age"])
    frame["order_time"] = AS_OF - pd.to_timedelta(frame.pop("age"), unit="D")
    c = Community(orders=frame.assign(amount=1.0), members=pd.DataFrame(people), tz="UTC")
    bought = Purchases.of(c)
    setting = Setting.of(c, bought, (), 28 * DAY_US)
    return Market.of(bought, NOW, setting, MarketOptions())


@pytest.fixture(scope="module")
def state() -> Market:
    """Make five members: two buy in store 1, two in store 2, one is new and registered in 2."""
    rows = [(1, "a", 1, 3), (2, "a", 1, 3), (3, "b", 2, 3), (4, "a", 2, 3), (4, "c", 2, 90)]
    return market(rows, {"member_id": range(1, 6), "store_id": [1, 1, 2, 2, 2]})


ALL = np.ones(3, np.bool_)
UNKNOWN = -1


def by_store(state: Market, stores: list[int], k: int, offered: np.ndarray) -> Listed:
    place = np.array(stores, np.int64)
    return lists_by_segment(state, place, np.full(len(place), UNKNOWN), k, offered)


def test_everyone_gets_what_most_bought_lately(state: Market) -> None:
    found = list_for_all(state, 2, 2, ALL)
    assert found.product.tolist() == [0, 1, 0, 1]
    assert found.share.tolist() == pytest.approx([3 / 5, 1 / 5] * 2)


def test_what_nobody_bought_lately_is_left_out(state: Market) -> None:
    assert list_for_all(state, 1, 3, ALL).product.tolist() == [0, 1]


def test_a_stores_share_is_drawn_towards_everyones(state: Market) -> None:
    found = by_store(state, [1], 2, ALL)
    # Store 2 has three members: one bought a, one b; 20 members of everyone's kind are added.
    assert found.product.tolist() == [0, 1]
    expected = [(1 + 20 * 3 / 5) / 23, (1 + 20 / 5) / 23]
    assert found.share.tolist() == pytest.approx(expected)
    assert set(found.segment) == {"store"}


def test_members_not_known_get_everyones_list(state: Market) -> None:
    found = by_store(state, [UNKNOWN, 1], 1, ALL)
    assert found.row.tolist() == [0, 1]
    assert found.segment.tolist() == ["everyone", "store"]


def test_what_is_not_offered_is_not_listed(state: Market) -> None:
    offered = np.array([False, True, True])
    assert list_for_all(state, 1, 3, offered).product.tolist() == [1]
    assert by_store(state, [1], 3, offered).product.tolist() == [1]


def test_visitors_make_no_share_above_one() -> None:
    rows = [(member, "a", 1, age) for member in (1, 2, 3) for age in (5,)]
    rows += [(member, "b", 2, age) for member in (1, 2, 3) for age in (1, 2)]
    state = market(rows, {"member_id": range(1, 5), "store_id": [2, 2, 2, 1]})
    found = by_store(state, [0], 2, np.ones(2, np.bool_))
    assert (found.share <= 1).all()


def test_nobody_gets_nothing(state: Market) -> None:
    assert len(by_store(state, [], 3, ALL).row) == 0
