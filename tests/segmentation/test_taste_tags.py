"""Tags of tastes, worked by hand."""

import pandas as pd
import pytest

from siyu.datasets.shrinkage import BetaPrior
from tag_tables import DAYS, at, orders_on, tags_of

PRODUCTS = pd.DataFrame(
    {"product_id": [1, 2, 3], "category": ["tea", "tea", "soap"], "brand": ["a", "b", "b"]}
)


def test_the_lift_is_what_is_bought_over_what_everybodys_share_would_give() -> None:
    orders = orders_on(["2026-02-20"] * 4, member_id=[1, 2, 2, 2], product_id=[1, 1, 3, 3])
    tags = tags_of(orders=orders, products=PRODUCTS)
    weight = 0.5 ** (9 / 180)
    lift = [(weight + 1) / (weight / 2 + 1), (2 * weight + 1) / (3 * weight / 2 + 1)]
    assert tags.favourite_category_lift.tolist() == pytest.approx(lift)


def test_a_rare_brand_bought_once_has_a_small_lift() -> None:
    who, what = [1] * 1 + [2] * 999, [1] + [2] * 999
    tags = tags_of(
        orders=orders_on(["2026-02-28"] * 1000, member_id=who, product_id=what), products=PRODUCTS
    )
    assert tags.favourite_brand_lift[1] == pytest.approx(2, abs=0.01)


def test_a_rare_brand_bought_often_has_a_large_lift() -> None:
    who, what = [1] * 30 + [2] * 970, [1] * 30 + [2] * 970
    tags = tags_of(
        orders=orders_on(["2026-02-28"] * 1000, member_id=who, product_id=what), products=PRODUCTS
    )
    assert tags.favourite_brand_lift[1] > 15


def test_brands_are_favoured_like_categories() -> None:
    orders = orders_on(["2026-02-20"] * 4, member_id=[1, 1, 1, 2], product_id=[2, 3, 1, 1])
    tags = tags_of(orders=orders, products=PRODUCTS)
    weight = 0.5 ** (9 / 180)
    assert tags.favourite_brand.tolist() == ["b", "a"]
    assert tags.favourite_brand_share[1] == pytest.approx((2 * weight + 0.5) / (3 * weight + 1))
    lift = (2 * weight + 1) / (3 * weight * 0.5 + 1)
    assert tags.favourite_brand_lift[1] == pytest.approx(lift)


def test_categories_are_counted_once() -> None:
    orders = orders_on(["2026-02-20"] * 4, product_id=[1, 2, 3, 3])
    assert tags_of(orders=orders, products=PRODUCTS).n_categories[1] == 2


def test_variety_is_the_chance_that_two_lines_differ() -> None:
    orders = orders_on(["2026-02-20"] * 4, product_id=[1, 2, 1, 3])
    tags = tags_of(orders=orders, products=PRODUCTS)
    # 3 of 6 pairs differ; everybody's shares 3/4 and 1/4 give 3/8, which weighs 5 lines
    assert tags.variety_seeking[1] == pytest.approx((3 * 0.5 + 5 * 0.375) / 8)


def test_one_line_tells_no_variety() -> None:
    orders = orders_on(["2026-02-20"], product_id=1)
    assert pd.isna(tags_of(orders=orders, products=PRODUCTS).variety_seeking[1])


def test_the_next_category_is_due_by_its_own_rhythm() -> None:
    tea = ["2026-01-01 10", "2026-01-11 10", "2026-01-21 10", "2026-02-15 10"]  # gap 15 days
    soap = ["2026-02-08 10", "2026-02-12 10", "2026-02-20 10"]  # gap 6 days, 8.6 ago
    orders = orders_on(tea + soap, product_id=[1, 2, 1, 1, 3, 3, 3])
    row = tags_of(orders=orders, products=PRODUCTS).loc[1]
    assert row.next_category == "soap"
    assert row.next_category_due == at("2026-02-26 10:00")[0]


def test_of_categories_that_are_due_the_one_bought_most_is_next() -> None:
    tea = ["2026-02-01", "2026-02-07", "2026-02-13", "2026-02-19"]  # gap 6 days, 10 ago
    soap = ["2026-02-05", "2026-02-11", "2026-02-17"]  # gap 6 days, 12 ago
    orders = orders_on(tea + soap, product_id=[1] * 4 + [3] * 3)
    assert tags_of(orders=orders, products=PRODUCTS).next_category[1] == "tea"


def test_if_nothing_is_due_the_first_that_will_be_is_next() -> None:
    tea = ["2025-05-15", "2025-08-23", "2025-12-01"]  # gap 100 days, due on 11 March
    soap = ["2026-02-20", "2026-02-24", "2026-02-28"]  # gap 4 days, due on 4 March
    orders = orders_on(tea + soap, product_id=[1] * 3 + [3] * 3)
    assert tags_of(orders=orders, products=PRODUCTS).next_category[1] == "soap"


