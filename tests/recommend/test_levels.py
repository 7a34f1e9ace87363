from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from planted_shop import AS_OF, make_shop, planted_orders, planted_products, taste_of
from siyu.datasets import Community, DataError, ParameterError, SiyuWarning
from siyu.recommend import OfferRecommender
from siyu.recommend.evaluation.metrics import next_purchases
from siyu.recommend.tables.levels import PRODUCT, at_level


def listed() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product_id": [1, 2, 3, 4],
            "category": ["tea", "tea", "nuts", "fuel"],
            "department": ["drinks", "drinks", "food", "car"],
            "brand": ["X", "Y", "X", "Z"],
            "in_stock": [False, True, False, True],
            "recommendable": [True, True, True, False],
        }
    )


def orders(products: list[int]) -> pd.DataFrame:
    frame = pd.DataFrame({"product_id": products, "member_id": 1, "amount": 1.0})
    return frame.assign(order_time=pd.Timestamp("2026-01-01", tz="UTC"))


def lifted(**changed: pd.DataFrame) -> Community:
    tables: dict[str, Any] = {"orders": orders([1, 2, 3, 4]), "products": listed(), **changed}
    return at_level(Community(**tables), "category")


def column(c: Community, table: str, name: str) -> list[object]:
    """Read one column of a table."""
    return list(rows_of(c, table)[name].to_pylist())


def rows_of(c: Community, table: str) -> pa.Table:
    rows = c.arrow(table)
    assert rows is not None
    return rows


def by_category(c: Community, name: str) -> dict[object, object]:
    """Read one column of the table of categories."""
    return dict(zip(column(c, "products", "product_id"), column(c, "products", name), strict=True))


def test_at_the_level_of_products_nothing_changes() -> None:
    c = make_shop()
    assert at_level(c, PRODUCT) is c


def test_orders_name_categories_and_none_for_what_may_not_be_recommended() -> None:
    assert column(lifted(), "orders", "product_id") == ["tea", "tea", "nuts", None]


def test_what_all_products_of_a_category_agree_on_is_kept() -> None:
    assert by_category(lifted(), "department") == {"nuts": "food", "tea": "drinks"}
    assert by_category(lifted(), "brand") == {"nuts": "X", "tea": None}


def test_a_category_is_in_stock_if_any_of_its_products_is() -> None:
    assert by_category(lifted(), "in_stock") == {"nuts": False, "tea": True}


def test_promotions_and_coupons_are_of_categories_too() -> None:
    promotions = pd.DataFrame({"product_id": [2, 4], "starts_at": "2026-01-01"})
    promotions["ends_at"] = "2026-01-08"
    valid = pd.DataFrame({"offer_id": ["c", "c"], "product_id": [3, 4]})
    offers = pd.DataFrame({"offer_id": ["c"], "kind": ["coupon"]})
    times = promotions.assign(
        starts_at=pd.to_datetime(promotions["starts_at"], utc=True),
        ends_at=pd.to_datetime(promotions["ends_at"], utc=True),
    )
    c = lifted(promotions=times, offer_products=valid, offers=offers)
    assert column(c, "promotions", "product_id") == ["tea"]
    assert column(c, "offer_products", "product_id") == ["nuts"]


def test_products_without_a_category_are_told_of() -> None:
    lacking = listed()
    lacking["category"] = lacking["category"].where(lacking["product_id"].isin([1, 3]))
    with pytest.warns(SiyuWarning, match="1 of 4 products have no value"):
        lifted(products=lacking)


def test_a_column_that_is_no_text_is_refused() -> None:
    with pytest.raises(ParameterError, match="must name a text column"):
        at_level(Community(orders=orders([1]), products=listed()), "in_stock")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="no column 'shelf'"):
        at_level(Community(orders=orders([1]), products=listed()), "shelf")


def test_products_are_needed() -> None:
    with pytest.raises(DataError, match="products"):
        at_level(Community(orders=orders([1])), "category")


def test_no_rows_stay_no_rows() -> None:
    assert rows_of(lifted(orders=orders([1]).iloc[:0]), "orders").num_rows == 0


def test_the_input_is_not_changed() -> None:
    c = Community(orders=orders([1, 2]), products=listed())
    at_level(c, "category")
    assert column(c, "orders", "product_id") == [1, 2]


