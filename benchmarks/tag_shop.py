"""A shop of any size for timing tags: order lines, events and products, drawn from one seed.

Members, products and moments are drawn with heavy tails, rows are in random order, and every
column that a tag of orders or events reads is there. Nothing is planted: it is for clocks.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["AS_OF", "EVENTS", "TZ", "write_shop"]

TZ = "Asia/Shanghai"
AS_OF = "2026-06-24"
_END_US = 1_782_230_400_000_000 + 10 * 86_400 * 10**6  # ten days after AS_OF
_DAYS = 740
EVENTS = ("view", "add_to_cart", "open", "share", "check_in", "page_view")
_HOURS = np.array([1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 6, 5, 5, 5, 6, 7, 8, 9, 8, 5, 2])

Ints = npt.NDArray[np.int64]


def write_shop(
    folder: Path, n_lines: int, n_events: int, n_members: int, random_state: int = 0
) -> None:
    """Write orders, events and products as a folder that `Community.from_folder` reads."""
    rng = np.random.default_rng(random_state)
    n_products = max(n_members // 200, 50)
    tables = {
        "orders": _orders(rng, n_lines, n_members, n_products),
        "events": _events(rng, n_events, n_members, n_products),
        "products": _products(rng, n_products),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    (folder / "community.json").write_text('{"tz": "' + TZ + '"}')


def _orders(rng: np.random.Generator, n: int, n_members: int, n_products: int) -> pa.Table:
    basket = np.sort(rng.integers(0, max(n * 2 // 5, 1), n))  # about 2.5 lines an order
    n_baskets = int(basket[-1]) + 1
    who, when = _who(rng, n_baskets, n_members), _when(rng, n_baskets)
    store, channel = rng.integers(0, 50, n_baskets), rng.integers(0, 4, n_baskets)
    product = _who(rng, n, n_products)
    quantity = rng.geometric(0.7, n).astype(np.float64)
    amount = np.round(rng.gamma(2.0, 15.0, n) * quantity, 2)
    amount[rng.random(n) < 0.03] *= -1
    discount = np.where(rng.random(n) < 0.3, np.round(np.abs(amount) * 0.2, 2), 0.0)
    coupon = rng.random(n) < 0.1
    table = pa.table(
        {
            "member_id": who[basket],
            "order_time": pa.array(when[basket], pa.timestamp("us", "UTC")),
            "amount": amount,
            "order_id": basket,
            "product_id": product,
            "quantity": quantity,
            "discount": discount,
            "coupon_id": pa.array(rng.integers(0, 40, n), mask=~coupon),
            "store_id": store[basket],
            "channel": pa.array(["app", "shop", "live", "group"]).take(pa.array(channel[basket])),
        }
    )
    return table.take(pa.array(rng.permutation(n)))


def _events(rng: np.random.Generator, n: int, n_members: int, n_products: int) -> pa.Table:
    session = np.sort(rng.integers(0, max(n // 5, 1), n))  # about five events a session
    n_sessions = int(session[-1]) + 1
    who, begin = _who(rng, n_sessions, n_members), _when(rng, n_sessions)
    name = rng.choice(len(EVENTS), n, p=[0.55, 0.12, 0.1, 0.03, 0.08, 0.12])
    product = pa.array(_who(rng, n, n_products), mask=name > 1)
    table = pa.table(
        {
            "member_id": who[session],
            "event_time": pa.array(
                begin[session] + rng.integers(0, 1_200, n) * 10**6, pa.timestamp("us", "UTC")
            ),
            "event": pa.array(EVENTS).take(pa.array(name)),
            "product_id": product,
            "session_id": session,
            "channel": pa.array(["app", "mini"]).take(pa.array(session % 2)),
        }
    )
    return table.take(pa.array(rng.permutation(n)))


def _products(rng: np.random.Generator, n: int) -> pa.Table:
    launched = _END_US - rng.integers(0, 1_500 * 86_400, n) * 10**6
    return pa.table(
        {
            "product_id": np.arange(n),
            "category": pa.array([f"category {i}" for i in rng.integers(0, 60, n)]),
            "brand": pa.array([f"brand {i}" for i in rng.integers(0, 300, n)]),
            "price": np.round(rng.lognormal(3.2, 0.7, n), 2),
            "launched_at": pa.array(launched, pa.timestamp("us", "UTC")),
        }
    )


def _who(rng: np.random.Generator, n: int, n_of: int) -> Ints:
    """Draw so that some are met much more often than others; everybody may be met."""
    drawn = np.minimum((n_of * rng.random(n) ** 1.5).astype(np.int64), n_of - 1)
    return np.asarray(drawn, dtype=np.int64)


def _when(rng: np.random.Generator, n: int) -> Ints:
    """Draw instants (us) over the days of the record, at the hours people are awake."""
    day = rng.integers(0, _DAYS, n)
    hour = rng.choice(24, n, p=_HOURS / _HOURS.sum())
    second = rng.integers(0, 3_600, n)
    local = (day * 24 + hour) * 3_600 + second
    return np.asarray(_END_US - (_DAYS * 86_400 - local) * 10**6, dtype=np.int64)
