"""Products like others: bought by the same members, else of the same kind."""

import numpy as np
import pandas as pd
import pytest

from planted_shop import AS_OF, make_shop, planted_orders, planted_products
from siyu.datasets import Community, DataError, ParameterError, label
from siyu.recommend import OfferRecommender
from stocked_shop import COLD

COLUMNS = ["product_id", "rank", "similar_id", "score", "reason"]


def test_every_product_bought_has_its_list(plain: OfferRecommender) -> None:
    rows = plain.similar_products(k=3)
    assert list(rows.columns) == COLUMNS
    assert (
        rows["product_id"].tolist()
        == np.repeat(sorted(planted_products()["product_id"]), 3).tolist()
    )
    assert rows["rank"].tolist() == [1, 2, 3] * 40


def test_a_product_is_not_like_itself(plain: OfferRecommender) -> None:
    rows = plain.similar_products(k=60)
    assert (rows["product_id"] != rows["similar_id"]).all()
    assert not rows.duplicated(["product_id", "similar_id"]).any()


def test_alike_products_are_of_the_planted_taste(plain: OfferRecommender) -> None:
    rows = plain.similar_products(k=3)
    kinds = rows[["product_id", "similar_id"]].apply(lambda ids: ids.str.split("-").str[0])
    assert (kinds["product_id"] == kinds["similar_id"]).all()
    assert set(rows["reason"]) == {"same_members"}


def test_the_score_is_the_cosine_of_the_buyers() -> None:
    # a and b share one of two buyers each, bought once at one moment: logarithms are equal.
    orders = pd.DataFrame(
        {
            "member_id": [1, 1, 2, 3],
            "product_id": ["a", "b", "a", "b"],
            "order_time": AS_OF - pd.Timedelta("5D"),
            "amount": 1.0,
        }
    )
    rec = OfferRecommender(ranker="never").fit(Community(orders=orders, tz="UTC"), as_of=AS_OF)
    rows = rec.similar_products(["a"])
    assert rows["similar_id"].tolist() == ["b"]
    assert rows["score"].iloc[0] == pytest.approx(0.5)


def test_a_product_that_nobody_bought_is_like_its_kind(stocked: OfferRecommender) -> None:
    rows = stocked.similar_products([COLD], k=8)
    assert rows["similar_id"].str.startswith("tea-").sum() == 8
    # First those of the same brand too.
    assert rows["score"].to_numpy() == pytest.approx([1.0] * 5 + [2 / 3] * 3)
    assert set(rows["reason"]) == {"same_kind"}


def test_among_the_same_kind_what_sells_more_comes_first(stocked: OfferRecommender) -> None:
    orders = planted_orders()
    late = orders[
        (orders["order_time"] < AS_OF) & (orders["order_time"] >= AS_OF - pd.Timedelta("28D"))
    ]
    late = late[late["member_id"] != 7]
    n = late.groupby("product_id")["member_id"].nunique()
    sold = n.reindex(stocked.similar_products([COLD], k=5)["similar_id"])
    assert (sold.diff().dropna() <= 0).all()


def test_a_product_out_of_stock_is_no_alternative() -> None:
    listed = planted_products().assign(in_stock=lambda t: t["product_id"] != "tea-1")
    rec = OfferRecommender(ranker="never", random_state=0).fit(
        make_shop(products=listed), as_of=AS_OF
    )
    rows = rec.similar_products(k=60)
    assert "tea-1" not in set(rows["similar_id"])
    assert "tea-1" in set(rows["product_id"])


def test_a_product_not_to_be_recommended_is_no_alternative() -> None:
    listed = planted_products().assign(recommendable=lambda t: t["product_id"] != "tea-1")
    rec = OfferRecommender(ranker="never", random_state=0).fit(
        make_shop(products=listed), as_of=AS_OF
    )
    assert "tea-1" not in set(rec.similar_products(k=60)["similar_id"])


def test_an_unknown_product_has_no_alternatives(plain: OfferRecommender) -> None:
    with pytest.raises(DataError, match=r"2 of the products asked for are neither .* first is 'x'"):
        plain.similar_products(["tea-1", "x", "y"])


def test_at_least_one_alternative_is_asked_for(plain: OfferRecommender) -> None:
    with pytest.raises(ParameterError, match="k must be 1 or more, got 0"):
        plain.similar_products(["tea-1"], k=0)


def test_no_products_have_no_alternatives(plain: OfferRecommender) -> None:
    rows = plain.similar_products([])
    assert len(rows) == 0
    assert list(rows.columns) == COLUMNS


def test_alternatives_have_words(stocked: OfferRecommender) -> None:
    rows = label(stocked.similar_products([COLD, "tea-1"]), lang="zh")
    assert isinstance(rows, pd.DataFrame)
    assert not rows["reason"].str.contains("_").any()
