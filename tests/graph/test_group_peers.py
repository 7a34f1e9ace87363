"""What group mates' check-ins and purchases bring: found where it is planted, and only there."""

import numpy as np
import pandas as pd
import pytest

from group_worlds import at, chat, influence_world
from siyu.datasets import Community, DataError, ParameterError, make_community
from siyu.graph.groups.exposure import ExposureEffect, exposure_effect
from siyu.graph.groups.peers import PeerEffect, peer_effect

END = "2026-03-26"  # 84 days after the beginning of the simulated worlds
N_WORLDS = 20
START = at("2026-01-01")


def seen(c: Community) -> ExposureEffect:
    return exposure_effect(c, as_of=END, window="1D", n_resamples=300)


def conformity(c: Community) -> PeerEffect:
    return peer_effect(c, as_of=END, window="2D", around="14D", n_resamples=300)


@pytest.mark.slow
def test_without_influence_intervals_of_exposure_cover_zero() -> None:
    found = [seen(influence_world(seed, 0.0)) for seed in range(N_WORLDS)]
    covered = sum(f.low <= 0 <= f.high for f in found)
    # Of 20 honest 95 % intervals fewer than 16 hold the truth once in 1,000 times.
    assert covered >= 16


@pytest.mark.slow
def test_without_influence_intervals_of_conformity_cover_one() -> None:
    found = [conformity(influence_world(seed, 0.0)) for seed in range(N_WORLDS)]
    covered = sum(f.low <= 1 <= f.high for f in found)
    assert covered >= 16


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_influence_shows_in_exposure(seed: int) -> None:
    found = seen(influence_world(seed, 0.02))
    assert found.low > 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_influence_shows_in_conformity(seed: int) -> None:
    found = conformity(influence_world(seed, 0.01))
    assert found.low > 1


@pytest.mark.slow
def test_the_documented_simulator_where_nobody_draws_others_shows_no_conformity() -> None:
    found = [peer_effect(make_community(1_000, seed), as_of="2026-07-01") for seed in range(10)]
    assert sum(f.low <= 1 <= f.high for f in found) >= 8


def test_a_placebo_shows_that_lively_groups_buy_more_by_themselves() -> None:
    # Here half of the groups both check in and buy, and nobody draws anybody.
    rng = np.random.default_rng(0)
    n, days = 600, 84
    group = np.arange(n) // 30
    lively = group % 2 == 0
    start = at("2026-01-01")
    buys = rng.random((days, n)) < np.where(lively, 0.03, 0.01)
    checks = rng.random((days, n)) < np.where(lively, 0.01, 0.002)
    tables = {}
    for name, cells, time in (("orders", buys, "order_time"), ("events", checks, "event_time")):
        day, member = np.nonzero(cells)
        when = start + pd.to_timedelta(day * 24 + rng.integers(0, 24, len(day)), unit="h")
        tables[name] = pd.DataFrame({"member_id": member, time: when})
    c = Community(
        tz="UTC",
        memberships=pd.DataFrame({"group_id": group, "member_id": range(n), "joined_at": start}),
        orders=tables["orders"].assign(amount=1.0),
        events=tables["events"].assign(event="checkin"),
    )
    found = seen(c)
    assert found.low > 0
    assert found.placebo_low > 0
    assert found.placebo == pytest.approx(found.difference, abs=0.02)


HAND = [  # group, member, joined, left
    (1, 1, "2026-01-01", None),
    (1, 2, "2026-01-01", None),
    (2, 3, "2026-01-01", None),
    (2, 4, "2026-01-01", None),
]


