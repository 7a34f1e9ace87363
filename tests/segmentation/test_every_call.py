"""What holds for every public call of the package, on many small communities."""

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
from siyu.segmentation import (
    btyd_summary,
    lifecycle,
    next_stage,
    rfm,
    rfm_class,
    rfm_edges,
    rfm_score,
    segment_profile,
    stage_history,
    tag,
    tag_changes,
    tag_support,
    transition_matrix,
    win_back,
)
from strategies import AS_OF, TZ, shuffled, small_community, with_later_rows

Call = Callable[[Any], pd.DataFrame]
EARLIER = AS_OF - pd.Timedelta(days=45)


def _edges(c: Community) -> pd.DataFrame:
    edges = rfm_edges(rfm(c, as_of=AS_OF), thresholds=5)
    return pd.DataFrame([edges.recency, edges.frequency, edges.monetary])


CALLS: dict[str, Call] = {
    "rfm": lambda c: rfm(c, as_of=AS_OF),
    "rfm_class": lambda c: rfm_class(rfm(c, as_of=AS_OF), "named11"),
    "rfm_score": lambda c: rfm_score(rfm(c, as_of=AS_OF)),
    "rfm_edges": _edges,
    "lifecycle": lambda c: lifecycle(c, as_of=AS_OF),
    "lifecycle by events": lambda c: lifecycle(c, as_of=AS_OF, activity="events"),
    "lifecycle by fixed days": lambda c: lifecycle(c, as_of=AS_OF, method="fixed"),
    "lifecycle by the model": lambda c: lifecycle(c, as_of=AS_OF, method="model"),
    "stage_history": lambda c: stage_history(c, as_of=[EARLIER, AS_OF]),
    "transition_matrix": lambda c: transition_matrix(stage_history(c, as_of=[EARLIER, AS_OF])),
    "next_stage": lambda c: next_stage(c, as_of=AS_OF),
    "win_back": lambda c: win_back(c, as_of=AS_OF),
    "tag": lambda c: tag(c, as_of=AS_OF),
    "tag_support": lambda c: tag_support(
        c, as_of=AS_OF, tags=["stage", "n_shares", "coupon_share"]
    ),
    "segment_profile": lambda c: segment_profile(tag(c, as_of=AS_OF), "stage"),
    "btyd_summary": lambda c: btyd_summary(c, as_of=AS_OF),
    "tag_changes": lambda c: tag_changes(tag(c, as_of=EARLIER), tag(c, as_of=AS_OF)),
}
calls = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
seeds = st.integers(0, 200)


@pytest.fixture(autouse=True)
def _mind_no_absent_table() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        yield


def _edited_later(c: Community, seed: int) -> Community:
    """Change every value that was not yet known at `AS_OF`."""
    rng = np.random.default_rng(seed)
    tables = {name: getattr(c, name) for name in c.tables()}
    late = tables["orders"].order_time >= AS_OF
    tables["orders"].loc[late, "amount"] = rng.normal(0, 1e6, late.sum())
    tables["orders"].loc[late, "product_id"] = rng.integers(1, 10, late.sum())
    late = tables["events"].event_time >= AS_OF
    tables["events"].loc[late, "event"] = "share"
    left = tables["memberships"].left_at
    tables["memberships"].loc[left >= AS_OF, "left_at"] = pd.NaT
    opened = tables["sends"].opened_at
    tables["sends"].loc[opened >= AS_OF, "opened_at"] += pd.Timedelta(days=9)
    return Community(tz=c.tz, **tables)


@calls
@settings(max_examples=5)
@given(seed=seeds)
def test_later_rows_change_nothing(call: Call, seed: int) -> None:
    c = small_community(seed)
    later = with_later_rows(c, small_community(seed + 1_000))
    pd.testing.assert_frame_equal(call(later), call(c))


