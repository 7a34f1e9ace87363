"""The likelihood of the Pareto/NBD model, and what follows from its parameters.

While active, a member buys at a rate that is gamma distributed over members (shape r, rate
alpha), and stays for a time that is exponential with a rate of their own, gamma distributed
too (s, beta). The likelihood of x repeat purchases, the last at t_x, by age T is

    G(r + x) / (G(r) alpha^x) * [ (1 + T / alpha)^-(r + x) (1 + T / beta)^-s
        + s / beta * integral from t_x to T of (1 + t / alpha)^-(r + x) (1 + t / beta)^-(s + 1) dt ]

where the first term is of members still there, the second of those who left at t. Every factor
is taken as a logarithm and no difference of large numbers appears, so that it is finite for
every history.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .histories import Histories, distinct_rows, more_than
from .lifetime_integral import LifetimeIntegral, integrate
from .maximum_likelihood import Box, Estimate, most_likely

__all__ = ["ParetoNbdLikelihood", "alive", "box_of", "expected", "fit"]

Floats = npt.NDArray[np.float64]

_NAMES = ("r", "alpha", "s", "beta")
_PART = 4_000


@dataclass(frozen=True, slots=True, eq=False)
class ParetoNbdLikelihood:
    """The log-likelihood of distinct histories, `weight` members of each.

    `n_more[j]` is the weight of members with more than j repeat purchases, `members` of all.
    """

    rows: Histories
    weight: Floats
    n_more: Floats
    members: float

    @classmethod
    def of(cls, rows: Histories, weight: Floats) -> "ParetoNbdLikelihood":
        """Count what the likelihood needs."""
        return cls(rows, weight, more_than(rows.x, weight), float(weight.sum()))

    def at(self, params: Floats) -> tuple[float, Floats]:
        """Give the log-likelihood, and its gradient by the logarithms of r, alpha, s, beta."""
        r, alpha, s, beta = params
        x, age = self.rows.x, self.rows.T
        shape = r + x
        gone, (log_alpha, log_beta, by_alpha, by_beta) = _left(params, self.rows)
        buys, stays = np.log1p(age / alpha), np.log1p(age / beta)
        there = -shape * buys - s * stays
        own = np.logaddexp(there, gone)
        is_there = np.exp(there - own)
        is_gone = 1 - is_there
        j = np.arange(len(self.n_more))
        value = (self.weight * (own - x * np.log(alpha))).sum()
        value += (self.n_more * np.log(r + j)).sum()
        at_alpha, at_beta = age / (alpha + age), age / (beta + age)
        slopes = (
            -r * (is_there * buys + is_gone * log_alpha),
            shape * (is_there * at_alpha + is_gone * by_alpha) - x,
            -s * (is_there * stays + is_gone * log_beta) + is_gone,
            is_there * s * at_beta + is_gone * ((s + 1) * by_beta - 1),
        )
        slope = np.array([(self.weight * by).sum() for by in slopes])
        slope[0] += r * (self.n_more / (r + j)).sum()
        return float(value), slope


def fit(histories: Histories, weight: Floats) -> Estimate:
    """Find r, alpha, s and beta."""
    rows, counts = histories.distinct(weight)
    likelihood = ParetoNbdLikelihood.of(rows, counts)
    thin = rows.thinned(counts, _PART)
    part = None if thin is None else ParetoNbdLikelihood.of(*thin)
    return most_likely(likelihood, box_of(rows, counts), part)


def box_of(rows: Histories, weight: Floats) -> Box:
    """Give the bounds of the parameters, and where to begin."""
    oldest = float(rows.T.max()) or 1.0
    rate = (weight * rows.x).sum() / ((weight * rows.T).sum() or 1.0)
    start = np.array([1.0, 1 / max(rate, 1e-3 / oldest), 1.0, oldest])
    low = np.array([1e-4, 1e-6 * oldest, 1e-4, 1e-6 * oldest])
    high = np.array([1e3, 1e4 * oldest, 1e3, 1e4 * oldest])
    return Box(_NAMES, start, low, high)


def alive(params: dict[str, float], histories: Histories) -> Floats:
    """Give the probability that each member has not left."""
    r, alpha, s, beta = (params[name] for name in _NAMES)
    found = np.full(len(histories.x), np.nan)
    bought = histories.bought()
    columns = (histories.x[bought], histories.t_x[bought], histories.T[bought])
    distinct, at = distinct_rows(*columns)
    rows = Histories(*distinct)
    gone, _ = _left(np.array([r, alpha, s, beta]), rows)
    there = -(r + rows.x) * np.log1p(rows.T / alpha) - s * np.log1p(rows.T / beta)
    found[bought] = np.exp(there - np.logaddexp(there, gone))[at]
    return found


def expected(params: dict[str, float], histories: Histories, horizon: float) -> Floats:
    """Give the purchases expected of each member within `horizon`."""
    from scipy.special import exprel

    r, alpha, s, beta = (params[name] for name in _NAMES)
    x, age = histories.x, histories.T
    way = np.log1p(horizon / (beta + age))
    active = (r + x) * (beta + age) / (alpha + age) * way * exprel((1 - s) * way)
    return np.asarray(active * alive(params, histories))


def _left(params: Floats, rows: Histories) -> tuple[Floats, tuple[Floats, ...]]:
    """Give the log-likelihood of having left, and means over the moment of leaving.

    The means are of log(1 + t / alpha), log(1 + t / beta), t / (alpha + t) and t / (beta + t).
    """
    r, alpha, s, beta = params
    buying, staying = r + rows.x, np.full(len(rows.x), s + 1)
    found: LifetimeIntegral
    if alpha <= beta:
        found = integrate((alpha, beta), (buying, staying), rows.t_x, rows.T)
        means = (found.log_near, found.log_far, found.near, found.far)
    else:
        found = integrate((beta, alpha), (staying, buying), rows.t_x, rows.T)
        means = (found.log_far, found.log_near, found.far, found.near)
    return np.log(s / beta) + found.log, means
