"""Tags of prices, worked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets.shrinkage import BetaPrior
from siyu.segmentation.tagging.calendars import Calendar
from tag_tables import DAYS, orders_on, tags_of

NO_CALENDAR = Calendar((), {})


def _two(n: int, hits: int, column: str, yes: Any, no: Any) -> pd.DataFrame:
    """Give `n` lines of member 1, `hits` of them with `yes`, and 60 of 30 others with `no`."""
    values = [yes] * hits + [no] * (n - hits) + [no] * 60
    who = [1] * n + [2 + i // 2 for i in range(60)]
    return orders_on(["2026-02-01 10"] * (n + 60), member_id=who).assign(**{column: values})


def test_dependence_is_the_share_drawn_towards_everybodys() -> None:
    tags = tags_of(orders=_two(4, 3, "discount", 2.0, 0.0))
    prior = BetaPrior.of([3] + [0] * 30, [4] + [2] * 30)
    expected = (3 + prior.mean * prior.strength) / (4 + prior.strength)
    assert tags.discount_dependence[1] == pytest.approx(expected)
    assert tags.discount_share[1] == 0.75


def test_who_surely_buys_more_than_others_on_discount_depends_on_it() -> None:
    tags = tags_of(orders=_two(20, 19, "discount", 2.0, 0.0))
    assert tags.discount_dependent.tolist() == [True] + [False] * 30


def test_one_line_on_discount_is_no_dependence() -> None:
    assert not tags_of(orders=_two(1, 1, "discount", 2.0, 0.0)).discount_dependent[1]


def test_coupons_are_depended_on_in_the_same_way() -> None:
    tags = tags_of(orders=_two(20, 19, "coupon_id", "c", None))
    assert tags.coupon_dependent.tolist() == [True] + [False] * 30
    assert 0.5 < tags.coupon_dependence[1] < tags.coupon_share[1]


def test_the_depth_is_money_off_over_money_before() -> None:
    orders = orders_on(DAYS, amount=[8.0, 12.0, 50.0], discount=[2.0, -3.0, 0.0])
    assert tags_of(orders=orders).discount_depth[1] == 0.2


def test_without_a_discount_there_is_no_depth() -> None:
    assert pd.isna(tags_of(orders=orders_on(DAYS, discount=0.0)).discount_depth[1])


def test_a_deal_is_a_discount_or_a_coupon() -> None:
    orders = orders_on([*DAYS, "2026-02-16"], discount=[1.0, 0.0, np.nan, np.nan])
    orders["coupon_id"] = [None, "c", "c", None]  # the last line may have had a discount
    prior = BetaPrior.of([3], [3])
    assert tags_of(orders=orders).deal_share[1] == pytest.approx(prior.posterior_mean([3], [3])[0])


def _bargains(**columns: Any) -> pd.DataFrame:
    """Give 10 lines of member 1 on offer and 60 of 30 others, mostly not."""
    return _two(10, 10, "discount", 2.0, 0.0).assign(**columns)


def test_offers_alone_make_no_deal_hunter() -> None:
    assert not tags_of(orders=_bargains(), calendar=NO_CALENDAR).deal_hunter[1]


def test_offers_and_the_lowest_prices_make_a_deal_hunter() -> None:
    orders = _bargains(product_id=[1] * 10 + [2] * 60)
    products = pd.DataFrame({"product_id": [1, 2], "category": "tea", "price": [1.0, 9.0]})
    tags = tags_of(orders=orders, products=products, calendar=NO_CALENDAR)
    assert tags.deal_hunter.tolist() == [True] + [False] * 30


def test_offers_and_thin_margins_make_a_deal_hunter() -> None:
    orders = _bargains(product_id=[1] * 10 + [2] * 60, quantity=1.0)
    products = pd.DataFrame({"product_id": [1, 2], "price": [9.0, 9.0], "cost": [9.5, 1.0]})
    tags = tags_of(orders=orders, products=products, calendar=NO_CALENDAR)
    assert tags.deal_hunter.tolist() == [True] + [False] * 30


def test_offers_in_festivals_make_a_deal_hunter() -> None:
    calendar = Calendar((), {"sale": [("2026-02-01", "2026-02-01")]})
    assert tags_of(orders=_bargains(), calendar=calendar).deal_hunter[1]


def test_two_lines_make_no_deal_hunter() -> None:
    calendar = Calendar((), {"sale": [("2026-02-01", "2026-02-01")]})
    assert not tags_of(orders=_two(2, 2, "discount", 2.0, 0.0), calendar=calendar).deal_hunter[1]


def test_whoever_buys_on_offer_like_everybody_is_no_deal_hunter() -> None:
    calendar = Calendar((), {"sale": [("2026-02-01", "2026-02-01")]})
    orders = orders_on(["2026-02-01"] * 60, member_id=[i // 6 for i in range(60)], discount=1.0)
    assert not tags_of(orders=orders, calendar=calendar).deal_hunter.any()


def test_the_margin_is_what_is_left_after_costs() -> None:
    orders = orders_on(DAYS, product_id=[1, 1, 2], quantity=[1.0, 2.0, 1.0], amount=[10, 20, 99])
    products = pd.DataFrame({"product_id": [1, 2], "cost": [4.0, np.nan]})
    assert tags_of(orders=orders, products=products).margin_share[1] == pytest.approx(18 / 30)


def test_margins_are_unknown_without_costs() -> None:
    products = pd.DataFrame({"product_id": [1]})
    orders = orders_on(DAYS, product_id=1, quantity=1.0)
    assert tags_of(orders=orders, products=products).margin_share.isna().all()


def test_a_stock_up_buyer_surely_takes_more_than_others() -> None:
    orders = _two(20, 20, "quantity", 6.0, 1.0).assign(product_id=1)
    assert tags_of(orders=orders).stock_up_buyer.tolist() == [True] + [False] * 30


def test_the_refund_rate_counts_lines() -> None:
    orders = orders_on([*DAYS, "2026-02-16"], amount=[10.0, 10.0, 10.0, -5.0])
    prior = BetaPrior.of([1], [4])
    assert tags_of(orders=orders).refund_rate[1] == pytest.approx(prior.posterior_mean([1], [4])[0])


def test_who_surely_refunds_more_than_others_is_prone_to_it() -> None:
    tags = tags_of(orders=_two(20, 12, "amount", -5.0, 10.0))
    assert tags.refund_prone.tolist() == [True] + [False] * 30


def test_one_refund_makes_nobody_prone() -> None:
    assert not tags_of(orders=_two(2, 1, "amount", -5.0, 10.0)).refund_prone[1]


def test_the_price_level_is_the_place_among_the_categorys_lines() -> None:
    orders = orders_on([*DAYS, "2026-02-16"], member_id=[1, 2, 2, 2], product_id=[1, 2, 2, 3])
    products = pd.DataFrame(
        {"product_id": [1, 2, 3], "category": ["tea", "tea", "tea"], "price": [1.0, 5.0, 9.0]}
    )
    tags = tags_of(orders=orders, products=products)
    # levels 1/8, 4/8 and 7/8; three lines of 1/2 are added to each member
    assert tags.price_level.tolist() == pytest.approx(
        [(0.125 + 1.5) / 4, (2 * 0.5 + 0.875 + 1.5) / 6]
    )


def test_prices_are_compared_within_a_category() -> None:
    orders = orders_on(DAYS[:2], member_id=[1, 2], product_id=[1, 2])
    products = pd.DataFrame({"product_id": [1, 2], "category": ["tea", "car"], "price": [1.0, 9e4]})
    assert tags_of(orders=orders, products=products).price_level.tolist() == [0.5, 0.5]


def test_without_a_price_list_prices_are_those_paid_a_piece() -> None:
    orders = orders_on(DAYS[:2], member_id=[1, 2], product_id=[1, 2], quantity=[10.0, 1.0])
    tags = tags_of(orders=orders)
    assert tags.price_level.tolist() == pytest.approx([(0.25 + 1.5) / 4, (0.75 + 1.5) / 4])


def test_bands_begin_at_four_and_six_tenths() -> None:
    orders = orders_on(["2026-02-01"] * 30, member_id=[1] * 10 + [2] * 10 + [3] * 10)
    orders["product_id"] = orders.member_id
    products = pd.DataFrame({"product_id": [1, 2, 3], "price": [1.0, 5.0, 9.0]})
    tags = tags_of(orders=orders, products=products)
    assert tags.price_band.tolist() == ["budget", "mid_price", "premium"]


def test_pseudo_products_have_no_price_level() -> None:
    orders = orders_on(DAYS, product_id=1)
    products = pd.DataFrame(
        {"product_id": [1], "category": ["fuel"], "price": [5.0], "recommendable": [False]}
    )
    assert tags_of(orders=orders, products=products).price_level.isna().all()


@pytest.mark.parametrize(
    "name", ["discount_dependent", "coupon_dependent", "deal_hunter", "price_band", "stock_up"]
)
def test_absent_columns_are_unknown(name: str) -> None:
    assert tags_of(orders=orders_on(DAYS))[name].isna().all()


@pytest.mark.parametrize("name", ["discount_dependence", "deal_hunter", "refund_rate"])
def test_members_without_purchases_have_none_of_it(name: str) -> None:
    members = pd.DataFrame({"member_id": [2]})
    tags = tags_of(orders=orders_on(DAYS, discount=1.0), members=members)
    assert tags[name].isna().tolist() == [False, True]
