"""Time `group_health` and `group_days` beside DuckDB on the same chat groups.

The chat is drawn here: groups of uneven size and liveliness, members who join and leave, replies,
and orders, over 182 days. DuckDB reads the same Arrow tables on one thread and computes the
columns listed in `HEALTH` and `DAYS`; ours compute all their columns (state, survival, scores,
active hours ... come on top). The engines take turns, each figure is the median of the repeats:
wall time and extra memory of the process. Where a number differs, the benchmark fails.

    python benchmarks/bench_groups.py                      # 1,000,000 messages, 10,000 groups
    python benchmarks/bench_groups.py 20000 200 --repeats 1
"""

import argparse
import datetime as dt
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from peak_memory import forget_peak, peak_mb, require_agreement

from siyu.datasets import Community
from siyu.graph.groups.day_table import group_days
from siyu.graph.groups.health import group_health

__all__ = ["DAYS", "HEALTH", "difference", "draw_chat", "main", "peer_days", "peer_health"]

AS_OF = "2026-07-01"
HEALTH = (
    "n_members",
    "n_joined",
    "n_left",
    "n_messages",
    "n_speakers",
    "top_speaker_share",
    "n_turns",
    "n_answered",
    "n_replies",
    "n_pairs",
    "n_orders",
    "gmv",
)
DAYS = ("n_members", "n_joined", "n_left", "n_messages", "n_speakers", "n_replies", "gmv")

HEADER = (
    "| messages | groups | call | siyu | DuckDB | DuckDB / siyu | largest difference |\n"
    "|---|---|---|---|---|---|---|"
)


