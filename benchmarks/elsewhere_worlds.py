"""Other data for the recommender: what is known, and what is hidden as the future.

Two of the public sets have no times. There a fair draw takes their place: of all pairs of member
and product four tenths are known from the beginning, four times a tenth comes on one of the four
days before the moment, which serve as training windows, and two tenths are the future. So nobody
takes anything twice, all of the future is new, and nothing but chance tells early from late.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siyu.datasets import Community, load_ciao, load_lastfm, make_community

__all__ = [
    "World",
    "ciao",
    "lastfm",
    "retailrocket",
    "synthetic",
    "with_strangers",
    "without_circles",
]

_NOW = pd.Timestamp("2026-01-06", tz="UTC")  # stands for the moment where there are no times
_PARTS = (0.4, 0.5, 0.6, 0.7, 0.8)  # where the known part, and each training day, ends


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A community with a moment to recommend at.

    Attributes
    ----------
    community : Community
    as_of : Timestamp
    horizon : str
        How far the future reaches.
    activity : {"orders", "events"}
    """

    community: Community
    as_of: pd.Timestamp
    horizon: str
    activity: str


def lastfm(seed: int, path: Path | None = None, n_members: int | None = None) -> World:
    """Last.fm: friends, and who listens to whom; a random fifth of each is the future.

    Parameters
    ----------
    seed : int
        Of the draw.
    path : Path, optional
        The folder ``lastfm_hetrec``; default under ``$SIYU_DATA``.
    n_members : int, optional
        Only the first so many and their friendships.
    """
    c = load_lastfm(path)
    listens, friends = _frame(c, "events"), _frame(c, "ties")
    if n_members is not None:
        some = np.sort(listens["member_id"].unique())[:n_members]
        listens = listens[listens["member_id"].isin(some)]
        friends = friends[friends["source"].isin(some) & friends["target"].isin(some)]
    listens = listens.sort_values(["member_id", "product_id"], ignore_index=True)
    listens["event_time"] = _drawn_days(len(listens), seed)
    known = Community(events=listens, ties=friends, tz="UTC")
    return World(known, _NOW, "1D", "events")


def ciao(as_of: str, path: Path | None = None) -> World:
    """Ciao: who trusts whom, and dated ratings; the future is the next 180 days."""
    return World(load_ciao(path), pd.Timestamp(as_of, tz="UTC"), "180D", "events")


def retailrocket(
    seed: int, path: Path, *, views: bool = True, views_of_hidden: bool = True
) -> World:
    """RetailRocket: half of each buyer's purchases are hidden, the views are known.

    Parameters
    ----------
    seed : int
        Of the draw.
    path : Path
        The folder ``retailrocket_funnel``.
    views : bool
        Whether views and carts are known; else purchases alone.
    views_of_hidden : bool
        Whether views and carts of the hidden purchases themselves are known: then the question
        is what of the things looked at will be bought, else what will be found.
    """
    rows = pd.read_parquet(path / "events.parquet").rename(columns={"item_id": "product_id"})
    rows["event"] = rows["event"].astype(str)
    rows = rows.sort_values(["member_id", "product_id", "event"], ignore_index=True)
    rows["event_time"] = _drawn_days(len(rows), seed)
    is_bought = rows["event"] == "purchase"
    hidden = is_bought & (np.random.default_rng([seed, 1]).random(len(rows)) < 0.5)
    late = rows["event_time"] >= _NOW  # views are all known: half of the drawn ones go back
    rows.loc[late, "event_time"] -= pd.Timedelta("6D")
    rows.loc[hidden, "event_time"] = _NOW + pd.Timedelta("1h")
    pairs = pd.MultiIndex.from_frame(rows[["member_id", "product_id"]])
    of_hidden = pairs.isin(pairs[hidden]) & ~hidden
    kept = (is_bought | views) & (~of_hidden | views_of_hidden)
    return World(Community(events=rows[kept], tz="UTC"), _NOW, "1D", "events")


def synthetic(seed: int, n_members: int) -> World:
    """Give the documented synthetic community, 28 days before its end."""
    c = make_community(n_members=n_members, random_state=seed)
    return World(c, pd.Timestamp("2026-06-03", tz=c.tz), "28D", "orders")


def without_circles(world: World) -> World:
    """Take away who is near whom."""
    near = ("ties", "referrals", "memberships")
    tables = {name: _frame(world.community, name) for name in world.community.tables()}
    kept = {name: rows for name, rows in tables.items() if name not in near}
    return _with_tables(world, kept)


def with_strangers(world: World, seed: int) -> World:
    """Give everybody the circle of somebody else: the same network, members at other places."""
    tables = {name: _frame(world.community, name) for name in world.community.tables()}
    columns = {
        "ties": ("source", "target"),
        "referrals": ("inviter_id", "invitee_id"),
        "memberships": ("member_id", "inviter_id"),
    }
    ids = np.sort(world.community.customers().to_numpy(zero_copy_only=False))
    other = pd.Series(np.random.default_rng(seed).permutation(ids), ids)
    for name, found in columns.items():
        for column in found if name in tables else ():
            if column in tables[name].columns:
                swapped = tables[name][column].map(other)
                tables[name][column] = swapped.fillna(tables[name][column])
    return _with_tables(world, tables)


def _with_tables(world: World, tables: dict[str, Any]) -> World:
    c = world.community
    return replace(world, community=Community(tz=c.tz, truth=c.truth, **tables))


def _frame(c: Community, name: str) -> pd.DataFrame:
    frame = getattr(c, name)
    assert isinstance(frame, pd.DataFrame)
    return frame


def _drawn_days(n: int, seed: int) -> pd.Series:
    """Draw the part that each row falls into, and give the time that stands for it."""
    part = np.searchsorted(_PARTS, np.random.default_rng(seed).random(n), side="right")
    return pd.Series(_NOW + pd.to_timedelta(24 * part - 24 * len(_PARTS) + 12, unit="h"))
