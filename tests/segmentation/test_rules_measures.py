"""Measures of rules, worked by hand on a few rows."""

import warnings
from typing import Any

import pandas as pd
import pytest

from siyu.datasets import Community, SiyuWarning
from siyu.segmentation.rules.rule_set import TagRules

AS_OF = pd.Timestamp("2026-03-01", tz="Asia/Shanghai")


def _ago(*days: float) -> list[pd.Timestamp]:
    return [AS_OF - pd.Timedelta(days=d) for d in days]


@pytest.fixture(scope="module")
def shop() -> Community:
    """One member who did everything, and one who did nothing."""
    orders = pd.DataFrame(
        {
            "member_id": 1,
            "order_time": _ago(1.1, 1.2, 10, 40, 41, 50),
            "amount": [20.0, 30.0, -15.0, 40.0, 0.0, 5.0],
            "order_id": ["a", "a", "a", "b", None, "c"],
            "product_id": ["t1", "t2", "t1", "n1", "x9", "n1"],
            "quantity": [1.0, 2.0, -1.0, None, 3.0, 0.0],
            "coupon_id": ["c1", None, None, "c1", None, "c1"],
            "store_id": pd.array([12, 12, 12, 7, None, 12], dtype="Int64"),
            "channel": ["app", "app", "app", "shop", None, "app"],
        }
    )
    products = pd.DataFrame(
        {
            "product_id": ["t1", "t2", "n1"],
            "category": ["tea", "tea", "nuts"],
            "brand": ["north", "south", None],
        }
    )
    events = pd.DataFrame(
        {
            "member_id": 1,
            "event_time": _ago(1, 1.01, 5, 70),
            "event": ["share", "points", "points", "share"],
            "product_id": ["t1", None, "n1", "t1"],
            "value": [None, 10.0, -3.0, None],
            "channel": ["app", "app", "web", "app"],
        }
    )
    sends = pd.DataFrame(
        {
            "send_time": _ago(35, 20, 20, 3),
            "member_id": [1, 1, None, 1],
            "group_id": [None, None, 5, None],
            "channel": ["wecom", "sms", "wecom", "wecom"],
            "campaign_id": ["k1", "k1", "k1", "k2"],
            "opened_at": [_ago(5)[0], pd.NaT, _ago(19)[0], _ago(2)[0]],
            "clicked_at": [_ago(4)[0], pd.NaT, pd.NaT, pd.NaT],
            "redeemed_at": [_ago(1)[0], pd.NaT, pd.NaT, pd.NaT],
        }
    ).astype({"member_id": "Int64", "group_id": "Int64"})
    referrals = pd.DataFrame(
        {
            "inviter_id": [1, 1, 1, 1],
            "invitee_id": [3, 3, 4, 1],
            "referral_time": [*_ago(9, 8), pd.NaT, *_ago(7)],
            "campaign_id": ["k1", "k2", "k2", "k1"],
        }
    )
    members = pd.DataFrame({"member_id": [1, 2], "birth_year": [1990, 2030]})
    return Community(
        tz="Asia/Shanghai",
        orders=orders,
        products=products,
        events=events,
        sends=sends,
        referrals=referrals,
        members=members,
    )


