"""K by closed cohort and by kind of campaign, worked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from fission_worlds import community, joined, orders, referrals
from siyu.datasets import Community, DataError, ParameterError, SiyuWarning, label
from siyu.graph.fission.rate_campaigns import campaign_k
from siyu.graph.fission.rate_cohorts import k_factor

AS_OF = "2026-06-01"

# January: 1, 2, 3 and 4; 1 brings 11 and 12 within 30 days, and 13 after 40; 2 claims 11 later.
# May 20: 5, whose window is open; 5 brings 14.
MEMBERS: Any = joined(
    m1="2026-01-01", m2="2026-01-02", m3="2026-01-03", m4="2026-01-04", m5="2026-05-20",
    m11="2026-01-10", m12="2026-01-20", m13="2026-02-10", m14="2026-05-22",
)  # fmt: skip
ROWS = (
    (1, 11, "2026-01-10"),
    (1, 12, "2026-01-20"),
    (1, 13, "2026-02-10"),
    (2, 11, "2026-01-15"),
    (5, 14, "2026-05-22"),
)
BOUGHT = orders((11, "2026-01-25", 9.0), (12, "2026-03-01", 9.0), (13, "2026-02-11", 9.0))


def world(**changed: Any) -> Community:
    tables = {"members": MEMBERS, "referrals": referrals(*ROWS), "orders": BOUGHT}
    return community(**{**tables, **changed})


def row(c: Community, group: str | None = "2026-01", **more: Any) -> "pd.Series[Any]":
    found = k_factor(c, as_of=AS_OF, **more).set_index("group")
    chosen: pd.Series[Any] = found.loc[group]
    return chosen


def test_k_counts_all_members_of_the_cohort_below_the_line() -> None:
    # January: members 1, 2, 3, 4, 11, 12; new ones brought in time: 11 and 12, by 1.
    january = row(world())
    assert january[["n_members", "n_inviters", "n_joined"]].tolist() == [6, 2, 2]
    assert january["k"] == pytest.approx(2 / 6)


def test_per_inviter_is_another_and_larger_figure() -> None:
    assert row(world())["joined_per_inviter"] == pytest.approx(2 / 2)


def test_k_is_invites_per_member_times_the_rate_of_joining() -> None:
    january = row(world())
    assert january["n_invites"] == 3
    assert january["invites_per_member"] == pytest.approx(3 / 6)
    assert january["join_rate"] == pytest.approx(2 / 3)
    assert january["k"] == pytest.approx(january["invites_per_member"] * january["join_rate"])


def test_members_whose_window_is_open_are_left_out_and_counted() -> None:
    may = row(world(), "2026-05")
    assert may[["n_members", "n_left_out", "n_joined"]].tolist() == [0, 2, 0]
    assert pd.isna(may["k"])


def test_a_longer_window_takes_later_invitations_in() -> None:
    assert row(world(), window="45D")["n_joined"] == 3


def test_a_window_that_ends_with_the_moment_is_closed() -> None:
    found = k_factor(world(), as_of="2026-01-31", by=None)
    assert found["n_members"].tolist() == [1]


def test_buyers_must_buy_within_the_window_too() -> None:
    # 11 bought on January 25; 12 on March 1, after the window of 1 was over.
    january = row(world())
    assert january["n_bought"] == 1
    assert january["buyers_per_member"] == pytest.approx(1 / 6)


def test_buyers_are_unknown_without_orders() -> None:
    january = row(world(orders=None))
    assert pd.isna(january["n_bought"])
    assert pd.isna(january["buyers_per_member"])


def test_buyers_are_unknown_before_orders_were_recorded() -> None:
    tables = {"members": MEMBERS, "referrals": referrals(*ROWS), "orders": BOUGHT}
    c = Community(tz="UTC", observed={"orders": ("2026-01-15", "2026-06-01")}, **tables)
    assert row(c)[["n_bought", "buyers_per_member"]].isna().all()


def test_who_joined_before_referrals_were_recorded_is_left_out() -> None:
    c = Community(
        tz="UTC",
        observed={"referrals": ("2026-01-03", "2026-06-01")},
        members=MEMBERS,
        referrals=referrals(*ROWS),
    )
    assert row(c)[["n_members", "n_left_out"]].tolist() == [4, 2]


def test_the_same_person_invited_twice_is_one_invitation() -> None:
    again = referrals(*ROWS, (1, 11, "2026-01-12"))
    assert row(world(referrals=again))["n_invites"] == 3


def test_who_was_there_already_is_invited_but_not_new() -> None:
    late = referrals((1, 3, "2026-01-20"))
    january = row(world(referrals=late))
    assert january[["n_invites", "n_joined"]].tolist() == [1, 0]


def test_who_had_bought_already_is_not_new() -> None:
    before = orders((11, "2026-01-08", 9.0))
    assert row(world(orders=before))["n_joined"] == 1


def test_invitations_before_joining_count_for_nobody_and_are_told() -> None:
    early = referrals((3, 11, "2026-01-02"))
    with pytest.warns(SiyuWarning, match="1 referrals lie before their inviter joined"):
        january = row(world(referrals=early))
    assert january["n_invites"] == 0


def test_referring_oneself_is_no_invitation() -> None:
    own = referrals((1, 1, "2026-01-05"), (2, 11, "2026-01-10"))
    assert row(world(referrals=own))["n_invites"] == 1


def test_members_without_a_date_stand_last_under_null() -> None:
    undated = joined(m1="2026-01-01", m9=None, m11="2026-01-10")
    found = k_factor(world(members=undated), as_of=AS_OF)
    assert found["group"].isna().tolist() == [False, True]
    assert found["n_members"].tolist() == [2, 0]


def test_groups_by_a_column_of_members() -> None:
    source = MEMBERS.assign(source=["a", "b", "a", "b", "a", "a", "b", "b", "b"])
    found = k_factor(world(members=source), as_of=AS_OF, by="source").set_index("group")
    assert found["n_joined"].to_dict() == {"a": 2, "b": 0}


def test_suspects_are_left_out_of_the_trusted_k() -> None:
    ring = [(21, 22, "2026-01-05"), (22, 23, "2026-01-06"), (23, 21, "2026-01-07")]
    more = joined(m21="2026-01-05", m22="2026-01-05", m23="2026-01-06")
    c = world(members=pd.concat([MEMBERS, more]), referrals=referrals(*ROWS, *ring))
    january = row(c)
    assert january["k"] > 2 / 6
    assert january["k_trusted"] == pytest.approx(2 / 6)


def test_the_interval_holds_the_estimate() -> None:
    january = row(world())
    assert january["k_low"] <= january["k"] <= january["k_high"]
    assert january["k_low"] < january["k_high"]


def test_the_column_must_be_there() -> None:
    with pytest.raises(DataError, match="by='colour' is no column of members"):
        k_factor(world(), as_of=AS_OF, by="colour")


def test_dates_of_joining_are_needed() -> None:
    c = world(members=MEMBERS[["member_id"]])
    with pytest.raises(DataError, match="joined_at"):
        k_factor(c, as_of=AS_OF)


def test_referrals_are_needed() -> None:
    with pytest.raises(DataError, match="referrals"):
        k_factor(world(referrals=None), as_of=AS_OF)


def test_a_window_is_a_day_or_more() -> None:
    with pytest.raises(ParameterError, match="window"):
        k_factor(world(), as_of=AS_OF, window="1h")


CAMPAIGNS: Any = pd.DataFrame(
    {
        "campaign_id": ["a", "b", "c", "d"],
        "kind": ["拼团", "gift", "groupbuy", "content"],
        "starts_at": pd.to_datetime(["2026-01-05", "2026-02-01", "2026-05-15", "2026-01-01"]),
        "ends_at": pd.to_datetime(["2026-01-31", "2026-02-28", "2026-05-31", "2026-01-09"]),
        "cost": [100.0, 50.0, 70.0, 9.0],
    }
)
IN_CAMPAIGN: Any = referrals(*ROWS, campaign_id=["a", "a", "b", "a", "c"], reward=[5.0, 5, 8, 5, 5])


def by_kind(**changed: Any) -> Any:
    c = world(**{"referrals": IN_CAMPAIGN, "campaigns": CAMPAIGNS, **changed})
    return campaign_k(c, as_of=AS_OF).set_index("campaign_kind")


def test_kinds_with_referrals_stand_in_order() -> None:
    assert by_kind().index.tolist() == ["gift", "groupbuy"]


def test_a_chinese_kind_is_its_code_and_label_words_it() -> None:
    found = label(by_kind().reset_index(), "zh")
    assert found["campaign_kind"].tolist() == ["赠送", "拼团"]


def test_a_campaign_that_ended_lately_is_open() -> None:
    groupbuy = by_kind().loc["groupbuy"]
    assert groupbuy[["n_campaigns", "n_open"]].tolist() == [1, 1]


def test_everybody_there_before_the_end_stands_below_the_line() -> None:
    # Before January 31 had joined: 1, 2, 3, 4, 11, 12; before February 28 also 13.
    found = by_kind()["n_members"]
    assert found.to_dict() == {"gift": 7, "groupbuy": 6}


def test_k_by_kind() -> None:
    found = by_kind()
    assert found["n_invites"].to_dict() == {"gift": 1, "groupbuy": 3}
    assert found["k"].to_dict() == pytest.approx({"gift": 1 / 7, "groupbuy": 2 / 6})


def test_a_new_buyer_costs_the_campaign_and_all_its_rewards() -> None:
    # Group buy: 100 and three rewards of 5; of 11 and 12 only 11 bought within 30 days.
    groupbuy = by_kind().loc["groupbuy"]
    assert groupbuy[["cost", "rewards", "n_bought"]].tolist() == [100.0, 15.0, 1]
    assert groupbuy["cost_per_buyer"] == pytest.approx(115.0)
    assert groupbuy["cost_per_joined"] == pytest.approx(57.5)


def test_buyers_of_a_kind_are_unknown_where_orders_were_not_recorded_through() -> None:
    found = by_kind(observed={"orders": ("2026-02-01", "2026-06-01")})
    assert found["n_bought"].isna().to_dict() == {"gift": False, "groupbuy": True}
    assert pd.isna(found.loc["groupbuy", "cost_per_buyer"])


def test_the_cost_is_unknown_if_one_campaign_has_none() -> None:
    found = by_kind(campaigns=CAMPAIGNS.assign(cost=[np.nan, 50.0, 70.0, 9.0]))
    assert found["cost"].isna().to_dict() == {"gift": False, "groupbuy": True}
    assert found["cost_per_buyer"].isna().to_dict() == {"gift": False, "groupbuy": True}


def test_costs_are_unknown_without_rewards() -> None:
    found = by_kind(referrals=IN_CAMPAIGN.drop(columns="reward"))
    assert found[["rewards", "cost_per_buyer"]].isna().all().all()


def test_referrals_outside_of_campaigns_stand_in_a_last_row() -> None:
    outside = IN_CAMPAIGN.assign(campaign_id=["a", "a", None, "a", "c"])
    found = by_kind(referrals=outside)
    assert found.index[-1] is None or pd.isna(found.index[-1])
    assert found.iloc[-1][["n_invites", "n_joined", "n_bought"]].tolist() == [1, 1, 1]
    assert found.iloc[-1][["n_members", "k", "cost"]].isna().all()


def test_campaigns_are_needed() -> None:
    with pytest.raises(DataError, match="campaigns"):
        campaign_k(world(), as_of=AS_OF)


def test_referrals_must_name_their_campaign() -> None:
    c = world(campaigns=CAMPAIGNS)
    with pytest.raises(DataError, match="campaign_id"):
        campaign_k(c, as_of=AS_OF)


def test_a_campaign_without_an_end_ends_with_its_last_referral() -> None:
    open_end = CAMPAIGNS.assign(ends_at=pd.NaT)
    assert by_kind(campaigns=open_end).loc["groupbuy", "n_members"] == 5  # before January 20


def test_groups_by_a_flag_of_members() -> None:
    flagged = MEMBERS.assign(vip=[True, False, None, False, False, True, True, True, True])
    found = k_factor(world(members=flagged), as_of=AS_OF, by="vip").set_index("group")
    assert found["n_joined"].tolist() == [0, 2, 0]
    assert found.index.fillna("-").tolist() == ["false", "true", "-"]


def test_campaigns_must_name_their_kind() -> None:
    c = world(referrals=IN_CAMPAIGN, campaigns=CAMPAIGNS.drop(columns="kind"))
    with pytest.raises(DataError, match="column kind"):
        campaign_k(c, as_of=AS_OF)


def test_campaigns_without_a_start_are_counted_where_referrals_were_always_kept() -> None:
    found = by_kind(campaigns=CAMPAIGNS.drop(columns="starts_at"))
    assert found["n_campaigns"].to_dict() == {"gift": 1, "groupbuy": 1}


def test_campaigns_that_began_before_the_record_are_open() -> None:
    c = Community(
        tz="UTC",
        observed={"referrals": ("2026-01-20", "2026-06-01")},
        members=MEMBERS,
        referrals=IN_CAMPAIGN,
        campaigns=CAMPAIGNS,
    )
    found = campaign_k(c, as_of=AS_OF).set_index("campaign_kind")
    assert found["n_open"].to_dict() == {"gift": 0, "groupbuy": 2}
