"""Models fitted on the planted shop, once a session."""

import pytest

from planted_shop import AS_OF, make_shop
from siyu.datasets import Community
from siyu.recommend import OfferRecommender
from stocked_shop import stocked_shop


@pytest.fixture(scope="session")
def shop() -> Community:
    return make_shop()


@pytest.fixture(scope="session")
def trained(shop: Community) -> OfferRecommender:
    """Give a recommender whose trees rank."""
    return OfferRecommender(ranker="always", random_state=0).fit(shop, as_of=AS_OF)


@pytest.fixture(scope="session")
def plain(shop: Community) -> OfferRecommender:
    """Give a recommender without trees."""
    return OfferRecommender(ranker="never", random_state=0).fit(shop, as_of=AS_OF)


@pytest.fixture(scope="session")
def stocked() -> OfferRecommender:
    """Give a recommender without trees of the shop with launches, places, offers and events."""
    return OfferRecommender(ranker="never", random_state=0).fit(stocked_shop(), as_of=AS_OF)
