"""How often a member comes: the own mean gap, drawn towards that of all members.

Gaps between a member's visit days are taken as gamma distributed with a common shape ``c``
around the member's own mean, and the own rates (1 / mean) as gamma distributed over members
with shape ``a`` and rate ``b``. The likelihood of a member with ``k`` gaps that add up to
``s`` days is that of Fader & Hardie's gamma-gamma model, with days in the place of money::

    G(a + c k) / G(a) * b^a / (b + c s)^(a + c k)     times terms of c alone

The population step finds a, b and c by maximum likelihood from ``k`` and ``s`` alone. A
member's expected gap is then the (approximate) posterior median of the own mean,

    (b + c s) / (a - 1/3 + c k)  =  (strength * gap_days + s) / (strength + k),

a weighted mean: the population's gap counts as much as `strength` gaps of the member's own.
A silence long enough to make a member churned is no gap of the rhythm: it ends one run of
visits and the next visit begins another.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .return_curves import ReturnCurves
from .visits import Visits

__all__ = ["Pace", "Rhythm", "pace_of", "rhythm_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Limit = Callable[[Floats, Ints], Ints]
"""From expected gaps in days, and the number of own gaps behind each, to the longest silence
(us) within a run of visits."""

_UNKNOWN_GAP = 30.0
_LOWEST = np.log([0.5, 0.01, 0.2])  # of a, b and c
_HIGHEST = np.log([200.0, 1e6, 50.0])
_PRECISE = {"maxfun": 500, "ftol": 1e-12, "xtol": 1e-10, "gtol": 1e-8}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is known of everybody's gaps: the population step of `lifecycle`.

    Parameters
    ----------
    gap_days : float
        Typical mean gap of a member, in days.
    strength : float
        How many own gaps `gap_days` weighs as much as.
    n_gaps : int
        How many gaps this was learned from; 0: nothing is known and 30 days are assumed.
    returning : ReturnCurves, optional
        How the chance to come back falls with silence, where stages are told by it.
    """

    gap_days: float
    strength: float
    n_gaps: int
    returning: ReturnCurves | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pace:
    """The members' own rhythm as it was known after each visit.

    `expected` is the expected gap in days after the visit and `known` the number of own gaps
    behind it; `returns` marks visits after a silence beyond the limit; `n_gaps` and `days` are,
    for each member, the gaps within runs and their sum.
    """

    expected: Floats
    known: Ints
    returns: Bools
    n_gaps: Ints
    days: Ints


def pace_of(visits: Visits, rhythm: Rhythm, limit: Limit) -> Pace:
    """Follow all members from visit to visit; what is known at a visit uses no later one.

    Parameters
    ----------
    visits : Visits
    rhythm : Rhythm
    limit : callable
        From expected gaps in days, and the own gaps behind each, to the longest silence (us)
        within a run.

    Returns
    -------
    Pace
        Time O(visits), one numpy step for each place in the longest history.
    """
    counts = visits.count()
    by_count = np.argsort(-counts, kind="stable")
    places = np.arange(counts.max(initial=0))
    n_beyond = len(counts) - np.searchsorted(np.sort(counts), places, side="right")
    n_gaps, days = np.zeros_like(counts), np.zeros_like(counts)
    expected, own = np.empty(len(visits.member)), np.zeros(len(visits.member), dtype=np.int64)
    returns = np.zeros(len(visits.member), dtype=np.bool_)
    for place, n in enumerate(n_beyond):
        who = by_count[:n]
        at = visits.starts[who] + place
        if place:
            silence = visits.first[at] - visits.last[at - 1]
            in_run = silence <= limit(expected[at - 1], own[at - 1])
            returns[at] = ~in_run
            n_gaps[who] += in_run
            days[who] += np.where(in_run, visits.day[at] - visits.day[at - 1], 0)
        known = rhythm.strength * rhythm.gap_days
        expected[at] = (known + days[who]) / (rhythm.strength + n_gaps[who])
        own[at] = n_gaps[who]
    return Pace(expected, own, returns, n_gaps, days)


