"""What holds for every call about journeys, on many small communities."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, SiyuWarning
from siyu.segmentation import journey
from siyu.segmentation.journey import (
    CohortRules,
    FunnelRules,
    acquisition,
    attribution,
    cohorts,
    day_uplift,
    festival_audience,
    funnel,
    ltv_cac,
    new_and_old,
    onboarding_effect,
    operator_spread,
    return_after,
    revenue_split,
    ripening,
    ripening_curve,
)
from strategies import AS_OF, shuffled, small_community, with_edited_future, with_later_rows

Call = Callable[[Community], pd.DataFrame]
STEPS: dict[str, Any] = {"view": "view", "share": ["share", "visit"], "buy": {"table": "orders"}}
COSTS = pd.DataFrame({"source": ["advert", "search"], "cost": [100.0, 50.0]})
AGAINST = FunnelRules(
    since="2026-01-01", baseline=("2025-09-01", "2026-01-01"), within_days=30, ordered=True
)

CALLS: dict[str, Call] = {
    "funnel": lambda c: funnel(c, as_of=AS_OF),
    "funnel by source against a baseline": lambda c: funnel(
        c, as_of=AS_OF, by="source", rules=AGAINST
    ),
    "funnel of own steps": lambda c: funnel(c, as_of=AS_OF, steps=STEPS, by="cohort"),
    "funnel of sessions": lambda c: funnel(
        c,
        as_of=AS_OF,
        steps={"view": "view", "share": "share"},
        rules=FunnelRules(unit="session", ordered=False),
    ),
    "cohorts": lambda c: cohorts(c, as_of=AS_OF, rules=CohortRules(activity="any")),
    "cohorts by first purchase": lambda c: cohorts(
        c, as_of=AS_OF, measure="repeat", by="source", rules=CohortRules(start="first_purchase")
    ),
    "revenue of cohorts": lambda c: cohorts(
        c, as_of=AS_OF, measure="revenue", rules=CohortRules(period="week", cumulative=True)
    ),
    "ripening": lambda c: ripening(c, as_of=AS_OF),
    "ripening_curve": lambda c: ripening_curve(c, as_of=AS_OF, by="source"),
    "acquisition": lambda c: acquisition(c, as_of=AS_OF, period="week"),
    "acquisition by campaign": lambda c: acquisition(c, as_of=AS_OF, by="campaign_id"),
    "ltv_cac": lambda c: ltv_cac(c, as_of=AS_OF, costs=COSTS, age_days=70),
    "ltv_cac by campaign": lambda c: ltv_cac(c, as_of=AS_OF),
    "new_and_old": lambda c: new_and_old(c, as_of=AS_OF),
    "day_uplift": lambda c: day_uplift(c, as_of=AS_OF),
    "festival_audience": lambda c: festival_audience(c, as_of=AS_OF),
    "revenue_split": lambda c: revenue_split(
        c,
        as_of=AS_OF,
        by="source",
        period=("2026-02-01", "2026-03-01"),
        baseline=("2026-01-01", "2026-01-29"),
    ),
    "attribution": lambda c: attribution(c, as_of=AS_OF),
    "operator_spread": lambda c: operator_spread(c, as_of=AS_OF),
    "return_after": lambda c: return_after(c, as_of=AS_OF, event="share"),
    "onboarding_effect": lambda c: onboarding_effect(c, as_of=AS_OF, event="visit"),
}
calls = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
seeds = st.integers(0, 200)


@pytest.fixture(autouse=True)
def _mind_no_gap_in_the_record() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        yield


def world(seed: int, *, text_ids: bool = False) -> Community:
    """Give a small community the columns that journeys read, drawn from the same seed."""
    c = small_community(seed, text_ids=text_ids)
    tables = {name: c.arrow(name) for name in c.tables()}
    rng = np.random.default_rng(seed)

    def with_column(table: str, name: str, values: object) -> None:
        rows = tables[table]
        assert rows is not None
        tables[table] = rows.append_column(name, pa.array(values))

    def rows_of(table: str) -> int:
        rows = tables[table]
        assert rows is not None
        return int(rows.num_rows)

    def drawn(table: str, among: list[str | None]) -> list[str | None]:
        return [among[i] for i in rng.integers(0, len(among), rows_of(table))]

    with_column("members", "source", drawn("members", ["advert", "search", "advert", None]))
    with_column("events", "channel", drawn("events", ["wecom", "miniprogram", None]))
    with_column("events", "session_id", rng.integers(0, 40, rows_of("events")))
    with_column("referrals", "campaign_id", rng.integers(1, 4, rows_of("referrals")))
    tables["campaigns"] = pa.table(
        {
            "campaign_id": [1, 2, 3],
            "kind": ["festival", "help", "festival"],
            "starts_at": pa.array([AS_OF - pd.Timedelta(days=d) for d in (90, 40, -9)]),
            "ends_at": pa.array([AS_OF - pd.Timedelta(days=d) for d in (80, -5, -19)]),
            "cost": [40.0, 30.0, 20.0],
        }
    )
    members = tables["members"]
    assert members is not None
    days = rng.integers(-120, 60, rows_of("members"))
    tables["staff_links"] = pa.table(
        {
            "member_id": members["member_id"],
            "staff_id": members["member_id"].take(pa.array(rng.integers(0, 2, len(days)))),
            "added_at": pa.array(AS_OF + pd.to_timedelta(days, unit="D")),
        }
    )
    return Community(tz=c.tz, **tables)


@calls
@settings(max_examples=3)
@given(seed=seeds)
def test_later_rows_change_nothing(call: Call, seed: int) -> None:
    c = world(seed)
    pd.testing.assert_frame_equal(call(with_later_rows(c, world(seed + 1_000))), call(c))


@calls
@settings(max_examples=3)
@given(seed=seeds)
def test_an_edited_future_changes_nothing(call: Call, seed: int) -> None:
    c = world(seed)
    pd.testing.assert_frame_equal(call(with_edited_future(c, seed)), call(c))


@calls
@settings(max_examples=3)
@given(seed=seeds)
def test_a_community_cut_at_as_of_says_the_same(call: Call, seed: int) -> None:
    c = world(seed)
    pd.testing.assert_frame_equal(call(c.before(AS_OF)), call(c))


@calls
@settings(max_examples=3)
@given(seed=seeds)
def test_the_order_of_rows_changes_no_byte(call: Call, seed: int) -> None:
    c = world(seed)
    pd.testing.assert_frame_equal(call(shuffled(c, seed)), call(c), check_exact=True)


@calls
@settings(max_examples=3)
@given(seed=seeds)
def test_the_names_of_members_change_nothing(call: Call, seed: int) -> None:
    named, numbered = call(world(seed, text_ids=True)), call(world(seed))
    if "staff_id" in numbered:
        named, numbered = named.drop(columns="staff_id"), numbered.drop(columns="staff_id")
    pd.testing.assert_frame_equal(named, numbered)


@calls
def test_staff_count_nowhere(call: Call) -> None:
    c = world(3)
    tables = {name: getattr(c, name) for name in c.tables()}
    busy = tables["orders"].assign(member_id=1, amount=1e4)
    tables["orders"] = pd.concat([tables["orders"], busy], ignore_index=True)
    pd.testing.assert_frame_equal(call(Community(tz=c.tz, **tables)), call(c))


@calls
@pytest.mark.parametrize("n_members", [0, 1, 2])
def test_few_members_give_the_same_columns(call: Call, n_members: int) -> None:
    c = world(1)
    tables = {name: getattr(c, name) for name in c.tables()}
    whose = {"referrals": "invitee_id", "ties": "source"}
    for name, frame in tables.items():
        key = whose.get(name, "member_id")
        if key in frame:
            tables[name] = frame[frame[key].between(6, 5 + n_members)]
    members = c.members
    assert members is not None
    tables["members"] = members[members.member_id.isin([1, 2, *range(6, 6 + n_members)])]
    few = call(Community(tz=c.tz, **tables))
    assert few.columns.tolist() == call(c).columns.tolist()


@calls
@settings(max_examples=3)
@given(seed=seeds)
def test_every_kind_of_share_lies_in_its_interval(call: Call, seed: int) -> None:
    found = call(world(seed))
    for name, low, high in _intervals(found.columns.tolist()):
        known = found[[name, low, high]].dropna().to_numpy(float)
        assert (known[:, 1] <= known[:, 0] + 1e-12).all(), name
        assert (known[:, 0] <= known[:, 2] + 1e-12).all(), name


def _intervals(columns: list[str]) -> list[tuple[str, str, str]]:
    """Find the estimates whose interval stands in the two columns after them."""
    triples = zip(columns, columns[1:], columns[2:], strict=False)
    return [t for t in triples if t[1].endswith("low") and t[2].endswith("high")]


@calls
def test_the_tables_stay_as_they_were(call: Call) -> None:
    tables = {name: getattr(world(2), name) for name in world(2).tables()}
    copies = {name: frame.copy(deep=True) for name, frame in tables.items()}
    call(Community(tz="Asia/Shanghai", **tables))
    for name, copy in copies.items():
        pd.testing.assert_frame_equal(tables[name], copy)


@pytest.mark.parametrize("name", journey.__all__)
def test_public_names_are_callable_and_not_modules(name: str) -> None:
    assert callable(getattr(journey, name))


FRAME_CALLS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "funnel": ("events", lambda f: funnel(f, as_of=AS_OF, steps={"a": "view", "b": "share"})),
    "cohorts": ("orders", lambda f: cohorts(f, as_of=AS_OF)),
    "new_and_old": ("orders", lambda f: new_and_old(f, as_of=AS_OF)),
    "day_uplift": ("orders", lambda f: day_uplift(f, as_of=AS_OF)),
    "return_after": ("events", lambda f: return_after(f, as_of=AS_OF, event="share")),
    "onboarding_effect": ("events", lambda f: onboarding_effect(f, as_of=AS_OF, event="visit")),
    "acquisition": ("members", lambda f: acquisition(f, as_of=AS_OF)),
}
frame_calls = pytest.mark.parametrize(
    ("table", "call"), FRAME_CALLS.values(), ids=FRAME_CALLS.keys()
)


@frame_calls
def test_a_bare_frame_is_a_community_of_one_table(table: str, call: Callable[[Any], Any]) -> None:
    rows = world(4).arrow(table)
    assert rows is not None
    expected = call(Community(tz="UTC", **{table: rows}))
    pd.testing.assert_frame_equal(call(rows.to_pandas()), expected)


@frame_calls
def test_the_kind_of_frame_that_comes_goes(table: str, call: Callable[[Any], Any]) -> None:
    import polars as pl

    rows = world(4).arrow(table)
    assert rows is not None
    expected = call(rows.to_pandas())
    from_polars = call(pl.from_arrow(rows))
    assert isinstance(from_polars, pl.DataFrame)
    assert from_polars.columns == expected.columns.tolist() == call(rows).column_names
    assert from_polars.height == len(expected)


def _kept_since(begin: str) -> Community:
    """Make the record of three members whose joining nobody wrote down."""
    days = ["2025-01-05", "2025-02-05", "2025-01-20", "2025-06-10", "2025-07-01"]
    orders = pd.DataFrame(
        {
            "member_id": [1, 1, 2, 3, 2],
            "order_time": pd.to_datetime(days).tz_localize("Asia/Shanghai"),
            "amount": 5.0,
        }
    )
    return Community(tz="Asia/Shanghai", orders=orders, observed={"orders": (begin, "2026-01-01")})


def test_who_is_seen_when_a_record_begins_is_not_taken_for_new() -> None:
    found = new_and_old(_kept_since("2025-01-01"), as_of="2026-01-01")
    kinds = dict(zip(found.period, found.buyer.fillna("?"), strict=True))
    assert kinds == {"2025-01": "?", "2025-02": "old", "2025-06": "new", "2025-07": "old"}


def test_cohorts_hold_only_those_who_are_surely_new() -> None:
    found = cohorts(_kept_since("2025-01-01"), as_of="2026-01-01")
    assert found.cohort.unique().tolist() == ["2025-06"]


def test_long_before_the_first_row_a_record_says_who_is_new() -> None:
    found = cohorts(_kept_since("2024-01-01"), as_of="2026-01-01")
    assert found.cohort.unique().tolist() == ["2025-01", "2025-06"]


def test_members_from_before_the_record_are_there_on_member_days() -> None:
    found = day_uplift(_kept_since("2025-01-01"), as_of="2026-01-01", days=["2025-06-10"])
    assert found.n_members.tolist() == [2, 2]
    members = pd.DataFrame(
        {"member_id": [1, 2, 3, 4], "joined_at": pd.Timestamp("2023-01-01", tz="UTC")}
    )
    c = _kept_since("2025-01-01")
    observed = {"orders": ("2025-01-01", "2026-01-01")}
    joined = Community(tz=c.tz, members=members, orders=c.orders, observed=observed)
    found = day_uplift(joined, as_of="2026-01-01", days=["2025-06-10"])
    assert found.n_members.tolist() == [4, 4]
