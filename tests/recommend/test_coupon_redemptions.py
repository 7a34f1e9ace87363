"""First redemptions are read from one table, lines with a coupon from the orders."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community, DataError
from siyu.recommend.coupons.coupon_lines import CouponLines
from siyu.recommend.coupons.redemptions import Redemptions

DAYS = pd.date_range("2026-01-01", periods=4, freq="D", tz="UTC")
MEMBERS = pa.array([1, 2], pa.int64())
OFFERS = pa.array(["x", "y"], pa.large_string())

EVENTS = pd.DataFrame(
    {
        "member_id": [1, 1, 2],
        "event_time": DAYS[[2, 0, 1]],
        "event": ["coupon_redeem", "coupon_redeem", "view"],
        "offer_id": ["x", "x", "y"],
    }
)
ORDERS = pd.DataFrame(
    {
        "member_id": [2, 2, 1],
        "order_time": DAYS[[1, 3, 2]],
        "amount": 5.0,
        "product_id": ["tea", "oil", "tea"],
        "coupon_id": ["y", "x", None],
    }
)
SENDS = pd.DataFrame(
    {
        "send_time": DAYS[0],
        "member_id": [1, 2],
        "offer_id": ["x", "y"],
        "redeemed_at": [pd.NaT, DAYS[2]],
    }
)


def read(**tables: Any) -> Redemptions:
    return Redemptions.of(Community(**tables), MEMBERS, OFFERS)


def test_events_come_first() -> None:
    assert read(events=EVENTS, orders=ORDERS, sends=SENDS).table == "events"


def test_only_events_that_redeem_count_and_the_first_of_a_pair() -> None:
    found = read(events=EVENTS)
    assert (found.member.tolist(), found.offer.tolist()) == ([0], [0])
    assert found.time.tolist() == [DAYS[0].value // 1000]


def test_events_without_redemptions_leave_it_to_orders() -> None:
    found = read(events=EVENTS[EVENTS["event"] == "view"], orders=ORDERS)
    assert (found.table, found.member.tolist(), found.offer.tolist()) == ("orders", [1, 1], [0, 1])


def test_sends_come_last() -> None:
    found = read(events=EVENTS.drop(columns="offer_id"), sends=SENDS)
    assert (found.table, found.member.tolist(), found.offer.tolist()) == ("sends", [1], [1])


def test_without_a_table_that_tells_nobody_knows() -> None:
    found = read(orders=ORDERS.drop(columns="coupon_id"))
    assert (found.table, found.is_known) == ("none", False)


def test_that_nothing_was_redeemed_is_known_where_orders_could_tell() -> None:
    found = read(orders=ORDERS.assign(coupon_id=pd.array([None] * 3, "string")))
    assert (found.table, found.is_known, len(found.time)) == ("none", True, 0)


def test_the_moment_itself_is_excluded() -> None:
    found = read(events=EVENTS)
    moment = DAYS[0].value // 1000
    assert (len(found.before(moment).time), len(found.before(moment + 1).time)) == (0, 1)


def test_offers_of_another_type_match_none() -> None:
    numbers = EVENTS.assign(offer_id=[1, 2, 3])
    found = Redemptions.of(Community(events=numbers), MEMBERS, OFFERS)
    assert found.table == "none"


def test_lines_with_a_coupon_are_read_from_both_columns() -> None:
    orders = ORDERS.assign(coupon_disc=[0.0, 0.0, 0.5])
    products = pa.array(["oil", "tea"], pa.large_string())
    found = CouponLines.of(Community(orders=orders), MEMBERS, products)
    assert found.is_known
    assert (found.member.tolist(), found.product.tolist()) == ([0, 1, 1], [1, 1, 0])


def test_refunds_are_no_lines_with_a_coupon() -> None:
    back = ORDERS.assign(amount=-5.0, order_time=DAYS[3])
    found = CouponLines.of(
        Community(orders=pd.concat([ORDERS, back])), MEMBERS, pa.array(["tea"], pa.large_string())
    )
    assert found.member.tolist() == [1, 1]


def test_what_a_coupon_took_off_must_be_a_number() -> None:
    orders = ORDERS.assign(coupon_disc=pd.Series(["a little", "0.5", None], dtype=object))
    with pytest.raises(DataError, match=r"orders\.coupon_disc must hold numbers"):
        CouponLines.of(Community(orders=orders), MEMBERS, pa.array(["tea"], pa.large_string()))


def test_orders_without_coupon_columns_cannot_tell() -> None:
    c = Community(orders=ORDERS.drop(columns="coupon_id"))
    assert not CouponLines.of(c, MEMBERS, pa.array(["tea"], pa.large_string())).is_known
