"""Whether non-buyers buy more after they saw buyers of their group check in or post."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from siyu.datasets.clock import instants
from siyu.datasets.errors import DataError
from siyu.datasets.ids import lookup
from siyu.datasets.randomness import generator
from siyu.datasets.spans import span_us

from .group_facts import GroupFacts, Purchases, group_facts
from .stays import Stays

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["ExposureEffect", "exposure_effect"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
RandomState = int | np.random.Generator | None

_MOST_PERIODS = 52
_ACTS = np.array([1, 3, 10])
_LEVEL = 0.95
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class ExposureEffect:
    """How much more often exposed non-buyers bought than matched unexposed ones.

    Attributes
    ----------
    difference, low, high : float
        Of the shares that bought, with a bootstrap interval over groups; NaN if unknown.
    level : float
    exposed_rate, unexposed_rate : float
        Share that bought in the window after; the unexposed weighted as the exposed.
    n_exposed, n_unexposed : int
        Members and periods compared: a member counts once in each period.
    n_unmatched : int
        Exposed ones in strata without any unexposed; they are left out.
    placebo, placebo_low, placebo_high : float
        The same difference by exposure *after* the purchases, which cannot have caused them, to
        acts of who had bought before them: far from 0 it shows how much groups differ by
        themselves.
    n_groups : int
        Groups behind the interval.
    """

    difference: float
    low: float
    high: float
    level: float
    exposed_rate: float
    unexposed_rate: float
    n_exposed: int
    n_unexposed: int
    n_unmatched: int
    placebo: float
    placebo_low: float
    placebo_high: float
    n_groups: int


def exposure_effect(
    c: "Community",
    *,
    as_of: Any,
    event: str = "checkin",
    window: Any = "14D",
    n_resamples: int = 1000,
    random_state: RandomState = 0,
) -> ExposureEffect:
    """Compare non-buyers who saw buyers of their group act with non-buyers of other groups.

    Time before `as_of`, or before the records end, is cut into periods of one `window` (52 at
    most). A member who is in a group when a period begins, and has not bought until it ends, is
    **exposed** if a buyer, who had bought before, acts in one of the member's groups during the
    period while the member is there. The outcome is a purchase in the period after. Exposed and
    unexposed are compared within strata of the same period, own activity (0, 1-2, 3-9, 10 or
    more messages and events in the period before) and number of groups (one, or more); strata
    weigh by the exposed.

    **This is no causal effect.** Members choose their groups, and lively groups hold more who
    are about to buy; some of that is left within strata, and biases the difference upwards. Read
    it beside the placebo, and try what matters with randomised groups.

    Parameters
    ----------
    c : Community
        With memberships and orders, and with events, or messages.
    as_of : Timestamp, datetime or str
        Itself excluded.
    event : str
        A name in ``events.event``, or ``"message"`` for messages. An act without a group is seen
        in all groups of who acts.
    window : Timedelta or str, a day or more
    n_resamples : int >= 1
    random_state : int, Generator or None

    Returns
    -------
    ExposureEffect

    Raises
    ------
    DataError
        If a table is missing.
    ParameterError
        If `window` or `random_state` makes no sense.

    References
    ----------
    Aral, Muchnik & Sundararajan (2009), "Distinguishing influence-based contagion from
    homophily-driven diffusion in dynamic networks", PNAS 106(51), 21544-21549: matching removes a
    part of what looks like influence, not all of it.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=500, random_state=0)
    >>> found = exposure_effect(c, as_of="2026-07-01")
    >>> found.low < 0 < found.high  # in this world nobody makes others buy
    True
    """
    length = span_us("window", window)
    call = "exposure_effect()"
    table = "messages" if event == "message" else "events"
    c.require("memberships", "orders", table, call=call)
    facts = group_facts(c, as_of, call)
    stays, bought = facts.stays, facts.purchases()
    if stays is None or bought is None:
        raise DataError(f"{call} needs memberships and orders")
    first = _first_purchases(bought, len(facts.members))
    seen = _acts_of_buyers(facts, event, stays, first)
    periods = _periods(facts, event, stays, bought, length)
    own = _own_acts(facts)
    units = [_units(facts, stays, first, own, start, length) for start in periods]
    rng = generator(random_state)
    main = _compare(_with_exposure(units, seen, stays, 0, length), n_resamples, rng)
    late = _with_exposure(units[1:], seen, stays, 2, length)
    placebo = _compare(late, n_resamples, rng)
    return ExposureEffect(
        *main.interval, _LEVEL, *main.rates, *main.sizes, *placebo.interval, main.n_groups
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Units:
    """Non-buyers of one period: their stays, and of each what decides the stratum."""

    start: int
    member: Ints
    home: Ints
    level: Ints
    bought: Bools
    stay: Ints
    owner: Ints
    """Position of the unit that each of `stay` belongs to."""


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    interval: tuple[float, float, float]
    rates: tuple[float, float]
    sizes: tuple[int, int, int]
    n_groups: int


def _first_purchases(bought: Purchases, n_members: int) -> Ints:
    first = np.full(n_members, _NEVER)
    np.minimum.at(first, bought.member, bought.time)
    return first


@dataclass(frozen=True, slots=True, eq=False)
class _Acts:
    """Acts of buyers in groups, in any order; `bought` is the first purchase of who acts."""

    group: Ints
    time: Ints
    bought: Ints

    def first_seen(self, span: tuple[int, int], buyers_by: int, n_groups: int) -> Ints:
        """Give when each group first saw, in a span, an act of who had bought by some moment."""
        inside = (self.time >= span[0]) & (self.time < span[1]) & (self.bought < buyers_by)
        earliest = np.full(n_groups, _NEVER)
        np.minimum.at(earliest, self.group[inside], self.time[inside])
        return earliest


def _acts_of_buyers(facts: GroupFacts, event: str, stays: Stays, first: Ints) -> _Acts:
    """Find every act of a buyer; an act in no group is in all of who acts."""
    rows = facts.known.arrow("messages" if event == "message" else "events")
    if rows is None:
        raise DataError(f"there are no acts '{event}'")
    if event != "message":
        rows = rows.filter(pc.equal(rows["event"], event))
    member = lookup(rows["member_id"], facts.members)
    time = instants(rows["message_time" if event == "message" else "event_time"])
    has_group = "group_id" in rows.column_names
    group = lookup(rows["group_id"], facts.groups) if has_group else np.full(len(member), -1)
    by_buyer = member >= 0
    by_buyer[by_buyer] = first[member[by_buyer]] < time[by_buyer]
    member, time, group = member[by_buyer], time[by_buyer], group[by_buyer]
    loose = np.flatnonzero(group < 0)
    row, stay = stays.holding(member[loose], time[loose])
    named = np.flatnonzero(group >= 0)
    at = np.concatenate([named, loose[row]])
    group = np.concatenate([group[named], stays.group[stay]])
    return _Acts(group, time[at], first[member[at]])


def _periods(
    facts: GroupFacts, event: str, stays: Stays, bought: Purchases, length: int
) -> list[int]:
    """Give the beginnings of the periods of exposure, the latest first, within the records."""
    dated = stays.joined[stays.joined > np.iinfo(np.int64).min]
    firsts = [part.min() for part in (dated, bought.time) if len(part)]
    spans = [begin for begin, _ in facts.known.observed.values()]
    begin = max([int(min(firsts, default=facts.end)), *spans])
    tables = ("memberships", "orders", "messages" if event == "message" else "events")
    until = min(facts.known.observed.get(name, (begin, facts.end))[1] for name in tables)
    starts = until - length * np.arange(2, _MOST_PERIODS + 2)
    return [int(start) for start in starts if start >= begin]


def _own_acts(facts: GroupFacts) -> tuple[Ints, Ints]:
    """Give member and time of all messages and events, sorted."""
    members, times = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for table, column in (("messages", "message_time"), ("events", "event_time")):
        rows = facts.known.arrow(table)
        if rows is not None:
            members.append(lookup(rows["member_id"], facts.members))
            times.append(instants(rows[column]))
    member, time = np.concatenate(members), np.concatenate(times)
    order = np.argsort(time, kind="stable")
    return member[order], time[order]


def _units(
    facts: GroupFacts, stays: Stays, first: Ints, own: tuple[Ints, Ints], start: int, length: int
) -> _Units:
    """Find the non-buyers in groups when a period begins, and what they did before and after."""
    middle = start + length
    here = np.flatnonzero((stays.joined <= start) & (start < stays.left))
    here = here[first[stays.member[here]] >= middle]
    member, owner = np.unique(stays.member[here], return_inverse=True)
    home = np.full(len(member), _NEVER)
    np.minimum.at(home, owner, stays.group[here])
    low, high = np.searchsorted(own[1], (start - length, start))
    who = own[0][low:high]
    acts = np.bincount(who[who >= 0], minlength=len(facts.members))[member]
    several = np.bincount(owner, minlength=len(member)) > 1
    level = np.searchsorted(_ACTS, acts, side="right") * 2 + several
    outcome = (first[member] >= middle) & (first[member] < middle + length)
    return _Units(start, member, home, level, outcome, here, owner)


def _with_exposure(
    units: list[_Units], seen: _Acts, stays: Stays, shift: int, length: int
) -> dict[str, Ints]:
    """Say who was exposed, in a period so many windows later; one row a unit, all periods."""
    n_groups = 1 + max(int(stays.group.max(initial=0)), int(seen.group.max(initial=0)))
    parts: dict[str, list[Ints]] = {"home": [], "stratum": [], "exposed": [], "bought": []}
    for number, of in enumerate(units):
        begin = of.start + shift * length
        # Who bought in the period of the outcome exposes nobody: it would be its own cause.
        earliest = seen.first_seen((begin, begin + length), of.start + length, n_groups)
        sees = earliest[stays.group[of.stay]] < stays.left[of.stay]
        exposed = np.bincount(of.owner[sees], minlength=len(of.member)) > 0
        parts["home"].append(of.home)
        parts["stratum"].append(number * 2 * (len(_ACTS) + 1) + of.level)
        parts["exposed"].append(exposed.astype(np.int64))
        parts["bought"].append(of.bought.astype(np.int64))
    none = [np.empty(0, np.int64)]
    return {name: np.concatenate(none + found) for name, found in parts.items()}


def _compare(units: dict[str, Ints], n_resamples: int, rng: np.random.Generator) -> _Found:
    """Compare within strata; resample groups for the interval."""
    from scipy.sparse import csr_array

    stratum = np.unique(units["stratum"], return_inverse=True)[1]
    home = np.unique(units["home"], return_inverse=True)[1]
    n, n_strata = int(home.max(initial=-1)) + 1, int(stratum.max(initial=-1)) + 1
    nan = float("nan")
    if not n:
        return _Found((nan, nan, nan), (nan, nan), (0, 0, 0), 0)
    exposed, bought = units["exposed"] == 1, units["bought"]
    tables = []
    for who in (exposed, ~exposed):
        for value in (np.ones_like(bought), bought):
            cells = (value[who].astype(np.float64), (home[who], stratum[who]))
            tables.append(csr_array(cells, shape=(n, n_strata)))
    whole = _rates(tables, np.ones((1, n)))
    draws = rng.multinomial(n, np.full(n, 1 / n), n_resamples).astype(np.float64)
    seen = _rates(tables, draws)
    gaps = (seen[0] - seen[1])[~np.isnan(seen[0])]
    ends = (
        np.quantile(gaps, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
        if n > 1 and len(gaps)
        else (nan, nan)
    )
    above, below = float(whole[0][0]), float(whole[1][0])
    both = np.asarray(tables[0].sum(axis=0) > 0) & np.asarray(tables[2].sum(axis=0) > 0)
    kept = both[stratum]
    sizes = (
        int((exposed & kept).sum()),
        int((~exposed & kept).sum()),
        int((exposed & ~kept).sum()),
    )
    return _Found((above - below, float(ends[0]), float(ends[1])), (above, below), sizes, n)


def _rates(tables: list[Any], draws: Floats) -> tuple[Floats, Floats]:
    """Give the rates of the exposed and of the unexposed weighted like them, for each draw."""
    n_exposed, y_exposed, n_other, y_other = (np.asarray(draws @ table) for table in tables)
    both = (n_exposed > 0) & (n_other > 0)
    weight = np.where(both, n_exposed, 0.0)
    total = weight.sum(axis=1)
    safe = np.where(total > 0, total, np.nan)
    above = np.where(both, y_exposed, 0.0).sum(axis=1) / safe
    share = y_other / np.where(both, n_other, 1.0)
    below = (weight * np.where(both, share, 0.0)).sum(axis=1) / safe
    return above, below
