from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError
from siyu.recommend.tables.purchases import Purchases

JAN = pd.Timestamp("2026-01-01", tz="UTC")


def orders(rows: list[dict[str, Any]]) -> pd.DataFrame:
    base = {"member_id": 1, "product_id": 7, "order_time": JAN, "amount": 5.0, "quantity": 1.0}
    return pd.DataFrame([{**base, **row} for row in rows])


def bought(rows: list[dict[str, Any]], **tables: Any) -> Purchases:
    return Purchases.of(Community(orders=orders(rows), tz="UTC", **tables))


def products_of(found: Purchases) -> list[Any]:
    return [found.products[int(code)].as_py() for code in found.line_product]


def test_refunds_and_returned_goods_are_no_purchases() -> None:
    found = bought(
        [{"product_id": 1}, {"product_id": 2, "amount": -5.0}, {"product_id": 3, "quantity": 0.0}]
    )
    assert products_of(found) == [1]


def test_a_free_product_is_a_purchase() -> None:
    assert products_of(bought([{"amount": 0.0}])) == [7]


def test_an_unknown_quantity_is_a_purchase() -> None:
    assert bought([{"quantity": None}, {"product_id": 8}]).quantity.tolist() == [1.0, 1.0]


def test_lines_without_a_product_are_left_out() -> None:
    assert products_of(bought([{"product_id": None}, {"product_id": "a"}])) == ["a"]


def test_products_not_to_be_recommended_are_left_out() -> None:
    listed = pd.DataFrame({"product_id": [1, 2], "recommendable": [False, True]})
    assert products_of(bought([{"product_id": 1}, {"product_id": 2}], products=listed)) == [2]


def test_staff_and_opted_out_members_are_not_looked_at() -> None:
    people = pd.DataFrame(
        {
            "member_id": [1, 2, 3],
            "kind": ["staff", "customer", None],
            "opt_out": [False, True, None],
        }
    )
    found = bought([{"member_id": 1}, {"member_id": 2}, {"member_id": 3}], members=people)
    assert found.members.to_pylist() == [3]
    assert len(found.line_product) == 1


def test_lines_of_one_order_and_product_are_one() -> None:
    found = bought([{"order_id": 1, "amount": 2.0}, {"order_id": 1, "amount": 3.0}])
    assert found.amount.tolist() == [5.0]
    assert found.quantity.tolist() == [2.0]


def test_without_order_ids_a_moment_is_a_basket() -> None:
    later = JAN + pd.Timedelta("1h")
    found = bought([{}, {"product_id": 8}, {"order_time": later}])
    assert found.line_basket.tolist() == [0, 0, 1]


def test_codes_stay_when_time_is_cut() -> None:
    later = JAN + pd.Timedelta("1D")
    found = bought([{"member_id": 2, "product_id": 9}, {"order_time": later}])
    earlier = found.before(later.value // 1000)
    assert earlier.products.to_pylist() == [7, 9]
    assert earlier.line_member().tolist() == [1]
    assert found.between(later.value // 1000, later.value // 1000 + 1).line_product.tolist() == [0]


def test_members_without_a_purchase_are_known() -> None:
    people = pd.DataFrame({"member_id": [1, 5]})
    assert bought([{}], members=people).members.to_pylist() == [1, 5]


def test_row_order_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "member_id": rng.integers(0, 5, 200),
            "product_id": rng.integers(0, 9, 200),
            "order_id": rng.integers(0, 40, 200),
            "order_time": JAN + pd.to_timedelta(rng.integers(0, 5, 200), unit="h"),
            "amount": rng.uniform(0, 9, 200),
            "discount": rng.uniform(0, 1, 200),
            "store_id": rng.integers(0, 3, 200),
        }
    )
    first = Purchases.of(Community(orders=frame, tz="UTC"))
    second = Purchases.of(Community(orders=frame.sample(frac=1, random_state=1), tz="UTC"))
    for name in Purchases.__slots__[3:]:
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes(), name


def test_events_that_name_a_product_can_be_purchases() -> None:
    events = pd.DataFrame(
        {"member_id": [1, 1], "event_time": JAN, "event": "rate", "product_id": ["a", None]}
    )
    found = Purchases.of(Community(events=events, tz="UTC"), activity="events")
    assert products_of(found) == ["a"]
    assert found.quantity.tolist() == [1.0]


def test_a_missing_table_is_named() -> None:
    c = Community(members=pd.DataFrame({"member_id": [1]}), tz="UTC")
    with pytest.raises(DataError, match="needs the table orders"):
        Purchases.of(c)


def test_orders_without_products_are_refused() -> None:
    frame = orders([{}]).drop(columns="product_id")
    with pytest.raises(DataError, match="column product_id in the table orders"):
        Purchases.of(Community(orders=frame, tz="UTC"))


def test_an_unknown_activity_is_refused() -> None:
    with pytest.raises(ParameterError, match="activity must be"):
        Purchases.of(Community(orders=orders([{}]), tz="UTC"), activity="views")
