"""The health of groups, worked by hand on small tables."""

from typing import Any

import pandas as pd
import pytest

from group_worlds import chat
from siyu.datasets import Community, SiyuWarning
from siyu.graph.groups.health import group_health

AS_OF = "2026-03-01"

IN = [(1, m, "2026-01-01", None) for m in (1, 2, 3, 4)]


def row(c: Community, group: int = 1, **how: Any) -> "pd.Series[Any]":
    """Give the row of one group."""
    found = group_health(c, as_of=AS_OF, **how).set_index("group_id")
    one: pd.Series[Any] = found.loc[group]
    return one


def staffed(**tables: Any) -> Community:
    """Add member 9 as staff."""
    people = pd.DataFrame({"member_id": [1, 2, 3, 4, 9], "kind": ["customer"] * 4 + ["staff"]})
    return chat(members=people, **tables)


def test_members_are_those_who_are_there_now() -> None:
    rows = [*IN, (1, 5, "2026-01-01", "2026-02-20"), (1, 6, "2026-02-10", "2026-04-01")]
    assert row(chat([], rows))["n_members"] == 5


def test_who_left_and_came_again_is_one_member() -> None:
    rows = [
        (1, 1, "2026-01-01", "2026-01-10"),
        (1, 1, "2026-02-10", None),
        (1, 1, "2026-02-11", None),
    ]
    found = row(chat([], rows))
    assert (found["n_members"], found["n_joined"]) == (1, 1)


def test_staff_are_no_members_and_no_speakers() -> None:
    c = staffed(
        messages=[(9, "2026-02-20", 1, None), (1, "2026-02-20", 1, None)],
        memberships=[*IN, (1, 9, "2026-01-01", None)],
    )
    found = row(c)
    assert found[["n_members", "n_speakers", "n_messages", "n_staff_messages"]].tolist() == [
        4,
        1,
        1,
        1,
    ]


def test_only_messages_of_the_window_count() -> None:
    said = [(1, t, 1, None) for t in ("2026-01-31T23:00", "2026-02-01", "2026-02-28T23:59")]
    assert row(chat(said, IN))["n_messages"] == 2


def test_speaker_share_is_of_those_still_there() -> None:
    said = [(m, "2026-02-20", 1, None) for m in (1, 2, 7)]
    rows = [*IN, (1, 7, "2026-01-01", "2026-02-25")]
    found = row(chat(said, rows))
    assert (found["n_speakers"], found["speaker_share"]) == (3, 0.5)


def test_zombies_are_no_effective_members() -> None:
    orders = pd.DataFrame({"member_id": [2], "order_time": [pd.Timestamp("2026-02-10", tz="UTC")]})
    c = chat([(1, "2026-02-20", 8, None)], IN, orders=orders.assign(amount=5.0))
    assert row(c)["n_effective"] == 2


def test_net_growth_is_over_the_members_before() -> None:
    rows = [
        *IN,
        (1, 5, "2026-02-10", None),
        (1, 6, "2026-02-11", None),
        (1, 7, "2026-01-02", "2026-02-05"),
    ]
    found = row(chat([], rows))
    assert found[["n_joined", "n_left", "net_growth"]].tolist() == [2, 1, 1 / 5]


def test_memberships_without_leaves_tell_nothing_of_quitting() -> None:
    rows = chat([], [(1, 1, "2026-02-10", None)])
    assert rows.memberships is not None
    c = Community(tz="UTC", memberships=rows.memberships.drop(columns="left_at"))
    found = row(c)
    assert found["n_joined"] == 1
    assert found[["n_left", "net_growth"]].isna().all()


def test_undated_memberships_count_as_members_and_join_at_no_time() -> None:
    rows = pd.DataFrame({"group_id": [1, 1], "member_id": [1, 2]})
    c = Community(tz="UTC", memberships=rows, messages=chat([(1, "2026-02-20", 1, None)]).messages)
    with pytest.warns(SiyuWarning, match="undated"):
        found = row(c)
    assert found["n_members"] == 2
    assert pd.isna(found["n_joined"])


def test_a_stay_that_ends_before_it_begins_is_left_out_with_a_warning() -> None:
    c = chat([], [*IN, (1, 8, "2026-02-10", "2026-02-01")])
    with pytest.warns(SiyuWarning, match="1 rows of 'memberships' end before they begin"):
        assert row(c)["n_members"] == 4


SAID = [
    (1, "2026-02-10T10:00", 1, None),  # answered after 30 minutes
    (2, "2026-02-10T10:30", 1, 1),  # answered by staff after 2 hours
    (9, "2026-02-10T12:30", 1, 2),
    (3, "2026-02-10T13:00", 1, None),  # answered too late
    (4, "2026-02-12T13:00", 1, 3),  # not answered
    (1, "2026-02-28T12:00", 1, None),  # may still be answered
]


def test_answers_within_a_day_count_by_members_and_staff() -> None:
    found = row(staffed(messages=SAID, memberships=IN))
    assert found[["n_turns", "n_answered", "answer_rate"]].tolist() == [4, 2, 0.5]


