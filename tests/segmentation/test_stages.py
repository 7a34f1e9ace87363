"""Lifecycle stages at the member's own rhythm."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning
from siyu.segmentation import STAGES, StageRules, lifecycle
from siyu.segmentation.return_curves import ReturnCurves
from siyu.segmentation.rhythm import Rhythm
from siyu.segmentation.silence import rhythm_for
from siyu.segmentation.stage_rules import Method
from siyu.segmentation.stages import activity_rows, stage_table
from siyu.segmentation.visits import visits_of
from stage_oracle import stage_of
from strategies import AS_OF, TZ, shuffled, small_community, with_later_rows

DAY = pd.Timedelta(days=1)
TEN_DAYS = Rhythm(10.0, 1.0, 100)
METHODS: list[Method] = ["own_gap", "fixed", "model"]
methods = pytest.mark.parametrize("method", METHODS)


def _halving(first: float, later: float) -> ReturnCurves:
    """Make curves on which the chance to come back falls to 0.6 after so many expected gaps.

    With ``K = 0.1 + 0.9 exp(-h u)`` it does where ``K = 0.25``, which is ``exp(-h u) = 1/6``.
    """
    edges = np.append(0.0, np.geomspace(0.02, 25.0, 100))
    pace = np.log(6.0) / np.array([[first], [later]])
    return ReturnCurves(np.maximum(0.1, 0.1 + 0.9 * np.exp(-pace * edges)))


def _orders(days: dict[Any, list[float]]) -> pd.DataFrame:
    """Give each member purchases at noon of these days before `AS_OF`."""
    rows = [(who, AS_OF - day * DAY) for who, ago in days.items() for day in ago]
    frame = pd.DataFrame(rows, columns=["member_id", "order_time"])
    return frame.assign(amount=10.0)


def _staged(
    days: dict[Any, list[float]], rhythm: Rhythm = TEN_DAYS, rules: StageRules | None = None
) -> Any:
    """Stage members by a given rhythm, so that the numbers can be worked by hand."""
    c = Community(orders=_orders(days), tz="UTC")
    members = c.customers()
    visits = visits_of(activity_rows(c, "orders", members), "UTC")
    table = stage_table(visits, members, rhythm, rules or StageRules(), c.moment(AS_OF))
    return table.to_pandas().set_index("member_id")


@pytest.mark.parametrize(
    ("ago", "stage"),
    [
        ([5], "new"),  # expected gap 10: dormant after 25 days, churned after 50
        ([25], "new"),
        ([25.01], "dormant"),
        ([50], "dormant"),
        ([50.01], "churned"),
        ([15, 5], "growing"),
        ([35, 25, 15, 5], "growing"),
        ([45, 35, 25, 15, 5], "loyal"),
        ([105, 5], "won_back"),  # silent for 100 days, more than 50
        ([115, 15, 5], "won_back"),
        ([125, 25, 15, 5], "growing"),  # third visit of the run
        ([145, 45, 35, 25, 15, 5], "loyal"),  # fifth visit of the run
    ],
)
def test_stages_worked_by_hand(ago: list[float], stage: str) -> None:
    assert _staged({1: ago}).stage[1] == stage


def test_the_own_gap_is_the_weighted_mean() -> None:
    # Gaps 4 and 6, and the population's 10 counting once: (10 + 4 + 6) / 3.
    row = _staged({1: [11, 7, 1]}).loc[1]
    assert row.expected_gap == pytest.approx(20 / 3)
    assert row.overdue_ratio == pytest.approx(1 / (20 / 3))
    assert row.next_due - (AS_OF - DAY) == pytest.approx(20 / 3 * DAY, abs=pd.Timedelta("1us"))


def test_a_pause_beyond_churn_is_no_gap_of_the_rhythm() -> None:
    # Gaps 4 and 4; the 100 days between the runs do not count: (10 + 4 + 4) / 3.
    assert _staged({1: [109, 105, 5, 1]}).expected_gap[1] == pytest.approx(6.0)


def test_since_is_when_the_stage_began() -> None:
    table = _staged({1: [5], 2: [35, 25, 15, 5], 3: [30], 4: [60], 5: [115, 15, 5]})
    ago = [5, 25, 5, 10, 15]  # first visit; second visit; 25 and 50 days after the last; return
    assert table.since.tolist() == [AS_OF - days * DAY for days in ago]


def test_a_member_woken_from_dormancy_is_active_since_then() -> None:
    # Silent for 30 days (beyond 25, within 50), then back: growing since the return.
    table = _staged({1: [45, 35, 5]}, rhythm=Rhythm(10.0, 1000.0, 100))
    assert (table.stage[1], table.since[1]) == ("growing", AS_OF - 5 * DAY)


def test_fixed_days_ignore_the_own_gap() -> None:
    rules = StageRules(method="fixed")
    table = _staged({1: [90], 2: [91], 3: [180], 4: [181], 5: [3, 2, 1]}, rules=rules)
    assert table.stage.tolist() == ["new", "dormant", "dormant", "churned", "growing"]


@pytest.mark.parametrize(
    ("ago", "stage"),
    [
        # Dormant after 2 expected gaps of 10 days without own gaps, after 4 with some.
        ([19], "new"),
        ([21], "dormant"),
        ([49, 39], "growing"),
        ([51, 41], "dormant"),
    ],
)
def test_the_model_goes_by_the_chance_to_come_back(ago: list[float], stage: str) -> None:
    rhythm = Rhythm(10.0, 1.0, 100, _halving(2.0, 4.0))
    assert _staged({1: ago}, rhythm, StageRules(method="model")).stage[1] == stage


def test_without_curves_the_model_takes_the_usual_ones() -> None:
    # Of the usual silences one in twenty is for good: K = 0.05 + 0.95 exp(-u) is 0.125, and
    # the chance 0.6, after ln(0.95 / 0.075) = 2.54 gaps.
    table = _staged({1: [25.2], 2: [25.6]}, rules=StageRules(method="model"))
    assert table.stage.tolist() == ["new", "dormant"]


def test_the_model_waits_longer_where_pauses_end() -> None:
    # Everybody comes for eight days in a row and pauses for 60 days; nobody is gone for good.
    bursts = [start + day for start in range(5, 500, 68) for day in range(8)]
    orders = _orders({who: [day + who % 7 for day in bursts] for who in range(60)})
    by_gap, by_model = (lifecycle(orders, as_of=AS_OF - 40 * DAY, method=m) for m in METHODS[::2])
    assert by_gap.stage.isin(["dormant", "churned"]).mean() > 0.9
    assert by_model.stage.isin(["dormant", "churned"]).mean() < 0.1


def test_limits_may_be_moved() -> None:
    rules = StageRules(dormant_after=1.0, churned_after=2.0, loyal_from=2, won_back_visits=1)
    table = _staged({1: [11], 2: [21], 3: [8, 1], 4: [100, 1]}, rules=rules)
    assert table.stage.tolist() == ["dormant", "churned", "loyal", "won_back"]


def test_members_without_orders_are_prospects_since_they_joined() -> None:
    joined = pd.to_datetime(pd.Series(["2026-01-05", None])).dt.tz_localize("UTC")
    members = pd.DataFrame({"member_id": [8, 9], "joined_at": joined})
    c = Community(orders=_orders({1: [12, 5]}), members=members, tz=TZ)
    table = lifecycle(c, as_of=AS_OF).set_index("member_id")
    assert table.stage.tolist() == ["growing", "prospect", "prospect"]
    assert table.since[8] == joined[0]
    assert table.loc[[9], ["since", "next_due", "overdue_ratio"]].isna().all(axis=None)


def test_events_count_as_visits_if_asked() -> None:
    events = _orders({1: [12, 5]}).rename(columns={"order_time": "event_time"})
    c = Community(events=events.drop(columns="amount").assign(event="rate"), tz=TZ)
    assert lifecycle(c, as_of=AS_OF, activity="events").stage.tolist() == ["growing"]


def test_refunds_are_no_visits() -> None:
    orders = _orders({1: [40, 30, 20]})
    refund = orders.tail(1).assign(order_time=AS_OF - DAY, amount=-10.0)
    with_refund = pd.concat([orders, refund], ignore_index=True)
    pd.testing.assert_frame_equal(
        lifecycle(with_refund, as_of=AS_OF), lifecycle(orders, as_of=AS_OF)
    )


def test_purchases_of_one_local_day_are_one_visit() -> None:
    times = pd.to_datetime(["2026-02-27 00:10", "2026-02-27 23:50"]).tz_localize(TZ)
    orders = pd.DataFrame({"member_id": [1, 1], "order_time": times, "amount": [1.0, 1.0]})
    with pytest.warns(SiyuWarning, match="no member visited on two days"):
        table = lifecycle(Community(orders=orders, tz=TZ), as_of=AS_OF)
    assert (table.stage[0], table.since[0]) == ("new", times[0])
    in_utc = lifecycle(Community(orders=orders, tz="UTC"), as_of=AS_OF)
    assert in_utc.stage[0] == "growing"


def test_a_day_that_clocks_repeat_is_one_visit() -> None:
    # 00:00:30 of 7 November, after which the clocks of St John's went back to 23:01 of the 6th
    times = pd.to_datetime(["2010-11-07 02:30:30", "2010-11-07 02:40:00", "2010-11-12 12:00:00"])
    orders = pd.DataFrame({"member_id": 1, "order_time": times.tz_localize("UTC"), "amount": 9.0})
    rows = activity_rows(
        c := Community(orders=orders, tz="America/St_Johns"), "orders", pa.array([1])
    )
    visits = visits_of(rows, c.tz)
    assert np.diff(visits.day).tolist() == [5]
    assert visits.last[0] == pd.Timestamp("2010-11-07 02:40", tz="UTC").as_unit("us").asm8.astype(
        int
    )


def test_one_member_with_one_visit_takes_thirty_days() -> None:
    with pytest.warns(SiyuWarning, match="a gap of 30 days is assumed"):
        table = lifecycle(_orders({1: [15]}), as_of=AS_OF)
    assert (table.stage[0], table.overdue_ratio[0]) == ("new", 0.5)


def test_nobody_gives_no_rows() -> None:
    table = lifecycle(_orders({1: [5]}), as_of="2020-01-01", output="pyarrow")
    assert table.num_rows == 0
    assert table.schema.names == ["member_id", "stage", "since", "next_due", "overdue_ratio"]
    assert pa.types.is_timestamp(table.schema.field("since").type)


def test_before_the_record_began_nothing_is_known() -> None:
    members = pd.DataFrame(
        {
            "member_id": [1, 2, 3],
            "joined_at": pd.to_datetime(["2024-01-01", "2024-01-01", "2026-01-01"]).tz_localize(TZ),
        }
    )
    span = {"orders": ("2025-01-01", "2026-04-01")}
    c = Community(orders=_orders({2: [12, 5]}), members=members, tz=TZ, observed=span)
    with pytest.warns(SiyuWarning, match="1 members joined before the record of orders began"):
        table = lifecycle(c, as_of=AS_OF)
    assert table.stage.isna().tolist() == [True, False, False]
    assert table.stage[2] == "prospect"


def test_a_missing_table_is_named() -> None:
    with pytest.raises(DataError, match=r"lifecycle\(\) needs the table events"):
        lifecycle(Community(orders=_orders({1: [5]})), as_of=AS_OF, activity="events")


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"activity": "messages"}, "activity must be 'orders' or 'events'"),
        ({"method": "magic"}, "method must be 'own_gap', 'fixed' or 'model'"),
        ({"method": "fixed", "rules": StageRules()}, "method is 'fixed', but rules say 'own_gap'"),
        ({"rules": {"method": "fixed"}}, "rules must be StageRules, got dict"),
    ],
)
def test_odd_arguments_are_refused(given: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        lifecycle(_orders({1: [5]}), as_of=AS_OF, **given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dormant_after", 0.5),
        ("churned_days", np.nan),
        ("dormant_after", "3"),
        ("loyal_from", 1),
        ("loyal_from", 5.5),
        ("won_back_visits", 0),
        ("dormant_chance", 1.0),
        ("churned_chance", 0.0),
    ],
)
def test_odd_limits_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=f"{name} must be"):
        StageRules(**{name: value})


@pytest.mark.parametrize(
    "rules",
    [
        StageRules(churned_after=1e300),
        StageRules(method="fixed", churned_days=1e12),
        StageRules(method="fixed", dormant_days=1e9, churned_days=1e9),
    ],
)
def test_a_limit_beyond_all_time_churns_nobody(rules: StageRules) -> None:
    table = lifecycle(_orders({1: [900, 890], 2: [9000]}), as_of=AS_OF, rules=rules)
    assert set(table.stage) <= {"new", "growing", "dormant"}


@pytest.mark.parametrize(
    "wrong", [{"dormant_after": 6.0}, {"dormant_days": 200.0}, {"dormant_chance": 0.2}]
)
def test_dormant_comes_before_churned(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="dormant before being churned"):
        StageRules(**wrong)  # type: ignore[arg-type]


@methods
@given(st.integers(0, 50))
def test_later_rows_and_the_order_of_rows_change_nothing(method: Any, seed: int) -> None:
    c = small_community(seed)
    later = shuffled(with_later_rows(c, small_community(seed + 1_000)), seed)
    told, again = (lifecycle(each, as_of=AS_OF, method=method) for each in (c, later))
    pd.testing.assert_frame_equal(told, again)


@methods
@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_members_are_enough(method: Any, n: int) -> None:
    orders = _orders({who: [50 + who, 20, 3] for who in range(n)})
    assert len(lifecycle(orders, as_of=AS_OF, method=method)) == n


def test_the_kind_of_frame_comes_back_or_the_one_asked_for() -> None:
    orders = pl.DataFrame({"member_id": [1, 1], "order_time": [AS_OF - 9 * DAY, AS_OF - DAY]})
    orders = orders.with_columns(amount=pl.lit(1.0))
    assert isinstance(lifecycle(orders, as_of=AS_OF), pl.DataFrame)
    assert isinstance(lifecycle(orders, as_of=AS_OF, output="pyarrow"), pa.Table)


def _days_ago() -> st.SearchStrategy[dict[int, list[float]]]:
    moments = st.integers(1, 24 * 500).map(lambda hours: hours / 24)
    return st.dictionaries(
        st.integers(1, 9), st.lists(moments, min_size=1, max_size=25), min_size=1
    )


@given(_days_ago(), st.floats(2, 60), st.floats(0.2, 20), st.sampled_from(METHODS))
def test_a_plain_walk_member_by_member_agrees(
    days: dict[int, list[float]], gap: float, strength: float, method: Any
) -> None:
    rhythm, rules = Rhythm(gap, strength, 1, _halving(1.5, 3.0)), StageRules(method=method)
    table = _staged(days, rhythm, rules)
    for who, ago in days.items():
        moments = [(AS_OF - day * DAY).to_pydatetime() for day in ago]
        told = stage_of(moments, AS_OF.to_pydatetime(), "UTC", rhythm, rules)
        row = table.loc[who]
        assert row.stage == told[0]
        assert abs(row.since - told[1]) <= pd.Timedelta("2us")
        assert abs(row.next_due - told[2]) <= pd.Timedelta("2us")


@given(_days_ago(), st.floats(0.001, 1.0), st.sampled_from(METHODS))
def test_seen_from_within_the_stage_it_began_at_the_same_moment(
    days: dict[int, list[float]], part: float, method: Any
) -> None:
    c = Community(orders=_orders(days), tz="UTC")
    rhythm, rules = Rhythm(10.0, 1.0, 100, _halving(1.5, 3.0)), StageRules(method=method)
    now = _staged(days, rhythm, rules)
    for who in days:
        since = now.since[who]
        then = since + part * (AS_OF - since) + pd.Timedelta("1us")
        if then >= AS_OF:
            continue
        known = c.before(then)
        members = known.customers()
        visits = visits_of(activity_rows(known, "orders", members), "UTC")
        rows = stage_table(visits, members, rhythm, rules, c.moment(then)).to_pandas()
        row = rows.set_index("member_id").loc[who]
        assert (row.stage, row.since) == (now.stage[who], since)


@given(st.integers(0, 30), st.integers(0, 2**25), st.sampled_from(METHODS))
def test_a_chunk_of_members_gives_the_rows_of_the_whole(
    seed: int, picked: int, method: Any
) -> None:
    c = small_community(seed).before(AS_OF)
    members = c.customers()
    chunk = members.filter(pa.array([bool(picked >> (i % 25) & 1) for i in range(len(members))]))
    visits = visits_of(activity_rows(c, "orders", members), TZ)
    rules = StageRules(method=method)
    rhythm = rhythm_for(visits, rules, c.moment(AS_OF))
    whole = stage_table(visits, members, rhythm, rules, c.moment(AS_OF))
    some = visits_of(activity_rows(c, "orders", chunk), TZ)
    part = stage_table(some, chunk, rhythm, rules, c.moment(AS_OF))
    kept = whole.filter(pa.compute.is_in(whole["member_id"], chunk))
    assert part.equals(kept.cast(part.schema).combine_chunks())


@given(st.integers(0, 30), st.sampled_from(["orders", "events"]), st.sampled_from(METHODS))
def test_every_customer_has_one_stage(seed: int, activity: Any, method: Any) -> None:
    c = small_community(seed)
    table = lifecycle(c, as_of=AS_OF, activity=activity, method=method)
    assert table.member_id.tolist() == c.before(AS_OF).customers().to_pylist()
    assert set(table.stage) <= set(STAGES)
    assert ((table.since < AS_OF) | table.since.isna()).all()
    assert (table.overdue_ratio.dropna() > 0).all()
