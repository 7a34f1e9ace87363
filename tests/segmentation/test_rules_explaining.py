"""Why a member has the value of a rule: every condition, with what was measured."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from example_rules import RULES, one_tag
from siyu.datasets import Community, DataError
from siyu.segmentation.rules.rule_set import TagRules
from strategies import AS_OF, small_community


def test_explain_tells_every_condition_with_what_was_measured() -> None:
    orders = pd.DataFrame(
        {
            "member_id": ["ann", "ann"],
            "order_time": [AS_OF - pd.Timedelta("3D"), AS_OF - pd.Timedelta("300D")],
            "amount": [120.5, 999.0],
        }
    )
    when = {
        "all": [
            {"measure": "spend", "past": "30D", ">=": 100},
            {"not": {"measure": "shares", "past": "30D", ">": 2}},
        ]
    }
    later = {"value": "b", "when": {"measure": "spend", "past": "30D", "between": [1, 200]}}
    rules = one_tag(when, otherwise="rest")
    rules["tags"]["t"]["values"].append(later)
    told = TagRules.from_dict(rules).explain(orders, "ann", as_of=AS_OF)
    assert told.verdict.tolist() == ["unknown", "true", "unknown", "unknown", "true", "false"]
    assert told.decides.tolist() == [False, False, False, False, True, False]
    assert told.path.tolist() == [
        "tags.t.values[0].when",
        "tags.t.values[0].when.all[0]",
        "tags.t.values[0].when.all[1]",
        "tags.t.values[0].when.all[1].not",
        "tags.t.values[1].when",
        "tags.t.otherwise",
    ]
    leaf = told.iloc[1]
    assert (leaf.measure, leaf.operator, leaf.actual_en) == ("spend", ">=", "120.5")
    assert leaf.condition_en == "net spend in the past 30 days is at least 100"
    assert leaf.condition_zh == "近30天净消费额 不低于 100"
    assert told.actual_zh[3] == "未知"
    assert told.condition_en[4] == "net spend in the past 30 days is between 1 and 200"


@settings(max_examples=10)
@given(seed=st.integers(0, 200))
def test_explain_agrees_with_apply(seed: int) -> None:
    c = small_community(seed)
    for row in RULES.apply(c, as_of=AS_OF, output="pyarrow").to_pylist()[::6]:
        told = RULES.explain(c, row["member_id"], as_of=AS_OF)
        for name in ("worth", "social"):
            decided = told[(told.tag == name) & told.decides]
            assert decided.verdict.tolist() == ["true"]
            assert decided.value.fillna("nothing").tolist() == [row[name] or "nothing"]


def test_explain_tells_words_codes_and_moments() -> None:
    c = small_community(1)
    who = c.before(AS_OF).customers()[0].as_py()
    due = pd.Timestamp("2026-03-02 16:00", tz="UTC")
    tags = pd.DataFrame({"member_id": [who], "stage": ["dormant"], "next_due": [due]})
    when = {
        "all": [
            {"measure": "stage", "in": ["dormant", "churned"]},
            {"measure": "next_due", "<": "+7D"},
            {"measure": "region", "is_null": False},
        ]
    }
    told = TagRules.from_dict(one_tag(when)).explain(c, who, as_of=AS_OF, tags=tags)
    assert told.condition_zh[1] == "生命周期阶段 属于 沉睡、流失"
    assert told.actual_zh.tolist()[1:4] == ["沉睡", "2026-03-03 00:00", "未知"]
    assert told.condition_en[2] == "next purchase due is before 7 days ahead"
    assert told.condition_zh[3] == "地区 已知"


@pytest.mark.parametrize("who", ["nobody", 999, True, 1.0, b"1", [1], 2**70, None])
def test_nobody_of_this_id_is_told(who: Any) -> None:
    with pytest.raises(DataError, match="no customer of this member_id"):
        RULES.explain(small_community(0), who, as_of=AS_OF)


def test_a_date_that_the_shops_clocks_skip_is_told() -> None:
    orders = pd.DataFrame({"member_id": 1, "order_time": [AS_OF], "amount": 1.0})
    c = Community(orders=orders, tz="America/New_York")
    rules = TagRules.from_dict(one_tag({"measure": "next_due", "<": "2026-03-08 02:30"}))
    with pytest.raises(DataError, match="'next_due' is compared with 2026-03-08 02:30, which"):
        rules.apply(c, as_of=AS_OF + pd.Timedelta(days=9))
