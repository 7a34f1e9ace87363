"""The likelihood of the gamma-gamma model of money.

A member's purchases are gamma distributed (shape p) with a rate of the member's own, which is
gamma distributed over members (q, gamma). A mean of m over x purchases has the likelihood

    G(p x + q) / (G(p x) G(q)) * gamma^q m^(p x - 1) x^(p x) / (gamma + x m)^(p x + q).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.exact_sums import exact_sum

from .histories import distinct_rows
from .maximum_likelihood import Box, Estimate, most_likely

__all__ = ["GammaGammaLikelihood", "fit"]

Floats = npt.NDArray[np.float64]

_NAMES = ("p", "q", "gamma")
_PART = 4_000
_LOWEST_Q = 1.01


@dataclass(frozen=True, slots=True, eq=False)
class GammaGammaLikelihood:
    """The log-likelihood of distinct rows of `x` purchases of `mean` money, `weight` of each.

    `counts` are the distinct x, and `n_members` the weight of the members that have it.
    """

    x: Floats
    mean: Floats
    weight: Floats
    counts: Floats
    n_members: Floats
    members: float

    @classmethod
    def of(cls, x: Floats, mean: Floats, weight: Floats) -> "GammaGammaLikelihood":
        """Count what the likelihood needs."""
        counts, at = np.unique(x, return_inverse=True)
        n_members = np.asarray(np.bincount(at, weight), dtype=np.float64)
        return cls(x, mean, weight, counts, n_members, float(weight.sum()))

    def at(self, params: Floats) -> tuple[float, Floats]:
        """Give the log-likelihood, and its gradient by the logarithms of p, q and gamma."""
        from scipy.special import digamma, gammaln

        p, q, gamma = params
        x, weight = self.x, self.weight
        spent = x * self.mean / gamma
        rest = np.log1p(spent)
        known = np.log(spent) - rest
        own = p * x * known - q * rest - np.log(self.mean)
        shape = p * self.counts
        shared = gammaln(shape + q) - gammaln(shape) - gammaln(q)
        value = (weight * own).sum() + (self.n_members * shared).sum()
        by_p = self.counts * (digamma(shape + q) - digamma(shape))
        by_q = digamma(shape + q) - digamma(q)
        by_gamma = (q * spent - p * x) / (1 + spent)
        slope = [
            p * ((weight * x * known).sum() + (self.n_members * by_p).sum()),
            q * ((self.n_members * by_q).sum() - (weight * rest).sum()),
            (weight * by_gamma).sum(),
        ]
        return float(value), np.array(slope)


def fit(x: Floats, mean: Floats, weight: Floats) -> Estimate:
    """Find p, q and gamma from members with x > 0 and a mean above 0."""
    rows, at = distinct_rows(x, mean)
    counts = exact_sum(at, weight, len(rows[0]))
    likelihood = GammaGammaLikelihood.of(rows[0], rows[1], counts)
    step = len(counts) // _PART
    part = None
    if step > 2:
        part = GammaGammaLikelihood.of(rows[0][::step], rows[1][::step], counts[::step])
    typical = float(np.exp((counts * np.log(rows[1])).sum() / counts.sum()))
    start = np.array([2.0, 3.0, typical])
    low = np.array([1e-3, _LOWEST_Q, 1e-6 * typical])
    high = np.array([1e3, 1e3, 1e6 * typical])
    return most_likely(likelihood, Box(_NAMES, start, low, high), part)