def measured(c: Community, **leaf: Any) -> list[str]:
    """Say what members 1 and 2 have of a measure."""
    probe = leaf | {"is_null": False}
    rules = {"version": 1, "tags": {"t": {"values": [{"value": "a", "when": probe}]}}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        made = TagRules.from_dict(rules)
        told = [made.explain(c, who, as_of=AS_OF) for who in (1, 2)]
    return [frame.actual_en[0] for frame in told]


@pytest.mark.parametrize(
    ("leaf", "of_first", "of_second"),
    [
        ({"measure": "purchase_lines"}, "4", "0"),  # neither the refund nor the line of quantity 0
        ({"measure": "purchase_days"}, "3", "0"),
        ({"measure": "frequency", "past": "30D"}, "1", "0"),
        ({"measure": "orders"}, "2", "0"),  # a line without an order is in none
        ({"measure": "spend"}, "80", "0"),
        ({"measure": "spend", "past": "30D"}, "35", "0"),
        ({"measure": "spend", "past": "30D", "product": "t1"}, "5", "0"),
        ({"measure": "spend", "category": ["tea", "nuts"], "ago": ["45D", "10D"]}, "40", "0"),
        ({"measure": "spend", "brand": "south"}, "30", "0"),
        ({"measure": "spend", "coupon": True}, "65", "0"),
        ({"measure": "spend", "coupon": False}, "15", "0"),
        ({"measure": "spend", "store": 7}, "40", "0"),
        ({"measure": "spend", "channel": ["shop"]}, "40", "0"),
        ({"measure": "refunds"}, "15", "0"),
        ({"measure": "refund_lines"}, "1", "0"),
        ({"measure": "units"}, "6", "0"),  # an unknown quantity adds nothing
        ({"measure": "products"}, "4", "0"),
        ({"measure": "categories"}, "2", "0"),  # the product nobody described has none
        ({"measure": "brands"}, "2", "0"),
        ({"measure": "stores"}, "2", "0"),
        ({"measure": "monetary"}, "26.66666667", "unknown"),
        ({"measure": "monetary", "past": "30D"}, "35", "unknown"),
        ({"measure": "recency"}, "1.1", "unknown"),
        ({"measure": "recency", "category": "nuts"}, "40", "unknown"),
        ({"measure": "events"}, "4", "0"),
        ({"measure": "events", "event": "points", "past": "3D"}, "1", "0"),
        ({"measure": "events", "category": "tea"}, "2", "0"),
        ({"measure": "events", "channel": "web"}, "1", "0"),
        ({"measure": "event_days", "past": "3D"}, "2", "0"),  # midnight and a quarter hour before
        ({"measure": "event_value", "event": "points"}, "7", "0"),
        ({"measure": "shares", "past": "30D"}, "1", "0"),
        ({"measure": "sends"}, "3", "0"),  # the send to a group is nobody's
        ({"measure": "sends", "past": "30D", "channel": "sms"}, "1", "0"),
        ({"measure": "opens", "past": "6D"}, "2", "0"),  # by when it was opened, not sent
        ({"measure": "opens", "campaign": "k1"}, "1", "0"),
        ({"measure": "clicks"}, "1", "0"),
        ({"measure": "redemptions", "past": "2D"}, "1", "0"),
        ({"measure": "invitees"}, "2", "0"),  # each once, not oneself, undated ones too
        ({"measure": "invitees", "past": "10D"}, "1", "0"),  # but in no window
        ({"measure": "invitees", "campaign": "k2"}, "2", "0"),
        ({"measure": "age"}, "36", "unknown"),  # nobody is born in the future
    ],
    ids=str,
)
def test_a_measure_is_what_the_rows_add_up_to(
    shop: Community, leaf: dict[str, Any], of_first: str, of_second: str
) -> None:
    assert measured(shop, **leaf) == [of_first, of_second]


def test_a_window_is_unknown_where_rows_have_no_time(shop: Community) -> None:
    undated = Community(
        members=shop.arrow("members"),
        referrals=pd.DataFrame({"inviter_id": [1], "invitee_id": [3]}),
        tz="Asia/Shanghai",
    )
    assert measured(undated, measure="invitees", past="10D") == ["unknown", "unknown"]
    assert measured(undated, measure="invitees") == ["1", "0"]


def test_columns_of_members_are_read_by_type() -> None:
    members = pd.DataFrame(
        {
            "member_id": [1, 2],
            "vip": pd.array([True, None], dtype="boolean"),
            "band": pd.Categorical(["25-34", None]),
            "visits": [3.0, None],
            "region": ["north", None],
        }
    )
    c = Community(members=members, tz="Asia/Shanghai")
    assert measured(c, measure="members.vip") == ["true", "unknown"]
    assert measured(c, measure="members.band") == ["25-34", "unknown"]
    assert measured(c, measure="members.visits") == ["3", "unknown"]
    assert measured(c, measure="region") == ["north", "unknown"]
