"""Which of several offers of a product a member sees."""

from typing import Any

import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError
from siyu.recommend.offers.offer_choice import PREFERENCES, choose_offers
from siyu.recommend.offers.offer_rules import OfferRules

NOW = pd.Timestamp("2026-03-01", tz="UTC")
WEEK = pd.Timedelta("7D")


def _offers(*rows: dict[str, Any]) -> pd.DataFrame:
    shared = {
        "kind": "product",
        "product_id": "tea",
        "starts_at": NOW - WEEK,
        "ends_at": NOW + WEEK,
    }
    return pd.DataFrame([shared | row for row in rows])


OPEN = {"offer_id": "open", "price": 9.0, "public_price": 10.0}
CHEAP = {"offer_id": "cheap", "price": 7.0, "public_price": 7.5}
PRODUCTS = pd.DataFrame({"product_id": ["tea"], "price": [11.0], "cost": [5.0]})
PEOPLE = pd.DataFrame(
    {"member_id": [1, 2, 3], "opt_out": [False, False, True], "store_id": ["east", "west", "east"]}
)
LISTS = pd.DataFrame({"member_id": [1, 2, 3], "product_id": "tea"})


def _chosen(offers: pd.DataFrame, lists: pd.DataFrame = LISTS, **how: Any) -> list[str | None]:
    tables = {"products": PRODUCTS, "members": PEOPLE} | how.pop("tables", {})
    c = Community(offers=offers, **tables)
    found = choose_offers(lists, c, as_of=NOW, **how)["offer_id"]
    return [None if pd.isna(one) else one for one in found]


@pytest.mark.parametrize(
    ("prefer", "wins"), [("price", "cheap"), ("benefit", "open"), ("margin", "open")]
)
def test_the_preferred_offer_is_chosen(prefer: str, wins: str) -> None:
    # cheap: price 7, saves 0.5, margin 2; open: price 9, saves 1, margin 4.
    assert _chosen(_offers(OPEN, CHEAP), prefer=prefer) == [wins] * 3


def test_a_blocked_offer_is_not_chosen() -> None:
    loses = CHEAP | {"public_price": 6.0}
    assert _chosen(_offers(OPEN, loses)) == ["open"] * 3
    assert _chosen(_offers(OPEN, loses), rules=OfferRules(must_beat_public=False)) == ["cheap"] * 3


def test_a_personal_offer_goes_to_who_holds_it_and_has_not_opted_out() -> None:
    held = pd.DataFrame({"offer_id": "cheap", "member_id": [1, 3], "issued_at": NOW - WEEK})
    found = _chosen(_offers(OPEN, CHEAP), tables={"offer_members": held})
    assert found == ["cheap", "open", "open"]


def test_an_offer_of_a_store_goes_to_its_members_who_have_not_opted_out() -> None:
    east = CHEAP | {"store_id": "east"}
    assert _chosen(_offers(OPEN | {"store_id": None}, east)) == ["cheap", "open", "open"]


def test_members_of_no_known_store_get_no_offer_meant_for_one() -> None:
    unknown = pd.DataFrame({"member_id": [9], "product_id": ["tea"]})
    east = CHEAP | {"store_id": "east"}
    assert _chosen(_offers(OPEN | {"store_id": None}, east), unknown) == ["open"]


def test_a_coupon_wins_where_one_piece_reaches_its_threshold() -> None:
    coupon = {"offer_id": "cut", "kind": "coupon", "discount": 5.0, "threshold": 11.0}
    assert _chosen(_offers(OPEN, coupon)) == ["cut"] * 3  # 11 - 5 = 6
    assert _chosen(_offers(OPEN, coupon | {"threshold": 11.5})) == ["open"] * 3


def test_a_product_without_an_offer_has_none() -> None:
    lists = pd.DataFrame({"member_id": [1, 1], "product_id": ["nuts", "tea"]})
    assert _chosen(_offers(OPEN), lists) == [None, "open"]


def test_a_draw_goes_to_the_smaller_id() -> None:
    assert _chosen(_offers(OPEN | {"offer_id": "b"}, OPEN | {"offer_id": "a"})) == ["a"] * 3


def test_unknown_merit_comes_last() -> None:
    unknown = {"offer_id": "a", "price": 6.0, "public_price": None}
    assert _chosen(_offers(OPEN, unknown), prefer="benefit") == ["open"] * 3


def test_the_rows_keep_their_order_and_columns() -> None:
    lists = LISTS.iloc[::-1].assign(rank=[3, 1, 2], offer_id="old")
    c = Community(offers=_offers(OPEN), products=PRODUCTS, members=PEOPLE)
    found = choose_offers(lists, c, as_of=NOW)
    assert found["rank"].tolist() == [3, 1, 2]
    assert found["offer_id"].tolist() == ["open"] * 3
    assert found.columns.tolist() == [
        "member_id",
        "product_id",
        "rank",
        "offer_id",
        "offer_price",
        "benefit",
    ]


@pytest.mark.parametrize("prefer", PREFERENCES)
def test_a_member_alone_and_a_crowd_get_the_same(prefer: str) -> None:
    held = pd.DataFrame({"offer_id": "cheap", "member_id": [1, 3], "issued_at": NOW - WEEK})
    offers, tables = _offers(OPEN, CHEAP), {"offer_members": held}
    together = _chosen(offers, prefer=prefer, tables=tables)
    alone = [
        _chosen(offers, LISTS.iloc[[row]], prefer=prefer, tables=dict(tables))[0]
        for row in range(3)
    ]
    assert alone == together


def test_lists_without_products_are_refused() -> None:
    with pytest.raises(DataError, match="lack the column product_id"):
        choose_offers(LISTS[["member_id"]], Community(offers=_offers(OPEN)), as_of=NOW)


def test_an_unknown_preference_is_refused() -> None:
    with pytest.raises(ParameterError, match="prefer must be one of price"):
        _chosen(_offers(OPEN), prefer="luck")
