"""The same numbers from SQL, written apart from the library."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, SiyuWarning
from siyu.datasets.shrinkage import BetaPrior
from siyu.segmentation import rfm, tag
from strategies import AS_OF, small_community

ZONES = ["Asia/Shanghai", "UTC", "America/New_York"]
LINES = """
    WITH lines AS (
        SELECT *, timezone('{tz}', order_time) AS here,
               amount >= 0 AND coalesce(quantity, 1) > 0 AS bought
        FROM orders WHERE order_time < TIMESTAMPTZ '2026-03-01 00:00:00+00'
    )
"""


def _orders(seed: int, n: int = 4_000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    hours = rng.integers(-24 * 600, 24 * 60, n) + rng.integers(0, 4, n) / 4
    return pd.DataFrame(
        {
            "member_id": rng.integers(0, 250, n),
            "order_time": AS_OF + pd.to_timedelta(hours, unit="h"),
            "amount": np.round(rng.normal(25, 25, n), 2),
            "order_id": rng.integers(0, n // 2, n),
            "product_id": rng.integers(0, 40, n),
            "quantity": rng.choice([-1.0, 0.0, 1.0, 1.0, 2.0, 3.0, np.nan], n),
            "discount": rng.choice([0.0, 0.0, 3.5, np.nan], n),
            "coupon_id": pd.array(rng.choice([1, 2, 3, 4], n), dtype="Int64"),
            "store_id": rng.integers(0, 5, n),
        }
    ).assign(coupon_id=lambda f: f.coupon_id.mask(f.coupon_id > 2))


def _sql(query: str, **frames: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        for name, frame in frames.items():
            db.register(name, frame)
        return db.execute(query).df()


@pytest.mark.parametrize("tz", ZONES)
@pytest.mark.parametrize("seed", [0, 1])
def test_rfm(seed: int, tz: str) -> None:
    orders = _orders(seed)
    query = f"""{LINES.format(tz=tz)}
        SELECT member_id,
               epoch_us(TIMESTAMPTZ '2026-03-01 00:00:00+00' - max(order_time) FILTER (bought))
                   / 86400e6 AS recency,
               count(DISTINCT here::DATE) FILTER (bought) AS frequency,
               sum(amount) / count(DISTINCT here::DATE) FILTER (bought) AS monetary
        FROM lines GROUP BY member_id HAVING count(*) FILTER (bought) > 0 ORDER BY member_id
    """
    expected = _sql(query, orders=orders)
    pd.testing.assert_frame_equal(
        rfm(orders, as_of=AS_OF, tz=tz), expected, check_exact=False, rtol=1e-9
    )


@pytest.fixture(scope="module", params=[0, 1])
def tagged(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, pd.DataFrame]:
    orders = _orders(request.param)
    with pytest.warns(SiyuWarning):
        tags = tag(Community(orders=orders, tz=ZONES[0]), as_of=AS_OF)
    return orders, tags


TAGS = {
    "refund_share": """sum(-amount) FILTER (amount < 0) / sum(amount) FILTER (bought)""",
    "basket_size": """count(*) FILTER (bought) / count(DISTINCT order_id) FILTER (bought)""",
    "discount_share": """avg((discount > 0)::INT) FILTER (bought AND discount IS NOT NULL)""",
    "coupon_share": """avg((coupon_id IS NOT NULL)::INT) FILTER (bought)""",
    "night_share": """CASE WHEN count(DISTINCT here) FILTER (bought) >= 3 THEN
        count(DISTINCT here) FILTER (bought AND (hour(here) >= 22 OR hour(here) < 5))
        / count(DISTINCT here) FILTER (bought) END""",
    "weekend_share": """CASE WHEN count(DISTINCT here) FILTER (bought) >= 3 THEN
        count(DISTINCT here) FILTER (bought AND isodow(here) >= 6)
        / count(DISTINCT here) FILTER (bought) END""",
    "basket_value": """sum(amount) FILTER (bought) / count(DISTINCT order_id) FILTER (bought)""",
    "discount_depth": """sum(discount) FILTER (bought AND discount > 0)
        / sum(amount + discount) FILTER (bought AND discount > 0)""",
    "recent_spend_share": """coalesce(sum(amount) FILTER (bought AND order_time >=
        TIMESTAMPTZ '2026-03-01 00:00:00+00' - INTERVAL 90 DAY), 0)
        / sum(amount) FILTER (bought)""",
    "purchase_value": """sum(amount) / count(DISTINCT here::DATE) FILTER (bought)""",
    "festival_share": """CASE WHEN count(DISTINCT here::DATE) FILTER (bought) >= 3 THEN
        count(DISTINCT here::DATE) FILTER (bought AND (
            here::DATE BETWEEN DATE '2025-01-15' AND DATE '2025-02-04'
            OR here::DATE BETWEEN DATE '2026-02-03' AND DATE '2026-02-23'
            OR month(here) = 6 AND day(here) <= 20 OR month(here) = 11 AND day(here) <= 11
            OR month(here) = 12 AND day(here) BETWEEN 10 AND 12))
        / count(DISTINCT here::DATE) FILTER (bought) END""",
    "member_day_habit": """CASE WHEN count(DISTINCT here::DATE) FILTER (bought) >= 3 THEN
        count(DISTINCT here::DATE) FILTER (bought AND day(here) = 13)
        / count(DISTINCT here::DATE) FILTER (bought) END""",
    "days_inactive": """epoch_us(TIMESTAMPTZ '2026-03-01 00:00:00+00'
        - max(order_time) FILTER (bought)) / 86400e6""",
}


@pytest.mark.parametrize("name", TAGS)
def test_tags_of_purchases(name: str, tagged: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    orders, tags = tagged
    query = f"""{LINES.format(tz=ZONES[0])}
        SELECT member_id, {TAGS[name]} AS value FROM lines GROUP BY member_id ORDER BY member_id
    """
    expected = _sql(query, orders=orders)
    assert tags.member_id.tolist() == expected.member_id.tolist()
    ours = tags[name].to_numpy(dtype=float, na_value=np.nan)
    theirs = expected.value.to_numpy(dtype=float, na_value=np.nan)
    if name == "refund_share":
        theirs = np.nan_to_num(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_stock_up(tagged: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    orders, tags = tagged
    query = f"""{LINES.format(tz=ZONES[0])},
        usual AS (SELECT product_id, median(quantity) AS usual FROM lines WHERE bought GROUP BY 1)
        SELECT member_id, avg((quantity >= 2 * usual)::INT) AS value
        FROM lines JOIN usual USING (product_id)
        WHERE bought AND quantity IS NOT NULL GROUP BY 1 ORDER BY 1
    """
    expected = _sql(query, orders=orders).set_index("member_id").value
    ours = tags.set_index("member_id").stock_up.dropna()
    pd.testing.assert_series_equal(ours, expected, check_names=False)


def test_favourite_store(tagged: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    orders, tags = tagged
    query = f"""{LINES.format(tz=ZONES[0])},
        weighed AS (
            SELECT member_id, store_id, pow(0.5, epoch_us(
                TIMESTAMPTZ '2026-03-01 00:00:00+00' - order_time) / 86400e6 / 180) AS w
            FROM lines WHERE bought
        ),
        everybody AS (SELECT store_id, sum(w) / (SELECT sum(w) FROM weighed) AS share
                      FROM weighed GROUP BY 1),
        own AS (SELECT member_id, store_id, sum(w) AS w FROM weighed GROUP BY 1, 2)
        SELECT member_id, arg_max(store_id, w + share) AS store
        FROM own JOIN everybody USING (store_id) GROUP BY 1 ORDER BY 1
    """
    expected = _sql(query, orders=orders)
    ours = tags[tags.favourite_store.notna()]
    assert ours.member_id.tolist() == expected.member_id.tolist()
    assert ours.favourite_store.tolist() == expected.store.tolist()


DRAWN = {
    "discount_dependence": ("discount > 0", "bought AND discount IS NOT NULL"),
    "coupon_dependence": ("coupon_id IS NOT NULL", "bought"),
    "deal_share": (
        "(discount > 0 OR coupon_id IS NOT NULL)",
        "bought AND (discount IS NOT NULL OR coupon_id IS NOT NULL)",
    ),
    "refund_rate": ("amount < 0", "(bought OR amount < 0)"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_shares(name: str, tagged: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    orders, tags = tagged
    hit, known = DRAWN[name]
    query = f"""{LINES.format(tz=ZONES[0])}
        SELECT member_id, count(*) FILTER ({known} AND {hit}) AS hits,
               count(*) FILTER ({known}) AS trials
        FROM lines GROUP BY 1 ORDER BY 1
    """
    counts = _sql(query, orders=orders)
    prior = BetaPrior.of(counts.hits, counts.trials)
    expected = prior.posterior_mean(counts.hits, counts.trials)
    expected[counts.trials == 0] = np.nan
    np.testing.assert_allclose(tags[name].to_numpy(dtype=float), expected, rtol=1e-9)


DAYS = f"""{LINES.format(tz=ZONES[0])},
    days AS (
        SELECT member_id, here::DATE AS day, sum(amount) AS paid FROM lines
        WHERE bought GROUP BY 1, 2
    ),
    gaps AS (
        SELECT *, day - lag(day) OVER own AS gap, row_number() OVER own AS place,
               count(*) OVER (PARTITION BY member_id) AS n
        FROM days WINDOW own AS (PARTITION BY member_id ORDER BY day)
    )
