"""Who acted after whom: the trials of influence that dated actions hold.

An action is the first time a member does a thing: buys a product, shares a post. Along a tie
from u to v, each action of u that v had not done yet is one trial. It is a success where v does
the same within the window. Several may have gone before v; then each has a part of the credit.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import instants
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import opens_run
from siyu.datasets.purchases import is_purchase
from siyu.datasets.spans import span_us

from .live_arcs import spans

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["ActionRules", "Actions", "FollowCounts", "actions_of", "follow_counts"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_PAIRS = 1 << 21  # an action beside a tie, worked on at once
_TIMES = {"orders": "order_time", "events": "event_time"}


@dataclass(frozen=True, slots=True)
class ActionRules:
    """What counts as an action, and for how long it can be followed.

    Attributes
    ----------
    table : {"orders", "events"}
        Where actions stand; both need ``product_id``. Of orders only purchases count.
    event : str, optional
        Of events only this one; default all, each event of a product an action of its own.
    within : str or Timedelta
        How long after an action somebody else's counts as its follower.
    shared_credit : bool
        True: each of d members who went before a follower has 1/d of the credit (the partial
        credits of Goyal et al.); False: each has all of it (their Bernoulli model).

    Raises
    ------
    ParameterError
        If `table` or `within` is out of range.

    Examples
    --------
    >>> ActionRules(within="14D").within_us() // 86_400_000_000
    14
    """

    table: str = "orders"
    event: str | None = None
    within: str = "30D"
    shared_credit: bool = True

    def __post_init__(self) -> None:
        if self.table not in _TIMES:
            raise ParameterError("table", f"table must be orders or events, got {self.table!r}")
        if self.event is not None and self.table != "events":
            raise ParameterError("event", "event names rows of events; table is 'orders'")
        self.within_us()

    def within_us(self) -> int:
        """Give the window in microseconds."""
        return span_us("within", self.within)


@dataclass(frozen=True, slots=True, eq=False)
class Actions:
    """First actions, by member, then thing.

    Attributes
    ----------
    starts : int64 array, n_members + 1
        Those of member i stand at ``starts[i]:starts[i + 1]``.
    key : int64 array, ascending
        Member and thing in one number: ``member * n_things + thing``.
    time : int64 array, microseconds
    n_things : int
    """

    starts: Ints
    key: Ints
    time: Ints
    n_things: int


@dataclass(frozen=True, slots=True, eq=False)
class FollowCounts:
    """Trials of each tie, how many were followed, and the credit for it."""

    n_trials: Ints
    n_followed: Ints
    credit: Floats


def actions_of(known: "Community", members: pa.Array, rules: ActionRules) -> Actions:
    """Read the first time that each member did each thing.

    Raises
    ------
    DataError
        If the table, or its ``product_id``, is absent.
    """
    known.require(rules.table, call="learn_influence()")
    rows = known.arrow(rules.table)
    if rows is None or "product_id" not in rows.column_names:
        raise DataError(f"learn_influence() needs the column product_id in '{rules.table}'")
    if rules.table == "orders":
        rows = rows.filter(pa.array(is_purchase(rows)))
    elif rules.event is not None:
        rows = rows.filter(pc.equal(rows["event"], rules.event))
    rows = rows.filter(rows["product_id"].is_valid())
    thing, products = encode(rows["product_id"])
    if rules.table == "events":
        kind, kinds = encode(rows["event"])
        thing = thing * max(len(kinds), 1) + kind
        n_things = len(products) * max(len(kinds), 1)
    else:
        n_things = len(products)
    member = lookup(rows["member_id"], members)
    return _first_of_each(
        member, thing, instants(rows[_TIMES[rules.table]]), len(members), n_things
    )


def _first_of_each(member: Ints, thing: Ints, time: Ints, n: int, n_things: int) -> Actions:
    kept = member >= 0
    key, time = member[kept] * max(n_things, 1) + thing[kept], time[kept]
    order = np.lexsort((time, key))
    key, time = key[order], time[order]
    first = opens_run(key) if len(key) else np.zeros(0, dtype=bool)
    key, time = key[first], time[first]
    starts = np.searchsorted(key, np.arange(n + 1) * max(n_things, 1))
    return Actions(starts.astype(np.int64), key, time, max(n_things, 1))


def follow_counts(
    actions: Actions,
    ties: tuple[Ints, Ints],
    span: tuple[int, int],
    rules: ActionRules,
) -> FollowCounts:
    """Count trials and followers along ties.

    Parameters
    ----------
    actions : Actions
    ties : (source, target), int64 arrays, m
        Source influences target.
    span : (start, end), microseconds
        Trials are actions at or after `start` whose window has closed by `end`: one that is
        still open could yet be followed.
    rules : ActionRules

    Returns
    -------
    FollowCounts, an array of m values each
    """
    source, target = ties
    m = len(source)
    n_trials = np.zeros(m, dtype=np.int64)
    none = np.empty(0, dtype=np.int64)
    tie_parts, follower_parts, counts_parts = [none], [none], [none]
    for first, stop in _cuts(np.diff(actions.starts)[source]):
        tie, lead = _beside(actions, source, first, stop)
        time = actions.time[lead]
        thing = actions.key[lead] % actions.n_things
        follower, done = _found(actions, target[tie] * actions.n_things + thing)
        counts = (time >= span[0]) & (time + rules.within_us() <= span[1])
        trial = counts & ~(done & (actions.time[follower] <= time))
        n_trials += np.bincount(tie[trial], minlength=m)
        wait = actions.time[follower] - time
        follows = done & (wait > 0) & (wait <= rules.within_us())
        tie_parts.append(tie[follows])
        follower_parts.append(follower[follows])
        counts_parts.append(counts[follows].astype(np.int64))
    tie, follower = np.concatenate(tie_parts), np.concatenate(follower_parts)
    counted = np.concatenate(counts_parts) > 0
    share = np.ones(len(tie))
    if rules.shared_credit and len(tie):
        share = 1 / np.bincount(follower)[follower]
    n_followed = np.bincount(tie[counted], minlength=m)
    credit = np.bincount(tie[counted], share[counted], m)
    return FollowCounts(n_trials, n_followed, np.minimum(credit, n_followed))


def _beside(actions: Actions, source: Ints, first: int, stop: int) -> tuple[Ints, Ints]:
    """Put the ties of a piece beside every action of their source."""
    begin = actions.starts[source[first:stop]]
    count = actions.starts[source[first:stop] + 1] - begin
    return np.repeat(np.arange(first, stop), count), spans(begin, count)


def _found(actions: Actions, key: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Find actions by their key; where there is none the position means nothing."""
    if not len(actions.key):
        return np.zeros(len(key), dtype=np.int64), np.zeros(len(key), dtype=bool)
    at = np.minimum(np.searchsorted(actions.key, key), len(actions.key) - 1)
    return at.astype(np.int64), actions.key[at] == key


def _cuts(sizes: Ints) -> list[tuple[int, int]]:
    """Cut ties into pieces of bounded size, at least one tie each."""
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    inner = np.searchsorted(ends, np.arange(_PAIRS, total, _PAIRS), side="right")
    edges = np.unique(np.concatenate([[0], inner, [len(sizes)]])).tolist()
    return list(pairwise(edges))
