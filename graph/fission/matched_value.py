"""Whether referred members buy more than others of the same month and store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError
from siyu.datasets.estimates import LEVEL
from siyu.datasets.estimates import known as known_numbers
from siyu.datasets.exact_sums import exact_sum, exact_total
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.spans import span_us
from siyu.graph.undated import UNDATED

from .fraud_signs import fraud_suspects
from .rate_facts import RateFacts

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["referred_value"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_PLACES = ("store_id", "region")


def referred_value(
    c: "Community",
    *,
    as_of: Any,
    window: Any = "90D",
    match: Sequence[str] | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Compare conversion and value of referred members with matched others.

    Referred members joined in other months and at other stores than the rest, so a plain
    comparison mixes up what brought them and when and where they came. Here each referred member
    is compared with those others who joined in the same month and agree in `match`.

    Parameters
    ----------
    c : Community
        With referrals, orders, and members with ``joined_at``.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    window : Timedelta, timedelta or str, a day or more
        The first days of membership in which purchases count, for everybody the same.
    match : sequence of str, optional
        Columns of members in which those compared must agree beside the month of joining;
        default ``store_id``, else ``region``, else none. The ``source`` of referred members is
        the referral itself, so it cannot be matched.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame.

    Returns
    -------
    frame, two rows
        ``outcome`` : ``"bought"``, any purchase in the window, and ``"value"``, net paid in it;
        ``n_referred``, ``n_others`` : members whose whole window was watched; ``n_left_out`` :
        members whose window was not, or who had bought before they joined; ``n_suspects`` :
        members suspected by `referral_fraud`, who are left out; ``n_matched`` : referred
        members with others to compare with; ``overlap`` : their share; ``n_used`` : those
        others; ``referred``, ``others`` : means of the matched, the others weighted to the
        strata of the referred; ``difference``, ``low``, ``high`` : with its 95 % interval;
        ``raw_difference`` : without matching. Null where nobody can be compared.

    Raises
    ------
    DataError
        If referrals, orders or ``members.joined_at`` are missing, or a column of `match`.
    ParameterError
        If `window` is no span of a day or more.

    Notes
    -----
    Referred is a member whose first referral brought a new member (see `k_factor`). The mean
    over the n matched referred of (own outcome - mean of the others in the stratum) has the
    variance::

        sum over inviters (sum over their invitees (y - mean of others - difference))^2 / n^2
        + sum over strata (n_stratum / n)^2 s^2 / m_stratum

    as invitees of one inviter are alike; m others in the stratum, s^2 their variance within
    strata, pooled.

    **Not causal.** Friends of members may have been keener before anybody invited them; what
    is not in the tables is not matched. The difference says whom referrals bring, not what
    they do to them.

    References
    ----------
    Exact matching and weighting by strata: Imbens & Rubin (2015), "Causal Inference", chapter
    17; Stuart (2010), "Matching methods for causal inference", Statistical Science 25, 1-21.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(1000, random_state=0)
    >>> found = referred_value(c, as_of="2026-07-01")
    >>> found[["outcome", "n_referred", "n_matched"]]
      outcome  n_referred  n_matched
    0  bought         252        222
    1   value         252        222
    """
    c.require("referrals", "orders", "members", call="referred_value()")
    length = span_us("window", window)
    known, end = c.before(as_of), c.moment(as_of)
    facts = RateFacts.of(known, end)
    if len(facts.members) and np.all(facts.joined == UNDATED):
        raise DataError("referred_value() needs members with joined_at; nobody's is written down")
    suspected = fraud_suspects(known, end, facts.members)
    watched = _watched(facts, length)
    inviter = np.full(len(facts.members), -1)
    inviter[facts.found.invitee[facts.is_new]] = facts.found.inviter[facts.is_new]
    used = np.flatnonzero(watched & ~suspected)
    pairs = _Pairs.of(_strata(facts, match)[used], inviter[used])
    outcomes = {name: y[used] for name, y in _outcomes(facts, length).items()}
    counts = {
        "n_referred": int((inviter[used] >= 0).sum()),
        "n_others": int((inviter[used] < 0).sum()),
        "n_left_out": int((~watched & ~suspected).sum()),
        "n_suspects": int(suspected.sum()),
    }
    rows = [{"outcome": name, **counts, **pairs.compare(y)} for name, y in outcomes.items()]
    return from_arrow(_table(rows), output)


