"""Tags against what the simulator planted in its members."""

from typing import Any

import pytest

from siyu.datasets import make_community
from siyu.segmentation import tag

AS_OF = "2026-06-03"


@pytest.fixture(scope="module", params=[0, 1, 2])
def planted(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """Give the tags of buyers, and the truth about them."""
    c = make_community(1_500, random_state=request.param)
    tags: Any = tag(c, as_of=AS_OF).set_index("member_id")
    truth = c.truth["members"].set_index("member_id").reindex(tags.index)
    bought = tags.basket_size.notna()
    return tags[bought], truth[bought]


def _rank_correlation(tag_values: Any, trait: Any) -> float:
    known = tag_values.notna()
    return float(tag_values[known].astype(float).rank().corr(trait[known].rank()))


def test_the_favourite_category_is_the_planted_one(planted: tuple[Any, Any]) -> None:
    tags, truth = planted
    often = tags.tenure_days.notna() & (tags.purchase_rhythm_days < 40) & tags.value_trend.notna()
    hit = tags.favourite_category[often] == truth.top_category[often]
    assert hit.mean() > 0.65  # 1 of 12 by chance


def test_night_owls_are_found(planted: tuple[Any, Any]) -> None:
    tags, truth = planted
    known = tags.night_owl.notna()
    is_owl, said = truth.is_night_owl[known].astype(bool), tags.night_owl[known].astype(bool)
    assert said[is_owl].mean() > 0.8
    assert said[~is_owl].mean() < 0.1


def test_members_sensitive_to_price_buy_at_a_lower_level(planted: tuple[Any, Any]) -> None:
    tags, truth = planted
    assert _rank_correlation(tags.price_level, truth.price_sensitivity) < -0.3


def test_members_sensitive_to_price_depend_on_discounts(planted: tuple[Any, Any]) -> None:
    tags, truth = planted
    assert _rank_correlation(tags.discount_dependence, truth.price_sensitivity) > 0.2


def test_deal_hunters_are_sensitive_to_price(planted: tuple[Any, Any]) -> None:
    tags, truth = planted
    hunts = tags.deal_hunter.astype(bool)
    sensitivity = truth.price_sensitivity
    assert sensitivity[hunts].mean() > sensitivity[~hunts].mean() + 0.1


def test_coupons_are_used_by_those_who_answer_to_them(planted: tuple[Any, Any]) -> None:
    tags, truth = planted
    assert _rank_correlation(tags.coupon_dependence, truth.coupon_response) > 0.1


def test_rhythm_and_regularity_are_those_planted(planted: tuple[Any, Any]) -> None:
    tags, truth = planted
    assert _rank_correlation(tags.purchase_rhythm_days, truth.gap_days) > 0.5
    assert _rank_correlation(tags.rhythm_regularity, truth.gap_shape) > 0.2


def test_member_day_keepers_have_the_habit(planted: tuple[Any, Any]) -> None:
    tags, truth = planted
    known = tags.member_day_habit.notna()
    keeps = truth.keeps_member_day[known].astype(bool)
    habit = tags.member_day_habit[known]
    assert habit[keeps].mean() > 1.3 * habit[~keeps].mean()
