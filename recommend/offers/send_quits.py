"""Quits after a message: how many more quit within a day of a send than at other times."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.clock import DAY_US, instants
from siyu.datasets.community import Community
from siyu.datasets.errors import ParameterError
from siyu.datasets.estimates import LEVEL, Triple, differences, named_columns, shares
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import encode, lookup
from siyu.recommend.sorted_keys import Ints

from .past_sends import Reached, duration_us
from .quit_spells import Exposure, Risk, Spells

__all__ = ["quits_after_sends"]

Numbers = NDArray[np.float64]

_BY = ("all", "campaign", "channel", "offer_kind")
_RECORDS = ("group", "staff", "message")
_RATES = (("rate", "low", "high"), ("base", "base_low", "base_high"))
_EXCESS = ("excess", "excess_low", "excess_high")


def quits_after_sends(
    c: Community,
    *,
    as_of: Any,
    within: Any = "24h",
    by: str = "channel",
    output: FrameKind = "pandas",
) -> Frame:
    """Measure how many members quit soon after a message, beyond those who quit anyway.

    Three records tell of quits: stays in groups that ended, links to staff that were removed,
    and the column ``quit_at`` of the sends themselves. For the first two the same members, at
    times that follow no message, give the base rate.

    Parameters
    ----------
    c : Community
        With sends, and memberships (``joined_at``, ``left_at``), staff_links (``added_at``,
        ``removed_at``), or ``sends.quit_at``.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    within : Timedelta, timedelta or str, above 0
        How long after a send a quit is set against it. Whole days keep the hour of the day out
        of the comparison: messages go out when members are awake.
    by : {"all", "campaign", "channel", "offer_kind"}
        What to tell apart. ``offer_kind`` is the kind of the offer sent.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a record and value, sorted by ``record``, ``sent``
        ``record`` : ``group``, ``staff`` or ``message``; ``sent`` : the value of `by` as text,
        ``all`` for everything, null where sends name none; ``n_sends`` : messages that reached
        a member who could quit; ``n_members`` : whom; ``n_quits`` : quits within the time;
        ``rate``, ``low``, ``high`` : quits a stay (or link) in that time; ``base``,
        ``base_low``, ``base_high`` : the same in as much time at other times, of the same
        members; ``excess``, ``excess_low``, ``excess_high`` : rate - base. 95 % intervals.
        Where no record of quits exists, and base and excess of ``message``, are null.

    Raises
    ------
    DataError
        If there are no sends.
    ParameterError
        If an argument is out of range.

    Notes
    -----
    Observational: messages are not sent at random moments, and the difference is a sign, not a
    proof, of what they did. Rates are quits over time at risk; overlapping windows of one value
    count once, and a window counts as far as it is known. Intervals are exact for counts
    (Garwood), widened where one member quits several groups at once; excess joins both (square
    and add). A post to a group puts at risk the stays in that group alone. In ``message`` the
    rate is the share of personal sends, old enough, that were followed by ``quit_at``; who quits
    at other times stands in no send, so there is no base.

    References
    ----------
    Maclure (1991), "The case-crossover design", American J. Epidemiology 133(2), 144-153;
    Garwood (1936), "Fiducial limits for the Poisson distribution", Biometrika 28, 437-442.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(500, random_state=0)
    >>> found = quits_after_sends(c, as_of="2026-07-01", by="all").set_index("record")
    >>> bool(found.loc["group", "excess_low"] > 0)  # planted: messages drive some away
    True
    """
    if by not in _BY:
        raise ParameterError("by", f"by must be one of {', '.join(_BY)}; got {by!r}")
    length = duration_us("within", within)
    known, end = c.before(as_of), c.moment(as_of)
    reached = Reached.of(known, "quits_after_sends()")
    parts = _Parts.of(known, reached, by)
    tables = [_record(known, reached, parts, name, (length, end)) for name in _RECORDS]
    return from_arrow(pa.concat_tables(tables), output)


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What sends are told apart by.

    Attributes
    ----------
    of_send : int64 array, a code each send
    names : pa.Array of text, the value of every code; null for the last if some name none
    """

    of_send: Ints
    names: pa.Array

    @classmethod
    def of(cls, c: Community, reached: Reached, by: str) -> "_Parts":
        """Code every send."""
        sends = reached.sends
        values = pa.array(["all"] * sends.num_rows, pa.large_string())
        if by == "offer_kind":
            values = _offer_kind(c, sends)
        elif by != "all":
            column = {"campaign": "campaign_id", "channel": "channel"}[by]
            there = column in sends.column_names
            values = sends[column] if there else pa.nulls(sends.num_rows, pa.large_string())
        codes, ids = encode(values)
        names = ids.cast(pa.large_string())
        if (codes < 0).any():
            names = pa.concat_arrays([names, pa.nulls(1, pa.large_string())])
        return cls(np.where(codes < 0, len(ids), codes), names)