def test_the_placebo_is_not_moved_by_those_who_buy_and_then_check_in() -> None:
    # In every other group one member buys, and checks in afterwards: nobody draws anybody. One
    # who had bought long before checks in to all groups, after the purchases, and to every other.
    members = range(120)
    groups = pd.DataFrame(
        {
            "group_id": [m // 2 for m in members] + list(range(60)),
            "member_id": [*members, *[999] * 60],
            "joined_at": START,
        }
    )
    buyers = list(range(0, 120, 4))
    orders = pd.DataFrame(
        {
            "member_id": [999, *buyers],
            "order_time": [START + pd.Timedelta(days=d) for d in [1, *[35] * 30]],
            "amount": 1.0,
        }
    )
    events = pd.DataFrame(
        {
            "member_id": [*buyers, *[999] * 30],
            "event_time": START + pd.Timedelta(days=50),
            "event": "checkin",
            "group_id": [m // 2 for m in buyers] + list(range(0, 60, 4)) + list(range(1, 60, 4)),
        }
    )
    c = Community(tz="UTC", memberships=groups, orders=orders, events=events)
    found = exposure_effect(c, as_of=START + pd.Timedelta(days=56), window="14D")
    assert found.placebo == 0


def test_periods_after_the_records_end_do_not_pass_for_periods_without_exposure() -> None:
    c = influence_world(0, 0.02)
    tables = {name: c.arrow(name) for name in c.tables()}
    assert c.events is not None
    events = c.events[c.events["event_time"] < at("2026-03-02")]
    watched = Community(
        tz=c.tz, **tables | {"events": events}, observed={"events": (START, at("2026-03-02"))}
    )
    earlier = exposure_effect(c, as_of=at("2026-03-02"), window="1D", n_resamples=10)
    found = exposure_effect(watched, as_of=END, window="1D", n_resamples=10)
    assert (found.n_exposed, found.difference) == (earlier.n_exposed, earlier.difference)


def bought(rows: list[tuple[int, str, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["member_id", "order_time", "product_id"])
    frame["order_time"] = pd.to_datetime(frame["order_time"], utc=True)
    return frame.assign(amount=1.0)


def checkins(rows: list[tuple[int, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["member_id", "event_time"])
    frame["event_time"] = pd.to_datetime(frame["event_time"], utc=True)
    return frame.assign(event="checkin")


def test_exposure_by_hand() -> None:
    # Period 1-10 January is before; members 1 and 3 have bought. In the period 11-20 January
    # member 1 checks in, so that 2 is exposed and 4 is not; only 2 buys in 21-30 January.
    orders = bought([(1, "2026-01-02", 7), (3, "2026-01-02", 7), (2, "2026-01-25", 7)])
    c = chat(None, HAND, orders=orders, events=checkins([(1, "2026-01-12")]))
    found = exposure_effect(c, as_of="2026-01-31", window="10D", n_resamples=50)
    assert (found.n_exposed, found.n_unexposed, found.n_unmatched) == (1, 1, 0)
    assert (found.exposed_rate, found.unexposed_rate, found.difference) == (1.0, 0.0, 1.0)


def test_a_check_in_of_who_has_not_bought_exposes_nobody() -> None:
    orders = bought([(3, "2026-01-02", 7), (2, "2026-01-25", 7)])
    c = chat(None, HAND, orders=orders, events=checkins([(1, "2026-01-12")]))
    found = exposure_effect(c, as_of="2026-01-31", window="10D", n_resamples=50)
    assert found.n_exposed == 0
    assert np.isnan(found.difference)


def test_messages_in_a_group_are_seen_in_that_group_alone() -> None:
    orders = bought([(1, "2026-01-02", 7)])
    seats = [*HAND, (2, 1, "2026-01-01", None)]
    c = chat([(1, "2026-01-12", 2, None)], seats, orders=orders)
    found = exposure_effect(c, as_of="2026-01-31", window="10D", event="message", n_resamples=50)
    assert (found.n_exposed, found.n_unexposed) == (2, 1)  # 3 and 4 saw it, 2 did not


def test_conformity_by_hand() -> None:
    # Member 2 buys what 1 bought a day before: 1 observed. Members of the other group bought it
    # 3 times within 14 days around, once in the 2 days before: 1/3 expected. The purchase of 1
    # has one mate's purchase around (after it) and no other group's within 2 days before.
    orders = bought(
        [
            (1, "2026-01-10", 7),
            (2, "2026-01-11", 7),
            (3, "2026-01-10", 7),
            (4, "2026-01-16", 7),
            (3, "2026-01-20", 7),
        ]
    )
    seats = [*HAND, *[(g, m, "2026-01-01", None) for g, m in ((3, 5), (3, 6))]]
    found = peer_effect(
        chat(None, seats, orders=orders), as_of="2026-03-01", window="2D", around="14D"
    )
    assert found.n_observed == 1
    assert found.n_expected == pytest.approx(1 / 3)
    assert found.ratio == pytest.approx(3.0)


def test_conformity_needs_products() -> None:
    orders = bought([(1, "2026-01-10", 7)]).drop(columns="product_id")
    with pytest.raises(DataError, match="orders with product_id"):
        peer_effect(chat(None, HAND, orders=orders), as_of="2026-03-01")


def test_around_must_hold_the_window() -> None:
    with pytest.raises(ParameterError, match="around must be at least the window"):
        peer_effect(chat(None, HAND, orders=bought([])), as_of="2026-03-01", around="3D")


def test_the_same_random_state_gives_the_same_interval() -> None:
    c = influence_world(0, 0.0, n_groups=6, days=40)
    one, two = (exposure_effect(c, as_of="2026-02-10", window="5D") for _ in range(2))
    assert repr(one) == repr(two)
