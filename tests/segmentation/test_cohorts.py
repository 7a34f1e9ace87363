"""Cohorts: hand-worked triangles, an oracle in SQL, CDNOW, and cells not fully observed."""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning, load_cdnow
from siyu.segmentation.journey import CohortRules, cohorts

TZ = "Asia/Shanghai"
BY_PURCHASE = CohortRules(start="first_purchase")


def _orders(*rows: tuple[Any, str, float]) -> pd.DataFrame:
    who, when, amount = zip(*rows, strict=True)
    times = pd.to_datetime(list(when), format="ISO8601").tz_localize(TZ)
    return pd.DataFrame({"member_id": who, "order_time": times, "amount": amount})


def _members(*rows: tuple[Any, str, str]) -> pd.DataFrame:
    who, joined, source = zip(*rows, strict=True)
    times = pd.to_datetime(list(joined), format="ISO8601").tz_localize(TZ)
    return pd.DataFrame({"member_id": who, "joined_at": times, "source": source})


MEMBERS = _members((1, "2026-01-10", "a"), (2, "2026-01-20", "b"), (3, "2026-02-03", "a"))
ORDERS = _orders(
    (1, "2026-01-10", 10.0),
    (1, "2026-02-05", 20.0),
    (1, "2026-02-05", 5.0),
    (1, "2026-03-01", -20.0),
    (2, "2026-03-31 23:59", 40.0),
    (3, "2026-02-03", 7.0),
)


def _cells(found: pd.DataFrame, column: str) -> dict[tuple[str, int], Any]:
    keys = zip(found.cohort, found.age, strict=True)
    return dict(zip(keys, found[column], strict=True))


def _c() -> Community:
    return Community(tz=TZ, members=MEMBERS, orders=ORDERS)


def test_retention_by_hand() -> None:
    found = cohorts(_c(), as_of="2026-04-01")
    assert _cells(found, "value") == {
        ("2026-01", 0): 1, ("2026-01", 1): 1, ("2026-01", 2): 1,
        ("2026-02", 0): 1, ("2026-02", 1): 0,
    }  # fmt: skip
    assert _cells(found, "n_members") == {**dict.fromkeys(_cells(found, "age"), 2)} | {
        ("2026-02", 0): 1,
        ("2026-02", 1): 1,
    }


def test_shares_and_wilsons_interval_by_hand() -> None:
    found = cohorts(_c(), as_of="2026-04-01").set_index(["cohort", "age"]).loc[("2026-01", 0)]
    assert found.per_member == 0.5
    assert (found.low, found.high) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def test_repeat_counts_second_buying_days_so_far() -> None:
    found = cohorts(_c(), as_of="2026-04-01", measure="repeat")
    assert list(_cells(found, "value").values()) == [0, 1, 1, 0, 0]


def test_orders_are_buying_days() -> None:
    found = cohorts(_c(), as_of="2026-04-01", measure="orders")
    assert list(_cells(found, "value").values()) == [1, 1, 1, 1, 0]


def test_revenue_is_net_when_the_money_goes_back() -> None:
    found = cohorts(_c(), as_of="2026-04-01", measure="revenue")
    assert list(_cells(found, "value").values()) == [10, 25, 20, 7, 0]


def test_revenue_so_far_adds_up() -> None:
    rules = CohortRules(cumulative=True)
    found = cohorts(_c(), as_of="2026-04-01", measure="revenue", rules=rules)
    assert list(_cells(found, "value").values()) == [10, 35, 55, 7, 7]


def test_the_interval_of_revenue_so_far_is_that_of_the_members_totals() -> None:
    rules = CohortRules(cumulative=True)
    found = cohorts(_c(), as_of="2026-04-01", measure="revenue", rules=rules)
    last = found.set_index(["cohort", "age"]).loc[("2026-01", 2)]
    # Totals 15 and 40: sd 17.678, t(1) = 12.706: 27.5 -+ 12.706 * 17.678 / sqrt(2).
    assert last.per_member == 27.5
    assert last.high - last.per_member == pytest.approx(12.7062 * 12.5, rel=1e-4)


