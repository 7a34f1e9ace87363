"""Tags of members by DuckDB: what a good SQL job would do for the tags of `bench_tags.py`.

One connection, Parquet in, one table out. Lines are read, cut and joined once; every tag whose
definition needs no fitted prior is computed to the letter; of the others SQL gives the raw share
(`raw_...`), which is less work than the tag.
"""

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

__all__ = ["tags_by_duckdb"]

_SETUP = """
SET TimeZone = '{tz}';
CREATE MACRO ago(days) AS TIMESTAMPTZ '{as_of}' - to_days(days);
CREATE MACRO us(a, b) AS epoch_us(a) - epoch_us(b);
CREATE TEMP TABLE lines AS
    SELECT o.*, order_time::TIMESTAMP AS here, order_time::DATE AS day,
           amount >= 0 AND quantity > 0 AS bought, category, brand, price, launched_at,
           pow(0.5, us(TIMESTAMPTZ '{as_of}', order_time) / 86400e6 / 180) AS w
    FROM '{folder}/orders.parquet' o LEFT JOIN '{folder}/products.parquet' USING (product_id)
    WHERE order_time < TIMESTAMPTZ '{as_of}';
CREATE TEMP VIEW bought AS FROM lines WHERE bought;
CREATE TEMP TABLE acts AS
    SELECT member_id, event_time, event, product_id, session_id, event_time::DATE AS day
    FROM '{folder}/events.parquet' WHERE event_time < TIMESTAMPTZ '{as_of}';
CREATE TEMP TABLE days AS
    SELECT member_id, day, sum(amount) AS paid, min(order_time) AS first, max(order_time) AS last
    FROM bought GROUP BY ALL;
"""

