"""Tags of members by polars: what a good lazy job would do for the tags of `bench_tags.py`.

Lazy frames over Parquet, shared parts found by polars itself (`collect_all`, streaming where it
can). Columns are those of `tags_duckdb.py`.
"""

import datetime as dt
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa

__all__ = ["tags_by_polars"]

_DAY = 86_400_000_000
_KEYS = {"category": "category", "brand": "brand", "channel": "channel", "store": "store_id"}
Lazy = pl.LazyFrame
Expr = pl.Expr


def tags_by_polars(folder: Path, as_of: str, tz: str, festivals: pd.DataFrame) -> pa.Table:
    """Tag every member of a folder; `festivals` has a row for each festive ``day``."""
    moment = pd.Timestamp(as_of, tz=tz)
    end = int(moment.value // 1_000)
    lines, acts = _read(folder, end, tz)
    bought = lines.filter("bought")
    days = bought.group_by("member_id", "day").agg(
        paid=pl.col("amount").sum(), first=pl.col("us").min(), last=pl.col("us").max()
    )
    festive = pl.LazyFrame({"day": festivals["day"].tolist()}).with_columns(
        festival=pl.lit(value=True)
    )
    parts = [
        _money(lines, end),
        _rhythm(days, festive),
        _stock(bought),
        _prices(bought),
        *_tastes(bought, end),
        _tried(bought, end),
        *_clock(bought, acts),
        _visits(acts, bought, end),
        _carts(acts, bought, end),
        _habits(acts, end),
        _returns(acts, end, moment.date()),
    ]
    frames = pl.collect_all(parts, engine="streaming")
    met = [rows.select("member_id").unique() for rows in (lines, acts)]
    everyone = pl.concat(pl.collect_all(met)).unique()
    table = everyone
    for frame in frames:
        table = table.join(frame, on="member_id", how="left")
    edge = days.select(pl.col("paid").quantile(0.95, "higher")).collect().item()
    table = table.with_columns(big_ticket=pl.col("most") >= edge)
    return _finished(table, end).sort("member_id").to_arrow()


def _read(folder: Path, end: int, tz: str) -> tuple[Lazy, Lazy]:
    products = pl.scan_parquet(folder / "products.parquet")
    us = pl.col("order_time").cast(pl.Int64)
    here = pl.col("order_time").dt.convert_time_zone(tz)
    lines = (
        pl.scan_parquet(folder / "orders.parquet")
        .filter(us < end)
        .with_columns(
            us=us,
            day=here.dt.date(),
            hour=here.dt.hour(),
            weekday=here.dt.weekday(),
            bought=(pl.col("amount") >= 0) & (pl.col("quantity") > 0),
            w=pl.lit(0.5).pow((end - us) / (180 * _DAY)),
        )
        .join(products, on="product_id", how="left")
    )
    at = pl.col("event_time").cast(pl.Int64)
    there = pl.col("event_time").dt.convert_time_zone(tz)
    acts = (
        pl.scan_parquet(folder / "events.parquet")
        .filter(at < end)
        .with_columns(us=at, day=there.dt.date(), hour=there.dt.hour(), weekday=there.dt.weekday())
    )
    return lines, acts


def _money(lines: Lazy, end: int) -> Lazy:
    b, amount = pl.col("bought"), pl.col("amount")
    dealt = pl.col("discount") > 0
    coupon = pl.col("coupon_id").is_not_null()
    fresh = pl.col("us") < pl.col("launched_at").cast(pl.Int64) + 60 * _DAY
    taken_off = pl.col("discount").filter(b & dealt).sum()
    return (
        lines.group_by("member_id")
        .agg(
            spent=amount.filter(b).sum(),
            net=amount.sum(),
            refunded=(-amount).filter(amount < 0).sum(),
            late=amount.filter(b & (pl.col("us") >= end - 90 * _DAY)).sum(),
            year_spend=amount.filter(b & (pl.col("us") >= end - 365 * _DAY)).sum(),
            n=b.sum(),
            n_back=(~b).sum(),
            n_orders=pl.col("order_id").filter(b).n_unique(),
            discount_share=dealt.filter(b).mean(),
            discount_depth=taken_off / (taken_off + amount.filter(b & dealt).sum()),
            coupon_share=coupon.filter(b).mean(),
            raw_deal_share=(dealt | coupon).filter(b).mean(),
            raw_new_product_share=fresh.filter(b).mean(),
        )
        .filter(pl.col("n") > 0)
    )


def _rhythm(days: Lazy, festive: Lazy) -> Lazy:
    gap = pl.col("day").diff().dt.total_days()
    of_month = pl.col("day").dt.day()
    return (
        days.join(festive, on="day", how="left")
        .sort("member_id", "day")
        .group_by("member_id", maintain_order=True)
        .agg(
            n_days=pl.len(),
            last=pl.col("last").max(),
            first=pl.col("first").min(),
            gap_mean=gap.mean(),
            gap_std=gap.std(),
            new=pl.col("paid").tail(3).mean(),
            old=pl.col("paid").head(pl.len().cast(pl.Int64) - 3).mean(),
            most=pl.col("paid").max(),
            on_member_day=(of_month == 13).sum(),
            on_festival=pl.col("festival").is_not_null().sum(),
            early=(of_month <= 10).sum(),
            late_part=(of_month > 20).sum(),
        )
    )


def _stock(bought: Lazy) -> Lazy:
    usual = bought.group_by("product_id").agg(usual=pl.col("quantity").median())
    twice = pl.col("quantity") >= 2 * pl.col("usual")
    joined = bought.select("member_id", "product_id", "quantity").join(usual, on="product_id")
    return joined.group_by("member_id").agg(stock_up=twice.mean())


def _prices(bought: Lazy) -> Lazy:
    n = pl.col("n")
    ranked = (
        bought.group_by("category", "price")
        .agg(n=pl.len().cast(pl.Float64))
        .sort("category", "price")
        .with_columns(level=(n.cum_sum().over("category") - n / 2) / n.sum().over("category"))
        .select("category", "price", "level")
    )
    joined = bought.select("member_id", "category", "price").join(ranked, on=["category", "price"])
    return joined.group_by("member_id").agg(
        price_level=(pl.col("level").sum() + 1.5) / (pl.len() + 3)
    )


def _tastes(bought: Lazy, end: int) -> list[Lazy]:
    parts = []
    for name, column in _KEYS.items():
        own = bought.group_by("member_id", key=pl.col(column)).agg(
            w=pl.col("w").sum(),
            k=pl.len().cast(pl.Int64),
            n_days=pl.col("day").n_unique(),
            first=pl.col("us").min(),
            last=pl.col("us").max(),
        )
        usual = own.group_by("key").agg(total=pl.col("w").sum())
        usual = usual.select("key", share=pl.col("total") / pl.col("total").sum())
        rated = own.join(usual, on="key").with_columns(drawn=pl.col("w") + pl.col("share"))
        best = pl.col("drawn").arg_max()
        whole = pl.col("w").sum() + 1
        aggregates = {
            f"favourite_{name}": pl.col("key").get(best),
            f"favourite_{name}_share": pl.col("drawn").max() / whole,
            f"favourite_{name}_lift": (pl.col("w").get(best) + 1)
            / (pl.col("w").sum() * pl.col("share").get(best) + 1),
        }
        if name == "category":
            aggregates |= _variety()
        if name == "channel":
            aggregates["multi_channel"] = (pl.col("k") >= 0.2 * pl.col("k").sum()).sum() > 1
        parts.append(rated.group_by("member_id").agg(**aggregates))
        if name == "category":
            parts.append(_due(own, end))
            differ = 1 - (pl.col("share") ** 2).sum()
            parts[-2] = parts[-2].join(usual.select(differ=differ), how="cross")
    return parts


def _variety() -> dict[str, Expr]:
    k = pl.col("k")
    return {"n_categories": pl.len(), "alike": (k * (k - 1)).sum(), "k_all": k.sum()}


def _due(own: Lazy, end: int) -> Lazy:
    gap = (pl.col("last") - pl.col("first")) / (pl.col("n_days") - 1)
    wait = pl.col("gap") - (end - pl.col("last"))
    score = pl.when(wait <= 0).then(pl.col("n_days")).otherwise(1 / (1 + wait / _DAY))
    return (
        own.filter(pl.col("n_days") >= 3)
        .with_columns(gap=gap)
        .filter((end - pl.col("last")) / pl.col("gap") <= 2)
        .with_columns(score=score)
        .group_by("member_id")
        .agg(next_category=pl.col("key").get(pl.col("score").arg_max()))
    )


def _tried(bought: Lazy, end: int) -> Lazy:
    return (
        bought.group_by("member_id", "product_id")
        .agg(n=pl.col("day").n_unique(), first=pl.col("us").min())
        .filter(pl.col("first") < end - 30 * _DAY)
        .group_by("member_id")
        .agg(raw_repeat_share=(pl.col("n") > 1).mean())
    )


def _clock(bought: Lazy, acts: Lazy) -> list[Lazy]:
    moments = bought.select("member_id", "us", "hour", "weekday").unique(["member_id", "us"])
    both = pl.concat([moments, acts.select("member_id", "us", "hour", "weekday")])
    counts = both.group_by("member_id", "hour", "weekday").agg(n=pl.len().cast(pl.Int64))
    hour, weekday, n = pl.col("hour"), pl.col("weekday"), pl.col("n")
    parts = {"morning": (5, 11), "noon": (11, 14), "afternoon": (14, 18), "evening": (18, 22)}
    week = counts.group_by("member_id").agg(
        n_acts=n.sum(),
        at_night=n.filter((hour >= 22) | (hour < 5)).sum(),
        at_weekend=n.filter(weekday >= 6).sum(),
        **{name: n.filter((hour >= a) & (hour < b)).sum() for name, (a, b) in parts.items()},
        **{f"d{day}": n.filter(weekday == day).sum() for day in range(1, 8)},
        **{f"h{h}": n.filter(hour == h).sum() for h in range(24)},
    )
    return [week]


def _visits(acts: Lazy, bought: Lazy, end: int) -> Lazy:
    sessions = (
        acts.filter(
            pl.col("event").is_in(["view", "page_view"]) & (pl.col("us") >= end - 90 * _DAY)
        )
        .group_by("member_id", "session_id")
        .agg(us=pl.col("us").min(), pages=pl.len())
        .sort("us")
    )
    orders = bought.filter(pl.col("us") >= end - 90 * _DAY).select("member_id", "us", at="us")
    followed = sessions.join_asof(
        orders.sort("us"), on="us", by="member_id", strategy="forward", check_sortedness=False
    )
    led = (pl.col("at") < pl.col("us") + _DAY).fill_null(value=False)
    return followed.group_by("member_id").agg(
        visit_depth=pl.col("pages").median(),
        visits_28d=(pl.col("us") >= end - 28 * _DAY).sum(),
        raw_browse_to_buy=led.filter(pl.col("us") < end - _DAY).mean(),
    )


def _carts(acts: Lazy, bought: Lazy, end: int) -> Lazy:
    put = acts.filter((pl.col("event") == "add_to_cart") & (pl.col("us") >= end - 90 * _DAY))
    taken = bought.filter(pl.col("us") >= end - 90 * _DAY)
    ended = (
        put.select("member_id", "product_id", "us")
        .sort("us")
        .join_asof(
            taken.select("member_id", "product_id", "us", at="us").sort("us"),
            on="us",
            by=["member_id", "product_id"],
            strategy="forward",
            check_sortedness=False,
        )
    )
    was_taken = (pl.col("at") < pl.col("us") + 3 * _DAY).fill_null(value=False)
    young = pl.col("us") >= end - 3 * _DAY
    return ended.group_by("member_id").agg(
        carts_waiting=(young & ~was_taken).sum(),
        filled=(~young).sum(),
        left_behind=(~young & ~was_taken).sum(),
    )


def _habits(acts: Lazy, end: int) -> Lazy:
    us, check_in = pl.col("us"), pl.col("event") == "check_in"
    week = ((end - 1 - us) // (7 * _DAY)).filter(check_in & (us >= end - 84 * _DAY))
    return acts.group_by("member_id").agg(
        n_shares=((pl.col("event") == "share") & (us >= end - 180 * _DAY)).sum(),
        check_in_days=pl.col("day").filter(check_in & (us >= end - 90 * _DAY)).n_unique(),
        weeks=week.n_unique(),
        n_interactions=(us >= end - 90 * _DAY).sum(),
        first_event=us.min(),
        last_event=us.max(),
    )


def _returns(acts: Lazy, end: int, today: dt.date) -> Lazy:
    recent = acts.filter(pl.col("us") >= end - 90 * _DAY)
    is_task = (pl.col("event") == "check_in").any()
    days = recent.group_by("member_id", "day").agg(task=is_task).sort("member_id", "day")
    gap = (pl.col("day").shift(-1).over("member_id") - pl.col("day")).dt.total_days()
    old = pl.col("task") & (pl.col("day") <= today - dt.timedelta(days=8))
    return (
        days.with_columns(gap=gap.fill_null(99))
        .filter(old)
        .group_by("member_id")
        .agg(
            raw_task_return_d1=(pl.col("gap") <= 1).mean(),
            raw_task_return_d7=(pl.col("gap") <= 7).mean(),
        )
    )


def _finished(t: pl.DataFrame, end: int) -> pl.DataFrame:
    """Turn aggregates into tags."""
    n_days, n_acts = pl.col("n_days"), pl.col("n_acts")
    recency = end - pl.col("last")
    monetary = pl.col("net") / n_days
    mid = n_days - pl.col("early") - pl.col("late_part")
    hours = [pl.col(f"h{h}") for h in range(24)]
    smooth = [2 * hours[h] + hours[h - 1] + hours[(h + 1) % 24] for h in range(24)]
    parts = ["morning", "noon", "afternoon", "evening", "at_night"]
    k_all, one = pl.col("k_all"), pl.col("k_all") - 1
    apart = 1 - pl.col("alike") / (k_all * one)
    enough = n_acts >= 3
    return t.select(
        "member_id",
        repeat_buyer=(n_days > 1).fill_null(value=False),
        rfm_class=(recency < recency.median()).cast(pl.Int64) * 4
        + (n_days > n_days.median()).cast(pl.Int64) * 2
        + (monetary > monetary.median()).cast(pl.Int64),
        purchase_value=monetary,
        value_trend=pl.when(n_days >= 6).then(
            pl.when(pl.col("new") < 0.8 * pl.col("old"))
            .then(pl.lit("falling"))
            .when(pl.col("new") > 1.25 * pl.col("old"))
            .then(pl.lit("rising"))
            .otherwise(pl.lit("steady"))
        ),
        recent_spend_share=pl.col("late") / pl.col("spent"),
        basket_size=pl.col("n") / pl.col("n_orders"),
        basket_value=pl.col("spent") / pl.col("n_orders"),
        refund_share=pl.col("refunded") / pl.col("spent"),
        rhythm_regularity=pl.when(n_days >= 4).then(
            (1 - pl.col("gap_std") / pl.col("gap_mean")).clip(0, None)
        ),
        price_band=pl.when(pl.col("price_level") < 0.4)
        .then(pl.lit("budget"))
        .when(pl.col("price_level") >= 0.6)
        .then(pl.lit("premium"))
        .when(pl.col("price_level").is_not_null())
        .then(pl.lit("mid")),
        variety_seeking=pl.when(k_all > 1).then((one * apart + 5 * pl.col("differ")) / (one + 5)),
        store_loyalty=pl.col("favourite_store_share"),
        store_loyal=(pl.col("n") >= 3) & (pl.col("favourite_store_share") >= 0.8),
        member_day_habit=pl.when(n_days >= 3).then(pl.col("on_member_day") / n_days),
        festival_share=pl.when(n_days >= 3).then(pl.col("on_festival") / n_days),
        festival_only=pl.when(n_days >= 2).then(pl.col("on_festival") == n_days),
        month_part=pl.when(n_days >= 3).then(
            pl.when((pl.col("early") >= mid) & (pl.col("early") >= pl.col("late_part")))
            .then(pl.lit("early_month"))
            .when(mid >= pl.col("late_part"))
            .then(pl.lit("mid_month"))
            .otherwise(pl.lit("late_month"))
        ),
        active_hour=pl.when(enough).then(pl.concat_list(smooth).list.arg_max()),
        active_weekday=pl.when(enough).then(
            pl.concat_list([f"d{d}" for d in range(1, 8)]).list.arg_max() + 1
        ),
        active_daypart=pl.when(enough).then(pl.concat_list(parts).list.arg_max()),
        weekend_share=pl.when(enough).then(pl.col("at_weekend") / n_acts),
        night_share=pl.when(enough).then(pl.col("at_night") / n_acts),
        night_owl=pl.when(enough).then((n_acts >= 5) & (2 * pl.col("at_night") >= n_acts)),
        cart_abandoner=pl.when(pl.col("filled") >= 3).then(
            2 * pl.col("left_behind") >= pl.col("filled")
        ),
        check_in_habit=(pl.col("weeks") >= 3).fill_null(value=False),
        days_inactive=(end - pl.max_horizontal("last", "last_event")) / _DAY,
        tenure_days=(end - pl.min_horizontal("first", "first_event")) / _DAY,
        raw_refund_rate=pl.col("n_back") / (pl.col("n") + pl.col("n_back")),
        raw_cart_left_share=pl.when(pl.col("filled") > 0)
        .then(pl.col("left_behind") / pl.col("filled"))
        .otherwise(None),
        **{name: pl.col(name) for name in _AS_THEY_ARE},
        **{name: pl.col(name).fill_null(0) for name in _COUNTS},
    )


_COUNTS = ("visits_28d", "carts_waiting", "n_shares", "check_in_days")
_AS_THEY_ARE = (
    *("discount_share", "discount_depth", "coupon_share", "stock_up", "price_level"),
    *("favourite_category", "favourite_category_share", "favourite_category_lift"),
    *("favourite_brand", "favourite_brand_share", "favourite_brand_lift", "n_categories"),
    *("next_category", "favourite_channel", "favourite_channel_share", "multi_channel"),
    *("favourite_store", "visit_depth", "year_spend", "n_interactions", "raw_deal_share"),
    *("raw_new_product_share", "raw_repeat_share", "raw_browse_to_buy", "big_ticket"),
    *("raw_task_return_d1", "raw_task_return_d7"),
)