def test_the_clock_and_the_observed_span_are_kept() -> None:
    span = {"orders": ("2025-12-01", "2026-02-01")}
    c = Community(orders=orders([1]), products=listed(), tz="Asia/Shanghai", observed=span)
    found = at_level(c, "category")
    assert (found.tz, found.observed) == (c.tz, c.observed)


def test_a_community_that_was_cut_stays_cut() -> None:
    c = make_shop().before(AS_OF - pd.Timedelta(days=28))
    assert rows_of(at_level(c, "category"), "orders").num_rows == rows_of(c, "orders").num_rows


def test_cutting_before_or_after_is_the_same() -> None:
    cut = AS_OF - pd.Timedelta(days=28)
    before, after = at_level(make_shop().before(cut), "category"), at_level(make_shop(), "category")
    assert rows_of(before, "orders").equals(rows_of(after.before(cut), "orders"))


def test_what_was_new_is_new_by_category() -> None:
    c = at_level(make_shop(), "category")
    found = next_purchases(c, as_of=AS_OF - pd.Timedelta(days=28))
    assert set(found["product_id"]) <= {"tea", "nuts", "soap", "wine"}


def test_members_get_the_category_of_their_taste_first() -> None:
    c = at_level(make_shop(), "category")
    rec = OfferRecommender(ranker="never", random_state=0).fit(c, as_of=AS_OF)
    rows = rec.recommend(members=np.arange(20), k=1)
    of_model = rows[rows["source"] == "fallback"]
    expected = [taste_of(member) for member in of_model["member_id"]]
    assert of_model["product_id"].tolist() == expected


def test_the_order_of_products_changes_nothing() -> None:
    shuffled = planted_products().sample(frac=1, random_state=1)
    one = at_level(make_shop(), "category")
    other = at_level(make_shop(products=shuffled, orders=planted_orders()), "category")
    for name in ("orders", "products"):
        assert rows_of(one, name).equals(rows_of(other, name))


def test_a_coupon_for_a_category_is_one_on_the_category() -> None:
    offers = pd.DataFrame({"offer_id": ["a", "b", "c"], "category": ["tea", None, "fuel"]})
    assert column(lifted(offers=offers), "offers", "product_id") == ["tea", None, "fuel"]


def test_a_coupon_that_names_products_stays_one_on_their_categories() -> None:
    offers = pd.DataFrame({"offer_id": ["a", "b"], "category": ["tea", "tea"]})
    offers["product_id"] = pd.array([3, None], "Int64")
    valid = pd.DataFrame({"offer_id": ["b"], "product_id": [3]})
    c = lifted(offers=offers, offer_products=valid)
    assert column(c, "offers", "product_id") == ["nuts", None]
    assert column(c, "offer_products", "product_id") == ["nuts"]


def test_an_offer_whose_products_are_all_gone_is_not_one_on_everything() -> None:
    offers = pd.DataFrame({"offer_id": ["own", "listed", "every"]})
    offers["product_id"] = pd.array([4, None, None], "Int64")
    valid = pd.DataFrame({"offer_id": ["listed"], "product_id": [4]})
    with pytest.warns(SiyuWarning, match="2 offers are on nothing at this level"):
        c = lifted(offers=offers, offer_products=valid)
    assert column(c, "offers", "offer_id") == ["every"]


def test_a_frame_of_orders_will_do_for_products() -> None:
    assert column(at_level(orders([1, 2]), PRODUCT), "orders", "product_id") == [1, 2]


@pytest.mark.filterwarnings("ignore:the plain model ranks")
@pytest.mark.parametrize(
    ("parameters", "n_windows"),
    [({}, 2), ({"level": "category"}, 6), ({"level": "category", "n_windows": 3}, 3)],
)
def test_trees_of_categories_learn_from_more_windows(
    parameters: dict[str, Any], n_windows: int
) -> None:
    # Windows of a day: the history is long enough for all.
    told: list[tuple[int, int]] = []
    rec = OfferRecommender(horizon="1D", ranker="always", random_state=0, **parameters)
    rec.fit(make_shop(), as_of=AS_OF, progress=lambda done, total: told.append((done, total)))
    # One window more chooses between trees and plain model, and the last step is the shop.
    assert told[-1] == (n_windows + 2, n_windows + 2)
