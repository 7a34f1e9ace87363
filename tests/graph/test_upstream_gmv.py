"""Upstream credit: by hand, by the long way round, and its bookkeeping."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets import Community, SiyuWarning
from siyu.datasets.errors import DataError, ParameterError
from siyu.graph.fission.forest_view import ForestView
from siyu.graph.fission.referral_forest import ReferralForest
from siyu.graph.fission.referral_outcome import referral_outcome
from siyu.graph.fission.upstream_gmv import decayed_credit, upstream_credit
from strategies import AS_OF, small_community

END = "2027-01-01"


@pytest.fixture(autouse=True)
def _weak_answers_are_fine() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        yield


def chain(orders: list[tuple[str, str, float]], times: list[str | None] | None = None) -> Community:
    """Give a chain a - b - c - d, one step a day, with these orders."""
    when = times or ["2026-01-01", "2026-01-02", "2026-01-03"]
    referrals = pd.DataFrame(
        {"inviter_id": ["a", "b", "c"], "invitee_id": ["b", "c", "d"], "referral_time": when}
    )
    referrals["referral_time"] = pd.to_datetime(referrals["referral_time"])
    bought = pd.DataFrame(orders, columns=["member_id", "order_time", "amount"])
    bought["order_time"] = pd.to_datetime(bought["order_time"])
    return Community(referrals=referrals, orders=bought, tz="UTC")


def credit(c: Community, **options: Any) -> dict[str, float]:
    found = upstream_credit(c, as_of=END, **options)
    return {m: x for m, x in zip(found["member_id"], found["credit"], strict=True) if x}


LAST_BUYS = [("d", "2026-02-01", 80.0)]


def test_credit_halves_at_every_step_and_ends_at_the_second() -> None:
    assert credit(chain(LAST_BUYS)) == {"c": 40.0, "b": 20.0}


def test_a_deeper_cap_lets_credit_go_further_up() -> None:
    assert credit(chain(LAST_BUYS), max_depth=3, decay=0.25) == {"c": 20.0, "b": 5.0, "a": 1.25}


def test_without_decay_all_steps_count_alike() -> None:
    assert credit(chain(LAST_BUYS), decay=1) == {"c": 80.0, "b": 80.0}


def test_shares_split_every_amount_whole() -> None:
    # weights 1/2 and 1/4 of the two ancestors become 2/3 and 1/3
    found = credit(chain([("d", "2026-02-01", 90.0)]), share=True)
    assert found == pytest.approx({"c": 60.0, "b": 30.0})


def test_a_lone_ancestor_takes_the_whole_share() -> None:
    assert credit(chain([("b", "2026-02-01", 90.0)]), share=True) == {"a": 90.0}


def test_own_purchases_give_no_credit_to_oneself() -> None:
    assert credit(chain([("a", "2026-02-01", 90.0)])) == {}


def test_refunds_lower_credit_and_never_below_nothing() -> None:
    assert credit(chain([*LAST_BUYS, ("d", "2026-02-09", -30.0)])) == {"c": 25.0, "b": 12.5}
    assert credit(chain([*LAST_BUYS, ("d", "2026-02-09", -99.0)])) == {}


def test_who_had_bought_before_gives_no_credit() -> None:
    assert credit(chain([*LAST_BUYS, ("d", "2026-01-01", 1.0)])) == {}


def test_within_a_window_later_purchases_and_refunds_do_not_count() -> None:
    orders = [("d", "2026-01-05", 80.0), ("d", "2026-01-20", -30.0), ("d", "2026-02-20", 500.0)]
    assert credit(chain(orders), window="10D", max_depth=1) == {"c": 40.0}
    assert credit(chain(orders), window="30D", max_depth=1) == {"c": 25.0}


def test_a_window_begins_with_the_referral() -> None:
    orders = [("d", "2026-01-02", -30.0), *LAST_BUYS]
    assert credit(chain(orders), max_depth=1) == {"c": 25.0}
    assert credit(chain(orders), max_depth=1, window="90D") == {"c": 40.0}


def test_a_purchase_at_the_instant_of_the_referral_comes_of_it() -> None:
    assert credit(chain([("d", "2026-01-03", 80.0)]), max_depth=1) == {"c": 40.0}


def test_a_window_ends_before_its_last_moment() -> None:
    assert credit(chain([("d", "2026-01-13", 80.0)]), window="10D") == {}
    assert credit(chain([("d", "2026-01-12 23:59", 80.0)]), window="10D", max_depth=1) == {
        "c": 40.0
    }


def test_within_a_window_only_its_buyers_are_counted() -> None:
    found = upstream_credit(chain(LAST_BUYS), as_of=END, window="10D")
    assert found["n_buyers"].sum() == 0


def test_a_window_says_whose_time_is_unknown() -> None:
    c = chain(LAST_BUYS, times=["2026-01-01", "2026-01-02", None])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert credit(c, window="90D") == {}
    assert any("1 members were brought at an unknown time" in str(w.message) for w in told)


def test_plain_sums_stand_beside_the_credit() -> None:
    found = upstream_credit(chain([("c", "2026-02-01", 10.0), *LAST_BUYS]), as_of=END)
    assert found["gmv_direct"].tolist() == [0.0, 10.0, 80.0, 0.0]
    assert found["gmv"].tolist() == [10.0, 90.0, 80.0, 0.0]
    assert found["n_buyers"].tolist() == [1, 2, 1, 0]


@given(seed=st.integers(0, 500), share=st.booleans(), depth=st.integers(1, 5))
def test_credit_is_what_a_walk_up_from_every_buyer_gives(
    seed: int, share: bool, depth: int
) -> None:
    forest, gmv = random_forest(seed)
    slow = np.zeros(len(forest))
    for member in range(len(forest)):
        at = int(forest.parent[member])
        above: list[int] = []
        while at >= 0 and len(above) < depth:
            above.append(at)
            at = int(forest.parent[at])
        weights = 0.6 ** np.arange(1, len(above) + 1)
        weights = weights / weights.sum() if share else weights
        slow[above] += weights * gmv[member]
    found = decayed_credit(forest, gmv, 0.6, depth, share=share)
    np.testing.assert_allclose(found, slow, rtol=1e-12, atol=1e-9)


@given(seed=st.integers(0, 500), decay=st.floats(0.05, 1), depth=st.integers(1, 64))
def test_shares_add_up_to_all_that_the_brought_paid(seed: int, decay: float, depth: int) -> None:
    forest, gmv = random_forest(seed)
    paid = gmv[forest.parent >= 0].sum()
    assert decayed_credit(forest, gmv, decay, depth, share=True).sum() == pytest.approx(paid)


@given(seed=st.integers(0, 100))
def test_one_step_without_decay_is_the_outcome_of_referrals(seed: int) -> None:
    c = small_community(seed)
    forest = ReferralForest.of(c.before(AS_OF))
    if "cycle" in forest.problems["problem"].to_pylist():
        return  # the outcome of single referrals knows no circles
    found = upstream_credit(c, as_of=AS_OF, decay=1, max_depth=1)
    outcome = referral_outcome(c.before(AS_OF), c.before(AS_OF).customers())
    assert found["credit"].tolist() == found["gmv_direct"].tolist() == outcome.gmv.tolist()
    assert found["n_buyers"].tolist() == outcome.n_buyers.tolist()


def test_a_long_chain_takes_as_many_steps_as_its_cap() -> None:
    n = 200_000
    forest = ReferralForest.from_arrays(np.arange(n - 1), np.arange(1, n))
    credit_of = decayed_credit(forest, np.ones(n), 0.5, 64)
    assert credit_of[0] == pytest.approx(1.0)
    assert credit_of[-2:].tolist() == [0.5, 0.0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"decay": 0}, "above 0 and at most 1"),
        ({"decay": 1.1}, "above 0 and at most 1"),
        ({"decay": float("nan")}, "above 0 and at most 1"),
        ({"max_depth": 0}, "1 to 64"),
        ({"max_depth": 65}, "1 to 64"),
        ({"window": "3h"}, "(a span|one day or more)"),
        ({"window": "soon"}, "(a span|one day or more)"),
        ({"window": "NaT"}, "(a span|one day or more)"),
    ],
)
def test_choices_out_of_range_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        upstream_credit(chain([]), as_of=END, **options)


def test_credit_needs_orders() -> None:
    c = Community(referrals=pd.DataFrame({"inviter_id": ["a"], "invitee_id": ["b"]}))
    with pytest.raises(DataError, match="needs the table orders"):
        upstream_credit(c, as_of=END)
    with pytest.raises(DataError, match="needs the table orders"):
        ForestView.of(c, END, "credit").earned()


def random_forest(seed: int) -> tuple[ReferralForest, Any]:
    """Give a tree or two of some dozen members, and what each paid."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    invitee = np.arange(1, n)[rng.random(n - 1) < 0.9]
    inviter = (rng.random(len(invitee)) * invitee).astype(np.int64)
    return ReferralForest.from_arrays(inviter, invitee, ids=np.arange(n)), np.round(
        rng.gamma(1, 40, n) * (rng.random(n) < 0.5), 2
    )
