"""Forecasts beyond the windows they were learned from, and what visits bring less refunds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community, make_community
from siyu.segmentation.value.btyd_forecasts import history_summary
from siyu.segmentation.value.money_forecasts import MoneyPerVisit
from siyu.segmentation.value.visit_forecasts import VisitForecasts
from siyu.segmentation.value.visit_history import History, history_before

AS_OF = pd.Timestamp("2026-03-01", tz="Asia/Shanghai")


def _history(c: Community) -> History:
    return history_before(c, AS_OF, "orders")[0]


def test_trees_of_a_short_window_are_carried_on_by_the_btyd_models() -> None:
    h = _history(make_community(300, random_state=4))
    long = VisitForecasts.fit(h, -h.first_day, n_bags=1)
    assert 0 < long.window < long.horizon
    summary: pa.Table = history_summary(h)[1]
    growth = long.btyd_mean(summary, long.horizon) / long.btyd_mean(summary, long.window)
    found = long.predict(h)[1]["LightGBM"]
    short = replace(long, horizon=long.window).predict(h)[1]["LightGBM"]
    np.testing.assert_allclose(found / short, growth)


def test_refunds_on_other_days_lower_what_a_visit_brings() -> None:
    days = [f"2026-01-{day:02}" for day in (1, 2, 5, 9, 11, 20, 28)]
    orders = pd.DataFrame({"member_id": [1, 2, 1, 2, 1, 2, 2]})
    orders["order_time"] = pd.to_datetime(days).tz_localize("Asia/Shanghai")
    orders["amount"] = [10.0, 12.0, 8.0, 20.0, 10.0, 20.0, -20.0]
    h = _history(Community(orders=orders, tz="Asia/Shanghai"))
    money = MoneyPerVisit.fit(h)
    assert money.kept == pytest.approx(60 / 80)
    whole = replace(money, kept=1.0).expected(h)
    np.testing.assert_allclose(money.expected(h), whole * 60 / 80)
