"""Flash groups: opened for one sale, and what was sold before they fell silent."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, INSTANT
from siyu.datasets.errors import DataError
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.spans import span_us
from siyu.graph.undated import UNDATED

from .deal_columns import bought_in_groups, buying_days
from .group_facts import GroupFacts, group_facts
from .reply_columns import median_by
from .rhythm import began_at
from .stays import Stays
from .values import Columns, blank, counts, measures

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["flash_group_sales"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_MONTH = 28 * DAY_US


def flash_group_sales(
    c: "Community",
    *,
    as_of: Any,
    kind: str = "flash",
    quiet: Any = "7D",
    activity: str = "messages",
    output: FrameKind = "pandas",
) -> Frame:
    """Tell for each flash group how long it lived, what it sold a day, and how fast that faded.

    Parameters
    ----------
    c : Community
        With ``groups.kind``.
    as_of : Timestamp, datetime or str
        Itself excluded.
    kind : str
        Which kind of group to look at.
    quiet : Timedelta or str, a day or more
        A group is over when no customer has acted in it for so long.
    activity : {"messages", "events"}
        What tells that a group lives.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a group of that kind, sorted by ``group_id``
        ``began_at`` : its creation, else its first dated sign; ``is_over``; ``lifetime_days`` :
        from then to the last act of a customer before the first silence of `quiet` (what is
        said after that is another life); for a group that is not over, so far: a lower bound;
        ``n_members`` : different customers ever in it;
        ``n_orders``, ``gmv`` : orders (buyer and day) and money of members while in it, within
        its lifetime and the `quiet` time after; ``orders_per_day``, ``gmv_per_day`` : over the
        lifetime, a day at least; ``usual_orders_per_day`` : of the same customers in the 28
        days before the group began, to compare with;
        ``half_life_days`` : days from the beginning until half of the order lines were there;
        null while the group is not over, or without orders.
        Null where tables are absent or were not recorded in that time, or the beginning is
        unknown.

    Raises
    ------
    DataError
        Without ``groups.kind``.
    ParameterError
        If `quiet` or `activity` makes no sense.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=300, random_state=0)
    >>> found = flash_group_sales(c, as_of="2026-06-01")
    >>> found[["group_id", "is_over", "n_orders"]].head(2)
      group_id  is_over  n_orders
    0   g00005     True         5
    1   g00006     True         9
    """
    pause = span_us("quiet", quiet)
    groups = c.arrow("groups")
    if groups is None or "kind" not in groups.column_names:
        there = ", ".join(c.tables()) or "none"
        raise DataError(f"flash_group_sales() needs groups.kind; this community has: {there}")
    facts = group_facts(c, as_of, "flash_group_sales()", activity)
    is_kind = np.asarray(pc.equal(facts.column("kind"), kind).fill_null(False).to_numpy(False))
    chosen = np.flatnonzero(is_kind)
    began, last = began_at(facts), _last_act(facts, pause)
    life = np.where(began == UNDATED, np.nan, np.maximum(last - began, 0) / DAY_US)
    over = facts.end - np.maximum(last, began) >= pause
    unknown = (began == UNDATED) | _unheard(facts, began, last)
    columns = {
        "group_id": facts.groups,
        "began_at": pa.array(began, mask=began == UNDATED).cast(INSTANT),
        "is_over": pa.array(over, mask=unknown),
        "lifetime_days": measures(np.where(unknown, np.nan, life)),
        **_sold(facts, (began, last + pause), np.where(unknown, np.nan, life), over),
    }
    return from_arrow(pa.table(columns).take(pa.array(chosen)), output)


def _unheard(facts: GroupFacts, began: Ints, last: Ints) -> Bools:
    """Tell of which groups the last act is not known, because acts were not written down."""
    since, until = facts.known.observed.get(facts.activity, (UNDATED, facts.end))
    silent = (last <= began) & (began < since)
    return np.asarray(silent | (until < facts.end) | (facts.talk is None))


def _last_act(facts: GroupFacts, pause: int) -> Ints:
    """Give the last act of a customer before each group first fell silent for so long."""
    began = began_at(facts)
    if facts.talk is None:
        return began
    said = facts.talk.of_customers()
    everywhere = np.arange(len(began))
    group, time = np.append(everywhere, said.group), np.append(began, said.time)
    kept = time >= began[group]
    order = np.lexsort((time[kept], group[kept]))
    group, time = group[kept][order], time[kept][order]
    ends = np.ones(len(group), dtype=np.bool_)
    ends[:-1] = group[1:] != group[:-1]
    ends[:-1] |= (np.diff(time) >= pause) & (time[:-1] != UNDATED)
    first_end = np.flatnonzero(ends)
    _, at = np.unique(group[first_end], return_index=True)
    return np.asarray(time[first_end[at]])


def _sold(
    facts: GroupFacts, span: tuple[Ints, Ints], life: npt.NDArray[np.float64], over: Bools
) -> Columns:
    """Count what members bought in each group's time."""
    n, stays, number = len(facts.groups), facts.stays, pa.float64()
    columns = blank(n, n_members=pa.int64(), n_orders=pa.int64(), gmv=number)
    columns |= blank(n, orders_per_day=number, gmv_per_day=number, usual_orders_per_day=number)
    columns |= blank(n, half_life_days=number)
    if stays is None:
        return columns
    columns["n_members"] = counts(np.bincount(_once(stays).group, minlength=n))
    bought = facts.purchases()
    if bought is None:
        return columns
    first, last = span
    known = ~np.isnan(life)
    since = int(first[known].min()) if known.any() else facts.end
    line, group = bought_in_groups(bought, stays, since)
    time = bought.time[line]
    inside = known[group] & (first[group] <= time) & (time < last[group])
    line, group, time = line[inside], group[inside], time[inside]
    tz, days = facts.known.tz, np.maximum(life, 1.0)
    n_orders, gmv = (
        buying_days(group, bought, line, tz, n),
        exact_sum(group, bought.amount[line], n),
    )
    half = median_by(group, (time - first[group]) / DAY_US, n)
    begin, until = facts.known.observed.get("orders", (UNDATED, facts.end))
    kept = known & (begin <= first) & (np.minimum(last, facts.end) <= until)
    before = known & (begin <= first - _MONTH) & (first <= until)
    columns["n_orders"] = pa.array(n_orders, mask=~kept)
    columns["gmv"] = measures(np.where(kept, gmv, np.nan))
    columns["orders_per_day"] = measures(np.where(kept, n_orders / days, np.nan))
    columns["gmv_per_day"] = measures(np.where(kept, gmv / days, np.nan))
    columns["usual_orders_per_day"] = measures(np.where(before, _usual(facts, first), np.nan))
    columns["half_life_days"] = measures(np.where(over & kept, half, np.nan))
    return columns


def _usual(facts: GroupFacts, first: Ints) -> npt.NDArray[np.float64]:
    """Give the orders a day of each group's customers in the 28 days before it began."""
    stays, bought, n = facts.stays, facts.purchases(), len(facts.groups)
    if stays is None or bought is None:
        return np.full(n, np.nan)
    opened = np.where(first == UNDATED, 0, first)
    ever = Stays(
        stays.group, stays.member, opened[stays.group] - _MONTH, opened[stays.group], False, False
    )
    line, group = bought_in_groups(bought, _once(ever), int(opened.min(initial=0)) - _MONTH)
    return buying_days(group, bought, line, facts.known.tz, n) / 28


def _once(stays: Stays) -> Stays:
    _, at = np.unique(np.stack([stays.group, stays.member]), axis=1, return_index=True)
    return stays.only(at)
