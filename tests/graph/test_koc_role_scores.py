"""Roles, each by its own evidence: small communities worked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from koc_cases import END, frame
from siyu.datasets import Community
from siyu.datasets.errors import DataError
from siyu.datasets.labels import label, words_of
from siyu.graph.ranking.koc_facts import share_of_all
from siyu.graph.ranking.koc_role_scores import ROLES, Role, best_role
from siyu.graph.ranking.koc_role_table import koc_roles

DAYS = pd.date_range("2026-01-01", periods=180, freq="D").astype(str).tolist()


def told(**tables: Any) -> pd.DataFrame:
    found: pd.DataFrame = koc_roles(Community(tz="UTC", **tables), as_of=END)
    return found.set_index("member_id")


def said(*rows: tuple[int, int | None]) -> pd.DataFrame:
    """Make messages, one a minute, from (who, to whom)."""
    who, to = zip(*rows, strict=True)
    times = pd.date_range("2026-06-01", periods=len(rows), freq="min")
    table = pd.DataFrame({"member_id": who, "message_time": times, "reply_to_member_id": to})
    return table.astype({"reply_to_member_id": "Int64"})


def test_columns_are_the_roles() -> None:
    found = told(messages=said((1, None), (2, 1)))
    assert found.columns.tolist() == [*ROLES, "role", "excluded_because"]


def test_every_role_has_words() -> None:
    assert {*ROLES, "ordinary"} == set(words_of("role"))


def test_labels_put_words_in_the_place_of_roles() -> None:
    found = told(messages=said((1, None), (2, 1), (3, 1), (4, 1))).reset_index()
    assert label(found, "zh").set_index("member_id")["role"][1] == "意见领袖"


def test_a_score_is_the_share_of_all_members_whom_one_reaches() -> None:
    assert share_of_all(np.array([0.0, 0.0, 3.0, 1.0])).tolist() == [0, 0, 1, 0.75]


def test_without_any_evidence_the_score_is_0() -> None:
    assert share_of_all(np.zeros(3)).tolist() == [0, 0, 0]


def test_what_no_table_tells_of_is_null() -> None:
    found = told(orders=frame(member_id=[1], order_time=["2026-06-01"], amount=[1.0]))
    unknown = [role for role in ROLES if role != "sleeper"]
    assert found[unknown].isna().all(axis=None)
    assert found["sleeper"].notna().all()


def test_without_a_table_to_tell_by_the_message_names_what_is_needed() -> None:
    with pytest.raises(DataError, match="needed is one of ties, referrals"):
        told(members=frame(member_id=[1]))


def test_an_opinion_leader_is_named_by_many_and_names_few() -> None:
    pairs = [(m, 1) for m in range(3, 9)] + [(m, 2) for m in range(3, 9)]
    back = [(2, m) for m in range(3, 9)]
    source, target = zip(*pairs, *back, strict=True)
    ties = frame(
        source=list(source),
        target=list(target),
        kind=["trust"] * len(source),
        tie_time=["2026-06-01"] * len(source),
    )
    found = told(ties=ties)
    assert found["opinion_leader"][1] > found["opinion_leader"][2] > found["opinion_leader"][3]
    assert found["role"][1] == "opinion_leader"


def test_friendship_is_no_attention() -> None:
    ties = frame(source=[1, 2], target=[2, 1], kind=["friend"] * 2, tie_time=["2026-06-01"] * 2)
    assert told(ties=ties)["opinion_leader"].isna().all()


def test_an_expert_answers_different_people_unasked() -> None:
    messages = said(
        *((m, None) for m in range(3, 9)),  # six ask
        *((1, m) for m in range(3, 9)),  # 1 answers each of them
        *((2, 3) for _ in range(6)),  # 2 answers one of them six times
    )
    found = told(messages=messages)
    assert found["expert"][1] == 1
    assert found["role"][1] == "expert"
    assert found["expert"][2] < 1
    assert found["role"][2] == "ordinary"


def test_to_thank_those_who_answered_makes_no_expert() -> None:
    messages = said((1, None), (2, 1), (3, 1), (4, 1), (1, 2), (1, 3), (1, 4))
    assert told(messages=messages)["expert"].to_dict() == pytest.approx(
        {1: 0.0, 2: 0.75, 3: 0.75, 4: 0.75}
    )


def test_a_converter_brings_buyers_and_more_of_them_count_more() -> None:
    referrals = frame(
        inviter_id=[1, 1, 1, 2, 3],
        invitee_id=[4, 5, 6, 7, 8],
        referral_time=["2026-05-01"] * 5,
    )
    orders = frame(member_id=[4, 5, 7], order_time=["2026-06-01"] * 3, amount=[9.0] * 3)
    found = told(referrals=referrals, orders=orders)
    assert found["converter"][1] > found["converter"][2] > found["converter"][4] == 0
    assert found["role"][1] == "converter"


def test_who_has_brought_no_buyer_yet_is_not_called_a_converter() -> None:
    referrals = frame(inviter_id=[1, 1], invitee_id=[2, 3], referral_time=["2026-05-01"] * 2)
    orders = frame(member_id=[9], order_time=["2026-06-01"], amount=[9.0])
    found = told(referrals=referrals, orders=orders)
    assert (found["converter"][1], found["role"][1]) == (1.0, "ordinary")


def sharers(**members: Any) -> dict[str, Any]:
    """Let 1 and 2 share three times each, and 1 have more friends."""
    events = frame(
        member_id=[1, 2] * 3, event_time=["2026-06-01", "2026-06-02"] * 3, event=["share"] * 6
    )
    people = frame(member_id=[1, 2], joined_at=["2026-01-01"] * 2, **members)
    return {"events": events, "members": people}


def test_a_sharer_reaches_more_people_at_the_same_rate_of_sharing() -> None:
    ties = frame(
        source=[1, 1, 1, 2],
        target=[3, 4, 5, 3],
        tie_time=["2026-06-01"] * 4,
        kind=["friend"] * 4,
    )
    found = told(**sharers(), ties=ties)
    assert found["sharer"][1] > found["sharer"][2] > found["sharer"][3] == 0
    assert found["role"][1] == "sharer"


def test_as_many_shares_in_less_time_are_a_higher_rate() -> None:
    tables = sharers()
    tables["members"]["joined_at"] = pd.to_datetime(["2025-07-01", "2026-05-01"])
    found = told(**tables)
    assert found["sharer"][2] > found["sharer"][1]


def crowd(*, heeds: int) -> pd.DataFrame:
    """Let 60 members heed member 0, who heeds some of them back; and 40 pairs chat."""
    to_hub = [(m, 0) for m in range(1, 61)]
    back = [(0, m) for m in range(1, heeds + 1)]
    pairs = [(m, m + 1) for m in range(1, 41)]
    source, target = zip(*to_hub, *back, *pairs, strict=True)
    return frame(
        source=list(source),
        target=list(target),
        kind=["mention"] * len(source),
        tie_time=["2026-06-01"] * len(source),
    )


def test_a_hub_has_far_more_listeners_than_others_and_heeds_none() -> None:
    found = told(ties=crowd(heeds=0))
    assert found["role"][0] == "hub"
    assert found["hub"].drop(0).eq(0).all()


def test_who_heeds_the_listeners_back_is_no_hub() -> None:
    assert told(ties=crowd(heeds=50))["role"][0] != "hub"


def test_ten_listeners_are_no_crowd() -> None:
    ties = frame(
        source=list(range(1, 11)),
        target=[0] * 10,
        kind=["trust"] * 10,
        tie_time=["2026-06-01"] * 10,
    )
    assert told(ties=ties)["hub"].eq(0).all()


def rhythms(**last: int) -> pd.DataFrame:
    """Let members buy every day (a), or every tenth (b), up to some day of 180."""
    rows = [(name, day) for name, end in last.items() for day in range(0, end, _EVERY[name[0]])]
    who, days = zip(*rows, strict=True)
    return frame(
        member_id=list(who), order_time=[DAYS[day] for day in days], amount=[1.0] * len(rows)
    )


_EVERY = {"a": 1, "b": 10}


def test_a_sleeper_is_silent_for_long_by_the_own_rhythm() -> None:
    # a1 and b1 both fell silent 60 days ago: sixty gaps of one, six of the other
    found = told(orders=rhythms(a1=121, a2=180, b1=121, b2=180))["sleeper"]
    assert found["a1"] > found["b1"] > found["b2"]
    assert found["a1"] > found["a2"]


def test_who_still_comes_does_not_sleep() -> None:
    orders = rhythms(a1=121, a2=180)
    found = told(orders=orders)
    assert found["role"].to_dict() == {"a1": "sleeper", "a2": "ordinary"}


def test_who_still_talks_sleeps_less() -> None:
    orders = rhythms(a1=121, a2=121, a3=180)
    quiet = told(orders=orders)["sleeper"]
    talk = frame(member_id=["a2"] * 60, message_time=DAYS[120:])
    talking = told(orders=orders, messages=talk)["sleeper"]
    assert quiet["a1"] == quiet["a2"]
    assert talking["a1"] > talking["a2"]


def test_who_came_once_has_no_rhythm_and_does_not_sleep() -> None:
    orders = frame(member_id=[1, 2], order_time=["2020-01-01"] * 2, amount=[1.0] * 2)
    assert told(orders=orders)["role"].tolist() == ["ordinary"] * 2


def test_silence_after_the_records_end_is_no_silence() -> None:
    orders = rhythms(a1=121, a2=180)
    until = (pd.Timestamp(DAYS[0], tz="UTC"), pd.Timestamp(DAYS[121], tz="UTC"))
    c = Community(tz="UTC", orders=orders[orders["order_time"] < DAYS[121]])
    seen = Community(tz="UTC", orders=c.arrow("orders"), observed={"orders": until})
    assert koc_roles(c, as_of=END)["sleeper"].min() > 0.5
    assert koc_roles(seen, as_of=END)["role"].tolist() == ["ordinary"] * 2


def test_sharing_is_a_rate_of_the_days_in_which_shares_were_recorded() -> None:
    tables = sharers()
    tables["members"]["joined_at"] = pd.to_datetime(["2025-07-01", "2026-05-01"])
    window = (pd.Timestamp("2026-05-01", tz="UTC"), pd.Timestamp(END, tz="UTC"))
    c = Community(tz="UTC", observed={"events": window}, **tables)
    found = koc_roles(c, as_of=END)["sharer"]
    assert found[0] == found[1]


def role(evidence: list[float], proved: list[bool] | None = None) -> Role:
    values = np.array(evidence)
    return Role.of(values, values > 0 if proved is None else np.array(proved))


def names(roles: dict[str, Role], n: int) -> list[str]:
    return [[*ROLES, "ordinary"][place] for place in best_role(roles, n)]


def test_the_strongest_role_is_the_role() -> None:
    roles = {"connector": role([1.0, 2.0, 0.0]), "expert": role([5.0, 0.0, 0.0])}
    # 0 is the second of three connectors and the first expert
    assert names(roles, 3) == ["expert", "connector", "ordinary"]


def test_of_two_equal_roles_the_first_in_the_order_of_columns_is_the_role() -> None:
    roles = {"connector": role([1.0, 0.0]), "expert": role([5.0, 0.0])}
    assert names(roles, 2) == ["connector", "ordinary"]


def test_the_first_without_proof_has_no_role() -> None:
    assert names({"expert": role([5.0, 0.0], [False, False])}, 2) == ["ordinary"] * 2


def test_only_the_first_twentieth_has_a_role() -> None:
    found = names({"expert": role(list(range(1, 41)))}, 40)
    assert found.count("expert") == 3  # places 38, 39 and 40 of 40
    assert set(found[:37]) == {"ordinary"}


@pytest.mark.parametrize("held", ["hub", "sleeper"])
def test_a_hub_and_a_sleeper_are_so_first_of_all(held: str) -> None:
    few = role([1.0] * 39 + [2.0] + [0.0])
    roles = {"connector": role([0.0] * 39 + [9.0, 0.0]), held: few}
    assert names(roles, 41)[39] == held


def test_a_hub_that_sleeps_is_a_hub() -> None:
    roles = {"hub": role([1.0, 0.0]), "sleeper": role([1.0, 0.0])}
    assert names(roles, 2) == ["hub", "ordinary"]