def test_a_category_bought_on_two_days_has_no_rhythm_of_its_own() -> None:
    orders = orders_on([DAYS[0], DAYS[1], DAYS[1]], product_id=1)
    assert pd.isna(tags_of(orders=orders, products=PRODUCTS).next_category[1])


def test_a_category_silent_for_more_than_two_gaps_is_given_up() -> None:
    days = ["2026-01-01", "2026-01-15", "2026-01-29"]  # gap 14 days, 31 ago
    tags = tags_of(orders=orders_on(days, product_id=1), products=PRODUCTS)
    assert pd.isna(tags.next_category_due[1])


def _launched(*days: str) -> pd.DataFrame:
    return pd.DataFrame({"product_id": range(1, len(days) + 1), "launched_at": at(*days)})


def test_products_are_new_for_sixty_days() -> None:
    orders = orders_on(["2026-02-28 23:00"] * 2, product_id=[1, 2])
    products = _launched("2026-01-01 00:00", "2025-12-30 22:00")  # 58.9 and 60 days before
    prior = BetaPrior.of([1], [2])
    tags = tags_of(orders=orders, products=products)
    assert tags.new_product_share[1] == pytest.approx(prior.posterior_mean([1], [2])[0])


def test_the_lift_of_new_products_is_against_everybody() -> None:
    orders = orders_on(["2026-02-20"] * 62, member_id=[1] * 20 + [2] * 42)
    orders["product_id"] = [1] * 20 + [2] * 42
    tags = tags_of(orders=orders, products=_launched("2026-02-01", "2020-01-01"))
    prior = BetaPrior.of([20, 0], [20, 42])
    expected = prior.posterior_mean([20, 0], [20, 42]) / prior.mean
    assert tags.new_product_lift.tolist() == pytest.approx(expected.tolist())


def test_a_new_product_lover_surely_buys_more_of_them() -> None:
    who = [1] * 20 + [2 + i // 2 for i in range(60)]
    orders = orders_on(["2026-02-20"] * 80, member_id=who, product_id=[1] * 20 + [2] * 60)
    tags = tags_of(orders=orders, products=_launched("2026-02-01", "2020-01-01"))
    assert tags.new_product_lover.tolist() == [True] + [False] * 30


def test_a_product_is_repeated_if_bought_on_a_later_day() -> None:
    days = ["2026-01-01 10", "2026-01-01 12", "2026-01-01", "2026-02-27", "2026-02-20"]
    orders = orders_on(days, product_id=[1, 1, 2, 2, 3])  # 3 was first bought 9 days ago
    prior = BetaPrior.of([1], [2])
    tags = tags_of(orders=orders)
    assert tags.repeat_share[1] == pytest.approx(prior.posterior_mean([1], [2])[0])


def test_two_channels_with_a_fifth_each_are_many() -> None:
    orders = orders_on(["2026-02-01"] * 11, member_id=[1] * 5 + [2] * 6)
    orders["channel"] = ["app"] * 4 + ["shop"] + ["app"] * 5 + ["shop"]
    assert tags_of(orders=orders).multi_channel.tolist() == [True, False]


def test_store_loyalty_is_the_share_of_the_favourite_store() -> None:
    orders = orders_on(["2026-02-20"] * 4, member_id=[1, 1, 1, 2], store_id=[7, 7, 9, 9])
    weight = 0.5 ** (9 / 180)
    tags = tags_of(orders=orders)
    assert tags.store_loyalty[1] == pytest.approx((2 * weight + 0.5) / (3 * weight + 1))


def test_three_lines_and_four_fifths_make_loyal_to_a_store() -> None:
    who = [1] * 12 + [2] * 2 + [3] * 4
    orders = orders_on(["2026-02-20"] * 18, member_id=who)
    orders["store_id"] = [7] * 12 + [7] * 2 + [7, 7, 9, 9]
    assert tags_of(orders=orders).store_loyal.tolist() == [True, False, False]


def test_the_share_of_the_channel_is_drawn_towards_everybodys() -> None:
    orders = orders_on(["2026-02-20"] * 2, member_id=[1, 2], channel=["app", "shop"])
    weight = 0.5 ** (9 / 180)
    assert tags_of(orders=orders).favourite_channel_share[1] == pytest.approx(
        (weight + 0.5) / (weight + 1)
    )


@pytest.mark.parametrize(
    "name", ["favourite_brand", "n_categories", "next_category", "new_product_share", "store_loyal"]
)
def test_absent_columns_are_unknown(name: str) -> None:
    assert tags_of(orders=orders_on(DAYS))[name].isna().all()
