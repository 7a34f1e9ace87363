"""Simulated orders: rhythms, seasons, hours, tastes, prices, refunds, lives and stages."""

import numpy as np
import pandas as pd
import pytest

from siyu.datasets.community import Community
from siyu.datasets.synthetic.community_maker import make_community
from siyu.datasets.synthetic.options import CommunityOptions

END = pd.Timestamp("2026-07-01", tz="Asia/Shanghai")


@pytest.fixture(scope="module")
def c() -> Community:
    return make_community(5_000, random_state=0)


@pytest.fixture(scope="module")
def lines(c: Community) -> pd.DataFrame:
    """Order lines with local day and hour."""
    assert c.orders is not None
    local = c.orders["order_time"].dt.tz_convert("Asia/Shanghai")
    return c.orders.assign(day=local.dt.normalize(), hour=local.dt.hour)


@pytest.fixture(scope="module")
def bought(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[(lines["amount"] > 0) & (lines["quantity"] > 0)]


@pytest.fixture(scope="module")
def visits(bought: pd.DataFrame) -> pd.DataFrame:
    """One row a member and purchase day, in order of time."""
    return bought.drop_duplicates("order_id").sort_values(["member_id", "order_time"])


@pytest.fixture(scope="module")
def member(c: Community) -> pd.DataFrame:
    frame: pd.DataFrame = c.truth["members"].set_index("member_id")
    return frame


def test_seven_in_ten_members_buy(c: Community, visits: pd.DataFrame) -> None:
    assert 0.66 < visits["member_id"].nunique() / len(c.customers()) < 0.77


def test_a_member_orders_once_a_day_at_most(visits: pd.DataFrame) -> None:
    assert not visits.duplicated(["member_id", "day"]).any()


def test_an_order_has_one_member_time_coupon_and_channel(bought: pd.DataFrame) -> None:
    heads = bought[["order_id", "member_id", "order_time", "coupon_id", "channel"]]
    assert heads.drop_duplicates()["order_id"].is_unique


def test_the_own_rhythm_is_recovered(visits: pd.DataFrame, member: pd.DataFrame) -> None:
    gaps = visits.groupby("member_id")["day"].diff().dt.days
    own = gaps.groupby(visits["member_id"]).agg(["mean", "median", "count"])
    own = own[own["count"] >= 10].join(member["gap_days"])
    assert own["mean"].div(own["gap_days"]).median() == pytest.approx(1.0, abs=0.05)
    assert own["mean"].corr(own["gap_days"], method="spearman") > 0.85


def test_gap_medians_follow_the_option() -> None:
    options = CommunityOptions(gap_median=60.0, gap_spread=0.0)
    truth = make_community(200, 0, options=options).truth["members"]
    assert set(truth["gap_days"]) == {60.0}


def test_regular_members_have_steadier_gaps(visits: pd.DataFrame, member: pd.DataFrame) -> None:
    gaps = visits.groupby("member_id")["day"].diff().dt.days
    own = gaps.groupby(visits["member_id"]).agg(["mean", "std", "count"]).join(member["gap_shape"])
    own = own[own["count"] >= 10]
    variation = own["std"] / own["mean"]
    regular = own["gap_shape"] > 3
    assert variation[regular].median() < variation[own["gap_shape"] < 2].median() - 0.1


def test_the_truth_of_rhythms_is_lognormal_around_thirty_days(member: pd.DataFrame) -> None:
    log_gap = np.log(member["gap_days"])
    assert np.exp(log_gap.median()) == pytest.approx(30, rel=0.05)
    assert log_gap.std() == pytest.approx(0.6, rel=0.05)


def test_member_days_and_festivals_are_busy(visits: pd.DataFrame) -> None:
    per_day = visits.groupby("day").size()
    usual = per_day.rolling(61, center=True, min_periods=20).median()
    busy = per_day / usual
    on_the_13th = pd.DatetimeIndex(busy.index).day == 13
    assert busy[on_the_13th].median() > 1.5
    assert busy.loc["2025-11-09":"2025-11-11"].mean() > 1.8
    assert busy.loc["2025-01-29":"2025-02-02"].mean() < 0.7


def test_without_seasons_days_are_alike() -> None:
    options = CommunityOptions(season_strength=0.0)
    orders = make_community(4_000, 0, options=options).orders
    assert orders is not None
    day = orders.loc[orders["coupon_id"].isna(), "order_time"].dt.tz_convert("Asia/Shanghai")
    november = day[(day >= "2025-11-01") & (day < "2025-12-01")].dt.day
    early = november.isin([9, 10, 11]).mean()
    assert early == pytest.approx(0.1, abs=0.03)


def test_keepers_of_the_member_day_buy_on_it(visits: pd.DataFrame, member: pd.DataFrame) -> None:
    on_it = (visits["day"].dt.day == 13).groupby(visits["member_id"]).mean()
    keeps = member["keeps_member_day"].reindex(on_it.index)
    assert on_it[keeps].mean() > 1.8 * on_it[~keeps].mean()


def test_night_owls_buy_at_night(visits: pd.DataFrame, member: pd.DataFrame) -> None:
    at_night = visits["hour"].isin([22, 23, 0, 1, 2]).groupby(visits["member_id"]).mean()
    owls = member["is_night_owl"].reindex(at_night.index)
    assert at_night[owls].mean() > 0.8
    assert at_night[~owls].mean() < 0.3


def test_orders_follow_the_tastes(c: Community, bought: pd.DataFrame, member: pd.DataFrame) -> None:
    assert c.products is not None
    category = bought["product_id"].map(c.products.set_index("product_id")["category"])
    own = category.groupby(bought["member_id"]).agg(lambda x: x.value_counts().index[0])
    often = bought.groupby("member_id").size() >= 15
    agree = own[often] == member["top_category"].reindex(own.index)[often]
    assert agree.mean() > 0.7


def test_tastes_are_shares(c: Community) -> None:
    tastes = c.truth["tastes"].drop(columns="member_id")
    assert tastes.sum(axis=1).to_numpy() == pytest.approx(np.ones(len(tastes)))


def test_members_buy_their_favourites_again(bought: pd.DataFrame) -> None:
    again = bought.sort_values("order_time").duplicated(["member_id", "product_id"])
    assert 0.3 < again.mean() < 0.6


def test_the_price_sensitive_buy_at_a_discount(bought: pd.DataFrame, member: pd.DataFrame) -> None:
    total = bought.groupby("member_id")[["amount", "discount"]].sum()
    share = total["discount"] / total.sum(axis=1)
    sensitivity = member["price_sensitivity"].reindex(share.index)
    assert share.corr(sensitivity, method="spearman") > 0.3


def test_money_adds_up_to_the_cent(c: Community, bought: pd.DataFrame) -> None:
    assert c.products is not None
    price = bought["product_id"].map(c.products.set_index("product_id")["price"])
    listed = (price * bought["quantity"]).round(2)
    assert (bought["amount"] + bought["discount"]).round(2).equals(listed)


def test_amounts_have_two_decimals(lines: pd.DataFrame) -> None:
    assert (lines["amount"].round(2) == lines["amount"]).all()


def test_nothing_is_bought_before_its_launch(c: Community, bought: pd.DataFrame) -> None:
    assert c.products is not None
    launched = bought["product_id"].map(c.products.set_index("product_id")["launched_at"])
    assert (bought["day"] + pd.Timedelta("1D") > launched).all()


def test_refunds_are_rare_negative_lines(lines: pd.DataFrame) -> None:
    back = lines["amount"] < 0
    assert back.mean() == pytest.approx(0.034, abs=0.006)
    assert (lines.loc[back, "quantity"] <= 0).all()


def test_one_refund_in_five_keeps_the_goods(lines: pd.DataFrame) -> None:
    back = lines[lines["amount"] < 0]
    assert (back["quantity"] == 0).mean() == pytest.approx(0.2, abs=0.04)


def test_refunds_come_after_their_order_and_give_no_more_than_was_paid(
    lines: pd.DataFrame, bought: pd.DataFrame
) -> None:
    key = ["order_id", "product_id"]
    pairs = lines[lines["amount"] < 0].merge(bought, on=key, suffixes=("_back", ""))
    assert len(pairs) == (lines["amount"] < 0).sum()
    assert (pairs["order_time_back"] > pairs["order_time"]).all()
    assert (pairs["amount_back"] + pairs["amount"] > -0.005).all()


def test_only_orders_in_stores_name_a_store(lines: pd.DataFrame) -> None:
    assert (lines["store_id"].notna() == (lines["channel"] == "store")).all()


def test_promotions_are_known_before_they_begin(c: Community) -> None:
    assert c.promotions is not None
    assert (c.promotions["known_at"] < c.promotions["starts_at"]).all()


def test_promotions_are_planned_beyond_the_end(c: Community) -> None:
    assert c.promotions is not None
    assert (c.promotions["starts_at"] >= END).any()


def test_promoted_goods_are_cheaper(c: Community, bought: pd.DataFrame) -> None:
    assert c.promotions is not None
    everywhere = c.promotions[c.promotions["store_id"].isna() & (c.promotions["discount"] > 0)]
    pairs = bought.merge(everywhere, on="product_id", suffixes=("", "_share"))
    during = pairs["order_time"].between(pairs["starts_at"], pairs["ends_at"], inclusive="left")
    least = pairs["discount_share"] * (pairs["amount"] + pairs["discount"])
    assert (pairs["discount"] > least - 0.05)[during].all()


def test_prospects_are_those_without_orders(c: Community, visits: pd.DataFrame) -> None:
    stages = c.truth["lifecycle"].groupby("member_id")["stage"].agg(set)
    only_prospects = set(stages[stages == {"prospect"}].index)
    assert only_prospects == set(c.customers().to_pylist()) - set(visits["member_id"])


def test_stage_intervals_follow_each_other_without_gaps(c: Community) -> None:
    stages = c.truth["lifecycle"]
    following = stages.groupby("member_id")["since"].shift(-1)
    assert stages["until"].dropna().equals(following.dropna())
    assert (stages["until"] > stages["since"])[stages["until"].notna()].all()


def test_the_first_stage_begins_with_joining(c: Community) -> None:
    assert c.members is not None
    first = c.truth["lifecycle"].drop_duplicates("member_id").set_index("member_id")["since"]
    joined = c.members.set_index("member_id")["joined_at"].reindex(first.index)
    assert (first == joined).all()


def test_members_are_new_from_their_first_order_on(c: Community, visits: pd.DataFrame) -> None:
    stages = c.truth["lifecycle"]
    new = stages[stages["stage"] == "new"].set_index("member_id")["since"]
    assert new.equals(visits.groupby("member_id")["order_time"].first().rename("since"))


def test_the_dormant_and_the_churned_do_not_order(c: Community, visits: pd.DataFrame) -> None:
    stages = c.truth["lifecycle"]
    silent = stages[stages["stage"].isin(["dormant", "churned"])]
    pairs = visits[["member_id", "order_time"]].merge(silent, on="member_id")
    inside = (pairs["order_time"] >= pairs["since"]) & ~(pairs["order_time"] >= pairs["until"])
    assert not inside.any()


def test_the_won_back_had_been_dormant(c: Community) -> None:
    stages = c.truth["lifecycle"]
    before = stages.groupby("member_id")["stage"].shift(1)
    assert set(before[stages["stage"] == "won_back"]) == {"dormant", "churned"}


def test_the_loyal_have_ordered_five_times(c: Community, visits: pd.DataFrame) -> None:
    stages = c.truth["lifecycle"]
    loyal = stages[stages["stage"] == "loyal"].drop_duplicates("member_id")
    pairs = visits[["member_id", "order_time"]].merge(loyal, on="member_id")
    upto = pairs[pairs["order_time"] <= pairs["since"]].groupby("member_id").size()
    assert upto.min() >= 5


def test_every_stage_is_met_at_the_end(c: Community) -> None:
    stages = c.truth["lifecycle"]
    now = stages.loc[stages["until"].isna(), "stage"].value_counts(normalize=True)
    known = {"prospect", "new", "growing", "loyal", "dormant", "churned", "won_back"}
    assert set(now.index) == known
    assert now.min() > 0.005


def test_every_order_lies_in_a_life(c: Community, visits: pd.DataFrame) -> None:
    pairs = visits[["order_id", "member_id", "order_time"]].merge(c.truth["lives"], on="member_id")
    inside = (pairs["order_time"] >= pairs["since"]) & ~(pairs["order_time"] >= pairs["until"])
    assert pairs[inside]["order_id"].nunique() == len(visits)


def test_a_twofold_community_behaves_alike() -> None:
    means = []
    for n_members in (4_000, 8_000):
        community = make_community(n_members, random_state=3)
        tables = ("orders", "events", "messages", "ties", "sends", "referrals", "memberships")
        means.append([len(getattr(community, table)) / n_members for table in tables])
    assert means[0] == pytest.approx(means[1], rel=0.1)
