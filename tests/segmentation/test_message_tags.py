"""Tags of talk, worked by hand."""

import numpy as np
import pandas as pd
import pytest

from community_life import at, life, messages, orders, support
from siyu.datasets.shrinkage import BetaPrior, GammaPrior

N = None
ORDERS = orders((9, "2026-02-01"))
TALK = messages(
    (1, "2026-02-01 10:00", N),  # turn 1, answered by 2
    (1, "2026-02-01 10:01", N),  # the same turn
    (2, "2026-02-01 10:05", 1),
    (1, "2026-02-03 10:00", N),  # turn 2, not answered
    (3, "2026-02-04 10:00", 1),  # answers turn 2
    (3, "2026-02-04 11:00", 2),
    (3, "2026-02-05 11:00", 4),
    (3, "2026-02-06 11:00", 3),  # a reply to oneself is none
)


def test_an_answerer_replied_to_three_members() -> None:
    tags = life(messages=TALK, orders=ORDERS)
    assert tags.n_answered.loc[[1, 2, 3, 4]].tolist() == [0, 1, 3, 0]
    assert tags.answerer.loc[[1, 2, 3, 4]].tolist() == [False, False, True, False]


def test_reply_rate_is_turns_answered_by_others() -> None:
    # turns: member 1 has two, both answered; 2 has one, answered by 3; 3 has three, none answered
    won, tried = [2, 1, 0, 0, 0], [2, 1, 3, 0, 0]
    usual = BetaPrior.of(won, tried)
    rate = life(messages=TALK, orders=ORDERS).reply_rate
    expected = usual.posterior_mean(won, tried)
    assert rate.tolist()[:3] == pytest.approx(expected[:3])
    assert rate.isna().tolist() == [False, False, False, True, True]
    assert support(messages=TALK, orders=ORDERS).reply_rate.tolist() == tried


def test_messages_that_are_never_marked_as_replies_tell_no_answers() -> None:
    said = messages((1, "2026-02-01", N), (2, "2026-02-01", N))
    told = life(messages=said, orders=ORDERS).columns
    assert "reply_rate" not in told
    assert "answerer" not in told
    assert "speaking_pace" in told


def test_answers_of_staff_are_no_replies_received() -> None:
    staff = pd.DataFrame({"member_id": [2], "kind": ["staff"]})
    tags = life(messages=TALK, orders=ORDERS, members=staff)
    usual = BetaPrior.of([1, 0], [2, 3])  # member 3 still answers turn 2 of member 1
    assert tags.reply_rate[1] == pytest.approx(usual.posterior_mean([1], [2])[0])


def test_the_pace_of_speaking_is_in_local_days() -> None:
    said = messages((1, "2026-02-01 00:30", N), (1, "2026-02-01 23:30", N), (1, "2026-02-02", N))
    periods = [90 / 28, 90 / 28]
    usual = GammaPrior.of([2, 0], periods)
    pace = life(messages=said, orders=ORDERS).speaking_pace
    assert pace.tolist() == pytest.approx(usual.posterior_mean([2, 0], periods))


def _groups() -> pd.DataFrame:
    frame = pd.DataFrame({"group_id": [1, 2, 2, 1, 1], "member_id": [1, 1, 1, 2, 3]})
    left = at(*["2030-01-01"] * 4, "2026-01-01")  # later than as_of: not left yet
    return frame.assign(joined_at=at(*["2025-01-01"] * 5), left_at=left)


def test_groups_are_counted_once_and_while_not_left() -> None:
    tags = life(memberships=_groups(), orders=ORDERS)
    assert tags.n_groups.tolist() == [2, 1, 0, 0]


def test_groups_without_messages_do_not_tell_who_speaks() -> None:
    told = life(memberships=_groups(), orders=ORDERS).columns
    assert "speaking" not in told


def test_who_speaks_on_twelve_days_is_a_core_speaker() -> None:
    said = messages(*[(1, f"2026-02-{day:02}", N) for day in range(1, 13)], (2, "2026-02-01", N))
    tags = life(memberships=_groups(), messages=said, orders=ORDERS)
    assert tags.speaking.tolist() == ["core_speaker", "speaker", "outside", "outside"]


def test_messages_of_over_90_days_ago_do_not_count() -> None:
    said = messages((2, "2025-11-01", N), (1, "2026-02-01", N))
    tags = life(memberships=_groups(), messages=said, orders=ORDERS)
    assert tags.speaking[2] == "lurker"


def test_five_messages_mostly_links_are_shown_to_a_person() -> None:
    said = messages(*[(who, "2026-02-01", N) for who in [1] * 5 + [2] * 5 + [3] * 4])
    said["has_link"] = [True] * 4 + [False] + [True] * 3 + [False] * 2 + [True] * 4
    tags = life(messages=said, orders=ORDERS)
    assert tags.link_share.tolist()[:3] == [0.8, 0.6, 1.0]
    assert tags.spam_poster.tolist() == [True, False, False, pd.NA]


def test_messages_of_which_links_are_unknown_do_not_count() -> None:
    said = messages((1, "2026-02-01", N), (1, "2026-02-02", N), (2, "2026-02-02", N))
    said["has_link"] = pd.array([True, None, None], "boolean")
    share = life(messages=said, orders=ORDERS).link_share
    assert share[1] == 1.0
    assert np.isnan(share[2])


def test_without_a_column_of_links_nobody_is_a_poster() -> None:
    assert "spam_poster" not in life(messages=TALK, orders=ORDERS).columns


def test_messages_recorded_for_less_than_90_days_tell_nothing() -> None:
    span = {"messages": ("2026-01-15", "2026-03-01")}
    assert "reply_rate" not in life(messages=TALK, orders=ORDERS, observed=span).columns


def test_trust_is_the_mean_of_the_parts_that_are_known() -> None:
    members = pd.DataFrame({"member_id": [1, 2], "joined_at": at("2025-09-02", "2025-09-02")})
    bought = orders((1, "2026-02-01"), (1, "2026-02-02"), amount=[10.0, -5.0])
    tags = life(messages=TALK, orders=bought, members=members)
    # 2 repliers: 2/5; 180 days: 1/2; half of the money back: 1/2
    assert tags.trust_proxy[1] == pytest.approx((2 / 5 + 1 / 2 + 1 / 2) / 3)
    assert tags.trust_proxy[2] == pytest.approx((1 / 4 + 1 / 2) / 2)
    assert np.isnan(tags.trust_proxy[4])  # replies alone are one part


def test_trust_names_how_many_parts_stand_behind_it() -> None:
    members = pd.DataFrame({"member_id": [1, 2], "joined_at": at("2025-09-02", "2025-09-02")})
    frame = support(messages=TALK, orders=orders((1, "2026-02-01")), members=members)
    assert frame.trust_proxy.loc[[1, 2, 3]].tolist() == [3, 2, 1]
