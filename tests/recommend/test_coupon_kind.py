"""The recommender of kind "coupon", and of levels other than products."""

from pathlib import Path
from typing import Any

import pytest
from sklearn.exceptions import NotFittedError

from coupon_shop import AS_OF as COUPON_AS_OF
from coupon_shop import coupon_shop
from planted_shop import AS_OF, TASTES, make_shop, taste_of
from siyu.datasets import ParameterError
from siyu.recommend import OfferRecommender
from siyu.recommend.coupons.coupon_model import CouponModel
from siyu.recommend.lists.list_rules import ListRules


@pytest.fixture(scope="module")
def coupons() -> OfferRecommender:
    rec = OfferRecommender(kind="coupon", ranker="never", random_state=0)
    return rec.fit(coupon_shop(), as_of=COUPON_AS_OF)


def test_lists_are_those_of_the_coupon_model(coupons: OfferRecommender) -> None:
    model = CouponModel(ranker="never", random_state=0).fit(coupon_shop(), as_of=COUPON_AS_OF)
    assert coupons.recommend(k=3).equals(model.recommend(k=3))
    assert coupons.source_ == {"all": "fallback"}


def test_a_saved_recommender_of_coupons_comes_back_as_one(
    coupons: OfferRecommender, tmp_path: Path
) -> None:
    coupons.save(tmp_path / "model")
    again = OfferRecommender.load(tmp_path / "model")
    assert (again.kind, again.ranker) == ("coupon", "never")
    assert again.recommend(k=2).equals(coupons.recommend(k=2))


def test_a_coupon_is_explained(coupons: OfferRecommender) -> None:
    first = coupons.recommend(k=1).iloc[0]
    parts = coupons.explain(first["member_id"], first["offer_id"])
    assert parts["contribution"].sum() == pytest.approx(first["score"], abs=1e-6)


@pytest.mark.parametrize("asked", [{"only_new": True}, {"rules": ListRules(min_new_share=0.5)}])
def test_wishes_for_products_are_refused(coupons: OfferRecommender, asked: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="is for products: kind is 'coupon'"):
        coupons.recommend(**asked)


def test_products_alike_are_not_asked_of_coupons(coupons: OfferRecommender) -> None:
    with pytest.raises(ParameterError, match="this call is for products"):
        coupons.similar_products()


@pytest.mark.parametrize(
    "given", [{"goal": "visit"}, {"activity": "events"}, {"level": "category"}]
)
def test_parameters_of_products_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="with kind='coupon' leave it at"):
        OfferRecommender(kind="coupon", **given).fit(coupon_shop(), as_of=COUPON_AS_OF)


def test_an_unfitted_recommender_of_coupons_says_so() -> None:
    with pytest.raises(NotFittedError):
        OfferRecommender(kind="coupon").recommend()


def test_categories_are_ranked_in_place_of_products() -> None:
    rec = OfferRecommender(level="category", ranker="never", random_state=0)
    lists = rec.fit(make_shop(), as_of=AS_OF).recommend(k=1)
    assert set(lists["product_id"]) <= set(TASTES)
    personal = lists[lists["source"] == "fallback"]
    fits = personal["product_id"] == personal["member_id"].map(taste_of)
    assert fits.mean() > 0.95


def test_later_data_is_brought_to_the_level_too() -> None:
    rec = OfferRecommender(level="category", ranker="never", random_state=0)
    rec.fit(make_shop(), as_of=AS_OF)
    assert rec.recommend(make_shop(), as_of=AS_OF, k=2).equals(rec.recommend(k=2))