def test_the_month_under_way_is_unknown_not_low() -> None:
    found = cohorts(_c(), as_of="2026-03-31")
    cells = found.set_index(["cohort", "age"])
    assert cells.complete.tolist() == [True, True, False, True, False]
    under_way = cells.loc[("2026-01", 2), ["value", "per_member", "low", "high"]]
    assert under_way.isna().all()


def test_a_period_ends_by_the_local_clock() -> None:
    # 2026-03-31 16:00 UTC is midnight in Shanghai: March is over.
    found = cohorts(_c(), as_of=pd.Timestamp("2026-03-31 16:00", tz="UTC"))
    assert found.complete.all()


def test_cohorts_by_first_purchase_leave_out_who_never_bought() -> None:
    c = Community(tz=TZ, members=_members((9, "2026-01-01", "a")), orders=ORDERS)
    found = cohorts(c, as_of="2026-04-01", rules=BY_PURCHASE)
    assert found.drop_duplicates("cohort").n_members.tolist() == [1, 1, 1]
    assert found[found.age == 0].per_member.tolist() == [1.0, 1.0, 1.0]


def test_groups_split_cohorts() -> None:
    found = cohorts(_c(), as_of="2026-04-01", by="source")
    sizes = found[found.age == 0][["group", "cohort", "n_members"]].to_numpy().tolist()
    assert sizes == [["a", "2026-01", 1], ["a", "2026-02", 1], ["b", "2026-01", 1]]


def test_weeks_begin_on_monday() -> None:
    found = cohorts(_c(), as_of="2026-02-02", rules=CohortRules(period="week"))
    assert found.cohort.unique().tolist() == ["2026-01-05", "2026-01-19"]
    assert found[found.cohort == "2026-01-05"].age.tolist() == [0, 1, 2, 3]


def test_any_act_counts_as_activity_if_asked() -> None:
    messages = pd.DataFrame(
        {"member_id": [2], "message_time": pd.to_datetime(["2026-02-10"]).tz_localize(TZ)}
    )
    c = Community(tz=TZ, members=MEMBERS, orders=ORDERS, messages=messages)
    rules = CohortRules(activity="any")
    assert _cells(cohorts(c, as_of="2026-04-01", rules=rules), "value")[("2026-01", 1)] == 2
    assert _cells(cohorts(c, as_of="2026-04-01"), "value")[("2026-01", 1)] == 1


def test_months_before_the_record_are_unknown() -> None:
    observed = {"orders": ("2026-02-01", "2026-04-01")}
    c = Community(tz=TZ, members=MEMBERS, orders=ORDERS, observed=observed)
    cells = cohorts(c, as_of="2026-04-01").set_index(["cohort", "age"])
    assert not cells.loc[("2026-01", 0), "complete"]
    assert cells.loc[("2026-01", 1), "complete"]


def test_what_adds_up_since_before_the_record_is_unknown() -> None:
    observed = {"orders": ("2026-02-01", "2026-04-01")}
    c = Community(tz=TZ, members=MEMBERS, orders=ORDERS, observed=observed)
    cells = cohorts(c, as_of="2026-04-01", measure="repeat").set_index("cohort")
    assert not cells.loc["2026-01", "complete"].any()
    assert cells.loc["2026-02", "complete"].all()


def test_a_first_purchase_before_the_record_may_be_missed() -> None:
    observed = {"orders": ("2026-02-01", "2026-04-01")}
    c = Community(tz=TZ, members=MEMBERS, orders=ORDERS, observed=observed)
    with pytest.warns(SiyuWarning, match="2 members are left out"):
        found = cohorts(c, as_of="2026-04-01", rules=BY_PURCHASE)
    assert found.cohort.unique().tolist() == ["2026-02"]


