"""Acts exactly at the edge of a window: what begins it is in, what ends it is out."""

import pandas as pd
import pytest

from community_life import at, events, life, orders, sends, support
from siyu.datasets.shrinkage import BetaPrior

# Tags are asked for at 2026-03-01 00:00.
LONG_AGO = events((9, "2025-01-01", "view"))


def test_a_purchase_a_whole_day_after_a_visit_began_is_not_of_that_visit() -> None:
    seen = events((1, "2026-02-01 10:00", "view"), (2, "2026-02-01 10:00", "view"))
    bought = orders((1, "2026-02-02 10:00:00"), (2, "2026-02-02 09:59:59"))
    usual = BetaPrior.of([0, 1], [1, 1])
    share = life(events=seen, orders=bought).browse_to_buy
    assert share.tolist() == pytest.approx(usual.posterior_mean([0, 1], [1, 1]))


def test_a_cart_bought_after_exactly_three_days_was_left() -> None:
    carts = events((1, "2026-02-01 10:00", "cart"), (2, "2026-02-01 10:00", "cart"))
    bought = orders((1, "2026-02-04 10:00:00"), (2, "2026-02-04 09:59:59"))
    usual = BetaPrior.of([1, 0], [1, 1])
    share = life(events=carts, orders=bought).cart_left_share
    assert share.tolist() == pytest.approx(usual.posterior_mean([1, 0], [1, 1]))


def test_a_send_of_exactly_28_days_ago_counts() -> None:
    sent = sends((1, "2026-02-01 00:00:00", "sms", 1), (2, "2026-01-31 23:59:59", "sms", 1))
    assert life(sends=sent).sends_28d.tolist() == [1, 0]


def test_a_send_of_exactly_three_days_ago_may_still_be_opened() -> None:
    sent = sends((1, "2026-02-26 00:00:00", "sms", 1), (2, "2026-02-25 23:59:59", "sms", 1))
    assert support(sends=sent).open_rate.tolist() == [0, 1]


def test_who_quits_at_the_instant_of_the_last_send_has_quit() -> None:
    sent = sends((1, "2026-02-01 10:00:00", "sms", None), (2, "2026-02-01 10:00:01", "sms", None))
    sent = sent.assign(quit_at=at("2026-02-01 10:00:00", "2026-02-01 10:00:00"))
    assert life(sends=sent).quit_messages.tolist() == [True, False]


def test_a_coupon_that_runs_out_at_this_moment_may_still_be_used() -> None:
    issued = pd.DataFrame(
        {
            "member_id": [1, 2],
            "offer_id": "c",
            "issued_at": at("2026-02-01", "2026-02-01"),
            "expires_at": at("2026-03-01 00:00:00", "2026-02-28 23:59:59"),
        }
    )
    used = orders((2, "2026-02-05"), coupon_id="c")
    share = support(offer_members=issued, orders=used).coupon_redeem_share
    assert share.tolist() == [0, 1]


def test_a_task_counts_once_all_of_the_seven_days_after_it_are_over() -> None:
    # 21 to 27 February follow the 20th, 22 to 28 February the 21st, 23 February to 1 March the 22nd
    done = events(*[(who, f"2026-02-{20 + who} 10:00", "task") for who in (0, 1, 2)])
    assert support(events=pd.concat([done, LONG_AGO])).task_return_d7.tolist() == [1, 1, 0, 0]


def test_of_a_mute_and_an_unmute_at_one_instant_the_mute_holds() -> None:
    frame = events((1, "2026-02-01 10:00", "mute"), (1, "2026-02-01 10:00", "unmute"))
    assert life(events=frame).muted.tolist() == [True]


def test_an_act_of_exactly_180_days_ago_is_no_silence() -> None:
    frame = events((1, "2025-09-02 00:00:00", "view"), (2, "2025-09-01 23:59:59", "view"))
    assert life(events=pd.concat([frame, LONG_AGO])).zombie.tolist() == [False, True, True]
