"""Small random communities, for tests that a fact holds for every input."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from siyu.datasets import Community

AS_OF = pd.Timestamp("2026-03-01", tz="UTC")
TZ = "Asia/Shanghai"


@st.composite
def order_frames(draw: st.DrawFn, max_rows: int = 40) -> pd.DataFrame:
    """Draw order lines of a few members around `AS_OF`, refunds and ties in time included."""
    n = draw(st.integers(0, max_rows))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return pd.DataFrame(
        {
            "member_id": rng.integers(1, 8, n),
            "order_time": AS_OF + pd.to_timedelta(rng.integers(-2_000, 300, n) * 3, unit="h"),
            "amount": np.round(rng.normal(30, 40, n), 2),
            "order_id": rng.integers(1, max(n // 2, 2), n),
            "product_id": rng.integers(1, 6, n),
            "quantity": rng.integers(-1, 4, n).astype(float),
        }
    )


def small_community(seed: int = 0, n: int = 120, *, text_ids: bool = False) -> Community:
    """Make a community with most tables, dated around `AS_OF`, from one random state."""
    rng = np.random.default_rng(seed)
    who = np.arange(1, 31)

    def when(size: int, low: int = -4_000, high: int = 500) -> pd.Series:
        return pd.Series(AS_OF + pd.to_timedelta(rng.integers(low, high, size), unit="h"))

    def name(codes: Any) -> Any:
        return pa.array([f"m{c:05d}" for c in codes]) if text_ids else codes

    def table(**columns: object) -> pa.Table:
        ready = {k: pa.array(v) for k, v in columns.items()}
        return pa.table(ready)

    joined = when(len(who), -6_000, 300)

    def pick(size: int) -> Any:
        return rng.choice(who, size)

    return Community(
        tz=TZ,
        members=table(
            member_id=name(who),
            joined_at=joined,
            kind=np.where(who <= 2, "staff", "customer").astype(object),
            opt_out=who == 5,
        ),
        orders=table(
            member_id=name(pick(n)),
            order_time=when(n),
            amount=np.round(rng.normal(30, 30, n), 2),
            order_id=rng.integers(1, n, n),
            product_id=rng.integers(1, 10, n),
            quantity=rng.integers(-1, 4, n).astype(float),
        ),
        products=table(
            product_id=np.arange(1, 10),
            category=np.array(["tea", "nuts", "soap"] * 3, dtype=object),
        ),
        events=table(
            member_id=name(pick(n)),
            event_time=when(n),
            event=rng.choice(np.array(["view", "share", "visit"], dtype=object), n),
            product_id=rng.integers(1, 10, n),
        ),
        messages=table(
            member_id=name(pick(n)),
            message_time=when(n),
            group_id=rng.integers(1, 4, n),
            reply_to_member_id=name(pick(n)),
        ),
        memberships=table(
            group_id=rng.integers(1, 4, 60),
            member_id=name(pick(60)),
            joined_at=when(60),
            left_at=when(60, -500, 2_000),
        ),
        referrals=table(
            inviter_id=name(pick(20)), invitee_id=name(pick(20)), referral_time=when(20)
        ),
        ties=table(source=name(pick(80)), target=name(pick(80)), tie_time=when(80)),
        sends=table(
            send_time=when(50),
            member_id=name(pick(50)),
            channel=np.array(["wecom"] * 50, dtype=object),
            opened_at=when(50, 0, 900),
        ),
    )


def shuffled(c: Community, seed: int) -> Community:
    """Put the rows of every table in another order."""
    rng = np.random.default_rng(seed)
    tables = {}
    for name in c.tables():
        rows = c.arrow(name)
        assert rows is not None
        tables[name] = rows.take(pa.array(rng.permutation(rows.num_rows)))
    return Community(tz=c.tz, **tables)


def with_later_rows(c: Community, other: Community, as_of: pd.Timestamp = AS_OF) -> Community:
    """Append to every dated table of `c` the rows of `other` at or after `as_of`."""
    dated = {
        "orders": "order_time",
        "events": "event_time",
        "messages": "message_time",
        "referrals": "referral_time",
        "ties": "tie_time",
        "memberships": "joined_at",
        "sends": "send_time",
    }
    tables = {}
    for name in c.tables():
        rows = c.arrow(name)
        assert rows is not None
        tables[name] = rows
        if name in dated:
            more = other.arrow(name)
            assert more is not None
            late = np.asarray(more[dated[name]].to_pandas() >= as_of)
            tables[name] = pa.concat_tables([rows, more.take(pa.array(np.flatnonzero(late)))])
    return Community(tz=c.tz, **tables)


_DATED = {
    "orders": "order_time",
    "events": "event_time",
    "messages": "message_time",
    "referrals": "referral_time",
    "ties": "tie_time",
    "memberships": "joined_at",
    "sends": "send_time",
    "members": "joined_at",
}
_KNOWN_NOW = ("member_id", "kind", "opt_out")
_FILLED_LATER = {"memberships": ["left_at"], "sends": ["opened_at"]}


def with_edited_future(c: Community, seed: int, as_of: pd.Timestamp = AS_OF) -> Community:
    """Change everything that `as_of` must not see: later rows, and values filled later."""
    rng = np.random.default_rng(seed)
    tables = {}
    for name in c.tables():
        frame = getattr(c, name)
        if name in _DATED:
            late = np.flatnonzero(frame[_DATED[name]] >= as_of)
            mixed = frame.iloc[rng.permutation(late)]
            fixed = _KNOWN_NOW if name == "members" else ()
            for column in frame.columns.difference([_DATED[name], *fixed]):
                frame.iloc[late, frame.columns.get_loc(column)] = mixed[column].to_numpy()
            frame.iloc[late, frame.columns.get_loc(_DATED[name])] += pd.Timedelta("3D")
        if name in _DATED and name != "members":
            frame = frame.drop(index=late[: len(late) // 2])
        for column in _FILLED_LATER.get(name, []):
            frame.loc[frame[column] >= as_of, column] += pd.Timedelta("9D")
        tables[name] = frame
    return Community(tz=c.tz, **tables)
