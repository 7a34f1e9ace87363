"""The beta-geometric / NBD family: what BG/NBD and MBG/NBD have in common.

While active, a member buys at a rate that is gamma distributed over members (shape r, rate
alpha); at every chance to leave, a member does so with a probability of their own, beta
distributed (a, b). BG/NBD knows a chance after each repeat purchase, MBG/NBD one after the
first purchase too. With n chances that were not taken, or of which the last one was, and with
p ~ Beta(a, b), the likelihood of x repeat purchases, the last at t_x, by age T is::

    G(r + x) / G(r) * alpha^r * B(a, b + n) / B(a, b)
      * [ (alpha + T)^-(r + x)  +  a / (b + n - 1) * (alpha + t_x)^-(r + x) ]

where the second term, that of members who have left, is absent if n = 0. Ratios of gamma
functions are products over 0 .. x - 1, so their logarithms need only the number of members
with more than j purchases.

The purchases expected in a horizon t, from a member who is active now, are the mean over the
posterior of the rate and of p of ``(1 - exp(-rate p t)) / p``, which after the mean over the
rate is ``(1 - (1 + p z)^-s) / p`` with s = r + x and z = t / (alpha + T): see `beta_mean`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .beta_mean import mean_purchases
from .histories import Histories, distinct_rows, more_than
from .maximum_likelihood import Box, Estimate, most_likely

__all__ = ["BetaGeometric", "alive", "box_of", "expected", "fit"]

Floats = npt.NDArray[np.float64]

_NAMES = ("r", "alpha", "a", "b")
_PART = 4_000


@dataclass(frozen=True, slots=True, eq=False)
class BetaGeometric:
    """The log-likelihood of distinct histories, `weight` members of each.

    `n_more[j]` is the weight of members with more than j repeat purchases, `n_chances[j]` of
    those with more than j chances to leave; `chances` is n, `members` the whole weight.
    """

    rows: Histories
    weight: Floats
    chances: Floats
    n_more: Floats
    n_chances: Floats
    members: float

    @classmethod
    def of(cls, rows: Histories, weight: Floats, at_first: int) -> "BetaGeometric":
        """Count what the likelihood needs; `at_first` chances come before a repeat purchase."""
        chances = rows.x + at_first
        more, may_leave = more_than(rows.x, weight), more_than(chances, weight)
        return cls(rows, weight, chances, more, may_leave, float(weight.sum()))

    def at(self, params: Floats) -> tuple[float, Floats]:
        """Give the log-likelihood, and its gradient by the logarithms of r, alpha, a, b."""
        r, alpha, a, b = params
        x, t_x, age = self.rows.x, self.rows.t_x, self.rows.T
        shape, n_left = r + x, np.maximum(self.chances - 1, 0)
        late, last = np.log1p(age / alpha), np.log1p(t_x / alpha)
        odds = np.log(a / (b + n_left)) + shape * (late - last)
        odds[self.chances == 0] = -np.inf
        own = np.logaddexp(0, odds) - shape * late - x * np.log(alpha)
        j, k = np.arange(len(self.n_more)), np.arange(len(self.n_chances))
        value = (self.weight * own).sum() + (self.n_more * np.log(r + j)).sum()
        value -= (self.n_chances * np.log1p(a / (b + k))).sum()
        gone = 1 / (1 + np.exp(-odds))
        by_r = gone * (late - last) - late
        share = age / (alpha + age)
        by_alpha = shape * (share + gone * (t_x / (alpha + t_x) - share)) - x
        stay = 1 / (a + b + k)
        slope = [
            r * ((self.weight * by_r).sum() + (self.n_more / (r + j)).sum()),
            (self.weight * by_alpha).sum(),
            (self.weight * gone).sum() - a * (self.n_chances * stay).sum(),
            b * (a * self.n_chances * stay / (b + k)).sum()
            - b * (self.weight * gone / (b + n_left)).sum(),
        ]
        return float(value), np.array(slope)


def fit(histories: Histories, weight: Floats, at_first: int) -> Estimate:
    """Find r, alpha, a and b."""
    rows, counts = histories.distinct(weight)
    likelihood = BetaGeometric.of(rows, counts, at_first)
    thin = rows.thinned(counts, _PART)
    part = None if thin is None else BetaGeometric.of(*thin, at_first)
    return most_likely(likelihood, box_of(rows, counts), part)


def box_of(rows: Histories, weight: Floats) -> Box:
    """Give the bounds of the parameters, and where to begin."""
    oldest = float(rows.T.max()) or 1.0
    rate = (weight * rows.x).sum() / ((weight * rows.T).sum() or 1.0)
    start = np.array([1.0, 1 / max(rate, 1e-3 / oldest), 1.0, 2.0])
    low = np.array([1e-4, 1e-6 * oldest, 1e-4, 1e-4])
    high = np.array([1e3, 1e4 * oldest, 1e3, 1e4])
    return Box(_NAMES, start, low, high)


def alive(params: dict[str, float], histories: Histories, at_first: int) -> Floats:
    """Give the probability that each member has not left."""
    r, alpha, a, b = (params[name] for name in _NAMES)
    n = histories.x + at_first
    late = np.log1p((histories.T - histories.t_x) / (alpha + histories.t_x))
    odds = np.log(a / (b + np.maximum(n - 1, 0))) + (r + histories.x) * late
    return np.asarray(np.where(n == 0, 1.0, 1 / (1 + np.exp(np.minimum(odds, 700)))))


def expected(
    params: dict[str, float], histories: Histories, horizon: float, at_first: int
) -> Floats:
    """Give the purchases expected of each member within `horizon`."""
    r, alpha, a, b = (params[name] for name in _NAMES)
    found = np.full(len(histories.x), np.nan)
    there = histories.bought()
    (x, age), at = distinct_rows(histories.x[there], histories.T[there])
    active = mean_purchases(a, b + x + at_first, r + x, horizon / (alpha + age))
    found[there] = active[at]
    return np.asarray(found * alive(params, histories, at_first))
