"""A small shop whose members redeem coupons of their taste, and some members only."""

from typing import Any

import numpy as np
import pandas as pd

from siyu.datasets import Community

AS_OF = pd.Timestamp("2026-03-02", tz="UTC")
N_MEMBERS, N_LAUNCHES = 90, 10
KINDS = ("tea", "nuts", "soap", "wine", "rice")
_LAUNCH_DAYS, _VALID_DAYS = 14, 10


def launch_begin(launch: int) -> pd.Timestamp:
    """Give the moment at which a launch begins; the last runs at `AS_OF`."""
    return AS_OF - pd.Timedelta(days=4 + _LAUNCH_DAYS * (N_LAUNCHES - 1 - launch))


def taste_of(member: int) -> int:
    """Give the kind of product that a member buys most."""
    return member % len(KINDS)


def loves_coupons(member: int) -> bool:
    """Tell whether a member redeems coupons at all."""
    return member % 3 == 0


def coupon_tables(seed: int = 0) -> dict[str, Any]:
    """Draw the tables: orders of 28 weeks, five coupons a launch, redemptions."""
    rng = np.random.default_rng(seed)
    weeks = np.arange(28)
    member = np.repeat(np.arange(N_MEMBERS - 2), len(weeks))  # the last two never buy
    day = np.tile(weeks * 7.0, N_MEMBERS - 2) + rng.integers(0, 6, len(member))
    kind = np.where(
        rng.random(len(member)) < 0.7, member % len(KINDS), rng.integers(0, 5, len(day))
    )
    orders = pd.DataFrame(
        {
            "member_id": member,
            "order_time": AS_OF - pd.Timedelta(days=200) + pd.to_timedelta(day, unit="D"),
            "amount": 4.0 + kind,
            "order_id": np.arange(len(member)),
            "product_id": [f"{KINDS[k]}-{i}" for k, i in zip(kind, member % 2, strict=True)],
            "quantity": 1.0,
        }
    )
    launches = np.repeat(np.arange(N_LAUNCHES), len(KINDS))
    kinds = np.tile(np.arange(len(KINDS)), N_LAUNCHES)
    begin = pd.Series([launch_begin(one) for one in launches.tolist()], dtype="datetime64[us, UTC]")
    offers = pd.DataFrame(
        {
            "offer_id": [f"{KINDS[k]}-{n:02d}" for k, n in zip(kinds, launches, strict=True)],
            "kind": "coupon",
            "discount": 2.0,
            "starts_at": begin,
            "ends_at": begin + pd.Timedelta(days=_VALID_DAYS),
            "campaign_id": 100 + launches,
        }
    )
    goods = pd.DataFrame(
        {
            "offer_id": np.repeat(offers["offer_id"].to_numpy(), 2),
            "product_id": [f"{KINDS[k]}-{i}" for k in kinds for i in (0, 1)],
        }
    )
    held = offers.merge(pd.DataFrame({"member_id": np.arange(N_MEMBERS)}), how="cross")
    wants = held["member_id"].mod(len(KINDS)) == np.repeat(kinds, N_MEMBERS)
    chance = np.where(held["member_id"] % 3 == 0, np.where(wants, 0.8, 0.05), 0.01)
    used = held[rng.random(len(held)) < chance]
    wait = pd.to_timedelta(rng.integers(1, 24 * _VALID_DAYS, len(used)), unit="h")
    events = pd.DataFrame(
        {
            "member_id": used["member_id"].to_numpy(),
            "event_time": (used["starts_at"] + wait).to_numpy(),
            "event": "coupon_redeem",
            "offer_id": used["offer_id"].to_numpy(),
        }
    )
    return {
        "orders": orders,
        "offers": offers,
        "offer_products": goods,
        "offer_members": held[["offer_id", "member_id"]].assign(issued_at=held["starts_at"]),
        "campaigns": pd.DataFrame({"campaign_id": 100 + np.arange(N_LAUNCHES), "kind": "mail"}),
        "products": pd.DataFrame(
            {
                "product_id": [f"{kind}-{i}" for kind in KINDS for i in (0, 1)],
                "category": np.repeat(KINDS, 2),
            }
        ),
        "members": pd.DataFrame({"member_id": np.arange(N_MEMBERS), "opt_out": False}),
        "events": events,
    }


def coupon_shop(**changed: Any) -> Community:
    """Build the community; tables given replace those drawn, None leaves one out."""
    tables = {**coupon_tables(), **changed}
    return Community(
        tz="UTC", **{name: table for name, table in tables.items() if table is not None}
    )