def _watched(facts: RateFacts, length: int) -> Bools:
    """Tell whose first days lie wholly within the records of referrals and orders."""
    begin, stop = facts.record
    until = facts.joined + np.where(facts.joined == UNDATED, 0, length)
    dated = facts.joined != UNDATED
    inside = (facts.joined >= begin) & (until <= stop)
    customer_before = facts.bought < facts.joined
    return np.asarray(dated & inside & facts.orders_kept(until) & ~customer_before)


def _strata(facts: RateFacts, match: Sequence[str] | None) -> Ints:
    """Give each member's stratum: month of joining and the columns to agree in."""
    table = facts.known.arrow("members")
    there = () if table is None else table.column_names
    columns = [name for name in _PLACES if name in there][:1] if match is None else list(match)
    stratum = facts.groups("cohort")[0]
    for column in columns:
        codes, names = facts.groups(column)
        _, stratum = np.unique(stratum * max(len(names), 1) + codes, return_inverse=True)
    return stratum


def _outcomes(facts: RateFacts, length: int) -> dict[str, Floats]:
    """Give whether each member bought in the first days, and what they paid net of refunds."""
    until = facts.joined + np.where(facts.joined == UNDATED, 0, length)
    lines: pa.Table = facts.known.arrow("orders")
    rows = lines.select(["member_id", "order_time", "amount"])
    orders = MemberRows.of(rows, time="order_time", members=facts.members)
    since, stop = facts.joined[orders.codes], until[orders.codes]
    inside = (orders.times >= since) & (orders.times < stop) & (since != UNDATED)
    value = orders.sum(np.where(inside, orders.numbers("amount"), 0.0))
    return {"bought": (facts.bought < until).astype(np.float64), "value": value}


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Members by stratum; `inviter` is -1 for those who were not referred."""

    stratum: Ints
    inviter: Ints
    n_strata: int

    @classmethod
    def of(cls, stratum: Ints, inviter: Ints) -> "_Pairs":
        return cls(stratum, inviter, int(stratum.max(initial=-1)) + 1)

    def compare(self, y: Floats) -> dict[str, float | None]:
        """Compare one outcome, see `referred_value`."""
        treated = self.inviter >= 0
        n_treated = np.bincount(self.stratum[treated], minlength=self.n_strata)
        n_others = np.bincount(self.stratum[~treated], minlength=self.n_strata)
        matched = treated & (n_others[self.stratum] > 0)
        control = ~treated & (n_treated[self.stratum] > 0)
        n = int(matched.sum())
        sums = exact_sum(self.stratum[control], y[control], self.n_strata)
        usual = sums / np.maximum(n_others, 1)
        gap = (y - usual[self.stratum])[matched]
        difference = exact_total(gap) / n if n else np.nan
        weight = np.where(n_others > 0, n_treated / max(n, 1), 0.0)
        spread = self._spread((y - usual[self.stratum])[control], weight, n_others)
        clusters = exact_sum(
            self.inviter[matched], gap - difference, int(self.inviter.max(initial=0)) + 1
        )
        half = _half_width(float(np.sum(np.sort(clusters**2))) / max(n, 1) ** 2 + spread)
        referred = exact_total(y[matched]) / n if n else np.nan
        return {
            "n_matched": n,
            "overlap": n / int(treated.sum()) if treated.any() else np.nan,
            "n_used": int(control.sum()),
            "referred": referred,
            "others": referred - difference,
            "difference": difference,
            "low": difference - half,
            "high": difference + half,
            "raw_difference": _mean(y[treated]) - _mean(y[~treated]),
        }

    def _spread(self, residual: Floats, weight: Floats, n_others: Ints) -> float:
        """Give the variance that comes from the others: within strata, pooled; NaN if unknown."""
        used = weight > 0
        free = len(residual) - int(used.sum())
        if free < 1:
            return np.nan
        within = exact_total(residual**2) / free
        return float(np.sum(weight[used] ** 2 / n_others[used]) * within)


def _half_width(variance: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + LEVEL / 2) * np.sqrt(variance))


def _mean(y: Floats) -> float:
    return exact_total(y) / len(y) if len(y) else np.nan


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    columns = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        numbers = isinstance(values[0], float) or any(isinstance(v, float) for v in values)
        columns[name] = known_numbers(np.array(values, np.float64)) if numbers else pa.array(values)
    return pa.table(columns)