"""


def test_regularity_of_rhythm(tagged: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    orders, tags = tagged
    query = f"""{DAYS}
        SELECT member_id, greatest(0, 1 - stddev_samp(gap) / avg(gap)) AS value FROM gaps
        GROUP BY 1 HAVING count(gap) >= 3 ORDER BY 1
    """
    expected = _sql(query, orders=orders).set_index("member_id").value
    ours = tags.set_index("member_id").rhythm_regularity.dropna()
    pd.testing.assert_series_equal(ours, expected, check_names=False)


def test_trend_of_spend(tagged: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    orders, tags = tagged
    query = f"""{DAYS},
        means AS (SELECT member_id, avg(paid) FILTER (place > n - 3) AS late,
                         avg(paid) FILTER (place <= n - 3) AS early
                  FROM gaps WHERE n >= 6 GROUP BY 1)
        SELECT member_id, CASE WHEN late < 0.8 * early THEN 'falling'
                               WHEN late > 1.25 * early THEN 'rising' ELSE 'steady' END AS value
        FROM means ORDER BY 1
    """
    expected = _sql(query, orders=orders).set_index("member_id").value
    ours = tags.set_index("member_id").value_trend.dropna()
    assert ours.to_dict() == expected.to_dict()


def test_big_tickets(tagged: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    orders, tags = tagged
    days = _sql(f"{DAYS} SELECT member_id, paid FROM gaps ORDER BY paid", orders=orders)
    edge = days.paid.iloc[int(np.ceil(0.95 * (len(days) - 1)))]
    big = set(days.member_id[days.paid >= edge - 1e-9])
    assert set(tags.member_id[tags.big_ticket.fillna(False)]) == big


@pytest.fixture(scope="module", params=[0, 1])
def stocked(request: pytest.FixtureRequest) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Give orders and products, and the tags of both."""
    rng = np.random.default_rng(request.param)
    launched = AS_OF - pd.to_timedelta(rng.integers(1, 900, 40), unit="D")
    products = pd.DataFrame(
        {
            "product_id": np.arange(40),
            "category": rng.choice(["tea", "nuts", "soap", "toys"], 40),
            "brand": rng.choice(["a", "b", "c"], 40),
            "price": np.round(rng.gamma(2.0, 10.0, 40) + 1, 1),
            "cost": np.round(rng.gamma(2.0, 4.0, 40), 1),
            "launched_at": launched,
        }
    )
    orders = _orders(request.param)
    with pytest.warns(SiyuWarning):
        tags = tag(Community(orders=orders, products=products, tz=ZONES[0]), as_of=AS_OF)
    return {"orders": orders, "products": products}, tags.set_index("member_id")


