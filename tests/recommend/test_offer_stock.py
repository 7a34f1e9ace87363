"""Lists keep to the stock of offers, and are refilled."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from siyu.datasets import DataError, ParameterError
from siyu.recommend.offers.stock_limits import StockPlan, StockRules, allocate_stock


def _lists(seed: int, n_members: int = 8, n_offers: int = 5, length: int = 4) -> pd.DataFrame:
    """Draw lists in order of expected value."""
    rng = np.random.default_rng(seed)
    parts = []
    for member in range(n_members):
        chance = np.sort(np.round(rng.random(length), 3))[::-1]
        offer = rng.permutation(n_offers)[:length]
        rank = np.arange(1, length + 1)
        parts.append(
            pd.DataFrame(
                {"member_id": member, "rank": rank, "offer_id": offer, "probability": chance}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _offers(seed: int, n_offers: int = 5, most: int = 4) -> pd.DataFrame:
    stock = np.random.default_rng(seed + 1).integers(0, most, n_offers).astype(float)
    return pd.DataFrame({"offer_id": np.arange(n_offers), "stock": stock})


def _best(lists: pd.DataFrame, offers: pd.DataFrame, k: int) -> float:
    """Find the largest expected value by integer programming."""
    n = len(lists)
    member = (lists["member_id"].to_numpy()[None, :] == lists["member_id"].unique()[:, None]) * 1.0
    offer = (lists["offer_id"].to_numpy()[None, :] == offers["offer_id"].to_numpy()[:, None]) * 1.0
    limits = [
        LinearConstraint(member, ub=np.full(len(member), k)),
        LinearConstraint(offer, ub=offers["stock"].to_numpy()),
    ]
    solved = milp(
        -lists["probability"].to_numpy(), constraints=limits, integrality=np.ones(n), bounds=(0, 1)
    )
    return float(-solved.fun)


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_no_offer_is_promised_more_often_than_there_are_pieces(seed: int, k: int) -> None:
    offers = _offers(seed)
    plan = allocate_stock(_lists(seed), offers, rules=StockRules(k=k))
    given_out = plan.lists["offer_id"].value_counts().reindex(range(5), fill_value=0)
    assert (given_out.to_numpy() <= offers["stock"].to_numpy()).all()
    assert plan.lists.groupby("member_id").size().max() <= k or plan.lists.empty


@given(st.integers(0, 10_000))
def test_no_more_takers_are_expected_than_pieces_may_be_oversold(seed: int) -> None:
    rules = StockRules(k=2, count="takers", oversell=1.3)
    offers = _offers(seed, most=2)
    plan = allocate_stock(_lists(seed), offers, rules=rules)
    takers = plan.lists.groupby("offer_id")["probability"].sum().reindex(range(5), fill_value=0)
    assert (takers.to_numpy() <= offers["stock"].to_numpy() * 1.3 + 1e-9).all()


@given(st.integers(0, 10_000), st.integers(1, 3))
def test_nobody_could_have_a_place_of_somebody_worth_less(seed: int, k: int) -> None:
    lists, offers = _lists(seed), _offers(seed)
    plan = allocate_stock(lists, offers, rules=StockRules(k=k))
    rows = plan.lists.assign(has=True)[["member_id", "offer_id", "has"]]
    every = lists.merge(rows, on=["member_id", "offer_id"], how="left")
    every["has"] = every["has"].notna()
    worst = every[every["has"]].groupby("offer_id")["probability"].min()
    stock = dict(zip(offers["offer_id"], offers["stock"], strict=True))
    for row in every[~every["has"]].to_dict("records"):
        has = every[every["has"] & (every["member_id"] == row["member_id"])]
        is_full = len(has) == k and (has["rank"] < row["rank"]).all()
        taken = int((every["has"] & (every["offer_id"] == row["offer_id"])).sum())
        is_gone = taken == stock[row["offer_id"]]
        kept = taken == 0 or worst.to_dict()[row["offer_id"]] >= row["probability"]
        assert is_full or (is_gone and kept)


@pytest.mark.parametrize("k", [1, 2])
def test_the_plan_is_near_the_best_of_integer_programming(k: int) -> None:
    shares = []
    for seed in range(20):
        lists, offers = _lists(seed), _offers(seed)
        best = _best(lists, offers, k)
        value = allocate_stock(lists, offers, rules=StockRules(k=k)).value
        assert best / 2 - 1e-9 <= value <= best + 1e-9
        shares.append(value / best)
    assert np.mean(shares) > 0.95


def test_without_scarcity_the_plan_is_the_best() -> None:
    lists, offers = _lists(1), pd.DataFrame({"offer_id": range(5), "stock": 8.0})
    plan = allocate_stock(lists, offers, rules=StockRules(k=2))
    assert plan.value == pytest.approx(_best(lists, offers, 2))
    assert plan.value == plan.value_without_limit


def test_one_scarce_offer_given_by_gain_is_the_best_plan() -> None:
    for seed in range(15):
        lists = _lists(seed)
        offers = pd.DataFrame({"offer_id": range(5), "stock": [2.0, 8.0, 8.0, 8.0, 8.0]})
        plan = allocate_stock(lists, offers, rules=StockRules(k=1, first="gain"))
        assert plan.value == pytest.approx(_best(lists, offers, 1))


LISTS = pd.DataFrame(
    {
        "member_id": [1, 1, 2, 2, 3, 3],
        "rank": [1, 2] * 3,
        "offer_id": ["deal", "tea"] * 3,
        "probability": [0.5, 0.1, 0.6, 0.5, 0.4, 0.1],
    }
)
DEALS = pd.DataFrame({"offer_id": ["deal"], "stock": [2.0]})


def _given(plan: StockPlan) -> dict[int, list[str]]:
    return {int(m): list(rows) for m, rows in plan.lists.groupby("member_id")["offer_id"]}


def test_the_best_expected_takers_come_first_and_others_move_on() -> None:
    plan = allocate_stock(LISTS, DEALS, rules=StockRules(k=1))
    assert _given(plan) == {1: ["deal"], 2: ["deal"], 3: ["tea"]}


def test_by_gain_who_loses_most_comes_first() -> None:
    # Without the deal member 1 loses .4, member 2 .1, member 3 .3.
    plan = allocate_stock(LISTS, DEALS, rules=StockRules(k=1, first="gain"))
    assert _given(plan) == {1: ["deal"], 2: ["tea"], 3: ["deal"]}


def test_value_is_weighed_with_the_chance() -> None:
    worth = LISTS.assign(value=[1.0, 1.0, 1.0, 1.0, 9.0, 9.0])
    plan = allocate_stock(worth, DEALS.assign(stock=1.0), rules=StockRules(k=1))
    assert _given(plan)[3] == ["deal"]


def test_what_was_cut_is_reported() -> None:
    plan = allocate_stock(LISTS, DEALS, rules=StockRules(k=1))
    (row,) = plan.offers.to_dict("records")
    assert (row["wanted"], row["given"], row["cut"]) == (3, 2, 1)
    assert row["expected_takers"] == pytest.approx(1.1)
    assert (plan.value, plan.value_without_limit) == pytest.approx((1.2, 1.5))


def test_ranks_begin_anew_and_the_old_ones_are_kept() -> None:
    plan = allocate_stock(LISTS, DEALS.assign(stock=0.0))
    assert plan.lists["rank"].tolist() == [1, 1, 1]
    assert plan.lists["rank_before"].tolist() == [2, 2, 2]


def test_an_ended_offer_has_nothing_left() -> None:
    ends = DEALS.assign(ends_at=pd.Timestamp("2026-03-01", tz="UTC"))
    plan = allocate_stock(LISTS, ends, rules=StockRules(k=1, as_of="2026-03-01T00:00Z"))
    assert set(plan.lists["offer_id"]) == {"tea"}
    assert plan.offers["ended"].tolist() == [True]


def test_unknown_stock_and_rows_without_an_offer_are_not_limited() -> None:
    lists = LISTS.assign(offer_id=pd.array(["deal", None] * 3, "string"))
    plan = allocate_stock(lists, DEALS.assign(stock=None))
    assert len(plan.lists) == 6
    assert plan.offers.empty


def test_products_can_be_limited_too() -> None:
    lists = LISTS.rename(columns={"offer_id": "product_id"})
    plan = allocate_stock(
        lists, DEALS.rename(columns={"offer_id": "product_id"}), rules=StockRules(k=1)
    )
    assert plan.lists["product_id"].tolist() == ["deal", "deal", "tea"]


def test_a_draw_goes_to_the_smaller_member_id_in_any_order_of_rows() -> None:
    alike = LISTS.assign(probability=0.5)
    one = allocate_stock(alike, DEALS.assign(stock=1.0), rules=StockRules(k=1))
    mixed = alike.sample(frac=1.0, random_state=3)
    other = allocate_stock(mixed, DEALS.assign(stock=1.0), rules=StockRules(k=1))
    assert _given(one)[1] == ["deal"]
    pd.testing.assert_frame_equal(one.lists, other.lists)


def test_no_lists_are_no_error() -> None:
    plan = allocate_stock(LISTS.head(0), DEALS)
    assert (len(plan.lists), plan.value) == (0, 0.0)


@pytest.mark.parametrize(
    ("lists", "offers", "told"),
    [
        (LISTS.assign(rank=1), DEALS, "rank twice in the lists: 3 rows"),
        (LISTS.assign(probability=2.0), DEALS, r"must lie in \[0, 1\], 6 of 6"),
        (LISTS, pd.concat([DEALS, DEALS]), "must be listed once in offers, 1 are not"),
        (LISTS, DEALS[["offer_id"]], "lack the column stock"),
        (LISTS.drop(columns="offer_id"), DEALS, "must both have the column offer_id"),
        (LISTS.drop(columns="probability"), DEALS, "lack the column probability"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(
    lists: pd.DataFrame, offers: pd.DataFrame, told: str
) -> None:
    with pytest.raises(DataError, match=told):
        allocate_stock(lists, offers)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"k": 0}, "k must be 1 or more"),
        ({"oversell": 0.0}, "oversell must be above 0"),
        ({"count": "heads"}, "count must be members or takers"),
        ({"first": "luck"}, "first must be value or gain"),
        ({"as_of": "2026-03-01"}, "as_of needs a time zone"),
    ],
)
def test_rules_out_of_range_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        StockRules(**wrong)