def test_the_median_wait_is_from_the_last_word_to_the_answer() -> None:
    assert row(staffed(messages=SAID, memberships=IN))["answer_hours"] == (0.5 + 2.0) / 2


def test_reciprocal_pairs_reply_both_ways() -> None:
    said = [
        (1, "2026-02-10", 1, 2),
        (2, "2026-02-11", 1, 1),
        (3, "2026-02-12", 1, 1),
        (1, "2026-02-13", 1, 2),
    ]
    found = row(chat(said, IN))
    assert found[["n_replies", "n_pairs", "reciprocity"]].tolist() == [4, 3, 2 / 3]


def test_without_the_column_of_replies_nothing_is_known_of_answers() -> None:
    said = chat([(1, "2026-02-20", 1, None)]).messages
    assert said is not None
    c = Community(tz="UTC", messages=said.drop(columns="reply_to_member_id"))
    names = ["n_turns", "answer_rate", "n_replies", "reciprocity", "interaction_score"]
    assert row(c)[names].isna().all()


def test_active_hours_are_the_fewest_that_hold_half() -> None:
    hours = [9, 9, 9, 20, 20, 21, 22, 23]
    said = [(1, f"2026-02-10T{h:02d}:00", 1, None) for h in hours]
    found = row(chat(said, IN))
    assert (found["peak_hour"], list(found["active_hours"])) == (9, [9, 20])


def test_hours_are_cut_on_the_clock_of_the_shop() -> None:
    said = chat([(1, "2026-02-10T20:00", 1, None)]).messages
    assert row(Community(tz="Asia/Shanghai", messages=said))["peak_hour"] == 4


def with_marks(marks: list[tuple[int, int, bool]]) -> Community:
    """Make messages of (member, length, link)."""
    said = chat([(m, "2026-02-10", 1, None) for m, _, _ in marks], IN)
    messages = said.messages
    assert messages is not None
    messages["n_chars"] = [float(n) for _, n, _ in marks]
    messages["has_link"] = [link for _, _, link in marks]
    return Community(tz="UTC", messages=messages, memberships=said.memberships)


def test_substance_is_length_without_a_link() -> None:
    found = row(with_marks([(1, 10, False), (1, 9, False), (2, 80, True), (3, 30, False)]))
    assert found[["substance_share", "link_share"]].tolist() == [0.5, 0.25]


def test_spam_is_links_of_who_posts_little_else() -> None:
    spam = [(1, 5, True)] * 4 + [(1, 5, False)]  # four of five
    honest = [(2, 5, True), (2, 5, False), (3, 5, True)]  # half of two; one alone
    assert row(with_marks(spam + honest))["spam_share"] == 4 / 8


def test_concentration_of_equal_speakers_is_none() -> None:
    found = row(chat([(m, "2026-02-10", 1, None) for m in (1, 1, 2, 2)], IN))
    assert found[["top_speaker_share", "speaker_gini"]].tolist() == [0.5, 0.0]


def test_gini_of_one_and_three() -> None:
    found = row(chat([(m, "2026-02-10", 1, None) for m in (1, 2, 2, 2)], IN))
    assert found["speaker_gini"] == 0.25  # |1 - 3| / (2 speakers x 4 messages)


def sold(orders: list[tuple[int, str, float]], **how: Any) -> Community:
    frame = pd.DataFrame(orders, columns=["member_id", "order_time", "amount"])
    frame["order_time"] = pd.to_datetime(frame["order_time"], utc=True, format="ISO8601")
    rows = [*IN, (1, 5, "2026-02-20", None), (2, 1, "2026-01-01", None)]
    return chat([(1, "2026-02-09", 1, None)], rows, orders=frame, **how)


def test_members_buy_for_the_group_only_while_they_are_in_it() -> None:
    found = row(sold([(5, "2026-02-19", 7.0), (5, "2026-02-21", 9.0), (1, "2026-02-21", -4.0)]))
    assert found[["n_orders", "gmv", "gmv_per_member"]].tolist() == [1, 9.0, 9.0 / 5]


def test_who_is_in_two_groups_buys_for_both() -> None:
    c = sold([(1, "2026-02-10", 7.0)])
    assert [row(c, group)["gmv"] for group in (1, 2)] == [7.0, 7.0]


def test_money_after_talk_is_within_a_week_of_own_words() -> None:
    c = sold([(1, "2026-02-10", 30.0), (1, "2026-02-17", 20.0), (2, "2026-02-10", 50.0)])
    assert row(c)["gmv_after_talk"] == 0.3


def test_lines_of_one_day_are_one_order() -> None:
    c = sold([(1, "2026-02-10T01:00", 7.0), (1, "2026-02-10T05:00", 7.0), (2, "2026-02-10", 1.0)])
    assert row(c)["n_orders"] == 2


