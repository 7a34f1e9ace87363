"""Cohorts: what becomes of those who came together, month by month."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import local_day
from siyu.datasets.community import Community, kind_of
from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.estimates import known, means, named_columns, shares
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ordering import distinct, opens_run
from siyu.datasets.purchases import is_purchase

from .aarrr import ACTS, acts_of
from .audience import Audience, audience_of, groups_of
from .cohort_cells import NO_DAY, Cells
from .paths import NEVER, earliest
from .periods import check_period, first_day, first_whole, named

__all__ = ["CohortRules", "cohorts"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Measure = Literal["retention", "repeat", "orders", "revenue"]

_MEASURES = ("retention", "repeat", "orders", "revenue")


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRules:
    """How members are put into cohorts, and how cells are filled.

    Parameters
    ----------
    period : {"month", "week"}
        Of the shop's calendar; weeks begin on Monday.
    start : {"joined", "first_purchase"}
        What puts a member into a cohort.
    activity : {"orders", "any"}
        What counts as coming back for ``retention``: a purchase; or also an event, a message
        or an invitation.
    cumulative : bool
        For ``orders`` and ``revenue``: all since the cohort's first period.

    Raises
    ------
    ParameterError
        If a value is unknown.
    """

    period: Literal["month", "week"] = "month"
    start: Literal["joined", "first_purchase"] = "joined"
    activity: Literal["orders", "any"] = "orders"
    cumulative: bool = False

    def __post_init__(self) -> None:
        check_period(self.period)
        for name, known_ones in _CHOICES.items():
            if getattr(self, name) not in known_ones:
                told = f"{name} must be one of {known_ones}, got {getattr(self, name)!r}"
                raise ParameterError(name, told)


_CHOICES = {"start": ("joined", "first_purchase"), "activity": ("orders", "any")}


def cohorts(
    data: Community | Frame,
    *,
    as_of: Any,
    measure: Measure = "retention",
    by: str | None = None,
    rules: CohortRules | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Follow the members who came in one month (or week) through the months after it.

    ==============  ==========================================================================
    measure         a cell tells, of the members of the cohort
    ==============  ==========================================================================
    ``retention``   how many bought (or were active) in the month of that age
    ``repeat``      how many had bought on two or more local days by the end of that month
    ``orders``      on how many local days they bought in that month, together
    ``revenue``     what they paid in that month, net: a refund counts when it is paid back
    ==============  ==========================================================================

    Parameters
    ----------
    data : Community, or frame of schema `orders`
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    measure : {"retention", "repeat", "orders", "revenue"}
    by : str, optional
        A column of members, such as ``"source"``, to split each cohort by.
    rules : CohortRules, optional
        Months or weeks; by joining or first purchase; cumulative or not.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a
        Community.

    Returns
    -------
    frame, one row a cell, by ``group``, ``cohort`` and ``age``
        ``group`` : value of `by`, else ``all``; ``cohort`` : ``2026-03``, or the Monday
        ``2026-03-02`` of a week; ``age`` : periods since then, 0 is the period of the cohort
        itself; ``n_members`` : size of the cohort; ``value`` : the number of members, purchase
        days or money; ``per_member`` : value / n_members, a share in [0, 1] for retention and
        repeat; ``low``, ``high`` : its 95 % interval, Wilson's for shares, Student's for means
        (null for one member); ``complete`` : whether the whole period was recorded. The last
        four numbers are null where it was not: the month under way looks bad in every triangle.

    Raises
    ------
    DataError
        If orders are missing, or what ``activity="any"`` needs, or the column `by`.
    ParameterError
        If `measure` or `rules` are unknown.

    Warns
    -----
    SiyuWarning
        If members are left out because nobody knows when they came (of those without
        ``joined_at``, whoever is first seen in the first 90 days of a record with a stated
        begin: they may be old); or, for cohorts by first purchase, because their first may lie
        before the record; or if the record ended before `as_of`.

    Notes
    -----
    Time O(rows + cells). Members who never bought belong to cohorts by joining alone.

    Examples
    --------
    >>> import pandas as pd
    >>> days = ["2026-01-05", "2026-01-20", "2026-02-03", "2026-02-10", "2026-02-11"]
    >>> orders = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 2, 1, 3, 3],
    ...         "order_time": pd.to_datetime(days).tz_localize("Asia/Shanghai"),
    ...         "amount": [10.0, 20.0, 30.0, 40.0, -40.0],
    ...     }
    ... )
    >>> found = cohorts(Community(orders=orders), as_of="2026-03-01")
    >>> found[["cohort", "age", "n_members", "value", "per_member"]]
        cohort  age  n_members  value  per_member
    0  2026-01    0          2    2.0         1.0
    1  2026-01    1          2    1.0         0.5
    2  2026-02    0          1    1.0         1.0
    """
    rules = CohortRules() if rules is None else rules
    if measure not in _MEASURES:
        raise ParameterError("measure", f"measure must be one of {_MEASURES}, got {measure!r}")
    helps = ("events", "messages", "referrals", "memberships") if rules.activity == "any" else ()
    a = audience_of(data, as_of, ("orders",), helps, "cohorts()")
    groups = groups_of(a, by)
    cells = Cells.lay(_birth_days(a, rules), groups.codes, a.today, rules.period)
    if measure in ("retention", "repeat"):
        n = _members_in(a, cells, measure, rules)
        value, triple = n.astype(np.float64), shares(n, cells.n_members)
    else:
        value, squares = _sums_in(a, cells, measure, cumulative=rules.cumulative)
        triple = means(value, squares, cells.n_members)
    whole = _whole(a, cells, since_birth=measure == "repeat" or rules.cumulative)
    columns = {
        "group": groups.names.take(pa.array(cells.group)),
        "cohort": named(cells.number, rules.period),
        "age": pa.array(cells.age),
        "n_members": pa.array(cells.n_members),
        "value": known(value, ~whole),
        **named_columns(triple, ("per_member", "low", "high"), ~whole),
        "complete": pa.array(whole),
    }
    return from_arrow(pa.table(columns), output or kind_of(data))


