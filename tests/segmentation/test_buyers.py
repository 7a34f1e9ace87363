"""New and old buyers, member days and festivals: by hand, by SQL and on planted habits."""

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError, make_community
from siyu.segmentation.journey import day_uplift, festival_audience, new_and_old

TZ = "Asia/Shanghai"


def _orders(*rows: tuple[Any, str, float]) -> pd.DataFrame:
    who, when, amount = zip(*rows, strict=True)
    times = pd.to_datetime(list(when), format="ISO8601").tz_localize(TZ)
    return pd.DataFrame({"member_id": who, "order_time": times, "amount": amount})


def _c(*rows: tuple[Any, str, float], **more: Any) -> Community:
    return Community(tz=TZ, orders=_orders(*rows), **more)


HISTORY = (
    (1, "2026-01-05", 10.0),
    (1, "2026-01-05 20:00", 1.0),
    (1, "2026-02-04", 20.0),
    (2, "2026-01-31 23:59", 5.0),
    (2, "2026-03-15", 5.0),
    (3, "2026-02-20", 8.0),
    (3, "2026-02-21", -8.0),
)


def test_new_and_old_by_hand() -> None:
    found = new_and_old(_c(*HISTORY), as_of="2026-06-01", repeat_days=30)
    rows = found[["period", "buyer", "n_members", "n_orders", "amount"]].to_numpy().tolist()
    assert rows == [
        ["2026-01", "new", 2, 2, 16.0],
        ["2026-02", "new", 1, 1, 8.0],
        ["2026-02", "old", 1, 1, 20.0],
        ["2026-03", "old", 1, 1, 5.0],
    ]


def test_repeat_shares_by_hand() -> None:
    # 1 comes back after 30 days, 2 after 43; 1's second and 3's first are not followed by another.
    found = new_and_old(_c(*HISTORY), as_of="2026-06-01", repeat_days=30)
    assert found.n_judged.tolist() == [2, 1, 1, 1]
    assert found.n_repeated.tolist() == [1, 0, 0, 0]


def test_who_has_not_had_the_time_is_not_judged() -> None:
    # The 30th day after 2026-02-04 is 2026-03-06: judged once that day is over.
    for as_of, n in (("2026-03-06", 0), ("2026-03-07", 1)):
        found = new_and_old(_c(*HISTORY), as_of=as_of, repeat_days=30)
        row = found[(found.period == "2026-02") & (found.buyer == "old")].iloc[0]
        assert row.n_judged == n


def test_the_month_under_way_is_flagged() -> None:
    found = new_and_old(_c(*HISTORY), as_of="2026-03-20")
    assert found.complete.tolist() == [True, True, True, False]


def test_whether_a_buyer_from_before_the_record_is_new_is_unknown() -> None:
    joined = pd.to_datetime(["2025-01-01", "2026-01-20"]).tz_localize(TZ)
    members = pd.DataFrame({"member_id": [1, 2], "joined_at": joined})
    observed = {"orders": ("2026-01-01", "2026-06-01")}
    c = _c(*HISTORY, members=members, observed=observed)
    found = new_and_old(c, as_of="2026-06-01")
    january = found[found.period == "2026-01"]
    assert january.buyer.fillna("?").tolist() == ["new", "?"]
    assert found[(found.period == "2026-02") & (found.buyer == "old")].n_members.tolist() == [1]


