"""Columns on what members of each group buy, and how much of it after they talked there."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, local_day
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ordering import opens_run

from .group_facts import GroupFacts, Purchases
from .row_order import order_by
from .stays import Stays
from .talk import Talk
from .values import Columns, blank, counts, measures, ratio

__all__ = ["AFTER_TALK", "bought_in_groups", "buying_days", "deal_columns"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

AFTER_TALK = 7 * DAY_US
"""A purchase within 7 days of the buyer's own words in the group comes after talk."""

_TYPES = {
    "n_orders": pa.int64(),
    "gmv": pa.float64(),
    "gmv_per_member": pa.float64(),
    "gmv_after_talk": pa.float64(),
}


def deal_columns(facts: GroupFacts, start: int) -> Columns:
    """Count what members bought in the window while they were in the group.

    A purchase of somebody in three groups counts in each of them.
    """
    n, stays = len(facts.groups), facts.stays
    columns = blank(n, **_TYPES)
    bought = facts.purchases()
    if bought is None or stays is None or not facts.recorded("orders", start):
        return columns
    line, group = bought_in_groups(bought, stays, start)
    columns["n_orders"] = counts(buying_days(group, bought, line, facts.known.tz, n))
    gmv = exact_sum(group, bought.amount[line], n)
    columns["gmv"] = measures(gmv)
    members = np.bincount(stays.at(facts.end - 1).group, minlength=n)
    columns["gmv_per_member"] = measures(ratio(gmv, members))
    if facts.talk is not None and facts.recorded(facts.activity, start - AFTER_TALK):
        after = _after_talk(facts.talk.since(start - AFTER_TALK), group, bought, line)
        spoken = exact_sum(group, np.where(after, bought.amount[line], 0.0), n)
        columns["gmv_after_talk"] = measures(ratio(spoken, gmv))
    return columns


def bought_in_groups(bought: Purchases, stays: Stays, start: int) -> tuple[Ints, Ints]:
    """Give each purchase line since `start` once for every group its buyer was in then.

    Returns
    -------
    (line, group) : int64 arrays
        Positions in `bought`, and groups.
    """
    late = np.flatnonzero(bought.time >= start)
    row, stay = stays.holding(bought.member[late], bought.time[late])
    return late[row], stays.group[stay]


def buying_days(group: Ints, bought: Purchases, line: Ints, tz: str, n: int) -> Ints:
    """Count the orders of each group: distinct pairs of a buyer and a local day."""
    member, day = bought.member[line], local_day(bought.time[line], tz)
    order = order_by(group, member, day)
    opens = opens_run(group[order], member[order], day[order])
    return np.bincount(group[order][opens], minlength=n)


def _after_talk(talk: Talk, group: Ints, bought: Purchases, line: Ints) -> Bools:
    """Tell which purchases follow the buyer's own words in the group."""
    said = talk.of_customers()
    of = [
        np.concatenate(both) for both in ((said.group, group), (said.member, bought.member[line]))
    ]
    time = np.concatenate([said.time, bought.time[line]])
    is_purchase = np.repeat([False, True], [len(said), len(line)])
    order = order_by(of[0], of[1], time, is_purchase)
    latest = np.maximum.accumulate(np.where(is_purchase[order], -1, np.arange(len(order))))
    asked = order[is_purchase[order]]
    heard = latest[is_purchase[order]]
    word = order[np.maximum(heard, 0)]
    same = (heard >= 0) & (of[0][word] == of[0][asked]) & (of[1][word] == of[1][asked])
    found = np.zeros(len(line), np.bool_)
    found[asked - len(said)] = same & (time[asked] - time[word] <= AFTER_TALK)
    return found
