"""Tags of visits to the app or shop: how deep, how often, and whether they end in a purchase."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US
from siyu.datasets.shrinkage import BetaPrior

from .cart_tags import cart_outcomes, cart_tags
from .event_rows import (
    MUTE,
    POINTS,
    REDEEM,
    UNMUTE,
    VIEW,
    EventRows,
    event_names,
    recent_events,
    whole_events,
)
from .evidence import Found
from .facts import Facts, grouped_once
from .found_values import count_tag, rate_tag, recorded_for, usual_rate
from .next_after import waits_of

__all__ = ["DEPTHS", "VisitNorms", "visit_norms", "visit_tags"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DEPTHS = ("shallow", "medium", "deep")
"""The codes of `visit_depth_band`: thirds of all visitors."""

_NO_PAGES = MUTE + UNMUTE + POINTS + REDEEM
_DAYS = 90
_PAUSE_US = 30 * 60_000_000
_MONTH_DAYS = 28


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Visits in order of member and begin: whose, when (us), and how many pages."""

    member: Ints
    start: Ints
    pages: Ints


@dataclass(frozen=True, slots=True, eq=False)
class VisitNorms:
    """Whether events tell visits, how (`by_page`, `by_id`), and what is usual among visitors."""

    told: bool
    by_page: bool
    by_id: bool
    edges: Floats
    buys: BetaPrior
    abandons: BetaPrior


def visit_norms(facts: Facts) -> VisitNorms:
    """Learn what a visit is, how deep visits usually are, and how often they end in a purchase.

    Pages are events named view; where nobody has one, all events but those that somebody else
    writes down (coupons redeemed, points, muting). A visit is a session where sessions have ids;
    else it ends with a pause of more than 30 minutes.
    """
    names = event_names(facts)
    by_page = not names.isdisjoint(VIEW)
    by_id = _has_ids(facts)
    visits = grouped_once(facts, sessions_of, by_page, by_id)
    n = len(facts.members)
    depth = _median(visits.member, visits.pages, n)
    depth = depth[~np.isnan(depth)]
    edges = np.quantile(depth, [1 / 3, 2 / 3]) if len(depth) else np.full(2, np.nan)
    buys = usual_rate(*grouped_once(facts, _bought, by_page, by_id))
    left = usual_rate(*grouped_once(facts, cart_outcomes))
    return VisitNorms(bool(names - {*_NO_PAGES}), by_page, by_id, edges, buys, left)


def visit_tags(facts: Facts, norms: VisitNorms) -> dict[str, Found]:
    """Tag the visits of the last 90 days; tags of what was not recorded are left out.

    Returns
    -------
    dict of tag to `Found`
        Depths and shares are null for members without a visit.
    """
    if not norms.told or not recorded_for(facts, "events", _DAYS):
        return {}
    visits, n = grouped_once(facts, sessions_of, norms.by_page, norms.by_id), len(facts.members)
    made = np.bincount(visits.member, minlength=n)
    depth = _median(visits.member, visits.pages, n)
    band = np.searchsorted(norms.edges, depth, side="left")
    lately = visits.start >= facts.end - _MONTH_DAYS * DAY_US
    tags = {
        "visit_depth": Found(pa.array(depth, mask=made == 0), made),
        "visit_depth_band": Found(
            pa.array(DEPTHS).take(pa.array(np.minimum(band, 2), mask=made == 0)), made
        ),
        "visits_28d": count_tag(np.bincount(visits.member[lately], minlength=n)),
    }
    if facts.purchases is not None and recorded_for(facts, "orders", _DAYS):
        won, tried = grouped_once(facts, _bought, norms.by_page, norms.by_id)
        tags["browse_to_buy"] = rate_tag(won, tried, norms.buys)
        tags |= cart_tags(facts, norms.abandons)
    return tags


def _has_ids(facts: Facts) -> bool:
    """Tell whether any event names its session."""
    table = grouped_once(facts, whole_events).table
    if "session_id" not in table.column_names:
        return False
    return bool(table["session_id"].null_count < table.num_rows)


def sessions_of(facts: Facts, by_page: bool, by_id: bool) -> Sessions:  # noqa: FBT001
    """Put the pages of the last 90 days together to visits."""
    rows = recent_events(facts, _DAYS)
    pages = VIEW if by_page else tuple(name for name in rows.names if name not in _NO_PAGES)
    rows = rows.named(pages)
    rows, visit = _by_id(rows) if by_id else (rows, _by_pause(rows))
    first = np.zeros(int(visit.max(initial=-1)) + 1, dtype=np.int64)
    first[visit[::-1]] = np.arange(len(visit))[::-1]  # of equal indices the last value stays
    begins = np.zeros(len(visit), dtype=np.bool_)
    begins[first] = True
    at = np.flatnonzero(begins)
    n_pages = np.bincount(visit)[visit[at]] if len(visit) else at
    return Sessions(rows.codes[at], rows.times[at], n_pages)


def _by_pause(rows: EventRows) -> Ints:
    """Give each row a visit number; rows stand by member and time."""
    new = np.ones(len(rows.codes), dtype=np.bool_)
    new[1:] = (np.diff(rows.codes) != 0) | (np.diff(rows.times) > _PAUSE_US)
    return np.cumsum(new) - 1


def _by_id(rows: EventRows) -> tuple[EventRows, Ints]:
    """Give each row a visit number by its id; events without one belong to no visit."""
    coded = rows.column("session_id").combine_chunks().dictionary_encode()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    indices = coded.indices
    if indices.null_count:
        rows = rows.where(indices.is_valid().to_numpy(zero_copy_only=False))
        indices = indices.drop_null()
    visit = indices.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    owner = np.zeros(len(coded.dictionary), dtype=np.int64)
    owner[visit] = rows.codes
    if np.array_equal(owner[visit], rows.codes):
        return rows, visit
    # One id for several members: to each their own visit.
    own = np.unique(rows.codes * len(owner) + visit, return_inverse=True)[1]
    return rows, own.astype(np.int64, copy=False)


def _median(member: Ints, pages: Ints, n: int) -> Floats:
    """Give the median of each member's whole numbers; NaN without any."""
    if not len(pages):
        return np.full(n, np.nan)
    span = int(pages.max()) + 1
    ordered = np.sort(member * span + pages) % span
    count = np.bincount(member, minlength=n)
    begin = np.cumsum(count) - count
    low = np.minimum(begin + np.maximum(count - 1, 0) // 2, len(ordered) - 1)
    high = np.minimum(begin + count // 2, len(ordered) - 1)
    return np.where(count > 0, (ordered[low] + ordered[high]) / 2, np.nan)


def _bought(facts: Facts, by_page: bool, by_id: bool) -> tuple[Ints, Ints]:  # noqa: FBT001
    """Count each member's visits that ended in a purchase within a day, and all that could."""
    visits = grouped_once(facts, sessions_of, by_page, by_id)
    over = visits.start < facts.end - DAY_US
    member, start, n = visits.member[over], visits.start[over], len(facts.members)
    tried = np.bincount(member, minlength=n)
    bought = facts.purchases
    if bought is None:
        return np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    late = bought.times >= facts.end - _DAYS * DAY_US
    waits = waits_of((member, start), (bought.codes[late], bought.times[late]))
    return np.bincount(member[waits < DAY_US], minlength=n), tried
