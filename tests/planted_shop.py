"""A small shop whose members' tastes are known."""

from typing import Any

import numpy as np
import pandas as pd

from siyu.datasets import Community

AS_OF = pd.Timestamp("2026-03-01", tz="UTC")
TASTES = ("tea", "nuts", "soap", "wine")
N_MEMBERS = 120


def taste_of(member_id: int) -> str:
    """Give the taste planted in a member."""
    return TASTES[member_id % len(TASTES)]


def planted_orders(seed: int = 0) -> pd.DataFrame:
    """Draw orders: every member has three staples of one category and tries others of it."""
    rng = np.random.default_rng(seed)
    visits = 32
    member = np.repeat(np.arange(N_MEMBERS), visits)
    day = np.tile(np.arange(visits) * 7.0, N_MEMBERS) + rng.uniform(0, 5, len(member))
    times = AS_OF - pd.Timedelta(days=196) + pd.to_timedelta(np.round(day * 24), unit="h")
    taste = member % len(TASTES)
    staples = np.argsort(rng.random((N_MEMBERS, 10)), axis=1)[:, :3]
    lines = []
    for column in range(3):
        kept = rng.random(len(member)) < 0.5
        lines.append((kept, taste, staples[member, column]))
    other = np.where(rng.random(len(member)) < 0.85, taste, rng.integers(0, 4, len(member)))
    lines.append((rng.random(len(member)) < 0.7, other, rng.integers(0, 10, len(member))))
    parts = [
        pd.DataFrame(
            {
                "member_id": member[kept],
                "order_time": times[kept],
                "order_id": np.arange(len(member))[kept],
                "product_id": [
                    f"{TASTES[t]}-{i}" for t, i in zip(group[kept], item[kept], strict=True)
                ],
                "quantity": 1.0,
                "amount": 5.0 + group[kept],
                "store_id": member[kept] % 3,
            }
        )
        for kept, group, item in lines
    ]
    return pd.concat(parts, ignore_index=True)


def planted_products() -> pd.DataFrame:
    """List the shop's products."""
    return pd.DataFrame(
        {
            "product_id": [f"{taste}-{nth}" for taste in TASTES for nth in range(10)],
            "category": np.repeat(TASTES, 10),
        }
    )


def planted_members() -> pd.DataFrame:
    """List the members: the last four never bought, one of them opted out; one is staff."""
    ids = np.arange(N_MEMBERS + 5)
    return pd.DataFrame(
        {
            "member_id": ids,
            "opt_out": np.isin(ids, [7, N_MEMBERS + 3]),
            "kind": np.where(ids == N_MEMBERS + 4, "staff", "customer"),
            "store_id": pd.array([i % 3 if i < N_MEMBERS + 1 else None for i in ids], "Int64"),
        }
    )


def make_shop(**changed: Any) -> Community:
    """Build the community, some of its tables changed."""
    tables = {
        "orders": planted_orders(),
        "products": planted_products(),
        "members": planted_members(),
    }
    return Community(tz="UTC", **{**tables, **changed})