@pytest.mark.parametrize("seed", range(3))
def test_new_and_old_equal_sql(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 2_000
    orders = pd.DataFrame(
        {
            "member_id": rng.integers(0, 200, n),
            "order_time": pd.Timestamp("2025-06-01", tz="UTC")
            + pd.to_timedelta(rng.integers(0, 270 * 24, n), unit="h"),
            "amount": rng.normal(40, 25, n).round(2),
        }
    )
    query = f"""
        WITH d AS (SELECT DISTINCT member_id, timezone('{TZ}', order_time)::DATE AS day
                   FROM orders WHERE amount >= 0
                   AND order_time < TIMESTAMPTZ '2026-01-31 16:00:00+00'),
        f AS (SELECT member_id, date_trunc('month', day) AS m, min(day) AS first,
                     min(min(day)) OVER (PARTITION BY member_id) AS ever FROM d GROUP BY 1, 2)
        SELECT strftime(m, '%Y-%m') AS period, if(first = ever, 'new', 'old') AS buyer,
               count(*) AS n, count(*) FILTER (first + 45 < DATE '2026-02-01') AS judged,
               count(*) FILTER (first + 45 < DATE '2026-02-01' AND EXISTS (
                   SELECT 1 FROM d WHERE d.member_id = f.member_id
                   AND d.day > first AND d.day <= first + 45)) AS repeated
        FROM f GROUP BY 1, 2 ORDER BY 1, 2
    """
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("orders", orders)
        expected = db.execute(query).fetchall()
    found = new_and_old(Community(orders=orders, tz=TZ), as_of="2026-02-01", repeat_days=45)
    columns = ["period", "buyer", "n_members", "n_judged", "n_repeated"]
    assert [tuple(row) for row in found[columns].to_numpy()] == expected


@pytest.mark.parametrize("setting", [{"period": "day"}, {"repeat_days": 0}])
def test_new_and_old_refuses_what_makes_no_sense(setting: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="must be"):
        new_and_old(_c(*HISTORY), as_of="2026-06-01", **setting)


MEMBER_DAY = (
    # Member 1 buys on two Fridays around Friday 2026-02-13, 2 on the day itself, 3 on the 12th.
    (1, "2026-02-06", 1.0),
    (1, "2026-02-20", 1.0),
    (2, "2026-02-13", 1.0),
    (3, "2026-02-12", 1.0),
    (4, "2026-01-16", 1.0),
)


def _there(*who: int) -> pd.DataFrame:
    return pd.DataFrame({"member_id": who, "joined_at": pd.Timestamp("2025-01-01", tz=TZ)})


def test_a_member_day_by_hand() -> None:
    c = _c(*MEMBER_DAY, members=_there(1, 2, 3, 4))
    found = day_uplift(c, as_of="2026-04-01", days=["2026-02-13"]).iloc[0]
    # 2026-01-16, -23, -30, 02-06, 02-20, -27, 03-06 and -13: eight Fridays, three purchases.
    assert found.n_matched == 8
    assert found["share"] == 1 / 4
    assert found.usual_share == pytest.approx(3 / 32)
    assert found.ratio == pytest.approx(8 / 3)
    own = np.array([-2 / 8, 1, 0, -1 / 8])
    assert found.difference == pytest.approx(own.mean())
    half = 3.182446 * own.std(ddof=1) / 2
    assert found.difference_high - found.difference == pytest.approx(half, rel=1e-6)


def test_who_skips_the_member_day_by_hand() -> None:
    c = _c(*MEMBER_DAY, members=_there(1, 2, 3, 4))
    found = day_uplift(c, as_of="2026-04-01", days=["2026-02-13"]).iloc[0]
    assert (found.n_regulars, found.n_skipped) == (3, 3)


def test_other_member_days_are_not_compared_with() -> None:
    c = _c(*MEMBER_DAY, members=_there(1, 2, 3, 4))
    found = day_uplift(c, as_of="2026-04-01", days=["2026-02-13", "2026-02-20"])
    assert found.n_matched.tolist()[:2] == [7, 7]


def test_who_joined_in_the_weeks_around_is_left_out() -> None:
    members = _there(1, 2, 3, 4)
    members.loc[1, "joined_at"] = pd.Timestamp("2026-02-01", tz=TZ)
    found = day_uplift(_c(*MEMBER_DAY, members=members), as_of="2026-04-01", days=["2026-02-13"])
    assert found.n_members.tolist()[0] == 3
    assert found.n_bought.tolist()[0] == 0


def test_the_last_row_means_over_days() -> None:
    c = _c(*MEMBER_DAY, members=_there(1, 2, 3, 4))
    found = day_uplift(c, as_of="2026-04-01", days=["2026-02-13", "2026-02-12"])
    days, whole = found.iloc[:-1], found.iloc[-1]
    assert whole.day == "all"
    assert whole.difference == pytest.approx(days.difference.mean())
    assert whole.n_members == days.n_members.sum()


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_member_day_shows_and_an_ordinary_day_does_not(seed: int) -> None:
    c = make_community(n_members=1_000, random_state=seed)
    planted = day_uplift(c, as_of="2026-07-01", days=13).iloc[-1]
    ordinary = day_uplift(c, as_of="2026-07-01", days=24).iloc[-1]
    assert planted.difference_low > 0
    assert planted.ratio > 1.3
    assert ordinary.difference_low < 0 < ordinary.difference_high or ordinary.ratio < 1.15


def test_several_days_of_the_month_are_member_days() -> None:
    c = _c(*MEMBER_DAY)
    found = day_uplift(c, as_of="2026-03-14", days=[np.int64(13), 20, "2026-03-01"])
    assert found.day.tolist()[-4:] == ["2026-02-20", "2026-03-01", "2026-03-13", "all"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"days": 0}, "member days are 1 to 31 or dates, got 0"),
        ({"days": ["soon"]}, "expected a date, got 'soon'"),
        ({"days": "2026-06-18"}, "expected several days of the month or dates"),
        ({"weeks": 0}, "weeks must be 1 or more"),
        ({"weeks": 1.5}, "weeks must be a whole number"),
    ],
)
def test_member_days_that_make_no_sense_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        day_uplift(_c(*MEMBER_DAY), as_of="2026-04-01", **setting)