_STEPS = {
    "money": """
        SELECT member_id,
            sum(amount) FILTER (bought) AS spent, sum(amount) AS net,
            coalesce(sum(-amount) FILTER (amount < 0), 0) AS refunded,
            coalesce(sum(amount) FILTER (bought AND order_time >= ago(90)), 0) AS late,
            count(*) FILTER (bought) AS n, count(*) FILTER (NOT bought) AS n_back,
            count(DISTINCT order_id) FILTER (bought) AS n_orders,
            avg((discount > 0)::INT) FILTER (bought) AS discount_share,
            sum(discount) FILTER (bought AND discount > 0)
                / sum(amount + discount) FILTER (bought AND discount > 0) AS discount_depth,
            avg((coupon_id IS NOT NULL)::INT) FILTER (bought) AS coupon_share,
            avg((discount > 0 OR coupon_id IS NOT NULL)::INT) FILTER (bought) AS raw_deal_share,
            avg((order_time < launched_at + to_days(60))::INT) FILTER (bought)
                AS raw_new_product_share
        FROM lines GROUP BY 1 HAVING n > 0""",
    "rhythm": """
        WITH gaps AS (
            SELECT *, day - lag(day) OVER own AS gap, row_number() OVER own AS place,
                   count(*) OVER (PARTITION BY member_id) AS n_days
            FROM days WINDOW own AS (PARTITION BY member_id ORDER BY day)),
        top AS (SELECT quantile_disc(paid, 0.95) AS edge FROM days)
        SELECT member_id, any_value(n_days) AS n_days, max(last) AS last, min(first) AS first,
            CASE WHEN count(gap) >= 3 THEN greatest(0, 1 - stddev_samp(gap) / avg(gap)) END
                AS rhythm_regularity,
            avg(paid) FILTER (place > n_days - 3) AS new, avg(paid) FILTER (place <= n_days - 3)
                AS old, max(paid) AS most,
            count(*) FILTER (day(day) = 13) AS on_member_day,
            count(*) FILTER (festival IS NOT NULL) AS on_festival,
            count(*) FILTER (day(day) <= 10) AS early, count(*) FILTER (day(day) > 20) AS late_part
        FROM gaps LEFT JOIN festival_days USING (day) GROUP BY 1""",
    "classes": """
        WITH rfm AS (
            SELECT member_id, us(TIMESTAMPTZ '{as_of}', last) AS recency, n_days, net / n_days AS m
            FROM money JOIN rhythm USING (member_id)),
        edges AS (SELECT median(recency) AS r, median(n_days) AS f, median(m) AS m FROM rfm)
        SELECT member_id, (recency < edges.r)::INT * 4 + (n_days > edges.f)::INT * 2
            + (rfm.m > edges.m)::INT AS class FROM rfm, edges""",
    "stock": """
        WITH usual AS (SELECT product_id, median(quantity) AS usual FROM bought GROUP BY 1)
        SELECT member_id, avg((quantity >= 2 * usual)::INT) AS stock_up
        FROM bought JOIN usual USING (product_id) GROUP BY 1""",
    "prices": """
        WITH at_price AS (SELECT category, price, count(*) AS n FROM bought GROUP BY 1, 2),
        ranked AS (
            SELECT category, price, (sum(n) OVER (PARTITION BY category ORDER BY price) - n / 2)
                   / sum(n) OVER (PARTITION BY category) AS level FROM at_price)
        SELECT member_id, (sum(level) + 1.5) / (count(*) + 3) AS price_level
        FROM bought JOIN ranked USING (category, price) GROUP BY 1""",
    "by_category": """
        SELECT member_id, category, sum(w) AS w, count(*) AS k, count(DISTINCT day) AS n_days,
               min(order_time) AS first, max(order_time) AS last
        FROM bought GROUP BY 1, 2""",
    "variety": """
        WITH everybody AS (SELECT 1 - sum(w * w) AS differ FROM (
            SELECT sum(w) / (SELECT sum(w) FROM by_category) AS w FROM by_category
            GROUP BY category))
        SELECT member_id, count(*) AS n_categories, CASE WHEN sum(k) > 1 THEN
            ((sum(k) - 1) * (1 - sum(k * (k - 1)) / (sum(k) * (sum(k) - 1)))
             + 5 * any_value(differ)) / (sum(k) - 1 + 5) END AS variety_seeking
        FROM by_category, everybody GROUP BY 1""",
    "due": """
        WITH own AS (
            SELECT member_id, category, n_days, us(last, first) / (n_days - 1) AS gap,
                   us(TIMESTAMPTZ '{as_of}', last) AS silence
            FROM by_category WHERE n_days >= 3),
        scored AS (
            SELECT member_id, category, CASE WHEN silence >= gap THEN n_days
                   ELSE 1 / (1 + (gap - silence) / 86400e6) END AS score
            FROM own WHERE silence / gap <= 2)
        SELECT member_id, arg_max(category, score) AS next_category FROM scored GROUP BY 1""",
    "category": "SELECT member_id, category AS key, w FROM by_category",
    "brand": "SELECT member_id, brand AS key, sum(w) AS w FROM bought GROUP BY 1, 2",
    "channel": """
        SELECT member_id, channel AS key, sum(w) AS w, count(*) AS k FROM bought GROUP BY 1, 2""",
    "store": "SELECT member_id, store_id AS key, sum(w) AS w FROM bought GROUP BY 1, 2",
    "several": """
        SELECT member_id, count(*) FILTER (k >= 0.2 * n) > 1 AS multi_channel
        FROM channel JOIN money USING (member_id) GROUP BY 1""",
    "tried": """
        WITH tried AS (
            SELECT member_id, product_id, count(DISTINCT day) AS n FROM bought GROUP BY 1, 2
            HAVING min(order_time) < ago(30))
        SELECT member_id, avg((n > 1)::INT) AS raw_repeat_share FROM tried GROUP BY 1""",
    "hours": """
        SELECT member_id, hour, isodow, sum(n)::BIGINT AS n FROM (
            SELECT member_id, hour(here) AS hour, isodow(here) AS isodow, count(DISTINCT here) AS n
            FROM bought GROUP BY ALL
            UNION ALL
            SELECT member_id, hour(event_time), isodow(event_time), count(*) FROM acts GROUP BY ALL)
        GROUP BY ALL""",
    "clock": """
        WITH own AS (SELECT member_id, hour, sum(n) AS n FROM hours GROUP BY ALL),
        smooth AS (
            SELECT member_id, (hour + step + 24) % 24 AS hour, sum(n * weight) AS s
            FROM own, (VALUES (-1, 1), (0, 2), (1, 1)) AS near(step, weight) GROUP BY ALL)
        SELECT member_id, arg_max(hour, s * 24 - hour) AS active_hour FROM smooth GROUP BY 1""",
    "week": """
        SELECT member_id, sum(n) AS n_acts, sum(n) FILTER (hour >= 22 OR hour < 5) AS at_night,
            sum(n) FILTER (isodow >= 6) AS at_weekend,
            coalesce(sum(n) FILTER (hour >= 5 AND hour < 11), 0) AS morning,
            coalesce(sum(n) FILTER (hour >= 11 AND hour < 14), 0) AS noon,
            coalesce(sum(n) FILTER (hour >= 14 AND hour < 18), 0) AS afternoon,
            coalesce(sum(n) FILTER (hour >= 18 AND hour < 22), 0) AS evening
        FROM hours GROUP BY 1""",
    "weekday": """
        SELECT member_id, arg_max(isodow, s * 7 - isodow) AS active_weekday
        FROM (SELECT member_id, isodow, sum(n) AS s FROM hours GROUP BY ALL) GROUP BY 1""",
    "sessions": """
        SELECT member_id, session_id, min(event_time) AS start, count(*) AS pages FROM acts
        WHERE event IN ('view', 'page_view') AND event_time >= ago(90) GROUP BY ALL""",
    "visits": """
        WITH bought_at AS (SELECT DISTINCT member_id, order_time FROM bought
                           WHERE order_time >= ago(90)),
        followed AS (
            SELECT s.*, b.order_time < s.start + to_days(1) AS led FROM sessions s
            ASOF LEFT JOIN bought_at b
            ON s.member_id = b.member_id AND s.start <= b.order_time)
        SELECT member_id, median(pages) AS visit_depth,
            count(*) FILTER (start >= ago(28)) AS visits_28d,
            avg(coalesce(led, false)::INT) FILTER (start < ago(1)) AS raw_browse_to_buy
        FROM followed GROUP BY 1""",
    "carts": """
        WITH put AS (SELECT member_id, product_id, event_time FROM acts
                     WHERE event = 'add_to_cart' AND event_time >= ago(90)),
        taken_at AS (SELECT DISTINCT member_id, product_id, order_time FROM bought
                     WHERE order_time >= ago(90)),
        ended AS (
            SELECT p.*, coalesce(b.order_time < p.event_time + to_days(3), false) AS taken
            FROM put p ASOF LEFT JOIN taken_at b
            ON p.member_id = b.member_id AND p.product_id = b.product_id
            AND p.event_time <= b.order_time)
        SELECT member_id, count(*) FILTER (event_time >= ago(3) AND NOT taken) AS carts_waiting,
            count(*) FILTER (event_time < ago(3)) AS filled,
            count(*) FILTER (event_time < ago(3) AND NOT taken) AS left_behind
        FROM ended GROUP BY 1""",
    "habits": """
        SELECT member_id, count(*) FILTER (event = 'share' AND event_time >= ago(180)) AS n_shares,
            count(DISTINCT day) FILTER (event = 'check_in' AND event_time >= ago(90))
                AS check_in_days,
            count(DISTINCT ((epoch_us(TIMESTAMPTZ '{as_of}') - 1 - epoch_us(event_time))
                // 604800000000)) FILTER (event = 'check_in' AND event_time >= ago(84)) AS weeks,
            count(*) FILTER (event_time >= ago(90)) AS n_events,
            min(event_time) AS first_event, max(event_time) AS last_event
        FROM acts GROUP BY 1""",
    "returns": """
        WITH seen AS (SELECT DISTINCT member_id, day FROM acts WHERE event_time >= ago(90)),
        following AS (SELECT member_id, day, lead(day) OVER (PARTITION BY member_id ORDER BY day)
                      - day AS gap FROM seen),
        tasks AS (SELECT DISTINCT member_id, day FROM acts WHERE event = 'check_in'
                  AND event_time >= ago(90) AND day <= ago(8)::DATE)
        SELECT member_id, avg(coalesce(gap <= 1, false)::INT) AS raw_task_return_d1,
               avg(coalesce(gap <= 7, false)::INT) AS raw_task_return_d7
        FROM tasks JOIN following USING (member_id, day) GROUP BY 1""",
    "tiers": """
        SELECT coalesce(m.member_id, h.member_id) AS member_id, year_spend, n_events FROM (
            SELECT member_id, sum(amount) AS year_spend FROM bought
            WHERE order_time >= ago(365) GROUP BY 1) m
        FULL JOIN habits h USING (member_id)""",
}

