"""What holds for every call on chat groups: time, order, ids, absent tables, few members."""

import dataclasses
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from group_worlds import chat_groups
from siyu.datasets import Community, DataError, ParameterError, SiyuWarning
from siyu.graph.groups.day_table import group_days
from siyu.graph.groups.exposure import exposure_effect
from siyu.graph.groups.flash_sales import flash_group_sales
from siyu.graph.groups.health import group_health
from siyu.graph.groups.leverage import amplification, sharer_leverage
from siyu.graph.groups.peers import peer_effect
from siyu.graph.groups.reach import group_reach
from siyu.graph.groups.staffing import staff_load
from strategies import AS_OF, shuffled, with_edited_future, with_later_rows

Call = Callable[[Community], pd.DataFrame]


def as_row(found: Any) -> pd.DataFrame:
    """Put a result of several parts in a frame of one row."""
    return pd.DataFrame([dataclasses.asdict(found)])


def reach_rows(c: Community) -> Any:
    found = group_reach(c, as_of=AS_OF)
    counted = (found.n_groups, found.n_memberships, found.n_members, found.n_opted_out)
    return found.cover.assign(counted=[counted] * len(found.cover))


CALLS: dict[str, Call] = {
    "group_health": lambda c: group_health(c, as_of=AS_OF),
    "group_health of events": lambda c: group_health(c, as_of=AS_OF, activity="events"),
    "group_days": lambda c: group_days(c, as_of=AS_OF),
    "group_reach": reach_rows,
    "staff_load": lambda c: staff_load(c, as_of=AS_OF, max_members=5),
    "flash_group_sales": lambda c: flash_group_sales(c, as_of=AS_OF),
    "exposure_effect": lambda c: as_row(exposure_effect(c, as_of=AS_OF, event="share")),
    "peer_effect": lambda c: as_row(peer_effect(c, as_of=AS_OF)),
    "amplification": lambda c: amplification(c, as_of=AS_OF),
    "sharer_leverage": lambda c: sharer_leverage(c, as_of=AS_OF),
}


@pytest.fixture(autouse=True)
def _weak_answers_are_fine() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        yield


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_later_rows_change_nothing(call: str, seed: int) -> None:
    c = chat_groups(seed)
    later = with_later_rows(c, chat_groups(seed + 99))
    pd.testing.assert_frame_equal(CALLS[call](c), CALLS[call](later), check_exact=True)


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_values_edited_later_change_nothing(call: str, seed: int) -> None:
    c = chat_groups(seed)
    edited = with_edited_future(c, seed)
    pd.testing.assert_frame_equal(CALLS[call](c), CALLS[call](edited), check_exact=True)


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_row_order_changes_no_byte(call: str, seed: int) -> None:
    c = chat_groups(seed)
    mixed = CALLS[call](shuffled(c, seed))
    pd.testing.assert_frame_equal(CALLS[call](c), mixed, check_exact=True)


@pytest.mark.parametrize("call", CALLS)
def test_text_ids_give_the_numbers_that_integers_give(call: str) -> None:
    whole, text = (CALLS[call](chat_groups(3, text_ids=kind)) for kind in (False, True))
    names = [name for name in ("member_id", "staff_id") if name in whole.columns]
    for name in names:
        whole[name] = "m" + whole[name].astype(str).str.zfill(5)
    pd.testing.assert_frame_equal(
        whole.astype(dict.fromkeys(names, "object")), text.astype(dict.fromkeys(names, "object"))
    )


@pytest.mark.parametrize("call", CALLS)
def test_the_input_stays_as_it_is(call: str) -> None:
    c = chat_groups(1)
    before = {name: c.arrow(name) for name in c.tables()}
    CALLS[call](c)
    for name, rows in before.items():
        assert rows is not None
        assert rows.equals(c.arrow(name))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("n", [0, 1, 2])
def test_so_few_members_are_no_trouble(call: str, n: int) -> None:
    c = chat_groups(2)
    kept = list(range(3, 3 + n))
    tables = {}
    for name in c.tables():
        frame = getattr(c, name)
        for column in ("member_id", "source", "inviter_id", "reply_to_member_id"):
            if column in frame.columns:
                frame = frame[frame[column].isin(kept)]
        tables[name] = frame
    found = CALLS[call](Community(tz=c.tz, **tables))
    assert isinstance(found, pd.DataFrame)


@pytest.mark.parametrize("call", CALLS)
def test_without_the_tables_needed_a_data_error_names_them(call: str) -> None:
    c = chat_groups(0)
    only_members = Community(tz=c.tz, members=c.members)
    with pytest.raises(DataError, match="needs"):
        CALLS[call](only_members)


@pytest.mark.parametrize("call", CALLS)
def test_tables_without_rows_are_legal(call: str) -> None:
    c = chat_groups(0)
    empty = Community(tz=c.tz, **{name: getattr(c, name).iloc[:0] for name in c.tables()})
    found = CALLS[call](empty)
    numbers = found.select_dtypes("number")
    assert len(found) == 0 or not numbers.fillna(0).to_numpy(float).any() or "level" in found


OPTIONAL = {
    "memberships": ("n_members", "n_effective", "n_joined", "net_growth", "speaker_share", "gmv"),
    "orders": ("n_orders", "gmv", "gmv_per_member", "gmv_after_talk", "deal_score"),
    "messages": ("n_messages", "n_speakers", "answer_rate", "survival", "content_score", "state"),
    "sends": ("n_sends", "n_left_after_send", "extra_left_per_send"),
    "groups": ("kind",),
}


@pytest.mark.parametrize("table", OPTIONAL)
def test_what_an_absent_table_would_tell_is_null_and_never_zero(table: str) -> None:
    c = chat_groups(4)
    rest = {name: getattr(c, name) for name in c.tables() if name != table}
    found = group_health(Community(tz=c.tz, **rest), as_of=AS_OF)
    assert found[list(OPTIONAL[table])].isna().all(axis=None)


@pytest.mark.parametrize("table", OPTIONAL)
def test_with_the_table_the_same_columns_are_known(table: str) -> None:
    found = group_health(chat_groups(4), as_of=AS_OF)
    assert found[list(OPTIONAL[table])].notna().any().all()


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_other_kinds_of_frames_hold_the_same(kind: Any) -> None:
    found = group_health(chat_groups(0), as_of=AS_OF, output=kind)
    pandas = group_health(chat_groups(0), as_of=AS_OF)
    assert list(found["n_messages"].to_pylist() if kind == "pyarrow" else found["n_messages"]) == (
        pandas["n_messages"].tolist()
    )


@pytest.mark.parametrize("window", ["1h", "soon", None])
def test_a_window_that_is_no_length_of_days_is_refused(window: Any) -> None:
    with pytest.raises(ParameterError, match=r"window must be (a span|one day or more)"):
        group_health(chat_groups(0), as_of=AS_OF, window=window)


def test_an_unknown_activity_is_refused() -> None:
    with pytest.raises(ParameterError, match="'messages' or 'events'"):
        group_days(chat_groups(0), as_of=AS_OF, activity="orders")
