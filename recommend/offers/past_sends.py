"""Who was sent what: personal sends, and what was posted to the groups that members were in."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from siyu.datasets.clock import INSTANT, instants
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import encode, ids_in, lookup, take
from siyu.recommend.sorted_keys import Ints, ranges, run_starts

__all__ = ["Reached", "duration_us", "recently_sent"]

_NAMES = ("campaign_id", "offer_id", "product_id")


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """One row a send and member it reached.

    Attributes
    ----------
    members : pa.Array, sorted ids of all customers
    sends : pa.Table
        The table, in its own order.
    send, member : int64 arrays, n_rows
        Positions in `sends` and `members`, by member and time.
    time : int64 array, n_rows, microseconds
    """

    members: pa.Array
    sends: pa.Table
    send: Ints
    member: Ints
    time: Ints

    @classmethod
    def of(cls, c: Community, call: str, since: int | None = None) -> "Reached":
        """Follow every send to its members.

        Parameters
        ----------
        c : Community
            Cut at the moment to look from. A send to a group reaches the customers who were in
            it then; without memberships nobody is known to be.
        call : str
            Who asks, for the message.
        since : int, microseconds, optional
            Leave out earlier sends.

        Raises
        ------
        DataError
            If there are no sends.
        """
        sends, members = c.arrow("sends"), c.customers()
        if sends is None:
            raise DataError(f"{call} needs the table sends; there are: {', '.join(c.tables())}")
        time = instants(sends["send_time"])
        lately = np.ones(len(time), np.bool_) if since is None else time >= since
        member = _codes(sends, "member_id", members)
        send = np.flatnonzero(lately & (member >= 0))
        of_group, in_group = _through_groups(c, sends, members, lately)
        send, who = np.concatenate([send, of_group]), np.concatenate([member[send], in_group])
        order = np.lexsort((send, time[send], who))
        return cls(members, sends, send[order], who[order], time[send[order]])


def recently_sent(
    c: Community, *, as_of: Any, within: Any = "7D", output: FrameKind = "pandas"
) -> Frame:
    """List what every member was sent lately, so that it is not sent again.

    Parameters
    ----------
    c : Community
        With sends; ``offers`` say which product an offer is for, ``memberships`` whom posts to
        groups reached.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    within : Timedelta, timedelta or str, above 0
        How far to look back.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a member and what was sent, sorted by all ids
        ``member_id``; ``campaign_id``, ``offer_id``, ``product_id`` : null where a send named
        none, ``product_id`` also for coupons; ``last_sent`` : when; ``n_sent`` : how often.
        Only customers; posts to a group count for those who were in it then.

    Raises
    ------
    DataError
        If there are no sends.
    ParameterError
        If `within` is no span above 0.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(300, random_state=0)
    >>> sent = recently_sent(c, as_of="2026-06-30")
    >>> int(sent["n_sent"].min())
    1
    """
    length = duration_us("within", within)
    known, end = c.before(as_of), c.moment(as_of)
    reached = Reached.of(known, "recently_sent()", end - length)
    named = {name: _named(known, reached, name) for name in _NAMES}
    codes = [reached.member, *(code for code, _ in named.values())]
    order = np.lexsort((reached.time, *reversed(codes)))
    starts = run_starts(*(code[order] for code in codes))
    last = np.append(starts, len(order))[1:] - 1
    first = order[starts]
    columns = {"member_id": take(reached.members, reached.member[first])}
    columns |= {name: take(ids, code[first]) for name, (code, ids) in named.items()}
    columns["last_sent"] = pa.array(reached.time[order[last]]).cast(INSTANT)
    columns["n_sent"] = pa.array(np.diff(np.append(starts, len(order))))
    return from_arrow(pa.table(columns), output)


def duration_us(name: str, span: Any) -> int:
    """Read a span of time above 0, in microseconds.

    Raises
    ------
    ParameterError
        If it is none.

    Examples
    --------
    >>> duration_us("within", "24h")
    86400000000
    """
    try:
        length = pd.Timedelta(span)
    except (ValueError, TypeError) as error:
        raise ParameterError(name, f"{name} must be a span such as '24h', got {span!r}") from error
    if pd.isna(length) or length <= pd.Timedelta(0):
        raise ParameterError(name, f"{name} must be above 0, got {span!r}")
    return int(length // pd.Timedelta(microseconds=1))


def _through_groups(
    c: Community, sends: pa.Table, members: pa.Array, lately: np.ndarray[Any, Any]
) -> tuple[Ints, Ints]:
    """Give sends to groups and the members who were in the group at the time."""
    stays = c.arrow("memberships")
    nothing = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if stays is None or "group_id" not in sends.column_names:
        return nothing
    to_group = sends["group_id"].is_valid().to_numpy() & lately
    if "member_id" in sends.column_names:
        to_group &= ~sends["member_id"].is_valid().to_numpy()
    posts = np.flatnonzero(to_group)
    group, groups = encode(stays["group_id"])
    member = lookup(stays["member_id"], members)
    order = np.flatnonzero(member >= 0)
    order = order[np.argsort(group[order], kind="stable")]
    first = np.searchsorted(group[order], np.arange(len(groups) + 1))
    wanted = lookup(sends["group_id"].take(pa.array(posts)), groups)
    posts, wanted = posts[wanted >= 0], wanted[wanted >= 0]
    begin, end = first[wanted], first[wanted + 1]
    post, row = np.repeat(posts, end - begin), order[ranges(begin, end)]
    at = instants(sends["send_time"])[post]
    there = (_times(stays, "joined_at", -(2**62))[row] <= at) & (
        _times(stays, "left_at", 2**62)[row] > at
    )
    pairs = np.unique(post[there] * max(len(members), 1) + member[row[there]])
    sent, who = np.divmod(pairs, max(len(members), 1))
    return sent, who


def _times(table: pa.Table, name: str, missing: int) -> Ints:
    """Read an optional time column in microseconds."""
    if name not in table.column_names:
        return np.full(table.num_rows, missing)
    us = table[name].cast(pa.int64()).fill_null(missing)
    return np.asarray(us.to_numpy(), np.int64)


def _codes(table: pa.Table, name: str, among: pa.Array) -> Ints:
    """Code an optional id column; -1 where absent, null or not among the ids."""
    if name not in table.column_names:
        return np.full(table.num_rows, -1, np.int64)
    return lookup(table[name], among)


def _named(c: Community, reached: Reached, name: str) -> tuple[Ints, pa.Array]:
    """Code the campaign, offer or product of every row; -1 for none."""
    if name != "product_id":
        if name not in reached.sends.column_names:
            return np.full(len(reached.send), -1, np.int64), pa.array([], pa.int64())
        codes, ids = encode(reached.sends[name])
        return codes[reached.send], ids
    offers = c.arrow("offers")
    if offers is None or not {"product_id"} <= set(offers.column_names):
        return np.full(len(reached.send), -1, np.int64), pa.array([], pa.int64())
    products = ids_in(offers["product_id"])
    listed = _codes(reached.sends, "offer_id", offers["offer_id"].combine_chunks())[reached.send]
    return np.append(lookup(offers["product_id"], products), -1)[listed], products
