"""Lists for a goal: what counts as success, and what it is worth."""

import numpy as np
import pandas as pd
import pytest

from planted_shop import AS_OF, N_MEMBERS, make_shop, planted_orders, planted_products
from siyu.datasets import Community, DataError, ParameterError
from siyu.recommend import OfferRecommender, list_quality


def priced_shop() -> Community:
    """Give products costs; one of unknown cost, and one that loses money."""
    listed = planted_products()
    listed["cost"] = np.tile(np.arange(10) * 0.4, 4)
    listed.loc[listed["product_id"] == "tea-4", "cost"] = None
    listed.loc[listed["product_id"] == "tea-7", "cost"] = 9.0
    return make_shop(products=listed)


@pytest.fixture(scope="module")
def by_margin() -> OfferRecommender:
    return OfferRecommender(goal="margin", ranker="always", n_windows=1, random_state=0).fit(
        priced_shop(), as_of=AS_OF
    )


def test_money_goals_order_by_probability_times_worth(by_margin: OfferRecommender) -> None:
    rows = by_margin.recommend(members=[0, 1, 2, 3], k=41)
    worth = by_margin.model_.terms.worth
    products = by_margin.model_.shop.market.products.to_pylist()
    value = rows["product_id"].map(dict(zip(products, worth, strict=True)))
    known = value > 0
    expected = np.log((rows["probability"] * value)[known])
    # Probabilities are calibrated on bins, scores are not: both tell the same story.
    assert np.corrcoef(expected, rows["score"][known])[0, 1] > 0.95


def test_what_earns_nothing_ends_the_list(by_margin: OfferRecommender) -> None:
    rows = by_margin.recommend(members=[0], k=41)
    assert set(rows["product_id"].tail(2)) == {"tea-4", "tea-7"}
    assert (rows["score"].tail(2) == -np.inf).all()


def test_probabilities_stay_those_of_a_purchase(by_margin: OfferRecommender) -> None:
    rows = by_margin.recommend(members=[0], k=41).set_index("product_id")["probability"]
    assert rows["tea-7"] > 0.5


@pytest.mark.parametrize("ranker", ["always", "never"])
def test_contributions_add_up_to_the_score_of_money(ranker: str) -> None:
    rec = OfferRecommender(goal="gmv", ranker=ranker, n_windows=1, random_state=0).fit(
        priced_shop(), as_of=AS_OF
    )
    row = rec.recommend(members=[0], k=1).iloc[0]
    parts = rec.explain(0, row["product_id"])
    assert parts["contribution"].sum() == pytest.approx(row["score"], abs=1e-9)
    worth = parts.set_index("family").loc["worth"]
    assert worth["en"] == f"a purchase brings about {np.exp(worth['contribution']):.2f}"


def test_costs_change_no_tree(by_margin: OfferRecommender) -> None:
    listed = planted_products().assign(cost=1.0)
    other = OfferRecommender(goal="margin", ranker="always", n_windows=1, random_state=0)
    other.fit(make_shop(products=listed), as_of=AS_OF)
    assert other.importance_ == by_margin.importance_


def test_the_next_visit_is_a_goal(shop: Community) -> None:
    orders = planted_orders()
    later = orders[(orders["order_time"] >= AS_OF) & (orders["member_id"] != 7)]
    first = later.groupby("member_id")["order_time"].transform("min")
    truth = later[later["order_time"] == first][["member_id", "product_id"]].drop_duplicates()
    by_visit = OfferRecommender(goal="visit", ranker="always", n_windows=1, random_state=0).fit(
        shop, as_of=AS_OF
    )
    rows = by_visit.recommend()
    assert list_quality(rows, truth)["ndcg"].mean() > 0.7
    # The chance of the next visit alone is below that of four weeks.
    assert rows[rows["rank"] == 1]["probability"].max() < 0.9


def test_new_categories_alone_are_shown_where_they_are_the_goal(shop: Community) -> None:
    rec = OfferRecommender(goal="new_category", ranker="never", random_state=0)
    rows = rec.fit(shop, as_of=AS_OF).recommend()
    rows = rows[rows["source"] == "fallback"]
    orders = planted_orders()
    orders = orders[orders["order_time"] < AS_OF]
    orders["category"] = orders["product_id"].str.split("-").str[0]
    met = orders[["member_id", "category"]].drop_duplicates()
    shown = rows.assign(category=rows["product_id"].str.split("-").str[0])
    assert 0 < rows["member_id"].nunique() < N_MEMBERS
    assert len(shown.merge(met, on=["member_id", "category"])) == 0


def test_the_validation_is_of_the_goal(shop: Community) -> None:
    fitted = {
        goal: OfferRecommender(goal=goal, ranker="always", n_windows=1, random_state=0).fit(
            shop, as_of=AS_OF
        )
        for goal in ("repurchase", "visit")
    }
    found = {goal: rec.validation_["model"].iloc[0] for goal, rec in fitted.items()}
    assert found["visit"] < found["repurchase"]


def test_new_categories_need_categories() -> None:
    with pytest.raises(DataError, match="new_category needs the column category"):
        OfferRecommender(goal="new_category").fit(make_shop(products=None), as_of=AS_OF)


def test_margin_needs_costs(shop: Community) -> None:
    with pytest.raises(DataError, match=r"the goal margin needs products\.cost"):
        OfferRecommender(goal="margin", ranker="never").fit(shop, as_of=AS_OF)


def test_money_needs_probabilities(shop: Community) -> None:
    with pytest.raises(ParameterError, match="gmv orders by probability times worth and needs"):
        OfferRecommender(goal="gmv", objective="lambdarank").fit(shop, as_of=AS_OF)


def test_later_prices_change_nothing() -> None:
    orders = planted_orders()
    rows = [
        OfferRecommender(goal="gmv", ranker="never", random_state=0)
        .fit(make_shop(orders=changed), as_of=AS_OF)
        .recommend(members=[0, 1])
        for changed in (
            orders,
            orders.assign(amount=orders["amount"].where(orders["order_time"] < AS_OF, 99.0)),
        )
    ]
    pd.testing.assert_frame_equal(rows[0], rows[1], check_exact=True)
