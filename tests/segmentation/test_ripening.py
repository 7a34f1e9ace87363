"""Ripening: hand-worked curves, planted truth, and who cannot be judged yet."""

import math

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning, make_community
from siyu.segmentation.journey import ripening, ripening_curve

TZ = "Asia/Shanghai"


def _community(
    joined: list[str], bought: list[str | None], observed: dict[str, tuple[str, str]] | None = None
) -> Community:
    who = np.arange(1, len(joined) + 1)
    at = pd.to_datetime(joined, format="ISO8601").tz_localize(TZ)
    members = pd.DataFrame({"member_id": who, "joined_at": at})
    times = pd.to_datetime(pd.Series(bought), format="ISO8601").dt.tz_localize(TZ)
    orders = pd.DataFrame({"member_id": who, "order_time": times, "amount": 9.0}).dropna()
    return Community(tz=TZ, members=members, orders=orders, observed=observed)


def _planted(seed: int, mean_days: float = 40.0, eventual: float = 0.6) -> Community:
    """Make 80 members a month for a year, of whom 60 % buy, after an exponential wait."""
    rng = np.random.default_rng(seed)
    n = 960
    joined = pd.Timestamp("2025-01-01", tz=TZ) + pd.to_timedelta(rng.uniform(0, 365, n), unit="D")
    wait = pd.to_timedelta(rng.exponential(mean_days, n), unit="D")
    buys = rng.random(n) < eventual
    members = pd.DataFrame({"member_id": np.arange(n), "joined_at": joined})
    orders = pd.DataFrame({"member_id": np.arange(n), "order_time": joined + wait, "amount": 1.0})
    return Community(tz=TZ, members=members, orders=orders[buys])


# Members 1 and 2 buy after 2 and 5 days; 3 is watched for 4 days, 4 for 10, 5 buys after 7.
HAND = _community(
    ["2026-01-01", "2026-01-01", "2026-01-07", "2026-01-01", "2026-01-01"],
    ["2026-01-03", "2026-01-06", None, None, "2026-01-08"],
)


def test_the_curve_by_hand() -> None:
    found = ripening_curve(HAND, as_of="2026-01-11", days=[1, 2, 5, 7, 10, 11])
    # After 2 days 4/5 wait; member 3 leaves at 4; after 5 days 4/5 * 2/3; after 7, * 1/2.
    expected = [0, 1 / 5, 1 - 8 / 15, 1 - 4 / 15, 1 - 4 / 15]
    assert found["share"].tolist()[:5] == pytest.approx(expected)
    assert found.n_at_risk.tolist() == [5, 5, 3, 2, 1, 0]
    assert found.n_bought.tolist() == [0, 1, 2, 3, 3, 3]


def test_beyond_the_oldest_member_the_curve_is_unknown() -> None:
    found = ripening_curve(HAND, as_of="2026-01-11", days=[10, 11])
    assert found[["share", "low", "high"]].notna().all(axis=1).tolist() == [True, False]


def test_the_median_by_hand() -> None:
    found = ripening(HAND, as_of="2026-01-11", by=None).iloc[0]
    assert found.median_days == 7.0  # 8/15 wait after 5 days, 4/15 after 7
    assert found.n_bought == 3
    assert found.days_observed == 10.0


def test_too_few_members_are_too_early_to_judge() -> None:
    found = ripening(HAND, as_of="2026-01-11", by=None).iloc[0]
    assert found.too_early
    assert math.isnan(found.ripe_days)


def test_a_naive_share_of_the_young_is_too_low_and_the_curve_is_not() -> None:
    c = _planted(0)
    found = ripening_curve(c, as_of="2026-01-01", days=[90]).iloc[0]
    truth = 0.6 * (1 - math.exp(-90 / 40))
    assert found.low < truth < found.high
    assert found.n_bought / 960 < found.low


@pytest.mark.parametrize("seed", range(5))
def test_the_planted_time_of_ripening_is_found(seed: int) -> None:
    # 80 % of those who will have bought have done so after 40 * ln 5 = 64 days.
    found = ripening(_planted(seed), as_of="2026-01-01", by=None).iloc[0]
    assert found.ripe_days == pytest.approx(40 * math.log(5), rel=0.3)


@pytest.mark.parametrize("seed", range(3))
def test_young_cohorts_are_too_early_and_old_ones_are_not(seed: int) -> None:
    found = ripening(_planted(seed), as_of="2026-01-01").set_index("group")
    assert not found.loc["2025-01":"2025-08", "too_early"].any()
    assert found.loc[["2025-11", "2025-12"], "too_early"].all()


