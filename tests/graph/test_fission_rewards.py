"""What rewards cost per buyer kept, and what went to abuse, worked by hand."""

from typing import Any

import pandas as pd
import pytest

from fission_worlds import community, joined, orders, referrals
from siyu.datasets import Community, DataError
from siyu.graph.fission.reward_kept import reward_cost

AS_OF = "2026-06-01"

# 11 buys after 5 days and again after 40: kept. 12 buys once. 13 buys after 50 days. 14 is
# brought in May: too young. 1 also brings herself; 2 claims 11 later; 3 claims 2, an old member.
ROWS = (
    (1, 11, "2026-01-01"),
    (1, 12, "2026-01-01"),
    (1, 13, "2026-01-01"),
    (1, 14, "2026-05-10"),
    (1, 1, "2026-01-02"),
    (2, 11, "2026-01-05"),
    (3, 2, "2026-01-06"),
)
REWARDS = [5.0, 5.0, 5.0, 5.0, 8.0, 3.0, 4.0]
BOUGHT = orders(
    (11, "2026-01-06", 9.0), (11, "2026-02-10", 9.0), (12, "2026-01-06", 9.0),
    (13, "2026-02-20", 9.0),
)  # fmt: skip
MEMBERS = joined(m2="2025-06-01")


def world(**changed: Any) -> Community:
    tables = {
        "referrals": referrals(*ROWS, reward=REWARDS),
        "orders": BOUGHT,
        "members": MEMBERS,
    }
    return community(**{**tables, **changed})


def everything(c: Community, **more: Any) -> "pd.Series[Any]":
    found = reward_cost(c, as_of=AS_OF, **more)
    row: pd.Series[Any] = found.set_index("campaign_kind").loc["all"]
    return row


def test_young_referrals_are_left_out_and_counted() -> None:
    row = everything(world())
    assert row[["n_referrals", "n_open", "rewards"]].tolist() == [6, 1, 30.0]


def test_referrals_before_orders_were_recorded_are_left_out_and_counted() -> None:
    row = everything(world(observed={"orders": ("2026-01-03", AS_OF)}))
    assert row[["n_referrals", "n_open"]].tolist() == [2, 5]


def test_a_kept_buyer_buys_in_time_and_is_seen_again() -> None:
    assert everything(world())[["n_joined", "n_bought", "n_kept"]].tolist() == [3, 2, 1]


def test_talking_is_being_seen_again() -> None:
    said = pd.DataFrame({"member_id": [12], "message_time": pd.to_datetime(["2026-02-15"])})
    assert everything(world(messages=said))["n_kept"] == 2


def test_who_is_seen_after_the_second_window_only_was_not_kept() -> None:
    said = pd.DataFrame({"member_id": [12], "message_time": pd.to_datetime(["2026-03-15"])})
    assert everything(world(messages=said))["n_kept"] == 1


def test_the_cost_of_a_kept_buyer() -> None:
    assert everything(world())["cost_per_kept"] == pytest.approx(30.0)


def test_the_interval_holds_the_cost() -> None:
    row = everything(world())
    assert row["cost_low"] <= row["cost_per_kept"] <= row["cost_high"]


def test_where_the_rewards_went() -> None:
    row = everything(world())
    assert row["self_share"] == pytest.approx(8 / 30)
    assert row["repeated_share"] == pytest.approx(3 / 30)
    assert row["present_share"] == pytest.approx(4 / 30)
    assert row["abuse_share"] == pytest.approx(8 / 30)


def test_rings_are_abuse() -> None:
    ring = [(21, 22, "2026-01-05"), (22, 23, "2026-01-06"), (23, 21, "2026-01-07")]
    more = referrals(*ROWS, *ring, reward=[*REWARDS, 1.0, 2.0, 3.0])
    row = everything(world(referrals=more))
    assert row["ring_share"] == pytest.approx(6 / 36)
    assert row["abuse_share"] == pytest.approx(14 / 36)


def test_quitting_at_once_is_abuse() -> None:
    stayed = pd.DataFrame(
        {
            "group_id": [1, 1],
            "member_id": [12, 13],
            "joined_at": pd.to_datetime(["2026-01-01", "2026-01-01"]),
            "left_at": pd.to_datetime(["2026-01-01 05:00", "2026-02-01 00:00"]),
        }
    )
    assert everything(world(memberships=stayed))["quit_share"] == pytest.approx(5 / 30)


def test_suspected_stars_are_abuse() -> None:
    held = pd.DataFrame({"member_id": [1, 11, 12, 13], "device_id": "d"})
    row = everything(world(members=held))
    # All rows of 1 but that of herself, and the claim of 2 on the suspected 11.
    assert row["suspect_share"] == pytest.approx((15 + 3) / 30)


def test_kinds_stand_in_order_with_all_behind() -> None:
    named = referrals(*ROWS, reward=REWARDS, campaign_id=["a", "a", "b", "b", None, "a", "b"])
    campaigns = pd.DataFrame(
        {
            "campaign_id": ["a", "b"],
            "kind": ["砍价", "gift"],
            "starts_at": pd.to_datetime(["2025-12-01", "2025-12-01"]),
        }
    )
    found = reward_cost(world(referrals=named, campaigns=campaigns), as_of=AS_OF)
    assert found["campaign_kind"].fillna("-").tolist() == ["bargain", "gift", "-", "all"]
    assert found["rewards"].tolist() == [13.0, 9.0, 8.0, 30.0]
    assert found["n_referrals"].sum() == 2 * 6


def test_a_missing_reward_is_none() -> None:
    some = referrals(*ROWS, reward=[None, *REWARDS[1:]])
    assert everything(world(referrals=some))["rewards"] == 25.0


def test_shares_of_nothing_paid_are_unknown() -> None:
    row = everything(world(referrals=referrals(*ROWS, reward=0.0)))
    assert row[["abuse_share", "self_share"]].isna().all()


def test_without_kept_buyers_their_cost_is_unknown() -> None:
    row = everything(world(orders=orders()))
    assert row["n_kept"] == 0
    assert pd.isna(row["cost_per_kept"])


def test_staff_rows_are_no_referrals_of_customers() -> None:
    staff = pd.DataFrame({"member_id": [1], "kind": ["staff"]})
    assert everything(world(members=staff))["n_referrals"] == 2


def test_rewards_are_needed() -> None:
    with pytest.raises(DataError, match="reward"):
        reward_cost(world(referrals=referrals(*ROWS)), as_of=AS_OF)


@pytest.mark.parametrize("table", ["referrals", "orders"])
def test_both_tables_are_needed(table: str) -> None:
    with pytest.raises(DataError, match=table):
        reward_cost(world(**{table: None}), as_of=AS_OF)