def _birth_days(a: Audience, rules: CohortRules) -> Ints:
    """Give the local day on which each member came; `NO_DAY` where unknown or never."""
    first, told = a.entered, "nobody knows when they came"
    unknown = first == NEVER
    if rules.start == "first_purchase":
        acts = acts_of(a, ("purchase",))
        first = earliest(acts.of, acts.at, len(a.members))
        unknown = (first != NEVER) & ~a.known
        told = "their first purchase may lie before the record of orders"
    if n := int(np.count_nonzero(unknown)):
        warn(f"cohorts(): {n} members are left out: {told}")
    there = (first != NEVER) & ~unknown
    return np.where(there, local_day(np.where(there, first, 0), a.c.tz), NO_DAY)


def _whole(a: Audience, cells: Cells, *, since_birth: bool) -> Bools:
    """Tell which cells were recorded from their begin (or that of their cohort) to their end."""
    begin = cells.number if since_birth else cells.number + cells.age
    ended = first_day(cells.number + cells.age + 1, cells.period) <= a.last_day
    recorded = first_day(begin, cells.period) >= first_whole(a.begin, a.c.tz)
    return np.asarray(ended & recorded)


def _members_in(a: Audience, cells: Cells, measure: str, rules: CohortRules) -> Ints:
    """Count the members who came back in each cell, or had bought twice by then."""
    anything = measure == "retention" and rules.activity == "any"
    acts = acts_of(a, ACTS if anything else ("purchase",))
    counted = cells.counts(acts.of, acts.day)
    of, day = _days_of(acts.of[counted], acts.day[counted])
    if measure == "repeat":
        is_second = np.zeros(len(of), np.bool_)
        is_second[1:] = of[1:] == of[:-1]
        is_second[2:] &= of[2:] != of[:-2]
        of, day = of[is_second], day[is_second]
    n_cells = len(cells.age)
    visited = distinct(of * max(n_cells, 1) + cells.at(of, day)) % max(n_cells, 1)
    found = np.bincount(visited, minlength=n_cells)
    if measure == "repeat":
        found = cells.running(found.astype(np.float64)).astype(np.int64)
    return found


def _sums_in(a: Audience, cells: Cells, measure: str, *, cumulative: bool) -> tuple[Floats, Floats]:
    """Sum purchase days or money in each cell, and the squares of the members' own sums."""
    rows, of, at = a.rows("orders", "order_time", columns=("amount", "quantity"))
    day, amount = local_day(at, a.c.tz), rows["amount"].to_numpy()
    if measure == "orders":
        bought = is_purchase(rows)
        of, day = _days_of(of[bought], day[bought])
        amount = np.ones(len(of))
    counted = cells.counts(of, day)
    of, day, amount = of[counted], day[counted], amount[counted]
    # One number for each member and cell, in the order of members, then of cells.
    n_cells = len(cells.age)
    keys, place = np.unique(of * max(n_cells, 1) + cells.at(of, day), return_inverse=True)
    own, (member, cell) = exact_sum(place, amount, len(keys)), np.divmod(keys, max(n_cells, 1))
    value = exact_sum(cell, own, n_cells)
    if not cumulative:
        return value, _sum_by(cell, own**2, n_cells)
    so_far = _running_by(member, own)
    grown = _sum_by(cell, so_far**2 - (so_far - own) ** 2, n_cells)
    return cells.running(value), cells.running(grown)


def _sum_by(codes: Ints, values: Floats, n: int) -> Floats:
    return np.asarray(np.bincount(codes, values, n), np.float64)


def _days_of(of: Ints, day: Ints) -> tuple[Ints, Ints]:
    """Put what a member did on one local day together, in order of member and day."""
    low = int(day.min(initial=0))
    width = int(day.max(initial=0)) - low + 1
    member, days = np.divmod(distinct(of * width + (day - low)), width)
    return member, days + low


def _running_by(member: Ints, own: Floats) -> Floats:
    """Add up each member's numbers, which lie together."""
    if not len(own):
        return own
    first = np.flatnonzero(opens_run(member))
    total = np.cumsum(own)
    sizes = np.diff(np.append(first, len(own)))
    return np.asarray(total - np.repeat((total - own)[first], sizes))
