"""The components of a KOC: scaling by hand, what each is measured from, and what stays unknown."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community
from siyu.graph.ranking.koc_components import (
    KocFacts,
    components,
    measured_components,
    share_below,
)
from siyu.graph.tie_rules import TieRules
from siyu.graph.tie_sources import holds_ties
from siyu.graph.ties import ties_known

END = "2026-07-01"


def frame(**columns: list[Any]) -> pd.DataFrame:
    made = pd.DataFrame(columns)
    for name in columns:
        if name.endswith(("_time", "_at")):
            made[name] = pd.to_datetime(made[name])
    return made


def measured(**tables: Any) -> dict[str, dict[Any, float]]:
    c = Community(tz="Asia/Shanghai", **tables)
    known, end = c.before(END), c.moment(END)
    ties = ties_known(known, end, TieRules()) if holds_ties(known) else None
    members = known.customers()
    found = components(KocFacts(known, end, members, ties))
    return {n: dict(zip(members.to_pylist(), v.tolist(), strict=True)) for n, v in found.items()}


def test_ranks_are_shares_of_those_with_any() -> None:
    assert share_below(np.array([4.0, 0.0, 1.0, 9.0, 2.0])).tolist() == [0.75, 0, 0.25, 1, 0.5]


def test_equal_values_share_the_mean_rank() -> None:
    assert share_below(np.array([7.0, 7.0])).tolist() == [0.75, 0.75]


def test_nothing_and_less_than_nothing_are_0() -> None:
    assert share_below(np.array([-3.0, 0.0, 5.0])).tolist() == [0, 0, 1]


@pytest.mark.parametrize("values", [[], [0.0, 0.0]])
def test_without_any_all_is_0(values: list[float]) -> None:
    assert share_below(np.array(values)).tolist() == values


def test_purchases_are_days_and_money_of_the_last_year() -> None:
    orders = frame(
        member_id=[1, 1, 1, 2, 3],
        order_time=["2026-06-01", "2026-06-01", "2026-06-02", "2026-06-03", "2024-06-03"],
        amount=[5.0, 5.0, 5.0, 40.0, 900.0],
    )
    # days: 2 > 1 > 0, money: 15 < 40, of the two who bought within a year
    assert measured(orders=orders)["purchases"] == {1: 0.75, 2: 0.75, 3: 0.0}


def test_money_sent_back_does_not_make_a_buyer() -> None:
    orders = frame(member_id=[1, 1, 2], order_time=["2026-06-01"] * 3, amount=[50.0, -50.0, 10.0])
    # days: both 1, sharing the mean rank .75; money: 0 and 10
    assert measured(orders=orders)["purchases"] == {1: 0.375, 2: 0.875}


def test_activity_is_days_of_the_last_ninety_with_an_event_or_a_message() -> None:
    events = frame(
        member_id=[1, 1, 2], event_time=["2026-06-01", "2026-06-02", "2026-03-01"], event=["v"] * 3
    )
    messages = frame(member_id=[1, 3], message_time=["2026-06-02", "2026-06-02"])
    found = measured(events=events, messages=messages)["activity"]
    assert found == {1: 1.0, 2: 0.0, 3: 0.5}


def test_days_are_cut_by_the_shops_clock() -> None:
    # 15:00 and 17:00 UTC are two days in Shanghai; 17:00 and 18:00 are one.
    times = pd.to_datetime(
        ["2026-06-01 15:00", "2026-06-01 17:00", "2026-06-01 17:00", "2026-06-01 18:00"], utc=True
    )
    events = pd.DataFrame({"member_id": [1, 1, 2, 2], "event_time": times, "event": "view"})
    assert measured(events=events)["activity"] == {1: 1.0, 2: 0.5}


def test_trust_is_attention_and_answered_turns() -> None:
    messages = frame(
        member_id=[1, 2, 3],
        message_time=["2026-06-01 10:00", "2026-06-01 10:01", "2026-06-01 10:02"],
        reply_to_member_id=[None, 1, 1],
    ).astype({"reply_to_member_id": "Int64"})
    # 1 alone is replied to, and the one turn of 1 is answered
    assert measured(messages=messages)["trust"] == {1: 1.0, 2: 0.0, 3: 0.0}


def test_one_answered_turn_of_one_does_not_beat_thirty_of_thirty_two() -> None:
    days = pd.date_range("2026-01-01", periods=64, freq="D").astype(str).tolist()
    alike = frame(
        member_id=[1, 9] + [2, 9] * 32 + [3] * 20,
        message_time=[f"{days[0]} 10:00", f"{days[0]} 11:00"]
        + [f"{d} {h}:00" for d in days[:32] for h in (12, 13)]
        + [f"{d} 15:00" for d in days[:20]],
        reply_to_member_id=[None, 1] + [None, 2] * 30 + [None, None] * 2 + [None] * 20,
    ).astype({"reply_to_member_id": "Int64"})
    found = measured(messages=alike)["trust"]
    assert found[2] > found[1] > found[3]


def test_only_ties_of_attention_are_trust() -> None:
    ties = frame(
        source=[1, 2, 3],
        target=[4, 4, 5],
        tie_time=["2026-06-01"] * 3,
        kind=["trust", "mention", "friend"],
    )
    assert measured(ties=ties)["trust"] == {1: 0.0, 2: 0.0, 3: 0.0, 4: 1.0, 5: 0.0}


def test_without_attention_or_replies_trust_is_unknown() -> None:
    ties = frame(source=[1], target=[2], tie_time=["2026-06-01"], kind=["friend"])
    assert "trust" not in measured(ties=ties)


def test_referrals_without_orders_have_no_known_outcome() -> None:
    referrals = frame(inviter_id=[1], invitee_id=[2], referral_time=["2026-06-01"])
    assert "referral" not in measured(referrals=referrals)


def referred(**days: list[Any]) -> dict[str, list[Any]]:
    """Make referrals, those of each inviter (a, b, ...) on some days, of invitees like a0, a1."""
    rows = [(name, f"{name}{i}", day) for name, on in days.items() for i, day in enumerate(on)]
    inviter, invitee, time = zip(*rows, strict=True)
    return {
        "inviter_id": list(inviter),
        "invitee_id": list(invitee),
        "referral_time": list(time),
    }


def test_who_brought_a_buyer_stands_above_who_only_invited() -> None:
    referrals = frame(**referred(a=["2026-06-01"] * 3, b=["2026-06-01"] * 3, c=["2026-06-01"]))
    orders = frame(member_id=["a0", "a1"], order_time=["2026-06-02"] * 2, amount=[9.0] * 2)
    found = measured(referrals=referrals, orders=orders)["referral"]
    assert found["a"] > found["b"] > 0
    assert found["a0"] == 0


def test_what_was_brought_long_ago_counts_for_less() -> None:
    referrals = frame(**referred(a=["2025-09-01"] * 2, b=["2026-06-01"] * 2))
    orders = frame(
        member_id=["a0", "b0"], order_time=["2025-09-02", "2026-06-02"], amount=[9.0] * 2
    )
    found = measured(referrals=referrals, orders=orders)["referral"]
    assert found["b"] > found["a"] > 0


@pytest.mark.filterwarnings("ignore:1 undated rows of 'referrals'")
def test_an_undated_referral_counts_in_full() -> None:
    referrals = frame(**referred(a=[None], b=["2026-06-30"]))
    orders = frame(member_id=["a0", "b0"], order_time=["2026-06-30"] * 2, amount=[9.0] * 2)
    found = measured(referrals=referrals, orders=orders)["referral"]
    assert found["a"] > found["b"] > 0


def test_four_shares_long_ago_count_for_less_than_two_of_late() -> None:
    events = frame(
        member_id=[1] * 4 + [2] * 2,
        event_time=["2025-09-01"] * 4 + ["2026-06-01"] * 2,
        event=["share"] * 6,
    )
    assert measured(events=events)["sharing"] == {1: 0.5, 2: 1.0}


def test_whom_one_invited_again_counts_by_the_last_time() -> None:
    referrals = frame(
        inviter_id=[1, 1, 2],
        invitee_id=[3, 3, 4],
        referral_time=["2025-09-01", "2026-06-01", "2026-05-01"],
    )
    assert measured(referrals=referrals)["sharing"] == {1: 1.0, 2: 0.5, 3: 0.0, 4: 0.0}


def test_only_evidence_for_a_bridge_counts() -> None:
    rooms = [(f"{room}{i}", f"{room}{j}") for room in "abcd" for i in range(6) for j in range(i)]
    bridge = [("z", "a1"), ("z", "a2"), ("z", "b1"), ("z", "b2"), ("z", "c1"), ("z", "c2")]
    source, target = zip(*rooms, *bridge, strict=True)
    ties = frame(source=list(source), target=list(target), tie_time=["2026-06-30"] * len(source))
    found = measured(ties=ties)["bridging"]
    assert (found["z"], found["d1"]) == (1.0, 0.0)


def test_tables_without_rows_measure_nothing_of_it() -> None:
    orders = frame(member_id=[1], order_time=["2026-06-01"], amount=[1.0])
    events = orders.rename(columns={"order_time": "event_time"}).assign(event="v")[:0]
    assert measured(orders=orders, events=events[["member_id", "event_time", "event"]])[
        "activity"
    ] == {1: 0.0}


def test_who_answers_back_counts_half_beside_attention() -> None:
    ties = frame(
        source=[1, 2, 3, 4],
        target=[2, 1, 1, 3],
        tie_time=["2026-06-01"] * 4,
        kind=["trust"] * 4,
    )
    # received: 1 twice; 2 and 3 once, sharing the rank 1.5 of 3. Mutual: 1 and 2, sharing .75
    expected = {
        1: (1 + 0.5 * 0.75) / 1.5,
        2: (0.5 + 0.5 * 0.75) / 1.5,
        3: 0.5 / 1.5,
        4: 0.0,
    }
    assert measured(ties=ties)["trust"] == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:ties were dropped")
def test_sharing_is_shares_and_invitations_of_the_last_year() -> None:
    events = frame(
        member_id=[1, 1, 2, 2, 3],
        event_time=["2026-06-01", "2026-06-02", "2026-06-01", "2024-06-01", "2026-06-01"],
        event=["share", "forward", "share", "share", "view"],
    )
    referrals = frame(
        inviter_id=[2, 2, 3, 3], invitee_id=[4, 4, 3, 5], referral_time=["2026-06-01"] * 4
    )
    # shares: 2 > 1 > 0; invited: 2 invited one (twice), 3 one other and itself
    found = measured(events=events, referrals=referrals)["sharing"]
    assert found == {1: 0.5, 2: (0.5 + 0.75) / 2, 3: 0.375, 4: 0.0, 5: 0.0}


def test_invitations_into_groups_count_as_invitations() -> None:
    memberships = frame(
        group_id=[1, 1], member_id=[4, 5], inviter_id=[3, 3], joined_at=["2026-06-01"] * 2
    )
    assert measured(memberships=memberships)["sharing"] == {3: 1.0, 4: 0.0, 5: 0.0}


def test_where_nobody_ever_shares_sharing_is_unknown() -> None:
    events = frame(member_id=[1], event_time=["2026-06-01"], event=["view"])
    assert "sharing" not in measured(events=events)


def test_tenure_is_one_half_after_ninety_days() -> None:
    members = frame(member_id=[1, 2], joined_at=["2026-04-02", "2025-09-04"])
    orders = frame(member_id=[1], order_time=["2026-06-01"], amount=[1.0])
    # 90 and 300 days before July, by the shop's clock
    found = measured(members=members, orders=orders)["tenure"]
    assert found == pytest.approx({1: 0.5, 2: 300 / 390})


def test_of_whom_no_date_is_known_tenure_is_unknown() -> None:
    members = frame(member_id=[1, 2], joined_at=["2026-04-02", None])
    found = measured(members=members)["tenure"]
    assert found[1] == pytest.approx(0.5)
    assert np.isnan(found[2])


def test_observations_are_counted_with_each_component() -> None:
    orders = frame(
        member_id=[1, 1, 2, 3],
        order_time=["2026-06-01", "2026-06-02", "2026-06-03", "2020-06-03"],
        amount=[5.0] * 4,
    )
    c = Community(tz="UTC", orders=orders)
    known, end = c.before(END), c.moment(END)
    found = measured_components(KocFacts(known, end, known.customers(), None))
    assert found["purchases"].n_seen.tolist() == [2, 1, 0]
