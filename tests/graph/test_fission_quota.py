"""Quotas such as "bring 3", worked by hand."""

from typing import Any

import pytest

from fission_worlds import community, joined, orders, referrals
from siyu.datasets import Community, DataError, ParameterError, SiyuWarning
from siyu.graph.fission.quota_runs import quota_completion

AS_OF = "2026-03-01"

# 1 brings three in a week and a fourth later; 2 brings two; 3 brings one; 4 brings five in a
# week; 5 began two days before.
ROWS = (
    *((1, 10 + i, f"2026-01-{1 + i:02d}") for i in range(3)),
    (1, 13, "2026-01-20"),
    *((2, 20 + i, f"2026-01-{1 + i:02d}") for i in range(2)),
    (3, 30, "2026-01-01"),
    *((4, 40 + i, f"2026-02-0{1 + i}") for i in range(5)),
    (5, 50, "2026-02-27"),
)


def world(**changed: Any) -> Community:
    return community(**{"referrals": referrals(*ROWS), **changed})


def table(c: Community, **more: Any) -> Any:
    return quota_completion(c, as_of=AS_OF, **more).set_index("quota")


def test_runs_whose_week_is_over_are_counted() -> None:
    assert table(world())[["n_runs", "n_open"]].iloc[0].tolist() == [4, 1]


def test_only_the_first_week_of_a_run_counts() -> None:
    assert table(world())["n_brought_exactly"].tolist() == [1, 1, 1, 0, 1, 0]


def test_completion_is_the_share_of_closed_runs_that_reached_the_quota() -> None:
    asked = table(world()).loc[3]
    assert asked["n_completed"] == 2
    assert asked["completion"] == pytest.approx(2 / 4)
    assert asked["low"] < 0.5 < asked["high"]


def test_near_misses_stopped_one_short() -> None:
    assert table(world()).loc[3, "n_near_miss"] == 1


def test_the_quota_asked_for_is_marked() -> None:
    assert table(world(), quota=2)["is_asked"].tolist() == [False, True, False, False, False]


def test_the_share_that_goes_on() -> None:
    # Of four with one, three brought a second; of three with two, two a third.
    assert table(world())["next_share"].tolist()[:3] == pytest.approx([3 / 4, 2 / 3, 1 / 2])


def test_a_smaller_quota_brings_least_where_all_stop_at_it() -> None:
    # Brought 1, 2, 3 and 5: stopping at two leaves 1 + 2 + 2 + 2 of 11.
    found = table(world())
    assert found.loc[2, "members_least"] == pytest.approx(700 / 4)
    assert found.loc[2, "members_most"] == pytest.approx(1100 / 4)


def test_a_larger_quota_may_draw_those_on_who_stopped_at_it() -> None:
    # One stopped at three; of those with two 2/3 brought a third: so 2/3 and 4/9 more.
    found = table(world())
    assert found.loc[5, "members_least"] == pytest.approx(1100 / 4)
    assert found.loc[5, "members_most"] == pytest.approx((11 + 2 / 3 + 4 / 9) * 25)
    assert found.loc[5, "rewards_least"] == pytest.approx(25.0)
    assert found.loc[5, "rewards_most"] == pytest.approx((1 + 4 / 9) * 25)


def test_nothing_tells_what_more_than_one_would_do() -> None:
    found = table(world(), quota=1)
    assert found["members_most"].isna().tolist() == [False, True, True, True, True]
    assert not found["members_least"].isna().any()


def test_buyers_are_new_members_who_buy_in_time() -> None:
    bought = orders((10, "2026-01-03", 5.0), (20, "2026-01-30", 5.0), (40, "2026-02-03", 5.0))
    found = table(world(orders=bought))
    # 12 were watched for a week, 10 and 40 bought within it.
    assert found.loc[3, "buyers_least"] == pytest.approx(found.loc[3, "members_least"] * 2 / 12)


def test_who_came_before_orders_were_recorded_is_no_invitee_who_never_bought() -> None:
    # Orders are known of 40 to 44 alone.
    bought = orders((40, "2026-02-03", 5.0))
    found = table(world(orders=bought, observed={"orders": ("2026-02-01", AS_OF)})).loc[3]
    assert found["buyers_least"] == pytest.approx(found["members_least"] / 5)


def test_buyers_per_reward_are_the_least_over_the_most_where_five_runs_or_more_got_there() -> None:
    more = [(60 + i, 70 + i, "2026-01-05") for i in range(3)]
    bought = orders((10, "2026-01-03", 5.0))
    found = table(world(referrals=referrals(*ROWS, *more), orders=bought))
    # seven runs brought one, three brought two
    expected = found.loc[1, "buyers_least"] / found.loc[1, "rewards_most"]
    assert found.loc[1, "buyers_per_reward"] == pytest.approx(expected)
    assert found.loc[2:, "buyers_per_reward"].isna().all()


def test_buyers_are_unknown_without_orders() -> None:
    assert table(world())[["buyers_least", "buyers_per_reward"]].isna().all().all()


def test_each_campaign_is_a_run_of_its_own() -> None:
    named = referrals(*ROWS, campaign_id=["a", "a", "b"] + ["a"] * (len(ROWS) - 3))
    assert table(world(referrals=named))["n_runs"].iloc[0] == 5


def test_only_new_members_count() -> None:
    there = joined(m20="2025-06-01")
    assert table(world(members=there))["n_brought_exactly"].tolist() == [2, 0, 1, 0, 1, 0]


def test_suspects_are_left_out_and_counted() -> None:
    ring = [(61, 62, "2026-01-05"), (62, 63, "2026-01-06"), (63, 61, "2026-01-07")]
    found = table(world(referrals=referrals(*ROWS, *ring)))
    assert found[["n_runs", "n_suspects"]].iloc[0].tolist() == [4, 3]


def test_undated_referrals_belong_to_no_run_and_are_told() -> None:
    with pytest.warns(SiyuWarning) as caught:
        found = table(world(referrals=referrals(*ROWS, (9, 90, None))))
    assert any("1 undated referrals belong to no run" in str(w.message) for w in caught)
    assert found["n_runs"].iloc[0] == 4


def test_without_runs_nothing_is_known() -> None:
    found = table(world(referrals=referrals()))
    assert found["n_runs"].tolist() == [0] * 6
    assert found[["completion", "members_least", "rewards_most"]].isna().all().all()


@pytest.mark.parametrize("quota", [0, 51, 2.5, True])
def test_a_quota_is_a_small_whole_number(quota: Any) -> None:
    with pytest.raises(ParameterError, match="quota"):
        quota_completion(world(), as_of=AS_OF, quota=quota)


def test_referrals_are_needed() -> None:
    with pytest.raises(DataError, match="referrals"):
        quota_completion(community(orders=orders()), as_of=AS_OF)