def _record(
    c: Community, reached: Reached, parts: _Parts, name: str, span: tuple[int, int]
) -> pa.Table:
    """Write the rows of one record of quits."""
    length, end = span
    n, columns = len(parts.names), {}
    head = {"record": pa.array([name] * n, pa.large_string()), "sent": parts.names}
    if name == "message":
        columns = _from_sends(reached, parts, length, end)
    else:
        spells = Spells.of(c, name, reached.members, end)
        if spells is not None:
            columns = _from_spells(Exposure.of(spells, reached, length), reached, parts)
    counts = {k: pa.nulls(n, pa.int64()) for k in ("n_sends", "n_members", "n_quits")}
    figures = {k: pa.nulls(n, pa.float64()) for k in (*_RATES[0], *_RATES[1], *_EXCESS)}
    return pa.table(head | counts | figures | columns)


def _from_spells(exposure: Exposure, reached: Reached, parts: _Parts) -> dict[str, pa.Array]:
    """Set quits within the windows against those outside."""
    n = len(parts.names)
    unit = parts.of_send[reached.send[exposure.row]]
    inside, outside = exposure.inside(unit, n), exposure.others(unit, n)
    ours, theirs = (_rates(risk, exposure.within) for risk in (inside, outside))
    met = np.unique(unit * max(len(reached.send), 1) + exposure.row)
    met_unit, row = np.divmod(met, max(len(reached.send), 1))
    columns = _counts(met_unit, reached.member[row], n) | {"n_quits": pa.array(inside.quits)}
    for triple, names in zip((ours, theirs), _RATES, strict=True):
        columns |= named_columns(triple, names)
    return columns | named_columns(differences(ours, theirs), _EXCESS)


def _from_sends(reached: Reached, parts: _Parts, length: int, end: int) -> dict[str, pa.Array]:
    """Count the personal sends that a quit followed."""
    sends, n = reached.sends, len(parts.names)
    if not {"quit_at", "member_id"} <= set(sends.column_names):
        return {}
    personal = sends["member_id"].is_valid().to_numpy()
    quit_at = instants(sends["quit_at"].cast(pa.int64()).fill_null(2**62))
    kept = personal[reached.send] & (reached.time + length <= end)
    send, member = reached.send[kept], reached.member[kept]
    unit = parts.of_send[send]
    n_sends = np.bincount(unit, minlength=n)
    n_quits = np.bincount(unit[quit_at[send] - reached.time[kept] < length], minlength=n)
    columns = _counts(unit, member, n) | {"n_quits": pa.array(n_quits)}
    return columns | named_columns(shares(n_quits, n_sends), _RATES[0])


def _counts(unit: Ints, member: Ints, n: int) -> dict[str, pa.Array]:
    """Count sends and members of each unit."""
    width = int(member.max(initial=0)) + 1
    pairs = np.unique(unit * width + member)
    return {
        "n_sends": pa.array(np.bincount(unit, minlength=n)),
        "n_members": pa.array(np.bincount(pairs // width, minlength=n)),
    }


def _rates(risk: Risk, within: int) -> Triple:
    """Give quits in a time of length `within`, with Garwood's interval; NaN without time."""
    from scipy.special import gammaincinv

    known = risk.time > 0
    windows = np.where(known, risk.time * (DAY_US / within), np.nan) / risk.repeats
    count = risk.quits / risk.repeats
    tail = (1 - LEVEL) / 2
    low = np.where(count > 0, gammaincinv(np.maximum(count, 1e-9), tail), 0.0) / windows
    return count / windows, low, gammaincinv(count + 1, 1 - tail) / windows


def _offer_kind(c: Community, sends: pa.Table) -> pa.Array:
    """Give the kind of the offer of every send; null without one."""
    offers = c.arrow("offers")
    if offers is None or "kind" not in offers.column_names or "offer_id" not in sends.column_names:
        return pa.nulls(sends.num_rows, pa.large_string())
    at = lookup(sends["offer_id"], offers["offer_id"].combine_chunks())
    return offers["kind"].combine_chunks().take(pa.array(at, mask=at < 0))
