"""What rules mean: the same as a slow reading of them, one member and one row at a time."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rule_oracle import Shop, asker, outcome
from rule_strategies import STAGES, rule_sets
from siyu.datasets import Community, DataError
from siyu.segmentation.rules.rule_set import TagRules
from strategies import AS_OF, TZ, small_community


def community(seed: int, *, text_ids: bool = False) -> Community:
    """Make a small community whose members have a region, a city, points and a year of birth."""
    c = small_community(seed, text_ids=text_ids)
    rng = np.random.default_rng(seed)
    members = c.members
    assert members is not None
    n = len(members)
    members["region"] = rng.choice(np.array(["north", "south", None], dtype=object), n)
    members["city"] = rng.choice(np.array(["north", "west", None], dtype=object), n)
    members["birth_year"] = np.where(rng.random(n) < 0.3, np.nan, rng.integers(1950, 2010, n))
    flags = np.array([True, False, None], dtype=object)
    members["vip"] = pd.Series(rng.choice(flags, n), dtype="boolean")
    members["points"] = np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 20, n))
    tables: dict[str, Any] = {name: c.arrow(name) for name in c.tables()}
    return Community(tz=TZ, **tables | {"members": members})


def tags_for(c: Community, seed: int) -> pd.DataFrame:
    """Make up tags, some of them unknown, for most customers."""
    rng = np.random.default_rng(seed)
    members = c.before(AS_OF).customers().to_pylist()[1:]
    n = len(members)
    flags = np.array([True, False, None], dtype=object)
    due = pd.Series(AS_OF + pd.to_timedelta(rng.integers(-2_500, 600, n), unit="h"))
    number = np.where(rng.random(n) < 0.3, np.nan, rng.integers(-2, 30, n))
    return pd.DataFrame(
        {
            "member_id": members,
            "stage": rng.choice(np.array([*STAGES, None], dtype=object), n),
            "purchase_value": number,
            "n_shares": pd.array(rng.integers(0, 4, n), dtype="Int64"),
            "next_due": due.where(rng.random(n) < 0.8),
            "night_owl": pd.Series(rng.choice(flags, n), dtype="boolean"),
        }
    )


def values_of(tags: pd.DataFrame, who: Any) -> dict[str, Any]:
    """Give the made-up tags of one member as plain values."""
    row = tags[tags.member_id == who].to_dict("records")
    held = row[0] if row else dict.fromkeys(tags.columns)
    return {str(k): None if v is None or pd.isna(v) else v for k, v in held.items()}


@settings(max_examples=60)
@given(rules=rule_sets(), seed=st.integers(0, 30))
def test_rules_mean_what_a_slow_reading_says(rules: dict[str, Any], seed: int) -> None:
    c = community(seed)
    shop, tags = Shop.of(c.before(AS_OF)), tags_for(c, seed)
    found = TagRules.from_dict(rules).apply(c, as_of=AS_OF, tags=tags, output="pyarrow")
    for row in found.to_pylist()[::5]:
        values = values_of(tags, row["member_id"])
        for name, tag in rules["tags"].items():
            values[name] = outcome(tag, asker(shop, row["member_id"], AS_OF, values))
            assert row[name] == values[name]


def decide(rules: dict[str, Any] | list[Any], c: Community, **more: Any) -> list[Any]:
    """Apply one tag, given by its values or whole, and list its codes."""
    tag = {"values": rules} if isinstance(rules, list) else rules
    made = TagRules.from_dict({"version": 1, "tags": {"t": tag}})
    found = made.apply(c, as_of=AS_OF, output="pyarrow", **more)
    codes: list[Any] = found["t"].to_pylist()
    return codes


def members_with(**columns: list[Any]) -> Community:
    n = len(next(iter(columns.values())))
    return Community(tz=TZ, members=pa.table({"member_id": list(range(n)), **columns}))


def test_the_first_value_that_is_true_wins() -> None:
    c = members_with(region=["north", "south"])
    values = [
        {"value": "a", "when": {"measure": "region", "==": "north"}},
        {"value": "b", "when": {"measure": "region", "in": ["north", "south"]}},
    ]
    assert decide(values, c) == ["a", "b"]


def test_an_unknown_value_matches_neither_a_comparison_nor_its_opposite() -> None:
    c = members_with(region=["north", None])
    north = {"measure": "region", "==": "north"}
    values = [{"value": "yes", "when": north}, {"value": "no", "when": {"not": north}}]
    assert decide(values, c) == ["yes", None]


def test_unknown_passes_on_to_a_later_value_that_is_true() -> None:
    c = members_with(region=[None], gender=["f"])
    values = [
        {"value": "a", "when": {"measure": "region", "==": "north"}},
        {"value": "b", "when": {"measure": "gender", "==": "f"}},
    ]
    assert decide(values, c) == ["b"]


def test_otherwise_is_for_the_false_and_unknown_for_the_unknown() -> None:
    c = members_with(region=["south", None])
    values = [{"value": "a", "when": {"measure": "region", "==": "north"}}]
    assert decide({"values": values, "otherwise": "rest"}, c) == ["rest", None]
    both = {"values": values, "otherwise": "rest", "unknown": "open"}
    assert decide(both, c) == ["rest", "open"]


def test_is_null_asks_for_the_unknown() -> None:
    c = members_with(region=["south", None])
    values = [{"value": "a", "when": {"measure": "region", "is_null": True}}]
    assert decide({"values": values, "otherwise": "rest"}, c) == ["rest", "a"]


@pytest.mark.parametrize(
    ("join", "other", "expected"),
    [("all", "f", None), ("all", "m", "rest"), ("any", "f", "a"), ("any", "m", None)],
)
def test_an_unknown_part_decides_only_what_the_others_leave_open(
    join: str, other: str, expected: str | None
) -> None:
    c = members_with(region=[None], gender=["f"])
    parts = [{"measure": "region", "==": "north"}, {"measure": "gender", "==": other}]
    tag = {"values": [{"value": "a", "when": {join: parts}}], "otherwise": "rest"}
    assert decide(tag, c) == [expected]


def test_dates_are_on_the_clock_of_the_shop() -> None:
    c = members_with(region=["x", "x", "x"])
    due = ["2026-02-28 15:59", "2026-02-28 16:00", None]  # in Shanghai 23:59 and midnight
    tags = pd.DataFrame(
        {"member_id": [0, 1, 2], "next_due": pd.to_datetime(pd.Series(due), utc=True)}
    )
    values = [{"value": "before", "when": {"measure": "next_due", "<": "2026-03-01"}}]
    assert decide({"values": values, "otherwise": "no"}, c, tags=tags) == ["before", "no", None]


def test_spans_of_time_are_counted_from_as_of() -> None:
    c = members_with(region=["x", "x"])
    due = [AS_OF + pd.Timedelta("7D"), AS_OF + pd.Timedelta("8D")]
    tags = pd.DataFrame({"member_id": [0, 1], "next_due": due})
    values = [{"value": "soon", "when": {"measure": "next_due", "between": ["0D", "+7D"]}}]
    assert decide({"values": values, "otherwise": "no"}, c, tags=tags) == ["soon", "no"]


def test_ids_are_compared_as_words() -> None:
    c = members_with(region=["x", "x"])
    tags = pd.DataFrame({"member_id": [0, 1], "favourite_store": [12, 13]})
    values = [{"value": "here", "when": {"measure": "favourite_store", "==": "12"}}]
    assert decide({"values": values, "otherwise": "no"}, c, tags=tags) == ["here", "no"]


def test_own_columns_of_given_tags_can_be_asked_for() -> None:
    c = members_with(region=["x", "x"])
    tags = pd.DataFrame({"member_id": [0, 1], "koc_score": [0.9, 0.1]})
    values = [{"value": "koc", "when": {"measure": "tags.koc_score", ">": 0.5}}]
    assert decide({"values": values, "otherwise": "no"}, c, tags=tags) == ["koc", "no"]


def test_a_column_of_another_type_than_its_rule_is_refused() -> None:
    c = members_with(city=["x"])
    values = [{"value": "a", "when": {"measure": "members.city", ">": 3}}]
    with pytest.raises(DataError, match=r"'members.city' holds a word, but a rule compares it"):
        decide(values, c)


def test_tags_with_ids_of_another_type_are_refused() -> None:
    tags = pd.DataFrame({"member_id": ["a"], "stage": ["new"]})
    values = [{"value": "a", "when": {"measure": "stage", "==": "new"}}]
    with pytest.raises(DataError, match="member ids are"):
        decide(values, members_with(city=["x"]), tags=tags)


def test_tags_with_repeated_ids_are_refused() -> None:
    tags = pd.DataFrame({"member_id": [0, 0], "stage": ["new", "loyal"]})
    values = [{"value": "a", "when": {"measure": "stage", "==": "new"}}]
    with pytest.raises(DataError, match="null or repeated"):
        decide(values, members_with(city=["x"]), tags=tags)


def test_tags_without_ids_are_refused() -> None:
    values = [{"value": "a", "when": {"measure": "stage", "==": "new"}}]
    with pytest.raises(DataError, match="tags need member_id"):
        decide(values, members_with(city=["x"]), tags=pd.DataFrame({"stage": ["new"]}))