SHOPPED = f"""{LINES.format(tz=ZONES[0])},
    shopped AS (
        SELECT *, pow(0.5, epoch_us(TIMESTAMPTZ '2026-03-01 00:00:00+00' - order_time)
                      / 86400e6 / 180) AS w
        FROM lines JOIN products USING (product_id) WHERE bought
    )
"""
OF_PRODUCTS = {
    "n_categories": "SELECT member_id, count(DISTINCT category) AS value FROM shopped GROUP BY 1",
    "margin_share": """SELECT member_id, 1 - sum(cost * quantity) / sum(amount) AS value
        FROM shopped WHERE quantity IS NOT NULL GROUP BY 1""",
    "price_level": """, at_price AS (
            SELECT category, price, count(*) AS n FROM shopped GROUP BY 1, 2
        ),
        ranked AS (
            SELECT category, price, (sum(n) OVER (PARTITION BY category ORDER BY price) - n / 2)
                   / sum(n) OVER (PARTITION BY category) AS level FROM at_price
        )
        SELECT member_id, (sum(level) + 1.5) / (count(*) + 3) AS value
        FROM shopped JOIN ranked USING (category, price) GROUP BY 1""",
    "favourite_category_lift": """, everybody AS (
            SELECT category, sum(w) / (SELECT sum(w) FROM shopped) AS share
            FROM shopped GROUP BY 1
        ),
        own AS (SELECT member_id, category, sum(w) AS w FROM shopped GROUP BY 1, 2),
        whole AS (SELECT member_id, sum(w) AS total FROM own GROUP BY 1)
        SELECT member_id, arg_max((w + 1) / (total * share + 1), w + share) AS value
        FROM own JOIN everybody USING (category) JOIN whole USING (member_id) GROUP BY 1""",
    "favourite_brand_share": """, everybody AS (
            SELECT brand, sum(w) / (SELECT sum(w) FROM shopped) AS share FROM shopped GROUP BY 1
        ),
        own AS (SELECT member_id, brand, sum(w) AS w FROM shopped GROUP BY 1, 2),
        whole AS (SELECT member_id, sum(w) AS total FROM own GROUP BY 1)
        SELECT member_id, max((w + share) / (total + 1)) AS value
        FROM own JOIN everybody USING (brand) JOIN whole USING (member_id) GROUP BY 1""",
    "variety_seeking": """, everybody AS (
            SELECT 1 - sum(w * w) AS differ FROM (
                SELECT sum(w) / (SELECT sum(w) FROM shopped) AS w FROM shopped GROUP BY category
            )
        ),
        own AS (SELECT member_id, category, count(*) AS k FROM shopped GROUP BY 1, 2)
        SELECT member_id, ((sum(k) - 1) * (1 - sum(k * (k - 1)) / (sum(k) * (sum(k) - 1)))
                + 5 * any_value(differ)) / (sum(k) - 1 + 5) AS value
        FROM own, everybody GROUP BY 1 HAVING sum(k) > 1""",
}


