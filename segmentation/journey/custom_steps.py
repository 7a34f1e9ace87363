"""Steps of one's own: which rows of which table tell that somebody did a step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.ids import encode
from siyu.datasets.purchases import is_purchase

from .audience import Audience
from .funnel_rules import Condition, FunnelRules, Steps
from .paths import NEVER, Paths, earliest

__all__ = ["custom_paths", "tables_of"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_TIMES = {
    "orders": ("member_id", "order_time"),
    "events": ("member_id", "event_time"),
    "messages": ("member_id", "message_time"),
    "referrals": ("inviter_id", "referral_time"),
    "memberships": ("member_id", "joined_at"),
    "sends": ("member_id", "send_time"),
}


def tables_of(steps: Steps) -> tuple[str, ...]:
    """Name the tables that conditions read.

    Raises
    ------
    ParameterError
        If there are fewer than two steps, or a table is none that can be read.

    Examples
    --------
    >>> tables_of({"view": "view", "buy": {"table": "orders"}})
    ('events', 'orders')
    """
    if not isinstance(steps, Mapping):
        raise ParameterError("steps", f"steps must be a dict of name to condition, got {steps!r}")
    if len(steps) < 2:
        raise ParameterError("steps", f"a funnel needs 2 steps or more, got {len(steps)}")
    tables = [str(_columns(condition)[0]) for condition in steps.values()]
    for name, table in zip(steps, tables, strict=True):
        if table not in _TIMES:
            raise ParameterError(
                "steps", f"step '{name}' reads '{table}'; tables are {', '.join(_TIMES)}"
            )
    return tuple(dict.fromkeys(tables))


def custom_paths(a: Audience, steps: Steps, rules: FunnelRules, span: tuple[int, int]) -> Paths:
    """Follow the members, or sessions, that begin in a span of time.

    Parameters
    ----------
    a : Audience
    steps : mapping of name to condition
    rules : FunnelRules
    span : (start, stop), us
        `stop` is excluded.

    Returns
    -------
    Paths
        Of units that begin in the span; closed funnels begin with the first step, open ones
        with any. From then on a unit's first chance counts.
    """
    found = [_rows(a, name, of, rules.unit) for name, of in steps.items()]
    units, member = _units(found, len(a.members), rules.unit)
    n, start = len(member), span[0]
    moments = []
    after = np.full(n, start)
    for place, (unit, rows) in enumerate(zip(units, found, strict=True)):
        later = rows.at >= after[unit]
        reached = earliest(unit[later], rows.at[later], n)
        if rules.ordered and place == 0:
            reached = np.where(reached < span[1], reached, NEVER)
        moments.append(reached)
        after = reached if rules.ordered else after
    times = np.stack(moments)
    entered = times[0] if rules.ordered else times.min(axis=0)
    names, previous = tuple(steps), tuple(range(-1, len(steps) - 1))
    paths = Paths(names, previous, times, (True,) * len(steps), entered, member)
    return paths.of(entered < span[1])


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows that fulfil a condition: whose, when, and in which session."""

    of: Ints
    at: Ints
    session: pa.Array


def _columns(condition: Condition) -> tuple[str, dict[str, Any]]:
    """Read a condition as a table and the values that its columns must have."""
    if isinstance(condition, Mapping):
        wanted = dict(condition)
        return wanted.pop("table", "events"), wanted
    return "events", {"event": condition}


def _rows(a: Audience, name: str, condition: Condition, unit: str) -> _Rows:
    table, wanted = _columns(condition)
    key, time = _TIMES[table]
    rows, of, at = a.rows(table, time, key, (*wanted, "session_id", "amount", "quantity"))
    kept: Bools = is_purchase(rows) if table == "orders" else np.ones(len(of), np.bool_)
    for column, value in wanted.items():
        if column not in rows.column_names:
            raise DataError(f"step '{name}' reads {table}.{column}, which is not there")
        values = [value] if isinstance(value, str) or not np.iterable(value) else list(value)
        try:
            among = pa.array(values).cast(rows[column].type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            told = f"step '{name}': {table}.{column} is {rows[column].type}, got {value!r}"
            raise ParameterError("steps", told) from error
        kept &= np.asarray(pc.is_in(rows[column], among).to_numpy(), np.bool_)
    session = pa.nulls(len(of))
    if unit == "session":
        if "session_id" not in rows.column_names:
            raise DataError(f"step '{name}' needs {table}.session_id to follow sessions")
        session = rows["session_id"].combine_chunks()
        kept &= np.asarray(session.is_valid().to_numpy(zero_copy_only=False), np.bool_)
    return _Rows(of[kept], at[kept], session.take(pa.array(np.flatnonzero(kept))))


def _units(found: list[_Rows], n_members: int, unit: str) -> tuple[list[Ints], Ints]:
    """Give the unit of every row of each step, and whose each unit is."""
    if unit == "member":
        return [rows.of for rows in found], np.arange(n_members)
    codes, ids = encode(pa.chunked_array([rows.session for rows in found]))
    member = np.full(len(ids), NEVER)
    np.minimum.at(member, codes, np.concatenate([rows.of for rows in found]))
    return np.split(codes, np.cumsum([len(rows.of) for rows in found])[:-1]), member
