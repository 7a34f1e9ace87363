"""The evidence behind tags."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning, label
from siyu.datasets.intervals import wilson_bounds
from siyu.datasets.shrinkage import BetaPrior
from siyu.segmentation import tag, tag_catalog
from siyu.segmentation.tagging.calendars import Calendar
from siyu.segmentation.tagging.support import tag_support
from strategies import AS_OF, TZ, shuffled, small_community, with_edited_future, with_later_rows
from tag_tables import DAYS, T, orders_on


def _of_orders(orders: pd.DataFrame, *tags: str, **given: Any) -> Any:
    c = Community(orders=orders, tz=TZ)
    return tag_support(c, as_of=T, tags=list(tags), **given)


def test_a_share_rests_on_its_lines() -> None:
    row = _of_orders(orders_on(DAYS, discount=[1.0, 0.0, np.nan]), "discount_share").iloc[0]
    assert (row.value, row.support, row.support_unit) == ("0.5", 2, "lines")


def test_the_interval_of_a_plain_share_is_wilsons() -> None:
    orders = orders_on([f"2026-01-{day}" for day in range(10, 20)], discount=[1.0] + [0.0] * 9)
    row = _of_orders(orders, "discount_share").iloc[0]
    assert (row.low, row.high) == (pytest.approx(0.018, abs=1e-3), pytest.approx(0.404, abs=1e-3))


def test_confidence_is_the_weight_of_the_own_evidence() -> None:
    orders = orders_on([*DAYS, "2026-02-16"], member_id=[1, 1, 1, 2], discount=[1.0, 0, 0, 1.0])
    prior = BetaPrior.of([1, 1], [3, 1])
    found = _of_orders(orders, "discount_dependence")
    expected = [3 / (3 + prior.strength), 1 / (1 + prior.strength)]
    assert found.confidence.tolist() == pytest.approx(expected)


def test_confidence_in_a_favourite_fades_with_age() -> None:
    orders = orders_on(["2026-02-28", "2025-02-28"], member_id=[1, 2], channel=["a", "b"])
    found = _of_orders(orders, "favourite_channel_share")
    weight = 0.5 ** (np.array([1.0, 366.0]) / 180)
    assert found.confidence.tolist() == pytest.approx((weight / (weight + 1)).tolist(), rel=1e-6)


@pytest.mark.parametrize(("n", "level"), [(4, "weak"), (5, "fair"), (20, "strong")])
def test_levels_begin_at_a_half_and_four_fifths(n: int, level: str) -> None:
    orders = orders_on([f"2026-01-{day:02}" for day in range(1, n + 1)])
    assert _of_orders(orders, "purchase_value").level.tolist() == [level]


def test_numbers_have_no_interval() -> None:
    assert pd.isna(_of_orders(orders_on(DAYS), "purchase_value").low[0])


def test_what_is_null_has_no_row() -> None:
    found = _of_orders(orders_on(DAYS), "discount_share", "repeat_buyer", "rhythm_regularity")
    assert found.tag.tolist() == ["repeat_buyer"]


def test_nothing_known_gives_no_rows() -> None:
    assert len(_of_orders(orders_on(DAYS), "discount_share")) == 0


def test_times_are_told_on_the_local_clock() -> None:
    products = pd.DataFrame({"product_id": [1], "category": ["tea"]})
    c = Community(orders=orders_on(DAYS, product_id=1), products=products, tz=TZ)
    found = tag_support(c, as_of=T, tags=["next_category_due"])
    assert found.value.tolist() == ["2026-02-22 10:00"]


def test_the_calendar_is_heard() -> None:
    found = _of_orders(orders_on(DAYS), "member_day_habit", calendar=Calendar((1, 8, 15)))
    assert found.value.tolist() == ["1"]


def test_words_are_there_for_codes() -> None:
    spoken = label(_of_orders(orders_on(DAYS), "repeat_buyer"), "zh").iloc[0]
    assert (spoken.tag, spoken.value, spoken.level) == ("复购会员", "是", "证据不足")
    assert spoken.support_unit == "购买日或活跃日"


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    c = small_community(7, 400)
    with pytest.warns(SiyuWarning):
        yield tag(c, as_of=AS_OF), tag_support(c, as_of=AS_OF)


def test_every_known_tag_of_every_member_has_a_row(both: Any) -> None:
    tags, support = both
    known = tags.drop(columns="member_id").notna().sum()
    counts = support.tag.value_counts().reindex(known.index, fill_value=0)
    assert counts.tolist() == known.tolist()


def test_rows_stand_by_member_then_in_the_order_of_the_catalogue(both: Any) -> None:
    support = both[1]
    place = support.tag.map({name: i for i, name in enumerate(tag_catalog()["tag"])})
    assert (np.lexsort((place, support.member_id)) == np.arange(len(support))).all()


def test_intervals_hold_their_value(both: Any) -> None:
    rows = both[1].dropna(subset="low")
    value = rows.value.astype(float)
    assert len(rows) > 100
    assert ((rows.low <= value + 1e-9) & (value <= rows.high + 1e-9)).all()


def test_confidence_lies_between_zero_and_one(both: Any) -> None:
    assert both[1].confidence.between(0, 1, inclusive="left").all()


def test_some_members_are_still_compared_with_everybody(both: Any) -> None:
    who = both[0].member_id[[3, 1]].tolist()
    part = tag_support(small_community(7, 400), as_of=AS_OF, members=who)
    expected = both[1][both[1].member_id.isin(who)].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected)


@pytest.mark.parametrize("text_ids", [True, False])
def test_the_future_and_the_order_of_rows_change_nothing(text_ids: bool) -> None:
    c = small_community(1, text_ids=text_ids)
    expected = tag_support(c, as_of=AS_OF)
    for other in (
        shuffled(c, 1),
        with_later_rows(c, small_community(9, text_ids=text_ids)),
        with_edited_future(c, 1),
    ):
        pd.testing.assert_frame_equal(tag_support(other, as_of=AS_OF), expected)


@pytest.mark.parametrize("none", [{"tags": []}, {"members": []}])
def test_asked_for_nothing_it_gives_no_rows(none: Any) -> None:
    everything = tag_support(orders_on(DAYS), as_of=T, output="pyarrow")
    found = tag_support(orders_on(DAYS), as_of=T, output="pyarrow", **none)
    assert (found.num_rows, found.schema) == (0, everything.schema)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_members_do(n: int) -> None:
    orders = orders_on(DAYS[:2], member_id=[1, 2]).head(n)
    found = tag_support(Community(orders=orders, tz=TZ), as_of=T)
    assert found.member_id.nunique() == n


def test_a_frame_is_answered_in_kind() -> None:
    found = tag_support(pl.from_pandas(orders_on(DAYS)), as_of=T, tags=["stage"])
    assert isinstance(found, pl.DataFrame)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tags": ["stagee"]}, "unknown tags: stagee; see tag_catalog"),
        ({"tags": "stage"}, "must be a list of names, got the text 'stage'"),
        ({"members": [99]}, "1 of 1 are no customers known at as_of"),
        ({"tags": [1]}, "unknown tags: 1"),
        ({"members": ["x"]}, "ids here are int64"),
        ({"members": 1}, "ids here are int64"),
        ({"calendar": {"member_days": 8}}, "calendar must be a Calendar"),
    ],
)
def test_what_is_not_known_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        tag_support(orders_on(DAYS), as_of=T, **given)


def test_neither_orders_nor_events_have_no_support() -> None:
    members = pd.DataFrame({"member_id": [1]})
    with pytest.raises(DataError, match=r"tag_support\(\) needs the table orders or events"):
        tag_support(Community(members=members, tz=TZ), as_of=T)


def test_a_share_of_all_or_nothing_keeps_its_interval_within_bounds() -> None:
    low, high = wilson_bounds(np.array([0.0, 1.0]), np.array([3.0, 3.0]))
    assert (low[0], high[1]) == (0.0, 1.0)
    assert high[0] == pytest.approx(1 - low[1])
