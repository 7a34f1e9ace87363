"""Whom to win back now: members who fell silent lately, by what is at stake."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, instants, local_day
from siyu.datasets.community import Community, as_community, kind_of
from siyu.datasets.errors import warn
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import encode, lookup
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.purchases import is_purchase
from siyu.datasets.shrinkage import GammaPrior
from siyu.datasets.spans import span_us

from .records import ended_early, table_of
from .return_curves import ReturnCurves
from .rhythm import Pace, Rhythm, pace_of
from .silence import chance_to_return, curves_of, rhythm_for
from .stage_rules import StageRules
from .stages import STAGES, activity_rows, stage_at_visits, stage_table
from .visits import Visits, visits_of
from .whole_numbers import require_whole

__all__ = ["REASONS", "Buying", "WinBackNorms", "losses_of", "win_back", "win_back_norms"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

REASONS = (
    "newly_churned",
    "newly_dormant",
    "was_loyal",
    "was_won_back",
    "high_spend",
    "came_often",
    "no_return_alone",
)
"""The codes of ``reasons``; words for them come from `siyu.datasets.label`."""

_HIGH, _OFTEN = 2 / 3, 1 / 3  # quantiles over members who bought
_UNLIKELY = 1 / 3


def win_back(
    c: Community | Frame,
    *,
    as_of: Any,
    within: Any = "90D",
    k: int | None = None,
    over: Any = "90D",
    output: FrameKind | None = None,
) -> Frame:
    """List the members to win back now, those with most at stake first.

    Members who became dormant or churned lately, by their own rhythm of buying; staff and
    customers who want no personal treatment are left out.

    Parameters
    ----------
    c : Community, or frame of schema `orders`
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    within : Timedelta or str, one day or more
        Members are listed who became dormant or churned so long before `as_of` at most.
    k : int, 1 or more, optional
        Length of the list. Default: everybody who qualifies.
    over : Timedelta or str, one day or more
        The span of future buying that is valued.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `c`, pandas for a Community.

    Returns
    -------
    frame, sorted by ``rank``
        ``member_id``; ``rank`` : 1 is best; ``stage`` : ``dormant`` or ``churned``; ``since`` :
        when that began; ``overdue_ratio`` : days of silence over the expected gap, as in
        `lifecycle`; ``chance_alone`` : to come back unasked, 0 to 1; ``value_at_stake`` : see
        Notes, in the currency of the orders, 0 or more; ``reasons`` : list of
        codes of `REASONS`, words from `siyu.datasets.label`.

    Raises
    ------
    DataError
        If there are no orders.
    ParameterError
        If `within`, `k` or `over` is out of range.

    Warns
    -----
    SiyuWarning
        If the record of orders ended before `as_of`: then all look silent; or if no member
        bought on two days.

    Notes
    -----
    ``value_at_stake = (1 - chance_alone) * over / expected_gap * mean_spend``: what the member
    would spend net of refunds within `over` by the old rhythm, times the probability that
    nothing of it comes unasked. ``chance_alone`` is learned from all members' silences
    (`siyu.segmentation.return_curves`); ``expected_gap`` in days is that of `lifecycle`;
    ``mean_spend`` is net spend a purchase day, drawn towards that of all members (Bühlmann and
    Straub, `siyu.datasets.shrinkage.GammaPrior`). It is what could be lost, not what a message
    would earn: how many can be moved, only an experiment tells.

    ``high_spend`` is the top third of mean spend and ``came_often`` the lowest third of
    expected gaps, of members who bought; ``no_return_alone``: a chance below one third.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> listed = win_back(make_community(300, random_state=0), as_of="2026-06-03", k=3)
    >>> listed[["rank", "stage"]].values.tolist()
    [[1, 'churned'], [2, 'churned'], [3, 'churned']]
    """
    if k is not None:
        require_whole("k", k, 1)
    lately, ahead = span_us("within", within), span_us("over", over)
    c_all = as_community(c, "orders")
    known, end = c_all.before(as_of), c_all.moment(as_of)
    lines = table_of(known, "orders", "win_back()")
    if ended := ended_early(known, end, "orders"):
        warn(f"win_back(): {ended}")
    rows = activity_rows(known, "orders", known.customers())
    buying = Buying.of(rows, lines, known.tz)
    norms = win_back_norms(buying, StageRules(), end)
    if norms.rhythm.n_gaps == 0 and len(rows.codes):
        warn("win_back(): no member bought on two days; a gap of 30 days is assumed for all")
    table = losses_of(buying, norms, end, ahead)
    table = table.filter(pc.greater_equal(table["since"].cast(pa.int64()), end - lately))
    table = table.filter(pa.array(lookup(table["member_id"], known.opted_out()) < 0))
    order = np.argsort(-table["value_at_stake"].to_numpy(), kind="stable")[:k]
    table = table.take(pa.array(order))
    ranked = table.add_column(1, "rank", pa.array(np.arange(1, len(order) + 1)))
    return from_arrow(ranked, output or kind_of(c))


@dataclass(frozen=True, slots=True, eq=False)
class Buying:
    """The visits of `members`; net money of each member; money of each visit without refunds."""

    members: pa.Array
    visits: Visits
    net: Floats
    spent: Floats

    @classmethod
    def of(cls, rows: MemberRows, lines: pa.Table, tz: str) -> "Buying":
        """Sum up the order lines of the members of `rows`, their purchases."""
        visits = visits_of(rows, tz)
        code = encode(lines["member_id"], rows.members)[0]
        amount = lines["amount"].to_numpy()
        net = exact_sum(code, amount, len(rows.members), where=code >= 0)
        bought = (code >= 0) & is_purchase(lines)
        day = local_day(instants(lines["order_time"]), tz)
        first = int(visits.day.min(initial=0))
        width = int(visits.day.max(initial=0)) - first + 1
        keys = visits.member * width + visits.day - first
        visit = np.searchsorted(keys, (code * width + day - first)[bought])
        return cls(rows.members, visits, net, exact_sum(visit, amount[bought], len(keys)))


@dataclass(frozen=True, slots=True, eq=False)
class WinBackNorms:
    """What members are compared with: the population step of `win_back`."""

    rules: StageRules
    rhythm: Rhythm
    curves: ReturnCurves
    spend: GammaPrior
    high_spend: float
    short_gap: float


def win_back_norms(buying: Buying, rules: StageRules, end: int) -> WinBackNorms:
    """Learn from all members their rhythm, who comes back unasked, and what a visit brings."""
    visits = buying.visits
    rhythm = rhythm_for(visits, rules, end)
    pace = _pace(visits, rhythm, rules)
    n_visits, net = visits.count(), np.maximum(buying.net, 0.0)
    there = n_visits > 0
    spend = GammaPrior.of(net[there], n_visits[there], _variance(buying))
    mean = spend.posterior_mean(net[there], n_visits[there])
    gap = pace.expected[visits.starts[1:][there] - 1]
    curves = rhythm.returning or curves_of(visits, pace, end)
    high, short = (
        float(np.quantile(values, q)) if there.any() else np.nan
        for values, q in ((mean, _HIGH), (gap, _OFTEN))
    )
    return WinBackNorms(rules, rhythm, curves, spend, high, short)


def losses_of(buying: Buying, norms: WinBackNorms, end: int, ahead: int) -> pa.Table:
    """Value what is at stake with each silent member: the kernel of `win_back`, for any chunk.

    Parameters
    ----------
    buying : Buying
        Of any members.
    norms : WinBackNorms
        Of the whole population.
    end, ahead : int
        The moment to look from, and the span valued (us).

    Returns
    -------
    pyarrow.Table
        As `win_back`, without ranks; a row for each member who is dormant or churned.
    """
    visits, rhythm, rules = buying.visits, norms.rhythm, norms.rules
    staged = stage_table(visits, buying.members, rhythm, rules, end)
    pace = _pace(visits, rhythm, rules)
    there = visits.count() > 0
    mean = norms.spend.posterior_mean(
        np.maximum(buying.net[there], 0.0), np.maximum(visits.count()[there], 1)
    )
    chance = chance_to_return(visits, pace, norms.curves, end)
    at = visits.starts[1:][there] - 1
    gap = pace.expected[at]
    worth = (1.0 - chance) * (ahead / DAY_US / gap) * mean
    before = stage_at_visits(visits, pace, rules, rules.limits(rhythm.returning))[0][at]
    stage = staged["stage"].to_numpy()[there]
    claims = {
        "newly_churned": stage == "churned",
        "newly_dormant": stage == "dormant",
        "was_loyal": before == STAGES.index("loyal"),
        "was_won_back": before == STAGES.index("won_back"),
        "high_spend": mean >= norms.high_spend,
        "came_often": gap <= norms.short_gap,
        "no_return_alone": chance < _UNLIKELY,
    }
    silent = np.isin(stage, ["dormant", "churned"])
    told = staged.take(pa.array(np.flatnonzero(there)[silent]))
    told = told.select(["member_id", "stage", "since", "overdue_ratio"])
    told = told.append_column("chance_alone", pa.array(chance[silent]))
    told = told.append_column("value_at_stake", pa.array(worth[silent]))
    claimed = np.column_stack([claims[reason][silent] for reason in REASONS])
    return told.append_column("reasons", _lists(claimed))


def _pace(visits: Visits, rhythm: Rhythm, rules: StageRules) -> Pace:
    return pace_of(visits, rhythm, rules.limits(rhythm.returning).churned_us)


def _variance(buying: Buying) -> float:
    """Give the variance of one member's spend from visit to visit, pooled over members."""
    visits, n = buying.visits, buying.visits.count()
    mean = exact_sum(visits.member, buying.spent, len(n)) / np.maximum(n, 1)
    squares = (buying.spent - mean[visits.member]) ** 2
    freedom = len(visits.member) - np.count_nonzero(n)
    found = float(squares.sum() / freedom) if freedom else 0.0
    return max(found, 1e-6)


def _lists(claimed: Bools) -> pa.Array:
    """Give the names of the claims that hold, a list a row."""
    offsets = np.append(0, np.cumsum(claimed.sum(axis=1)))
    codes = pa.array(REASONS).take(pa.array(np.nonzero(claimed)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), codes)
