"""What a list is for: relevant pairs, their worth, the score, and the metric."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from planted_shop import AS_OF, make_shop
from siyu.datasets import Community, ParameterError
from siyu.recommend.ranking.goals import (
    GOALS,
    Goal,
    captured_value,
    goal_of,
    value_parts,
    value_score,
)
from siyu.recommend.tables.purchases import Purchases

CUT = "2026-02-01"
CATEGORY = np.array([0, 0, 1, -1])  # of the products p, q, r, s


def _bought() -> tuple[Purchases, Purchases]:
    """Read a small history: member 1 bought p before; then q, r and s in two baskets."""
    rows = [
        (1, "2026-01-05", "p", 1),
        (1, "2026-02-03", "q", 2),
        (1, "2026-02-03", "s", 3),  # another order at the same instant
        (1, "2026-02-09", "r", 4),
        (2, "2026-02-20", "p", 5),
        (2, "2026-02-21", "q", 6),
    ]
    columns = ["member_id", "order_time", "product_id", "order_id"]
    orders = pd.DataFrame(rows, columns=columns).assign(amount=4.0)
    orders["order_time"] = pd.to_datetime(orders["order_time"], utc=True)
    c = Community(orders=orders)
    bought, cut = Purchases.of(c), c.moment(CUT)
    return bought.before(cut), bought.between(cut, 2 * cut)


def _pairs(goal: str, worth: np.ndarray | None = None) -> list[tuple[int, str]]:
    hits = goal_of(goal).hits(*_bought(), CATEGORY, worth)
    return [(int(key // 4) + 1, "pqrs"[key % 4]) for key in hits.keys]


def test_repurchase_is_everything_bought_new_or_again() -> None:
    assert _pairs("repurchase") == [(1, "q"), (1, "r"), (1, "s"), (2, "p"), (2, "q")]


def test_a_new_category_is_one_the_member_had_nothing_of() -> None:
    # Member 1 had p, of the category of q. Nobody knows the category of s.
    assert _pairs("new_category") == [(1, "r"), (2, "p"), (2, "q")]


def test_forgotten_purchases_make_a_category_new_again() -> None:
    before, later = _bought()
    hits = goal_of("new_category").hits(before.before(0), later, CATEGORY)
    assert hits.keys.tolist() == [1, 2, 4, 5]


def test_a_visit_is_the_first_basket_and_all_orders_of_its_instant() -> None:
    assert _pairs("visit") == [(1, "q"), (1, "s"), (2, "p")]


@pytest.mark.parametrize("goal", ["gmv", "margin"])
def test_a_hit_is_worth_what_is_known_of_its_product(goal: str) -> None:
    worth = np.array([3.0, -2.0, np.nan, 5.0])
    hits = goal_of(goal).hits(*_bought(), CATEGORY, worth)
    assert hits.worth.tolist() == [0.0, 0.0, 5.0, 3.0, 0.0]


def test_other_hits_are_worth_one_each() -> None:
    hits = goal_of("visit").hits(*_bought())
    assert hits.worth.tolist() == [1.0] * 3


def test_hits_tell_their_members_and_whether_they_hold_a_pair() -> None:
    hits = goal_of("visit").hits(*_bought())
    assert hits.member.tolist() == [0, 0, 1]
    assert hits.contains(np.array([1, 2])).tolist() == [True, False]


@pytest.mark.parametrize("goal", GOALS)
def test_no_later_purchases_are_no_hits(goal: str) -> None:
    before, later = _bought()
    hits = goal_of(goal).hits(before, later.before(0), CATEGORY, np.ones(4))
    assert len(hits.keys) == 0


@pytest.mark.parametrize(("goal", "lacks"), [("new_category", "category"), ("gmv", "worth")])
def test_a_goal_without_what_it_needs_is_refused(goal: str, lacks: str) -> None:
    before, later = _bought()
    with pytest.raises(ParameterError, match=f"needs {lacks}"):
        goal_of(goal).hits(before, later)


def test_an_unknown_goal_is_refused() -> None:
    with pytest.raises(ParameterError, match="goal must be one of repurchase"):
        goal_of("fame")


def test_only_money_goals_are_judged_by_money() -> None:
    judged = {name: goal_of(name).metric for name in GOALS if goal_of(name).is_money}
    assert judged == {"margin": "captured", "gmv": "captured"}


def test_the_hits_of_a_goal_are_purchases_of_the_window() -> None:
    c = make_shop()
    bought, moment = Purchases.of(c), c.moment(AS_OF) - 28 * 86_400_000_000
    before, later = bought.before(moment), bought.between(moment, c.moment(AS_OF))
    every = goal_of("repurchase").hits(before, later)
    first = goal_of("visit").hits(before, later)
    assert 0 < len(first.keys) < len(every.keys)
    assert every.contains(first.keys).all()


finite = st.floats(-30, 30)


@given(arrays.arrays(np.float64, 6, elements=finite), st.floats(0.01, 1e6))
def test_the_score_is_the_log_of_probability_times_worth(odds: np.ndarray, worth: float) -> None:
    chance = 1 / (1 + np.exp(-odds))
    found = value_score(odds, np.full(6, worth))
    np.testing.assert_allclose(found, np.log(chance * worth), rtol=1e-9, atol=1e-9)


@given(arrays.arrays(np.float64, 6, elements=finite))
def test_the_parts_of_a_score_add_up_to_it(odds: np.ndarray) -> None:
    worth = np.array([1.0, 2.0, 0.5, 0.0, -1.0, np.nan])
    parts = value_parts(odds, worth)
    assert np.array_equal(odds + parts["ceiling"] + parts["worth"], value_score(odds, worth))


def test_nothing_to_earn_and_nothing_known_end_the_list() -> None:
    assert value_score(np.zeros(3), np.array([0.0, -4.0, np.nan])).tolist() == [-np.inf] * 3


def test_worth_changes_the_order_where_chances_are_alike() -> None:
    score = value_score(np.array([0.0, -0.5]), np.array([1.0, 10.0]))
    assert score[1] > score[0]


def test_captured_value_is_a_share_of_the_best_list() -> None:
    # Within reach of member 0 at k = 2: 6 + 3 of worths 6, 3, 1; found: 3 + 0. Member 1 has no
    # list, member 2 nothing to be found.
    possible = np.array([0, 0, 0, 1]), np.array([1.0, 6.0, 3.0, 2.0]), 3
    listed = np.array([0, 0, 0, 2]), np.array([1, 2, 3, 1])
    found = captured_value(*listed, np.array([3.0, 0.0, 6.0, 0.0]), possible, k=2)
    np.testing.assert_allclose(found, [3 / 9, 0, 0])


@given(st.integers(1, 5), st.integers(0, 1_000))
def test_the_best_list_captures_everything(k: int, seed: int) -> None:
    worth = np.random.default_rng(seed).integers(1, 9, 7).astype(float)
    order = np.argsort(-worth)
    member = np.zeros(7, np.int64)
    found = captured_value(member, np.arange(7) + 1, worth[order], (member, worth, 1), k=k)
    assert found.tolist() == [1.0]


def test_goals_are_plain_values() -> None:
    assert goal_of("gmv") == Goal("gmv", "bought", "price", "captured")