def draw_chat(n_messages: int, n_groups: int, random_state: int = 0) -> Community:
    """Draw a community of chat groups: who joins, leaves, speaks, answers and buys."""
    rng = np.random.default_rng(random_state)
    weight = rng.pareto(1.5, n_groups) + 0.2
    n_members = max(3 * n_groups, 10)
    rows = np.unique(
        np.stack(
            [
                rng.choice(n_groups, 12 * n_groups, p=weight / weight.sum()),
                rng.integers(0, n_members, 12 * n_groups),
            ]
        ),
        axis=1,
    )
    group, member = rows
    span = 182 * 86_400_000_000
    end = pd.Timestamp(AS_OF, tz="UTC").value // 1_000
    joined = end - span + (rng.random(len(group)) ** 2 * span).astype(np.int64)
    stays = rng.exponential(span, len(group)).astype(np.int64)
    left = np.where(joined + stays < end, joined + stays, -1)
    stop = np.where(left < 0, end, left)
    at = rng.choice(len(group), n_messages)
    moment = joined[at] + (rng.random(n_messages) * (stop - joined)[at]).astype(np.int64)
    starts = np.searchsorted(group, np.arange(n_groups + 1))
    size = np.diff(starts)[group[at]]
    other = member[starts[group[at]] + (rng.random(n_messages) * size).astype(np.int64)]
    buyer = rng.choice(len(group), n_messages // 5)
    bought = joined[buyer] + (rng.random(len(buyer)) * (stop - joined)[buyer]).astype(np.int64)

    def times(us: Any) -> pa.Array:
        return pa.array(us, pa.timestamp("us", "UTC"), mask=us < 0)

    return Community(
        tz="UTC",
        memberships=pa.table(
            {
                "group_id": group,
                "member_id": member,
                "joined_at": times(joined),
                "left_at": times(left),
            }
        ),
        messages=pa.table(
            {
                "member_id": member[at],
                "message_time": times(moment),
                "group_id": group[at],
                "reply_to_member_id": pa.array(other, mask=rng.random(n_messages) < 0.4),
            }
        ),
        orders=pa.table(
            {
                "member_id": member[buyer],
                "order_time": times(bought),
                "amount": np.round(rng.gamma(2.0, 20.0, len(buyer)), 2),
            }
        ),
    )


_HEALTH_SQL = """
with
span as (select timestamptz '2026-07-01 00:00:00+00' as e, e - interval 28 day as s),
g as (select distinct group_id from (
  select group_id from memberships union all select group_id from messages)),
roster as (
  select group_id,
    count(*) filter (left_at is null) as n_members,
    count(*) filter (joined_at >= s) as n_joined,
    count(*) filter (left_at >= s and left_at < e) as n_left
  from memberships, span where joined_at < e group by 1),
recent as (select m.* from messages m, span where message_time >= s and message_time < e),
amounts as (select group_id, member_id, count(*) as k from recent group by 1, 2),
talk as (
  select group_id, sum(k) as n_messages, count(*) as n_speakers,
    max(k) / sum(k) as top_speaker_share
  from amounts group by 1),
said as (
  select group_id, member_id, min(message_time) as began
  from messages, span where message_time >= s - interval 2 day and message_time < e
  group by group_id, member_id, cast(message_time at time zone 'UTC' as date)),
replies as (
  select group_id, reply_to_member_id as member_id, message_time as at
  from messages, span
  where message_time >= s - interval 2 day and message_time < e
    and reply_to_member_id <> member_id),
heard as (
  select t.group_id, t.member_id, t.began, min(r.at) as first
  from replies r asof join said t
    on r.group_id = t.group_id and r.member_id = t.member_id and r.at >= t.began
  group by 1, 2, 3),
turns as (
  select group_id, count(*) as n_turns,
    count(*) filter (first < began + interval 24 hour) as n_answered
  from said left join heard using (group_id, member_id, began), span
  where began >= s and began + interval 24 hour <= e group by 1),
pairs as (
  select group_id, count(*) as n_replies, count(distinct (member_id, reply_to_member_id)) as n_pairs
  from recent where reply_to_member_id <> member_id group by 1),
deals as (
  select k.group_id,
    count(distinct (o.member_id, cast(order_time at time zone 'UTC' as date))) as n_orders,
    sum(amount) as gmv
  from orders o join memberships k using (member_id), span
  where order_time >= s and order_time < e and joined_at <= order_time
    and (left_at is null or order_time < left_at)
  group by 1)
select group_id,
  coalesce(n_members, 0) as n_members, coalesce(n_joined, 0) as n_joined,
  coalesce(n_left, 0) as n_left, coalesce(n_messages, 0) as n_messages,
  coalesce(n_speakers, 0) as n_speakers, top_speaker_share, coalesce(n_turns, 0) as n_turns,
  coalesce(n_answered, 0) as n_answered, coalesce(n_replies, 0) as n_replies,
  coalesce(n_pairs, 0) as n_pairs, coalesce(n_orders, 0) as n_orders, coalesce(gmv, 0) as gmv
from g left join roster using (group_id) left join talk using (group_id)
  left join turns using (group_id) left join pairs using (group_id) left join deals using (group_id)
order by 1
"""

_DAYS_SQL = """
with
days as (
  select date '2026-06-03' + i as day from (select unnest(range(28))::integer as i)),
span as (select timestamptz '2026-07-01 00:00:00+00' as e, e - interval 28 day as s),
began as (
  select group_id, cast(min(t) at time zone 'UTC' as date) as born from (
    select group_id, joined_at as t from memberships union all
    select group_id, message_time from messages) group by 1),
grid as (select group_id, day from began, days where day >= born),
joins as (select group_id, cast(joined_at at time zone 'UTC' as date) as day, count(*) as n
  from memberships, span where joined_at < e group by 1, 2),
leaves as (select group_id, cast(left_at at time zone 'UTC' as date) as day, count(*) as n
  from memberships, span where left_at < e group by 1, 2),
moves as (
  select group_id, day, sum(n) as n from (
    select * from joins union all select group_id, day, -n from leaves) group by 1, 2),
level as (
  select group_id, day, sum(n) over (partition by group_id order by day) as n_members from moves),
talk as (
  select group_id, cast(message_time at time zone 'UTC' as date) as day, count(*) as n_messages,
    count(distinct member_id) as n_speakers,
    count(*) filter (reply_to_member_id <> member_id) as n_replies
  from messages, span where message_time >= s and message_time < e group by 1, 2),
deals as (
  select k.group_id, cast(order_time at time zone 'UTC' as date) as day, sum(amount) as gmv
  from orders o join memberships k using (member_id), span
  where order_time >= s and order_time < e and joined_at <= order_time
    and (left_at is null or order_time < left_at)
  group by 1, 2)
select grid.group_id, grid.day, coalesce(level.n_members, 0) as n_members,
  coalesce(joins.n, 0) as n_joined, coalesce(leaves.n, 0) as n_left,
  coalesce(n_messages, 0) as n_messages, coalesce(n_speakers, 0) as n_speakers,
  coalesce(n_replies, 0) as n_replies, coalesce(gmv, 0) as gmv
from grid asof left join level on grid.group_id = level.group_id and grid.day >= level.day
  left join joins on joins.group_id = grid.group_id and joins.day = grid.day
  left join leaves on leaves.group_id = grid.group_id and leaves.day = grid.day
  left join talk on talk.group_id = grid.group_id and talk.day = grid.day
  left join deals on deals.group_id = grid.group_id and deals.day = grid.day
order by 1, 2
"""


def peer_health(c: Community) -> pd.DataFrame:
    """Compute the columns of `HEALTH` with DuckDB."""
    return _ask(c, _HEALTH_SQL)


def peer_days(c: Community) -> pd.DataFrame:
    """Compute the columns of `DAYS` with DuckDB."""
    return _ask(c, _DAYS_SQL)


def _ask(c: Community, question: str) -> pd.DataFrame:
    with duckdb.connect() as base:
        base.execute("set threads = 1; set timezone = 'UTC'")
        for name in ("memberships", "messages", "orders"):
            base.register(name, c.arrow(name))
        return base.execute(question).df()


def difference(ours: pd.DataFrame, theirs: pd.DataFrame, columns: Sequence[str]) -> float:
    """Give the largest difference of the columns; NaN where rows or gaps are not the same."""
    if len(ours) != len(theirs) or (ours["group_id"].to_numpy() != theirs["group_id"]).any():
        return float("nan")
    off = 0.0
    for name in columns:
        one, other = (frame[name].to_numpy(float) for frame in (ours, theirs))
        gap = np.where(np.isnan(one) & np.isnan(other), 0.0, np.abs(one - other))
        off = max(off, float(np.max(gap / np.maximum(np.abs(other), 1.0), initial=0.0)))
        if np.isnan(gap).any():
            return float("nan")
    return off


def timed(call: Callable[[], pd.DataFrame]) -> tuple[float, float, pd.DataFrame]:
    before = forget_peak()
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, peak_mb() - before, found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("messages", nargs="?", type=int, default=1_000_000)
    parser.add_argument("groups", nargs="?", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args(arguments)
    c = draw_chat(given.messages, given.groups)
    calls: dict[str, tuple[Callable[[], Any], Callable[[], Any], Sequence[str]]] = {
        "group_health": (lambda: group_health(c, as_of=AS_OF), lambda: peer_health(c), HEALTH),
        "group_days": (lambda: group_days(c, as_of=AS_OF), lambda: peer_days(c), DAYS),
    }
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pyarrow", "duckdb"))
    today = dt.datetime.now(dt.UTC).date()
    print(f"{today}, Python {platform.python_version()}, {packages}, {os.cpu_count()} cores\n")
    print(HEADER)
    for name, (ours, theirs, columns) in calls.items():
        runs = [(timed(ours), timed(theirs)) for _ in range(given.repeats)]
        off = difference(runs[0][0][2], runs[0][1][2], columns)
        require_agreement(name, off)
        one, other = (
            [float(np.median([run[side][part] for run in runs])) for part in (0, 1)]
            for side in (0, 1)
        )
        print(
            f"| {given.messages:,} | {given.groups:,} | {name} | {one[0]:.2f} s, {one[1]:,.0f} MB "
            f"| {other[0]:.2f} s, {other[1]:,.0f} MB | {other[0] / one[0]:.1f}x | {off:.0e} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