_FAVOURITE = """
    CREATE TEMP TABLE best_{name} AS
    WITH everybody AS (SELECT key, sum(w) / (SELECT sum(w) FROM {name}) AS share
                       FROM {name} GROUP BY 1),
    whole AS (SELECT member_id, sum(w) AS total FROM {name} GROUP BY 1)
    SELECT member_id, arg_max(key, w + share) AS key,
           max((w + share) / (total + 1)) AS share,
           arg_max((w + 1) / (total * share + 1), w + share) AS lift
    FROM {name} JOIN everybody USING (key) JOIN whole USING (member_id) GROUP BY 1
"""

_ALL = """
    WITH everyone AS (SELECT member_id FROM lines UNION SELECT member_id FROM acts)
    SELECT member_id,
        coalesce(n_days > 1, false) AS repeat_buyer,
        class AS rfm_class, net / n_days AS purchase_value,
        CASE WHEN n_days >= 6 THEN CASE WHEN new < 0.8 * old THEN 'falling'
             WHEN new > 1.25 * old THEN 'rising' ELSE 'steady' END END AS value_trend,
        late / nullif(spent, 0) AS recent_spend_share,
        most >= (SELECT quantile_disc(paid, 0.95) FROM days) AS big_ticket,
        n / n_orders AS basket_size, spent / n_orders AS basket_value,
        discount_share, discount_depth, coupon_share, stock_up,
        refunded / nullif(spent, 0) AS refund_share, rhythm_regularity,
        price_level, CASE WHEN price_level < 0.4 THEN 'budget'
             WHEN price_level >= 0.6 THEN 'premium'
             WHEN price_level IS NOT NULL THEN 'mid' END AS price_band,
        best_category.key AS favourite_category, best_category.share AS favourite_category_share,
        best_category.lift AS favourite_category_lift,
        best_brand.key AS favourite_brand, best_brand.share AS favourite_brand_share,
        best_brand.lift AS favourite_brand_lift, n_categories, variety_seeking, next_category,
        best_channel.key AS favourite_channel, best_channel.share AS favourite_channel_share,
        multi_channel, best_store.key AS favourite_store, best_store.share AS store_loyalty,
        n >= 3 AND best_store.share >= 0.8 AS store_loyal,
        CASE WHEN n_days >= 3 THEN on_member_day / n_days END AS member_day_habit,
        CASE WHEN n_days >= 3 THEN on_festival / n_days END AS festival_share,
        CASE WHEN n_days >= 2 THEN on_festival = n_days END AS festival_only,
        CASE WHEN n_days >= 3 THEN CASE WHEN early >= n_days - early - late_part
             AND early >= late_part THEN 'early_month'
             WHEN n_days - early - late_part >= late_part THEN 'mid_month'
             ELSE 'late_month' END END AS month_part,
        CASE WHEN n_acts >= 3 THEN active_hour END AS active_hour,
        CASE WHEN n_acts >= 3 THEN active_weekday END AS active_weekday,
        CASE WHEN n_acts >= 3 THEN CASE
             WHEN morning >= greatest(noon, afternoon, evening, coalesce(at_night, 0))
             THEN 'morning' WHEN noon >= greatest(afternoon, evening, coalesce(at_night, 0))
             THEN 'noon' WHEN afternoon >= greatest(evening, coalesce(at_night, 0))
             THEN 'afternoon' WHEN evening >= coalesce(at_night, 0) THEN 'evening'
             ELSE 'night' END END AS active_daypart,
        CASE WHEN n_acts >= 3 THEN coalesce(at_weekend, 0) / n_acts END AS weekend_share,
        CASE WHEN n_acts >= 3 THEN coalesce(at_night, 0) / n_acts END AS night_share,
        CASE WHEN n_acts >= 3 THEN n_acts >= 5 AND 2 * coalesce(at_night, 0) >= n_acts END
            AS night_owl,
        visit_depth, coalesce(visits_28d, 0) AS visits_28d,
        coalesce(carts_waiting, 0) AS carts_waiting,
        CASE WHEN filled >= 3 THEN 2 * left_behind >= filled END AS cart_abandoner,
        coalesce(n_shares, 0) AS n_shares, coalesce(check_in_days, 0) AS check_in_days,
        coalesce(weeks, 0) >= 3 AS check_in_habit,
        us(TIMESTAMPTZ '{as_of}', greatest(last, last_event)) / 86400e6 AS days_inactive,
        us(TIMESTAMPTZ '{as_of}', least(first, first_event)) / 86400e6 AS tenure_days,
        year_spend, tiers.n_events AS n_interactions, n_back / (n + n_back) AS raw_refund_rate,
        raw_deal_share, raw_new_product_share, raw_repeat_share, raw_browse_to_buy,
        left_behind / nullif(filled, 0) AS raw_cart_left_share, raw_task_return_d1,
        raw_task_return_d7
    FROM everyone LEFT JOIN money USING (member_id) LEFT JOIN rhythm USING (member_id)
        LEFT JOIN classes USING (member_id) LEFT JOIN stock USING (member_id)
        LEFT JOIN prices USING (member_id) LEFT JOIN variety USING (member_id)
        LEFT JOIN due USING (member_id) LEFT JOIN best_category USING (member_id)
        LEFT JOIN best_brand USING (member_id) LEFT JOIN best_channel USING (member_id)
        LEFT JOIN best_store USING (member_id) LEFT JOIN several USING (member_id)
        LEFT JOIN tried USING (member_id) LEFT JOIN clock USING (member_id)
        LEFT JOIN week USING (member_id) LEFT JOIN weekday USING (member_id)
        LEFT JOIN visits USING (member_id) LEFT JOIN carts USING (member_id)
        LEFT JOIN habits USING (member_id) LEFT JOIN returns USING (member_id)
        LEFT JOIN tiers USING (member_id)
    ORDER BY member_id
"""


def tags_by_duckdb(folder: Path, as_of: str, tz: str, festivals: pd.DataFrame) -> pa.Table:
    """Tag every member of a folder; `festivals` has a row for each festive ``day``."""
    at = pd.Timestamp(as_of, tz=tz).isoformat()
    with duckdb.connect() as db:
        db.execute(f"SET temp_directory = '{folder / 'spill'}'")
        db.register("festival_days", festivals)
        db.execute(_SETUP.format(folder=folder, as_of=at, tz=tz))
        for name, query in _STEPS.items():
            db.execute(f"CREATE TEMP TABLE {name} AS {query.format(as_of=at)}")
        for name in ("category", "brand", "channel", "store"):
            db.execute(_FAVOURITE.format(name=name))
        return db.sql(_ALL.format(as_of=at)).to_arrow_table()
