"""Small worlds of chat groups: random ones, and ones written down row by row."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from siyu.datasets import Community
from strategies import small_community

__all__ = ["at", "chat", "chat_groups", "influence_world"]


def chat_groups(seed: int = 0, *, text_ids: bool = False) -> Community:
    """Make a small random community with groups of all kinds and sends to them."""
    c = small_community(seed, text_ids=text_ids)
    rng = np.random.default_rng(seed + 1)
    tables = {name: c.arrow(name) for name in c.tables()}
    owner = pa.array(["m00001", "m00002"] if text_ids else [1, 2])
    sends, events = tables["sends"], tables["events"]
    assert sends is not None
    assert events is not None
    tables["groups"] = pa.table(
        {
            "group_id": [1, 2, 3],
            "kind": ["sharing", "flash", "sales"],
            "owner_id": owner.take(pa.array([0, 1, 0])),
        }
    )
    to = rng.integers(1, 4, sends.num_rows)
    tables["sends"] = sends.append_column("group_id", pa.array(to))
    seen = rng.integers(1, 4, events.num_rows)
    named = pa.array(seen, mask=rng.random(events.num_rows) < 0.5)
    tables["events"] = events.append_column("group_id", named)
    messages = tables["messages"]
    assert messages is not None
    length, links = rng.integers(1, 40, messages.num_rows), rng.random(messages.num_rows) < 0.2
    messages = messages.append_column("n_chars", pa.array(length.astype(float)))
    tables["messages"] = messages.append_column("has_link", pa.array(links))
    return Community(tz=c.tz, **tables)


def at(text: str) -> pd.Timestamp:
    """Read a moment in UTC."""
    return pd.Timestamp(text, tz="UTC")


def chat(
    messages: list[tuple[Any, ...]] | None = None,
    memberships: list[tuple[Any, ...]] | None = None,
    **tables: Any,
) -> Community:
    """Write a community down: messages (who, when, group, reply to), memberships (group, who...).

    Memberships are (group, member, joined, left); other tables are frames.
    """
    if messages is not None:
        columns = ["member_id", "message_time", "group_id", "reply_to_member_id"]
        said = pd.DataFrame(messages, columns=columns)
        said["message_time"] = pd.to_datetime(said["message_time"], utc=True, format="ISO8601")
        said["reply_to_member_id"] = said["reply_to_member_id"].astype("Int64")
        tables["messages"] = said.astype({"member_id": "int64", "group_id": "int64"})
    if memberships is not None:
        columns = ["group_id", "member_id", "joined_at", "left_at"]
        rows = pd.DataFrame(memberships, columns=columns)
        for name in ("joined_at", "left_at"):
            rows[name] = pd.to_datetime(rows[name], utc=True, format="ISO8601")
        tables["memberships"] = rows
    return Community(tz="UTC", **tables)


def influence_world(
    seed: int, influence: float, *, n_groups: int = 24, size: int = 25, days: int = 84
) -> Community:
    """Simulate groups whose members check in and buy, by themselves or drawn by group mates.

    Every day a member buys one of ten products with a chance of their own, and checks in now and
    then. Seen in the group, each check-in or purchase of a mate on the day before adds
    `influence` to the chance to buy; what is bought is then the mate's product.
    """
    rng = np.random.default_rng(seed)
    n = n_groups * size
    group = np.repeat(np.arange(n_groups), size)
    chance = rng.gamma(4.0, 0.005 / 4, n)
    pace = rng.gamma(4.0, 0.25, n_groups)[group]  # groups differ in how much they check in
    last = np.full(n, -1)  # product that each member bought the day before
    acted = np.zeros(n, np.bool_)
    bought, acts = [], []
    for day in range(days):
        heard = np.bincount(group[acted], minlength=n_groups)[group] - acted
        drawn = rng.random(n) < 1 - (1 - influence) ** heard
        alone = rng.random(n) < chance
        product = rng.integers(0, 10, n)
        for g in np.unique(group[drawn]) if (last >= 0).any() else []:
            seen = last[(group == g) & (last >= 0)]
            mine = np.flatnonzero(drawn & (group == g))
            if len(seen):
                product[mine] = rng.choice(seen, len(mine))
        buys = alone | drawn
        checks = rng.random(n) < 0.01 * pace
        second = day * 86_400 + rng.integers(0, 86_400, n)
        bought.append(np.stack([np.arange(n), second, product])[:, buys])
        acts.append(np.stack([np.arange(n), second])[:, checks])
        last = np.where(buys, product, -1)
        acted = buys | checks
    orders, events = np.concatenate(bought, axis=1), np.concatenate(acts, axis=1)
    start = at("2026-01-01")

    def when(seconds: Any) -> Any:
        return start + pd.to_timedelta(seconds, unit="s")

    return Community(
        tz="UTC",
        memberships=pd.DataFrame(
            {"group_id": group, "member_id": np.arange(n), "joined_at": start}
        ),
        orders=pd.DataFrame(
            {
                "member_id": orders[0],
                "order_time": when(orders[1]),
                "amount": 10.0,
                "product_id": orders[2],
            }
        ),
        events=pd.DataFrame(
            {"member_id": events[0], "event_time": when(events[1]), "event": "checkin"}
        ),
    )
