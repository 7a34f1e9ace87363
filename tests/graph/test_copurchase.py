"""Ties by like purchases: weights by hand, the bound, and what does not matter."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets import Community
from siyu.datasets.clock import INSTANT
from siyu.datasets.errors import DataError
from siyu.graph import build_ties, koc
from siyu.graph.copurchase import buyer_pairs
from strategies import AS_OF, shuffled, small_community, with_later_rows

END = "2026-07-01"


def lines(*rows: tuple[int, str | None, float]) -> pa.Table:
    member, product, amount = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "member_id": pa.array(member, pa.int64()),
            "product_id": pa.array(product, pa.large_string()),
            "amount": pa.array(amount, pa.float64()),
            "order_time": pa.array(range(len(rows)), INSTANT),
        }
    )


def shop(**more: Any) -> Community:
    days = pd.to_datetime(["2026-06-30", "2026-06-30", "2026-06-30"])
    orders = pd.DataFrame({"member_id": [1, 2, 3], "order_time": days, "amount": [5.0, 5.0, 5.0]})
    return Community(orders=orders.assign(product_id=["tea", "tea", "cup"]), tz="UTC", **more)


@given(
    st.lists(st.tuples(st.integers(0, 8), st.sampled_from("abc"), st.just(1.0)), max_size=30),
    st.integers(2, 6),
)
def test_pairs_are_all_pairs_of_the_buyers_of_rare_products(
    rows: list[tuple[int, str, float]], most: int
) -> None:
    pairs = buyer_pairs(lines(*rows), pa.array(range(9)), most)
    expected = []
    for product in "abc":
        buyers = sorted({member for member, bought, _ in rows if bought == product})
        if len(buyers) <= most:
            expected += [(*pair, 1 / len(buyers)) for pair in combinations(buyers, 2)]
    found = zip(pairs.first.tolist(), pairs.second.tolist(), pairs.weight.tolist(), strict=True)
    assert sorted(found) == sorted(expected)


def test_refunds_lines_without_product_and_strangers_tie_nobody() -> None:
    rows = lines((1, "a", 5.0), (2, "a", -5.0), (1, None, 5.0), (2, None, 5.0), (9, "a", 5.0))
    assert len(buyer_pairs(rows, pa.array([1, 2]), 5).first) == 0


def test_a_pair_is_dated_by_the_later_of_both_last_purchases() -> None:
    rows = lines((1, "a", 5.0), (2, "a", 5.0), (1, "a", 5.0))  # at 0, 1 and 2
    assert buyer_pairs(rows, pa.array([1, 2]), 5).time.tolist() == [2]


def test_two_buyers_of_one_product_are_tied_by_half_a_purchase_in_each_direction() -> None:
    ties = build_ties(shop(), as_of=END, kinds=["copurchase"], half_life=None)
    assert ties.select(["source", "target"]).to_pylist() == [
        {"source": 1, "target": 2},
        {"source": 2, "target": 1},
    ]
    # 1 / 2 buyers, half of it each way; log2(1 + 1/4) x the weight 0.5 of the kind
    np.testing.assert_allclose(ties["weight"].to_numpy(), np.log2(1.25) / 2)


def test_a_product_of_more_buyers_than_max_ties_ties_nobody() -> None:
    orders = pd.DataFrame({"member_id": range(5), "product_id": "milk", "amount": 1.0})
    c = Community(orders=orders.assign(order_time=pd.Timestamp("2026-06-30")), tz="UTC")
    # everybody would have four ties
    assert build_ties(c, as_of=END, kinds=["copurchase"], max_ties=4).num_rows == 20
    assert build_ties(c, as_of=END, kinds=["copurchase"], max_ties=3).num_rows == 0


@pytest.mark.filterwarnings("ignore:ties were dropped")
def test_like_tastes_are_no_tie_unless_asked_for() -> None:
    c = small_community(1)
    assert "copurchase" not in build_ties(c, as_of=AS_OF)["kind"].to_pylist()
    weighed = build_ties(c, as_of=AS_OF, weights={"copurchase": 0.1})
    assert {"copurchase", "reply"} <= set(weighed["kind"].to_pylist())


def test_orders_alone_hold_no_ties_unless_asked_for() -> None:
    with pytest.raises(DataError, match="or orders with product_id for kinds"):
        build_ties(shop(), as_of=END)


def test_orders_without_products_cannot_tie() -> None:
    orders = pd.DataFrame({"member_id": [1], "order_time": pd.to_datetime(["2026-01-01"])})
    c = Community(orders=orders.assign(amount=1.0), tz="UTC")
    with pytest.raises(DataError, match="no table holds ties"):
        build_ties(c, as_of=END, kinds=["copurchase"])


@pytest.mark.filterwarnings("ignore:ties were dropped")
def test_row_order_and_the_future_change_nothing() -> None:
    c = small_community(3)
    changed = [c, shuffled(c, 1), with_later_rows(c, small_community(9))]
    ties, *others = (build_ties(of, as_of=AS_OF, weights={"copurchase": 1}) for of in changed)
    assert all(other.equals(ties) for other in others)


@pytest.mark.filterwarnings("ignore:ties were dropped")
def test_ties_by_purchases_can_rank_koc() -> None:
    c = small_community(2)
    ties = build_ties(c, as_of=AS_OF, weights={"copurchase": 1.0})
    ranked = koc(c, as_of=AS_OF, ties=ties)
    assert ranked["bridging"].notna().any()
