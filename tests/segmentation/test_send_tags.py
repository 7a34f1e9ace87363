"""Tags of messages sent, worked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from community_life import at, life, orders, sends, support
from siyu.datasets.shrinkage import BetaPrior, shrink_rate

ORDERS = orders((9, "2026-02-01"))
SENT = sends(
    (1, "2026-02-01 10:00", "wecom", 1),
    (1, "2026-02-02 10:00", "wecom", 1),
    (1, "2026-02-03 10:00", "sms", 1),
    (1, "2026-02-04 10:00", "sms", None),
    (1, "2026-02-27 10:00", "wecom", None),  # may still be opened
    (2, "2026-02-01 10:00", "wecom", None),
    (2, "2026-02-02 10:00", "paper", None),  # nobody's opens of paper are known
)


def test_sends_of_28_days_are_counted() -> None:
    tags = life(sends=SENT, orders=ORDERS)
    assert tags.sends_28d.tolist() == [5, 2, 0]


def test_messages_to_groups_are_not_sent_to_members() -> None:
    group = SENT.assign(member_id=pd.array([1, 1, 1, 1, 1, None, None], "Int64"), group_id=3)
    assert life(sends=group, orders=ORDERS).sends_28d.tolist() == [5, 0]


def test_open_rate_counts_settled_sends_of_channels_that_tell_opens() -> None:
    usual = BetaPrior.of([3, 0], [4, 1])
    rate = life(sends=SENT, orders=ORDERS).open_rate
    assert rate[:2].tolist() == pytest.approx(usual.posterior_mean([3, 0], [4, 1]))
    assert np.isnan(rate[9])
    assert support(sends=SENT, orders=ORDERS).open_rate.tolist() == [4, 1, 0]


def test_each_channel_is_drawn_towards_its_own_rate() -> None:
    tags = life(sends=SENT, orders=ORDERS)
    wecom, sms = BetaPrior.of([2, 0], [2, 1]), BetaPrior.of([1], [2])
    rates = tags.open_rate_wecom.tolist()[:2]
    assert rates == pytest.approx(wecom.posterior_mean([2, 0], [2, 1]))
    assert tags.open_rate_sms[1] == pytest.approx(sms.posterior_mean([1], [2])[0])
    assert np.isnan(tags.open_rate_sms[2])


def test_sends_that_name_no_channel_have_an_open_rate_too() -> None:
    tags = life(sends=SENT.drop(columns="channel"), orders=ORDERS)
    usual = BetaPrior.of([3, 0], [4, 2])
    assert tags.open_rate[:2].tolist() == pytest.approx(usual.posterior_mean([3, 0], [4, 2]))
    assert "reach_channel" not in tags.columns


def test_who_opens_far_less_is_weary_where_no_channel_is_named_either() -> None:
    tags = life(sends=_history(0).drop(columns="channel"), orders=ORDERS)
    assert bool(tags.message_weary[1]) is True


def test_a_channel_in_which_nobody_ever_opened_is_unknown_not_zero() -> None:
    sent = SENT.assign(channel=SENT.channel.replace({"paper": "moments"}))
    assert "open_rate_moments" not in life(sends=sent, orders=ORDERS).columns


def test_the_best_channel_is_one_the_member_was_written_to_by() -> None:
    many = [(3, f"2026-02-{day:02} 10:00", "moments", 1) for day in range(1, 20)]
    tags = life(sends=pd.concat([SENT, sends(*many)]), orders=ORDERS)
    assert tags.reach_channel.fillna("").tolist() == ["wecom", "wecom", "moments", ""]
    assert tags.reach_open_rate[1] == tags.open_rate_wecom[1]


def test_opens_after_as_of_are_not_known() -> None:
    late = SENT.assign(opened_at=at(*["2026-03-02"] * len(SENT)))
    assert "open_rate" not in life(sends=late, orders=ORDERS).columns


def test_the_best_hour_is_that_of_the_opens() -> None:
    opens = [(1, f"2026-02-0{day} 08:00", "wecom", 0.5) for day in (1, 2, 3)]
    others = [(who, "2026-02-05 21:00", "wecom", 0.1) for who in range(10, 16)]
    tags = life(sends=sends(*opens, *others), orders=ORDERS)
    assert tags.best_send_hour[1] == 8
    assert tags.best_send_hour.isna().tolist() == [False] + [True] * 7


def test_opens_without_a_clock_tell_no_hour() -> None:
    opens = [(1, f"2026-02-0{day} 00:00", "wecom", 0) for day in (1, 2, 3)]
    assert "best_send_hour" not in life(sends=sends(*opens), orders=ORDERS).columns


def _history(now: Any) -> pd.DataFrame:
    """Send daily in January, all opened, and 12 times in February, of which `now` opened."""
    past = [(1, f"2026-01-{day:02} 10:00", "wecom", 1) for day in range(1, 26)]
    late = [
        (1, f"2026-02-{day:02} 10:00", "wecom", 1 if day <= now else None) for day in range(1, 13)
    ]
    return sends(*past, *late, (2, "2026-02-01 10:00", "wecom", None))


@pytest.mark.parametrize(("opened", "weary"), [(12, False), (8, False), (2, True), (0, True)])
def test_weary_is_who_opens_far_less_than_before(opened: int, weary: bool) -> None:
    # of 12 sends about 11.5 were to be expected; 8 is above 60 % of that, 2 are hardly chance
    assert bool(life(sends=_history(opened), orders=ORDERS).message_weary[1]) is weary


def test_without_a_past_nobody_is_weary() -> None:
    assert pd.isna(life(sends=_history(12), orders=ORDERS).message_weary[2])


def test_who_quit_after_a_message_is_weary_and_has_quit() -> None:
    quit_at = pd.Series(pd.NaT, index=SENT.index).dt.tz_localize("Asia/Shanghai")
    quit_at[5] = pd.Timestamp("2026-02-03 11:00", tz="Asia/Shanghai")
    tags = life(sends=SENT.assign(quit_at=quit_at), orders=ORDERS)
    assert tags.quit_messages.tolist() == [False, True, pd.NA]
    assert bool(tags.message_weary[2]) is True
    assert np.isnan(tags.quit_risk[2])


def test_who_is_sent_messages_again_has_not_quit() -> None:
    quit_at = pd.Series(pd.NaT, index=SENT.index).dt.tz_localize("Asia/Shanghai")
    quit_at[5] = pd.Timestamp("2026-02-01 11:00", tz="Asia/Shanghai")
    tags = life(sends=SENT.assign(quit_at=quit_at), orders=ORDERS)
    assert tags.quit_messages.tolist() == [False, False, pd.NA]


def test_the_risk_of_quitting_is_that_of_members_with_as_many_messages() -> None:
    few = [(who, "2026-02-10 10:00", "wecom", 1) for who in range(20)]
    busy = [(99, f"2026-02-{day:02} 10:00", "wecom", 1) for day in range(1, 25)]
    sent = sends(*few, *busy)
    quit_at = pd.Series(pd.NaT, index=sent.index).dt.tz_localize("Asia/Shanghai")
    quit_at[3] = pd.Timestamp("2026-02-10 11:00", tz="Asia/Shanghai")
    quit_at[[30, 35, 40]] = pd.Timestamp("2026-02-20 11:00", tz="Asia/Shanghai")
    risk = life(sends=sent.assign(quit_at=quit_at), orders=ORDERS).quit_risk
    # loads before a send: 0-2: 20 + 3 sends, 1 quit; 3-4: 2, 0; 5-8: 4, 0; more: 15, 3
    expected = shrink_rate([1, 0, 0, 3], [23, 2, 4, 15])
    assert risk[0] == pytest.approx(expected[0])
    assert risk[99] == pytest.approx(expected[3])


def test_without_a_recorded_quit_the_risk_is_unknown() -> None:
    told = life(sends=SENT, orders=ORDERS).columns
    assert "quit_risk" not in told
    assert "quit_messages" not in told


def test_sends_recorded_for_less_than_180_days_tell_nothing() -> None:
    span = {"sends": ("2025-12-01", "2026-03-01")}
    assert "open_rate" not in life(sends=SENT, orders=ORDERS, observed=span).columns


def test_sends_of_over_180_days_ago_do_not_count() -> None:
    old = sends((2, "2025-08-01 10:00", "sms", 1))
    assert support(sends=pd.concat([SENT, old]), orders=ORDERS).open_rate.tolist() == [4, 1, 0]
