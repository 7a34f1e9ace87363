"""Tags of visits and carts, worked by hand."""

import numpy as np
import pandas as pd
import pytest

from community_life import at, events, life, orders, support
from siyu.datasets.shrinkage import BetaPrior

VIEWS = events(
    (1, "2026-02-01 10:00", "view"),
    (1, "2026-02-01 10:05", "view"),
    (1, "2026-02-01 10:05", "cart"),
    (1, "2026-02-01 10:40", "view"),
    (1, "2026-02-09 09:00", "view"),
    (2, "2026-02-09 09:10", "view"),
)


def test_depth_is_the_median_of_pages_a_session() -> None:
    frame = VIEWS.assign(session_id=["a", "a", "a", "a", "b", "c"])
    assert life(events=frame).visit_depth.tolist() == [2.0, 1.0]  # sessions of 3 and 1; of 1


def test_without_session_ids_a_pause_of_over_30_minutes_ends_a_visit() -> None:
    tags = life(events=VIEWS)  # 10:00 10:05 | 10:40 | 9:00: 2, 1 and 1 pages
    assert tags.visit_depth.tolist() == [1.0, 1.0]
    assert tags.visits_28d.tolist() == [3, 1]


def test_a_pause_of_30_minutes_is_still_the_same_visit() -> None:
    frame = events((1, "2026-02-01 10:00", "view"), (1, "2026-02-01 10:30", "view"))
    assert life(events=frame).visit_depth[1] == 2.0


def test_where_nobody_views_all_events_are_pages() -> None:
    frame = events((1, "2026-02-01 10:00", "rating"), (1, "2026-02-01 10:10", "comment"))
    assert life(events=frame).visit_depth[1] == 2.0


def test_events_without_a_session_are_in_no_visit_where_sessions_have_ids() -> None:
    frame = VIEWS.assign(session_id=pd.Series(["a", "a", "a", None, None, "c"]))
    assert life(events=frame).visits_28d.tolist() == [1, 1]


def test_one_id_of_two_members_is_a_visit_of_each() -> None:
    frame = VIEWS.assign(session_id="same")
    tags = life(events=frame)
    assert tags.visit_depth.tolist() == [4.0, 1.0]
    assert tags.visits_28d.tolist() == [1, 1]


def test_visits_of_28_days_are_those_begun_in_them() -> None:
    frame = events(
        (1, "2026-01-31 23:59", "view"), (1, "2026-02-01 00:00", "view"), (1, "2026-02-28", "view")
    )
    assert life(events=frame.assign(session_id=[1, 2, 3])).visits_28d[1] == 2


def test_visits_of_over_90_days_ago_do_not_count() -> None:
    frame = events((1, "2025-11-01", "view"), (2, "2026-02-01", "view"))
    tags = life(events=frame)
    assert np.isnan(tags.visit_depth[1])
    assert pd.isna(tags.visit_depth_band[1])
    assert tags.visits_28d.tolist() == [0, 1]


def test_bands_are_thirds_of_the_visitors() -> None:
    rows = [(who, "2026-02-01 10:00", "view") for who in range(1, 7) for _ in range(who)]
    bands = life(events=events(*rows)).visit_depth_band
    assert bands.tolist() == ["shallow", "shallow", "medium", "medium", "deep", "deep"]


def test_browse_to_buy_is_the_share_of_visits_with_a_purchase_within_a_day() -> None:
    days = ["02-01 10:00", "02-03 10:00", "02-05 10:00", "02-28 12:00"]
    seen = events(*[(1, f"2026-{day}", "view") for day in days], (2, "2026-02-01 10:00", "view"))
    # bought 23 hours after the first visit and 25 hours after the second; the last is too young
    bought = orders((1, "2026-02-02 09:00"), (1, "2026-02-04 11:00"))
    usual = BetaPrior.of([1, 0], [3, 1])
    assert life(events=seen, orders=bought).browse_to_buy.tolist() == pytest.approx(
        usual.posterior_mean([1, 0], [3, 1])
    )
    assert support(events=seen, orders=bought).browse_to_buy.tolist() == [3, 1]


def test_refunds_are_no_purchase_after_a_visit() -> None:
    seen = events((1, "2026-02-01 10:00", "view"), (2, "2026-02-01 10:00", "view"))
    back = orders((1, "2026-02-01 11:00"), (2, "2026-02-01 11:00"), amount=[-5.0, 5.0])
    share = life(events=seen, orders=back).browse_to_buy
    assert share[1] < share[2]


CARTS = events(
    (1, "2026-02-01 10:00", "cart"),
    (1, "2026-02-02 10:00", "cart"),
    (1, "2026-02-03 10:00", "cart"),
    (1, "2026-02-27 10:00", "cart"),
    (2, "2026-02-01 10:00", "add_to_cart"),
    product_id=[7, 8, 9, 9, 7],
)
BOUGHT = orders(
    (1, "2026-02-01 12:00"), (1, "2026-02-05 11:00"), (2, "2026-02-02"), product_id=[7, 8, 9]
)


def test_a_cart_is_left_if_its_product_is_not_bought_in_three_days() -> None:
    # member 1: product 7 bought in time, 8 an hour late, 9 never; the last cart is too young
    usual = BetaPrior.of([2, 1], [3, 1])
    tags = life(events=CARTS, orders=BOUGHT)
    assert tags.cart_left_share.tolist() == pytest.approx(usual.posterior_mean([2, 1], [3, 1]))
    assert support(events=CARTS, orders=BOUGHT).cart_left_share.tolist() == [3, 1]


def test_an_abandoner_leaves_half_or_more_of_three_carts() -> None:
    tags = life(events=CARTS, orders=BOUGHT)
    assert tags.cart_abandoner.tolist() == [True, pd.NA]


def test_young_carts_that_are_not_bought_are_waiting() -> None:
    assert life(events=CARTS, orders=BOUGHT).carts_waiting.tolist() == [1, 0]
    paid = pd.concat([BOUGHT, orders((1, "2026-02-28"), product_id=[9])])
    assert life(events=CARTS, orders=paid).carts_waiting.tolist() == [0, 0]


def test_where_products_are_unknown_any_purchase_takes_the_cart() -> None:
    frame, bought = CARTS.drop(columns="product_id"), BOUGHT.drop(columns="product_id")
    usual = BetaPrior.of([1, 0], [3, 1])  # the second cart of member 1 waited an hour too long
    share = life(events=frame, orders=bought).cart_left_share
    assert share.tolist() == pytest.approx(usual.posterior_mean([1, 0], [3, 1]))


def test_without_orders_nothing_tells_what_was_bought() -> None:
    tags = life(events=CARTS)
    assert not {"browse_to_buy", "cart_left_share", "carts_waiting"} & set(tags.columns)


def test_events_recorded_for_less_than_90_days_tell_no_visits() -> None:
    tags = life(events=VIEWS, observed={"events": ("2026-01-15", "2026-03-01")})
    assert "visit_depth" not in tags.columns


def test_visits_are_told_apart_across_a_change_of_the_clock() -> None:
    frame = VIEWS.assign(event_time=at(*["2026-02-08 23:50", "2026-02-09 00:10"] * 3))
    assert life(events=frame).visits_28d.tolist() == [1, 1]