@pytest.mark.parametrize("name", OF_PRODUCTS)
def test_tags_of_products(name: str, stocked: tuple[dict[str, pd.DataFrame], pd.DataFrame]) -> None:
    frames, tags = stocked
    expected = _sql(f"{SHOPPED} {OF_PRODUCTS[name]} ORDER BY 1", **frames).set_index("member_id")
    ours = tags[name].dropna().astype(float)
    pd.testing.assert_series_equal(ours, expected.value.astype(float), check_names=False, rtol=1e-5)


NOVEL = {
    "new_product_share": """SELECT member_id,
            count(*) FILTER (order_time < launched_at + INTERVAL 60 DAY) AS hits,
            count(*) AS trials FROM shopped GROUP BY 1 ORDER BY 1""",
    "repeat_share": """, tried AS (
            SELECT member_id, product_id, count(DISTINCT here::DATE) AS n FROM shopped
            GROUP BY 1, 2
            HAVING min(order_time) < TIMESTAMPTZ '2026-03-01 00:00:00+00' - INTERVAL 30 DAY
        )
        SELECT member_id, count(*) FILTER (n > 1) AS hits, count(*) AS trials
        FROM tried GROUP BY 1 ORDER BY 1""",
}


@pytest.mark.parametrize("name", NOVEL)
def test_tags_of_novelty(name: str, stocked: tuple[dict[str, pd.DataFrame], pd.DataFrame]) -> None:
    frames, tags = stocked
    counts = _sql(f"{SHOPPED} {NOVEL[name]}", **frames).set_index("member_id")
    prior = BetaPrior.of(counts.hits, counts.trials)
    expected = pd.Series(prior.posterior_mean(counts.hits, counts.trials), counts.index)
    pd.testing.assert_series_equal(tags[name].dropna(), expected, check_names=False)


