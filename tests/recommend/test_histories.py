from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, DataError
from siyu.datasets.clock import DAY_US
from siyu.recommend.market.market import Market, MarketOptions
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.market.pair_matrices import head_totals
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import Setting, default_attributes, in_stock

AS_OF = pd.Timestamp("2026-03-01", tz="UTC")
NOW = AS_OF.value // 1000


def state(rows: list[dict[str, Any]], **tables: Any) -> tuple[Market, MemberHistories]:
    base = {"member_id": 1, "product_id": 7, "amount": 6.0, "quantity": 1.0, "discount": 0.0}
    frame = pd.DataFrame([{**base, **row} for row in rows])
    frame["order_time"] = AS_OF - pd.to_timedelta(frame.pop("age"), unit="D")
    c = Community(orders=frame, tz="UTC", **tables)
    bought = Purchases.of(c)
    attributes = default_attributes(c, bought.products)
    setting = Setting.of(c, bought, attributes, 28 * DAY_US)
    market = Market.of(bought, NOW, setting, MarketOptions())
    return market, MemberHistories.of(market, bought, NOW, setting.facts)


def history(rows: list[dict[str, Any]], **tables: Any) -> MemberHistories:
    return state(rows, **tables)[1]


def market(rows: list[dict[str, Any]], **tables: Any) -> Market:
    return state(rows, **tables)[0]


@pytest.fixture(scope="module")
def three_times() -> Callable[[str], float]:
    """Give the statistics of one product bought 90, 50 and 10 days ago, and one visit between."""
    rows = [
        {"age": 90.0, "amount": 4.0, "discount": 2.0},
        {"age": 50.0, "quantity": 2.0},
        {"age": 30.0, "product_id": 8},
        {"age": 10.0},
    ]
    found = history(rows)
    return lambda name: float(found.pairs.columns[name][0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("n", 3.0),
        ("n_84", 2.0),
        ("last", 10.0),
        ("gap", 40.0),  # (90 - 10) / 2
        ("decayed_90", 0.5 + 0.5 ** (50 / 90) + 0.5 ** (10 / 90)),
        ("baskets_since", 0.0),
        ("rate", 3 / 4),  # of the four visits since the first
        ("price", 16 / 4),  # 4 + 6 + 6 for 1 + 2 + 1 pieces
        ("discount", 2 / 18),
    ],
)
def test_a_pair_worked_by_hand(
    three_times: Callable[[str], float], name: str, expected: float
) -> None:
    assert three_times(name) == pytest.approx(expected, rel=1e-6)


def test_the_share_is_of_decayed_visits(three_times: Callable[[str], float]) -> None:
    own = 0.5 + 0.5 ** (50 / 90) + 0.5 ** (10 / 90)
    assert three_times("share") == pytest.approx(own / (own + 0.5 ** (30 / 90)), rel=1e-6)


def test_a_product_bought_once_has_no_gap() -> None:
    assert np.isnan(history([{"age": 5.0}]).pairs.columns["gap"][0])


def test_a_product_counts_buyers_not_lines() -> None:
    found = market([{"age": 5.0}, {"age": 3.0}, {"age": 40.0, "member_id": 2}]).numbers
    assert found["buyers"].tolist() == [2.0]
    assert found["buyers_28"].tolist() == [1.0]
    assert found["lines_per_buyer"].tolist() == [1.5]
    assert found["again"].tolist() == [0.5]


def test_the_price_now_is_set_against_the_usual() -> None:
    found = market([{"age": 50.0, "amount": 10.0}, {"age": 5.0, "amount": 6.0}])
    assert found.numbers["price_now"].tolist() == pytest.approx([6 / 8])


def test_a_member_is_measured_by_baskets() -> None:
    found = history([{"age": 50.0}, {"age": 5.0}, {"age": 5.0, "product_id": 8}])
    assert found.numbers["n_baskets"].tolist() == [2.0]
    assert found.numbers["n_baskets_28"].tolist() == [1.0]
    assert found.numbers["basket_size"].tolist() == [1.5]
    assert found.numbers["last"].tolist() == [5.0]


