"""Features of a member and a coupon, worked by hand.

The moment is 2026-04-11. Member 1 bought tea for 6 on 4-01 and 3-22 (10 and 20 days before) and oil
for 4 on 4-01 in the same order; member 2 bought oil for 8 on 4-09. Coupon "a" is good for tea and
milk (never bought), "b" for oil; both begin now. Coupon "z" of tea ran from 3-01 to 3-31, both had
it, and member 1 redeemed it on 3-22.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community
from siyu.recommend.coupons.coupon_features import coupon_features
from siyu.recommend.coupons.coupon_pairs import pairs_at_launch
from siyu.recommend.coupons.coupon_scene import CouponScene
from siyu.recommend.coupons.pair_features import (
    CouponNumbers,
    pair_columns,
    pair_matrix,
    plain_score,
    rank_in_list,
)
from siyu.recommend.tables.member_columns import MemberColumns

DAY = 86_400_000_000
MOMENT = pd.Timestamp("2026-04-11", tz="UTC")
NOW = MOMENT.value // 1000


def at(day: str) -> pd.Timestamp:
    return pd.Timestamp(day, tz="UTC")


def shop(**changed: Any) -> Community:
    orders = pd.DataFrame(
        {
            "member_id": [1, 1, 1, 2],
            "order_time": [at("2026-04-01"), at("2026-04-01"), at("2026-03-22"), at("2026-04-09")],
            "order_id": [1, 1, 2, 3],
            "product_id": ["tea", "oil", "tea", "oil"],
            "amount": [6.0, 4.0, 6.0, 8.0],
            "discount": [2.0, 0.0, 0.0, 0.0],
            "quantity": [2.0, 1.0, 1.0, 2.0],
            "coupon_id": ["other", None, None, None],
        }
    )
    offers = pd.DataFrame(
        {
            "offer_id": ["a", "b", "z"],
            "kind": "coupon",
            "starts_at": [MOMENT, MOMENT, at("2026-03-01")],
            "ends_at": [at("2026-04-21"), at("2026-04-21"), at("2026-03-31")],
            "discount": [1.5, None, None],
        }
    )
    goods = pd.DataFrame(
        {"offer_id": ["a", "a", "b", "z"], "product_id": ["tea", "milk", "oil", "tea"]}
    )
    products = pd.DataFrame(
        {"product_id": ["tea", "oil", "milk"], "category": ["drink", "food", "drink"]}
    )
    held = pd.DataFrame({"offer_id": list("aabbzz"), "member_id": [1, 2] * 3})
    redeemed = pd.DataFrame(
        {
            "member_id": [1],
            "event_time": at("2026-03-22"),
            "event": "coupon_redeem",
            "offer_id": "z",
        }
    )
    tables = {
        "orders": orders, "offers": offers, "offer_products": goods, "products": products,
        "offer_members": held, "events": redeemed,
    } | changed  # fmt: skip
    return Community(tz="UTC", **{k: table for k, table in tables.items() if table is not None})


@pytest.fixture(scope="module")
def numbers() -> CouponNumbers:
    later = NOW + 1  # what begins at a moment is known just after it
    scene = CouponScene.of(shop().before(MOMENT + pd.Timedelta("1us")), later, 28 * DAY)
    return CouponNumbers.of(scene.before(NOW), np.array([0, 1]))


@pytest.fixture(scope="module")
def columns(numbers: CouponNumbers) -> dict[str, list[float]]:
    """Give the columns of the pairs 1-a, 1-b, 2-a, 2-b."""
    pairs = pairs_at_launch(numbers.scene.pool, 1, NOW + 30 * DAY, np.arange(2), 100, 0)
    found = pair_columns(numbers, pairs)
    return {name: np.round(values, 6).tolist() for name, values in found.items()}


HALF = 0.5
EXPECTED: dict[str, list[float]] = {
    "trips": [2, 1, 0, 1],
    "lines": [2, 1, 0, 1],
    "quantity": [3, 1, 0, 2],
    "amount": [12, 4, 0, 8],
    "n_bought": [1, 1, 0, 1],
    "n_products": [2, 1, 2, 1],
    "covered": [0.5, 1, 0, 1],
    "last": [10, 10, np.nan, 2],
    "first": [20, 10, np.nan, 2],
    "gap": [10, np.nan, np.nan, np.nan],
    "due": [1, np.nan, np.nan, np.nan],
    "decayed_90": [HALF ** (1 / 9) + HALF ** (2 / 9), HALF ** (1 / 9), 0, HALF ** (1 / 45)],
    "decayed_14": [HALF ** (10 / 14) + HALF ** (20 / 14), HALF ** (10 / 14), 0, HALF ** (1 / 7)],
    "trips_28": [2, 1, 0, 1],
    "own_price": [14 / 3, 4, np.nan, 4],  # (12 + 2) for 3 pieces
    "own_discount": [1 / 7, 0, np.nan, 0],
    "offer_price": [14 / 3, 4, 14 / 3, 4],  # oil: 12 for 3 pieces
    "offer_discount": [1 / 7, 0, 1 / 7, 0],
    "face_value": [1.5, np.nan, 1.5, np.nan],
    "buyers_28": [0.5, 1, 0.5, 1],  # of two active members
    "lines_28": [2 / 2 / 28, 2 / 2 / 28, 2 / 2 / 28, 2 / 2 / 28],
    "repeats": [2, 1, 2, 1],
    "width:category": [1, 1, 1, 1],
    "focus:category": [1, 1, 1, 1],
    "taste:category": [HALF ** (1 / 9) + HALF ** (2 / 9), HALF ** (1 / 9), 0, HALF ** (1 / 45)],
    "coupon_lines": [1, 1, 0, 0],
    "coupon_share": [1 / 3, 1 / 3, 0, 0],
    "coupon_last": [10, 10, np.nan, np.nan],
    "own_coupon_lines": [1, 0, 0, 0],
    "offer_coupon_lines": [1, 0, 1, 0],
    "offer_coupon_share": [1 / 22, 0, 1 / 22, 0],
    "received": [1, 1, 1, 1],
    "redeemed_launches": [1, 1, 0, 0],
    "redeem_rate": [2 / 3, 2 / 3, 1 / 3, 1 / 3],  # prior 1 of 2, worth 2 launches
    "redeemed": [1, 1, 0, 0],
    "redeemed_last": [20, 20, np.nan, np.nan],
    "coupon_redeem_rate": [1.32 / 17, 1.32 / 17, 0.32 / 17, 0.32 / 17],
    "visits": [2, 2, 1, 1],
    "spend": [16, 16, 8, 8],
    "visit_last": [10, 10, 2, 2],
    "tenure": [20, 20, 2, 2],
    "basket_lines": [1.5, 1.5, 1, 1],
    "distinct_share": [2 / 3, 2 / 3, 1, 1],
    "discount_share": [2 / 18, 2 / 18, 0, 0],
    "per_visit": [
        (HALF ** (1 / 9) + HALF ** (2 / 9)) / 2,
        HALF ** (1 / 9) / 2,
        0,
        HALF ** (1 / 45),
    ],
    "days": [10, 10, 10, 10],
    "expected_trips": [1, 0.5, 0, 0.5],  # 2 in 20 days, 1 in at least 20
    "n_coupons": [2, 2, 2, 2],
    "pool_bought": [2, 2, 1, 1],
    "rank:trips": [0, 1, 1, 0],
    "rank:covered": [1, 0, 1, 0],
    "rank:buyers_84": [1, 0, 1, 0],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_feature_is_as_worked_by_hand(name: str, columns: dict[str, list[float]]) -> None:
    np.testing.assert_allclose(columns[name], EXPECTED[name], atol=2e-6)


def test_every_declared_feature_is_measured(columns: dict[str, list[float]]) -> None:
    declared = [one.name for one in coupon_features(("category",), MemberColumns({}))]
    assert set(declared) <= set(columns)
    assert len(set(declared)) == len(declared)


def test_the_fallback_is_affinity_times_rate_and_reach_stands_in(
    columns: dict[str, list[float]],
) -> None:
    scores = plain_score({name: np.array(values) for name, values in columns.items()})
    assert scores[2] == pytest.approx((1e-4 + 0.01 * 0.5) * 0.32 / 17, rel=1e-4)
    assert scores[0] == pytest.approx(columns["decayed_90"][0] * 1.32 / 17, rel=0.01)


def test_a_members_numbers_do_not_depend_on_who_is_asked_with_them(
    numbers: CouponNumbers,
) -> None:
    features = coupon_features(("category",), MemberColumns({}))
    pairs = pairs_at_launch(numbers.scene.pool, 1, NOW + 30 * DAY, np.arange(2), 100, 0)
    both = pair_matrix(pair_columns(numbers, pairs), features)
    second = pairs.take(np.array([2, 3]))
    alone = pair_matrix(pair_columns(numbers, second), features)
    np.testing.assert_array_equal(both.take(np.array([2, 3])).values, alone.values)


def test_equal_values_share_their_mean_rank() -> None:
    ranks = rank_in_list(np.array([0, 0, 0, 1, 1]), np.array([1.0, 2.0, 1.0, 3.0, 3.0]))
    assert ranks.tolist() == [1.5, 0.0, 1.5, 0.5, 0.5]


def test_a_launch_that_still_runs_counts_as_received_by_its_share_of_time() -> None:
    half = pd.Timestamp("2026-03-16", tz="UTC")  # 15 of 30 days of "z" have passed
    scene = CouponScene.of(shop().before(half), half.value // 1000, 28 * DAY)
    found = CouponNumbers.of(scene, np.array([0])).record.columns
    assert found["received"].tolist() == [0.5, 0.5]
    assert found["redeemed"].tolist() == [0.0, 0.0]


def test_a_coupon_issued_after_a_moment_was_not_received_by_then() -> None:
    half = pd.Timestamp("2026-03-16", tz="UTC")
    held = pd.DataFrame({"offer_id": "z", "member_id": [1, 2]})
    held["issued_at"] = [at("2026-03-01"), half]
    scene = CouponScene.of(shop(offer_members=held).before(MOMENT), NOW, 28 * DAY)
    found = CouponNumbers.of(scene.before(half.value // 1000), np.array([0])).record
    assert found.columns["received"].tolist() == [0.5, 0.0]


def unknowing() -> dict[str, np.ndarray[Any, Any]]:
    """Measure the pairs where no table tells of any use of a coupon."""
    orders = shop().orders
    assert orders is not None
    c = shop(events=None, orders=orders.drop(columns="coupon_id"))
    scene = CouponScene.of(c.before(MOMENT + pd.Timedelta("1us")), NOW + 1, 28 * DAY)
    pairs = pairs_at_launch(scene.pool, 1, NOW + 30 * DAY, np.arange(2), 100, 0)
    return pair_columns(CouponNumbers.of(scene, np.array([0, 1])), pairs)


@pytest.mark.parametrize(
    "name",
    [
        "redeemed", "redeemed_90", "redeemed_launches", "redeemed_last", "redeem_rate",
        "redeemed_kind", "redeem_rate_kind", "coupon_lines", "coupon_share", "own_coupon_lines",
        "offer_coupon_lines", "offer_coupon_share",
    ],
)  # fmt: skip
def test_where_no_table_tells_of_coupons_nothing_counts_as_zero(name: str) -> None:
    assert np.isnan(unknowing()[name]).all()


def test_where_no_table_tells_of_coupons_the_fallback_takes_the_usual_rate() -> None:
    found = unknowing()
    assert found["coupon_redeem_rate"].tolist() == [0.02] * 4
    assert np.isfinite(plain_score(found)).all()
    assert found["rank:own_coupon_lines"].tolist() == [0.5] * 4