def test_next_category(stocked: tuple[dict[str, pd.DataFrame], pd.DataFrame]) -> None:
    frames, tags = stocked
    query = f"""{SHOPPED},
        own AS (
            SELECT member_id, category, max(order_time) AS latest,
                   epoch_us(max(order_time) - min(order_time))
                   / (count(DISTINCT here::DATE) - 1) AS gap, count(DISTINCT here::DATE) AS n,
                   epoch_us(TIMESTAMPTZ '2026-03-01 00:00:00+00' - max(order_time)) AS silence
            FROM shopped GROUP BY 1, 2 HAVING count(DISTINCT here::DATE) >= 3
        )
        SELECT DISTINCT ON (member_id) member_id, category, epoch_us(latest) + gap AS due
        FROM own WHERE silence / gap <= 2
        ORDER BY member_id, silence < gap,
                 CASE WHEN silence < gap THEN gap - silence ELSE -n END, category
    """
    expected = _sql(query, **frames).set_index("member_id")
    ours = tags[tags.next_category.notna()]
    assert ours.next_category.to_dict() == expected.category.to_dict()
    due = (ours.next_category_due - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("1us")
    np.testing.assert_allclose(due, expected.due, atol=1.0)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_speaking_and_inviting(seed: int) -> None:
    c = small_community(seed)
    with pytest.warns(SiyuWarning):
        tags = tag(c, as_of=AS_OF).set_index("member_id")
    frames = {name: getattr(c, name) for name in ("messages", "memberships", "referrals")}
    frames["who"] = pd.DataFrame({"member_id": tags.index})
    query = """
        WITH spoke AS (
            SELECT member_id, count(DISTINCT timezone('Asia/Shanghai', message_time)::DATE) AS days
            FROM messages WHERE message_time < TIMESTAMPTZ '2026-03-01 00:00:00+00'
            AND message_time >= TIMESTAMPTZ '2026-03-01 00:00:00+00' - INTERVAL 90 DAY GROUP BY 1
        ),
        inside AS (
            SELECT DISTINCT member_id FROM memberships
            WHERE joined_at < TIMESTAMPTZ '2026-03-01 00:00:00+00'
            AND (left_at IS NULL OR left_at >= TIMESTAMPTZ '2026-03-01 00:00:00+00')
        ),
        invited AS (
            SELECT inviter_id AS member_id, count(DISTINCT invitee_id) AS n FROM referrals
            WHERE referral_time < TIMESTAMPTZ '2026-03-01 00:00:00+00'
            AND inviter_id <> invitee_id GROUP BY 1
        )
        SELECT who.member_id,
               CASE WHEN days >= 12 THEN 'core_speaker' WHEN days > 0 THEN 'speaker'
                    WHEN inside.member_id IS NOT NULL THEN 'lurker' ELSE 'outside' END AS speaking,
               coalesce(invited.n, 0) AS n_invited
        FROM who LEFT JOIN spoke USING (member_id) LEFT JOIN inside USING (member_id)
                 LEFT JOIN invited USING (member_id) ORDER BY 1
    """
    expected = _sql(query, **frames).set_index("member_id")
    assert tags.speaking.tolist() == expected.speaking.tolist()
    assert tags.n_invited.tolist() == expected.n_invited.tolist()
