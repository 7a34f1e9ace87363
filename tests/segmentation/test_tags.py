"""Behaviour tags, worked by hand."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from siyu.datasets import (
    Community,
    DataError,
    SchemaError,
    SiyuWarning,
    make_community,
)
from siyu.segmentation import TagRules, lifecycle, rfm, rfm_class, tag, tag_catalog
from siyu.segmentation.tagging.catalogue import CATALOGUE
from siyu.segmentation.tagging.facts import facts_of
from siyu.segmentation.tagging.tags import tag_norms, tag_table
from strategies import AS_OF, TZ, small_community
from tag_tables import DAYS, T, at, orders_on, tags_of


def test_basket_size_is_lines_an_order() -> None:
    orders = orders_on(["2026-02-01 10"] * 3 + ["2026-02-08 10"], order_id=["a", "a", "a", "b"])
    assert tags_of(orders=orders).basket_size[1] == 2.0


def test_lines_of_unknown_order_and_refunds_are_in_no_basket() -> None:
    lines = ["2026-02-01 10"] * 2 + DAYS[1:]
    orders = orders_on(lines, order_id=["a", "a", None, "c"], amount=[1.0, 1.0, 1.0, -1.0])
    assert tags_of(orders=orders).basket_size[1] == 2.0


def test_discount_share_counts_lines_whose_discount_is_known() -> None:
    orders = orders_on([*DAYS, "2026-02-16"], discount=[0.0, 2.0, np.nan, -3.0])
    assert tags_of(orders=orders).discount_share[1] == pytest.approx(2 / 3)


def test_coupon_share_counts_lines_with_a_coupon() -> None:
    orders = orders_on([*DAYS, "2026-02-16"], coupon_id=["c1", None, None, None])
    assert tags_of(orders=orders).coupon_share[1] == 0.25


def test_refund_share_is_money_back_over_money_paid() -> None:
    assert tags_of(orders=orders_on(DAYS, amount=[30.0, 10.0, -10.0])).refund_share[1] == 0.25


def test_stock_up_compares_with_the_products_usual_quantity() -> None:
    orders = orders_on(
        ["2026-02-01"] * 6, product_id=[1, 1, 1, 2, 2, 2], quantity=[1, 1, 2, 5, 5, 9]
    )
    orders["quantity"] = orders["quantity"].astype(float)
    assert tags_of(orders=orders).stock_up[1] == pytest.approx(1 / 6)  # 2 of a usual 1; 9 < 2 x 5


def test_the_favourite_category_fades_with_age() -> None:
    old, new = ["2025-01-01"] * 3, ["2026-02-20"] * 2
    orders = orders_on(old + new, product_id=[1, 1, 1, 2, 2])
    products = pd.DataFrame({"product_id": [1, 2], "category": ["tea", "soap"]})
    assert tags_of(orders=orders, products=products).favourite_category[1] == "soap"


def test_the_share_of_the_favourite_is_drawn_towards_everybodys() -> None:
    orders = orders_on(["2026-02-20"] * 4, member_id=[1, 2, 2, 2], product_id=[1, 1, 2, 2])
    products = pd.DataFrame({"product_id": [1, 2], "category": ["tea", "soap"]})
    tags = tags_of(orders=orders, products=products)
    weight = 0.5 ** (9 / 180)
    assert tags.favourite_category.tolist() == ["tea", "soap"]
    expected = [(weight + 0.5) / (weight + 1), (2 * weight + 0.5) / (3 * weight + 1)]
    assert tags.favourite_category_share.tolist() == pytest.approx(expected)


def test_pseudo_products_are_nobodys_favourite() -> None:
    orders = orders_on(["2026-02-20"] * 3, product_id=[1, 1, 2])
    products = pd.DataFrame(
        {"product_id": [1, 2], "category": ["fuel", "soap"], "recommendable": [False, True]}
    )
    assert tags_of(orders=orders, products=products).favourite_category[1] == "soap"


def test_favourite_channel_and_store() -> None:
    orders = orders_on(DAYS, channel=["app", "app", "shop"], store_id=[7, 7, 9])
    row = tags_of(orders=orders).loc[1]
    assert (row.favourite_channel, row.favourite_store) == ("app", 7)


def test_hours_and_weekdays_are_local() -> None:
    when = ["2026-02-02 23:10", "2026-02-09 23:20", "2026-02-16 23:30"]  # Mondays
    here, in_utc = (tags_of(tz=tz, orders=orders_on(when)).loc[1] for tz in (TZ, "UTC"))
    assert (here.active_hour, here.active_weekday, here.night_share) == (23, "mon", 1.0)
    assert (in_utc.active_hour, in_utc.night_share) == (15, 0.0)


def test_an_hour_is_smoothed_with_its_neighbours_around_midnight() -> None:
    hours = ["23:50", "23:50", "00:10", "00:10", "14:00", "14:00", "14:00"]
    when = [f"2026-02-{day:02} {hour}" for day, hour in enumerate(hours, 1)]
    assert tags_of(orders=orders_on(when)).active_hour[1] in (0, 23)  # 2 + 2 beat 3


def test_summer_time_keeps_the_local_hour() -> None:
    days = ["2026-03-06", "2026-03-07", "2026-03-09", "2026-03-10"]  # the clock changes on the 8th
    times = pd.to_datetime(days).tz_localize("America/New_York") + pd.Timedelta(hours=9)
    orders = orders_on(days).assign(order_time=times)
    tags = tags_of(tz="America/New_York", as_of="2026-04-01", orders=orders)
    assert tags.active_hour[1] == 9


def test_night_begins_at_22_and_ends_at_5() -> None:
    when = [
        f"2026-02-0{day} {hour}" for day, hour in enumerate(("21:59", "22:00", "04:59", "05:00"), 1)
    ]
    assert tags_of(orders=orders_on(when)).night_share[1] == 0.5


def test_five_acts_make_a_night_owl_and_fewer_do_not() -> None:
    when = [f"2026-02-0{day} 23:00" for day in range(1, 6)]
    who = [1] * 5 + [2] * 3
    assert tags_of(orders=orders_on(when + when[:3], member_id=who)).night_owl.tolist() == [
        True,
        False,
    ]


def test_two_acts_tell_no_hour() -> None:
    row = tags_of(orders=orders_on(DAYS[:2], order_time=at("2026-02-01 09", "2026-02-03 09"))).loc[
        1
    ]
    assert pd.isna(row.active_hour)
    assert pd.isna(row.night_owl)
    assert pd.isna(row.active_weekday)


def test_dates_without_a_clock_tell_days_but_no_hours() -> None:
    row = tags_of(orders=orders_on(["2026-02-02", "2026-02-09", "2026-02-16"])).loc[1]
    assert row.active_weekday == "mon"
    assert pd.isna(row.active_hour)


def test_dates_at_midnight_of_utc_have_no_clock_either() -> None:
    dates = pd.to_datetime(["2026-02-02", "2026-02-09", "2026-02-16"]).tz_localize("UTC")
    assert pd.isna(tags_of(orders=orders_on(DAYS).assign(order_time=dates)).active_hour[1])


def test_member_day_is_the_local_13th() -> None:
    when = ["2026-01-13 00:10", "2026-02-13 23:50", "2026-02-14 00:10", "2026-02-20 10:00"]
    assert tags_of(orders=orders_on(when)).member_day_habit[1] == 0.5


def test_purchase_value_and_bands_are_thirds_of_buyers() -> None:
    orders = orders_on(["2026-02-20 10"] * 6, member_id=[1, 2, 3, 4, 5, 6])
    orders["amount"] = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    tags = tags_of(orders=orders)
    assert tags.purchase_value.tolist() == orders.amount.tolist()
    assert tags.value_band.tolist() == ["low", "low", "middle", "middle", "high", "high"]


def _chat() -> dict[str, Any]:
    days = [f"2026-02-{day:02} 10" for day in range(1, 13)]
    messages = pd.DataFrame(
        {
            "member_id": [1] * 12 + [2] * 3 + [3],
            "message_time": at(*days, *["2026-02-10 10"] * 3, "2025-06-01 10"),
        }
    )
    memberships = pd.DataFrame(
        {
            "group_id": "g",
            "member_id": [1, 2, 3, 4],
            "joined_at": at(*["2025-01-01"] * 4),
            "left_at": at("2030-01-01", "2030-01-01", "2030-01-01", "2026-01-01"),
        }
    )
    return {"messages": messages, "memberships": memberships}


def test_who_speaks_who_listens_and_who_is_outside() -> None:
    tags = tags_of(orders=orders_on(DAYS, member_id=5), **_chat())
    assert tags.speaking.tolist() == ["core_speaker", "speaker", "lurker", "outside", "outside"]


def test_invited_members_count_once_and_never_oneself() -> None:
    referrals = pd.DataFrame({"inviter_id": [1, 1, 1, 2], "invitee_id": [2, 2, 3, 2]}).assign(
        referral_time=at(*["2026-02-01 10"] * 4)
    )
    assert tags_of(orders=orders_on(DAYS), referrals=referrals).n_invited.tolist() == [2, 0, 0]


def test_shares_are_events_of_that_name() -> None:
    events = pd.DataFrame(
        {"member_id": 1, "event_time": at(*DAYS), "event": ["share", "view", "share"]}
    )
    assert tags_of(events=events).n_shares[1] == 2


def test_events_without_any_share_do_not_tell_who_shares() -> None:
    events = pd.DataFrame({"member_id": 1, "event_time": at(*DAYS), "event": "rate"})
    with pytest.warns(SiyuWarning, match="kinds of events that nobody has") as caught:
        assert tag(Community(events=events, tz=TZ), as_of=T).n_shares.isna().all()
    told = caught[0].message.problems.set_index("tag")  # type: ignore[union-attr]
    assert told.reason["n_shares"] == "needs events.event=share"


def test_a_kind_of_event_that_nobody_does_is_alone_no_cause_to_warn() -> None:
    tags = tag(make_community(60, random_state=0), as_of="2026-06-03")
    assert tags.points_balance.isna().all()


def test_dates_stamped_with_any_one_time_have_no_clock() -> None:
    times = pd.date_range("2026-01-01 07:00", periods=40, freq="D", tz=TZ)
    orders = pd.DataFrame({"member_id": 1, "order_time": times, "amount": 1.0})
    assert pd.isna(tags_of(orders=orders).active_hour[1])
    orders["order_time"] = [*times[:-1], times[-1] + pd.Timedelta("1h")]
    assert tags_of(orders=orders).active_hour[1] == 7


def test_a_record_that_ended_long_ago_is_told() -> None:
    span = {"orders": ("2025-01-01", "2026-02-19")}
    c = Community(orders=orders_on(DAYS), tz=TZ, observed=span)
    with pytest.warns(SiyuWarning, match="the record ended before as_of .'orders' 10 days"):
        rfm(c, as_of=T)
    with pytest.warns(SiyuWarning, match="the record ended before as_of .'orders' 10 days"):
        lifecycle(c, as_of=T)
    with pytest.warns(SiyuWarning, match="the record ended before as_of .'orders' 10 days"):
        tag(c, as_of=T)


def test_zombies_were_known_long_ago_and_did_nothing_since() -> None:
    joined = at("2025-01-01", "2025-01-01", "2026-02-01", "2025-01-01", "2025-01-01")
    members = pd.DataFrame({"member_id": [1, 2, 3, 4, 5], "joined_at": joined})
    members.loc[4, "joined_at"] = pd.NaT
    when = ["2026-02-01 10", "2025-03-01 10"]
    tags = tags_of(members=members, orders=orders_on(when, member_id=[1, 2]))
    assert tags.zombie.tolist() == [False, True, False, True, pd.NA]
    assert tags.days_inactive.tolist()[:2] == pytest.approx([27 + 14 / 24, 364 + 14 / 24])
    assert tags.days_inactive.isna().tolist() == [False, False, True, True, True]


def test_an_unrecorded_span_makes_no_zombies() -> None:
    members = pd.DataFrame({"member_id": [1], "joined_at": at("2025-01-01")})
    events = pd.DataFrame({"member_id": 2, "event_time": at(*DAYS), "event": "view"})
    c = Community(members=members, events=events, tz=TZ, observed={"events": ("2026-01-15", T)})
    with pytest.warns(SiyuWarning, match="unknown"):
        assert tag(c, as_of=T).zombie.isna().all()


def test_absent_tables_give_null_and_one_warning_that_names_them() -> None:
    with pytest.warns(SiyuWarning, match="needs referrals") as caught:
        tags = tag(Community(orders=orders_on(DAYS), tz=TZ), as_of=T)
    assert len(caught) == 1
    assert tags.n_invited.isna().all()
    told = caught[0].message.problems  # type: ignore[union-attr]
    assert told.columns.tolist() == ["tag", "reason"]
    kept = {"orders.order_time", "orders.amount"}
    lacking = {e.tag for e in CATALOGUE if not all(kept & set(n.split("|")) for n in e.needs)}
    assert set(told.tag) == lacking


def test_a_table_not_yet_recorded_is_unknown_not_zero() -> None:
    events = pd.DataFrame({"member_id": 1, "event_time": at("2026-05-01"), "event": "share"})
    span = {"events": ("2026-04-01", "2026-06-01")}
    c = Community(orders=orders_on(DAYS), events=events, tz=TZ, observed=span)
    with pytest.warns(SiyuWarning, match="needs events.event_time"):
        assert tag(c, as_of=T).n_shares.isna().all()


def test_stages_come_from_events_where_there_are_no_orders() -> None:
    events = pd.DataFrame({"member_id": 1, "event_time": at(*DAYS), "event": "view"})
    assert tags_of(events=events).stage[1] == "growing"


@pytest.fixture(scope="module")
def tagged() -> Iterator[tuple[Community, pd.DataFrame]]:
    c = small_community(3)
    with pytest.warns(SiyuWarning):
        yield c, tag(c, as_of=AS_OF)


def test_every_customer_has_one_row(tagged: tuple[Community, pd.DataFrame]) -> None:
    c, tags = tagged
    assert tags.member_id.tolist() == c.before(AS_OF).customers().to_pylist()


def test_columns_are_those_of_the_catalog(tagged: tuple[Community, pd.DataFrame]) -> None:
    assert tagged[1].columns.tolist() == ["member_id", *tag_catalog()["tag"]]


def test_the_stage_is_that_of_lifecycle(tagged: tuple[Community, pd.DataFrame]) -> None:
    c, tags = tagged
    staged = lifecycle(c, as_of=AS_OF)
    assert tags.stage.tolist() == staged.stage.tolist()
    pd.testing.assert_series_equal(tags.next_due, staged.next_due)


def test_the_class_is_that_of_rfm_class(tagged: tuple[Community, pd.DataFrame]) -> None:
    c, tags = tagged
    table = rfm(c, as_of=AS_OF)
    assert tags.rfm_class.tolist() == rfm_class(table).rfm_class.tolist()
    pd.testing.assert_series_equal(tags.purchase_value, table.monetary, check_names=False)


def test_shares_lie_between_zero_and_one(tagged: tuple[Community, pd.DataFrame]) -> None:
    catalog = tag_catalog()
    shares = tagged[1][catalog.tag[catalog.kind == "share"]]
    shares = shares.drop(columns="refund_share").astype(float)
    assert ((shares >= 0) & (shares <= 1) | shares.isna()).all(axis=None)


@pytest.mark.parametrize("n_chunks", [2, 7])
def test_chunks_give_the_rows_of_the_whole(n_chunks: int) -> None:
    c = small_community(5, 600)
    known, end = c.before(AS_OF), c.moment(AS_OF)
    members = known.customers()
    whole = facts_of(known, end, members)
    norms = tag_norms(whole)
    code = np.arange(len(members)) * 7 % n_chunks
    parts = [
        tag_table(facts_of(known, end, members.filter(pa.array(code == i))), norms)
        for i in range(n_chunks)
    ]
    together = pa.concat_tables(parts).sort_by("member_id").combine_chunks()
    assert together.equals(tag_table(whole, norms).combine_chunks())


def test_a_frame_of_orders_is_tagged_in_kind() -> None:
    orders = pl.from_pandas(orders_on(DAYS))
    with pytest.warns(SiyuWarning, match="unknown"):
        tags = tag(orders, as_of=T)
    assert isinstance(tags, pl.DataFrame)
    with pytest.warns(SiyuWarning, match="unknown"):
        assert isinstance(tag(orders, as_of=T, output="pyarrow"), pa.Table)


def test_nobody_gives_no_rows_and_no_warning() -> None:
    tags = tag(Community(orders=orders_on(DAYS), tz=TZ), as_of="2020-01-01")
    assert len(tags) == 0
    assert tags.columns.tolist() == ["member_id", *tag_catalog()["tag"]]


def test_neither_orders_nor_events_cannot_be_tagged() -> None:
    members = pd.DataFrame({"member_id": [1]})
    with pytest.raises(DataError, match=r"tag\(\) needs the table orders or events.* has: members"):
        tag(Community(members=members, tz=TZ), as_of=T)


def _rules(name: str = "often", measure: str = "recency") -> dict[str, Any]:
    value = {"value": "yes", "when": {"measure": measure, "<": 30}}
    return {"version": 1, "tags": {name: {"values": [value], "otherwise": "no"}}}


@pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")
def test_own_rules_add_their_tags_after_the_built_in_ones() -> None:
    with_rules = tag(orders_on(DAYS), as_of=T, rules=_rules())
    plain = tag(orders_on(DAYS), as_of=T)
    pd.testing.assert_frame_equal(with_rules.drop(columns="often"), plain)
    assert with_rules.columns[-1] == "often"


@pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")
def test_own_rules_decide_as_they_do_alone() -> None:
    orders = orders_on(DAYS)
    alone = TagRules.from_dict(_rules()).apply(orders, as_of=T)
    assert tag(orders, as_of=T, rules=_rules())["often"].tolist() == alone["often"].tolist()


def test_own_rules_may_not_take_the_name_of_a_built_in_tag() -> None:
    with pytest.raises(SchemaError, match="favourite_store: this name is taken"):
        tag(orders_on(DAYS), as_of=T, rules=_rules("favourite_store"))


def test_own_rules_that_cannot_be_read_are_refused_before_any_work() -> None:
    with pytest.raises(SchemaError, match="recensy"):
        tag(orders_on(DAYS), as_of=T, rules=_rules(measure="recensy"))


def test_own_rules_that_ask_the_unknown_warn() -> None:
    with (
        pytest.warns(SiyuWarning, match="tags are unknown, hence null"),
        pytest.warns(SiyuWarning, match="unknown of everybody: age"),
    ):
        tag(orders_on(DAYS), as_of=T, rules=_rules(measure="age"))


def test_a_warning_counts_the_tags_that_want_for_a_table() -> None:
    with pytest.warns(SiyuWarning, match=r"needs sends \(\d+\); ") as caught:
        tag(orders_on(DAYS), as_of=T)
    problems = caught[0].message.problems  # type: ignore[union-attr]
    assert "open_rate" in problems.tag.tolist()