def test_leaves_after_a_send_are_compared_with_the_other_hours() -> None:
    # One send: 1 of 28 days lies after it. Two left within it, one of the other 27 days.
    sends = pd.DataFrame({"send_time": [pd.Timestamp("2026-02-10", tz="UTC")], "group_id": [1]})
    gone = [
        (1, m, "2026-01-01", t)
        for m, t in enumerate(("2026-02-10T01", "2026-02-10T23", "2026-02-15"), 20)
    ]
    found = row(chat([], [*IN, *gone], sends=sends))
    assert found[["n_sends", "n_left_after_send"]].tolist() == [1, 2]
    assert found["extra_left_per_send"] == pytest.approx(2 - 1 / 27)


def test_lengths_and_links_that_nobody_wrote_down_are_unknown() -> None:
    c = chat([(1, "2026-02-20", 1, None)], IN)
    assert c.messages is not None
    messages = c.messages.assign(n_chars=float("nan"), has_link=None)
    messages = messages.astype({"has_link": "boolean"})
    found = row(Community(tz="UTC", memberships=c.memberships, messages=messages))
    assert found[["substance_share", "link_share", "content_score"]].isna().all()


def test_the_base_rate_of_a_young_group_is_that_of_its_own_days() -> None:
    # It is four days old; one of them lies after the send, and one left on the other three.
    sends = pd.DataFrame({"send_time": [pd.Timestamp("2026-02-27", tz="UTC")], "group_id": [1]})
    rows = [(1, m, "2026-02-25", None) for m in (1, 2, 3)]
    gone = [(1, 4, "2026-02-25", "2026-02-27T10:00"), (1, 5, "2026-02-25", "2026-02-26T01:00")]
    found = row(chat([], rows + gone, sends=sends))
    assert found["extra_left_per_send"] == pytest.approx(1 - 1 / 3)


def test_a_send_written_down_for_each_member_is_one_send() -> None:
    sends = pd.DataFrame(
        {"send_time": pd.Timestamp("2026-02-10", tz="UTC"), "group_id": 1, "member_id": [1, 2, 3]}
    )
    assert row(chat([], IN, sends=sends))["n_sends"] == 1


def test_leaves_after_unrecorded_sends_are_unknown() -> None:
    sends = pd.DataFrame({"send_time": [pd.Timestamp("2026-02-10", tz="UTC")], "group_id": [1]})
    record = {"sends": (pd.Timestamp("2026-02-01", tz="UTC"), pd.Timestamp(AS_OF, tz="UTC"))}
    found = row(chat([], IN, sends=sends, observed=record))
    assert found["n_sends"] == 1
    assert pd.isna(found["n_left_after_send"])


def test_a_leave_just_before_a_send_is_not_after_it() -> None:
    sends = pd.DataFrame({"send_time": [pd.Timestamp("2026-02-10", tz="UTC")], "group_id": [1]})
    rows = [*IN, (1, 8, "2026-01-01", "2026-02-09T23:59"), (1, 7, "2026-01-01", "2026-02-10")]
    assert row(chat([], rows, sends=sends))["n_left_after_send"] == 0


def test_a_table_recorded_for_a_part_of_the_window_counts_as_absent() -> None:
    said = chat([(1, "2026-02-20", 1, None)], IN)
    start, end = (pd.Timestamp(t, tz="UTC") for t in ("2026-02-15", AS_OF))
    c = Community(
        tz="UTC",
        messages=said.messages,
        memberships=said.memberships,
        observed={"messages": (start, end)},
    )
    with pytest.warns(SiyuWarning, match="messages not recorded"):
        found = row(c)
    assert found[["n_messages", "state", "survival"]].isna().all()
    assert found["n_members"] == 4


def test_with_events_as_activity_a_group_lives_by_its_events() -> None:
    seen = pd.DataFrame(
        {
            "member_id": [1, 2],
            "event_time": pd.to_datetime(["2026-02-20", "2026-02-27"], utc=True, format="ISO8601"),
        }
    )
    c = chat(None, IN, events=seen.assign(event="rsvp", group_id=1))
    found = row(c, activity="events")
    assert found["n_messages"] == 2
    assert found["survival"] > 0.5
    assert found[["answer_rate", "n_replies", "link_share"]].isna().all()


def test_staff_and_owner_look_after_a_group_once_each() -> None:
    groups = pd.DataFrame({"group_id": [1], "owner_id": [9], "kind": ["sales"]})
    c = staffed(messages=[], memberships=[*IN, (1, 9, "2026-01-01", None)], groups=groups)
    assert row(c)[["n_staff", "members_per_staff", "kind"]].tolist() == [1, 4.0, "sales"]


def test_a_group_that_is_created_later_is_not_there_yet() -> None:
    groups = pd.DataFrame(
        {
            "group_id": [1, 2],
            "created_at": pd.to_datetime(["2026-01-01", "2026-03-02"], utc=True, format="ISO8601"),
        }
    )
    assert group_health(chat([], IN, groups=groups), as_of=AS_OF)["group_id"].tolist() == [1]


def test_scores_rank_groups_with_any() -> None:
    said = [(1, "2026-02-10", 1, 2), (2, "2026-02-10", 1, 1), (3, "2026-02-10", 2, None)]
    found = group_health(chat(said, [*IN, (2, 3, "2026-01-01", None)]), as_of=AS_OF)
    assert found["interaction_score"].tolist() == [1.0, 0.0]
