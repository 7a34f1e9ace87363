"""What a choice of seeds must obey."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets.errors import DataError, ParameterError, SiyuWarning
from siyu.graph.seeding.seed_limits import SeedLimits
from siyu.graph.seeding.seed_rules import SeedRules

IDS = pa.array(["a", "b", "c", "d"])


def frame(column: str, values: list[Any], ids: list[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame({"member_id": ids or ["a", "b", "c", "d"], column: values})


def allowed(limits: SeedLimits, *taken: int) -> list[str]:
    """Name who may follow those taken."""
    state = limits.start()
    for member in taken:
        limits.take(state, member)
    return [IDS[int(i)].as_py() for i in np.flatnonzero(limits.allowed(state))]


def test_the_excluded_are_never_allowed() -> None:
    limits = SeedLimits.of(2, SeedRules(exclude=["b", "nobody"]), IDS)
    assert allowed(limits) == ["a", "c", "d"]


def test_nobody_is_taken_twice() -> None:
    assert allowed(SeedLimits.of(3, SeedRules(), IDS), 0, 2) == ["b", "d"]


def test_after_k_seeds_nobody_follows() -> None:
    assert allowed(SeedLimits.of(2, SeedRules(), IDS), 0, 2) == []


def test_where_fewer_may_be_seeds_all_of_them_are_taken() -> None:
    assert SeedLimits.of(9, SeedRules(exclude=["a"]), IDS).k == 3


def test_who_costs_more_than_is_left_is_not_allowed() -> None:
    rules = SeedRules(costs=frame("cost", [1, 2, 3, 4]), budget=5)
    assert allowed(SeedLimits.of(None, rules, IDS), 1) == ["a", "c"]


def test_a_budget_can_be_spent_to_the_last_cent() -> None:
    rules = SeedRules(costs=frame("cost", [0.1, 0.1, 0.1, 0.1]), budget=0.3)
    assert allowed(SeedLimits.of(None, rules, IDS), 0, 1) == ["c", "d"]


def test_a_full_group_gives_nobody_more() -> None:
    rules = SeedRules(groups=frame("group", ["x", "x", "y", None]), quotas={"x": (0, 1)})
    assert allowed(SeedLimits.of(3, rules, IDS), 0) == ["c", "d"]


def test_the_last_places_are_kept_for_quotas() -> None:
    rules = SeedRules(groups=frame("group", ["x", "x", "y", "y"]), quotas={"y": (1, None)})
    limits = SeedLimits.of(2, rules, IDS)
    assert allowed(limits) == ["a", "b", "c", "d"]
    assert allowed(limits, 0) == ["c", "d"]


def test_money_is_kept_for_quotas() -> None:
    rules = SeedRules(
        groups=frame("group", ["x", "x", "y", "y"]),
        quotas={"y": (1, None)},
        costs=frame("cost", [1, 3, 4, 9]),
        budget=6,
    )
    # With b (3) only 3 would be left, too little for any y; a (1) leaves 5, enough for c (4).
    assert allowed(SeedLimits.of(2, rules, IDS)) == ["a", "c"]


def test_who_is_in_no_group_is_free() -> None:
    rules = SeedRules(groups=frame("group", ["x"], ["a"]), quotas={"x": (None, 0)})
    assert allowed(SeedLimits.of(2, rules, IDS)) == ["b", "c", "d"]


def test_a_bound_on_numbers_takes_the_largest() -> None:
    limits = SeedLimits.of(2, SeedRules(exclude=["d"]), IDS)
    total, members, _ = limits.best_sum(np.array([1.0, 5.0, 3.0, 9.0]))
    assert (total, sorted(members.tolist())) == (8, [1, 2])


def test_a_bound_on_quotas_takes_at_least_what_it_must() -> None:
    rules = SeedRules(groups=frame("group", ["x", "x", "y", "y"]), quotas={"x": (1, 1)})
    limits = SeedLimits.of(2, rules, IDS)
    assert limits.best_sum(np.array([1.0, 2.0, 7.0, 9.0]))[0] == 11


def test_a_bound_on_a_budget_takes_the_last_in_part() -> None:
    rules = SeedRules(costs=frame("cost", [2, 2, 4, 9]), budget=5)
    limits = SeedLimits.of(None, rules, IDS)
    # Per unit of cost: c 2, a 1.5, b 1: all of c (4), half of a (1 of 2).
    assert limits.best_sum(np.array([3.0, 2.0, 8.0, 1.0]))[0] == 8 + 1.5


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"target_ratio": 1.0}, "target_ratio must lie between 0 and 1"),
        ({"confidence": 0.0}, "confidence must lie between 0 and 1"),
        ({"max_sets": 10}, "max_sets must be 256 or more"),
        ({"n_simulations": 1}, "n_simulations must be 2 or more"),
        ({"budget": 3}, "budget needs costs"),
        ({"budget": 0, "costs": frame("cost", [1, 1, 1, 1])}, "budget must be above 0"),
        ({"quotas": {"x": (0, 1)}}, "quotas need groups"),
        ({"quotas": {"x": (2, 1)}, "groups": frame("group", ["x"], ["a"])}, "at least, at most"),
        ({"quotas": {"x": 3}, "groups": frame("group", ["x"], ["a"])}, "at least, at most"),
        ({"quotas": {"x": (0.5, 1)}, "groups": frame("group", ["x"], ["a"])}, "at least, at most"),
    ],
)
def test_rules_out_of_range_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        SeedRules(**rules)


@pytest.mark.parametrize(
    ("k", "rules", "message"),
    [
        (2, {"exclude": ["a", "b", "c", "d"]}, "no member may be a seed"),
        (2, {"costs": frame("cost", [1, 1], ["a", "b"])}, "2 of 4 have none"),
        (2, {"costs": frame("cost", [1, 1], ["a", "a"])}, "1 members more than once"),
        (None, {"costs": frame("cost", [5, 5, 5, 5]), "budget": 4}, "cheapest member costs 5"),
        (
            1,
            {"groups": frame("group", ["x", "x", "y", "y"]), "quotas": {"x": (2, None)}},
            "at least 2 seeds, of k = 1",
        ),
        (
            4,
            {"groups": frame("group", ["x", "y", "y", "y"]), "quotas": {"x": (2, None)}},
            r"\[1\] members who may be seeds, and must give \[2\]",
        ),
    ],
)
def test_rules_that_nobody_can_obey_are_refused(
    k: int | None, rules: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        SeedLimits.of(k, SeedRules(**rules), IDS)


def test_who_is_excluded_needs_no_cost() -> None:
    rules = SeedRules(costs=frame("cost", [1, 2, 3], ["a", "b", "c"]), exclude=["d"], budget=9)
    assert allowed(SeedLimits.of(None, rules, IDS)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("k", "message"), [(None, "give k, the number of seeds, or a budget"), (0, "k must be 1")]
)
def test_a_choice_without_an_end_is_refused(k: int | None, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        SeedLimits.of(k, SeedRules(), IDS)


def test_a_quota_of_a_group_without_members_is_told() -> None:
    rules = SeedRules(groups=frame("group", ["x", "x", "y", "y"]), quotas={"X": (None, 1)})
    with pytest.warns(SiyuWarning, match=r"no member of the graph is in: \['X'\]"):
        SeedLimits.of(2, rules, IDS)


def test_costs_by_ids_of_another_type_are_refused() -> None:
    costs = frame("cost", [1, 1, 1, 1]).assign(member_id=[1, 2, 3, 4])
    with pytest.raises(ParameterError, match="member_id are text here, costs holds integers"):
        SeedLimits.of(2, SeedRules(costs=costs), IDS)


def test_costs_without_their_column_are_refused() -> None:
    with pytest.raises(ParameterError, match="needs the columns member_id and cost"):
        SeedLimits.of(2, SeedRules(costs=frame("price", [1, 1, 1, 1])), IDS)
