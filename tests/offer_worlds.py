"""A small random brand with offers, coupons, sends, experiments and quits around one moment."""

from typing import Any

import numpy as np
import pandas as pd

from siyu.datasets import Community

AS_OF = pd.Timestamp("2026-03-01", tz="UTC")
TZ = "Asia/Shanghai"

_DATED = {
    "orders": "order_time",
    "memberships": "joined_at",
    "sends": "send_time",
    "assignments": "assigned_at",
    "staff_links": "added_at",
    "offer_members": "issued_at",
    "offers": "starts_at",
    "campaigns": "starts_at",
}
_FILLED_LATER = {
    "memberships": ["left_at"],
    "sends": ["redeemed_at", "quit_at"],
    "staff_links": ["removed_at"],
}


def offer_world(seed: int = 0, *, n: int = 30, text_ids: bool = False) -> Community:
    """Draw the tables; members 1 and 2 are staff, member 5 has opted out."""
    tables: dict[str, Any] = _Draw(np.random.default_rng(seed), n, text_ids).tables()
    return Community(tz=TZ, **tables)


def with_other_future(c: Community, seed: int) -> Community:
    """Drop, move, mix and add rows at or after `AS_OF`, and move what is filled in later."""
    rng = np.random.default_rng(seed)
    tables = {}
    for name in c.tables():
        frame = getattr(c, name)
        for column in _FILLED_LATER.get(name, []):
            frame.loc[frame[column] >= AS_OF, column] += pd.Timedelta("9D")
        if name in _DATED:
            time = _DATED[name]
            is_late = frame[time] >= AS_OF
            late, early = frame[is_late], frame[~is_late]
            moved = late.iloc[rng.permutation(len(late))[len(late) // 2 :]].copy()
            moved[time] += pd.Timedelta("3D")
            added = early.iloc[: 0 if name in ("offers", "campaigns") else 5].copy()
            added[time] = AS_OF + pd.Timedelta("1h")
            for column in _FILLED_LATER.get(name, []):
                added[column] = AS_OF + pd.Timedelta("2h")
            frame = pd.concat([early, moved, added], ignore_index=True)
        tables[name] = frame
    return Community(tz=c.tz, **tables)


class _Draw:
    """Random columns of one world."""

    def __init__(self, rng: np.random.Generator, n: int, text_ids: bool) -> None:
        self.rng, self.n, self.text_ids = rng, n, text_ids
        self.who = np.arange(1, n + 1)

    def ids(self, codes: Any, letter: str = "m") -> Any:
        """Write ids as numbers or text that sorts alike."""
        if not self.text_ids:
            return pd.array([None if c < 0 else int(c) for c in codes], "Int64")
        return pd.array([None if c < 0 else f"{letter}{c:05d}" for c in codes], "string")

    def when(self, size: int, low: int = -3_000, high: int = 400) -> pd.Series:
        """Draw hours around the moment."""
        return pd.Series(AS_OF + pd.to_timedelta(self.rng.integers(low, high, size), unit="h"))

    def some(self, times: pd.Series, share: float = 0.3) -> pd.Series:
        """Keep a share of some times."""
        return times.where(self.rng.random(len(times)) < share)

    def members(self, size: int) -> Any:
        """Draw members."""
        return self.rng.choice(self.who, size) if self.n else np.zeros(0, np.int64)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Draw every table."""
        return {**self._shop(), **self._offers(), **self._people(), **self._messages()}

    def _shop(self) -> dict[str, pd.DataFrame]:
        rng, m = self.rng, 6 * self.n
        amount = np.round(np.abs(rng.normal(30, 20, m)) * np.where(rng.random(m) < 0.1, -1, 1), 2)
        orders = pd.DataFrame(
            {
                "member_id": self.ids(self.members(m)),
                "order_time": self.when(m),
                "amount": amount,
                "order_id": self.ids(rng.integers(1, m + 1, m), "o"),
                "product_id": self.ids(rng.integers(1, 9, m), "p"),
                "quantity": np.where(amount < 0, -1.0, rng.integers(1, 3, m)),
                "discount": np.round(rng.random(m) * 5, 2),
                "coupon_id": self.ids(
                    np.where(rng.random(m) < 0.2, rng.integers(9, 13, m), -1), "f"
                ),
            }
        )
        products = pd.DataFrame(
            {
                "product_id": self.ids(np.arange(1, 11), "p"),
                "category": ["tea", "nuts"] * 5,
                "price": np.arange(10.0, 60.0, 5.0),
                "cost": np.arange(5.0, 30.0, 2.5),
                "in_stock": np.arange(10) != 3,
                "rating": [4.5, None, 3.0, 4.0, 4.8, 2.0, 4.1, 4.2, None, 5.0],
                "recommendable": np.arange(10) != 6,
            }
        )
        return {"orders": orders, "products": products}

    def _offers(self) -> dict[str, pd.DataFrame]:
        rng = self.rng
        offers = pd.DataFrame(
            {
                "offer_id": self.ids(np.arange(1, 13), "f"),
                "kind": ["product"] * 8 + ["coupon"] * 4,
                "product_id": self.ids(np.r_[np.arange(1, 7), 1, 2, [-1] * 4], "p"),
                "category": [None] * 10 + ["tea", None],
                "price": [*np.arange(9.0, 49.0, 5.0), *[None] * 4],
                "public_price": [*np.arange(10.0, 50.0, 5.0)[:6], 8.0, None, *[None] * 4],
                "discount": [*[None] * 8, 5.0, 8.0, 3.0, 30.0],
                "threshold": [*[None] * 8, 20.0, 50.0, 0.0, 100.0],
                "stock": [5.0, 0.0, *[40.0] * 9, None],
                "budget": [*[None] * 8, 25.0, 500.0, None, None],
                "starts_at": self.when(12, -900, 200),
                "ends_at": self.when(12, -100, 900),
            }
        )
        pairs = pd.DataFrame(
            {
                "offer_id": self.ids(np.repeat([9, 10], 4), "f"),
                "product_id": self.ids(np.tile(np.arange(1, 5), 2), "p"),
            }
        )
        size = 2 * self.n
        holders = pd.DataFrame(
            {
                "offer_id": self.ids(rng.choice([8, 9, 10], size), "f"),
                "member_id": self.ids(self.members(size)),
                "issued_at": self.when(size, -600, 200),
                "expires_at": self.when(size, -200, 900),
            }
        )
        campaigns = pd.DataFrame(
            {
                "campaign_id": self.ids(np.arange(1, 4), "k"),
                "starts_at": self.when(3, -2_500, -1_500),
                "cost": [100.0, 50.0, None],
            }
        )
        return {
            "offers": offers,
            "offer_products": pairs,
            "offer_members": holders,
            "campaigns": campaigns,
        }

    def _people(self) -> dict[str, pd.DataFrame]:
        size = 2 * self.n
        members = pd.DataFrame(
            {
                "member_id": self.ids(self.who),
                "kind": np.where(self.who <= 2, "staff", "customer"),
                "opt_out": self.who == 5,
                "store_id": self.ids(self.who % 3, "s"),
            }
        )
        stays = pd.DataFrame(
            {
                "group_id": self.ids(self.rng.integers(1, 4, size), "g"),
                "member_id": self.ids(self.members(size)),
                "joined_at": self.when(size),
            }
        )
        stays["left_at"] = self.some(stays["joined_at"] + pd.Timedelta("40D"))
        links = pd.DataFrame(
            {
                "member_id": self.ids(self.members(size)),
                "staff_id": self.ids(self.rng.integers(1, 3, size)),
                "added_at": self.when(size),
            }
        )
        links["removed_at"] = self.some(links["added_at"] + pd.Timedelta("30D"))
        return {"members": members, "memberships": stays, "staff_links": links}

    def _messages(self) -> dict[str, pd.DataFrame]:
        rng, size = self.rng, 5 * self.n
        campaign = rng.integers(1, 4, size)
        to_group = rng.random(size) < 0.1
        sent = self.when(size)
        sends = pd.DataFrame(
            {
                "send_time": sent,
                "member_id": self.ids(np.where(to_group, -1, self.members(size))),
                "group_id": self.ids(np.where(to_group, rng.integers(1, 4, size), -1), "g"),
                "channel": rng.choice(np.array(["wecom", "sms"], dtype=object), size),
                "campaign_id": self.ids(campaign, "k"),
                "offer_id": self.ids(rng.integers(1, 13, size), "f"),
                "experiment_id": self.ids(np.where(campaign == 1, 1, -1), "x"),
                "redeemed_at": self.some(sent + pd.Timedelta("30h"), 0.1),
                "quit_at": self.some(sent + pd.Timedelta("5h"), 0.05),
            }
        )
        arm = np.where(rng.random(self.n) < 0.4, "control", "coupon")
        assignments = pd.DataFrame(
            {
                "experiment_id": self.ids(np.ones(self.n, np.int64), "x"),
                "unit_kind": "member",
                "unit_id": self.ids(self.who),
                "arm": arm,
                "propensity": np.where(arm == "control", 0.4, 0.6),
                "assigned_at": self.when(self.n, -1_900, -1_000),
            }
        )
        return {"sends": sends, "assignments": assignments}
