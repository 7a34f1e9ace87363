"""Which products a member holds a coupon for, and what follows from it for lists."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from planted_shop import AS_OF, make_shop
from siyu.datasets import Community
from siyu.recommend import OfferRecommender
from siyu.recommend.candidates.finding import Quotas, find_candidates
from siyu.recommend.features.declared import View
from siyu.recommend.tables.held_coupons import has_coupons, held_coupons
from siyu.recommend.tables.purchases import Purchases

DAY = pd.Timedelta(days=1)


def shop(**changed: Any) -> Community:
    """Make a shop with two coupons: one for a member, one for everybody."""
    offers = pd.DataFrame(
        {
            "offer_id": ["mine", "ours"],
            "kind": "coupon",
            "starts_at": AS_OF - 3 * DAY,
            "ends_at": AS_OF + 3 * DAY,
        }
    )
    goods = pd.DataFrame(
        {"offer_id": ["mine", "mine", "ours"], "product_id": ["tea-1", "nuts-2", "soap-3"]}
    )
    held = pd.DataFrame(
        {
            "offer_id": "mine",
            "member_id": [5, 6],
            "issued_at": [AS_OF - 2 * DAY, AS_OF - 3 * DAY],
        }
    )
    tables = {"offers": offers, "offer_products": goods, "offer_members": held}
    return make_shop(**{**tables, **changed})


def couponed(c: Community, member: int, moment: pd.Timestamp = AS_OF) -> list[str]:
    bought = Purchases.of(c)
    marks = held_coupons(c, bought, moment.value // 1000).marks(slice(member, member + 1))
    return sorted(bought.products.filter(marks[0]).to_pylist())


def test_personal_coupons_are_for_those_listed() -> None:
    assert couponed(shop(), 5) == ["nuts-2", "soap-3", "tea-1"]
    assert couponed(shop(), 4) == ["soap-3"]


def test_a_coupon_counts_from_its_issue_on() -> None:
    assert couponed(shop(), 5, AS_OF - 2 * DAY) == ["soap-3"]


def test_a_coupon_that_ended_does_not_count() -> None:
    assert couponed(shop(), 5, AS_OF + 3 * DAY) == []


def test_a_coupon_that_begins_later_does_not_count() -> None:
    assert couponed(shop(), 5, AS_OF - 3 * DAY) == []


def test_a_coupon_valid_on_everything_tells_of_no_product() -> None:
    offers = shop().offers
    assert offers is not None
    every = pd.DataFrame({"offer_id": ["every"], "kind": "coupon"})
    assert couponed(shop(offers=pd.concat([offers, every])), 4) == ["soap-3"]


def test_members_are_marked_together_as_alone() -> None:
    c = shop()
    held = held_coupons(c, Purchases.of(c), AS_OF.value // 1000)
    together = held.marks(slice(3, 8))
    assert together.any()
    for row in range(5):
        assert together[row].tolist() == held.marks(slice(3 + row, 4 + row))[0].tolist()


def test_a_shop_without_offers_has_no_coupons() -> None:
    c = make_shop()
    assert not has_coupons(c)
    assert couponed(c, 3) == []


@pytest.fixture(scope="module")
def fitted() -> OfferRecommender:
    return OfferRecommender(ranker="never", random_state=0).fit(shop(), as_of=AS_OF)


def test_coupons_that_match_the_taste_are_proposed(fitted: OfferRecommender) -> None:
    scene = fitted.model_.shop
    none = Quotas(**dict.fromkeys(Quotas.__slots__, 0))
    only = Quotas(**{**dict.fromkeys(Quotas.__slots__, 0), "coupons": 5})
    histories = scene.histories(np.arange(20))
    assert len(find_candidates(scene.market, histories, none)) == 0
    pairs = find_candidates(scene.market, histories, only)
    names = scene.market.products.take(pairs.product).to_pylist()
    assert set(names) <= {"tea-1", "nuts-2", "soap-3"}
    assert len(names) > 0
    assert not histories.pairs.find(pairs.row * histories.n_products + pairs.product)[1].any()


def test_the_feature_tells_who_holds_a_coupon(fitted: OfferRecommender) -> None:
    scene, recipe = fitted.model_.shop, fitted.model_.recipe
    histories = scene.histories(np.array([4, 5]))
    coupon = next(one for one in recipe.features() if one.name == "coupon")
    tea = scene.market.products.to_pylist().index("tea-1")
    further = np.array([0, 1]) * histories.n_products + tea
    pairs = find_candidates(scene.market, histories, recipe.quotas, further=further)
    column = coupon.read(View.of(scene.market, histories, pairs))
    assert column[pairs.product == tea].tolist() == [0.0, 1.0]


def test_shops_without_coupons_have_no_such_feature() -> None:
    rec = OfferRecommender(ranker="never", random_state=0).fit(make_shop(), as_of=AS_OF)
    assert "coupon" not in [feature.name for feature in rec.model_.recipe.features()]
