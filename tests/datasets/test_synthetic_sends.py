"""Simulated sends: randomised arms, logged propensities, openness, tolerance, coupons."""

import numpy as np
import pandas as pd
import pytest

from siyu.datasets.community import Community
from siyu.datasets.synthetic.community_maker import make_community

CHANNELS = ["wecom", "moments", "service_account", "subscription_account", "sms"]


@pytest.fixture(scope="module")
def c() -> Community:
    return make_community(5_000, random_state=0)


@pytest.fixture(scope="module")
def member(c: Community) -> pd.DataFrame:
    frame: pd.DataFrame = c.truth["members"].set_index("member_id")
    return frame


@pytest.fixture(scope="module")
def personal(c: Community) -> pd.DataFrame:
    """Sends to members."""
    assert c.sends is not None
    return c.sends[c.sends["member_id"].notna()]


@pytest.fixture(scope="module")
def assigned(c: Community) -> pd.DataFrame:
    """Members in the arms of coupon waves."""
    assert c.assignments is not None
    return c.assignments[c.assignments["experiment_id"].str.startswith("coupon-")]


@pytest.fixture(scope="module")
def redeemed(c: Community, personal: pd.DataFrame) -> pd.DataFrame:
    """Redeemed sends with the order in which the coupon was used and its offer."""
    assert c.orders is not None
    assert c.offers is not None
    lines = c.orders[c.orders["coupon_id"].notna()]
    orders = lines.groupby("order_id").agg(
        member_id=("member_id", "first"),
        offer_id=("coupon_id", "first"),
        order_time=("order_time", "first"),
        paid=("amount", "sum"),
        discount=("discount", "sum"),
    )
    used = personal[personal["redeemed_at"].notna()].merge(orders, on=["member_id", "offer_id"])
    return used.merge(c.offers, on="offer_id", suffixes=("", "_offer"))


def test_a_send_goes_to_a_member_or_to_a_group(c: Community) -> None:
    assert c.sends is not None
    assert (c.sends["member_id"].notna() ^ c.sends["group_id"].notna()).all()


def test_propensities_add_up_in_every_coupon_wave(assigned: pd.DataFrame) -> None:
    weight = 1 / assigned["propensity"]
    per_arm = weight.groupby([assigned["experiment_id"], assigned["arm"]]).sum()
    size = assigned.groupby("experiment_id").size()
    ratio = per_arm.div(size, level="experiment_id")
    assert len(ratio) == 3 * len(size)
    assert ratio.to_numpy() == pytest.approx(np.ones(len(ratio)), abs=0.25)
    assert ratio.mean() == pytest.approx(1.0, abs=0.02)


def test_every_second_wave_depends_on_recency(assigned: pd.DataFrame) -> None:
    values = assigned.groupby("experiment_id")["propensity"].unique().map(set)
    assert values["coupon-11"] == {0.2, 0.4}
    assert values["coupon-12"] == {0.3, 0.45, 0.25, 0.15, 0.6}


def test_a_member_is_once_in_an_experiment(c: Community) -> None:
    assert c.assignments is not None
    assert not c.assignments.duplicated(["experiment_id", "unit_id"]).any()


def test_the_control_arm_gets_no_coupon(assigned: pd.DataFrame, personal: pd.DataFrame) -> None:
    sent = personal[personal["experiment_id"].notna()]
    treated = assigned[assigned["arm"] != "control"]
    pairs = sent.merge(
        treated,
        left_on=["experiment_id", "member_id", "arm", "propensity"],
        right_on=["experiment_id", "unit_id", "arm", "propensity"],
    )
    assert len(pairs) == len(sent) == len(treated)


def test_members_are_assigned_before_the_send(
    assigned: pd.DataFrame, personal: pd.DataFrame
) -> None:
    pairs = personal.merge(
        assigned, left_on=["experiment_id", "member_id"], right_on=["experiment_id", "unit_id"]
    )
    assert (pairs["assigned_at"] < pairs["send_time"]).all()


def test_product_offers_are_shown_with_the_logged_chances(personal: pd.DataFrame) -> None:
    content = personal[personal["experiment_id"].isna()]
    share = content["arm"].value_counts(normalize=True)
    logged = content.groupby("arm")["propensity"].first()
    assert share.reindex(logged.index).to_numpy() == pytest.approx(logged.to_numpy(), abs=0.01)


def test_dose_arms_get_doses(c: Community, personal: pd.DataFrame) -> None:
    assert c.assignments is not None
    dose = c.assignments[c.assignments["experiment_id"] == "dose"].set_index("unit_id")["arm"]
    content = personal[personal["experiment_id"].isna()]
    per_member = content.groupby(dose.reindex(content["member_id"]).to_numpy()).size()
    assert 3.0 < per_member["high"] / per_member["low"] < 4.5


