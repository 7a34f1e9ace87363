"""Prices within groups, and the columns that prices follow."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kruskal, spearmanr

from siyu.datasets import Community, DataError, make_community
from siyu.recommend.offers.fairness import price_fairness
from siyu.recommend.offers.price_columns import PriceRules, price_drivers

NOW = pd.Timestamp("2026-03-01", tz="UTC")
DAY = pd.Timedelta("1D")
STAYS = pd.DataFrame(
    {
        "group_id": ["g", "g", "g", "h"],
        "member_id": [1, 2, 3, 4],
        "joined_at": NOW - 50 * DAY,
        "left_at": NOW + pd.to_timedelta([np.nan, np.nan, -1.0, np.nan], unit="D"),
    }
)
LISTS = pd.DataFrame(
    {"member_id": [1, 2, 3, 4], "product_id": "tea", "offer_price": [9.0, 8.0, 5.0, 4.0]}
)


def _of_lists(lists: pd.DataFrame) -> pd.DataFrame:
    found: pd.DataFrame = price_fairness(Community(memberships=STAYS), as_of=NOW, lists=lists)
    return found


def test_a_group_with_two_prices_is_found_with_who_is_worse_off() -> None:
    (row,) = _of_lists(LISTS).to_dict("records")  # member 3 has left, member 4 is elsewhere
    assert (row["group_id"], row["product_id"], row["terms"]) == ("g", "tea", "price")
    assert (row["lowest"], row["highest"]) == (8.0, 9.0)
    assert (row["n_members"], row["n_worse_off"], list(row["worse_off"])) == (2, 1, [1])


def test_one_price_for_all_is_no_row() -> None:
    assert _of_lists(LISTS.assign(offer_price=8.0)).empty


def test_a_member_who_also_got_the_best_price_is_not_worse_off() -> None:
    more = pd.concat([LISTS, LISTS.head(1).assign(offer_price=8.0)])
    assert _of_lists(more)["n_worse_off"].tolist() == [0]


@pytest.mark.parametrize(("marked", "expected"), [([1], True), ([1, 2], True), ([], False)])
def test_an_experiment_explains_what_it_changed(marked: list[int], expected: bool) -> None:
    tried = LISTS["member_id"].isin(marked)
    lists = LISTS.assign(experiment_id=pd.Series("x", LISTS.index).where(tried))
    assert _of_lists(lists)["by_experiment"].tolist() == [expected]


def _sent(*offer_ids: str) -> Community:
    """Send members 1 and 2 an offer each."""
    sends = pd.DataFrame({"member_id": [1, 2], "offer_id": offer_ids})
    sends = sends.assign(send_time=NOW - DAY, campaign_id="wave")
    offers = pd.DataFrame(
        {
            "offer_id": ["dear", "cheap", "large", "small"],
            "kind": ["product", "product", "coupon", "coupon"],
            "product_id": ["tea", "tea", None, None],
            "price": [9.0, 8.0, None, None],
            "discount": [None, None, 30.0, 8.0],
            "starts_at": NOW - 9 * DAY,
        }
    )
    return Community(sends=sends, offers=offers, memberships=STAYS)


def test_sends_tell_the_prices_offered() -> None:
    found = price_fairness(_sent("dear", "cheap"), as_of=NOW)
    assert found[["lowest", "highest"]].to_numpy().tolist() == [[8.0, 9.0]]


def test_coupons_of_one_campaign_are_compared_by_what_they_take_off() -> None:
    (row,) = price_fairness(_sent("large", "small"), as_of=NOW).to_dict("records")
    assert (row["terms"], row["campaign_id"]) == ("coupon", "wave")
    assert (row["lowest"], row["highest"], list(row["worse_off"])) == (8.0, 30.0, [2])


def test_sends_before_the_span_do_not_count() -> None:
    assert price_fairness(_sent("dear", "cheap"), as_of=NOW, within="12h").empty


def test_lists_without_prices_are_refused() -> None:
    with pytest.raises(DataError, match="lack the column offer_price"):
        _of_lists(LISTS.drop(columns="offer_price"))


def _crowd(n: int = 60, seed: int = 0) -> tuple[Community, pd.DataFrame, pd.DataFrame]:
    """Draw members with a value that decides their price, a device that does not."""
    rng = np.random.default_rng(seed)
    who = pd.DataFrame({"member_id": np.arange(n), "value": rng.random(n)})
    who["device"] = rng.choice(np.array(["ios", "android", "web"], dtype=object), n)
    price = np.where(who["value"] + rng.normal(0, 0.2, n) > 0.5, 9.0, 8.0)
    lists = pd.DataFrame({"member_id": who["member_id"], "product_id": "tea", "offer_price": price})
    return Community(members=who[["member_id"]]), who, lists


def _drivers(rules: PriceRules | None = None, **changed: Any) -> pd.DataFrame:
    c, who, lists = _crowd()
    found = price_drivers(c, who.assign(**changed), as_of=NOW, lists=lists, rules=rules)
    by_column: pd.DataFrame = found.set_index("column")
    return by_column


def test_a_column_that_decides_the_price_is_flagged() -> None:
    found = _drivers()
    assert found["flagged"].tolist() == [False, True]
    assert found.loc["value", "better"] == "low"


def test_a_named_rule_is_not_flagged() -> None:
    found = _drivers(PriceRules(named={"value": "loyalty price"}))
    assert found.loc["value", "rule"] == "loyalty price"
    assert not found["flagged"].any()


def test_numbers_are_measured_by_spearman() -> None:
    _, who, lists = _crowd()
    rho, p_value = spearmanr(who["value"], -lists["offer_price"])
    found = _drivers(device=1.0).loc["value"]  # the only column that can be tested
    assert found["strength"] == pytest.approx(rho)
    assert found["p_value"] == pytest.approx(p_value)


def test_categories_are_measured_by_kruskal_and_wallis() -> None:
    _, who, lists = _crowd()
    groups = [-lists["offer_price"][who["device"] == name] for name in who["device"].unique()]
    found = _drivers(value=1.0).loc["device"]
    assert found["p_value"] == pytest.approx(kruskal(*groups).pvalue)


def test_p_values_are_adjusted_for_the_number_of_columns() -> None:
    _, alone = _drivers(device=1.0)["p_value"].tolist()
    _, beside = _drivers()["p_value"].tolist()
    assert beside == pytest.approx(2 * alone)


def test_one_price_for_all_tells_nothing() -> None:
    c, who, lists = _crowd()
    found = price_drivers(c, who, as_of=NOW, lists=lists.assign(offer_price=8.0))
    assert found[["strength", "flagged"]].isna().all(axis=None)
    assert found["n_members"].tolist() == [0, 0]


def test_flags_and_times_are_columns_too() -> None:
    _, _, lists = _crowd()
    dear = lists["offer_price"] == 9.0
    found = _drivers(device=dear, value=NOW + pd.to_timedelta(np.arange(60), unit="D"))
    assert found.loc["device", "better"] == "false"
    assert found.loc["device", "strength"] == pytest.approx(1.0)


def test_a_member_twice_is_refused() -> None:
    c, who, lists = _crowd()
    with pytest.raises(DataError, match="each member once, 60 rows are too many"):
        price_drivers(c, pd.concat([who, who]), as_of=NOW, lists=lists)


def test_columns_without_members_are_refused() -> None:
    c, who, lists = _crowd()
    with pytest.raises(DataError, match="columns lack member_id"):
        price_drivers(c, who[["value"]], as_of=NOW, lists=lists)


def test_planted_chances_by_recency_are_found_and_plain_waves_are_not() -> None:
    # In every second wave the chance of a large coupon hangs on the last order; the wave of
    # 11 May does so, that of 11 April does not.
    c = make_community(1_500, random_state=0)
    flagged = []
    for as_of in ("2026-04-20", "2026-05-20"):
        moment = pd.Timestamp(as_of, tz="Asia/Shanghai")
        assert c.orders is not None
        earlier = c.orders[c.orders["order_time"] < moment - pd.Timedelta("12D")]
        last = earlier.groupby("member_id")["order_time"].max().rename("last").reset_index()
        found = price_drivers(c, last, as_of=as_of, rules=PriceRules(within="15D"))
        flagged.append(bool(found["flagged"][0]))
    assert flagged == [False, True]
