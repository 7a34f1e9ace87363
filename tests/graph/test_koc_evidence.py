"""The facts behind the reasons, counted by hand."""

from typing import Any

import pandas as pd
import pytest

from koc_cases import END, frame, shop
from siyu.datasets import Community
from siyu.datasets.errors import SiyuWarning
from siyu.graph.ranking.koc_evidence_table import koc_evidence
from siyu.graph.ranking.koc_ranking import koc
from strategies import AS_OF, small_community

pytestmark = pytest.mark.filterwarnings("ignore:ties were dropped")


def facts_of(member: Any, c: Community, *columns: str) -> dict[str, Any]:
    found = koc_evidence(c, as_of=END).set_index("member_id").loc[member]
    return {name: found[name] for name in columns}


def test_referrals_are_told_in_invitees_buyers_and_money() -> None:
    c = Community(
        orders=frame(member_id=[2, 2], order_time=["2026-06-01"] * 2, amount=[30.0, -10.0]),
        referrals=frame(inviter_id=[1, 1], invitee_id=[2, 3], referral_time=["2026-05-01"] * 2),
        tz="UTC",
    )
    names = ("n_invitees", "n_buyers", "gmv", "n_invited")
    assert facts_of(1, c, *names) == {"n_invitees": 2, "n_buyers": 1, "gmv": 20.0, "n_invited": 2}


def test_talk_is_told_in_turns_listeners_and_people_helped() -> None:
    c = Community(
        messages=frame(
            member_id=[1, 2, 1, 3, 1],
            message_time=[f"2026-06-01 10:0{i}" for i in range(5)],
            reply_to_member_id=[None, 1, 2, None, 3],
        ).astype({"reply_to_member_id": "Int64"}),
        tz="UTC",
    )
    # 2 answered 1, who answered back; 3 was answered by 1 unasked
    expected = {"n_listeners": 1, "n_mutual": 1, "n_turns": 1, "n_answered_turns": 1, "n_helped": 1}
    assert facts_of(1, c, *expected) == expected


def test_who_is_tied_where_is_told() -> None:
    rooms = [(f"{room}{i}", f"{room}{j}") for room in "abcd" for i in range(6) for j in range(i)]
    bridge = [("z", "a1"), ("z", "a2"), ("z", "b1"), ("z", "b2"), ("z", "c1"), ("z", "c2")]
    source, target = zip(*rooms, *bridge, strict=True)
    ties = frame(source=list(source), target=list(target), tie_time=["2026-06-30"] * len(source))
    assert facts_of("z", Community(ties=ties, tz="UTC"), "n_ties", "n_communities") == {
        "n_ties": 6,
        "n_communities": 3,
    }


def test_own_buying_and_silence_are_told_in_days() -> None:
    c = Community(
        members=frame(member_id=[1], joined_at=["2026-01-01"]),
        orders=frame(
            member_id=[1] * 4,
            order_time=["2026-06-01", "2026-06-01", "2026-06-11", "2020-01-01"],
            amount=[5.0, 6.0, 7.0, 100.0],
        ),
        tz="UTC",
    )
    expected = {"n_purchase_days": 2, "spent": 18.0, "days_known": 181.0, "silent_days": 20.0}
    assert facts_of(1, c, *expected) == expected


def test_shares_and_active_days_are_counted() -> None:
    c = Community(
        events=frame(
            member_id=[1, 1, 1],
            event_time=["2026-06-01", "2026-06-01", "2026-06-02"],
            event=["share", "forward", "view"],
        ),
        tz="UTC",
    )
    assert facts_of(1, c, "n_shares", "n_active_days") == {"n_shares": 2, "n_active_days": 2}


def test_what_no_table_tells_is_null() -> None:
    c = Community(orders=frame(member_id=[1], order_time=["2026-06-01"], amount=[5.0]), tz="UTC")
    found = koc_evidence(c, as_of=END)
    told = {"member_id", "n_purchase_days", "spent", "silent_days"}
    assert set(found.columns[found.notna().all()]) == told


def test_only_members_asked_for_are_told_of() -> None:
    found = koc_evidence(shop(), as_of=END, members=[3, 1])
    assert found["member_id"].tolist() == [1, 3]


def test_asking_for_some_changes_none_of_their_facts() -> None:
    c = small_community(1)
    whole = koc_evidence(c, as_of=AS_OF)
    some = koc_evidence(c, as_of=AS_OF, members=whole["member_id"][3:6])
    pd.testing.assert_frame_equal(some, whole[3:6].reset_index(drop=True))


def test_members_who_opted_out_are_left_out_even_if_asked_for() -> None:
    c = shop(opt_out=[False, True, False])
    assert koc_evidence(c, as_of=END, members=[1, 2])["member_id"].tolist() == [1]


def test_members_nobody_knows_are_reported() -> None:
    with pytest.warns(SiyuWarning, match="1 of 2 members asked for are not known"):
        found = koc_evidence(shop(), as_of=END, members=[1, 77])
    assert found["member_id"].tolist() == [1]


def test_reasons_can_be_read_as_facts() -> None:
    c = shop()
    listed = koc(c, as_of=END).set_index("member_id")
    facts = koc_evidence(c, as_of=END).set_index("member_id")
    bring = [m for m, reasons in listed["reasons"].items() if "brings_buyers" in reasons]
    assert bring == [1]
    assert facts.loc[1, ["n_buyers", "gmv"]].tolist() == [1, 2.0]
