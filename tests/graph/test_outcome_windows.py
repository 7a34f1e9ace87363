"""Outcomes of a window: who is credited, from when, and with what."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets import Community
from siyu.datasets.errors import DataError, ParameterError
from siyu.graph.member_graph import MemberGraph
from siyu.graph.ranking.outcome_windows import (
    Adoptions,
    Referred,
    attention_of,
    brought_between,
    followers_between,
    require_outcome,
)

START, END = (pd.Timestamp(day, tz="UTC") for day in ("2026-05-01", "2026-06-01"))
A_US, B_US = (int(at.timestamp() * 1e6) for at in (START, END))


def days(*after: float | None) -> list[pd.Timestamp | None]:
    """Give days counted from the start of the window."""
    return [None if d is None else START + pd.Timedelta(d, "D") for d in after]


def shop(referrals: dict[str, Any], orders: dict[str, Any]) -> Community:
    return Community(
        referrals=pd.DataFrame(referrals),
        orders=pd.DataFrame({"amount": [10.0] * len(orders["member_id"]), **orders}),
        tz="UTC",
    )


def brought(c: Community, outcome: Any = "buyers") -> dict[str, float]:
    members = c.customers()
    found = brought_between(Referred(c, members), A_US, B_US, outcome, len(members))
    given = zip(members.to_pylist(), found.tolist(), strict=True)
    return {name: value for name, value in given if value}


def test_only_first_purchases_within_the_window_count() -> None:
    c = shop(
        {
            "inviter_id": ["ann"] * 4,
            "invitee_id": ["b", "c", "d", "e"],
            "referral_time": days(-9, -9, 1, 1),
        },
        # b buys in the window, c had bought before it, d buys at its end, e twice in it
        {"member_id": ["b", "c", "c", "d", "e", "e"], "order_time": days(3, -2, 5, 31, 2, 4)},
    )
    assert brought(c) == {"ann": 2}


def test_who_had_bought_before_the_referral_is_not_won() -> None:
    c = shop(
        {"inviter_id": ["ann"], "invitee_id": ["b"], "referral_time": days(9)},
        {"member_id": ["b"], "order_time": days(3)},
    )
    assert brought(c) == {}


def test_the_earliest_referral_is_credited_and_undated_ones_come_last() -> None:
    c = shop(
        {
            "inviter_id": ["zoe", "ann", "bob"],
            "invitee_id": ["x"] * 3,
            "referral_time": days(None, 2, 1),
        },
        {"member_id": ["x"], "order_time": days(3)},
    )
    assert brought(c) == {"bob": 1}


def test_referrals_of_oneself_bring_nobody() -> None:
    c = shop(
        {"inviter_id": ["x"], "invitee_id": ["x"], "referral_time": days(1)},
        {"member_id": ["x"], "order_time": days(3)},
    )
    assert brought(c) == {}


def test_money_is_that_of_new_buyers_within_the_window_less_refunds() -> None:
    c = shop(
        {"inviter_id": ["ann"] * 2, "invitee_id": ["b", "c"], "referral_time": days(-9, 1)},
        {
            "member_id": ["b", "b", "b", "c", "c"],
            "order_time": days(3, 5, 40, 6, 7),
            "amount": [50.0, -20.0, 99.0, 10.0, -15.0],
        },
    )
    # b: 50 - 20, the rest comes later; c took back more than was paid: 0, not -5
    assert brought(c, "gmv") == {"ann": 30.0}


def test_staff_are_credited_with_nobody() -> None:
    c = shop(
        {"inviter_id": ["sue"], "invitee_id": ["b"], "referral_time": days(1)},
        {"member_id": ["b"], "order_time": days(3)},
    )
    with_staff = Community(
        referrals=c.referrals,
        orders=c.orders,
        members=pd.DataFrame({"member_id": ["sue"], "kind": ["staff"]}),
        tz="UTC",
    )
    assert brought(with_staff) == {}


def test_buyers_need_referrals_and_orders() -> None:
    c = Community(
        orders=pd.DataFrame({"member_id": [1], "order_time": days(1), "amount": [1.0]}), tz="UTC"
    )
    with pytest.raises(DataError, match="tables referrals and orders; this community has: orders"):
        Referred(c, c.customers())


def test_followers_need_products() -> None:
    c = Community(events=pd.DataFrame({"member_id": [1], "event_time": days(1), "event": ["x"]}))
    with pytest.raises(DataError, match="orders or events with product_id"):
        Adoptions(c, c.customers())


def test_an_unknown_outcome_is_refused() -> None:
    with pytest.raises(ParameterError, match="one of buyers, gmv, followers; got 'likes'"):
        require_outcome("likes")


def rated(rows: list[tuple[int, int, float]]) -> Community:
    who, what, when = zip(*rows, strict=True)
    events = {"member_id": who, "product_id": what, "event_time": days(*when), "event": "rating"}
    return Community(events=pd.DataFrame(events), tz="UTC")


def followers(c: Community, ties: list[tuple[int, int]]) -> dict[int, float]:
    members = c.customers()
    ends = np.array(ties)
    graph = MemberGraph.from_arrays(ends[:, 0], ends[:, 1], ids=members, directed=True)
    found = followers_between(Adoptions(c, members), graph.indptr, graph.indices, A_US, B_US)
    return {m: n for m, n in zip(members.to_pylist(), found.tolist(), strict=True) if n}


def test_a_follower_adopts_within_the_window_after_whom_she_looks_to() -> None:
    c = rated(
        [
            (1, 7, -5),
            (2, 7, 3),  # looks to 1, after her, in the window: counts
            (3, 7, 40),  # looks to 1, too late
            (1, 8, 4),
            (2, 8, 9),  # 1 adopted earlier in the window: counts
            (2, 9, 1),
            (1, 9, 2),  # 1 came after 2: nothing for 1, and 1 does not look to 2
        ]
    )
    assert followers(c, [(2, 1), (3, 1)]) == {1: 2.0}


def test_adopting_at_the_same_instant_is_not_following() -> None:
    assert followers(rated([(1, 7, 3), (2, 7, 3)]), [(2, 1)]) == {}


def test_adopting_again_is_not_adopting() -> None:
    assert followers(rated([(1, 7, -5), (2, 7, -1), (2, 7, 3)]), [(2, 1)]) == {}


def by_loop(c: Community, ties: list[tuple[int, int]]) -> dict[int, float]:
    events = c.events
    assert events is not None
    first: dict[tuple[int, int], pd.Timestamp] = {}
    for who, what, when in events[["member_id", "product_id", "event_time"]].itertuples(
        index=False
    ):
        first[who, what] = min(when, first.get((who, what), when))
    found: dict[int, float] = {}
    for follower, leader in set(ties):
        for (who, what), when in first.items():
            if who == follower and START <= when < END and first.get((leader, what), END) < when:
                found[leader] = found.get(leader, 0) + 1
    return found


@given(seed=st.integers(0, 200))
def test_followers_equal_a_loop_over_ties_and_products(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 60
    rows = zip(
        rng.integers(0, 8, n).tolist(),
        rng.integers(0, 5, n).tolist(),
        rng.integers(-20, 50, n).astype(float).tolist(),
        strict=True,
    )
    c = rated([*rows])
    there = c.customers().to_pylist()
    drawn = rng.choice(there, (20, 2)).tolist()
    ties = [(a, b) for a, b in drawn if a != b]
    assert followers(c, ties) == by_loop(c, ties)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    rows = [(int(m), int(p), float(d)) for m, p, d in rng.integers(0, 30, (200, 3))]
    ties = [(int(a), int(b)) for a, b in rng.integers(0, 25, (90, 2)) if a != b]
    c = rated([*rows, *((m, 99, 0.0) for m in range(25))])
    whole = followers(c, ties)
    monkeypatch.setattr("siyu.graph.ranking.outcome_windows._BLOCK", 7)
    assert followers(c, ties) == whole


def test_orders_that_name_products_are_the_adoptions() -> None:
    c = Community(
        orders=pd.DataFrame(
            {
                "member_id": [1, 1],
                "product_id": [3, 4],
                "order_time": days(1, 2),
                "amount": [5.0, -5.0],
            }
        ),
        events=pd.DataFrame(
            {"member_id": [1], "product_id": [9], "event_time": days(1), "event": ["view"]}
        ),
        tz="UTC",
    )
    adoptions = Adoptions(c, c.customers())
    assert adoptions.source == "orders"
    assert len(adoptions.time) == 1  # what was only returned was not bought


def test_attention_ties_are_kept_alone_where_there_are_some() -> None:
    ties = pa.table({"source": [1, 1], "target": [2, 3], "kind": ["trust", "friend"]})
    assert attention_of(ties)["target"].to_pylist() == [2]


def test_without_attention_every_tie_is_one() -> None:
    ties = pa.table({"source": [1], "target": [2], "kind": ["friend"]})
    assert attention_of(ties).num_rows == 1
