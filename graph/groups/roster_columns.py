"""Columns on the roster of each group: members, joins, leaves, leaves after sends."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import instants
from siyu.datasets.ids import lookup

from .departures import AFTER_SEND, after_sends
from .group_facts import GroupFacts
from .rhythm import began_at
from .stays import STAYS_ON, Stays
from .values import Columns, blank, counts, measures, ratio

__all__ = ["growth_of", "members_now", "roster_columns", "send_columns"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_COUNT, _NUMBER = pa.int64(), pa.float64()
_TABLES = {"messages": "message_time", "events": "event_time", "orders": "order_time"}


def members_now(facts: GroupFacts) -> Ints | None:
    """Count the customers in each group now; None without memberships."""
    if facts.stays is None:
        return None
    return np.bincount(facts.stays.at(facts.end - 1).group, minlength=len(facts.groups))


def growth_of(facts: GroupFacts, start: int) -> Floats | None:
    """Give joins less leaves since `start` over the members at `start`; NaN where unknown.

    A group that had nobody then counts as if it had had one member.
    """
    stays = facts.stays
    if stays is None or not (stays.joins_dated and stays.leaves_known):
        return None
    if not facts.recorded("memberships", start):
        return None
    n = len(facts.groups)
    before = np.bincount(stays.at(start - 1).group, minlength=n)
    net = _in_window(stays, stays.joined, start, facts) - _in_window(
        stays, stays.left, start, facts
    )
    return np.asarray(net / np.maximum(before, 1))


def roster_columns(facts: GroupFacts, start: int) -> Columns:
    """Count members, those who do anything, joins and leaves of the window."""
    n, stays = len(facts.groups), facts.stays
    if stays is None:
        names = ("n_members", "n_effective", "n_joined", "n_left")
        return blank(n, **dict.fromkeys(names, _COUNT), net_growth=_NUMBER)
    here = stays.at(facts.end - 1)
    acts = _does_anything(facts, start)
    recorded = facts.recorded("memberships", start)
    growth = growth_of(facts, start)
    return {
        "n_members": counts(np.bincount(here.group, minlength=n)),
        "n_effective": pa.nulls(n, _COUNT)
        if acts is None
        else counts(np.bincount(here.group[acts[here.member]], minlength=n)),
        "n_joined": counts(_in_window(stays, stays.joined, start, facts))
        if stays.joins_dated and recorded
        else pa.nulls(n, _COUNT),
        "n_left": counts(_in_window(stays, stays.left, start, facts))
        if stays.leaves_known and recorded
        else pa.nulls(n, _COUNT),
        "net_growth": pa.nulls(n, _NUMBER) if growth is None else measures(growth),
    }


def send_columns(facts: GroupFacts, start: int) -> Columns:
    """Count sends to the group, leaves within 24 hours of one, and how many are beyond chance."""
    n, stays, sends = len(facts.groups), facts.stays, facts.group_sends()
    nulls = blank(n, n_sends=_COUNT, n_left_after_send=_COUNT, extra_left_per_send=_NUMBER)
    if sends is None or not facts.recorded("sends", start):
        return nulls
    knows = stays is not None and stays.leaves_known and facts.recorded("memberships", start)
    none = np.empty(0, np.int64)
    leaves = (none, none)
    if stays is not None and knows:
        gone = stays.left != STAYS_ON
        leaves = (stays.group[gone], stays.left[gone])
    found = after_sends(sends, leaves, (start, facts.end), began_at(facts))
    nulls["n_sends"] = counts(found.n_sends)
    # What was sent in the last hours before the window may be behind the first leaves in it.
    if knows and facts.recorded("sends", start - AFTER_SEND):
        nulls["n_left_after_send"] = counts(found.n_after)
        extra = ratio(found.n_after - found.n_expected, found.n_sends)
        nulls["extra_left_per_send"] = measures(extra)
    return nulls


def _in_window(stays: Stays, times: Ints, start: int, facts: GroupFacts) -> Ints:
    inside = (times >= start) & (times < facts.end)
    return np.bincount(stays.group[inside], minlength=len(facts.groups))


def _does_anything(facts: GroupFacts, start: int) -> npt.NDArray[np.bool_] | None:
    """Tell which customers wrote, did or bought anything in the window, in any group or none."""
    found = np.zeros(len(facts.members), np.bool_)
    read = False
    for table, column in _TABLES.items():
        rows = facts.known.arrow(table)
        if rows is not None and facts.recorded(table, start):
            read = True
            late = np.flatnonzero(instants(rows[column]) >= start)
            who = lookup(rows["member_id"].take(pa.array(late)), facts.members)
            found[who[who >= 0]] = True
    return found if read else None
