"""The funnel of AARRR: hand-worked steps, planted leaks, and what was not recorded."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning, make_community
from siyu.datasets.labels import label
from siyu.segmentation.journey import FunnelRules, funnel

TZ = "Asia/Shanghai"
STEPS = {"view": "view", "click": "click", "submit": "submit"}
TABLES = ("orders", "events", "messages", "referrals")


def _times(*texts: str) -> pd.DatetimeIndex:
    return pd.to_datetime(list(texts), format="ISO8601").tz_localize(TZ)


def _events(*rows: tuple[Any, str, str]) -> pd.DataFrame:
    who, what, when = zip(*rows, strict=True)
    return pd.DataFrame({"member_id": who, "event": what, "event_time": _times(*when)})


def _community(**tables: pd.DataFrame) -> Community:
    """Make a community with every table that the steps of AARRR read."""
    none: dict[str, Any] = {
        "orders": pd.DataFrame({"member_id": [], "order_time": [], "amount": []}),
        "events": pd.DataFrame({"member_id": [], "event": [], "event_time": []}),
        "messages": pd.DataFrame({"member_id": [], "message_time": []}),
        "referrals": pd.DataFrame({"inviter_id": [], "invitee_id": [], "referral_time": []}),
    }
    return Community(tz=TZ, **(none | tables))


def _aarrr() -> Community:
    members = pd.DataFrame(
        {
            "member_id": [1, 2, 3, 4, 9],
            "joined_at": _times(
                "2026-01-01 10", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-01"
            ),
            "source": ["advert", "advert", "search", None, "search"],
            "kind": ["customer"] * 4 + ["staff"],
        }
    )
    orders = pd.DataFrame(
        {
            "member_id": [1, 2, 9, 3],
            # Member 1 pays an hour before being written down; member 3 only gets money back.
            "order_time": _times("2026-01-01 09", "2026-01-20", "2026-01-05", "2026-01-09"),
            "amount": [10.0, 20.0, 30.0, -5.0],
        }
    )
    events = _events(
        (2, "view", "2026-01-04"), (2, "view", "2026-01-11"), (3, "share", "2026-01-06")
    )
    messages = pd.DataFrame({"member_id": [1], "message_time": _times("2026-01-07 23")})
    referrals = pd.DataFrame(
        {"inviter_id": [2], "invitee_id": [4], "referral_time": _times("2026-01-04")}
    )
    return Community(
        tz=TZ, members=members, orders=orders, events=events, messages=messages, referrals=referrals
    )


def _row(found: pd.DataFrame, step: str, group: str = "all") -> pd.Series:
    rows = found[(found.step == step) & (found.group == group)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_aarrr_by_hand() -> None:
    found = funnel(_aarrr(), as_of="2026-02-01")
    assert found.step.tolist() == ["acquisition", "activation", "retention", "revenue", "referral"]
    # 1 buys on the day of joining, 2 views, 3 shares, 4 does nothing; 9 is staff.
    assert found.n.tolist() == [4, 3, 1, 2, 2]
    assert found.n_from.tolist()[1:] == [4, 3, 3, 3]


def test_branches_are_measured_from_activation() -> None:
    found = funnel(_aarrr(), as_of="2026-02-01")
    assert found.previous.tolist()[1:] == ["acquisition", *["activation"] * 3]
    assert _row(found, "revenue")["share"] == pytest.approx(2 / 3)
    assert _row(found, "revenue")["total_share"] == pytest.approx(2 / 4)


def test_retention_is_seven_local_days_after_activation() -> None:
    # 1: activated on the 1st, speaks on the 7th: 6 days. 2: views on the 4th and the 11th: 7.
    assert _row(funnel(_aarrr(), as_of="2026-02-01"), "retention")["n"] == 1


def test_a_refund_is_no_revenue_and_no_act() -> None:
    c = _aarrr()
    assert _row(funnel(c, as_of="2026-02-01", by="source"), "revenue", "search")["n"] == 0


def test_shares_have_wilsons_interval() -> None:
    row = _row(funnel(_aarrr(), as_of="2026-02-01"), "activation")
    assert row["low"] == pytest.approx(0.3006, abs=1e-4)  # 3 of 4
    assert row["high"] == pytest.approx(0.9544, abs=1e-4)


def test_groups_are_sorted_and_unknown_ones_come_last() -> None:
    found = funnel(_aarrr(), as_of="2026-02-01", by="source")
    assert found.group.drop_duplicates().fillna("?").tolist() == ["advert", "search", "?"]
    assert found.n[found.step == "acquisition"].tolist() == [2, 1, 1]


def test_cohorts_are_months_of_the_local_clock() -> None:
    members = pd.DataFrame(
        {"member_id": [1], "joined_at": pd.to_datetime(["2026-01-31 17:00"]).tz_localize("UTC")}
    )
    found = funnel(_community(members=members), as_of="2026-06-01", by="cohort")
    assert found.group.unique().tolist() == ["2026-02"]


def test_without_a_joining_date_the_first_act_is_the_begin() -> None:
    events = _events((1, "view", "2026-01-04"), (1, "view", "2026-01-20"))
    found = funnel(_community(events=events), as_of="2026-02-01", by="cohort")
    assert found.n.tolist() == [1, 1, 1, 0, 0]


def test_what_was_done_before_joining_does_not_count() -> None:
    members = pd.DataFrame({"member_id": [1], "joined_at": _times("2026-01-10")})
    events = _events((1, "share", "2026-01-05"))
    found = funnel(_community(members=members, events=events), as_of="2026-02-01")
    assert found.n.tolist() == [1, 0, 0, 0, 0]


def test_within_days_leaves_out_who_came_too_late_to_be_judged() -> None:
    found = funnel(_aarrr(), as_of="2026-02-01", rules=FunnelRules(within_days=29))
    # 2026-01-03 + 29 days = 2026-02-01: members 1, 2 and 3 have had their 29 days.
    assert _row(found, "acquisition")["n"] == 3


def test_within_days_counts_no_step_reached_later() -> None:
    found = funnel(_aarrr(), as_of="2026-03-01", rules=FunnelRules(within_days=18))
    # Member 2 buys exactly 18 days after joining: not within.
    assert _row(found, "revenue")["n"] == 1


def test_since_keeps_those_who_came_later() -> None:
    found = funnel(_aarrr(), as_of="2026-02-01", rules=FunnelRules(since="2026-01-03"))
    assert _row(found, "acquisition")["n"] == 2


def test_a_missing_table_is_unknown_not_zero() -> None:
    c = _aarrr()
    part = Community(tz=TZ, members=c.members, events=c.events)
    with pytest.warns(SiyuWarning, match="no record of orders, messages, referrals"):
        found = funnel(part, as_of="2026-02-01")
    assert _row(found, "revenue")[["n", "share", "total_share"]].isna().all()
    assert _row(found, "referral")["n"] == 1  # shares are events


def test_without_any_act_there_is_no_funnel() -> None:
    with pytest.raises(DataError, match="one of the tables orders, events, messages"):
        funnel(Community(members=_aarrr().members), as_of="2026-02-01")


def test_members_from_before_the_record_are_unknown_not_lost() -> None:
    c = _aarrr()
    tables = {name: getattr(c, name) for name in c.tables()}
    spans = dict.fromkeys(TABLES, ("2026-01-03", "2026-02-01"))
    late = Community(tz=TZ, observed=spans, **tables)
    with pytest.warns(SiyuWarning, match="2 members entered before the record"):
        found = funnel(late, as_of="2026-02-01")
    assert _row(found, "acquisition")["n"] == 2  # members 3 and 4
    assert _row(found, "activation")["n"] == 1


def test_a_record_that_ended_is_looked_at_from_its_end() -> None:
    c = _aarrr()
    tables = {name: getattr(c, name) for name in c.tables()}
    ended = Community(tz=TZ, observed={"events": ("2025-01-01", "2026-01-11")}, **tables)
    with pytest.warns(SiyuWarning, match="the record ended before as_of"):
        found = funnel(ended, as_of="2026-06-01")
    pd.testing.assert_frame_equal(found, funnel(c, as_of="2026-01-11"))


def test_time_in_a_step_counts_those_still_waiting() -> None:
    # Four enter on the 1st; two buy after 2 and 4 days, two have not after 10: the quarter is
    # reached after 2 days, the half after 4, three quarters are not.
    members = pd.DataFrame({"member_id": [1, 2, 3, 4], "joined_at": _times(*["2026-01-01"] * 4)})
    events = pd.concat(
        [_events((who, "open", "2026-01-01"), (who, "open", "2026-01-01")) for who in (1, 2, 3, 4)]
    )
    orders = pd.DataFrame(
        {"member_id": [1, 2], "order_time": _times("2026-01-03", "2026-01-05"), "amount": 1.0}
    )
    c = _community(members=members, events=events, orders=orders)
    row = _row(funnel(c, as_of="2026-01-11"), "revenue")
    assert row[["days_25", "days_50"]].tolist() == [2.0, 4.0]
    assert np.isnan(row["days_75"])


def test_newcomers_do_not_shift_the_median_time() -> None:
    # Half of the old ones buy after 5 days; whoever joined yesterday has had no time to.
    old = [(who, "2026-01-01") for who in range(1, 11)]
    young = [(who, "2026-01-30") for who in range(11, 60)]
    members = pd.DataFrame(old + young, columns=["member_id", "joined_at"])
    members["joined_at"] = _times(*members.joined_at)
    events = _events(*[(who, "open", when) for who, when in old + young])
    orders = pd.DataFrame(
        {"member_id": range(1, 7), "order_time": _times(*["2026-01-06"] * 6), "amount": 1.0}
    )
    c = _community(members=members, events=events, orders=orders)
    assert _row(funnel(c, as_of="2026-02-01"), "revenue")["days_50"] == 5.0


def _landing(seed: int, share_then: float, share_now: float) -> Community:
    """Make 800 members a period who view, click (70 %) and submit with a planted chance."""
    rng = np.random.default_rng(seed)
    rows = []
    for period, chance in (("2026-01-01", share_then), ("2026-03-01", share_now)):
        for who in range(800):
            member = f"{period}-{who}"
            rows.append((member, "view", period))
            if rng.random() < 0.7:
                rows.append((member, "click", period))
                if rng.random() < chance:
                    rows.append((member, "submit", period))
    return Community(events=_events(*rows), tz=TZ)


RULES = FunnelRules(since="2026-02-15", baseline=("2026-01-01", "2026-02-15"), within_days=14)


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_leak_is_found_where_it_was_planted(seed: int) -> None:
    c = _landing(seed, share_then=0.5, share_now=0.35)
    found = funnel(c, as_of="2026-06-01", steps=STEPS, rules=RULES)
    assert found.step[found.leak.fillna(False).astype(bool)].tolist() == ["submit"]
    row = _row(found, "submit")
    assert row["change"] == pytest.approx(-0.15, abs=0.07)
    assert row["change_low"] < row["change"] < row["change_high"] < 0
    assert row["n_lost"] == pytest.approx(-row["change"] * row["n_from"])


def test_a_quiet_funnel_shows_a_leak_once_in_forty() -> None:
    rng = np.random.default_rng(0)
    leaks = 0
    for _ in range(80):
        n_view, rows = 300, []
        for period in ("2026-01-01", "2026-03-01"):
            clicks = rng.binomial(n_view, 0.6)
            submits = rng.binomial(clicks, 0.5)
            for step, n in (("view", n_view), ("click", clicks), ("submit", submits)):
                rows += [(f"{period}-{who}", step, period) for who in range(n)]
        found = funnel(
            Community(events=_events(*rows), tz=TZ), as_of="2026-06-01", steps=STEPS, rules=RULES
        )
        leaks += bool(found.leak.fillna(False).any())
    assert leaks / 80 < 0.08  # of a fall alone, in either step: 2.5 %, and chance


def test_without_a_baseline_there_is_no_leak_to_tell() -> None:
    found = funnel(_aarrr(), as_of="2026-02-01")
    assert found[["baseline_share", "change", "change_low", "n_lost", "leak"]].isna().all(axis=None)


def test_the_baseline_has_as_much_time_as_the_period() -> None:
    # Everybody buys after 20 days; with within_days = 14 neither period has any, so no change.
    members = pd.DataFrame({"member_id": [1, 2], "joined_at": _times("2026-01-01", "2026-03-01")})
    orders = pd.DataFrame(
        {"member_id": [1, 2], "order_time": _times("2026-01-21", "2026-03-21"), "amount": 1.0}
    )
    events = _events((1, "open", "2026-01-01"), (2, "open", "2026-03-01"))
    c = _community(members=members, orders=orders, events=events)
    row = _row(funnel(c, as_of="2026-06-01", rules=RULES), "revenue")
    assert row[["share", "baseline_share", "change"]].tolist() == [0, 0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_the_share_of_buyers_is_as_planted(seed: int) -> None:
    # Fraud accounts and 30 % of the others never buy; who joined early has had time to.
    c = make_community(n_members=1500, random_state=seed)
    rules = FunnelRules(within_days=365)
    found = funnel(c, as_of="2026-07-01", rules=rules)
    assert c.members is not None
    early = c.members.joined_at < pd.Timestamp("2025-06-01", tz="UTC")
    truth = c.truth["members"].set_index("member_id").is_buyer
    planted = truth.reindex(c.members.member_id[early & (c.members.kind != "staff")]).mean()
    row = _row(found, "revenue")
    assert abs(row["total_share"] - planted) < 0.06


def test_steps_have_words() -> None:
    found = label(funnel(_aarrr(), as_of="2026-02-01"), "zh")
    assert found.step.tolist() == ["获客", "激活", "留存", "变现", "推荐"]


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_other_frames_hold_the_same(kind: Any) -> None:
    found = funnel(_aarrr(), as_of="2026-02-01", output=kind)
    names = found.columns if kind == "polars" else found.column_names
    assert list(names) == funnel(_aarrr(), as_of="2026-02-01").columns.tolist()
    assert pa.array(found["n"]).to_pylist() == [4, 3, 1, 2, 2]


def test_no_members_is_a_funnel_of_zeros() -> None:
    found = funnel(_community(), as_of="2026-02-01")
    assert found.n.tolist() == [0] * 5
    assert found["share"].isna().all()


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"unit": "group"}, "unit must be"),
        ({"within_days": 0}, "within_days must be above 0"),
        ({"within_days": 1e9}, "within_days must be above 0, up to 36,525"),
        ({"baseline": ("2026-01-01", "2026-02-01")}, "a baseline needs within_days"),
        ({"baseline": ("2026-01-01",)}, "a pair"),
    ],
)
def test_rules_that_make_no_sense_are_refused(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        FunnelRules(**settings)


def test_a_baseline_after_as_of_is_refused() -> None:
    with pytest.raises(ParameterError, match="before as_of"):
        funnel(_aarrr(), as_of="2026-02-01", rules=RULES)


def test_aarrr_by_session_is_refused() -> None:
    with pytest.raises(ParameterError, match="need steps of one's own"):
        funnel(_aarrr(), as_of="2026-02-01", rules=FunnelRules(unit="session"))


def test_an_unknown_group_is_named_with_those_there_are() -> None:
    with pytest.raises(DataError, match="by='city' is no column of members; there are: cohort"):
        funnel(_aarrr(), as_of="2026-02-01", by="city")
