"""Purchase lines in order of member and time."""

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, SiyuWarning
from siyu.segmentation import tag
from siyu.segmentation.tagging.order_lines import order_lines

# In St John's clocks went from 00:01 back to 23:01 of the day before.
AGAIN = pd.DataFrame(
    {
        "member_id": [1, 1, 1, 2],
        "order_time": pd.to_datetime(
            ["2010-11-07 02:00Z", "2010-11-07 02:30:30Z", "2010-11-07 02:45Z", "2010-11-07 02:00Z"],
            format="ISO8601",
        ),
        "amount": [6.0, 6.0, 6.0, 5.0],
    }
)
THERE = Community(orders=AGAIN, tz="America/St_Johns")


def test_days_rise_where_clocks_go_back_past_midnight() -> None:
    orders = THERE.arrow("orders")
    assert orders is not None
    lines = order_lines(THERE, orders, THERE.customers())
    assert (lines.day - lines.day[0]).tolist() == [0, 1, 1, 0]


def test_a_day_that_comes_again_is_no_third_visit() -> None:
    with pytest.warns(SiyuWarning, match="unknown, hence null"):
        found = tag(THERE, as_of="2010-12-01")
    assert found.purchase_value.tolist() == [9.0, 5.0]


def test_lines_stand_by_member_and_time_whatever_their_order() -> None:
    c = Community(orders=AGAIN.iloc[::-1], tz="America/St_Johns")
    orders = c.arrow("orders")
    assert orders is not None
    lines = order_lines(c, orders, c.customers())
    assert lines.codes.tolist() == [0, 0, 0, 1]
    assert np.all(np.diff(lines.times[:3]) > 0)