def rhythm_of(visits: Visits, limit: Limit) -> Rhythm:
    """Learn from all members' visits how long gaps are, and how much members differ.

    Parameters
    ----------
    visits : Visits
    limit : callable
        As in `pace_of`; a second fit leaves out the silences beyond it.

    Returns
    -------
    Rhythm
        The same for any order of rows; without any gap, 30 days of strength 1.

    References
    ----------
    Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value", brucehardie.com/notes/025.
    """
    rhythm = Rhythm(_UNKNOWN_GAP, 1.0, 0)
    returns = np.zeros(len(visits.member), dtype=np.bool_)
    rhythm = _fit(visits, returns, rhythm)
    returns = pace_of(visits, rhythm, limit).returns
    return _fit(visits, returns, rhythm) if returns.any() else rhythm


def _fit(visits: Visits, returns: Bools, otherwise: Rhythm) -> Rhythm:
    closes = np.flatnonzero(~returns & ~visits.is_first())
    if not len(closes):
        return otherwise
    gaps = visits.day[closes] - visits.day[closes - 1]
    n_members = len(visits.starts) - 1
    n_gaps = np.bincount(visits.member[closes], minlength=n_members)
    days = np.bincount(visits.member[closes], gaps, n_members).astype(np.int64)
    values, times = np.unique(gaps, return_counts=True)
    a, b, c = _most_likely(n_gaps, days, float((times * np.log(values)).sum()))
    return Rhythm(b / (a - 1 / 3), (a - 1 / 3) / c, len(gaps))


def _most_likely(n_gaps: Ints, days: Ints, sum_of_logs: float) -> tuple[float, float, float]:
    """Find a, b and c by maximum likelihood; members alike in gaps and days count together."""
    from scipy.optimize import minimize

    repeat = n_gaps > 0
    width = int(days.max()) + 1
    keys, weight = np.unique(n_gaps[repeat] * width + days[repeat], return_counts=True)
    k, s = (keys // width).astype(np.float64), (keys % width).astype(np.float64)
    sample = _Sample(k, s, weight.astype(np.float64), sum_of_logs)
    typical = float((weight * s / k).sum() / weight.sum())
    start = np.clip(np.log([2.0, 2.0 * typical, 1.5]), _LOWEST, _HIGHEST)
    bounds = list(zip(_LOWEST, _HIGHEST, strict=True))
    # TNC needs no BLAS, whose threads may wait longer for each other than the whole fit takes.
    found = minimize(sample.cost, start, jac=True, method="TNC", bounds=bounds, options=_PRECISE)
    a, b, c = np.exp(found.x)
    return float(a), float(b), float(c)


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Members with `k` gaps that add up to `s` days, `weight` of each kind."""

    k: Floats
    s: Floats
    weight: Floats
    sum_of_logs: float

    def cost(self, logs: Floats) -> tuple[float, Floats]:
        """Give minus the mean log-likelihood at the logarithms of a, b, c, and its gradient."""
        from scipy.special import digamma, gammaln

        a, b, c = np.exp(logs)
        members, gaps = self.weight.sum(), (self.weight * self.k).sum()
        shape, rate = a + c * self.k, b + c * self.s
        own = gammaln(shape) - shape * np.log(rate)
        shared = members * (a * np.log(b) - gammaln(a)) + gaps * (c * np.log(c) - gammaln(c))
        value = (self.weight * own).sum() + shared + (c - 1) * self.sum_of_logs
        by_shape, by_rate = digamma(shape) - np.log(rate), -shape / rate
        by_a = (self.weight * by_shape).sum() + members * (np.log(b) - digamma(a))
        by_b = (self.weight * by_rate).sum() + members * a / b
        by_c = (self.weight * (by_shape * self.k + by_rate * self.s)).sum()
        by_c += gaps * (np.log(c) + 1 - digamma(c)) + self.sum_of_logs
        return -value / members, -np.array([by_a * a, by_b * b, by_c * c]) / members