FESTIVALS = {"618": ("2026-06-16", "2026-06-19"), "1111": ("2026-11-09", "2026-11-12")}
SALES = (
    (1, "2026-06-17", 50.0),  # a first purchase, and none ever outside of festivals
    (2, "2026-05-20", 5.0),
    (2, "2026-06-16 00:00", 20.0),
    (3, "2025-01-01", 5.0),
    (3, "2026-06-18 23:59", 30.0),
    (3, "2026-06-19 00:00", 99.0),
    (4, "2026-06-01", 5.0),
)


def _festival(**more: Any) -> pd.DataFrame:
    c = _c(*SALES, members=_there(1, 2, 3, 4, 5))
    found: pd.DataFrame = festival_audience(c, **({"as_of": "2026-07-01"} | more))
    return found


def test_a_festival_by_hand() -> None:
    found = _festival(festivals=FESTIVALS).set_index("stage")
    assert found.festival.unique().tolist() == ["618"]  # the other one is still to come
    assert list(found.loc["prospect", ["n_members", "n_bought", "amount"]]) == [2, 1, 50]
    assert found.n_bought.sum() == 3
    assert found.amount.sum() == 100
    assert found.loc["prospect", "n_festival_only"] == 1
    assert found.n_festival_only.sum() == 1


def test_stages_are_those_before_the_festival() -> None:
    found = _festival(festivals=FESTIVALS).set_index("stage")
    assert list(found.loc["churned", ["n_members", "n_bought"]]) == [1, 1]  # member 3
    assert list(found.loc["new", ["n_members", "n_bought"]]) == [2, 1]  # members 2 and 4


def test_a_festival_under_way_is_flagged() -> None:
    assert not _festival(festivals=FESTIVALS, as_of="2026-06-17").complete.any()


def test_festivals_come_from_campaigns_if_none_are_named() -> None:
    starts, ends = (
        pd.to_datetime(days).tz_localize(TZ)
        for days in (["2026-06-16", "2026-06-01"], ["2026-06-19", "2026-06-30"])
    )
    campaigns = pd.DataFrame(
        {
            "campaign_id": ["618", "x"],
            "kind": ["festival", "help"],
            "starts_at": starts,
            "ends_at": ends,
        }
    )
    c = _c(*SALES, members=_there(1, 2, 3, 4, 5), campaigns=campaigns)
    named = _festival(festivals={"618": FESTIVALS["618"]})
    pd.testing.assert_frame_equal(festival_audience(c, as_of="2026-07-01"), named)


def test_without_festivals_there_is_nothing_to_tell() -> None:
    with pytest.raises(DataError, match="needs festivals="):
        festival_audience(_c(*SALES), as_of="2026-07-01")


def test_a_festival_that_ends_first_is_refused() -> None:
    with pytest.raises(ParameterError, match="ends before it begins"):
        _festival(festivals={"x": ("2026-06-02", "2026-06-01")})


def test_a_festival_needs_both_ends() -> None:
    with pytest.raises(ParameterError, match="'x' must be a pair"):
        _festival(festivals={"x": "2026-06-02"})


def test_campaigns_of_other_kinds_are_no_festivals() -> None:
    day = pd.to_datetime(["2026-06-01"]).tz_localize(TZ)
    campaigns = pd.DataFrame({"campaign_id": ["x"], "kind": ["help"]})
    c = _c(*SALES, campaigns=campaigns.assign(starts_at=day, ends_at=day))
    with pytest.raises(DataError, match="no campaign is of the kind 'festival'"):
        festival_audience(c, as_of="2026-07-01")


def test_a_record_that_had_not_begun_is_refused() -> None:
    c = _c(*SALES, observed={"orders": ("2026-06-01", "2026-08-01")})
    with pytest.raises(DataError, match="the record of 'orders' had not begun by as_of"):
        new_and_old(c, as_of="2026-05-01")


def test_buyers_of_1969_are_told_apart() -> None:
    days = (1, "1969-11-05", 9.0), (1, "1969-12-06", 1.0), (2, "1969-12-31", 5.0)
    found = new_and_old(_c(*days), as_of="1970-03-01")
    rows = found[["period", "buyer", "amount"]].to_numpy().tolist()
    assert rows == [["1969-11", "new", 9.0], ["1969-12", "new", 5.0], ["1969-12", "old", 1.0]]
