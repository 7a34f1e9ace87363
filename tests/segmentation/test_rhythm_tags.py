"""Tags of rhythm and money, worked by hand."""

import pandas as pd
import pytest

from siyu.datasets import Community, SiyuWarning
from siyu.segmentation import tag
from strategies import TZ
from tag_tables import DAYS, T, at, orders_on, tags_of


def test_equal_gaps_are_regular() -> None:
    assert tags_of(orders=orders_on([*DAYS, "2026-02-22"])).rhythm_regularity[1] == 1.0


def test_regularity_is_one_less_the_variation_of_gaps() -> None:
    orders = orders_on(["2026-02-01", "2026-02-03", "2026-02-07", "2026-02-13"])  # gaps 2, 4, 6
    assert tags_of(orders=orders).rhythm_regularity[1] == pytest.approx(1 - 2 / 4)


def test_gaps_that_scatter_more_than_their_mean_have_no_regularity() -> None:
    orders = orders_on(["2026-01-01", "2026-01-02", "2026-01-03", "2026-02-20"])
    assert tags_of(orders=orders).rhythm_regularity[1] == 0.0


def test_two_gaps_tell_no_regularity() -> None:
    assert pd.isna(tags_of(orders=orders_on(DAYS)).rhythm_regularity[1])


def test_overdue_is_silence_over_the_expected_gap() -> None:
    row = tags_of(orders=orders_on(DAYS)).loc[1]
    silence = (pd.Timestamp(T) - pd.Timestamp(DAYS[-1])) / pd.Timedelta("1D")
    assert row.overdue_ratio == pytest.approx(silence / row.purchase_rhythm_days)


def test_tenure_begins_when_a_member_joins() -> None:
    members = pd.DataFrame({"member_id": [1], "joined_at": at("2026-01-30 00:00")})
    assert tags_of(orders=orders_on(DAYS), members=members).tenure_days[1] == 30.0


def test_tenure_begins_with_the_first_purchase_if_that_was_earlier() -> None:
    members = pd.DataFrame({"member_id": [1, 2], "joined_at": at("2026-02-20", "2026-02-20")})
    tags = tags_of(orders=orders_on(["2026-02-09 00:00"]), members=members)
    assert tags.tenure_days.tolist() == [20.0, 9.0]


def test_tenure_begins_with_the_first_event_if_that_was_earliest() -> None:
    events = pd.DataFrame({"member_id": [1], "event_time": at("2026-01-30 00:00"), "event": "view"})
    assert tags_of(orders=orders_on(DAYS), events=events).tenure_days[1] == 30.0


def test_tenure_is_unknown_for_whom_nothing_dates() -> None:
    members = pd.DataFrame({"member_id": [2]})
    assert tags_of(orders=orders_on(DAYS), members=members).tenure_days.isna().tolist() == [
        False,
        True,
    ]


def test_a_repeat_buyer_came_on_two_days() -> None:
    orders = orders_on([DAYS[0], DAYS[1], DAYS[0], DAYS[0]], member_id=[1, 1, 2, 2])
    assert tags_of(orders=orders).repeat_buyer.tolist() == [True, False]


def test_a_one_time_buyer_is_overdue() -> None:
    orders = orders_on([*DAYS, "2026-01-01", "2026-02-27"], member_id=[1, 1, 1, 2, 3])
    assert tags_of(orders=orders).one_time_buyer.tolist() == [False, True, False]


def test_who_may_have_bought_before_the_record_is_not_called_a_one_time_buyer() -> None:
    members = pd.DataFrame({"member_id": [1, 2], "joined_at": at("2020-01-01", "2026-01-05")})
    orders = orders_on(["2026-01-10", "2026-01-10"], member_id=[1, 2])
    span = {"orders": ("2026-01-01", T)}
    tags = tags_of(orders=orders, members=members, observed=span, as_of=T)
    assert tags.one_time_buyer.tolist() == [pd.NA, True]
    assert tags.repeat_buyer.tolist() == [pd.NA, False]


SIX = [f"2026-02-0{day}" for day in range(1, 7)]


@pytest.mark.parametrize(
    ("last", "trend"), [(12.6, "rising"), (12.5, "steady"), (8.0, "steady"), (7.9, "falling")]
)
def test_the_trend_compares_the_last_three_days_with_those_before(last: float, trend: str) -> None:
    orders = orders_on(SIX, amount=[10.0] * 3 + [last] * 3)
    assert tags_of(orders=orders).value_trend[1] == trend


def test_five_days_tell_no_trend() -> None:
    assert pd.isna(tags_of(orders=orders_on(SIX[:5])).value_trend[1])


def test_recent_spend_is_the_share_of_the_last_90_days() -> None:
    orders = orders_on(["2025-11-30 00:00", "2025-12-01 00:00"], amount=[30.0, 10.0])  # 91, 90
    assert tags_of(orders=orders).recent_spend_share[1] == 0.25


def test_recent_spend_is_unknown_if_orders_were_recorded_for_less() -> None:
    c = Community(orders=orders_on(DAYS), tz=TZ, observed={"orders": ("2026-01-01", T)})
    with pytest.warns(SiyuWarning, match="unknown"):
        assert tag(c, as_of=T).recent_spend_share.isna().all()


def test_a_big_ticket_is_among_the_largest_twentieth_of_purchase_days() -> None:
    days = [f"2026-01-{day:02}" for day in range(1, 22)]
    amounts = [10.0] * 10 + [20.0] * 10 + [500.0]
    orders = orders_on(days, amount=amounts, member_id=[1] * 20 + [2])
    # the 95th percentile that occurs among 21 days is the 20th: 20
    assert tags_of(orders=orders).big_ticket.tolist() == [True, True]
    orders.loc[19, "amount"] = 30.0
    orders.loc[19, "member_id"] = 2
    assert tags_of(orders=orders).big_ticket.tolist() == [False, True]


def test_nothing_paid_is_no_big_ticket() -> None:
    assert tags_of(orders=orders_on(DAYS, amount=0.0)).big_ticket.tolist() == [False]


def test_basket_value_is_money_an_order() -> None:
    orders = orders_on(["2026-02-01 10"] * 3, order_id=["a", "a", "b"], amount=[1.0, 2.0, 9.0])
    assert tags_of(orders=orders).basket_value[1] == 6.0


def test_tiers_cross_spend_and_interaction() -> None:
    orders = orders_on(["2026-02-01"] * 4, member_id=[1, 2, 3, 4], amount=[9.0, 9.0, 1.0, 1.0])
    when = at(*["2026-02-02 10"] * 2)
    events = pd.DataFrame({"member_id": [1, 3], "event_time": when, "event": "view"})
    assert tags_of(orders=orders, events=events).user_tier.tolist() == [
        "super_user",
        "silent_payer",
        "potential_koc",
        "to_activate",
    ]


def test_tiers_are_unknown_without_interactions() -> None:
    assert tags_of(orders=orders_on(DAYS)).user_tier.isna().all()
