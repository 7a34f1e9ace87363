"""Where members come from, what they cost, and when they have paid for it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError, SchemaError, SiyuWarning
from siyu.segmentation.journey import acquisition, ltv_cac

TZ = "Asia/Shanghai"


def _times(*texts: str) -> pd.DatetimeIndex:
    return pd.to_datetime(list(texts), format="ISO8601").tz_localize(TZ)


def _members(*rows: tuple[Any, str, str | None]) -> pd.DataFrame:
    who, joined, source = zip(*rows, strict=True)
    return pd.DataFrame({"member_id": who, "joined_at": _times(*joined), "source": source})


MEMBERS = _members(
    (1, "2026-01-05", "advert"),
    (2, "2026-01-31 23:30", "advert"),
    (3, "2026-01-20", "store"),
    (4, "2026-02-10", "advert"),
    (5, "2026-02-11", None),
)


def test_the_mix_by_hand() -> None:
    found = acquisition(Community(members=MEMBERS, tz=TZ), as_of="2026-03-01")
    rows = found[["period", "group", "n_new", "n_members"]].fillna("?").to_numpy().tolist()
    assert rows == [
        ["2026-01", "advert", 2, 2],
        ["2026-01", "store", 1, 1],
        ["2026-02", "advert", 1, 3],
        ["2026-02", "?", 1, 1],
    ]
    assert found["share"].tolist() == pytest.approx([2 / 3, 1 / 3, 1 / 2, 1 / 2])


def test_the_share_of_new_fish_by_hand() -> None:
    found = acquisition(Community(members=MEMBERS, tz=TZ), as_of="2026-03-01")
    assert found.new_share.tolist() == pytest.approx([1, 1, 1 / 3, 1])


def test_the_cost_of_a_member_by_hand() -> None:
    costs = pd.DataFrame(
        {"source": ["advert", "advert", "sms"], "period": ["2026-01", "2026-01", "2026-01"],
         "cost": [30.0, 10.0, 5.0]}
    )  # fmt: skip
    found = acquisition(Community(members=MEMBERS, tz=TZ), as_of="2026-03-01", costs=costs)
    cost = found.set_index(["period", "group"])[["n_new", "cost", "cac"]]
    assert cost.loc[("2026-01", "advert")].tolist() == [2, 40, 20]
    assert cost.loc[("2026-01", "sms"), "n_new"] == 0
    assert np.isnan(cost.loc[("2026-01", "sms"), "cac"])
    assert np.isnan(cost.loc[("2026-02", "advert"), "cost"])  # nobody told: unknown, not free


def test_the_period_under_way_has_no_cost_yet() -> None:
    costs = pd.DataFrame({"source": ["advert"], "period": ["2026-02"], "cost": [30.0]})
    found = acquisition(Community(members=MEMBERS, tz=TZ), as_of="2026-02-15", costs=costs)
    row = found.set_index(["period", "group"]).loc[("2026-02", "advert")]
    assert not row.complete
    assert np.isnan(row.cost)
    assert np.isnan(row.cac)


def test_costs_of_later_periods_change_nothing() -> None:
    c = Community(members=MEMBERS, tz=TZ)
    costs = pd.DataFrame({"source": ["advert"], "period": ["2026-01"], "cost": [30.0]})
    later = pd.concat([costs, costs.assign(period="2026-04")])
    expected = acquisition(c, as_of="2026-03-01", costs=costs)
    pd.testing.assert_frame_equal(acquisition(c, as_of="2026-03-01", costs=later), expected)


def _with_campaigns() -> Community:
    referrals = pd.DataFrame(
        {
            "inviter_id": [1, 1, 1],
            "invitee_id": [3, 4, 4],
            "referral_time": _times("2026-01-20", "2026-02-10", "2026-02-12"),
            "campaign_id": ["x", "y", "x"],
        }
    )
    campaigns = pd.DataFrame(
        {
            "campaign_id": ["x", "y"],
            "starts_at": _times("2026-01-22", "2026-02-01"),
            "ends_at": _times("2026-02-11", "2026-02-05"),
            "cost": [200.0, 40.0],
        }
    )
    return Community(tz=TZ, members=MEMBERS, referrals=referrals, campaigns=campaigns)


def test_the_first_invitation_names_the_campaign() -> None:
    found = acquisition(_with_campaigns(), as_of="2026-03-01", by="campaign_id")
    new = found[found.n_new > 0].set_index(["period", "group"]).n_new
    assert new.loc[("2026-01", "x")] == 1
    assert new.loc[("2026-02", "y")] == 1


def test_the_cost_of_a_campaign_is_spread_over_its_days() -> None:
    # x runs 10 days of January and 10 of February; y 4 days of February.
    found = acquisition(_with_campaigns(), as_of="2026-03-01", by="campaign_id")
    cost = found.set_index(["period", "group"]).cost.dropna()
    assert cost.loc[("2026-01", "x")] == pytest.approx(100)
    assert cost.loc[("2026-02", "x")] == pytest.approx(100)
    assert cost.loc[("2026-02", "y")] == pytest.approx(40)


def test_who_came_nobody_knows_when_is_left_out_and_told_of() -> None:
    members = pd.concat([MEMBERS, pd.DataFrame({"member_id": [6], "source": ["advert"]})])
    with pytest.warns(SiyuWarning, match="1 members are left out"):
        found = acquisition(Community(members=members, tz=TZ), as_of="2026-03-01")
    assert found.n_new.sum() == 5


@pytest.mark.parametrize(
    ("costs", "match"),
    [
        ({"source": ["a"], "cost": [1.0]}, "period: required, but missing"),
        ({"source": ["a"], "period": ["2026-01"], "cost": [-1.0]}, "must be a number of 0 or more"),
        ({"source": ["a"], "period": ["2026-01"], "cost": [None]}, "must be a number of 0 or more"),
    ],
)
def test_costs_that_cannot_be_read_are_refused(costs: dict[str, Any], match: str) -> None:
    frame = pd.DataFrame(costs).astype({"cost": float})
    with pytest.raises(SchemaError, match=match):
        acquisition(Community(members=MEMBERS, tz=TZ), as_of="2026-03-01", costs=frame)


def _bought(*rows: tuple[Any, str, float]) -> pd.DataFrame:
    who, when, amount = zip(*rows, strict=True)
    return pd.DataFrame({"member_id": who, "order_time": _times(*when), "amount": amount})


COSTS = pd.DataFrame({"source": ["advert"], "cost": [60.0]})


def test_lifetime_value_by_hand() -> None:
    # At 2026-03-20 members 1 and 2 have 48 days and more, member 4 has 38; age 60 in two steps.
    joined = {1: "2026-01-01", 2: "2026-01-10", 4: "2026-02-10"}
    members = _members(*[(who, when, "advert") for who, when in joined.items()])
    orders = _bought(
        (1, "2026-01-05", 30.0), (1, "2026-02-10", 60.0), (1, "2026-02-12", -15.0),
        (2, "2026-01-12", 9.0), (4, "2026-02-12", 6.0), (4, "2026-03-15", 99.0),
        (1, "2026-03-18", 500.0),
    )  # fmt: skip
    c = Community(tz=TZ, members=members, orders=orders)
    row = ltv_cac(c, as_of="2026-03-20", costs=COSTS, age_days=60).iloc[0]
    # First 30 days: (30 + 9 + 6) / 3. Days 30 to 60, watched: 1 and 2: (45 + 0) / 2.
    assert row.ltv == pytest.approx(15 + 22.5)
    assert row.cac == 20
    assert row.ratio == pytest.approx(37.5 / 20)
    assert row.payback_days == 60
    assert (row.n_members, row.n_observed) == (3, 2)


def test_without_censoring_the_value_is_the_plain_mean() -> None:
    rng = np.random.default_rng(0)
    n = 200
    members = pd.DataFrame(
        {"member_id": range(n), "joined_at": pd.Timestamp("2025-01-01", tz=TZ), "source": "advert"}
    )
    spent = rng.gamma(0.5, 80, n).round(2)
    when = pd.Timestamp("2025-01-01", tz=TZ) + pd.to_timedelta(rng.uniform(0, 89, n), unit="D")
    orders = pd.DataFrame({"member_id": range(n), "order_time": when, "amount": spent})
    row = ltv_cac(
        Community(tz=TZ, members=members, orders=orders),
        as_of="2026-01-01",
        costs=COSTS,
        age_days=90,
    ).iloc[0]
    assert row.ltv == pytest.approx(spent.mean())
    half = 1.96 * spent.std(ddof=1) / np.sqrt(n)
    assert row.ltv_high - row.ltv_low == pytest.approx(2 * half, rel=0.15)
    assert row.ratio_low == pytest.approx(row.ltv_low / row.cac)


def test_the_young_do_not_pull_the_value_down() -> None:
    # 1 a day for ever, members joining all year: the value of 180 days is 180 (plus the first).
    days = pd.date_range("2025-01-01", "2025-12-25", freq="8D", tz=TZ)
    members = pd.DataFrame({"member_id": range(len(days)), "joined_at": days, "source": "advert"})
    end = pd.Timestamp("2026-01-01", tz=TZ)
    bought = [pd.date_range(day, end, freq="D").to_series() for day in days]
    orders = pd.concat(
        pd.DataFrame({"member_id": who, "order_time": when, "amount": 1.0})
        for who, when in enumerate(bought)
    )
    c = Community(tz=TZ, members=members, orders=orders)
    row = ltv_cac(c, as_of="2026-01-01", costs=COSTS, age_days=180).iloc[0]
    assert row.ltv == pytest.approx(180)
    assert row.n_observed < row.n_members


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = 150
        days = pd.to_timedelta(rng.uniform(0, 300, n), unit="D")
        joined = pd.Timestamp("2025-01-01", tz=TZ) + days
        members = pd.DataFrame({"member_id": range(n), "joined_at": joined, "source": "advert"})
        who = np.repeat(np.arange(n), 3)
        when = joined[who] + pd.to_timedelta(rng.uniform(0, 120, 3 * n), unit="D")
        amount = np.exp(rng.normal(0, 0.8, 3 * n))
        orders = pd.DataFrame({"member_id": who, "order_time": when, "amount": amount})
        c = Community(tz=TZ, members=members, orders=orders)
        row = ltv_cac(c, as_of="2025-12-01", costs=COSTS, age_days=120).iloc[0]
        held += row.ltv_low <= 3 * np.exp(0.32) <= row.ltv_high
    assert held >= 51  # 95 % of 60 is 57, less three standard deviations


def test_a_value_nobody_was_watched_for_is_unknown() -> None:
    orders = _bought((1, "2026-01-06", 5.0))
    c = Community(tz=TZ, members=MEMBERS, orders=orders)
    row = ltv_cac(c, as_of="2026-02-15", costs=COSTS, age_days=365).iloc[0]
    assert row[["ltv", "ratio", "payback_days"]].isna().all()


def test_the_same_random_state_gives_the_same_bytes() -> None:
    orders = _bought((1, "2026-01-06", 5.0), (2, "2026-02-01", 9.0))
    c = Community(tz=TZ, members=MEMBERS, orders=orders)
    one = ltv_cac(c, as_of="2026-06-01", costs=COSTS, age_days=60, random_state=7)
    two = ltv_cac(c, as_of="2026-06-01", costs=COSTS, age_days=60, random_state=7)
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_costs_need_one_column_to_group_by() -> None:
    c = Community(tz=TZ, members=MEMBERS, orders=_bought((1, "2026-01-06", 5.0)))
    with pytest.raises(SchemaError, match="one column to group by beside cost, got: none"):
        ltv_cac(c, as_of="2026-06-01", costs=COSTS[["cost"]])


def test_without_any_cost_there_is_no_ratio() -> None:
    c = Community(tz=TZ, members=MEMBERS, orders=_bought((1, "2026-01-06", 5.0)))
    with pytest.raises(DataError, match="campaigns with the column cost"):
        ltv_cac(c, as_of="2026-06-01")


def test_an_age_of_nothing_is_refused() -> None:
    with pytest.raises(ParameterError, match="age_days must be above 0"):
        ltv_cac(Community(members=MEMBERS), as_of="2026-06-01", costs=COSTS, age_days=0)


def test_campaigns_without_a_begin_have_no_cost_by_period() -> None:
    c = _with_campaigns()
    campaigns = c.campaigns
    assert campaigns is not None
    undated = Community(
        tz=TZ,
        members=c.members,
        referrals=c.referrals,
        campaigns=campaigns[["campaign_id", "cost"]],
    )
    with pytest.raises(DataError, match="their cost belongs to no period"):
        acquisition(undated, as_of="2026-03-01", by="campaign_id")


def test_campaigns_of_invitations_need_invitations() -> None:
    with pytest.raises(DataError, match="needs referrals with the column campaign_id"):
        acquisition(Community(members=MEMBERS, tz=TZ), as_of="2026-03-01", by="campaign_id")


def test_campaigns_that_brought_nobody_cost_all_the_same() -> None:
    c = _with_campaigns()
    assert c.referrals is not None
    none = Community(
        tz=TZ, members=c.members, referrals=c.referrals.iloc[:0], campaigns=c.campaigns
    )
    found = acquisition(none, as_of="2026-03-01", by="campaign_id")
    assert found[found.group.notna()].n_new.tolist() == [0, 0, 0]
    assert found.cost.sum() == pytest.approx(240)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("source", ["advert", None], "source: must be known"),
        ("cost", ["5", "x"], "cost: expected double, got"),
        ("cost", [5.0, -1.0], "cost: must be a number of 0 or more"),
    ],
)
def test_costs_of_no_group_or_no_number_are_refused(
    column: str, values: list[Any], message: str
) -> None:
    costs = pd.DataFrame({"source": ["advert", "store"], "cost": [5.0, 7.0]})
    c = Community(tz=TZ, members=MEMBERS, orders=_bought((1, "2026-01-06", 5.0)))
    with pytest.raises(SchemaError, match=message):
        ltv_cac(c, as_of="2026-06-01", costs=costs.assign(**{column: values}))


def test_costs_of_groups_of_another_type_are_refused() -> None:
    members = MEMBERS.assign(store_id=[1, 2, 3, 4, 5])
    costs = pd.DataFrame({"store_id": ["north"], "cost": [5.0]})
    c = Community(tz=TZ, members=members, orders=_bought((1, "2026-01-06", 5.0)))
    with pytest.raises(SchemaError, match="store_id: expected int64"):
        ltv_cac(c, as_of="2026-06-01", costs=costs)


@pytest.mark.parametrize("period", ["spring", None, 202601])
def test_periods_that_cannot_be_read_are_refused(period: Any) -> None:
    costs = pd.DataFrame({"source": ["advert"], "period": [period], "cost": [5.0]})
    c = Community(tz=TZ, members=MEMBERS)
    with pytest.raises(ParameterError, match="periods must read such as '2026-03'"):
        acquisition(c, as_of="2026-06-01", costs=costs)


def test_a_period_may_be_a_date() -> None:
    costs = pd.DataFrame({"source": ["advert"], "period": _times("2026-01-01"), "cost": [30.0]})
    costs["period"] = costs.period.dt.date
    found = acquisition(Community(tz=TZ, members=MEMBERS), as_of="2026-03-01", costs=costs)
    assert found.set_index(["period", "group"]).loc[("2026-01", "advert"), "cac"] == 15


def test_campaigns_keep_their_type_where_nobody_was_invited() -> None:
    c = _with_campaigns()
    assert c.referrals is not None
    none = Community(tz=TZ, members=c.members, referrals=c.referrals.iloc[:0])
    found = acquisition(none, as_of="2026-03-01", by="campaign_id", output="pyarrow")
    campaigns = c.arrow("campaigns")
    assert campaigns is not None
    assert found["group"].type == campaigns["campaign_id"].type
