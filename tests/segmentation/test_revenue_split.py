"""What moved the revenue: contributions that leave nothing over, worked by hand and at random."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning
from siyu.datasets.labels import words_of
from siyu.segmentation.journey import revenue_split
from siyu.segmentation.journey.revenue_drivers import DRIVERS

TZ = "Asia/Shanghai"
SPANS: dict[str, Any] = {
    "as_of": "2026-03-01",
    "period": ("2026-02-01", "2026-03-01"),
    "baseline": ("2026-01-01", "2026-01-29"),
}


def _orders(seed: int, n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2026-01-01", tz=TZ)
    return pd.DataFrame(
        {
            "member_id": rng.integers(0, 40, n),
            "order_time": start + pd.to_timedelta(rng.integers(0, 59 * 24, n), unit="h"),
            "amount": rng.normal(30, 25, n).round(2),
            "order_id": rng.integers(0, n // 2, n),
            "channel": rng.choice(["store", "miniprogram", "live"], n),
        }
    )


def _net(orders: pd.DataFrame, span: tuple[str, str]) -> float:
    start, end = (pd.Timestamp(side, tz=TZ) for side in span)
    inside = (orders.order_time >= start) & (orders.order_time < end)
    return float(orders.amount[inside].sum())


@pytest.mark.parametrize("by", [None, "channel", "cohort"])
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 300))
def test_contributions_sum_to_the_whole_change(by: str | None, seed: int, n: int) -> None:
    orders = _orders(seed, max(n, 2)).head(n)
    found = revenue_split(Community(orders=orders, tz=TZ), by=by, **SPANS)
    change = _net(orders, SPANS["period"]) - _net(orders, SPANS["baseline"])
    assert found.contribution.sum() == pytest.approx(change, abs=1e-9)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_factors_multiply_to_the_revenue_of_each_group(seed: int) -> None:
    found = revenue_split(Community(orders=_orders(seed), tz=TZ), by="channel", **SPANS)
    for column, whole in (("before", "amount_before"), ("after", "amount_after")):
        wide = found.pivot_table(index="group", columns="driver", values=column, observed=True)
        product = wide.buyers * wide.orders_per_buyer * wide.basket_value + wide.refunds
        told = found.groupby("group")[whole].first()
        np.testing.assert_allclose(product, told, atol=1e-9)


def test_contributions_are_the_mean_over_all_orders_of_change() -> None:
    found = revenue_split(Community(orders=_orders(5), tz=TZ), **SPANS).set_index("driver")
    before, after = found.before.to_dict(), found.after.to_dict()
    expected = dict.fromkeys(DRIVERS[:3], 0.0)
    for order in itertools.permutations(DRIVERS[:3]):
        now = {name: before[name] for name in DRIVERS[:3]}
        for name in order:
            was = np.prod(list(now.values()))
            now[name] = after[name]
            expected[name] += (np.prod(list(now.values())) - was) / 6
    for name, value in expected.items():
        assert found.contribution[name] == pytest.approx(value)


def test_what_did_not_change_contributes_nothing() -> None:
    times = pd.to_datetime(["2026-01-05", "2026-02-05", "2026-02-06"]).tz_localize(TZ)
    orders = pd.DataFrame({"member_id": [1, 1, 2], "order_time": times, "amount": 10.0})
    found = revenue_split(Community(orders=orders), **SPANS)
    assert found.contribution.tolist() == [10, 0, 0, 0]
    assert found["share"].tolist() == [1, 0, 0, 0]


def test_a_group_that_did_not_buy_before_grew_by_its_buyers() -> None:
    times = pd.to_datetime(["2026-02-05", "2026-02-06", "2026-02-06"]).tz_localize(TZ)
    orders = pd.DataFrame({"member_id": [1, 1, 2], "order_time": times, "amount": 10.0})
    found = revenue_split(Community(orders=orders), **SPANS)
    assert found.contribution.tolist() == [30, 0, 0, 0]
    assert found.before.isna().tolist() == [False, True, True, False]


def test_money_paid_back_is_a_driver_of_its_own() -> None:
    times = pd.to_datetime(["2026-01-05", "2026-02-05", "2026-02-09"]).tz_localize(TZ)
    orders = pd.DataFrame({"member_id": [1, 1, 1], "order_time": times, "amount": [10.0, 10, -4]})
    found = revenue_split(Community(orders=orders), **SPANS).set_index("driver")
    assert found.contribution.to_dict() == {
        "buyers": 0, "orders_per_buyer": 0, "basket_value": 0, "refunds": -4,
    }  # fmt: skip


def test_lines_of_one_order_are_one_order() -> None:
    times = pd.to_datetime(["2026-02-05 10", "2026-02-05 11"]).tz_localize(TZ)
    orders = pd.DataFrame({"member_id": [1, 1], "order_time": times, "amount": 10.0})
    by_day = revenue_split(Community(orders=orders), **SPANS).set_index("driver")
    by_id = revenue_split(Community(orders=orders.assign(order_id=[1, 2])), **SPANS)
    assert by_day.after["orders_per_buyer"] == 1
    assert by_id.set_index("driver").after["orders_per_buyer"] == 2


def test_spans_of_unlike_length_are_told_of() -> None:
    with pytest.warns(SiyuWarning, match="more than 5 % longer"):
        revenue_split(
            Community(orders=_orders(0), tz=TZ),
            as_of="2026-03-01",
            period=("2026-02-01", "2026-03-01"),
            baseline=("2026-01-01", "2026-02-01"),
        )


@pytest.mark.parametrize("period", [("2026-02-01", "2026-03-02"), ("2026-02-01", "2026-02-01")])
def test_spans_that_make_no_sense_are_refused(period: tuple[str, str]) -> None:
    c = Community(orders=_orders(0), tz=TZ)
    with pytest.raises(ParameterError, match="period must end"):
        revenue_split(c, as_of="2026-03-01", period=period, baseline=("2026-01-01", "2026-02-01"))


def test_a_baseline_from_before_the_record_is_refused() -> None:
    observed = {"orders": ("2026-01-10", "2026-06-01")}
    c = Community(orders=_orders(0), tz=TZ, observed=observed)
    with pytest.raises(DataError, match="not yet recorded when baseline began"):
        revenue_split(c, **SPANS)


def test_every_driver_has_words() -> None:
    assert set(DRIVERS) == set(words_of("driver", "zh"))
