"""Ties from raw tables: who acted towards whom, how strongly, and when last.

=============  ===========================================  =======  ======================
kind           comes from                                   default  strength before the
                                                            weight   weight of the kind
=============  ===========================================  =======  ======================
``referral``   referrals: inviter to invitee                2.0      log2(1 + how often)
``invite``     memberships: inviter to the new member       1.0      log2(1 + how often)
``reply``      messages: who replies to whom replied to     1.0      log2(1 + how often)
own kinds      ties, by their ``kind`` (none: ``tie``);     1.0      log2(1 + sum of weights)
               their ``weight`` is read as how often
``comember``   memberships: both in one group now, half of  0.5      sum of 1 / size of each
               the weight in each direction                          group
``copurchase`` orders: both bought one product that few     0.5      log2(1 + sum of 1 / its
               buy, half in each direction; on request               buyers)
=============  ===========================================  =======  ======================

So one fresh contact weighs 1, three weigh 2, seven weigh 3: who chats all day is not a
hundred times closer. What is old counts for less: half after each `half_life`. Undated rows
count in full, and so does sitting in one group, which lasts.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from siyu.datasets.clock import INSTANT
from siyu.datasets.errors import warn
from siyu.datasets.exact_sums import exact_sum

from .tie_rules import TieRules
from .tie_sources import Contacts, contacts_of
from .undated import UNDATED

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["build_ties", "ties_known"]

_log = logging.getLogger(__name__)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def build_ties(
    c: "Community",
    *,
    as_of: Any,
    kinds: Iterable[str] | None = None,
    weights: Mapping[str, float] | None = None,
    half_life: str | pd.Timedelta | None = "365D",
    max_ties: int = 20,
) -> pa.Table:
    """Collect the ties between customers from every table that holds some.

    Staff are left out before anything is measured: they sit in every group, and would tie
    everybody to everybody. Members who opted out stay, because others are tied through them.

    Parameters
    ----------
    c : Community
        With at least one of ties, referrals, memberships, or messages with replies.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    kinds : iterable of str, optional
        Which kinds to take, see the table above; default all there are but ``copurchase``,
        which must be named here or in `weights`: like tastes are no contact.
    weights : mapping of kind to float >= 0, optional
        Changes the weights of the kinds named; 0 leaves a kind out.
    half_life : str, Timedelta or None
        After this time what happened counts for half; None: the past never fades.
    max_ties : int >= 2
        Ties of one member within one group, or by one product. Members of bigger groups are
        tied to this many others, drawn by a stable hash, with weights that grow so that their
        sum stays; a product with more buyers than that ties nobody.

    Returns
    -------
    pyarrow.Table, one row a source, target and kind, sorted by these
        ``source`` acts towards ``target`` (for ``comember`` both directions are there);
        ``weight`` : float > 0; ``kind`` : text; ``tie_time`` : the latest time it happened, or
        the later one joined; null if that is unknown.
        At most ``max_ties`` rows a membership or order line, one a row of the other tables.

    Raises
    ------
    DataError
        If no table holds ties, or none the kind asked for; if a tie's weight is negative or
        missing.
    ParameterError
        If `weights`, `half_life` or `max_ties` is out of range.

    Warns
    -----
    SiyuWarning
        If ties of members with themselves or of weight 0 were dropped, if undated rows count
        at every `as_of`, and if `weights` name a kind that is not there.

    Examples
    --------
    >>> from siyu.datasets import Community
    >>> times = pa.array(["2026-01-01", "2026-01-01", "2026-06-30"]).cast(pa.timestamp("us"))
    >>> messages = {
    ...     "member_id": ["ann", "ann", "bob"],
    ...     "message_time": times,
    ...     "reply_to_member_id": ["bob", "bob", "ann"],
    ... }
    >>> c = Community(messages=pa.table(messages), tz="UTC")
    >>> ties = build_ties(c, as_of="2026-06-30", half_life="180D")
    >>> ties.select(["source", "target", "weight", "kind"]).to_pylist()
    [{'source': 'ann', 'target': 'bob', 'weight': 1.0, 'kind': 'reply'}]
    """
    chosen = None if kinds is None else tuple(kinds)
    rules = TieRules(chosen, weights, half_life, max_ties)
    return ties_known(c.before(as_of), c.moment(as_of), rules)


def ties_known(known: "Community", as_of: int, rules: TieRules) -> pa.Table:
    """Build the ties of a community that is cut already; `as_of` in microseconds."""
    members = known.customers()
    contacts = contacts_of(known, members, rules)
    summed = [_sum_up(kind, as_of, rules, len(members)) for kind in contacts]
    n_loops = sum(int((kind.source == kind.target).sum()) for kind in contacts)
    n_faded = sum(int((one.strength == 0).sum()) for one in summed)
    _report({"of a member with itself": n_loops, "of weight 0": n_faded})
    ties = _table(summed, members)
    _log.info("%d ties among %d members", ties.num_rows, len(members))
    return ties


def _sum_up(contacts: Contacts, as_of: int, rules: TieRules, n: int) -> Contacts:
    """Make one row of all contacts of a pair, the same in any order of the rows."""
    rows = np.flatnonzero(contacts.source != contacts.target)
    time, strength = contacts.time[rows], contacts.strength[rows]
    half_life = rules.half_life_us()
    if half_life is not None and not contacts.lasts:
        age = np.where(time == UNDATED, 0, as_of - time)
        strength = strength * np.exp2(-age / half_life)
    key, total, latest = _by_key(contacts.source[rows] * n + contacts.target[rows], strength, time)
    weight = (total if contacts.lasts else np.log2(1 + total)) * rules.weight_of(contacts.kind)
    return Contacts(contacts.kind, key // max(n, 1), key % max(n, 1), weight, latest)


def _by_key(keys: Ints, values: Floats, times: Ints) -> tuple[Ints, Floats, Ints]:
    """Give the distinct keys in order, the sum of their values and their latest time."""
    met, at = np.unique(keys, return_inverse=True)
    latest = np.full(len(met), UNDATED)
    np.maximum.at(latest, at, times)
    return met, exact_sum(at, values, len(met)), latest


def _table(summed: list[Contacts], members: pa.Array) -> pa.Table:
    """Put the kinds together, sorted by source, target and kind; a kind of two tables is summed."""
    kinds = sorted({one.kind for one in summed})
    n, k = max(len(members), 1), max(len(kinds), 1)
    keys = [(s.source * n + s.target) * k + kinds.index(s.kind) for s in summed]
    none = np.empty(0, dtype=np.int64)
    key, weight, time = _by_key(
        np.concatenate([none, *keys]),
        np.concatenate([none.astype(np.float64), *(s.strength for s in summed)]),
        np.concatenate([none, *(s.time for s in summed)]),
    )
    kept = weight > 0
    key, weight, time = key[kept], weight[kept], time[kept]
    return pa.table(
        {
            "source": members.take(pa.array(key // k // n)),
            "target": members.take(pa.array(key // k % n)),
            "weight": weight,
            "kind": pa.array(kinds, pa.large_string()).take(pa.array(key % k)),
            "tie_time": pa.array(time, INSTANT, mask=time == UNDATED),
        }
    )


def _report(dropped: dict[str, int]) -> None:
    lost = {what: count for what, count in dropped.items() if count}
    if lost:
        said = ", ".join(f"{count} {what}" for what, count in lost.items())
        shown = pd.DataFrame({"rule": list(lost), "count": list(lost.values())})
        warn(f"ties were dropped: {said}", shown)