@pytest.mark.parametrize("measure", ["retention", "orders", "revenue"])
@pytest.mark.parametrize("seed", range(3))
def test_a_triangle_equals_sql(seed: int, measure: Any) -> None:
    rng = np.random.default_rng(seed)
    n = 1_500
    orders = pd.DataFrame(
        {
            "member_id": rng.integers(0, 120, n),
            "order_time": pd.Timestamp("2025-06-01", tz="UTC")
            + pd.to_timedelta(rng.integers(0, 300 * 24, n), unit="h"),
            "amount": rng.normal(30, 25, n).round(2),
        }
    )
    values = {
        "retention": "count(DISTINCT member_id) FILTER (amount >= 0)",
        "orders": "count(DISTINCT (member_id, here::DATE)) FILTER (amount >= 0)",
        "revenue": "sum(amount)",
    }
    query = f"""
        WITH o AS (SELECT *, timezone('{TZ}', order_time) AS here FROM orders
                   WHERE order_time < TIMESTAMPTZ '2026-02-28 16:00:00+00'),
        f AS (SELECT member_id, min(here) FILTER (amount >= 0) AS born FROM o GROUP BY 1)
        SELECT strftime(born, '%Y-%m') AS cohort,
               datediff('month', date_trunc('month', born), date_trunc('month', here)) AS age,
               {values[measure]} AS value
        FROM o JOIN f USING (member_id) WHERE here::DATE >= born::DATE
        GROUP BY 1, 2 ORDER BY 1, 2
    """
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("orders", orders)
        expected = db.execute(query).df()
    found = cohorts(
        Community(orders=orders, tz=TZ), as_of="2026-03-01", measure=measure, rules=BY_PURCHASE
    )
    both = found.merge(expected, on=["cohort", "age"], how="left").fillna({"value_y": 0})
    np.testing.assert_allclose(both.value_x, both.value_y, atol=1e-9)
    assert found.complete.all()


def test_real_cohorts_sum_to_the_whole(siyu_data: Path) -> None:  # noqa: ARG001
    # Its customers were chosen for being new, so nobody is hidden before the record began.
    orders = Community(orders=load_cdnow().orders)
    found = cohorts(orders, as_of="1998-07-01", measure="revenue", rules=BY_PURCHASE)
    assert found.drop_duplicates("cohort").cohort.tolist() == ["1997-01", "1997-02", "1997-03"]
    assert found.drop_duplicates("cohort").n_members.sum() == 23_570
    assert found.value.sum() == pytest.approx(2_500_315.63)


def test_orders_are_needed() -> None:
    with pytest.raises(DataError, match="needs the table orders"):
        cohorts(Community(members=MEMBERS), as_of="2026-04-01")


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(ParameterError, match="measure must be one of"):
        cohorts(_c(), as_of="2026-04-01", measure="love")  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", [{"period": "day"}, {"start": "born"}, {"activity": "all"}])
def test_unknown_rules_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="must be"):
        CohortRules(**setting)


def test_real_customers_seen_as_the_record_begins_are_not_called_new(siyu_data: Path) -> None:  # noqa: ARG001
    with pytest.warns(SiyuWarning, match="23570 members are left out"):
        found = cohorts(load_cdnow(), as_of="1998-07-01", rules=BY_PURCHASE)
    assert found.empty


@pytest.mark.parametrize("measure", ["retention", "repeat", "orders", "revenue"])
def test_days_before_1970_are_days(measure: Any) -> None:
    early = _orders((1, "1969-11-05", 9.0), (1, "1969-11-06", 1.0), (2, "1969-12-31", 5.0))
    late = _orders((1, "1989-11-05", 9.0), (1, "1989-11-06", 1.0), (2, "1989-12-31", 5.0))
    one = cohorts(Community(tz=TZ, orders=early), as_of="1970-03-01", measure=measure)
    other = cohorts(Community(tz=TZ, orders=late), as_of="1990-03-01", measure=measure)
    assert one.cohort.tolist() == [f"{int(c[:4]) - 20}{c[4:]}" for c in other.cohort]
    pd.testing.assert_series_equal(one["value"], other["value"])


def test_revenue_so_far_is_not_rounded_by_other_cohorts() -> None:
    orders = _orders((1, "2026-01-10", 1e9), (3, "2026-02-03", 0.1), (3, "2026-03-03", 0.2))
    c = Community(tz=TZ, members=MEMBERS, orders=orders)
    rules = CohortRules(cumulative=True)
    found = cohorts(c, as_of="2026-04-01", measure="revenue", rules=rules)
    assert found[found.cohort == "2026-02"].value.tolist() == [0.1, 0.1 + 0.2]