def test_higher_doses_make_more_members_quit(c: Community, personal: pd.DataFrame) -> None:
    assert c.assignments is not None
    dose = c.assignments[c.assignments["experiment_id"] == "dose"].set_index("unit_id")["arm"]
    quits = dose.reindex(personal.loc[personal["quit_at"].notna(), "member_id"]).value_counts()
    assert quits["high"] > 2 * quits["mid"] > 3 * quits["low"]


def test_the_intolerant_quit(personal: pd.DataFrame, member: pd.DataFrame) -> None:
    quits = member.index.isin(personal.loc[personal["quit_at"].notna(), "member_id"])
    assert member["tolerance"][quits].median() < 0.6 * member["tolerance"][~quits].median()


def test_who_quit_gets_nothing_more(personal: pd.DataFrame) -> None:
    last = personal.groupby("member_id")["send_time"].transform("max")
    quits = personal["quit_at"].notna()
    assert (personal["send_time"] == last)[quits].all()


def test_quits_come_within_days_of_a_send(personal: pd.DataFrame) -> None:
    wait = (personal["quit_at"] - personal["send_time"]).dropna()
    assert wait.min() > pd.Timedelta(0)
    assert (wait < pd.Timedelta("24h")).mean() > 0.9


def test_the_opted_out_get_no_personal_sends(c: Community, personal: pd.DataFrame) -> None:
    opted_out = c.opted_out().to_pylist()
    assert 0.02 < len(opted_out) / 5_000 < 0.04
    assert not personal["member_id"].isin(opted_out).any()


def test_opening_follows_the_own_openness(personal: pd.DataFrame, member: pd.DataFrame) -> None:
    chat = personal[personal["channel"] == "wecom"]
    opened = chat["opened_at"].notna().groupby(chat["member_id"]).agg(["mean", "size"])
    opened = opened[opened["size"] >= 15].join(member["openness_wecom"])
    assert opened["mean"].corr(opened["openness_wecom"]) > 0.6


def test_channels_differ_in_their_opening_rates(personal: pd.DataFrame) -> None:
    rate = personal["opened_at"].notna().groupby(personal["channel"]).mean()
    order = ["subscription_account", "sms", "service_account", "wecom", "moments"]
    assert rate.sort_values().index.to_list() == order


def test_send_opened_clicked_redeemed_follow_each_other(personal: pd.DataFrame) -> None:
    steps = personal[["send_time", "opened_at", "clicked_at", "redeemed_at"]]
    for earlier, later in zip(steps.columns[:-1], steps.columns[1:], strict=True):
        known = steps[later].notna()
        assert steps.loc[known, earlier].notna().all()
        assert (steps.loc[known, earlier] < steps.loc[known, later]).all()


def test_chat_reaches_linked_members_alone(c: Community, personal: pd.DataFrame) -> None:
    assert c.staff_links is not None
    chat = personal.loc[personal["channel"] == "wecom", "member_id"]
    assert chat.isin(c.staff_links["member_id"]).all()


def test_links_end_when_members_quit(c: Community, personal: pd.DataFrame) -> None:
    assert c.staff_links is not None
    quit_at = personal.set_index("member_id")["quit_at"].dropna()
    links = c.staff_links[c.staff_links["member_id"].isin(quit_at.index)]
    assert (links["removed_at"] <= quit_at.reindex(links["member_id"]).to_numpy()).all()


def test_every_redemption_is_an_order_with_the_coupon(
    c: Community, personal: pd.DataFrame, redeemed: pd.DataFrame
) -> None:
    assert c.orders is not None
    n_orders = c.orders.loc[c.orders["coupon_id"].notna(), "order_id"].nunique()
    assert len(redeemed) == personal["redeemed_at"].notna().sum() == n_orders
    assert (redeemed["redeemed_at"] == redeemed["order_time"]).all()


def test_coupons_take_off_their_discount(redeemed: pd.DataFrame) -> None:
    assert (redeemed["discount"] >= redeemed["discount_offer"] - 1e-6).all()


def test_coupons_are_used_before_they_expire_on_enough_spend(redeemed: pd.DataFrame) -> None:
    assert (redeemed["redeemed_at"] < redeemed["ends_at"]).all()
    spent = redeemed["paid"] + redeemed["discount_offer"]
    assert (spent >= redeemed["threshold"] - 1e-6).all()


def test_coupons_are_used_by_whom_they_were_issued_to(c: Community, redeemed: pd.DataFrame) -> None:
    assert c.offer_members is not None
    issued = redeemed.merge(c.offer_members, on=["offer_id", "member_id"])
    assert len(issued) == len(redeemed)
    assert (issued["redeemed_at"] < issued["expires_at"]).all()


