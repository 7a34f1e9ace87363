"""What campaigns earned, by hand and on planted effects."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning, make_community
from siyu.recommend.offers.campaign_roi import ReturnRules, campaign_return

START = pd.Timestamp("2026-01-01", tz="UTC")
DAY = pd.Timedelta("1D")
TREATED, HELD = (10.0, 20.0, 0.0, 30.0), (10.0, 0.0)


def _world(**changed: Any) -> dict[str, Any]:
    """Put members 1-4 in arm "coupon" and 5-6 in "control"; each spends once, or not at all."""
    spent = np.array(TREATED + HELD)
    orders = pd.DataFrame({"member_id": np.arange(1, 7), "amount": spent, "product_id": "tea"})
    orders = orders[orders["amount"] > 0].assign(order_time=START + DAY)
    sends = pd.DataFrame({"member_id": [1, 2, 3, 4], "send_time": START + DAY / 2})
    sends = sends.assign(campaign_id="wave", experiment_id="x", offer_id="cut", channel="sms")
    arms = pd.DataFrame({"unit_id": np.arange(1, 7), "arm": ["coupon"] * 4 + ["control"] * 2})
    arms = arms.assign(experiment_id="x", unit_kind="member", assigned_at=START)
    campaigns = pd.DataFrame({"campaign_id": ["wave"], "starts_at": START, "cost": 20.0})
    offers = pd.DataFrame(
        {"offer_id": ["cut"], "kind": "coupon", "discount": 5.0, "starts_at": START}
    )
    tables = {
        "orders": orders.assign(coupon_id=pd.array([None] * len(orders), "string")),
        "sends": sends,
        "assignments": arms,
        "campaigns": campaigns,
        "offers": offers,
    }
    return {name: rows for name, rows in (tables | changed).items() if rows is not None}


def _return(tables: dict[str, Any], day: float = 40, **rules: Any) -> pd.Series:
    found = campaign_return(
        Community(**tables), as_of=START + day * DAY, rules=ReturnRules(**rules)
    )
    assert len(found) == 1
    row: pd.Series = found.iloc[0]
    return row


def test_the_return_worked_by_hand() -> None:
    # Treated 60 / 4 = 15, held out 10 / 2 = 5: uplift 10, incremental 40 for a cost of 20.
    row = _return(_world())
    assert (row["evidence"], row["n_treated"], row["n_held_out"]) == ("held_out", 4, 2)
    assert (row["uplift"], row["incremental"], row["spend"]) == (10.0, 40.0, 20.0)
    assert (row["profit"], row["roi"]) == (20.0, 1.0)


def test_the_break_even_worked_by_hand() -> None:
    # 20 over 4 members; 20 at an uplift of 10 each; a buyer brings 60 / 3 = 20.
    row = _return(_world())
    assert row["break_even_uplift"] == 5.0
    assert row["break_even_members"] == 2.0
    assert row["break_even_response"] == 0.25
    assert row["response"] == 0.75


def test_the_interval_is_that_of_welch() -> None:
    row = _return(_world(), level=0.9)
    expected = ttest_ind(TREATED, HELD, equal_var=False).confidence_interval(0.9)
    assert row["uplift_low"] == pytest.approx(expected.low)
    assert row["uplift_high"] == pytest.approx(expected.high)
    assert row["roi_low"] == pytest.approx((expected.low * 4 - 20) / 20)


def test_held_out_members_are_weighted_by_their_chance() -> None:
    # Chances .5 and .25 to be held out: weights 1 and 3, mean (10 + 0) / 4 = 2.5.
    arms = _world()["assignments"].assign(propensity=[0.5] * 5 + [0.25])
    assert _return(_world(assignments=arms))["uplift"] == 12.5


def test_coupons_are_spend_and_not_taken_off_the_uplift() -> None:
    # Member 1 used a coupon of 5: brought 15, of which 5 were spent on the coupon.
    tables = _world()
    orders = tables["orders"]
    orders.loc[orders["member_id"] == 1, "coupon_id"] = "cut"
    row = _return(tables)
    assert (row["discounts"], row["spend"]) == (5.0, 25.0)
    assert row["uplift"] == 65 / 4 - 5
    assert row["profit"] == 20.0  # as without the coupon: money is counted once
    assert row["naive"] == 60.0


def test_coupons_of_other_campaigns_are_not_its_spend() -> None:
    tables = _world()
    orders = tables["orders"]
    orders["coupon_id"] = "other"
    assert _return(tables)["discounts"] == 0.0


def test_product_offers_have_no_coupon_to_pay_for() -> None:
    offers = _world()["offers"].assign(kind="product")
    orders = _world()["orders"].drop(columns="coupon_id")  # nobody records coupons
    assert _return(_world(offers=offers, orders=orders))["discounts"] == 0.0
    assert np.isnan(_return(_world(orders=orders))["discounts"])


def test_messages_cost_by_channel() -> None:
    assert _return(_world(), contact_cost={"sms": 0.5})["contact"] == 2.0
    assert _return(_world(), contact_cost={"wecom": 0.5})["contact"] == 0.0
    assert _return(_world(), contact_cost=0.25)["contact"] == 1.0


def test_costs_by_channel_need_channels() -> None:
    sends = _world()["sends"].drop(columns="channel")
    with pytest.raises(DataError, match="needs the column channel"):
        _return(_world(sends=sends), contact_cost={"sms": 0.5})


def test_members_who_all_bring_the_same_leave_no_doubt() -> None:
    row = _return(_world(), within="12h")
    assert (row["uplift_low"], row["uplift_high"]) == (0.0, 0.0)


def test_margin_is_counted_where_every_cost_is_known() -> None:
    products = pd.DataFrame({"product_id": ["tea"], "cost": [4.0]})
    row = _return(_world(products=products))
    # Three treated buyers and one held out, a piece each: (60 - 12) / 4 - (10 - 4) / 2.
    assert (row["money"], row["uplift"]) == ("margin", 9.0)
    assert _return(_world(products=products), measure="revenue")["uplift"] == 10.0


def test_margin_without_costs_is_refused_if_asked_for() -> None:
    assert _return(_world())["money"] == "revenue"
    with pytest.raises(DataError, match="4 of 4 lines have none"):
        _return(_world(), measure="margin")


def test_a_refund_takes_back_money_and_goods() -> None:
    tables = _world(products=pd.DataFrame({"product_id": ["tea"], "cost": [4.0]}))
    orders = tables["orders"].assign(quantity=1.0)
    back = orders.head(1).assign(amount=-10.0, quantity=-1.0, order_time=START + 3 * DAY)
    row = _return(tables | {"orders": pd.concat([orders, back])})
    assert row["uplift"] == (60 - 12 - 6) / 4 - 3


def test_only_orders_within_the_time_count() -> None:
    assert _return(_world(), within="12h")["uplift"] == 0.0


def test_who_cannot_be_watched_to_the_end_is_left_out_and_counted() -> None:
    row = _return(_world(), day=20)
    assert (row["n_open"], row["n_treated"]) == (6, 0)
    assert np.isnan([row["uplift"], row["roi"], row["response"]]).all()


def test_orders_not_recorded_are_unknown() -> None:
    tables = _world()
    seen = {"orders": (START + DAY / 2, START + 90 * DAY)}
    found = campaign_return(Community(**tables, observed=seen), as_of=START + 40 * DAY)
    assert found["n_open"].tolist() == [6]


def test_the_cost_of_a_campaign_is_shared_with_those_not_watched_to_the_end() -> None:
    # Member 1 was assigned a day later than the others: three of four are treated by day 28.5.
    arms = _world()["assignments"]
    arms.loc[0, "assigned_at"] = START + DAY
    assert _return(_world(assignments=arms), day=28.5)["cost"] == 15.0


def test_an_unknown_cost_leaves_the_return_unknown() -> None:
    row = _return(_world(campaigns=None))
    assert row["uplift"] == 10.0
    assert np.isnan([row["cost"], row["spend"], row["roi"], row["break_even_uplift"]]).all()


def test_an_unknown_coupon_value_leaves_the_spend_unknown() -> None:
    tables = _world(offers=None)
    orders = tables["orders"]
    orders.loc[orders["member_id"] == 1, "coupon_id"] = "cut"
    row = _return(tables)
    assert np.isnan([row["discounts"], row["spend"], row["roi"]]).all()


def test_order_lines_tell_what_a_coupon_without_face_value_took_off() -> None:
    tables = _world(offers=None)
    orders = tables["orders"].assign(discount=2.5)
    orders.loc[orders["member_id"] == 1, "coupon_id"] = "cut"
    assert _return(tables | {"orders": orders})["discounts"] == 2.5


def test_who_is_known_from_the_assignments_alone_counts() -> None:
    # Member 6 was held out and bought nothing: leaving them out would flatter nobody but them.
    row = _return(_world())
    assert (row["n_held_out"], row["uplift"]) == (2, 10.0)


def test_assigned_ids_that_are_no_member_ids_are_refused() -> None:
    arms = _world()["assignments"].assign(unit_id="wx1")
    with pytest.raises(DataError, match="must be member ids"):
        _return(_world(assignments=arms))


def test_without_a_held_out_arm_only_the_naive_sum_is_told() -> None:
    with pytest.warns(SiyuWarning, match="1 of 1 campaigns held nobody out"):
        row = _return(_world(assignments=None))
    assert (row["evidence"], row["naive"], row["n_treated"]) == ("none", 60.0, 4)
    assert np.isnan([row["uplift"], row["roi"], row["incremental"]]).all()


def test_arms_may_stand_in_the_sends_themselves() -> None:
    tables = _world(assignments=None)
    logged = (
        tables["sends"]
        .head(1)
        .drop(columns="member_id")
        .merge(pd.DataFrame({"member_id": np.arange(1, 7)}), how="cross")
    )
    tables["sends"] = logged.assign(arm=["coupon"] * 4 + ["control"] * 2, send_time=START)
    assert _return(tables)["uplift"] == 10.0


def test_other_names_of_held_out_arms_can_be_told() -> None:
    arms = _world()["assignments"].replace({"arm": {"control": "nothing"}})
    assert _return(_world(assignments=arms), held_out=("nothing",))["uplift"] == 10.0


def test_one_held_out_member_gives_no_interval() -> None:
    arms = _world()["assignments"].head(5)
    row = _return(_world(assignments=arms))
    assert row["uplift"] == 5.0
    assert np.isnan([row["uplift_low"], row["roi_high"]]).all()


def test_members_assigned_but_not_reached_count_as_treated() -> None:
    sends = _world()["sends"].head(2)
    assert _return(_world(sends=sends))["uplift"] == 10.0


def test_campaigns_can_be_chosen() -> None:
    tables = _world()
    other = tables["sends"].assign(campaign_id="later", experiment_id=None)
    c = Community(**(tables | {"sends": pd.concat([tables["sends"], other])}))
    found = campaign_return(c, as_of=START + 40 * DAY, campaigns=["wave"])
    assert found["campaign_id"].tolist() == ["wave"]


@pytest.mark.parametrize("campaigns", [["nobody"], [7]])
def test_campaigns_that_sent_nothing_are_refused(campaigns: list[Any]) -> None:
    with pytest.raises(ParameterError, match="campaigns"):
        campaign_return(Community(**_world()), as_of=START + 40 * DAY, campaigns=campaigns)


def test_chances_that_are_none_are_refused() -> None:
    arms = _world()["assignments"].assign(propensity=[0.5] * 5 + [1.0])
    with pytest.raises(DataError, match="between 0 and 1, 1 do not"):
        _return(_world(assignments=arms))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"measure": "fame"}, "measure must be one of"),
        ({"level": 1.0}, "level must lie between"),
        ({"contact_cost": {"sms": -1.0}}, "contact_cost must be 0 or more"),
        ({"within": "0D"}, "within must be above 0"),
    ],
)
def test_rules_out_of_range_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        ReturnRules(**wrong)


def _planted(c: Community, waves: pd.DataFrame) -> pd.Series:
    """Sum per campaign what the orders that its coupons caused brought, before the coupon."""
    orders, offers, sends = c.orders, c.offers, c.sends
    assert orders is not None
    assert offers is not None
    assert sends is not None
    sends = sends.merge(c.truth["sends"], on="send_id")
    caused = sends[sends["caused_order"] & sends["member_id"].notna()]
    paid = orders.groupby(["member_id", "coupon_id"])["amount"].sum().rename("paid").reset_index()
    paid = paid.rename(columns={"coupon_id": "offer_id"})
    found = caused.merge(paid, how="left", on=["member_id", "offer_id"])
    found["gross"] = found["paid"].fillna(0.0) + found["offer_id"].map(
        offers.set_index("offer_id")["discount"]
    )
    total: pd.Series = found.groupby("campaign_id")["gross"].sum()
    return total.reindex(waves.index).fillna(0.0) / waves["n_treated"]


def test_the_planted_effect_of_coupons_is_recovered() -> None:
    c = make_community(2_000, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)  # content held nobody out
        found = campaign_return(
            c, as_of="2026-07-01", rules=ReturnRules(within="8D", measure="revenue")
        )
    waves = found[found["evidence"] == "held_out"].set_index("campaign_id")
    planted = _planted(c, waves)
    inside = (waves["uplift_low"] <= planted) & (planted <= waves["uplift_high"])
    assert inside.mean() >= 0.85
    # All waves together, weighted by what their sizes can tell.
    n, m = waves["n_treated"], waves["n_held_out"]
    weight = n * m / (n + m)
    spread = (waves["uplift_high"] - waves["uplift_low"]) / 3.92
    error = np.average(waves["uplift"] - planted, weights=weight)
    assert abs(error) < 2 * np.sqrt((weight**2 * spread**2).sum()) / weight.sum()
    assert np.average(waves["uplift"], weights=weight) > 2