def test_a_cohort_that_is_behind_its_age_shows_although_it_is_young() -> None:
    good, bad = _planted(1), _planted(2, eventual=0.1)
    tables = {}
    for name, key in (("members", "joined_at"), ("orders", "order_time")):
        other = getattr(bad, name).assign(source="weak")
        other["member_id"] += 10_000
        tables[name] = pd.concat([getattr(good, name).assign(source="good"), other])
        tables[name] = tables[name].sort_values(key).drop(columns=["source"] * (name == "orders"))
    found = ripening(Community(tz=TZ, **tables), as_of="2026-01-01", by="source").set_index("group")
    assert found.loc["weak", "high"] < found.loc["weak", "reference_share"]
    assert found.loc["good", "low"] > found.loc["good", "reference_share"]


def test_the_curve_of_everybody_rises_to_the_planted_share_of_buyers() -> None:
    c = make_community(n_members=1500, random_state=3)
    found = ripening_curve(c, as_of="2026-07-01", days=[600]).iloc[0]
    planted = c.truth["members"].is_buyer.mean()
    assert abs(found["share"] - planted) < 0.06


def test_paying_on_the_day_of_joining_is_a_wait_of_nothing() -> None:
    c = _community(["2026-01-01 12:00"], ["2026-01-01 09:00"])
    found = ripening_curve(c, as_of="2026-02-01", days=[0])
    assert found["share"].tolist() == [1.0]


def test_who_bought_before_joining_is_left_out() -> None:
    c = _community(["2026-01-02", "2026-01-02"], ["2026-01-01", None])
    with pytest.warns(SiyuWarning, match="1 members are left out, 1 of them because they bought"):
        found = ripening(c, as_of="2026-02-01")
    assert found.n_members.tolist() == [1]


def test_who_joined_before_orders_were_recorded_is_left_out() -> None:
    observed = {"orders": ("2026-01-02", "2026-03-01")}
    c = _community(["2026-01-01", "2026-01-05"], ["2026-01-04", None], observed)
    with pytest.warns(SiyuWarning, match="1 members are left out, 0 of them"):
        found = ripening(c, as_of="2026-02-01")
    assert found[["n_members", "n_bought"]].to_numpy().tolist() == [[1, 0]]


def test_a_short_record_is_told_of() -> None:
    # Everybody's wait is drawn evenly over the whole record: nobody can say where it ends.
    rng = np.random.default_rng(0)
    when = pd.Timestamp("2026-01-01", tz=TZ) + pd.to_timedelta(rng.uniform(0, 300, 200), unit="D")
    members = pd.DataFrame(
        {"member_id": range(400), "joined_at": pd.Timestamp("2026-01-01", tz=TZ)}
    )
    orders = pd.DataFrame({"member_id": range(200), "order_time": when, "amount": 1.0})
    c = Community(tz=TZ, members=members, orders=orders)
    with pytest.warns(SiyuWarning, match="the curve still rises"):
        ripening(c, as_of="2026-05-01")


def test_joining_dates_are_needed() -> None:
    c = Community(tz=TZ, members=HAND.members[["member_id"]], orders=HAND.orders)  # type: ignore[index]
    with pytest.raises(DataError, match=r"members\.joined_at"):
        ripening(c, as_of="2026-02-01")


@pytest.mark.parametrize("days", [[], [-1], [float("nan")]])
def test_ages_that_make_no_sense_are_refused(days: list[float]) -> None:
    with pytest.raises(ParameterError, match="days must be numbers of 0 or more"):
        ripening_curve(HAND, as_of="2026-02-01", days=days)


def test_while_nobody_has_bought_everything_is_too_early() -> None:
    c = _community(["2026-01-01"] * 30, [None] * 30)
    found = ripening(c, as_of="2027-01-01", by=None).iloc[0]
    assert math.isnan(found.ripe_days)
    assert found.too_early
    assert found["share"] == 0


def test_without_members_everybody_is_a_group_of_nobody() -> None:
    members, orders = HAND.members, HAND.orders
    assert members is not None
    assert orders is not None
    nobody = Community(tz=TZ, members=members.iloc[:0], orders=orders.iloc[:0])
    found = ripening(nobody, as_of="2026-02-01", by=None)
    assert found[["group", "n_members", "too_early"]].to_numpy().tolist() == [["all", 0, True]]
    assert found[["days_observed", "share", "ripe_days"]].isna().to_numpy().all()
