"""Referred members beside matched others, worked by hand and against plain loops."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fission_worlds import community, joined, orders, referrals
from siyu.datasets import Community, DataError, label, make_community
from siyu.graph.fission.matched_value import referred_value

AS_OF = "2026-09-01"

# Store x: 11 and 12 referred by 1; 2 and 3 came by themselves. Store y: 13 referred, 4 and 5
# not. Store z: 14 referred, nobody to compare with. All joined in March, but for the inviter.
MEMBERS = joined(
    m1="2026-01-01", m2="2026-03-01", m3="2026-03-02", m4="2026-03-03", m5="2026-03-04",
    m11="2026-03-05", m12="2026-03-06", m13="2026-03-07", m14="2026-03-08",
).assign(store_id=["x", "x", "x", "y", "y", "x", "x", "y", "z"])  # fmt: skip
ROWS = (
    (1, 11, "2026-03-05"),
    (1, 12, "2026-03-06"),
    (1, 13, "2026-03-07"),
    (1, 14, "2026-03-08"),
)
BOUGHT = orders(
    (2, "2026-03-10", 10.0), (4, "2026-03-10", 40.0), (5, "2026-03-10", 20.0),
    (11, "2026-03-10", 30.0), (13, "2026-03-10", 50.0), (14, "2026-03-10", 99.0),
    (12, "2026-08-01", 70.0),
)  # fmt: skip


def world(**changed: Any) -> Community:
    tables = {"members": MEMBERS, "referrals": referrals(*ROWS), "orders": BOUGHT}
    return community(**{**tables, **changed})


def outcomes(c: Community, **more: Any) -> Any:
    return referred_value(c, as_of=AS_OF, **more).set_index("outcome")


def test_the_others_are_weighted_to_the_stores_of_the_referred() -> None:
    # Store x twice (30 and 0 against 5), store y once (50 against 30).
    value = outcomes(world()).loc["value"]
    assert value["referred"] == pytest.approx((30 + 0 + 50) / 3)
    assert value["others"] == pytest.approx((5 + 5 + 30) / 3)
    assert value["difference"] == pytest.approx((25 - 5 + 20) / 3)


def test_conversion_is_compared_in_the_same_way() -> None:
    # Store x: 1/2 of the referred against 1/2; store y: 1 against 1.
    bought = outcomes(world()).loc["bought"]
    assert bought["referred"] == pytest.approx(2 / 3)
    assert bought["difference"] == pytest.approx(0.0)


def test_the_referred_without_others_lie_outside_the_overlap() -> None:
    bought = outcomes(world()).loc["bought"]
    assert bought[["n_referred", "n_matched", "n_used"]].tolist() == [4, 3, 4]
    assert bought["overlap"] == pytest.approx(3 / 4)


def test_the_raw_difference_is_without_matching() -> None:
    # Referred 30, 0, 50, 99; others 0 (the inviter), 10, 0, 40, 20.
    assert outcomes(world()).loc["value", "raw_difference"] == pytest.approx(179 / 4 - 14.0)


def test_purchases_after_the_window_do_not_count() -> None:
    assert outcomes(world(), window="200D")["n_referred"].tolist() == [0, 0]
    longer = referred_value(world(), as_of="2026-12-01", window="200D").set_index("outcome")
    assert longer.loc["value", "referred"] == pytest.approx((30 + 70 + 50) / 3)


def test_refunds_lower_the_value() -> None:
    refunded = pd.concat([BOUGHT, orders((11, "2026-03-20", -6.0))])
    value = outcomes(world(orders=refunded)).loc["value"]
    assert value["referred"] == pytest.approx(74 / 3)


def test_members_whose_window_is_open_are_left_out_and_counted() -> None:
    found = referred_value(world(), as_of="2026-06-02").iloc[0]
    # Ninety days after March 4 end on June 2.
    assert found[["n_referred", "n_others", "n_left_out"]].tolist() == [0, 5, 4]


def test_who_had_bought_before_joining_is_left_out() -> None:
    before = pd.concat([BOUGHT, orders((3, "2026-02-01", 9.0), (12, "2026-02-01", 9.0))])
    found = outcomes(world(orders=before)).loc["value"]
    assert found[["n_referred", "n_left_out"]].tolist() == [3, 2]


def test_other_columns_can_be_matched() -> None:
    value = outcomes(world(), match=[]).loc["value"]
    assert value[["n_matched", "n_used"]].tolist() == [4, 4]
    assert value["others"] == pytest.approx(70 / 4)


def test_the_region_is_matched_where_no_store_is_known() -> None:
    regions = MEMBERS.rename(columns={"store_id": "region"})
    pd.testing.assert_frame_equal(outcomes(world(members=regions)), outcomes(world()))


def test_suspects_are_left_out_and_counted() -> None:
    ring = [(21, 22, "2026-03-05"), (22, 23, "2026-03-06"), (23, 21, "2026-03-07")]
    c = world(referrals=referrals(*ROWS, *ring))
    assert outcomes(c)["n_suspects"].tolist() == [3, 3]


def test_the_interval_is_the_documented_one() -> None:
    # One inviter: the gaps 25, -5 and 20 add up to 3 x the difference, so that part is 0.
    # Others: residuals 5, -5, 10, -10 with two degrees of freedom: s2 = 125; 125 (4/2 + 1/2) / 9.
    value = outcomes(world()).loc["value"]
    half = 1.959964 * np.sqrt(125 * (4 / 2 + 1 / 2) / 9)
    assert value["high"] - value["difference"] == pytest.approx(half, rel=1e-6)


def test_without_two_others_in_a_stratum_the_interval_is_unknown() -> None:
    few = world(members=MEMBERS[MEMBERS["member_id"].isin([1, 2, 4, 11, 13])])
    value = outcomes(few).loc["value"]
    assert value["difference"] == pytest.approx((20 + 10) / 2)
    assert pd.isna(value["low"])


def test_nobody_to_compare_gives_nulls() -> None:
    alone = world(members=MEMBERS[MEMBERS["member_id"].isin([1, 11])])
    value = outcomes(alone).loc["value"]
    assert value[["referred", "others", "difference", "low"]].isna().all()
    assert value["overlap"] == 0.0


@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_a_plain_loop_over_strata_agrees(seed: int) -> None:
    c = make_community(300, random_state=seed)
    found = referred_value(c, as_of="2026-07-01", match=["region"]).set_index("outcome")
    members, rows = c.members, c.orders
    assert members is not None
    assert rows is not None
    month = members["joined_at"].dt.tz_convert("Asia/Shanghai").dt.strftime("%Y-%m")
    members["stratum"] = month + members["region"].fillna("")
    joined_at = members.set_index("member_id")["joined_at"]
    since = rows["member_id"].map(joined_at)
    until = since + pd.Timedelta("90D")
    paid = rows[(rows["order_time"] >= since) & (rows["order_time"] < until)]
    members["value"] = members["member_id"].map(paid.groupby("member_id")["amount"].sum()).fillna(0)
    closed = members["joined_at"] + pd.Timedelta("90D") <= pd.Timestamp(
        "2026-07-01", tz="Asia/Shanghai"
    )
    ring = members["member_id"].isin(c.truth["rings"]["member_id"])
    watched = members[closed & (members["kind"] == "customer") & ~ring]
    gaps = []
    for _, stratum in watched.groupby("stratum"):
        is_referred = stratum["source"] == "referral"
        if is_referred.any() and not is_referred.all():
            usual = stratum.loc[~is_referred, "value"].mean()
            gaps += (stratum.loc[is_referred, "value"] - usual).tolist()
    assert found.loc["value", "n_matched"] == len(gaps)
    assert found.loc["value", "difference"] == pytest.approx(np.mean(gaps))


@pytest.mark.parametrize("table", ["referrals", "orders", "members"])
def test_all_three_tables_are_needed(table: str) -> None:
    with pytest.raises(DataError, match=table):
        referred_value(world(**{table: None}), as_of=AS_OF)


def test_dates_of_joining_are_needed() -> None:
    with pytest.raises(DataError, match="joined_at"):
        referred_value(world(members=MEMBERS[["member_id"]]), as_of=AS_OF)


def test_a_column_to_match_must_be_there() -> None:
    with pytest.raises(DataError, match="colour"):
        referred_value(world(), as_of=AS_OF, match=["colour"])


def test_outcomes_have_words() -> None:
    assert label(outcomes(world()).reset_index(), "zh")["outcome"].tolist() == [
        "下单转化",
        "人均消费",
    ]