@calls
@settings(max_examples=5)
@given(seed=seeds)
def test_values_filled_in_later_change_nothing(call: Call, seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(call(_edited_later(c, seed)), call(c))


@calls
@settings(max_examples=5)
@given(seed=seeds)
def test_a_community_cut_at_as_of_says_the_same(call: Call, seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(call(c.before(AS_OF)), call(c))


@calls
@settings(max_examples=5)
@given(seed=seeds)
def test_the_order_of_rows_changes_nothing(call: Call, seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(call(shuffled(c, seed)), call(c))


@calls
@settings(max_examples=5)
@given(seed=seeds)
def test_the_names_of_members_change_nothing(call: Call, seed: int) -> None:
    named, numbered = call(small_community(seed, text_ids=True)), call(small_community(seed))
    if "member_id" in numbered:
        renamed = [f"m{who:05d}" for who in numbered.member_id]
        assert named.member_id.tolist() == renamed
        named, numbered = (frame.drop(columns="member_id") for frame in (named, numbered))
    pd.testing.assert_frame_equal(named, numbered)


@calls
@settings(max_examples=5)
@given(seed=seeds)
def test_the_tables_stay_as_they_were(call: Call, seed: int) -> None:
    given_tables = {name: small_community(seed).arrow(name) for name in ("orders", "events")}
    frames = {name: table.to_pandas() for name, table in given_tables.items() if table is not None}
    copies = {name: frame.copy(deep=True) for name, frame in frames.items()}
    call(Community(tz=TZ, **frames))
    for name, copy in copies.items():
        pd.testing.assert_frame_equal(frames[name], copy)


FRAME_CALLS: dict[str, Callable[[Any], Any]] = {
    "rfm": lambda orders: rfm(orders, as_of=AS_OF, tz=TZ),
    "lifecycle": lambda orders: lifecycle(orders, as_of=AS_OF),
    "tag": lambda orders: tag(orders, as_of=AS_OF),
}
frame_calls = pytest.mark.parametrize("call", FRAME_CALLS.values(), ids=FRAME_CALLS.keys())


@frame_calls
@settings(max_examples=5)
@given(seed=seeds)
def test_every_kind_of_frame_gives_the_same_numbers(call: Callable[[Any], Any], seed: int) -> None:
    import polars as pl

    orders = small_community(seed).arrow("orders")
    assert orders is not None
    from_arrow = call(orders)
    from_polars, from_pandas = call(pl.from_arrow(orders)), call(orders.to_pandas())
    assert isinstance(from_polars, pl.DataFrame)
    assert isinstance(from_pandas, pd.DataFrame)
    names = from_arrow.schema.names
    assert from_polars.columns == from_pandas.columns.tolist() == names
    for name in names:
        expected = from_arrow[name].to_pylist()
        assert from_polars[name].to_list() == expected
        back = pa.Array.from_pandas(from_pandas[name]).to_pylist()
        assert back == expected or np.allclose(
            [np.nan if v is None else v for v in back],
            [np.nan if v is None else v for v in expected],
            equal_nan=True,
        )


@frame_calls
@settings(max_examples=5)
@given(seed=seeds)
def test_the_index_of_a_frame_changes_nothing(call: Callable[[Any], Any], seed: int) -> None:
    orders = small_community(seed).orders
    assert orders is not None
    odd = orders.set_index(np.arange(len(orders))[::-1] % 7)
    pd.testing.assert_frame_equal(call(odd), call(orders))


@calls
def test_as_of_is_excluded_in_every_table(call: Call) -> None:
    c = small_community(0)
    tables = {name: c.arrow(name) for name in c.tables()}
    orders = tables["orders"]
    assert orders is not None
    at_as_of = orders.slice(0, 5).to_pandas().assign(order_time=AS_OF, amount=1e6)
    orders_too = pd.concat([orders.to_pandas(), at_as_of], ignore_index=True)
    more = Community(tz=TZ, **{**tables, "orders": orders_too})
    pd.testing.assert_frame_equal(call(more), call(c))
