"""The same numbers from SQL, written apart from the library."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, SiyuWarning
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
    "night_share": """CASE WHEN count(*) FILTER (bought) >= 3 THEN
        avg((hour(here) >= 22 OR hour(here) < 5)::INT) FILTER (bought) END""",
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
