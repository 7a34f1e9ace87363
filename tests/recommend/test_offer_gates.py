"""Which offers may be shown, and the code of each reason why not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, ParameterError, label
from siyu.datasets.labels import WORDS
from siyu.recommend.offers.offer_gates import BLOCKS, check_offers
from siyu.recommend.offers.offer_rules import OfferRules

NOW = pd.Timestamp("2026-03-01", tz="UTC")
DAY = pd.Timedelta("1D")
SOUND: dict[str, Any] = {
    "offer_id": "deal",
    "kind": "product",
    "product_id": "tea",
    "price": 8.0,
    "public_price": 10.0,
    "starts_at": NOW - DAY,
    "ends_at": NOW + 2 * DAY,
    "stock": 30.0,
}
COUPON: dict[str, Any] = {
    "offer_id": "cut",
    "kind": "coupon",
    "discount": 5.0,
    "threshold": 30.0,
    "budget": 12.0,
    "starts_at": NOW - DAY,
    "ends_at": NOW + 2 * DAY,
}
TEA: dict[str, Any] = {"product_id": "tea", "price": 11.0, "rating": 4.0, "category": "drinks"}


def _check(
    offer: dict[str, Any],
    rules: OfferRules | None = None,
    product: dict[str, Any] | None = None,
    **tables: Any,
) -> pd.DataFrame:
    products = pd.DataFrame([TEA | (product or {})])
    c = Community(offers=pd.DataFrame([offer]), products=products, **tables)
    found: pd.DataFrame = check_offers(c, as_of=NOW, rules=rules)
    return found


def _codes(*given: Any, **tables: Any) -> list[str]:
    (found,) = _check(*given, **tables)["blocked_because"]
    return list(found)


def _lines(n: int, **changed: Any) -> pd.DataFrame:
    """Write n orders of tea, five weeks old."""
    columns = {"member_id": 1, "order_time": NOW - 35 * DAY, "amount": 10.0, "product_id": "tea"}
    return pd.DataFrame(columns | changed, index=range(n)).assign(order_id=np.arange(n).astype(str))


def test_a_sound_offer_is_allowed() -> None:
    assert _check(SOUND)["allowed"].tolist() == [True]


def test_the_benefit_is_the_gap_to_the_public_price() -> None:
    found = _check(SOUND).iloc[0]
    assert (found["benefit"], found["benefit_share"]) == (2.0, 0.2)


def test_the_time_left_runs_to_the_end_of_the_offer() -> None:
    assert _check(SOUND)["time_left"].iloc[0] == 2 * DAY


def test_a_planned_offer_has_not_started() -> None:
    planned = SOUND | {"starts_at": NOW + DAY, "known_at": NOW - DAY}
    assert _codes(planned) == ["not_started"]


def test_an_offer_ends_at_its_deadline_itself() -> None:
    assert _codes(SOUND | {"ends_at": NOW}) == ["ended"]


def test_an_offer_may_end_too_soon() -> None:
    assert _codes(SOUND, OfferRules(min_time_left="49h")) == ["ends_soon"]
    assert _codes(SOUND, OfferRules(min_time_left="48h")) == []


def test_no_stock_blocks_and_unknown_stock_does_not() -> None:
    assert _codes(SOUND | {"stock": 0.0}) == ["no_stock"]
    assert _codes(SOUND | {"stock": None}) == []


def test_used_coupons_are_taken_off_a_total_stock_only() -> None:
    used = _lines(3, coupon_id="cut")
    offer = COUPON | {"stock": 3.0, "budget": None}
    assert _codes(offer, OfferRules(stock_is="total"), orders=used) == ["no_stock"]
    assert _codes(offer, orders=used) == []


def test_a_product_out_of_stock_blocks() -> None:
    assert _codes(SOUND, None, {"in_stock": False}) == ["out_of_stock"]


def test_a_product_not_recommendable_blocks() -> None:
    assert _codes(SOUND, None, {"recommendable": False}) == ["not_recommendable"]


def test_a_budget_is_used_up_by_coupons_at_face_value() -> None:
    # Three uses of 5 leave nothing of 12; two leave 2.
    assert _codes(COUPON, orders=_lines(3, coupon_id="cut")) == ["no_budget"]
    two = _check(COUPON, orders=_lines(2, coupon_id="cut")).iloc[0]
    assert (two["allowed"], two["budget_left"]) == (True, 2.0)


def test_a_budget_nobody_reports_on_is_unknown_and_blocks_nothing() -> None:
    found = _check(COUPON).iloc[0]
    assert found["allowed"]
    assert np.isnan(found["budget_left"])


def test_sends_tell_of_uses_where_orders_do_not() -> None:
    sends = pd.DataFrame({"member_id": [1, 2, 3], "send_time": NOW - DAY, "offer_id": "cut"})
    sends["redeemed_at"] = NOW - DAY / 2
    assert _codes(COUPON, sends=sends) == ["no_budget"]


def test_an_offer_loses_where_the_public_price_is_not_higher() -> None:
    assert _codes(SOUND | {"public_price": 8.0}) == ["public_not_higher"]
    assert _codes(SOUND | {"public_price": 8.0}, OfferRules(must_beat_public=False)) == []


def test_an_unknown_public_price_blocks_only_where_a_benefit_is_asked_for() -> None:
    unknown = SOUND | {"public_price": None}
    assert _codes(unknown) == []
    assert _codes(unknown, OfferRules(min_benefit=1.0)) == ["no_public_price"]


def test_a_benefit_may_be_too_small_in_money_or_share() -> None:
    assert _codes(SOUND, OfferRules(min_benefit=2.5)) == ["small_benefit"]
    assert _codes(SOUND, OfferRules(min_benefit_share=0.25)) == ["small_benefit"]
    assert _codes(SOUND, OfferRules(min_benefit=2.0, min_benefit_share=0.2)) == []


def test_a_coupon_saves_its_face_value_of_what_must_be_spent() -> None:
    pairs = pd.DataFrame({"offer_id": ["cut"], "product_id": ["tea"]})
    found = _check(COUPON, offer_products=pairs).iloc[0]
    # One tea at 11 does not reach 30: it costs what it costs, and the coupon saves 5 of 30.
    assert (found["price"], found["benefit"]) == (11.0, 5.0)
    assert found["benefit_share"] == pytest.approx(5 / 30)


def test_a_coupon_out_of_reach_of_one_piece_may_be_blocked() -> None:
    pairs = pd.DataFrame({"offer_id": ["cut"], "product_id": ["tea"]})
    alone = OfferRules(one_item_reaches=True)
    assert _codes(COUPON, alone, offer_products=pairs) == ["below_threshold"]
    assert _codes(COUPON | {"threshold": 11.0}, alone, offer_products=pairs) == []


def test_ratings_block_if_low_and_unknown_ones_if_so_told() -> None:
    strict = OfferRules(min_rating=4.5)
    assert _codes(SOUND, strict) == ["low_rating"]
    assert _codes(SOUND, strict, {"rating": None}) == []
    assert _codes(SOUND, OfferRules(min_rating=1.0, allow_unrated=False), {"rating": None}) == [
        "no_rating"
    ]


def test_many_refunds_block_once_there_are_sales_enough() -> None:
    sold = _lines(20)
    back = sold.head(10).assign(amount=-10.0, order_time=NOW - 30 * DAY)
    orders = pd.concat([sold, back])
    assert _codes(SOUND, OfferRules(max_refund_rate=0.3), orders=orders) == ["many_refunds"]
    assert _codes(SOUND, OfferRules(max_refund_rate=0.3, min_sales=21), orders=orders) == []


def _holders(**changed: Any) -> pd.DataFrame:
    columns = {"offer_id": "deal", "member_id": 1, "issued_at": NOW - DAY, "expires_at": NOW + DAY}
    return pd.DataFrame([columns | changed])


def test_a_personal_offer_tells_how_many_may_have_it() -> None:
    assert _check(SOUND, offer_members=_holders())["n_eligible"].tolist() == [1]


@pytest.mark.parametrize("changed", [{"expires_at": NOW}, {"offer_id": "deal", "member_id": 9}])
def test_a_personal_offer_that_nobody_holds_is_blocked(changed: dict[str, Any]) -> None:
    people = pd.DataFrame({"member_id": [1, 9], "opt_out": [False, True]})
    found = _codes(SOUND, offer_members=_holders(**changed), members=people)
    assert found == ["nobody_eligible"]


def test_a_coupon_used_is_held_no_longer_unless_issued_again() -> None:
    once = _holders(offer_id="cut")
    used = _lines(1, coupon_id="cut")
    offer = COUPON | {"budget": None}
    assert _codes(offer, offer_members=once, orders=used) == ["nobody_eligible"]
    again = pd.concat([once, once])
    assert _codes(offer, offer_members=again, orders=used) == []


def test_all_reasons_are_listed() -> None:
    bad = SOUND | {"ends_at": NOW - DAY / 2, "stock": 0.0, "public_price": 7.0}
    assert _codes(bad, None, {"in_stock": False}) == [
        "ended",
        "no_stock",
        "out_of_stock",
        "public_not_higher",
    ]


def test_a_coupon_of_a_category_is_checked_on_its_products() -> None:
    found = _check(COUPON | {"category": "drinks"})
    assert found["product_id"].tolist() == ["tea"]


def test_a_coupon_valid_on_everything_is_one_row_without_a_product() -> None:
    found = _check(COUPON)
    assert found["product_id"].isna().tolist() == [True]


def test_every_reason_has_words_in_both_languages() -> None:
    assert set(WORDS["blocked_because"]) == set(BLOCKS)
    found = label(_check(SOUND | {"stock": 0.0}), "en")
    assert list(found["blocked_because"][0]) == ["no stock of the offer left"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"min_benefit": -1.0}, "min_benefit must be 0 or more"),
        ({"max_refund_rate": 1.5}, "max_refund_rate must lie between 0 and 1"),
        ({"stock_is": "some"}, "stock_is must be 'left' or 'total'"),
        ({"min_time_left": "soon"}, "min_time_left must be a span"),
        ({"min_time_left": "-1D"}, "min_time_left must be a span"),
    ],
)
def test_rules_out_of_range_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        OfferRules(**wrong)
