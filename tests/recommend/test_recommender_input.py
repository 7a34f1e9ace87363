"""What the recommender takes: parameters, moments, ids and lengths; the rest is refused by name."""

from typing import Any

import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from planted_shop import AS_OF, planted_members
from siyu.datasets import Community, DataError, ParameterError
from siyu.recommend import OfferRecommender


def test_an_unfitted_recommender_says_so() -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        OfferRecommender().recommend()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"kind": "banner"}, "kind must be one of 'product', 'coupon', got 'banner'"),
        ({"goal": "fame"}, "goal must be one of 'repurchase', 'new_category'"),
        ({"activity": "views"}, "activity must be one of"),
        ({"ranker": "yes"}, "ranker must be one of"),
        ({"objective": "mse"}, "objective must be one of"),
        ({"horizon": "soon"}, "horizon must be a duration"),
        ({"horizon": "3h"}, "horizon must be a day or more"),
        ({"n_windows": 0}, "n_windows must be 1 or more"),
        ({"n_jobs": 0}, "n_jobs must be 1 or more"),
        ({"random_state": -1}, "random_state must be"),
    ],
)
def test_parameters_out_of_range_are_refused(
    shop: Community, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        OfferRecommender(**parameters).fit(shop, as_of=AS_OF)


def test_a_community_needs_a_moment(shop: Community, plain: OfferRecommender) -> None:
    with pytest.raises(ParameterError, match="both community and as_of, or neither"):
        plain.recommend(shop)


def test_ids_of_another_type_are_refused(plain: OfferRecommender) -> None:
    for ids in (["a"], [True], pd.to_datetime(["2026-01-01"]), [2**70]):
        with pytest.raises(ParameterError, match="members must be ids of type int64"):
            plain.recommend(members=ids)


@pytest.mark.parametrize("ids", ["12", {1: 2}, pd.DataFrame({"member_id": [1]})])
def test_what_is_no_list_of_ids_is_refused(plain: OfferRecommender, ids: Any) -> None:
    with pytest.raises(ParameterError, match="members must be a sequence of ids"):
        plain.recommend(members=ids)


def test_no_ids_are_no_members(plain: OfferRecommender) -> None:
    assert plain.recommend(members=[]).empty


def test_lists_longer_than_the_shop_show_what_there_is(plain: OfferRecommender) -> None:
    rows = plain.recommend(members=[1], k=10**12)
    assert rows["product_id"].is_unique


def test_a_community_without_orders_is_refused() -> None:
    c = Community(members=planted_members(), tz="UTC")
    with pytest.raises(DataError, match="recommendations needs the table orders"):
        OfferRecommender().fit(c, as_of=AS_OF)


def test_a_recommender_can_be_cloned(trained: OfferRecommender) -> None:
    again = clone(trained)
    assert again.get_params() == trained.get_params()
    assert not hasattr(again, "model_")


def test_a_fit_changes_no_parameter(shop: Community) -> None:
    given: dict[str, Any] = {"horizon": "4W", "goal": "visit", "ranker": "never", "random_state": 3}
    rec = OfferRecommender(**given).fit(shop, as_of=AS_OF)
    assert {name: rec.get_params()[name] for name in given} == given


@pytest.mark.parametrize("k", [0, -1, 2.5, True, "ten", None])
def test_the_length_of_lists_is_a_whole_number(plain: OfferRecommender, k: Any) -> None:
    with pytest.raises(ParameterError, match="k must be 1 or more, got"):
        plain.recommend(k=k)
