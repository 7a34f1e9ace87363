"""Each rule of what was known at one moment, by later rows and by later values."""

import warnings
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community
from siyu.datasets.errors import SiyuWarning

T = pd.Timestamp("2026-03-01", tz="UTC")
BEFORE, AT, AFTER = T - pd.Timedelta("1us"), T, T + pd.Timedelta("1D")
WHO = {"member_id": [1, 2, 3]}
DATED: dict[str, tuple[str, dict[str, Any]]] = {
    "orders": ("order_time", {**WHO, "amount": [1.0] * 3}),
    "events": ("event_time", {**WHO, "event": ["view"] * 3}),
    "messages": ("message_time", WHO),
    "referrals": ("referral_time", {"inviter_id": [1, 2, 3], "invitee_id": [4, 5, 6]}),
    "sends": ("send_time", WHO),
    "assignments": (
        "assigned_at",
        {
            "experiment_id": [1] * 3,
            "unit_kind": ["member"] * 3,
            "unit_id": [1, 2, 3],
            "arm": ["a"] * 3,
        },
    ),
    "ties": ("tie_time", {"source": [1, 2, 3], "target": [4, 5, 6]}),
    "memberships": ("joined_at", {**WHO, "group_id": [1] * 3}),
    "members": ("joined_at", WHO),
    "promotions": ("starts_at", {"product_id": [1] * 3, "ends_at": [AFTER] * 3}),
    "offers": ("starts_at", {"offer_id": [1, 2, 3]}),
    "campaigns": ("starts_at", {"campaign_id": [1, 2, 3]}),
    "offer_members": ("issued_at", {**WHO, "offer_id": [1] * 3}),
    "staff_links": ("added_at", {**WHO, "staff_id": [9] * 3}),
}


def cut(table: str, **columns: Any) -> pd.DataFrame:
    tables: dict[str, Any] = {table: pd.DataFrame(columns)}
    c = Community(**tables).before(T)
    frame = getattr(c, table)
    assert isinstance(frame, pd.DataFrame)
    return frame


@pytest.mark.parametrize("table", DATED)
def test_rows_at_or_after_as_of_are_cut(table: str) -> None:
    time, columns = DATED[table]
    assert len(cut(table, **{**columns, time: [BEFORE, AT, AFTER]})) == 1


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("memberships", "left_at"),
        ("sends", "opened_at"),
        ("sends", "clicked_at"),
        ("sends", "redeemed_at"),
        ("sends", "quit_at"),
        ("staff_links", "removed_at"),
    ],
)
def test_values_filled_later_become_null(table: str, column: str) -> None:
    time, columns = DATED[table]
    frame = cut(table, **{**columns, time: [BEFORE] * 3, column: [BEFORE, AT, AFTER]})
    assert frame[column].isna().tolist() == [False, True, True]


@pytest.mark.parametrize("table", ["products", "groups"])
def test_snapshots_are_not_cut(table: str) -> None:
    key, time = {"products": ("product_id", "launched_at"), "groups": ("group_id", "created_at")}[
        table
    ]
    assert len(cut(table, **{key: [1, 2], time: [BEFORE, AFTER]})) == 2


@pytest.mark.parametrize("table", ["offer_products", "identities"])
def test_undated_tables_are_whole(table: str) -> None:
    columns: dict[str, dict[str, Any]] = {
        "offer_products": {"offer_id": [1], "product_id": [2]},
        "identities": {"member_id": [1], "id_kind": ["phone"], "id": ["x"]},
    }
    assert len(cut(table, **columns[table])) == 1


@pytest.mark.parametrize("table", ["promotions", "offers", "campaigns"])
def test_a_plan_counts_from_when_it_was_known(table: str) -> None:
    time, columns = DATED[table]
    planned = {**columns, time: [AFTER] * 3, "known_at": [BEFORE, AT, None]}
    assert len(cut(table, **planned)) == 1


@pytest.mark.parametrize("table", ["ties", "memberships", "referrals"])
def test_undated_rows_are_kept_with_one_warning(table: str) -> None:
    time, columns = DATED[table]
    tables: dict[str, Any] = {table: pd.DataFrame({**columns, time: [None, BEFORE, AFTER]})}
    c = Community(**tables).before(T)
    with pytest.warns(SiyuWarning, match=f"1 undated rows of '{table}' count at every as_of") as w:
        rows = c.arrow(table)
    assert (rows is not None, rows.num_rows if rows else 0, len(w)) == (True, 2, 1)


def test_a_table_without_dates_is_kept_with_one_warning() -> None:
    c = Community(ties=pd.DataFrame({"source": [1], "target": [2]})).before(T)
    with pytest.warns(SiyuWarning, match="the 1 rows of 'ties' are undated"):
        assert len(c.ties) == 1  # type: ignore[arg-type]


def test_members_without_a_date_are_kept_silently() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(cut("members", member_id=[1])) == 1


def test_opt_out_and_kind_apply_as_known_now() -> None:
    # Member 2 joined the club after as_of, but had refused personal offers all the same.
    members = pd.DataFrame(
        {
            "member_id": [1, 2],
            "joined_at": [BEFORE, AFTER],
            "opt_out": [False, True],
            "kind": ["staff", "customer"],
        }
    )
    orders = pd.DataFrame({"member_id": [2], "order_time": [BEFORE], "amount": [1.0]})
    c = Community(members=members, orders=orders).before(T)
    assert (c.opted_out().to_pylist(), c.staff().to_pylist()) == ([2], [1])


def test_who_opts_out_but_comes_later_is_not_there_yet() -> None:
    members = pd.DataFrame({"member_id": [1], "joined_at": [AFTER], "opt_out": [True]})
    assert len(Community(members=members).before(T).opted_out()) == 0


def test_a_community_cut_earlier_stays_cut() -> None:
    orders = pd.DataFrame({"member_id": [1], "order_time": [BEFORE], "amount": [1.0]})
    c = Community(orders=orders).before(BEFORE).before(AFTER)
    assert c.arrow("orders").num_rows == 0  # type: ignore[union-attr]


def test_a_naive_as_of_is_the_shops_clock() -> None:
    orders = pd.DataFrame({"member_id": [1], "order_time": [AT], "amount": [1.0]})
    c = Community(orders=orders, tz="Asia/Shanghai")
    # 2026-03-01 00:00 UTC is 08:00 in Shanghai.
    early, late = c.before("2026-03-01 08:00"), c.before("2026-03-01 08:01")
    assert [x.arrow("orders").num_rows for x in (early, late)] == [0, 1]  # type: ignore[union-attr]


def test_the_observed_span_ends_at_as_of() -> None:
    c = Community(
        orders=pa.table({"member_id": [1], "order_time": pa.array([BEFORE]), "amount": [1.0]}),
        observed={"orders": (T - pd.Timedelta("9D"), AFTER)},
    )
    assert c.before(T).observed["orders"][1] == c.moment(T)