def test_a_member_without_purchases_has_no_last_visit() -> None:
    people = pd.DataFrame({"member_id": [1, 2]})
    assert np.isnan(history([{"age": 5.0}], members=people).numbers["last"][1])


def test_groups_gather_products() -> None:
    listed = pd.DataFrame({"product_id": [7, 8, 9], "category": ["tea", "tea", None]})
    rows = [{"age": 5.0}, {"age": 3.0, "product_id": 8}, {"age": 1.0, "product_id": 9}]
    shop, found = state(rows, products=listed)
    assert shop.groups["category"].codes.tolist() == [0, 0, -1]
    assert found.groups["category"].columns["n"].tolist() == [2.0]
    assert found.groups["category"].columns["last"].tolist() == [3.0]


def test_home_is_where_a_member_buys_most_of_late() -> None:
    rows = [
        {"age": 200.0, "store_id": 1},
        {"age": 190.0, "store_id": 1},
        {"age": 2.0, "store_id": 2},
    ]
    assert history(rows).place.tolist() == [1]  # the second store


def test_a_member_who_never_bought_is_at_home_where_registered() -> None:
    people = pd.DataFrame({"member_id": [1, 2], "store_id": [6, 6]})
    found = history([{"age": 5.0, "store_id": 6}], members=people)
    assert found.place.tolist() == [0, 0]


def test_store_buyers_are_counted_within_the_window() -> None:
    rows = [{"age": 5.0}, {"age": 3.0}, {"age": 40.0, "member_id": 2}]
    found = market([{**row, "store_id": 6} for row in rows])
    assert found.place.buyers.columns["buyers"].tolist() == [1.0]


def test_a_basket_at_the_moment_is_refused() -> None:
    with pytest.raises(DataError, match="at or after"):
        history([{"age": 0.0}])


def test_text_columns_with_few_values_are_groups() -> None:
    listed = pd.DataFrame(
        {"product_id": range(8), "name": list("abcdefgh"), "kind": list("xxxxyyyy")}
    )
    frame = pd.DataFrame(
        {"member_id": 1, "product_id": range(8), "amount": 1.0, "order_time": AS_OF}
    )
    c = Community(orders=frame, products=listed, tz="UTC")
    assert default_attributes(c, Purchases.of(c).products) == ("kind",)


def test_products_that_nobody_bought_decide_nothing() -> None:
    listed = pd.DataFrame({"product_id": range(8), "kind": list("xxxxyyyy")})
    frame = pd.DataFrame({"member_id": [1], "product_id": [0], "amount": 1.0, "order_time": AS_OF})
    c = Community(orders=frame, products=listed, tz="UTC")
    assert default_attributes(c, Purchases.of(c).products) == ()


def test_a_group_column_that_is_gone_is_named() -> None:
    frame = pd.DataFrame({"member_id": [1], "product_id": [0], "amount": 1.0, "order_time": AS_OF})
    c = Community(orders=frame, tz="UTC")
    with pytest.raises(DataError, match="groups products by 'brand'"):
        Setting.of(c, Purchases.of(c), ["brand"], DAY_US)


def test_only_what_is_marked_as_out_of_stock_is_out_of_stock() -> None:
    listed = pd.DataFrame({"product_id": [0, 1, 2], "in_stock": [True, False, None]})
    frame = pd.DataFrame(
        {"member_id": 1, "product_id": range(4), "amount": 1.0, "order_time": AS_OF}
    )
    c = Community(orders=frame, products=listed, tz="UTC")
    assert in_stock(c, Purchases.of(c).products).tolist() == [True, False, True, True]


def test_totals_count_every_purchase_however_long_ago() -> None:
    seen, found = state([{"age": 300.0}, {"age": 200.0}, {"age": 1.0, "product_id": 8}])
    totals = head_totals(found.pairs, found.starts, seen.position, len(seen.head))
    assert totals.toarray()[0].tolist() == pytest.approx([np.log(3), np.log(2)])
    assert found.head_counts.toarray()[0, 0] < np.log(3)


def test_totals_are_not_counted_where_no_linear_model_reads_them() -> None:
    assert history([{"age": 300.0}, {"age": 1.0, "product_id": 8}]).head_totals is None
