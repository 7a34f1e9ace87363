"""Coupons, launches and holders are read as the tables say."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community, DataError
from siyu.recommend.coupons.coupon_pairs import pairs_at_launch, pairs_running
from siyu.recommend.coupons.coupon_pool import CouponPool

DAY = 86_400_000_000
AS_OF = pd.Timestamp("2026-02-01", tz="UTC")
NOW = AS_OF.value // 1000
MEMBERS = pa.array([1, 2, 3], pa.int64())
BOUGHT = pa.array(["oil", "tea"], pa.large_string())


def at(day: str) -> pd.Timestamp:
    return pd.Timestamp(day, tz="UTC")


def offers(**columns: Any) -> pd.DataFrame:
    table = {
        "offer_id": ["a", "b", "p"],
        "kind": ["coupon", "coupon", "product"],
        "starts_at": [at("2026-01-20"), at("2026-01-10"), at("2026-01-10")],
        "ends_at": [at("2026-02-20"), None, None],
    }
    return pd.DataFrame({**table, **columns})


def pool_of(**tables: Any) -> CouponPool:
    c = Community(tz="UTC", **{"offers": offers(), **tables}).before(AS_OF)
    return CouponPool.of(c, NOW, 28 * DAY, MEMBERS, BOUGHT)


def test_only_coupons_count_and_one_without_an_end_runs_for_the_horizon() -> None:
    pool = pool_of()
    assert pool.offers.to_pylist() == ["a", "b"]
    assert (pool.ends[1] - pool.starts[1]) == 28 * DAY


def test_launches_are_numbered_by_beginning() -> None:
    assert pool_of().launch.tolist() == [1, 0]


def test_coupons_of_two_campaigns_are_two_launches_even_at_one_moment() -> None:
    table = offers(starts_at=at("2026-01-10"), campaign_id=[7, 5, 5])
    pool = pool_of(offers=table)
    assert pool.launch.tolist() == [1, 0]
    assert pool.campaigns.take(pa.array(pool.campaign)).to_pylist() == [7, 5]


def test_the_campaign_is_else_that_of_the_sends() -> None:
    sends = pd.DataFrame(
        {"send_time": at("2026-01-21"), "member_id": 1, "offer_id": ["a"], "campaign_id": ["c9"]}
    )
    pool = pool_of(sends=sends)
    assert pool.campaign.tolist() == [0, -1]
    assert pool.campaigns.to_pylist() == ["c9"]


def test_a_coupon_without_products_is_good_for_all() -> None:
    goods = pd.DataFrame({"offer_id": ["a"], "product_id": ["tea"]})
    pool = pool_of(offer_products=goods)
    pairs = [
        (pool.products[int(p)].as_py(), int(o))
        for p, o in zip(pool.rows_product, pool.rows_offer, strict=True)
    ]
    assert pairs == [("oil", 1), ("tea", 0), ("tea", 1)]


def test_a_coupon_of_a_category_is_good_for_its_products() -> None:
    products = pd.DataFrame({"product_id": ["tea", "oil"], "category": ["drink", "food"]})
    pool = pool_of(offers=offers(category=["drink", "food", None]), products=products)
    assert (pool.rows_product.tolist(), pool.rows_offer.tolist()) == ([0, 1], [1, 0])


def test_a_coupon_without_a_beginning_is_counted_out() -> None:
    pool = pool_of(offers=offers(starts_at=[at("2026-01-20"), None, None]))
    assert (pool.offers.to_pylist(), pool.n_undated) == (["a"], 1)


def test_without_coupons_there_is_an_error() -> None:
    with pytest.raises(DataError, match="there are no coupons"):
        pool_of(offers=offers(kind="product"))


def held(**columns: Any) -> pd.DataFrame:
    table = {"offer_id": ["a", "a", "a"], "member_id": [2, 1, 2], "issued_at": at("2026-01-20")}
    return pd.DataFrame({**table, **columns})


def test_a_member_holds_a_coupon_once_until_the_later_expiry_at_most_the_offers() -> None:
    expires = [at("2026-01-25"), at("2027-01-01"), at("2026-01-28")]
    holders = pool_of(offer_members=held(expires_at=expires)).holders
    assert holders.member.tolist() == [0, 1]
    ends = [at("2026-02-20"), at("2026-01-28")]
    assert holders.expires.tolist() == [one.value // 1000 for one in ends]


def test_who_may_have_what_at_a_launch_and_at_a_moment() -> None:
    pool = pool_of(offer_members=held())
    everybody = np.arange(3)
    personal = pairs_at_launch(pool, 1, NOW, everybody, 100, 0)
    assert (personal.member.tolist(), personal.offer.tolist()) == ([0, 1], [0, 0])
    assert set(personal.ends.tolist()) == {NOW}  # it still runs: watched until now
    to_all = pairs_at_launch(pool, 0, NOW, everybody, 100, 0)
    assert (to_all.member.tolist(), to_all.offer.tolist()) == ([0, 1, 2], [1, 1, 1])
    running = pairs_running(pool, NOW, everybody, np.arange(2))
    assert list(zip(running.member.tolist(), running.offer.tolist(), strict=True)) == [
        (0, 1), (0, 0), (1, 1), (1, 0), (2, 1),
    ]  # fmt: skip


def test_too_many_pairs_are_drawn_by_member() -> None:
    pool = pool_of(offer_members=held())
    few = pairs_at_launch(pool, 0, NOW, np.arange(3), 2, 0)
    assert len(few) == 2


def test_a_list_as_it_looked_at_its_launch_has_no_coupon_issued_days_later() -> None:
    issued = [at("2026-01-22"), at("2026-01-20") + pd.Timedelta("9h"), at("2026-01-23")]
    pool = pool_of(offer_members=held(member_id=[2, 1, 3], issued_at=issued))
    assert pairs_at_launch(pool, 1, NOW, np.arange(3), 100, 0).member.tolist() == [0]
    running = pairs_running(pool, NOW, np.arange(3), np.array([0]))
    assert running.member.tolist() == [0, 1, 2]  # now they have it, and it is ranked


def test_of_a_coupon_issued_twice_the_first_issue_counts() -> None:
    issued = [at("2026-01-29"), at("2026-01-21"), at("2026-01-20")]
    holders = pool_of(offer_members=held(issued_at=issued)).holders
    assert holders.issued.tolist() == [one.value // 1000 for one in (issued[1], issued[2])]


def test_campaigns_that_a_frame_made_floats_of_keep_their_kind() -> None:
    told = pd.DataFrame({"campaign_id": [5, 7], "kind": ["mail", "visit"]})
    pool = pool_of(offers=offers(campaign_id=[7.0, None, 5.0]), campaigns=told)
    assert pool.campaigns.to_pylist() == [7]
    assert pool.kind.tolist() == [1, -1]


def test_campaigns_of_another_type_keep_their_name_and_have_no_kind() -> None:
    told = pd.DataFrame({"campaign_id": [5, 7], "kind": ["mail", "visit"]})
    pool = pool_of(offers=offers(campaign_id=["x", "y", "z"]), campaigns=told)
    assert (pool.campaigns.to_pylist(), pool.kind.tolist()) == (["x", "y"], [-1, -1])


def test_a_coupon_that_has_expired_for_the_member_does_not_run() -> None:
    pool = pool_of(offer_members=held(expires_at=at("2026-01-30")))
    running = pairs_running(pool, NOW, np.arange(3), np.arange(2))
    assert running.offer.tolist() == [1, 1, 1]
