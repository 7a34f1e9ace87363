from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import ParameterError
from siyu.recommend.lists.list_rules import ListRules


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"min_new_share": 1.2}, "min_new_share must lie between 0 and 1, got 1.2"),
        ({"min_new_share": "half"}, "min_new_share must lie between 0 and 1, got 'half'"),
        ({"launch_share": -0.1}, "launch_share must lie between 0 and 1"),
        ({"min_probability": float("nan")}, "min_probability must lie between 0 and 1"),
        ({"diversity": 1.0}, "diversity must be 0 or more and below 1, got 1.0"),
        ({"diversity": True}, "diversity must be 0 or more and below 1"),
        ({"launch_age": "soon"}, "launch_age must be a span above 0 such as '28D'"),
        ({"launch_age": "0D"}, "launch_age must be a span above 0"),
        ({"max_per": 3}, "max_per must be like"),
        ({"max_per": {"category": 0}}, "max_per of 'category' must be a whole number of 1"),
        ({"max_per": {"category": 1.5}}, "max_per of 'category' must be a whole number of 1"),
        ({"prefer": "colour"}, "prefer must be one of price, benefit, margin"),
    ],
)
def test_rules_out_of_range_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ListRules(**rules)


def test_no_wish_is_plain() -> None:
    assert ListRules().is_plain


@pytest.mark.parametrize(
    "rules",
    [
        {"min_new_share": 0.1},
        {"max_per": {"category": 1}},
        {"diversity": 0.1},
        {"launch_share": 0.1},
        {"min_probability": 0.1},
        {"products": []},
        {"exclude": pd.DataFrame({"product_id": []})},
        {"only_offered": True},
        {"prefer": "margin"},
    ],
)
def test_any_wish_is_not(rules: dict[str, Any]) -> None:
    assert not ListRules(**rules).is_plain


def test_shares_may_be_whole_numbers() -> None:
    assert ListRules(min_new_share=1).min_new_share == 1


def test_numbers_of_numpy_are_numbers() -> None:
    given: dict[str, Any] = {"max_per": {"category": np.int64(2)}, "diversity": np.float32(0.5)}
    assert ListRules(**given).max_per == {"category": 2}