def test_category_coupons_are_valid_on_their_category(c: Community) -> None:
    assert c.offer_products is not None
    assert c.offers is not None
    assert c.products is not None
    rows = c.offer_products.merge(c.offers, on="offer_id").merge(
        c.products, left_on="product_id_x", right_on="product_id"
    )
    limited = rows["category_x"].notna()
    assert (rows["category_x"] == rows["category_y"])[limited].all()
    assert rows[~limited].groupby("offer_id").size().eq(240).all()


def test_stock_is_never_exceeded_and_sometimes_reached(
    c: Community, redeemed: pd.DataFrame
) -> None:
    assert c.offers is not None
    used = redeemed["offer_id"].value_counts()
    stock = c.offers.set_index("offer_id")["stock"].reindex(used.index)
    assert (used <= stock).all()
    assert (used == stock).any()


def test_budget_is_stock_times_discount(c: Community) -> None:
    assert c.offers is not None
    coupons = c.offers[c.offers["kind"] == "coupon"]
    expected = coupons["stock"] * coupons["discount"]
    assert coupons["budget"].to_numpy() == pytest.approx(expected.to_numpy())


def test_some_members_get_a_lower_price_in_public(c: Community) -> None:
    assert c.offers is not None
    products = c.offers[c.offers["kind"] == "product"]
    assert 0 < (products["public_price"] < products["price"]).mean() < 0.3


@pytest.mark.parametrize("arm", ["coupon_small", "coupon_large"])
def test_as_many_orders_are_caused_as_the_truth_expects(
    c: Community, assigned: pd.DataFrame, personal: pd.DataFrame, arm: str
) -> None:
    treated = assigned[assigned["arm"] == arm]
    chance = c.truth["uplift"].set_index(["experiment_id", "member_id"])[arm]
    units = pd.MultiIndex.from_frame(treated[["experiment_id", "unit_id"]])
    expected = chance.reindex(units).sum()
    caused = c.truth["sends"].set_index("send_id")["caused_order"]
    happened = caused.reindex(personal.loc[personal["arm"] == arm, "send_id"]).sum()
    assert happened == pytest.approx(expected, rel=0.15)


def test_weighted_arms_show_the_effect_of_large_coupons(
    c: Community, assigned: pd.DataFrame, personal: pd.DataFrame
) -> None:
    assert c.orders is not None
    began = personal.groupby("experiment_id")["send_time"].min()
    units = assigned.reset_index(drop=True).rename(columns={"unit_id": "member_id"})
    units["began"] = units["experiment_id"].map(began)
    orders = c.orders[c.orders["quantity"] > 0].drop_duplicates("order_id")
    pairs = units.reset_index().merge(orders[["member_id", "order_time"]], on="member_id")
    after = pairs["order_time"] - pairs["began"]
    soon = pairs[(after >= pd.Timedelta(0)) & (after < pd.Timedelta("8D"))]
    units["n"] = soon.groupby("index").size().reindex(units.index).fillna(0)
    weight = 1 / units["propensity"]
    mean = (units["n"] * weight).groupby(units["arm"]).sum() / weight.groupby(units["arm"]).sum()
    truth = c.truth["uplift"]["coupon_large"].mean()
    assert mean["coupon_large"] - mean["control"] == pytest.approx(truth, abs=0.015)


def test_uplift_differs_by_member(c: Community, member: pd.DataFrame) -> None:
    effect = c.truth["uplift"].groupby("member_id")["coupon_large"].mean()
    response = member["coupon_response"].reindex(effect.index)
    assert (effect[response == 0] == 0).all()
    assert effect.std() > 0.03


def test_large_coupons_move_more_than_small_ones(c: Community) -> None:
    assert (c.truth["uplift"]["coupon_large"] >= c.truth["uplift"]["coupon_small"]).all()


def test_caused_orders_are_redeemed_sends(c: Community) -> None:
    assert c.sends is not None
    caused = c.truth["sends"].set_index("send_id")["caused_order"]
    redeemed_ids = c.sends.loc[c.sends["redeemed_at"].notna(), "send_id"]
    assert set(caused[caused].index) < set(redeemed_ids)


def test_posters_are_randomised_over_groups_and_change_nothing(c: Community) -> None:
    assert c.assignments is not None
    assert c.sends is not None
    groups = c.assignments[c.assignments["unit_kind"] == "group"].set_index("unit_id")["arm"]
    posts = c.sends[c.sends["group_id"].notna()]
    assert set(groups) == {"red", "yellow"}
    assert (groups.reindex(posts["group_id"]).to_numpy() == posts["arm"]).all()


@pytest.mark.parametrize("channel", CHANNELS)
def test_openness_is_a_chance(member: pd.DataFrame, channel: str) -> None:
    assert member[f"openness_{channel}"].between(0, 1).all()
