"""What referrals brought, by hand on small tables."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community
from siyu.graph.fission.referral_outcome import ReferralOutcome, referral_outcome

Referral = tuple[Any, Any, str | None]
Order = tuple[Any, str, float]


def outcome(
    referrals: list[Referral], orders: list[Order], staff: tuple[Any, ...] = ()
) -> dict[Any, tuple[int, int, float]]:
    """Give (invitees, buyers, money) of everybody with invitees."""
    members, found = measured(referrals, orders, staff)
    rows = zip(members, found.n_invitees, found.n_buyers, found.gmv, strict=True)
    return {m: (int(n), int(b), float(g)) for m, n, b, g in rows if n}


def measured(
    referrals: list[Referral], orders: list[Order], staff: tuple[Any, ...] = ()
) -> tuple[list[Any], ReferralOutcome]:
    given = pd.DataFrame(referrals, columns=["inviter_id", "invitee_id", "referral_time"])
    given["referral_time"] = pd.to_datetime(given["referral_time"])
    bought = pd.DataFrame(orders, columns=["member_id", "order_time", "amount"])
    bought["order_time"] = pd.to_datetime(bought["order_time"])
    people = sorted({m for r in referrals for m in r[:2]} | {o[0] for o in orders})
    kind = ["staff" if m in staff else "customer" for m in people]
    c = Community(
        referrals=given,
        orders=bought,
        members=pd.DataFrame({"member_id": people, "kind": kind}),
        tz="UTC",
    )
    members = c.customers()
    return members.to_pylist(), referral_outcome(c, members)


def test_an_invitee_who_buys_afterwards_is_a_buyer() -> None:
    found = outcome([(1, 2, "2026-01-02"), (1, 3, "2026-01-02")], [(2, "2026-01-05", 30.0)])
    assert found == {1: (2, 1, 30.0)}


def test_who_had_bought_before_was_not_won_by_the_referral() -> None:
    orders = [(2, "2026-01-01", 30.0), (2, "2026-01-05", 9.0)]
    assert outcome([(1, 2, "2026-01-02"), (1, 3, "2026-01-02")], orders) == {1: (1, 0, 0.0)}


def test_a_refund_before_is_no_purchase_before() -> None:
    orders = [(2, "2026-01-01", -5.0), (2, "2026-01-05", 30.0)]
    assert outcome([(1, 2, "2026-01-02")], orders) == {1: (1, 1, 25.0)}


def test_an_invitee_is_credited_to_the_earliest_inviter() -> None:
    referrals: list[Referral] = [(1, 3, "2026-01-05"), (2, 3, "2026-01-02")]
    assert outcome(referrals, [(3, "2026-01-09", 7.0)]) == {2: (1, 1, 7.0)}


def test_an_undated_referral_comes_after_dated_ones() -> None:
    referrals: list[Referral] = [(1, 3, None), (2, 3, "2026-01-02")]
    assert list(outcome(referrals, [(3, "2026-01-09", 7.0)])) == [2]


def test_after_an_undated_referral_every_purchase_counts() -> None:
    referrals: list[Referral] = [(1, 3, None)]
    assert outcome(referrals, [(3, "2020-01-09", 7.0)]) == {1: (1, 1, 7.0)}


def test_referring_oneself_brings_nobody() -> None:
    assert outcome([(1, 1, "2026-01-02")], [(1, "2026-01-05", 30.0)]) == {}


def test_staff_neither_refer_nor_are_referred() -> None:
    referrals: list[Referral] = [(9, 2, "2026-01-01"), (1, 2, "2026-01-02"), (1, 9, "2026-01-02")]
    assert outcome(referrals, [(2, "2026-01-05", 30.0)], staff=(9,)) == {1: (1, 1, 30.0)}


def test_an_invitee_who_sent_everything_back_spent_nothing() -> None:
    orders = [(2, "2026-01-05", 30.0), (2, "2026-01-07", -40.0)]
    assert outcome([(1, 2, "2026-01-02")], orders) == {1: (1, 1, 0.0)}


def test_one_of_one_does_not_beat_nineteen_of_twenty() -> None:
    invitees = {"a": range(100, 101), "b": range(200, 220), "c": range(300, 340)}
    referrals: list[Referral] = [
        (inviter, f"i{i}", "2026-01-02") for inviter, ids in invitees.items() for i in ids
    ]
    buyers = [100, *range(200, 219), *range(300, 304)]
    orders = [(f"i{i}", "2026-01-05", 10.0) for i in buyers]
    members, found = measured(referrals, orders)
    rate = dict(zip(members, found.conversion, strict=True))
    assert rate["b"] > rate["a"] > rate["c"]


def test_one_big_spender_is_drawn_towards_the_others() -> None:
    referrals: list[Referral] = [("a", "x", "2026-01-02")]
    referrals += [("b", f"b{i}", "2026-01-02") for i in range(20)]
    orders = [("x", "2026-01-05", 500.0)]
    orders += [(f"b{i}", "2026-01-05", 100.0 + 20 * (i % 5)) for i in range(20)]
    members, found = measured(referrals, orders)
    each = dict(zip(members, found.gmv_each, strict=True))
    assert 140.0 < each["a"] < 500.0


def test_without_a_buyer_nothing_is_expected_of_an_inviter() -> None:
    referrals: list[Referral] = [(1, 2, "2026-01-02"), (3, 4, "2026-01-02")]
    members, found = measured(referrals, [(2, "2026-01-05", 30.0)])
    expected = dict(zip(members, found.expected_buyers, strict=True))
    assert (expected[1] > 0, expected[3], found.expected_gmv[members.index(3)]) == (True, 0.0, 0.0)


def test_large_amounts_do_not_overflow() -> None:
    referrals: list[Referral] = [(1, 2, "2026-01-02"), (1, 3, "2026-01-02"), (4, 5, "2026-01-02")]
    orders = [(2, "2026-01-05", 3e9), (3, "2026-01-05", 1e9), (5, "2026-01-05", 8e9)]
    _, found = measured(referrals, orders)
    assert np.isfinite(found.gmv_each[found.n_invitees > 0]).all()


@pytest.mark.parametrize("orders", [[], [(1, "2026-01-01", 3.0)]])
def test_without_referrals_nobody_has_invitees(orders: list[Order]) -> None:
    assert outcome([], orders) == {}


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    referrals = pa.table(
        {
            "inviter_id": rng.integers(0, 12, 80),
            "invitee_id": rng.integers(0, 60, 80),
            "referral_time": pa.array(rng.integers(0, 50, 80), pa.timestamp("us", "UTC")),
        }
    )
    orders = pa.table(
        {
            "member_id": rng.integers(0, 60, 200),
            "order_time": pa.array(rng.integers(0, 90, 200), pa.timestamp("us", "UTC")),
            "amount": np.round(rng.normal(30, 20, 200), 2),
        }
    )
    mixed = {
        name: t.take(pa.array(rng.permutation(t.num_rows)))
        for name, t in (("referrals", referrals), ("orders", orders))
    }
    one, other = Community(referrals=referrals, orders=orders), Community(**mixed)
    before, after = (referral_outcome(c, c.customers()) for c in (one, other))
    np.testing.assert_array_equal(before.expected_gmv, after.expected_gmv)
